//! The certificate that a mail host shows.

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, ServerName};
use tegami_auth::finding::Severity;
use tegami_auth::{Certificate, Digest, Key, Strength, dane};
use tegami_mail::{Domain, note};
use webpki::EndEntityCert;

use super::shown;
use crate::case::DomainCase;
use crate::checks::smtp::Visit;
use crate::probe::{Distrust, TlsSeen};
use crate::{About, Check, Finding, Fix};

/// Where MTA-STS is in force, a failure is told by `sts.mx-cert`.
const AFTER: &[&str] = &["tls.starttls", "sts.mx-cert"];

pub(super) const CHAIN: Check =
    Check::new("tls.cert-chain", About::Host, Severity::S1, "RFC 5280 section 6.1").after(AFTER);
pub(super) const NAME: Check =
    Check::new("tls.cert-name", About::Host, Severity::S1, "RFC 9525 section 6").after(AFTER);
pub(super) const EXPIRY: Check =
    Check::new("tls.cert-expiry", About::Host, Severity::S1, "RFC 5280 section 4.1.2.5").after(AFTER);
pub(super) const KEY: Check =
    Check::new("tls.cert-key", About::Host, Severity::S2, "RFC 9325 section 4.5").after(&["tls.starttls"]);

/// Less than this is hardly a time in which a certificate can be replaced with care.
const WEEK: i64 = 7 * 86_400;

/// RSA keys below are broken or within reach (RFC 9325 section 4.5).
const WEAK: usize = 2048;

/// RSA keys below are to be replaced in the years that come (NCSC-NL, 2025).
const AGEING: usize = 3072;

pub(super) async fn judge(case: &DomainCase, visit: &Visit, tls: &TlsSeen) -> Vec<Finding> {
    let Some(own) = tls.chain.first() else {
        let none = note!("tls-cert-none", host = visit.name);
        return [&CHAIN, &NAME, &EXPIRY, &KEY]
            .map(|check| check.not_applicable(&visit.name, none.clone()))
            .to_vec();
    };
    let certificate = Certificate::read(own);
    let by_dane = is_named_by_dane(case, visit, tls).await;
    vec![
        chain(case, visit, tls, &certificate, by_dane),
        name(visit, tls, own, &certificate, by_dane),
        expiry(case, visit, tls, &certificate),
        key(visit, own, &certificate),
    ]
}

/// A TLSA record that names the host's own certificate needs nobody else's word, and no name (RFC 7672 section 3.1.1).
async fn is_named_by_dane(case: &DomainCase, visit: &Visit, tls: &TlsSeen) -> bool {
    let tlsa = case.tlsa().await;
    let Some(found) = tlsa.of(&visit.name).filter(|found| found.demands()) else { return false };
    case.hosts().await.secure && dane::verify(&tls.chain, &found.records.usable, &[], case.known.now).is_ok()
}

fn is_valid(certificate: &Certificate, now: Timestamp) -> bool {
    certificate.not_before.is_none_or(|from| from <= now)
        && certificate.not_after.is_none_or(|until| now <= until)
}

fn chain(case: &DomainCase, visit: &Visit, tls: &TlsSeen, own: &Certificate, by_dane: bool) -> Finding {
    let host = &visit.name;
    let fix = || Fix::new(note!("tls-cert-chain-fix", host = host));
    let found = match &tls.trusted {
        Ok(()) | Err(Distrust::Name) => CHAIN.pass(host, note!("tls-cert-chain", host = host)),
        Err(_) if by_dane => CHAIN.pass(host, note!("tls-cert-chain-dane", host = host)),
        Err(Distrust::Expired | Distrust::NotYet) if is_valid(own, case.known.now) => {
            CHAIN.warn(host, note!("tls-cert-chain-expired", host = host)).fix(fix())
        }
        // `tls.cert-expiry` tells of it.
        Err(Distrust::Expired | Distrust::NotYet) => {
            return CHAIN.not_applicable(host, note!("tls-cert-chain-unjudged", host = host));
        }
        Err(Distrust::Issuer) if own.is_self_issued() => {
            CHAIN.warn(host, note!("tls-cert-chain-self-signed", host = host)).fix(fix())
        }
        Err(Distrust::Issuer) if tls.chain.len() == 1 => CHAIN
            .warn(host, note!("tls-cert-chain-incomplete", host = host, issuer = own.issuer))
            .fix(Fix::new(note!("tls-cert-chain-incomplete-fix", host = host))),
        Err(Distrust::Issuer) => {
            CHAIN.warn(host, note!("tls-cert-chain-unknown", host = host, issuer = own.issuer)).fix(fix())
        }
        Err(Distrust::Other(error)) => {
            CHAIN.warn(host, note!("tls-cert-chain-other", host = host, error = error)).fix(fix())
        }
    };
    found.evidences(shown(tls))
}

