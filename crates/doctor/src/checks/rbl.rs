//! Lists of reputation (RFC 5782).
//!
//! A list is believed only where its test entries are there and its opposite is not, an answer counts only where its table knows it,
//! and what refuses us says nothing. Lists that ended are never asked, whoever configures them.

mod engine;
mod table;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_auth::finding::Severity;
use tegami_mail::{Domain, note};

pub use engine::{Choice, Extra, Hit, ListSettings, Lists, Refused, Row, Said, Subject, Unsaid};
pub use table::{List, Means, Of, Refusal, Removal, Terms, Tier, is_dead, known};
#[cfg(test)]
pub(crate) use tests::{fixtures, test_entries};

use crate::case::{AddressCase, Case, DomainCase};
use crate::catalogue::Family;
use crate::own::{OWN, OwnCase};
use crate::{About, Check, Finding, Fix, State, Who};

/// The family.
pub(crate) const FAMILY: Family = Family::new("rbl", CHECKS)
    .of_domain(|case| of_domain(case).boxed())
    .of_address(|case| of_address(case).boxed())
    .of_own(|case| of_own(case).boxed());

const CHECKS: &[&Check] = &[
    &ZEN,
    &SPAMCOP,
    &BARRACUDA,
    &PSBL,
    &MAILSPIKE,
    &ABUSIX,
    &SENDERSCORE,
    &OTHERS,
    &INFO,
    &WHITE,
    &DBL,
    &SURBL,
    &URIBL,
    &OTHERS_DOMAIN,
    &WHITE_DOMAIN,
    &ANSWER_SANE,
    &ERROR_CODES,
    &DELIST,
    &RESOLVER,
];

/// Those of addresses, with the word of the table.
const OF_ADDRESSES: &[(&str, &Check)] = &[
    ("zen", &ZEN),
    ("spamcop", &SPAMCOP),
    ("barracuda", &BARRACUDA),
    ("psbl", &PSBL),
    ("mailspike", &MAILSPIKE),
    ("abusix", &ABUSIX),
    ("senderscore", &SENDERSCORE),
    ("others", &OTHERS),
    ("info", &INFO),
    ("white", &WHITE),
];

/// Those of domains.
const OF_DOMAINS: &[(&str, &Check)] = &[
    ("dbl", &DBL),
    ("surbl", &SURBL),
    ("uribl", &URIBL),
    ("others-domain", &OTHERS_DOMAIN),
    ("white-domain", &WHITE_DOMAIN),
];

const LARGE: &[Who] = &[Who::Yahoo, Who::Outlook, Who::ICloud];
const SOURCE: &str = "RFC 5782 section 2.1";

const fn address(id: &'static str, severity: Severity) -> Check {
    Check::new(id, About::Address, severity, SOURCE)
}

const fn domain(id: &'static str, severity: Severity) -> Check {
    Check::new(id, About::Domain, severity, "RFC 5782 section 2.4")
}

const ZEN: Check = address("rbl.ip.zen", Severity::S4).who(LARGE);
const SPAMCOP: Check = address("rbl.ip.spamcop", Severity::S2);
const BARRACUDA: Check = address("rbl.ip.barracuda", Severity::S2);
const PSBL: Check = address("rbl.ip.psbl", Severity::S2);
const MAILSPIKE: Check = address("rbl.ip.mailspike", Severity::S2);
const ABUSIX: Check = address("rbl.ip.abusix", Severity::S2);
const SENDERSCORE: Check = address("rbl.ip.senderscore", Severity::S2);
const OTHERS: Check = address("rbl.ip.others", Severity::S1);
const INFO: Check = address("rbl.ip.info", Severity::S0);
const WHITE: Check = address("rbl.ip.white", Severity::S0);
const DBL: Check = domain("rbl.domain.dbl", Severity::S4).who(LARGE);
const SURBL: Check = domain("rbl.domain.surbl", Severity::S3);
const URIBL: Check = domain("rbl.domain.uribl", Severity::S3);
const OTHERS_DOMAIN: Check = domain("rbl.domain.others", Severity::S2);
const WHITE_DOMAIN: Check = domain("rbl.domain.white", Severity::S0);
const ANSWER_SANE: Check = Check::new("rbl.answer-sane", About::Domain, Severity::S1, "RFC 5782 section 2.1");
const ERROR_CODES: Check = Check::new("rbl.error-codes", About::Domain, Severity::S1, "RFC 5782 section 5");
const DELIST: Check = Check::new("rbl.delist", About::Domain, Severity::S0, "RFC 6471 section 2.2");
const RESOLVER: Check = Check::new("rbl.resolver", About::Path, Severity::S1, "RFC 5782 section 5");

