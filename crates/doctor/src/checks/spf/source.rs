//! What needs an address or another domain: whether each source passes, the domain of MAIL FROM, sub-domains.

use std::net::IpAddr;

use futures_util::future::join_all;
use tegami_auth::dmarc::Walker;
use tegami_auth::finding::{Change, Operation, Severity, State};
use tegami_auth::spf::survey::{Status, Survey};
use tegami_auth::spf::{self, Identity, MAX_LOOKUPS, Record, SpfResult, Verdict};
use tegami_dns::DnsName;
use tegami_mail::{Domain, ReversePath, note};

use super::{EVERYBODY, REFUSED, severity_of};
use crate::case::{AddressCase, DomainCase, Purpose};
use crate::txt::{self, Texts};
use crate::{About, Check, Finding, Fix};

pub(super) const IP_COVERED: Check =
    Check::new("spf.ip-covered", About::Address, Severity::S4, "RFC 7208 section 4")
        .who(EVERYBODY)
        .answers(REFUSED)
        .after(&["spf.exists", "spf.multiple", "spf.version", "spf.string-split"]);
pub(super) const ENVELOPE_DOMAIN: Check =
    Check::new("spf.envelope-domain", About::Domain, Severity::S4, "RFC 7208 section 2.4")
        .who(EVERYBODY)
        .answers(REFUSED)
        .after(&["spf.subdomain"]);
pub(super) const SUBDOMAIN: Check =
    Check::new("spf.subdomain", About::Domain, Severity::S3, "RFC 7208 section 3.1").who(EVERYBODY);

pub(super) async fn judge(case: &DomainCase) -> Vec<Finding> {
    let mut findings = Vec::new();
    if case.sources().await.is_empty() {
        let note = note!("spf-source-untold", domain = case.domain);
        findings.push(IP_COVERED.not_applicable(&case.domain, note));
    }
    findings.extend(join_all(case.known.mail_from.iter().map(|domain| subdomain(case, domain))).await);
    findings.extend(silent_names(case).await);
    let foreign: Vec<&Domain> =
        case.known.mail_from.iter().filter(|domain| **domain != case.domain).collect();
    findings.extend(join_all(foreign.iter().map(|domain| envelope(case, domain))).await);
    if foreign.is_empty() {
        let note = if case.known.mail_from.is_empty() {
            note!("spf-envelope-untold", domain = case.domain)
        } else {
            note!("spf-envelope-same", domain = case.domain)
        };
        findings.push(ENVELOPE_DOMAIN.not_applicable(&case.domain, note));
    }
    findings
}

/// `check_host()` for a source and a domain of MAIL FROM.
pub(crate) async fn evaluate(case: &DomainCase, ip: IpAddr, domain: &Domain) -> Verdict {
    let helo = case.known.helo.as_deref().unwrap_or(domain.as_str());
    let request = spf::Request {
        ip,
        helo,
        mail_from: &ReversePath::Null,
        receiver: domain.as_str(),
        now: case.known.now,
    };
    spf::check_host(&request, Identity::MailFrom, "", domain.as_str(), case.resolver()).await
}

/// Each source passes, over IPv4 and over IPv6. An address is looked at for every domain that it sends for.
pub(super) async fn judge_address(case: &AddressCase) -> Vec<Finding> {
    if case.domains.is_empty() {
        return vec![IP_COVERED.not_applicable(case.ip, note!("spf-source-no-domain", ip = case.ip))];
    }
    join_all(case.domains.iter().map(|domain| covered(case, domain))).await
}

async fn covered(case: &AddressCase, domain: &Domain) -> Finding {
    let domain_case = DomainCase::new(domain.clone(), (**case).clone());
    let survey = domain_case.spf().await;
    // Where another domain stands in MAIL FROM, the record of this one is not asked.
    let used = case.known.mail_from.is_empty() || case.known.mail_from.contains(domain);
    let note = match case.known.purpose {
        Purpose::SendsNone => Some(note!("spf-source-none", domain = domain)),
        _ if matches!(survey.tree.status, Status::Failed(_)) => {
            Some(note!("check-depends", parent = "spf.temperror"))
        }
        _ if !used => Some(note!("spf-source-elsewhere", domain = domain)),
        _ => None,
    };
    if let Some(note) = note {
        return IP_COVERED.not_applicable(case.ip, note);
    }
    let verdict = evaluate(&domain_case, case.ip, domain).await;
    one_source(&domain_case, survey, case.ip, &verdict)
}

