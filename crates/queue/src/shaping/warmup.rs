//! Making a new address known: so many messages a day to each provider, more every day.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// The default plan, messages a day to each provider: half as much again every day at first, then a third, until a provider has
/// seen the address for four weeks. The days of a plan are UTC days.
pub const DEFAULT_DAYS: [u32; 28] = [
    50, 75, 100, 150, 225, 340, 500, 700, 950, 1_250, 1_650, 2_200, 2_900, 3_900, 5_200, 6_900, 9_200,
    12_000, 16_000, 21_000, 28_000, 37_000, 50_000, 66_000, 88_000, 117_000, 156_000, 208_000,
];

/// How a source becomes known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarmUp {
    /// The first day, UTC.
    pub start: Date,
    /// Messages on the first, second … day, to each provider; after the last day nothing limits.
    pub days: Vec<u32>,
    /// Other days for some providers.
    pub providers: Vec<(String, Vec<u32>)>,
    /// What happens to the rest.
    pub overflow: Overflow,
}

/// What happens to mail for which the day has no room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// It waits for the next day.
    Later,
    /// It goes from this source.
    Source(String),
    /// It goes through this smarthost.
    Relay {
        /** What the settings call it. */
        name: String,
        /** Its host. */
        host: String,
    },
}

impl Overflow {
    /// As the settings say it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Later => "later",
            Self::Source(name) | Self::Relay { name, .. } => name,
        }
    }
}

impl WarmUp {
    /// How many messages the day of `now` has room for; `None` when the plan is over. Before it begins nothing goes.
    pub fn allowance(&self, provider: &str, now: Timestamp) -> Option<u32> {
        let days =
            self.providers.iter().find(|(name, _)| name == provider).map_or(&self.days, |(_, days)| days);
        match day_number(self.start, now) {
            Some(day) => days.get(day).copied(),
            None => Some(0),
        }
    }

    /// Which day of the plan it is, from 1; `None` before it begins.
    pub fn day(&self, now: Timestamp) -> Option<usize> {
        day_number(self.start, now).map(|day| day + 1)
    }
}

fn day_number(start: Date, now: Timestamp) -> Option<usize> {
    let days = day_of(now).duration_since(start).as_hours() / 24;
    usize::try_from(days).ok()
}

/// The UTC day of a moment.
pub(super) fn day_of(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

/// When the next UTC day begins.
pub(super) fn next_day(now: Timestamp) -> Timestamp {
    let tomorrow = day_of(now).tomorrow().ok().and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    tomorrow.map_or(Timestamp::MAX, |day| day.timestamp())
}

/// What has gone on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Gone {
    /// The UTC day.
    pub(super) day: Date,
    /// Messages.
    pub(super) messages: u32,
}

impl Gone {
    /// How many have gone on the day of `now`.
    pub(super) fn today(gone: Option<Self>, now: Timestamp) -> u32 {
        gone.filter(|gone| gone.day == day_of(now)).map_or(0, |gone| gone.messages)
    }

    /// One fewer: it did not go after all.
    pub(super) fn take_back(gone: Option<Self>, now: Timestamp) -> Option<Self> {
        gone.map(|gone| Self {
            messages: gone.messages.saturating_sub(u32::from(gone.day == day_of(now))),
            ..gone
        })
    }

    /// One more.
    pub(super) fn add(gone: Option<Self>, now: Timestamp) -> Self {
        Self { day: day_of(now), messages: Self::today(gone, now).saturating_add(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_in_utc() {
        let plan = WarmUp {
            start: jiff::civil::date(2026, 11, 20),
            days: vec![10, 20],
            providers: vec![("google".into(), vec![5])],
            overflow: Overflow::Later,
        };
        for (now, day, others, google) in [
            ("2026-11-19T23:59:59Z", None, Some(0), Some(0)),
            ("2026-11-20T00:00:00Z", Some(1), Some(10), Some(5)),
            ("2026-11-21T08:59:59+09:00", Some(1), Some(10), Some(5)),
            ("2026-11-21T00:00:00Z", Some(2), Some(20), None),
            ("2026-11-22T00:00:00Z", Some(3), None, None),
        ] {
            let now = now.parse().unwrap();
            assert_eq!(plan.day(now), day, "{now}");
            assert_eq!(plan.allowance("yahoo", now), others, "{now}");
            assert_eq!(plan.allowance("google", now), google, "{now}");
        }
        assert_eq!(
            next_day("2026-12-31T23:00:00Z".parse().unwrap()),
            "2027-01-01T00:00:00Z".parse().unwrap()
        );
    }

    #[test]
    fn the_default_plan_never_doubles() {
        for (before, after) in DEFAULT_DAYS.iter().zip(&DEFAULT_DAYS[1..]) {
            assert!(after > before && *after < 2 * before, "{before} {after}");
        }
    }

    #[test]
    fn a_new_day_begins_at_nothing() {
        let evening: Timestamp = "2026-11-20T23:59:00Z".parse().unwrap();
        let gone = Gone::add(Some(Gone::add(None, evening)), evening);
        assert_eq!(Gone::today(Some(gone), evening), 2);
        assert_eq!(Gone::today(Some(gone), "2026-11-21T00:00:00Z".parse().unwrap()), 0);
    }
}
