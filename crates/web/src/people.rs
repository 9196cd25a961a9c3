//! Who may sign in to the pages, and who is signed in.
//!
//! Users of the pages are no accounts: an account sends mail and has mailboxes, a user looks after the server. Passwords are hashed as those of
//! accounts are. A session is a random token in a cookie; the store has its SHA-256, so that nobody who reads the store can walk in.

mod session;
mod user;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tegami_mail::Clock;
use tegami_queue::{AccountError, Accounts, Admission, AuthError, Throttle};
use tegami_store::{Store, StoreError, Table};
use tokio::sync::Semaphore;

use crate::api::queue::turns;

pub use session::Session;
pub use user::{Role, User};

pub(crate) use session::{chance, is_same};

/// Why a user was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// There is one of this name.
    #[error("the user {0} exists already")]
    Exists(String),
    /// There is none of this name.
    #[error("there is no user {0}")]
    Unknown(String),
    /// Nobody could administer the pages any more.
    #[error("{0} is the only administrator: make another one first")]
    LastAdmin(String),
    /// Empty, too long, or with control characters.
    #[error("a user name has 1 to 255 octets, none of them a space or a control character")]
    BadName,
    /// The password is not good, or hashing failed.
    #[error(transparent)]
    Password(#[from] AccountError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    /// Unknown name or wrong password; which one is not told.
    #[error("the name or password is wrong")]
    Refused,
    /// Too many failures from there.
    #[error("too many failures: try again after {0}")]
    Banned(Timestamp),
    /// Our fault.
    #[error("nobody can sign in at present: {0}")]
    Unavailable(String),
}

/// The users of the pages and their sessions.
pub struct People {
    store: Arc<dyn Store>,
    accounts: Arc<Accounts>,
    clock: Arc<dyn Clock>,
    throttle: Arc<Mutex<Throttle>>,
    /// Passwords looked at, one after the other: so many failures as bring a ban are counted before the next one is looked at.
    looking: Semaphore,
    /// Whoever changes users or sessions is alone: nothing is written that was read before somebody else wrote.
    changing: tokio::sync::Mutex<()>,
}

