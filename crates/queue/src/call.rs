//! Requests that shall reach somebody's URL: what a route forwards or stores, what happened to a message. Kept like mail until they are answered.
//!
//! Whoever has one to make writes its row in the commit of what it tells of; `web` makes the requests, again and again by its schedule, and writes down
//! what came of each attempt.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_store::{QueueId, Table, TableChange};

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
        }
    }

    /// That it is kept as it stands.
    pub fn change(&self) -> TableChange {
        let value = serde_json::to_value(self).unwrap_or_default();
        TableChange { table: Table::Calls, key: self.id.clone(), value: Some(value) }
    }
}
