//! What an engine must do. The embedded one and the cluster pass the same conformance suite.

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tegami_mail::{Address, ReversePath};

use crate::QueueId;
use crate::message::{
    Alteration, Attempt, DueRow, Event, EventFilter, MailboxEntry, MailboxFlags, MessageRow, NewEvent,
    NewMessage, QueueColumn, QueueCount, QueueFilter, QueueRow, RowId, Settlement,
};
use crate::table::{Table, TableChange};

/// A boxed future, so that engines can stand behind `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Which process asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeId(pub String);

/// The right to work on a part of the queue for a while. Every settle carries its epoch: a node that was cut off and
/// comes back touches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The shard; the embedded engine has one.
    pub shard: u16,
    /// Grows with every new owner.
    pub epoch: u64,
    /// Valid until then.
    pub until: Timestamp,
}

/// Why the store could not do it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Nothing was written and nothing will be: answer 452 and try later.
    #[error("the disk is full: {0}")]
    Full(String),
    /// A sync failed; what is on the disk is not known. Answer 451. The writer stays closed until the process starts anew.
    #[error("a write failed and its state is unknown: {0}")]
    Unsure(String),
    /// The lease is no longer ours; nothing was written.
    #[error("the lease is held by another node")]
    Fenced,
    /// There is no such thing.
    #[error("not found: {0}")]
    NotFound(String),
    /// Other hands have finished these rows meanwhile, or they are forgotten already; nothing was written.
    #[error("{} rows were finished by other hands", .0.len())]
    Finished(Vec<RowId>),
    /// The data folder was written by a newer version, is damaged, or is used by another process.
    #[error("{0}")]
    Unusable(String),
}

