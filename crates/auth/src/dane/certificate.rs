//! Where the public key lies in a certificate (RFC 5280 section 4.1).

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// The SubjectPublicKeyInfo of a certificate, tag and length included: what the selector SPKI means (RFC 6698 section 2.1.2). No other part of the
/// certificate is judged, because DANE-EE judges none (RFC 7671 section 5.1).
pub fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let (_, certificate, _) = element(certificate)?;
    let (_, mut tbs, _) = element(certificate)?;
    if tbs.first() == Some(&VERSION) {
        tbs = element(tbs)?.2;
    }
    // Serial number, signature algorithm, issuer, validity, subject.
    for _ in 0..5 {
        tbs = element(tbs)?.2;
    }
    let (whole, ..) = element(tbs)?;
    (whole.first() == Some(&SEQUENCE)).then_some(whole)
}

/// The element at the front whole, its contents, and what follows it (X.690 section 8.1): tags of one octet, lengths up to four.
fn element(der: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (_, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (octets.iter().fold(0, |length, &octet| length << 8 | usize::from(octet)), rest)
        }
        _ => return None,
    };
    let (contents, after) = rest.split_at_checked(length)?;
    let whole = der.get(..der.len() - after.len())?;
    Some((whole, contents, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn finds_the_public_key() {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["mx.example.org".to_owned()]).unwrap();
        let certificate = certificate.self_signed(&key).unwrap();
        let found = public_key(certificate.der()).unwrap();
        assert_eq!(found, rcgen::PublicKeyData::subject_public_key_info(&key));
        assert_eq!(public_key(certificate.der().get(..200).unwrap()), None);
    }

    proptest! {
        #[test]
        fn never_panics(octets in proptest::collection::vec(
            prop_oneof![Just(0x30), Just(0xa0), Just(0x02), 0_u8..16, any::<u8>()], 0..80,
        )) {
            public_key(&octets);
        }
    }
}
