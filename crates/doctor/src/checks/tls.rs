//! TLS of the mail hosts, as senders see it on port 25; of our own hosts, also where people's programs come.

mod certificate;
mod submission;

use futures_util::FutureExt as _;
use tegami_auth::Certificate;
use tegami_auth::finding::Severity;
use tegami_auth::received::Tls;
use tegami_mail::{Note, note};

use crate::case::{DomainCase, MessageCase};
use crate::catalogue::Family;
use crate::check::Consequence;
use crate::checks::smtp::{Visit, Visits, unseen_note};
use crate::probe::{Offer, OfferSeen, Picked, SmtpSeen, StartTls, TlsSeen};
use crate::{About, Check, Finding, Fix, Who};

/// Its checks.
const CHECKS: &[&Check] = &[
    &STARTTLS,
    &VERSION,
    &CIPHERS,
    &certificate::CHAIN,
    &certificate::NAME,
    &certificate::EXPIRY,
    &certificate::KEY,
    &CLIENT_CERT,
    &RENEGOTIATION,
    &COMPRESSION,
    &EMS,
    &submission::SUBMISSION,
    &OUTBOUND,
];

/// The family.
pub(crate) const FAMILY: Family = Family::new("tls", CHECKS)
    .of_domain(|case| judge(case).boxed())
    .of_message(|case| async { vec![outbound(case)] }.boxed())
    .patient();

const STARTTLS: Check = Check::new("tls.starttls", About::Host, Severity::S4, "RFC 3207 section 4")
    .who(&[Who::Gmail, Who::Rfc])
    .after(&["smtp.connect", "smtp.banner", "smtp.ehlo"]);
const VERSION: Check =
    Check::new("tls.version", About::Host, Severity::S2, "RFC 8996 section 4").after(&["tls.starttls"]);
const CIPHERS: Check =
    Check::new("tls.ciphers", About::Host, Severity::S2, "RFC 9325 section 4.1").after(&["tls.starttls"]);
const CLIENT_CERT: Check =
    Check::new("tls.client-cert-request", About::Host, Severity::S1, "RFC 8446 section 4.3.2")
        .after(&["tls.starttls"]);
const RENEGOTIATION: Check =
    Check::new("tls.renegotiation", About::Host, Severity::S1, "RFC 5746 section 3.6")
        .after(&["tls.starttls"]);
const COMPRESSION: Check =
    Check::new("tls.compression", About::Host, Severity::S1, "RFC 9325 section 3.3").after(&["tls.starttls"]);
const EMS: Check =
    Check::new("tls.ems", About::Host, Severity::S1, "RFC 7627 section 5.2").after(&["tls.starttls"]);
const OUTBOUND: Check = Check::new("tls.outbound", About::Message, Severity::S4, "RFC 3207 section 4")
    .who(&[Who::Gmail, Who::Yahoo])
    .answers(&[
        Consequence { provider: Who::Gmail, code: "421 4.7.29" },
        Consequence { provider: Who::Gmail, code: "550 5.7.29" },
    ]);

async fn judge(case: &DomainCase) -> Vec<Finding> {
    judge_visits(case, case.visits().await).await
}

pub(super) async fn judge_visits(case: &DomainCase, visits: &Visits) -> Vec<Finding> {
    let mut findings = Vec::new();
    for visit in visits.iter() {
        let demanded = demanded(case, visit).await;
        findings.push(starttls(visit, demanded));
        findings.push(version(visit));
        findings.extend(visit_with_tls(case, visit).await);
        findings.push(submission::missing(visit));
        findings.extend(submission::judge(visit));
    }
    if visits.iter().next().is_none() {
        let none = note!("mx-no-hosts", domain = case.domain);
        let checks = CHECKS.iter().filter(|check| check.about != About::Message);
        findings.extend(checks.map(|check| check.not_applicable(&case.domain, none.clone())));
    }
    findings
}

/// What has to be seen of TLS for these.
const OF_TLS: &[&Check] = &[
    &CIPHERS,
    &certificate::CHAIN,
    &certificate::NAME,
    &certificate::EXPIRY,
    &certificate::KEY,
    &CLIENT_CERT,
    &RENEGOTIATION,
    &COMPRESSION,
    &EMS,
];