fn one_source(case: &DomainCase, survey: &Survey, ip: IpAddr, verdict: &Verdict) -> Finding {
    let domain = &case.domain;
    let (result, lookups, whole) = (verdict.result.as_str(), verdict.lookups, survey.cost.lookups);
    let by = verdict.mechanism().unwrap_or("-");
    let evidence = format!("{domain} {ip}: {result} ({by}), {lookups}/{MAX_LOOKUPS}");
    let note = match verdict.result {
        SpfResult::Pass => {
            let note = note!(
                "spf-source-pass",
                ip = ip,
                domain = domain,
                term = by,
                lookups = lookups,
                whole = whole,
                limit = MAX_LOOKUPS
            );
            return IP_COVERED.pass(ip, note).evidence(evidence);
        }
        SpfResult::TempError => {
            return IP_COVERED.unknown(ip, note!("spf-source-temperror", ip = ip, domain = domain));
        }
        SpfResult::PermError => {
            // The record is broken for everybody whom nothing matches before: told once.
            let cause = survey.findings.iter().find(|finding| {
                finding.state == State::Fail
                    && finding.severity >= Severity::S3
                    && finding.id != "spf.all-plus"
            });
            if let Some(cause) = cause {
                return IP_COVERED.not_applicable(ip, note!("check-depends", parent = cause.id));
            }
            note!("spf-source-permerror", ip = ip, domain = domain, lookups = lookups)
        }
        _ => note!("spf-source-fail", ip = ip, domain = domain, result = result, term = by),
    };
    let found = IP_COVERED.fail(ip, note).evidence(evidence).severity(severity_of(case.known.purpose));
    match with_source(survey, ip) {
        Some(record) => {
            let change = Change::txt(Operation::Replace, domain, record);
            found.fix(Fix::new(note!("spf-source-fix", ip = ip, domain = domain)).records(vec![change]))
        }
        None => found,
    }
}

/// The record with the address in front, where it costs no lookup and nothing hides it.
fn with_source(survey: &Survey, ip: IpAddr) -> Option<String> {
    if survey.tree.status != Status::Found {
        return None;
    }
    let text = survey.corrected.clone().or_else(|| {
        let text = survey.tree.text.as_deref()?;
        std::str::from_utf8(text).ok().map(ToOwned::to_owned)
    })?;
    let rest = text.get("v=spf1".len()..)?.trim();
    let version = if ip.is_ipv4() { 4 } else { 6 };
    let record = format!("v=spf1 ip{version}:{ip} {rest}").trim_end().to_owned();
    Record::parse(&record).is_ok().then_some(record)
}

/// SPF of a sub-domain in MAIL FROM is its own record or none.
async fn subdomain(case: &DomainCase, mail_from: &Domain) -> Finding {
    if mail_from == &case.domain || !mail_from.is_at_or_below(&case.domain) {
        return SUBDOMAIN.not_applicable(mail_from, note!("spf-subdomain-not-below", domain = mail_from));
    }
    let texts = match Texts::ask(&DnsName::from(mail_from), case.resolver()).await {
        Ok(texts) => texts,
        Err(error) => {
            let note = note!("dns-unanswered", name = mail_from, kind = "TXT", error = error);
            return SUBDOMAIN.unknown(mail_from, note);
        }
    };
    let record = texts.list.iter().find(|text| Record::is_spf(text));
    if let Some(record) = record {
        let note = note!("spf-subdomain-own", domain = mail_from);
        return SUBDOMAIN.pass(mail_from, note).evidence(txt::line(mail_from, record)).ttl(texts.ttl);
    }
    let sources = case.known.sources.iter().map(|ip| {
        let version = if ip.is_ipv4() { 4 } else { 6 };
        format!(" ip{version}:{ip}")
    });
    let own: String = sources.collect();
    let value = if own.is_empty() {
        format!("v=spf1 include:{} ~all", case.domain)
    } else {
        format!("v=spf1{own} ~all")
    };
    let change = Change::txt(Operation::Add, mail_from, value);
    let fix = Fix::new(note!("spf-subdomain-fix", domain = mail_from)).records(vec![change]);
    let note = note!("spf-subdomain-none", domain = mail_from, parent = case.domain);
    SUBDOMAIN.fail(mail_from, note).fix(fix)
}

