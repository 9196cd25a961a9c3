//! Verdicts as JSON: the shapes of `tegami lookup` and `tegami inspect`. The sentences come from a renderer, because only
//! the reader's side knows the language.

use serde_json::{Map, Value, json};
use tegami_mail::{Domain, Note, note};

use crate::dmarc::{Discovery, Policy, public_suffix};
use crate::received::Hop;
use crate::verify::{Early, Verdicts};
use crate::{Step, arc, dkim, dmarc, iprev, spf};

/// Turns a note into what stands for it in the JSON: a sentence, or the note itself.
pub type Render<'a> = &'a dyn Fn(&Note) -> Value;

/// Steps of one verdict that are put away. A stranger's records say how many there are, and each message would bring them all.
const MOST_STORED_STEPS: usize = 128;

/// Octets of one text that is put away: records of honest people are shorter.
const LONGEST_STORED_TEXT: usize = 2048;

/// As [`early`], to be put away: notes as identifier and values, because they are read in one language today and in another tomorrow; and bounded.
pub fn stored_early(verdicts: &Early) -> Value {
    let mut told = early(verdicts, &stored);
    shorten(&mut told);
    told
}

/// As [`verdicts`], to be put away like [`stored_early`].
pub fn stored_verdicts(all: &Verdicts, authserv_id: &str) -> Value {
    let mut told = verdicts(all, authserv_id, &stored);
    shorten(&mut told);
    told
}

fn stored(note: &Note) -> Value {
    json!(note)
}

/// Cuts long texts, and takes steps out of the middle of many. The field Authentication-Results stays what it was.
fn shorten(told: &mut Value) {
    match told {
        Value::String(text) if text.len() > LONGEST_STORED_TEXT => {
            text.truncate(text.floor_char_boundary(LONGEST_STORED_TEXT));
            text.push('…');
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(members) => {
            for (name, member) in members.iter_mut().filter(|(name, _)| *name != "authentication_results") {
                if let ("steps", Value::Array(steps)) = (name.as_str(), &mut *member) {
                    leave_out(steps);
                }
                shorten(member);
            }
        }
        _ => {}
    }
}

fn leave_out(steps: &mut Vec<Value>) {
    let Some(count) = steps.len().checked_sub(MOST_STORED_STEPS).filter(|count| *count > 0) else { return };
    let half = MOST_STORED_STEPS / 2;
    let note = note!("auth-steps-left-out", count = count);
    let gap = json!({
        "depth": 0, "domain": "", "term": "…", "outcome": "noted", "detail": stored(&note), "source": "",
    });
    steps.splice(half..half + count, [gap]);
}

/// Steps, each with its sentence as `detail`; those of SPF with what has been spent so far.
pub fn steps(steps: &[Step], render: Render<'_>) -> Value {
    let steps = steps.iter().map(|step| {
        let mut shown = json!({
            "depth": step.depth,
            "domain": step.domain,
            "term": step.term,
            "outcome": step.outcome,
            "detail": render(&step.note),
            "source": step.source,
        });
        if let (Some(spent), Some(members)) = (step.spent, shown.as_object_mut()) {
            members.insert("lookups".to_owned(), spent.lookups.into());
            members.insert("void_lookups".to_owned(), spent.void_lookups.into());
        }
        shown
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

/// The survey of an SPF record: the member `survey` of `lookup spf`.
pub fn spf_survey(survey: &spf::Survey, render: Render<'_>) -> Value {
    let over = survey
        .over
        .as_ref()
        .map(|over| json!({ "domain": over.domain.as_str(), "term": over.term, "under": over.under }));
    json!({
        "domain": survey.domain,
        "lookups": survey.cost.lookups,
        "lookup_limit": spf::MAX_LOOKUPS,
        "distinct_lookups": survey.distinct_lookups,
        "void_lookups": survey.cost.void_lookups,
        "void_lookups_ipv6": survey.cost.void_lookups_ipv6,
        "void_lookup_limit": spf::MAX_VOID_LOOKUPS,
        "over": over,
        "questions": survey.questions,
        "complete": survey.complete,
        "tree": spf_record(&survey.tree),
        "corrected": survey.corrected,
        "findings": survey.findings.iter().map(|finding| spf_finding(finding, render)).collect::<Value>(),
        "omitted": survey.omitted,
    })
}

/// One record of a survey, and below its terms the records that they lead to.
fn spf_record(node: &spf::survey::RecordNode) -> Value {
    let terms = node.terms.iter().map(|term| {
        let (prefix, name, value) = term.parts();
        let (asks, answers): (Option<&str>, &[String]) = match &term.asks {
            spf::survey::Asks::Name(name, answers) => (Some(name.as_str()), answers),
            spf::survey::Asks::Void(name) | spf::survey::Asks::NotAsked(name) => (Some(name.as_str()), &[]),
            spf::survey::Asks::Failed(name, _) => (Some(name.as_str()), &[]),
            _ => (None, &[]),
        };
        json!({
            "column": term.column(),
            "term": term.text(),
            "prefix": prefix,
            "type": name,
            "value": value,
            "error": term.term.is_err(),
            "reached": term.reached,
            "lookups": term.cost.lookups,
            "void_lookups": term.cost.void_lookups,
            "asks": asks,
            "answers": answers,
            "record": term.record.as_deref().map(spf_record),
        })
    });
    json!({
        "domain": node.domain.as_str(),
        "status": node.status.as_str(),
        "record": node.text.as_deref().map(String::from_utf8_lossy),
        "lookups": node.cost.lookups,
        "void_lookups": node.cost.void_lookups,
        "terms": terms.collect::<Value>(),
    })
}

fn spf_finding(finding: &spf::survey::Finding, render: Render<'_>) -> Value {
    let fixes = finding.fixes.iter().map(|changes| {
        let changes = changes.iter().map(|change| {
            json!({
                "op": change.operation,
                "name": change.name,
                "type": change.kind.to_string(),
                "value": change.value,
            })
        });
        changes.collect::<Value>()
    });
    let place = finding.place.as_ref();
    json!({
        "id": finding.id,
        "state": finding.state.as_str(),
        "severity": finding.severity,
        "domain": finding.domain,
        "record": place.map(|place| String::from_utf8_lossy(&place.record)),
        "column": place.map(|place| place.column),
        "span": place.map(|place| place.span),
        "term": place.map(spf::survey::Place::term),
        "detail": render(&finding.note),
        "source": finding.source,
        "suggestion": finding.suggestion,
        "fixes": fixes.collect::<Value>(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_away_has_bounds() {
        let long = "é".repeat(LONGEST_STORED_TEXT);
        let steps: Vec<Value> =
            (0..1000).map(|at| json!({ "term": at, "detail": { "args": [["record", long]] } })).collect();
        let mut told = json!({ "spf": { "helo": { "steps": steps } }, "authentication_results": long });
        shorten(&mut told);
        assert_eq!(told["authentication_results"], long);
        let steps = told["spf"]["helo"]["steps"].as_array().unwrap();
        let terms = |at: &[usize]| at.iter().map(|at| steps[*at]["term"].to_string()).collect::<Vec<_>>();
        assert_eq!(steps.len(), MOST_STORED_STEPS + 1);
        assert_eq!(terms(&[0, 63, 64, 65, 128]), ["0", "63", "\"…\"", "936", "999"]);
        assert_eq!(steps[64]["detail"]["args"][0][1], "872");
        assert_eq!(
            steps[0]["detail"]["args"][0][1].as_str().unwrap().len(),
            LONGEST_STORED_TEXT + '…'.len_utf8()
        );
    }
}
