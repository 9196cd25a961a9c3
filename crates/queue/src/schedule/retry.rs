//! How long and how often delivery is tried.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tegami_store::{Facts, Priority, QueueId, QueueRow, RowId};

use super::later;
use crate::gate::Gate;

/// How long and how often delivery is tried (RFC 5321 section 4.5.4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Waiting times after the first, second … failed attempt; the last one repeats. The first is short because most transient
    /// failures are: a restarted host, a greylisting server, which wants five minutes and is met by the first two together.
    pub delays: Vec<Duration>,
    /// So long after acceptance, or after the later moment that was asked for, delivery is given up: four to five days by the RFC.
    pub lifetime: Duration,
    /// So long after that moment the sender is told once that the message is late (RFC 3461 section 4.1, DELAY); `None` for never.
    pub warn_after: Option<Duration>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        Self {
            delays: [1, 5, 15, 30, 60, 120, 240].map(minutes).to_vec(),
            lifetime: minutes(5 * 24 * 60),
            warn_after: Some(minutes(240)),
        }
    }
}

impl RetryPolicy {
    /// When delivery is given up of what was first due at `released_at`.
    pub fn expires(&self, released_at: Timestamp) -> Timestamp {
        later(released_at, self.lifetime)
    }

    /// The next attempt after `attempts` failed ones, or `None` when it is time to give up. The last attempt is made at the
    /// moment of expiry. Up to a tenth is added, drawn from the message's identifier and not from the recipient's place, so that messages
    /// deferred together come apart while the recipients of one message stay in one transaction.
    pub fn next_attempt(
        &self,
        row: RowId,
        attempts: u32,
        now: Timestamp,
        expires: Timestamp,
    ) -> Option<Timestamp> {
        next_attempt(&self.delays, row, attempts, now, expires)
    }

    /// Whether an attempt that begins at `now` and fails is late enough for a warning.
    pub fn is_late(&self, released_at: Timestamp, now: Timestamp) -> bool {
        self.warn_after.is_some_and(|delay| now >= later(released_at, delay))
    }
}

fn next_attempt(
    delays: &[Duration],
    row: RowId,
    attempts: u32,
    now: Timestamp,
    expires: Timestamp,
) -> Option<Timestamp> {
    if now >= expires {
        return None;
    }
    let last = delays.len().saturating_sub(1);
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(last).min(last);
    let delay = delays.get(place).copied().unwrap_or(Duration::from_secs(3600));
    let jitter = delay.mul_f64(0.1 * chance(row.message, attempts));
    Some(later(now, delay.saturating_add(jitter)).min(expires))
}

/// Retry policies: the usual one, and what differs for some mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retries {
    /// Where no rule says otherwise. Warnings always go by it.
    pub usual: RetryPolicy,
    /// The first that fits counts.
    pub rules: Vec<RetryRule>,
}

/// How some mail is tried. It fits when all of what it names does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetryRule {
    /// Recipients' domains in lower case; with a leading dot also those below it. Empty for all.
    pub domains: Vec<String>,
    /// Where the next hop leads: providers, or organizations of MX hosts. Empty for all.
    pub providers: Vec<String>,
    /// Accounts. Empty for all.
    pub accounts: Vec<String>,
    /// Priorities. Empty for all.
    pub priorities: Vec<Priority>,
    /// Waiting times; `None` for the usual ones.
    pub delays: Option<Vec<Duration>>,
    /// When delivery is given up; `None` for the usual time.
    pub lifetime: Option<Duration>,
}

impl From<RetryPolicy> for Retries {
    fn from(usual: RetryPolicy) -> Self {
        Self { usual, rules: Vec::new() }
    }
}

impl Retries {
    /// When delivery of what is due at `due` is given up.
    pub fn expires(&self, domain: &str, facts: &Facts, gate: &dyn Gate, due: Timestamp) -> Timestamp {
        let rule = self.rule(domain, facts, || gate.place(domain)).and_then(|rule| rule.lifetime);
        later(due, rule.unwrap_or(self.usual.lifetime))
    }

    /// See [`RetryPolicy::next_attempt`]. `gate` knows where next hops lead.
    pub fn next_attempt(
        &self,
        row: &QueueRow,
        attempts: u32,
        gate: &dyn Gate,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let domain = row.path.address.host().to_string();
        let rule = self.rule(&domain, &row.facts, || gate.place(&domain));
        let delays = rule.and_then(|rule| rule.delays.as_deref()).unwrap_or(&self.usual.delays);
        next_attempt(delays, row.id, attempts, now, row.expires)
    }

    /// See [`RetryPolicy::is_late`].
    pub fn is_late(&self, released_at: Timestamp, now: Timestamp) -> bool {
        self.usual.is_late(released_at, now)
    }

    fn rule(&self, domain: &str, facts: &Facts, place: impl Fn() -> Arc<str>) -> Option<&RetryRule> {
        self.rules.iter().find(|rule| rule.fits(domain, facts, &place))
    }
}

