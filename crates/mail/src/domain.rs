//! Domain names of mail (RFC 5321 section 2.3.5, RFC 5890).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{AsText, Text};

/// A domain name as mail uses it: lower case, no trailing dot, every label a letter-digit-hyphen label
/// (underscores are tolerated: they occur in the wild), at most 253 octets. It keeps its A-label form, which travels on the wire and in the DNS,
/// and gives its U-label form for people.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Domain {
    ascii: Text,
}

/// Why a text is not a domain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// Nothing there.
    #[error("the domain is empty")]
    Empty,
    /// RFC 1035 section 2.3.4.
    #[error("the domain is longer than 253 octets")]
    TooLong,
    /// Empty, longer than 63 octets, or with a hyphen at either end (RFC 5321 section 2.3.5).
    #[error("a label of the domain is empty, too long, or begins or ends with a hyphen")]
    BadLabel,
    /// A character that no domain name may have.
    #[error("the domain has a character that is not allowed")]
    BadCharacter,
    /// Not valid under UTS 46.
    #[error("the internationalised domain is not valid (UTS 46)")]
    BadIdna,
}

impl Domain {
    /// Reads a domain in A-label or U-label form; one trailing dot is dropped.
    ///
    /// # Errors
    /// A [`DomainError`] that names the first rule that is broken.
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.is_empty() {
            return Err(DomainError::Empty);
        }
        let ascii = if !text.is_ascii() {
            idna::domain_to_ascii(text).map_err(|_| DomainError::BadIdna)?.into()
        } else if text.bytes().any(|octet| octet.is_ascii_uppercase()) {
            text.to_ascii_lowercase().into()
        } else {
            Text::from(text)
        };
        check_labels(&ascii)?;
        Ok(Self { ascii })
    }

    /// The A-label form: ASCII, lower case, no trailing dot.
    pub fn as_str(&self) -> &str {
        &self.ascii
    }

    /// The U-label form, for people; the A-label form where it does not decode.
    pub fn to_unicode(&self) -> String {
        let (text, result) = idna::domain_to_unicode(&self.ascii);
        if result.is_ok() { text } else { self.ascii.to_string() }
    }

    /// The labels, leftmost first.
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.ascii.split('.')
    }

    /// The domain without its leftmost label; `None` for a single label.
    pub fn parent(&self) -> Option<Self> {
        self.ancestor(1)
    }

    /// The domain without so many of its leftmost labels; `None` where none would remain.
    pub fn ancestor(&self, labels: usize) -> Option<Self> {
        let mut rest = self.ascii.as_str();
        for _ in 0..labels {
            rest = rest.split_once('.')?.1;
        }
        Some(Self { ascii: rest.into() })
    }

    /// Whether this is `ancestor` or lies below it.
    pub fn is_at_or_below(&self, ancestor: &Self) -> bool {
        self.ascii.strip_suffix(ancestor.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

fn check_labels(ascii: &str) -> Result<(), DomainError> {
    if ascii.len() > 253 {
        return Err(DomainError::TooLong);
    }
    for label in ascii.split('.') {
        if label.is_empty() || label.len() > 63 || label.starts_with('-') || label.ends_with('-') {
            return Err(DomainError::BadLabel);
        }
        if !label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
            return Err(DomainError::BadCharacter);
        }
    }
    Ok(())
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.ascii)
    }
}

impl AsText for Domain {
    fn as_text(&self) -> &Text {
        &self.ascii
    }
}

impl FromStr for Domain {
    type Err = DomainError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl From<Domain> for String {
    fn from(domain: Domain) -> Self {
        domain.ascii.into()
    }
}

impl TryFrom<String> for Domain {
    type Error = DomainError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn domains_are_lower_case_a_labels_without_a_trailing_dot() {
        let check = |text: &str, expected: Result<&str, DomainError>| {
            let parsed = Domain::parse(text);
            assert_eq!(parsed.as_ref().map(Domain::as_str).map_err(|error| *error), expected, "{text}");
        };
        check("Example.ORG.", Ok("example.org"));
        check("日本語.jp", Ok("xn--wgv71a119e.jp"));
        check("XN--WGV71A119E.jp", Ok("xn--wgv71a119e.jp"));
        check("日本語。ＪＰ", Ok("xn--wgv71a119e.jp"));
        check("日本語.jp.", Ok("xn--wgv71a119e.jp"));
        check("", Err(DomainError::Empty));
        check(".", Err(DomainError::Empty));
        check("a..b", Err(DomainError::BadLabel));
        check(".a", Err(DomainError::BadLabel));
        check("a-.b", Err(DomainError::BadLabel));
        check("a b", Err(DomainError::BadCharacter));
        check("a\0", Err(DomainError::BadCharacter));
        check(&"a.".repeat(127), Ok(&["a"; 127].join(".")));
        check(&format!("{}aa", "a.".repeat(126)), Err(DomainError::TooLong));
        check("日\u{202e}本.jp", Err(DomainError::BadIdna));
    }

    #[test]
    fn ancestors_are_found_label_by_label() {
        let domain = |text| Domain::parse(text).unwrap();
        assert!(domain("a.example.org").is_at_or_below(&domain("example.org")));
        assert!(domain("example.org").is_at_or_below(&domain("example.org")));
        assert!(!domain("badexample.org").is_at_or_below(&domain("example.org")));
        assert_eq!(domain("a.example.org").parent(), Some(domain("example.org")));
        assert_eq!(domain("org").parent(), None);
        assert_eq!(domain("xn--wgv71a119e.jp").to_unicode(), "日本語.jp");
        assert_eq!(domain("a.b.c").labels().next_back(), Some("c"));
    }

    proptest! {
        #[test]
        fn all_that_can_be_built_is_written_and_read_again(text: String, near in "([a-zA-Z0-9_é-龠-]{1,12}[.。]){0,4}[a-zé-龠]{1,9}\\.?") {
            for text in [text, near] {
                let Ok(domain) = Domain::parse(&text) else { continue };
                prop_assert_eq!(Domain::parse(domain.as_str()), Ok(domain.clone()));
                prop_assert_eq!(Domain::parse(&domain.to_unicode()), Ok(domain));
            }
        }
    }
}
