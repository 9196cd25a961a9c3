//! By what receivers know that a request is ours.

use aws_lc_rs::{hmac, rand};
use jiff::Timestamp;
use serde::Serialize;
use tegami_mail::hex;

/// Octets of a token, written as twice as many digits.
const TOKEN: usize = 25;

/// Made anew for each attempt: some receivers accept none that is older than seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// Seconds since 1970, in digits.
    pub timestamp: String,
    /// 50 hexadecimal digits that nobody can guess; receivers remember them, so that nobody else can send the same again.
    pub token: String,
    /// HMAC-SHA256 over both, in lower-case hexadecimal digits.
    pub signature: String,
}

impl Signature {
    /// Signs this moment.
    pub fn new(key: &str, now: Timestamp) -> Self {
        let timestamp = now.as_second().to_string();
        let token = random_hex::<TOKEN>();
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let tag = hmac::sign(&key, format!("{timestamp}{token}").as_bytes());
        Self { timestamp, token, signature: hex(tag.as_ref()) }
    }
}

/// Chance, as hexadecimal digits.
pub(super) fn random_hex<const N: usize>() -> String {
    let mut octets = [0_u8; N];
    if rand::fill(&mut octets).is_err() {
        // Without a source of chance TLS would not work either.
        tracing::error!("the machine has no chance to give");
    }
    hex(&octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_receivers_compute_it() {
        let made = Signature::new("key", "2026-07-06T09:00:00.5Z".parse().unwrap());
        assert_eq!(made.timestamp, "1783328400");
        assert_eq!(made.token.len(), 50);
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"key");
        let digit = |digit: &u8| u8::try_from(char::from(*digit).to_digit(16).unwrap()).unwrap();
        let pairs = made.signature.as_bytes().chunks(2);
        let tag: Vec<u8> = pairs.map(|pair| digit(&pair[0]) << 4 | digit(&pair[1])).collect();
        let message = format!("{}{}", made.timestamp, made.token);
        hmac::verify(&key, message.as_bytes(), &tag).unwrap();
        assert_ne!(made.token, Signature::new("key", Timestamp::UNIX_EPOCH).token);
    }
}
