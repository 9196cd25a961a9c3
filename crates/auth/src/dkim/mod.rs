//! DKIM (RFC 6376, RFC 8301, RFC 8463): verify and sign.
//!
//! [`verify`] judges every signature of a message and says step by step how; [`sign`] writes signatures. Both read the
//! content as bytes exactly as they travel: CRLF ends lines, nothing is decoded.
//!
//! How the outcomes of RFC 6376 become the results of RFC 8601:
//!
//! | what happened | RFC 6376 | result |
//! | --- | --- | --- |
//! | the signature and the body hash are right | SUCCESS | `pass` |
//! | the body or a signed field is not what was signed | PERMFAIL | `fail` |
//! | the signature or the key cannot be used, whatever the content: syntax, `rsa-sha1`, weak, revoked, missing, expired | PERMFAIL | `permerror` |
//! | the key could not be asked for | TEMPFAIL | `temperror` |
//! | more signatures than we look at | ignored (section 6.1) | `policy` |

pub(crate) mod answers;
pub(crate) mod canonical;
mod claim;
mod der;
mod diagnosis;
pub(crate) mod hash;
pub(crate) mod key;
mod private;
mod selector;
mod sign;
pub(crate) mod signature;
mod slip;
pub(crate) mod tag;
mod verify;

use serde::Serialize;

pub use canonical::Canonicalization;
pub use claim::Claim;
pub(crate) use diagnosis::survivor::tell_chain;
pub use key::{KeyRecord, KeyType};
pub use private::{KeyError, PrivateKey};
pub use selector::{Selector, record_name};
pub use sign::{SignError, SignedFields, Signer, sign};
pub use slip::slip;
pub use verify::verify;
pub(crate) use verify::{unread, verify_message};

use crate::Step;

/// The results (RFC 8601 section 2.7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words are the RFC's")]
pub enum DkimResult {
    Pass,
    Fail,
    Neutral,
    None,
    Policy,
    TempError,
    PermError,
}

impl DkimResult {
    /// All results.
    pub const ALL: [Self; 7] =
        [Self::Pass, Self::Fail, Self::Neutral, Self::None, Self::Policy, Self::TempError, Self::PermError];

    /// Reads the word, without regard to case.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.as_str().eq_ignore_ascii_case(word))
    }

    /// The word of RFC 8601 section 2.7.1.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Neutral => "neutral",
            Self::None => "none",
            Self::Policy => "policy",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

/// A signature algorithm that we sign and verify with (RFC 8301 section 3.1, RFC 8463 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `rsa-sha256`.
    RsaSha256,
    /// `ed25519-sha256`.
    Ed25519Sha256,
}

impl Algorithm {
    /// The value of `a=`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RsaSha256 => "rsa-sha256",
            Self::Ed25519Sha256 => "ed25519-sha256",
        }
    }
}

/// What became of one signature.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The result.
    pub result: DkimResult,
    /// `d=`, the SDID; empty where it could not be read.
    pub domain: String,
    /// `s=`.
    pub selector: String,
    /// `a=`.
    pub algorithm: String,
    /// `i=` or its default.
    pub identity: String,
    /// The first octets of `b=`, to tell signatures apart (`header.b`, RFC 6008).
    pub signature_start: String,
    /// `h=` of a signature that passes: the names of the fields that it covers, in lower case. A field of one of these names that is added breaks it
    /// where the name stands here once more often than there are fields (RFC 6376 section 5.4.2).
    pub covered: Vec<tegami_mail::Text>,
    /// Why, for people.
    pub reason: tegami_mail::Note,
    /// How it was found.
    pub steps: Vec<Step>,
}

/// Entries for the fuzz targets, their replay and the public suites: any bytes in, no panic.
#[doc(hidden)]
pub mod fuzz {
    /// A content as it is canonicalised, with an empty line between header section and body.
    pub fn canonical(how: super::Canonicalization, content: &[u8]) -> Vec<u8> {
        super::canonical::content(how, content)
    }

    /// Reads the value of a DKIM-Signature field.
    pub fn signature(value: &[u8]) {
        let _ = super::tag::TagList::parse(value).map(|tags| super::signature::Signature::read(&tags));
    }

    /// Reads the text of a key record, and its key.
    pub fn key_record(text: &[u8]) {
        let _ = super::KeyRecord::parse(text).map(|record| record.public_key());
    }
}
