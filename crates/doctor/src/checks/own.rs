//! This installation: what it says of itself against what is published, and against what others see.

mod published;
#[cfg(test)]
mod tests;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use jiff::SignedDuration;
use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls_pki_types::ServerName;
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_dns::DnsName;
use tegami_mail::{Domain, note};

#[cfg(test)]
pub(crate) use tests::fixtures;

use crate::catalogue::Family;
use crate::checks::helo::is_full_name;
use crate::checks::ip::Reverse;
use crate::checks::path::contact::addresses_of;
use crate::own::{Mailbox, OWN, OwnCase, OwnDomain, Relay, Returns};
use crate::{About, Check, DomainCase, Finding, Fix, Who};

/// The family.
pub(crate) const FAMILY: Family = Family::new("self", CHECKS).of_own(|case| judge(case).boxed());

const CHECKS: &[&Check] = &[
    &HOSTNAME,
    &DKIM_KEYS,
    &STS_POLICY,
    &TLSA,
    &DNS_PLAN,
    &QUEUE,
    &REPORTS,
    &POSTMASTER_MAILBOX,
    &ABUSE_MAILBOX,
    &BOUNCE_MAILBOX,
    &RELAY_ALIGNMENT,
    &SUPPRESSION,
];

const HOSTNAME: Check = Check::new("self.hostname", About::Own, Severity::S3, "RFC 5321 section 2.3.5");
const DKIM_KEYS: Check = Check::new("self.dkim-keys", About::Own, Severity::S4, "RFC 6376 section 3.6.2")
    .who(&[Who::Gmail, Who::Outlook, Who::Yahoo, Who::ICloud]);
const STS_POLICY: Check = Check::new("self.sts-policy", About::Own, Severity::S3, "RFC 8461 section 3.2");
const TLSA: Check = Check::new("self.tlsa", About::Own, Severity::S4, "RFC 7672 section 3.1");
const DNS_PLAN: Check = Check::new("self.dns-plan", About::Own, Severity::S2, "RFC 1912 section 2");
const QUEUE: Check = Check::new("self.queue", About::Own, Severity::S2, "RFC 5321 section 4.5.4.1");
const REPORTS: Check = Check::new("self.reports", About::Own, Severity::S1, "RFC 9990 section 3");
const POSTMASTER_MAILBOX: Check =
    Check::new("self.postmaster-mailbox", About::Own, Severity::S3, "RFC 5321 section 4.5.1");
const ABUSE_MAILBOX: Check = Check::new("self.abuse-mailbox", About::Own, Severity::S2, "RFC 2142 section 4");
const BOUNCE_MAILBOX: Check =
    Check::new("self.bounce-mailbox", About::Own, Severity::S3, "RFC 5321 section 4.4");
const RELAY_ALIGNMENT: Check =
    Check::new("self.relay-alignment", About::Own, Severity::S3, "RFC 9989 section 4.4").who(&[
        Who::Gmail,
        Who::Outlook,
        Who::Yahoo,
    ]);
const SUPPRESSION: Check =
    Check::new("self.suppression", About::Own, Severity::S2, "Outlook.com postmaster policies")
        .who(&[Who::Outlook]);

/// Without a report for so long, something may be wrong.
const REPORTS_WITHIN: SignedDuration = SignedDuration::from_hours(48);

async fn judge(case: &OwnCase) -> Vec<Finding> {
    let mut findings = vec![hostname(case).await];
    findings.extend(published::dkim_keys(case).await);
    findings.extend(published::sts_policies(case).await);
    findings.push(published::tlsa(case).await);
    findings.push(published::plan(case).await);
    findings.push(queue(case));
    findings.extend(of_domains(case).await);
    findings.extend(relays(case).await);
    findings.push(suppression(case));
    findings
}

