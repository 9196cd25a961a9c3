//! What two worlds make of a message, side by side: only what is not the same, in the order in which a receiver learns it.

use serde_json::{Value, json};
use tegami_auth::arc::ArcResult;
use tegami_auth::dkim::{self, DkimResult};
use tegami_auth::spf;
use tegami_mail::Note;

use super::super::text::is_advice;
use super::super::{Context, Findings};

/// One thing that is not the same.
pub(super) struct Difference {
    /// Which, such as `spf.mailfrom`; the documentation lists all.
    pub(super) id: &'static str,
    pub(super) before: Side,
    pub(super) after: Side,
    /// Why it comes out so in the changed world: sentences, each with the rule behind it.
    pub(super) reason: Vec<(Note, &'static str)>,
}

/// How it is in one world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Side {
    /// `None` where the world has no such thing, for example a signature that was taken out.
    pub(super) value: Option<String>,
    /// The domain that it speaks of.
    pub(super) subject: Option<String>,
}

impl Side {
    fn new(value: impl Into<String>, subject: &str) -> Self {
        Self { value: Some(value.into()), subject: (!subject.is_empty()).then(|| subject.to_owned()) }
    }
}

impl Difference {
    pub(super) fn to_json(&self, context: &Context) -> Value {
        let reason =
            self.reason.iter().map(|(note, source)| json!({"detail": context.say(note), "source": source}));
        json!({
            "id": self.id,
            "before": self.before.value,
            "after": self.after.value,
            "domain_before": self.before.subject,
            "domain_after": self.after.subject,
            "reasons": reason.collect::<Value>(),
        })
    }
}

/// Everything that is not the same.
pub(super) fn differences(before: &Findings, after: &Findings) -> Vec<Difference> {
    let mut found = Differences(Vec::new());
    found.before_the_content(before, after);
    found.signatures(&before.verdicts.dkim, &after.verdicts.dkim);
    let arc = |findings: &Findings| {
        let arc = &findings.verdicts.arc;
        let seen = arc.result != ArcResult::None;
        Side { value: Some(arc.result.as_str().to_owned()), subject: seen.then(|| arc.domain.clone()) }
    };
    found.add("arc", arc(before), arc(after), || {
        vec![(after.verdicts.arc.reason.clone(), "RFC 8617 section 5.2")]
    });
    found.dmarc(before, after);
    let points = |findings: &Findings| {
        let tenths = findings.score.tenths();
        Side::new(format!("{}.{}", tenths / 10, tenths % 10), "")
    };
    let decision = |findings: &Findings| Side::new(findings.decision.0, "");
    let why = || after.decision.1.clone().map(|why| (why, "")).into_iter().collect();
    found.add("decision", decision(before), decision(after), why);
    found.add("score", points(before), points(after), Vec::new);
    found.0
}

struct Differences(Vec<Difference>);

