//! Names of the DNS, which may be more than mail's domains: `_dmarc.example.org`, `10.2.0.192.in-addr.arpa`, and
//! whatever an SPF macro expands to.

use std::borrow::Borrow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use tegami_mail::{AsText, Domain, Text};

/// An absolute name, lower case, no trailing dot; the root is the empty text. Labels are at most 63 octets, the whole
/// at most 253 (RFC 1035 section 2.3.4). Any octet may occur in a label; dots and backslashes inside a label and octets
/// outside printable ASCII are written `\DDD` (RFC 1035 section 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DnsName {
    text: Text,
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
        if parse::is_plain(text) {
            return Ok(Self { text: text.into() });
        }
        parse::presentation(text).map(|text| Self { text: text.into() })
    }

    /// The name in presentation form, without the trailing dot.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The root of the DNS.
    pub fn root() -> Self {
        Self { text: Text::default() }
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
        if self.is_root() {
            return Self::parse(label);
        }
        let text = Text::concat(&[label, ".", &self.text]);
        if parse::is_plain(label) && text.len() <= 253 { Ok(Self { text }) } else { Self::parse(&text) }
    }

    /// The name without its first label; nothing is above the root.
    pub fn parent(&self) -> Option<Self> {
        self.ancestors().nth(1).map(|text| Self { text: text.into() })
    }

    /// Whether this name is `other` or stands below it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.ancestors().any(|text| other.text == *text)
    }

    /// This name's text, then its parent's and so on; the root (empty) is the last.
    pub(crate) fn ancestors(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self.text.as_str()), |text| {
            if text.is_empty() { None } else { Some(parse::first_label(text).1) }
        })
    }

    /// The octets of every label, escapes resolved, the root's empty label left out.
    pub(crate) fn labels(&self) -> impl Iterator<Item = Vec<u8>> {
        self.ancestors()
            .filter(|text| !text.is_empty())
            .map(|text| parse::octets(parse::first_label(text).0).unwrap_or_default())
    }

    /// Makes a name of labels as they stand in a message.
    ///
    /// # Errors
    /// A [`DnsNameError`] with the rule that is broken.
    pub(crate) fn from_labels<L: AsRef<[u8]>>(
        labels: impl IntoIterator<Item = L>,
    ) -> Result<Self, DnsNameError> {
        let mut text = String::new();
        let mut total = 0_usize;
        for label in labels {
            let label = label.as_ref();
            if label.is_empty() || label.len() > 63 {
                return Err(DnsNameError::BadLabel);
            }
            if total > 0 {
                text.push('.');
            }
            total += label.len() + 1;
            label.iter().for_each(|octet| parse::push(&mut text, *octet));
        }
        // The octets and the dots between them; the last label has no dot.
        if total > 254 { Err(DnsNameError::TooLong) } else { Ok(Self { text: text.into() }) }
    }

    /// The uncompressed form of messages (RFC 1035 section 3.1).
    pub(crate) fn to_wire(&self) -> Vec<u8> {
        let mut wire = Vec::with_capacity(self.text.len() + 2);
        for label in self.labels() {
            wire.push(u8::try_from(label.len()).unwrap_or(63));
            wire.extend_from_slice(&label);
        }
        wire.push(0);
        wire
    }

    /// The name that holds the PTR records of an address (RFC 1035 section 3.5, RFC 3596 section 2.5).
    pub fn reverse(ip: IpAddr) -> Self {
        let text = match ip {
            IpAddr::V4(ip) => {
                let [a, b, c, d] = ip.octets();
                Text::of(format_args!("{d}.{c}.{b}.{a}.in-addr.arpa"))
            }
            IpAddr::V6(ip) => {
                let nibbles: String = ip
                    .octets()
                    .iter()
                    .rev()
                    .map(|byte| format!("{:x}.{:x}.", byte & 15, byte >> 4))
                    .collect();
                Text::of(format_args!("{nibbles}ip6.arpa"))
            }
        };
        Self { text }
    }
}

pub(crate) mod parse {
    use super::DnsNameError;

    /// Whether this is how the name is kept already, as nearly all names of mail are: lower case, no escapes, no
    /// trailing dot.
    pub(super) fn is_plain(text: &str) -> bool {
        let mut label = 0;
        for octet in text.bytes() {
            label = match octet {
                b'.' if label > 0 => 0,
                b'.' | b'\\' | b'A'..=b'Z' => return false,
                b'!'..=b'~' if label < 63 => label + 1,
                _ => return false,
            };
        }
        label > 0 && text.len() <= 253
    }

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

    /// The octets that a text with escapes stands for.
    pub(crate) fn octets(text: &str) -> Result<Vec<u8>, DnsNameError> {
        let mut octets = Vec::with_capacity(text.len());
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            if c == '\\' {
                octets.extend_from_slice(&escape(&mut characters)?);
            } else {
                octets.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        Ok(octets)
    }

    /// The first label, still escaped, and what follows its dot.
    pub(super) fn first_label(text: &str) -> (&str, &str) {
        let mut escaped = false;
        for (at, c) in text.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '.' => return (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default()),
                _ => {}
            }
        }
        (text, "")
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

    pub(super) fn push(normal: &mut String, octet: u8) {
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

impl AsText for DnsName {
    fn as_text(&self) -> &Text {
        &self.text
    }
}

impl FromStr for DnsName {
    type Err = DnsNameError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Order, equality and hash are those of the text, so maps of names can be asked by text.
impl Borrow<str> for DnsName {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl From<&Domain> for DnsName {
    fn from(domain: &Domain) -> Self {
        Self { text: domain.as_text().clone() }
    }
}