impl RetryRule {
    fn fits(&self, domain: &str, facts: &Facts, place: impl FnOnce() -> Arc<str>) -> bool {
        let below = |known: &str| {
            domain == known.trim_start_matches('.') || (known.starts_with('.') && domain.ends_with(known))
        };
        (self.domains.is_empty() || self.domains.iter().any(|known| below(known)))
            && (self.accounts.is_empty()
                || facts.account.as_ref().is_some_and(|account| self.accounts.contains(account)))
            && (self.priorities.is_empty() || self.priorities.contains(&facts.priority))
            && (self.providers.is_empty() || {
                let place = place();
                self.providers.iter().any(|known| **known == *place)
            })
    }
}

/// A number from 0 to 1 that is always the same for a message and attempt (the finaliser of splitmix64).
fn chance(message: QueueId, attempts: u32) -> f64 {
    let [.., a, b, c, d, e, f, g, h] = message.to_bytes();
    let mut bits = u64::from_be_bytes([a, b, c, d, e, f, g, h]) ^ (u64::from(attempts) << 32);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let high = u32::try_from((bits ^ (bits >> 31)) >> 32).unwrap_or_default();
    f64::from(high) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;
    use crate::gate::Open;
    use crate::shaping::Shaping;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn at(seconds: u64) -> Timestamp {
        later(START, Duration::from_secs(seconds))
    }

    #[test]
    fn five_days_of_retries() {
        let policy = RetryPolicy::default();
        let row = RowId { message: QueueId::from_bits(1), recipient: 0 };
        let expires = policy.expires(START);
        let (mut now, mut attempts, mut waits) = (START, 0, Vec::new());
        loop {
            attempts += 1;
            let Some(next) = policy.next_attempt(row, attempts, now, expires) else { break };
            waits.push((next.duration_since(now).as_secs() / 60).to_string());
            now = next;
        }
        assert_eq!(now, expires, "the last attempt is made at the moment of expiry");
        expect!["35 attempts, minutes between them: 1 5 15 31 63 130 254 244 240 245 262 262 254 263 256 246 244 252 245 257 257 248 248 257 258 240 250 250 263 256 261 251 247 129"]
            .assert_eq(&format!("{attempts} attempts, minutes between them: {}", waits.join(" ")));
    }

    #[test]
    fn a_warning_is_due_after_four_hours() {
        let policy = RetryPolicy::default();
        assert!(!policy.is_late(START, at(4 * 3600 - 1)));
        assert!(policy.is_late(START, at(4 * 3600)));
        assert!(!RetryPolicy { warn_after: None, ..policy }.is_late(START, Timestamp::MAX));
    }

    #[test]
    fn the_first_rule_that_fits_counts() {
        let hour = Duration::from_secs(3600);
        let rules = vec![
            RetryRule {
                domains: vec!["docomo.test".into(), ".slow.test".into()],
                delays: Some(vec![hour]),
                ..RetryRule::default()
            },
            RetryRule {
                accounts: vec!["login".into()],
                priorities: vec![Priority::Transactional],
                lifetime: Some(hour),
                ..RetryRule::default()
            },
            RetryRule {
                providers: vec!["microsoft365".into()],
                delays: Some(vec![2 * hour]),
                ..RetryRule::default()
            },
        ];
        let gate = Shaping::default();
        gate.learn("customer.test", "customer-test.mail.protection.outlook.com", START);
        let retries = Retries { usual: RetryPolicy::default(), rules };
        let facts =
            |priority, account: &str| Facts { priority, account: Some(account.into()), ..Facts::default() };
        let code = facts(Priority::Transactional, "login");
        let days = later(START, retries.usual.lifetime);
        assert_eq!(retries.expires("example.net", &code, &Open, START), at(3600));
        assert_eq!(retries.expires("docomo.test", &code, &Open, START), days, "the first rule counts");
        assert_eq!(retries.expires("example.net", &facts(Priority::Normal, "login"), &Open, START), days);
        assert_eq!(
            retries.expires("example.net", &facts(Priority::Transactional, "shop"), &Open, START),
            days
        );
        let wait = |domain: &str| {
            let row = QueueRow {
                id: RowId { message: QueueId::from_bits(1), recipient: 0 },
                path: tegami_mail::Address::parse(&format!("a@{domain}")).unwrap().into(),
                next_hop: domain.to_owned(),
                state: tegami_store::RecipientState::Queued,
                due: START,
                expires: days,
                accepted_at: START,
                attempts: 0,
                last_status: None,
                hold_reason: None,
                facts: std::sync::Arc::default(),
            };
            retries.next_attempt(&row, 1, &gate, START).unwrap().as_second() / 60
        };
        assert_eq!([wait("mx.slow.test"), wait("slow.test"), wait("notslow.test")], [60, 60, 1]);
        assert_eq!(wait("customer.test"), 120, "its hosts are a provider's");
    }

    proptest! {
        #[test]
        fn retries_go_forward_and_end(message: u128, attempts in 1..10_000_u32, seconds in 0..600_000_u64) {
            let policy = RetryPolicy::default();
            let id = RowId { message: QueueId::from_bits(message), recipient: 0 };
            let expires = policy.expires(START);
            match policy.next_attempt(id, attempts, at(seconds), expires) {
                Some(next) => prop_assert!(next > at(seconds) && next <= expires),
                None => prop_assert!(at(seconds) >= expires),
            }
        }
    }
}
