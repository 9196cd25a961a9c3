//! Names of the DNS, which may be more than mail's domains: `_dmarc.example.org`, `10.2.0.192.in-addr.arpa`, and
//! whatever an SPF macro expands to.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use tegami_mail::Domain;

/// An absolute name, lower case, no trailing dot; the root is the empty text. Labels are at most 63 octets, the whole
/// at most 253 (RFC 1035 section 2.3.4). Any octet may occur in a label; dots and backslashes inside a label and octets
/// outside printable ASCII are written `\DDD` (RFC 1035 section 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DnsName {
    text: String,
}

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DnsNameError {
    /// A label is empty or longer than 63 octets.
    #[error("a label of the name is empty or longer than 63 octets")]
    BadLabel,
    /// Longer than 253 octets.
    #[error("the name is longer than 253 octets")]
    TooLong,
    /// A backslash that begins no escape.
    #[error("the name has a backslash that escapes nothing")]
    BadEscape,
}

impl DnsName {
    /// Reads a name in presentation form; a trailing dot is dropped.
    ///
    /// # Errors
    /// A [`DnsNameError`] with the rule that is broken.
    pub fn parse(text: &str) -> Result<Self, DnsNameError> {
        parse::presentation(text).map(|text| Self { text })
    }

    /// The name in presentation form, without the trailing dot.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.text.is_empty()
    }

    /// The name with `label` put in front.
    ///
    /// # Errors
    /// A [`DnsNameError`] where the result would be too long.
    pub fn prepend(&self, label: &str) -> Result<Self, DnsNameError> {
        if self.is_root() { Self::parse(label) } else { Self::parse(&format!("{label}.{}", self.text)) }
    }

    /// The name that holds the PTR records of an address (RFC 1035 section 3.5, RFC 3596 section 2.5).
    pub fn reverse(ip: IpAddr) -> Self {
        let text = match ip {
            IpAddr::V4(ip) => {
                let [a, b, c, d] = ip.octets();
                format!("{d}.{c}.{b}.{a}.in-addr.arpa")
            }
            IpAddr::V6(ip) => {
                let nibbles: String = ip
                    .octets()
                    .iter()
                    .rev()
                    .map(|byte| format!("{:x}.{:x}.", byte & 15, byte >> 4))
                    .collect();
                format!("{nibbles}ip6.arpa")
            }
        };
        Self { text }
    }
}

mod parse {
    use super::DnsNameError;

    /// Checks and normalises a presentation-form name.
    pub(super) fn presentation(text: &str) -> Result<String, DnsNameError> {
        let mut normal = String::with_capacity(text.len());
        let (mut label, mut total) = (0_usize, 0_usize);
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            if c == '.' {
                if characters.peek().is_none() && label > 0 {
                    break;
                }
                if label == 0 {
                    return if text == "." { Ok(String::new()) } else { Err(DnsNameError::BadLabel) };
                }
                normal.push('.');
                (label, total) = (0, total + 1);
                continue;
            }
            let octets = if c == '\\' { escape(&mut characters)?.to_vec() } else { octets_of(c) };
            for octet in octets {
                push(&mut normal, octet);
                label += 1;
                total += 1;
            }
            if label > 63 {
                return Err(DnsNameError::BadLabel);
            }
        }
        if total > 253 { Err(DnsNameError::TooLong) } else { Ok(normal) }
    }

    fn octets_of(c: char) -> Vec<u8> {
        c.to_string().into_bytes()
    }

    /// `\DDD` or `\X` (RFC 1035 section 5.1).
    fn escape(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<[u8; 1], DnsNameError> {
        let first = characters.next().ok_or(DnsNameError::BadEscape)?;
        if !first.is_ascii_digit() {
            return u8::try_from(u32::from(first)).map(|octet| [octet]).map_err(|_| DnsNameError::BadEscape);
        }
        let digits: String =
            [Some(first), characters.next(), characters.next()].into_iter().flatten().collect();
        if digits.len() != 3 {
            return Err(DnsNameError::BadEscape);
        }
        digits.parse::<u8>().map(|octet| [octet]).map_err(|_| DnsNameError::BadEscape)
    }

    fn push(normal: &mut String, octet: u8) {
        match octet {
            b'.' | b'\\' => {
                normal.push('\\');
                normal.push(char::from(octet));
            }
            b'!'..=b'~' => normal.push(char::from(octet.to_ascii_lowercase())),
            _ => normal.push_str(&format!("\\{octet:03}")),
        }
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for DnsName {
    type Err = DnsNameError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl From<&Domain> for DnsName {
    fn from(domain: &Domain) -> Self {
        Self { text: domain.as_str().to_owned() }
    }
}
