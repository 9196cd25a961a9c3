//! Everything that is counted, in the form that Prometheus reads: over HTTP where `[listen] metrics` says so, and by `tegami metrics`.

use std::sync::Arc;

use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use tegami_store::{QueueColumn, QueueFilter};

use super::Rooms;

/// The media type of what [`told`] writes (OpenMetrics 1.0.0).
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The counters of the rooms that do not keep their own where others find them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meters {
    pub(crate) store: tegami_store::Metrics,
    pub(crate) inbound: tegami_inbound::Metrics,
    pub(crate) outbound: tegami_outbound::Metrics,
    pub(crate) preflight: super::preflight::watch::Metrics,
}

/// All metrics of a server as they stand now.
pub(crate) async fn told(rooms: &Rooms) -> String {
    let mut registry = Registry::with_prefix("tegami");
    rooms.control.metrics().register(&mut registry);
    rooms.meters.store.register(&mut registry);
    rooms.meters.inbound.register(&mut registry);
    rooms.meters.outbound.register(&mut registry);
    rooms.calls.metrics().register(&mut registry);
    rooms.meters.preflight.register(&mut registry);
    waiting(rooms, &mut registry).await;
    process(&mut registry);
    let mut text = String::new();
    // Writing into a text cannot fail.
    let _ = encode(&mut text, &registry);
    text
}

/// A router that answers `/metrics` and nothing else.
pub(super) fn router(rooms: &Arc<Rooms>) -> axum::Router {
    let rooms = Arc::clone(rooms);
    let answer = move || {
        let rooms = Arc::clone(&rooms);
        async move { ([(CONTENT_TYPE, MEDIA_TYPE)], told(&rooms).await) }
    };
    axum::Router::new().route("/metrics", get(answer))
}

/// How much waits. Where the store cannot tell, nothing is told.
async fn waiting(rooms: &Rooms, registry: &mut Registry) {
    let states = rooms.store.queue_counts(QueueFilter::default(), QueueColumn::State).await;
    let Ok(states) = states else { return };
    let family = Family::<[(&'static str, String); 1], Gauge>::default();
    let oldest = Gauge::<i64>::default();
    for state in ["queued", "held"] {
        let rows = states.iter().find(|counted| counted.value == state).map_or(0, |counted| counted.rows);
        let gauge = family.get_or_create(&[("state", state.to_owned())]).clone();
        gauge.set(i64::try_from(rows).unwrap_or(i64::MAX));
    }
    if let Some(first) = states.iter().map(|counted| counted.oldest).min() {
        oldest.set(rooms.clock.now().duration_since(first).as_secs());
    }
    registry.register("queue_recipients", "Recipients that wait, by state", family);
    let help = "Age of the oldest message that waits";
    registry.register_with_unit("queue_oldest", help, Unit::Seconds, oldest);
    let rules = Gauge::<i64>::default();
    rules.set(i64::try_from(rooms.holds.rules().len()).unwrap_or(i64::MAX));
    registry.register("standing_rules", "Standing rules that hold mail", rules);
}

/// What the system says of this process; what it does not say is left out.
fn process(registry: &mut Registry) {
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    let build = prometheus_client::metrics::info::Info::new(version);
    registry.register("build", "The version that runs", build);
    let memory = Gauge::<i64>::default();
    if let Some(octets) = resident() {
        memory.set(octets);
        let help = "Memory of this process that lies in RAM";
        registry.register_with_unit("process_resident_memory", help, Unit::Bytes, memory);
    }
    let files = Gauge::<i64>::default();
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        files.set(i64::try_from(open.count()).unwrap_or(i64::MAX));
        registry.register("process_open_files", "Open files and sockets of this process", files);
    }
}

/// Octets, from `VmRSS` of proc(5).
fn resident() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory() {
        assert!(resident().unwrap() > 1 << 20);
    }
}