async fn hostname(case: &OwnCase) -> Finding {
    let Some(hostname) = &case.own.hostname else {
        return HOSTNAME.not_applicable(OWN, note!("self-no-configuration"));
    };
    if !is_full_name(hostname.as_str()) {
        let name = case.own.domains.first().map_or("example.com", |own| own.domain.as_str());
        let fix = Fix::new(note!("self-hostname-fix", name = format_args!("mail.{name}")))
            .settings(format!("hostname = \"mail.{name}\"\n"));
        return HOSTNAME.fail(OWN, note!("self-hostname-short", hostname = hostname)).fix(fix);
    }
    let sources = case.sources().await;
    match addresses_of(case.resolver(), hostname).await {
        Ok(addresses) if addresses.is_empty() => {
            let add = sources.iter().map(|ip| Change::address(Operation::Add, hostname, *ip)).collect();
            let fix = Fix::new(note!("self-hostname-address-fix", hostname = hostname)).records(add);
            return HOSTNAME.fail(OWN, note!("self-hostname-no-address", hostname = hostname)).fix(fix);
        }
        Ok(_) => {}
        Err(error) => {
            let note = note!("dns-unanswered", name = hostname, kind = "A", error = error);
            return HOSTNAME.unknown(OWN, note);
        }
    }
    if has_other_names(case, hostname) {
        let fix = Fix::new(note!("self-hostname-certificate-fix", hostname = hostname));
        return HOSTNAME
            .warn(OWN, note!("self-hostname-certificate", hostname = hostname))
            .severity(Severity::S2)
            .fix(fix);
    }
    let reverse = join_all(sources.iter().map(|ip| Reverse::find(*ip, case.resolver()))).await;
    let name = DnsName::from(hostname);
    let others: Vec<String> = reverse
        .iter()
        .filter(|reverse| !reverse.names.iter().flatten().any(|other| *other == name))
        .flat_map(Reverse::records)
        .collect();
    if others.is_empty() {
        HOSTNAME.pass(OWN, note!("self-hostname", hostname = hostname))
    } else {
        HOSTNAME.info(OWN, note!("self-hostname-other-ptr", hostname = hostname)).evidences(others)
    }
}

/// Whether we show a certificate, and it is not for this name.
fn has_other_names(case: &OwnCase, hostname: &Domain) -> bool {
    let Some(certificate) = case.own.certificate.first() else { return false };
    let Ok(parsed) = ParsedCertificate::try_from(certificate) else { return true };
    let Ok(name) = ServerName::try_from(hostname.as_str()) else { return false };
    verify_server_name(&parsed, &name).is_err()
}

fn queue(case: &OwnCase) -> Finding {
    let Some(queue) = &case.own.queue else {
        return QUEUE.not_applicable(OWN, note!("self-untold"));
    };
    let lines = queue.groups.iter().take(10).map(|(name, waiting, old)| {
        if *old > 0 { format!("{name}: {waiting} (> 1 d: {old})") } else { format!("{name}: {waiting}") }
    });
    let lines: Vec<String> = lines.collect();
    match (queue.waiting, queue.old) {
        (0, _) => QUEUE.pass(OWN, note!("self-queue-empty")),
        (waiting, 0) => QUEUE.pass(OWN, note!("self-queue", waiting = waiting)).evidences(lines),
        (waiting, old) => QUEUE
            .warn(OWN, note!("self-queue-old", waiting = waiting, old = old))
            .evidences(lines)
            .fix(Fix::new(note!("self-queue-fix"))),
    }
}

async fn of_domains(case: &OwnCase) -> Vec<Finding> {
    if case.own.domains.is_empty() {
        let checks = [&REPORTS, &POSTMASTER_MAILBOX, &ABUSE_MAILBOX, &BOUNCE_MAILBOX];
        return checks.map(|check| check.not_applicable(OWN, note!("self-no-domains"))).to_vec();
    }
    let looked = case.own.domains.iter().map(|own| async move {
        let here = comes_here(case, &own.domain).await;
        [
            reports(case, own),
            mailbox(&POSTMASTER_MAILBOX, own, "postmaster", here),
            mailbox(&ABUSE_MAILBOX, own, "abuse", here),
            returns(own, here),
        ]
    });
    join_all(looked).await.into_iter().flatten().collect()
}

/// Whether mail for the domain comes to this installation.
async fn comes_here(case: &OwnCase, domain: &Domain) -> bool {
    let Some(hostname) = &case.own.hostname else { return false };
    let of_domain = DomainCase::new(domain.clone(), (**case).clone());
    let name = DnsName::from(hostname);
    of_domain.hosts().await.real().any(|host| host.name == name || host.aliases.contains(&name))
}

fn reports(case: &OwnCase, own: &OwnDomain) -> Finding {
    let domain = &own.domain;
    let Some(seen) = own.reports else {
        return REPORTS.not_applicable(domain, note!("self-reports-not-kept"));
    };
    let lines = [("DMARC", seen.dmarc), ("TLS", seen.tls)]
        .into_iter()
        .filter_map(|(what, at)| Some(format!("{what}: {}", at?)));
    let last = [seen.dmarc, seen.tls].into_iter().flatten().max();
    let found = match last {
        Some(last) if case.known.now.duration_since(last) <= REPORTS_WITHIN => {
            REPORTS.pass(domain, note!("self-reports", domain = domain))
        }
        _ => REPORTS.info(domain, note!("self-reports-none", domain = domain)),
    };
    found.evidences(lines)
}

