//! Key records (RFC 6376 section 3.6.1, RFC 8463 section 4) and the public keys in them.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::Digest;
use aws_lc_rs::signature::{ED25519, ParsedPublicKey, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY};
use tegami_dns::{Answer, Data, RecordType};
use tegami_mail::{Note, Text, note};

use super::slip::slip;
use super::tag::{TagList, base64, excerpt, items, lists};
use super::{Algorithm, der};
use crate::cache::{Cache, Reading, Shelf};

/// `k=`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// `rsa`, also where there is no `k=`.
    Rsa,
    /// `ed25519`
    Ed25519,
    /// Something else: such a record is to be ignored.
    Unknown(String),
}

impl KeyType {
    /// The type that a signature algorithm needs.
    pub(crate) fn of(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::RsaSha256 => Self::Rsa,
            Algorithm::Ed25519Sha256 => Self::Ed25519,
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
            Self::Unknown(name) => name,
        })
    }
}

/// A key record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// `k=`
    pub key_type: KeyType,
    /// `h=`: `None` where all hash algorithms are allowed; in lower case.
    pub hashes: Option<Vec<String>>,
    /// `s=`: whether the key may sign e-mail.
    pub for_email: bool,
    /// `t=y`: the domain tests DKIM.
    pub testing: bool,
    /// `t=s`: the domain of `i=` must be `d=` itself.
    pub strict: bool,
    /// `n=`: notes for people, as they stand.
    pub notes: Option<String>,
    /// `g=` of the older DKIM, which let a key serve one local-part alone. It is ignored like every tag that is not known (RFC
    /// 6376 section 3.6.1). `None` also for `*`, which never meant anything.
    pub granularity: Option<String>,
    /// `p=`: empty where the key is revoked.
    pub data: Vec<u8>,
}

impl KeyRecord {
    /// Reads the text of a TXT record.
    ///
    /// # Errors
    /// A note that names the rule that is broken.
    pub fn parse(text: &[u8]) -> Result<Self, Note> {
        let tags = TagList::parse(text)?;
        // RFC 6376 section 3.6.1: `v=` is first where it stands at all, and is `DKIM1`.
        if let Some(version) = tags.get("v") {
            if version.value != b"DKIM1" {
                return Err(note!("dkim-key-version-unknown", version = excerpt(version.value)));
            }
            if tags.first_name() != Some("v") {
                return Err(note!("dkim-key-version-not-first"));
            }
        }
        let data = tags.get("p").ok_or(note!("dkim-key-without-p"))?;
        let words = |name: &str| tags.get(name).map(|tag| tag.value);
        Ok(Self {
            key_type: key_type(words("k")),
            hashes: words("h").map(|value| {
                items(value).map(|item| String::from_utf8_lossy(item).to_ascii_lowercase()).collect()
            }),
            for_email: words("s").is_none_or(|value| lists(value, "*") || lists(value, "email")),
            testing: words("t").is_some_and(|value| lists(value, "y")),
            strict: words("t").is_some_and(|value| lists(value, "s")),
            notes: words("n").map(|value| String::from_utf8_lossy(value).into_owned()),
            granularity: words("g").filter(|value| *value != b"*").map(excerpt),
            data: base64(data.value).ok_or(note!("dkim-key-not-base64"))?,
        })
    }

    /// Whether the owner has withdrawn the key: an empty `p=` (RFC 6376 section 3.6.1).
    pub fn is_revoked(&self) -> bool {
        self.data.is_empty()
    }

    /// The bits of an RSA modulus, 256 for an Ed25519 key; `None` where the key cannot be read.
    pub fn bits(&self) -> Option<usize> {
        match self.key_type {
            KeyType::Rsa => der::rsa_modulus_bits(&self.data),
            KeyType::Ed25519 => (self.data.len() == 32).then_some(256),
            KeyType::Unknown(_) => None,
        }
    }

