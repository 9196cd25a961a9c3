//! `POST /v3/{domain}/messages.mime`: a whole message and its recipients.

use axum::extract::{Request, State};
use axum::response::Response;
use tegami_mail::header::{self, HeaderLimits, HeaderSection};
use tegami_mail::{Address, mailbox_list};

use super::compose::{fields_of_ours, new_message_id, written};
use super::form::Form;
use super::message::queued;
use super::options::SendOptions;
use super::parameters::Parameters;
use super::submit::Parcel;
use crate::error::ApiError;
use crate::house::Shared;
use crate::segments::Segments;

/// Takes a message as it is. The field `message` may be a file or a text, of whatever type.
pub(crate) async fn send(
    State(house): State<Shared>,
    Segments(domain): Segments<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let sender = house.sender(request.headers(), &domain).await?;
    let _room = house.room_for(request.headers()).await?;
    let form = Form::read(request, house.settings.max_request).await?;
    let mut envelope = Parameters::read_envelope(&form)?;
    let raw = form.all("message").find(|part| !part.content.is_empty());
    let raw = raw.ok_or_else(|| ApiError::bad("message parameter is missing"))?.content.clone();
    drop(form);
    take_fields(&raw, &mut envelope.options)?;
    if envelope.options.recipient_variables.is_some() {
        let why = "recipient-variables: raw messages go out as they are; one message for each recipient is made by /messages";
        return Err(ApiError::bad(why));
    }
    let message_id = envelope.message_id.clone();
    let parsed =
        Content::complete(&raw, envelope, || new_message_id(&sender.domain, house.rooms.clock.now()))?;
    let parcel = Parcel {
        authors: parsed.authors,
        recipients: parsed.recipients,
        content: parsed.content,
        options: parsed.options,
    };
    let accepted = house.submit(&sender, parcel).await?;
    Ok(queued(message_id.as_ref().unwrap_or(&accepted.message_id)))
}

struct Content {
    authors: Vec<Address>,
    recipients: Vec<Address>,
    content: Vec<u8>,
    options: SendOptions,
}

impl Content {
    /// The message with the fields that were asked for besides, without those that were meant for us.
    fn complete(raw: &[u8], envelope: Parameters, new_id: impl FnOnce() -> String) -> Result<Self, ApiError> {
        let replaced = |field: &header::HeaderField<'_>| {
            let named = envelope.fields.iter().any(|(name, _)| field.is(name));
            let replaced = named
                || envelope.subject.is_some() && field.is("Subject")
                || !envelope.from.is_empty() && field.is("From")
                || envelope.sender.is_some() && field.is("Sender")
                || envelope.message_id.is_some() && field.is("Message-ID");
            replaced || is_ours(field)
        };
        let rest = header::without(raw, replaced);
        let section = section_of(&rest)?;
        let mut fields = Vec::new();
        if section.first("Message-ID").is_none() {
            let id = envelope.message_id.clone().unwrap_or_else(new_id);
            fields.push(("Message-ID".to_owned(), format!("<{id}>")));
        }
        if section.first("MIME-Version").is_none() {
            fields.push(("MIME-Version".to_owned(), "1.0".to_owned()));
        }
        fields.extend(fields_of_ours(&envelope.options));
        fields.extend(envelope.subject.map(|subject| ("Subject".to_owned(), subject)));
        fields.extend(envelope.fields);
        let mut written = written(&fields)?;
        if !envelope.from.is_empty() {
            written.push(list_field("From", &envelope.from));
        }
        written.extend(envelope.sender.map(|sender| list_field("Sender", &[sender])));
        let content = header::prepend(&rest, &written);
        let authors = authors_of(&content)?;
        let recipients = envelope.to.into_iter().map(|to| to.address).collect();
        Ok(Self { authors, recipients, content, options: envelope.options })
    }
}

/// Sets the options that stand in the message as fields.
fn take_fields(raw: &[u8], options: &mut SendOptions) -> Result<(), ApiError> {
    let section = section_of(raw)?;
    for field in section.fields().iter().filter(|field| is_ours(field)) {
        options.take_field(field.name, field.decoded().trim())?;
    }
    Ok(())
}

fn is_ours(field: &header::HeaderField<'_>) -> bool {
    field.name.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("X-Mailgun-"))
}

fn list_field(name: &str, list: &[tegami_mail::NameAddr]) -> Vec<u8> {
    format!("{name}: {}\r\n", mailbox_list::write_list(list, name.len() + 2)).into_bytes()
}

/// The addresses of the From field.
pub(crate) fn authors_of(content: &[u8]) -> Result<Vec<Address>, ApiError> {
    let section = section_of(content)?;
    let from = section.first("From").ok_or_else(|| ApiError::bad("the message has no From field"))?;
    mailbox_list::authors(&from.unfolded()).map_err(|_| ApiError::bad("cannot parse from address"))
}

fn section_of(content: &[u8]) -> Result<HeaderSection<'_>, ApiError> {
    HeaderSection::parse(content, HeaderLimits::GENEROUS).map_err(|error| ApiError::bad(error.to_string()))
}
