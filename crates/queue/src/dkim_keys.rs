//! DKIM keys of our domains: made, taken over, put to use and out of use. The key ring follows at once.
//!
//! The private keys lie in the key folder; their rows say which of them sign. A domain whose key the configuration names signs with that one
//! alone, and nobody changes it here.

use std::sync::Arc;

use tegami_auth::dkim::{self, PrivateKey, Selector, Signer};
use tegami_mail::{Clock, Domain};
use tegami_store::{DkimKeyRow, KeyFolder, Store, StoreError, Table};

use crate::domains::Domains;
use crate::sign::KeyRing;

/// The keys of a server.
pub struct DkimKeys {
    store: Arc<dyn Store>,
    folder: KeyFolder,
    clock: Arc<dyn Clock>,
    ring: Arc<KeyRing>,
    /// Those that the configuration names.
    given: Vec<Signer>,
    /// One change after the other: each reads rows before it writes some.
    changing: tokio::sync::Mutex<()>,
}

/// Why a key was not made, taken over or changed.
#[derive(Debug, thiserror::Error)]
pub enum DkimKeyError {
    /// The domain has a key of this selector.
    #[error("the domain {domain} has a key of the selector {selector} already")]
    Exists {
        /// The domain.
        domain: Domain,
        /// The selector.
        selector: Selector,
    },
    /// The domain has no key of this selector.
    #[error("the domain {domain} has no key of the selector {selector}")]
    Unknown {
        /// The domain.
        domain: Domain,
        /// The selector.
        selector: Selector,
    },
    /// No other key of the domain signs.
    #[error("no other key of {0} signs: put another one to use first")]
    LastActive(Domain),
    /// The configuration names the key of this domain.
    #[error("the DKIM key of {0} is named by the configuration of this server and is changed there")]
    Configured(Domain),
    /// The text holds no private key.
    #[error("this is no PEM text with a private key")]
    NoPem,
    /// It holds one in another form.
    #[error("the private key is not in the form PKCS#1 (`-----BEGIN RSA PRIVATE KEY-----`)")]
    NotPkcs1,
    /// A key cannot be made, read or used.
    #[error("a DKIM key for {domain}: {error}")]
    Key {
        /// The domain.
        domain: Domain,
        /// Why.
        error: dkim::KeyError,
    },
    /// A row names no selector.
    #[error("a DKIM key for {domain}: `{selector}` is no selector")]
    Selector {
        /// The domain.
        domain: Domain,
        /// What the row says.
        selector: String,
    },
    /// The key folder failed.
    #[error(transparent)]
    Folder(#[from] tegami_store::KeyError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The work was cut off.
    #[error("the key could not be made: {0}")]
    CutOff(String),
}

impl DkimKeys {
    /// Over a store and a key folder; `given` are the keys that the configuration names.
    pub fn new(
        store: Arc<dyn Store>,
        folder: KeyFolder,
        clock: Arc<dyn Clock>,
        ring: Arc<KeyRing>,
        given: Vec<Signer>,
    ) -> Self {
        Self { store, folder, clock, ring, given, changing: tokio::sync::Mutex::new(()) }
    }

    /// The signers of all our domains. A domain of the configuration without an active key gets the usual two.
    ///
    /// # Errors
    /// A key cannot be made or read. Where it is that of a domain that came later, the log tells of it, and that domain does not sign.
    pub async fn signers(&self, domains: &Domains) -> Result<Vec<Signer>, DkimKeyError> {
        let mut signers = Vec::new();
        for domain in domains.configured() {
            let mut found = self.signers_of(domain).await?;
            if found.is_empty() {
                self.make_usual(domain, None).await?;
                found = self.signers_of(domain).await?;
            }
            signers.append(&mut found);
        }
        for ours in domains.roll().await?.iter().filter(|ours| !ours.configured) {
            match self.signers_of(&ours.name).await {
                Ok(mut found) => signers.append(&mut found),
                Err(error) => tracing::error!(%error, domain = %ours.name, "a domain does not sign"),
            }
        }
        Ok(signers)
    }

    /// The keys of a domain, active or not; that of the configuration alone where it names one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn of(&self, domain: &Domain) -> Result<Vec<DkimKeyRow>, DkimKeyError> {
        let given: Vec<_> = self.given_for(domain).map(row_of_given).collect();
        if given.is_empty() { self.rows(&format!("{domain}/")).await } else { Ok(given) }
    }

