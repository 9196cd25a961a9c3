//! What intake, the operator and the loop share: the bell, the brake, the door, and the shelf of fresh rows.
//!
//! Rows that intake has just committed lie in memory already. They are put on a shelf for the loop, so that a new message is not
//! read back from the disk, and does not wait behind a backlog that is longer than the loop holds in memory. The messages themselves lie
//! beside them for a moment ([`crate::fresh`]).
//!
//! A row must not come to the loop twice, from the shelf and from the store, or it could be delivered twice. So intake *announces* a message before
//! it is committed; while it is announced, what the store says of it is ignored; and in one step under one lock the announcement ends
//! and the rows lie on the shelf.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use tegami_store::{DueRow, MessageRow, NewMessage, QueueId, QueueRow, RecipientState, RowId};
use tokio::sync::{Notify, oneshot};

use crate::controls::UnderWay;
use crate::fate::Line;
use crate::fresh::{Fresh, Kept};
use crate::metrics::Metrics;
use crate::run::Deliver;
use crate::schedule::Survey;
use crate::settle::Settler;

/// The bell, the brake and the door of the post desk; shared by intake, the operator and the loop.
#[derive(Debug, Default)]
pub struct Control {
    bell: Notify,
    /// The earliest moment at which something has become due that the loop does not know of.
    asked: Mutex<Option<Timestamp>>,
    altered: Mutex<Option<Altered>>,
    surveys: Mutex<Vec<oneshot::Sender<Survey>>>,
    gate_changed: AtomicBool,
    paused: AtomicBool,
    closing: AtomicBool,
    shelf: Mutex<Shelf>,
    metrics: Metrics,
    hands: Mutex<Option<Hands>>,
    rounds: AtomicU64,
    alterations: AtomicU64,
    pub(crate) under_way: UnderWay,
}

/// What was altered since the loop looked last.
#[derive(Debug, Default)]
pub(crate) struct Altered {
    /// By the next hop that they had; empty where they are [too many](Altered::are_many).
    pub(crate) rows: BTreeMap<String, Vec<RowId>>,
    /// When the first of them was due.
    pub(crate) oldest: Option<Timestamp>,
    count: usize,
}

impl Altered {
    /// Whether they are so many that none is named.
    pub(crate) fn are_many(&self) -> bool {
        self.count > MOST_ALTERED
    }

    fn note(&mut self, row: &QueueRow) {
        self.count += 1;
        self.oldest = Some(self.oldest.map_or(row.due, |oldest| oldest.min(row.due)));
        if self.are_many() {
            self.rows = BTreeMap::new();
            return;
        }
        match self.rows.get_mut(&row.next_hop) {
            Some(ids) => ids.push(row.id),
            None => drop(self.rows.insert(row.next_hop.clone(), vec![row.id])),
        }
    }
}

/// Whoever settles and whoever delivers.
pub(crate) struct Hands {
    pub(crate) settler: Arc<Settler>,
    pub(crate) deliver: Arc<dyn Deliver>,
    pub(crate) weights: BTreeMap<String, u32>,
}

impl std::fmt::Debug for Hands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hands").finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Shelf {
    announced: BTreeSet<QueueId>,
    rows: Vec<QueueRow>,
    fresh: Fresh,
}

/// No more rows lie on the shelf than this; the others are found in the store.
const MOST_FRESH: usize = 10_000;
/// No more altered rows than this are noted by name: the loop may be paused.
const MOST_ALTERED: usize = 100_000;

impl Control {
    /// Something in the store has become due by other hands, nobody knows when: all that is due is asked for again.
    pub fn ring(&self) {
        self.ask(Timestamp::MIN);
    }

    /// Rows were altered at that moment: what became due is looked for.
    pub(crate) fn altered(&self, at: Timestamp) {
        self.ask(at);
    }

