//! Stretches of time and the buckets that they are counted in: hours, days, months of UTC.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span as Distance, Timestamp, ToSpan};

use crate::statistics::Counts;

/// How long a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolution {
    Hour,
    Day,
    Month,
}

impl Resolution {
    /// Its name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// By its name.
    pub(crate) fn named(text: &str) -> Option<Self> {
        [Self::Hour, Self::Day, Self::Month].into_iter().find(|resolution| resolution.as_str() == text)
    }

    /// The beginning of the bucket in which a moment lies.
    pub(crate) fn floor(self, moment: Timestamp) -> Timestamp {
        let civil = moment.to_zoned(TimeZone::UTC).datetime();
        let date = match self {
            Self::Hour | Self::Day => civil.date(),
            Self::Month => civil.date().first_of_month(),
        };
        let hour = if self == Self::Hour { civil.hour() } else { 0 };
        let floored = DateTime::from_parts(date, jiff::civil::Time::midnight()).checked_add(hour.hours());
        floored.and_then(|floored| floored.to_zoned(TimeZone::UTC)).map_or(moment, |zoned| zoned.timestamp())
    }

    /// The beginning of the next bucket.
    fn next(self, beginning: Timestamp) -> Timestamp {
        let one = match self {
            Self::Hour => 1.hour(),
            Self::Day => 1.day(),
            Self::Month => 1.month(),
        };
        moved(beginning, one)
    }
}

/// A moment, moved in UTC.
fn moved(moment: Timestamp, by: Distance) -> Timestamp {
    moment.to_zoned(TimeZone::UTC).checked_add(by).map_or(moment, |zoned| zoned.timestamp())
}

/// `24h`, `7d`, `2m`: a number and the unit that it counts.
pub(crate) fn duration(text: &str) -> Option<(Distance, Resolution)> {
    const MOST: i64 = 100_000;
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok().filter(|number| (1..=MOST).contains(number))?;
    Some(match unit {
        'h' => (number.hours(), Resolution::Hour),
        'd' => (number.days(), Resolution::Day),
        'm' => (i32::try_from(number).ok()?.min(1200).months(), Resolution::Month),
        _ => return None,
    })
}

/// Buckets side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// The beginning of the first.
    pub(crate) start: Timestamp,
    /// The beginning of the last.
    pub(crate) end: Timestamp,
    /// How long each is.
    pub(crate) resolution: Resolution,
}

/// Longest stretch, in days: what is older is not counted any more.
const LONGEST: i64 = 400;

impl Stretch {
    /// From the bucket of `start` to that of `end`, as far as anything is counted.
    pub(crate) fn new(start: Timestamp, end: Timestamp, resolution: Resolution) -> Self {
        let start = start.max(moved(end, -LONGEST.days()));
        Self { start: resolution.floor(start), end: resolution.floor(end), resolution }
    }

    /// The last so many hours, days or months before `end`.
    pub(crate) fn lasting(duration: Distance, end: Timestamp, resolution: Resolution) -> Self {
        Self::new(moved(end, -duration), end, resolution)
    }

    /// Behind the last bucket.
    pub(crate) fn over(&self) -> Timestamp {
        self.resolution.next(self.end)
    }

    /// The beginnings of all buckets.
    pub(crate) fn beginnings(&self) -> impl Iterator<Item = Timestamp> {
        let Self { start, end, resolution } = *self;
        std::iter::successors(Some(start), move |beginning| Some(resolution.next(*beginning)))
            .take_while(move |beginning| *beginning <= end)
    }

    /// Every bucket, those in which nothing happened too, with what was counted in its hours.
    pub(crate) fn buckets(&self, hours: &[(Timestamp, Counts)]) -> BTreeMap<Timestamp, Counts> {
        let mut buckets: BTreeMap<_, _> =
            self.beginnings().map(|beginning| (beginning, Counts::default())).collect();
        for (hour, counts) in hours {
            if let Some(bucket) = buckets.get_mut(&self.resolution.floor(*hour)) {
                bucket.join(counts);
            }
        }
        buckets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn check(stretch: Stretch, first: &str, last: &str, count: usize) {
        let beginnings: Vec<Timestamp> = stretch.beginnings().collect();
        assert_eq!((beginnings[0], beginnings[beginnings.len() - 1]), (at(first), at(last)));
        assert_eq!(beginnings.len(), count);
    }

    #[test]
    fn stretches_have_whole_buckets() {
        let end = at("2026-03-15T09:30:00Z");
        let lasting = |text: &str| {
            let (distance, resolution) = duration(text).unwrap();
            Stretch::lasting(distance, end, resolution)
        };
        check(lasting("7d"), "2026-03-08T00:00:00Z", "2026-03-15T00:00:00Z", 8);
        check(lasting("24h"), "2026-03-14T09:00:00Z", "2026-03-15T09:00:00Z", 25);
        check(lasting("2m"), "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", 3);
        let all = Stretch::new(Timestamp::UNIX_EPOCH, end, Resolution::Day);
        assert_eq!(all.beginnings().count(), 401);
        for text in ["", "d", "0d", "-1d", "7y", "7", "x7d", "日"] {
            assert!(duration(text).is_none(), "{text}");
        }
    }
}
