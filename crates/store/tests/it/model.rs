//! An engine that keeps everything in memory: small and plain, so that one can see that it is right. It passes the same conformance suite, and
//! the simulation of delivery uses it as the disk that survives when a process does not.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use tegami_mail::{Address, ReversePath};
use tegami_store::{
    Alteration, Attempt, BoxFuture, DueRow, Event, EventFilter, EventKind, Lease, MailboxEntry, MailboxFlags,
    MessageRow, NewEvent, NewMessage, NodeId, Priority, QueueColumn, QueueCount, QueueFilter, QueueId,
    QueueRow, RecipientState, RowId, SettleOp, Settlement, Store, StoreError, Table, TableChange,
};

use crate::time::pass;

/// What a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// It only reads.
    Read,
    /// It changes something.
    Write,
}

/// What goes wrong with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// The disk is full: nothing is written.
    Full,
    /// The sync fails, and the change is there all the same.
    UnsureKept,
    /// The sync fails, and the change is not there.
    UnsureLost,
}

/// How one call goes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lot {
    /// How long it takes until the change is durable, or the read happens.
    pub(crate) before: Duration,
    /// How long it takes until the caller knows.
    pub(crate) after: Duration,
    /// What goes wrong; reads do not fail.
    pub(crate) mishap: Option<Mishap>,
}

/// Whoever says how each call goes.
pub(crate) trait Weather: Send + Sync + 'static {
    fn lot(&self, call: Call) -> Lot;
}

/// Every call succeeds at once.
pub(crate) struct Calm;

impl Weather for Calm {
    fn lot(&self, _: Call) -> Lot {
        Lot::default()
    }
}

/// What is durable. Processes come and go; this stays.
#[derive(Default)]
pub(crate) struct Disk {
    state: Mutex<State>,
}

impl Disk {
    /// Every recipient, with its message.
    pub(crate) fn rows(&self) -> Vec<(QueueRow, MessageRow)> {
        let state = self.state();
        let all = state.messages.values();
        all.flat_map(|kept| kept.rows.iter().map(|row| (row.clone(), kept.message.clone()))).collect()
    }

    /// One recipient.
    pub(crate) fn row(&self, id: RowId) -> Option<QueueRow> {
        self.state().row(id).cloned()
    }

    /// Whether a recipient still waits.
    pub(crate) fn is_waiting(&self) -> bool {
        let state = self.state();
        state.messages.values().any(|kept| kept.rows.iter().any(|row| !is_finished(row)))
    }

    /// All messages with their contents.
    pub(crate) fn contents(&self) -> Vec<(MessageRow, Bytes)> {
        let state = self.state();
        state.messages.values().map(|kept| (kept.message.clone(), kept.content.clone())).collect()
    }

    /// The content of a message.
    pub(crate) fn content(&self, message_id: &str) -> Option<Bytes> {
        let state = self.state();
        let kept = state.messages.values().find(|kept| kept.message.summary.message_id == message_id);
        kept.map(|kept| kept.content.clone())
    }

    /// All events, in their order.
    pub(crate) fn events(&self) -> Vec<NewEvent> {
        self.state().events.values().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// One process's way to the disk.
pub(crate) struct Model {
    disk: Arc<Disk>,
    weather: Arc<dyn Weather>,
    poisoned: Arc<AtomicBool>,
}

impl Model {
    pub(crate) fn open(disk: Arc<Disk>, weather: Arc<dyn Weather>) -> Self {
        Self { disk, weather, poisoned: Arc::default() }
    }

    fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&State) -> Result<T, StoreError> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        let lot = self.weather.lot(Call::Read);
        Box::pin(async move {
            pass(lot.before).await;
            let result = work(&self.disk.state());
            pass(lot.after).await;
            result
        })
    }

