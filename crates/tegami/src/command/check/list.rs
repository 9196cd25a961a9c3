//! `tegami check --list`: every check there is.

use serde_json::{Value, json};
use tegami_doctor::{Check, catalogue};

use super::super::prose::{DIM, Prose, paint};
use super::super::{Context, Report};

pub(super) fn run(context: &Context) -> Report {
    if context.json {
        let checks: Vec<_> = catalogue::checks().map(|check| member(check, context)).collect();
        return Report::json(&json!({ "checks": checks }));
    }
    let mut prose = Prose::new(context);
    let mut last = "";
    for family in catalogue::FAMILIES.iter().filter(|family| !family.checks.is_empty()) {
        if std::mem::replace(&mut last, family.name) != family.name {
            prose.heading(&context.word(&format!("check-family-{}", family.name)));
        }
        let width = family.checks.iter().map(|check| check.id.len()).max().unwrap_or_default();
        for check in family.checks {
            let lead = format!("  {:width$}  {:?}  ", check.id, check.severity);
            prose.hanging(&lead, &context.word(&check.title()));
        }
    }
    prose.gap();
    prose.line(&paint(DIM, &context.word("cli-check-severities")));
    Report::well(prose.into_text())
}

fn member(check: &Check, context: &Context) -> Value {
    let consequences = check.consequences.iter();
    let consequences =
        consequences.map(|one| json!({"provider": one.provider.as_str(), "smtp_code": one.code}));
    json!({
        "id": check.id,
        "about": check.about.as_str(),
        "severity": check.severity,
        "source": check.source,
        "who": check.who.iter().map(|who| who.as_str()).collect::<Vec<_>>(),
        "consequence": consequences.collect::<Vec<_>>(),
        "depends": check.depends,
        "title": context.word(&check.title()),
        "documentation": context.word(&check.documentation()),
    })
}
