//! Findings as JSON: the contract of `tegami check --json`. Sentences stand in it as notes, so that what is kept can be told in every
//! reader's language; the room `words` puts them into words (`told`).

mod schema;

pub use schema::schema;

use serde_json::{Map, Value, json};
use tegami_auth::finding::{Change, Operation, State};
use tegami_mail::StoredNote;

use crate::provider::{self, Provider};
use crate::score::{BEST, Score};
use crate::{Examination, Finding, Fix};

/// What a record is published with, in seconds, where nothing is said.
const TTL: u32 = 3600;

/// The whole examination.
pub fn examination(examination: &Examination) -> Value {
    let states = [State::Fail, State::Warn, State::Info, State::Pass, State::Unknown, State::NotApplicable];
    let summary: Map<_, _> = states
        .into_iter()
        .map(|state| (state.as_str().to_owned(), json!(examination.count(state))))
        .collect();
    let findings: Vec<_> = examination.findings.iter().map(finding).collect();
    json!({
        "subject": examination.subject,
        "summary": summary,
        "findings": findings,
        "questions": examination.questions.len(),
    })
}

/// What is told of a message: its score, what each provider would do with it, and the whole examination.
pub fn report(of: &Examination) -> Value {
    let verdict = |provider| provider::verdict(provider, &of.findings).to_json();
    json!({
        "score": score(&crate::score::score(&of.findings)),
        "providers": Provider::ALL.map(verdict),
        "examination": examination(of),
    })
}

/// One finding.
pub fn finding(finding: &Finding) -> Value {
    let check = finding.check;
    let (source, section) = match finding.source.split_once(" section ") {
        Some((source, section)) => (source, Some(section)),
        None => (finding.source, None),
    };
    let title = StoredNote { id: check.title(), args: Vec::new() };
    let consequences = check.consequences.iter();
    let consequences =
        consequences.map(|one| json!({"provider": one.provider.as_str(), "smtp_code": one.code}));
    json!({
        "id": check.id,
        "about": check.about.as_str(),
        "subject": finding.subject,
        "state": finding.state.as_str(),
        "severity": finding.severity,
        "title": title,
        "detail": finding.note,
        "evidence": finding.evidence,
        "rule": {"source": source, "section": section, "quote": null},
        "who": check.who.iter().map(|who| who.as_str()).collect::<Vec<_>>(),
        "consequence": consequences.collect::<Vec<_>>(),
        "fix": finding.fix.as_ref().map(fix),
        "confidence": finding.confidence.as_str(),
        "depends": check.depends,
        "next_check_after_ttl": finding.ttl.map(|ttl| ttl.as_secs()),
    })
}

fn fix(fix: &Fix) -> Value {
    let list = |changes: &Vec<Change>| changes.iter().map(change).collect::<Vec<_>>();
    json!({
        "text": fix.note,
        "records": fix.choices.first().map(list).unwrap_or_default(),
        "alternatives": fix.choices.iter().skip(1).map(list).collect::<Vec<_>>(),
        "settings": fix.settings,
        "by": fix.by,
    })
}

/// A score: points of how many, and what each finding took.
pub fn score(score: &Score) -> Value {
    let points = |tenths: u32| f64::from(tenths) / 10.0;
    let findings = score.deductions.iter().map(|deduction| {
        let finding = &deduction.finding;
        json!({
            "id": finding.check.id,
            "subject": finding.subject,
            "state": finding.state.as_str(),
            "group": deduction.group.as_str(),
            "points": points(deduction.tenths),
            "uncapped": points(deduction.full),
            "detail": finding.note,
            "source": finding.source,
        })
    });
    json!({
        "points": points(score.tenths()),
        "of": BEST / 10,
        "findings": findings.collect::<Value>(),
    })
}

/// One record to change.
pub fn change(change: &Change) -> Value {
    let ttl = (change.operation != Operation::Delete).then_some(TTL);
    json!({
        "op": change.operation,
        "name": change.name,
        "type": change.kind.to_string(),
        "ttl": ttl,
        "value": change.value,
    })
}
