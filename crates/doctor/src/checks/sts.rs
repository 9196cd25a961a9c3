//! MTA-STS (RFC 8461): the record, the policy, and whether the mail hosts keep to it.

mod hosts;
mod policy;

use std::time::Duration;

use futures_util::FutureExt as _;
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_auth::mta_sts::{MAX_AGE, Mode, POLICY_PATH, Policy};
use tegami_mail::note;

pub use policy::{Announced, Sts, Unfetched};

use crate::case::DomainCase;
use crate::catalogue::Family;
use crate::probe::{Document, Unprobed};
use crate::txt;
use crate::{About, Check, Finding, Fix, Who};

/// The family.
pub(crate) const FAMILY: Family = Family::new(
    "sts",
    &[
        &RECORD,
        &POLICY_FETCH,
        &POLICY_SYNTAX,
        &hosts::MX_MATCH,
        &hosts::MX_CERT,
        &MAX_AGE_CHECK,
        &ID_CHANGED,
        &ORPHAN,
    ],
)
.of_domain(|case| judge(case).boxed())
.patient();

/// They keep to MTA-STS when they send.
const WHO: &[Who] = &[Who::Gmail, Who::Outlook, Who::Yahoo, Who::Rfc];

const RECORD: Check = Check::new("sts.record", About::Domain, Severity::S3, "RFC 8461 section 3.1").who(WHO);
const POLICY_FETCH: Check =
    Check::new("sts.policy-fetch", About::Domain, Severity::S3, "RFC 8461 section 3.3")
        .who(WHO)
        .after(&["sts.orphan"]);
const POLICY_SYNTAX: Check =
    Check::new("sts.policy-syntax", About::Domain, Severity::S3, "RFC 8461 section 3.2")
        .who(WHO)
        .after(&["sts.policy-fetch"]);
const MAX_AGE_CHECK: Check = Check::new("sts.max-age", About::Domain, Severity::S1, "RFC 8461 section 3.2")
    .after(&["sts.policy-syntax"]);
const ID_CHANGED: Check = Check::new("sts.id-changed", About::Domain, Severity::S3, "RFC 8461 section 3.1")
    .after(&["sts.policy-syntax"]);
const ORPHAN: Check = Check::new("sts.orphan", About::Domain, Severity::S2, "RFC 8461 section 3").who(WHO);

/// A policy that is kept for less protects little: a sender that writes once a day has none when it needs it.
const SHORT: Duration = Duration::from_secs(86_400);

/// RFC 8461 section 3.2 expects weeks or more.
const GOOD: Duration = Duration::from_secs(7 * 86_400);

/// A policy for tests should not outlive them.
const LONG_TEST: Duration = Duration::from_secs(90 * 86_400);

async fn judge(case: &DomainCase) -> Vec<Finding> {
    let sts = case.sts().await;
    let mut findings = vec![
        record(case, sts),
        orphan(case, sts),
        policy_fetch(case, sts),
        policy_syntax(case, sts),
        max_age(case, sts),
        id_changed(case, sts),
    ];
    findings.extend(hosts::judge(case, sts).await);
    findings
}

/// The record with another identifier, made of the hour.
fn renewed(case: &DomainCase, sts: &Sts) -> Change {
    let id = case.known.now.strftime("%Y%m%d%H%M%S");
    Change::txt(Operation::Replace, &sts.record_name, format!("v=STSv1; id={id};"))
}

fn record(case: &DomainCase, sts: &Sts) -> Finding {
    let domain = &case.domain;
    let fix = || Fix::new(note!("sts-record-fix", name = sts.record_name)).records(vec![renewed(case, sts)]);
    let found = match &sts.announced {
        Announced::Policy(record) => {
            RECORD.pass(domain, note!("sts-record", domain = domain, id = record.id()))
        }
        Announced::Nothing => RECORD.info(domain, note!("sts-record-none", domain = domain)),
        Announced::Broken(error) => {
            RECORD.fail(domain, note!("sts-record-broken", name = sts.record_name, error = error)).fix(fix())
        }
        Announced::Unknown(error) => RECORD
            .unknown(domain, note!("dns-unanswered", name = sts.record_name, kind = "TXT", error = error)),
    };
    found.evidences(sts.texts.iter().map(|text| txt::joined(&sts.record_name, text.as_bytes()))).ttl(sts.ttl)
}

