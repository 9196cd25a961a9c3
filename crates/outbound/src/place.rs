//! How many connections one address gets at the same time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places for connections, address by address.
#[derive(Debug)]
pub(crate) struct Places {
    each: usize,
    addresses: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
}

/// The right to one connection; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place(#[allow(dead_code, reason = "held for its Drop")] Option<OwnedSemaphorePermit>);

impl Places {
    pub(crate) fn new(each: usize) -> Self {
        Self { each: each.max(1), addresses: Mutex::default() }
    }

    /// Waits until there is a place for one more connection to `ip`.
    pub(crate) async fn take(&self, ip: IpAddr) -> Place {
        let semaphore = {
            let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever holds or awaits a place holds the semaphore: the others are unused.
            if addresses.len() > 1_000 {
                addresses.retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
            }
            Arc::clone(addresses.entry(ip).or_insert_with(|| Arc::new(Semaphore::new(self.each))))
        };
        // Never closed, so the permit always comes.
        Place(semaphore.acquire_owned().await.ok())
    }
}
