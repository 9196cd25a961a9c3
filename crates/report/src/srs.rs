//! The Sender Rewriting Scheme (M. Wong, "The Sender Rewriting Scheme", 2003; the form of libsrs2): a reverse-path of ours for mail of others that we
//! send on, so that SPF speaks of us, and a bounce finds its way back through us to the author.
//!
//! ```text
//! SRS0=hash=TT=example.net=anna@example.org            anna@example.net, sent on by us
//!      HMAC day  domain      local-part
//! SRS1=hash=example.com==HHH=TT=example.net=anna@…     what example.com sent on before us: a bounce goes straight back there
//! ```
//! The hash covers day, domain and local-part, so nobody else can make one, and the day says when it is over. Hosts may change the case of letters, so
//! hashes are compared without it.

use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use jiff::{SignedDuration, Timestamp};
use tegami_mail::{Address, Domain, Host, LocalPart};

/// Days for which an address counts, as other implementations have it.
const LIFETIME_DAYS: u64 = 21;

/// Characters of the hash where nothing else is said: 48 bits. Each guess costs an SMTP transaction.
const HASH: usize = 8;

/// Days are written by two characters, so they return after so many.
const DAYS: u64 = 1024;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What an address proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SrsProof {
    /// Made by us, and in time: what comes here is for this address.
    Genuine(Address),
    /// Made by us, but its time is over.
    Old,
    /// It has the form, and no key of ours made its hash.
    Forged,
    /// It has not the form.
    Foreign,
}

/// Makes and verifies the addresses of one domain.
pub struct Srs {
    domain: Domain,
    key: hmac::Key,
    older: Vec<hmac::Key>,
    hash: usize,
}

impl fmt::Debug for Srs {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Srs(@{})", self.domain)
    }
}

impl Srs {
    /// Addresses at `domain`.
    pub fn new(domain: Domain, key: &[u8]) -> Self {
        Self { domain, key: key_of(key), older: Vec::new(), hash: HASH }
    }

    /// Also believes hashes of this key, which makes none any more.
    #[must_use]
    pub fn with_older_key(mut self, key: &[u8]) -> Self {
        self.older.push(key_of(key));
        self
    }

    /// With hashes of so many characters, from 4 to 20.
    #[must_use]
    pub fn with_hash(self, characters: usize) -> Self {
        Self { hash: characters.clamp(4, 20), ..self }
    }

    /// The address by which mail of `sender` is sent on. What was sent on by others gets an address that leads back to the first of them,
    /// however many were between. `None` where it has no room in an address (RFC 5321 section 4.5.3.1.1: 64 octets), or at a literal.
    pub fn forward(&self, sender: &Address, now: Timestamp) -> Option<Address> {
        let (local_part, host) = (sender.local_part().as_str(), sender.domain()?);
        let local_part = match Form::of(local_part) {
            Some(Form::First { .. }) => {
                let opaque = local_part.get(4..)?;
                self.second(host.as_str(), opaque)
            }
            Some(Form::Second { host, opaque, .. }) => self.second(host, opaque),
            None => {
                let day = write_day(day(now)?);
                let hash = self.hash(&self.key, &[&day, host.as_str(), local_part]);
                format!("SRS0={hash}={day}={host}={local_part}")
            }
        };
        let local_part = quoted(&local_part)?;
        Address::new(local_part, Host::Domain(self.domain.clone())).ok()
    }

    fn second(&self, host: &str, opaque: &str) -> String {
        let hash = self.hash(&self.key, &[host, opaque]);
        format!("SRS1={hash}={host}={opaque}")
    }

    /// What this address, to which something came at `now`, proves.
    pub fn reverse(&self, address: &Address, now: Timestamp) -> SrsProof {
        if address.domain() != Some(&self.domain) {
            return SrsProof::Foreign;
        }
        match Form::of(address.local_part().as_str()) {
            None => SrsProof::Foreign,
            Some(Form::First { hash, day: written, host, local_part }) => {
                if !self.genuine(hash, &[written, host, local_part]) {
                    return SrsProof::Forged;
                }
                let in_time = day(now).zip(read_day(written)).is_some_and(|(today, made)| {
                    // A clock that was set back by a day makes no address old.
                    (today + 1 + DAYS - made) % DAYS <= LIFETIME_DAYS + 1
                });
                if in_time { found(local_part, host) } else { SrsProof::Old }
            }
            // Its day is for the first forwarder to judge.
            Some(Form::Second { hash, host, opaque }) => {
                if self.genuine(hash, &[host, opaque]) {
                    found(&format!("SRS0{opaque}"), host)
                } else {
                    SrsProof::Forged
                }
            }
        }
    }

