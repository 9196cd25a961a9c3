//! Hosts that could not be reached a moment ago, shared by all attempts.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// More than this are not kept: the oldest knowledge is worth the least.
const MOST: usize = 10_000;

/// Which addresses failed, and until when that counts.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    failing: Mutex<HashMap<SocketAddr, Instant>>,
}

impl Memory {
    /// The address could not be reached; remembered for `span`.
    pub(crate) fn failed(&self, address: SocketAddr, span: Duration, now: Instant) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if failing.len() >= MOST {
            failing.retain(|_, until| *until > now);
        }
        if failing.len() < MOST {
            failing.insert(address, now + span);
        }
    }

    /// The address answered.
    pub(crate) fn reached(&self, address: SocketAddr) {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).remove(&address);
    }

    /// Whether the address failed a short time ago.
    pub(crate) fn is_failing(&self, address: SocketAddr, now: Instant) -> bool {
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.get(&address).is_some_and(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_after_the_span_and_on_success() {
        let (memory, now) = (Memory::default(), Instant::now());
        let address: SocketAddr = "192.0.2.1:25".parse().unwrap();
        let span = Duration::from_secs(60);
        memory.failed(address, span, now);
        assert!(memory.is_failing(address, now + span / 2));
        assert!(!memory.is_failing(address, now + span));
        memory.reached(address);
        assert!(!memory.is_failing(address, now));
    }
}
