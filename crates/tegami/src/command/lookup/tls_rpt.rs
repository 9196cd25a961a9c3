//! `tegami lookup tls-rpt`: who gets a domain's reports about TLS (RFC 8460 section 3).

use serde_json::json;
use tegami_auth::tls_rpt::{self, Target};
use tegami_dns::{Data, DnsName, RecordType, Resolver};
use tegami_mail::{Note, note};

use super::super::prose::Prose;
use super::super::table::plain;
use super::{Context, Failure, Report, domain, report};
use crate::cli::DomainQuestion;

/// What stands at the record's name.
#[derive(Default)]
struct Found {
    /// `found`, `none`, `invalid`, `temperror`.
    result: &'static str,
    record: Option<String>,
    rua: Vec<String>,
    passed_over: Vec<String>,
    problem: Option<Note>,
}

pub(super) async fn run(
    question: &DomainQuestion,
    context: &Context,
    resolver: &dyn Resolver,
) -> Result<Report, Failure> {
    let domain = domain(&question.domain)?;
    let name = DnsName::parse(&format!("{}.{domain}", tls_rpt::RECORD_LABEL));
    let name = name.map_err(|error| note!("cli-bad-domain", domain = domain, reason = error))?;
    let found = find(&name, resolver).await;
    let as_json = || {
        json!({
            "domain": domain.as_str(),
            "name": name.as_str(),
            "result": found.result,
            "record": found.record,
            "rua": found.rua,
            "passed_over": found.passed_over,
            "problem": found.problem.as_ref().map(|note| context.say(note)),
        })
    };
    let as_text = || {
        let mut prose = Prose::new(context);
        prose.verdict(&format!("TLS-RPT {domain}"), found.result);
        let record = found.record.iter().map(|record| (context.word("cli-tls-rpt-record"), record.clone()));
        prose.pairs(&record.collect::<Vec<_>>());
        for to in &found.rua {
            prose.sentence(2, &note!("cli-tls-rpt-to", to = to), "RFC 8460 section 3");
        }
        for uri in &found.passed_over {
            prose.sentence(2, &note!("cli-tls-rpt-passed-over", uri = uri), "RFC 8460 section 3");
        }
        if let Some(problem) = &found.problem {
            prose.sentence(2, problem, "RFC 8460 section 3");
        }
        prose.into_text()
    };
    Ok(report(context, found.result == "found", as_json, as_text))
}

async fn find(name: &DnsName, resolver: &dyn Resolver) -> Found {
    let answer = match resolver.lookup(name, RecordType::Txt).await {
        Ok(answer) => answer,
        Err(error) if error.is_void() => {
            return Found { result: "none", problem: Some(note!("cli-tls-rpt-none")), ..Found::default() };
        }
        Err(error) => {
            let problem = Some(note!("cli-tls-rpt-open", name = name, error = error));
            return Found { result: "temperror", problem, ..Found::default() };
        }
    };
    let texts: Vec<_> = answer
        .records
        .into_iter()
        .filter_map(|record| if let Data::Txt(text) = record.data { Some(text) } else { None })
        .collect();
    let shown = texts.iter().find(|text| text.starts_with(b"v=TLSRPTv1"));
    let record = shown.map(|text| plain(&String::from_utf8_lossy(text)));
    match tls_rpt::find(texts.iter().map(|text| text.as_slice())) {
        Ok(read) => Found {
            result: "found",
            record,
            rua: read
                .rua
                .iter()
                .map(|target| match target {
                    Target::Mail(address) => format!("mailto:{address}"),
                    Target::Https(uri) => uri.clone(),
                })
                .collect(),
            passed_over: read.passed_over,
            problem: None,
        },
        Err(error) => {
            let problem = Some(note!("cli-tls-rpt-bad", name = name, reason = error));
            Found { result: "invalid", record, problem, ..Found::default() }
        }
    }
}
