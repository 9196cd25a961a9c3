//! Whether there is one record, at the right place, that receivers take for one.

use futures_util::future::join_all;
use tegami_auth::dmarc::{Discovery, NearMiss, Record, near_miss, public_suffix};
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_dns::{DnsError, DnsName, TxtData};
use tegami_mail::{Domain, note};

use super::edit::corrected;
use super::{EVERYBODY, REFUSED, check};
use crate::case::{DomainCase, Purpose};
use crate::txt::{self, Texts};
use crate::{Check, Finding, Fix};

pub(super) const EXISTS: Check =
    check("dmarc.exists", Severity::S4, "RFC 9989 section 4.10.1").who(EVERYBODY).answers(REFUSED);
pub(super) const MULTIPLE: Check =
    check("dmarc.multiple", Severity::S3, "RFC 9989 section 4.10").who(EVERYBODY);
pub(super) const VERSION: Check =
    check("dmarc.version", Severity::S4, "RFC 9989 section 4.7").who(EVERYBODY).answers(REFUSED);
pub(super) const LOCATION: Check =
    check("dmarc.location", Severity::S3, "RFC 9989 section 4.5").who(EVERYBODY);
pub(super) const UNRELATED_TXT: Check = check("dmarc.unrelated-txt", Severity::S2, "RFC 9989 section 4.5");

/// Names of a long domain whose records are looked at.
const MAX_NAMES: usize = 8;

/// What stands at one name.
struct Name {
    domain: Domain,
    name: DnsName,
    texts: Texts,
}

impl Name {
    fn records(&self) -> Vec<&TxtData> {
        self.texts.list.iter().filter(|text| Record::begins(text)).collect()
    }

    fn near_miss(&self) -> Option<(&TxtData, NearMiss)> {
        self.texts.list.iter().find_map(|text| Some((text, near_miss(text)?)))
    }

    fn lines(&self) -> Vec<String> {
        self.texts.list.iter().map(|text| txt::line(&self.name, text)).collect()
    }

    /// Who publishes it, where that is somebody above.
    fn fix(&self, case: &DomainCase, fix: Fix) -> Fix {
        if self.domain.is_at_or_below(&case.domain) { fix } else { fix.by(&self.domain) }
    }
}

pub(super) async fn judge(case: &DomainCase, discovery: &Discovery) -> Vec<Finding> {
    let domain = &case.domain;
    let asked = join_all(names(domain).into_iter().map(|name| at(case, name))).await;
    let (mut findings, mut known, mut failed) = (Vec::new(), Vec::new(), None);
    for name in asked {
        match name {
            Ok(name) => known.push(name),
            Err((name, error)) => failed = failed.or(Some((name, error))),
        }
    }
    findings.extend(known.iter().filter_map(|name| multiple(case, name)));
    findings.extend(known.iter().filter_map(|name| version(case, name)));
    let own = known.iter().find(|name| name.domain == *domain);
    let location = location(case, own).await;
    // A record at the wrong name is to be moved, not to be written anew.
    let moved = location.fix.iter().flat_map(|fix| &fix.choices).flatten();
    let moved = moved.filter(|change| change.operation == Operation::Add).map(|_| LOCATION.id).next();
    let cause = findings.first().map(|finding| finding.check.id).or(moved);
    findings.push(exists(case, discovery, cause).await);
    for check in [&MULTIPLE, &VERSION] {
        if !findings.iter().any(|finding| finding.check == check) {
            findings.push(match &failed {
                Some((name, error)) => {
                    check.unknown(domain, note!("dns-unanswered", name = name, kind = "TXT", error = error))
                }
                None => check.pass(domain, note!("dmarc-published-well", domain = domain)),
            });
        }
    }
    findings.push(location);
    findings.push(unrelated(case, own));
    findings
}

/// The domain and those above it that belong to somebody.
fn names(domain: &Domain) -> Vec<Domain> {
    let above = std::iter::successors(domain.parent(), Domain::parent);
    let above =
        above.filter(|name| public_suffix::is_below_suffix(name) && name.labels().count() < MAX_NAMES);
    std::iter::once(domain.clone()).chain(above).take(MAX_NAMES).collect()
}

async fn at(case: &DomainCase, domain: Domain) -> Result<Name, (String, DnsError)> {
    let Ok(name) = DnsName::from(&domain).prepend("_dmarc") else {
        return Err((format!("_dmarc.{domain}"), DnsError::NxDomain));
    };
    match Texts::ask(&name, case.resolver()).await {
        Ok(texts) => Ok(Name { domain, name, texts }),
        Err(error) => Err((name.to_string(), error)),
    }
}

/// Several at a name are none (RFC 9989 section 4.10): the first is kept, whichever is meant.
fn multiple(case: &DomainCase, name: &Name) -> Option<Finding> {
    let records = name.records();
    if records.len() < 2 {
        return None;
    }
    let mut read: Vec<Record> = records.iter().filter_map(|text| Record::parse(text)).collect();
    // The mildest first: it refuses nothing that another lets pass.
    read.sort_by_key(|record| record.p);
    let mut fix = Fix::new(note!("dmarc-multiple-fix", name = name.name));
    for record in read.iter().filter(|record| record.applies()) {
        fix = fix.records(vec![Change::txt(Operation::Replace, &name.name, record.text.to_string())]);
    }
    let note = note!("dmarc-record-multiple", domain = name.domain, count = records.len());
    let finding = MULTIPLE.fail(&name.domain, note).evidences(name.lines()).ttl(name.texts.ttl);
    Some(finding.fix(name.fix(case, fix)))
}

