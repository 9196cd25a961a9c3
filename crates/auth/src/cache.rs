//! Records that were read once, kept as long as their TTL allows.
//!
//! A [`Cache`] is shared by all verifications of a process. It keeps what was *read* of an answer: parsed SPF and DMARC
//! records, public keys, addresses; and for as long as the zone's SOA record says (RFC 2308 section 5), that there is nothing. What failed
//! (SERVFAIL, timeouts, bogus DNSSEC) is never kept.
//!
//! Strangers decide what is asked, so each kind of record has its own bounds, and what nobody asks for a second time is the first
//! to go: a flood of names that are asked once does not drive out what is asked all day.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tegami_dns::{Answer, DnsError, DnsName, Kept, RecordType};

use crate::dkim::key::PublishedKeys;
use crate::records::{Ipv4Addresses, Ipv6Addresses, MxHosts, PtrNames};
use crate::{dmarc, spf};

/// However long a TTL is, a record is asked for again after a day: owners correct their mistakes.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Likewise for what does not exist; RFC 2308 section 5 finds one to three hours to work well.
const LONGEST_VOID: Duration = Duration::from_secs(3 * 60 * 60);

/// What an entry costs beside what was read, in octets.
const OVERHEAD: usize = 256;

/// How much is kept of each kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Names.
    pub entries: usize,
    /// Octets of memory, counted roughly. A single record may have a sixteenth of it.
    pub octets: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { entries: 16_384, octets: 8 << 20 }
    }
}

/// Records of many verifications, all asked of the same resolver: another resolver may know another world. Threads share
/// it behind an [`Arc`]; see [`Records::cached`](crate::Records::cached).
pub struct Cache {
    pub(crate) spf: Shelf<spf::Published>,
    pub(crate) keys: Shelf<PublishedKeys>,
    pub(crate) dmarc: Shelf<dmarc::Published>,
    pub(crate) a: Shelf<Ipv4Addresses>,
    pub(crate) aaaa: Shelf<Ipv6Addresses>,
    pub(crate) mx: Shelf<MxHosts>,
    pub(crate) ptr: Shelf<PtrNames>,
}

impl Cache {
    /// A cache with these bounds for each kind of record.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            spf: Shelf::new(bounds),
            keys: Shelf::new(bounds),
            dmarc: Shelf::new(bounds),
            a: Shelf::new(bounds),
            aaaa: Shelf::new(bounds),
            mx: Shelf::new(bounds),
            ptr: Shelf::new(bounds),
        }
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self::new(Bounds::default())
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

/// What can be read of an answer and kept. Whoever adds a kind gives it a [`Shelf`] in the [`Cache`].
pub(crate) trait Reading: Sized + Send + Sync + 'static {
    /// The type that is asked for.
    const KIND: RecordType;

    /// Reads an answer, whatever is wrong in it.
    fn read(answer: Answer) -> Self;

    /// About how many octets of memory it takes.
    fn octets(&self) -> usize;

    /// Where it is kept.
    fn shelf(cache: &Cache) -> &Shelf<Self>;
}

/// What was read, or that there is nothing: [`DnsError::is_void`].
pub(crate) type Known<T> = Result<Arc<T>, DnsError>;

/// All that is kept of one kind.
pub(crate) struct Shelf<T> {
    bounds: Bounds,
    entries: Mutex<Entries<T>>,
}

struct Entries<T> {
    by_name: HashMap<DnsName, Entry<T>>,
    /// Every name once, the next to go in front.
    order: VecDeque<DnsName>,
    octets: usize,
}

struct Entry<T> {
    known: Known<T>,
    since: Timestamp,
    until: Timestamp,
    octets: usize,
    /// Asked for since it came, or since it was last spared.
    used: bool,
}

impl<T: Reading> Shelf<T> {
    fn new(bounds: Bounds) -> Self {
        let entries = Entries { by_name: HashMap::new(), order: VecDeque::new(), octets: 0 };
        Self { bounds, entries: Mutex::new(entries) }
    }

    /// What is known of a name at this moment. What was learned later than `now` is not known yet.
    pub(crate) fn get(&self, name: &DnsName, now: Timestamp) -> Option<Known<T>> {
        let mut entries = self.entries();
        let entry = entries.by_name.get_mut(name)?;
        if !(entry.since <= now && now < entry.until) {
            return None;
        }
        entry.used = true;
        Some(entry.known.clone())
    }

    /// Reads an answer, and keeps what was read as long as it may be kept.
    pub(crate) fn learn(&self, name: &DnsName, now: Timestamp, kept: Kept) -> Known<T> {
        let longest = if kept.result.is_ok() { LONGEST } else { LONGEST_VOID };
        let known = kept.result.map(|answer| Arc::new(T::read(answer)));
        let may_be_kept = known.as_ref().map_or_else(DnsError::is_void, |_| true);
        if let Ok(until) = now.checked_add(kept.ttl.min(longest))
            && may_be_kept
            && now < until
        {
            let octets = known.as_ref().map_or(0, |read| read.octets()) + name.as_str().len() + OVERHEAD;
            let entry = Entry { known: known.clone(), since: now, until, octets, used: false };
            self.entries().insert(name, entry, self.bounds);
        }
        known
    }