    /// These rows, as they were, are altered by now: wherever they wait in memory, they no longer do. [`Control::altered`] follows.
    pub(crate) fn note_altered<'a>(&self, rows: impl IntoIterator<Item = &'a QueueRow>) {
        let mut altered = self.altered.lock().unwrap_or_else(PoisonError::into_inner);
        let altered = altered.get_or_insert_default();
        rows.into_iter().for_each(|row| altered.note(row));
        self.alterations.fetch_add(1, Ordering::AcqRel);
    }

    /// Grows whenever rows are altered: while it stays the same, what was read of them before is still true.
    pub(crate) fn alterations(&self) -> u64 {
        self.alterations.load(Ordering::Acquire)
    }

    /// What waits where, and for what. Answered by the loop; without one, never.
    pub async fn survey(&self) -> Option<Survey> {
        let (answer, answered) = oneshot::channel();
        self.surveys.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
        self.bell.notify_one();
        answered.await.ok()
    }

    /// Has the store asked for what is due from that moment on.
    fn ask(&self, from: Timestamp) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        *asked = Some(asked.map_or(from, |asked| asked.min(from)));
        drop(asked);
        self.bell.notify_one();
    }

    /// The gate lets pass what it held: whoever waits for that is asked about again.
    pub fn gate_changed(&self) {
        self.gate_changed.store(true, Ordering::Release);
        self.bell.notify_one();
    }

    /// Whether [`Control::gate_changed`] was called since this was asked last.
    pub(crate) fn take_gate_changed(&self) -> bool {
        self.gate_changed.swap(false, Ordering::AcqRel)
    }

    /// Begins no further attempts; those under way go on.
    pub fn pause(&self) {
        self.paused.store(true, Ordering::Release);
    }

    /// Begins attempts again.
    pub fn resume(&self) {
        self.paused.store(false, Ordering::Release);
        self.bell.notify_one();
    }

    /// Whether attempts are begun at present.
    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Acquire)
    }

    /// Finishes the attempts under way, then ends the loop.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.bell.notify_one();
    }

    /// From the next attempt on the loop works with these: after the configuration has changed.
    pub fn replace(&self, settler: Arc<Settler>, deliver: Arc<dyn Deliver>, weights: BTreeMap<String, u32>) {
        let hands = Hands { settler, deliver, weights };
        *self.hands.lock().unwrap_or_else(PoisonError::into_inner) = Some(hands);
        self.bell.notify_one();
    }

    /// Other hands, once.
    pub(crate) fn take_hands(&self) -> Option<Hands> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Has the loop go round once more, and tells how often it has done so: a loop that hangs does not.
    pub fn rounds(&self) -> u64 {
        self.bell.notify_one();
        self.rounds.load(Ordering::Relaxed)
    }

    /// The loop goes round.
    pub(crate) fn go_round(&self) {
        self.rounds.fetch_add(1, Ordering::Relaxed);
    }

    /// What the post desk counts.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Tells what has become durable: to the log and to the counters.
    pub(crate) fn tell(&self, lines: &[Line]) {
        for line in lines {
            self.metrics.count(line);
            line.tell();
        }
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Waits until somebody rings or puts something on the shelf.
    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// From which moment on the store is to be asked at once.
    pub(crate) fn take_asked(&self) -> Option<Timestamp> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What was altered since this was asked last.
    pub(crate) fn take_altered(&self) -> Option<Altered> {
        self.altered.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Those who want to know what waits.
    pub(crate) fn take_surveys(&self) -> Vec<oneshot::Sender<Survey>> {
        std::mem::take(&mut *self.surveys.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Says that these messages are about to be committed.
    pub(crate) fn announce(&self, messages: &[NewMessage]) -> Announcement<'_> {
        let rows: Vec<QueueRow> = messages.iter().flat_map(fresh_rows).collect();
        let ids: Vec<QueueId> = messages.iter().map(|message| message.id).collect();
        let recipients = messages.iter().flat_map(|message| &message.recipients);
        let due = recipients.map(|recipient| recipient.due).min();
        let ahead = messages.iter().flat_map(|message| {
            message.recipients.iter().map(|to| to.due).filter(|due| *due > message.accepted_at)
        });
        let later = ahead.min();
        let kept = messages.iter().map(|message| (message, due_now(message))).filter(|(_, due)| *due > 0);
        let kept = kept.map(|(message, due)| Kept::of(message, due)).collect();
        self.shelf().announced.extend(&ids);
        Announcement { control: self, alterations: self.alterations(), ids, rows, kept, due, later }
    }

    /// A message and its content, where they are in memory still, for so many of its recipients.
    pub(crate) fn take_message(&self, id: QueueId, recipients: usize) -> Option<(MessageRow, Bytes)> {
        self.shelf().fresh.take(id, recipients)
    }

    /// Takes the fresh rows, and tells which of the store's rows may be taken besides.
    pub(crate) fn take(&self, stored: Vec<DueRow>) -> (Vec<QueueRow>, Vec<DueRow>) {
        let mut shelf = self.shelf();
        let fresh = std::mem::take(&mut shelf.rows);
        let mut stored = stored;
        stored.retain(|row| !shelf.announced.contains(&row.id.message));
        (fresh, stored)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Messages that are being committed. Dropped without [`Announcement::committed`], because the commit failed or its caller went away, it ends the
/// announcement and has the store asked.
pub(crate) struct Announcement<'a> {
    control: &'a Control,
    /// What [`Control::alterations`] said before the commit.
    alterations: u64,
    ids: Vec<QueueId>,
    rows: Vec<QueueRow>,
    kept: Vec<Kept>,
    /// When the first of all rows is due.
    due: Option<Timestamp>,
    /// When the first of those is due that are not due at once.
    later: Option<Timestamp>,
}

impl Announcement<'_> {
    /// The messages are on the disk: their rows go on the shelf.
    pub(crate) fn committed(mut self) {
        let rows = std::mem::take(&mut self.rows);
        let mut shelf = self.control.shelf();
        for id in self.ids.drain(..) {
            shelf.announced.remove(&id);
        }
        // An operator may have been quicker than we: what is on the disk then need not be what we know.
        let is_true = self.control.alterations() == self.alterations;
        let fits = is_true && shelf.rows.len() + rows.len() <= MOST_FRESH;
        if fits {
            shelf.rows.extend(rows);
            self.kept.drain(..).for_each(|kept| shelf.fresh.keep(kept));
        }
        drop(shelf);
        // What does not lie on the shelf is behind the place up to which the loop has read, if it is due soon.
        match if fits { self.later } else { self.due } {
            Some(from) => self.control.ask(from),
            None => self.control.bell.notify_one(),
        }
    }
}

impl Drop for Announcement<'_> {
    fn drop(&mut self) {
        if self.ids.is_empty() {
            return;
        }
        let mut shelf = self.control.shelf();
        for id in &self.ids {
            shelf.announced.remove(id);
        }
        drop(shelf);
        if let Some(due) = self.due {
            self.control.ask(due);
        }
    }
}

/// The rows that a message has when it is committed, as far as they are due at once; the others are found in the store in time.
pub(crate) fn fresh_rows(message: &NewMessage) -> Vec<QueueRow> {
    let facts = Arc::new(message.facts());
    let row = |(place, recipient): (u32, &tegami_store::NewRecipient)| QueueRow {
        id: RowId { message: message.id, recipient: place },
        path: recipient.path.clone(),
        next_hop: recipient.next_hop.clone(),
        state: RecipientState::Queued,
        due: recipient.due,
        expires: recipient.expires,
        accepted_at: message.accepted_at,
        attempts: 0,
        last_status: None,
        hold_reason: None,
        facts: Arc::clone(&facts),
    };
    let due_now = |row: &QueueRow| row.due <= message.accepted_at;
    (0..).zip(&message.recipients).map(row).filter(due_now).collect()
}

/// How many of a message's recipients [`fresh_rows`] gives.
fn due_now(message: &NewMessage) -> usize {
    message.recipients.iter().filter(|recipient| recipient.due <= message.accepted_at).count()
}

#[cfg(test)]
mod tests {
    use tegami_mail::Address;

    use super::*;

    fn row(recipient: u32, next_hop: &str, due: i64) -> QueueRow {
        QueueRow {
            id: RowId { message: QueueId::from_bits(1), recipient },
            path: Address::parse("a@example.net").unwrap().into(),
            next_hop: next_hop.to_owned(),
            state: RecipientState::Queued,
            due: Timestamp::from_second(due).unwrap(),
            expires: Timestamp::MAX,
            accepted_at: Timestamp::UNIX_EPOCH,
            attempts: 0,
            last_status: None,
            hold_reason: None,
            facts: Arc::default(),
        }
    }

    #[test]
    fn what_is_altered_while_nobody_looks_has_a_bound() {
        let control = Control::default();
        control.note_altered(&[row(0, "a.test", 5), row(1, "b.test", 3)]);
        let few = control.take_altered().unwrap();
        assert_eq!((few.are_many(), few.rows.len(), few.oldest.unwrap().as_second()), (false, 2, 3));
        let again = row(0, "a.test", 5);
        for _ in 0..=MOST_ALTERED {
            control.note_altered([&again]);
        }
        let many = control.take_altered().unwrap();
        assert!(many.are_many() && many.rows.is_empty());
        assert!(control.take_altered().is_none());
        assert_eq!(control.alterations(), 2 + MOST_ALTERED as u64);
    }
}
