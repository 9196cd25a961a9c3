//! What came of attempts is written down, many attempts in one commit.
//!
//! An operator may have finished rows while they were tried. The store refuses a settlement that is about such rows, and it is drawn up anew
//! without them. What is told of them is only what really happened and is not known yet: that the receiver took it all the same, as an event. The sender is
//! not told of that, who has been told of the end already, or not, as the operator decided. The record of the attempt is kept in any case.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use tegami_mail::Clock;
use tegami_store::{
    DueRow, Facts, Lease, NewMessage, QueueRow, RowId, SettleOp, Settlement, Store, StoreError,
};

use crate::control::{Control, fresh_rows};
use crate::fate;
use crate::outcome::Outcome;
use crate::schedule::{Group, later};
use crate::settle::Settler;
use crate::suppress::Counts;

/// How long a full disk is left alone.
const WAIT_FOR_ROOM: Duration = Duration::from_secs(5);

/// A finished attempt with the group it was for.
pub(crate) struct Done {
    pub(crate) group: Group,
    /// What [`Control::alterations`] said when it began.
    pub(crate) alterations: u64,
    pub(crate) result: Result<Tried, StoreError>,
}

/// How it went.
pub(crate) struct Tried {
    /// What became of it, and the copy for mailboxes here that is born with it; nothing when no row was left to be tried.
    pub(crate) went: Option<(Outcome, Option<NewMessage>)>,
    /// Rows that somebody sent elsewhere meanwhile.
    pub(crate) strays: Vec<QueueRow>,
}

/// What a commit settled.
#[derive(Default)]
pub(crate) struct Settled {
    pub(crate) groups: Vec<Group>,
    /// What [`Control::alterations`] said when the first of the attempts began.
    pub(crate) alterations: u64,
    /// Rows that are due now: those of DSNs that were born with it, and those that were not tried.
    pub(crate) fresh: Vec<QueueRow>,
    /// The rows that were deferred.
    pub(crate) deferred: Vec<(u16, DueRow)>,
}

/// A settlement as it is drawn up, with what is said when it is durable.
#[derive(Default)]
struct Draft {
    settlement: Settlement,
    lines: Vec<fate::Line>,
    /// Rows of attempts of which nothing is written: they are tried again.
    untried: Vec<QueueRow>,
}

/// Whoever writes down.
pub(crate) struct Clerk<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) settler: &'a Settler,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) control: &'a Control,
}