    /// Modulus and public exponent of an RSA key, most significant octet first, without leading zeros; `None` for other keys, and where
    /// it cannot be read.
    pub fn rsa_numbers(&self) -> Option<(&[u8], &[u8])> {
        (self.key_type == KeyType::Rsa).then(|| der::rsa_numbers(&self.data)).flatten()
    }

    /// Why no signature by this key can pass: revoked, weak, unreadable, of an unknown type, or not for e-mail. `None` for a
    /// key that serves.
    pub fn fault(&self) -> Option<Note> {
        let misfit = (!self.for_email).then_some(note!("dkim-key-not-for-email"));
        self.public_key().err().or(misfit)
    }

    /// Whether signatures of this algorithm may be made with the key (RFC 6376 section 6.1.2).
    pub(crate) fn serves(&self, algorithm: Algorithm) -> Result<(), Note> {
        if self.is_revoked() {
            return Err(note!("dkim-key-revoked"));
        }
        let wanted = KeyType::of(algorithm);
        if self.key_type != wanted {
            return Err(note!("dkim-key-type-mismatch", found = self.key_type, wanted = wanted));
        }
        if let Some(hashes) = &self.hashes
            && !hashes.iter().any(|hash| hash == "sha256")
        {
            return Err(note!("dkim-key-hash-mismatch", hashes = hashes.join(", ")));
        }
        if self.for_email { Ok(()) } else { Err(note!("dkim-key-not-for-email")) }
    }

    /// The key, ready to verify with.
    pub(crate) fn public_key(&self) -> Result<PublicKey, Note> {
        if self.is_revoked() {
            return Err(note!("dkim-key-revoked"));
        }
        let bits = self.bits().ok_or_else(|| note!("dkim-key-unreadable", type = self.key_type))?;
        let parsed = match &self.key_type {
            KeyType::Rsa if bits < MIN_RSA_BITS => {
                return Err(note!("dkim-key-weak", bits = bits, least = MIN_RSA_BITS));
            }
            KeyType::Rsa if bits > MAX_RSA_BITS => {
                return Err(note!("dkim-key-too-long", bits = bits, most = MAX_RSA_BITS));
            }
            KeyType::Rsa => ParsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, &self.data),
            KeyType::Ed25519 => ParsedPublicKey::new(&ED25519, &self.data),
            KeyType::Unknown(name) => return Err(note!("dkim-key-type-unknown", type = name)),
        };
        let key = parsed.map_err(|_| note!("dkim-key-unreadable", type = self.key_type))?;
        Ok(PublicKey { key: Arc::new(key), key_type: self.key_type.clone(), bits })
    }
}

/// What stands at the name of key records, read once: reading a key is dearer than much of what is done with it.
#[derive(Debug)]
pub(crate) struct PublishedKeys {
    /// The end of the chain of CNAMEs that led there.
    pub(crate) alias: Option<Text>,
    /// How many records there are.
    pub(crate) count: usize,
    /// The first of them, or why they are none.
    pub(crate) keys: Vec<Result<PublishedKey, Note>>,
    /// What probably went wrong with those that cannot be used.
    pub(crate) slips: Vec<Note>,
}

/// Records of one name that are tried: with several, a verifier may cycle through them (RFC 6376 section 6.1.2).
pub(crate) const MAX_KEYS: usize = 4;

/// A key record, and the key in it, or why there is none.
#[derive(Debug)]
pub(crate) struct PublishedKey {
    pub(crate) record: KeyRecord,
    pub(crate) key: Result<PublicKey, Note>,
}

impl Reading for PublishedKeys {
    const KIND: RecordType = RecordType::Txt;

