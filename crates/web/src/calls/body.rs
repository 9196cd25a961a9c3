//! What is posted. It is made for each attempt, because the signature is new and nothing large is kept twice.

use bytes::Bytes;
use tegami_queue::{Call, CallSubject, Post};
use tegami_store::{Event, EventFilter, MessageRow, QueueId, StoreError};

use super::Calls;
use crate::mailgun::{event_post, message_url, route_post};

/// Why there is nothing to post.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoBody {
    /// What it would tell of is forgotten.
    #[error("{0}")]
    Gone(&'static str),
    /// The store failed: it may work later.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for NoBody {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(_) => Self::Gone("the message is not kept any more"),
            error => Self::Store(error),
        }
    }
}

/// A media type and a body.
pub(crate) struct Body {
    /// The field Content-Type.
    pub(crate) content_type: String,
    /// The octets.
    pub(crate) octets: Bytes,
}

/// The request of a call.
pub(super) async fn post(calls: &Calls, call: &Call) -> Result<Post, NoBody> {
    let Body { content_type, octets } = match &call.subject {
        CallSubject::Event { seq, kind: _ } => {
            let event = event(calls, *seq).await?;
            event_post::body(calls, &event).await?
        }
        CallSubject::Archive { message, .. } => {
            let octets = calls.store.content(*message, None).await?;
            Body { content_type: "application/mime".to_owned(), octets }
        }
        CallSubject::Forward { message, recipient } => {
            let (row, content) = message_of(calls, *message).await?;
            let facts = route_post::Facts { row: &row, recipient, url: &call.url };
            route_post::forwarded(&facts, &content, &calls.sign().await?)
        }
        CallSubject::Stored { message, recipient } => {
            let (row, content) = message_of(calls, *message).await?;
            let facts = route_post::Facts { row: &row, recipient, url: &call.url };
            let place = message_url(&calls.settings().base_url, &row.domain, row.id);
            route_post::stored(&facts, &place, &content, &calls.sign().await?)
        }
    };
    Ok(Post { url: call.url.clone(), content_type, body: octets })
}

async fn message_of(calls: &Calls, id: QueueId) -> Result<(MessageRow, Bytes), NoBody> {
    Ok((calls.store.message(id).await?, calls.store.content(id, None).await?))
}

async fn event(calls: &Calls, seq: u64) -> Result<Event, NoBody> {
    let filter = EventFilter { from_seq: seq.checked_sub(1), limit: 1, ..EventFilter::default() };
    let found = calls.store.events(filter).await?.into_iter().next();
    found.filter(|event| event.seq == seq).ok_or(NoBody::Gone("the event is not kept any more"))
}
