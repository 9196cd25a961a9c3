//! `/v3/domains/{domain}/messages/{key}`: a message that was kept.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tegami_mail::header::{HeaderLimits, HeaderSection};
use tegami_mail::{header as fields, html, mime, quote};
use tegami_store::MessageRow;

use super::event::message_url;
use super::form::Form;
use super::message::{queued, queued_before};
use super::mime::authors_of;
use super::options::SendOptions;
use super::parameters::Parameters;
use super::submit::Parcel;
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::idempotency::{self, Before};
use crate::segments::Segments;

/// The message as JSON; for clients that accept `message/rfc2822` with its whole text in `body-mime`.
pub(crate) async fn show(
    State(house): State<Shared>,
    Segments((domain, key)): Segments<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (row, content) = house.stored(&headers, &domain, &key).await?;
    let recipients = house.rooms.calls.accepted_for(row.id).await?;
    let url = message_url(&house.base_url(&headers), &row.domain, row.id);
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let raw = accepts.to_ascii_lowercase().contains("message/rfc2822");
    let mut object = envelope_of(&row, &recipients, &url);
    if raw {
        object.insert("body-mime".to_owned(), json!(String::from_utf8_lossy(&content)));
    } else {
        add_parsed(&mut object, &content, &url);
    }
    Ok(ok(Value::Object(object)))
}

/// Sends it again, to others.
pub(crate) async fn resend(
    State(house): State<Shared>,
    Segments((domain, key)): Segments<(String, String)>,
    request: Request,
) -> Result<Response, ApiError> {
    let headers = request.headers().clone();
    let (row, content) = house.stored(&headers, &domain, &key).await?;
    let sender = house.sender(&headers, &domain).await?;
    let _room = house.room_for(request.headers(), house.settings.max_request).await?;
    let number = idempotency::key_of(&headers)?;
    let form = Form::read(request, house.settings.max_request).await?;
    let envelope = Parameters::read_envelope(&form)?;
    let ticket = match house.once(&sender, number, &format!("resend {}", row.id), &form).await? {
        Before::Answered(id) => return Ok(queued_before(&id)),
        Before::Never(ticket) => ticket,
    };
    // Trace fields and signatures tell of the first journey.
    let content = fields::without(&content, |field| {
        ["Received", "Return-Path", "DKIM-Signature"].iter().any(|name| field.is(name))
    });
    let (id, now) = (&row.summary.message_id, house.rooms.clock.now());
    let tables = ticket.iter().map(|ticket| ticket.change(id, now)).collect();
    let parcel = Parcel {
        authors: authors_of(&content)?,
        recipients: envelope.to.into_iter().map(|to| to.address).collect(),
        content,
        options: SendOptions {
            tags: row.summary.tags.clone(),
            variables: row.summary.variables.clone(),
            ..envelope.options
        },
        tables,
    };
    let accepted = house.submit(&sender, parcel).await?;
    Ok(queued(&accepted.message_id))
}

/// Forgets it, before its time is over.
pub(crate) async fn remove(
    State(house): State<Shared>,
    Segments((domain, key)): Segments<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (row, _) = house.stored(&headers, &domain, &key).await?;
    if !house.rooms.store.forget(row.id).await? {
        let message = "the message still waits for delivery, or lies in a mailbox: nothing was deleted";
        return Err(ApiError::NotAccepted { status: 409, message: message.to_owned() });
    }
    Ok(ok(json!({"message": "Message has been deleted"})))
}

/// The octets of one attachment.
pub(crate) async fn attachment(
    State(house): State<Shared>,
    Segments((domain, key, number)): Segments<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (_, content) = house.stored(&headers, &domain, &key).await?;
    let file =
        number.parse().ok().and_then(|number| mime::parse(&content).attachments.into_iter().nth(number));
    let file = file.ok_or_else(|| ApiError::NotFound("Attachment not found".to_owned()))?;
    // The octets are a stranger's: no browser may take them for a page of ours.
    let fields = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((StatusCode::OK, fields, file.content).into_response())
}

impl House {
    /// A message of this domain, with its content.
    async fn stored(
        &self,
        headers: &HeaderMap,
        domain: &str,
        key: &str,
    ) -> Result<(MessageRow, Bytes), ApiError> {
        let domain = self.administrator(headers, domain).await?;
        let missing = || ApiError::NotFound("Message not found".to_owned());
        let id = key.parse().map_err(|_| missing())?;
        let row = self.rooms.store.message(id).await?;
        if row.domain != domain.as_str() {
            return Err(missing());
        }
        let content = self.rooms.store.content(id, None).await?;
        Ok((row, content))
    }
}

fn envelope_of(row: &MessageRow, recipients: &[String], url: &str) -> Map<String, Value> {
    let mut object = Map::new();
    let mut add = |name: &str, text: &str| {
        object.insert(name.to_owned(), json!(text));
    };
    add("recipients", &recipients.join(", "));
    add("sender", &row.reverse_path.to_string());
    add("from", &row.summary.from);
    add("subject", &row.summary.subject);
    add("message-url", url);
    object
}

fn add_parsed(object: &mut Map<String, Value>, content: &[u8], url: &str) {
    let parsed = mime::parse(content);
    if let Ok(section) = HeaderSection::parse(content, HeaderLimits::GENEROUS) {
        let named = section.fields().iter().filter(|field| !field.name.is_empty());
        let pairs: Vec<Value> =
            named.clone().map(|field| json!([title_case(field.name), field.decoded()])).collect();
        for field in named {
            object.entry(title_case(field.name)).or_insert_with(|| json!(field.decoded()));
        }
        object.insert("message-headers".to_owned(), Value::Array(pairs));
    }
    let html = parsed.html.unwrap_or_default();
    let text = parsed.text.unwrap_or_else(|| html::to_text(&html));
    let stripped = quote::strip(&text);
    let texts = [
        ("stripped-text", stripped.text),
        ("stripped-signature", stripped.signature.unwrap_or_default()),
        ("stripped-html", quote::strip_html(&html)),
        ("body-plain", text),
        ("body-html", html),
    ];
    object.extend(texts.map(|(name, text)| (name.to_owned(), Value::String(text))));
    let mut by_content_id = Map::new();
    let mut files = Vec::new();
    for (number, file) in parsed.attachments.iter().enumerate() {
        let shown = json!({
            "url": format!("{url}/attachments/{number}"),
            "name": file.filename.clone().unwrap_or_default(),
            "content-type": file.content_type,
            "size": file.content.len(),
        });
        if let Some(id) = &file.content_id {
            by_content_id.insert(format!("<{id}>"), shown.clone());
        }
        files.push(shown);
    }
    object.insert("attachments".to_owned(), Value::Array(files));
    object.insert("content-id-map".to_owned(), Value::Object(by_content_id));
}

/// `Message-Id`, however it was written: clients look fields up by that form.
pub(super) fn title_case(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters.map(|letter| letter.to_ascii_lowercase())).collect::<String>()
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}
