//! The policy that a domain serves over HTTPS (RFC 8461 section 3.2), and which MX hosts it names (section 4.1).

use std::fmt;
use std::time::Duration;

use tegami_mail::Domain;

use super::is_field_name;

/// The longest time that a policy may be kept, about a year: larger values mean this one (RFC 8461 section 3.2).
pub const MAX_AGE: Duration = Duration::from_secs(31_557_600);

/// The largest policy that is read (RFC 8461 section 3.3 suggests 64 kilobytes).
pub const MAX_OCTETS: usize = 64 * 1024;

/// More patterns name no more hosts than a domain can have; the octets above bound them too.
const MAX_PATTERNS: usize = 1_000;

/// What to do with a host that does not keep to the policy (RFC 8461 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Do not deliver.
    Enforce,
    /// Deliver, and report.
    Testing,
    /// There is no policy any more.
    None,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What it asks for.
    pub mode: Mode,
    /// The hosts that may take the domain's mail; never empty but with [`Mode::None`].
    pub mx: Vec<MxPattern>,
    /// How long it may be kept, at most [`MAX_AGE`].
    pub max_age: Duration,
}

/// Which hosts may take a domain's mail: a name, or `*.` and a name, where the asterisk is exactly one label.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MxPattern {
    wildcard: bool,
    domain: Domain,
}

/// Why a text is no policy. The domain's owner is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Above [`MAX_OCTETS`].
    #[error("the policy has more than {MAX_OCTETS} octets")]
    TooLong,
    /// Not UTF-8.
    #[error("the policy is not UTF-8")]
    NotText,
    /// A line is not `name: value`.
    #[error("line {0}: `{1}` is not name: value")]
    Line(usize, String),
    /// `version: STSv1` is missing.
    #[error("there is no `version: STSv1`")]
    Version,
    /// The mode is missing or has another word.
    #[error("there is no `mode` of enforce, testing or none")]
    Mode,
    /// `max_age` is missing or no number.
    #[error("there is no `max_age` in seconds")]
    MaxAge,
    /// A pattern is no host name.
    #[error("line {0}: `{1}` names no MX host")]
    Mx(usize, String),
    /// No pattern at all.
    #[error("there is no `mx`, and only the mode none can be without")]
    NoMx,
    /// More patterns than anybody has hosts.
    #[error("there are more than {MAX_PATTERNS} lines of `mx`")]
    TooManyMx,
}

impl Mode {
    /// The word of the policy.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Testing => "testing",
            Self::None => "none",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Enforce, Self::Testing, Self::None].into_iter().find(|mode| mode.as_str() == word)
    }
}

impl Policy {
    /// Reads a policy. Lines end with LF or CRLF; fields of other names are passed over; of every field but `mx` the first counts. Blank lines mean
    /// nothing: the grammar has none, many files do.
    ///
    /// # Errors
    /// A [`PolicyError`] that names what is wrong.
    pub fn parse(octets: &[u8]) -> Result<Self, PolicyError> {
        if octets.len() > MAX_OCTETS {
            return Err(PolicyError::TooLong);
        }
        let text = std::str::from_utf8(octets).map_err(|_| PolicyError::NotText)?;
        let (mut version, mut mode, mut max_age, mut mx) = (None, None, None, Vec::new());
        for (number, line) in (1..).zip(text.split('\n')) {
            let line = line.strip_suffix('\r').unwrap_or(line).trim_end_matches([' ', '\t']);
            if line.is_empty() {
                continue;
            }
            let (name, value) = field(line).ok_or_else(|| PolicyError::Line(number, printable(line)))?;
            match name {
                "version" => version = version.or(Some(value)),
                "mode" => mode = mode.or(Some(value)),
                "max_age" => max_age = max_age.or(Some(value)),
                "mx" if mx.len() == MAX_PATTERNS => return Err(PolicyError::TooManyMx),
                "mx" => {
                    let pattern = MxPattern::parse(value);
                    mx.push(pattern.ok_or_else(|| PolicyError::Mx(number, printable(value)))?);
                }
                _ => {}
            }
        }
        if version != Some("STSv1") {
            return Err(PolicyError::Version);
        }
        let mode = mode.and_then(Mode::from_word).ok_or(PolicyError::Mode)?;
        let max_age = max_age.and_then(seconds).ok_or(PolicyError::MaxAge)?;
        if mx.is_empty() && mode != Mode::None {
            return Err(PolicyError::NoMx);
        }
        Ok(Self { mode, mx, max_age })
    }

    /// The first pattern that names this MX host (RFC 8461 section 4.1).
    pub fn pattern_for(&self, host: &Domain) -> Option<&MxPattern> {
        self.mx.iter().find(|pattern| pattern.matches(host))
    }

    /// The lines of the policy in the form of TLS reports (RFC 8460 section 4.4): one field a line, in a fixed order.
    pub fn lines(&self) -> Vec<String> {
        let first = ["version: STSv1".to_owned(), format!("mode: {}", self.mode.as_str())];
        let patterns = self.mx.iter().map(|pattern| format!("mx: {pattern}"));
        let last = format!("max_age: {}", self.max_age.as_secs());
        first.into_iter().chain(patterns).chain([last]).collect()
    }
}