/// RFC 9525 section 6: names alone count, and an asterisk only as a whole first label.
fn has_name(der: &CertificateDer<'_>, certificate: &Certificate, host: &str) -> bool {
    let Ok(server) = ServerName::try_from(host.to_owned()) else { return false };
    match EndEntityCert::try_from(der) {
        Ok(parsed) => parsed.verify_is_valid_for_subject_name(&server).is_ok(),
        Err(_) => certificate.names.iter().any(|name| name.eq_ignore_ascii_case(host)),
    }
}

fn name(visit: &Visit, tls: &TlsSeen, der: &CertificateDer<'_>, own: &Certificate, by_dane: bool) -> Finding {
    let host = &visit.name;
    let is_host = Domain::parse(host.as_str()).is_ok_and(|host| has_name(der, own, host.as_str()));
    if is_host {
        return NAME.pass(host, note!("tls-cert-name", host = host)).evidence(own.names.join(" "));
    }
    if by_dane {
        return NAME.pass(host, note!("tls-cert-name-dane", host = host));
    }
    let names = if own.names.is_empty() { own.subject.clone() } else { own.names.join(" ") };
    NAME.warn(host, note!("tls-cert-name-other", host = host, names = names))
        .evidences(shown(tls))
        .fix(Fix::new(note!("tls-cert-name-fix", host = host)))
}

fn expiry(case: &DomainCase, visit: &Visit, tls: &TlsSeen, own: &Certificate) -> Finding {
    let (host, now) = (&visit.name, case.known.now);
    let (Some(from), Some(until)) = (own.not_before, own.not_after) else {
        return EXPIRY.unknown(host, note!("tls-cert-unreadable", host = host));
    };
    let left = until.as_second() - now.as_second();
    let lifetime = until.as_second() - from.as_second();
    let days = left / 86_400;
    let fix = Fix::new(note!("tls-cert-expiry-fix", host = host));
    let found = if left < 0 {
        EXPIRY.warn(host, note!("tls-cert-expiry-over", host = host, until = until)).fix(fix)
    } else if now < from {
        EXPIRY.warn(host, note!("tls-cert-expiry-early", host = host, from = from))
    } else if left < WEEK {
        EXPIRY.warn(host, note!("tls-cert-expiry-soon", host = host, days = days)).fix(fix)
    } else if left * 3 < lifetime {
        // The rule of renewal: two thirds of the time are over.
        EXPIRY.info(host, note!("tls-cert-expiry-due", host = host, days = days)).fix(fix)
    } else {
        EXPIRY.pass(host, note!("tls-cert-expiry", host = host, days = days))
    };
    found.evidences(shown(tls))
}

fn key(visit: &Visit, der: &CertificateDer<'_>, own: &Certificate) -> Finding {
    let host = &visit.name;
    let Some(strength) = Strength::read(der) else {
        return KEY.unknown(host, note!("tls-cert-unreadable", host = host));
    };
    let fix = || Fix::new(note!("tls-cert-key-fix", host = host));
    let found = match (&strength.key, strength.digest) {
        (Key::Rsa(bits), _) if *bits < WEAK => {
            KEY.warn(host, note!("tls-cert-key-short", host = host, bits = bits)).fix(fix())
        }
        // Nobody reads the signature of a certificate that vouches for itself.
        (_, Digest::Broken(digest)) if !own.is_self_issued() => {
            KEY.warn(host, note!("tls-cert-key-digest", host = host, digest = digest)).fix(fix())
        }
        (Key::Rsa(bits), _) if *bits < AGEING => {
            KEY.info(host, note!("tls-cert-key-ageing", host = host, bits = bits)).severity(Severity::S1)
        }
        (key, _) => KEY.pass(host, note!("tls-cert-key", host = host, key = key)),
    };
    found.evidence(&strength.key)
}