impl People {
    /// Over a store. `throttle` knows who guesses passwords, here and elsewhere.
    pub fn new(
        store: Arc<dyn Store>,
        accounts: Arc<Accounts>,
        clock: Arc<dyn Clock>,
        throttle: Arc<Mutex<Throttle>>,
    ) -> Self {
        Self {
            store,
            accounts,
            clock,
            throttle,
            looking: Semaphore::new(1),
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// Makes a user.
    ///
    /// # Errors
    /// What is wrong with the name or password, or the store failed.
    pub async fn create(&self, name: &str, password: &str, role: Role) -> Result<User, PeopleError> {
        let bad = |letter: char| letter.is_control() || letter.is_whitespace() || turns(letter);
        if name.is_empty() || name.len() > 255 || name.chars().any(bad) {
            return Err(PeopleError::BadName);
        }
        if self.find(name).await?.is_some() {
            return Err(PeopleError::Exists(name.to_owned()));
        }
        let password_hash = self.accounts.hash(password).await?;
        let _alone = self.changing.lock().await;
        if self.find(name).await?.is_some() {
            return Err(PeopleError::Exists(name.to_owned()));
        }
        let user = User { name: name.to_owned(), password_hash, role, created_at: self.clock.now() };
        self.write(&user).await?;
        Ok(user)
    }

    /// Gives a user another password, and ends all sessions.
    ///
    /// # Errors
    /// There is no such user, the password is not good, or the store failed.
    pub async fn set_password(&self, name: &str, password: &str) -> Result<(), PeopleError> {
        self.change(name, None, Some(password)).await.map(drop)
    }

    /// Gives a user another role, from the next request on.
    ///
    /// # Errors
    /// There is no such user, nobody else administers, or the store failed.
    pub async fn set_role(&self, name: &str, role: Role) -> Result<User, PeopleError> {
        self.change(name, Some(role), None).await
    }

    /// Does both, or nothing.
    ///
    /// # Errors
    /// Those of [`People::set_role`] and [`People::set_password`].
    pub async fn change(
        &self,
        name: &str,
        role: Option<Role>,
        password: Option<&str>,
    ) -> Result<User, PeopleError> {
        self.known(name).await?;
        // Nobody waits for the lock while a password is hashed.
        let hash = match password {
            Some(password) => Some(self.accounts.hash(password).await?),
            None => None,
        };
        let _alone = self.changing.lock().await;
        let mut user = self.known(name).await?;
        if let Some(role) = role {
            if role != Role::Admin {
                self.must_not_be_the_last(&user).await?;
            }
            user.role = role;
        }
        let ends = hash.is_some();
        user.password_hash = hash.unwrap_or(user.password_hash);
        self.write(&user).await?;
        if ends {
            self.end_sessions(|session| session.user == name).await?;
        }
        Ok(user)
    }

    /// Takes a user away with all sessions.
    ///
    /// # Errors
    /// There is no such user, nobody else administers, or the store failed.
    pub async fn remove(&self, name: &str) -> Result<(), PeopleError> {
        let _alone = self.changing.lock().await;
        let user = self.known(name).await?;
        self.must_not_be_the_last(&user).await?;
        self.store.delete(Table::Users, vec![name.to_owned()]).await?;
        Ok(self.end_sessions(|session| session.user == name).await?)
    }

    /// All users, by name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(&self) -> Result<Vec<User>, StoreError> {
        // Whoever has more people than this to look after one mail server looks at the first of them.
        const MOST: usize = 1000;
        let rows = self.store.scan(Table::Users, "", None, MOST).await?;
        rows.into_iter().map(|(_, value)| read(value)).collect()
    }

    async fn known(&self, name: &str) -> Result<User, PeopleError> {
        self.find(name).await?.ok_or_else(|| PeopleError::Unknown(name.to_owned()))
    }

    async fn find(&self, name: &str) -> Result<Option<User>, StoreError> {
        self.store.get(Table::Users, name).await?.map(read).transpose()
    }

    async fn write(&self, user: &User) -> Result<(), StoreError> {
        self.store.put(Table::Users, vec![(user.name.clone(), written(user)?)]).await
    }

    async fn must_not_be_the_last(&self, user: &User) -> Result<(), PeopleError> {
        let others = self.list().await?;
        let another = others.iter().any(|other| other.role == Role::Admin && other.name != user.name);
        if user.role == Role::Admin && !another {
            return Err(PeopleError::LastAdmin(user.name.clone()));
        }
        Ok(())
    }

    /// Signs somebody in who comes from this address. Gives the token that proves it from now on.
    pub(crate) async fn sign_in(
        &self,
        ip: IpAddr,
        name: &str,
        password: &str,
    ) -> Result<String, SignInError> {
        let unavailable = |error: &dyn std::fmt::Display| SignInError::Unavailable(error.to_string());
        let guessed = format!("pages {}", bounded(name));
        let mut waited = Duration::ZERO;
        loop {
            let turn = self.looking.acquire().await.map_err(|error| unavailable(&error))?;
            let admission = self.throttle().admit(ip, &guessed, self.clock.now());
            match admission {
                Admission::Banned(until) => return Err(SignInError::Banned(until)),
                // Others may have failed while this one waited.
                Admission::Delay(delay) if waited < delay => {
                    drop(turn);
                    tokio::time::sleep(delay.saturating_sub(waited)).await;
                    waited = delay;
                }
                _ => {
                    let signed = self.look(name, password).await;
                    match &signed {
                        Ok(_) => self.throttle().succeeded(ip, &guessed),
                        Err(SignInError::Refused) => self.tell_failure(ip, name, &guessed),
                        Err(_) => {}
                    }
                    return signed;
                }
            }
        }
    }

    fn tell_failure(&self, ip: IpAddr, name: &str, guessed: &str) {
        let name = bounded(name);
        let ban = self.throttle().failed(ip, guessed, self.clock.now());
        tracing::info!(target: "tegami::door", door = "pages", %ip, user = name, "a sign-in was refused");
        if let Some(until) = ban {
            tracing::warn!(target: "tegami::door", door = "pages", %ip, user = name, %until, "sign-ins are refused");
        }
    }

    async fn look(&self, name: &str, password: &str) -> Result<String, SignInError> {
        let failed = |error: StoreError| SignInError::Unavailable(error.to_string());
        let user = self.find(name).await.map_err(failed)?;
        let hash = user.as_ref().map(|user| user.password_hash.as_str());
        match (self.accounts.is_password(password, hash).await, user) {
            (Ok(true), Some(user)) => {
                let begun = self.begin(&user).await.map_err(failed)?;
                begun.ok_or(SignInError::Refused)
            }
            (Ok(_), _) | (Err(AuthError::Refused | AuthError::OutOfScope), _) => Err(SignInError::Refused),
            (Err(AuthError::Unavailable(error)), _) => Err(SignInError::Unavailable(error)),
        }
    }

    fn throttle(&self) -> std::sync::MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What of a stranger's name is remembered.
fn bounded(name: &str) -> &str {
    name.get(..name.floor_char_boundary(255)).unwrap_or_default()
}

fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|error| StoreError::Unusable(error.to_string()))
}

