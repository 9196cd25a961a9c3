//! Whether a message passes (RFC 9989 section 5.3).

use tegami_mail::{AsText as _, Domain, Note, Text, note};

use super::author::Authors;
use super::discover::{Discovery, discover_with};
use super::record::Alignment;
use super::walk::Walker;
use super::{Aligned, DmarcResult, Policy, Verdict};
use crate::dkim::DkimResult;
use crate::spf::SpfResult;
use crate::{Records, Step};

/// Author Domains of one message that are looked at. RFC 9989 leaves messages with several to the receiver and warns of
/// unlimited work (RFC 9989 section 11.5).
pub const MAX_AUTHOR_DOMAINS: usize = 8;

const AUTHOR: &str = "RFC 9989 section 5.3.1";
const SEVERAL: &str = "RFC 9989 section 11.5";

/// Decides on a message whose From field was read: where it is malformed, the message does not pass.
pub async fn evaluate_message(
    authors: &Authors,
    spf: &[(SpfResult, Domain)],
    dkim: &[(DkimResult, Domain)],
    records: impl Into<Records<'_>>,
) -> Verdict {
    let mut verdict = evaluate(&authors.domains, spf, dkim, records).await;
    let unprotected = verdict.result == DmarcResult::None && authors.domains.is_empty();
    if !authors.well_formed && (verdict.result == DmarcResult::Pass || unprotected) {
        verdict.result = DmarcResult::PermError;
        verdict.steps.push(message_step("permerror", note!("dmarc-from-in-doubt"), AUTHOR));
    }
    if authors.steps.is_empty() {
        return verdict;
    }
    let steps = std::mem::replace(&mut verdict.steps, authors.steps.clone());
    verdict.steps.extend(steps);
    verdict
}

/// Decides on a message (RFC 9989 section 5.3): its Author Domains, the domains for which SPF and DKIM came to a result.
///
/// No Author Domain gives `none` (RFC 9989 section 5.3.1). With several, each is decided on its own; the strictest policy
/// among those that fail applies, and the message passes only when every one of them passes (RFC 9989 section 11.5).
pub async fn evaluate(
    authors: &[Domain],
    spf: &[(SpfResult, Domain)],
    dkim: &[(DkimResult, Domain)],
    records: impl Into<Records<'_>>,
) -> Verdict {
    evaluate_with(authors, spf, dkim, &mut Walker::new(records)).await.0
}

/// The same with what was found before, and beside the verdict what is published for the Author Domain that decided; its
/// steps are among those of the verdict.
pub async fn evaluate_with(
    authors: &[Domain],
    spf: &[(SpfResult, Domain)],
    dkim: &[(DkimResult, Domain)],
    walker: &mut Walker<'_>,
) -> (Verdict, Option<Discovery>) {
    let mut distinct: Vec<&Domain> = Vec::new();
    for author in authors {
        // One above the limit is enough to know that there are too many.
        if distinct.len() <= MAX_AUTHOR_DOMAINS && !distinct.contains(&author) {
            distinct.push(author);
        }
    }
    let Some((first, others)) = distinct.split_first() else {
        let step = message_step("none", note!("dmarc-no-author"), AUTHOR);
        return (Verdict::without_author(step), None);
    };
    let mut decided = evaluate_one(first, spf, dkim, walker).await;
    for author in others.iter().take(MAX_AUTHOR_DOMAINS - 1) {
        let other = evaluate_one(author, spf, dkim, walker).await;
        decided = strictest(decided, other);
    }
    let (mut verdict, discovery) = decided;
    if !others.is_empty() {
        let note = note!("dmarc-several-authors", count = distinct.len().min(MAX_AUTHOR_DOMAINS));
        verdict.steps.insert(0, message_step("several", note, SEVERAL));
        // The last step is the reason for the result.
        let decision =
            verdict.steps.iter().rfind(|step| step.domain == verdict.author_domain && step.term == "dmarc");
        verdict.steps.extend(decision.cloned().filter(|decision| verdict.steps.last() != Some(decision)));
    }
    // One that was not looked at may ask for more than nothing.
    if distinct.len() > MAX_AUTHOR_DOMAINS && verdict.disposition == Policy::None {
        verdict.result = DmarcResult::PermError;
        let note = note!("dmarc-too-many-authors", limit = MAX_AUTHOR_DOMAINS);
        verdict.steps.push(message_step("error", note, SEVERAL));
    }
    (verdict, Some(discovery))
}

