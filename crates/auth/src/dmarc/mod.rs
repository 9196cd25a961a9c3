//! DMARC (RFC 9989): which policy applies to an Author Domain, and whether a message passes.

mod record;
mod walk;

use serde::Serialize;
use tegami_dns::{DnsError, DnsName, RecordType, Resolver};
use tegami_mail::{AsText as _, Domain, Note, Text, note};

use crate::Step;
use crate::dkim::DkimResult;
use crate::spf::SpfResult;

pub use record::{Alignment, Ignored, Psd, Record, Why};
pub use walk::MAX_QUERIES;
use walk::{Walk, Walker};

/// Author Domains of one message that are looked at. RFC 9989 leaves messages with several to the receiver
/// (RFC 9989 section 5.3.1) and warns of unlimited work.
pub const MAX_AUTHOR_DOMAINS: usize = 8;

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

    /// Reads the word, in lower case.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::None, Self::Quarantine, Self::Reject].into_iter().find(|policy| policy.as_str() == word)
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

/// What is published for an Author Domain.
#[derive(Clone, Debug)]
pub struct Discovery {
    /// The domain that was asked about.
    pub author_domain: Domain,
    /// The record that applies; `None` where there is none, or a failed query leaves it open.
    pub record: Option<Record>,
    /// Where it was found.
    pub policy_domain: Option<Domain>,
    /// By the tree walk; `None` where a failed query leaves it open.
    pub organizational_domain: Option<Domain>,
    /// The policy that applies to this Author Domain: `p`, `sp` or `np`, lowered where the record says `t=y`. `None`
    /// where DMARC does not apply.
    pub policy: Option<Policy>,
    /// A failure of the DNS left the policy open.
    pub temp_error: bool,
    /// DNS queries of the tree walk.
    pub queries: u8,
    /// How it was found.
    pub steps: Vec<Step>,
}

/// Finds the policy for an Author Domain (RFC 9989 section 4.10.1) and its Organizational Domain
/// (RFC 9989 section 4.10.2).
pub async fn discover(author_domain: &Domain, resolver: &dyn Resolver) -> Discovery {
    discover_with(author_domain, &mut Walker::new(resolver)).await
}

/// Decides on a message (RFC 9989 section 5.3): its Author Domains, the domains for which SPF and DKIM came to a result.
///
/// No Author Domain gives `none` (RFC 9989 section 5.3.1). With several, each is decided on its own; the strictest policy
/// among those that fail applies, and the message passes only when every one of them passes.
pub async fn evaluate(
    authors: &[Domain],
    spf: &[(SpfResult, Domain)],
    dkim: &[(DkimResult, Domain)],
    resolver: &dyn Resolver,
) -> Verdict {
    let mut distinct: Vec<&Domain> = Vec::new();
    for author in authors {
        // One above the limit is enough to know that there are too many.
        if distinct.len() <= MAX_AUTHOR_DOMAINS && !distinct.contains(&author) {
            distinct.push(author);
        }
    }
    let mut walker = Walker::new(resolver);
    let Some((first, others)) = distinct.split_first() else {
        let step = message_step("From", "none", note!("dmarc-no-author"), "RFC 9989 section 5.3.1");
        return Verdict::without_author(step);
    };
    let mut verdict = evaluate_one(first, spf, dkim, &mut walker).await;
    if others.is_empty() {
        return verdict;
    }
    let note = note!("dmarc-several-authors", count = distinct.len().min(MAX_AUTHOR_DOMAINS));
    verdict.steps.insert(0, message_step("From", "several", note, "RFC 9989 section 5.3.1"));
    for author in others.iter().take(MAX_AUTHOR_DOMAINS - 1) {
        let other = evaluate_one(author, spf, dkim, &mut walker).await;
        verdict = strictest(verdict, other);
    }
    if distinct.len() > MAX_AUTHOR_DOMAINS && verdict.result != DmarcResult::Fail {
        verdict.result = DmarcResult::PermError;
        let note = note!("dmarc-too-many-authors", limit = MAX_AUTHOR_DOMAINS);
        verdict.steps.push(message_step("From", "error", note, "RFC 9989 section 5.3.1"));
    }
    verdict
}

