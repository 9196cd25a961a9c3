//! Which way the message came: its return path, the connection, and the hosts before it.

use std::net::IpAddr;

use tegami_auth::finding::{Change, Operation, Severity};
use tegami_auth::iprev::IprevResult;
use tegami_auth::is_on_the_internet;
use tegami_auth::received::{Hop, Tls};
use tegami_dns::{DnsName, RecordType};
use tegami_mail::{Domain, ReversePath, note};

use super::{excerpt, gmail};
use crate::case::MessageCase;
use crate::checks::mx::{MailHosts, Receiving};
use crate::{About, Check, Consequence, Finding, Fix, Who};

pub(super) const ENVELOPE_FROM: Check =
    Check::new("msg.envelope-from", About::Message, Severity::S3, "RFC 5321 section 4.5.5")
        .who(&[Who::Yahoo])
        .answers(&[
            Consequence { provider: Who::Yahoo, code: "451" },
            Consequence { provider: Who::ICloud, code: "450 4.1.8" },
        ]);
pub(super) const DELIVERABLE: Check =
    Check::new("msg.return-path-deliverable", About::Message, Severity::S3, "RFC 7505 section 4.2")
        .after(&["msg.envelope-from"]);
pub(super) const CONNECTION: Check =
    Check::new("msg.ptr-helo-tls", About::Message, Severity::S4, "Gmail email sender guidelines")
        .who(&[Who::Gmail, Who::Outlook, Who::Yahoo, Who::ICloud])
        .answers(&[gmail("550 5.7.25"), gmail("550 5.7.29")]);
pub(super) const RECEIVED: Check =
    Check::new("msg.received-chain", About::Message, Severity::S2, "RFC 5321 section 4.4")
        .answers(&[gmail("554 5.4.6")]);

pub(super) async fn judge(case: &MessageCase<'_>) -> Vec<Finding> {
    let mut findings = vec![envelope_from(case).await, deliverable(case).await];
    findings.extend(connection(case));
    findings.push(received(case));
    findings
}

/// Whether the message says that a program made it (RFC 3834 section 5), or is a report (RFC 3464, RFC 5965).
fn is_automatic(case: &MessageCase<'_>) -> bool {
    let field = |name| case.section.first(name).map(|field| field.text().to_ascii_lowercase());
    field("Auto-Submitted").is_some_and(|word| word.trim() != "no")
        || field("Content-Type").is_some_and(|kind| kind.contains("multipart/report"))
}

async fn envelope_from(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    if !case.arrival.mail_from_told {
        // Not *unknown*: what depends on it can be looked at for the author all the same.
        return ENVELOPE_FROM.not_applicable(subject, note!("msg-mail-from-untold"));
    }
    let domain = match &case.verdicts().mail_from {
        ReversePath::Null if is_automatic(case) => {
            return ENVELOPE_FROM.pass(subject, note!("msg-envelope-from-null-report"));
        }
        ReversePath::Null => {
            let fix = Fix::new(note!("msg-envelope-from-null-fix"));
            return ENVELOPE_FROM.fail(subject, note!("msg-envelope-from-null")).fix(fix);
        }
        path => path.address().and_then(|address| address.domain().cloned()),
    };
    let Some(domain) = domain else {
        return ENVELOPE_FROM
            .fail(subject, note!("msg-envelope-from-literal"))
            .fix(Fix::new(note!("msg-envelope-from-null-fix")));
    };
    let name = DnsName::from(&domain);
    // Yahoo asks for the SOA record to see whether a domain exists: that of a zone above answers too.
    match case.resolver().lookup(&name, RecordType::Soa).await {
        Err(tegami_dns::DnsError::NxDomain) => {
            let change = Change::new(Operation::Add, &domain, RecordType::Mx, format!("10 mail.{domain}."));
            let fix = Fix::new(note!("msg-envelope-from-absent-fix", domain = domain)).records(vec![change]);
            ENVELOPE_FROM.fail(subject, note!("msg-envelope-from-absent", domain = domain)).fix(fix)
        }
        Err(error) if !error.is_void() => {
            ENVELOPE_FROM.unknown(subject, note!("dns-unanswered", name = name, kind = "SOA", error = error))
        }
        _ => ENVELOPE_FROM.pass(subject, note!("msg-envelope-from", domain = domain)),
    }
}

