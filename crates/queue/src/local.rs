//! Which addresses are ours, and into which mailboxes their mail goes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tegami_mail::{Address, Clock, Domain};
use tegami_store::{Account, BoxFuture, MailboxDelivery, Store, StoreError};

use crate::accounts::all_accounts;
use crate::domains::Domains;
use crate::permit::Senders;
use crate::schedule::later;

/// What is known of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locality {
    /// Its domain is not ours.
    Remote,
    /// Its domain is ours, but nobody has the address: 550 5.1.1.
    Unknown,
    /// Its mail goes here.
    Mailboxes(Vec<MailboxDelivery>),
}

/// Who knows the local mailboxes.
pub trait LocalMailboxes: Send + Sync + 'static {
    /// Where the mail for this address goes.
    fn find<'a>(&'a self, address: &'a Address) -> BoxFuture<'a, Result<Locality, StoreError>>;
}

/// No domain is local: a server that only sends.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMailboxes;

impl LocalMailboxes for NoMailboxes {
    fn find<'a>(&'a self, _address: &'a Address) -> BoxFuture<'a, Result<Locality, StoreError>> {
        Box::pin(std::future::ready(Ok(Locality::Remote)))
    }
}

/// The addresses of the accounts, in the domains that receive mail here. Accounts are read anew every few seconds.
pub struct Directory {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    names: BTreeSet<Domain>,
    domains: Option<Arc<Domains>>,
    /// Our own name, where it is none of the domains.
    hostname: Option<Domain>,
    /// Who reads mail to `postmaster` where no account has that address (RFC 5321 section 4.5.1).
    postmaster: Option<Address>,
    seen: Mutex<Option<(Timestamp, Arc<Vec<Account>>)>>,
}

/// How long the accounts may be out of date.
const FRESH: Duration = Duration::from_secs(2);

impl Directory {
    /// Of the accounts in `store`, for mail to `names`.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        names: impl IntoIterator<Item = Domain>,
        postmaster: Option<Address>,
    ) -> Self {
        let names = names.into_iter().collect();
        Self { store, clock, names, domains: None, hostname: None, postmaster, seen: Mutex::new(None) }
    }

    /// Takes mail to the postmaster at our own name too: `RCPT TO:<Postmaster>` without a domain means that one
    /// (RFC 5321 section 4.1.1.3).
    #[must_use]
    pub fn with_hostname(mut self, hostname: Domain) -> Self {
        self.hostname = Some(hostname);
        self
    }

    /// Takes mail to these domains too, as they come and go.
    #[must_use]
    pub fn with_domains(mut self, domains: Arc<Domains>) -> Self {
        self.domains = Some(domains);
        self
    }

    async fn is_ours(&self, domain: &Domain) -> Result<bool, StoreError> {
        if self.names.contains(domain) {
            return Ok(true);
        }
        match &self.domains {
            Some(domains) => Ok(domains.find(domain).await?.is_some_and(|ours| ours.receives())),
            None => Ok(false),
        }
    }

    async fn accounts(&self) -> Result<Arc<Vec<Account>>, StoreError> {
        let now = self.clock.now();
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, accounts)) = seen
            && now < later(at, FRESH)
        {
            return Ok(accounts);
        }
        let accounts = Arc::new(all_accounts(self.store.as_ref()).await?);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&accounts)));
        Ok(accounts)
    }

    async fn locate(&self, address: &Address) -> Result<Locality, StoreError> {
        let is_postmaster = address.local_part().as_str().eq_ignore_ascii_case("postmaster");
        let Some(domain) = address.domain() else { return Ok(Locality::Remote) };
        let is_host = is_postmaster && self.hostname.as_ref() == Some(domain);
        if !is_host && !self.is_ours(domain).await? {
            return Ok(Locality::Remote);
        }
        let accounts = self.accounts().await?;
        let owners = owners(&accounts, address);
        let inbox = |owner| MailboxDelivery { owner, mailbox: "INBOX".to_owned() };
        let mailboxes: Vec<_> = owners.into_iter().map(inbox).collect();
        Ok(match &self.postmaster {
            _ if !mailboxes.is_empty() => Locality::Mailboxes(mailboxes),
            Some(postmaster) if is_postmaster => Locality::Mailboxes(vec![inbox(postmaster.clone())]),
            _ => Locality::Unknown,
        })
    }
}

impl LocalMailboxes for Directory {
    fn find<'a>(&'a self, address: &'a Address) -> BoxFuture<'a, Result<Locality, StoreError>> {
        Box::pin(self.locate(address))
    }
}

/// The mailboxes' owners: accounts that have this very address, else those that have its whole domain. Several accounts may
/// have one address; each gets a copy.
fn owners(accounts: &[Account], address: &Address) -> BTreeSet<Address> {
    let having = |wide: bool| -> BTreeSet<Address> {
        let matches = |account: &&Account| {
            let mut senders = account.addresses.iter().filter_map(|text| Senders::parse(text).ok());
            senders.any(|senders| matches!(senders, Senders::Domain(_)) == wide && senders.contain(address))
        };
        accounts
            .iter()
            .filter(matches)
            .map(|account| owner(account).unwrap_or_else(|| address.clone()))
            .collect()
    };
    let exact = having(false);
    if exact.is_empty() { having(true) } else { exact }
}

/// Everybody under whom mail lies: the owners of all accounts, each once.
///
/// # Errors
/// The store failed.
pub async fn mailbox_owners(store: &dyn Store) -> Result<BTreeSet<Address>, StoreError> {
    Ok(all_accounts(store).await?.iter().filter_map(owner).collect())
}

/// All mail of an account lies under one owner: its first full address, else its name where that is an address.
fn owner(account: &Account) -> Option<Address> {
    let mut full = account.addresses.iter().filter_map(|text| Address::parse(text).ok());
    full.find(|address| address.local_part().as_str() != "*").or_else(|| Address::parse(&account.name).ok())
}
