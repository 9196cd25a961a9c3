//! Where reports go, and whether they may go there.

use std::collections::BTreeSet;

use tegami_auth::dmarc::{Discovery, Record, Walker, Why};
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_auth::slip;
use tegami_dns::DnsName;
use tegami_mail::{Address, Domain, Host, note};

use super::check;
use super::edit::{with, without};
use crate::case::{DomainCase, Purpose};
use crate::checks::mx::{MailHosts, Receiving};
use crate::txt::{self, Texts};
use crate::{Check, Finding, Fix};

pub(super) const RUA: Check =
    check("dmarc.rua", Severity::S2, "RFC 9989 section 4.7").after(&["dmarc.exists"]);
pub(super) const RUF: Check = check("dmarc.ruf", Severity::S1, "RFC 9991 section 7").after(&["dmarc.exists"]);
pub(super) const EXTERNAL_AUTH: Check =
    check("dmarc.external-auth", Severity::S3, "RFC 9990 section 4").after(&["dmarc.exists"]);

/// Addresses that many senders of reports obey; others may be passed over.
const SURE: usize = 2;

/// Domains of addresses that are looked at.
const MAX_TARGETS: usize = 10;

pub(super) async fn judge(case: &DomainCase, discovery: &Discovery) -> Vec<Finding> {
    let Some((record, at)) = discovery.record().zip(discovery.policy_domain()) else {
        let note = || note!("dmarc-no-record", domain = case.domain);
        return [&RUA, &RUF, &EXTERNAL_AUTH].map(|check| check.not_applicable(&case.domain, note())).to_vec();
    };
    let mut findings = vec![rua(case, record, at).await, ruf(record, at)];
    findings.extend(external(case, record, at).await);
    findings
}

/// The domain of a `mailto:` address.
fn target(uri: &str) -> Option<Domain> {
    let (scheme, rest) = uri.split_once(':')?;
    let address = rest.split('?').next().filter(|_| scheme.eq_ignore_ascii_case("mailto"))?;
    match Address::parse(address).ok()?.host() {
        Host::Domain(domain) => Some(domain.clone()),
        Host::Literal(_) => None,
    }
}

fn replace(case: &DomainCase, at: &Domain, record: String) -> Fix {
    let name = format!("_dmarc.{at}");
    let fix = Fix::new(note!("dmarc-fix", name = name)).records(vec![Change::txt(
        Operation::Replace,
        &name,
        record,
    )]);
    if at.is_at_or_below(&case.domain) { fix } else { fix.by(at) }
}

async fn rua(case: &DomainCase, record: &Record, at: &Domain) -> Finding {
    let name = format!("_dmarc.{at}");
    let line = txt::joined(&name, record.text.as_bytes());
    let broken = record.ignored.iter().find(|one| one.name == "rua" && one.why != Why::SizeLimit);
    if let Some(broken) = broken {
        let found = RUA.fail(at, broken.note()).evidence(line);
        let repaired = repaired(record.tag("rua").unwrap_or_default());
        let record = match repaired {
            Some(value) => with(record, "rua", &value),
            None => without(record, &["rua"]),
        };
        return found.fix(replace(case, at, record));
    }
    if record.rua.is_empty() {
        let fix = replace(case, at, with(record, "rua", &format!("mailto:dmarc@{at}")));
        let note = note!("dmarc-rua-absent", domain = at);
        let bulk = case.known.purpose == Purpose::SendsBulk;
        let found = if bulk { RUA.warn(at, note) } else { RUA.info(at, note) };
        return found.evidence(line).fix(fix);
    }
    for domain in targets(&record.rua) {
        match receives(case, &domain).await {
            Ok(true) => {}
            Ok(false) => {
                let fix = Fix::new(note!("dmarc-rua-dead-fix", domain = domain));
                return RUA.fail(at, note!("dmarc-rua-dead", domain = domain)).evidence(line).fix(fix);
            }
            Err(error) => {
                return RUA.unknown(at, note!("dns-unanswered", name = domain, kind = "MX", error = error));
            }
        }
    }
    if let Some(limit) = record.ignored.iter().find(|one| one.name == "rua" && one.why == Why::SizeLimit) {
        let fix = replace(case, at, with(record, "rua", &record.rua.join(",")));
        return RUA.info(at, limit.note()).evidence(line).fix(fix);
    }
    let count = record.rua.len();
    if count > SURE {
        return RUA.info(at, note!("dmarc-rua-many", count = count, sure = SURE)).evidence(line);
    }
    RUA.pass(at, note!("dmarc-rua", domain = at, count = count)).evidence(line)
}

