//! Whether the mail hosts keep to the policy (RFC 8461 section 4).

use tegami_auth::finding::Severity;
use tegami_auth::mta_sts::{Mode, Policy};
use tegami_dns::DnsName;
use tegami_mail::{Domain, note};

use super::{Sts, WHO, renewed};
use crate::case::DomainCase;
use crate::checks::smtp::Visit;
use crate::probe::{Distrust, StartTls};
use crate::{About, Check, Finding, Fix};

pub(super) const MX_MATCH: Check =
    Check::new("sts.mx-match", About::Host, Severity::S4, "RFC 8461 section 4.1")
        .who(WHO)
        .after(&["sts.policy-syntax"]);
pub(super) const MX_CERT: Check =
    Check::new("sts.mx-cert", About::Host, Severity::S4, "RFC 8461 section 4.2").who(WHO).after(&[
        "sts.policy-syntax",
        "smtp.connect",
        "smtp.banner",
        "tls.starttls",
        "sts.mx-match",
    ]);

pub(super) async fn judge(case: &DomainCase, sts: &Sts) -> Vec<Finding> {
    let hosts = case.hosts().await;
    let domain = &case.domain;
    let none = |note: tegami_mail::Note| {
        [&MX_MATCH, &MX_CERT].map(|check| check.not_applicable(domain, note.clone())).to_vec()
    };
    let Some(policy) = sts.policy() else { return none(note!("sts-no-policy", domain = domain)) };
    if policy.mode == Mode::None {
        return none(note!("sts-mode-none", domain = domain));
    }
    if hosts.real().next().is_none() {
        return none(note!("mx-no-hosts", domain = domain));
    }
    let visits = case.visits().await;
    let mut findings = Vec::new();
    for host in hosts.real() {
        findings.push(mx_match(case, sts, policy, &host.name));
        findings.push(mx_cert(policy, &host.name, visits.of(&host.name)));
    }
    findings
}

/// A failure where the policy is enforced, else a warning: nobody refuses yet.
fn against(check: &'static Check, policy: &Policy, host: &DnsName, note: tegami_mail::Note) -> Finding {
    if policy.mode == Mode::Enforce {
        check.fail(host, note)
    } else {
        check.warn(host, note).severity(Severity::S2)
    }
}

fn mx_match(case: &DomainCase, sts: &Sts, policy: &Policy, host: &DnsName) -> Finding {
    let pattern = Domain::parse(host.as_str()).ok().and_then(|name| policy.pattern_for(&name).cloned());
    if let Some(pattern) = pattern {
        return MX_MATCH
            .pass(host, note!("sts-mx-match", host = host, pattern = pattern))
            .evidence(format!("mx: {pattern}"));
    }
    let mut lines = policy.lines();
    lines.insert(lines.len().saturating_sub(1), format!("mx: {host}"));
    let fix = Fix::new(note!("sts-mx-match-fix", host = host, name = sts.record_name))
        .records(vec![renewed(case, sts)])
        .settings(format!("{}\n", lines.join("\n")));
    let note = match policy.mode {
        Mode::Enforce => note!("sts-mx-match-none", host = host),
        _ => note!("sts-mx-match-testing", host = host),
    };
    let patterns = policy.mx.iter().map(|pattern| format!("mx: {pattern}"));
    against(&MX_MATCH, policy, host, note).evidences(patterns).fix(fix).ttl(sts.ttl)
}

fn mx_cert(policy: &Policy, host: &DnsName, visit: Option<&Visit>) -> Finding {
    let Some(visit) = visit else {
        return MX_CERT.not_applicable(host, note!("smtp-no-session", host = host));
    };
    let Some(seen) = visit.seen() else {
        return MX_CERT.not_applicable(host, crate::checks::smtp::unseen_note(visit));
    };
    let tls = match &seen.tls {
        StartTls::Done(tls) => tls,
        StartTls::TooOld(error) => {
            return against(&MX_CERT, policy, host, note!("sts-mx-cert-old", host = host)).evidence(error);
        }
        // `tls.starttls` tells of it.
        _ => return MX_CERT.not_applicable(host, note!("tls-no-tls", host = host)),
    };
    let Err(why) = &tls.trusted else {
        return MX_CERT.pass(host, note!("sts-mx-cert", host = host));
    };
    let note = match why {
        Distrust::Expired => note!("sts-mx-cert-expired", host = host),
        Distrust::NotYet => note!("sts-mx-cert-early", host = host),
        Distrust::Name => note!("sts-mx-cert-name", host = host),
        Distrust::Issuer => note!("sts-mx-cert-issuer", host = host),
        Distrust::Other(error) => note!("sts-mx-cert-other", host = host, error = error),
    };
    against(&MX_CERT, policy, host, note)
        .evidences(crate::checks::tls::shown(tls))
        .fix(Fix::new(note!("sts-mx-cert-fix", host = host)))
}