impl Clerk<'_> {
    /// Turns outcomes into one settlement and commits it. While the disk is full it waits: the peers have these messages, and nobody else
    /// will write that down.
    pub(crate) async fn settle(&self, lease: &Lease, batch: Vec<Done>) -> Result<Settled, StoreError> {
        let now = self.clock.now();
        self.note_times(&batch, now);
        let mut gone = BTreeSet::new();
        let mut settled = Settled {
            alterations: batch.iter().map(|done| done.alterations).min().unwrap_or_default(),
            ..Settled::default()
        };
        loop {
            let Draft { settlement, lines, untried } = self.draw_up(&batch, &gone, now).await?;
            settled.deferred = deferred(&settlement, &batch);
            settled.fresh = settlement.born.iter().flat_map(fresh_rows).chain(untried).collect();
            let is_empty = settlement.ops.is_empty() && settlement.attempts.is_empty();
            let committed = if is_empty { Ok(()) } else { self.store.settle(lease, settlement).await };
            match committed {
                Ok(()) => {
                    self.control.tell(&lines);
                    break;
                }
                Err(StoreError::Finished(rows)) => gone.extend(rows),
                Err(StoreError::Full(why)) => {
                    tracing::error!(why, "the disk is full: outcomes wait to be written");
                    tokio::time::sleep(WAIT_FOR_ROOM).await;
                }
                Err(error) => return Err(error),
            }
        }
        for done in batch {
            settled.fresh.extend(done.result.into_iter().flat_map(|tried| tried.strays));
            settled.groups.push(done.group);
        }
        Ok(settled)
    }

    fn note_times(&self, batch: &[Done], now: Timestamp) {
        let tried = batch.iter().filter_map(|done| done.result.as_ref().ok());
        for (outcome, _) in tried.filter_map(|tried| tried.went.as_ref()) {
            let took = Duration::try_from(now.duration_since(outcome.began_at)).unwrap_or_default();
            self.control.metrics().attempt_took(took);
        }
    }

    /// What these attempts change, where other hands have finished the rows that are `gone`.
    async fn draw_up(
        &self,
        batch: &[Done],
        gone: &BTreeSet<RowId>,
        now: Timestamp,
    ) -> Result<Draft, StoreError> {
        let mut draft =
            Draft { settlement: Settlement { at: Some(now), ..Settlement::default() }, ..Draft::default() };
        let mut counts = Counts::new();
        for done in batch {
            let (outcome, copy) = match &done.result {
                Ok(Tried { went: None, .. }) => continue,
                Ok(Tried { went: Some((outcome, copy)), .. }) => (outcome, copy),
                Err(error) => {
                    draft.settlement.ops.extend(set_aside(&done.group, gone, error, now));
                    continue;
                }
            };
            // Nobody has the copies for mailboxes here before they are written, so what somebody took out of such a message is out.
            if copy.is_some() && outcome.job.rows.iter().any(|row| gone.contains(&row.id)) {
                let left = outcome.job.rows.iter().filter(|row| !gone.contains(&row.id));
                draft.untried.extend(left.cloned());
                continue;
            }
            let settlement = self.settler.settle(outcome, gone, &mut counts, now).await?;
            draft.lines.extend(fate::About::of(&outcome.job.message).fates(&settlement.events));
            draft.settlement.extend_with(settlement);
            draft.settlement.born.extend(copy.clone());
        }
        draft.lines.extend(draft.settlement.born.iter().flat_map(fate::kept));
        Ok(draft)
    }
}

/// A group whose message could not be read, or whose attempt broke off: tried again in five minutes.
fn set_aside(group: &Group, gone: &BTreeSet<RowId>, error: &StoreError, now: Timestamp) -> Vec<SettleOp> {
    tracing::error!(message = %group.message, %error, "a message could not be worked on");
    let due = later(now, Duration::from_secs(300));
    let next_hop = &group.next_hop;
    let defer = |row: &RowId| SettleOp::Defer {
        row: *row,
        next_hop: next_hop.clone(),
        due,
        status: error.to_string(),
    };
    group.ids.iter().filter(|row| !gone.contains(row)).map(defer).collect()
}

/// The rows that a settlement defers, with their shards.
fn deferred(settlement: &Settlement, batch: &[Done]) -> Vec<(u16, DueRow)> {
    if !settlement.ops.iter().any(|op| matches!(op, SettleOp::Defer { .. })) {
        return Vec::new();
    }
    let groups: BTreeMap<RowId, &Group> =
        batch.iter().flat_map(|done| done.group.ids.iter().map(|id| (*id, &done.group))).collect();
    let row = |op: &SettleOp| match op {
        SettleOp::Defer { row, next_hop, due, .. } => {
            let group = groups.get(row)?;
            let facts = Facts::clone(&group.facts);
            Some((group.shard, DueRow { id: *row, due: *due, next_hop: next_hop.clone(), facts }))
        }
        SettleOp::Delivered { .. } | SettleOp::Fail { .. } => None,
    };
    settlement.ops.iter().filter_map(row).collect()
}

/// Joining settlements.
trait ExtendWith {
    fn extend_with(&mut self, other: Self);
}

impl ExtendWith for Settlement {
    fn extend_with(&mut self, other: Self) {
        self.ops.extend(other.ops);
        self.attempts.extend(other.attempts);
        self.events.extend(other.events);
        self.born.extend(other.born);
        self.tables.extend(other.tables);
    }
}
