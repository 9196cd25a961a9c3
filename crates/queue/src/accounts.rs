//! Accounts: who may submit. API keys lie in `api_keys`, accounts that programs administer in `credentials`.
//!
//! Passwords are Argon2id hashes, computed on the blocking pool, a few at a time, because each takes 19 MiB and some ten milliseconds.
//! A client that opens twenty sessions a second proves the same password twenty times a second: a success is therefore
//! remembered for five minutes, in memory only, as a hash under a random key of this process over the name, the stored hash and the password. A changed
//! password changes the stored hash, so the memory of the old one is worthless at once. Failures are never remembered here: they cost
//! a hash each, and [`crate::Throttle`] slows down whoever causes them. An unknown name costs the same hash as a wrong password.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::password_hash::{
    Output, ParamsString, PasswordHash, PasswordHasher, PasswordVerifier, SaltString,
};
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::{hmac, rand};
use jiff::Timestamp;
use tegami_mail::Clock;
use tegami_store::{Account, Store, StoreError, Table};
use tokio::sync::Semaphore;

use crate::api_keys::Keys;
use crate::held::{Held, read, read_all, written};
use crate::permit::{Authenticated, Senders};
use crate::schedule::later;

/// Why somebody is not let in.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AuthError {
    /// Unknown name, wrong password or unknown key; which one is not told. 535 5.7.8, HTTP 401.
    #[error("the name or password is wrong")]
    Refused,
    /// The key is right, but not for this domain. HTTP 401 or 403.
    #[error("the API key is for another domain")]
    OutOfScope,
    /// Our fault; try again. 454 4.7.0, HTTP 503.
    #[error("authentication is not possible at present: {0}")]
    Unavailable(String),
}

/// Why an account or key was not changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AccountError {
    /// There is one of this name.
    #[error("the account {0} exists already")]
    Exists(String),
    /// There is none of this name.
    #[error("there is no account {0}")]
    Unknown(String),
    /// Empty, or with control characters.
    #[error("an account name has 1 to 255 characters, none of them a control character")]
    BadName,
    /// Fewer than eight characters, or more than 1,024 octets.
    #[error("a password has at least 8 characters and at most 1,024 octets")]
    BadPassword,
    /// There is no API key of this name or identifier.
    #[error("there is no API key {0}")]
    UnknownKey(String),
    /// Not `user@example.org` or `*@example.org`.
    #[error("`{text}` is neither an address nor `*@` and a domain: {why}")]
    BadAddress {
        /// As given.
        text: String,
        /// What is wrong with it.
        why: tegami_mail::AddressError,
    },
    /// Hashing failed.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The accounts and API keys of this server.
pub struct Accounts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keys: Held<Keys>,
    /// One change after the other: each looks for an account before it writes it.
    pub(crate) changing: tokio::sync::Mutex<()>,
    /// Each hash takes 19 MiB; more at once than cores gain nothing.
    hashing: Semaphore,
    memory: Mutex<BTreeMap<[u8; 32], Timestamp>>,
    memory_key: hmac::Key,
    /// What an unknown name is compared with, so that it takes as long as a known one.
    nobody: String,
}

/// How long a success is remembered.
const REMEMBERED: Duration = Duration::from_secs(300);
/// Most successes that are remembered.
const MOST_REMEMBERED: usize = 4096;

