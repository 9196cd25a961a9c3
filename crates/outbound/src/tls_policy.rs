//! What TLS is worth on the way to each MX host, and who says so: the first that applies of a configured policy, DANE (RFC 7672), MTA-STS (RFC 8461),
//! and what opportunity gives. Every host of a destination has terms of its own, so that the policy of one domain never touches another domain that shares
//! its hosts.

mod configured;
mod dane;
mod observation;
mod relaxed;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tegami_auth::dane::Association;
use tegami_auth::mta_sts::Mode;
use tegami_mail::{Domain, EnhancedStatusCode, Host, Note, StoredNote, note};
use tegami_proto::smtp::client::{FailureCause, SessionFailure};
use tegami_queue::{Failure, Stage};
use tegami_report::tls_rpt::{self, PolicyType, ResultType};
use tokio::sync::OnceCell;

use crate::Courier;
use crate::destination::{Destination, MailHost, Way};
use crate::drive::Link;
use crate::failure::ENCRYPTION_NEEDED;
use crate::mta_sts::Sts;
use crate::policy::TlsDemand;
use crate::record::TlsRecord;
use crate::terms::Terms;
use crate::tls_report;

pub use configured::{TlsPolicies, TlsPolicy, TlsScope};
pub use observation::{Observation, Observe};

/// RFC 3463 section 3.8: cryptographic failure. Told where a policy cannot be kept to.
const POLICY_FAILED: EnhancedStatusCode = EnhancedStatusCode::new(4, 7, 5);

/// Lines of a published policy that are kept with each attempt: a stranger says how many it has.
const MOST_LINES: usize = 32;

/// Who says what TLS is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicySource {
    /// Our configuration, for this domain.
    Configured,
    /// Our configuration, for the smarthost.
    Smarthost,
    /// TLSA records of the host (RFC 7672).
    Dane,
    /// The policy of the recipient's domain (RFC 8461).
    MtaSts,
    /// Nobody: TLS where it is offered.
    May,
}

/// What a certificate has to fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The host's name, and a trusted root.
    WebPki,
    /// TLSA records.
    Dane(Arc<DaneTrust>),
}

/// TLSA records that can be used, with the names that count beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DaneTrust {
    /// The TLSA base domain: the name for SNI (RFC 7672 section 8.1).
    pub(crate) base: Domain,
    pub(crate) records: Vec<Association>,
    /// For DANE-TA (RFC 7672 section 3.2.2).
    pub(crate) names: Vec<Domain>,
}

/// What TLS is worth with one host.
#[derive(Clone, Debug)]
pub(crate) struct HostPolicy {
    pub(crate) source: PolicySource,
    pub(crate) demand: TlsDemand,
    pub(crate) trust: Trust,
    pub(crate) steps: Vec<Note>,
    /// The policy in the words of reports; `None` where nobody is told.
    told: Option<(Domain, tls_rpt::Policy)>,
    /// MTA-STS in mode testing: the host is not among those that the policy names.
    unnamed: bool,
}

/// A host that must not get the message.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) failure: Failure,
    pub(crate) source: PolicySource,
    pub(crate) steps: Vec<Note>,
    told: Option<(Domain, tls_rpt::Policy)>,
    result: ResultType,
}

/// What TLS was worth with a host, kept with the attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRecord {
    /// Who says so.
    pub source: PolicySource,
    /// What it is worth; `None` where the host was not to be used at all.
    pub demand: Option<TlsDemand>,
    /// The policy as published, its first lines: of MTA-STS, or TLSA records.
    pub policy: Vec<String>,
    /// How it was found, in order.
    pub steps: Vec<StoredNote>,
    /// Why the host must not be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<StoredNote>,
}

/// The policies of one attempt. What concerns the whole domain is found at most once.
pub(crate) struct Finder<'a> {
    courier: &'a Courier,
    /// For the one field of it that counts.
    content: &'a [u8],
    destination: &'a Destination,
    terms: &'a Terms,
    sts: OnceCell<Option<Arc<Sts>>>,
    relaxed: std::sync::OnceLock<bool>,
}

