//! The embedded engine: SQLite for rows and small contents, segment files for large ones, one writer for all.
//!
//! What is on the disk at every moment of a message's life stands in [`queue`].

mod alter;
mod change;
mod code;
mod folder;
mod options;
mod prepared;
mod purge;
mod query;
mod queue;
mod reader;
mod recovery;
mod roll;
mod schema;
mod segment;
mod version;
mod waiting;
mod writer;

use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::Connection;
use tegami_mail::{Address, ReversePath};
use tokio::sync::{mpsc, oneshot};

pub use self::options::{Fault, Hook, Options, Step};

use self::alter::Alter;
use self::change::Flag;
use self::code::{moment, nanos, table_code};
use self::folder::{Folder, Room};
use self::query::damaged;
use self::reader::Readers;
use self::roll::Roll;
use self::version::Versions;
use self::writer::{Change, Reply, Request, Writer};
use crate::{
    Alteration, Attempt, BoxFuture, DueRow, Event, EventFilter, Lease, MailboxEntry, MailboxFlags,
    MessageRow, NewEvent, NewMessage, NodeId, QueueColumn, QueueCount, QueueFilter, QueueId, QueueRow, RowId,
    Settlement, Store, StoreError, Table, TableChange,
};

/// The engine that needs nothing but a folder. One process uses a folder at a time.
///
/// Its calls need a tokio runtime. Dropping it waits for the writer to finish what it has been given.
pub struct Embedded {
    // In the order in which they end: no more requests, the writer's end, and only then the lock.
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
    readers: Arc<Readers>,
    versions: Arc<Versions>,
    roll: Arc<Roll>,
    room: Room,
    _lock: File,
}

impl Embedded {
    /// Opens a data folder, creates it where there is none, and puts it in order after a crash.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] with a sentence that names the folder: it cannot be created or written, another process
    /// uses it, a newer version wrote it, or its rows are damaged.
    pub fn open(folder: &Path, options: Options) -> Result<Self, StoreError> {
        let (folder, lock) = Folder::open(folder)?;
        let rows = schema::open_writer(&folder)?;
        let tail = recovery::recover(&folder, &rows)?;
        let readers = Arc::new(Readers::new(folder.clone(), options.readers));
        let (requests, waiting) = mpsc::channel(options.waiting.max(1));
        let room = Room::new(folder.clone(), options.reserve);
        let versions = Arc::new(Versions::default());
        let roll = Arc::new(Roll::default());
        let writer = Writer::new(
            folder.clone(),
            rows,
            tail,
            options,
            waiting,
            Arc::clone(&versions),
            Arc::clone(&roll),
        );
        let writer = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || writer.run())
            .map_err(|error| folder::unusable(folder.path(), "has no writer", &error))?;
        Ok(Self {
            requests: Some(requests),
            writer: Some(writer),
            readers,
            versions,
            roll,
            room,
            _lock: lock,
        })
    }

    /// Gives a change to the writer and waits until it is durable.
    async fn write(&self, change: Change) -> Result<Reply, StoreError> {
        let (answer, answered) = oneshot::channel();
        let requests = self.requests.as_ref().ok_or_else(ended)?;
        requests.send(Request { change, answer }).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }

    async fn write_plainly(&self, change: Change) -> Result<(), StoreError> {
        self.write(change).await.map(|_| ())
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.run(move |rows, _| work(rows)).await
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer ended in a panic");
        }
    }
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded").finish_non_exhaustive()
    }
}

/// The writer is gone: whether it still did what it was asked is not known.
fn ended() -> StoreError {
    StoreError::Unsure("the writer has ended".into())
}

/// Refuses reads under a lease that another node took over.
fn fence(rows: &Connection, shard: u16, epoch: u64) -> Result<(), StoreError> {
    queue::fence(rows, i64::from(shard), code::int(epoch)).map_err(|refusal| match refusal {
        queue::Refusal::One(error) => error,
        queue::Refusal::Sql(error) => damaged(error),
    })
}

