//! Where a domain's events are told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tegami_queue::{CallError, Caller};
use tegami_store::{EventKind, Store, StoreError, Table, TableChange};
use tokio::sync::Mutex;

/// Types of events that somebody can be told of.
pub const WEBHOOK_KINDS: [&str; 8] = [
    "accepted",
    "clicked",
    "complained",
    "delivered",
    "opened",
    "permanent_fail",
    "temporary_fail",
    "unsubscribed",
];

/// URLs of one type.
pub(crate) const MOST_URLS: usize = 3;

/// Octets of a URL.
const LONGEST: usize = 2000;

/// The type of an event, where somebody can be told of it.
pub(crate) fn kind_of(kind: EventKind) -> Option<&'static str> {
    Some(match kind {
        EventKind::Accepted => "accepted",
        EventKind::Clicked => "clicked",
        EventKind::Complained => "complained",
        EventKind::Delivered => "delivered",
        EventKind::Opened => "opened",
        EventKind::Failed => "permanent_fail",
        EventKind::Deferred => "temporary_fail",
        EventKind::Unsubscribed => "unsubscribed",
        EventKind::Rejected | EventKind::Stored | EventKind::Operated | EventKind::Examined => return None,
    })
}

/// The URLs of a domain by type.
pub(crate) type Subscriptions = BTreeMap<String, Vec<String>>;

#[derive(Default, Serialize, Deserialize)]
struct Row {
    urls: Vec<String>,
}

/// Why a webhook is not set.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// No such type.
    #[error(
        "`{0}` is not a type of events: accepted, clicked, complained, delivered, opened, permanent_fail, temporary_fail and unsubscribed are"
    )]
    UnknownKind(String),
    /// Nothing can be posted there.
    #[error("{url} is not a valid url: {reason}")]
    BadUrl {
        /** As it was given. */
        url: String,
        /** Why not. */
        reason: CallError,
    },
    /// No URL at all.
    #[error("url parameter is missing")]
    NoUrl,
    /// More than three.
    #[error("a webhook has at most {MOST_URLS} urls")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The name of a type as it is kept; some clients write blanks or dashes.
pub(crate) fn known_kind(kind: &str) -> Result<&'static str, WebhookError> {
    let wanted = kind.trim().to_ascii_lowercase();
    let found = WEBHOOK_KINDS.into_iter().find(|kind| *kind == wanted);
    found.ok_or_else(|| WebhookError::UnknownKind(kind.chars().take(60).collect()))
}

/// All webhooks of a domain; types without a URL are left out.
pub(crate) async fn all(store: &dyn Store, domain: &str) -> Result<Subscriptions, StoreError> {
    let prefix = format!("{domain}/");
    let rows = store.scan(Table::Webhooks, &prefix, None, 100).await?;
    Ok(rows
        .into_iter()
        .filter_map(|(key, row)| {
            let urls = serde_json::from_value::<Row>(row).ok()?.urls;
            Some((key.strip_prefix(&prefix)?.to_owned(), urls)).filter(|(_, urls)| !urls.is_empty())
        })
        .collect())
}

/// Everybody's, by `domain/type`.
pub(crate) async fn everybodys(store: &dyn Store) -> Result<BTreeMap<String, Vec<String>>, StoreError> {
    const BATCH: usize = 1000;
    let (mut found, mut after) = (BTreeMap::new(), None::<String>);
    loop {
        let rows = store.scan(Table::Webhooks, "", after.as_deref(), BATCH).await?;
        let whole = rows.len() >= BATCH;
        after = rows.last().map(|(key, _)| key.clone());
        let urls = |row| serde_json::from_value::<Row>(row).unwrap_or_default().urls;
        found.extend(rows.into_iter().map(|(key, row)| (key, urls(row))));
        if !whole {
            return Ok(found);
        }
    }
}

/// The URLs of one type.
pub(crate) async fn find(
    store: &dyn Store,
    domain: &str,
    kind: &str,
) -> Result<Option<Vec<String>>, StoreError> {
    let row = store.get(Table::Webhooks, &format!("{domain}/{kind}")).await?;
    let urls = row.and_then(|row| serde_json::from_value::<Row>(row).ok()).map(|row| row.urls);
    Ok(urls.filter(|urls| !urls.is_empty()))
}

/// The URLs of a type are read and written again: nobody may write between the two.
static WRITING: Mutex<()> = Mutex::const_new(());

/// Has events of one type told to these URLs and no others, and gives them back, each once.
pub(crate) async fn set(
    store: &dyn Store,
    caller: &dyn Caller,
    domain: &str,
    kind: &'static str,
    urls: Vec<String>,
) -> Result<Vec<String>, WebhookError> {
    let insert = |all: &mut Subscriptions| drop(all.insert(kind.to_owned(), urls));
    Ok(alter(store, caller, domain, insert).await?.remove(kind).unwrap_or_default())
}

/// Changes who is told in a domain, and gives back all of it. A type whose list becomes empty is told nobody. Whether something can be posted to a URL
/// is asked where it is new to its type.
pub(crate) async fn alter(
    store: &dyn Store,
    caller: &dyn Caller,
    domain: &str,
    change: impl FnOnce(&mut Subscriptions),
) -> Result<Subscriptions, WebhookError> {
    let _alone = WRITING.lock().await;
    let before = all(store, domain).await?;
    let (mut after, mut changes) = (before.clone(), Vec::new());
    change(&mut after);
    for (kind, urls) in &mut after {
        let known = before.get(kind).map(Vec::as_slice).unwrap_or_default();
        let mut distinct: Vec<String> = Vec::new();
        for url in std::mem::take(urls) {
            if !known.contains(&url) {
                check(caller, &url)?;
            }
            if !distinct.contains(&url) {
                distinct.push(url);
            }
        }
        if distinct.len() > MOST_URLS {
            return Err(WebhookError::TooMany);
        }
        if distinct != known {
            let row = Row { urls: distinct.clone() };
            let value = (!distinct.is_empty()).then(|| serde_json::to_value(row).unwrap_or_default());
            changes.push(TableChange { table: Table::Webhooks, key: format!("{domain}/{kind}"), value });
        }
        *urls = distinct;
    }
    if !changes.is_empty() {
        store.change(changes).await?;
    }
    after.retain(|_, urls| !urls.is_empty());
    Ok(after)
}

/// Whether something can be posted there.
pub(crate) fn check(caller: &dyn Caller, url: &str) -> Result<(), WebhookError> {
    let bad = |reason| WebhookError::BadUrl { url: url.chars().take(200).collect(), reason };
    if url.len() > LONGEST {
        return Err(bad(CallError::Forbidden("it is too long".to_owned())));
    }
    caller.permits(url).map_err(bad)
}