async fn deliverable(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let mail_from = case.verdicts().mail_from.address().and_then(|address| address.domain().cloned());
    let mut domains: Vec<Domain> = mail_from.into_iter().chain(case.author.clone()).collect();
    domains.dedup();
    if domains.is_empty() {
        return DELIVERABLE.not_applicable(subject, note!("msg-no-author"));
    }
    let mut told = Vec::new();
    for domain in &domains {
        let hosts = MailHosts::find(&DnsName::from(domain), case.resolver()).await;
        let note = match &hosts.receiving {
            Receiving::Explicit | Receiving::Implicit => {
                told.push(domain.to_string());
                continue;
            }
            Receiving::Null => note!("msg-deliverable-null", domain = domain),
            Receiving::Nowhere | Receiving::NoDomain => note!("msg-deliverable-nowhere", domain = domain),
            Receiving::Unknown(error) => {
                let note = note!("dns-unanswered", name = domain, kind = "MX", error = error);
                return DELIVERABLE.unknown(subject, note);
            }
        };
        let operation = if hosts.receiving == Receiving::Null { Operation::Replace } else { Operation::Add };
        let change = Change::new(operation, domain, RecordType::Mx, format!("10 mail.{domain}."));
        let fix = Fix::new(note!("msg-deliverable-fix", domain = domain)).records(vec![change]);
        return DELIVERABLE.fail(subject, note).fix(fix);
    }
    DELIVERABLE.pass(subject, note!("msg-deliverable", domains = told.join(", ")))
}

fn connection(case: &MessageCase<'_>) -> Vec<Finding> {
    let mut findings = vec![reverse_dns(case)];
    let helo = &case.verdicts().helo;
    if let Some(note) = helo_fault(helo) {
        let fix = Fix::new(note!("msg-helo-fix"));
        findings.push(
            CONNECTION
                .fail(&case.subject, note)
                .severity(Severity::S3)
                .source("RFC 5321 section 4.1.4")
                .evidence(format!("EHLO {}", excerpt(helo)))
                .fix(fix),
        );
    }
    // That the connection was not encrypted is told by `tls.outbound`.
    findings
}

fn reverse_dns(case: &MessageCase<'_>) -> Finding {
    let (subject, ip) = (&case.subject, case.verdicts().ip);
    let iprev = &case.verdicts().early.iprev;
    let name = iprev.name.as_deref().unwrap_or_default();
    let helo = &case.verdicts().helo;
    // The name that the address should have: the one under which the host introduces itself, where that is one.
    let wanted = Domain::parse(helo).ok().filter(|name| name.parent().is_some());
    match iprev.result {
        IprevResult::Pass => CONNECTION
            .pass(subject, note!("msg-connection", ip = ip, name = name))
            .evidence(format!("{} PTR {name}.", DnsName::reverse(ip))),
        IprevResult::TempError => CONNECTION.unknown(subject, note!("msg-open", method = "PTR")),
        IprevResult::PermError => {
            let mut fix = Fix::new(note!("msg-ptr-none-fix", ip = ip)).by(ip);
            if let Some(name) = wanted {
                let change =
                    Change::new(Operation::Add, &DnsName::reverse(ip), RecordType::Ptr, format!("{name}."));
                fix = fix.records(vec![change]);
            }
            CONNECTION.fail(subject, note!("msg-ptr-none", ip = ip)).fix(fix)
        }
        IprevResult::Fail => {
            let mut fix = Fix::new(note!("msg-ptr-unconfirmed-fix", ip = ip, name = name));
            if let Ok(owner) = Domain::parse(name) {
                fix = fix.records(vec![Change::address(Operation::Add, &owner, ip)]);
            }
            CONNECTION
                .fail(subject, note!("msg-ptr-unconfirmed", ip = ip, name = name))
                .evidence(format!("{} PTR {name}.", DnsName::reverse(ip)))
                .fix(fix)
        }
    }
}

