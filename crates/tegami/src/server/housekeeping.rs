//! What a server does for itself from time to time.

use std::sync::Arc;
use std::time::Duration;

use tegami_inbound::Shutdown;
use tegami_mail::Clock;
use tegami_outbound::MtaSts;
use tegami_queue::Retention;
use tegami_store::Store;
use tokio::sync::watch;

use super::House;

/// How often the store is asked to forget.
const EVERY: Duration = Duration::from_secs(3600);

/// Forgets what finished long enough ago and renews policies before they end, until `shutdown`.
pub(super) async fn keep_house(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    house: watch::Receiver<House>,
    mta_sts: Option<Arc<MtaSts>>,
    mut shutdown: Shutdown,
) {
    let mut retention = Retention::default();
    loop {
        let House { rooms, config, .. } = house.borrow().clone();
        let (kept, suppressions) = (config.limits.retention, config.suppressions);
        match retention.forget(&store, &rooms.domains, kept, clock.now()).await {
            Ok(0) => {}
            Ok(messages) => {
                tracing::info!(messages, "messages were forgotten as early as their domains want it");
            }
            Err(error) => {
                tracing::warn!(%error, "messages cannot be forgotten as early as their domains want it");
            }
        }
        if let Err(error) = rooms.intake.test_inboxes().forget().await {
            tracing::warn!(%error, "old test inboxes cannot be forgotten");
        }
        drop((rooms, config));
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
