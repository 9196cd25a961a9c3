//! DMARC (RFC 9989): which policy applies to an Author Domain, and whether a message passes.

mod author;
mod discover;
mod evaluate;
pub mod public_suffix;
mod record;
mod uri;
mod walk;

use serde::Serialize;
use tegami_mail::Text;

use crate::Step;

pub use author::Authors;
pub use discover::{Discovery, Subdomains, discover, discover_with};
pub use evaluate::{MAX_AUTHOR_DOMAINS, evaluate, evaluate_message, evaluate_with};
pub use record::{Alignment, Ignored, MAX_IGNORED, NearMiss, Psd, Record, Why, near_miss};
pub(crate) use walk::Published;
pub use walk::{MAX_QUERIES, Walker};

/// The results (RFC 8601 section 2.7, RFC 9989).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words are the RFC's")]
pub enum DmarcResult {
    None,
    Pass,
    Fail,
    TempError,
    PermError,
}

impl DmarcResult {
    /// The word as it stands in result fields.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

/// What a Domain Owner asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words are the RFC's")]
pub enum Policy {
    None,
    Quarantine,
    Reject,
}

impl Policy {
    /// The word as it stands in records and result fields.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }

    /// Reads the word, in any case.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::None, Self::Quarantine, Self::Reject];
        all.into_iter().find(|policy| word.eq_ignore_ascii_case(policy.as_str()))
    }

    /// One level lower, as `t=y` asks (RFC 9989 section 4.7).
    pub fn lowered(self) -> Self {
        match self {
            Self::Reject => Self::Quarantine,
            Self::Quarantine | Self::None => Self::None,
        }
    }
}

/// Which identifiers are aligned with the Author Domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Aligned {
    /// SPF passed for an aligned domain.
    pub spf: bool,
    /// A DKIM signature passed for an aligned domain.
    pub dkim: bool,
}

/// What DMARC found.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The result.
    pub result: DmarcResult,
    /// The Author Domain; empty where the From field has none.
    pub author_domain: Text,
    /// Where the record was found.
    pub policy_domain: Option<Text>,
    /// By the tree walk.
    pub organizational_domain: Option<Text>,
    /// The policy that applies to this Author Domain.
    pub policy: Policy,
    /// What the policy asks to be done with this message: `none` unless the result is fail.
    pub disposition: Policy,
    /// Alignment.
    pub aligned: Aligned,
    /// The record's text.
    pub record: Option<Text>,
    /// DNS queries of the tree walk.
    pub queries: u8,
    /// How it was found.
    pub steps: Vec<Step>,
}

#[cfg(test)]
mod tests;
