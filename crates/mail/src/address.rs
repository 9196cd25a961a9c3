//! Addresses (RFC 5321 section 4.1.2, RFC 5322 section 3.4.1, RFC 6531 section 3.3).

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::{Domain, DomainError};

/// The part before the `@`, unquoted, its case kept (RFC 5321 section 2.4). It is quoted when it is written, and only
/// where it must be: `da..me.` travels as `"da..me."`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalPart {
    text: String,
}

/// What stands after the `@`: a domain, or an address literal (RFC 5321 section 4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// A domain name.
    Domain(Domain),
    /// `[192.0.2.1]` or `[IPv6:2001:db8::1]`.
    Literal(IpAddr),
}

/// `LocalPart` + `Host`: what MAIL and RCPT carry between angle brackets, what an addr-spec is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Address {
    local_part: LocalPart,
    host: Host,
}

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No `@`.
    #[error("the address has no @")]
    NoAt,
    /// Nothing before the `@`.
    #[error("the local-part is empty")]
    EmptyLocalPart,
    /// RFC 5321 section 4.5.3.1.1: at most 64 octets.
    #[error("the local-part is longer than 64 octets")]
    LocalPartTooLong,
    /// A blank, control or special character outside quotes.
    #[error("the local-part has a character that needs quotes")]
    BadLocalPart,
    /// A quoted local-part that does not end, or with a control character.
    #[error("the quoted local-part is not well formed")]
    BadQuoting,
    /// Not an address literal of RFC 5321 section 4.1.3.
    #[error("the address literal is not well formed")]
    BadLiteral,
    /// RFC 5321 section 4.5.3.1.3: a path has at most 256 octets, two of which are its angle brackets.
    #[error("the address is longer than 254 octets")]
    TooLong,
    /// The domain is not one.
    #[error(transparent)]
    Domain(#[from] DomainError),
}

impl LocalPart {
    /// Longest local-part in octets, as it is written (RFC 5321 section 4.5.3.1.1).
    pub const MAX: usize = 64;

    /// Reads a local-part as written: a dot-string, a quoted-string, or a dot-string with misplaced dots as Japanese
    /// carriers once gave out (`da..me.`), which is accepted and quoted when it is written.
    ///
    /// # Errors
    /// An [`AddressError`] about the local-part.
    pub fn parse(written: &str) -> Result<Self, AddressError> {
        let text = match written.strip_prefix('"') {
            Some(rest) => unquote(rest)?,
            None if written.is_empty() => return Err(AddressError::EmptyLocalPart),
            None if written.chars().all(|c| is_atext(c) || c == '.') => written.to_owned(),
            None => return Err(AddressError::BadLocalPart),
        };
        let local_part = Self { text };
        if local_part.to_string().len() > Self::MAX {
            return Err(AddressError::LocalPartTooLong);
        }
        Ok(local_part)
    }

    /// The text without quotes.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it can be written only with quotes.
    fn needs_quotes(&self) -> bool {
        let text = &self.text;
        text.is_empty()
            || text.starts_with('.')
            || text.ends_with('.')
            || text.contains("..")
            || !text.chars().all(|c| is_atext(c) || c == '.')
    }
}

/// Takes the quotes off; `rest` begins after the opening quote (RFC 5321 section 4.1.2, Quoted-string).
fn unquote(rest: &str) -> Result<String, AddressError> {
    let mut text = String::new();
    let mut characters = rest.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => return if characters.next().is_none() { Ok(text) } else { Err(AddressError::BadQuoting) },
            '\\' => match characters.next() {
                Some(quoted @ ' '..='~') => text.push(quoted),
                _ => return Err(AddressError::BadQuoting),
            },
            ' '..='~' => text.push(c),
            _ if !c.is_ascii() && !c.is_control() => text.push(c),
            _ => return Err(AddressError::BadQuoting),
        }
    }
    Err(AddressError::BadQuoting)
}