/// Of two Author Domains the one that decides: what fails before what is unknown, before what has no policy, before what
/// passes; the stricter policy first. It carries the steps of both.
fn strictest(first: (Verdict, Discovery), second: (Verdict, Discovery)) -> (Verdict, Discovery) {
    let rank = |(verdict, _): &(Verdict, Discovery)| {
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
    let (mut first, mut second) = (first, second);
    let mut steps = std::mem::take(&mut first.0.steps);
    steps.append(&mut second.0.steps);
    let (verdict, discovery) = if second_decides { second } else { first };
    (Verdict { steps, ..verdict }, discovery)
}

async fn evaluate_one(
    author: &Domain,
    spf: &[(SpfResult, Domain)],
    dkim: &[(DkimResult, Domain)],
    walker: &mut Walker<'_>,
) -> (Verdict, Discovery) {
    let mut discovery = discover_with(author, walker).await;
    let text = |domain: &Domain| domain.as_text().clone();
    let mut verdict = Verdict {
        result: DmarcResult::None,
        author_domain: author.as_text().clone(),
        policy_domain: discovery.policy_domain().map(text),
        organizational_domain: discovery.organizational_domain.as_ref().map(text),
        policy: discovery.policy.unwrap_or(Policy::None),
        disposition: Policy::None,
        aligned: Aligned::default(),
        record: discovery.record().map(|record| record.text.clone()),
        queries: discovery.queries,
        steps: std::mem::take(&mut discovery.steps),
    };
    if discovery.temp_error {
        verdict.result = DmarcResult::TempError;
        verdict.decide(author, note!("dmarc-temperror", domain = author), "RFC 9989 section 5.3.6");
        return (verdict, discovery);
    }
    let (Some(record), Some(policy)) = (discovery.record(), discovery.policy) else {
        verdict.decide(author, note!("dmarc-not-applied", domain = author), "RFC 9989 section 5.3.2");
        return (verdict, discovery);
    };
    let steps = std::mem::take(&mut verdict.steps);
    let mut alignment = Identifiers { discovery: &discovery, walker, open: false, steps };
    for (result, domain) in spf {
        verdict.aligned.spf |= alignment.check("spf", result.as_str(), domain, record.aspf).await;
    }
    for (result, domain) in dkim {
        verdict.aligned.dkim |= alignment.check("dkim", result.as_str(), domain, record.adkim).await;
    }
    let open = alignment.open;
    verdict.steps = alignment.steps;
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
    (verdict, discovery)
}

impl Verdict {
    fn without_author(step: Step) -> Self {
        Self {
            result: DmarcResult::None,
            author_domain: Text::default(),
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
        self.steps.push(Step {
            depth: 0,
            domain,
            term,
            outcome: self.result.as_str(),
            note,
            source,
            spent: None,
        });
    }
}

/// A step about the message rather than about one domain.
pub(super) fn message_step(outcome: &'static str, note: Note, source: &'static str) -> Step {
    Step {
        depth: 0,
        domain: Text::default(),
        term: Text::from_static("From"),
        outcome,
        note,
        source,
        spent: None,
    }
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
            term: Text::concat(&[method, " ", domain.as_str()]),
            outcome,
            note,
            source: "RFC 9989 section 4.4",
            spent: None,
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
        let walk = Box::pin(self.walker.walk(domain, 1)).await;
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
