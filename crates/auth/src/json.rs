//! Verdicts as JSON: the shapes of `tegami lookup` and `tegami inspect`. The sentences come from a renderer, because only
//! the reader's side knows the language.

use serde_json::{Map, Value, json};
use tegami_mail::{Domain, Note};

use crate::dmarc::{Discovery, Policy, public_suffix};
use crate::received::Hop;
use crate::score::{BEST, Score};
use crate::verify::{Early, Verdicts};
use crate::{Step, arc, dkim, dmarc, iprev, spf};

/// Turns a note into what stands for it in the JSON: a sentence, or ([`stored`]) the note itself.
pub type Render<'a> = &'a dyn Fn(&Note) -> Value;

/// Keeps a note as identifier and values: verdicts that are put away are read in one language today and in another tomorrow.
pub fn stored(note: &Note) -> Value {
    json!(note)
}

/// Steps, each with its sentence as `detail`.
pub fn steps(steps: &[Step], render: Render<'_>) -> Value {
    let steps = steps.iter().map(|step| {
        json!({
            "depth": step.depth,
            "domain": step.domain,
            "term": step.term,
            "outcome": step.outcome,
            "detail": render(&step.note),
            "source": step.source,
        })
    });
    Value::Array(steps.collect())
}

/// What `lookup spf` shows.
pub fn spf(verdict: &spf::Verdict, render: Render<'_>) -> Value {
    json!({
        "result": verdict.result.as_str(),
        "identity": verdict.identity.as_str(),
        "domain": verdict.domain,
        "explanation": verdict.explanation,
        "lookups": verdict.lookups,
        "void_lookups": verdict.void_lookups,
        "steps": steps(&verdict.steps, render),
    })
}

/// Reverse DNS.
pub fn iprev(verdict: &iprev::Verdict, render: Render<'_>) -> Value {
    json!({
        "result": verdict.result.as_str(),
        "name": verdict.name,
        "steps": steps(&verdict.steps, render),
    })
}

/// One signature.
pub fn dkim(verdict: &dkim::Verdict, render: Render<'_>) -> Value {
    json!({
        "result": verdict.result.as_str(),
        "domain": verdict.domain,
        "selector": verdict.selector,
        "algorithm": verdict.algorithm,
        "reason": render(&verdict.reason),
        "steps": steps(&verdict.steps, render),
    })
}

/// The chain of seals.
pub fn arc(verdict: &arc::Verdict, render: Render<'_>) -> Value {
    json!({
        "result": verdict.result.as_str(),
        "instance": verdict.instance,
        "domain": verdict.domain,
        "oldest_pass": verdict.oldest_pass,
        "reason": render(&verdict.reason),
        "steps": steps(&verdict.steps, render),
    })
}

/// DMARC of a message.
pub fn dmarc(verdict: &dmarc::Verdict, render: Render<'_>) -> Value {
    json!({
        "result": verdict.result.as_str(),
        "policy_domain": verdict.policy_domain,
        "organizational_domain": verdict.organizational_domain,
        "policy": verdict.policy.as_str(),
        "disposition": verdict.disposition.as_str(),
        "aligned": { "spf": verdict.aligned.spf, "dkim": verdict.aligned.dkim },
        "steps": steps(&verdict.steps, render),
    })
}

/// What receivers of the older DMARC find, beside ours; with a verdict, also what they decide on the message.
pub fn public_suffix(
    discovery: &public_suffix::Discovery,
    verdict: Option<&public_suffix::Verdict>,
    differences: &[Note],
    render: Render<'_>,
) -> Value {
    let mut shown = json!({
        "organizational_domain": discovery.organizational_domain.as_str(),
        "policy_domain": discovery.policy_domain.as_ref().map(Domain::as_str),
        "policy": discovery.policy.unwrap_or(Policy::None).as_str(),
        "percent": discovery.percent,
        "differences": differences.iter().map(render).collect::<Value>(),
    });
    if let (Some(verdict), Some(members)) = (verdict, shown.as_object_mut()) {
        members.insert("result".to_owned(), verdict.result.as_str().into());
        members.insert("disposition".to_owned(), verdict.disposition.as_str().into());
        members.insert("aligned".to_owned(), json!(verdict.aligned));
    }
    shown
}

/// What `lookup dmarc` shows of a domain; with a verdict, also what becomes of a message, whose steps then include those
/// of the discovery.
pub fn dmarc_lookup(discovery: &Discovery, verdict: Option<&dmarc::Verdict>, render: Render<'_>) -> Value {
    let record = discovery.record();
    let tags = record.iter().flat_map(|record| &record.tags);
    let tags: Map<String, Value> = tags.map(|(name, value)| (name.clone(), json!(value))).collect();
    let mut shown = json!({
        "record": record.map(|record| &record.text),
        "tags": tags,
        "policy_domain": discovery.policy_domain().map(ToString::to_string),
        "organizational_domain": discovery.organizational_domain.as_ref().map(ToString::to_string),
        "policy": discovery.policy.unwrap_or(Policy::None).as_str(),
        "queries": discovery.queries,
        "steps": steps(&discovery.steps, render),
    });
    if let (Some(verdict), Some(fields)) = (verdict, shown.as_object_mut())
        && let Value::Object(more) = dmarc(verdict, render)
    {
        fields.extend(more);
    }
    shown
}

/// What is known at MAIL, in the shape of [`verdicts`].
pub fn early(early: &Early, render: Render<'_>) -> Value {
    json!({
        "iprev": iprev(&early.iprev, render),
        "spf": { "helo": spf(&early.spf_helo, render), "mailfrom": spf(&early.spf_mail_from, render) },
    })
}

/// What `inspect` shows of the verdicts, without what is not a verdict (`received`, `score`).
pub fn verdicts(verdicts: &Verdicts, authserv_id: &str, render: Render<'_>) -> Value {
    let mut shown = early(&verdicts.early, render);
    if let Some(members) = shown.as_object_mut() {
        let signatures = verdicts.dkim.iter().map(|verdict| dkim(verdict, render));
        members.insert("dkim".to_owned(), signatures.collect());
        members.insert("arc".to_owned(), arc(&verdicts.arc, render));
        members.insert("dmarc".to_owned(), dmarc(&verdicts.dmarc, render));
        members
            .insert("authentication_results".to_owned(), verdicts.authentication_results(authserv_id).into());
    }
    shown
}

/// The chain of Received fields, in the order of time.
pub fn received(hops: &[Hop]) -> Value {
    json!(hops)
}

/// The score; points are rounded to tenths by nature.
pub fn score(score: &Score, render: Render<'_>) -> Value {
    let points = |tenths: u32| f64::from(tenths) / 10.0;
    let findings = score.deductions.iter().map(|deduction| {
        json!({
            "id": deduction.weight.id,
            "points": points(deduction.weight.tenths),
            "detail": render(&deduction.note),
            "source": deduction.weight.source,
        })
    });
    json!({
        "points": points(score.tenths()),
        "of": BEST / 10,
        "findings": findings.collect::<Value>(),
    })
}
