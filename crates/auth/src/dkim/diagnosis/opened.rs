//! What a signature says of itself. An RSA signature is the hash that its maker signed, behind a power: who has the public key
//! can undo it and read that hash (RFC 8017 section 8.2.2). Then it is certain whether the key made the signature, and a
//! supposition about the header fields costs one hash to try. Nothing here is secret, so nothing needs constant time.

use num_bigint::BigUint;

use crate::dkim::der;

/// A signature, opened with a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// The key made it, over data with this SHA-256 hash.
    Sha256([u8; 32]),
    /// The key made it, over data hashed by another function.
    OtherHash,
    /// The key did not make it, or it was damaged since.
    Foreign,
}

/// EMSA-PKCS1-v1_5 names the hash function before the hash (RFC 8017 section 9.2).
const SHA256: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];

/// The same of the other functions that signers may have taken: what stands before the hash, and how long the hash is. Nothing
/// else will do: under an exponent of 3 anybody can make a signature that begins well and goes on with what it likes.
const OTHERS: [(&[u8], usize); 5] = [
    // MD5
    (
        &[
            0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05, 0x05, 0x00,
            0x04, 0x10,
        ],
        16,
    ),
    // SHA-1
    (&[0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14], 20),
    // SHA-224
    (
        &[
            0x30, 0x2d, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04, 0x05,
            0x00, 0x04, 0x1c,
        ],
        28,
    ),
    // SHA-384
    (
        &[
            0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05,
            0x00, 0x04, 0x30,
        ],
        48,
    ),
    // SHA-512
    (
        &[
            0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05,
            0x00, 0x04, 0x40,
        ],
        64,
    ),
];

/// Opens a signature with the RSA key in `data`. `None` where that is no RSA key, or where the key's power leads to what is
/// no hash: then nothing is known.
pub(super) fn open(data: &[u8], signature: &[u8]) -> Option<Opened> {
    let (modulus, exponent) = der::rsa_numbers(data)?;
    let exponent = exponent
        .iter()
        .try_fold(0_u64, |value, &octet| value.checked_mul(256).map(|value| value | u64::from(octet)))?;
    // A signature is a number below the modulus, written as long as it (RFC 8017 section 8.2.2 steps 1 and 2).
    if signature.len() != modulus.len() || signature >= modulus {
        return Some(Opened::Foreign);
    }
    let octets = power(signature, exponent, modulus)?;
    let padded = octets.strip_prefix(&[0, 1]).unwrap_or_default();
    let filler = padded.iter().take_while(|&&octet| octet == 0xff).count();
    let named = padded.get(filler..).and_then(|rest| rest.strip_prefix(&[0])).filter(|_| filler >= 8);
    match named {
        None => Some(Opened::Foreign),
        Some(named) => hash(named),
    }
}

/// The hash with the name of its function, and nothing behind it.
fn hash(named: &[u8]) -> Option<Opened> {
    if let Some(hash) = named.strip_prefix(SHA256) {
        return hash.try_into().ok().map(Opened::Sha256);
    }
    let fits =
        |(name, length): &(&[u8], usize)| named.strip_prefix(*name).is_some_and(|hash| hash.len() == *length);
    OTHERS.iter().any(fits).then_some(Opened::OtherHash)
}

/// `base` to the power of `exponent`, modulo `modulus`; most significant octet first, as long as the modulus. `None` where
/// the numbers are none of RSA's.
fn power(base: &[u8], exponent: u64, modulus: &[u8]) -> Option<Vec<u8>> {
    let n = BigUint::from_bytes_be(modulus);
    if exponent == 0 || !n.bit(0) {
        return None;
    }
    let octets = BigUint::from_bytes_be(base).modpow(&exponent.into(), &n).to_bytes_be();
    let mut whole = vec![0; modulus.len().checked_sub(octets.len())?];
    whole.extend_from_slice(&octets);
    Some(whole)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};

    use super::*;
    use crate::dkim::{KeyRecord, PrivateKey};

    #[test]
    fn the_hash_that_was_signed_is_read() {
        let hash = digest(&SHA256, b"header");
        for _ in 0..3 {
            let (key, other) =
                (PrivateKey::generate_rsa_2048().unwrap(), PrivateKey::generate_rsa_2048().unwrap());
            let data = |key: &PrivateKey| KeyRecord::parse(key.dns_record().as_bytes()).unwrap().data;
            let mut signature = key.sign(&hash).unwrap();
            assert_eq!(
                open(&data(&key), &signature),
                Some(Opened::Sha256(hash.as_ref().try_into().unwrap()))
            );
            assert_eq!(open(&data(&other), &signature), Some(Opened::Foreign));
            assert_eq!(open(&data(&other), &[0xff; 256]), Some(Opened::Foreign));
            signature[100] ^= 1;
            assert_eq!(open(&data(&key), &signature), Some(Opened::Foreign));
            signature.pop();
            assert_eq!(open(&data(&key), &signature), Some(Opened::Foreign));
        }
    }

    #[test]
    fn only_a_whole_hash_is_one() {
        let check = |prefix: &[u8], length: usize, expected: Option<Opened>| {
            assert_eq!(hash(&[prefix, &vec![7; length]].concat()), expected, "{length}");
        };
        check(super::SHA256, 32, Some(Opened::Sha256([7; 32])));
        check(super::SHA256, 31, None);
        check(super::SHA256, 33, None);
        for (name, length) in OTHERS {
            check(name, length, Some(Opened::OtherHash));
            check(name, length + 1, None);
            assert_eq!(usize::from(name[1]) + 2, name.len() + length);
        }
        check(b"", 219, None);
    }

    #[test]
    fn small_numbers() {
        let check = |base: u64, exponent, modulus: u64| {
            let wide = |base: u64, times: u64| {
                (0..times).fold(1_u128, |product, _| product * u128::from(base) % u128::from(modulus))
            };
            let octets = power(&base.to_be_bytes(), exponent, &modulus.to_be_bytes()).unwrap();
            assert_eq!(
                u64::from_be_bytes(octets.try_into().unwrap()),
                u64::try_from(wide(base, exponent)).unwrap()
            );
        };
        check(2, 10, 1001);
        check(u64::MAX - 5, 17, u64::MAX);
        check(3, 1, 0x8000_0000_0000_0001);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(data: Vec<u8>, signature: Vec<u8>, modulus: Vec<u8>, exponent: u64) {
            let _ = open(&data, &signature);
            let _ = power(&signature, exponent, &modulus);
        }
    }
}