    /// The keys of all domains, by domain and selector.
    ///
    /// # Errors
    /// The store failed.
    pub async fn all(&self) -> Result<Vec<DkimKeyRow>, DkimKeyError> {
        let mut rows = self.rows("").await?;
        rows.retain(|row| !self.given.iter().any(|given| given.domain.as_str() == row.domain));
        rows.extend(self.given.iter().map(row_of_given));
        rows.sort_by(|one, other| (&one.domain, &one.selector).cmp(&(&other.domain, &other.selector)));
        Ok(rows)
    }

    /// The keys that sign for a domain: its own or, where none of its own does, those of the nearest domain above it that has some.
    ///
    /// # Errors
    /// The store failed.
    pub async fn signing(&self, domain: &Domain) -> Result<Vec<DkimKeyRow>, DkimKeyError> {
        let mut at = Some(domain.clone());
        while let Some(name) = at {
            let mut rows = self.of(&name).await?;
            rows.retain(|row| row.active);
            if !rows.is_empty() {
                return Ok(rows);
            }
            at = name.parent();
        }
        Ok(Vec::new())
    }

    /// Makes the usual two, which sign from now on: RSA for everybody, Ed25519 beside it (RFC 8463 section 3). The second one's selector is
    /// the first one's and an `e`; where none is wished for, the month names it.
    ///
    /// # Errors
    /// A [`DkimKeyError`]; nothing was made then.
    pub async fn make_usual(
        &self,
        domain: &Domain,
        selector: Option<&Selector>,
    ) -> Result<Vec<DkimKeyRow>, DkimKeyError> {
        self.changeable(domain)?;
        let _alone = self.changing.lock().await;
        let there = self.of(domain).await?;
        let taken = |text: &str| there.iter().any(|row| row.selector == text);
        let first = match selector {
            Some(selector) if taken(selector.as_str()) => return Err(exists(domain, selector)),
            Some(selector) => selector.to_string(),
            None => {
                let month = self.clock.now().strftime("t%Y%m").to_string();
                let more = (2..).map(|number| format!("{month}-{number}"));
                let mut names = std::iter::once(month.clone()).chain(more);
                let free = |name: &String| !taken(name) && !taken(&format!("{name}e"));
                names.find(free).unwrap_or(month)
            }
        };
        let made =
            generate(domain, || Ok((PrivateKey::generate_rsa_2048()?, PrivateKey::generate_ed25519()?)));
        let (rsa, ed25519) = made.await?;
        let mut rows = vec![self.kept(domain, first.clone(), &rsa, true)?];
        let second = format!("{first}e");
        if !taken(&second) && Selector::parse(&second).is_ok() {
            rows.push(self.kept(domain, second, &ed25519, true)?);
        }
        self.write(domain, &rows).await?;
        Ok(rows)
    }

    /// Makes an RSA key of 2048 bits. It signs from now on only where no other key of the domain does: nobody knows its record yet.
    ///
    /// # Errors
    /// A [`DkimKeyError`]; nothing was made then.
    pub async fn make(&self, domain: &Domain, selector: &Selector) -> Result<DkimKeyRow, DkimKeyError> {
        self.changeable(domain)?;
        let key = generate(domain, PrivateKey::generate_rsa_2048).await?;
        self.add(domain, selector, &key).await
    }

    /// Takes an RSA key over that was made elsewhere, in the form PKCS#1. It signs from now on only where no other key of the domain does.
    ///
    /// # Errors
    /// A [`DkimKeyError`]; nothing was kept then.
    pub async fn import(
        &self,
        domain: &Domain,
        selector: &Selector,
        pem: &str,
    ) -> Result<DkimKeyRow, DkimKeyError> {
        self.changeable(domain)?;
        let is_pkcs1 = pem.contains("-----BEGIN RSA PRIVATE KEY-----");
        let key = match PrivateKey::from_pem(pem) {
            Err(dkim::KeyError::NoPem | dkim::KeyError::Base64) => return Err(DkimKeyError::NoPem),
            _ if !is_pkcs1 => return Err(DkimKeyError::NotPkcs1),
            Err(error) => return Err(DkimKeyError::Key { domain: domain.clone(), error }),
            Ok(key) => key,
        };
        self.add(domain, selector, &key).await
    }

    /// A key signs from now on.
    ///
    /// # Errors
    /// There is none of this selector, or it cannot be used.
    pub async fn activate(&self, domain: &Domain, selector: &Selector) -> Result<DkimKeyRow, DkimKeyError> {
        self.set(domain, selector, true).await
    }

