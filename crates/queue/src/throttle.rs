//! Brakes against guessing passwords: growing delays, then a ban, per network and account.
//!
//! A value without a clock: every call is told the time. A network is an IPv4 address or an IPv6 /64, the smallest unit that
//! one subscriber is given. An account that is attacked from many networks is not locked, because that would let strangers lock people out.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use jiff::Timestamp;

use crate::schedule::later;

/// When delays and bans begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottlePolicy {
    /// So many failures are answered without delay; the next one waits a second, then two, four …
    pub free_failures: u32,
    /// The longest delay.
    pub longest_delay: Duration,
    /// So many failures of one network on one account bring a ban of that pair.
    pub pair_failures: u32,
    /// So many failures of one network on whatever accounts bring a ban of the network.
    pub network_failures: u32,
    /// How long a ban lasts, and how long failures are remembered.
    pub memory: Duration,
}

impl Default for ThrottlePolicy {
    fn default() -> Self {
        Self {
            free_failures: 2,
            longest_delay: Duration::from_secs(30),
            pair_failures: 10,
            network_failures: 40,
            memory: Duration::from_secs(15 * 60),
        }
    }
}

/// What to do with somebody who wants to authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Look at the password now.
    Admit,
    /// Wait so long, then look at the password.
    Delay(Duration),
    /// Refuse without looking (421 4.7.0, HTTP 429) until then.
    Banned(Timestamp),
}

/// The memory of failures.
#[derive(Debug)]
pub struct Throttle {
    policy: ThrottlePolicy,
    failures: BTreeMap<Key, Failures>,
}

/// A network, and the account or (`None`) all accounts.
type Key = (IpAddr, Option<String>);

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Timestamp,
}

/// More pairs than this are not remembered: a flood from many networks must not eat the memory.
const MOST: usize = 20_000;

impl Throttle {
    /// Without any failures.
    pub fn new(policy: ThrottlePolicy) -> Self {
        Self { policy, failures: BTreeMap::new() }
    }

    /// Whether this network may try this account now.
    pub fn admit(&self, ip: IpAddr, account: &str, now: Timestamp) -> Admission {
        let network = network(ip);
        let pair = self.recent(&(network, Some(account.to_owned())), now);
        let whole = self.recent(&(network, None), now);
        for (failures, limit) in [(pair, self.policy.pair_failures), (whole, self.policy.network_failures)] {
            if let Some(failures) = failures.filter(|failures| failures.count >= limit) {
                return Admission::Banned(later(failures.last, self.policy.memory));
            }
        }
        let count = pair.map_or(0, |failures| failures.count);
        match count.checked_sub(self.policy.free_failures.saturating_add(1)) {
            None => Admission::Admit,
            Some(doublings) => {
                let delay = Duration::from_secs(1_u64.checked_shl(doublings.min(32)).unwrap_or(u64::MAX));
                Admission::Delay(delay.min(self.policy.longest_delay))
            }
        }
    }

    /// A password was wrong. Tells whether this failure brought a ban, so that one event can be written for it.
    pub fn failed(&mut self, ip: IpAddr, account: &str, now: Timestamp) -> Option<Timestamp> {
        let network = network(ip);
        if self.failures.len() >= MOST {
            self.forget(now);
        }
        let mut ban = None;
        let keys = [
            ((network, Some(account.to_owned())), self.policy.pair_failures),
            ((network, None), self.policy.network_failures),
        ];
        for (key, limit) in keys {
            let count = self.recent(&key, now).map_or(0, |failures| failures.count).saturating_add(1);
            if count == limit {
                ban = Some(later(now, self.policy.memory));
            }
            self.failures.insert(key, Failures { count, last: now });
        }
        ban
    }

    /// A password was right: the pair begins anew. The network's count stays, or one known password would let a
    /// guesser try others for ever.
    pub fn succeeded(&mut self, ip: IpAddr, account: &str) {
        self.failures.remove(&(network(ip), Some(account.to_owned())));
    }

    fn recent(&self, key: &Key, now: Timestamp) -> Option<Failures> {
        self.failures.get(key).copied().filter(|failures| now < later(failures.last, self.policy.memory))
    }

    /// Drops what is too old, and where that is not enough, the older half.
    fn forget(&mut self, now: Timestamp) {
        let memory = self.policy.memory;
        self.failures.retain(|_, failures| now < later(failures.last, memory));
        if self.failures.len() >= MOST {
            let mut times: Vec<Timestamp> = self.failures.values().map(|failures| failures.last).collect();
            times.sort_unstable();
            let middle = times.get(times.len() / 2).copied().unwrap_or(now);
            self.failures.retain(|_, failures| failures.last > middle);
        }
    }
}

/// The unit that one subscriber is given: an IPv4 address, or an IPv6 /64.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
        ip @ IpAddr::V4(_) => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn at(seconds: u64) -> Timestamp {
        later(START, Duration::from_secs(seconds))
    }

    #[test]
    fn delays_grow_and_end_in_a_ban() {
        let mut throttle = Throttle::new(ThrottlePolicy::default());
        let ip = "192.0.2.1".parse().unwrap();
        let mut seen = Vec::new();
        for _ in 0..10 {
            seen.push(throttle.admit(ip, "shop", START));
            throttle.failed(ip, "shop", START);
        }
        let wait = |seconds| Admission::Delay(Duration::from_secs(seconds));
        let expected = [Admission::Admit; 3].into_iter().chain([1, 2, 4, 8, 16, 30, 30].map(wait));
        assert_eq!(seen, expected.collect::<Vec<_>>());
        assert_eq!(throttle.admit(ip, "shop", START), Admission::Banned(at(900)));
        assert_eq!(throttle.admit(ip, "other", START), Admission::Admit);
        assert_eq!(throttle.admit(ip, "shop", at(900)), Admission::Admit);
    }

    #[test]
    fn a_success_begins_anew_and_a_whole_network_is_banned_for_spraying() {
        let mut throttle = Throttle::new(ThrottlePolicy::default());
        let first = "2001:db8::1".parse().unwrap();
        let second = "2001:db8::ffff".parse().unwrap();
        throttle.failed(first, "shop", START);
        throttle.succeeded(first, "shop");
        let bans = (1..40).filter_map(|n| throttle.failed(second, &format!("user{n}"), START)).count();
        assert_eq!(bans, 1);
        assert_eq!(throttle.admit(first, "shop", START), Admission::Banned(at(900)));
    }

    #[test]
    fn memory_is_bounded() {
        let mut throttle = Throttle::new(ThrottlePolicy::default());
        for n in 0..30_000_u32 {
            throttle.failed(IpAddr::V4(n.into()), "shop", at(u64::from(n / 100)));
        }
        assert!(throttle.failures.len() <= MOST + 2);
    }
}
