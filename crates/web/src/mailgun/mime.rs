//! `POST /v3/{domain}/messages.mime`: a whole message and its recipients.

use std::collections::BTreeSet;

use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use jiff::Timestamp;
use tegami_mail::header::{self, HeaderField, HeaderLimits, HeaderSection};
use tegami_mail::{Address, Attachment, Domain, NameAddr, mailbox_list, mime};
use tegami_queue::Person;

use super::batch::{Fill, Values};
use super::compose::{fields_of_ours, new_message_id, written};
use super::filler::Filler;
use super::form::Form;
use super::message::{Parcels, parcels, queued, queued_before, work};
use super::options::SendOptions;
use super::parameters::Parameters;
use super::submit::Parcel;
use crate::error::ApiError;
use crate::house::Shared;
use crate::idempotency::{self, Before};
use crate::segments::Segments;

/// Takes a message as it is. The field `message` may be a file or a text, of whatever type.
pub(crate) async fn send(
    State(house): State<Shared>,
    Segments(domain): Segments<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let sender = house.sender(request.headers(), &domain).await?;
    let _room = house.room_for(request.headers(), house.settings.max_request).await?;
    let key = idempotency::key_of(request.headers())?;
    let form = Form::read(request, house.settings.max_request).await?;
    let mut envelope = Parameters::read_envelope(&form)?;
    let content = form.all("message").find(|part| !part.content.is_empty());
    let content = content.ok_or_else(|| ApiError::bad("message parameter is missing"))?.content.clone();
    let ticket = match house.once(&sender, key, "messages.mime", &form).await? {
        Before::Answered(id) => return Ok(queued_before(&id)),
        Before::Never(ticket) => ticket,
    };
    drop(form);
    take_fields(&content, &mut envelope.options)?;
    let filler = house.filler(&sender.domain, &envelope.options.template).await?;
    let now = house.rooms.clock.now();
    let raw = Raw { content, envelope };
    let (size, domain) = (if filler.is_some() { usize::MAX } else { raw.size() }, sender.domain.clone());
    let (message_id, mut parcels) = work(size, move || raw.parcels(filler, &domain, now)).await?;
    if let (Some(first), Some(ticket)) = (parcels.first_mut(), &ticket) {
        first.tables.push(ticket.change(&message_id, now));
    }
    house.submit_all(&sender, parcels).await?;
    Ok(queued(&message_id))
}

/// A whole message, its recipients, and what was said beside it.
pub(crate) struct Raw {
    /// Header section and body, fields for us included.
    pub(crate) content: Bytes,
    /// Recipients, options, and fields that go before those of the message.
    pub(crate) envelope: Parameters,
}

impl Raw {
    /// About how much there is to do, in octets, over all copies.
    pub(crate) fn size(&self) -> usize {
        let personal = self.envelope.options.recipient_variables.is_some();
        self.content.len().saturating_mul(if personal { self.envelope.to.len() } else { 1 })
    }

    /// The copies of the message, and the Message-ID that all have.
    pub(crate) fn parcels(
        mut self,
        filler: Option<Filler>,
        domain: &Domain,
        now: Timestamp,
    ) -> Result<(String, Vec<Parcel>), ApiError> {
        let section = section_of(&self.content)?;
        let own = Some(tegami_queue::message_id(&section)).filter(|id| !id.is_empty());
        let chosen = self.envelope.message_id.clone().or(own);
        let message_id = chosen.unwrap_or_else(|| new_message_id(domain, now));
        if filler.is_some() {
            let message = self.in_pieces()?;
            return Ok((message_id.clone(), parcels(message, filler, &message_id, now)?));
        }
        let mut all = Parcels::default();
        let mut parcel = |content: Vec<u8>, recipients: Vec<Address>, options: SendOptions| {
            let authors = authors_of(&content)?;
            all.add(Parcel { authors, recipients, content, options, tables: Vec::new() })
        };
        let Some(values) = self.envelope.options.recipient_variables.take().map(Values::of) else {
            let recipients = self.envelope.to.iter().map(|to| to.address.clone()).collect();
            let options = self.envelope.options.clone();
            parcel(self.complete(&message_id, &options)?, recipients, options)?;
            return Ok((message_id, all.all));
        };
        let mut seen = BTreeSet::new();
        for recipient in self.envelope.to.iter().filter(|to| seen.insert(&to.address)) {
            let person = values.person(recipient);
            let mut options = self.envelope.options.clone();
            person.fill_options(&mut options)?;
            let content = filled(&self.complete(&message_id, &options)?, &person);
            parcel(content, vec![recipient.address.clone()], options)?;
        }
        Ok((message_id, all.all))
    }