impl<'a> Finder<'a> {
    pub(crate) fn new(
        courier: &'a Courier,
        content: &'a [u8],
        destination: &'a Destination,
        terms: &'a Terms,
    ) -> Self {
        Self {
            courier,
            content,
            destination,
            terms,
            sts: OnceCell::new(),
            relaxed: std::sync::OnceLock::new(),
        }
    }

    /// What TLS is worth with this host.
    pub(crate) async fn find(&self, host: &MailHost) -> Result<HostPolicy, Box<Refusal>> {
        let found = self.first(host).await;
        let mut found =
            if tls_report::is_one(self.content) { found.map_err(untold).map(unobserved)? } else { found? };
        // RFC 8689 section 4.2.1: a certificate that can be verified, whatever else is said.
        if self.terms.require_tls {
            found.demand = TlsDemand::Verified;
        }
        if self.terms.least > found.demand {
            found.demand = self.terms.least;
            found.steps.push(note!("outbound-policy-sender"));
        }
        Ok(found)
    }

    /// Whether something better than the plain DNS says that this host is the domain's: DNSSEC, or MTA-STS (RFC 8689 section 4.2.1).
    pub(crate) async fn is_authentic(&self, host: &MailHost) -> bool {
        if host.secure || self.destination.way != Way::Mx {
            return true;
        }
        let (Some(domain), Some(name)) = (self.destination.next_hop.domain(), host.host.domain()) else {
            return false;
        };
        self.sts(domain).await.is_some_and(|sts| sts.policy.pattern_for(name).is_some())
    }

    async fn first(&self, host: &MailHost) -> Result<HostPolicy, Box<Refusal>> {
        let settings = &self.courier.settings;
        let plain = |source, demand| HostPolicy {
            source,
            demand,
            trust: Trust::WebPki,
            steps: Vec::new(),
            told: None,
            unnamed: false,
        };
        if self.destination.way == Way::Smarthost {
            return Ok(plain(PolicySource::Smarthost, self.terms.demand));
        }
        let (Some(domain), Some(name)) = (self.destination.next_hop.domain(), host.host.domain()) else {
            return Ok(plain(PolicySource::May, settings.tls));
        };
        let nobody = tls_rpt::Policy { policy_domain: domain.to_string(), ..tls_rpt::Policy::default() };
        let may = HostPolicy {
            told: Some((domain.clone(), nobody.clone())),
            ..plain(PolicySource::May, settings.tls)
        };
        let configured = settings.tls_policies.find(domain);
        if let Some(policy) = configured {
            let step = note!("outbound-policy-configured", domain = domain, policy = policy.as_str());
            if let Some(demand) = policy.demand() {
                let told = may.told.filter(|_| demand != TlsDemand::Never);
                return Ok(HostPolicy { steps: vec![step], told, ..plain(PolicySource::Configured, demand) });
            }
        }
        let dane = self.dane(domain, name, host).await;
        if let dane::Found::Absent = dane
            && configured == Some(TlsPolicy::Dane)
        {
            let detail = note!("outbound-dane-required", host = name);
            let told = Some((domain.clone(), nobody));
            return Err(refusal(PolicySource::Configured, told, ResultType::DaneRequired, detail));
        }
        if self.is_relaxed() && !matches!(dane, dane::Found::Absent) {
            return Ok(HostPolicy { steps: vec![note!("outbound-policy-relaxed")], ..may });
        }
        match dane {
            dane::Found::Records(found) => return Ok(found.policy(domain)),
            dane::Found::Failed { name: asked, error } => {
                let detail = note!("outbound-dane-lookup-failed", host = name, name = asked, error = error);
                let told = Some((domain.clone(), dane::report_policy(name, &[])));
                return Err(refusal(PolicySource::Dane, told, ResultType::DnssecInvalid, detail));
            }
            dane::Found::Absent => {}
        }
        match self.sts(domain).await {
            Some(_) if self.is_relaxed() => {
                Ok(HostPolicy { steps: vec![note!("outbound-policy-relaxed")], ..may })
            }
            Some(sts) => by_sts(&sts, domain, name, may),
            None => Ok(may),
        }
    }

