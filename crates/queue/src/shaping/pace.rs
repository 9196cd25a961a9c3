//! So many in such a time, whatever window one looks through.

use std::time::Duration;

use jiff::Timestamp;

/// A rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    /// How many, 1 or more.
    pub(super) count: u32,
    /// In what time.
    pub(super) period: Duration,
}

impl Rate {
    pub(super) const fn per_minute(count: u32) -> Self {
        Self { count, period: Duration::from_secs(60) }
    }

    pub(super) const fn per_hour(count: u32) -> Self {
        Self { count, period: Duration::from_secs(3600) }
    }

    /// So many may go at once after a quiet time: a tenth, so that one message of a small sender does not wait for another.
    fn burst(self) -> i128 {
        i128::from((self.count / 10).max(1))
    }

    /// Nanoseconds between two when the burst is used up, rounded up: with it no window of `period` holds more than `count`.
    fn interval(self) -> i128 {
        let spread = (i128::from(self.count) - self.burst() + 1).max(1);
        let period = i128::try_from(self.period.as_nanos()).unwrap_or(i128::MAX);
        period.saturating_add(spread - 1) / spread
    }
}

/// A token bucket that keeps one moment instead of a level, and so has nothing that could drift (the generic cell rate algorithm).
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    rate: Option<Rate>,
    tuned: bool,
    /// When the bucket is full again, in nanoseconds since 1970.
    full_at: i128,
}

impl Pace {
    /// Goes by another rate from now on. But for the first, the burst of a rate has to be earned, so that no window sees two bursts.
    pub(super) fn retune(&mut self, rate: Option<Rate>, now: Timestamp) {
        if self.tuned && rate == self.rate {
            return;
        }
        if let Some(rate) = rate.filter(|_| self.tuned) {
            let earned = now.as_nanosecond().saturating_add(rate.burst().saturating_mul(rate.interval()));
            self.full_at = self.full_at.max(earned);
        }
        (self.rate, self.tuned) = (rate, true);
    }

    /// When the next one may go; `None` for now.
    pub(super) fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        let rate = self.rate?;
        let ready = self.full_at.saturating_sub((rate.burst() - 1).saturating_mul(rate.interval()));
        if ready <= now.as_nanosecond() {
            return None;
        }
        Some(Timestamp::from_nanosecond(ready).unwrap_or(Timestamp::MAX))
    }

    /// One goes.
    pub(super) fn take(&mut self, now: Timestamp) {
        if let Some(rate) = self.rate {
            self.full_at = self.full_at.max(now.as_nanosecond()).saturating_add(rate.interval());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(nanos: i128) -> Timestamp {
        Timestamp::from_nanosecond(nanos).unwrap()
    }

    #[test]
    fn a_million_messages_do_not_drift() {
        let mut pace = Pace::default();
        let rate = Rate::per_minute(700);
        pace.retune(Some(rate), at(0));
        let mut now = at(0);
        for _ in 0..1_000_000 {
            now = pace.waits_until(now).unwrap_or(now);
            pace.take(now);
        }
        let ideal = (1_000_000 - 70) * 60_000_000_000_i128 / 631;
        assert!((now.as_nanosecond() - ideal).abs() < 2_000_000, "{} ns off", now.as_nanosecond() - ideal);
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_the_limit(
            count in 1..200_u32,
            waits in proptest::collection::vec(0..3_000_000_000_u64, 1..600),
            changes in proptest::collection::vec((0..600_usize, 1..200_u32), 0..4),
        ) {
            let mut pace = Pace::default();
            let full = Rate::per_minute(count);
            pace.retune(Some(full), at(0));
            let mut now = at(0);
            let mut gone: Vec<i128> = Vec::new();
            for (step, wait) in waits.iter().enumerate() {
                now = at(now.as_nanosecond() + i128::from(*wait));
                for (when, lower) in &changes {
                    if *when == step {
                        pace.retune(Some(Rate::per_minute((*lower).min(count))), now);
                    }
                }
                // Eager: everything that may go now, goes.
                while pace.waits_until(now).is_none() {
                    pace.take(now);
                    gone.push(now.as_nanosecond());
                }
            }
            let minute = 60_000_000_000_i128;
            for (first, begin) in gone.iter().enumerate() {
                let within = gone[first..].iter().take_while(|moment| **moment < begin + minute).count();
                prop_assert!(within <= count as usize, "{within} in a minute, {count} allowed");
            }
        }
    }
}
