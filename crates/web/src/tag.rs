//! Tags of messages: made by their first use.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_store::{Store, StoreError, Table, TableChange};
use tokio::sync::Mutex;

/// What is kept of a tag is read and written again: nobody may write between the two.
pub(crate) static WRITING: Mutex<()> = Mutex::const_new(());

/// What is known of a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tag {
    /// As it was written first.
    pub(crate) tag: String,
    /// What people say of it.
    #[serde(default)]
    pub(crate) description: String,
    /// Its first use; `None` where it was only described.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) first_seen: Option<Timestamp>,
    /// Its last use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_seen: Option<Timestamp>,
}

/// The key of a tag: upper and lower case are the same.
pub(crate) fn key(domain: &str, tag: &str) -> String {
    format!("{domain}/{}", tag.to_lowercase())
}

impl Tag {
    /// One that was not used.
    pub(crate) fn new(tag: &str) -> Self {
        Self { tag: tag.to_owned(), description: String::new(), first_seen: None, last_seen: None }
    }

    /// Used at this moment.
    pub(crate) fn see(&mut self, at: Timestamp) {
        self.first_seen = Some(self.first_seen.map_or(at, |first| first.min(at)));
        self.last_seen = Some(self.last_seen.map_or(at, |last| last.max(at)));
    }

    pub(crate) fn change(&self, domain: &str) -> TableChange {
        let value = serde_json::to_value(self).unwrap_or_default();
        TableChange { table: Table::Tags, key: key(domain, &self.tag), value: Some(value) }
    }
}

/// A tag of a domain.
pub(crate) async fn find(store: &dyn Store, domain: &str, tag: &str) -> Result<Option<Tag>, StoreError> {
    let row = store.get(Table::Tags, &key(domain, tag)).await?;
    Ok(row.and_then(|row| serde_json::from_value(row).ok()))
}

/// Tags of a domain that begin so, in alphabetical order.
pub(crate) async fn all(store: &dyn Store, domain: &str, prefix: &str) -> Result<Vec<Tag>, StoreError> {
    const BATCH: usize = 1000;
    let prefix = key(domain, prefix);
    let mut tags: Vec<Tag> = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let rows = store.scan(Table::Tags, &prefix, after.as_deref(), BATCH).await?;
        let whole = rows.len() >= BATCH;
        after = rows.last().map(|(key, _)| key.clone());
        tags.extend(rows.into_iter().filter_map(|(_, row)| serde_json::from_value(row).ok()));
        if !whole {
            return Ok(tags);
        }
    }
}

/// Longest tag in characters.
pub(crate) const LONGEST: usize = 128;

/// Whether a message may have such a tag: printable ASCII characters.
pub(crate) fn is_fine(tag: &str) -> bool {
    (1..=LONGEST).contains(&tag.len()) && tag.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Says something of a tag, whether it was used or not.
pub(crate) async fn describe(
    store: &dyn Store,
    domain: &str,
    tag: &str,
    description: &str,
) -> Result<(), StoreError> {
    let _alone = WRITING.lock().await;
    let mut kept = find(store, domain, tag).await?.unwrap_or_else(|| Tag::new(tag));
    description.clone_into(&mut kept.description);
    store.change(vec![kept.change(domain)]).await
}

/// Forgets a tag; `false` where there is none. What was counted of it stays until its time.
pub(crate) async fn remove(store: &dyn Store, domain: &str, tag: &str) -> Result<bool, StoreError> {
    let _alone = WRITING.lock().await;
    let known = find(store, domain, tag).await?.is_some();
    if known {
        store.delete(Table::Tags, vec![key(domain, tag)]).await?;
    }
    Ok(known)
}
