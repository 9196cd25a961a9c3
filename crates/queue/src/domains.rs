//! The domains that are ours: those of the configuration, and those that came while the server ran.
//!
//! Every request asks for them, so they are held in memory and read anew when their table has changed ([`Store::version`]).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::{digest, rand};
use jiff::Timestamp;
use tegami_mail::{Clock, Domain};
use tegami_store::{DomainRow, DomainState, RecordFinding, Store, StoreError, Table};
use tokio::sync::watch;

use crate::permit::{Authenticated, Senders};

/// The domains of this server.
pub struct Domains {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    configured: Vec<Domain>,
    seen: RwLock<Option<(u64, Arc<DomainRoll>)>>,
    /// Counts what came, changed and went, for those who wait for it.
    changes: watch::Sender<u64>,
    /// One change after the other: each reads a row before it writes it.
    changing: tokio::sync::Mutex<()>,
}

/// All domains at one moment.
#[derive(Debug, Default)]
pub struct DomainRoll {
    domains: BTreeMap<Domain, Arc<OurDomain>>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OurDomain {
    /// Its name.
    pub name: Domain,
    /// The configuration names it: it may send, whatever the DNS says, and goes with the configuration alone.
    pub configured: bool,
    /// What was set for it; for a domain that the configuration names and nobody set anything for, what is usual.
    pub row: DomainRow,
}

/// Why a domain was not made, changed or taken away.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DomainError {
    /// There is one of this name.
    #[error("the domain {0} exists already")]
    Exists(Domain),
    /// There is none of this name.
    #[error("the domain {0} is not ours")]
    Unknown(Domain),
    /// It stands in the configuration.
    #[error(
        "the domain {0} stands in the configuration of this server and is removed there: take `[domains.\"{0}\"]` out of the file and reload"
    )]
    Configured(Domain),
    /// The random source failed.
    #[error("the random source failed")]
    Chance,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Domains {
    /// Those of the configuration, in its order, and those in `store`.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        configured: impl IntoIterator<Item = Domain>,
    ) -> Self {
        Self {
            store,
            clock,
            configured: configured.into_iter().collect(),
            seen: RwLock::new(None),
            changes: watch::Sender::new(0),
            changing: tokio::sync::Mutex::new(()),
        }
    }

    /// Those that the configuration names, in its order.
    pub fn configured(&self) -> &[Domain] {
        &self.configured
    }

    /// All of them, as they are now.
    ///
    /// # Errors
    /// The store failed.
    pub async fn roll(&self) -> Result<Arc<DomainRoll>, StoreError> {
        // Read before the rows are: a change that comes between is read again.
        let version = self.store.version(Table::Domains);
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner).clone();
        match (seen, version) {
            (Some((at, roll)), Some(version)) if at == version => return Ok(roll),
            _ => {}
        }
        let roll = Arc::new(self.read().await?);
        if let Some(version) = version {
            *self.seen.write().unwrap_or_else(PoisonError::into_inner) = Some((version, Arc::clone(&roll)));
        }
        Ok(roll)
    }

    /// Every address of every one of them, those of the configuration first, and of the names below those that want it so: what programs of this
    /// machine may send as.
    ///
    /// # Errors
    /// The store failed.
    pub async fn senders(&self) -> Result<Vec<Senders>, StoreError> {
        let roll = self.roll().await?;
        let others = roll.iter().filter(|ours| !ours.configured).map(|ours| &ours.name);
        let senders = self.configured.iter().chain(others).cloned().map(Senders::Domain);
        Ok(senders.chain(roll.iter().filter_map(|ours| roll.below(&ours.name))).collect())
    }

    /// An account that may send as all of a domain may send as the names below it too, where the domain wants it so.
    ///
    /// # Errors
    /// The store failed.
    pub async fn widened(&self, account: Authenticated) -> Result<Authenticated, StoreError> {
        let roll = self.roll().await?;
        let below = account.senders().iter().filter_map(|senders| match senders {
            Senders::Domain(domain) => roll.below(domain),
            _ => None,
        });
        let below = below.collect();
        Ok(account.and(below))
    }

    /// The domain of this name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find(&self, domain: &Domain) -> Result<Option<Arc<OurDomain>>, StoreError> {
        Ok(self.roll().await?.find(domain).cloned())
    }

    /// Takes a new domain in: `row` says what it shall be like, its name, identifier and time are given here. It may not send yet.
    ///
    /// # Errors
    /// [`DomainError::Exists`], or the store or the random source failed.
    pub async fn create(&self, name: &Domain, row: DomainRow) -> Result<Arc<OurDomain>, DomainError> {
        let _alone = self.changing.lock().await;
        if self.find(name).await?.is_some() {
            return Err(DomainError::Exists(name.clone()));
        }
        let now = self.clock.now();
        let row = DomainRow {
            name: name.to_string(),
            created_at: now,
            id: fresh_id(now)?,
            settings_only: false,
            state: DomainState::Unverified,
            ..row
        };
        self.write(name, row).await
    }

    /// Changes what is set for a domain. Its name, identifier and time stay.
    ///
    /// # Errors
    /// [`DomainError::Unknown`], or the store failed.
    pub async fn alter(
        &self,
        name: &Domain,
        change: impl FnOnce(&mut DomainRow) + Send,
    ) -> Result<Arc<OurDomain>, DomainError> {
        let _alone = self.changing.lock().await;
        let found = self.find(name).await?.ok_or_else(|| DomainError::Unknown(name.clone()))?;
        let mut row = found.row.clone();
        change(&mut row);
        let DomainRow { name: text, created_at, id, .. } = found.row.clone();
        self.write(name, DomainRow { name: text, created_at, id, settings_only: found.configured, ..row })
            .await
    }

    /// Takes a domain away. Its messages, events and keys stay.
    ///
    /// # Errors
    /// [`DomainError::Configured`], [`DomainError::Unknown`], or the store failed.
    pub async fn remove(&self, name: &Domain) -> Result<(), DomainError> {
        let _alone = self.changing.lock().await;
        let found = self.find(name).await?.ok_or_else(|| DomainError::Unknown(name.clone()))?;
        if found.configured {
            return Err(DomainError::Configured(name.clone()));
        }
        self.store.delete(Table::Domains, vec![name.to_string()]).await?;
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
        Ok(())
    }

    /// Tells of every change that is made here.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    async fn write(&self, name: &Domain, row: DomainRow) -> Result<Arc<OurDomain>, DomainError> {
        let value = serde_json::to_value(&row).map_err(unreadable)?;
        self.store.put(Table::Domains, vec![(name.to_string(), value)]).await?;
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
        Ok(Arc::new(OurDomain { name: name.clone(), configured: row.settings_only, row }))
    }

    async fn read(&self) -> Result<DomainRoll, StoreError> {
        const PAGE: usize = 1000;
        let mut domains = BTreeMap::new();
        for name in &self.configured {
            let usual = DomainRow {
                name: name.to_string(),
                id: derived_id(name),
                settings_only: true,
                ..DomainRow::default()
            };
            domains.insert(name.clone(), Arc::new(OurDomain::configured(name, usual)));
        }
        let mut after: Option<String> = None;
        loop {
            let page = self.store.scan(Table::Domains, "", after.as_deref(), PAGE).await?;
            after = page.last().filter(|_| page.len() >= PAGE).map(|(key, _)| key.clone());
            for (key, value) in page {
                let row: DomainRow = serde_json::from_value(value).map_err(unreadable)?;
                let Ok(name) = Domain::parse(&key) else {
                    tracing::error!(key, "the row of a domain has no domain for its key");
                    continue;
                };
                let ours = if self.configured.contains(&name) {
                    OurDomain::configured(&name, row)
                } else if row.settings_only {
                    // The configuration named it once.
                    continue;
                } else {
                    OurDomain { name: name.clone(), configured: false, row }
                };
                domains.insert(name, Arc::new(ours));
            }
            if after.is_none() {
                return Ok(DomainRoll { domains });
            }
        }
    }
}

