//! What the store counts.

use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Counters of the writer. Clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    commit: Histogram,
    changes: Histogram,
    closed: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            commit: Histogram::new([0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0]),
            changes: Histogram::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1024.0]),
            closed: Gauge::default(),
        }
    }
}

impl Metrics {
    /// Has the counters told under `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "store_commit_seconds",
            "How long a group commit took, from the first octet written to the end of the last sync",
            self.commit.clone(),
        );
        registry.register("store_commit_changes", "Changes that shared a group commit", self.changes.clone());
        registry.register(
            "store_writer_closed",
            "1 after a failed sync: nothing is accepted until the process starts anew",
            self.closed.clone(),
        );
    }

    pub(crate) fn committed(&self, took: Duration, changes: usize, closed: bool) {
        self.commit.observe(took.as_secs_f64());
        self.changes.observe(f64::from(u32::try_from(changes).unwrap_or(u32::MAX)));
        self.closed.set(i64::from(closed));
    }
}
