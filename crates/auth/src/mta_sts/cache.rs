//! What to do with what is remembered of a domain and what its TXT record says now (RFC 8461 sections 3.3 and 5.1).

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Policy, PolicyError, Record};

/// A policy as it is remembered: its text, so that what is read later is read by the same rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachedPolicy {
    /// The identifier of the record that announced it.
    pub id: String,
    /// The text as it was served.
    pub text: String,
    /// When it was fetched.
    pub fetched_at: Timestamp,
}

/// A policy that is kept longer than this without having been asked for again is refreshed ahead of its end (RFC 8461 section 3.3: once a day).
const REFRESH: Duration = Duration::from_secs(24 * 3600);

impl CachedPolicy {
    /// The policy.
    ///
    /// # Errors
    /// As [`Policy::parse`].
    pub fn policy(&self) -> Result<Policy, PolicyError> {
        Policy::parse(self.text.as_bytes())
    }

    /// Whether it still holds at `now`: not longer than its `max_age` since it was fetched.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        let age = Duration::try_from(now.duration_since(self.fetched_at));
        // A clock that went back makes nothing older.
        self.policy().is_ok_and(|policy| age.is_ok_and(|age| age < policy.max_age) || now < self.fetched_at)
    }

    /// Whether it is old enough to be fetched again although its identifier is the same.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        Duration::try_from(now.duration_since(self.fetched_at)).is_ok_and(|age| age >= REFRESH)
    }
}

/// What follows from the record and what is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// No policy: the domain announces none and none is remembered.
    Nothing,
    /// The remembered policy holds.
    Use,
    /// The announced policy has to be fetched. Where that fails, the remembered one holds, if there is one.
    Fetch,
}

/// What to do. A record that is missing or malformed, and a DNS that does not answer, take nothing away from a policy that was fetched before and
/// still holds: else who can suppress an answer could suppress the policy (RFC 8461 section 3.1).
pub fn next(announced: Option<&Record>, cached: Option<&CachedPolicy>, now: Timestamp) -> Next {
    let cached = cached.filter(|cached| cached.is_valid(now));
    match (announced, cached) {
        (None, None) => Next::Nothing,
        (Some(record), Some(cached)) if cached.id == record.id() => Next::Use,
        (None, Some(_)) => Next::Use,
        (Some(_), _) => Next::Fetch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_policy_holds_until_it_is_too_old_or_another_is_announced() {
        let cached = CachedPolicy {
            id: "one".to_owned(),
            text: "version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 100\n".to_owned(),
            fetched_at: at(1_000),
        };
        let record = |id: &str| Record::parse(format!("v=STSv1; id={id}").as_bytes()).unwrap();
        let (one, two) = (record("one"), record("two"));
        assert_eq!(next(Some(&one), Some(&cached), at(1_099)), Next::Use);
        assert_eq!(next(Some(&one), Some(&cached), at(1_100)), Next::Fetch);
        assert_eq!(next(Some(&two), Some(&cached), at(1_001)), Next::Fetch);
        assert_eq!(next(None, Some(&cached), at(1_099)), Next::Use);
        assert_eq!(next(None, Some(&cached), at(1_100)), Next::Nothing);
        assert_eq!(next(None, None, at(0)), Next::Nothing);
        assert_eq!(next(Some(&one), None, at(0)), Next::Fetch);
        assert!(cached.is_valid(at(0)), "the clock went back");
        assert!(!cached.is_stale(at(1_000 + 86_399)) && cached.is_stale(at(1_000 + 86_400)));
        assert!(!CachedPolicy { text: "nonsense".to_owned(), ..cached }.is_valid(at(1_001)));
    }
}