impl Accounts {
    /// Over a store.
    ///
    /// # Errors
    /// The random source failed.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Result<Self, AccountError> {
        let key: [u8; 32] = random()?;
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Ok(Self {
            store,
            clock,
            keys: Held::default(),
            changing: tokio::sync::Mutex::default(),
            hashing: Semaphore::new(cores),
            memory: Mutex::new(BTreeMap::new()),
            memory_key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            nobody: nobody()?,
        })
    }

    /// Makes an account. `senders` are the addresses it may send as (`user@example.org`, `*@example.org`), `addresses`
    /// those whose mail lands in its mailboxes, in the same form.
    ///
    /// # Errors
    /// What is wrong with the name, password or addresses, or the store failed.
    pub async fn create(
        &self,
        name: &str,
        password: &str,
        senders: &[String],
        addresses: &[String],
    ) -> Result<(), AccountError> {
        if name.is_empty() || name.len() > 255 || name.chars().any(char::is_control) {
            return Err(AccountError::BadName);
        }
        for text in senders.iter().chain(addresses) {
            Senders::parse(text).map_err(|why| AccountError::BadAddress { text: text.clone(), why })?;
        }
        let _alone = self.changing.lock().await;
        if self.find(name).await?.is_some() {
            return Err(AccountError::Exists(name.to_owned()));
        }
        let account = Account {
            name: name.to_owned(),
            password_hash: self.hash(password).await?,
            senders: senders.to_vec(),
            addresses: addresses.to_vec(),
            created_at: Some(self.clock.now()),
            credential_of: None,
        };
        self.write(&account).await
    }

    /// Gives an account another password.
    ///
    /// # Errors
    /// There is no such account, the password is not good, or the store failed.
    pub async fn set_password(&self, name: &str, password: &str) -> Result<(), AccountError> {
        let _alone = self.changing.lock().await;
        let mut account = self.find(name).await?.ok_or_else(|| AccountError::Unknown(name.to_owned()))?;
        account.password_hash = self.hash(password).await?;
        self.write(&account).await
    }

    /// Takes an account away; its mailboxes stay.
    ///
    /// # Errors
    /// There is no such account, or the store failed.
    pub async fn remove(&self, name: &str) -> Result<(), AccountError> {
        let _alone = self.changing.lock().await;
        self.find(name).await?.ok_or_else(|| AccountError::Unknown(name.to_owned()))?;
        Ok(self.store.delete(Table::Accounts, vec![name.to_owned()]).await?)
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(&self) -> Result<Vec<Account>, AccountError> {
        Ok(all_accounts(self.store.as_ref()).await?)
    }

    /// Proves a password.
    ///
    /// # Errors
    /// [`AuthError::Refused`], or [`AuthError::Unavailable`] when the store failed.
    pub async fn authenticate(&self, name: &str, password: &str) -> Result<Authenticated, AuthError> {
        let account = self.find(name).await.map_err(|error| AuthError::Unavailable(error.to_string()))?;
        let stored = account.as_ref().map_or(&self.nobody, |account| &account.password_hash);
        let mark = self.mark(name, stored, password);
        let proved = self.remembers(&mark) || self.verify(password, stored).await?;
        match account {
            Some(account) if proved => {
                self.remember(mark);
                Ok(Authenticated::new(account.name, senders_of(&account.senders)))
            }
            _ => Err(AuthError::Refused),
        }
    }

    pub(crate) async fn find(&self, name: &str) -> Result<Option<Account>, StoreError> {
        let found = self.store.get(Table::Accounts, name).await?;
        found.map(|value| read(name, value)).transpose()
    }

    pub(crate) async fn write(&self, account: &Account) -> Result<(), AccountError> {
        Ok(self.store.put(Table::Accounts, vec![(account.name.clone(), written(account)?)]).await?)
    }

    /// A password as accounts keep theirs, for others who have passwords too.
    ///
    /// # Errors
    /// The password is not good, or hashing failed.
    pub async fn hash(&self, password: &str) -> Result<String, AccountError> {
        if password.chars().count() < 8 || password.len() > 1024 {
            return Err(AccountError::BadPassword);
        }
        let password = password.to_owned();
        let _one_of_few =
            self.hashing.acquire().await.map_err(|error| AccountError::Hash(error.to_string()))?;
        let hashed = tokio::task::spawn_blocking(move || hash(&password)).await;
        hashed.map_err(|error| AccountError::Hash(error.to_string()))?
    }

    /// Whether a password is the one that was hashed by [`Accounts::hash`]. Without a hash, because nobody has that name, it takes as long and
    /// is not. Successes are not remembered.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`].
    pub async fn is_password(&self, password: &str, hashed: Option<&str>) -> Result<bool, AuthError> {
        let right = self.verify(password, hashed.unwrap_or(&self.nobody)).await?;
        Ok(right && hashed.is_some())
    }

    async fn verify(&self, password: &str, stored: &str) -> Result<bool, AuthError> {
        let unavailable = |error: &dyn std::fmt::Display| AuthError::Unavailable(error.to_string());
        if password.len() > 1024 {
            return Ok(false);
        }
        let (password, stored) = (password.to_owned(), stored.to_owned());
        let _one_of_few = self.hashing.acquire().await.map_err(|error| unavailable(&error))?;
        let verified = tokio::task::spawn_blocking(move || {
            let stored = PasswordHash::new(&stored).map_err(|error| unavailable(&error))?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &stored).is_ok())
        });
        verified.await.map_err(|error| AuthError::Unavailable(error.to_string()))?
    }

    /// What a success is remembered by.
    fn mark(&self, name: &str, stored: &str, password: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.memory_key);
        for part in [name, stored, password] {
            context.update(&part.len().to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut mark = [0; 32];
        mark.copy_from_slice(context.sign().as_ref());
        mark
    }

    fn remembers(&self, mark: &[u8; 32]) -> bool {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.get(mark).is_some_and(|until| self.clock.now() < *until)
    }

    fn remember(&self, mark: [u8; 32]) {
        let now = self.clock.now();
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.len() >= MOST_REMEMBERED {
            memory.retain(|_, until| now < *until);
        }
        if memory.len() < MOST_REMEMBERED {
            // The first proof counts: a client that never stops still proves its password every five minutes.
            let until = memory.entry(mark).or_insert_with(|| later(now, REMEMBERED));
            if *until <= now {
                *until = later(now, REMEMBERED);
            }
        }
    }
}