impl DomainRoll {
    /// The domain of this name.
    pub fn find(&self, domain: &Domain) -> Option<&Arc<OurDomain>> {
        self.domains.get(domain)
    }

    /// The domain of ours that this one is, or lies below; the longest where several fit.
    pub fn above(&self, domain: &Domain) -> Option<&Arc<OurDomain>> {
        let mut at = Some(domain.clone());
        while let Some(name) = at {
            if let Some(ours) = self.domains.get(&name) {
                return Some(ours);
            }
            at = name.parent();
        }
        None
    }

    /// The domain of ours for which this one sends: itself, or the one above it that lets the names below it send.
    pub fn sending(&self, domain: &Domain) -> Option<&Arc<OurDomain>> {
        self.above(domain).filter(|ours| ours.name == *domain || ours.row.wildcard)
    }

    /// The addresses of the names below a domain, where it lets them send.
    fn below(&self, domain: &Domain) -> Option<Senders> {
        self.find(domain).filter(|ours| ours.row.wildcard)?;
        let others = self.domains.keys().filter(|name| *name != domain && name.is_at_or_below(domain));
        Some(Senders::Below { domain: domain.clone(), except: others.cloned().collect() })
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<OurDomain>> {
        self.domains.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.domains.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.domains.is_empty()
    }
}

impl OurDomain {
    fn configured(name: &Domain, row: DomainRow) -> Self {
        Self { name: name.clone(), configured: true, row }
    }

