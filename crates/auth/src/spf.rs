//! SPF (RFC 7208).

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;
use tegami_dns::Resolver;
use tegami_mail::ReversePath;

use crate::Step;

/// The results (RFC 7208 section 2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words are the RFC's")]
pub enum SpfResult {
    Pass,
    Fail,
    SoftFail,
    Neutral,
    None,
    TempError,
    PermError,
}

/// Which identity was checked (RFC 7208 sections 2.3 and 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Identity {
    /// The argument of HELO or EHLO.
    Helo,
    /// The reverse-path; `postmaster@HELO` when it is null.
    MailFrom,
}

/// What SPF is asked.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The SMTP client's address.
    pub ip: IpAddr,
    /// The argument of HELO or EHLO.
    pub helo: &'a str,
    /// The reverse-path.
    pub mail_from: &'a ReversePath,
    /// Our own name, for the `r` macro.
    pub receiver: &'a str,
    /// The present, for the `t` macro.
    pub now: Timestamp,
}

/// What SPF found.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The result.
    pub result: SpfResult,
    /// Which identity.
    pub identity: Identity,
    /// The domain that was checked.
    pub domain: String,
    /// The text of `exp=` on a fail (RFC 7208 section 6.2): the domain owner's words, never ours.
    pub explanation: Option<String>,
    /// DNS-querying terms so far (RFC 7208 section 4.6.4).
    pub lookups: u8,
    /// Void lookups so far.
    pub void_lookups: u8,
    /// The evaluation, in order.
    pub steps: Vec<Step>,
}
// pub async fn check_mail_from(request: &Request<'_>, resolver: &dyn Resolver) -> Verdict
// pub async fn check_helo(request: &Request<'_>, resolver: &dyn Resolver) -> Verdict
