//! DANE for SMTP (RFC 7672): TLSA records, and whether the hosts show what they name.

mod records;

use aws_lc_rs::digest::{SHA256, digest};
use futures_util::FutureExt as _;
use tegami_auth::Certificate;
use tegami_auth::dane::{self, Mismatch, Usage, presentation};
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_dns::RecordType;
use tegami_mail::{Domain, Note, hex, note};

pub use records::{TlsaOfHost, TlsaRecords};

use crate::case::DomainCase;
use crate::catalogue::Family;
use crate::checks::smtp::Visit;
use crate::{About, Check, Finding, Fix, Who};

/// Its checks.
const CHECKS: &[&Check] = &[&DENIAL, &TLSA, &INSECURE, &ROLLOVER, &TA_LETSENCRYPT];

/// The family.
pub(crate) const FAMILY: Family = Family::new("dane", CHECKS).of_domain(|case| judge(case).boxed()).patient();

/// They look for TLSA records when they send.
const WHO: &[Who] = &[Who::Outlook, Who::Rfc];

const TLSA: Check = Check::new("dane.tlsa", About::Host, Severity::S4, "RFC 7672 section 2.2")
    .who(WHO)
    .after(&["dane.denial", "smtp.connect", "smtp.banner", "tls.starttls"]);
const INSECURE: Check =
    Check::new("dane.insecure", About::Host, Severity::S2, "RFC 7672 section 2.2.1").after(&["dane.denial"]);
const ROLLOVER: Check =
    Check::new("dane.rollover", About::Host, Severity::S1, "RFC 7671 section 8.1").after(&["dane.tlsa"]);
const TA_LETSENCRYPT: Check =
    Check::new("dane.ta-letsencrypt", About::Host, Severity::S2, "RFC 7671 section 5.2")
        .after(&["dane.tlsa"]);
const DENIAL: Check = Check::new("dane.denial", About::Host, Severity::S3, "RFC 7672 section 2.1.2")
    .who(WHO)
    .after(&["mx.resolves"]);

/// Senders are known that give up on longer lists.
const MANY: usize = 12;

async fn judge(case: &DomainCase) -> Vec<Finding> {
    let tlsa = case.tlsa().await;
    let mut findings = Vec::new();
    if tlsa.iter().next().is_none() {
        let none = note!("mx-no-hosts", domain = case.domain);
        return CHECKS.iter().map(|check| check.not_applicable(&case.domain, none.clone())).collect();
    }
    let visits = case.visits().await;
    let mx_secure = case.hosts().await.secure;
    for found in tlsa.iter() {
        findings.push(denial(found));
        findings.push(insecure(found, mx_secure));
        if !found.demands() || !mx_secure {
            let host = &found.host;
            findings.push(absent(found));
            for check in [&ROLLOVER, &TA_LETSENCRYPT] {
                findings.push(check.not_applicable(host, note!("dane-none", host = host)));
            }
            continue;
        }
        let visit = visits.of(&found.host);
        findings.push(matching(case, found, visit));
        findings.push(rollover(case, found, visit));
        findings.push(ta_letsencrypt(case, found, visit));
    }
    findings
}

fn lines(found: &TlsaOfHost) -> Vec<String> {
    let records = found.published.as_deref().unwrap_or_default();
    records.iter().map(|record| format!("{} TLSA {}", found.name, presentation(record))).collect()
}

/// A host in somebody else's domain has its records there.
fn of_owner(case: &DomainCase, found: &TlsaOfHost, fix: Fix) -> Fix {
    let host = found.host.as_str();
    let inside = host == case.domain.as_str() || host.ends_with(&format!(".{}", case.domain));
    if inside { fix } else { fix.by(&found.host) }
}

/// The record that names the key which the host shows.
fn record_of(visit: Option<&Visit>) -> Option<String> {
    let own = visit?.tls()?.chain.first()?;
    let key = dane::public_key(own)?;
    Some(format!("3 1 1 {}", hex(digest(&SHA256, key).as_ref())))
}

fn denial(found: &TlsaOfHost) -> Finding {
    let (host, name) = (&found.host, &found.name);
    let Err(error) = found.published.as_ref() else {
        return DENIAL.pass(host, note!("dane-denial", name = name));
    };
    if error.is_void() {
        return DENIAL.pass(host, note!("dane-denial", name = name));
    }
    if found.host_secure {
        return DENIAL
            .fail(host, note!("dane-denial-broken", host = host, name = name, error = error))
            .evidence(format!("{name} TLSA: {error}"))
            .fix(Fix::new(note!("dane-denial-fix", name = name)).by(host));
    }
    // Nobody asks where the addresses are not secure.
    DENIAL.info(host, note!("dane-denial-unsigned", name = name, error = error))
}

fn insecure(found: &TlsaOfHost, mx_secure: bool) -> Finding {
    let host = &found.host;
    if !found.exist() {
        return INSECURE.not_applicable(host, note!("dane-none", host = host));
    }
    if found.demands() && mx_secure {
        return INSECURE.pass(host, note!("dane-insecure", host = host)).ttl(found.ttl);
    }
    let note = if found.demands() {
        note!("dane-insecure-mx", host = host)
    } else {
        note!("dane-insecure-zone", host = host)
    };
    INSECURE
        .warn(host, note)
        .evidences(lines(found))
        .fix(Fix::new(note!("dane-insecure-fix", host = host)))
        .ttl(found.ttl)
}