/// Of two Author Domains the one that decides: what fails before what is unknown, before what has no policy, before what
/// passes; the stricter policy first. It carries the steps of both.
fn strictest(first: Verdict, second: Verdict) -> Verdict {
    let rank = |verdict: &Verdict| {
        let result = match verdict.result {
            DmarcResult::Fail => 4,
            DmarcResult::TempError => 3,
            DmarcResult::PermError => 2,
            DmarcResult::None => 1,
            DmarcResult::Pass => 0,
        };
        (result, verdict.disposition)
    };
    let second_decides = rank(&second) > rank(&first);
    let mut steps = first.steps.clone();
    steps.extend(second.steps.clone());
    let chosen = if second_decides { second } else { first };
    Verdict { steps, ..chosen }
}

async fn evaluate_one(
    author: &Domain,
    spf: &[(SpfResult, Domain)],
    dkim: &[(DkimResult, Domain)],
    walker: &mut Walker<'_>,
) -> Verdict {
    let discovery = discover_with(author, walker).await;
    let mut verdict = Verdict {
        result: DmarcResult::None,
        author_domain: author.to_string(),
        policy_domain: discovery.policy_domain.as_ref().map(Domain::to_string),
        organizational_domain: discovery.organizational_domain.as_ref().map(Domain::to_string),
        policy: discovery.policy.unwrap_or(Policy::None),
        disposition: Policy::None,
        aligned: Aligned::default(),
        record: discovery.record.as_ref().map(|record| record.text.clone()),
        queries: discovery.queries,
        steps: discovery.steps.clone(),
    };
    if discovery.temp_error {
        verdict.result = DmarcResult::TempError;
        verdict.decide(author, note!("dmarc-temperror", domain = author), "RFC 9989 section 5.3.6");
        return verdict;
    }
    let (Some(record), Some(policy)) = (&discovery.record, discovery.policy) else {
        verdict.decide(author, note!("dmarc-not-applied", domain = author), "RFC 9989 section 5.3.2");
        return verdict;
    };
    let mut alignment = Identifiers { discovery: &discovery, walker, open: false, steps: Vec::new() };
    for (result, domain) in spf {
        verdict.aligned.spf |= alignment.check("spf", result.as_str(), domain, record.aspf).await;
    }
    for (result, domain) in dkim {
        verdict.aligned.dkim |= alignment.check("dkim", result.as_str(), domain, record.adkim).await;
    }
    let open = alignment.open;
    verdict.steps.append(&mut alignment.steps);
    let (note, source) = if verdict.aligned.spf || verdict.aligned.dkim {
        verdict.result = DmarcResult::Pass;
        (note!("dmarc-pass", domain = author), "RFC 9989 section 5.3.5")
    } else if open {
        verdict.result = DmarcResult::TempError;
        (note!("dmarc-temperror", domain = author), "RFC 9989 section 5.3.6")
    } else {
        verdict.result = DmarcResult::Fail;
        verdict.disposition = policy;
        (note!("dmarc-fail", domain = author, policy = policy.as_str()), "RFC 9989 section 5.3.5")
    };
    verdict.decide(author, note, source);
    verdict
}

impl Verdict {
    fn without_author(step: Step) -> Self {
        Self {
            result: DmarcResult::None,
            author_domain: String::new(),
            policy_domain: None,
            organizational_domain: None,
            policy: Policy::None,
            disposition: Policy::None,
            aligned: Aligned::default(),
            record: None,
            queries: 0,
            steps: vec![step],
        }
    }

    /// The last step: the result.
    fn decide(&mut self, author: &Domain, note: Note, source: &'static str) {
        let (domain, term) = (author.as_text().clone(), Text::from_static("dmarc"));
        self.steps.push(Step { depth: 0, domain, term, outcome: self.result.as_str(), note, source });
    }
}

/// A step about the message rather than about one domain.
fn message_step(term: &str, outcome: &'static str, note: Note, source: &'static str) -> Step {
    Step { depth: 0, domain: Text::default(), term: term.into(), outcome, note, source }
}

