//! DANE for SMTP (RFC 7672): which TLSA records can be used, and whether a server's certificates fit them. The records come in, with the knowledge that
//! DNSSEC vouches for them; nothing is asked here.

mod certificate;
mod verify;

pub use certificate::public_key;
pub use verify::{Mismatch, verify};

use std::fmt;

use serde::Serialize;
use tegami_dns::Tlsa;
use tegami_mail::{Domain, Note, hex, note};

/// More records than this are not looked at: each costs a hash of every certificate that a server shows.
const MAX_RECORDS: usize = 100;

/// Certificate usages that can be used with SMTP (RFC 7672 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Usage {
    /// Trust anchor assertion: the certificate of an authority that issued the server's.
    DaneTa,
    /// Domain-issued certificate: the server's own.
    DaneEe,
}

/// What of a certificate is compared (RFC 6698 section 2.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selector {
    /// The whole certificate.
    Cert,
    /// Its public key (SubjectPublicKeyInfo).
    Spki,
}

/// How it is compared (RFC 6698 section 2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matching {
    /// Octet for octet.
    Full,
    /// Its SHA-256.
    Sha256,
    /// Its SHA-512.
    Sha512,
}

/// A TLSA record that can be used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Association {
    /// Which certificate it means.
    pub usage: Usage,
    /// What of it.
    pub selector: Selector,
    /// Compared how.
    pub matching: Matching,
    /// Certificate association data.
    pub data: Vec<u8>,
}

/// Why a TLSA record cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unusable {
    /// PKIX-TA and PKIX-EE: nobody knows which authorities both sides trust (RFC 7672 section 3.1.3).
    Pkix,
    /// A usage, selector or matching type that has no meaning (yet).
    Unknown,
    /// The data is no digest of that kind, or empty.
    Data,
    /// A stronger digest of the same kind is published beside it (RFC 7671 section 9).
    Weaker,
    /// There are too many records before it.
    TooMany,
}

/// All TLSA records of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// Those that can be used. None of several records: encryption is demanded, but nobody is authenticated (RFC 7672 section 2.2).
    pub usable: Vec<Association>,
    /// The others.
    pub unusable: Vec<(Tlsa, Unusable)>,
}

/// The name at which the TLSA records of a service lie (RFC 6698 section 3). `None` where it would be too long.
pub fn record_name(host: &str, port: u16) -> Option<tegami_dns::DnsName> {
    tegami_dns::DnsName::parse(&format!("_{port}._tcp.{host}")).ok()
}

impl Records {
    /// Sorts out which records can be used (RFC 7672 section 3.1).
    pub fn read(records: impl IntoIterator<Item = Tlsa>) -> Self {
        let mut read = Self::default();
        for record in records {
            if read.usable.len() + read.unusable.len() >= MAX_RECORDS {
                read.unusable.push((record, Unusable::TooMany));
                break;
            }
            match Association::read(&record) {
                Ok(association) => read.usable.push(association),
                Err(why) => read.unusable.push((record, why)),
            }
        }
        read.drop_weaker();
        read
    }

    /// Of digests for one usage and selector only the strongest counts: else a broken digest would stay as good as a sound one for as long as it is
    /// published (RFC 7671 section 9). Full data is no digest and always counts.
    fn drop_weaker(&mut self) {
        let strong: Vec<(Usage, Selector)> = self
            .usable
            .iter()
            .filter(|one| one.matching == Matching::Sha512)
            .map(|one| (one.usage, one.selector))
            .collect();
        let (kept, weaker) = std::mem::take(&mut self.usable).into_iter().partition(|one| {
            one.matching != Matching::Sha256 || !strong.contains(&(one.usage, one.selector))
        });
        self.usable = kept;
        self.unusable.extend(weaker.into_iter().map(|one: Association| (one.into(), Unusable::Weaker)));
    }
}

impl Association {
    fn read(record: &Tlsa) -> Result<Self, Unusable> {
        let usage = match record.usage {
            0 | 1 => return Err(Unusable::Pkix),
            2 => Usage::DaneTa,
            3 => Usage::DaneEe,
            _ => return Err(Unusable::Unknown),
        };
        let selector = match record.selector {
            0 => Selector::Cert,
            1 => Selector::Spki,
            _ => return Err(Unusable::Unknown),
        };
        let (matching, length) = match record.matching_type {
            0 => (Matching::Full, None),
            1 => (Matching::Sha256, Some(32)),
            2 => (Matching::Sha512, Some(64)),
            _ => return Err(Unusable::Unknown),
        };
        if record.data.is_empty() || length.is_some_and(|length| record.data.len() != length) {
            return Err(Unusable::Data);
        }
        Ok(Self { usage, selector, matching, data: record.data.clone() })
    }
}