    fn genuine(&self, hash: &str, covered: &[&str]) -> bool {
        std::iter::once(&self.key).chain(&self.older).any(|key| {
            let expected = self.hash(key, covered).to_ascii_lowercase();
            let given = hash.to_ascii_lowercase();
            constant_time::verify_slices_are_equal(expected.as_bytes(), given.as_bytes()).is_ok()
        })
    }

    /// HMAC-SHA1 over all of it in lower case, as base64.
    fn hash(&self, key: &hmac::Key, covered: &[&str]) -> String {
        let covered: String = covered.iter().map(|text| text.to_ascii_lowercase()).collect();
        let tag = hmac::sign(key, covered.as_bytes());
        let mut text = String::with_capacity(self.hash);
        let (mut bits, mut count) = (0_u32, 0_u32);
        for octet in tag.as_ref() {
            bits = bits << 8 | u32::from(*octet);
            count += 8;
            while count >= 6 && text.len() < self.hash {
                count -= 6;
                let place = usize::try_from(bits >> count & 63).unwrap_or_default();
                text.extend(BASE64.get(place).map(|letter| char::from(*letter)));
            }
        }
        text
    }
}

fn key_of(key: &[u8]) -> hmac::Key {
    // The scheme says SHA-1; a MAC does not need that nobody finds collisions.
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key)
}

/// The parts of a local-part of the scheme.
enum Form<'a> {
    First {
        hash: &'a str,
        day: &'a str,
        host: &'a str,
        local_part: &'a str,
    },
    Second {
        hash: &'a str,
        host: &'a str,
        /// With the separator of whoever made it.
        opaque: &'a str,
    },
}

impl<'a> Form<'a> {
    /// The separator behind the tag may be `=`, `+` or `-`.
    fn of(local_part: &'a str) -> Option<Self> {
        let (tag, rest) = local_part.split_at_checked(4)?;
        let rest = rest.strip_prefix(['=', '+', '-'])?;
        if tag.eq_ignore_ascii_case("SRS0") {
            let mut parts = rest.splitn(4, '=');
            let (hash, day, host, local_part) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
            return Some(Self::First { hash, day, host, local_part });
        }
        if tag.eq_ignore_ascii_case("SRS1") {
            let mut parts = rest.splitn(3, '=');
            let (hash, host, opaque) = (parts.next()?, parts.next()?, parts.next()?);
            return opaque.starts_with(['=', '+', '-']).then_some(Self::Second { hash, host, opaque });
        }
        None
    }
}

fn found(local_part: &str, host: &str) -> SrsProof {
    let address = quoted(local_part).zip(Domain::parse(host).ok());
    let address =
        address.and_then(|(local_part, domain)| Address::new(local_part, Host::Domain(domain)).ok());
    address.map_or(SrsProof::Forged, SrsProof::Genuine)
}

/// A local-part of this text, whatever characters it has.
fn quoted(text: &str) -> Option<LocalPart> {
    LocalPart::parse(text).ok().or_else(|| {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        LocalPart::parse(&format!("\"{escaped}\"")).ok()
    })
}

/// Days since 1970-01-01 in UTC, as far as they are written.
fn day(moment: Timestamp) -> Option<u64> {
    let since = moment.duration_since(Timestamp::UNIX_EPOCH);
    (since >= SignedDuration::ZERO).then(|| since.as_secs().unsigned_abs() / 86_400 % DAYS)
}

fn write_day(day: u64) -> String {
    let digit = |value: u64| {
        let place = usize::try_from(value & 31).unwrap_or_default();
        BASE32.get(place).map(|letter| char::from(*letter))
    };
    [digit(day >> 5), digit(day)].into_iter().flatten().collect()
}

