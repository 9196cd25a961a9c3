//! Requests that shall reach somebody's URL: what a route forwards or stores, what happened to a message. Kept like mail until they are answered.
//!
//! Whoever has one to make writes its row in the commit of what it tells of; `web` makes the requests, again and again by its schedule, and writes down
//! what came of each attempt.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_store::{BoxFuture, QueueId, Table, TableChange};

/// What stands before the keys of calls that wait, in the order in which they are due.
pub const WAITING: &str = "w.";

/// What stands before the keys of calls that are over, the newest first.
pub const OVER: &str = "o.";

/// A body that is to be posted.
#[derive(Clone, Debug)]
pub struct Post {
    /// Where to: `http:` or `https:`.
    pub url: String,
    /// The field Content-Type.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
}

/// What a receiver answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The status, such as 200.
    pub status: u16,
    /// The first KiB of the body, as far as it is text.
    pub beginning: String,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// It is no URL that may be asked: another scheme, no host, an address inside somebody's network. Who made it has to change it, or the
    /// operator has to allow the network.
    #[error("{0}")]
    Forbidden(String),
    /// The host cannot be reached, or says nothing: it may later.
    #[error("{0}")]
    Unanswered(String),
}

/// Whoever posts to URLs that strangers name.
pub trait Caller: Send + Sync + 'static {
    /// Posts once, within limits of time and size. Redirects are answers and are not followed. The address that is connected to is the one
    /// that was judged.
    ///
    /// # Errors
    /// [`CallError`].
    fn post(&self, post: Post) -> BoxFuture<'_, Result<Answered, CallError>>;

    /// Whether a URL may be asked at all, as far as that can be said without asking the DNS.
    ///
    /// # Errors
    /// [`CallError::Forbidden`], with the reason.
    fn permits(&self, url: &str) -> Result<(), CallError>;
}

/// A request that is to be made, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Its name; the same for the same request, so that writing it twice does no harm.
    pub id: String,
    /// The domain of ours whom it concerns.
    pub domain: String,
    /// Where it goes.
    pub url: String,
    /// What it tells.
    pub subject: CallSubject,
    /// Since when.
    pub created_at: Timestamp,
    /// The next attempt not before; of one that is over, the moment it ended.
    pub due: Timestamp,
    /// Where it stands.
    #[serde(default)]
    pub state: CallState,
    /// What came of it so far, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<CallAttempt>,
    /// How many of these attempts belong to earlier rounds: somebody had it made again since.
    #[serde(default, skip_serializing_if = "is_none")]
    pub before: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_none(count: &u32) -> bool {
    *count == 0
}

/// What a call tells. The body is made of it for each attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "tells")]
pub enum CallSubject {
    /// Something happened: the event at this place, for those who asked for this type.
    Event {
        /** Place in the order of all events. */
        seq: u64,
        /** What the subscriber calls it. */
        kind: String,
    },
    /// A route forwards a message.
    Forward {
        /** The message. */
        message: QueueId,
        /** RCPT TO. */
        recipient: String,
    },
    /// A route keeps a message and says so.
    Stored {
        /** The message. */
        message: QueueId,
        /** RCPT TO. */
        recipient: String,
    },
    /// A copy of what was delivered goes to an archive.
    Archive {
        /** The message. */
        message: QueueId,
        /** To whom it was delivered. */
        recipient: String,
    },
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallState {
    /// Waits for its (next) attempt.
    #[default]
    Waiting,
    /// Was answered well.
    Done,
    /// Will never be answered well.
    Failed,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallAttempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The status of the answer, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The beginning of the answer, or why there was none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
}

/// Whoever makes no requests at all: a place without a network.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCaller;

impl Caller for NoCaller {
    fn post(&self, _: Post) -> BoxFuture<'_, Result<Answered, CallError>> {
        Box::pin(async { Err(CallError::Unanswered("no requests are made here".to_owned())) })
    }

    fn permits(&self, _: &str) -> Result<(), CallError> {
        Ok(())
    }
}

impl Call {
    /// One that is due at once.
    pub fn new(id: String, domain: &str, url: &str, subject: CallSubject, now: Timestamp) -> Self {
        Self {
            id,
            domain: domain.to_owned(),
            url: url.to_owned(),
            subject,
            created_at: now,
            due: now,
            state: CallState::Waiting,
            attempts: Vec::new(),
            before: 0,
        }
    }

    /// Its key: calls that wait stand in the order in which they are due, and those that are over from the newest to the oldest.
    pub fn key(&self) -> String {
        let due = u64::try_from(self.due.as_microsecond()).unwrap_or_default();
        match self.state {
            CallState::Waiting => format!("{WAITING}{due:020}.{}", self.id),
            CallState::Done | CallState::Failed => format!("{OVER}{:020}.{}", u64::MAX - due, self.id),
        }
    }

    /// That it is kept as it stands.
    pub fn change(&self) -> TableChange {
        let value = serde_json::to_value(self).unwrap_or_default();
        TableChange { table: Table::Calls, key: self.key(), value: Some(value) }
    }

    /// That it becomes another: its key changes with its state and due time.
    pub fn becomes(&self, other: &Self) -> Vec<TableChange> {
        let (before, after) = (self.key(), other.change());
        let gone =
            (before != after.key).then_some(TableChange { table: Table::Calls, key: before, value: None });
        gone.into_iter().chain([after]).collect()
    }
}

/// That a copy of what was delivered to this recipient goes to an archive. `place` tells the recipients of one message apart.
pub(crate) fn archived(
    url: &str,
    domain: &str,
    message: QueueId,
    recipient: &str,
    place: usize,
    now: Timestamp,
) -> TableChange {
    let subject = CallSubject::Archive { message, recipient: recipient.to_owned() };
    Call::new(format!("archive-{message}-{place}"), domain, url, subject, now).change()
}
