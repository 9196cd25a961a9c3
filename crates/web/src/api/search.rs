//! Rows of a table that somebody looks for.

use serde::de::DeserializeOwned;
use tegami_store::{Store, StoreError, Table};

/// Rows looked at for one page.
const LOOKED_AT: usize = 20_000;
/// Rows read at once.
const PAGE: usize = 1000;

/// What fits of the rows under a prefix, after a key and up to so many, and the key after which there may be more.
pub(super) async fn search<T: DeserializeOwned, R>(
    store: &dyn Store,
    (table, prefix): (Table, &str),
    after: Option<&str>,
    limit: usize,
    fits: impl Fn(&str, T) -> Option<R> + Send,
) -> Result<(Vec<R>, Option<String>), StoreError> {
    let (mut found, mut after) = (Vec::new(), after.map(str::to_owned));
    for _ in 0..LOOKED_AT / PAGE {
        let rows = store.scan(table, prefix, after.as_deref(), PAGE).await?;
        let whole = rows.len() >= PAGE;
        for (key, value) in rows {
            if found.len() >= limit {
                return Ok((found, after));
            }
            found.extend(serde_json::from_value(value).ok().and_then(|row| fits(&key, row)));
            after = Some(key);
        }
        if !whole {
            return Ok((found, None));
        }
    }
    Ok((found, after))
}
