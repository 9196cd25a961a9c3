//! Reports of ours to other domains: what is counted, and when it is sent.

use std::sync::Arc;

use rustls::RootCertStore;
use tegami_dns::Resolver;
use tegami_inbound::Shutdown;
use tegami_mail::{Domain, NameAddr};
use tegami_outbound::tls_report::{HttpsPost, Identity, Journal, Reporter};
use tegami_outbound::{Https, Reach};

use super::Rooms;
use crate::command::Failure;
use crate::config::Config;

/// The reporter of a server, and the journal that whoever sends writes.
///
/// # Errors
/// The TLS library refuses the roots.
pub(super) fn open(
    config: &Config,
    rooms: &Rooms,
    roots: RootCertStore,
    resolver: Arc<dyn Resolver>,
    reach: Reach,
) -> Result<Reporter, Failure> {
    let https = Https::new(roots, Arc::clone(&resolver), reach);
    let https = https.map_err(|error| Failure::Text(error.to_string()))?;
    Ok(Reporter {
        journal: Arc::new(Journal::new(Arc::clone(&rooms.store))),
        store: Arc::clone(&rooms.store),
        resolver,
        intake: Arc::clone(&rooms.intake),
        post: Arc::new(HttpsPost::new(Arc::new(https))),
        clock: Arc::clone(&rooms.clock),
        identity: identity(config),
        kept: config.limits.retention,
    })
}

/// Counts and reports until `shutdown`.
pub(super) async fn keep(reporter: Reporter, mut shutdown: Shutdown) {
    reporter.run(async move { shutdown.requested().await }).await;
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