    /// A change happens whole or not at all: where `work` fails, it must not have changed anything. It happens even if the caller goes away,
    /// as it does where another thread does the writing.
    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut State) -> Result<T, StoreError> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        let lot = self.weather.lot(Call::Write);
        let (disk, poisoned) = (Arc::clone(&self.disk), Arc::clone(&self.poisoned));
        Box::pin(async move {
            let change = async move {
                pass(lot.before).await;
                let unsure = || Err(StoreError::Unsure("the sync failed".into()));
                if poisoned.load(Ordering::Relaxed) {
                    return unsure();
                }
                let result = match lot.mishap {
                    Some(Mishap::Full) => Err(StoreError::Full("no space".into())),
                    Some(mishap) => {
                        poisoned.store(true, Ordering::Relaxed);
                        if mishap == Mishap::UnsureKept {
                            let _ = work(&mut disk.state());
                        }
                        unsure()
                    }
                    None => work(&mut disk.state()),
                };
                pass(lot.after).await;
                result
            };
            if lot.before.is_zero() && lot.after.is_zero() {
                return change.await;
            }
            tokio::spawn(change).await.unwrap()
        })
    }
}

#[derive(Default)]
struct State {
    messages: BTreeMap<QueueId, Kept>,
    mailboxes: BTreeMap<(String, String), Mailbox>,
    events: BTreeMap<u64, NewEvent>,
    last_event: u64,
    plain: BTreeMap<(String, String), Value>,
    lease: Option<(NodeId, Lease)>,
}

struct Kept {
    message: MessageRow,
    content: Bytes,
    rows: Vec<QueueRow>,
    attempts: Vec<Attempt>,
}

#[derive(Default)]
struct Mailbox {
    last_uid: u32,
    entries: BTreeMap<u32, (QueueId, MailboxFlags)>,
}

fn is_finished(row: &QueueRow) -> bool {
    matches!(row.state, RecipientState::Delivered | RecipientState::Failed)
}

fn not_found(what: impl std::fmt::Display) -> StoreError {
    StoreError::NotFound(what.to_string())
}

fn place(id: RowId) -> usize {
    usize::try_from(id.recipient).unwrap()
}

impl State {
    fn kept(&self, id: QueueId) -> Result<&Kept, StoreError> {
        self.messages.get(&id).ok_or_else(|| not_found(id))
    }

    fn row(&self, id: RowId) -> Option<&QueueRow> {
        self.messages.get(&id.message)?.rows.get(place(id))
    }

    /// Unfinished rows by due time.
    fn unfinished(&self) -> Vec<&QueueRow> {
        let all = self.messages.values().flat_map(|kept| &kept.rows);
        let mut rows: Vec<_> = all.filter(|row| !is_finished(row)).collect();
        rows.sort_by_key(|row| (row.due, row.id));
        rows
    }

    fn accept(&mut self, new: NewMessage) {
        if self.messages.contains_key(&new.id) {
            return;
        }
        let facts = Arc::new(new.facts());
        let rows = (0..).zip(new.recipients).map(|(recipient, to)| QueueRow {
            id: RowId { message: new.id, recipient },
            path: to.path,
            next_hop: to.next_hop,
            state: RecipientState::Queued,
            due: to.due,
            expires: to.expires,
            accepted_at: new.accepted_at,
            attempts: 0,
            last_status: None,
            hold_reason: None,
            facts: Arc::clone(&facts),
        });
        for copy in new.mailboxes {
            let mailbox = self.mailboxes.entry((copy.owner.to_string(), copy.mailbox)).or_default();
            mailbox.last_uid += 1;
            mailbox.entries.insert(mailbox.last_uid, (new.id, MailboxFlags::default()));
        }
        let kept = Kept {
            rows: rows.collect(),
            content: new.content,
            attempts: Vec::new(),
            message: MessageRow {
                id: new.id,
                accepted_at: new.accepted_at,
                origin: new.origin,
                domain: new.domain,
                reverse_path: new.reverse_path,
                envelope_parameters: new.envelope_parameters,
                summary: new.summary,
                verdicts: new.verdicts,
            },
        };
        self.messages.insert(new.id, kept);
        self.record(new.events);
        self.change(new.tables);
    }