    /// Whether it may send, and why not. The configuration's word counts more than what is set in its row.
    pub fn state(&self) -> DomainState {
        if self.configured { DomainState::Active } else { self.row.state }
    }

    /// Whether mail to it is ours to keep.
    pub fn receives(&self) -> bool {
        self.configured || self.row.receives && self.row.state != DomainState::Disabled
    }

    /// Scheme and host under which its links shall lead to us.
    pub fn links_wished(&self) -> String {
        let scheme = if self.row.web_https { "https" } else { "http" };
        format!("{scheme}://{}.{}", self.row.web_prefix, self.name)
    }

    /// The same, where it is known that requests to it come here: a link that leads nowhere would be worse than one with another name.
    pub fn links_at(&self) -> Option<String> {
        self.row.links_at.clone().filter(|at| *at == self.links_wished())
    }

    /// The host of its return paths, where its records lead here: nothing would come back otherwise.
    pub fn bounce_host(&self) -> Option<Domain> {
        let host = self.row.mailfrom_host.as_deref()?;
        let is_valid = |kind: &str| {
            let mut checks = self.row.checks.iter();
            checks
                .any(|check| check.name == host && check.kind == kind && check.found == RecordFinding::Valid)
        };
        if is_valid("MX") && is_valid("TXT") { Domain::parse(host).ok() } else { None }
    }

    /// Why nothing is sent for it; `None` where it may send.
    pub fn refusal(&self) -> Option<&'static str> {
        match self.state() {
            DomainState::Active => None,
            DomainState::Unverified => Some(
                "The domain is unverified and requires DNS configuration. Publish the DNS records that are shown with the domain, then have it verified.",
            ),
            DomainState::Disabled => Some("The domain is disabled."),
        }
    }
}

/// Eight digits of time and sixteen of chance.
fn fresh_id(now: Timestamp) -> Result<String, DomainError> {
    let mut chance = [0_u8; 8];
    rand::fill(&mut chance).map_err(|_| DomainError::Chance)?;
    let seconds = u32::try_from(now.as_second()).unwrap_or_default();
    Ok(hex(&seconds.to_be_bytes()) + &hex(&chance))
}

/// For a domain that nobody made: always the same.
fn derived_id(name: &Domain) -> String {
    let digest = digest::digest(&digest::SHA256, name.as_str().as_bytes());
    hex(digest.as_ref().get(..12).unwrap_or_default())
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Unusable(error.to_string())
}