/// A list of addresses as it was meant; `None` where nothing in it is one.
fn repaired(value: &str) -> Option<String> {
    let value = slip::plain(value.as_bytes());
    let members = value.split([',', ' ', ';']).map(str::trim).filter(|member| !member.is_empty());
    let repaired = members.filter_map(|member| {
        let bare = member.trim_start_matches("mailto:").trim_start_matches("//");
        let bare = bare.trim_matches(['<', '>', '"', '\'']);
        Address::parse(bare).is_ok().then(|| format!("mailto:{}", bare.replace('!', "%21")))
    });
    let list = repaired.collect::<Vec<_>>().join(",");
    (!list.is_empty()).then_some(list)
}

fn targets(uris: &[String]) -> Vec<Domain> {
    let all: BTreeSet<Domain> = uris.iter().filter_map(|uri| target(uri)).collect();
    all.into_iter().take(MAX_TARGETS).collect()
}

/// Whether a domain takes mail.
pub(crate) async fn receives(case: &DomainCase, domain: &Domain) -> Result<bool, tegami_dns::DnsError> {
    let found;
    let hosts = if *domain == case.domain {
        case.hosts().await
    } else {
        found = MailHosts::find(&DnsName::from(domain), case.resolver()).await;
        &found
    };
    match &hosts.receiving {
        Receiving::Unknown(error) => Err(error.clone()),
        _ => Ok(hosts.receives()),
    }
}

fn ruf(record: &Record, at: &Domain) -> Finding {
    let line = txt::joined(format!("_dmarc.{at}"), record.text.as_bytes());
    if let Some(ignored) = record.ignored.iter().find(|one| one.why == Why::WithoutRuf) {
        return RUF.info(at, ignored.note()).evidence(line);
    }
    if let Some(broken) = record.ignored.iter().find(|one| one.name == "ruf") {
        return RUF.warn(at, broken.note()).evidence(line);
    }
    if record.ruf.is_empty() {
        return RUF.pass(at, note!("dmarc-ruf-absent", domain = at));
    }
    RUF.info(at, note!("dmarc-ruf", domain = at)).evidence(line)
}

/// Whoever gets reports about another organization's domains has to agree.
async fn external(case: &DomainCase, record: &Record, at: &Domain) -> Vec<Finding> {
    let uris: Vec<String> = record.rua.iter().chain(&record.ruf).cloned().collect();
    let mut walker = Walker::new(case.resolver());
    let own = walker.organizational_domain(at).await;
    let mut findings = Vec::new();
    for host in targets(&uris) {
        let theirs = walker.organizational_domain(&host).await;
        if own.is_some() && own == theirs {
            continue;
        }
        findings.push(agreed(case, at, &host, &uris).await);
    }
    if findings.is_empty() {
        findings.push(EXTERNAL_AUTH.pass(at, note!("dmarc-external-none", domain = at)));
    }
    findings
}

async fn agreed(case: &DomainCase, at: &Domain, host: &Domain, uris: &[String]) -> Finding {
    let text = format!("{at}._report._dmarc.{host}");
    let Ok(name) = DnsName::parse(&text) else {
        return EXTERNAL_AUTH.fail(at, note!("dmarc-external-long", host = host));
    };
    let texts = match Texts::ask(&name, case.resolver()).await {
        Ok(texts) => texts,
        Err(error) => {
            let note = note!("dns-unanswered", name = name, kind = "TXT", error = error);
            return EXTERNAL_AUTH.unknown(at, note);
        }
    };
    let valid: Vec<Record> = texts.list.iter().filter_map(|text| Record::parse(text)).collect();
    let lines = texts.list.iter().map(|text| txt::line(&name, text));
    if valid.is_empty() {
        let asked = uris.iter().filter(|uri| target(uri).as_ref() == Some(host));
        let fix = Fix::new(note!("dmarc-external-fix", host = host, domain = at))
            .records(vec![Change::txt(Operation::Add, &name, "v=DMARC1;")])
            .by(host);
        let note = note!("dmarc-external", host = host, domain = at, name = name);
        return EXTERNAL_AUTH.fail(at, note).evidences(asked).evidences(lines).fix(fix);
    }
    // An address there may replace ours, on the same host only (RFC 9990 section 4).
    let elsewhere =
        valid.iter().flat_map(|record| &record.rua).find(|uri| target(uri).as_ref() != Some(host));
    match elsewhere {
        Some(uri) => {
            EXTERNAL_AUTH.warn(at, note!("dmarc-external-elsewhere", host = host, uri = uri)).evidences(lines)
        }
        None => {
            EXTERNAL_AUTH.pass(at, note!("dmarc-external-agreed", host = host, domain = at)).evidences(lines)
        }
    }
}
