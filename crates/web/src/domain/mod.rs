//! Domains as people and programs administer them: taken in with keys and a plan of records, verified by asking the DNS, taken away. What is typed here
//! knows nothing of the API's dialect.

mod facts;
mod look;
mod plan;

use std::sync::Arc;

use tegami_auth::dkim::Selector;
use tegami_dns::Resolver;
use tegami_mail::{Clock, Domain};
use tegami_queue::{Accounts, DkimKeyError, DkimKeys, DomainError, Domains, Links, OurDomain, Post};
use tegami_store::{DkimKeyRow, DomainRow, DomainState, RecordCheck, RecordFinding, StoreError, Table};

use crate::calls::Calls;
use crate::stretch::remove_all as remove_rows;

pub use self::facts::{Facts, Offers, wishes};
pub(crate) use self::plan::key_record;
pub use self::plan::{Hosts, PlannedRecord, Purpose, Sources, key as planned_key, plan};

/// Who administers domains.
#[derive(Clone)]
pub struct DomainDesk {
    /// Which domains are ours.
    pub domains: Arc<Domains>,
    /// Their keys.
    pub keys: Arc<DkimKeys>,
    /// Their credentials.
    pub accounts: Arc<Accounts>,
    /// Their links.
    pub links: Option<Arc<Links>>,
    /// Who makes requests, to see where links lead.
    pub calls: Arc<Calls>,
    /// Who answers for the DNS.
    pub resolver: Arc<dyn Resolver>,
    /// Where mail leaves from.
    pub sources: Sources,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Why a domain was not administered as wished.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// About the domain.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// About a key.
    #[error(transparent)]
    Key(#[from] DkimKeyError),
    /// About an account.
    #[error(transparent)]
    Account(#[from] tegami_queue::AccountError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the seal of a name that leads to us is for.
pub(crate) const HOST: &str = "host";

/// What was found out about a domain.
struct Looked {
    checks: Vec<RecordCheck>,
    receives: bool,
    proven: bool,
    links_at: Option<String>,
}

/// A record of a plan, and what the DNS last said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenRecord {
    /// The record.
    pub record: PlannedRecord,
    /// Whether it is as it has to be.
    pub found: RecordFinding,
    /// What the DNS answered.
    pub answer: Vec<String>,
}

impl DomainDesk {
    /// Takes a domain in, with keys of its own, and looks at the DNS once: what is published already counts.
    ///
    /// # Errors
    /// The domain is there already, or a key cannot be made; nothing was taken in then.
    pub async fn create(
        &self,
        name: &Domain,
        row: DomainRow,
        selector: Option<&Selector>,
    ) -> Result<Arc<OurDomain>, DeskError> {
        self.domains.create(name, row).await?;
        let made = match self.keys.of(name).await {
            Ok(keys) if keys.iter().any(|key| key.active) => Ok(()),
            Ok(_) => self.keys.make_usual(name, selector).await.map(|_| ()),
            Err(error) => Err(error),
        };
        if let Err(error) = made {
            self.domains.remove(name).await?;
            return Err(error.into());
        }
        self.verify(name).await
    }

    /// Asks the DNS now. A domain that came at run time may send from then on where SPF and a key of its signatures are published, and may not
    /// where the DNS says that they are not; it receives where an MX record names us.
    ///
    /// # Errors
    /// There is no such domain, or the store failed.
    pub async fn verify(&self, name: &Domain) -> Result<Arc<OurDomain>, DeskError> {
        let ours = self.find(name).await?;
        let Looked { checks, receives, proven, links_at } = self.look(&ours).await?;
        let now = self.clock.now();
        let altered = self.domains.alter(name, |row| {
            row.receives = receives;
            row.state = match (row.state, proven) {
                (DomainState::Disabled, _) => DomainState::Disabled,
                (_, true) => DomainState::Active,
                (_, false) => DomainState::Unverified,
            };
            row.links_at = links_at;
            row.checks = checks;
            row.checked_at = Some(now);
        });
        Ok(altered.await?)
    }

    async fn look(&self, ours: &OurDomain) -> Result<Looked, DeskError> {
        let plan = self.plan(ours).await?;
        let now = self.clock.now();
        let checks = look::look(&plan, &self.sources, &ours.row.checks, self.resolver.as_ref(), now).await;
        let valid = |purpose: Purpose| {
            let mut records = plan.iter().filter(move |record| record.purpose == purpose);
            records.any(|record| finding(&checks, record).found == RecordFinding::Valid)
        };
        let (receives, proven) = (valid(Purpose::Mail), valid(Purpose::Spf) && valid(Purpose::Key));
        let links_at = if valid(Purpose::Links) { self.prove_links(ours).await } else { None };
        Ok(Looked { checks, receives, proven, links_at })
    }

    /// Where links of the domain lead by its own name, once a request that went there came back to us: the CNAME alone says nothing of ports and
    /// certificates. Links that are less safe than those of the server itself are none.
    async fn prove_links(&self, ours: &OurDomain) -> Option<String> {
        let (links, wished) = (self.links.as_ref()?, ours.links_wished());
        let is_safe = |url: &str| url.starts_with("https://");
        if links.base().is_some_and(is_safe) && !is_safe(&wished) {
            return None;
        }
        let name = wished.split_once("://")?.1;
        let post = Post {
            url: format!("{wished}/p/{name}"),
            content_type: "text/plain".to_owned(),
            body: Vec::new().into(),
        };
        let answered = self.calls.caller.post(post).await.ok()?;
        let ours = answered.status == 200 && links.is_sealed(HOST, name, answered.beginning.trim());
        ours.then_some(wished)
    }

    /// Looks again at names that lead here, which others may have led elsewhere: links and return paths by them end where they do. Whether a domain may
    /// send is no question here.
    async fn look_again(&self, ours: &OurDomain) -> Result<(), DeskError> {
        let Looked { checks, links_at, .. } = self.look(ours).await?;
        self.domains.alter(&ours.name, |row| (row.checks, row.links_at) = (checks, links_at)).await?;
        Ok(())
    }

    /// Asks the DNS about every domain that waits for its owner to publish: nobody has to say that it is done. Those that may send already are left
    /// alone, so that no failure of somebody's DNS takes that right away; only names of theirs that lead here are looked at again. Tells how many may send from now on.
    ///
    /// # Errors
    /// The store failed.
    pub async fn verify_waiting(&self) -> Result<usize, DeskError> {
        let roll = self.domains.roll().await?;
        let mut fresh = 0;
        for ours in roll.iter().filter(|ours| ours.state() == DomainState::Unverified) {
            let verified = self.verify(&ours.name).await?;
            if verified.state() == DomainState::Active {
                tracing::info!(domain = %ours.name, "the DNS records of a domain are there: it may send");
                fresh += 1;
            }
        }
        let leads_here = |ours: &OurDomain| ours.row.links_at.is_some() || ours.row.mailfrom_host.is_some();
        for ours in roll.iter().filter(|ours| ours.state() == DomainState::Active && leads_here(ours)) {
            self.look_again(ours).await?;
        }
        Ok(fresh)
    }

    /// Takes a domain away, with all that serves it alone: its keys, credentials, API keys, webhooks, templates and tags. Its messages, events and figures
    /// stay as long as others; what its recipients said stays for good, should it come back.
    ///
    /// # Errors
    /// There is no such domain, or the configuration names it.
    pub async fn remove(&self, name: &Domain) -> Result<(), DeskError> {
        if self.find(name).await?.configured {
            return Err(DomainError::Configured(name.clone()).into());
        }
        // Whatever happens in between, nobody gets in by what is left, and the domain stands until it may be taken away once more.
        self.accounts.remove_credentials(name).await?;
        self.accounts.delete_api_keys_of(name).await?;
        let store = self.calls.store.as_ref();
        for (table, prefix) in [
            (Table::Webhooks, format!("{name}/")),
            (Table::Templates, format!("{name}/")),
            (Table::Templates, format!("{name}:")),
            (Table::Tags, format!("{name}/")),
        ] {
            remove_rows(store, table, &prefix).await?;
        }
        self.domains.remove(name).await?;
        Ok(self.keys.forget(name).await?)
    }

    /// The domain of this name.
    ///
    /// # Errors
    /// There is none, or the store failed.
    pub async fn find(&self, name: &Domain) -> Result<Arc<OurDomain>, DeskError> {
        let found = self.domains.find(name).await?;
        Ok(found.ok_or_else(|| DomainError::Unknown(name.clone()))?)
    }

    /// What the owner has to publish. Where the domain has no key of its own that signs, those of the domain above that sign for it are among it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn plan(&self, ours: &OurDomain) -> Result<Vec<PlannedRecord>, DeskError> {
        let mut keys: Vec<DkimKeyRow> = self.keys.of(&ours.name).await?;
        if !keys.iter().any(|key| key.active) {
            keys.extend(self.keys.signing(&ours.name).await?);
        }
        let below = Hosts { links: Some(&ours.row.web_prefix), bounces: ours.row.mailfrom_host.as_deref() };
        Ok(plan(&ours.name, &self.sources, &keys, below))
    }

    /// The same, with what the DNS said when it was last asked.
    ///
    /// # Errors
    /// The store failed.
    pub async fn seen(&self, ours: &OurDomain) -> Result<Vec<SeenRecord>, DeskError> {
        let plan = self.plan(ours).await?;
        Ok(plan.into_iter().map(|record| SeenRecord::of(record, &ours.row.checks)).collect())
    }
}

impl SeenRecord {
    /// A record, and what was found about it.
    pub(crate) fn of(record: PlannedRecord, checks: &[RecordCheck]) -> Self {
        let RecordCheck { found, answer, .. } = finding(checks, &record);
        Self { record, found, answer }
    }
}

/// What was found about a record; nothing, where nobody asked.
fn finding(checks: &[RecordCheck], record: &PlannedRecord) -> RecordCheck {
    let found = checks.iter().find(|check| look::is_of(check, record)).cloned();
    found.unwrap_or_else(|| RecordCheck {
        name: record.bare_name().to_owned(),
        kind: record.kind.to_string(),
        found: RecordFinding::Unknown,
        answer: Vec::new(),
    })
}
