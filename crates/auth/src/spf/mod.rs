//! SPF (RFC 7208).
//!
//! A record is read completely ([`Record::parse`]) before anything is evaluated; the evaluation (`check_host()`,
//! RFC 7208 section 4) keeps its limits and writes one [`Step`] for every term.

mod evaluation;
pub mod macros;
mod published;
mod record;
pub mod survey;

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;
use tegami_dns::DnsName;
use tegami_mail::{AsText as _, Domain, Host, ReversePath, Text, note};

use crate::{Records, Step};

pub use evaluation::{MAX_ADDRESS_NAMES, MAX_LOOKUPS, MAX_VOID_LOOKUPS};
pub(crate) use published::Published;
pub use record::{DomainSpec, DualCidr, Mechanism, Problem, Qualifier, Record, SyntaxError, Term, TermKind};
pub use survey::{Survey, survey};

/// The local-part where none is given (RFC 7208 section 4.3).
const POSTMASTER: &str = "postmaster";

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

impl SpfResult {
    /// All results.
    pub const ALL: [Self; 7] =
        [Self::Pass, Self::Fail, Self::SoftFail, Self::Neutral, Self::None, Self::TempError, Self::PermError];

    /// The word as it stands in result fields (RFC 8601 section 2.7.2).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::Neutral => "neutral",
            Self::None => "none",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }

    /// Reads the word, without regard to case.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.as_str().eq_ignore_ascii_case(word))
    }
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

impl Identity {
    /// The word of Received-SPF (RFC 7208 section 9.1) and of the JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Helo => "helo",
            Self::MailFrom => "mailfrom",
        }
    }
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
    pub domain: Text,
    /// The text of `exp=` on a fail (RFC 7208 section 6.2): the domain owner's words, never ours.
    pub explanation: Option<String>,
    /// DNS-querying terms so far (RFC 7208 section 4.6.4).
    pub lookups: u8,
    /// Void lookups so far.
    pub void_lookups: u8,
    /// The evaluation, in order.
    pub steps: Vec<Step>,
}

impl Verdict {
    /// The term that decided: `-all`, `include:spf.example.net`; redirects are followed, includes are not. `None` where
    /// no mechanism matched.
    pub fn mechanism(&self) -> Option<&str> {
        self.matching().map(|step| step.term.as_str())
    }

    /// The step that decided: the match, else the first error, else the last.
    pub fn deciding_step(&self) -> Option<&Step> {
        let error = || self.steps.iter().find(|step| step.outcome == "error");
        self.matching().or_else(error).or(self.steps.last())
    }

    fn matching(&self) -> Option<&Step> {
        let mut depth = 0;
        for step in &self.steps {
            if step.depth == depth && step.outcome == "match" {
                return Some(step);
            }
            let is_redirect = step.term.get(..9).is_some_and(|name| name.eq_ignore_ascii_case("redirect="));
            depth += u8::from(step.depth == depth && is_redirect);
        }
        None
    }
}

/// Checks the MAIL FROM identity; for the null reverse-path `postmaster@HELO` (RFC 7208 section 2.4).
pub async fn check_mail_from(request: &Request<'_>, records: impl Into<Records<'_>>) -> Verdict {
    let (local_part, domain) = match request.mail_from {
        ReversePath::Null => (POSTMASTER, Text::from(request.helo)),
        ReversePath::Address(address) => {
            let domain = match address.host() {
                Host::Domain(domain) => domain.as_text().clone(),
                literal @ Host::Literal(_) => Text::of(literal),
            };
            (address.local_part().as_str(), domain)
        }
    };
    check_host(request, Identity::MailFrom, local_part, &domain, records).await
}

/// Checks the HELO identity (RFC 7208 section 2.3).
pub async fn check_helo(request: &Request<'_>, records: impl Into<Records<'_>>) -> Verdict {
    check_host(request, Identity::Helo, POSTMASTER, request.helo, records).await
}

/// `check_host()` of RFC 7208 section 4 for any local-part and domain; of the request only the address and the values
/// of macros are used. An empty local-part becomes `postmaster` (RFC 7208 section 4.3).
pub async fn check_host(
    request: &Request<'_>,
    identity: Identity,
    local_part: &str,
    domain: &str,
    records: impl Into<Records<'_>>,
) -> Verdict {
    let Some(name) = fully_qualified(domain) else {
        let step = Step {
            depth: 0,
            domain: domain.into(),
            term: domain.into(),
            outcome: "none",
            note: note!("spf-domain-malformed", domain = domain),
            source: "RFC 7208 section 4.3",
            spent: None,
        };
        return Verdict {
            result: SpfResult::None,
            identity,
            domain: domain.into(),
            explanation: None,
            lookups: 0,
            void_lookups: 0,
            steps: vec![step],
        };
    };
    let local_part = if local_part.is_empty() { POSTMASTER } else { local_part };
    evaluation::Evaluation::new(request, local_part, &name, records.into()).run(identity).await
}

/// The name to ask for, where `domain` is well formed and has more than one label (RFC 7208 section 4.3).
/// Internationalised domains are asked as A-labels (RFC 7208 section 4.3).
fn fully_qualified(domain: &str) -> Option<DnsName> {
    let parsed = if domain.is_ascii() { None } else { Some(Domain::parse(domain).ok()?) };
    let ascii = parsed.as_ref().map_or(domain, Domain::as_str);
    // An address has a colon or ends in a digit: that is quickly seen.
    let like_address = ascii.contains(':') || ascii.ends_with(|last: char| last.is_ascii_digit());
    // A backslash would begin an escape of presentation form; no domain name of mail has one.
    if ascii.starts_with('[') || ascii.contains('\\') || (like_address && ascii.parse::<IpAddr>().is_ok()) {
        return None;
    }
    DnsName::parse(ascii).ok().filter(|name| name.as_str().contains('.'))
}
