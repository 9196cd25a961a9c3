//! One message: its journey, the receivers' view, its source.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tegami_queue::judgement_apart;
use tegami_store::{EventFilter, MessageRow, QueueId, StoreError, Summary};

use super::Hall;
use super::journey::Journey;
use super::reader::{Reader, Trouble};
use super::show::{size, visible};
use super::source::SourceView;
use super::test_inbox::JudgementView;
use crate::api::message::PLENTY;

#[derive(Template)]
#[template(path = "message.html", blocks = ["live"])]
struct MessagePage<'a> {
    reader: &'a Reader,
    id: QueueId,
    subject: String,
    from: String,
    to: String,
    message_id: String,
    size: String,
    tags: Vec<String>,
    journey: Journey,
    /// Of a message in test mode.
    judgement: Option<JudgementView>,
    source: Option<SourceView>,
}

/// One message.
pub(crate) async fn page(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id: QueueId = id.parse().map_err(|_| reader.missing())?;
    let message = reader.unless_missing(hall.store.message(id).await)?;
    let journey = reader.unless_missing(Journey::read(&hall, &reader, &message).await)?;
    let judgement = reader.unless_missing(judgement(&hall, &reader, &message).await)?;
    // The source goes before the rest of a message does, so a page without it is still a page.
    let content = hall.store.content(id, None).await.ok();
    let Summary { from, to, subject, message_id, size: octets, tags, .. } = &message.summary;
    let page = MessagePage {
        reader: &reader,
        id,
        subject: visible(subject),
        from: visible(from),
        to: visible(to),
        message_id: visible(message_id),
        size: size(*octets),
        tags: tags.iter().map(|tag| visible(tag)).collect(),
        journey,
        judgement,
        source: content.map(|content| SourceView::new(&content)),
    };
    Ok(reader.answer(&page, &page.as_live()))
}

/// What receivers would make of a message in test mode, once it was judged.
async fn judgement(
    hall: &Hall,
    reader: &Reader,
    message: &MessageRow,
) -> Result<Option<JudgementView>, StoreError> {
    if !message.summary.test_mode {
        return Ok(None);
    }
    let filter = EventFilter { message: Some(message.id), limit: PLENTY, ..EventFilter::default() };
    let events = hall.store.events(filter).await?;
    let told = events.iter().rev().find_map(|event| judgement_apart(&event.event).1);
    Ok(told.map(|told| JudgementView::new(reader, &told)))
}

/// The HTML of a message, for the frame.
pub(crate) async fn html(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id: QueueId = id.parse().map_err(|_| reader.missing())?;
    let content = reader.unless_missing(hall.store.content(id, None).await)?;
    let html = tegami_mail::mime::parse(&content).html.ok_or_else(|| reader.missing())?;
    Ok(crate::api::message::sandboxed(html))
}

/// The content as it is, octet for octet, to be kept rather than shown.
pub(crate) async fn source(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id: QueueId = id.parse().map_err(|_| reader.missing())?;
    let content = reader.unless_missing(hall.store.content(id, None).await)?;
    let fields = [
        (header::CONTENT_TYPE, "message/rfc822".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.eml\"")),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox; frame-ancestors 'none'".to_owned()),
    ];
    Ok((fields, content).into_response())
}
