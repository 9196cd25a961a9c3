//! Yes and no, and moments, in all the forms in which clients write them.

use jiff::Timestamp;
use tegami_mail::date;

use crate::error::ApiError;

/// A yes or no. `field` is named where it is neither.
pub(crate) fn flag(field: &str, text: &str) -> Result<bool, ApiError> {
    match text.trim().to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" | "on" => Ok(true),
        "no" | "false" | "0" | "off" | "" => Ok(false),
        _ => Err(ApiError::bad(format!("{field}: `{}` is neither yes nor no", shown(text)))),
    }
}

/// A moment: RFC 5322 section 3.3, or seconds since 1970, also with decimals. `None` for an empty text and for years before 1970, by which
/// one client says that nothing was set.
pub(crate) fn moment(text: &str) -> Option<Result<Timestamp, ApiError>> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let wrong = || ApiError::bad(format!("{} is not an RFC-2822 compliant date", shown(text)));
    match seconds(text).or_else(|| date::parse(text).ok()) {
        Some(moment) if moment < Timestamp::UNIX_EPOCH => None,
        Some(moment) => Some(Ok(moment)),
        None => Some(Err(wrong())),
    }
}

/// Decimal seconds, down to nanoseconds; further decimals do not count.
fn seconds(text: &str) -> Option<Timestamp> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || !is_digits(whole) || !is_digits(decimals) {
        return None;
    }
    let nanos: String = decimals.chars().chain("000000000".chars()).take(9).collect();
    let (whole, nanos): (i64, i32) = (whole.parse().ok()?, nanos.parse().ok()?);
    if negative { Timestamp::new(-whole, -nanos).ok() } else { Timestamp::new(whole, nanos).ok() }
}

/// What a client wrote, short and harmless enough to be told back.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(100).map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Seconds with microseconds, as the API writes moments.
#[allow(
    clippy::cast_precision_loss,
    reason = "microseconds since 1970 have 51 bits until the year 2041, and lose one then"
)]
pub(crate) fn timestamp(moment: Timestamp) -> f64 {
    moment.as_microsecond() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_all_clients() {
        for text in ["yes", "True", "1", "on"] {
            assert_eq!(flag("o:dkim", text), Ok(true));
        }
        for text in ["no", "False", "0", "off", ""] {
            assert_eq!(flag("o:dkim", text), Ok(false));
        }
        let error = flag("o:dkim", "maybe\r\n").unwrap_err();
        assert_eq!(error.to_string(), "o:dkim: `maybe??` is neither yes nor no");
    }

    #[test]
    fn moments_of_all_clients() {
        let check = |text: &str, expected: Option<&str>| {
            let expected = expected.map(|text| Ok(text.parse::<Timestamp>().unwrap()));
            assert_eq!(moment(text), expected, "{text}");
        };
        check("Sat, 2 Jan 2027 03:04:05 +0000", Some("2027-01-02T03:04:05Z"));
        check("02 Jan 2027 03:04:05 GMT", Some("2027-01-02T03:04:05Z"));
        check("1798859045", Some("2027-01-02T03:04:05Z"));
        check("1798859045.25", Some("2027-01-02T03:04:05.25Z"));
        check("Mon, 01 Jan 0001 00:00:00 +0000", None);
        check("-62135596800", None);
        check("", None);
        assert_eq!(
            moment("tomorrow").unwrap().unwrap_err().to_string(),
            "tomorrow is not an RFC-2822 compliant date"
        );
    }
}
