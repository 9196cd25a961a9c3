//! The signing key.

use serde_json::{Value, json};
use tegami_store::{StoreError, Table};

use super::signature::random_hex;
use super::{Calls, Signature};

/// Where it stands among the values.
const NAME: &str = "http-signing-key";

/// Why there is no new signing key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenewError {
    /// The configuration names it.
    #[error("the signing key is set in the configuration of this server")]
    Configured,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Calls {
    /// The key that signatures are made with. The first who asks has it made.
    pub(crate) async fn signing_key(&self) -> Result<String, StoreError> {
        if let Some(key) = &self.settings().signing_key {
            return Ok(key.clone());
        }
        let mut known = self.key.lock().await;
        if let Some(key) = &*known {
            return Ok(key.clone());
        }
        let kept = self.store.get(Table::Values, NAME).await?;
        let kept = kept.as_ref().and_then(|row| row.get("key")).and_then(Value::as_str);
        let key = match kept {
            Some(key) => key.to_owned(),
            None => self.make_key().await?,
        };
        *known = Some(key.clone());
        Ok(key)
    }

    /// Another key; what was signed with the old one is good no more.
    pub(crate) async fn renew_signing_key(&self) -> Result<String, RenewError> {
        if self.settings().signing_key.is_some() {
            return Err(RenewError::Configured);
        }
        let mut known = self.key.lock().await;
        let key = self.make_key().await?;
        *known = Some(key.clone());
        Ok(key)
    }

    /// A signature of this moment.
    pub(crate) async fn sign(&self) -> Result<Signature, StoreError> {
        Ok(Signature::new(&self.signing_key().await?, self.clock.now()))
    }

    async fn make_key(&self) -> Result<String, StoreError> {
        let key = random_hex::<16>();
        self.store.put(Table::Values, vec![(NAME.to_owned(), json!({"key": key}))]).await?;
        Ok(key)
    }
}