    /// A key does not sign from now on. Whoever wants to keep what it signed provable leaves its record where it is.
    ///
    /// # Errors
    /// There is none of this selector.
    pub async fn deactivate(&self, domain: &Domain, selector: &Selector) -> Result<DkimKeyRow, DkimKeyError> {
        self.set(domain, selector, false).await
    }

    /// The RSA key that signs is known by another selector from now on; under the old one it stays, and does not sign. A key that has that selector
    /// already is put to use in its place.
    ///
    /// # Errors
    /// A [`DkimKeyError`].
    pub async fn reselect(&self, domain: &Domain, selector: &Selector) -> Result<DkimKeyRow, DkimKeyError> {
        self.changeable(domain)?;
        let alone = self.changing.lock().await;
        let mut rows = self.of(domain).await?;
        let name = selector.to_string();
        let is_rsa = |row: &DkimKeyRow| row.algorithm == dkim::Algorithm::RsaSha256.as_str();
        if !rows.iter().any(|row| row.selector == name) {
            let Some(current) = rows.iter().find(|row| row.active && is_rsa(row)) else {
                drop(alone);
                let made = self.make(domain, selector).await?;
                return self.set(domain, selector, true).await.map(|_| made);
            };
            let key = self.read(domain, current)?;
            rows.push(self.kept(domain, name.clone(), &key, true)?);
        }
        for row in &mut rows {
            row.active = if is_rsa(row) { row.selector == name } else { row.active || row.selector == name };
        }
        self.write(domain, &rows).await?;
        let unknown = || DkimKeyError::Unknown { domain: domain.clone(), selector: selector.clone() };
        rows.into_iter().find(|row| row.selector == name).ok_or_else(unknown)
    }

    /// Takes a key away, the private one too.
    ///
    /// # Errors
    /// There is none of this selector, or no other key of the domain signs.
    pub async fn delete(&self, domain: &Domain, selector: &Selector) -> Result<(), DkimKeyError> {
        self.changeable(domain)?;
        let _alone = self.changing.lock().await;
        let rows = self.of(domain).await?;
        let row = one_of(&rows, domain, selector)?;
        if row.active && rows.iter().filter(|row| row.active).count() == 1 {
            return Err(DkimKeyError::LastActive(domain.clone()));
        }
        self.store.delete(Table::DkimKeys, vec![key_of(row)]).await?;
        self.ring.set(domain, self.signers_of(domain).await?);
        Ok(self.folder.remove(&file_name(row))?)
    }

    /// Takes all keys of a domain away, the private ones too: the domain goes.
    ///
    /// # Errors
    /// The store or the key folder failed.
    pub async fn forget(&self, domain: &Domain) -> Result<(), DkimKeyError> {
        self.changeable(domain)?;
        let _alone = self.changing.lock().await;
        let rows = self.of(domain).await?;
        self.store.delete(Table::DkimKeys, rows.iter().map(key_of).collect()).await?;
        self.ring.set(domain, Vec::new());
        rows.iter().try_for_each(|row| Ok(self.folder.remove(&file_name(row))?))
    }

    async fn add(
        &self,
        domain: &Domain,
        selector: &Selector,
        key: &PrivateKey,
    ) -> Result<DkimKeyRow, DkimKeyError> {
        let _alone = self.changing.lock().await;
        let rows = self.of(domain).await?;
        let name = selector.to_string();
        if rows.iter().any(|row| row.selector == name) {
            return Err(exists(domain, selector));
        }
        let row = self.kept(domain, name, key, !rows.iter().any(|row| row.active))?;
        self.write(domain, std::slice::from_ref(&row)).await?;
        Ok(row)
    }

    async fn set(
        &self,
        domain: &Domain,
        selector: &Selector,
        active: bool,
    ) -> Result<DkimKeyRow, DkimKeyError> {
        self.changeable(domain)?;
        let _alone = self.changing.lock().await;
        let rows = self.of(domain).await?;
        let row = DkimKeyRow { active, ..one_of(&rows, domain, selector)?.clone() };
        // A key that cannot be read is not put to use.
        if active {
            self.read(domain, &row)?;
        }
        self.write(domain, std::slice::from_ref(&row)).await?;
        Ok(row)
    }

    fn changeable(&self, domain: &Domain) -> Result<(), DkimKeyError> {
        match self.given_for(domain).next() {
            Some(_) => Err(DkimKeyError::Configured(domain.clone())),
            None => Ok(()),
        }
    }

    fn given_for<'a>(&'a self, domain: &'a Domain) -> impl Iterator<Item = &'a Signer> {
        self.given.iter().filter(move |given| given.domain == *domain)
    }

