//! Counting, in memory first: a session costs no write.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use tegami_mail::Domain;
use tegami_report::tls_rpt::Tally;
use tegami_store::{Store, StoreError, Table};

use super::day::{Day, date, key};
use crate::tls_policy::{Observation, Observe};

/// Domains that wait to be written; beyond, further ones are not counted until the next time.
const MOST: usize = 100_000;

/// Counts observations, and writes what it counted when [`Journal::flush`] is called. What was counted since then is lost with the process.
pub struct Journal {
    store: Arc<dyn Store>,
    waiting: Mutex<BTreeMap<(Date, Domain), Tally>>,
}

impl Journal {
    /// Over this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, waiting: Mutex::default() }
    }

    /// Adds what was counted to what is kept. Never two at the same time: what is kept is read and written.
    ///
    /// # Errors
    /// The store could not be read or written; what was counted stays for the next time.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let mut waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let written = self.write(&waiting).await;
        if written.is_err() {
            let mut since = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            for (of, tally) in std::mem::take(&mut *since) {
                waiting.entry(of).or_default().merge(&tally.policies());
            }
            *since = waiting;
        }
        written
    }

    async fn write(&self, waiting: &BTreeMap<(Date, Domain), Tally>) -> Result<(), StoreError> {
        let mut rows = Vec::with_capacity(waiting.len());
        for ((date, domain), tally) in waiting {
            let key = key(*date, domain);
            let row = self.store.get(Table::TlsReports, &key).await?;
            let mut day: Day = row.and_then(|row| serde_json::from_value(row).ok()).unwrap_or_default();
            day.add(tally);
            if let Ok(row) = serde_json::to_value(&day) {
                rows.push((key, row));
            }
        }
        if rows.is_empty() { Ok(()) } else { self.store.put(Table::TlsReports, rows).await }
    }
}

impl Observe for Journal {
    fn observe(&self, observation: Observation) {
        let Observation { at, domain, policy, failure } = observation;
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let of = (date(at), domain);
        if waiting.len() >= MOST && !waiting.contains_key(&of) {
            return;
        }
        let tally = waiting.entry(of).or_default();
        match failure {
            Some(failure) => tally.add_failure(&policy, &failure),
            None => tally.add_success(&policy),
        }
    }
}
