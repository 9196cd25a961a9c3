//! What listeners count. Labels are words from short fixed lists: nothing that a stranger chooses becomes one.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

type Labels<const N: usize> = [(&'static str, String); N];

/// Counters of the listeners.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    sessions: Family<Labels<1>, Counter>,
    open: Family<Labels<1>, Gauge>,
    turned_away: Family<Labels<2>, Counter>,
    handshakes: Family<Labels<2>, Counter>,
    refusals: Family<Labels<3>, Counter>,
    logins: Family<Labels<2>, Counter>,
}

impl Metrics {
    /// Has the counters told under `registry`.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("sessions", "Sessions begun, by listener", self.sessions.clone());
        registry.register("open_sessions", "Sessions that are open, by listener", self.open.clone());
        registry.register(
            "turned_away_connections",
            "Connections turned away because of a limit, by listener",
            self.turned_away.clone(),
        );
        registry.register(
            "inbound_tls_handshakes",
            "TLS handshakes with clients, by listener and version, `failed` among the versions",
            self.handshakes.clone(),
        );
        registry.register(
            "inbound_refusals",
            "Commands and messages refused, by listener, command and class of the reply code",
            self.refusals.clone(),
        );
        registry.register("logins", "AUTH commands, by listener and result", self.logins.clone());
    }

    /// A session begins; it is open until the value is dropped.
    pub(crate) fn begin(&self, listener: &'static str) -> OpenSession {
        let labels = [("listener", listener.to_owned())];
        self.sessions.get_or_create(&labels).inc();
        let open = self.open.get_or_create(&labels).clone();
        open.inc();
        OpenSession(open)
    }

    pub(crate) fn turned_away(&self, listener: &'static str, limit: &'static str) {
        let labels = [("listener", listener.to_owned()), ("limit", limit.to_owned())];
        self.turned_away.get_or_create(&labels).inc();
    }

    pub(crate) fn handshake(&self, listener: &'static str, version: &str) {
        let labels = [("listener", listener.to_owned()), ("version", version.to_owned())];
        self.handshakes.get_or_create(&labels).inc();
    }

    pub(crate) fn refused(&self, listener: &'static str, command: &'static str, code: u16) {
        let class = (code / 100).to_string();
        let labels = [("listener", listener.to_owned()), ("command", command.to_owned()), ("reply", class)];
        self.refusals.get_or_create(&labels).inc();
    }

    pub(crate) fn login(&self, listener: &'static str, result: &'static str) {
        let labels = [("listener", listener.to_owned()), ("result", result.to_owned())];
        self.logins.get_or_create(&labels).inc();
    }
}

/// A session that is open.
#[derive(Debug)]
pub(crate) struct OpenSession(Gauge);

impl Drop for OpenSession {
    fn drop(&mut self) {
        self.0.dec();
    }
}
