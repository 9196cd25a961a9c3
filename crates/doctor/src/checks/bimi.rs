//! The family `bimi`: the brand's picture beside a message. It helps no delivery, so nothing here is ever red.

mod certificate;
mod mark;
mod record;
mod svg;

use futures_util::FutureExt as _;
use tegami_auth::dmarc::{Policy, public_suffix};
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_dns::DnsName;
use tegami_mail::{Domain, note};

use crate::case::{Case, DomainCase};
use crate::catalogue::Family;
use crate::probe::{Document, Unprobed};
use crate::txt::{self, Texts};
use crate::{About, Check, Finding, Fix, Who};
use record::{Problem, Record};

/// The family.
pub(crate) const FAMILY: Family =
    Family::new("bimi", &[&RECORD, &DMARC, &SVG, &CERT]).of_domain(|case| judge(case).boxed());

const DRAFT: &str = "draft-brand-indicators-for-message-identification";

const fn check(id: &'static str) -> Check {
    Check::new(id, About::Domain, Severity::S1, DRAFT)
}

const RECORD: Check = check("bimi.record").who(&[Who::Gmail, Who::Yahoo, Who::ICloud]);
const DMARC: Check = check("bimi.dmarc").who(&[Who::Gmail, Who::Yahoo, Who::ICloud]).after(&["dmarc.exists"]);
const SVG: Check = check("bimi.svg").who(&[Who::Gmail, Who::Yahoo, Who::ICloud]);
const CERT: Check = check("bimi.cert").who(&[Who::Gmail, Who::ICloud]);

/// The largest picture, in octets.
const MAX_PICTURE: usize = 32 * 1024;

/// The largest file of certificates that is read, in octets.
const MAX_CERTIFICATES: usize = 128 * 1024;

async fn judge(case: &DomainCase) -> Vec<Finding> {
    let domain = &case.domain;
    let rest = [&DMARC, &SVG, &CERT];
    let without =
        |note: fn(&Domain) -> tegami_mail::Note| rest.map(|check| check.not_applicable(domain, note(domain)));
    let (name, texts) = match published(case).await {
        Ok(found) => found,
        Err((name, error)) => {
            let note = note!("dns-unanswered", name = name, kind = "TXT", error = error);
            let mut findings = vec![RECORD.unknown(domain, note)];
            findings.extend(without(|domain| note!("bimi-none", domain = domain)));
            return findings;
        }
    };
    let is_bimi = |text: &&tegami_dns::TxtData| txt::begins(text, "v=BIMI");
    let own: Vec<_> = texts.list.iter().filter(is_bimi).collect();
    let lines = own.iter().map(|text| txt::line(&name, text));
    let [text] = own.as_slice() else {
        let found = match own.len() {
            0 => RECORD.info(domain, note!("bimi-none", domain = domain)),
            count => RECORD.warn(domain, note!("bimi-several", name = name, count = count)).evidences(lines),
        };
        let mut findings = vec![found];
        findings.extend(without(|domain| note!("bimi-none", domain = domain)));
        return findings;
    };
    let record = match Record::parse(text) {
        Ok(record) => record,
        Err(problem) => {
            let mut findings = vec![broken(domain, &name, &problem).evidences(lines)];
            findings.extend(without(|domain| note!("bimi-none", domain = domain)));
            return findings;
        }
    };
    let found = match &record.picture {
        None => RECORD.info(domain, note!("bimi-declined", domain = domain)),
        Some(_) => RECORD.pass(domain, note!("bimi-record", domain = domain)),
    };
    let mut findings = vec![found.evidences(lines).ttl(texts.ttl)];
    match &record.picture {
        None => findings.extend(without(|domain| note!("bimi-declined", domain = domain))),
        Some(picture) => {
            findings.push(policy(case).await);
            let document = fetch(case, picture, MAX_PICTURE + 1).await;
            findings.push(svg_of(domain, picture, &document));
            let picture = document.ok().map(|document| document.body);
            findings.push(certificate_of(case, &record, picture.as_deref()).await);
        }
    }
    findings
}

/// What a domain publishes of its brand's picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brand {
    /// Where the record stands, or was looked for last.
    pub name: String,
    /// The record, where there is exactly one.
    pub record: Option<String>,
    /// `l`: the address of the picture.
    pub location: Option<String>,
    /// `a`: the address of the evidence document, a mark certificate.
    pub evidence: Option<String>,
}

/// Reads the record of a domain, else that of its organization.
pub async fn brand(domain: &Domain, case: &Case) -> Brand {
    let case = DomainCase::new(domain.clone(), case.clone());
    let (name, texts) = match published(&case).await {
        Ok(found) => found,
        Err((name, _)) => return Brand { name, ..Brand::default() },
    };
    let own: Vec<_> = texts.list.iter().filter(|text| txt::begins(text, "v=BIMI")).collect();
    let [text] = own.as_slice() else { return Brand { name, ..Brand::default() } };
    let record = Some(String::from_utf8_lossy(text).into_owned());
    match Record::parse(text) {
        Ok(Record { picture, evidence }) => Brand { name, record, location: picture, evidence },
        Err(_) => Brand { name, record, ..Brand::default() },
    }
}