    async fn signers_of(&self, domain: &Domain) -> Result<Vec<Signer>, DkimKeyError> {
        let given: Vec<_> = self.given_for(domain).cloned().collect();
        if !given.is_empty() {
            return Ok(given);
        }
        let rows = self.of(domain).await?;
        let signer = |row: &DkimKeyRow| {
            let selector = Selector::parse(&row.selector).map_err(|_| DkimKeyError::Selector {
                domain: domain.clone(),
                selector: row.selector.clone(),
            })?;
            Ok(Signer::new(domain.clone(), selector, Arc::new(self.read(domain, row)?)))
        };
        rows.iter().filter(|row| row.active).map(signer).collect()
    }

    async fn rows(&self, prefix: &str) -> Result<Vec<DkimKeyRow>, DkimKeyError> {
        const PAGE: usize = 1000;
        let (mut rows, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = self.store.scan(Table::DkimKeys, prefix, after.as_deref(), PAGE).await?;
            after = page.last().filter(|_| page.len() >= PAGE).map(|(key, _)| key.clone());
            for (_, value) in page {
                rows.push(serde_json::from_value(value).map_err(unreadable)?);
            }
            if after.is_none() {
                return Ok(rows);
            }
        }
    }

    /// The private key is on the disk before its row is, so that no row is without one.
    fn kept(
        &self,
        domain: &Domain,
        selector: String,
        key: &PrivateKey,
        active: bool,
    ) -> Result<DkimKeyRow, DkimKeyError> {
        let row = DkimKeyRow {
            domain: domain.to_string(),
            selector,
            algorithm: key.algorithm().as_str().to_owned(),
            record: key.dns_record(),
            created_at: self.clock.now(),
            active,
        };
        let pem = key.to_pem().map_err(|error| DkimKeyError::Key { domain: domain.clone(), error })?;
        self.folder.write(&file_name(&row), &pem)?;
        Ok(row)
    }

    async fn write(&self, domain: &Domain, rows: &[DkimKeyRow]) -> Result<(), DkimKeyError> {
        let value = |row: &DkimKeyRow| Ok((key_of(row), serde_json::to_value(row).map_err(unreadable)?));
        let values = rows.iter().map(value).collect::<Result<Vec<_>, DkimKeyError>>()?;
        self.store.put(Table::DkimKeys, values).await?;
        self.ring.set(domain, self.signers_of(domain).await?);
        Ok(())
    }

    fn read(&self, domain: &Domain, row: &DkimKeyRow) -> Result<PrivateKey, DkimKeyError> {
        let pem = self.folder.read(&file_name(row))?;
        PrivateKey::from_pem(&pem).map_err(|error| DkimKeyError::Key { domain: domain.clone(), error })
    }
}

/// Some tenths of a second of a core: no asynchronous worker is kept busy by it.
async fn generate<T: Send + 'static>(
    domain: &Domain,
    make: impl FnOnce() -> Result<T, dkim::KeyError> + Send + 'static,
) -> Result<T, DkimKeyError> {
    let made = tokio::task::spawn_blocking(make).await;
    let made = made.map_err(|error| DkimKeyError::CutOff(error.to_string()))?;
    made.map_err(|error| DkimKeyError::Key { domain: domain.clone(), error })
}

fn key_of(row: &DkimKeyRow) -> String {
    format!("{}/{}", row.domain, row.selector)
}

fn file_name(row: &DkimKeyRow) -> String {
    format!("{}._domainkey.{}.pem", row.selector, row.domain)
}

fn exists(domain: &Domain, selector: &Selector) -> DkimKeyError {
    DkimKeyError::Exists { domain: domain.clone(), selector: selector.clone() }
}

fn one_of<'a>(
    rows: &'a [DkimKeyRow],
    domain: &Domain,
    selector: &Selector,
) -> Result<&'a DkimKeyRow, DkimKeyError> {
    let name = selector.to_string();
    let unknown = || DkimKeyError::Unknown { domain: domain.clone(), selector: selector.clone() };
    rows.iter().find(|row| row.selector == name).ok_or_else(unknown)
}

/// As if we had made it.
fn row_of_given(signer: &Signer) -> DkimKeyRow {
    DkimKeyRow {
        domain: signer.domain.to_string(),
        selector: signer.selector.to_string(),
        algorithm: signer.key.algorithm().as_str().to_owned(),
        record: signer.key.dns_record(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
        active: true,
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Unusable(error.to_string())
}
