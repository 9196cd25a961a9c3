//! What is done with suppressions, whoever asks for it: the API, the pages, a reader by a link.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::from_value;
use tegami_store::{
    Allowed, EVERY_TAG, NewEvent, Store, StoreError, Suppression, SuppressionList, Table, allowed_key,
    suppression_key,
};
use tokio::sync::Mutex;

use crate::stretch::{self, Stretch};

/// Tags are added to those that stand there: nobody may write between the reading and the writing.
static WRITING: Mutex<()> = Mutex::const_new(());

/// A stretch of one list of a domain.
pub(crate) async fn list(
    store: &dyn Store,
    domain: &str,
    list: SuppressionList,
    stretch: &Stretch,
) -> Result<Vec<Suppression>, StoreError> {
    let rows = stretch.rows(store, Table::Suppressions, &suppression_key(domain, list, "")).await?;
    rows.into_iter().map(|(key, value)| read(&key, value)).collect()
}

/// One address on a list.
pub(crate) async fn find(
    store: &dyn Store,
    domain: &str,
    list: SuppressionList,
    address: &str,
) -> Result<Option<Suppression>, StoreError> {
    let key = suppression_key(domain, list, address);
    store.get(Table::Suppressions, &key).await?.map(|value| read(&key, value)).transpose()
}

/// Puts addresses on lists. What stands there is replaced, but nobody loses a tag by it.
pub(crate) async fn put(store: &dyn Store, suppressions: Vec<Suppression>) -> Result<(), StoreError> {
    let _alone = WRITING.lock().await;
    let mut rows: BTreeMap<String, Suppression> = BTreeMap::new();
    for suppression in suppressions {
        let key = suppression.key();
        // The same address may stand in the list twice.
        let row = match rows.remove(&key) {
            Some(earlier) => joined(suppression, Some(&earlier)).0,
            None => merged(store, suppression).await?.0,
        };
        rows.insert(key, row);
    }
    store.change(rows.values().map(Suppression::change).collect()).await
}

/// A reader unsubscribes: the suppression and the event in one commit. `false`: it stood there already, and nothing is written.
pub(crate) async fn unsubscribe(
    store: &dyn Store,
    suppression: Suppression,
    event: NewEvent,
) -> Result<bool, StoreError> {
    let _alone = WRITING.lock().await;
    let (suppression, is_new) = merged(store, suppression).await?;
    if is_new {
        store.tell(vec![event], vec![suppression.change()]).await?;
    }
    Ok(is_new)
}

/// With the tags that it has in the store besides, and whether anything is new.
async fn merged(store: &dyn Store, suppression: Suppression) -> Result<(Suppression, bool), StoreError> {
    if suppression.list != SuppressionList::Unsubscribes {
        return Ok((suppression, true));
    }
    let known = find(store, &suppression.domain, suppression.list, &suppression.address).await?;
    Ok(joined(suppression, known.as_ref()))
}

/// With the tags that it has besides, and whether anything is new.
fn joined(mut suppression: Suppression, known: Option<&Suppression>) -> (Suppression, bool) {
    let Some(known) = known.filter(|known| known.list == SuppressionList::Unsubscribes) else {
        return (suppression, true);
    };
    let (mut tags, added) = (tags(known), tags(&suppression));
    let before = tags.len();
    for tag in added {
        if !tags.iter().any(|known| known.eq_ignore_ascii_case(&tag)) {
            tags.push(tag);
        }
    }
    let is_new = tags.len() > before;
    suppression.tags = tags;
    (suppression, is_new)
}

/// From what an address unsubscribed: tags, `*` for everything.
pub(crate) fn tags(suppression: &Suppression) -> Vec<String> {
    if suppression.tags.is_empty() { vec![EVERY_TAG.to_owned()] } else { suppression.tags.clone() }
}

/// Takes an address off a list.
pub(crate) async fn remove(store: &dyn Store, suppression: &Suppression) -> Result<(), StoreError> {
    store.delete(Table::Suppressions, vec![suppression.key()]).await
}

/// Takes one tag from an address that unsubscribed, and with the last one the address. `false`: it had no such tag.
pub(crate) async fn remove_tag(
    store: &dyn Store,
    domain: &str,
    address: &str,
    tag: &str,
) -> Result<bool, StoreError> {
    let _alone = WRITING.lock().await;
    let Some(mut known) = find(store, domain, SuppressionList::Unsubscribes, address).await? else {
        return Ok(false);
    };
    let mut left = tags(&known);
    let before = left.len();
    left.retain(|known| !known.eq_ignore_ascii_case(tag));
    match left.len() {
        count if count == before => return Ok(false),
        0 => remove(store, &known).await?,
        _ => {
            known.tags = left;
            store.change(vec![known.change()]).await?;
        }
    }
    Ok(true)
}

/// Empties one list of a domain, and tells how many were on it.
pub(crate) async fn remove_all(
    store: &dyn Store,
    domain: &str,
    list: SuppressionList,
) -> Result<usize, StoreError> {
    stretch::remove_all(store, Table::Suppressions, &suppression_key(domain, list, "")).await
}

/// A stretch of the addresses and domains whose failures suppress nobody.
pub(crate) async fn list_allowed(
    store: &dyn Store,
    domain: &str,
    stretch: &Stretch,
) -> Result<Vec<Allowed>, StoreError> {
    let rows = stretch.rows(store, Table::Allowed, &allowed_key(domain, "")).await?;
    rows.into_iter().map(|(key, value)| read(&key, value)).collect()
}

/// One of them.
pub(crate) async fn find_allowed(
    store: &dyn Store,
    domain: &str,
    value: &str,
) -> Result<Option<Allowed>, StoreError> {
    let key = allowed_key(domain, value);
    store.get(Table::Allowed, &key).await?.map(|value| read(&key, value)).transpose()
}

/// Entries that are written at once.
const PIECE: usize = 1000;

/// Adds some.
pub(crate) async fn put_allowed(store: &dyn Store, allowed: &[Allowed]) -> Result<(), StoreError> {
    for piece in allowed.chunks(PIECE) {
        store.change(piece.iter().map(Allowed::change).collect()).await?;
    }
    Ok(())
}

/// Removes one.
pub(crate) async fn remove_allowed(store: &dyn Store, allowed: &Allowed) -> Result<(), StoreError> {
    store.delete(Table::Allowed, vec![allowed.key()]).await
}

/// Removes all of a domain, and tells how many they were.
pub(crate) async fn remove_all_allowed(store: &dyn Store, domain: &str) -> Result<usize, StoreError> {
    stretch::remove_all(store, Table::Allowed, &allowed_key(domain, "")).await
}

fn read<T: serde::de::DeserializeOwned>(key: &str, value: Value) -> Result<T, StoreError> {
    from_value(value).map_err(|error| StoreError::Unusable(format!("{key}: {error}")))
}
