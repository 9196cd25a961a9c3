//! DMARC (RFC 9989).

use serde::Serialize;

use crate::Step;

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

/// What a Domain Owner asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words are the RFC's")]
pub enum Policy {
    None,
    Quarantine,
    Reject,
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
    pub author_domain: String,
    /// Where the record was found.
    pub policy_domain: Option<String>,
    /// By the tree walk.
    pub organizational_domain: Option<String>,
    /// The policy that applies to this Author Domain.
    pub policy: Policy,
    /// What the policy asks to be done with this message: `none` unless the result is fail.
    pub disposition: Policy,
    /// Alignment.
    pub aligned: Aligned,
    /// The record's text.
    pub record: Option<String>,
    /// DNS queries of the tree walk.
    pub queries: u8,
    /// How it was found.
    pub steps: Vec<Step>,
}
// discover(author_domain, resolver) -> Discovery ; evaluate(authors: &[Domain], spf: &[(SpfResult, Domain)], dkim: &[(DkimResult, Domain)], resolver) -> Verdict