    fn change(&mut self, tables: Vec<TableChange>) {
        for change in tables {
            let key = (name(change.table), change.key);
            match change.value {
                Some(value) => drop(self.plain.insert(key, value)),
                None => drop(self.plain.remove(&key)),
            }
        }
    }

    fn record(&mut self, events: Vec<NewEvent>) {
        for event in events {
            self.last_event += 1;
            self.events.insert(self.last_event, event);
        }
    }

    fn claim(&mut self, node: &NodeId, now: Timestamp, ttl: Duration) -> Vec<Lease> {
        let epoch = match &self.lease {
            None => 1,
            Some((owner, lease)) if owner == node => lease.epoch,
            Some((_, lease)) if lease.until <= now => lease.epoch + 1,
            Some(_) => return Vec::new(),
        };
        let lease = Lease { shard: 0, epoch, until: now.checked_add(ttl).unwrap_or(Timestamp::MAX) };
        self.lease = Some((node.clone(), lease.clone()));
        vec![lease]
    }

    fn fence(&self, lease: &Lease) -> Result<(), StoreError> {
        let held = self.lease.as_ref().is_some_and(|(_, held)| held.epoch == lease.epoch);
        if held { Ok(()) } else { Err(StoreError::Fenced) }
    }

    fn settle(&mut self, lease: &Lease, settlement: Settlement) -> Result<(), StoreError> {
        self.fence(lease)?;
        let touched = settlement.ops.iter().map(SettleOp::row);
        let finished = touched.filter(|id| self.row(*id).is_none_or(is_finished)).collect::<Vec<_>>();
        if !finished.is_empty() {
            return Err(StoreError::Finished(finished));
        }
        for op in settlement.ops {
            self.apply(op, settlement.at);
        }
        for attempt in settlement.attempts {
            if let Some(kept) = self.messages.get_mut(&attempt.message) {
                kept.attempts.push(attempt);
            }
        }
        for message in settlement.born {
            self.accept(message);
        }
        self.record(settlement.events);
        self.change(settlement.tables);
        Ok(())
    }

    fn apply(&mut self, op: SettleOp, at: Option<Timestamp>) {
        let id = op.row();
        let row = &mut self.messages.get_mut(&id.message).unwrap().rows[place(id)];
        row.attempts += 1;
        match op {
            SettleOp::Delivered { status, .. } => {
                (row.state, row.due) = (RecipientState::Delivered, at.unwrap_or(row.due));
                row.last_status = Some(status);
            }
            SettleOp::Fail { status, .. } => {
                (row.state, row.due) = (RecipientState::Failed, at.unwrap_or(row.due));
                row.last_status = Some(status);
            }
            SettleOp::Defer { next_hop, due, status, .. } => {
                row.due = if row.next_hop == next_hop { due } else { at.unwrap_or(row.due) };
                row.last_status = Some(status);
            }
        }
    }

    fn alter(&mut self, id: RowId, alteration: &Alteration, record: &serde_json::Value, now: Timestamp) {
        let row = &mut self.messages.get_mut(&id.message).unwrap().rows[place(id)];
        match alteration {
            Alteration::Hold { reason } => {
                (row.state, row.hold_reason) = (RecipientState::Held, Some(reason.clone()));
            }
            Alteration::Release => {
                (row.state, row.hold_reason, row.due) = (RecipientState::Queued, None, now);
            }
            Alteration::Retry => row.due = now,
            Alteration::Reroute { next_hop } => {
                row.next_hop.clone_from(next_hop);
                if row.state == RecipientState::Queued {
                    row.due = row.due.min(now);
                }
            }
            Alteration::Drop { status } => {
                (row.state, row.due) = (RecipientState::Failed, now);
                row.last_status = Some(status.clone());
            }
        }
        let dropped = matches!(alteration, Alteration::Drop { .. });
        let event = NewEvent {
            kind: if dropped { EventKind::Failed } else { EventKind::Operated },
            at: now,
            domain: row.facts.sender_domain.clone(),
            message: Some(id.message),
            recipient: Some(row.path.address.to_string()),
            data: record.clone().into(),
        };
        if !record.is_null() {
            self.record(vec![event]);
        }
    }

