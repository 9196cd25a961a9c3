//! Identifiers of ours.

use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The identifier of a message in our queue: 48 bits of milliseconds and 80 of chance, 26 characters of Crockford's base 32. Sorts by time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct QueueId(u128);

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl QueueId {
    /// From its 128 bits.
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Its 128 bits, big-endian.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// From [`QueueId::to_bytes`].
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

impl fmt::Display for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'0'; 26];
        for (at, letter) in text.iter_mut().rev().enumerate() {
            let digit = usize::try_from((self.0 >> (5 * at)) & 31).unwrap_or_default();
            *letter = ALPHABET.get(digit).copied().unwrap_or(b'0');
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for QueueId {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a queue id has 26 characters from 0-9 and A-Z without I, L, O and U";
        if text.len() != 26 {
            return Err(WRONG);
        }
        let mut bits: u128 = 0;
        for letter in text.bytes() {
            let digit =
                ALPHABET.iter().position(|known| *known == letter.to_ascii_uppercase()).ok_or(WRONG)?;
            if bits >> 123 != 0 {
                return Err(WRONG);
            }
            bits = (bits << 5) | digit as u128;
        }
        Ok(Self(bits))
    }
}

impl From<QueueId> for String {
    fn from(id: QueueId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for QueueId {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// Makes identifiers: time from the caller, chance from the system, never the same twice and never going back within one source.
#[derive(Debug, Default)]
pub struct IdSource {
    last: Mutex<u128>,
    seed: Option<u64>,
}

impl IdSource {
    /// Chance from a seed: two sources with the same seed and the same moments make the same identifiers. For tests.
    pub fn seeded(seed: u64) -> Self {
        Self { last: Mutex::default(), seed: Some(seed) }
    }

    /// The next identifier.
    pub fn next(&self, now: Timestamp) -> QueueId {
        let mut chance = [0_u8; 16];
        let millis = u128::try_from(now.as_millisecond().max(0)).unwrap_or_default();
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match self.seed {
            Some(seed) => chance = mixed(*last, seed).to_be_bytes(),
            // A failing random source leaves the counter below, which still keeps identifiers apart within this source.
            None => drop(aws_lc_rs::rand::fill(&mut chance)),
        }
        let fresh = (millis << 80) | (u128::from_be_bytes(chance) & ((1 << 80) - 1));
        *last = if fresh > *last { fresh } else { *last + 1 };
        QueueId(*last)
    }
}

/// Bits that look like chance and always follow from the ones before (one step of a linear congruential generator of 128 bits, and its
/// upper half laid over the lower one).
fn mixed(last: u128, seed: u64) -> u128 {
    let state = (last ^ (u128::from(seed) << 17)).wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645);
    let state = state.wrapping_add(0x5851_f42d_4c95_7f2d_1405_7b7e_f767_814f);
    state ^ (state >> 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_identifiers_again() {
        let made = |seed| {
            let ids = IdSource::seeded(seed);
            let moments = [5, 5, 7, 6].map(|second| Timestamp::from_second(second).unwrap());
            moments.map(|moment| ids.next(moment))
        };
        let ids = made(1);
        assert_eq!(ids, made(1));
        assert!(ids.is_sorted() && ids[0] != ids[1]);
        assert_ne!(ids, made(2));
    }
}