    fn read(answer: Answer) -> Self {
        let texts = answer.records.iter().filter_map(|record| match &record.data {
            Data::Txt(text) => Some(text.as_slice()),
            _ => None,
        });
        let mut slips = Vec::new();
        let keys = texts.take(MAX_KEYS).map(|text| {
            let read = KeyRecord::parse(text);
            let read = read.map(|record| PublishedKey { key: record.public_key(), record });
            if read.as_ref().map_or(true, |read| read.key.is_err()) {
                slips.extend(slip(text));
            }
            read
        });
        Self {
            keys: keys.collect(),
            slips,
            alias: answer.aliases.last().map(|name| name.as_str().into()),
            count: answer.records.len(),
        }
    }

    fn octets(&self) -> usize {
        // The library keeps the key's numbers, and what it has computed from them for verifications.
        const NUMBERS: usize = 16;
        let octets = |key: &PublishedKey| {
            let KeyRecord { notes, hashes, data, .. } = &key.record;
            let text = notes.as_ref().map_or(0, String::len);
            let hashes: usize =
                hashes.iter().flatten().map(|hash| hash.len() + 2 * size_of::<String>()).sum();
            size_of::<PublishedKey>() + text + hashes + NUMBERS * data.len()
        };
        self.keys.iter().map(|key| key.as_ref().map_or(size_of::<PublishedKey>(), octets)).sum()
    }

    fn shelf(cache: &Cache) -> &Shelf<Self> {
        &cache.keys
    }
}

/// RFC 8301 section 3.2: no signature by a shorter key is valid.
const MIN_RSA_BITS: usize = 1024;
/// RFC 8301 section 3.2 asks verifiers for 4096; this is what the library takes.
const MAX_RSA_BITS: usize = 8192;

fn key_type(value: Option<&[u8]>) -> KeyType {
    match value {
        None => KeyType::Rsa,
        Some(name) if name.eq_ignore_ascii_case(b"rsa") => KeyType::Rsa,
        Some(name) if name.eq_ignore_ascii_case(b"ed25519") => KeyType::Ed25519,
        Some(name) => KeyType::Unknown(excerpt(name)),
    }
}

/// A public key. Clones share it, and what the library has computed from it.
#[derive(Clone, Debug)]
pub(crate) struct PublicKey {
    key: Arc<ParsedPublicKey>,
    pub(crate) key_type: KeyType,
    pub(crate) bits: usize,
}

impl PublicKey {
    /// The octets of the record from which the key was read.
    pub(crate) fn data(&self) -> &[u8] {
        self.key.as_ref().as_ref()
    }

    /// Whether `signature` was made over the data with this SHA-256 digest. Ed25519 signs the digest as its message
    /// (RFC 8463 section 3).
    pub(crate) fn verifies(&self, digest: &Digest, signature: &[u8]) -> bool {
        match self.key_type {
            KeyType::Rsa => self.key.verify_digest_sig(digest, signature),
            KeyType::Ed25519 => self.key.verify_sig(digest.as_ref(), signature),
            KeyType::Unknown(_) => return false,
        }
        .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tegami_dns::{Record, Security};

    use super::*;

    #[test]
    fn the_cache_is_told_how_large_a_record_is() {
        let text = format!("v=DKIM1; h={}; p=", vec!["a"; 30_000].join(":"));
        let record = Record {
            name: tegami_dns::DnsName::parse("mail._domainkey.example.org").unwrap(),
            ttl: Duration::from_secs(60),
            data: Data::Txt(text.into_bytes().into()),
        };
        let answer = Answer { records: vec![record; 2], aliases: Vec::new(), security: Security::Insecure };
        assert!(PublishedKeys::read(answer).octets() > 2 * 30_000 * size_of::<String>());
    }

    #[test]
    fn the_granularity_of_old() {
        let granularity = |text: &str| KeyRecord::parse(text.as_bytes()).unwrap().granularity;
        assert_eq!(granularity("v=DKIM1; g=*; p="), None);
        assert_eq!(granularity("v=DKIM1; p="), None);
        assert_eq!(granularity("v=DKIM1; g=hana*; p="), Some("hana*".to_owned()));
    }
}
