//! Return paths that prove themselves: a reverse-path of its own for each message, with a keyed tag.
//!
//! A notice that comes to such an address speaks about a message that we sent, and says which one, whatever its sentences
//! are. Nobody who lacks the key can make one, and an old one is known to be old. It is a kind of VERP, with the
//! tag of BATV (Internet-Draft draft-levine-smtp-batv); the whole fits the 64 octets of a local-part (RFC 5321 section
//! 4.5.3.1.1) and survives hosts that change its case.
//!
//! ```text
//! bounces+fh6-00000000000000000000000007-qkxw2zj5mhr3tbva
//!         day message id                 HMAC-SHA256, its first 80 bits
//! ```

use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use jiff::{SignedDuration, Timestamp};
use tegami_mail::{Address, Domain, Host, LocalPart};

/// Days for which a return path counts: queues give up after five (RFC 5321 section 4.5.4.1), some after a week, and a
/// mailbox may answer later.
const LIFETIME_DAYS: u64 = 30;

/// Octets of the tag: 80 bits. Each guess costs an SMTP transaction.
const TAG_OCTETS: usize = 10;

/// The longest message id.
const MAX_ID: usize = 30;

/// Why no return path is made. The fault is with the caller; trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReturnPathError {
    /// The id cannot stand in a return path.
    #[error("`{0}` cannot stand in a return path: an id has 1 to 30 ASCII letters and digits")]
    Id(String),
    /// The name of the mailbox leaves no room, or cannot stand in an address.
    #[error("the mailbox `{0}` is no local-part, or leaves no room for the tag: at most 11 octets always do")]
    Mailbox(String),
    /// The moment is before 1970.
    #[error("the day of {0} cannot be written")]
    Day(Timestamp),
}

/// What an address proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Made by us for this message, and in time.
    Genuine {
        /// The message, in lower case.
        id: String,
    },
    /// Made by us, but its time is over, or has not come yet.
    Old {
        /// The message, in lower case.
        id: String,
    },
    /// It has the form of a return path of ours, and no key of ours made its tag.
    Forged,
    /// No return path of ours.
    Foreign,
}

/// Makes and verifies the return paths of one domain.
pub struct ReturnPaths {
    mailbox: String,
    domain: Domain,
    key: hmac::Key,
    older: Vec<hmac::Key>,
}

impl fmt::Debug for ReturnPaths {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReturnPaths({}+…@{})", self.mailbox, self.domain)
    }
}

impl ReturnPaths {
    /// Return paths `mailbox+…@domain`, such as `bounces+…@example.org`.
    ///
    /// # Errors
    /// [`ReturnPathError::Mailbox`]: `mailbox` is no plain local-part of at most 11 octets.
    pub fn new(mailbox: &str, domain: Domain, key: &[u8; 32]) -> Result<Self, ReturnPathError> {
        let plain = mailbox.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet));
        if !plain || mailbox.len() > 11 || LocalPart::parse(mailbox).is_err() {
            return Err(ReturnPathError::Mailbox(mailbox.to_owned()));
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        Ok(Self { mailbox: mailbox.to_ascii_lowercase(), domain, key, older: Vec::new() })
    }

    /// Also believes tags of this key, which makes none any more.
    #[must_use]
    pub fn with_older_key(mut self, key: &[u8; 32]) -> Self {
        self.older.push(hmac::Key::new(hmac::HMAC_SHA256, key));
        self
    }

    /// The domain that they are of.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The return path of the message `id`, made at `now`.
    ///
    /// # Errors
    /// [`ReturnPathError`]: the id or the moment cannot be written.
    pub fn make(&self, id: &str, now: Timestamp) -> Result<Address, ReturnPathError> {
        if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(|octet| octet.is_ascii_alphanumeric()) {
            return Err(ReturnPathError::Id(id.to_owned()));
        }
        let day = day(now).ok_or(ReturnPathError::Day(now))?;
        let id = id.to_ascii_lowercase();
        let tag = self.tag(&self.key, day, &id);
        let local_part = format!("{}+{}-{id}-{tag}", self.mailbox, base36(day));
        let unfit = |_| ReturnPathError::Mailbox(self.mailbox.clone());
        let local_part = LocalPart::parse(&local_part).map_err(unfit)?;
        Address::new(local_part, Host::Domain(self.domain.clone())).map_err(unfit)
    }

    /// What this address, to which a notice came at `now`, proves.
    pub fn verify(&self, address: &Address, now: Timestamp) -> Proof {
        if address.domain() != Some(&self.domain) {
            return Proof::Foreign;
        }
        let local_part = address.local_part().as_str().to_ascii_lowercase();
        let Some(rest) = local_part.strip_prefix(&self.mailbox).and_then(|rest| rest.strip_prefix('+'))
        else {
            return Proof::Foreign;
        };
        let mut pieces = rest.split('-');
        let (Some(written), Some(id), Some(tag), None) =
            (pieces.next(), pieces.next(), pieces.next(), pieces.next())
        else {
            return Proof::Forged;
        };
        let Ok(made) = u64::from_str_radix(written, 36) else { return Proof::Forged };
        let same = |key: &hmac::Key| {
            let expected = self.tag(key, made, id);
            constant_time::verify_slices_are_equal(expected.as_bytes(), tag.as_bytes()).is_ok()
        };
        // One way to write each day: `0fh6` is none.
        if written != base36(made) || !(same(&self.key) || self.older.iter().any(same)) {
            return Proof::Forged;
        }
        let id = id.to_owned();
        // A clock that was set back by a day makes no path old.
        match day(now) {
            Some(today) if made <= today.saturating_add(1) && today <= made.saturating_add(LIFETIME_DAYS) => {
                Proof::Genuine { id }
            }
            _ => Proof::Old { id },
        }
    }

    /// The tag covers everything else: mailbox, domain, day and id.
    fn tag(&self, key: &hmac::Key, day: u64, id: &str) -> String {
        let covered = format!("return-path\0{}\0{}\0{day}\0{id}", self.mailbox, self.domain);
        let tag = hmac::sign(key, covered.as_bytes());
        base32(tag.as_ref().get(..TAG_OCTETS).unwrap_or_default())
    }
}

