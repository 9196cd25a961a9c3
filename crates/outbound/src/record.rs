//! What `why`, events and pages know of an attempt: evidence, kept as JSON with the message.
//!
//! The shape is stable: fields are added, never renamed. Where the attempt could not even begin (the content was unreadable) it is `null`.
//!
//! ```text
//! { "next_hop": "example.org", "way": "mx" | "implicit-mx" | "literal" | "smarthost",
//!   "route": { "name": "ses", "order": "direct-first" },  left out where no route is for the message
//!   "steps": [NOTE …],                                  how the hosts were found
//!   "hosts": [ { "host": "mx1.example.org", "ip": "192.0.2.1", "port": 25, "preference": 10 | null,
//!                "smarthost": "ses",                      left out for the recipient's own hosts
//!                "source": "192.0.2.9" | null, "connected": true, "reused": false, "fallback_to_clear": false,
//!                "policy": { "source": "configured" | "smarthost" | "dane" | "mta-sts" | "may",      left out in old records
//!                            "demand": "never" | "opportunistic" | "encrypted" | "verified" | null,
//!                            "policy": ["3 1 1 0123…"], "steps": [NOTE …], "refused": NOTE (left out where the host may be used) },
//!                "tls": null | { "version": "TLSv1.3", "cipher": "TLS13_AES_256_GCM_SHA384", "trusted": false, "reason": NOTE | null,
//!                                "verified_by": "web-pki" | "3 1 1 0123…", "result_type": "certificate-expired", each left out where there is none
//!                                "certificate": null | { "subject", "issuer", "names": [], "not_before", "not_after", "sha256" } },
//!                "transcript": { "lines": [ { "after", "speaker": "client" | "server" | "remark", "text" } ] },
//!                "results": [ { "address", "stage", "reply": REPLY } … ],        what this host said for each recipient
//!                "failure": null | FAILURE, "duration_ms": 12 } … ],
//!   "turns": [ { "before_host": 1, "way": "smarthost" | null, "steps": [NOTE …] } … ],  to another way of the route; left out without
//!   "recipients": [ { "address": "a@example.org", "result": "delivered" | "failed" | "possibly-delivered",
//!                     "host": 0 | null,                 place in "hosts" of the host that decided
//!                     "reply": REPLY | null, "failure": FAILURE | null,
//!                     "cause": "rate", left out where nothing failed } … ] }
//! NOTE    = { "id": "outbound-null-mx", "args": [["domain", "example.org"]] }
//! FAILURE = { "stage", "class": "transient" | "permanent", "status": "5.1.10" | null, "reply": REPLY | null, "detail": NOTE }
//! REPLY   = { "code": 550, "enhanced": "5.1.1" | null, "lines": ["no such user"] }
//! ```

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tegami_mail::failure::{self, Cause, Said, Verdict};
use tegami_mail::{EnhancedStatusCode, Reply, StoredNote, Transcript};
use tegami_queue::{Class, Failure, PeerTls, RecipientOutcome, Stage};
use tegami_report::tls_rpt::ResultType;

use crate::destination::Way;
use crate::route::Order;
use crate::tls_policy::PolicyRecord;
use tegami_auth::Certificate;

/// One attempt for the recipients of one next hop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// The recipients' domain or literal.
    pub next_hop: String,
    /// How the hosts were found.
    pub way: Way,
    /// The route of our configuration that the message took; `None` where none is for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub route: Option<RouteRecord>,
    /// Every choice on the way to the hosts, in order.
    pub steps: Vec<StoredNote>,
    /// Every connection that was tried, in order.
    pub hosts: Vec<HostTry>,
    /// Where the attempt went over to another way of its route, or had one and did not: and why.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub turns: Vec<Turn>,
    /// The result for each recipient, in the envelope's order.
    pub recipients: Vec<RecipientRecord>,
}

/// A route of our configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteRecord {
    /// What the configuration calls it.
    pub name: String,
    /// In which order its ways are tried.
    pub order: Order,
}

/// A turn to another way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Place in [`AttemptRecord::hosts`] of the first host behind it.
    pub before_host: usize,
    /// The new way; `None` where it was not taken.
    pub way: Option<Way>,
    /// Why, and every choice on the way to its hosts.
    pub steps: Vec<StoredNote>,
}

