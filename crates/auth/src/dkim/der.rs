//! As much DER as a public key needs: how long its modulus is.

/// The bits of the modulus of an RSA key, given as RSAPublicKey (RFC 8017 section A.1.1) or inside a
/// SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7). `None` where it is neither.
pub(super) fn rsa_modulus_bits(der: &[u8]) -> Option<usize> {
    let (body, _) = element(der, SEQUENCE)?;
    if let Some((modulus, _)) = element(body, INTEGER) {
        return bits(modulus);
    }
    let (_algorithm, rest) = element(body, SEQUENCE)?;
    let (key, _) = element(rest, BIT_STRING)?;
    let (unused, key) = key.split_first()?;
    if *unused != 0 {
        return None;
    }
    let (numbers, _) = element(key, SEQUENCE)?;
    let (modulus, _) = element(numbers, INTEGER)?;
    bits(modulus)
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// The content of the element at the front, which must have this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (octets.iter().fold(0, |length, &octet| length << 8 | usize::from(octet)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn bits(integer: &[u8]) -> Option<usize> {
    let first = integer.iter().position(|&octet| octet != 0)?;
    let significant = integer.get(first..)?;
    let leading = significant.first()?.leading_zeros() as usize;
    Some(significant.len() * 8 - leading)
}
