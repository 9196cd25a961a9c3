//! Sessions: who is signed in, and until when.

use std::time::Duration;

use aws_lc_rs::{constant_time, digest, rand};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_mail::hex;
use tegami_store::{StoreError, Table};

use super::{People, User, read, written};

/// A session ends when it was not used for so long.
const IDLE: Duration = Duration::from_secs(12 * 3600);
/// It ends after so long in any case.
const LONGEST: Duration = Duration::from_secs(14 * 24 * 3600);
/// That it is used is written down so often.
const NOTED: Duration = Duration::from_secs(300);
/// Sessions looked through at once.
const PAGE: usize = 1000;

/// Somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Who.
    pub user: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was used last, as far as that was written down.
    pub seen: Timestamp,
    /// Unless it is used before.
    pub expires: Timestamp,
    /// What every form of this session carries.
    pub csrf: String,
}

impl People {
    /// Opens a session for somebody whose password was proven; those that are over go. `None` where it is their password no more.
    pub(super) async fn begin(&self, user: &User) -> Result<Option<String>, StoreError> {
        let (token, csrf, now) = (chance()?, chance()?, self.clock.now());
        let _alone = self.changing.lock().await;
        if self.find(&user.name).await?.is_none_or(|row| row.password_hash != user.password_hash) {
            return Ok(None);
        }
        self.end_sessions(|session| session.expires <= now).await?;
        let session =
            Session { user: user.name.clone(), created_at: now, seen: now, expires: later(now, IDLE), csrf };
        self.store.put(Table::Sessions, vec![(mark(&token), written(&session)?)]).await?;
        Ok(Some(token))
    }

    /// Whose session a token opens, if it opens one. Being used prolongs it.
    pub(crate) async fn whose(&self, token: &str) -> Result<Option<(User, Session)>, StoreError> {
        let key = mark(token);
        let Some(value) = self.store.get(Table::Sessions, &key).await? else { return Ok(None) };
        let session: Session = read(value)?;
        let now = self.clock.now();
        if session.expires <= now {
            return Ok(None);
        }
        let Some(user) = self.find(&session.user).await? else { return Ok(None) };
        if later(session.seen, NOTED) <= now {
            self.prolong(key, now).await?;
        }
        Ok(Some((user, session)))
    }

    /// Writes down that a session is used, unless it ended in this moment.
    async fn prolong(&self, key: String, now: Timestamp) -> Result<(), StoreError> {
        let _alone = self.changing.lock().await;
        let Some(value) = self.store.get(Table::Sessions, &key).await? else { return Ok(()) };
        let mut session: Session = read(value)?;
        session.seen = now;
        session.expires = later(now, IDLE).min(later(session.created_at, LONGEST));
        self.store.put(Table::Sessions, vec![(key, written(&session)?)]).await
    }

    /// Ends a session.
    pub(crate) async fn sign_out(&self, token: &str) -> Result<(), StoreError> {
        let _alone = self.changing.lock().await;
        self.store.delete(Table::Sessions, vec![mark(token)]).await
    }

    /// Ends the sessions that `over` says are. The caller is alone.
    pub(super) async fn end_sessions(&self, over: impl Fn(&Session) -> bool) -> Result<(), StoreError> {
        let mut after: Option<String> = None;
        loop {
            let rows = self.store.scan(Table::Sessions, "", after.as_deref(), PAGE).await?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after = Some(last.clone());
            let is_over = |value: serde_json::Value| read(value).map_or(true, |session| over(&session));
            let keys: Vec<_> =
                rows.into_iter().filter(|(_, value)| is_over(value.clone())).map(|(key, _)| key).collect();
            if !keys.is_empty() {
                self.store.delete(Table::Sessions, keys).await?;
            }
        }
    }
}

fn later(moment: Timestamp, duration: Duration) -> Timestamp {
    moment.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// 256 bits of chance, in hex.
pub(crate) fn chance() -> Result<String, StoreError> {
    let mut octets = [0_u8; 32];
    let filled = rand::fill(&mut octets);
    filled.map_err(|_| StoreError::Unusable("the random source failed".to_owned()))?;
    Ok(hex(&octets))
}

/// Whether two secrets are the same, in a time that tells nothing of them.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    !one.is_empty() && constant_time::verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

/// What a token is found by.
pub(super) fn mark(token: &str) -> String {
    hex(digest::digest(&digest::SHA256, token.as_bytes()).as_ref())
}
