//! `--from-provider`: what large providers ask of senders, line by line, and what they would make of it.

use serde_json::Value;
use tegami_doctor::Examination;
use tegami_doctor::provider::{Met, Outcome as Verdict, Provider, verdict};

use super::super::prose::{Prose, paint, style};
use super::super::{Context, table};

/// Those that the words of the command line mean; the words were judged when it was read.
fn named(words: &[String]) -> Vec<Provider> {
    let mut named: Vec<Provider> = words.iter().flat_map(|word| Provider::named(word)).collect();
    named.sort();
    named.dedup();
    named
}

/// A word of the command line.
pub(crate) fn word(text: &str) -> Result<String, String> {
    if Provider::named(text).is_empty() {
        let known: Vec<&str> = Provider::ALL.iter().map(|one| one.as_str()).collect();
        return Err(format!("gmail, outlook, yahoo, icloud, jp, {}", known.join(", ")));
    }
    Ok(text.to_owned())
}

/// For programs; sentences stand in it as notes.
pub(super) fn as_json(words: &[String], examination: &Examination) -> Value {
    named(words).into_iter().map(|one| verdict(one, &examination.findings).to_json()).collect()
}

/// Whether one of them would refuse the mail.
pub(super) fn refuse(words: &[String], examination: &Examination) -> bool {
    let outcome = |one| verdict(one, &examination.findings).outcome;
    named(words).into_iter().any(|one| outcome(one) == Verdict::Rejected)
}

/// For people.
pub(super) fn text(words: &[String], examination: &Examination, context: &Context) -> String {
    let mut prose = Prose::new(context);
    let say = |id: String| context.word(&id);
    for one in named(words) {
        let verdict = verdict(one, &examination.findings);
        let colour = match verdict.outcome {
            Verdict::Accepted => "pass",
            Verdict::AtRisk => "warn",
            Verdict::Rejected => "fail",
        };
        let outcome = say(format!("provider-{}", verdict.outcome.as_str()));
        let code = verdict.code().map(|code| format!(" ({code})")).unwrap_or_default();
        prose.heading(&say(format!("provider-{}", one.as_str())));
        prose.line(&format!("  {}{code}", paint(style(colour).bold(), &outcome)));
        for line in &verdict.lines {
            let colour = match line.met {
                Met::Yes => "pass",
                Met::AtRisk => "warn",
                Met::No => "fail",
                Met::Unknown => "none",
            };
            let met = say(format!("provider-met-{}", line.met.as_str()));
            let title = say(format!("provider-requirement-{}", line.requirement.id));
            let demand = say(format!("provider-demand-{}", line.demand.as_str()));
            prose.line(&format!("    {} {title} ({demand})", paint(style(colour), &met)));
            let bad = line.findings.iter().filter(|_| matches!(line.met, Met::No | Met::AtRisk)).take(2);
            for finding in bad {
                prose.paragraph(
                    6,
                    &format!("{}: {}", finding.check.id, table::plain(&context.say(&finding.note))),
                );
            }
        }
        for page in one.pages() {
            prose.paragraph(2, &format!("{} ({})", page.title, page.date));
        }
    }
    prose.into_text()
}
