//! What a server does for itself from time to time.

use std::sync::Arc;
use std::time::Duration;

use tegami_inbound::Shutdown;
use tegami_mail::Clock;
use tegami_outbound::MtaSts;
use tegami_store::Store;
use tokio::sync::watch;

use super::House;

/// How often the store is asked to forget.
const EVERY: Duration = Duration::from_secs(3600);

/// Forgets what finished longer than `kept` ago and renews policies before they end, until `shutdown`.
pub(super) async fn keep_house(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    house: watch::Receiver<House>,
    mta_sts: Option<Arc<MtaSts>>,
    mut shutdown: Shutdown,
) {
    loop {
        let (kept, suppressions) = {
            let house = house.borrow();
            (house.config.limits.retention, house.config.suppressions)
        };
        if let Ok(before) = clock.now().checked_sub(kept) {
            match store.purge(before).await {
                Ok(0) => {}
                Ok(messages) => tracing::info!(messages, "old messages were forgotten"),
                Err(error) => tracing::warn!(%error, "old messages cannot be forgotten"),
            }
        }
        if let Err(error) = suppressions.purge(&*store, clock.now()).await {
            tracing::warn!(%error, "old counts of failures cannot be forgotten");
        }
        if let Err(error) = tegami_web::forget_requests(&*store, clock.now()).await {
            tracing::warn!(%error, "old numbers of requests cannot be forgotten");
        }
        if let Some(mta_sts) = &mta_sts {
            tokio::select! {
                renewed = mta_sts.refresh(clock.now()) => {
                    if renewed > 0 {
                        tracing::info!(renewed, "MTA-STS policies were fetched again");
                    }
                }
                () = shutdown.requested() => return,
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = shutdown.requested() => return,
        }
    }
}
