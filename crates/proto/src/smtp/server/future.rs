//! Future release: what the server allows, and what a client asks for (RFC 4865).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::command::Fault;

/// The most that nine digits can say (RFC 4865 section 4).
const MAX_SECONDS: u64 = 999_999_999;
/// `full-date "T" time-hour ":" time-minute ":" time-second` of RFC 3339 section 5.6, a digit as `0`.
const DATE_AND_TIME: &str = "0000-00-00T00:00:00";
/// `time-numoffset` of RFC 3339 section 5.6, its sign left out.
const OFFSET: &str = "00:00";

const MALFORMED: Fault = Fault::new(501, (5, 5, 4), "HOLDFOR is seconds, HOLDUNTIL a date-time of RFC 3339");
const TOO_FAR: Fault = Fault::new(501, (5, 5, 4), "the release is further ahead than FUTURERELEASE allows");

/// How far ahead a message may be released, as EHLO announces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FutureRelease {
    seconds: u64,
    latest: Timestamp,
}

impl FutureRelease {
    /// As far as `ahead` of `now`, in whole seconds. `None` where that is less than one second: then there is nothing to offer.
    pub fn new(now: Timestamp, ahead: Duration) -> Option<Self> {
        let seconds = ahead.as_secs().min(MAX_SECONDS);
        let span = SignedDuration::from_secs(i64::try_from(seconds).ok().filter(|seconds| *seconds > 0)?);
        let latest = Timestamp::from_second(now.checked_add(span).ok()?.as_second()).ok()?;
        Some(Self { seconds, latest })
    }

    /// The line of EHLO.
    pub(super) fn line(&self) -> String {
        format!("FUTURERELEASE {} {:.0}", self.seconds, self.latest)
    }

    /// Reads HOLDFOR=.
    pub(super) fn hold_for(&self, value: Option<&str>) -> Result<Hold, Fault> {
        let seconds = value.and_then(seconds).ok_or(MALFORMED)?;
        if seconds > self.seconds {
            return Err(TOO_FAR);
        }
        Ok(Hold::For(Duration::from_secs(seconds)))
    }

    /// Reads HOLDUNTIL=. A moment that is past is no fault: such a message is released at once.
    pub(super) fn hold_until(&self, value: Option<&str>) -> Result<Hold, Fault> {
        let moment = value.and_then(date_time).ok_or(MALFORMED)?;
        if moment > self.latest {
            return Err(TOO_FAR);
        }
        Ok(Hold::Until(moment))
    }
}

/// When a client wants its message released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// So long after it was accepted: HOLDFOR.
    For(Duration),
    /// Not before this moment: HOLDUNTIL.
    Until(Timestamp),
}

/// One to nine digits, the first of them no zero.
fn seconds(value: &str) -> Option<u64> {
    let digits = value.len() <= 9 && value.bytes().all(|octet| octet.is_ascii_digit());
    value.parse().ok().filter(|_| digits && !value.starts_with('0'))
}

/// `date-time` of RFC 3339 section 5.6. The form is looked at first: other forms of ISO 8601 are not meant.
fn date_time(value: &str) -> Option<Timestamp> {
    let (date_and_time, rest) = value.split_at_checked(DATE_AND_TIME.len())?;
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            let offset = fraction.trim_start_matches(|digit: char| digit.is_ascii_digit());
            (offset.len() < fraction.len()).then_some(offset)?
        }
        None => rest,
    };
    let offset = rest.eq_ignore_ascii_case("Z")
        || rest.strip_prefix(['+', '-']).is_some_and(|offset| has_form(offset, OFFSET));
    (offset && has_form(date_and_time, DATE_AND_TIME)).then(|| value.parse().ok())?
}