    async fn dane(&self, domain: &Domain, name: &Domain, host: &MailHost) -> dane::Found {
        // Where anybody could have put another host into the MX records, knowing that host well is worth nothing (RFC 7672 section 2.2.1).
        if self.destination.way == Way::Mx && !host.secure {
            return dane::Found::Absent;
        }
        let search =
            dane::Search { resolver: &*self.courier.resolver, port: self.terms.port, domain, host: name };
        search.run().await
    }

    /// The policy of MTA-STS, as far as it is in force.
    async fn sts(&self, domain: &Domain) -> Option<Arc<Sts>> {
        let find = async {
            let mta_sts = self.courier.mta_sts.as_ref()?;
            mta_sts.find(domain, self.courier).await.filter(|sts| sts.policy.mode != Mode::None)
        };
        self.sts.get_or_init(|| find).await.clone()
    }

    /// `TLS-Required: No`: the author would rather have the message arrive (RFC 8689 section 3). REQUIRETLS outweighs it.
    fn is_relaxed(&self) -> bool {
        !self.terms.require_tls && *self.relaxed.get_or_init(|| relaxed::asks(self.content))
    }
}

/// The same, and nobody is told.
fn unobserved(policy: HostPolicy) -> HostPolicy {
    HostPolicy { told: None, ..policy }
}

/// The same, and nobody is told.
fn untold(refusal: Box<Refusal>) -> Box<Refusal> {
    Box::new(Refusal { told: None, ..*refusal })
}

fn by_sts(sts: &Sts, domain: &Domain, host: &Domain, may: HostPolicy) -> Result<HostPolicy, Box<Refusal>> {
    let told = Some((domain.clone(), sts.report_policy(domain)));
    let mode = sts.policy.mode;
    let found = note!("outbound-sts-found", domain = domain, id = sts.id, mode = mode.as_str());
    let pattern = sts.policy.pattern_for(host);
    let step = match pattern {
        Some(pattern) => note!("outbound-sts-host-named", host = host, pattern = pattern),
        None => note!("outbound-sts-host-not-named", host = host, domain = domain),
    };
    if mode == Mode::Testing {
        let steps = vec![found, step, note!("outbound-sts-testing")];
        return Ok(HostPolicy {
            source: PolicySource::MtaSts,
            steps,
            told,
            unnamed: pattern.is_none(),
            ..may
        });
    }
    if pattern.is_none() {
        let refusal = refusal(PolicySource::MtaSts, told, ResultType::ValidationFailure, step);
        return Err(Box::new(Refusal { steps: vec![found], ..*refusal }));
    }
    let steps = vec![found, step];
    Ok(HostPolicy { source: PolicySource::MtaSts, demand: TlsDemand::Verified, steps, told, ..may })
}

fn refusal(
    source: PolicySource,
    told: Option<(Domain, tls_rpt::Policy)>,
    result: ResultType,
    detail: Note,
) -> Box<Refusal> {
    let failure = Failure::without_reply(Stage::TlsPolicy, POLICY_FAILED, detail);
    Box::new(Refusal { failure, source, steps: Vec::new(), told, result })
}

/// REQUIRETLS, and nobody vouches for the hosts.
pub(crate) fn no_authentic_host(destination: &Destination) -> Failure {
    let detail = note!("outbound-requiretls-insecure-mx", domain = destination.next_hop);
    Failure::without_reply(Stage::TlsPolicy, ENCRYPTION_NEEDED, detail)
}

/// The two ends of a session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ends {
    pub(crate) host: String,
    pub(crate) ip: String,
    pub(crate) source: String,
}