/// Hosts below the domain that say nothing about who may send in their names.
async fn silent_names(case: &DomainCase) -> Vec<Finding> {
    let domain = &case.domain;
    let mut names: Vec<Domain> = Vec::new();
    let hosts = case.hosts().await.real().filter_map(|host| Domain::parse(host.name.as_str()).ok());
    let helo = case.known.helo.as_deref().and_then(|helo| Domain::parse(helo).ok());
    for name in hosts.chain(helo) {
        let below = name.is_at_or_below(domain) && name != *domain;
        if below && !names.contains(&name) && !case.known.mail_from.contains(&name) {
            names.push(name);
        }
    }
    let mut silent = Vec::new();
    for name in &names {
        if let Ok(texts) = Texts::ask(&DnsName::from(name), case.resolver()).await
            && !texts.list.iter().any(|text| Record::is_spf(text))
        {
            silent.push(name);
        }
    }
    if silent.is_empty() {
        return vec![SUBDOMAIN.pass(domain, note!("spf-subdomain-well", domain = domain))];
    }
    let told = silent.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    // The name of HELO is checked too (RFC 7208 section 2.3): the host itself may use it.
    let changes = silent.iter().map(|name| Change::txt(Operation::Add, *name, "v=spf1 a -all")).collect();
    let fix = Fix::new(note!("spf-subdomain-silent-fix")).records(changes);
    vec![SUBDOMAIN.info(domain, note!("spf-subdomain-silent", domain = domain, names = told)).fix(fix)]
}

/// SPF is asked of the domain in MAIL FROM, and DMARC asks whether that domain belongs to the author's.
async fn envelope(case: &DomainCase, mail_from: &Domain) -> Finding {
    let author = &case.domain;
    if case.sources().await.is_empty() {
        let note = note!("spf-source-untold", domain = mail_from);
        return ENVELOPE_DOMAIN.not_applicable(mail_from, note);
    }
    let mut lines = Vec::new();
    let mut failed = None;
    for ip in case.sources().await {
        let verdict = evaluate(case, *ip, mail_from).await;
        lines.push(format!("{mail_from} {ip}: {}", verdict.result.as_str()));
        if verdict.result != SpfResult::Pass && failed.is_none() {
            failed = Some((*ip, verdict.result));
        }
    }
    let mut walker = Walker::new(case.resolver());
    let own = walker.organizational_domain(author).await;
    let aligned = own.is_some() && own == walker.organizational_domain(mail_from).await;
    let found = match failed {
        Some((ip, SpfResult::TempError)) => {
            ENVELOPE_DOMAIN.unknown(mail_from, note!("spf-source-temperror", ip = ip, domain = mail_from))
        }
        Some((ip, result)) => {
            let note = note!(
                "spf-envelope-fail",
                ip = ip,
                domain = mail_from,
                author = author,
                result = result.as_str()
            );
            let own = mail_from.is_at_or_below(author);
            let fix = Fix::new(note!("spf-envelope-fix", domain = mail_from));
            ENVELOPE_DOMAIN.fail(mail_from, note).fix(if own { fix } else { fix.by(mail_from) })
        }
        None if aligned => ENVELOPE_DOMAIN
            .pass(mail_from, note!("spf-envelope-aligned", domain = mail_from, author = author)),
        None => ENVELOPE_DOMAIN
            .info(mail_from, note!("spf-envelope-foreign", domain = mail_from, author = author)),
    };
    found.evidences(lines)
}
