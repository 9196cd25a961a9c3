//! Who may set out now: the seam between the schedule and whoever watches over receivers and holds.
//!
//! The dispatcher counts jobs by *lane*, not by recipient domain: a lane is what one receiver's limits are about, the provider behind many
//! domains once it is known, else the next hop itself. Before a job begins, the gate is asked. What it keeps back costs no attempt, no job
//! slot and no turn of anybody else.
//!
//! A gate never blocks and is asked by the one task that dispatches, thousands of times a second.

use std::fmt::Debug;
use std::sync::Arc;

use jiff::Timestamp;
use tegami_mail::Note;
use tegami_store::{Facts, QueueId};

use crate::outcome::Outcome;

/// What a gate knows of a job.
#[derive(Clone, Copy, Debug)]
pub struct GateFacts<'a> {
    /// Which job it is, of those that this process began or is about to begin; `None` where nobody means a certain one.
    pub number: Option<u64>,
    /// The message: of several source addresses it keeps one through all its attempts.
    pub message: QueueId,
    /// Where it goes.
    pub next_hop: &'a str,
    /// Priority, account, sending domain, tags.
    pub facts: &'a Facts,
}

/// What a gate says to a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It begins now. [`Gate::finished`] follows, once.
    Go,
    /// It may be asked about again at that moment.
    NotBefore {
        /// When.
        until: Timestamp,
        /// Whom else the answer is about.
        scope: Scope,
        /// For people.
        because: Note,
    },
    /// It waits until [`crate::Control::gate_changed`] is called.
    Held {
        /// Whom else the answer is about.
        scope: Scope,
        /// For people.
        because: Note,
    },
}

/// How far an answer reaches, so that a million rows are not asked about one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything in the lane.
    Lane,
    /// What has the same next hop and the same [`Facts`].
    Flow,
}

/// Who may set out now.
pub trait Gate: Debug + Send + Sync + 'static {
    /// The lane of a job: from where it leaves, and what its next hop leads to. It may be another one later, when more is known: jobs are
    /// counted in the lane in which they began.
    fn lane(&self, job: &GateFacts<'_>) -> Arc<str>;

    /// Where a next hop leads: the provider (`google`) or organization of its MX hosts once that is known, the host that an
    /// operator sent it to past them (`smarthost:HOST`), else the next hop itself.
    fn place(&self, next_hop: &str) -> Arc<str> {
        Arc::from(next_hop)
    }

    /// Next hops that turned out to lead elsewhere since this was asked last: what waits for them may have another lane by now.
    fn moved(&self) -> Vec<String> {
        Vec::new()
    }

    /// How many jobs may be under way in a lane at once; `None` for the schedule's own limit.
    fn room(&self, lane: &str) -> Option<usize> {
        let _ = lane;
        None
    }

    /// How many recipients one job in a lane may have; `None` for the schedule's own limit.
    fn recipients(&self, lane: &str) -> Option<usize> {
        let _ = lane;
        None
    }

    /// Whether a job, which has a number, may begin now. An answer of [`Admission::Go`] counts: the job begins.
    fn admit(&self, lane: &str, job: &GateFacts<'_>, now: Timestamp) -> Admission;

    /// What [`Gate::admit`] would say, without counting anything: for `queue list` and `why`.
    fn look(&self, lane: &str, job: &GateFacts<'_>, now: Timestamp) -> Admission;

    /// A job that was admitted ended; without an outcome where it broke off.
    fn finished(&self, lane: &str, job: &GateFacts<'_>, outcome: Option<&Outcome>, now: Timestamp);
}

/// The gate that is always open; every next hop is a lane of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Open;

impl Gate for Open {
    fn lane(&self, job: &GateFacts<'_>) -> Arc<str> {
        Arc::from(job.next_hop)
    }

    fn admit(&self, _: &str, _: &GateFacts<'_>, _: Timestamp) -> Admission {
        Admission::Go
    }

    fn look(&self, _: &str, _: &GateFacts<'_>, _: Timestamp) -> Admission {
        Admission::Go
    }

    fn finished(&self, _: &str, _: &GateFacts<'_>, _: Option<&Outcome>, _: Timestamp) {}
}
