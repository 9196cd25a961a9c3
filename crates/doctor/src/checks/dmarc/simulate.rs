//! What becomes of a message, before it is sent: SPF, DKIM and DMARC as receivers find them, and what each provider is documented to do.

use std::net::IpAddr;

use jiff::Timestamp;
use tegami_auth::dkim::{DkimResult, KeyRecord, Selector};
use tegami_auth::dmarc::{self, Alignment, Discovery, DmarcResult, Policy, Walker, public_suffix};
use tegami_auth::finding::Severity;
use tegami_auth::spf::{self, Identity, SpfResult};
use tegami_dns::{DnsName, Resolver};
use tegami_mail::{Domain, Note, ReversePath, note};

use super::{EVERYBODY, REFUSED, check};
use crate::case::{DomainCase, Purpose};
use crate::txt::Texts;
use crate::{Check, Finding, Fix, Who};

pub(super) const REJECT_NEEDS_DKIM: Check =
    check("dmarc.reject-needs-dkim", Severity::S3, "RFC 9989 section 8").after(&["dmarc.exists"]);
pub(super) const ALIGNMENT_MODE: Check =
    check("dmarc.alignment-mode", Severity::S1, "RFC 9989 section 4.4").after(&["dmarc.exists"]);
pub(super) const SIMULATE: Check =
    check("dmarc.simulate", Severity::S4, "RFC 9989 section 5.3").who(EVERYBODY).answers(REFUSED);
pub(super) const SINGLE_POINT: Check = check("dmarc.single-point", Severity::S2, "RFC 9989 section 8")
    .who(EVERYBODY)
    .after(&["dmarc.exists", "spf.ip-covered", "dkim.selector-known"]);

/// Mail of one kind: who writes, which way it leaves, who signs.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The domain of From.
    pub author: Domain,
    /// The domain of MAIL FROM; `None` for the null reverse-path.
    pub mail_from: Option<Domain>,
    /// The name of HELO.
    pub helo: String,
    /// The address that it leaves from.
    pub ip: IpAddr,
    /// Its signatures.
    pub signatures: Vec<Signature>,
}

/// A signature that a message will have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// `d=`
    pub domain: Domain,
    /// `s=`; where it is not known, the key is taken to be good.
    pub selector: Option<Selector>,
}

/// How a signature will come out, if the message reaches the receiver as it was signed.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The signature.
    pub signature: Signature,
    /// Its result.
    pub result: DkimResult,
    /// Why it is no pass.
    pub reason: Option<Note>,
}

/// What happens to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is taken; what it says decides the rest.
    Accepted,
    /// It has to come again.
    Deferred,
    /// It goes among the spam.
    Junk,
    /// It is refused.
    Rejected,
}

impl Fate {
    /// The word of the JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Deferred => "deferred",
            Self::Junk => "junk",
            Self::Rejected => "rejected",
        }
    }
}

/// What one provider does.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Who.
    pub provider: Who,
    /// What happens.
    pub fate: Fate,
    /// The documented reply.
    pub code: Option<&'static str>,
    /// Why, where it is not accepted.
    pub reason: Option<Note>,
}

/// What was found out about a stream.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// SPF of MAIL FROM.
    pub spf: spf::Verdict,
    /// The signatures.
    pub dkim: Vec<Signed>,
    /// DMARC by RFC 9989.
    pub dmarc: dmarc::Verdict,
    /// DMARC as receivers of RFC 7489 have it, and where that differs.
    pub older: (public_suffix::Verdict, Vec<Note>),
    /// What each provider does.
    pub outcomes: Vec<Outcome>,
}

impl Simulation {
    /// The worst of all outcomes.
    pub fn worst(&self) -> Option<&Outcome> {
        self.outcomes.iter().max_by_key(|outcome| outcome.fate)
    }

    /// For evidence: a line each.
    pub fn lines(&self) -> Vec<String> {
        let aligned = |yes: bool| if yes { "aligned" } else { "not aligned" };
        let mut lines = vec![format!(
            "SPF {} {} {}",
            self.spf.domain,
            self.spf.result.as_str(),
            aligned(self.dmarc.aligned.spf)
        )];
        for signed in &self.dkim {
            let selector = signed.signature.selector.as_ref().map_or("-", Selector::as_str);
            lines.push(format!("DKIM {} {selector} {}", signed.signature.domain, signed.result.as_str()));
        }
        lines.push(format!(
            "DMARC {} {} {}",
            self.dmarc.author_domain,
            self.dmarc.result.as_str(),
            self.dmarc.disposition.as_str()
        ));
        lines.extend(self.outcomes.iter().map(|outcome| {
            let code = outcome.code.map(|code| format!(" {code}")).unwrap_or_default();
            format!("{}: {}{code}", outcome.provider.as_str(), outcome.fate.as_str())
        }));
        lines
    }
}

