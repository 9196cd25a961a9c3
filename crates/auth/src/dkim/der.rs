//! What the DER of a public key tells: its modulus and exponent.

use crate::der::SEQUENCE;

/// The bits of the modulus of an RSA key, given as RSAPublicKey (RFC 8017 section A.1.1) or inside a
/// SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7). `None` where it is neither.
pub(super) fn rsa_modulus_bits(der: &[u8]) -> Option<usize> {
    let (modulus, _) = rsa_numbers(der)?;
    let leading = modulus.first()?.leading_zeros() as usize;
    Some(modulus.len() * 8 - leading)
}

/// Modulus and public exponent of such a key, most significant octet first, without leading zeros.
pub(super) fn rsa_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (body, _) = element(der, SEQUENCE)?;
    let numbers = if element(body, INTEGER).is_some() {
        body
    } else {
        let (_algorithm, rest) = element(body, SEQUENCE)?;
        let (key, _) = element(rest, BIT_STRING)?;
        let (unused, key) = key.split_first()?;
        element(key, SEQUENCE).filter(|_| *unused == 0)?.0
    };
    let (modulus, rest) = element(numbers, INTEGER)?;
    let exponent = element(rest, INTEGER).map(|(exponent, _)| exponent).unwrap_or_default();
    Some((significant(modulus)?, significant(exponent).unwrap_or_default()))
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

/// The content of the element at the front, which must have this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let found = crate::der::element(der).filter(|element| element.tag == tag)?;
    Some((found.contents, found.after))
}

fn significant(integer: &[u8]) -> Option<&[u8]> {
    let first = integer.iter().position(|&octet| octet != 0)?;
    integer.get(first..)
}
