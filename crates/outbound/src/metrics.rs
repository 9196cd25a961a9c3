//! What sending counts. Labels are words from short fixed lists: nothing that a stranger chooses becomes one.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tegami_mail::failure::Provider;

use tegami_queue::Stage;

use crate::record::HostTry;
use crate::tls_policy::PolicySource;

type Labels<const N: usize> = [(&'static str, String); N];

/// Counters of sending.
#[derive(Clone, Debug)]
pub struct Metrics {
    visits: Family<Labels<3>, Counter>,
    tls: Family<Labels<2>, Counter>,
    policies: Family<Labels<2>, Counter>,
    session: Histogram,
    open: Gauge,
    pub(crate) idle: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            visits: Family::default(),
            tls: Family::default(),
            policies: Family::default(),
            session: Histogram::new([0.005, 0.02, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0]),
            open: Gauge::default(),
            idle: Gauge::default(),
        }
    }
}

impl Metrics {
    /// Has the counters told under `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "host_visits",
            "Hosts that were tried, by provider, result and whether the session was open from an earlier message",
            self.visits.clone(),
        );
        registry.register(
            "outbound_tls",
            "Connections to hosts that were tried, by TLS version (`none` for clear text) and whether the certificate was trusted",
            self.tls.clone(),
        );
        registry.register(
            "tls_policies",
            "TLS policies of hosts that were tried, by who said so and whether the host could be spoken to under them",
            self.policies.clone(),
        );
        registry.register("host_visit_seconds", "How long hosts were kept busy", self.session.clone());
        registry.register(
            "outbound_connections_busy",
            "Connections to hosts that carry a message",
            self.open.clone(),
        );
        registry.register(
            "outbound_connections_idle",
            "Connections to hosts that wait for the next message",
            self.idle.clone(),
        );
    }

    /// A host was tried.
    pub(crate) fn tried(&self, entry: &HostTry) {
        let provider = Provider::of_host(&entry.host).map_or("other", Provider::as_str).to_owned();
        let result = match (&entry.failure, entry.connected) {
            (None, _) => "served",
            (Some(_), true) => "failed",
            (Some(_), false) => "unreachable",
        };
        let session = if entry.reused { "kept" } else { "new" };
        let labels = [("provider", provider), ("result", result.to_owned()), ("session", session.to_owned())];
        self.visits.get_or_create(&labels).inc();
        self.session.observe(Duration::from_millis(entry.duration_ms).as_secs_f64());
        if !entry.reused
            && let Some(policy) = &entry.policy
        {
            let by_tls = entry
                .failure
                .as_ref()
                .is_some_and(|failure| matches!(failure.stage, Stage::TlsPolicy | Stage::StartTls));
            let result = if policy.refused.is_some() || by_tls { "failed" } else { "kept" };
            let labels = [("source", word(policy.source).to_owned()), ("result", result.to_owned())];
            self.policies.get_or_create(&labels).inc();
        }
        if !entry.connected || entry.reused {
            return;
        }
        let (version, trusted) = match &entry.tls {
            Some(tls) => (tls.version.clone(), tls.trusted),
            None => ("none".to_owned(), false),
        };
        self.tls.get_or_create(&[("version", version), ("trusted", trusted.to_string())]).inc();
    }

    /// A host is being visited until the value is dropped.
    pub(crate) fn visit(&self) -> Busy {
        self.open.inc();
        Busy(self.open.clone())
    }
}

const fn word(source: PolicySource) -> &'static str {
    match source {
        PolicySource::Configured => "configured",
        PolicySource::Smarthost => "smarthost",
        PolicySource::Dane => "dane",
        PolicySource::MtaSts => "mta-sts",
        PolicySource::May => "may",
    }
}

/// A host that is being visited.
#[derive(Debug)]
pub(crate) struct Busy(Gauge);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.dec();
    }
}