/// RFC 5322 section 3.2.3, with RFC 6532's non-ASCII characters.
pub(crate) fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || (!c.is_ascii() && !c.is_control())
}

impl fmt::Display for LocalPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.needs_quotes() {
            return f.write_str(&self.text);
        }
        f.write_str("\"")?;
        for c in self.text.chars() {
            if matches!(c, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        f.write_str("\"")
    }
}

impl Host {
    /// Reads a domain or an address literal.
    ///
    /// # Errors
    /// An [`AddressError`] about the domain or literal.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let Some(inner) = text.strip_prefix('[') else { return Ok(Self::Domain(Domain::parse(text)?)) };
        let inner = inner.strip_suffix(']').ok_or(AddressError::BadLiteral)?;
        let ip = match inner.get(..5) {
            Some(tag) if tag.eq_ignore_ascii_case("IPv6:") => {
                inner.get(5..).and_then(|text| text.parse::<Ipv6Addr>().ok()).map(IpAddr::V6)
            }
            _ => inner.parse().ok().map(IpAddr::V4),
        };
        ip.map(Self::Literal).ok_or(AddressError::BadLiteral)
    }

    /// The domain, unless this is a literal.
    pub fn domain(&self) -> Option<&Domain> {
        match self {
            Self::Domain(domain) => Some(domain),
            Self::Literal(_) => None,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(domain) => domain.fmt(f),
            Self::Literal(IpAddr::V4(ip)) => write!(f, "[{ip}]"),
            Self::Literal(IpAddr::V6(ip)) => write!(f, "[IPv6:{ip}]"),
        }
    }
}

impl Address {
    /// Longest address in octets (RFC 5321 section 4.5.3.1.3, less the angle brackets).
    pub const MAX: usize = 254;

    /// Joins the two halves.
    ///
    /// # Errors
    /// [`AddressError::TooLong`], the only thing that can be wrong with two good halves.
    pub fn new(local_part: LocalPart, host: Host) -> Result<Self, AddressError> {
        let address = Self { local_part, host };
        if address.to_string().len() > Self::MAX { Err(AddressError::TooLong) } else { Ok(address) }
    }

    /// Reads `local-part@host`. The `@` that counts is the last one outside quotes.
    ///
    /// # Errors
    /// An [`AddressError`] that says which half is wrong.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (local_part, host) = text.rsplit_once('@').ok_or(AddressError::NoAt)?;
        Self::new(LocalPart::parse(local_part)?, Host::parse(host)?)
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &LocalPart {
        &self.local_part
    }

    /// The part after the `@`.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The domain, unless the host is an address literal.
    pub fn domain(&self) -> Option<&Domain> {
        self.host.domain()
    }