impl HostPolicy {
    /// What the session was worth to those who count: nothing where it ended before TLS could have begun.
    pub(crate) fn observe(
        &self,
        tls: Option<&TlsRecord>,
        failure: Option<&SessionFailure>,
        ends: Ends,
        courier: &Courier,
    ) {
        let Some((domain, policy)) = &self.told else { return };
        // In mode testing a certificate is judged that nobody demands.
        let judged = policy.policy_type == PolicyType::Sts || self.demand == TlsDemand::Verified;
        let result = match (tls, failure.map(|failure| &failure.cause)) {
            (None, Some(FailureCause::TlsNotOffered)) => Some((ResultType::StarttlsNotSupported, "")),
            (None, Some(FailureCause::TlsFailed(error))) => {
                Some((ResultType::ValidationFailure, error.as_str()))
            }
            (None, Some(_)) => return,
            (None, None) => Some((ResultType::StarttlsNotSupported, "")),
            (Some(_), _) if self.unnamed => Some((ResultType::ValidationFailure, "mx-mismatch")),
            (Some(tls), _) if judged && !tls.trusted => {
                let reason = tls.reason.as_ref().map(|reason| reason.id.as_str()).unwrap_or_default();
                Some((tls.result_type.clone().unwrap_or_default(), reason))
            }
            (Some(_), _) => None,
        };
        let failure = result.map(|(result_type, reason)| tls_rpt::Failure {
            result_type,
            sending_mta_ip: ends.source,
            receiving_mx_hostname: ends.host,
            receiving_ip: ends.ip,
            failure_reason_code: reason.to_owned(),
            ..tls_rpt::Failure::default()
        });
        courier.observe(domain, policy, failure);
    }

    /// Why a session ended at its certificate, and who would have it so: for the sender, who reads nothing else.
    pub(crate) fn distrust(&self, link: &Link, terms: &Terms, host: &str) -> Option<Note> {
        let tls = link.tls.as_ref().filter(|tls| !tls.trusted && terms.demand == TlsDemand::Verified)?;
        let by = match self.source {
            _ if terms.require_tls => "requiretls",
            PolicySource::Dane => "dane",
            PolicySource::MtaSts if terms.least < TlsDemand::Verified => "mta-sts",
            _ if terms.least == TlsDemand::Verified => "sender",
            _ => "configured",
        };
        let why = match tls.result_type {
            Some(ResultType::CertificateExpired) => "expired",
            Some(ResultType::CertificateHostMismatch) => "name",
            Some(ResultType::CertificateNotTrusted) => "authority",
            Some(ResultType::TlsaInvalid) => "tlsa",
            _ => "other",
        };
        Some(note!("outbound-tls-distrusted", host = host, why = why, by = by))
    }

    /// What is kept with the attempt.
    pub(crate) fn record(&self) -> PolicyRecord {
        PolicyRecord {
            source: self.source,
            demand: Some(self.demand),
            policy: published(self.told.as_ref()),
            steps: stored(&self.steps),
            refused: None,
        }
    }
}

impl Refusal {
    /// Tells those who count.
    pub(crate) fn observe(&self, host: &Host, courier: &Courier) {
        let Some((domain, policy)) = &self.told else { return };
        let failure = tls_rpt::Failure {
            result_type: self.result.clone(),
            receiving_mx_hostname: host.to_string(),
            failure_reason_code: self.failure.detail.id.to_owned(),
            ..tls_rpt::Failure::default()
        };
        courier.observe(domain, policy, Some(failure));
    }

    /// What is kept with the attempt.
    pub(crate) fn record(&self) -> PolicyRecord {
        PolicyRecord {
            source: self.source,
            demand: None,
            policy: published(self.told.as_ref()),
            steps: stored(&self.steps),
            refused: Some(self.failure.detail.clone().into()),
        }
    }
}

fn published(told: Option<&(Domain, tls_rpt::Policy)>) -> Vec<String> {
    let lines = told.map(|(_, policy)| policy.policy_string.as_slice()).unwrap_or_default();
    lines.iter().take(MOST_LINES).cloned().collect()
}

fn stored(steps: &[Note]) -> Vec<StoredNote> {
    steps.iter().cloned().map(StoredNote::from).collect()
}