/// What every provider does with mail of this kind; `bulk` where the sender counts as one of thousands of messages a day.
pub async fn simulate(
    stream: &Stream,
    purpose: Purpose,
    now: Timestamp,
    resolver: &dyn Resolver,
) -> Simulation {
    let null = ReversePath::Null;
    let request =
        spf::Request { ip: stream.ip, helo: &stream.helo, mail_from: &null, receiver: "unknown", now };
    let spf = match &stream.mail_from {
        Some(domain) => spf::check_host(&request, Identity::MailFrom, "", domain.as_str(), resolver).await,
        None => spf::check_mail_from(&request, resolver).await,
    };
    let mut dkim = Vec::new();
    for signature in &stream.signatures {
        dkim.push(signed(signature, resolver).await);
    }
    let envelope = Domain::parse(&spf.domain).ok();
    let by_spf: Vec<(SpfResult, Domain)> = envelope.into_iter().map(|domain| (spf.result, domain)).collect();
    let by_dkim: Vec<(DkimResult, Domain)> =
        dkim.iter().map(|one| (one.result, one.signature.domain.clone())).collect();
    let authors = std::slice::from_ref(&stream.author);
    let dmarc = dmarc::evaluate(authors, &by_spf, &by_dkim, resolver).await;
    let mut walker = Walker::new(resolver);
    let older = public_suffix::compare(&stream.author, &by_spf, &by_dkim, &mut walker).await;
    let seen = Seen {
        spf: spf.result,
        dkim: dkim.iter().any(|one| one.result == DkimResult::Pass),
        open: spf.result == SpfResult::TempError
            || dkim.iter().any(|one| one.result == DkimResult::TempError),
        dmarc: &dmarc,
        bulk: purpose == Purpose::SendsBulk,
    };
    let outcomes = PROVIDERS.iter().map(|provider| seen.outcome(*provider)).collect();
    Simulation { spf, dkim, older, outcomes, dmarc }
}

/// Whether the key of a signature is there and good.
async fn signed(signature: &Signature, resolver: &dyn Resolver) -> Signed {
    let done = |result, reason| Signed { signature: signature.clone(), result, reason };
    let Some(selector) = &signature.selector else { return done(DkimResult::Pass, None) };
    let name = format!("{selector}._domainkey.{}", signature.domain);
    let Ok(parsed) = DnsName::parse(&name) else {
        return done(DkimResult::PermError, Some(note!("dkim-key-none", name = name, answer = "NXDOMAIN")));
    };
    let texts = match Texts::ask(&parsed, resolver).await {
        Ok(texts) => texts,
        Err(error) => {
            let note = note!("dkim-key-unavailable", name = name, error = error);
            return done(DkimResult::TempError, Some(note));
        }
    };
    let Some(text) = texts.list.first() else {
        return done(DkimResult::PermError, Some(note!("dkim-key-none", name = name, answer = "NODATA")));
    };
    match KeyRecord::parse(text).map_or_else(Some, |record| record.fault()) {
        Some(fault) => done(DkimResult::PermError, Some(fault)),
        None => done(DkimResult::Pass, None),
    }
}

/// Whose behaviour is told.
const PROVIDERS: [Who; 6] = [Who::Gmail, Who::Outlook, Who::Yahoo, Who::ICloud, Who::JpCarriers, Who::Rfc];

/// What a provider sees.
struct Seen<'v> {
    spf: SpfResult,
    dkim: bool,
    open: bool,
    dmarc: &'v dmarc::Verdict,
    bulk: bool,
}

