//! What the post desk counts. Labels are words from short fixed lists: nothing that a stranger chooses becomes one.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::fate::{Fate, FateWord, Line};

type Labels<const N: usize> = [(&'static str, String); N];

/// Counters of the post desk.
#[derive(Debug)]
pub struct Metrics {
    accepted: Family<Labels<1>, Counter>,
    octets: Family<Labels<1>, Counter>,
    fates: Family<Labels<2>, Counter>,
    setbacks: Family<Labels<3>, Counter>,
    queued: Histogram,
    attempt: Histogram,
    known: Gauge,
    under_way: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            accepted: Family::default(),
            octets: Family::default(),
            fates: Family::default(),
            setbacks: Family::default(),
            queued: Histogram::new([
                0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0, 14_400.0, 86_400.0, 432_000.0,
            ]),
            attempt: Histogram::new([0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0]),
            known: Gauge::default(),
            under_way: Gauge::default(),
        }
    }
}

impl Metrics {
    /// Has the counters told under `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("accepted_messages", "Messages accepted, by door", self.accepted.clone());
        registry.register("accepted_octets", "Octets of accepted contents, by door", self.octets.clone());
        registry.register(
            "fates",
            "What became of recipients, attempt by attempt, by the provider whose host decided",
            self.fates.clone(),
        );
        registry.register(
            "setbacks",
            "Deferred and failed recipients by cause, class of the reply code and provider",
            self.setbacks.clone(),
        );
        registry.register(
            "queue_seconds",
            "From acceptance to delivery, of delivered recipients",
            self.queued.clone(),
        );
        registry.register("attempt_seconds", "How long attempts took", self.attempt.clone());
        registry.register(
            "dispatcher_recipients",
            "Recipients that the dispatcher holds in memory, waiting or under way",
            self.known.clone(),
        );
        registry.register("attempts_under_way", "Attempts under way", self.under_way.clone());
    }

    pub(crate) fn count(&self, line: &Line) {
        match line {
            Line::Accepted(accepted) => {
                let door = [("door", accepted.door().to_owned())];
                self.accepted.get_or_create(&door).inc();
                self.octets.get_or_create(&door).inc_by(accepted.size());
            }
            Line::Fate(fate) => self.count_fate(fate),
        }
    }

    fn count_fate(&self, fate: &Fate) {
        let word = fate.word();
        let provider = fate.provider().to_owned();
        let labels = [("fate", word.as_str().to_owned()), ("provider", provider.clone())];
        self.fates.get_or_create(&labels).inc();
        match word {
            FateWord::Delivered => self.queued.observe(fate.delay()),
            FateWord::Deferred | FateWord::Bounced | FateWord::Failed | FateWord::Expired => {
                let cause = fate.cause().unwrap_or("none").to_owned();
                let labels =
                    [("cause", cause), ("reply", fate.reply_class().to_owned()), ("provider", provider)];
                self.setbacks.get_or_create(&labels).inc();
            }
            FateWord::Stored | FateWord::Dropped | FateWord::Held => {}
        }
    }

    pub(crate) fn attempt_took(&self, span: Duration) {
        self.attempt.observe(span.as_secs_f64());
    }

    pub(crate) fn dispatcher(&self, known: usize, under_way: usize) {
        self.known.set(i64::try_from(known).unwrap_or(i64::MAX));
        self.under_way.set(i64::try_from(under_way).unwrap_or(i64::MAX));
    }
}
