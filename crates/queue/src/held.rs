//! Whole plain tables: read by pages, and held in memory for as long as they stay as they are.

use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tegami_store::{Store, StoreError, Table};

/// Rows that are read at once.
const PAGE: usize = 1000;

/// The rows whose keys begin with `prefix`, by key.
///
/// # Errors
/// The store could not be read, or a row is none; the error names it.
pub(crate) async fn read_all<T: DeserializeOwned>(
    store: &dyn Store,
    table: Table,
    prefix: &str,
) -> Result<Vec<(String, T)>, StoreError> {
    let (mut rows, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = store.scan(table, prefix, after.as_deref(), PAGE).await?;
        after = page.last().filter(|_| page.len() >= PAGE).map(|(key, _)| key.clone());
        for (key, value) in page {
            let row = read(&key, value)?;
            rows.push((key, row));
        }
        if after.is_none() {
            return Ok(rows);
        }
    }
}

/// A row as it was kept under `key`.
///
/// # Errors
/// It is none.
pub(crate) fn read<T: DeserializeOwned>(key: &str, value: Value) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|error| StoreError::Unusable(format!("{key}: {error}")))
}

/// A row as it is kept.
///
/// # Errors
/// It has no form in JSON.
pub(crate) fn written(row: &impl Serialize) -> Result<Value, StoreError> {
    serde_json::to_value(row).map_err(|error| StoreError::Unusable(error.to_string()))
}

/// What was read from a table, and the table's number at that time ([`Store::version`]).
#[derive(Debug)]
pub(crate) struct Held<T>(RwLock<Option<(u64, Arc<T>)>>);

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T> Held<T> {
    /// What is held, or what `read` gives where the table was changed meanwhile.
    ///
    /// # Errors
    /// Those of `read`.
    pub(crate) async fn get(
        &self,
        store: &dyn Store,
        table: Table,
        read: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<Arc<T>, StoreError> {
        // Read before the rows are: a change that comes between is read again.
        let version = store.version(table);
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let (Some((at, value)), Some(version)) = (held, version)
            && at == version
        {
            return Ok(value);
        }
        let value = Arc::new(read.await?);
        if let Some(version) = version {
            *self.lock() = Some((version, Arc::clone(&value)));
        }
        Ok(value)
    }

    /// What was read last, however old it is.
    pub(crate) fn last(&self) -> Option<Arc<T>> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().map(|(_, value)| Arc::clone(value))
    }

    /// One row of the table was written by us, which had the number `before` until then: where nobody else wrote, `change` makes of what is
    /// held what would be read.
    pub(crate) fn follow(
        &self,
        store: &dyn Store,
        table: Table,
        before: Option<u64>,
        change: impl FnOnce(&mut T),
    ) where
        T: Clone,
    {
        let (Some(before), Some(now)) = (before, store.version(table)) else { return };
        let mut held = self.lock();
        if let Some((at, value)) = held.as_mut()
            && *at == before
            && before.wrapping_add(1) == now
        {
            change(Arc::make_mut(value));
            *at = now;
        }
    }

    fn lock(&self) -> RwLockWriteGuard<'_, Option<(u64, Arc<T>)>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