async fn of_own(case: &OwnCase) -> Vec<Finding> {
    vec![resolver(case, OWN).await]
}

async fn of_address(case: &AddressCase) -> Vec<Finding> {
    let ip = case.ip;
    if !case.known.reach.has(ip) {
        let none =
            |(_, check): &(_, &'static Check)| check.not_applicable(ip, note!("ip-special-private", ip = ip));
        return OF_ADDRESSES.iter().map(none).collect();
    }
    let rows = look(case, Subject::Ip(ip.to_canonical())).await;
    let mut findings: Vec<Finding> =
        OF_ADDRESSES.iter().map(|(word, check)| of_list(check, word, &ip, &rows, ip.is_ipv6())).collect();
    findings.extend(of_answers(&ip, &rows));
    findings
}

async fn of_domain(case: &DomainCase) -> Vec<Finding> {
    let mut findings = Vec::new();
    let looked = names(case).into_iter().map(|name| async move {
        let rows = look(case, Subject::Domain(name.clone())).await;
        (name, rows)
    });
    for (name, rows) in join_all(looked).await {
        findings.extend(OF_DOMAINS.iter().map(|(word, check)| of_list(check, word, &name, &rows, false)));
        findings.extend(of_answers(&name, &rows));
    }
    findings.push(resolver(case, case.domain.as_str()).await);
    if case.sources().await.is_empty() {
        let none = note!("ip-no-addresses", domain = case.domain);
        let none = |(_, check): &(_, &'static Check)| check.not_applicable(&case.domain, none.clone());
        findings.extend(OF_ADDRESSES.iter().map(none));
    }
    findings
}

async fn look(case: &Case, subject: Subject) -> Vec<Row> {
    case.known.lists.look(&subject, Choice::Examination, case.resolver(), case.known.now).await
}

/// The domain, its organization, and that of the name in EHLO.
fn names(case: &DomainCase) -> Vec<Domain> {
    let helo = case.known.helo.as_deref().and_then(|helo| Domain::parse(helo).ok());
    let mut names = vec![case.domain.clone(), organizational_domain(&case.domain)];
    names.extend(helo.map(|helo| organizational_domain(&helo)));
    let mut each = Vec::new();
    names.into_iter().for_each(|name| {
        if !each.contains(&name) {
            each.push(name);
        }
    });
    each
}

/// What the lists of one check say.
fn of_list(
    check: &'static Check,
    word: &str,
    subject: &dyn std::fmt::Display,
    rows: &[Row],
    v6: bool,
) -> Finding {
    let mut rows: Vec<&Row> = rows.iter().filter(|row| row.list.check == word).collect();
    let Some(first) = rows.first() else {
        let none = if v6 { note!("rbl-not-for-ipv6") } else { note!("rbl-not-asked") };
        return check.not_applicable(subject, none);
    };
    let ttl = first.ttl;
    let lines: Vec<String> = rows.iter().filter_map(|row| line(row)).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.worst().map(|hit| hit.severity)));
    let worst = rows.first().and_then(|row| Some((*row, row.worst()?)));
    if let Some((row, hit)) = worst {
        let state = match hit.severity {
            Severity::S4 | Severity::S3 => State::Fail,
            Severity::S2 => State::Warn,
            Severity::S1 | Severity::S0 => State::Info,
        };
        let found = check.found(state, subject, hit.means.note(subject, &row.list)).severity(hit.severity);
        let found = found.evidences(lines).ttl(ttl);
        return match row.removal() {
            Some(removal) => found.fix(Fix::new(removal)),
            None => found,
        };
    }
    for row in &rows {
        if let Said::Nothing(why) = &row.said {
            let note = why.note(&row.list);
            return match why {
                Unsaid::NoKey => check.not_applicable(subject, note),
                _ => check.unknown(subject, note),
            };
        }
    }
    let good = rows.iter().find_map(|row| match &row.said {
        Said::Listed(hits) => hits.first().map(|hit| (row, hit)),
        _ => None,
    });
    match good {
        Some((row, hit)) => check.info(subject, hit.means.note(subject, &row.list)).evidences(lines).ttl(ttl),
        None if word.starts_with("white") => {
            check.pass(subject, note!("rbl-not-white", subject = subject)).ttl(ttl)
        }
        None => check.pass(subject, note!("rbl-not-listed", subject = subject)).ttl(ttl),
    }
}