impl Differences {
    fn add(
        &mut self,
        id: &'static str,
        before: Side,
        after: Side,
        reason: impl FnOnce() -> Vec<(Note, &'static str)>,
    ) {
        if before != after {
            self.0.push(Difference { id, before, after, reason: reason() });
        }
    }

    fn before_the_content(&mut self, before: &Findings, after: &Findings) {
        let (before, after) = (&before.verdicts, &after.verdicts);
        // The name of another client is of no interest where both are confirmed; that of the same one cannot change.
        let (one, other) = (&before.early.iprev, &after.early.iprev);
        if one.result != other.result {
            let side = |result: &str, ip: std::net::IpAddr| Side::new(result, &ip.to_string());
            let (one, ips) = (one.result.as_str(), (before.ip, after.ip));
            let step = other.steps.last();
            self.add("iprev", side(one, ips.0), side(other.result.as_str(), ips.1), || {
                step.map(|step| (step.note.clone(), step.source)).into_iter().collect()
            });
        }
        let side = |verdict: &spf::Verdict| Side::new(verdict.result.as_str(), &verdict.domain);
        if before.early.spf_helo.result != after.early.spf_helo.result {
            let (one, other) = (&before.early.spf_helo, &after.early.spf_helo);
            self.add("spf.helo", side(one), side(other), || spf_reason(other));
        }
        let (one, other) = (&before.early.spf_mail_from, &after.early.spf_mail_from);
        self.add("spf.mailfrom", side(one), side(other), || spf_reason(other));
    }

    /// Signatures are the same where domain, selector and the start of `b=` are; more of the same are told apart by
    /// their order.
    fn signatures(&mut self, before: &[dkim::Verdict], after: &[dkim::Verdict]) {
        let there = |verdict: &&dkim::Verdict| verdict.result != DkimResult::None;
        let same = |one: &dkim::Verdict, other: &dkim::Verdict| {
            (&one.domain, &one.selector, &one.signature_start)
                == (&other.domain, &other.selector, &other.signature_start)
        };
        let side = |verdict: &dkim::Verdict| Side::new(verdict.result.as_str(), &verdict.domain);
        let mut new: Vec<&dkim::Verdict> = after.iter().filter(there).collect();
        for one in before.iter().filter(there) {
            match new.iter().position(|other| same(one, other)).map(|place| new.remove(place)) {
                None => self.add("dkim", side(one), Side { value: None, ..side(one) }, Vec::new),
                Some(other) if one.result != other.result || one.reason.id != other.reason.id => {
                    let reason = dkim_reason(other);
                    let (before, after) = (side(one), side(other));
                    self.0.push(Difference { id: "dkim", before, after, reason });
                }
                Some(_) => {}
            }
        }
        for other in new {
            self.add("dkim", Side { value: None, ..side(other) }, side(other), || dkim_reason(other));
        }
    }

    fn dmarc(&mut self, before: &Findings, after: &Findings) {
        let (one, other) = (&before.verdicts.dmarc, &after.verdicts.dmarc);
        let policy = |dmarc: &tegami_auth::dmarc::Verdict| match &dmarc.policy_domain {
            Some(domain) => Side::new(dmarc.policy.as_str(), domain),
            None => Side::default(),
        };
        let mut found = other.steps.iter().filter(|step| step.source.starts_with("RFC 9989 section 4.10.1"));
        self.add("dmarc.policy", policy(one), policy(other), || {
            found.next_back().map(|step| (step.note.clone(), step.source)).into_iter().collect()
        });
        let yes = |aligned: bool| Side::new(if aligned { "yes" } else { "no" }, "");
        self.add("dmarc.aligned.spf", yes(one.aligned.spf), yes(other.aligned.spf), Vec::new);
        self.add("dmarc.aligned.dkim", yes(one.aligned.dkim), yes(other.aligned.dkim), Vec::new);
        let last = || other.steps.last().map(|step| (step.note.clone(), step.source)).into_iter().collect();
        let result =
            |dmarc: &tegami_auth::dmarc::Verdict| Side::new(dmarc.result.as_str(), &dmarc.author_domain);
        self.add("dmarc", result(one), result(other), last);
        let asked = |dmarc: &tegami_auth::dmarc::Verdict| Side::new(dmarc.disposition.as_str(), "");
        self.add("dmarc.disposition", asked(one), asked(other), Vec::new);
    }
}

/// The term that decided, and why it did.
fn spf_reason(verdict: &spf::Verdict) -> Vec<(Note, &'static str)> {
    let Some(step) = verdict.deciding_step() else { return Vec::new() };
    let term = verdict.mechanism().map(|term| {
        (tegami_mail::note!("cli-spf-decided", term = term, domain = step.domain), "RFC 7208 section 4.6.2")
    });
    term.into_iter().chain([(step.note.clone(), step.source)]).collect()
}

/// The reason, and what was noted beside it.
fn dkim_reason(verdict: &dkim::Verdict) -> Vec<(Note, &'static str)> {
    let source = verdict.steps.iter().rev().find(|step| step.note == verdict.reason);
    let source = source.or(verdict.steps.last()).map_or("", |step| step.source);
    let noted = verdict.steps.iter().filter(|step| is_advice(step) && step.note != verdict.reason);
    let noted = noted.map(|step| (step.note.clone(), step.source));
    [(verdict.reason.clone(), source)].into_iter().chain(noted).collect()
}