impl Seen<'_> {
    fn outcome(&self, provider: Who) -> Outcome {
        let spf = self.spf == SpfResult::Pass;
        let rejected = |code, note| self.told(provider, Fate::Rejected, code, note);
        if self.dmarc.result == DmarcResult::TempError || (self.open && !spf && !self.dkim) {
            let code = (provider == Who::Gmail).then_some("451 4.7.26");
            return self.told(provider, Fate::Deferred, code, note!("dmarc-fate-open"));
        }
        if self.dmarc.result == DmarcResult::Fail && self.dmarc.disposition == Policy::Reject {
            let code = match provider {
                Who::Gmail => Some("550 5.7.26"),
                Who::Yahoo => Some("550 5.7.9"),
                _ => None,
            };
            return rejected(code, note!("dmarc-fate-policy", domain = self.dmarc.author_domain));
        }
        // Gmail and Yahoo take nothing that nobody vouches for.
        if !spf && !self.dkim && matches!(provider, Who::Gmail | Who::Yahoo) {
            let code = (provider == Who::Gmail).then_some("550 5.7.26");
            return rejected(code, note!("dmarc-fate-unauthenticated"));
        }
        if self.bulk
            && let Some((code, note)) = self.of_bulk(provider)
        {
            return rejected(code, note);
        }
        if self.dmarc.result == DmarcResult::Fail && self.dmarc.disposition == Policy::Quarantine {
            let note = note!("dmarc-fate-policy", domain = self.dmarc.author_domain);
            return self.told(provider, Fate::Junk, None, note);
        }
        Outcome { provider, fate: Fate::Accepted, code: None, reason: None }
    }

    fn told(&self, provider: Who, fate: Fate, code: Option<&'static str>, note: Note) -> Outcome {
        Outcome { provider, fate, code, reason: Some(note) }
    }

    /// What is asked of those who send much, and the reply of a provider where it is missing.
    fn of_bulk(&self, provider: Who) -> Option<(Option<&'static str>, Note)> {
        if !matches!(provider, Who::Gmail | Who::Outlook | Who::Yahoo | Who::ICloud) {
            return None;
        }
        let code = |gmail: &'static str| match provider {
            Who::Gmail => Some(gmail),
            Who::Outlook => Some("550 5.7.515"),
            Who::ICloud => Some("554 5.7.1"),
            _ => None,
        };
        if self.spf != SpfResult::Pass {
            return Some((code("550 5.7.27"), note!("dmarc-fate-bulk-spf")));
        }
        if !self.dkim {
            return Some((code("550 5.7.30"), note!("dmarc-fate-bulk-dkim")));
        }
        if self.dmarc.record.is_none() {
            return Some((code("550 5.7.40"), note!("dmarc-fate-bulk-policy")));
        }
        let aligned = self.dmarc.aligned.spf || self.dmarc.aligned.dkim;
        if !aligned && provider != Who::ICloud {
            return Some((code("550 5.7.32"), note!("dmarc-fate-bulk-alignment")));
        }
        None
    }
}

pub(super) async fn judge(case: &DomainCase, discovery: &Discovery) -> Vec<Finding> {
    let mut findings = vec![reject_needs_dkim(case, discovery).await, alignment_mode(case, discovery).await];
    findings.extend(streams(case).await);
    findings
}

/// p=reject must not rest on SPF alone: forwarding breaks it (RFC 9989 section 8).
async fn reject_needs_dkim(case: &DomainCase, discovery: &Discovery) -> Finding {
    let domain = &case.domain;
    if discovery.policy != Some(Policy::Reject) || !case.sends().await {
        return REJECT_NEEDS_DKIM.not_applicable(domain, note!("dmarc-not-reject", domain = domain));
    }
    let keys = case.dkim().await;
    if keys.usable().next().is_some() {
        return REJECT_NEEDS_DKIM.pass(domain, note!("dmarc-reject-dkim", domain = domain));
    }
    // Keys that are known and broken, or a DNS that says that there are none.
    let sure = keys.none_can_exist || keys.at.iter().any(|key| key.origin.is_sure() && key.texts.is_ok());
    if !sure {
        return REJECT_NEEDS_DKIM.unknown(domain, note!("dmarc-reject-unknown", domain = domain));
    }
    let fix = Fix::new(note!("dmarc-reject-no-dkim-fix", domain = domain));
    REJECT_NEEDS_DKIM.fail(domain, note!("dmarc-reject-no-dkim", domain = domain)).fix(fix)
}

/// With strict alignment a sub-domain in MAIL FROM does not count.
async fn alignment_mode(case: &DomainCase, discovery: &Discovery) -> Finding {
    let domain = &case.domain;
    let Some(record) = discovery.record() else {
        return ALIGNMENT_MODE.not_applicable(domain, note!("dmarc-no-record", domain = domain));
    };
    let strict = |mode: Alignment| mode == Alignment::Strict;
    if !strict(record.adkim) && !strict(record.aspf) {
        return ALIGNMENT_MODE.pass(domain, note!("dmarc-relaxed", domain = domain));
    }
    let below = |other: &&Domain| *other != domain && other.is_at_or_below(domain);
    let broken: Vec<&str> = case.known.mail_from.iter().filter(below).map(Domain::as_str).collect();
    if strict(record.aspf) && !broken.is_empty() {
        let note = note!("dmarc-strict-breaks", domain = domain, names = broken.join(", "));
        let fix = Fix::new(note!("dmarc-strict-fix", domain = domain));
        return ALIGNMENT_MODE.warn(domain, note).fix(fix);
    }
    ALIGNMENT_MODE.info(domain, note!("dmarc-strict", domain = domain))
}