impl From<Association> for Tlsa {
    fn from(association: Association) -> Self {
        Self {
            usage: match association.usage {
                Usage::DaneTa => 2,
                Usage::DaneEe => 3,
            },
            selector: match association.selector {
                Selector::Cert => 0,
                Selector::Spki => 1,
            },
            matching_type: match association.matching {
                Matching::Full => 0,
                Matching::Sha256 => 1,
                Matching::Sha512 => 2,
            },
            data: association.data,
        }
    }
}

/// As in zone text: `3 1 1 0123…`.
impl fmt::Display for Association {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&presentation(&self.clone().into()))
    }
}

/// A TLSA record's data as in zone text: `3 1 1 0123…`.
pub fn presentation(record: &Tlsa) -> String {
    let Tlsa { usage, selector, matching_type, data } = record;
    format!("{usage} {selector} {matching_type} {}", hex(data))
}

impl Unusable {
    /// For people.
    pub fn note(self, record: &Tlsa) -> Note {
        let record = presentation(record);
        match self {
            Self::Pkix => note!("auth-dane-unusable-pkix", record = record),
            Self::Unknown => note!("auth-dane-unusable-unknown", record = record),
            Self::Data => note!("auth-dane-unusable-data", record = record),
            Self::Weaker => note!("auth-dane-unusable-weaker", record = record),
            Self::TooMany => note!("auth-dane-unusable-many", limit = MAX_RECORDS),
        }
    }
}

/// The names that a certificate under a DANE-TA record may have (RFC 7672 section 3.2.2), each once.
pub fn references(base: &Domain, next_hop: Option<&Domain>, expanded: Option<&Domain>) -> Vec<Domain> {
    let mut names = vec![base.clone()];
    for name in [next_hop, expanded].into_iter().flatten() {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(usage: u8, selector: u8, matching_type: u8, length: usize) -> Tlsa {
        Tlsa { usage, selector, matching_type, data: vec![7; length] }
    }

    #[test]
    fn tells_usable_records_from_others() {
        let why = |record: Tlsa| Records::read([record]).unusable.pop().map(|(_, why)| why);
        assert_eq!(why(record(3, 1, 1, 32)), None);
        assert_eq!(why(record(2, 0, 2, 64)), None);
        assert_eq!(why(record(3, 0, 0, 700)), None);
        assert_eq!(why(record(0, 0, 1, 32)), Some(Unusable::Pkix));
        assert_eq!(why(record(1, 1, 1, 32)), Some(Unusable::Pkix));
        assert_eq!(why(record(255, 1, 1, 32)), Some(Unusable::Unknown));
        assert_eq!(why(record(3, 2, 1, 32)), Some(Unusable::Unknown));
        assert_eq!(why(record(3, 1, 3, 32)), Some(Unusable::Unknown));
        assert_eq!(why(record(3, 1, 1, 31)), Some(Unusable::Data));
        assert_eq!(why(record(3, 1, 2, 32)), Some(Unusable::Data));
        assert_eq!(why(record(3, 1, 0, 0)), Some(Unusable::Data));
    }

    #[test]
    fn only_the_strongest_digest_of_a_kind_counts() {
        let read = Records::read([
            record(3, 1, 1, 32),
            record(3, 1, 2, 64),
            record(3, 1, 0, 91),
            record(3, 0, 1, 32),
            record(2, 1, 1, 32),
        ]);
        let kinds: Vec<_> = read.usable.iter().map(|one| (one.usage, one.selector, one.matching)).collect();
        assert_eq!(
            kinds,
            [
                (Usage::DaneEe, Selector::Spki, Matching::Sha512),
                (Usage::DaneEe, Selector::Spki, Matching::Full),
                (Usage::DaneEe, Selector::Cert, Matching::Sha256),
                (Usage::DaneTa, Selector::Spki, Matching::Sha256),
            ]
        );
        assert_eq!(read.unusable, [(record(3, 1, 1, 32), Unusable::Weaker)]);
    }

    #[test]
    fn a_flood_of_records_is_cut() {
        let read = Records::read((0..10_000).map(|_| record(3, 1, 1, 32)));
        assert_eq!((read.usable.len(), read.unusable.len()), (MAX_RECORDS, 1));
    }

    #[test]
    fn where_the_records_lie() {
        assert_eq!(record_name("mx.example.org", 25).unwrap().as_str(), "_25._tcp.mx.example.org");
        assert!(record_name(&"a.".repeat(126), 25).is_none());
        let name = |text: &str| Domain::parse(text).unwrap();
        let (base, hop) = (name("mx.example.net"), name("example.org"));
        assert_eq!(references(&base, Some(&hop), Some(&hop)), [base.clone(), hop]);
        assert_eq!(references(&base, Some(&base), None), [base]);
    }
}