/// A record without a policy, or a policy without a record.
fn orphan(case: &DomainCase, sts: &Sts) -> Finding {
    let domain = &case.domain;
    let (host, name) = (format!("mta-sts.{domain}"), &sts.record_name);
    match (&sts.announced, &sts.fetched) {
        (Announced::Policy(_), Err(Unfetched::NoHost)) => {
            let gone =
                sts.texts.iter().map(|text| Change::txt(Operation::Delete, name, text.as_str())).collect();
            ORPHAN
                .warn(domain, note!("sts-orphan-record", domain = domain, host = host))
                .evidences(&sts.texts)
                .fix(Fix::new(note!("sts-orphan-record-fix", host = host, path = POLICY_PATH)).records(gone))
        }
        (Announced::Nothing, Ok(_)) if sts.policy.as_ref().is_some_and(Result::is_ok) => {
            ORPHAN.warn(domain, note!("sts-orphan-policy", domain = domain, host = host, name = name)).fix(
                Fix::new(note!("sts-orphan-policy-fix", name = name))
                    .records(vec![Change { operation: Operation::Add, ..renewed(case, sts) }]),
            )
        }
        (Announced::Nothing, _) => ORPHAN.not_applicable(domain, note!("sts-record-none", domain = domain)),
        (Announced::Unknown(error), _) => {
            ORPHAN.unknown(domain, note!("dns-unanswered", name = name, kind = "TXT", error = error))
        }
        _ => ORPHAN.pass(domain, note!("sts-orphan", domain = domain)),
    }
}

fn policy_fetch(case: &DomainCase, sts: &Sts) -> Finding {
    let domain = &case.domain;
    let url = format!("https://mta-sts.{domain}{POLICY_PATH}");
    if matches!(sts.announced, Announced::Nothing) {
        return POLICY_FETCH.not_applicable(domain, note!("sts-record-none", domain = domain));
    }
    let failed = |error: &dyn std::fmt::Display| {
        POLICY_FETCH
            .fail(domain, note!("sts-policy-fetch-failed", url = url, error = error))
            .fix(Fix::new(note!("sts-policy-fetch-fix", url = url)))
    };
    match &sts.fetched {
        Ok(document) => fetched(case, document, &url),
        Err(Unfetched::NoHost) => {
            POLICY_FETCH.fail(domain, note!("sts-policy-fetch-no-host", host = format!("mta-sts.{domain}")))
        }
        Err(Unfetched::Dns(error)) => {
            let host = format!("mta-sts.{domain}");
            POLICY_FETCH.unknown(domain, note!("dns-unanswered", name = host, kind = "A", error = error))
        }
        Err(Unfetched::Probe(Unprobed::Off)) => {
            POLICY_FETCH.not_applicable(domain, note!("sts-policy-fetch-off", url = url))
        }
        Err(Unfetched::Probe(error @ (Unprobed::Timeout | Unprobed::Unreachable))) => {
            POLICY_FETCH.unknown(domain, note!("sts-policy-fetch-unknown", url = url, error = error))
        }
        Err(Unfetched::Probe(Unprobed::Tls(error))) => POLICY_FETCH
            .fail(domain, note!("sts-policy-fetch-tls", url = url, error = error))
            .fix(Fix::new(note!("sts-policy-fetch-tls-fix", host = format!("mta-sts.{domain}")))),
        Err(Unfetched::Probe(error)) => failed(error),
    }
}

fn fetched(case: &DomainCase, document: &Document, url: &str) -> Finding {
    let domain = &case.domain;
    let fix = || Fix::new(note!("sts-policy-fetch-fix", url = url));
    let status = document.status;
    if let Some(location) = document.location.as_ref().filter(|_| (300..400).contains(&status)) {
        return POLICY_FETCH
            .fail(domain, note!("sts-policy-fetch-redirect", url = url, status = status, location = location))
            .evidence(format!("{status} Location: {location}"))
            .fix(fix());
    }
    if status != 200 {
        return POLICY_FETCH
            .fail(domain, note!("sts-policy-fetch-status", url = url, status = status))
            .fix(fix());
    }
    let essence = document.content_type.split(';').next().unwrap_or_default().trim();
    let body = String::from_utf8_lossy(&document.body);
    let lines = body.lines().take(40).map(str::to_owned);
    if !essence.eq_ignore_ascii_case("text/plain") {
        return POLICY_FETCH
            .warn(domain, note!("sts-policy-fetch-type", url = url, kind = document.content_type))
            .severity(Severity::S2)
            .evidence(format!("Content-Type: {}", document.content_type))
            .fix(Fix::new(note!("sts-policy-fetch-type-fix", url = url)));
    }
    POLICY_FETCH.pass(domain, note!("sts-policy-fetch", url = url)).evidences(lines)
}