    fn newest(&self, matches: impl Fn(&Kept) -> bool, max: usize) -> Vec<MessageRow> {
        let newest = self.messages.values().rev().filter(|kept| matches(kept));
        newest.take(max).map(|kept| kept.message.clone()).collect()
    }

    fn event(&self, seq: u64, event: &NewEvent) -> Event {
        let message = event.message.and_then(|id| self.messages.get(&id)).map(|kept| &kept.message);
        Event {
            seq,
            event: event.clone(),
            summary: message.map(|message| message.summary.clone()),
            origin: message.map(|message| message.origin.clone()),
            reverse_path: message.map(|message| message.reverse_path.clone()),
        }
    }

    fn find_events(&self, filter: &EventFilter) -> Vec<Event> {
        let passes = |(seq, event): &(&u64, &NewEvent)| {
            let from = filter.from_seq.unwrap_or(if filter.descending { u64::MAX } else { 0 });
            filter.domain.as_ref().is_none_or(|domain| event.domain == *domain)
                && filter.message.is_none_or(|id| event.message == Some(id))
                && filter.begin.is_none_or(|begin| event.at >= begin)
                && filter.end.is_none_or(|end| event.at <= end)
                && if filter.descending { **seq < from } else { **seq > from }
        };
        let found = self.events.iter().filter(passes).map(|(seq, event)| self.event(*seq, event));
        match filter.descending {
            true => found.rev().take(filter.limit).collect(),
            false => found.take(filter.limit).collect(),
        }
    }

    fn forget(&mut self, id: QueueId) -> bool {
        let is_copied =
            self.mailboxes.values().any(|mailbox| mailbox.entries.values().any(|(copy, _)| *copy == id));
        let over = self.messages.get(&id).is_some_and(|kept| kept.rows.iter().all(is_finished));
        over && !is_copied && self.messages.remove(&id).is_some()
    }

    fn purge(&mut self, before: Timestamp) -> u64 {
        let count = self.messages.len();
        let boxes = &self.mailboxes;
        let is_copied =
            |id| boxes.values().any(|mailbox| mailbox.entries.values().any(|(copy, _)| *copy == id));
        self.messages.retain(|id, kept| {
            let over = |row: &QueueRow| is_finished(row) && row.due < before;
            let over = match kept.rows.is_empty() {
                true => kept.message.accepted_at < before,
                false => kept.rows.iter().all(over),
            };
            !over || is_copied(*id)
        });
        self.events.retain(|_, event| event.at >= before);
        u64::try_from(count - self.messages.len()).unwrap()
    }
}

fn domain(row: &QueueRow) -> String {
    row.path.address.host().to_string()
}

/// Whether an unfinished row passes a filter.
fn passes(row: &QueueRow, filter: &QueueFilter) -> bool {
    let has = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
    let address = || row.path.address.to_string().to_lowercase();
    filter.state.is_none_or(|state| row.state == state)
        && filter.message.is_none_or(|id| row.id.message == id)
        && filter.place.is_none_or(|place| row.id.recipient == place)
        && filter.recipient.as_ref().is_none_or(|wanted| address() == wanted.to_lowercase())
        && (filter.domains.is_empty() || filter.domains.contains(&domain(row)))
        && (filter.next_hops.is_empty() || filter.next_hops.contains(&row.next_hop))
        && filter.account.as_ref().is_none_or(|account| row.facts.account.as_ref() == Some(account))
        && filter.sender_domain.as_ref().is_none_or(|domain| row.facts.sender_domain == *domain)
        && filter.tag.as_ref().is_none_or(|tag| row.facts.tags.contains(tag))
        && filter.priority.is_none_or(|priority| row.facts.priority == priority)
        && filter.accepted_from.is_none_or(|from| row.accepted_at >= from)
        && filter.accepted_until.is_none_or(|until| row.accepted_at < until)
        && filter.due_from.is_none_or(|from| row.due >= from)
        && filter.due_until.is_none_or(|until| row.due < until)
        && filter.attempts_from.is_none_or(|from| row.attempts >= from)
        && filter.attempts_until.is_none_or(|until| row.attempts <= until)
        && filter
            .status
            .as_ref()
            .is_none_or(|words| row.last_status.as_ref().is_some_and(|status| has(status, words)))
}