fn version(case: &DomainCase, name: &Name) -> Option<Finding> {
    if !name.records().is_empty() {
        return None;
    }
    let (text, miss) = name.near_miss()?;
    let fix = Fix::new(note!("dmarc-version-fix", name = name.name));
    let fix = match corrected(text) {
        Some(record) => {
            let old = String::from_utf8_lossy(text).into_owned();
            fix.records(vec![
                Change::txt(Operation::Delete, &name.name, old),
                Change::txt(Operation::Add, &name.name, record),
            ])
        }
        None => fix,
    };
    let finding = VERSION.fail(&name.domain, miss.note(&name.domain)).evidence(txt::line(&name.name, text));
    Some(finding.fix(name.fix(case, fix)).ttl(name.texts.ttl))
}

/// `cause` is a mistake that hides a record, told by itself.
async fn exists(case: &DomainCase, discovery: &Discovery, cause: Option<&'static str>) -> Finding {
    let domain = &case.domain;
    if let Some((record, at)) = discovery.record().zip(discovery.policy_domain()) {
        let note = if at == domain {
            note!("dmarc-published", domain = domain)
        } else {
            note!("dmarc-inherited", domain = domain, from = at)
        };
        return EXISTS
            .pass(domain, note)
            .evidence(txt::joined(format!("_dmarc.{at}"), record.text.as_bytes()));
    }
    if discovery.temp_error {
        let failed = discovery.steps.iter().find(|step| step.outcome == "error");
        let note = failed.map(|step| step.note.clone());
        return EXISTS.unknown(domain, note.unwrap_or(note!("dmarc-organization-open", domain = domain)));
    }
    if let Some(cause) = cause {
        return EXISTS.not_applicable(domain, note!("check-depends", parent = cause));
    }
    let organization = public_suffix::organizational_domain(domain);
    let name = format!("_dmarc.{organization}");
    if !case.sends().await {
        let change = Change::txt(Operation::Add, &name, "v=DMARC1; p=reject;");
        let fix = Fix::new(note!("dmarc-exists-nothing-fix", domain = organization)).records(vec![change]);
        return EXISTS.info(domain, note!("dmarc-exists-nothing", domain = domain)).fix(fix);
    }
    let record = format!("v=DMARC1; p=none; rua=mailto:dmarc@{organization}");
    let fix = Fix::new(note!("dmarc-exists-fix", domain = organization)).records(vec![Change::txt(
        Operation::Add,
        &name,
        record,
    )]);
    let bulk = case.known.purpose == Purpose::SendsBulk;
    EXISTS
        .fail(domain, note!("dmarc-no-record", domain = domain))
        .severity(if bulk { Severity::S4 } else { Severity::S2 })
        .fix(fix)
}

/// A record where nobody looks for one.
async fn location(case: &DomainCase, own: Option<&Name>) -> Finding {
    let domain = &case.domain;
    let here = own.is_some_and(|name| !name.records().is_empty());
    let mut places = vec![domain.to_string()];
    if !here {
        places.extend([format!("dmarc.{domain}"), format!("_dmarc.{domain}.{domain}")]);
    }
    for place in places {
        let Ok(name) = DnsName::parse(&place) else { continue };
        let Ok(texts) = Texts::ask(&name, case.resolver()).await else { continue };
        let is_meant = |text: &&TxtData| {
            Record::begins(text) || near_miss(text).is_some_and(|miss| miss != NearMiss::NoVersion)
        };
        let Some(text) = texts.list.iter().find(is_meant) else { continue };
        let line = txt::line(&name, text);
        let delete = Change::txt(Operation::Delete, &name, String::from_utf8_lossy(text).into_owned());
        let note = note!("dmarc-elsewhere-fix", name = name, domain = domain);
        if here {
            let fix = Fix::new(note).records(vec![delete]);
            let note = note!("dmarc-elsewhere-too", name = name, domain = domain);
            return LOCATION.info(domain, note).evidence(line).fix(fix);
        }
        let record = corrected(text).unwrap_or_else(|| String::from_utf8_lossy(text).into_owned());
        let add = Change::txt(Operation::Add, &format!("_dmarc.{domain}"), record);
        let fix = Fix::new(note).records(vec![add, delete]);
        return LOCATION
            .fail(domain, note!("dmarc-elsewhere", name = name, domain = domain))
            .evidence(line)
            .fix(fix);
    }
    let spf = own.and_then(|name| name.texts.list.iter().find(|text| tegami_auth::spf::Record::is_spf(text)));
    if let (Some(spf), Some(own)) = (spf, own) {
        let text = String::from_utf8_lossy(spf).into_owned();
        let delete = Change::txt(Operation::Delete, &own.name, text);
        let fix = Fix::new(note!("dmarc-spf-here-fix", name = own.name)).records(vec![delete]);
        let note = note!("dmarc-spf-here", name = own.name);
        return LOCATION.fail(domain, note).evidence(txt::line(&own.name, spf)).fix(fix);
    }
    LOCATION.pass(domain, note!("dmarc-nowhere-else", domain = domain))
}

fn unrelated(case: &DomainCase, own: Option<&Name>) -> Finding {
    let domain = &case.domain;
    let is_other = |text: &&TxtData| {
        !Record::begins(text) && near_miss(text).is_none() && !tegami_auth::spf::Record::is_spf(text)
    };
    let others: Vec<&TxtData> = own.into_iter().flat_map(|name| &name.texts.list).filter(is_other).collect();
    let (Some(own), false) = (own, others.is_empty()) else {
        return UNRELATED_TXT.pass(domain, note!("dmarc-alone", domain = domain));
    };
    let note = note!("dmarc-unrelated", name = own.name, count = others.len());
    let fix = Fix::new(note!("dmarc-unrelated-fix", name = own.name));
    UNRELATED_TXT.warn(domain, note).evidences(others.iter().map(|text| txt::line(&own.name, text))).fix(fix)
}