fn policy_syntax(case: &DomainCase, sts: &Sts) -> Finding {
    let domain = &case.domain;
    let body = || {
        let text = sts.fetched.as_ref().map(|document| String::from_utf8_lossy(&document.body).into_owned());
        text.unwrap_or_default().lines().take(40).map(str::to_owned).collect::<Vec<_>>()
    };
    match &sts.policy {
        None => POLICY_SYNTAX.not_applicable(domain, note!("sts-no-policy", domain = domain)),
        Some(Ok(policy)) => POLICY_SYNTAX
            .pass(domain, note!("sts-policy-syntax", domain = domain, mode = policy.mode.as_str())),
        Some(Err(error)) => POLICY_SYNTAX
            .fail(domain, note!("sts-policy-syntax-broken", domain = domain, error = error))
            .evidences(body())
            .fix(Fix::new(note!("sts-policy-syntax-fix", domain = domain)).settings(proposed(case))),
    }
}

/// A policy for the hosts that are not known here: the domain's own pattern.
fn proposed(case: &DomainCase) -> String {
    format!("version: STSv1\nmode: testing\nmx: *.{}\nmax_age: 86400\n", case.domain)
}

/// `max_age` as it stands in the file, which may be above what it means.
fn written_age(sts: &Sts) -> Option<u64> {
    let body = &sts.fetched.as_ref().ok()?.body;
    let text = std::str::from_utf8(body).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix("max_age:"))?;
    value.trim().parse().ok()
}

fn max_age(case: &DomainCase, sts: &Sts) -> Finding {
    let domain = &case.domain;
    let Some(policy) = sts.policy() else {
        return MAX_AGE_CHECK.not_applicable(domain, note!("sts-no-policy", domain = domain));
    };
    let seconds = policy.max_age.as_secs();
    let days = seconds / 86_400;
    let fix = || Fix::new(note!("sts-max-age-fix")).settings(format!("max_age: {}\n", 14 * 86_400));
    let age = policy.max_age;
    let found = if written_age(sts).is_some_and(|age| age > MAX_AGE.as_secs()) {
        MAX_AGE_CHECK.warn(domain, note!("sts-max-age-above", most = MAX_AGE.as_secs())).fix(fix())
    } else if policy.mode == Mode::Testing && age > LONG_TEST {
        MAX_AGE_CHECK.info(domain, note!("sts-max-age-testing", days = days))
    } else if policy.mode == Mode::Enforce && age < SHORT {
        MAX_AGE_CHECK.warn(domain, note!("sts-max-age-short", seconds = seconds)).fix(fix())
    } else if policy.mode == Mode::Enforce && age < GOOD {
        MAX_AGE_CHECK.info(domain, note!("sts-max-age-week", days = days)).fix(fix())
    } else {
        MAX_AGE_CHECK.pass(domain, note!("sts-max-age", days = days))
    };
    found.evidence(format!("max_age: {seconds}"))
}

/// Senders fetch a policy again only where the identifier has changed.
fn id_changed(case: &DomainCase, sts: &Sts) -> Finding {
    let domain = &case.domain;
    let (Some(before), Announced::Policy(record), Ok(document)) =
        (&case.known.sts_before, &sts.announced, &sts.fetched)
    else {
        return ID_CHANGED.not_applicable(domain, note!("sts-id-changed-none", domain = domain));
    };
    let same = |body: &[u8]| Policy::parse(body).map(|policy| policy.lines()).ok();
    if same(&before.policy) == same(&document.body) || before.id != record.id() {
        return ID_CHANGED.pass(domain, note!("sts-id-changed", domain = domain));
    }
    ID_CHANGED
        .fail(domain, note!("sts-id-changed-not", domain = domain, id = before.id))
        .evidences(&sts.texts)
        .fix(Fix::new(note!("sts-id-changed-fix", name = sts.record_name)).records(vec![renewed(case, sts)]))
        .ttl(sts.ttl)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::fixtures;