/// Whether an alteration would change an unfinished row.
fn concerns(row: &QueueRow, alteration: &Alteration, now: Timestamp) -> bool {
    match alteration {
        Alteration::Hold { .. } => row.state == RecipientState::Queued,
        Alteration::Release => row.state == RecipientState::Held,
        Alteration::Retry => row.state == RecipientState::Queued && row.due > now,
        Alteration::Reroute { next_hop } => row.next_hop != *next_hop,
        Alteration::Drop { .. } => true,
    }
}

fn value_of(row: &QueueRow, by: QueueColumn) -> String {
    match by {
        QueueColumn::NextHop => row.next_hop.clone(),
        QueueColumn::Domain => domain(row),
        QueueColumn::Account => row.facts.account.clone().unwrap_or_default(),
        QueueColumn::SenderDomain => row.facts.sender_domain.clone(),
        QueueColumn::State if row.state == RecipientState::Held => "held".to_owned(),
        QueueColumn::State => "queued".to_owned(),
        QueueColumn::Priority => match row.facts.priority {
            Priority::Transactional => "transactional".to_owned(),
            Priority::Normal => "normal".to_owned(),
            Priority::Bulk => "bulk".to_owned(),
        },
    }
}

fn name(table: Table) -> String {
    format!("{table:?}")
}

impl Store for Model {
    fn accept(&self, messages: Vec<NewMessage>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(move |state| {
            messages.into_iter().for_each(|message| state.accept(message));
            Ok(())
        })
    }

