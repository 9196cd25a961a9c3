//! Keys of the HTTP API. A key itself is kept nowhere: it is found by its SHA-256, so that nothing is compared with a secret, and whoever reads the
//! store learns no key. All of them are held in memory, because every request shows one.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::digest;
use tegami_mail::{Domain, hex};
use tegami_store::{ApiKey, ApiKeyKind, ApiKeyRole, ApiKeyScope, StoreError, Table};

use crate::accounts::{AccountError, Accounts, AuthError, random};
use crate::held::{read_all, written};
use crate::permit::{Authenticated, Senders};

/// Keys by fingerprint.
pub(crate) type Keys = BTreeMap<String, ApiKey>;

/// Digits of a fingerprint that name a key for people: too few to find the key by.
const NAMED_BY: usize = 16;

impl Accounts {
    /// Makes an API key. The key itself is given back once and kept nowhere.
    ///
    /// # Errors
    /// The random source or the store failed.
    pub async fn create_api_key(
        &self,
        name: &str,
        scope: ApiKeyScope,
    ) -> Result<(String, ApiKey), AccountError> {
        let (key, _, row) = self.make_api_key(self.usual_key(name, scope)).await?;
        Ok((key, row))
    }

    /// Makes an API key as `row` says, and gives back the key, its identifier and its row, whose time of making is now.
    ///
    /// # Errors
    /// The random source or the store failed.
    pub async fn make_api_key(&self, row: ApiKey) -> Result<(String, String, ApiKey), AccountError> {
        let secret: [u8; 24] = random()?;
        let key = format!("key-{}", hex(&secret));
        let row = ApiKey { created_at: self.clock.now(), ..row };
        self.keep_key(&key, &row).await?;
        Ok((key.clone(), identifier(&fingerprint(&key)), row))
    }

    /// Keeps an API key that was chosen elsewhere: in the configuration, or in the lab. It must be long and random: it is
    /// hashed without stretching.
    ///
    /// # Errors
    /// The store failed.
    pub async fn put_api_key(
        &self,
        key: &str,
        name: &str,
        scope: ApiKeyScope,
    ) -> Result<ApiKey, AccountError> {
        let row = self.usual_key(name, scope);
        self.keep_key(key, &row).await?;
        Ok(row)
    }

    /// All keys with their identifiers, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn api_keys(&self) -> Result<Vec<(String, ApiKey)>, StoreError> {
        let keys = self.known_keys().await?;
        let mut all: Vec<_> = keys.iter().map(|(print, row)| (identifier(print), row.clone())).collect();
        all.sort_by_key(|(_, row)| row.created_at);
        Ok(all)
    }

    /// Takes a key away.
    ///
    /// # Errors
    /// There is none with this identifier, or the store failed.
    pub async fn delete_api_key(&self, id: &str) -> Result<(), AccountError> {
        let keys = self.known_keys().await?;
        let found = keys.keys().find(|print| identifier(print) == id).cloned();
        let found = found.ok_or_else(|| AccountError::UnknownKey(id.to_owned()))?;
        Ok(self.store.delete(Table::ApiKeys, vec![found]).await?)
    }

    /// Takes all keys away that are good for this domain alone.
    ///
    /// # Errors
    /// The store failed.
    pub async fn delete_api_keys_of(&self, domain: &Domain) -> Result<(), StoreError> {
        let keys = self.known_keys().await?;
        let is_its = |row: &ApiKey| matches!(&row.scope, ApiKeyScope::Domain(own) if Domain::parse(own).as_ref() == Ok(domain));
        let its: Vec<String> =
            keys.iter().filter(|(_, row)| is_its(row)).map(|(print, _)| print.clone()).collect();
        if its.is_empty() { Ok(()) } else { self.store.delete(Table::ApiKeys, its).await }
    }

    /// What a key may do; `None` for one that is unknown, disabled or too old.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`] when the store failed.
    pub async fn api_key(&self, key: &str) -> Result<Option<ApiKey>, AuthError> {
        let keys = self.known_keys().await.map_err(|error| AuthError::Unavailable(error.to_string()))?;
        let now = self.clock.now();
        let good = |row: &&ApiKey| !row.disabled && row.expires_at.is_none_or(|until| now < until);
        Ok(keys.get(&fingerprint(key)).filter(good).cloned())
    }

    /// Proves an API key for a domain, or (`None`) for what belongs to no domain. The result may send as every
    /// address of that domain. Whether the domain is ours is the caller's question.
    ///
    /// # Errors
    /// [`AuthError::Refused`] for an unknown key, [`AuthError::OutOfScope`] for another domain's.
    pub async fn authenticate_key(
        &self,
        key: &str,
        domain: Option<&Domain>,
    ) -> Result<Authenticated, AuthError> {
        let row = self.api_key(key).await?.ok_or(AuthError::Refused)?;
        let in_scope = match &row.scope {
            ApiKeyScope::Account => true,
            ApiKeyScope::Domain(own) => {
                domain.is_some_and(|domain| Domain::parse(own).as_ref() == Ok(domain))
            }
        };
        if !in_scope {
            return Err(AuthError::OutOfScope);
        }
        let senders = domain.map(|domain| Senders::Domain(domain.clone()));
        Ok(Authenticated::new(row.name, senders.into_iter().collect()))
    }

    /// A key without an end: of account scope for whoever administers, of a domain's scope for whoever sends for it. It is not kept yet.
    pub fn usual_key(&self, name: &str, scope: ApiKeyScope) -> ApiKey {
        let (kind, role) = match &scope {
            ApiKeyScope::Account => (ApiKeyKind::User, ApiKeyRole::Admin),
            ApiKeyScope::Domain(_) => (ApiKeyKind::Domain, ApiKeyRole::Sending),
        };
        ApiKey {
            name: name.to_owned(),
            scope,
            created_at: self.clock.now(),
            kind,
            role,
            expires_at: None,
            disabled: false,
            user_name: None,
            requestor: None,
        }
    }

    async fn keep_key(&self, key: &str, row: &ApiKey) -> Result<(), AccountError> {
        Ok(self.store.put(Table::ApiKeys, vec![(fingerprint(key), written(row)?)]).await?)
    }

    async fn known_keys(&self) -> Result<Arc<Keys>, StoreError> {
        let store = self.store.as_ref();
        let read = async { Ok(read_all(store, Table::ApiKeys, "").await?.into_iter().collect()) };
        self.keys.get(store, Table::ApiKeys, read).await
    }
}

/// What an API key is found by.
fn fingerprint(key: &str) -> String {
    hex(digest::digest(&digest::SHA256, key.as_bytes()).as_ref())
}

fn identifier(fingerprint: &str) -> String {
    fingerprint.get(..NAMED_BY).unwrap_or_default().to_owned()
}