impl Store for Embedded {
    fn accept(&self, messages: Vec<NewMessage>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let octets = messages.iter().map(|message| message.content.len() as u64).sum();
            if !self.room.take(octets) {
                return Err(StoreError::Full("what is left of the disk is kept for outcomes".into()));
            }
            self.write_plainly(Change::Accept(prepared::messages(messages)?)).await
        })
    }

    fn claim(
        &self,
        node: &NodeId,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'_, Result<Vec<Lease>, StoreError>> {
        let change =
            Change::Claim { node: node.0.clone(), now: nanos(now), until: queue::lease_end(now, ttl) };
        Box::pin(async {
            match self.write(change).await? {
                Reply::Leases(leases) => Ok(leases),
                Reply::Done | Reply::Purged(_) | Reply::Rows(_) => Ok(Vec::new()),
            }
        })
    }

    fn due(
        &self,
        lease: &Lease,
        after: Option<(Timestamp, RowId)>,
        until: Timestamp,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<DueRow>, StoreError>> {
        let Lease { shard, epoch, .. } = *lease;
        Box::pin(self.read(move |rows| {
            fence(rows, shard, epoch)?;
            waiting::due(rows, after, nanos(until), max).map_err(damaged)
        }))
    }

    fn next_due(&self, lease: &Lease) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>> {
        let Lease { shard, epoch, .. } = *lease;
        Box::pin(self.read(move |rows| {
            fence(rows, shard, epoch)?;
            Ok(query::next_due(rows).map_err(damaged)?.map(moment))
        }))
    }

    fn settle(&self, lease: &Lease, settlement: Settlement) -> BoxFuture<'_, Result<(), StoreError>> {
        let prepared = prepared::settle(lease, settlement);
        Box::pin(async { self.write_plainly(Change::Settle(Box::new(prepared?))).await })
    }

    fn message(&self, id: QueueId) -> BoxFuture<'_, Result<MessageRow, StoreError>> {
        Box::pin(self.read(move |rows| query::message(rows, id)))
    }

    fn messages(
        &self,
        before: Option<QueueId>,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<MessageRow>, StoreError>> {
        Box::pin(self.read(move |rows| query::messages(rows, before, max).map_err(damaged)))
    }

    fn content(&self, id: QueueId, range: Option<Range<u64>>) -> BoxFuture<'_, Result<Bytes, StoreError>> {
        Box::pin(self.readers.content(id, range))
    }

    fn recipients(&self, id: QueueId) -> BoxFuture<'_, Result<Vec<QueueRow>, StoreError>> {
        Box::pin(self.read(move |rows| {
            let message = query::number(rows, id)?;
            query::recipients(rows, message).map_err(damaged)
        }))
    }

    fn rows(&self, ids: Vec<RowId>) -> BoxFuture<'_, Result<Vec<QueueRow>, StoreError>> {
        Box::pin(self.read(move |rows| query::rows(rows, &ids).map_err(damaged)))
    }

    fn queue(
        &self,
        filter: QueueFilter,
        after: Option<RowId>,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<QueueRow>, StoreError>> {
        let roll = Arc::clone(&self.roll);
        Box::pin(self.read(move |rows| waiting::queue(rows, &roll, &filter, after, max)))
    }

    fn queue_ids(&self, filter: QueueFilter) -> BoxFuture<'_, Result<Vec<RowId>, StoreError>> {
        let roll = Arc::clone(&self.roll);
        Box::pin(self.read(move |rows| waiting::ids(rows, &roll, &filter)))
    }

    fn queue_counts(
        &self,
        filter: QueueFilter,
        by: QueueColumn,
    ) -> BoxFuture<'_, Result<Vec<QueueCount>, StoreError>> {
        let roll = Arc::clone(&self.roll);
        Box::pin(self.read(move |rows| waiting::counts(rows, &roll, &filter, by)))
    }

    fn alter(
        &self,
        rows: Vec<RowId>,
        alteration: Alteration,
        record: serde_json::Value,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<QueueRow>, StoreError>> {
        let alter = Alter::new(rows, alteration, record, now);
        Box::pin(async {
            match self.write(Change::Alter(Box::new(alter))).await? {
                Reply::Rows(rows) => Ok(rows),
                Reply::Done | Reply::Purged(_) | Reply::Leases(_) => Ok(Vec::new()),
            }
        })
    }

    fn reverse_paths(
        &self,
        ids: Vec<QueueId>,
    ) -> BoxFuture<'_, Result<Vec<(QueueId, ReversePath)>, StoreError>> {
        Box::pin(self.read(move |rows| query::reverse_paths(rows, &ids).map_err(damaged)))
    }

    fn attempts(&self, id: QueueId) -> BoxFuture<'_, Result<Vec<Attempt>, StoreError>> {
        Box::pin(self.read(move |rows| query::attempts(rows, id)))
    }

    fn messages_to(
        &self,
        address: &Address,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<MessageRow>, StoreError>> {
        let address = address.clone();
        Box::pin(self.read(move |rows| query::messages_to(rows, &address, max).map_err(damaged)))
    }

    fn by_message_id(&self, message_id: &str) -> BoxFuture<'_, Result<Vec<MessageRow>, StoreError>> {
        let message_id = message_id.to_owned();
        Box::pin(self.read(move |rows| query::by_message_id(rows, &message_id).map_err(damaged)))
    }

    fn record(&self, events: Vec<NewEvent>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { self.write_plainly(Change::Record(prepared::events(events))).await })
    }

    fn events(&self, filter: EventFilter) -> BoxFuture<'_, Result<Vec<Event>, StoreError>> {
        Box::pin(self.read(move |rows| query::events(rows, &filter).map_err(damaged)))
    }

    fn mailboxes(&self, owner: &Address) -> BoxFuture<'_, Result<Vec<(String, u64)>, StoreError>> {
        let owner = owner.to_string();
        Box::pin(self.read(move |rows| query::mailboxes(rows, &owner).map_err(damaged)))
    }

    fn mailbox(
        &self,
        owner: &Address,
        mailbox: &str,
        after: u32,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<MailboxEntry>, StoreError>> {
        let (owner, mailbox) = (owner.to_string(), mailbox.to_owned());
        Box::pin(self.read(move |rows| query::mailbox(rows, &owner, &mailbox, after, max).map_err(damaged)))
    }

    fn flag(
        &self,
        owner: &Address,
        mailbox: &str,
        uid: u32,
        flags: MailboxFlags,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let flag = Flag { owner: owner.to_string(), mailbox: mailbox.to_owned(), uid, flags };
        Box::pin(self.write_plainly(Change::Flag(flag)))
    }

    fn forget(&self, id: QueueId) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            match self.write(Change::Forget { id: id.to_bytes() }).await? {
                Reply::Purged(messages) => Ok(messages > 0),
                Reply::Done | Reply::Leases(_) | Reply::Rows(_) => Ok(false),
            }
        })
    }

    fn purge(&self, before: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            match self.write(Change::Purge { before: nanos(before) }).await? {
                Reply::Purged(messages) => Ok(messages),
                Reply::Done | Reply::Leases(_) | Reply::Rows(_) => Ok(0),
            }
        })
    }

    fn put(
        &self,
        table: Table,
        rows: Vec<(String, serde_json::Value)>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move { self.write_plainly(Change::Put(prepared::plain(table, rows)?)).await })
    }

    fn change(&self, changes: Vec<TableChange>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move { self.write_plainly(Change::Put(prepared::changes(&changes)?)).await })
    }

    fn tell(
        &self,
        events: Vec<NewEvent>,
        changes: Vec<TableChange>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let plain = prepared::changes(&changes)?;
            self.write_plainly(Change::Tell(prepared::events(events), plain)).await
        })
    }

    fn get(&self, table: Table, key: &str) -> BoxFuture<'_, Result<Option<serde_json::Value>, StoreError>> {
        let key = key.to_owned();
        Box::pin(self.read(move |rows| query::get(rows, table, &key).map_err(damaged)))
    }

    fn scan(
        &self,
        table: Table,
        prefix: &str,
        after: Option<&str>,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<(String, serde_json::Value)>, StoreError>> {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        Box::pin(
            self.read(move |rows| query::scan(rows, table, &prefix, after.as_deref(), max).map_err(damaged)),
        )
    }

    fn version(&self, table: Table) -> Option<u64> {
        self.versions.of(table_code(table))
    }

    fn delete(&self, table: Table, keys: Vec<String>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.write_plainly(Change::Delete { kind: table_code(table), keys }))
    }
}
