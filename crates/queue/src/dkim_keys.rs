//! DKIM keys of our domains: made, taken over, put to use and out of use. The key ring follows at once.
//!
//! The private keys lie in the key folder; their rows say which of them sign. A domain whose key the configuration names signs with that one
//! alone, and nobody changes it here.

use std::sync::{Arc, PoisonError, RwLock};

use tegami_auth::dkim::{self, PrivateKey, Selector, Signer};
use tegami_mail::{Clock, Domain};
use tegami_store::{DkimKeyRow, KeyFolder, KeyTurn, Store, StoreError, Table};
use tokio::sync::{Mutex, MutexGuard};

use crate::domains::Domains;
use crate::held::{read_all, written};
use crate::sign::KeyRing;

/// The keys of a server.
pub struct DkimKeys {
    store: Arc<dyn Store>,
    folder: KeyFolder,
    clock: Arc<dyn Clock>,
    ring: Arc<KeyRing>,
    /// Those that the configuration names.
    given: RwLock<Vec<Signer>>,
    /// One change after the other: each reads rows before it writes some.
    changing: Mutex<()>,
}

/// The signers of all our domains under a configuration that does not count yet. As long as this is there, no key is made and none is withdrawn.
#[must_use]
pub struct NewRing<'a> {
    keys: &'a DkimKeys,
    given: Vec<Signer>,
    signers: Vec<Signer>,
    _alone: MutexGuard<'a, ()>,
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
    /// It signs.
    #[error("the key {selector} of the domain {domain} signs, and cannot be revoked before it is out of use")]
    Signs {
        /// The domain.
        domain: Domain,
        /// The selector.
        selector: Selector,
    },
    /// It is no RSA key, which all receivers can verify.
    #[error(
        "the key {selector} of the domain {domain} is no RSA key, and such a one has to sign for those who verify no other"
    )]
    NotRsa {
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
        let (given, changing) = (RwLock::new(given), Mutex::default());
        Self { store, folder, clock, ring, given, changing }
    }

    /// The signers of all our domains, where the configuration names the keys `given`. A domain of the configuration without an active key gets
    /// the usual two.
    ///
    /// # Errors
    /// A key cannot be made or read. Where it is that of a domain that came later, the log tells of it, and that key does not sign.
    pub async fn prepare(&self, given: Vec<Signer>, domains: &Domains) -> Result<NewRing<'_>, DkimKeyError> {
        let alone = self.changing.lock().await;
        let mut signers = Vec::new();
        for domain in domains.configured() {
            if given.iter().any(|given| given.domain == *domain) {
                continue;
            }
            let mut rows = self.rows(&prefix(domain)).await?;
            if !rows.iter().any(|row| row.active) {
                let made = self.make_two(domain, None, &rows, None).await?;
                rows.extend(made);
            }
            for row in rows.iter().filter(|row| row.active) {
                signers.push(self.signer(domain, row)?);
            }
        }
        for ours in domains.roll().await?.iter().filter(|ours| !ours.configured) {
            signers.extend(self.readable(&ours.name, &self.rows(&prefix(&ours.name)).await?));
        }
        signers.extend(given.iter().cloned());
        Ok(NewRing { keys: self, given, signers, _alone: alone })
    }

    /// The keys of a domain, active or not; that of the configuration alone where it names one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn of(&self, domain: &Domain) -> Result<Vec<DkimKeyRow>, DkimKeyError> {
        let given = self.given(|given| given.domain == *domain);
        if given.is_empty() { self.rows(&prefix(domain)).await } else { Ok(given) }
    }

    /// The keys of all domains, by domain and selector.
    ///
    /// # Errors
    /// The store failed.
    pub async fn all(&self) -> Result<Vec<DkimKeyRow>, DkimKeyError> {
        let (mut rows, given) = (self.rows("").await?, self.given(|_| true));
        rows.retain(|row| !given.iter().any(|given| given.domain == row.domain));
        rows.extend(given);
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
        let _alone = self.alone(domain).await?;
        let there = self.rows(&prefix(domain)).await?;
        let made = self.make_two(domain, selector, &there, None).await?;
        self.ring.set(domain, self.readable(domain, &changed(there, &made)));
        Ok(made)
    }

    /// Begins a rotation: makes the usual two, which do not sign yet. Where one has begun, its keys are told, and nothing is made.
    ///
    /// # Errors
    /// A [`DkimKeyError`]; nothing was made then.
    pub async fn begin_rotation(
        &self,
        domain: &Domain,
        selector: Option<&Selector>,
    ) -> Result<Vec<DkimKeyRow>, DkimKeyError> {
        let _alone = self.alone(domain).await?;
        let there = self.rows(&prefix(domain)).await?;
        let coming: Vec<_> = there.iter().filter(|row| row.turn == Some(KeyTurn::Coming)).cloned().collect();
        if coming.is_empty() {
            self.make_two(domain, selector, &there, Some(KeyTurn::Coming)).await
        } else {
            Ok(coming)
        }
    }

    /// Puts the keys of a rotation to use, and those that signed until now out of use. Where none is coming, nothing changes.
    ///
    /// # Errors
    /// A new key cannot be read, or the store failed; the old ones sign on then.
    pub async fn switch_rotation(&self, domain: &Domain) -> Result<Vec<DkimKeyRow>, DkimKeyError> {
        let _alone = self.alone(domain).await?;
        let there = self.rows(&prefix(domain)).await?;
        let is_coming = |row: &&DkimKeyRow| row.turn == Some(KeyTurn::Coming);
        for row in there.iter().filter(is_coming) {
            self.read(domain, row)?;
        }
        if !there.iter().any(|row| is_coming(&row)) {
            return Ok(there);
        }
        let retired = Some(KeyTurn::Retired { since: self.clock.now() });
        let rows: Vec<_> = there
            .iter()
            .filter(|row| row.active || is_coming(row))
            .map(|row| match is_coming(&row) {
                true => DkimKeyRow { active: true, turn: None, ..row.clone() },
                false => DkimKeyRow { active: false, turn: retired, ..row.clone() },
            })
            .collect();
        self.write(domain, there.clone(), &rows).await?;
        Ok(changed(there, &rows))
    }

    /// Moves keys that sign no more a stage on in their rotation.
    ///
    /// # Errors
    /// There is no such key, or it signs.
    pub async fn turn(
        &self,
        domain: &Domain,
        selectors: &[Selector],
        turn: KeyTurn,
    ) -> Result<Vec<DkimKeyRow>, DkimKeyError> {
        let _alone = self.alone(domain).await?;
        let there = self.rows(&prefix(domain)).await?;
        let mut rows = Vec::new();
        for selector in selectors {
            let row = one_of(&there, domain, selector)?;
            if row.active {
                return Err(DkimKeyError::Signs { domain: domain.clone(), selector: selector.clone() });
            }
            rows.push(DkimKeyRow { turn: Some(turn), ..row.clone() });
        }
        self.write(domain, there.clone(), &rows).await?;
        Ok(changed(there, &rows))
    }

    async fn make_two(
        &self,
        domain: &Domain,
        selector: Option<&Selector>,
        there: &[DkimKeyRow],
        turn: Option<KeyTurn>,
    ) -> Result<Vec<DkimKeyRow>, DkimKeyError> {
        let taken = |text: &str| there.iter().any(|row| row.selector == text);
        let first = match selector {
            Some(selector) if taken(selector.as_str()) => return Err(exists(domain, selector)),
            Some(selector) => selector.to_string(),
            None => {
                let month = self.clock.now().strftime("t%Y%m").to_string();
                // A name that was given once is not given again: somebody's cache may know its old record.
                match there.iter().filter_map(|row| number_of(&row.selector, &month)).max() {
                    Some(number) => format!("{month}-{}", number.saturating_add(1)),
                    None => month,
                }
            }
        };
        let made =
            generate(domain, || Ok((PrivateKey::generate_rsa_2048()?, PrivateKey::generate_ed25519()?)));
        let (rsa, ed25519) = made.await?;
        let mut rows = vec![self.kept(domain, first.clone(), &rsa, turn.is_none())?];
        let second = format!("{first}e");
        if !taken(&second) && Selector::parse(&second).is_ok() {
            rows.push(self.kept(domain, second, &ed25519, turn.is_none())?);
        }
        rows.iter_mut().for_each(|row| row.turn = turn);
        self.put(&rows).await?;
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

    /// The RSA key that signs is known by another selector from now on; under the old one it stays, and does not sign. An RSA key that has that
    /// selector already is put to use in its place; where none signs, one is made.
    ///
    /// # Errors
    /// A [`DkimKeyError`]; nothing was changed then.
    pub async fn reselect(&self, domain: &Domain, selector: &Selector) -> Result<DkimKeyRow, DkimKeyError> {
        let _alone = self.alone(domain).await?;
        let there = self.rows(&prefix(domain)).await?;
        let is_rsa = |row: &&DkimKeyRow| row.algorithm == dkim::Algorithm::RsaSha256.as_str();
        let named = match one_of(&there, domain, selector) {
            Ok(row) if is_rsa(&row) => {
                self.read(domain, row)?;
                DkimKeyRow { active: true, ..row.clone() }
            }
            Ok(_) => {
                return Err(DkimKeyError::NotRsa { domain: domain.clone(), selector: selector.clone() });
            }
            Err(_) => {
                let key = match there.iter().find(|row| row.active && is_rsa(row)) {
                    Some(current) => self.read(domain, current)?,
                    None => generate(domain, PrivateKey::generate_rsa_2048).await?,
                };
                self.kept(domain, selector.to_string(), &key, true)?
            }
        };
        let others = there.iter().filter(|row| row.active && row.selector != named.selector);
        let mut rows: Vec<_> =
            others.filter(is_rsa).map(|row| DkimKeyRow { active: false, ..row.clone() }).collect();
        rows.push(named.clone());
        self.write(domain, there, &rows).await?;
        Ok(named)
    }

    /// Takes a key away, the private one too.
    ///
    /// # Errors
    /// There is none of this selector, or no other key of the domain signs.
    pub async fn delete(&self, domain: &Domain, selector: &Selector) -> Result<(), DkimKeyError> {
        let _alone = self.alone(domain).await?;
        let rows = self.rows(&prefix(domain)).await?;
        let row = one_of(&rows, domain, selector)?.clone();
        if row.active && rows.iter().filter(|row| row.active).count() == 1 {
            return Err(DkimKeyError::LastActive(domain.clone()));
        }
        self.store.delete(Table::DkimKeys, vec![key_of(&row)]).await?;
        let gone = DkimKeyRow { active: false, ..row };
        self.ring.set(domain, self.readable(domain, &changed(rows, std::slice::from_ref(&gone))));
        Ok(self.folder.remove(&file_name(&gone))?)
    }

    /// Takes all keys of a domain away, the private ones too: the domain goes.
    ///
    /// # Errors
    /// The store or the key folder failed.
    pub async fn forget(&self, domain: &Domain) -> Result<(), DkimKeyError> {
        let _alone = self.alone(domain).await?;
        let rows = self.rows(&prefix(domain)).await?;
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
        let _alone = self.alone(domain).await?;
        let there = self.rows(&prefix(domain)).await?;
        if one_of(&there, domain, selector).is_ok() {
            return Err(exists(domain, selector));
        }
        let active = !there.iter().any(|row| row.active);
        let row = self.kept(domain, selector.to_string(), key, active)?;
        self.write(domain, there, std::slice::from_ref(&row)).await?;
        Ok(row)
    }

    async fn set(
        &self,
        domain: &Domain,
        selector: &Selector,
        active: bool,
    ) -> Result<DkimKeyRow, DkimKeyError> {
        let _alone = self.alone(domain).await?;
        let there = self.rows(&prefix(domain)).await?;
        let row = DkimKeyRow { active, ..one_of(&there, domain, selector)?.clone() };
        // A key that cannot be read is not put to use.
        if active {
            self.read(domain, &row)?;
        }
        self.write(domain, there, std::slice::from_ref(&row)).await?;
        Ok(row)
    }

    /// The right to change the keys of a domain, which nobody else has at the same time.
    async fn alone(&self, domain: &Domain) -> Result<MutexGuard<'_, ()>, DkimKeyError> {
        let alone = self.changing.lock().await;
        self.changeable(domain)?;
        Ok(alone)
    }

    fn changeable(&self, domain: &Domain) -> Result<(), DkimKeyError> {
        if self.given(|given| given.domain == *domain).is_empty() {
            Ok(())
        } else {
            Err(DkimKeyError::Configured(domain.clone()))
        }
    }

    /// Keys that the configuration names, as if we had made them.
    fn given(&self, which: impl Fn(&Signer) -> bool) -> Vec<DkimKeyRow> {
        let given = self.given.read().unwrap_or_else(PoisonError::into_inner);
        given.iter().filter(|given| which(given)).map(row_of_given).collect()
    }

    fn signer(&self, domain: &Domain, row: &DkimKeyRow) -> Result<Signer, DkimKeyError> {
        let selector = Selector::parse(&row.selector)
            .map_err(|_| DkimKeyError::Selector { domain: domain.clone(), selector: row.selector.clone() })?;
        Ok(Signer::new(domain.clone(), selector, Arc::new(self.read(domain, row)?)))
    }

    /// Those of a domain's rows that sign: one bad key keeps no other from it.
    fn readable(&self, domain: &Domain, rows: &[DkimKeyRow]) -> Vec<Signer> {
        let mut signers = Vec::new();
        for row in rows.iter().filter(|row| row.active) {
            match self.signer(domain, row) {
                Ok(signer) => signers.push(signer),
                Err(error) => {
                    tracing::error!(%error, %domain, selector = row.selector, "a DKIM key does not sign");
                }
            }
        }
        signers
    }

    /// By domain and selector.
    async fn rows(&self, prefix: &str) -> Result<Vec<DkimKeyRow>, DkimKeyError> {
        let rows = read_all(self.store.as_ref(), Table::DkimKeys, prefix).await?;
        Ok(rows.into_iter().map(|(_, row)| row).collect())
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
            turn: None,
        };
        let pem = key.to_pem().map_err(|error| DkimKeyError::Key { domain: domain.clone(), error })?;
        self.folder.write(&file_name(&row), &pem)?;
        Ok(row)
    }

    /// Keeps some rows of a domain that had those of `there`; the ring follows.
    async fn write(
        &self,
        domain: &Domain,
        there: Vec<DkimKeyRow>,
        rows: &[DkimKeyRow],
    ) -> Result<(), DkimKeyError> {
        self.put(rows).await?;
        self.ring.set(domain, self.readable(domain, &changed(there, rows)));
        Ok(())
    }

    async fn put(&self, rows: &[DkimKeyRow]) -> Result<(), DkimKeyError> {
        let values: Result<Vec<_>, StoreError> =
            rows.iter().map(|row| Ok((key_of(row), written(row)?))).collect();
        Ok(self.store.put(Table::DkimKeys, values?).await?)
    }

    fn read(&self, domain: &Domain, row: &DkimKeyRow) -> Result<PrivateKey, DkimKeyError> {
        let pem = self.folder.read(&file_name(row))?;
        PrivateKey::from_pem(&pem).map_err(|error| DkimKeyError::Key { domain: domain.clone(), error })
    }
}