/// Every account of a store, by name.
pub(crate) async fn all_accounts(store: &dyn Store) -> Result<Vec<Account>, StoreError> {
    let rows = read_all(store, Table::Accounts, "").await?;
    Ok(rows.into_iter().map(|(_, account)| account).collect())
}

fn hash(password: &str) -> Result<String, AccountError> {
    let argon2 = Argon2::new(ALGORITHM, VERSION, parameters().map_err(failed)?);
    let salt = salt()?;
    let hashed = argon2.hash_password(password.as_bytes(), &salt).map_err(failed)?;
    Ok(hashed.to_string())
}

/// What no password leads to: chance in the place of a hash, which costs nothing, and as much to compare with as any other.
fn nobody() -> Result<String, AccountError> {
    let output: [u8; Params::DEFAULT_OUTPUT_LEN] = random()?;
    let salt = salt()?;
    let none = PasswordHash {
        algorithm: ALGORITHM.ident(),
        version: Some(VERSION.into()),
        params: ParamsString::try_from(&parameters().map_err(failed)?).map_err(failed)?,
        salt: Some(salt.as_salt()),
        hash: Some(Output::new(&output).map_err(failed)?),
    };
    Ok(none.to_string())
}

const ALGORITHM: Algorithm = Algorithm::Argon2id;
const VERSION: Version = Version::V0x13;

/// Those that OWASP names first: 19 MiB, two passes, one lane.
fn parameters() -> Result<Params, argon2::Error> {
    Params::new(19 * 1024, 2, 1, None)
}

fn salt() -> Result<SaltString, AccountError> {
    SaltString::encode_b64(&random::<16>()?).map_err(failed)
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn failed(error: impl std::fmt::Display) -> AccountError {
    AccountError::Hash(error.to_string())
}

/// Senders that do not read are left out: they were checked when they were written.
fn senders_of(texts: &[String]) -> Vec<Senders> {
    texts.iter().filter_map(|text| Senders::parse(text).ok()).collect()
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], AccountError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| AccountError::Hash("the random source failed".to_owned()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As slow to compare with as an account, and never equal.
    #[test]
    fn nobody_looks_like_an_account() {
        let (account, nobody) = (hash("correct horse").unwrap(), nobody().unwrap());
        let [account, nobody] = [&account, &nobody].map(|text| PasswordHash::new(text).unwrap());
        let shape = |hash: &PasswordHash<'_>| {
            let lengths = (hash.salt.unwrap().as_str().len(), hash.hash.unwrap().len());
            (hash.algorithm.as_str().to_owned(), hash.version, hash.params.clone(), lengths)
        };
        assert_eq!(shape(&account), shape(&nobody));
        for password in ["correct horse", ""] {
            let refused = Argon2::default().verify_password(password.as_bytes(), &nobody);
            assert_eq!(refused, Err(argon2::password_hash::Error::Password));
        }
    }
}