async fn visit_with_tls(case: &DomainCase, visit: &Visit) -> Vec<Finding> {
    let name = &visit.name;
    let Some(tls) = visit.tls() else {
        let note = if visit.seen().is_some() { note!("tls-no-tls", host = name) } else { unseen_note(visit) };
        let mut findings: Vec<Finding> =
            OF_TLS.iter().map(|check| check.not_applicable(name, note.clone())).collect();
        // A host that speaks nothing that we do may still show what it picks.
        findings.extend(picked(visit, Offer::WeakCiphers).map(|picked| weak(visit, picked)));
        return findings;
    };
    let mut findings = certificate::judge(case, visit, tls).await;
    findings.extend([ciphers(visit, tls), client_cert(visit, tls)]);
    findings.extend(manners(visit));
    findings
}

/// Who demands TLS of the host: MTA-STS in force, or TLSA records.
async fn demanded(case: &DomainCase, visit: &Visit) -> Option<&'static str> {
    let by_dane = case.tlsa().await.of(&visit.name).is_some_and(crate::TlsaOfHost::demands);
    if case.sts().await.enforces() {
        Some("MTA-STS")
    } else if by_dane && case.hosts().await.secure {
        Some("DANE")
    } else {
        None
    }
}

/// What a certificate says, for evidence.
pub(super) fn shown(tls: &TlsSeen) -> Vec<String> {
    let mut lines = vec![format!("{} {}", tls.version, tls.cipher)];
    for (at, der) in tls.chain.iter().take(5).enumerate() {
        let certificate = Certificate::read(der);
        let until = certificate.not_after.map(|until| format!("; until {until}")).unwrap_or_default();
        lines.push(format!("{at}: {}; by {}{until}", certificate.subject, certificate.issuer));
        if at == 0 && !certificate.names.is_empty() {
            lines.push(format!("   {}", certificate.names.join(" ")));
        }
    }
    lines
}

fn starttls(visit: &Visit, demanded: Option<&str>) -> Finding {
    let name = &visit.name;
    let Some(seen) = visit.seen() else { return STARTTLS.not_applicable(name, unseen_note(visit)) };
    let bad = |note: Note| match demanded {
        Some(by) => STARTTLS.fail(name, note).evidence(by),
        None => STARTTLS.warn(name, note).severity(Severity::S2),
    };
    let fix = Fix::new(note!("tls-starttls-fix", host = name));
    match &seen.tls {
        StartTls::Done(tls) => {
            let line = format!("{} {}", tls.version, tls.cipher);
            STARTTLS.pass(name, note!("tls-starttls", host = name)).evidence(line)
        }
        // `tls.version` tells of it.
        StartTls::TooOld(_) => STARTTLS.pass(name, note!("tls-starttls-old", host = name)),
        StartTls::Unreached => STARTTLS.unknown(name, note!("tls-starttls-unreached", host = name)),
        StartTls::NotOffered => {
            let offered = seen.offered.iter().flat_map(|offered| offered.lines.iter());
            bad(note!("tls-starttls-none", host = name)).evidences(offered).fix(fix)
        }
        StartTls::Refused(reply) => {
            bad(note!("tls-starttls-refused", host = name, reply = reply)).evidence(reply).fix(fix)
        }
        StartTls::Failed(error) => {
            bad(note!("tls-starttls-failed", host = name, error = error)).evidence(error).fix(fix)
        }
    }
}

fn hello(visit: &Visit, offer: Offer) -> Option<&OfferSeen> {
    visit.offers.as_ref().ok()?.iter().find(|seen| seen.offer == offer)
}

fn picked(visit: &Visit, offer: Offer) -> Option<&Picked> {
    hello(visit, offer)?.answer.as_ref().ok()
}

fn version(visit: &Visit) -> Finding {
    let name = &visit.name;
    let Some(SmtpSeen { tls, .. }) = visit.seen() else {
        return VERSION.not_applicable(name, unseen_note(visit));
    };
    let old = picked(visit, Offer::OldVersions);
    let fix = || Fix::new(note!("tls-version-fix", host = name));
    match (tls, old) {
        (StartTls::TooOld(error), _) => VERSION
            .warn(name, note!("tls-version-too-old", host = name))
            .evidence(old.map_or_else(|| error.clone(), ToString::to_string))
            .fix(fix()),
        (StartTls::Done(tls), Some(old)) => VERSION
            .info(
                name,
                note!("tls-version-still", host = name, version = tls.version, old = old.version_name()),
            )
            .evidences([format!("{} {}", tls.version, tls.cipher), old.to_string()])
            .fix(fix())
            .severity(Severity::S1),
        (StartTls::Done(tls), None) if tls.version == "TLSv1.3" => {
            VERSION.pass(name, note!("tls-version", host = name, version = tls.version))
        }
        (StartTls::Done(tls), None) => VERSION
            .info(name, note!("tls-version-1-2", host = name, version = tls.version))
            .severity(Severity::S1),
        _ => VERSION.not_applicable(name, note!("tls-no-tls", host = name)),
    }
}

