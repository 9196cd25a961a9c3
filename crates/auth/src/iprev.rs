//! Reverse DNS, forward-confirmed (RFC 8601 section 3).

use serde::Serialize;

use crate::Step;

/// The results (RFC 8601 section 2.7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words are the RFC's")]
pub enum IprevResult {
    Pass,
    Fail,
    TempError,
    PermError,
}

/// What reverse DNS says of an address.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The result.
    pub result: IprevResult,
    /// The name that points back, or the first PTR name where none does.
    pub name: Option<String>,
    /// How it was found.
    pub steps: Vec<Step>,
}
// pub async fn check(ip: IpAddr, resolver: &dyn Resolver) -> Verdict
