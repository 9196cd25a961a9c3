//! `tegami report`: what was counted for reports of ours, and what became of them.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde_json::json;
use tegami_mail::{Domain, note};
use tegami_outbound::tls_report::{Day, Delivered, Fate, days};
use tegami_report::tls_rpt::{FailureDetail, PolicyReport, PolicyType, ResultType};

use super::{Context, Failure, Report, table};
use crate::server::Rooms;

/// TLS with other hosts, by day and domain; with a domain in full.
pub(crate) async fn tls(domain: Option<&str>, context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let wanted = domain.map(Domain::parse).transpose();
    let wanted = wanted
        .map_err(|error| note!("cli-bad-domain", domain = domain.unwrap_or_default(), reason = error))?;
    let mut found = days(rooms.store.as_ref()).await?;
    found.retain(|(_, domain, _)| wanted.as_ref().is_none_or(|wanted| wanted == domain));
    if context.json {
        let list: Vec<_> = found.iter().map(|(date, domain, day)| to_json(*date, domain, day)).collect();
        return Ok(Report::json(&json!({ "tls": list })));
    }
    if found.is_empty() {
        return Ok(Report::well(context.word("cli-report-tls-none")));
    }
    if wanted.is_some() {
        let told: Vec<String> =
            found.iter().map(|(date, domain, day)| whole(context, *date, domain, day)).collect();
        return Ok(Report::well(told.join("\n")));
    }
    let heading = ["date", "domain", "good", "bad", "report"]
        .map(|column| context.word(&format!("cli-column-{column}")));
    let rows: Vec<_> = found.iter().map(|(date, domain, day)| line(context, *date, domain, day)).collect();
    Ok(Report::well(table::render(&heading, &rows)))
}

fn to_json(date: Date, domain: &Domain, day: &Day) -> serde_json::Value {
    let mut value = json!(day);
    if let Some(object) = value.as_object_mut() {
        object.insert("date".to_owned(), json!(date));
        object.insert("domain".to_owned(), json!(domain));
    }
    value
}

fn line(context: &Context, date: Date, domain: &Domain, day: &Day) -> Vec<String> {
    let (good, bad) = day.sessions();
    vec![date.to_string(), domain.to_string(), good.to_string(), bad.to_string(), fate(context, day)]
}

fn fate(context: &Context, day: &Day) -> String {
    context.word(match day.fate {
        None if day.trouble.is_some() => "cli-report-fate-troubled",
        None => "cli-report-fate-waits",
        Some(Fate::Sent) => "cli-report-fate-sent",
        Some(Fate::Unwanted) => "cli-report-fate-unwanted",
        Some(Fate::GivenUp) => "cli-report-fate-given-up",
    })
}

/// One day with one domain: every policy, every failure, every address.
fn whole(context: &Context, date: Date, domain: &Domain, day: &Day) -> String {
    let mut text = format!("{date}  {domain}\n");
    for policy in &day.policies {
        text.push_str(&of_policy(context, policy));
    }
    let _ = writeln!(text, "  {}", fate(context, day));
    if let Some(trouble) = &day.trouble {
        let _ = writeln!(text, "    {}", table::plain(trouble));
    }
    for delivery in &day.deliveries {
        let outcome = match &delivery.outcome {
            Delivered::Queued(message_id) => note!("cli-report-queued", id = message_id),
            Delivered::Posted(status) => note!("cli-report-posted", status = status),
            Delivered::Failed(reason) => note!("cli-report-failed", reason = table::plain(reason)),
        };
        let _ = writeln!(text, "    {}  {}", table::plain(&delivery.to), context.say(&outcome));
    }
    text
}

fn of_policy(context: &Context, report: &PolicyReport) -> String {
    let policy = match report.policy.policy_type {
        PolicyType::Tlsa => "cli-report-policy-tlsa",
        PolicyType::Sts => "cli-report-policy-sts",
        _ => "cli-report-policy-none",
    };
    let (good, bad) =
        (report.summary.total_successful_session_count, report.summary.total_failure_session_count);
    let counts = context.say(&note!("cli-report-sessions", good = good, bad = bad));
    let mut text = format!("  {}: {counts}\n", context.word(policy));
    for FailureDetail { failure, failed_session_count } in &report.failure_details {
        let host = [&failure.receiving_mx_hostname, &failure.receiving_ip];
        let host: Vec<String> =
            host.into_iter().filter(|text| !text.is_empty()).map(|text| table::plain(text)).collect();
        let why = context.word(&format!("cli-tls-result-{}", word(&failure.result_type)));
        let _ = writeln!(text, "    {failed_session_count} × {why} {}", host.join(" "));
    }
    text
}

fn word(result: &ResultType) -> &'static str {
    match result {
        ResultType::StarttlsNotSupported => "starttls-not-supported",
        ResultType::CertificateHostMismatch => "certificate-host-mismatch",
        ResultType::CertificateExpired => "certificate-expired",
        ResultType::CertificateNotTrusted => "certificate-not-trusted",
        ResultType::TlsaInvalid => "tlsa-invalid",
        ResultType::DnssecInvalid => "dnssec-invalid",
        ResultType::DaneRequired => "dane-required",
        ResultType::StsPolicyFetchError => "sts-policy-fetch-error",
        ResultType::StsPolicyInvalid => "sts-policy-invalid",
        ResultType::StsWebpkiInvalid => "sts-webpki-invalid",
        ResultType::ValidationFailure | ResultType::Other(_) => "validation-failure",
    }
}
