//! Dates of mail (RFC 5322 section 3.3, obsolete forms of section 4.3).

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{Timestamp, tz::TimeZone};

/// The text is not a date-time of RFC 5322. The fault is with whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a date of RFC 5322 section 3.3, such as `Mon, 6 Jul 2026 09:30:00 +0900`")]
pub struct DateError {
    /// What stood there, at most 100 characters of it.
    pub text: String,
}

/// Writes a date-time in UTC: `Mon, 06 Jul 2026 00:30:00 +0000`. The zone is `+0000`: UTC is known to be meant, which
/// `-0000` would leave open (RFC 5322 section 3.3).
pub fn write(moment: Timestamp) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let civil = TimeZone::UTC.to_datetime(moment);
    let name = |names: &[&'static str], at: i8| {
        usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or_default()
    };
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
        name(&DAYS, civil.weekday().to_monday_zero_offset()),
        civil.day(),
        name(&MONTHS, civil.month() - 1),
        civil.year(),
        civil.hour(),
        civil.minute(),
        civil.second()
    )
}

/// Reads a date-time as it occurs: with or without day of the week (which is not believed), with comments, a day of one
/// digit, no seconds, a zone by name (`GMT`, `UT`, `EST` …, an unknown one counts as `-0000`), two-digit years, the
/// form of C's asctime, and RFC 3339.
///
/// # Errors
/// [`DateError`] with the text.
pub fn parse(text: &str) -> Result<Timestamp, DateError> {
    let wrong = || DateError { text: text.chars().take(100).collect() };
    let plain = without_comments(text).ok_or_else(wrong)?;
    let words: Vec<&str> = plain.split_ascii_whitespace().collect();
    let moment = read(&words).or_else(|| plain.trim().parse().ok()).or_else(|| read_asctime(&words));
    // A year before 1 has no four digits to be written with.
    moment.filter(|moment| moment.to_zoned(TimeZone::UTC).year() > 0).ok_or_else(wrong)
}

static PARSER: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);

/// Drops the day of the week and puts a numeric zone where a name stands, then leaves the rest to jiff.
fn read(words: &[&str]) -> Option<Timestamp> {
    let joined = words.join(" ");
    let without_day = match joined.split_once(',') {
        Some((_, rest)) => rest.trim_start(),
        None => &joined,
    };
    let (date_time, zone) = without_day.rsplit_once(' ')?;
    let numeric = zone_offset(zone)?;
    PARSER.parse_timestamp(format!("{date_time} {numeric}")).ok()
}

/// RFC 5322 section 4.3: the names that mean something; military letters and unknown names say nothing (`-0000`).
fn zone_offset(zone: &str) -> Option<&str> {
    let digits = zone.strip_prefix(['+', '-']);
    if digits.is_some_and(|digits| digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())) {
        return Some(zone);
    }
    if zone.is_empty() || zone.len() > 5 || !zone.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    Some(match zone.to_ascii_uppercase().as_str() {
        "GMT" | "UT" | "UTC" | "Z" => "+0000",
        "JST" => "+0900",
        "CET" | "MEZ" | "BST" => "+0100",
        "CEST" | "MESZ" => "+0200",
        "EDT" => "-0400",
        "EST" | "CDT" => "-0500",
        "CST" | "MDT" => "-0600",
        "MST" | "PDT" => "-0700",
        "PST" => "-0800",
        _ => "-0000",
    })
}

/// `Mon Jul  6 00:30:00 2026`, what C's asctime gives, with or without a zone before the year; counts as UTC.
fn read_asctime(words: &[&str]) -> Option<Timestamp> {
    let (month, day, time, zone, year) = match words {
        [_, month, day, time, year] => (month, day, time, "+0000", year),
        [_, month, day, time, zone, year] => (month, day, time, zone_offset(zone)?, year),
        _ => return None,
    };
    PARSER.parse_timestamp(format!("{day} {month} {year} {time} {zone}")).ok()
}

/// RFC 5322 section 3.2.2: comments nest. `None` where one does not end.
fn without_comments(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0_usize;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            '\\' if depth > 0 => {
                characters.next();
            }
            _ if depth == 0 => out.push(c),
            _ => {}
        }
        if c == ')' {
            out.push(' ');
        }
    }
    (depth == 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_are_written_in_utc() {
        assert_eq!(write(Timestamp::from_second(1_783_297_800).unwrap()), "Mon, 06 Jul 2026 00:30:00 +0000");
    }

    #[test]
    fn dates_are_read_as_they_occur() {
        let check = |text: &str, expected: &str| {
            let expected: Timestamp = expected.parse().unwrap();
            assert_eq!(parse(text), Ok(expected), "{text}");
        };
        let half_past_midnight = "2026-07-06T00:30:00Z";
        check("Mon, 06 Jul 2026 09:30:00 +0900", half_past_midnight);
        check("6 Jul 2026 09:30:00 +0900 (JST)", half_past_midnight);
        check("Tue, 6 Jul 2026 09:30 +0900", half_past_midnight);
        check("Mon,6 Jul 2026 00:30:00 GMT", half_past_midnight);
        check("Mon, 6 Jul 26 00:30:00 UTC", half_past_midnight);
        check("Mon, 6 Jul 2026 00:30:00 -0000", half_past_midnight);
        check("Mon, 6 jul 2026 00:30:00 ut", half_past_midnight);
        check("Sun, 5 Jul 2026 20:30:00 EDT", half_past_midnight);
        check("Mon, 6 Jul 2026 00:30:00 K", half_past_midnight);
        check("Mon (Monday (really)) ,\t6 Jul 2026\t00:30:00 +0000", half_past_midnight);
        check("Mon Jul  6 00:30:00 2026", half_past_midnight);
        check("Mon Jul  6 09:30:00 JST 2026", half_past_midnight);
        check("2026-07-06T09:30:00+09:00", half_past_midnight);
        check("21 Nov 97 09:55:06 -0600", "1997-11-21T15:55:06Z");
        check("Mon, 30 Jun 1997 23:59:60 +0000", "1997-06-30T23:59:59Z");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "yesterday",
            "32 Jul 2026 00:00:00 +0000",
            "6 Jul 2026",
            "6 Jul 2026 25:00:00 +0000",
            "1 Jan 0000 00:00:00 +2359",
            "(",
            ")",
        ] {
            assert_eq!(parse(text), Err(DateError { text: text.to_owned() }), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_written_date_is_read_again(second in -62_135_596_800_i64..253_402_300_799) {
            // Years below 1000 would be written with fewer digits than the obsolete forms allow.
            prop_assume!(second > -30_000_000_000);
            let moment = Timestamp::from_second(second).unwrap();
            prop_assert_eq!(parse(&write(moment)), Ok(moment));
        }

        #[test]
        fn nothing_panics(text: String, near in "[A-Z][a-z]{2}, [0-9]{1,3} [A-Za-z]{3} [0-9]{0,5} [0-9]{1,2}:[0-9]{2}(:[0-9]{2})? [-+A-Z0-9(]{0,6}") {
            let _ = (parse(&text), parse(&near));
        }
    }
}
