//! What is counted of requests.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tegami_queue::{Call, CallState, CallSubject};

/// Counters of requests to somebody's URL.
#[derive(Clone, Debug)]
pub struct Metrics {
    attempts: Family<[(&'static str, &'static str); 2], Counter>,
    seconds: Histogram,
    waiting: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            attempts: Family::default(),
            seconds: Histogram::new([0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0]),
            waiting: Gauge::default(),
        }
    }
}

impl Metrics {
    /// Has the counters told under `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "call_attempts",
            "Requests to URLs of webhooks, routes and archives, by what they tell and what came of them",
            self.attempts.clone(),
        );
        registry.register("call_seconds", "How long such requests took", self.seconds.clone());
        registry.register(
            "calls_waiting",
            "Requests that are due and wait in memory or are under way",
            self.waiting.clone(),
        );
    }

    /// An attempt has led to this.
    pub(super) fn count(&self, call: &Call, duration: Duration) {
        let came = match call.state {
            CallState::Done => "done",
            CallState::Waiting => "again",
            CallState::Failed => "failed",
        };
        self.attempts.get_or_create(&[("tells", word(&call.subject)), ("came", came)]).inc();
        self.seconds.observe(duration.as_secs_f64());
    }

    pub(super) fn waiting(&self, calls: usize) {
        self.waiting.set(i64::try_from(calls).unwrap_or(i64::MAX));
    }
}

/// What a call tells, in one word.
pub(super) const fn word(subject: &CallSubject) -> &'static str {
    match subject {
        CallSubject::Event { .. } => "event",
        CallSubject::Forward { .. } => "forward",
        CallSubject::Stored { .. } => "stored",
        CallSubject::Archive { .. } => "archive",
    }
}
