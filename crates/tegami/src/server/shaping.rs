//! The shaper of a server: opened with what it knew, and written down as it learns.

use std::sync::Arc;

use jiff::Timestamp;
use tegami_inbound::Shutdown;
use tegami_outbound::Reach;
use tegami_queue::gate::GateFacts;
use tegami_queue::shaping::{Relay, Shaping, WRITTEN_EVERY};
use tegami_store::Store;

use crate::command::Failure;
use crate::config::Config;

/// With what the settings say and what was known when the last process ended.
///
/// # Errors
/// The settings of the routes cannot be used, or the store cannot be read.
pub(super) async fn open(
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Arc<Shaping>, Failure> {
    let shaping = Shaping::new(config.shaping.clone()).with_relay(relay(config));
    shaping.restore(store, now).await?;
    Ok(Arc::new(shaping))
}

/// Through which smarthost the routes send a job first.
pub(super) fn relay(config: &Config) -> Box<Relay> {
    let settings = super::outbound_settings(config, Reach::Network);
    Box::new(move |job: &GateFacts<'_>| settings.first_smarthost(job))
}

/// Writes down what was learnt, from time to time and at the end.
pub(super) async fn keep(shaping: Arc<Shaping>, store: Arc<dyn Store>, mut shutdown: Shutdown) {
    loop {
        let ends = tokio::select! {
            () = tokio::time::sleep(WRITTEN_EVERY) => false,
            () = shutdown.requested() => true,
        };
        if let Err(error) = shaping.write(store.as_ref()).await {
            tracing::warn!(%error, "what was learnt about providers cannot be written down");
        }
        if ends {
            return;
        }
    }
}