/// What is wrong with the argument of HELO (RFC 5321 section 4.1.4).
fn helo_fault(helo: &str) -> Option<tegami_mail::Note> {
    if helo.is_empty() {
        // The session is not known.
        return None;
    }
    let shown = excerpt(helo);
    if helo.starts_with('[') && helo.ends_with(']') {
        return None;
    }
    if helo.parse::<IpAddr>().is_ok() {
        return Some(note!("msg-helo-bare-ip", helo = shown));
    }
    let is_name = Domain::parse(helo).is_ok_and(|name| {
        let last = name.labels().next_back().unwrap_or_default().to_owned();
        name.parent().is_some() && !matches!(last.as_str(), "local" | "localdomain" | "lan" | "internal")
    });
    (!is_name || helo.contains('_')).then(|| note!("msg-helo-not-fqdn", helo = shown))
}

/// A host may take so long, in seconds, before it is told.
const SLOW: i64 = 300;
/// Clocks may differ so much, in seconds.
const SKEW: i64 = 60;
/// Hops above which somebody sends in circles, and those that Gmail counts.
const MANY: usize = 25;
const TOO_MANY: usize = 50;

fn received(case: &MessageCase<'_>) -> Finding {
    let (subject, hops) = (&case.subject, &case.hops);
    let told = hops.iter().map(told_hop);
    if hops.is_empty() {
        return RECEIVED.info(subject, note!("msg-received-none"));
    }
    let count = hops.len();
    if count > TOO_MANY {
        return RECEIVED
            .fail(subject, note!("msg-received-loop", count = count))
            .source("RFC 5321 section 6.3");
    }
    let seconds = |hop: &Hop| hop.delay.map(|delay| delay.as_secs());
    let by = |hop: &Hop| hop.by.clone().unwrap_or_else(|| "?".to_owned());
    let entrance = hops.iter().rfind(|hop| hop.verified).and_then(|hop| hop.by.as_deref());
    let forged = hops.iter().find(|hop| !hop.verified && hop.by.is_some() && hop.by.as_deref() == entrance);
    let slow = hops
        .iter()
        .filter(|hop| seconds(hop).is_some_and(|delay| delay > SLOW))
        .max_by_key(|hop| seconds(hop));
    let early = hops
        .iter()
        .filter(|hop| seconds(hop).is_some_and(|delay| delay < -SKEW))
        .min_by_key(|hop| seconds(hop));
    let clear = hops
        .iter()
        .find(|hop| !hop.verified && hop.tls == Tls::Clear && hop.ip.is_some_and(is_on_the_internet));
    let found = if let Some(hop) = forged {
        RECEIVED.warn(subject, note!("msg-received-forged", host = by(hop))).likely()
    } else if count > MANY {
        RECEIVED.warn(subject, note!("msg-received-many", count = count))
    } else if let Some(hop) = early {
        let seconds = seconds(hop).unwrap_or_default().abs();
        RECEIVED.warn(subject, note!("msg-received-clock", host = by(hop), seconds = seconds))
    } else if let Some(hop) = slow {
        let minutes = seconds(hop).unwrap_or_default() / 60;
        RECEIVED.warn(subject, note!("msg-received-slow", host = by(hop), minutes = minutes))
    } else if let Some(hop) = clear {
        RECEIVED.warn(subject, note!("msg-received-clear", host = by(hop)))
    } else if let Some(ip) = hops.first().and_then(|hop| hop.ip).filter(|ip| is_private(*ip)) {
        RECEIVED.info(subject, note!("msg-received-private", ip = ip))
    } else {
        RECEIVED.pass(subject, note!("msg-received", count = count))
    };
    found.evidences(told)
}

/// An address of somebody's house.
fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_private(),
        IpAddr::V6(ip) => ip.is_unique_local(),
    }
}