    fn claim(
        &self,
        node: &NodeId,
        now: Timestamp,
        ttl: Duration,
    ) -> BoxFuture<'_, Result<Vec<Lease>, StoreError>> {
        let node = node.clone();
        self.write(move |state| Ok(state.claim(&node, now, ttl)))
    }

    fn due(
        &self,
        lease: &Lease,
        after: Option<(Timestamp, RowId)>,
        until: Timestamp,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<DueRow>, StoreError>> {
        let lease = lease.clone();
        self.read(move |state| {
            state.fence(&lease)?;
            let rows = state.unfinished().into_iter();
            let due = rows.filter(|row| row.state == RecipientState::Queued && row.due <= until);
            let due = due.filter(|row| after.is_none_or(|after| (row.due, row.id) > after));
            let short = |row: &QueueRow| DueRow {
                id: row.id,
                due: row.due,
                next_hop: row.next_hop.clone(),
                facts: (*row.facts).clone(),
            };
            Ok(due.take(max).map(short).collect())
        })
    }

    fn next_due(&self, lease: &Lease) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>> {
        let lease = lease.clone();
        self.read(move |state| {
            state.fence(&lease)?;
            let mut rows = state.unfinished().into_iter();
            Ok(rows.find(|row| row.state == RecipientState::Queued).map(|row| row.due))
        })
    }

    fn settle(&self, lease: &Lease, settlement: Settlement) -> BoxFuture<'_, Result<(), StoreError>> {
        let lease = lease.clone();
        self.write(move |state| state.settle(&lease, settlement))
    }

    fn message(&self, id: QueueId) -> BoxFuture<'_, Result<MessageRow, StoreError>> {
        self.read(move |state| Ok(state.kept(id)?.message.clone()))
    }

    fn messages(
        &self,
        before: Option<QueueId>,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<MessageRow>, StoreError>> {
        let older = move |kept: &Kept| before.is_none_or(|before| kept.message.id < before);
        self.read(move |state| Ok(state.newest(older, max)))
    }

    fn content(&self, id: QueueId, range: Option<Range<u64>>) -> BoxFuture<'_, Result<Bytes, StoreError>> {
        self.read(move |state| {
            let content = &state.kept(id)?.content;
            let Some(range) = range else { return Ok(content.clone()) };
            let within = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(content.len());
            let end = within(range.end);
            Ok(content.slice(within(range.start).min(end)..end))
        })
    }

    fn recipients(&self, id: QueueId) -> BoxFuture<'_, Result<Vec<QueueRow>, StoreError>> {
        self.read(move |state| Ok(state.kept(id)?.rows.clone()))
    }

    fn rows(&self, ids: Vec<RowId>) -> BoxFuture<'_, Result<Vec<QueueRow>, StoreError>> {
        self.read(move |state| Ok(ids.into_iter().filter_map(|id| state.row(id).cloned()).collect()))
    }

    fn queue(
        &self,
        filter: QueueFilter,
        after: Option<RowId>,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<QueueRow>, StoreError>> {
        self.read(move |state| {
            let place =
                |id: RowId| state.row(id).map(|row| (row.due, row.id)).ok_or_else(|| not_found(id.message));
            let after = after.map(place).transpose()?;
            let rows = state.unfinished().into_iter();
            let rows = rows.filter(|row| after.is_none_or(|after| (row.due, row.id) > after));
            Ok(rows.filter(|row| passes(row, &filter)).take(max).cloned().collect())
        })
    }

    fn queue_counts(
        &self,
        filter: QueueFilter,
        by: QueueColumn,
    ) -> BoxFuture<'_, Result<Vec<QueueCount>, StoreError>> {
        self.read(move |state| {
            let mut counts: BTreeMap<String, QueueCount> = BTreeMap::new();
            for row in state.unfinished().into_iter().filter(|row| passes(row, &filter)) {
                let value = value_of(row, by);
                let count = counts.entry(value.clone()).or_insert_with(|| QueueCount {
                    value,
                    rows: 0,
                    oldest: row.accepted_at,
                    due: row.due,
                });
                count.rows += 1;
                count.oldest = count.oldest.min(row.accepted_at);
                count.due = count.due.min(row.due);
            }
            let mut counts: Vec<_> = counts.into_values().collect();
            counts.sort_by_key(|count| std::cmp::Reverse(count.rows));
            Ok(counts)
        })
    }

    fn queue_ids(&self, filter: QueueFilter) -> BoxFuture<'_, Result<Vec<RowId>, StoreError>> {
        self.read(move |state| {
            let rows = state.unfinished().into_iter().filter(|row| passes(row, &filter));
            Ok(rows.map(|row| row.id).collect())
        })
    }

    fn alter(
        &self,
        rows: Vec<RowId>,
        alteration: Alteration,
        record: serde_json::Value,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<QueueRow>, StoreError>> {
        self.write(move |state| {
            let waiting = |row: &QueueRow| matches!(row.state, RecipientState::Queued | RecipientState::Held);
            let mut altered = Vec::new();
            for id in rows {
                let Some(row) = state.row(id).cloned() else { continue };
                if waiting(&row) && concerns(&row, &alteration, now) {
                    state.alter(id, &alteration, &record, now);
                    altered.push(row);
                }
            }
            Ok(altered)
        })
    }

    fn reverse_paths(
        &self,
        ids: Vec<QueueId>,
    ) -> BoxFuture<'_, Result<Vec<(QueueId, ReversePath)>, StoreError>> {
        self.read(move |state| {
            let path = |id: QueueId| Some((id, state.messages.get(&id)?.message.reverse_path.clone()));
            Ok(ids.into_iter().filter_map(path).collect())
        })
    }

    fn attempts(&self, id: QueueId) -> BoxFuture<'_, Result<Vec<Attempt>, StoreError>> {
        self.read(move |state| Ok(state.kept(id)?.attempts.clone()))
    }

    fn messages_to(
        &self,
        address: &Address,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<MessageRow>, StoreError>> {
        let wanted = address.to_string().to_lowercase();
        let has = move |kept: &Kept| {
            let mut addresses = kept.rows.iter().map(|row| row.path.address.to_string().to_lowercase());
            addresses.any(|address| address == wanted)
        };
        self.read(move |state| Ok(state.newest(has, max)))
    }

    fn by_message_id(&self, message_id: &str) -> BoxFuture<'_, Result<Vec<MessageRow>, StoreError>> {
        let wanted = message_id.to_owned();
        let has = move |kept: &Kept| !wanted.is_empty() && kept.message.summary.message_id == wanted;
        self.read(move |state| Ok(state.newest(has, usize::MAX)))
    }

    fn record(&self, events: Vec<NewEvent>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(move |state| {
            state.record(events);
            Ok(())
        })
    }

    fn events(&self, filter: EventFilter) -> BoxFuture<'_, Result<Vec<Event>, StoreError>> {
        self.read(move |state| Ok(state.find_events(&filter)))
    }

    fn mailboxes(&self, owner: &Address) -> BoxFuture<'_, Result<Vec<(String, u64)>, StoreError>> {
        let owner = owner.to_string();
        self.read(move |state| {
            let own = state.mailboxes.iter().filter(|((of, _), _)| *of == owner);
            let count = |mailbox: &Mailbox| u64::try_from(mailbox.entries.len()).unwrap();
            Ok(own.map(|((_, name), mailbox)| (name.clone(), count(mailbox))).collect())
        })
    }

    fn mailbox(
        &self,
        owner: &Address,
        mailbox: &str,
        after: u32,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<MailboxEntry>, StoreError>> {
        let key = (owner.to_string(), mailbox.to_owned());
        self.read(move |state| {
            let Some(mailbox) = state.mailboxes.get(&key) else { return Ok(Vec::new()) };
            let later = mailbox.entries.iter().filter(|(uid, _)| **uid > after);
            let entry = |(uid, (id, flags)): (&u32, &(QueueId, MailboxFlags))| {
                Ok(MailboxEntry { uid: *uid, message: state.kept(*id)?.message.clone(), flags: *flags })
            };
            later.take(max).map(entry).collect()
        })
    }

    fn flag(
        &self,
        owner: &Address,
        mailbox: &str,
        uid: u32,
        flags: MailboxFlags,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let key = (owner.to_string(), mailbox.to_owned());
        self.write(move |state| {
            let entries = state.mailboxes.get_mut(&key).map(|mailbox| &mut mailbox.entries);
            let entry = entries.and_then(|entries| entries.get_mut(&uid)).ok_or_else(|| not_found(uid))?;
            entry.1 = flags;
            Ok(())
        })
    }

    fn forget(&self, id: QueueId) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.write(move |state| Ok(state.forget(id)))
    }

    fn purge(&self, before: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.write(move |state| Ok(state.purge(before)))
    }

    fn put(&self, table: Table, rows: Vec<(String, Value)>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(move |state| {
            state.plain.extend(rows.into_iter().map(|(key, value)| ((name(table), key), value)));
            Ok(())
        })
    }

    fn change(&self, changes: Vec<TableChange>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(move |state| {
            state.change(changes);
            Ok(())
        })
    }

    fn tell(
        &self,
        events: Vec<NewEvent>,
        changes: Vec<TableChange>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(move |state| {
            state.record(events);
            state.change(changes);
            Ok(())
        })
    }

    fn get(&self, table: Table, key: &str) -> BoxFuture<'_, Result<Option<Value>, StoreError>> {
        let key = (name(table), key.to_owned());
        self.read(move |state| Ok(state.plain.get(&key).cloned()))
    }

    fn scan(
        &self,
        table: Table,
        prefix: &str,
        after: Option<&str>,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<(String, Value)>, StoreError>> {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        self.read(move |state| {
            let rows = state.plain.range((name(table), prefix.clone())..);
            let rows = rows.take_while(|((of, key), _)| *of == name(table) && key.starts_with(&prefix));
            let rows = rows.filter(|((_, key), _)| after.as_ref().is_none_or(|after| key > after));
            Ok(rows.take(max).map(|((_, key), value)| (key.clone(), value.clone())).collect())
        })
    }

    fn delete(&self, table: Table, keys: Vec<String>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(move |state| {
            for key in keys {
                state.plain.remove(&(name(table), key));
            }
            Ok(())
        })
    }
}
