//! Credentials: accounts of a domain that programs make and take away, to submit mail by SMTP. They have no mailboxes, and the accounts of people are
//! none of them.

use tegami_mail::{Address, Domain};
use tegami_store::{Account, StoreError, Table};

use crate::accounts::{AccountError, Accounts, all_accounts, random};

/// Letters that nobody confuses.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

impl Accounts {
    /// The credentials of a domain, by name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn credentials(&self, domain: &Domain) -> Result<Vec<Account>, StoreError> {
        let mut accounts = all_accounts(self.store.as_ref()).await?;
        accounts.retain(|account| account.credential_of.as_deref() == Some(domain.as_str()));
        Ok(accounts)
    }

    /// Makes one. It logs in under its whole address and may send as every address of the domain.
    ///
    /// # Errors
    /// There is an account of this name, of whatever kind, or the password is not good.
    pub async fn create_credential(
        &self,
        address: &Address,
        domain: &Domain,
        password: &str,
    ) -> Result<(), AccountError> {
        let name = address.to_string();
        let _alone = self.changing.lock().await;
        if self.find(&name).await?.is_some() {
            return Err(AccountError::Exists(name));
        }
        let account = Account {
            password_hash: self.hash(password).await?,
            senders: vec![format!("*@{domain}")],
            addresses: Vec::new(),
            created_at: Some(self.clock.now()),
            credential_of: Some(domain.to_string()),
            name,
        };
        self.write(&account).await
    }

    /// The credential of this name.
    ///
    /// # Errors
    /// There is none, or the store failed.
    pub async fn credential(&self, address: &Address, domain: &Domain) -> Result<Account, AccountError> {
        let name = address.to_string();
        let found = self.find(&name).await?;
        let found = found.filter(|account| account.credential_of.as_deref() == Some(domain.as_str()));
        found.ok_or(AccountError::Unknown(name))
    }

    /// Takes all credentials of a domain away, and tells how many there were.
    ///
    /// # Errors
    /// The store failed.
    pub async fn remove_credentials(&self, domain: &Domain) -> Result<usize, AccountError> {
        let _alone = self.changing.lock().await;
        let names: Vec<_> = self.credentials(domain).await?.into_iter().map(|account| account.name).collect();
        let count = names.len();
        if count > 0 {
            self.store.delete(Table::Accounts, names).await?;
        }
        Ok(count)
    }

    /// A password of 120 bits of chance.
    ///
    /// # Errors
    /// The random source failed.
    pub fn fresh_password() -> Result<String, AccountError> {
        let chance: [u8; 24] = random()?;
        let letter =
            |byte: &u8| LETTERS.get(usize::from(byte & 31)).map_or('a', |letter| char::from(*letter));
        Ok(chance.iter().map(letter).collect())
    }
}
