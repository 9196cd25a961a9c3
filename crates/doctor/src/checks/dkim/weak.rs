//! Keys that can be computed from what is published.

/// Primes modulo which keys of a certain chip library are powers of 65537: the published fingerprint of CVE-2017-15361.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

const GENERATOR: u32 = 65_537;

/// Whether a modulus (most significant octet first) has the fingerprint of keys that can be factored (ROCA). About one in 2^27 of other
/// keys has it too.
pub(super) fn has_roca_fingerprint(modulus: &[u8]) -> bool {
    !modulus.is_empty() && PRIMES.iter().all(|prime| is_power(remainder(modulus, *prime), *prime))
}

fn remainder(modulus: &[u8], prime: u32) -> u32 {
    modulus.iter().fold(0, |rest, octet| (rest * 256 + u32::from(*octet)) % prime)
}

/// Whether a number is a power of the generator modulo a prime.
fn is_power(number: u32, prime: u32) -> bool {
    let generator = GENERATOR % prime;
    let mut power = 1;
    for _ in 0..prime {
        if power == number {
            return true;
        }
        power = power * generator % prime;
    }
    false
}

/// What is wrong with a public exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exponent {
    /// Even, or one: no RSA key at all.
    Broken,
    /// Below 65537.
    Small,
    /// As usual.
    Good,
}

/// Judges a public exponent, most significant octet first.
pub(super) fn exponent(octets: &[u8]) -> Exponent {
    let value =
        octets.iter().try_fold(0_u64, |value, octet| value.checked_mul(256)?.checked_add(u64::from(*octet)));
    let odd = octets.last().is_some_and(|last| last % 2 == 1);
    match value {
        _ if !odd => Exponent::Broken,
        Some(1) => Exponent::Broken,
        Some(value) if value < u64::from(GENERATOR) => Exponent::Small,
        _ => Exponent::Good,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tegami_auth::dkim::{KeyRecord, PrivateKey};

    use super::*;

    /// A power of the generator is one modulo every prime.
    fn powers(count: usize) -> Vec<u8> {
        // The least significant octet first; to multiply by 65537 is to shift by two octets and add.
        let mut number = vec![1_u8];
        for _ in 0..count {
            let (mut product, mut carry) = (Vec::new(), 0_u16);
            for at in 0..number.len() + 3 {
                let octet = |index: Option<usize>| {
                    u16::from(index.and_then(|index| number.get(index)).copied().unwrap_or_default())
                };
                let sum = octet(Some(at)) + octet(at.checked_sub(2)) + carry;
                product.push(sum.to_le_bytes()[0]);
                carry = sum >> 8;
            }
            while product.last() == Some(&0) {
                product.pop();
            }
            number = product;
        }
        number.reverse();
        number
    }

    #[test]
    fn the_fingerprint() {
        assert_eq!(powers(1), [1, 0, 1]);
        assert!(has_roca_fingerprint(&powers(64)));
        assert!(has_roca_fingerprint(&powers(128)));
        let mut other = powers(64);
        *other.last_mut().unwrap() ^= 2;
        assert!(!has_roca_fingerprint(&other));
        let record = PrivateKey::generate_rsa_2048().unwrap().dns_record();
        let record = KeyRecord::parse(record.as_bytes()).unwrap();
        let (modulus, public) = record.rsa_numbers().unwrap();
        assert!(!has_roca_fingerprint(modulus));
        assert_eq!(exponent(public), Exponent::Good);
    }

    #[test]
    fn exponents() {
        let check = |octets: &[u8], expected| assert_eq!(exponent(octets), expected, "{octets:?}");
        check(&[1, 0, 1], Exponent::Good);
        check(&[3], Exponent::Small);
        check(&[1], Exponent::Broken);
        check(&[1, 0, 0], Exponent::Broken);
        check(&[], Exponent::Broken);
        check(&[0xff; 40], Exponent::Good);
    }

    proptest! {
        #[test]
        fn nothing_panics(octets: Vec<u8>) {
            has_roca_fingerprint(&octets);
            exponent(&octets);
        }
    }
}
