//! Where next hops were seen to lead: the provider, or the organization, of their MX hosts.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::schedule::later;

/// More next hops than this are not kept.
pub(super) const MOST: usize = 50_000;
/// What was seen is believed for so long; every look at the MX records says it anew.
const BELIEVED: Duration = Duration::from_secs(7 * 24 * 3600);
/// Seen again within this time, it need not be written down again.
const FRESH: Duration = Duration::from_secs(24 * 3600);

/// What was seen of one next hop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) place: String,
    pub(super) at: Timestamp,
}

/// The memory.
#[derive(Debug, Default)]
pub(super) struct Hops {
    seen: BTreeMap<String, Seen>,
}

/// What learning changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Learned {
    /// Nothing worth writing down.
    Nothing,
    /// This next hop, and those that had to make room.
    Written(Vec<String>),
}

impl Hops {
    pub(super) fn find(&self, next_hop: &str, now: Timestamp) -> Option<&str> {
        let seen = self.seen.get(next_hop)?;
        (now < later(seen.at, BELIEVED)).then_some(seen.place.as_str())
    }

    pub(super) fn learn(&mut self, next_hop: &str, place: &str, now: Timestamp) -> Learned {
        if let Some(seen) = self.seen.get(next_hop)
            && seen.place == place
            && now < later(seen.at, FRESH)
        {
            return Learned::Nothing;
        }
        let forgotten = if self.seen.len() >= MOST { self.make_room(now) } else { Vec::new() };
        self.seen.insert(next_hop.to_owned(), Seen { place: place.to_owned(), at: now });
        Learned::Written(forgotten)
    }

    /// As it was read from the disk.
    pub(super) fn restore(&mut self, next_hop: String, seen: Seen) {
        if self.seen.len() < MOST {
            self.seen.insert(next_hop, seen);
        }
    }

    pub(super) fn get(&self, next_hop: &str) -> Option<&Seen> {
        self.seen.get(next_hop)
    }

    /// Forgets what is not believed any more, and where that is not enough, the older half.
    fn make_room(&mut self, now: Timestamp) -> Vec<String> {
        let mut limit = now.checked_sub(BELIEVED).unwrap_or(Timestamp::MIN);
        if self.seen.values().filter(|seen| seen.at > limit).count() >= MOST {
            let mut times: Vec<Timestamp> = self.seen.values().map(|seen| seen.at).collect();
            times.sort_unstable();
            limit = times.get(times.len() / 2).copied().unwrap_or(now);
        }
        let old = self.seen.iter().filter(|(_, seen)| seen.at <= limit).map(|(name, _)| name.clone());
        let old: Vec<String> = old.collect();
        for name in &old {
            self.seen.remove(name);
        }
        old
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        later(Timestamp::UNIX_EPOCH, Duration::from_secs(seconds))
    }

    #[test]
    fn believes_a_week_and_writes_once_a_day() {
        let mut hops = Hops::default();
        let google = "google";
        assert_eq!(hops.learn("example.org", google, at(0)), Learned::Written(Vec::new()));
        assert_eq!(hops.learn("example.org", google, at(3600)), Learned::Nothing);
        assert_eq!(hops.find("example.org", at(6 * 86_400)), Some(google));
        assert_eq!(hops.find("example.org", at(7 * 86_400)), None);
        let other = "yahoo";
        assert_eq!(hops.learn("example.org", other, at(3601)), Learned::Written(Vec::new()));
        assert_eq!(hops.find("example.org", at(3602)), Some(other));
    }

    #[test]
    fn memory_is_bounded() {
        let mut hops = Hops::default();
        let google = "google";
        for n in 0..(MOST as u64 + 1_000) {
            hops.learn(&format!("d{n}.example"), google, at(n / 100));
        }
        assert!(hops.seen.len() <= MOST);
        assert!(hops.find("d50500.example", at(600)).is_some(), "what came last is kept");
    }
}
