//! Memory: the spool of contents, the rows of the queue, events, accounts, keys, mailboxes.
//!
//! Everything durable goes through [`Store`]. `Ok` means that the data is on the disk; every call is a batch; calling again with the same
//! identifiers does no harm. The embedded engine is SQLite for rows and small contents, and segment files for large ones.

mod domain;
mod embedded;
mod engine;
mod id;
mod json;
mod keys;
mod message;
mod metrics;
mod table;

pub use domain::{
    ClickTracking, DomainRow, DomainState, RecordCheck, RecordFinding, SpamAction, TrackingSettings,
};
pub use embedded::{Embedded, Fault, Hook, Options, Step};
pub use engine::{BoxFuture, Lease, NodeId, Store, StoreError};
pub use id::{IdSource, QueueId};
pub use json::Json;
pub use keys::{KeyError, KeyFolder, read_key};
pub use message::{
    Alteration, Attachment, Attempt, DueRow, EnvelopeParameters, Event, EventFilter, EventKind, Facts,
    HopTls, MailboxDelivery, MailboxEntry, MailboxFlags, MessageRow, NewEvent, NewMessage, NewRecipient,
    Origin, Priority, QueueColumn, QueueCount, QueueFilter, QueueRow, RecipientState, RowId, SettleOp,
    Settlement, SourceWish, Summary,
};
pub use metrics::Metrics;
pub use table::{
    Account, Allowed, AllowedKind, ApiKey, ApiKeyKind, ApiKeyRole, ApiKeyScope, DkimKeyRow, EVERY_TAG,
    Evidence, FailureCount, KeyTurn, Suppression, SuppressionList, SuppressionSource, Table, TableChange,
    allowed_key, suppression_key,
};
