//! What a certificate says of itself (RFC 5280 section 4.1). Reading only: trust is decided elsewhere.

mod der;
mod strength;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use der::Der;
pub use strength::{Digest, Key, Strength};

/// A certificate in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// For whom: `CN=mx.example.org, O=Example`.
    pub subject: String,
    /// By whom.
    pub issuer: String,
    /// Host names and addresses of the subject alternative names.
    pub names: Vec<String>,
    /// Not valid before.
    pub not_before: Option<Timestamp>,
    /// Not valid after.
    pub not_after: Option<Timestamp>,
    /// SHA-256 of the whole certificate, hexadecimal digits, lower case.
    pub sha256: String,
}

impl Certificate {
    /// Reads a certificate; what cannot be read stays empty, and the fingerprint is always there.
    pub fn read(der: &[u8]) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
        let sha256 = tegami_mail::hex(digest.as_ref());
        let empty = Self {
            subject: String::new(),
            issuer: String::new(),
            names: Vec::new(),
            not_before: None,
            not_after: None,
            sha256,
        };
        tbs(der, &empty).unwrap_or(empty)
    }

    /// Issuer and subject are the same: nobody else vouches for it.
    pub fn is_self_issued(&self) -> bool {
        !self.subject.is_empty() && self.subject == self.issuer
    }
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

/// RFC 5280 section 4.2.1.6.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

fn tbs(der: &[u8], empty: &Certificate) -> Option<Certificate> {
    let mut certificate = Der(Der(der).take(SEQUENCE)?);
    let mut tbs = Der(certificate.take(SEQUENCE)?);
    tbs.skip_if(VERSION);
    tbs.take(INTEGER)?;
    tbs.take(SEQUENCE)?;
    let issuer = name(tbs.take(SEQUENCE)?);
    let mut validity = Der(tbs.take(SEQUENCE)?);
    let not_before = validity.next().and_then(time);
    let not_after = validity.next().and_then(time);
    let subject = name(tbs.take(SEQUENCE)?);
    tbs.take(SEQUENCE)?;
    let mut names = Vec::new();
    while let Some((tag, value)) = tbs.next() {
        if tag == EXTENSIONS {
            names = Der(value).take(SEQUENCE).map(alternative_names).unwrap_or_default();
        }
    }
    Some(Certificate { subject, issuer, names, not_before, not_after, sha256: empty.sha256.clone() })
}

/// RFC 5280 section 4.1.2.4, the attributes that people know by short names.
fn name(value: &[u8]) -> String {
    let mut parts = Vec::new();
    let mut rdns = Der(value);
    while let Some((_, set)) = rdns.next() {
        let mut attributes = Der(set);
        while let Some((_, attribute)) = attributes.next() {
            let mut attribute = Der(attribute);
            let (Some(oid), Some((_, text))) = (attribute.take(OID), attribute.next()) else { continue };
            let label = match oid {
                [0x55, 4, 3] => "CN",
                [0x55, 4, 6] => "C",
                [0x55, 4, 7] => "L",
                [0x55, 4, 8] => "ST",
                [0x55, 4, 10] => "O",
                [0x55, 4, 11] => "OU",
                _ => continue,
            };
            parts.push(format!("{label}={}", printable(text)));
        }
    }
    parts.join(", ")
}

fn alternative_names(value: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut extensions = Der(value);
    while let Some((_, extension)) = extensions.next() {
        let mut extension = Der(extension);
        if extension.take(OID) != Some(SUBJECT_ALT_NAME) {
            continue;
        }
        while let Some((tag, value)) = extension.next() {
            let list = if tag == OCTET_STRING { Der(value).take(SEQUENCE) } else { None };
            names.extend(list.map(general_names).unwrap_or_default());
        }
    }
    names
}

fn general_names(value: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut list = Der(value);
    while let Some((tag, value)) = list.next() {
        match tag {
            DNS_NAME => names.push(printable(value)),
            IP_ADDRESS => names.extend(ip(value)),
            _ => {}
        }
    }
    names
}

