//! `tegami lookup bimi`: the record of a brand's picture, where picture and evidence document lie, and what providers make of them.

use std::sync::Arc;

use serde_json::json;
use tegami_dns::Resolver;
use tegami_doctor::probe::NoProbes;
use tegami_doctor::{Asked, Brand, Case, Examination, Known, State};
use tegami_mail::{Clock as _, Domain};
use tegami_queue::SystemClock;

use super::super::prose::Prose;
use super::super::table;
use super::{Context, Failure, Report, check, domain, report};
use crate::cli::BimiQuestion;

pub(super) async fn run(
    question: &BimiQuestion,
    context: &Context,
    resolver: Arc<dyn Resolver>,
) -> Result<Report, Failure> {
    let domain = domain(&question.domain)?;
    let config = context.config().ok();
    let probes = match question.no_probes {
        true => Arc::new(NoProbes),
        false => check::examine::network(&question.dns, None, false, config.as_ref(), &resolver)?,
    };
    let case = Case {
        asked: Arc::new(Asked::new(resolver)),
        probes,
        known: Known::nothing(SystemClock.now(), check::examine::reach(&question.dns)),
    };
    let brand = tegami_doctor::brand(&domain, &case).await;
    let examination = tegami_doctor::part(&domain, &["bimi"], case).await;
    let result = result(&examination);
    let as_json = || {
        json!({
            "domain": domain.as_str(),
            "result": result,
            "name": brand.name,
            "record": brand.record,
            "location": brand.location,
            "evidence": brand.evidence,
            "examination": tegami_words::told(context.language, &tegami_doctor::json::examination(&examination)),
        })
    };
    let text = || text(&domain, result, &brand, &examination, context);
    Ok(report(context, matches!(result, "pass" | "published"), as_json, text))
}

/// `pass` where a picture is published and nothing speaks against it, `published` where its documents were not fetched; `none` where no
/// record is; else the worst that was found.
fn result(examination: &Examination) -> &'static str {
    let record = examination.findings.iter().find(|finding| finding.check.id == "bimi.record");
    let open = examination.findings.iter().filter(|finding| finding.state == State::Unknown);
    let open: Vec<&str> = open.map(|finding| finding.note.id).collect();
    let worst = [State::Fail, State::Warn].into_iter().find(|state| examination.count(*state) > 0);
    match (record.map(|finding| finding.state), worst) {
        (Some(State::Info), None) => "none",
        (Some(State::Pass), None) if open.is_empty() => "pass",
        (Some(State::Pass), None) if open.iter().all(|id| *id == "bimi-not-fetched") => "published",
        (_, Some(worst)) => worst.as_str(),
        _ => "unknown",
    }
}

fn text(
    domain: &Domain,
    result: &str,
    brand: &Brand,
    examination: &Examination,
    context: &Context,
) -> String {
    let mut prose = Prose::new(context);
    prose.verdict(&format!("BIMI {domain}"), result);
    let shown = |value: &Option<String>| value.as_deref().map_or_else(|| "–".to_owned(), table::plain);
    prose.pairs(&[
        (context.word("cli-bimi-name"), brand.name.clone()),
        (context.word("cli-bimi-record"), shown(&brand.record)),
        (context.word("cli-bimi-location"), shown(&brand.location)),
        (context.word("cli-bimi-evidence"), shown(&brand.evidence)),
    ]);
    prose.gap();
    format!("{}{}", prose.into_text(), check::text::explained(examination, context))
}
