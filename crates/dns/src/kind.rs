//! Record types by number and by mnemonic.

use std::fmt;
use std::str::FromStr;

use crate::RecordType;

/// Every type with its number and its mnemonic, as IANA registers them.
const TYPES: [(RecordType, u16, &str); 15] = [
    (RecordType::A, 1, "A"),
    (RecordType::Aaaa, 28, "AAAA"),
    (RecordType::Cname, 5, "CNAME"),
    (RecordType::Caa, 257, "CAA"),
    (RecordType::Dnskey, 48, "DNSKEY"),
    (RecordType::Ds, 43, "DS"),
    (RecordType::Mx, 15, "MX"),
    (RecordType::Ns, 2, "NS"),
    (RecordType::Nsec3Param, 51, "NSEC3PARAM"),
    (RecordType::Ptr, 12, "PTR"),
    (RecordType::Soa, 6, "SOA"),
    (RecordType::Spf, 99, "SPF"),
    (RecordType::Srv, 33, "SRV"),
    (RecordType::Tlsa, 52, "TLSA"),
    (RecordType::Txt, 16, "TXT"),
];

/// A text that names no record type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a record type that mail asks for")]
pub struct UnknownType(pub String);

impl RecordType {
    /// Every type.
    pub fn all() -> impl Iterator<Item = Self> {
        TYPES.iter().map(|(kind, ..)| *kind)
    }

    /// The number that messages carry.
    pub fn code(self) -> u16 {
        TYPES.iter().find(|(kind, ..)| *kind == self).map_or(0, |(_, code, _)| *code)
    }

    /// The type with this number, where it is one of ours.
    pub fn from_code(code: u16) -> Option<Self> {
        TYPES.iter().find(|(_, known, _)| *known == code).map(|(kind, ..)| *kind)
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(TYPES.iter().find(|(kind, ..)| kind == self).map_or("", |(_, _, mnemonic)| mnemonic))
    }
}

impl FromStr for RecordType {
    type Err = UnknownType;

    /// A mnemonic in any case, or `TYPE99` (RFC 3597 section 5).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        code_of(text).and_then(Self::from_code).ok_or_else(|| UnknownType(text.to_owned()))
    }
}

/// The number behind a mnemonic of ours or behind `TYPEnumber` (RFC 3597 section 5).
pub(crate) fn code_of(text: &str) -> Option<u16> {
    if let Some((_, code, _)) = TYPES.iter().find(|(_, _, mnemonic)| mnemonic.eq_ignore_ascii_case(text)) {
        return Some(*code);
    }
    let (prefix, number) = text.split_at_checked(4)?;
    (prefix.eq_ignore_ascii_case("TYPE") && number.bytes().all(|octet| octet.is_ascii_digit()))
        .then(|| number.parse().ok())
        .flatten()
}

/// The mnemonic of a number, or `TYPEnumber`.
pub(crate) fn mnemonic(code: u16) -> String {
    RecordType::from_code(code).map_or_else(|| format!("TYPE{code}"), |kind| kind.to_string())
}
