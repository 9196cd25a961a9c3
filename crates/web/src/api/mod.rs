//! A small JSON API of our own: messages with everything that happened to them, the queue, mailboxes. Read only.
//!
//! Sentences for people come in the language of `?lang=`, else of the Accept-Language field.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Value, json};
use tegami_mail::Address;
use tegami_store::{
    Attempt, Event, EventFilter, MailboxEntry, MessageRow, QueueFilter, QueueId, QueueRow, RowId,
};
use tegami_words::{Language, told};

use crate::error::{ApiError, ok};
use crate::gate::{self, Tongue};
use crate::house::{House, Shared};
use crate::segments::Segments;

/// The routes, behind the gate.
pub(crate) fn routes(house: &Shared) -> Router<Shared> {
    Router::new()
        .route("/api/messages", get(messages))
        .route("/api/messages/{id}", get(message))
        .route("/api/messages/{id}/content", get(content))
        .route("/api/queue", get(queue))
        .route("/api/mailboxes/{owner}", get(mailboxes))
        .route("/api/mailboxes/{owner}/{mailbox}", get(mailbox))
        .route_layer(from_fn_with_state(Arc::clone(house), gate::api))
}

/// Entries on a page, unless asked for otherwise, and at most.
const USUAL: usize = 50;
const MOST: usize = 500;

#[derive(Debug, Deserialize)]
struct Page {
    limit: Option<usize>,
    /// Older than this message.
    before: Option<QueueId>,
    /// After this message's place `recipient` in the queue.
    after: Option<QueueId>,
    recipient: Option<u32>,
    /// Above this UID.
    uid: Option<u32>,
}

impl Page {
    fn limit(&self) -> usize {
        self.limit.unwrap_or(USUAL).clamp(1, MOST)
    }
}

type Asked = Result<Query<Page>, axum::extract::rejection::QueryRejection>;

fn page_of(asked: Asked) -> Result<Page, ApiError> {
    asked.map(|Query(page)| page).map_err(|error| ApiError::bad(error.body_text()))
}

/// The newest messages. `next` is where the following page begins.
async fn messages(State(house): State<Shared>, page: Asked) -> Result<Response, ApiError> {
    let page = page_of(page)?;
    let rows = house.rooms.store.messages(page.before, page.limit()).await?;
    let next = rows.last().filter(|_| rows.len() >= page.limit()).map(|row| row.id);
    let messages: Vec<Value> = rows.iter().map(message_value).collect();
    Ok(ok(json!({"messages": messages, "next": next})))
}

/// One message with everything that is known of it.
async fn message(
    State(house): State<Shared>,
    Tongue(language): Tongue,
    Segments(id): Segments<QueueId>,
) -> Result<Response, ApiError> {
    Ok(ok(house.story(id, language).await?))
}

/// Its octets, as plain text: no browser takes a stranger's HTML for a page of ours.
async fn content(State(house): State<Shared>, Segments(id): Segments<QueueId>) -> Result<Response, ApiError> {
    let content = house.rooms.store.content(id, None).await?;
    let fields = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((fields, content).into_response())
}

/// Recipients that wait, by due time, each with its message.
async fn queue(State(house): State<Shared>, page: Asked) -> Result<Response, ApiError> {
    let page = page_of(page)?;
    let after = page.after.map(|message| RowId { message, recipient: page.recipient.unwrap_or_default() });
    let rows = house.rooms.store.queue(QueueFilter::default(), after, page.limit()).await?;
    let next = rows.last().filter(|_| rows.len() >= page.limit());
    let next = next.map(|row| json!({"after": row.id.message, "recipient": row.id.recipient}));
    let mut shown = Vec::with_capacity(rows.len());
    for row in &rows {
        let message = house.rooms.store.message(row.id.message).await?;
        let mut value = recipient_value(row);
        if let Some(members) = value.as_object_mut() {
            members.insert("message".to_owned(), message_value(&message));
        }
        shown.push(value);
    }
    Ok(ok(json!({"queue": shown, "next": next})))
}

/// An owner's mailboxes.
async fn mailboxes(
    State(house): State<Shared>,
    Segments(owner): Segments<String>,
) -> Result<Response, ApiError> {
    let found = house.rooms.store.mailboxes(&address(&owner)?).await?;
    let shown: Vec<Value> =
        found.into_iter().map(|(name, messages)| json!({"name": name, "messages": messages})).collect();
    Ok(ok(json!({"owner": owner, "mailboxes": shown})))
}

/// Messages of a mailbox, by UID.
async fn mailbox(
    State(house): State<Shared>,
    Segments((owner, mailbox)): Segments<(String, String)>,
    page: Asked,
) -> Result<Response, ApiError> {
    let page = page_of(page)?;
    let owner = address(&owner)?;
    let after = page.uid.unwrap_or_default();
    let entries = house.rooms.store.mailbox(&owner, &mailbox, after, page.limit()).await?;
    let next = entries.last().filter(|_| entries.len() >= page.limit()).map(|entry| entry.uid);
    let shown = |entry: &MailboxEntry| json!({"uid": entry.uid, "seen": entry.flags.seen, "message": message_value(&entry.message)});
    let entries: Vec<Value> = entries.iter().map(shown).collect();
    Ok(ok(json!({"owner": owner, "mailbox": mailbox, "messages": entries, "next": next})))
}

fn address(text: &str) -> Result<Address, ApiError> {
    Address::parse(text).map_err(|error| ApiError::bad(error.to_string()))
}

impl House {
    /// A message with recipients, attempts, events and verdicts; notes have become sentences.
    pub(crate) async fn story(&self, id: QueueId, language: Language) -> Result<Value, ApiError> {
        const PLENTY: usize = 5000;
        let store = &self.rooms.store;
        let row = store.message(id).await?;
        let recipients = store.recipients(id).await?;
        let attempts = store.attempts(id).await?;
        let filter = EventFilter { message: Some(id), limit: PLENTY, ..EventFilter::default() };
        let events = store.events(filter).await?;
        Ok(json!({
            "message": message_value(&row),
            "recipients": recipients.iter().map(recipient_value).collect::<Vec<_>>(),
            "attempts": attempts.iter().map(|attempt| attempt_value(attempt, language)).collect::<Vec<_>>(),
            "events": events.iter().map(|event| event_value(event, language)).collect::<Vec<_>>(),
            "verdicts": row.verdicts.as_ref().map(|verdicts| told(language, verdicts)),
        }))
    }
}

/// A message without its content.
pub(crate) fn message_value(row: &MessageRow) -> Value {
    json!({
        "id": row.id,
        "accepted_at": row.accepted_at,
        "origin": row.origin,
        "domain": row.domain,
        "reverse_path": row.reverse_path.to_string(),
        "parameters": row.envelope_parameters,
        "summary": row.summary,
    })
}

/// One recipient in the queue.
pub(crate) fn recipient_value(row: &QueueRow) -> Value {
    json!({
        "recipient": row.id.recipient,
        "address": row.path.address,
        "next_hop": row.next_hop,
        "state": row.state,
        "due": row.due,
        "expires": row.expires,
        "attempts": row.attempts,
        "last_status": row.last_status,
    })
}

fn attempt_value(attempt: &Attempt, language: Language) -> Value {
    json!({"at": attempt.at, "recipients": attempt.recipients, "record": told(language, &attempt.record.value())})
}

fn event_value(event: &Event, language: Language) -> Value {
    json!({
        "seq": event.seq,
        "kind": event.event.kind,
        "at": event.event.at,
        "recipient": event.event.recipient,
        "data": told(language, &event.event.data.value()),
    })
}