impl MxPattern {
    /// Reads a pattern. A name in U-labels is taken as its A-labels, which is how MX records write it.
    pub fn parse(text: &str) -> Option<Self> {
        let (wildcard, name) = match text.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, text),
        };
        let domain = Domain::parse(name).ok()?;
        Some(Self { wildcard, domain })
    }

    /// Whether it names this host: the asterisk is the whole left-most label and exactly one (RFC 8461 section 4.1).
    pub fn matches(&self, host: &Domain) -> bool {
        if self.wildcard { host.parent().as_ref() == Some(&self.domain) } else { *host == self.domain }
    }
}

impl fmt::Display for MxPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.wildcard { "*." } else { "" }, self.domain)
    }
}

/// Name and value: printable characters of UTF-8, with blanks only between them.
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let value = value.trim_start_matches([' ', '\t']);
    let good = !value.is_empty() && !value.chars().any(char::is_control);
    (is_field_name(name.as_bytes()) && good).then_some((name, value))
}

/// 1 to 10 digits.
fn seconds(value: &str) -> Option<Duration> {
    let good = (1..=10).contains(&value.len()) && value.bytes().all(|octet| octet.is_ascii_digit());
    let seconds = value.parse().ok().filter(|_| good)?;
    Some(Duration::from_secs(seconds).min(MAX_AGE))
}

/// The text comes from a stranger.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let found = Policy::parse(text.as_bytes());
        let found = found.map_or_else(|error| error.to_string(), |policy| policy.lines().join(" | "));
        assert_eq!(found, expected, "{text:?}");
    }

    const GOOD: &str =
        "version: STSv1 | mode: enforce | mx: mail.example.com | mx: *.example.net | max_age: 604800";

    #[test]
    fn reads_policies() {
        let lines = [
            "version: STSv1",
            "mode: enforce",
            "mx: mail.example.com",
            "mx: *.example.net",
            "max_age: 604800",
        ];
        check(&lines.join("\n"), GOOD);
        check(&format!("{}\r\n", lines.join("\r\n")), GOOD);
        check(&format!("{} \t\n\n", lines.join("  \n")), GOOD);
        check(&lines.join("\n").replace(": ", ":"), GOOD);
        check(&format!("x-ext: what é it says\n{}\nmode: none\nmax_age: 1", lines.join("\n")), GOOD);
        check("max_age: 0\nmode: none\nversion: STSv1", "version: STSv1 | mode: none | max_age: 0");
        let huge = "version: STSv1\nmode: testing\nmx: a.example\nmax_age: 9999999999";
        check(huge, "version: STSv1 | mode: testing | mx: a.example | max_age: 31557600");
        let unicode = "version: STSv1\nmode: testing\nmx: *.Bücher.example.\nmax_age: 1";
        check(unicode, "version: STSv1 | mode: testing | mx: *.xn--bcher-kva.example | max_age: 1");
    }

    #[test]
    fn says_what_is_wrong() {
        let with = |line: &str| format!("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 1\n{line}");
        check(&with("no colon"), "line 5: `no colon` is not name: value");
        check(&with(": value"), "line 5: `: value` is not name: value");
        check(&with("mx:"), "line 5: `mx:` is not name: value");
        check(&with("mx: *"), "line 5: `*` names no MX host");
        check(&with("mx: .example.com"), "line 5: `.example.com` names no MX host");
        check(&with("mx: a.*.example"), "line 5: `a.*.example` names no MX host");
        check("mode: enforce\nmx: a.example\nmax_age: 1", "there is no `version: STSv1`");
        check("version: STSv2\nmode: none\nmax_age: 1", "there is no `version: STSv1`");
        check("version: STSv1\nmode: Enforce\nmax_age: 1", "there is no `mode` of enforce, testing or none");
        check("version: STSv1\nmode: none\nmax_age: 12345678901", "there is no `max_age` in seconds");
        check("version: STSv1\nmode: none\nmax_age: -1", "there is no `max_age` in seconds");
        check(
            "version: STSv1\nmode: testing\nmax_age: 1",
            "there is no `mx`, and only the mode none can be without",
        );
        check("<html>", "line 1: `<html>` is not name: value");
        assert_eq!(Policy::parse(&[0xff]), Err(PolicyError::NotText));
        assert_eq!(Policy::parse(&vec![b' '; MAX_OCTETS + 1]), Err(PolicyError::TooLong));
    }

    #[test]
    fn an_asterisk_is_one_label() {
        let matches = |pattern: &str, host: &str| {
            MxPattern::parse(pattern).unwrap().matches(&Domain::parse(host).unwrap())
        };
        assert!(matches("mx.example.com", "MX.example.com"));
        assert!(matches("*.example.com", "mx.example.com"));
        assert!(matches("*.bücher.example", "mx.xn--bcher-kva.example"));
        assert!(!matches("*.example.com", "example.com"));
        assert!(!matches("*.example.com", "a.mx.example.com"));
        assert!(!matches("*.example.com", "mxexample.com"));
        assert!(!matches("example.com", "mx.example.com"));
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_and_read_again(
            text in r"(version: STSv1\r?\n|mode: (enforce|testing|none)\n|mx: [*]?[a-c.]{1,6}\n|max_age: [0-9]{1,11}\n|x: y\n|[ -~]{0,9}\n){0,8}",
        ) {
            if let Ok(policy) = Policy::parse(text.as_bytes()) {
                prop_assert_eq!(Policy::parse(policy.lines().join("\n").as_bytes()), Ok(policy));
            }
        }

        #[test]
        fn never_panics(octets: Vec<u8>) {
            let _ = Policy::parse(&octets);
        }
    }
}
