//! Whoever carries mail to other hosts, with the policies that it keeps to.

use std::sync::Arc;

use rustls::RootCertStore;
use tegami_dns::Resolver;
use tegami_outbound::{Courier, Https, HttpsFetch, MtaSts, Observe, Reach};

use super::{Rooms, outbound_settings};
use crate::command::Failure;
use crate::config::Config;

/// The server's courier.
///
/// # Errors
/// TLS cannot be set up, or a setting is no setting.
pub(super) fn courier(
    rooms: &Rooms,
    config: &Config,
    roots: RootCertStore,
    (resolver, reach): (Arc<dyn Resolver>, Reach),
    https: &Arc<Https>,
    observer: Arc<dyn Observe>,
) -> Result<Arc<Courier>, Failure> {
    let failed = |error: tegami_outbound::OutboundError| Failure::Text(error.to_string());
    let fetch = Arc::new(HttpsFetch::new(Arc::clone(https)));
    let mta_sts = Arc::new(MtaSts::new(fetch, Some(Arc::clone(&rooms.store))));
    let settings = outbound_settings(config, reach);
    let courier = Courier::new(settings, roots, resolver, Arc::clone(&rooms.clock)).map_err(failed)?;
    let courier = courier.counting(rooms.meters.outbound.clone());
    let courier = Arc::new(courier.with_mta_sts(mta_sts).observed_by(observer));
    let _ = rooms.courier.set(Arc::clone(&courier));
    Ok(courier)
}