/// Compares identifiers with the Author Domain (RFC 9989 sections 4.4 and 4.10.2).
struct Identifiers<'w, 'r> {
    discovery: &'w Discovery,
    walker: &'w mut Walker<'r>,
    /// A failed query left an alignment open.
    open: bool,
    steps: Vec<Step>,
}

impl Identifiers<'_, '_> {
    /// Whether an identifier that passed is aligned. One whose check a failing DNS left open would have counted, had it
    /// been decided and were it aligned: then DMARC is open too (RFC 9989 section 5.3.6).
    async fn check(
        &mut self,
        method: &'static str,
        result: &'static str,
        domain: &Domain,
        mode: Alignment,
    ) -> bool {
        let place = self.steps.len();
        let (outcome, note) = match result {
            "pass" => self.compare(domain, mode).await,
            "temperror" => match self.compare(domain, mode).await {
                ("not-aligned", note) => ("not-aligned", note),
                _ => ("error", note!("dmarc-identifier-open", method = method, domain = domain)),
            },
            _ => (
                "not-pass",
                note!("dmarc-identifier-not-pass", method = method, domain = domain, result = result),
            ),
        };
        self.open |= outcome == "error";
        let step = Step {
            depth: 0,
            domain: self.discovery.author_domain.as_text().clone(),
            term: Text::of(format_args!("{method} {domain}")),
            outcome,
            note,
            source: "RFC 9989 section 4.4",
        };
        self.steps.insert(place, step);
        outcome == "aligned"
    }

    async fn compare(&mut self, domain: &Domain, mode: Alignment) -> (&'static str, Note) {
        let author = &self.discovery.author_domain;
        if domain == author {
            return ("aligned", note!("dmarc-aligned-same", domain = domain));
        }
        if mode == Alignment::Strict {
            return ("not-aligned", note!("dmarc-not-aligned-strict", domain = domain, author = author));
        }
        let Some(organizational) = &self.discovery.organizational_domain else {
            return ("error", note!("dmarc-alignment-open", domain = domain, author = author));
        };
        // An Organizational Domain is the domain itself or lies above it: elsewhere there is nothing to ask.
        if !domain.is_at_or_below(organizational) {
            return (
                "not-aligned",
                note!(
                    "dmarc-not-aligned-elsewhere",
                    domain = domain,
                    author = author,
                    organizational = organizational
                ),
            );
        }
        let walk = self.walker.walk(domain, 1).await;
        let found = walk.organizational_domain();
        self.steps.extend(walk.steps);
        match found {
            Some(found) if found == *organizational => (
                "aligned",
                note!("dmarc-aligned-relaxed", domain = domain, author = author, organizational = found),
            ),
            Some(found) => (
                "not-aligned",
                note!(
                    "dmarc-not-aligned-relaxed",
                    domain = domain,
                    author = author,
                    found = found,
                    organizational = organizational
                ),
            ),
            None => ("error", note!("dmarc-alignment-open", domain = domain, author = author)),
        }
    }
}

async fn discover_with(author: &Domain, walker: &mut Walker<'_>) -> Discovery {
    let walk = walker.walk(author, 0).await;
    let organizational = walk.organizational_domain();
    let mut discovery = Discovery {
        author_domain: author.clone(),
        record: None,
        policy_domain: None,
        organizational_domain: organizational.clone(),
        policy: None,
        temp_error: false,
        queries: walk.queries,
        steps: walk.steps.clone(),
    };
    if let Some(organizational) = &organizational {
        let note = note!("dmarc-organizational-domain", domain = author, organizational = organizational);
        discovery.step("organizational domain", "found", note, "RFC 9989 section 4.10.2");
    }
    let Some((policy_domain, record)) = applicable(&walk, organizational.as_ref()) else {
        // Without the Author Domain's own record, a failed query may hide the one that applies.
        discovery.temp_error = walk.error.is_some();
        if !discovery.temp_error {
            let note = note!("dmarc-no-record", domain = author);
            discovery.step("policy", "none", note, "RFC 9989 section 4.10.1");
        }
        return discovery;
    };
    for ignored in &record.ignored {
        let source = "RFC 9989 section 4.7";
        discovery.step(&format!("{}={}", ignored.name, ignored.value), "ignored", ignored.note(), source);
    }
    discovery.policy_domain = Some(policy_domain.clone());
    discovery.record = Some(record.clone());
    discovery.choose_policy(policy_domain, record, walker.resolver()).await;
    discovery
}

