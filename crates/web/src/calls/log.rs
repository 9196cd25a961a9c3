//! What became of requests, and having one made again.

use jiff::Timestamp;
use tegami_queue::{CALLS_OVER, CALLS_WAITING, Call, CallState};
use tegami_store::{StoreError, Table};

use super::Calls;

/// Which requests are asked for. What is left open restricts nothing.
#[derive(Clone, Debug, Default)]
pub struct CallFilter {
    /// Of this domain.
    pub domain: Option<String>,
    /// Standing so.
    pub state: Option<CallState>,
    /// To URLs that begin so.
    pub url: Option<String>,
}

impl CallFilter {
    fn pass(&self, call: &Call) -> bool {
        self.domain.as_ref().is_none_or(|domain| call.domain == *domain)
            && self.state.is_none_or(|state| call.state == state)
            && self.url.as_ref().is_none_or(|url| call.url.starts_with(url))
    }
}

/// Why a request is not made again.
#[derive(Debug, thiserror::Error)]
pub enum AgainError {
    /// It is not there, or has gone on since it was listed.
    #[error("this request is not there any more: it was made meanwhile, or forgotten")]
    Gone,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Rows that are read at once.
const BATCH: usize = 200;
/// Rows that are looked at for one page.
const LOOKED_AT: usize = 20_000;

impl Calls {
    /// Requests that pass a filter, each with its key: first those that wait, the next due first, then those that are over, the newest first. They
    /// begin after the key `after`, and are at most `max`.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(
        &self,
        filter: &CallFilter,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Call)>, StoreError> {
        let (mut found, mut looked_at) = (Vec::new(), 0);
        let mut after = after.map(ToOwned::to_owned);
        let waiting = after.as_ref().is_none_or(|key| key.starts_with(CALLS_WAITING));
        for (wanted, prefix) in [(waiting, CALLS_WAITING), (true, CALLS_OVER)] {
            let stands = match filter.state {
                Some(CallState::Waiting) => prefix == CALLS_WAITING,
                Some(_) => prefix == CALLS_OVER,
                None => true,
            };
            let mut place = after.take_if(|key| key.starts_with(prefix));
            while wanted && stands && found.len() < max && looked_at < LOOKED_AT {
                let rows = self.store.scan(Table::Calls, prefix, place.as_deref(), BATCH).await?;
                let whole = rows.len() >= BATCH;
                looked_at += rows.len();
                place = rows.last().map(|(key, _)| key.clone());
                let calls =
                    rows.into_iter().filter_map(|(key, row)| Some((key, serde_json::from_value(row).ok()?)));
                found.extend(calls.filter(|(_, call)| filter.pass(call)).take(max - found.len()));
                if !whole {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// One request by its key.
    ///
    /// # Errors
    /// The store's.
    pub async fn find(&self, key: &str) -> Result<Option<Call>, StoreError> {
        let row = self.store.get(Table::Calls, key).await?;
        Ok(row.and_then(|row| serde_json::from_value(row).ok()))
    }

    /// Has a request made now, whether it waits or is over, with the whole schedule before it. Gives back its new key.
    ///
    /// # Errors
    /// [`AgainError`].
    pub async fn again(&self, key: &str) -> Result<String, AgainError> {
        let _alone = self.again.write().await;
        let call = self.find(key).await?.ok_or(AgainError::Gone)?;
        let mut next = call.clone();
        next.state = CallState::Waiting;
        next.due = self.clock.now();
        next.before = u32::try_from(next.attempts.len()).unwrap_or(u32::MAX);
        self.store.change(call.becomes(&next)).await?;
        self.wake();
        Ok(next.key())
    }

    /// Forgets requests that were over before this moment.
    pub(super) async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let micros = u64::try_from(before.as_microsecond()).unwrap_or_default();
        let place = format!("{CALLS_OVER}{:020}.", u64::MAX - micros);
        let mut forgotten = 0;
        loop {
            let rows = self.store.scan(Table::Calls, CALLS_OVER, Some(&place), BATCH).await?;
            if rows.is_empty() {
                return Ok(forgotten);
            }
            forgotten += rows.len() as u64;
            self.store.delete(Table::Calls, rows.into_iter().map(|(key, _)| key).collect()).await?;
        }
    }
}
