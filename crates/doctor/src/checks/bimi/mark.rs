//! What a mark certificate says of itself, as far as it is needed (RFC 5280 section 4.1, RFC 3709 section 4.1). Reading only: whose
//! authority providers believe is theirs to say.

use std::io::Read as _;

use flate2::read::GzDecoder;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tegami_auth::der::{Element, element};

const EXTENSIONS: u8 = 0xa3;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const DNS_NAME: u8 = 0x82;

/// `2.5.29.17`, subject alternative names.
const NAMES: &[u8] = &[0x55, 0x1d, 0x11];
/// `2.5.29.37`, extended key usage.
const USAGES: &[u8] = &[0x55, 0x1d, 0x25];
/// `1.3.6.1.5.5.7.1.12`, the logotype.
const LOGOTYPE: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x0c];
/// `1.3.6.1.5.5.7.3.31`, brand indicators.
const BRAND: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x1f];

/// The largest picture that is unpacked, in octets.
const MAX_PICTURE: u64 = 256 * 1024;

/// A mark certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Good from.
    pub(super) begins: Option<Timestamp>,
    /// Good until.
    pub(super) ends: Option<Timestamp>,
    /// The domains that it is for.
    pub(super) names: Vec<String>,
    /// It may vouch for brand indicators.
    pub(super) is_for_brands: bool,
    /// The picture that stands in it, unpacked.
    pub(super) picture: Option<Vec<u8>>,
}

impl Mark {
    /// Reads the DER of a certificate.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let mut rest = element(element(der)?.contents)?.contents;
        if rest.first() == Some(&VERSION) {
            rest = element(rest)?.after;
        }
        // Serial number, signature algorithm, issuer.
        for _ in 0..3 {
            rest = element(rest)?.after;
        }
        let validity = element(rest)?;
        let begin = element(validity.contents)?;
        let end = element(begin.after)?;
        let mut mark = Self { begins: time(&begin), ends: time(&end), ..Self::default() };
        // Subject and public key; unique identifiers are no longer used.
        rest = element(element(validity.after)?.after)?.after;
        while let Some(found) = element(rest) {
            if found.tag == EXTENSIONS {
                mark.extensions(element(found.contents)?.contents);
            }
            rest = found.after;
        }
        Some(mark)
    }

    fn extensions(&mut self, mut rest: &[u8]) {
        while let Some(extension) = element(rest) {
            rest = extension.after;
            let Some(id) = element(extension.contents) else { continue };
            // `critical` stands between, where it is said.
            let mut value = element(id.after);
            if value.is_some_and(|value| value.tag == 0x01) {
                value = value.and_then(|value| element(value.after));
            }
            let Some(value) = value else { continue };
            match id.contents {
                NAMES => self.names = names(value.contents),
                USAGES => self.is_for_brands = contains(value.contents, BRAND),
                LOGOTYPE => self.picture = picture(value.contents),
                _ => {}
            }
        }
    }
}

fn names(octets: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = element(octets).map(|list| list.contents).unwrap_or_default();
    while let Some(name) = element(rest) {
        if name.tag == DNS_NAME {
            names.push(String::from_utf8_lossy(name.contents).to_ascii_lowercase());
        }
        rest = name.after;
    }
    names
}

fn contains(octets: &[u8], wanted: &[u8]) -> bool {
    octets.windows(wanted.len()).any(|part| part == wanted)
}

/// The picture in a `data:` address, unpacked where it is compressed.
fn picture(octets: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    const BEGINNING: &[u8] = b"data:image/svg+xml";
    let at = octets.windows(BEGINNING.len()).position(|part| part.eq_ignore_ascii_case(BEGINNING))?;
    let rest = octets.get(at..)?;
    let comma = rest.iter().position(|octet| *octet == b',')?;
    let is_text = |octet: &&u8| octet.is_ascii_alphanumeric() || b"+/=".contains(octet);
    let text: Vec<u8> = rest.get(comma + 1..)?.iter().take_while(is_text).copied().collect();
    // The element ends where its text does; one letter too many would be the next tag.
    let whole = text.len() - text.len() % 4;
    let packed = STANDARD.decode(text.get(..whole)?).ok()?;
    if !packed.starts_with(&[0x1f, 0x8b]) {
        return Some(packed);
    }
    let mut unpacked = Vec::new();
    GzDecoder::new(packed.as_slice()).take(MAX_PICTURE).read_to_end(&mut unpacked).ok()?;
    Some(unpacked)
}

/// UTCTime or GeneralizedTime (RFC 5280 section 4.1.2.5).
fn time(element: &Element<'_>) -> Option<Timestamp> {
    let text = std::str::from_utf8(element.contents).ok()?.strip_suffix('Z')?;
    let (year, rest) = if element.tag == UTC_TIME {
        let year: i16 = text.get(..2)?.parse().ok()?;
        (if year < 50 { 2000 + year } else { 1900 + year }, text.get(2..)?)
    } else {
        (text.get(..4)?.parse().ok()?, text.get(4..)?)
    };
    let part = |at: usize| rest.get(at..at + 2)?.parse::<i8>().ok();
    let civil = DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, 0).ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn never_panics(octets in proptest::collection::vec(
            prop_oneof![Just(0x30), Just(0xa0), Just(0xa3), Just(0x02), 0_u8..16, any::<u8>()], 0..80,
        )) {
            Mark::read(&octets);
            picture(&[b"data:image/svg+xml;base64,".as_slice(), &octets].concat());
        }
    }
}