fn read_day(text: &str) -> Option<u64> {
    let digit = |letter: u8| BASE32.iter().position(|known| *known == letter.to_ascii_uppercase());
    match text.as_bytes() {
        [high, low] => u64::try_from(digit(*high)? << 5 | digit(*low)?).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn srs(domain: &str, key: u8) -> Srs {
        Srs::new(Domain::parse(domain).unwrap(), &[key; 32])
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn an_address_leads_back_for_its_time() {
        let (srs, sender) = (srs("example.org", 1), address("Anna.K=x@example.net"));
        let path = srs.forward(&sender, at("2026-07-01T12:00:00Z")).unwrap();
        let check = |moment: &str| srs.reverse(&path, at(moment));
        assert_eq!(check("2026-07-01T12:00:00Z"), SrsProof::Genuine(sender.clone()));
        assert_eq!(check("2026-07-22T23:59:59Z"), SrsProof::Genuine(sender.clone()));
        assert_eq!(check("2026-06-30T12:00:00Z"), SrsProof::Genuine(sender.clone()));
        assert_eq!(check("2026-07-23T00:00:00Z"), SrsProof::Old);
        assert_eq!(check("2026-06-29T12:00:00Z"), SrsProof::Old);
        // The case of letters gets lost on the way; that of the local-part then too.
        let shouted = address(&path.to_string().to_uppercase());
        let expected = address("ANNA.K=X@example.net");
        assert_eq!(srs.reverse(&shouted, at("2026-07-01T12:00:00Z")), SrsProof::Genuine(expected));
    }

    #[test]
    fn what_is_changed_or_made_by_others_is_forged() {
        let (ours, sender, now) =
            (srs("example.org", 1), address("anna@example.net"), at("2026-07-01T12:00:00Z"));
        let path = ours.forward(&sender, now).unwrap();
        assert_eq!(srs("example.org", 2).reverse(&path, now), SrsProof::Forged);
        let older = srs("example.org", 2).with_older_key(&[1; 32]);
        assert_eq!(older.reverse(&path, now), SrsProof::Genuine(sender));
        assert_eq!(srs("example.com", 1).reverse(&path, now), SrsProof::Foreign);
        let text = path.to_string();
        for changed in [
            text.replace("anna", "ann"),
            text.replace("example.net", "example.com"),
            text.replacen('=', "=A", 1),
            "SRS0=aaaaaaaa=AA=example.net=anna@example.org".to_owned(),
            "SRS1=aaaaaaaa=example.net==a=b=c=d@example.org".to_owned(),
        ] {
            assert_eq!(ours.reverse(&address(&changed), now), SrsProof::Forged, "{changed}");
        }
        for foreign in [
            "srs0@example.org",
            "SRS0=a@example.org",
            "SRS2=a=b=c=d@example.org",
            "anna@example.org",
            "SRS1=a=b=c@example.org",
        ] {
            assert_eq!(ours.reverse(&address(foreign), now), SrsProof::Foreign, "{foreign}");
        }
    }

    #[test]
    fn what_others_sent_on_goes_straight_back_to_the_first_of_them() {
        let now = at("2026-07-01T12:00:00Z");
        let sender = address("anna@example.net");
        let first = srs("first.test", 1);
        let (second, third) = (srs("second.test", 2).with_hash(4), srs("third.test", 3).with_hash(4));
        let one = first.forward(&sender, now).unwrap();
        let two = second.forward(&one, now).unwrap();
        assert!(two.to_string().starts_with("SRS1="), "{two}");
        let three = third.forward(&two, now).unwrap();
        // The second one is passed over.
        assert_eq!(three.to_string().matches("first.test").count(), 1);
        assert!(!three.to_string().contains("second.test"), "{three}");
        assert_eq!(third.reverse(&three, now), SrsProof::Genuine(one.clone()));
        assert_eq!(first.reverse(&one, now), SrsProof::Genuine(sender));
    }

    #[test]
    fn what_has_no_room_is_not_made() {
        let now = at("2026-07-01T12:00:00Z");
        let long = address(&format!("{}@example.net", "a".repeat(50)));
        assert_eq!(srs("example.org", 1).forward(&long, now), None);
        assert_eq!(srs("example.org", 1).forward(&address("a@[192.0.2.1]"), now), None);
    }

    proptest! {
        #[test]
        fn every_sender_comes_back(local in "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~.\" -]{1,24}", domain in "[a-z]{1,10}\\.[a-z]{2,5}", days in 0_i64..30_000) {
            let Some(local_part) = quoted(&local) else { return Ok(()) };
            let sender = Address::new(local_part, Host::Domain(Domain::parse(&domain).unwrap())).unwrap();
            let now = Timestamp::from_second(days * 86_400).unwrap();
            let srs = srs("example.org", 5);
            if let Some(path) = srs.forward(&sender, now) {
                let came = srs.reverse(&path, now);
                // A sender whose own local-part has the form is taken for one that others sent on.
                prop_assert!(Form::of(&local).is_some() || came == SrsProof::Genuine(sender));
            }
        }

        #[test]
        fn nothing_else_is_believed(local in "SRS[01][=+-][A-Za-z0-9=+.-]{0,40}") {
            if let Ok(address) = Address::parse(&format!("{local}@example.org")) {
                let proof = srs("example.org", 6).reverse(&address, Timestamp::UNIX_EPOCH);
                prop_assert!(matches!(proof, SrsProof::Forged | SrsProof::Foreign));
            }
        }
    }
}