impl NewRing<'_> {
    /// From now on the configuration counts, and these sign.
    pub fn put_to_use(self) {
        *self.keys.given.write().unwrap_or_else(PoisonError::into_inner) = self.given;
        self.keys.ring.replace(self.signers);
    }
}

/// The rows of a domain, by selector, after some of them were written.
fn changed(mut there: Vec<DkimKeyRow>, rows: &[DkimKeyRow]) -> Vec<DkimKeyRow> {
    there.retain(|row| !rows.iter().any(|written| written.selector == row.selector));
    there.extend_from_slice(rows);
    there.sort_by(|one, other| one.selector.cmp(&other.selector));
    there
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

/// Of the keys of a domain's rows.
fn prefix(domain: &Domain) -> String {
    format!("{domain}/")
}

fn key_of(row: &DkimKeyRow) -> String {
    format!("{}/{}", row.domain, row.selector)
}

fn file_name(row: &DkimKeyRow) -> String {
    format!("{}._domainkey.{}.pem", row.selector, row.domain)
}

/// Which one of its month a selector is: `t202611` the first, `t202611-2e` the second.
fn number_of(selector: &str, month: &str) -> Option<u32> {
    let rest = selector.strip_prefix(month)?;
    let rest = rest.strip_suffix('e').unwrap_or(rest);
    if rest.is_empty() { Some(1) } else { rest.strip_prefix('-')?.parse().ok() }
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

fn row_of_given(signer: &Signer) -> DkimKeyRow {
    DkimKeyRow {
        domain: signer.domain.to_string(),
        selector: signer.selector.to_string(),
        algorithm: signer.key.algorithm().as_str().to_owned(),
        record: signer.key.dns_record(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
        active: true,
        turn: None,
    }
}
