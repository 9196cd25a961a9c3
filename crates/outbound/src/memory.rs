//! Hosts that could not be reached a moment ago, shared by all attempts: the next message does not wait for the same silence again.
//!
//! An address that failed rests for a while, twice as long after each further failure. When the while is over, one attempt may ask it again;
//! the others take it as resting until that one knows more. An address that answers is forgotten.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tegami_mail::{Note, StoredNote};

/// More than this are not kept: the oldest knowledge is worth the least.
const MOST: usize = 10_000;

/// How often the rest is doubled: of one minute it makes sixteen.
const DOUBLINGS: u32 = 4;

/// What is known of the addresses that failed.
#[derive(Debug)]
pub(crate) struct Memory {
    /// The rest after the first failure; zero remembers nothing.
    span: Duration,
    failing: Mutex<HashMap<SocketAddr, Failing>>,
}

#[derive(Clone, Debug)]
struct Failing {
    failures: u32,
    until: Instant,
    /// Somebody is finding out whether it has recovered, and has until then.
    probe: Option<Instant>,
    why: StoredNote,
}

/// What is remembered of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// How often it could not be reached, one time after the other.
    pub failures: u32,
    /// How long it rests yet; zero where the next attempt asks it again.
    pub rests: Duration,
    /// Why it could not be reached the last time.
    pub why: StoredNote,
}

impl Memory {
    pub(crate) fn new(span: Duration) -> Self {
        Self { span, failing: Mutex::default() }
    }

    /// The address could not be reached.
    pub(crate) fn failed(&self, address: SocketAddr, why: &Note, now: Instant) {
        if self.span.is_zero() {
            return;
        }
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let longest = self.span.saturating_mul(1 << DOUBLINGS);
        // What nobody asked about for so long says nothing about today.
        if failing.get(&address).is_some_and(|known| known.until + longest < now) {
            failing.remove(&address);
        }
        let failures = failing.get(&address).map_or(0, |known| known.failures);
        // Attempts that had begun before the first of them failed are one failure, not many.
        let fresh = failing.get(&address).is_none_or(|known| known.until <= now);
        let failures = if fresh { failures.saturating_add(1) } else { failures };
        if failing.len() >= MOST && !failing.contains_key(&address) {
            forget(&mut failing, now);
        }
        let rest = self.span.saturating_mul(1 << failures.saturating_sub(1).min(DOUBLINGS));
        let until = failing.get(&address).filter(|_| !fresh).map_or(now + rest, |known| known.until);
        failing.insert(address, Failing { failures, until, probe: None, why: why.clone().into() });
    }

    /// The address answered.
    pub(crate) fn reached(&self, address: SocketAddr) {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).remove(&address);
    }

    /// Whoever was let through did not go: the next one finds out.
    pub(crate) fn passed(&self, address: SocketAddr) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = failing.get_mut(&address) {
            known.probe = None;
        }
    }

    /// Whether a connection may be tried now. Whoever is let through to an address that failed is the one that finds out about it, and has
    /// `patience` to say [`Memory::failed`] or [`Memory::reached`].
    ///
    /// # Errors
    /// What is remembered: the address rests.
    pub(crate) fn admit(
        &self,
        address: SocketAddr,
        patience: Duration,
        now: Instant,
    ) -> Result<(), Remembered> {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = failing.get_mut(&address) else { return Ok(()) };
        if known.until > now || known.probe.is_some_and(|until| until > now) {
            return Err(known.remembered(now));
        }
        known.probe = Some(now + patience);
        Ok(())
    }

    /// What is remembered of an address; `None` where it did not fail.
    pub(crate) fn of(&self, address: SocketAddr, now: Instant) -> Option<Remembered> {
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.get(&address).map(|known| known.remembered(now))
    }
}

impl Failing {
    fn remembered(&self, now: Instant) -> Remembered {
        let until = self.probe.map_or(self.until, |probe| probe.max(self.until));
        let rests = until.saturating_duration_since(now);
        Remembered { failures: self.failures, rests, why: self.why.clone() }
    }
}

/// Makes room: what rests no longer goes first, then whatever ends soonest.
fn forget(failing: &mut HashMap<SocketAddr, Failing>, now: Instant) {
    failing.retain(|_, known| known.until > now);
    if failing.len() >= MOST {
        let soonest = failing.iter().min_by_key(|(_, known)| known.until).map(|(address, _)| *address);
        soonest.and_then(|address| failing.remove(&address));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tegami_mail::note;

    const MINUTE: Duration = Duration::from_secs(60);
    const PATIENCE: Duration = Duration::from_secs(30);

    fn address(last: u32) -> SocketAddr {
        (std::net::Ipv4Addr::from(0xc000_0200 + last), 25).into()
    }

    fn why() -> Note {
        note!("outbound-connect-refused")
    }

    #[test]
    fn rests_longer_each_time_and_forgets_on_success() {
        let (memory, start) = (Memory::new(MINUTE), Instant::now());
        let (address, mut now) = (address(1), start);
        for minutes in [1, 2, 4, 8, 16, 16] {
            assert!(memory.admit(address, PATIENCE, now).is_ok());
            memory.failed(address, &why(), now);
            let rest = MINUTE * minutes;
            assert_eq!(memory.of(address, now).unwrap().rests, rest);
            assert!(memory.admit(address, PATIENCE, now + rest - PATIENCE).is_err());
            now += rest;
        }
        assert_eq!(memory.of(address, now).unwrap().failures, 6);
        memory.reached(address);
        assert_eq!(memory.of(address, now), None);
        assert!(memory.admit(address, PATIENCE, now).is_ok());
    }

    #[test]
    fn one_asks_again_while_the_others_wait() {
        let (memory, start) = (Memory::new(MINUTE), Instant::now());
        memory.failed(address(1), &why(), start);
        let later = start + MINUTE;
        assert!(memory.admit(address(1), PATIENCE, later).is_ok());
        assert_eq!(memory.admit(address(1), PATIENCE, later).unwrap_err().rests, PATIENCE);
        // Whoever was let through is gone without a word: the next one may.
        assert!(memory.admit(address(1), PATIENCE, later + PATIENCE).is_ok());
    }

    #[test]
    fn many_at_the_same_time_are_one_failure() {
        let (memory, start) = (Memory::new(MINUTE), Instant::now());
        for _ in 0..5 {
            memory.failed(address(1), &why(), start);
        }
        assert_eq!(memory.of(address(1), start).unwrap().failures, 1);
    }

    #[test]
    fn is_bounded_and_may_be_off() {
        let (memory, start) = (Memory::new(MINUTE), Instant::now());
        let most = u32::try_from(MOST).unwrap();
        for last in 0..=most {
            memory.failed(address(last), &why(), start + Duration::from_millis(u64::from(last)));
        }
        assert_eq!(memory.failing.lock().unwrap().len(), MOST);
        assert_eq!(memory.of(address(0), start), None);
        assert!(memory.of(address(most), start).is_some());
        let memory = Memory::new(Duration::ZERO);
        memory.failed(address(1), &why(), start);
        assert_eq!(memory.of(address(1), start), None);
    }
}