/// The record that applies: that of the Author Domain, else of its Organizational Domain, else of its Public Suffix
/// Domain (RFC 9989 section 4.10.1).
fn applicable<'w>(walk: &'w Walk, organizational: Option<&Domain>) -> Option<(&'w Domain, &'w Record)> {
    let own = walk.found.iter().find(|(domain, _)| *domain == walk.start);
    let found = own
        .or_else(|| walk.found.iter().find(|(domain, _)| Some(domain) == organizational))
        .or_else(|| walk.found.iter().find(|(_, record)| record.psd == Psd::Yes));
    found.map(|(domain, record)| (domain, record))
}

impl Discovery {
    fn step(&mut self, term: &str, outcome: &'static str, note: Note, source: &'static str) {
        let (domain, term) = (self.author_domain.as_text().clone(), term.into());
        self.steps.push(Step { depth: 0, domain, term, outcome, note, source });
    }

    /// `p`, `sp` or `np`, and `t` (RFC 9989 sections 4.7 and 4.10.1).
    async fn choose_policy(&mut self, policy_domain: &Domain, record: &Record, resolver: &dyn Resolver) {
        let source = "RFC 9989 section 4.10.1";
        if !record.applies() {
            self.step("p", "none", note!("dmarc-policy-unusable", domain = policy_domain), source);
            return;
        }
        if record.bad_policy {
            self.policy = Some(Policy::None);
            self.step("p", "none", note!("dmarc-policy-replaced", domain = policy_domain), source);
            return;
        }
        let (tag, policy) = if *policy_domain == self.author_domain {
            ("p", record.p)
        } else {
            match self.subdomain_policy(record, resolver).await {
                Ok(chosen) => chosen,
                Err(error) => {
                    self.temp_error = true;
                    let note = note!("dmarc-existence-unknown", domain = self.author_domain, error = error);
                    self.step(&self.author_domain.to_string(), "error", note, source);
                    return;
                }
            }
        };
        let note = if tag == "p" && record.tag("p").is_none() {
            note!("dmarc-policy-missing", domain = self.author_domain)
        } else {
            note!("dmarc-policy", tag = tag, policy = policy.as_str(), domain = self.author_domain)
        };
        self.step(&format!("{tag}={}", policy.as_str()), policy.as_str(), note, source);
        let lowered = if record.testing { policy.lowered() } else { policy };
        if lowered != policy {
            let note = note!("dmarc-testing", policy = policy.as_str(), lowered = lowered.as_str());
            self.step("t=y", lowered.as_str(), note, "RFC 9989 section 4.7");
        }
        self.policy = Some(lowered);
    }

    /// `np` for names that do not exist, `sp` for those that do, each falling back (RFC 9989 section 4.7).
    async fn subdomain_policy(
        &mut self,
        record: &Record,
        resolver: &dyn Resolver,
    ) -> Result<(&'static str, Policy), DnsError> {
        let for_existing = record.sp.map_or(("p", record.p), |policy| ("sp", policy));
        let Some(np) = record.np else { return Ok(for_existing) };
        // NXDOMAIN for any type says that the name does not exist, nor anything below it (RFC 8020).
        let name = DnsName::from(&self.author_domain);
        let exists = match resolver.lookup(&name, RecordType::A).await {
            Ok(_) | Err(DnsError::NoData) => true,
            Err(DnsError::NxDomain) => false,
            Err(error) => return Err(error),
        };
        let source = "RFC 9989 section 4.10.1";
        if exists {
            self.step(name.as_str(), "exists", note!("dmarc-exists", domain = name), source);
            return Ok(for_existing);
        }
        self.step(name.as_str(), "absent", note!("dmarc-exists-not", domain = name), source);
        Ok(("np", np))
    }
}

#[cfg(test)]
mod tests;
