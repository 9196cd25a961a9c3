//! What a question gets: records, or one of the ways in which there are none.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::DnsName;

/// The types that mail asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordType {
    /// IPv4 address.
    A,
    /// IPv6 address.
    Aaaa,
    /// Another name for this one.
    Cname,
    /// Certification authority authorisation (RFC 8659).
    Caa,
    /// The key of a signed zone (RFC 4034 section 2).
    Dnskey,
    /// What the zone above says of that key (RFC 4034 section 5).
    Ds,
    /// Mail exchange.
    Mx,
    /// Name server.
    Ns,
    /// How a signed zone hashes its names (RFC 5155 section 4).
    Nsec3Param,
    /// Name of an address.
    Ptr,
    /// Start of authority.
    Soa,
    /// The retired SPF type, 99 (RFC 7208 section 3.1).
    Spf,
    /// Where a service is (RFC 2782).
    Srv,
    /// TLS association (RFC 6698).
    Tlsa,
    /// Text.
    Txt,
}

/// One MX record's data.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MxHost {
    /// Lower is tried first (RFC 5321 section 5.1).
    pub preference: u16,
    /// The host; the root is the null MX (RFC 7505).
    pub exchange: DnsName,
}

/// One TLSA record's data (RFC 6698 section 2.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tlsa {
    /// Certificate usage: 2 is DANE-TA, 3 is DANE-EE (RFC 7218).
    pub usage: u8,
    /// 0 the whole certificate, 1 its public key.
    pub selector: u8,
    /// 0 exact, 1 SHA-256, 2 SHA-512.
    pub matching_type: u8,
    /// Certificate association data.
    pub data: Vec<u8>,
}

/// One SRV record's data (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Service {
    /// Lower is tried first.
    pub priority: u16,
    /// The share among those of one priority.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host; the root says that there is no such service.
    pub target: DnsName,
}

/// One DS record's data (RFC 4034 section 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ds {
    /// Which key, as [`Dnskey::tag`] counts it.
    pub tag: u16,
    /// The key's algorithm.
    pub algorithm: u8,
    /// 1 SHA-1, 2 SHA-256, 4 SHA-384.
    pub digest_type: u8,
    /// The digest of the key.
    pub digest: Vec<u8>,
}

/// One DNSKEY record's data (RFC 4034 section 2.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dnskey {
    /// 256 is a zone key, 257 one that the zone above may name.
    pub flags: u16,
    /// Always 3.
    pub protocol: u8,
    /// As IANA registers them: 8 is RSASHA256, 13 ECDSAP256SHA256.
    pub algorithm: u8,
    /// The public key.
    pub key: Vec<u8>,
}

impl Dnskey {
    /// The number by which DS records and signatures name a key (RFC 4034 appendix B).
    pub fn tag(&self) -> u16 {
        let [high, low] = self.flags.to_be_bytes();
        let octets = [high, low, self.protocol, self.algorithm].into_iter().chain(self.key.iter().copied());
        let sum = octets.enumerate().fold(0_u32, |sum, (at, octet)| {
            sum.wrapping_add(if at % 2 == 0 { u32::from(octet) << 8 } else { octet.into() })
        });
        let [.., high, low] = sum.wrapping_add(sum >> 16 & 0xffff).to_be_bytes();
        u16::from_be_bytes([high, low])
    }
}

/// One NSEC3PARAM record's data (RFC 5155 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nsec3Param {
    /// 1 is SHA-1, and there is no other.
    pub algorithm: u8,
    /// Zero.
    pub flags: u8,
    /// Hashes after the first.
    pub iterations: u16,
    /// At most 255 octets.
    pub salt: Vec<u8>,
}

/// Longest character-string, in octets (RFC 1035 section 3.3).
const MAX_STRING: usize = 255;

/// One TXT record's data (RFC 1035 section 3.3.14): its character-strings, joined without separator (RFC 7208 section 3.3); it derefs to these octets.
/// Where one string ends and the next begins is kept beside them, because a word that was cut there is a common mistake.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct TxtData {
    octets: Vec<u8>,
    /// Where the second and every later string begins: empty for the usual single string, which costs nothing then.
    borders: Vec<usize>,
}