/// The only disk. `Ok` means durable.
pub trait Store: Send + Sync + 'static {
    /// Keeps messages, whole, with their events and mailbox copies. A `250` may be said after `Ok`, not before.
    fn accept(&self, messages: Vec<NewMessage>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Takes or renews leases for `node`, valid for `ttl`. Renewing keeps the epoch. A lease that another node holds at `now` is not among them.
    fn claim(
        &self,
        node: &NodeId,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'_, Result<Vec<Lease>, StoreError>>;

    /// Queued rows that are due at or before `until`, by due time and name, beginning after the place `after` in that order, at most `max`. The
    /// last row's due time and name are the next call's `after`, whatever became of that row meanwhile.
    fn due(
        &self,
        lease: &Lease,
        after: Option<(Timestamp, RowId)>,
        until: Timestamp,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<DueRow>, StoreError>>;

    /// When the next queued row is due, whenever that is.
    fn next_due(&self, lease: &Lease) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>>;

    /// Applies what attempts brought about: one commit, fenced by the lease's epoch. Where any of its rows have finished or are unknown, nothing
    /// happens, and [`StoreError::Finished`] names them: what the settlement tells of them is not true any more, and only its author knows what
    /// to tell instead. Attempts for messages that are forgotten are left out.
    fn settle(&self, lease: &Lease, settlement: Settlement) -> BoxFuture<'_, Result<(), StoreError>>;

    /// A message without its content.
    fn message(&self, id: QueueId) -> BoxFuture<'_, Result<MessageRow, StoreError>>;

    /// The newest messages first, older than `before`, at most `max`.
    fn messages(
        &self,
        before: Option<QueueId>,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<MessageRow>, StoreError>>;

    /// Content, or a range of it.
    fn content(&self, id: QueueId, range: Option<Range<u64>>) -> BoxFuture<'_, Result<Bytes, StoreError>>;

    /// All recipients of a message, in order.
    fn recipients(&self, id: QueueId) -> BoxFuture<'_, Result<Vec<QueueRow>, StoreError>>;

    /// These rows as they stand now, finished ones too, in the order asked for; unknown ones are left out.
    fn rows(&self, ids: Vec<RowId>) -> BoxFuture<'_, Result<Vec<QueueRow>, StoreError>>;

    /// Rows of the queue that are not finished and pass a filter, by due time, after the place where `after` stands now, at most `max`.
    fn queue(
        &self,
        filter: QueueFilter,
        after: Option<RowId>,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<QueueRow>, StoreError>>;

    /// Counts unfinished rows that pass a filter, by what they have in common, most first.
    fn queue_counts(
        &self,
        filter: QueueFilter,
        by: QueueColumn,
    ) -> BoxFuture<'_, Result<Vec<QueueCount>, StoreError>>;

    /// The names of all unfinished rows that pass a filter, by due time.
    fn queue_ids(&self, filter: QueueFilter) -> BoxFuture<'_, Result<Vec<RowId>, StoreError>>;

    /// Does to these rows, as far as they are unfinished and are not yet what they shall become, what a person wants, in one commit, and gives those
    /// that were changed back as they were. Each leaves an event with `record` as its data ([`EventKind::Failed`](crate::EventKind::Failed) for
    /// what is dropped, [`EventKind::Operated`](crate::EventKind::Operated) else), unless that is `null`. Under no lease: who attempts a row
    /// reads it first, and no settlement touches finished rows. Others who write wait for this commit: some hundred rows at once are enough.
    fn alter(
        &self,
        rows: Vec<RowId>,
        alteration: Alteration,
        record: serde_json::Value,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<QueueRow>, StoreError>>;

    /// MAIL FROM of these messages; unknown ones are left out.
    fn reverse_paths(
        &self,
        ids: Vec<QueueId>,
    ) -> BoxFuture<'_, Result<Vec<(QueueId, ReversePath)>, StoreError>>;

    /// All attempts for a message, oldest first.
    fn attempts(&self, id: QueueId) -> BoxFuture<'_, Result<Vec<Attempt>, StoreError>>;

    /// Messages that have this recipient, newest first, at most `max`. People ask for addresses: upper and lower case are the same here.
    fn messages_to(
        &self,
        address: &Address,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<MessageRow>, StoreError>>;

    /// The message with this Message-ID (no angle brackets), newest first.
    fn by_message_id(&self, message_id: &str) -> BoxFuture<'_, Result<Vec<MessageRow>, StoreError>>;

    /// Adds events that belong to no other change.
    fn record(&self, events: Vec<NewEvent>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Events that pass a filter, by `seq`.
    fn events(&self, filter: EventFilter) -> BoxFuture<'_, Result<Vec<Event>, StoreError>>;

    /// Mailboxes of an owner, by name, with the number of messages.
    fn mailboxes(&self, owner: &Address) -> BoxFuture<'_, Result<Vec<(String, u64)>, StoreError>>;

    /// Messages of a mailbox with a UID above `after`, ascending, at most `max`.
    fn mailbox(
        &self,
        owner: &Address,
        mailbox: &str,
        after: u32,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<MailboxEntry>, StoreError>>;

    /// Sets the flags of one message in a mailbox.
    fn flag(
        &self,
        owner: &Address,
        mailbox: &str,
        uid: u32,
        flags: MailboxFlags,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Forgets messages that finished before `before` and lie in no mailbox, and events older than that; gives the space back.
    fn purge(&self, before: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// Forgets one message, with its content and its attempts, though it is young. `false`, and nothing happens, where a recipient still waits or a mailbox
    /// has it. Its events stay until they are old.
    fn forget(&self, id: QueueId) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Writes rows of a plain table.
    fn put(
        &self,
        table: Table,
        rows: Vec<(String, serde_json::Value)>,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Changes rows of several plain tables, in this order, all or nothing.
    fn change(&self, changes: Vec<TableChange>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Does both, in one commit: adds events that belong to no message's change, and changes rows of plain tables.
    fn tell(&self, events: Vec<NewEvent>, changes: Vec<TableChange>)
    -> BoxFuture<'_, Result<(), StoreError>>;

    /// Reads a row of a plain table.
    fn get(&self, table: Table, key: &str) -> BoxFuture<'_, Result<Option<serde_json::Value>, StoreError>>;

    /// Rows whose keys begin with `prefix`, by key, after `after`, at most `max`.
    fn scan(
        &self,
        table: Table,
        prefix: &str,
        after: Option<&str>,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<(String, serde_json::Value)>, StoreError>>;

    /// A number that is another one after every change of a plain table: what was read under the same number holds still. `None` where the
    /// engine cannot tell.
    fn version(&self, table: Table) -> Option<u64> {
        let _ = table;
        None
    }

    /// Removes rows of a plain table.
    fn delete(&self, table: Table, keys: Vec<String>) -> BoxFuture<'_, Result<(), StoreError>>;
}
