//! Where the public key lies in a certificate (RFC 5280 section 4.1).

use crate::der::{SEQUENCE, element};

const VERSION: u8 = 0xa0;

/// The SubjectPublicKeyInfo of a certificate, tag and length included: what the selector SPKI means (RFC 6698 section 2.1.2). No other part of the
/// certificate is judged, because DANE-EE judges none (RFC 7671 section 5.1).
pub fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let mut tbs = element(element(certificate)?.contents)?.contents;
    if tbs.first() == Some(&VERSION) {
        tbs = element(tbs)?.after;
    }
    // Serial number, signature algorithm, issuer, validity, subject.
    for _ in 0..5 {
        tbs = element(tbs)?.after;
    }
    let key = element(tbs)?;
    (key.tag == SEQUENCE).then_some(key.whole)
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
