//! The queue: who still waits, and until when.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use tegami_store::{MessageRow, QueueFilter, QueueId};

use super::Hall;
use super::reader::{Reader, Trouble};
use super::show::{Badge, Moment, visible};

/// Rows on the page.
const SHOWN: usize = 200;

struct Row {
    message: QueueId,
    subject: String,
    recipient: String,
    badge: Badge,
    attempts: u32,
    due: Moment,
    last_status: String,
}

#[derive(Template)]
#[template(path = "queue.html", blocks = ["live"])]
struct QueuePage<'a> {
    reader: &'a Reader,
    rows: Vec<Row>,
    more: bool,
}

/// The queue.
pub(crate) async fn page(State(hall): State<Arc<Hall>>, reader: Reader) -> Result<Response, Trouble> {
    let found = reader.unless_missing(hall.store.queue(QueueFilter::default(), None, SHOWN + 1).await)?;
    let mut messages: BTreeMap<QueueId, Option<MessageRow>> = BTreeMap::new();
    let mut rows = Vec::new();
    for row in found.iter().take(SHOWN) {
        let id = row.id.message;
        let message = match messages.entry(id) {
            Entry::Occupied(entry) => entry.into_mut(),
            // A message that was settled and forgotten in between is shown without its subject.
            Entry::Vacant(entry) => entry.insert(hall.store.message(id).await.ok()),
        };
        let subject = message.as_ref().map(|message| visible(&message.summary.subject));
        rows.push(Row {
            message: id,
            subject: subject.unwrap_or_default(),
            recipient: visible(&row.path.address.to_string()),
            badge: Badge::recipient(&reader, row),
            attempts: row.attempts,
            due: Moment::new(row.due),
            last_status: visible(row.last_status.as_deref().unwrap_or_default()),
        });
    }
    let page = QueuePage { reader: &reader, rows, more: found.len() > SHOWN };
    Ok(reader.answer(&page, &page.as_live()))
}