    /// Whether the wire needs SMTPUTF8 (RFC 6531 section 3.2): a local-part outside ASCII. Domains travel as A-labels.
    pub fn needs_smtputf8(&self) -> bool {
        !self.local_part.text.is_ascii()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local_part, self.host)
    }
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_written_as_they_must_travel() {
        let check = |written: &str, expected: &str| {
            assert_eq!(
                Address::parse(written).map(|address| address.to_string()),
                Ok(expected.to_owned()),
                "{written}"
            );
        };
        check("Taro.Yamada+x@Example.ORG", "Taro.Yamada+x@example.org");
        check("da..me.@example.test", "\"da..me.\"@example.test");
        check(".a@example.test", "\".a\"@example.test");
        check("\"da..me.\"@example.test", "\"da..me.\"@example.test");
        check("\"plain\"@example.org", "plain@example.org");
        check("\"a b\\\"c\\\\d@e\"@example.org", "\"a b\\\"c\\\\d@e\"@example.org");
        check("\"\"@example.org", "\"\"@example.org");
        check("a@[192.0.2.1]", "a@[192.0.2.1]");
        check("a@[ipv6:2001:DB8::1]", "a@[IPv6:2001:db8::1]");
        check("用户@例子.test", "用户@xn--fsqu00a.test");
        check("a@例え。テスト", "a@xn--r8jz45g.xn--zckzah");
        check("a@example.org.", "a@example.org");
        check("a@_x.example.org", "a@_x.example.org");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let check = |written: &str, expected: AddressError| {
            assert_eq!(Address::parse(written), Err(expected), "{written}");
        };
        check("a", AddressError::NoAt);
        check("@example.org", AddressError::EmptyLocalPart);
        check("a b@example.org", AddressError::BadLocalPart);
        check("a@b@example.org", AddressError::BadLocalPart);
        check("a\r\nb@example.org", AddressError::BadLocalPart);
        check("<a@example.org", AddressError::BadLocalPart);
        check("\"a@example.org", AddressError::BadQuoting);
        check("\"a\"b@example.org", AddressError::BadQuoting);
        check("\"a\\\"@example.org", AddressError::BadQuoting);
        check("\"a\nb\"@example.org", AddressError::BadQuoting);
        check("a@[192.0.2.1", AddressError::BadLiteral);
        check("a@[192.0.2.256]", AddressError::BadLiteral);
        check("a@[x:y]", AddressError::BadLiteral);
        check("a@", AddressError::Domain(DomainError::Empty));
        check("a@-x.test", AddressError::Domain(DomainError::BadLabel));
        check("a@x y.test", AddressError::Domain(DomainError::BadCharacter));
        check(&format!("{}@example.org", "a".repeat(65)), AddressError::LocalPartTooLong);
        check(&format!("a@{}.test", "b".repeat(64)), AddressError::Domain(DomainError::BadLabel));
        check(&format!("{}@{}test", "a".repeat(64), "bcd.".repeat(47)), AddressError::TooLong);
    }

    #[test]
    fn smtputf8_is_needed_for_local_parts_only() {
        assert!(Address::parse("用户@example.org").unwrap().needs_smtputf8());
        assert!(!Address::parse("a@例え.test").unwrap().needs_smtputf8());
    }

    #[test]
    fn serde_goes_by_the_text() {
        let address = Address::parse("da..me.@example.test").unwrap();
        let json = serde_json::to_string(&address).unwrap();
        assert_eq!(json, r#""\"da..me.\"@example.test""#);
        assert_eq!(serde_json::from_str::<Address>(&json).unwrap(), address);
    }

    fn host() -> impl Strategy<Value = Host> {
        prop_oneof![
            "([a-zA-Z0-9_]([a-zA-Z0-9-]{0,9}[a-zA-Z0-9])?\\.){0,3}[a-z]{1,9}"
                .prop_map(|text| Host::parse(&text).unwrap()),
            any::<std::net::Ipv4Addr>().prop_map(|ip| Host::Literal(ip.into())),
            any::<std::net::Ipv6Addr>().prop_map(|ip| Host::Literal(ip.into())),
        ]
    }

    proptest! {
        #[test]
        fn all_that_can_be_built_is_written_and_read_again(local in "([ -~]|[é-龠]){0,40}", host in host()) {
            let written = format!("\"{}\"", local.replace('\\', "\\\\").replace('"', "\\\""));
            match LocalPart::parse(&written) {
                Ok(local_part) => {
                    prop_assert_eq!(local_part.as_str(), &local);
                    let address = Address::new(local_part, host).unwrap();
                    prop_assert_eq!(Address::parse(&address.to_string()), Ok(address));
                }
                Err(error) => prop_assert!(error == AddressError::LocalPartTooLong && written.len() > LocalPart::MAX),
            }
        }

        #[test]
        fn nothing_panics(text: String, near in "[a\"\\\\@.\\[\\]:I1 ]{0,20}") {
            for text in [text, near] {
                if let Ok(address) = Address::parse(&text) {
                    prop_assert_eq!(Address::parse(&address.to_string()), Ok(address));
                }
            }
        }
    }
}
