//! Our own mail as its receivers will see it: somebody looks at it before it leaves, and may keep it back.

use bytes::Bytes;
use serde_json::Value;
use tegami_mail::{Address, EnhancedStatusCode, Note, ReversePath};
use tegami_store::{BoxFuture, EventKind, MessageRow, NewEvent, QueueId};

/// The member of an event's data that carries what receivers would make of a message in test mode.
pub const JUDGEMENT: &str = "preflight";

/// A message of ours as its next hop sees it: complete, signed, and with the reverse-path that it leaves with.
#[derive(Clone, Debug)]
pub struct Departure {
    /// Its row.
    pub message: MessageRow,
    /// What MAIL will carry.
    pub reverse_path: ReversePath,
    /// It goes to other hosts; else into mailboxes here, or it is in test mode.
    pub leaves: bool,
    /// Whom it was accepted for.
    pub recipients: Vec<Address>,
    /// Header section and body.
    pub content: Bytes,
}

/// A submitted message that is on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Which.
    pub id: QueueId,
    /// The sending domain.
    pub domain: String,
    /// It is accepted for show.
    pub test_mode: bool,
}

/// The data of an event, and apart from it the judgement that it carries, as whoever judged the message wrote it down.
pub fn judgement_apart(event: &NewEvent) -> (Value, Option<Value>) {
    let mut data = event.data.value();
    let told = match (event.kind, data.as_object_mut()) {
        (EventKind::Examined, Some(members)) => members.remove(JUDGEMENT),
        _ => None,
    };
    (data, told)
}

/// Why a message is not accepted: its receivers would refuse it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The check that fails.
    pub check: String,
    /// What receivers answer in such a case (RFC 7372).
    pub status: EnhancedStatusCode,
    /// What was seen, in English, for replies.
    pub sentence: String,
    /// The same for people.
    pub note: Note,
}

/// Who looks at what is submitted with the eyes of its receivers.
pub trait Preflight: Send + Sync + 'static {
    /// Whether [`Preflight::admit`] wants to be asked.
    fn is_strict(&self) -> bool;

    /// Whether the message may be kept; of several copies, the first is shown. The submitter waits, so it ends within a minute whatever happens.
    fn admit(&self, departure: Departure) -> BoxFuture<'_, Result<(), Unfit>>;

    /// A message was kept. Ends at once: what there is to look at is looked at later.
    fn kept(&self, kept: Kept);
}
