//! When a recipient is tried again, and which work comes next. Pure: time is an argument, nothing sleeps.

mod dispatcher;
mod retry;
mod slab;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tegami_mail::Note;
use tegami_store::{Facts, Priority, QueueId, QueueRow, RowId};

pub use self::dispatcher::Dispatcher;
pub use self::retry::{Retries, RetryPolicy, RetryRule};
use self::turn::{ByPriority, PRIORITIES};
use crate::gate::GateFacts;

/// `moment` + `duration`, stopping at the end of time.
pub(crate) fn later(moment: Timestamp, duration: Duration) -> Timestamp {
    moment.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// How much may go on at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Attempts under way at once.
    pub jobs: usize,
    /// Attempts under way at once in one lane, where the gate does not say otherwise.
    pub jobs_per_lane: usize,
    /// Recipients in one transaction; RFC 5321 section 4.5.3.1.8 guarantees 100.
    pub recipients_per_job: usize,
}

/// One of so many places is kept for transactional mail, of all jobs and of those in a lane, so that it does not even wait for a
/// job of others to end.
const RESERVE: usize = 8;

impl Limits {
    /// How many of so many places a priority may take.
    pub fn open_to(priority: Priority, places: usize) -> usize {
        match priority {
            Priority::Transactional => places,
            Priority::Normal | Priority::Bulk => places - places / RESERVE,
        }
    }

    /// Which priorities may begin one more job beside those under way.
    fn open(&self, under_way: usize) -> ByPriority<bool> {
        PRIORITIES.map(|priority| under_way < Self::open_to(priority, self.jobs))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { jobs: 200, jobs_per_lane: 10, recipients_per_job: 100 }
    }
}

/// Recipients of one message that share a next hop and are due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its number: every job of a dispatcher has another one.
    pub number: u64,
    /// The shard whose lease covers them.
    pub shard: u16,
    /// The message.
    pub message: QueueId,
    /// The next hop they share.
    pub next_hop: String,
    /// The lane in which the job is counted.
    pub lane: Arc<str>,
    /// What they share besides.
    pub facts: Arc<Facts>,
    /// The recipients, in their order.
    pub ids: Vec<RowId>,
    /// The recipients whole, where all of them lie in memory; else none, and they are read when the job begins.
    pub rows: Vec<QueueRow>,
}

impl Group {
    /// What a gate knows of it.
    pub fn gate_facts(&self) -> GateFacts<'_> {
        GateFacts {
            number: Some(self.number),
            message: self.message,
            next_hop: &self.next_hop,
            facts: &self.facts,
        }
    }
}

/// What the dispatcher says.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Do this now, and say [`Dispatcher::ended`] and [`Dispatcher::settled`] afterwards.
    Job(Group),
    /// Nothing may begin before this moment unless a job finishes or rows are offered.
    WaitUntil(Timestamp),
    /// Nothing to do until a job finishes or rows are offered.
    Idle,
}

/// What waits where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Rows that wait in memory or are under way.
    pub rows: usize,
    /// Those among them whose moment has not come.
    pub future: usize,
    /// Jobs under way.
    pub under_way: usize,
    /// Each lane that has rows or jobs.
    pub lanes: Vec<LaneState>,
}

impl Survey {
    /// No more waits of flows than this are told for one lane.
    pub const MOST_WAITS: usize = 20;
}

/// A lane at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneState {
    /// Its name.
    pub lane: Arc<str>,
    /// Rows that are due and wait.
    pub rows: usize,
    /// Jobs under way.
    pub under_way: usize,
    /// What all of it waits for, where the gate keeps it back.
    pub stopped: Option<Wait>,
    /// What parts of it wait for.
    pub waits: Vec<Wait>,
}

/// What the gate said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Until when; `None` until somebody changes the gate.
    pub until: Option<Timestamp>,
    /// For people.
    pub because: Note,
    /// Next hop and facts of what waits; `None` for a whole lane.
    pub flow: Option<(Arc<str>, Arc<Facts>)>,
}

#[cfg(test)]
mod tests;
