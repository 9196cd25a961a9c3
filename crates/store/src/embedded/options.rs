//! How an engine is opened, and where a test may interfere.

use std::sync::Arc;

use crate::Metrics;

/// Settings of the embedded engine. The defaults are right for a mail server.
#[derive(Clone)]
pub struct Options {
    /// A segment file is closed and the next one begun when it has grown to this many octets.
    pub segment_bytes: u64,
    /// Contents of at most so many octets lie with the rows, where one sync makes both durable; larger ones in segment files.
    pub small: usize,
    /// Reads that run at the same time, each with its own connection.
    pub readers: usize,
    /// No message is accepted while less than this is free on the disk, in octets (or an eighth of a smaller disk): the outcomes of
    /// those that were accepted need room too, or a full disk could never be emptied by delivery.
    pub reserve: u64,
    /// Changes that may wait for the writer; producers beyond that wait in their own call.
    pub waiting: usize,
    /// Asked before each step towards durability; tests count and fail steps with it.
    pub hook: Option<Arc<dyn Hook>>,
    /// Where commits are counted.
    pub metrics: Metrics,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            small: 8 << 10,
            readers: 4,
            reserve: 64 << 20,
            waiting: 1024,
            hook: None,
            metrics: Metrics::default(),
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("segment_bytes", &self.segment_bytes)
            .field("small", &self.small)
            .field("readers", &self.readers)
            .field("reserve", &self.reserve)
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}

/// The steps of one group commit, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Contents are about to be appended to the segment file.
    Append,
    /// The segment file is about to be synced.
    Sync,
    /// The rows are written and about to be committed (SQLite syncs its log then).
    Commit,
    /// Everything is durable, the producers are about to be told.
    Answer,
}

/// What a [`Hook`] makes happen instead of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full: at [`Step::Append`] after half of the octets, at [`Step::Commit`] before the commit.
    Full,
    /// The step fails with an input/output error.
    Fail,
    /// The writer ends here, as it would if the power went.
    Stop,
    /// At [`Step::Append`]: so many octets are written, then the writer ends.
    Torn(usize),
}

/// Somebody who is asked before each [`Step`].
pub trait Hook: Send + Sync + 'static {
    /// `None` lets the step happen.
    fn before(&self, step: Step) -> Option<Fault>;
}

impl<F: Fn(Step) -> Option<Fault> + Send + Sync + 'static> Hook for F {
    fn before(&self, step: Step) -> Option<Fault> {
        self(step)
    }
}