/// What becomes of mail from each source.
async fn streams(case: &DomainCase) -> Vec<Finding> {
    let domain = &case.domain;
    if !case.sends().await || case.sources().await.is_empty() {
        let note = || note!("dmarc-no-source", domain = domain);
        return [&SIMULATE, &SINGLE_POINT].map(|check| check.not_applicable(domain, note())).to_vec();
    }
    let keys = case.dkim().await;
    let known = keys.at.iter().any(|key| key.origin.is_sure()) || keys.none_can_exist;
    let sure = keys.usable().filter(|(key, _)| key.origin.is_sure());
    let signatures: Vec<Signature> = sure
        .map(|(key, _)| Signature { domain: domain.clone(), selector: Some(key.selector.clone()) })
        .collect();
    let envelopes = match case.known.mail_from.as_slice() {
        [] => vec![domain.clone()],
        told => told.to_vec(),
    };
    let mut findings = Vec::new();
    for ip in case.sources().await {
        for mail_from in &envelopes {
            let stream = Stream {
                author: domain.clone(),
                mail_from: Some(mail_from.clone()),
                helo: case.known.helo.clone().unwrap_or_else(|| domain.to_string()),
                ip: *ip,
                signatures: signatures.clone(),
            };
            let found = simulate(&stream, case.known.purpose, case.known.now, case.resolver()).await;
            findings.push(fate(&stream, &found, known));
            findings.push(single_point(&stream, &found, known));
        }
    }
    findings
}

fn fate(stream: &Stream, found: &Simulation, known: bool) -> Finding {
    let (ip, author) = (stream.ip, &stream.author);
    let lines = found.lines();
    let Some(worst) = found.worst().filter(|outcome| outcome.fate > Fate::Accepted) else {
        return SIMULATE.pass(ip, note!("dmarc-simulated", ip = ip, domain = author)).evidences(lines);
    };
    if !known && worst.fate > Fate::Deferred {
        // A signature that we do not know may save it.
        return SIMULATE
            .unknown(ip, note!("dmarc-simulated-open", ip = ip, domain = author))
            .evidences(lines);
    }
    // Where a signature vouches and SPF alone is missing, its own check tells.
    let without_spf = found.spf.result != SpfResult::Pass && found.dmarc.result != DmarcResult::Fail;
    if without_spf && stream.mail_from.as_ref() == Some(author) {
        return SIMULATE.not_applicable(ip, note!("check-depends", parent = "spf.ip-covered"));
    }
    let told = found.outcomes.iter().filter(|outcome| outcome.fate == worst.fate);
    let names = told.map(|outcome| outcome.provider.as_str()).collect::<Vec<_>>().join(", ");
    let finding = match worst.fate {
        Fate::Rejected => {
            SIMULATE.fail(ip, note!("dmarc-simulated-rejected", ip = ip, domain = author, names = names))
        }
        Fate::Junk => {
            SIMULATE.warn(ip, note!("dmarc-simulated-junk", ip = ip, domain = author, names = names))
        }
        _ => return SIMULATE.unknown(ip, note!("dmarc-fate-open")).evidences(lines),
    };
    finding.evidences(lines).fix(Fix::new(note!("dmarc-simulated-fix", domain = author)))
}

/// Mail that one method alone vouches for.
fn single_point(stream: &Stream, found: &Simulation, known: bool) -> Finding {
    let (ip, author) = (stream.ip, &stream.author);
    let aligned = found.dmarc.aligned;
    match (found.dmarc.result, aligned.spf, aligned.dkim) {
        (DmarcResult::Pass, true, true) => {
            SINGLE_POINT.pass(ip, note!("dmarc-both", ip = ip, domain = author))
        }
        (DmarcResult::Pass, true, false) if !known => {
            SINGLE_POINT.unknown(ip, note!("dmarc-only-spf-known", ip = ip, domain = author))
        }
        (DmarcResult::Pass, true, false) => {
            let fix = Fix::new(note!("dmarc-only-spf-fix", domain = author));
            SINGLE_POINT.warn(ip, note!("dmarc-only-spf", ip = ip, domain = author)).fix(fix)
        }
        (DmarcResult::Pass, ..) => {
            let fix = Fix::new(note!("dmarc-only-dkim-fix", domain = author));
            SINGLE_POINT.warn(ip, note!("dmarc-only-dkim", ip = ip, domain = author)).fix(fix)
        }
        _ => SINGLE_POINT.not_applicable(ip, note!("dmarc-no-pass", ip = ip, domain = author)),
    }
}