fn mailbox(check: &'static Check, own: &OwnDomain, local_part: &'static str, here: bool) -> Finding {
    let domain = &own.domain;
    let address = format!("{local_part}@{domain}");
    if !here {
        return check.not_applicable(domain, note!("self-mailbox-elsewhere", domain = domain));
    }
    let Some(mailboxes) = &own.mailboxes else {
        return check.not_applicable(domain, note!("self-untold"));
    };
    let has = |mailbox: &Mailbox| mailbox.local_part.eq_ignore_ascii_case(local_part) && mailbox.exists;
    if mailboxes.iter().any(has) {
        return check.pass(domain, note!("self-mailbox", address = address));
    }
    let fix = Fix::new(note!("self-mailbox-fix", address = address));
    let note = note!("self-mailbox-none", address = address);
    if check.severity >= Severity::S3 {
        check.fail(domain, note).fix(fix)
    } else {
        check.warn(domain, note).fix(fix)
    }
}

fn returns(own: &OwnDomain, here: bool) -> Finding {
    let domain = &own.domain;
    match own.returns {
        None => BOUNCE_MAILBOX.not_applicable(domain, note!("self-untold")),
        Some(Returns::Ours) if here => BOUNCE_MAILBOX.pass(domain, note!("self-returns", domain = domain)),
        Some(Returns::Ours) => BOUNCE_MAILBOX
            .fail(domain, note!("self-returns-lost", domain = domain))
            .fix(Fix::new(note!("self-returns-fix", domain = domain))),
        Some(Returns::Senders) => BOUNCE_MAILBOX.info(domain, note!("self-returns-senders", domain = domain)),
    }
}

async fn relays(case: &OwnCase) -> Vec<Finding> {
    let pairs: Vec<(&Relay, &OwnDomain)> = case
        .own
        .relays
        .iter()
        .flat_map(|relay| {
            let taken = |own: &&OwnDomain| relay.domains.is_empty() || relay.domains.contains(&own.domain);
            case.own.domains.iter().filter(taken).map(move |own| (relay, own))
        })
        .collect();
    if pairs.is_empty() {
        return vec![RELAY_ALIGNMENT.not_applicable(OWN, note!("self-relay-none"))];
    }
    join_all(pairs.into_iter().map(|(relay, own)| alignment(case, relay, own))).await
}

/// What DMARC will say of mail through a relay: our own signature goes with it and is aligned, whatever the relay does to the envelope.
async fn alignment(case: &OwnCase, relay: &Relay, own: &OwnDomain) -> Finding {
    let (domain, name) = (&own.domain, &relay.name);
    let subject = format!("{name} {domain}");
    let mut signed = false;
    for key in &own.keys {
        signed |= published::is_published(case, domain, key).await == Ok(true);
    }
    if signed {
        return RELAY_ALIGNMENT.pass(subject, note!("self-relay-signed", relay = name, domain = domain));
    }
    let of_domain = DomainCase::new(domain.clone(), (**case).clone());
    let addresses = match &relay.host {
        tegami_mail::Host::Domain(host) => addresses_of(case.resolver(), host).await.unwrap_or_default(),
        tegami_mail::Host::Literal(ip) => vec![*ip],
    };
    for ip in addresses {
        if of_domain.permits(ip).await {
            let note = note!("self-relay-spf", relay = name, domain = domain);
            return RELAY_ALIGNMENT.info(subject, note).likely();
        }
    }
    let policy = of_domain.dmarc().await.record().is_some();
    let fix = Fix::new(note!("self-relay-fix", relay = name, domain = domain));
    let note = note!("self-relay-unaligned", relay = name, domain = domain);
    let found = if policy {
        RELAY_ALIGNMENT.fail(subject, note)
    } else {
        RELAY_ALIGNMENT.warn(subject, note).severity(Severity::S2)
    };
    found.fix(fix).likely()
}

fn suppression(case: &OwnCase) -> Finding {
    match case.own.refused {
        None => SUPPRESSION.not_applicable(OWN, note!("self-untold")),
        Some(seen) if seen.kept_back => {
            SUPPRESSION.pass(OWN, note!("self-suppression", count = seen.addresses))
        }
        Some(_) => SUPPRESSION
            .warn(OWN, note!("self-suppression-off"))
            .fix(Fix::new(note!("self-suppression-fix")).settings("[suppressions]\nhard_bounces = 1\n")),
    }
}
