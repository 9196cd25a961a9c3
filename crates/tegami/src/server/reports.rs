//! Reports of ours to other domains: what is counted, and when it is sent.

use std::sync::Arc;

use tegami_dns::Resolver;
use tegami_inbound::Shutdown;
use tegami_mail::{Domain, NameAddr};
use tegami_outbound::Https;
use tegami_outbound::tls_report::{HttpsPost, Identity, Journal, Reporter};
use tokio::sync::watch;

use super::House;
use crate::config::Config;

/// What reports are made of and sent by, whatever the configuration says.
pub(super) struct Desk {
    /// What whoever sends writes into.
    pub(super) journal: Arc<Journal>,
    pub(super) https: Arc<Https>,
    pub(super) resolver: Arc<dyn Resolver>,
}

impl Desk {
    fn reporter(&self, House { rooms, config, .. }: &House) -> Reporter {
        Reporter {
            journal: Arc::clone(&self.journal),
            store: Arc::clone(&rooms.store),
            resolver: Arc::clone(&self.resolver),
            intake: Arc::clone(&rooms.intake),
            post: Arc::new(HttpsPost::new(Arc::clone(&self.https))),
            clock: Arc::clone(&rooms.clock),
            identity: identity(config),
            kept: config.limits.retention,
        }
    }

    /// Counts and reports until `shutdown`, as the configuration that counts then wants it.
    pub(super) async fn keep(self, mut house: watch::Receiver<House>, mut shutdown: Shutdown) {
        let mut over = false;
        while !over {
            let reporter = self.reporter(&house.borrow_and_update().clone());
            let changed = async {
                tokio::select! {
                    changed = house.changed() => over = changed.is_err(),
                    () = shutdown.requested() => over = true,
                }
            };
            reporter.run(changed).await;
        }
    }
}

/// Who reports: our first domain. `None` where the configuration wants no reports, or nothing is ours that could sign them.
fn identity(config: &Config) -> Option<Identity> {
    let submitter: &Domain = config.domains.first().filter(|_| config.reports.tls)?;
    let postmaster = format!("postmaster@{submitter}");
    Some(Identity {
        organization: config.reports.organization.clone().unwrap_or_else(|| submitter.to_string()),
        contact: config.reports.contact.clone().unwrap_or_else(|| postmaster.clone()),
        submitter: submitter.clone(),
        from: NameAddr::parse(&postmaster).ok()?,
    })
}
