//! Policies in the store. What cannot be read or written there is fetched again: nothing fails because of it.

use std::sync::Arc;

use tegami_auth::mta_sts::CachedPolicy;
use tegami_mail::Domain;
use tegami_store::{Store, Table};

/// Rows that are read at a time.
const PAGE: usize = 500;

pub(super) struct Keep {
    store: Option<Arc<dyn Store>>,
}

impl Keep {
    pub(super) fn new(store: Option<Arc<dyn Store>>) -> Self {
        Self { store }
    }

    pub(super) async fn load(&self, domain: &Domain) -> Option<CachedPolicy> {
        let row = self.store.as_ref()?.get(Table::MtaStsPolicies, domain.as_str()).await;
        let row =
            row.inspect_err(|error| tracing::warn!(%error, %domain, "MTA-STS policy not read")).ok()??;
        serde_json::from_value(row).ok()
    }

    pub(super) async fn put(&self, domain: &Domain, cached: &CachedPolicy) {
        let Some(store) = &self.store else { return };
        let Ok(row) = serde_json::to_value(cached) else { return };
        if let Err(error) = store.put(Table::MtaStsPolicies, vec![(domain.to_string(), row)]).await {
            tracing::warn!(%error, %domain, "MTA-STS policy not kept");
        }
    }

    pub(super) async fn forget(&self, domain: &Domain) {
        let Some(store) = &self.store else { return };
        if let Err(error) = store.delete(Table::MtaStsPolicies, vec![domain.to_string()]).await {
            tracing::warn!(%error, %domain, "MTA-STS policy not forgotten");
        }
    }

    /// Everything that is kept.
    pub(super) async fn all(&self) -> Vec<(Domain, CachedPolicy)> {
        let Some(store) = &self.store else { return Vec::new() };
        let (mut all, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = store.scan(Table::MtaStsPolicies, "", after.as_deref(), PAGE).await;
            let page = page.inspect_err(|error| tracing::warn!(%error, "MTA-STS policies not read"));
            let page = page.unwrap_or_default();
            let Some((last, _)) = page.last() else { return all };
            after = Some(last.clone());
            all.extend(page.into_iter().filter_map(|(domain, row)| {
                Some((Domain::parse(&domain).ok()?, serde_json::from_value(row).ok()?))
            }));
        }
    }
}