/// The entries of a list, as they came.
fn line(row: &Row) -> Option<String> {
    let Said::Listed(hits) = &row.said else { return None };
    let codes: Vec<String> = hits.iter().map(|hit| hit.code.to_string()).collect();
    let reason = row.reason.as_deref().map(|reason| format!(" \"{reason}\"")).unwrap_or_default();
    Some(format!("{}: {}{reason}", row.list.zone, codes.join(" ")))
}

/// What holds for all lists: whether their answers can be believed, and how entries end.
fn of_answers(subject: &dyn std::fmt::Display, rows: &[Row]) -> [Finding; 3] {
    let said = |wanted: fn(&Unsaid) -> bool| -> Vec<&Row> {
        rows.iter().filter(|row| matches!(&row.said, Said::Nothing(why) if wanted(why))).collect()
    };
    let zones = |rows: &[&Row]| rows.iter().map(|row| row.list.zone.clone()).collect::<Vec<_>>();
    let rewritten = said(|why| matches!(why, Unsaid::Rewritten(_)));
    let sane = match rewritten.first() {
        Some(_) => ANSWER_SANE
            .unknown(subject, note!("rbl-answer-sane-rewritten"))
            .evidences(zones(&rewritten))
            .fix(Fix::new(note!("rbl-resolver-fix"))),
        None => ANSWER_SANE.pass(subject, note!("rbl-answer-sane")),
    };
    let refused = said(|why| matches!(why, Unsaid::Refused(..)));
    let errors = match refused.first() {
        Some(_) => ERROR_CODES
            .unknown(subject, note!("rbl-error-codes-refused", count = refused.len()))
            .evidences(zones(&refused))
            .fix(Fix::new(note!("rbl-resolver-fix"))),
        None => ERROR_CODES.pass(subject, note!("rbl-error-codes")),
    };
    let listed: Vec<String> = rows
        .iter()
        .filter(|row| row.worst().is_some())
        .map(|row| format!("{}: {}", row.list.title, row.list.site))
        .collect();
    let delist = if listed.is_empty() {
        DELIST.not_applicable(subject, note!("rbl-not-listed", subject = subject))
    } else {
        DELIST.info(subject, note!("rbl-delist", subject = subject, count = listed.len())).evidences(listed)
    };
    [sane, errors, delist]
}

/// Whether the lists talk to our resolver, by the one that tells why it does not.
async fn resolver(case: &Case, subject: &str) -> Finding {
    let lists = &case.known.lists;
    let Some(list) = lists.find("zen.spamhaus.org") else {
        return RESOLVER.not_applicable(subject, note!("rbl-not-asked"));
    };
    let health = lists.health(list, Of::V4, case.resolver(), case.known.now).await;
    match health {
        None => RESOLVER.pass(subject, note!("rbl-resolver")),
        Some(Unsaid::Refused(Refusal::PublicResolver, answer)) => RESOLVER
            .warn(subject, note!("rbl-resolver-public"))
            .evidence(format!("{}: {answer}", list.zone))
            .fix(Fix::new(note!("rbl-resolver-fix"))),
        Some(why) => RESOLVER.unknown(subject, why.note(list)),
    }
}

/// Everything that all lists say of an address: the rows of `tegami lookup blacklist`.
pub async fn look_up_address(ip: IpAddr, case: &Case) -> Vec<Row> {
    let subject = Subject::Ip(ip.to_canonical());
    case.known.lists.look(&subject, Choice::All, case.resolver(), case.known.now).await
}

/// The same of a domain.
pub async fn look_up_domain(domain: &Domain, case: &Case) -> Vec<Row> {
    let subject = Subject::Domain(domain.clone());
    case.known.lists.look(&subject, Choice::All, case.resolver(), case.known.now).await
}