/// No records that count.
fn absent(found: &TlsaOfHost) -> Finding {
    let host = &found.host;
    if found.exist() {
        TLSA.not_applicable(host, note!("dane-no-effect", host = host))
    } else {
        TLSA.info(host, note!("dane-none", host = host))
    }
}

fn matching(case: &DomainCase, found: &TlsaOfHost, visit: Option<&Visit>) -> Finding {
    let host = &found.host;
    let add = record_of(visit).map(|value| Change::new(Operation::Add, &found.name, RecordType::Tlsa, value));
    if found.records.usable.is_empty() {
        let why: Vec<String> = lines(found);
        let fix = Fix::new(note!("dane-unusable-fix", host = host)).records(add.into_iter().collect());
        return TLSA
            .warn(host, note!("dane-unusable", host = host))
            .severity(Severity::S3)
            .evidences(why)
            .fix(of_owner(case, found, fix))
            .ttl(found.ttl);
    }
    let Some(visit) = visit else {
        return TLSA.not_applicable(host, note!("smtp-no-session", host = host));
    };
    let Some(tls) = visit.tls() else {
        return match visit.seen() {
            Some(_) => TLSA.fail(host, note!("dane-no-tls", host = host)).evidences(lines(found)),
            None => TLSA.not_applicable(host, crate::checks::smtp::unseen_note(visit)),
        };
    };
    let base = Domain::parse(found.name.as_str().trim_start_matches("_25._tcp.")).ok();
    let names = base.map(|base| dane::references(&base, Some(&case.domain), None)).unwrap_or_default();
    match dane::verify(&tls.chain, &found.records.usable, &names, case.known.now) {
        Ok(record) => TLSA
            .pass(host, note!("dane-tlsa", host = host))
            .evidence(format!("{} TLSA {record}", found.name))
            .ttl(found.ttl),
        Err(mismatch) => TLSA
            .fail(host, mismatch_note(found, &mismatch))
            .evidences(lines(found))
            .evidences(crate::checks::tls::shown(tls))
            .fix(of_owner(case, found, replacement(found, add)))
            .ttl(found.ttl),
    }
}

fn mismatch_note(found: &TlsaOfHost, mismatch: &Mismatch) -> Note {
    let host = &found.host;
    match mismatch {
        Mismatch::Expired => note!("dane-mismatch-expired", host = host),
        Mismatch::NotYetValid => note!("dane-mismatch-early", host = host),
        Mismatch::Name => note!("dane-mismatch-name", host = host),
        Mismatch::Chain(error) => note!("dane-mismatch-chain", host = host, error = error),
        _ => note!("dane-mismatch", host = host),
    }
}

/// The record of the present key, and those away that name another.
fn replacement(found: &TlsaOfHost, add: Option<Change>) -> Fix {
    let old =
        found.published.as_deref().unwrap_or_default().iter().map(|record| {
            Change::new(Operation::Delete, &found.name, RecordType::Tlsa, presentation(record))
        });
    let changes = add.into_iter().chain(old).collect();
    Fix::new(note!("dane-mismatch-fix", host = found.host)).records(changes)
}

/// The next key has to be published before it is used.
fn rollover(case: &DomainCase, found: &TlsaOfHost, visit: Option<&Visit>) -> Finding {
    let host = &found.host;
    if found.records.usable.len() > 1 {
        return ROLLOVER.pass(host, note!("dane-rollover", host = host, count = found.records.usable.len()));
    }
    let issuer = visit.and_then(Visit::tls).and_then(|tls| tls.chain.get(1));
    let issuer = issuer.and_then(|issuer| dane::public_key(issuer)).map(|key| {
        let value = format!("2 1 1 {}", hex(digest(&SHA256, key).as_ref()));
        Change::new(Operation::Add, &found.name, RecordType::Tlsa, value)
    });
    let fix = Fix::new(note!("dane-rollover-fix", name = found.name)).records(issuer.into_iter().collect());
    ROLLOVER
        .info(host, note!("dane-rollover-single", host = host))
        .evidences(lines(found))
        .fix(of_owner(case, found, fix))
        .ttl(found.ttl)
}

/// An authority that changes its intermediate certificates without notice must not be named by one of them.
fn ta_letsencrypt(case: &DomainCase, found: &TlsaOfHost, visit: Option<&Visit>) -> Finding {
    let host = &found.host;
    let usable = &found.records.usable;
    let anchors = usable.iter().filter(|record| record.usage == Usage::DaneTa).count();
    let issuer = visit.and_then(Visit::tls).and_then(|tls| tls.chain.first());
    let issuer = issuer.map(|own| Certificate::read(own).issuer).unwrap_or_default();
    let add = record_of(visit).map(|value| Change::new(Operation::Add, &found.name, RecordType::Tlsa, value));
    let fix = Fix::new(note!("dane-ta-fix", host = host)).records(add.into_iter().collect());
    let fix = of_owner(case, found, fix);
    if usable.len() > MANY {
        return TA_LETSENCRYPT
            .warn(host, note!("dane-ta-many", host = host, count = usable.len(), most = MANY))
            .evidences(lines(found))
            .fix(fix)
            .ttl(found.ttl);
    }
    if anchors > 0 && anchors == usable.len() && issuer.contains("Let's Encrypt") {
        return TA_LETSENCRYPT
            .warn(host, note!("dane-ta-letsencrypt-only", host = host, issuer = issuer))
            .evidences(lines(found))
            .fix(fix)
            .ttl(found.ttl);
    }
    TA_LETSENCRYPT.pass(host, note!("dane-ta-letsencrypt", host = host))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::fixtures;