/// The record of the domain, else that of its organization.
async fn published(case: &DomainCase) -> Result<(String, Texts), (String, tegami_dns::DnsError)> {
    let organization = public_suffix::organizational_domain(&case.domain);
    let mut last = (format!("default._bimi.{}", case.domain), Texts::default());
    for domain in [&case.domain, &organization] {
        let name = format!("default._bimi.{domain}");
        let Ok(parsed) = DnsName::parse(&name) else { continue };
        match Texts::ask(&parsed, case.resolver()).await {
            Ok(texts) if !texts.list.is_empty() => return Ok((name, texts)),
            Ok(texts) => last = (name, texts),
            Err(error) => return Err((name, error)),
        }
    }
    Ok(last)
}

fn broken(domain: &Domain, name: &str, problem: &Problem) -> Finding {
    let note = match problem {
        Problem::Version => note!("bimi-version", name = name),
        Problem::Tag(tag) => note!("bimi-tag", name = name, tag = tag),
        Problem::NoPicture => note!("bimi-no-picture", name = name),
        Problem::NotHttps(uri) => note!("bimi-not-https", uri = uri),
        Problem::Preference(value) => note!("bimi-preference", value = value),
    };
    RECORD.warn(domain, note).fix(Fix::new(note!("bimi-record-fix", name = name)))
}

/// No picture without a policy that is enforced, for the domain and for its organization.
async fn policy(case: &DomainCase) -> Finding {
    let domain = &case.domain;
    let discovery = case.dmarc().await;
    let Some((record, at)) = discovery.record().zip(discovery.policy_domain()) else {
        return DMARC.warn(domain, note!("bimi-no-policy", domain = domain));
    };
    let line = txt::joined(format!("_dmarc.{at}"), record.text.as_bytes());
    let weak = |policy: Policy| policy == Policy::None;
    let percent = record.tag("pct").is_some_and(|value| value != "100");
    let note = if discovery.policy.is_none_or(weak) || weak(record.p) {
        note!("bimi-policy-none", domain = domain)
    } else if record.sp.is_some_and(weak) {
        note!("bimi-policy-sp", domain = domain)
    } else if record.testing && weak(record.p.lowered()) {
        note!("bimi-policy-testing", domain = domain)
    } else if percent {
        note!("bimi-policy-percent", domain = domain)
    } else {
        return DMARC.pass(domain, note!("bimi-policy", domain = domain));
    };
    let text = format!("v=DMARC1; p=quarantine; rua=mailto:dmarc@{at}");
    let text = if record.rua.is_empty() {
        text
    } else {
        format!("v=DMARC1; p=quarantine; rua={}", record.rua.join(","))
    };
    let change = Change::txt(Operation::Replace, &format!("_dmarc.{at}"), text);
    let fix = Fix::new(note!("bimi-policy-fix", domain = at)).records(vec![change]);
    DMARC.warn(domain, note).evidence(line).fix(fix)
}

/// A document behind an `https:` address.
async fn fetch(case: &DomainCase, uri: &str, limit: usize) -> Result<Document, Unprobed> {
    let rest = uri.get("https://".len()..).unwrap_or_default();
    let cut = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(cut).unwrap_or((rest, ""));
    let path = path.split('#').next().unwrap_or_default();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    match Domain::parse(host) {
        Ok(host) => case.probes.https(&host, &path, limit).await,
        Err(error) => Err(Unprobed::Failed(error.to_string())),
    }
}

/// What there is to say of a document that did not come as it should.
fn unfetched(
    check: &'static Check,
    domain: &Domain,
    uri: &str,
    document: &Result<Document, Unprobed>,
) -> Option<Finding> {
    match document {
        Err(Unprobed::Off) => Some(check.unknown(domain, note!("bimi-not-fetched", uri = uri))),
        Err(error) => Some(check.unknown(domain, note!("bimi-fetch-failed", uri = uri, error = error))),
        Ok(document) if document.status != 200 => {
            let note = note!("bimi-status", uri = uri, status = document.status);
            Some(check.warn(domain, note).evidences(document.location.iter()))
        }
        Ok(_) => None,
    }
}

fn svg_of(domain: &Domain, uri: &str, document: &Result<Document, Unprobed>) -> Finding {
    if let Some(finding) = unfetched(&SVG, domain, uri, document) {
        return finding;
    }
    let Ok(document) = document else { return SVG.unknown(domain, note!("bimi-not-fetched", uri = uri)) };
    let octets = document.body.len();
    if octets > MAX_PICTURE {
        return SVG.warn(domain, note!("bimi-svg-large", octets = octets, most = MAX_PICTURE));
    }
    let kind = document.content_type.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("image/svg+xml") {
        return SVG.warn(domain, note!("bimi-svg-type", uri = uri, kind = kind));
    }
    let faults = svg::faults(&document.body);
    match faults.first() {
        None => SVG.pass(domain, note!("bimi-svg", uri = uri)),
        Some(first) => SVG
            .warn(domain, first.note())
            .evidences(faults.iter().map(svg::Fault::line))
            .fix(Fix::new(note!("bimi-svg-fix"))),
    }
}

async fn certificate_of(case: &DomainCase, record: &Record, picture: Option<&[u8]>) -> Finding {
    let domain = &case.domain;
    let Some(uri) = &record.evidence else {
        return CERT.info(domain, note!("bimi-no-certificate", domain = domain));
    };
    let document = fetch(case, uri, MAX_CERTIFICATES).await;
    if let Some(finding) = unfetched(&CERT, domain, uri, &document) {
        return finding;
    }
    let body = document.map(|document| document.body).unwrap_or_default();
    certificate::judge(&CERT, domain, &body, picture, case.known.now)
}

#[cfg(test)]
pub(crate) use tests::fixtures;

#[cfg(test)]
mod tests;