impl TxtData {
    /// Joins character-strings.
    pub fn join<S: AsRef<[u8]>>(strings: impl IntoIterator<Item = S>) -> Self {
        let mut strings = strings.into_iter();
        let mut text = Self {
            octets: strings.next().map(|first| first.as_ref().to_vec()).unwrap_or_default(),
            borders: Vec::new(),
        };
        for string in strings {
            text.borders.push(text.octets.len());
            text.octets.extend_from_slice(string.as_ref());
        }
        text
    }

    /// The octets of all strings.
    pub fn as_slice(&self) -> &[u8] {
        &self.octets
    }

    /// The octets of all strings.
    pub fn into_octets(self) -> Vec<u8> {
        self.octets
    }

    /// Offsets in the joined octets at which the second and every later string begins.
    pub fn borders(&self) -> &[usize] {
        &self.borders
    }

    /// The strings, at least one.
    pub fn strings(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.borders.iter().copied());
        let ends = self.borders.iter().copied().chain(std::iter::once(self.octets.len()));
        begins.zip(ends).map(|(begin, end)| self.octets.get(begin..end).unwrap_or_default())
    }
}

/// The longest strings, as they are usually published.
impl From<Vec<u8>> for TxtData {
    fn from(octets: Vec<u8>) -> Self {
        let borders = (MAX_STRING..octets.len()).step_by(MAX_STRING).collect();
        Self { octets, borders }
    }
}

impl std::ops::Deref for TxtData {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.octets
    }
}

/// The data of one record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Data {
    /// A.
    A(Ipv4Addr),
    /// AAAA.
    Aaaa(Ipv6Addr),
    /// CNAME.
    Cname(DnsName),
    /// CAA: flags, tag, value.
    Caa(u8, String, Vec<u8>),
    /// DNSKEY.
    Dnskey(Dnskey),
    /// DS.
    Ds(Ds),
    /// MX.
    Mx(MxHost),
    /// NS.
    Ns(DnsName),
    /// NSEC3PARAM.
    Nsec3Param(Nsec3Param),
    /// PTR.
    Ptr(DnsName),
    /// SOA: primary name server, mailbox, serial, refresh, retry, expire, minimum (seconds).
    Soa(DnsName, DnsName, [u32; 5]),
    /// Type 99 (RFC 7208 section 3.1).
    Spf(TxtData),
    /// SRV.
    Srv(Service),
    /// TLSA.
    Tlsa(Tlsa),
    /// TXT.
    Txt(TxtData),
}

/// One record of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// The owner: the name asked for, or the end of its CNAME chain.
    pub name: DnsName,
    /// How long it may be kept.
    pub ttl: Duration,
    /// The data.
    pub data: Data,
}

/// What DNSSEC says of an answer (RFC 4035 section 4.3). Bogus answers are errors, not answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Security {
    /// Signed, and the chain was validated.
    Secure,
    /// Not signed, or validation was not asked for.
    Insecure,
}

/// The records of the type asked for, at least one, CNAMEs followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// At least one record, all of the type asked for.
    pub records: Vec<Record>,
    /// The CNAME targets that were followed, in order; empty where the name itself had the records.
    pub aliases: Vec<DnsName>,
    /// Secure only when every link of the chain was.
    pub security: Security,
}

impl Answer {
    /// The shortest TTL of all records.
    pub fn ttl(&self) -> Duration {
        self.records.iter().map(|record| record.ttl).min().unwrap_or_default()
    }
}

/// The ways in which a question has no records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DnsError {
    /// The name does not exist, nor anything below it (RFC 8020).
    #[error("NXDOMAIN")]
    NxDomain,
    /// The name exists, with no record of this type.
    #[error("NODATA")]
    NoData,
    /// The server failed.
    #[error("SERVFAIL")]
    ServFail,
    /// The server refuses us.
    #[error("REFUSED")]
    Refused,
    /// Nobody answered in time.
    #[error("timeout")]
    Timeout,
    /// DNSSEC validation failed: treat as a failure to find out, never as absence.
    #[error("bogus (DNSSEC validation failed)")]
    Bogus,
    /// The answer could not be read, or a CNAME chain had no end.
    #[error("malformed answer: {0}")]
    Malformed(String),
    /// We could not ask at all.
    #[error("cannot ask: {0}")]
    Network(String),
}

impl DnsError {
    /// NXDOMAIN and NODATA: the question was answered, with nothing (a void lookup, RFC 7208 section 4.6.4).
    pub fn is_void(&self) -> bool {
        matches!(self, Self::NxDomain | Self::NoData)
    }
}