/// One connection that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostTry {
    /// Name of the host, or the literal.
    pub host: String,
    /// Its address.
    pub ip: IpAddr,
    /// Its port.
    pub port: u16,
    /// MX preference; `None` where no MX record led here.
    pub preference: Option<u16>,
    /// What the configuration calls this smarthost; `None` for the recipient's own hosts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub smarthost: Option<String>,
    /// Our own address of the connection.
    pub source: Option<IpAddr>,
    /// The TCP connection came about.
    pub connected: bool,
    /// The connection was open from an earlier message.
    pub reused: bool,
    /// STARTTLS was left out because the handshake had just failed with this host.
    pub fallback_to_clear: bool,
    /// What TLS was worth, and who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRecord>,
    /// TLS, if it ran.
    pub tls: Option<TlsRecord>,
    /// What was said.
    pub transcript: Transcript,
    /// What the host said for each recipient, in the order in which it said so.
    pub results: Vec<HostResult>,
    /// Why the whole session failed; refusals of single recipients stand in `results`.
    pub failure: Option<FailureRecord>,
    /// From connecting to the end, in milliseconds.
    pub duration_ms: u64,
}

/// What a host said for one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostResult {
    /// The forward-path.
    pub address: String,
    /// To which command.
    pub stage: Stage,
    /// The deciding reply.
    pub reply: Reply,
}

/// TLS of one connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsRecord {
    /// `TLSv1.3` …
    pub version: String,
    /// Name of the cipher suite.
    pub cipher: String,
    /// The certificate fits what counts for this host: it names the host and chains to a trusted root, or it fits a TLSA record.
    pub trusted: bool,
    /// What it was trusted by: `web-pki`, or the TLSA record that it fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_by: Option<String>,
    /// Why it is not trusted, in the words of RFC 8460 section 4.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_type: Option<ResultType>,
    /// Why it is not trusted.
    pub reason: Option<StoredNote>,
    /// The server's own certificate.
    pub certificate: Option<Certificate>,
}

impl From<&TlsRecord> for PeerTls {
    fn from(tls: &TlsRecord) -> Self {
        Self { version: tls.version.clone(), cipher: tls.cipher.clone(), verified: tls.trusted }
    }
}

/// A [`Failure`] in its stored form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRecord {
    /// How far it came.
    pub stage: Stage,
    /// Whether to try again.
    pub class: Class,
    /// Our own enhanced status code where the peer gave none.
    pub status: Option<EnhancedStatusCode>,
    /// The peer's reply.
    pub reply: Option<Reply>,
    /// For people.
    pub detail: StoredNote,
}

impl From<&Failure> for FailureRecord {
    fn from(failure: &Failure) -> Self {
        Self {
            stage: failure.stage,
            class: failure.class,
            status: failure.status,
            reply: failure.reply.clone(),
            detail: failure.detail.clone().into(),
        }
    }
}

/// The result for one recipient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecipientRecord {
    /// The forward-path.
    pub address: String,
    /// How it went.
    pub result: ResultWord,
    /// Place in [`AttemptRecord::hosts`] of the host that decided; `None` where no host was reached.
    pub host: Option<usize>,
    /// The reply that decided.
    pub reply: Option<Reply>,
    /// What failed.
    pub failure: Option<FailureRecord>,
    /// What the refusal means, in one word; [`AttemptRecord::verdict`] tells more.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<Cause>,
}

impl AttemptRecord {
    /// What a recipient's failure means.
    pub fn verdict(&self, recipient: &RecipientRecord) -> Option<Verdict> {
        let failure = recipient.failure.as_ref()?;
        let said = match &failure.reply {
            Some(reply) => Said::of(reply),
            None => Said { enhanced: failure.status, ..Said::default() },
        };
        let host = recipient.host.and_then(|host| self.hosts.get(host)).map(|host| host.host.as_str());
        Some(failure::classify(&said.at(failure.stage.phase()).from_host(host)))
    }
}

/// How it went for a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResultWord {
    /// The peer took it.
    Delivered,
    /// It did not.
    Failed,
    /// Nobody knows (RFC 1047).
    PossiblyDelivered,
}

impl RecipientRecord {
    pub(crate) fn new(
        address: String,
        host: Option<usize>,
        outcome: &RecipientOutcome,
        hosts: &[HostTry],
    ) -> Self {
        let name = host.and_then(|host| hosts.get(host)).map(|host| host.host.as_str());
        let (result, reply, failure) = match outcome {
            RecipientOutcome::Delivered { reply } => (ResultWord::Delivered, Some(reply.clone()), None),
            RecipientOutcome::Failed(failure) => {
                (ResultWord::Failed, failure.reply.clone(), Some(failure.into()))
            }
            RecipientOutcome::PossiblyDelivered(failure) => {
                (ResultWord::PossiblyDelivered, failure.reply.clone(), Some(failure.into()))
            }
        };
        let cause = match outcome {
            RecipientOutcome::Delivered { .. } => None,
            RecipientOutcome::Failed(failure) | RecipientOutcome::PossiblyDelivered(failure) => {
                Some(failure.verdict(name).cause)
            }
        };
        Self { address, result, host, reply, failure, cause }
    }
}
