//! How often each plain table was changed since the start.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::embedded::writer::Change;

/// More than the greatest code of a table.
const CODES: usize = 64;

/// Counters by the tables' codes, which are small.
#[derive(Debug)]
pub(super) struct Versions([AtomicU64; CODES]);

impl Default for Versions {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::default()))
    }
}

impl Versions {
    /// The present number of a table.
    pub(super) fn of(&self, code: i64) -> Option<u64> {
        let counter = self.0.get(usize::try_from(code).ok()?)?;
        Some(counter.load(Ordering::Acquire))
    }

    /// A change was committed; whoever asked for it has not been told yet.
    pub(super) fn note(&self, change: &Change) {
        let of_messages = change.messages().iter().flat_map(|message| &message.plain);
        of_messages.for_each(|row| self.count(row.kind));
        match change {
            Change::Put(rows) | Change::Tell(_, rows) => rows.iter().for_each(|row| self.count(row.kind)),
            Change::Settle(settle) => settle.plain.iter().for_each(|row| self.count(row.kind)),
            Change::Delete { kind, .. } => self.count(*kind),
            _ => {}
        }
    }

    fn count(&self, code: i64) {
        if let Some(counter) = usize::try_from(code).ok().and_then(|code| self.0.get(code)) {
            counter.fetch_add(1, Ordering::AcqRel);
        }
    }
}