    /// Nothing that happens under the lock can leave the entries half changed, so a thread that died there has done no harm.
    fn entries(&self) -> MutexGuard<'_, Entries<T>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Entries<T> {
    fn insert(&mut self, name: &DnsName, entry: Entry<T>, bounds: Bounds) {
        if entry.octets > bounds.octets / 16 {
            return;
        }
        self.octets += entry.octets;
        match self.by_name.insert(name.clone(), entry) {
            Some(replaced) => self.octets -= replaced.octets,
            None => self.order.push_back(name.clone()),
        }
        while self.by_name.len() > bounds.entries || self.octets > bounds.octets {
            let Some(name) = self.order.pop_front() else { break };
            let used = self.by_name.get_mut(&name).is_some_and(|entry| std::mem::take(&mut entry.used));
            if used {
                // Spared, and to the end of the queue.
                self.order.push_back(name);
            } else if let Some(removed) = self.by_name.remove(&name) {
                self.octets -= removed.octets;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tegami_dns::{Data, Record, Security};

    use super::*;

    const SMALL: Bounds = Bounds { entries: 4, octets: 1 << 20 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn name(text: &str) -> DnsName {
        DnsName::parse(text).unwrap()
    }

    fn answer(seconds: u64) -> Kept {
        let ttl = Duration::from_secs(seconds);
        let record = Record { name: name("example.org"), ttl, data: Data::A([192, 0, 2, 1].into()) };
        let answer = Answer { records: vec![record], aliases: Vec::new(), security: Security::Insecure };
        Kept { result: Ok(answer), ttl }
    }

    fn void(error: DnsError, seconds: u64) -> Kept {
        Kept { result: Err(error), ttl: Duration::from_secs(seconds) }
    }

    /// Learns at second 100; gives whether it is known at each of these seconds.
    fn known(kept: Kept, seconds: &[i64]) -> Vec<bool> {
        let shelf = Shelf::<Ipv4Addresses>::new(SMALL);
        let _ = shelf.learn(&name("example.org"), at(100), kept);
        seconds.iter().map(|second| shelf.get(&name("example.org"), at(*second)).is_some()).collect()
    }

    #[test]
    fn a_record_is_known_for_its_ttl() {
        assert_eq!(known(answer(60), &[99, 100, 159, 160]), [false, true, true, false]);
        assert_eq!(known(answer(0), &[99, 100, 101]), [false, false, false]);
        assert_eq!(known(answer(u64::MAX), &[86_499, 86_500]), [true, false]);
    }

    #[test]
    fn absence_is_known_and_failures_are_not() {
        assert_eq!(known(void(DnsError::NxDomain, 60), &[100, 160]), [true, false]);
        assert_eq!(known(void(DnsError::NoData, 86_400), &[10_899, 10_900]), [true, false]);
        assert_eq!(known(void(DnsError::NxDomain, 0), &[100]), [false]);
        for failure in [DnsError::ServFail, DnsError::Timeout, DnsError::Bogus, DnsError::Refused] {
            assert_eq!(known(void(failure, 60), &[100]), [false]);
        }
    }

    #[test]
    fn names_that_are_asked_once_do_not_drive_out_the_others() {
        let shelf = Shelf::<Ipv4Addresses>::new(SMALL);
        let _ = shelf.learn(&name("daily.example.org"), at(0), answer(3600));
        for flood in 0..1000 {
            assert!(shelf.get(&name("daily.example.org"), at(flood)).is_some());
            let _ = shelf.learn(&name(&format!("{flood}.example.net")), at(flood), answer(3600));
        }
        let entries = shelf.entries();
        assert_eq!((entries.by_name.len(), entries.order.len()), (4, 4));
        assert_eq!(entries.octets, entries.by_name.values().map(|entry| entry.octets).sum::<usize>());
    }

    #[test]
    fn octets_are_bounded_and_no_record_may_have_most_of_them() {
        let shelf = Shelf::<Ipv4Addresses>::new(Bounds { entries: 1000, octets: 10_000 });
        for number in 0..100 {
            let _ = shelf.learn(&name(&format!("{number}.example.net")), at(0), answer(60));
            assert!(shelf.entries().octets <= 10_000);
        }
        let Kept { result: Ok(mut huge), ttl } = answer(60) else { panic!("an answer") };
        huge.records = vec![huge.records[0].clone(); 1000];
        let before = shelf.entries().by_name.len();
        let read = shelf.learn(&name("huge.example.net"), at(0), Kept { result: Ok(huge), ttl }).unwrap();
        assert_eq!(read.0.len(), 1000);
        assert!(shelf.get(&name("huge.example.net"), at(0)).is_none());
        assert_eq!(shelf.entries().by_name.len(), before);
    }
}