/// Whether `text` has a digit where `form` has one, and else the same letters in either case.
fn has_form(text: &str, form: &str) -> bool {
    let fits = |(octet, form): (u8, u8)| match form {
        b'0' => octet.is_ascii_digit(),
        form => octet.eq_ignore_ascii_case(&form),
    };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn offered() -> FutureRelease {
        let now = "2026-07-06T09:00:00.75Z".parse().unwrap();
        FutureRelease::new(now, Duration::from_millis(86_400_999)).unwrap()
    }

    #[test]
    fn whole_seconds_are_announced() {
        assert_eq!(offered().line(), "FUTURERELEASE 86400 2026-07-07T09:00:00Z");
        let now = Timestamp::UNIX_EPOCH;
        let long = FutureRelease::new(now, Duration::from_secs(1 << 40)).unwrap();
        assert_eq!(long.line(), "FUTURERELEASE 999999999 2001-09-09T01:46:39Z");
        assert_eq!(FutureRelease::new(now, Duration::from_millis(999)), None);
        assert_eq!(FutureRelease::new(Timestamp::MAX, Duration::from_secs(1)), None);
    }

    #[test]
    fn intervals() {
        let check =
            |value: Option<&str>, expected| assert_eq!(offered().hold_for(value), expected, "{value:?}");
        for seconds in [1, 3600, 86_400] {
            check(Some(&seconds.to_string()), Ok(Hold::For(Duration::from_secs(seconds))));
        }
        for far in ["86401", "999999999"] {
            check(Some(far), Err(TOO_FAR));
        }
        for wrong in
            ["", "0", "007", "1000000000", "+1", "-1", "1.5", "1s", "0x10", "\u{661}", "99999999999999999999"]
        {
            check(Some(wrong), Err(MALFORMED));
        }
        check(None, Err(MALFORMED));
    }

    #[test]
    fn moments() {
        let check =
            |value: Option<&str>, expected| assert_eq!(offered().hold_until(value), expected, "{value:?}");
        for (value, same) in [
            ("2026-07-06T10:00:00Z", "2026-07-06T10:00:00Z"),
            ("2026-07-06t10:00:00z", "2026-07-06T10:00:00Z"),
            ("2026-07-06T10:00:00.5Z", "2026-07-06T10:00:00.5Z"),
            ("2026-07-06T19:00:00+09:00", "2026-07-06T10:00:00Z"),
            ("2026-07-06T10:00:00-00:00", "2026-07-06T10:00:00Z"),
            ("2026-07-07T09:00:00Z", "2026-07-07T09:00:00Z"),
            ("1999-12-31T23:59:59Z", "1999-12-31T23:59:59Z"),
        ] {
            check(Some(value), Ok(Hold::Until(same.parse().unwrap())));
        }
        for far in [
            "2026-07-07T09:00:01Z",
            "2026-07-07T09:00:00.1Z",
            "2026-07-07T09:00:00-01:00",
            "9999-01-01T00:00:00Z",
        ] {
            check(Some(far), Err(TOO_FAR));
        }
        for wrong in [
            "",
            "2026-07-06",
            "2026-07-06T10:00:00",
            "2026-07-06T10:00Z",
            "20260706T100000Z",
            "2026-07-06_10:00:00Z",
            "2026-07-06T10:00:00.Z",
            "2026-07-06T10:00:00,5Z",
            "2026-07-06T10:00:00+0900",
            "2026-07-06T10:00:00+09",
            "2026-07-06T10:00:00Z[UTC]",
            "2026-02-30T10:00:00Z",
            "2026-07-06T24:00:00Z",
            "2026-07-06T10:60:00Z",
            "+002026-07-06T10:00:00Z",
            "2026-07-06T10:00:0\u{661}Z",
            "1783332000",
        ] {
            check(Some(wrong), Err(MALFORMED));
        }
        check(None, Err(MALFORMED));
    }

    proptest! {
        #[test]
        fn what_is_announced_is_the_limit(second in 0_i64..200_000) {
            let limits = offered();
            let moment = limits.latest + SignedDuration::from_secs(second - 100_000);
            let read = limits.hold_until(Some(&moment.to_string()));
            prop_assert_eq!(read, if moment > limits.latest { Err(TOO_FAR) } else { Ok(Hold::Until(moment)) });
        }

        #[test]
        fn any_value_is_read_without_panic(text in "[0-9TtZz:+.\\-\\PC]{0,40}") {
            let _ = offered().hold_for(Some(&text));
            let _ = offered().hold_until(Some(&text));
        }
    }
}
