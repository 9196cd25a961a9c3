//! What a signature says of itself. An RSA signature is the hash that its maker signed, behind a power: who has the public key
//! can undo it and read that hash (RFC 8017 section 8.2.2). Then it is certain whether the key made the signature, and a
//! supposition about the header fields costs one hash to try. Nothing here is secret, so nothing needs constant time.

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
    // A number that is not below the modulus comes from another key.
    let Some(octets) = power(signature, exponent, modulus) else { return Some(Opened::Foreign) };
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

/// `base` to the power of `exponent`, modulo an odd `modulus`; most significant octet first, as long as the modulus.
fn power(base: &[u8], exponent: u64, modulus: &[u8]) -> Option<Vec<u8>> {
    let n = Modulus::new(modulus)?;
    let base = n.enter(limbs(base)).filter(|_| exponent > 0)?;
    let mut result = base.clone();
    let bits = u64::BITS - exponent.leading_zeros();
    for bit in (0..bits - 1).rev() {
        result = n.multiply(&result, &result);
        if exponent >> bit & 1 == 1 {
            result = n.multiply(&result, &base);
        }
    }
    let mut one = vec![0; n.limbs.len()];
    *one.first_mut()? = 1;
    let octets: Vec<u8> =
        n.multiply(&result, &one).iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
    octets.get(octets.len().checked_sub(modulus.len())?..).map(<[u8]>::to_vec)
}

/// Numbers of 64 bits, the least significant first.
type Limbs = Vec<u64>;

fn limbs(octets: &[u8]) -> Limbs {
    octets.rchunks(8).map(|chunk| chunk.iter().fold(0, |limb, &octet| limb << 8 | u64::from(octet))).collect()
}

/// An odd modulus, for multiplication after Montgomery: numbers are kept multiplied by 2 to the power of the modulus' size.
struct Modulus {
    limbs: Limbs,
    /// The negative inverse of the lowest limb modulo 2 to the power of 64.
    inverse: u64,
}

impl Modulus {
    fn new(octets: &[u8]) -> Option<Self> {
        let limbs = limbs(octets);
        let lowest = limbs.first().copied().filter(|lowest| lowest & 1 == 1)?;
        // Each round doubles the bits that are right (Newton).
        let inverse = (0..6).fold(1_u64, |x, _| x.wrapping_mul(2_u64.wrapping_sub(lowest.wrapping_mul(x))));
        Some(Self { limbs, inverse: inverse.wrapping_neg() })
    }

    /// A number of the same length in Montgomery's form; `None` where it is not below the modulus.
    fn enter(&self, mut number: Limbs) -> Option<Limbs> {
        number.resize(self.limbs.len(), 0);
        if !below(&number, &self.limbs) {
            return None;
        }
        for _ in 0..self.limbs.len() * 64 {
            let mut carry = 0;
            for limb in &mut number {
                (*limb, carry) = (*limb << 1 | carry, *limb >> 63);
            }
            if carry == 1 || !below(&number, &self.limbs) {
                subtract(&mut number, &self.limbs);
            }
        }
        Some(number)
    }

    /// The product of two numbers in Montgomery's form, in that form.
    fn multiply(&self, a: &[u64], b: &[u64]) -> Limbs {
        let size = self.limbs.len();
        let mut sum = vec![0; size + 2];
        for &factor in b {
            add_product(&mut sum, a, factor);
            let clear = sum.first().copied().unwrap_or_default().wrapping_mul(self.inverse);
            add_product(&mut sum, &self.limbs, clear);
            // The lowest limb is zero now: it goes to the top.
            sum.rotate_left(1);
        }
        let above = sum.get(size..).unwrap_or_default().iter().any(|&limb| limb > 0);
        sum.truncate(size);
        if above || !below(&sum, &self.limbs) {
            subtract(&mut sum, &self.limbs);
        }
        sum
    }
}

/// Adds `a * factor` to a sum that has room for it.
fn add_product(sum: &mut [u64], a: &[u64], factor: u64) {
    let mut carry = 0;
    for (at, limb) in sum.iter_mut().enumerate() {
        let product = a.get(at).map_or(0, |&a| u128::from(a) * u128::from(factor));
        let total = u128::from(*limb) + product + u128::from(carry);
        (*limb, carry) = (low(total), low(total >> 64));
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the lower half is what is asked for")]
fn low(wide: u128) -> u64 {
    wide as u64
}

fn below(a: &[u64], b: &[u64]) -> bool {
    a.iter().rev().lt(b.iter().rev())
}

fn subtract(a: &mut [u64], b: &[u64]) {
    let mut borrow = false;
    for (a, &b) in a.iter_mut().zip(b) {
        let (difference, first) = a.overflowing_sub(b);
        let (difference, second) = difference.overflowing_sub(u64::from(borrow));
        (*a, borrow) = (difference, first | second);
    }
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
            assert_eq!(u64::from_be_bytes(octets.try_into().unwrap()), low(wide(base, exponent)));
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