fn weak(visit: &Visit, picked: &Picked) -> Finding {
    let name = &visit.name;
    if picked.is_anonymous() {
        // Postfix takes them as it comes: who uses them would not look at a certificate either (RFC 7435 section 3).
        return CIPHERS
            .info(name, note!("tls-ciphers-anonymous", host = name, cipher = picked.cipher_name()))
            .evidence(picked)
            .severity(Severity::S1);
    }
    CIPHERS
        .warn(name, note!("tls-ciphers-weak", host = name, cipher = picked.cipher_name()))
        .evidence(picked)
        .fix(Fix::new(note!("tls-ciphers-fix", host = name)))
}

fn ciphers(visit: &Visit, tls: &TlsSeen) -> Finding {
    let name = &visit.name;
    match (picked(visit, Offer::WeakCiphers), hello(visit, Offer::WeakCiphers)) {
        (Some(picked), _) => weak(visit, picked),
        (None, Some(_)) => CIPHERS.pass(name, note!("tls-ciphers-strong", host = name, cipher = tls.cipher)),
        (None, None) => CIPHERS.pass(name, note!("tls-ciphers", host = name, cipher = tls.cipher)),
    }
}

fn client_cert(visit: &Visit, tls: &TlsSeen) -> Finding {
    let name = &visit.name;
    if !tls.asked_for_ours {
        return CLIENT_CERT.pass(name, note!("tls-client-cert-request", host = name));
    }
    CLIENT_CERT
        .warn(name, note!("tls-client-cert-request-asked", host = name))
        .fix(Fix::new(note!("tls-client-cert-request-fix", host = name)))
}

/// What only TLS 1.2 and older have.
fn manners(visit: &Visit) -> Vec<Finding> {
    let name = &visit.name;
    let checks = [&RENEGOTIATION, &COMPRESSION, &EMS];
    let Some(seen) = hello(visit, Offer::Manners) else {
        let unasked = note!("tls-unasked", host = name);
        return checks.map(|check| check.not_applicable(name, unasked.clone())).to_vec();
    };
    let Ok(picked) = &seen.answer else {
        let newer = note!("tls-only-1-3", host = name);
        return checks.map(|check| check.pass(name, newer.clone())).to_vec();
    };
    let renegotiation = if picked.secure_renegotiation {
        RENEGOTIATION.pass(name, note!("tls-renegotiation", host = name))
    } else {
        let fix = Fix::new(note!("tls-library-fix", host = name));
        RENEGOTIATION.warn(name, note!("tls-renegotiation-insecure", host = name)).fix(fix)
    };
    let compression = if picked.compression {
        let fix = Fix::new(note!("tls-compression-fix", host = name));
        COMPRESSION.warn(name, note!("tls-compression-on", host = name)).fix(fix)
    } else {
        COMPRESSION.pass(name, note!("tls-compression", host = name))
    };
    let ems = if picked.extended_master_secret {
        EMS.pass(name, note!("tls-ems", host = name))
    } else {
        EMS.info(name, note!("tls-ems-none", host = name))
            .fix(Fix::new(note!("tls-library-fix", host = name)))
    };
    vec![renegotiation, compression, ems]
}

/// A message that arrived: whether its sender encrypted the connection.
fn outbound(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    match case.arrival.tls {
        Tls::Used => OUTBOUND.pass(subject, note!("tls-outbound")),
        Tls::Clear => {
            OUTBOUND.fail(subject, note!("tls-outbound-clear")).fix(Fix::new(note!("tls-outbound-fix")))
        }
        Tls::Unknown => OUTBOUND.unknown(subject, note!("tls-outbound-unknown")),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::fixtures;