fn ip(octets: &[u8]) -> Option<String> {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return Some(std::net::Ipv4Addr::from(octets).to_string());
    }
    <[u8; 16]>::try_from(octets).ok().map(|octets| std::net::Ipv6Addr::from(octets).to_string())
}

/// The names come from a stranger: no control characters reach a terminal.
fn printable(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().filter(|c| !c.is_control()).collect()
}

/// UTCTime has two digits for the year, 50 and above meaning 19xx (RFC 5280 section 4.1.2.5.1).
fn time((tag, value): (u8, &[u8])) -> Option<Timestamp> {
    let text = std::str::from_utf8(value).ok()?.strip_suffix('Z')?;
    let digits: Vec<i16> = text
        .chars()
        .map(|c| c.to_digit(10).and_then(|digit| i16::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let number = |digits: &[i16]| {
        digits.iter().fold(0, |sum: i16, digit| sum.saturating_mul(10).saturating_add(*digit))
    };
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = digits.split_at_checked(2)?;
            let year = number(year);
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = digits.split_at_checked(4)?;
            (number(year), rest)
        }
        _ => return None,
    };
    let parts: Vec<i8> = rest.chunks(2).map(|pair| i8::try_from(number(pair)).ok()).collect::<Option<_>>()?;
    let [month, day, hour, minute, second] = <[i8; 5]>::try_from(parts).ok()?;
    let civil = jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_a_certificate_says() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters =
            rcgen::CertificateParams::new(vec!["mx.example.org".to_owned(), "192.0.2.1".to_owned()]).unwrap();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "mx.example.org");
        parameters.distinguished_name.push(rcgen::DnType::OrganizationName, "Example");
        parameters.not_before = rcgen::date_time_ymd(2024, 2, 29);
        parameters.not_after = rcgen::date_time_ymd(2051, 1, 1);
        let certificate = Certificate::read(parameters.self_signed(&key).unwrap().der());
        assert_eq!(certificate.subject, "CN=mx.example.org, O=Example");
        assert_eq!(certificate.names, ["mx.example.org", "192.0.2.1"]);
        assert_eq!(certificate.not_before.unwrap().to_string(), "2024-02-29T00:00:00Z");
        assert_eq!(certificate.not_after.unwrap().to_string(), "2051-01-01T00:00:00Z");
        assert!(certificate.is_self_issued());
        assert_eq!(certificate.sha256.len(), 64);
    }

    #[test]
    fn reads_how_strong_it_is() {
        let read = |algorithm| {
            let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
            let certificate = rcgen::CertificateParams::new(vec!["mx.example.org".to_owned()]).unwrap();
            Strength::read(certificate.self_signed(&key).unwrap().der()).unwrap()
        };
        let strong = |key| Strength { key, digest: Digest::Strong };
        assert_eq!(read(&rcgen::PKCS_ECDSA_P256_SHA256), strong(Key::Curve("P-256")));
        assert_eq!(read(&rcgen::PKCS_ECDSA_P384_SHA384), strong(Key::Curve("P-384")));
        assert_eq!(read(&rcgen::PKCS_ED25519), strong(Key::Curve("Ed25519")));
        assert_eq!(Strength::read(b"\x30\x03\x02\x01\x00"), None);
    }

    proptest! {
        #[test]
        fn never_panics(octets: Vec<u8>) {
            Certificate::read(&octets);
            Strength::read(&octets);
        }

        #[test]
        fn never_panics_on_what_looks_like_der(octets in proptest::collection::vec(
            prop_oneof![Just(0x30), Just(0x02), Just(0x17), Just(0x31), Just(0x06), 0_u8..16, any::<u8>()], 0..80,
        )) {
            Certificate::read(&octets);
            Strength::read(&octets);
        }
    }
}
