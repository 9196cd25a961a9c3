//! The domains that are ours: those of the configuration, and those that came while the server ran.
//!
//! Every request asks for them, so they are held in memory and read anew when their table has changed ([`Store::version`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::digest;
use tegami_mail::{Clock, Domain, hex};
use tegami_store::{DomainRow, DomainState, RecordFinding, Store, StoreError, Table};
use tokio::sync::watch;

use crate::held::{Held, read_all, written};
use crate::id::fresh_id;
use crate::permit::{Authenticated, Senders};

/// The domains of this server.
pub struct Domains {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    configured: Vec<Domain>,
    held: Held<DomainRoll>,
    /// Counts what came, changed and went, for those who wait for it.
    changes: watch::Sender<u64>,
    /// One change after the other: each reads a row before it writes it.
    changing: Arc<tokio::sync::Mutex<()>>,
}

/// All domains at one moment.
#[derive(Clone, Debug, Default)]
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
            held: Held::default(),
            changes: watch::Sender::new(0),
            changing: Arc::default(),
        }
    }

    /// The same store under another configuration: whoever knows the one hears of changes that are made by the other, and waits for them.
    #[must_use]
    pub fn renewed(&self, configured: impl IntoIterator<Item = Domain>) -> Self {
        Self {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            configured: configured.into_iter().collect(),
            held: Held::default(),
            changes: self.changes.clone(),
            changing: Arc::clone(&self.changing),
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
        self.held.get(self.store.as_ref(), Table::Domains, self.read()).await
    }

    /// The names of all of them, those of the configuration first, in its order.
    ///
    /// # Errors
    /// The store failed.
    pub async fn names(&self) -> Result<Vec<Domain>, StoreError> {
        let roll = self.roll().await?;
        let others = roll.iter().filter(|ours| !ours.configured).map(|ours| &ours.name);
        Ok(self.configured.iter().chain(others).cloned().collect())
    }

    /// Every address of every one of them, and of the names below those that want it so: what programs of this machine may send as.
    ///
    /// # Errors
    /// The store failed.
    pub async fn senders(&self) -> Result<Vec<Senders>, StoreError> {
        let (roll, names) = (self.roll().await?, self.names().await?);
        let below = roll.iter().filter_map(|ours| roll.below(&ours.name));
        Ok(names.into_iter().map(Senders::Domain).chain(below).collect())
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
    /// [`DomainError::Exists`], or the store failed.
    pub async fn create(&self, name: &Domain, row: DomainRow) -> Result<Arc<OurDomain>, DomainError> {
        let _alone = self.changing.lock().await;
        if self.find(name).await?.is_some() {
            return Err(DomainError::Exists(name.clone()));
        }
        let now = self.clock.now();
        let row = DomainRow {
            name: name.to_string(),
            created_at: now,
            id: fresh_id(now),
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
        let store = self.store.as_ref();
        let before = store.version(Table::Domains);
        store.put(Table::Domains, vec![(name.to_string(), written(&row)?)]).await?;
        let ours = Arc::new(OurDomain { name: name.clone(), configured: row.settings_only, row });
        self.held.follow(store, Table::Domains, before, |roll| {
            roll.domains.insert(name.clone(), Arc::clone(&ours));
        });
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
        Ok(ours)
    }

    async fn read(&self) -> Result<DomainRoll, StoreError> {
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
        for (key, row) in read_all::<DomainRow>(self.store.as_ref(), Table::Domains, "").await? {
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
        Ok(DomainRoll { domains })
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

/// For a domain that nobody made: always the same.
fn derived_id(name: &Domain) -> String {
    let digest = digest::digest(&digest::SHA256, name.as_str().as_bytes());
    hex(digest.as_ref().get(..12).unwrap_or_default())
}
