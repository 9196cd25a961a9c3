//! What is done with suppressions, whoever asks for it: the API, the pages, a reader by a link.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::from_value;
use tegami_queue::{farewell_tags, joined_suppression, merged_suppression, writing_suppressions};
use tegami_store::{
    Allowed, Store, StoreError, Suppression, SuppressionList, Table, allowed_key, suppression_key,
};

use crate::stretch::{self, Stretch};

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
    let _alone = writing_suppressions().await;
    let mut rows: BTreeMap<String, Suppression> = BTreeMap::new();
    for suppression in suppressions {
        let key = suppression.key();
        // The same address may stand in the list twice.
        let row = match rows.remove(&key) {
            Some(earlier) => joined_suppression(suppression, Some(&earlier)).0,
            None => merged_suppression(store, suppression).await?.0,
        };
        rows.insert(key, row);
    }
    store.change(rows.values().map(Suppression::change).collect()).await
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
    let _alone = writing_suppressions().await;
    let Some(mut known) = find(store, domain, SuppressionList::Unsubscribes, address).await? else {
        return Ok(false);
    };
    let mut left = farewell_tags(&known);
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