/// Days since 1970-01-01 in UTC.
fn day(moment: Timestamp) -> Option<u64> {
    let since = moment.duration_since(Timestamp::UNIX_EPOCH);
    (since >= SignedDuration::ZERO).then(|| since.as_secs().unsigned_abs() / 86_400)
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(number % 36).unwrap_or_default();
        digits.extend(char::from_digit(digit, 36));
        number /= 36;
        if number == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

/// RFC 4648 section 6 in lower case; the octets must be a multiple of five.
fn base32(octets: &[u8]) -> String {
    let mut text = String::new();
    for group in octets.chunks(5) {
        let number = group.iter().fold(0_u64, |number, &octet| number << 8 | u64::from(octet));
        for place in (0..8).rev() {
            let value = u8::try_from(number >> (place * 5) & 31).unwrap_or_default();
            text.push(char::from(if value < 26 { b'a' + value } else { b'2' + value - 26 }));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "00000000000000000000000007";

    fn paths(key: u8) -> ReturnPaths {
        ReturnPaths::new("bounces", Domain::parse("example.org").unwrap(), &[key; 32]).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_made_is_genuine_for_its_time() {
        let now = at("2026-07-01T12:00:00Z");
        let path = paths(1).make(ID, now).unwrap();
        assert!(path.local_part().to_string().len() <= LocalPart::MAX, "{path}");
        let genuine = Proof::Genuine { id: ID.to_owned() };
        let old = Proof::Old { id: ID.to_owned() };
        assert_eq!(paths(1).verify(&path, now), genuine);
        assert_eq!(paths(1).verify(&path, at("2026-07-31T23:59:59Z")), genuine);
        assert_eq!(paths(1).verify(&path, at("2026-08-01T00:00:00Z")), old);
        assert_eq!(paths(1).verify(&path, at("2026-06-29T23:59:59Z")), old);
        let shouted = Address::parse(&path.to_string().to_uppercase()).unwrap();
        assert_eq!(paths(1).verify(&shouted, now), genuine);
        assert_eq!(paths(2).verify(&path, now), Proof::Forged);
        assert_eq!(paths(2).with_older_key(&[1; 32]).verify(&path, now), genuine);
    }

    #[test]
    fn what_is_changed_is_forged() {
        let now = at("2026-07-01T12:00:00Z");
        let path = paths(1).make(ID, now).unwrap().to_string();
        let start = "bounces+".len();
        for place in start..path.find('@').unwrap() {
            let mut changed = path.clone().into_bytes();
            changed[place] = if changed[place] == b'7' { b'6' } else { b'7' };
            let changed = Address::parse(&String::from_utf8(changed).unwrap()).unwrap();
            assert_eq!(paths(1).verify(&changed, now), Proof::Forged, "{changed}");
        }
        let check = |text: &str| paths(1).verify(&Address::parse(text).unwrap(), now);
        assert_eq!(check("bounces+a@example.org"), Proof::Forged);
        assert_eq!(check("bounces+0-7-a@example.org"), Proof::Forged);
        assert_eq!(check("bounces@example.org"), Proof::Foreign);
        assert_eq!(check(&path.replace("example.org", "example.net")), Proof::Foreign);
    }

    #[test]
    fn what_has_no_room_is_refused() {
        let domain = || Domain::parse("example.org").unwrap();
        assert!(ReturnPaths::new("bounces+x", domain(), &[0; 32]).is_err());
        assert!(ReturnPaths::new("twelve-chars", domain(), &[0; 32]).is_err());
        assert!(matches!(paths(1).make("a-b", Timestamp::UNIX_EPOCH), Err(ReturnPathError::Id(_))));
        assert!(paths(1).make(&"a".repeat(31), Timestamp::UNIX_EPOCH).is_err());
        assert!(matches!(paths(1).make("a", at("1969-12-31T00:00:00Z")), Err(ReturnPathError::Day(_))));
    }

    proptest! {
        #[test]
        fn every_id_and_day_fits(id in "[0-9a-zA-Z]{1,30}", seconds in 0_i64..253_402_207_200) {
            let now = Timestamp::from_second(seconds).unwrap();
            let path = paths(3).make(&id, now).unwrap();
            prop_assert!(path.local_part().to_string().len() <= LocalPart::MAX);
            prop_assert_eq!(paths(3).verify(&path, now), Proof::Genuine { id: id.to_ascii_lowercase() });
        }

        #[test]
        fn nothing_else_is_believed(text in "bounces[+]([0-9a-z-]|fh6){0,50}") {
            if let Ok(address) = Address::parse(&format!("{text}@example.org")) {
                prop_assert_eq!(paths(4).verify(&address, Timestamp::UNIX_EPOCH), Proof::Forged);
            }
        }
    }
}