fn told_hop(hop: &Hop) -> String {
    let from = hop.name.as_deref().or(hop.helo.as_deref()).unwrap_or("?");
    let ip = hop.ip.map(|ip| format!(" [{ip}]")).unwrap_or_default();
    let by = hop.by.as_deref().unwrap_or("?");
    let with = hop.with.as_deref().unwrap_or("?");
    let at = hop.at.map(|at| at.to_string()).unwrap_or_default();
    let delay = hop.delay.map(|delay| format!(" {:+} s", delay.as_secs())).unwrap_or_default();
    format!("{from}{ip} → {by} {with} {at}{delay}")
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::{Fixture, letter};
    use tegami_mail::Address;
    let from = |letter: &mut letter::Letter| {
        letter.mail_from = ReversePath::Address(Address::parse("bounce@news.example.com").unwrap());
    };
    fn hop(letter: &mut letter::Letter, line: &str) {
        letter.added.push(format!("Received: {line}"));
    }
    vec![
        Fixture::pass("msg.envelope-from", ""),
        Fixture::fail("msg.envelope-from", "").letter(from),
        Fixture::pass("msg.envelope-from", "news.example.com. A 192.0.2.10").letter(from),
        Fixture::unknown("msg.envelope-from", "$SERVFAIL news.example.com.").letter(from),
        Fixture::fail("msg.envelope-from", "").letter(|letter| letter.mail_from = ReversePath::Null),
        Fixture::na("msg.envelope-from", "").letter(|letter| {
            letter.mail_from = ReversePath::Null;
            letter.mail_from_told = false;
        }),
        Fixture::pass("msg.envelope-from", "").letter(|letter| {
            letter.mail_from = ReversePath::Null;
            letter.add("Auto-Submitted: auto-replied");
        }),
        Fixture::pass("msg.return-path-deliverable", ""),
        Fixture::fail("msg.return-path-deliverable", "- example.com. MX\nexample.com. MX 0 ."),
        Fixture::fail("msg.return-path-deliverable", "- example.com. MX"),
        Fixture::unknown("msg.return-path-deliverable", "- example.com. MX\n$SERVFAIL example.com. MX"),
        Fixture::pass("msg.ptr-helo-tls", ""),
        Fixture::fail("msg.ptr-helo-tls", "- 10.2.0.192.in-addr.arpa"),
        Fixture::fail(
            "msg.ptr-helo-tls",
            "- 10.2.0.192.in-addr.arpa\n10.2.0.192.in-addr.arpa. PTR mail.other.example.\nmail.other.example. A 203.0.113.9",
        ),
        Fixture::unknown("msg.ptr-helo-tls", "$SERVFAIL 10.2.0.192.in-addr.arpa."),
        Fixture::pass("msg.ptr-helo-tls", "").letter(|letter| letter.tls = Tls::Clear),
        Fixture::fail("msg.ptr-helo-tls", "").letter(|letter| letter.helo = "localhost"),
        Fixture::fail("msg.ptr-helo-tls", "").letter(|letter| letter.helo = "192.0.2.10"),
        Fixture::fail("msg.ptr-helo-tls", "").letter(|letter| letter.helo = "my_host.local"),
        Fixture::pass("msg.ptr-helo-tls", "").letter(|letter| letter.helo = "[192.0.2.10]"),
        Fixture::pass("msg.received-chain", ""),
        Fixture::info("msg.received-chain", "").letter(|letter| letter.added.clear()),
        Fixture::info("msg.received-chain", "").letter(|letter| {
            hop(letter, "from laptop ([10.0.0.5]) by mx1.example.com with ESMTPSA; Sat, 21 Nov 2026 11:59:59 +0000");
        }),
        Fixture::warn("msg.received-chain", "").letter(|letter| {
            hop(letter, "from web.example.com by mx1.example.com with ESMTPS; Sat, 21 Nov 2026 11:40:00 +0000");
        }),
        Fixture::warn("msg.received-chain", "").letter(|letter| {
            hop(letter, "from web.example.com by mx1.example.com with ESMTPS; Sat, 21 Nov 2026 12:10:00 +0000");
        }),
        Fixture::warn("msg.received-chain", "").letter(|letter| {
            hop(
                letter,
                "from a.example.org (a.example.org [8.8.4.4]) by mx1.example.com with SMTP; Sat, 21 Nov 2026 11:59:59 +0000",
            );
        }),
        Fixture::warn("msg.received-chain", "").letter(|letter| {
            hop(letter, "from bank.example.org by mx.example.net with ESMTPS; Sat, 21 Nov 2026 11:59:59 +0000");
        }),
        Fixture::warn("msg.received-chain", "").letter(|letter| {
            (0..26).for_each(|_| hop(letter, "from a by b with ESMTPS; Sat, 21 Nov 2026 11:59:59 +0000"));
        }),
        Fixture::fail("msg.received-chain", "").letter(|letter| {
            (0..51).for_each(|_| hop(letter, "from a by b with ESMTPS; Sat, 21 Nov 2026 11:59:59 +0000"));
        }),
    ]
}