fn written<T: serde::Serialize>(value: &T) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(value).map_err(|error| StoreError::Unusable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use tegami_queue::{SystemClock, ThrottlePolicy};
    use tegami_store::{Embedded, Options};

    use super::*;

    const PASSWORD: &str = "correct horse";

    async fn people() -> (People, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(Embedded::open(folder.path(), Options::default()).unwrap());
        let accounts = Accounts::new(Arc::clone(&store), Arc::new(SystemClock)).unwrap();
        let throttle = Arc::new(Mutex::new(Throttle::new(ThrottlePolicy::default())));
        let people = People::new(store, Arc::new(accounts), Arc::new(SystemClock), throttle);
        for name in ["alice", "bob"] {
            people.create(name, PASSWORD, Role::Admin).await.unwrap();
        }
        (people, folder)
    }

    #[tokio::test]
    async fn a_password_that_was_changed_meanwhile_opens_nothing() {
        let (people, _folder) = people().await;
        let proven = people.known("alice").await.unwrap();
        people.set_password("alice", "another horse").await.unwrap();
        assert_eq!(people.begin(&proven).await.unwrap(), None);
        let proven = people.known("bob").await.unwrap();
        people.remove("bob").await.unwrap();
        assert_eq!(people.begin(&proven).await.unwrap(), None);
        assert!(people.begin(&people.known("alice").await.unwrap()).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn changes_at_the_same_time_do_not_undo_each_other() {
        let (people, _folder) = people().await;
        let both =
            tokio::join!(people.set_role("alice", Role::ReadOnly), people.set_role("bob", Role::ReadOnly));
        assert!(
            matches!(both, (Ok(_), Err(PeopleError::LastAdmin(_))) | (Err(PeopleError::LastAdmin(_)), Ok(_))),
            "{both:?}"
        );
        let admin = if both.0.is_ok() { "bob" } else { "alice" };
        people.create("carol", PASSWORD, Role::Admin).await.unwrap();
        let (role, password) =
            tokio::join!(people.set_role(admin, Role::ReadOnly), people.set_password(admin, "another horse"));
        assert!(role.is_ok() && password.is_ok());
        assert_eq!(people.known(admin).await.unwrap().role, Role::ReadOnly);
        people.create("dave", PASSWORD, Role::ReadOnly).await.unwrap();
        let (removed, _) = tokio::join!(people.remove("dave"), people.set_password("dave", "another horse"));
        assert!(removed.is_ok());
        assert!(people.find("dave").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_role_and_a_password_change_together_or_not_at_all() {
        let (people, _folder) = people().await;
        assert!(people.change("alice", Some(Role::ReadOnly), Some("short")).await.is_err());
        assert_eq!(people.known("alice").await.unwrap().role, Role::Admin);
        people.change("alice", Some(Role::ReadOnly), Some("another horse")).await.unwrap();
        assert_eq!(people.known("alice").await.unwrap().role, Role::ReadOnly);
    }
}