    /// The message with the fields that were asked for besides, without those that were meant for us.
    fn complete(&self, message_id: &str, options: &SendOptions) -> Result<Vec<u8>, ApiError> {
        let envelope = &self.envelope;
        let replaced = |field: &HeaderField<'_>| {
            let named = envelope.fields.iter().any(|(name, _)| field.is(name));
            let replaced = named
                || envelope.subject.is_some() && field.is("Subject")
                || !envelope.from.is_empty() && field.is("From")
                || envelope.sender.is_some() && field.is("Sender")
                || envelope.message_id.is_some() && field.is("Message-ID");
            replaced || is_ours(field)
        };
        let rest = header::without(&self.content, replaced);
        let section = section_of(&rest)?;
        let mut fields = Vec::new();
        if section.first("Message-ID").is_none() {
            fields.push(("Message-ID".to_owned(), format!("<{message_id}>")));
        }
        if section.first("MIME-Version").is_none() {
            fields.push(("MIME-Version".to_owned(), "1.0".to_owned()));
        }
        fields.extend(fields_of_ours(options));
        fields.extend(envelope.subject.iter().map(|subject| ("Subject".to_owned(), subject.clone())));
        fields.extend(envelope.fields.iter().cloned());
        let mut written = written(&fields)?;
        if !envelope.from.is_empty() {
            written.push(list_field("From", &envelope.from));
        }
        written
            .extend(envelope.sender.iter().map(|sender| list_field("Sender", std::slice::from_ref(sender))));
        Ok(header::prepend(&rest, &written))
    }

    /// The message taken apart, for a template that becomes its body: fields and files stay.
    fn in_pieces(&self) -> Result<Parameters, ApiError> {
        let section = section_of(&self.content)?;
        let mut message = self.envelope.clone();
        let list = |name: &str| section.first(name).map(|field| mailbox_list::parse_list(&field.text()));
        if message.from.is_empty() {
            let from = list("From").transpose().map_err(|_| ApiError::bad("cannot parse from address"))?;
            message.from = from.unwrap_or_default();
        }
        if message.sender.is_none() {
            message.sender = list("Sender").and_then(Result::ok).and_then(|list| list.into_iter().next());
        }
        let subject = || section.first("Subject").map(HeaderField::decoded);
        message.subject = message.subject.or_else(subject).filter(|subject| !subject.is_empty());
        let gone =
            ["From", "Sender", "Subject", "Message-ID", "MIME-Version", "Bcc", "Return-Path", "Received"];
        let stays = |field: &&HeaderField<'_>| {
            let named = message.fields.iter().any(|(name, _)| field.is(name));
            let of_content = field.name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("Content-"));
            let seal = field.is("DKIM-Signature");
            let gone = field.name.is_empty() || gone.iter().any(|name| field.is(name));
            !(named || of_content || seal || gone || is_ours(field))
        };
        let value = |field: &HeaderField<'_>| {
            let of_addresses = ["To", "Cc", "Reply-To"].iter().any(|name| field.is(name));
            let value = if of_addresses { field.text() } else { field.decoded() };
            (field.name.to_owned(), value.replace('\0', ""))
        };
        let kept: Vec<_> = section.fields().iter().filter(stays).map(value).collect();
        message.fields.splice(0..0, kept);
        for file in mime::parse(&self.content).attachments {
            let list = if file.inline { &mut message.inline } else { &mut message.attachments };
            list.push(Attachment {
                filename: file.filename,
                content_type: file.content_type,
                content: file.content,
                content_id: file.content_id,
            });
        }
        Ok(message)
    }
}

/// The message as this person gets it: values stand in place of their names, however the texts are encoded.
fn filled(content: &[u8], person: &Person<'_>) -> Vec<u8> {
    let change = |text: &str| Some(person.fill(text)).filter(|new| new != text);
    let content =
        header::rewrite(content, |name, text| if is_name_of_ours(name) { None } else { change(text) });
    mime::rewrite(&content, |_, text| change(text)).unwrap_or(content)
}

/// Sets the options that stand in the message as fields.
pub(crate) fn take_fields(raw: &[u8], options: &mut SendOptions) -> Result<(), ApiError> {
    let section = section_of(raw)?;
    for field in section.fields().iter().filter(|field| is_ours(field)) {
        options.take_field(field.name, field.decoded().trim())?;
    }
    Ok(())
}

/// Whether a field is for us.
pub(crate) fn is_ours(field: &HeaderField<'_>) -> bool {
    is_name_of_ours(field.name)
}

fn is_name_of_ours(name: &str) -> bool {
    name.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("X-Mailgun-"))
        || name.eq_ignore_ascii_case("X-Idempotency-Key")
}

fn list_field(name: &str, list: &[NameAddr]) -> Vec<u8> {
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
