//! A stretch of a plain table: rows by key, from a place on, at most so many.

use serde_json::Value;
use tegami_store::{Store, StoreError, Table};

/// Where a stretch begins or ends. Places are the ends of keys, without the prefix that all rows of a list share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// At the first row.
    First,
    /// With the last row.
    Last,
    /// After this one.
    After(String),
    /// Before this one.
    Before(String),
}

/// Which stretch of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) place: Place,
    pub(crate) limit: usize,
    /// Only rows whose keys go on so, after the prefix.
    pub(crate) term: String,
}

/// Rows read at once where a list is walked.
pub(crate) const PAGE: usize = 1000;

impl Stretch {
    /// The rows, in the order of their keys.
    ///
    /// # Errors
    /// The store could not be read.
    pub(crate) async fn rows(
        &self,
        store: &dyn Store,
        table: Table,
        prefix: &str,
    ) -> Result<Vec<(String, Value)>, StoreError> {
        let key = |place: &str| format!("{prefix}{place}");
        let beginning = key(&self.term);
        match &self.place {
            Place::First => store.scan(table, &beginning, None, self.limit).await,
            Place::After(place) => store.scan(table, &beginning, Some(&key(place)), self.limit).await,
            Place::Last => self.ending(store, table, &beginning, None).await,
            Place::Before(place) => self.ending(store, table, &beginning, Some(&key(place))).await,
        }
    }

    /// The same of a list that is in memory already, in the order of its keys.
    pub(crate) fn of<'a, T>(&self, items: &'a [T], key: impl Fn(&T) -> String) -> &'a [T] {
        let first = items.partition_point(|item| key(item) < self.term);
        let begun = items.get(first..).unwrap_or_default();
        let count = begun.partition_point(|item| key(item).starts_with(&self.term));
        let (begin, end) = match &self.place {
            Place::First => (0, self.limit),
            Place::Last => (count.saturating_sub(self.limit), count),
            Place::After(place) => {
                let begin = begun.partition_point(|item| key(item) <= *place);
                (begin, begin.saturating_add(self.limit))
            }
            Place::Before(place) => {
                let end = begun.partition_point(|item| key(item) < *place);
                (end.saturating_sub(self.limit), end)
            }
        };
        begun.get(begin..end.min(count)).unwrap_or_default()
    }

    /// The last rows before a key, or of all. The store reads forwards only: the list is walked, and no more than a stretch of it is kept.
    async fn ending(
        &self,
        store: &dyn Store,
        table: Table,
        beginning: &str,
        before: Option<&str>,
    ) -> Result<Vec<(String, Value)>, StoreError> {
        let mut kept: Vec<(String, Value)> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let rows = store.scan(table, beginning, after.as_deref(), PAGE).await?;
            let whole = rows.len() >= PAGE;
            after = rows.last().map(|(key, _)| key.clone());
            let count = rows.len();
            let wanted: Vec<_> = rows
                .into_iter()
                .take_while(|(key, _)| before.is_none_or(|before| key.as_str() < before))
                .collect();
            let ended = wanted.len() < count;
            kept.extend(wanted);
            kept.drain(..kept.len().saturating_sub(self.limit));
            if ended || !whole {
                return Ok(kept);
            }
        }
    }
}

/// Removes all rows under a prefix, and tells how many they were.
///
/// # Errors
/// The store could not be read or written; some rows may be gone.
pub(crate) async fn remove_all(store: &dyn Store, table: Table, prefix: &str) -> Result<usize, StoreError> {
    let mut removed = 0;
    loop {
        let rows = store.scan(table, prefix, None, PAGE).await?;
        if rows.is_empty() {
            return Ok(removed);
        }
        removed += rows.len();
        store.delete(table, rows.into_iter().map(|(key, _)| key).collect()).await?;
    }
}
