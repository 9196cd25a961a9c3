//! Sessions with mail hosts: what every sender sees, and what only hosts of our own are asked.

mod own;
mod visits;

use std::time::Duration;

use futures_util::FutureExt as _;
use tegami_auth::finding::Severity;
use tegami_dns::DnsName;
use tegami_mail::note;

pub use visits::{Visit, Visits};

use crate::case::{Case, DomainCase, Known};
use crate::catalogue::Family;
use crate::own::OwnCase;
use crate::probe::{SmtpSeen, Unprobed};
use crate::{About, Check, Finding, Fix, Who};

/// Its checks.
const CHECKS: &[&Check] = &[
    &CONNECT,
    &BANNER,
    &BANNER_NAME,
    &GREET_DELAY,
    &EARLY_TALKER,
    &EHLO,
    &SIZE,
    &own::OPEN_RELAY,
    &own::VRFY_EXPN,
    &own::BARE_LF,
    &own::STARTTLS_INJECTION,
    &own::POSTMASTER,
    &own::ABUSE,
    &own::NULL_SENDER,
    &own::BACKSCATTER,
    &own::AUTH_ON_25,
    &own::LIMITS,
    &BLOCKLIST_OF_US,
];

/// The family.
pub(crate) const FAMILY: Family = Family::new("smtp", CHECKS)
    .of_domain(|case| judge(case).boxed())
    .of_own(|case| judge_own(case).boxed())
    .patient();

const RFC: &[Who] = &[Who::Rfc];

const CONNECT: Check = Check::new("smtp.connect", About::Host, Severity::S4, "RFC 5321 section 4.5.4.1")
    .who(RFC)
    .after(&["mx.resolves", "mx.public-ip"]);
const BANNER: Check = Check::new("smtp.banner", About::Host, Severity::S2, "RFC 5321 section 4.2")
    .who(RFC)
    .after(&["smtp.connect"]);
const BANNER_NAME: Check =
    Check::new("smtp.banner-name", About::Host, Severity::S1, "RFC 5321 section 4.3.1")
        .after(&["smtp.banner"]);
const GREET_DELAY: Check =
    Check::new("smtp.greet-delay", About::Host, Severity::S0, "RFC 5321 section 4.5.3.2.1")
        .after(&["smtp.connect"]);
const EARLY_TALKER: Check =
    Check::new("smtp.early-talker", About::Host, Severity::S0, "RFC 5321 section 3.1")
        .after(&["smtp.connect"]);
const EHLO: Check = Check::new("smtp.ehlo", About::Host, Severity::S2, "RFC 5321 section 4.1.1.1")
    .who(RFC)
    .after(&["smtp.banner"]);
const SIZE: Check =
    Check::new("smtp.size", About::Host, Severity::S1, "RFC 1870 section 3").after(&["smtp.ehlo"]);
const BLOCKLIST_OF_US: Check =
    Check::new("smtp.blocklist-of-us", About::Host, Severity::S0, "RFC 5782 section 2.4")
        .after(&["smtp.connect"]);

/// What a greeting line may have, CRLF included (RFC 5321 section 4.5.3.1.5).
const LINE: usize = 512;

/// A greeting that takes longer is late on purpose.
const PROMPT: Duration = Duration::from_secs(5);

/// How long clients have to wait (RFC 5321 section 4.5.3.2.1).
const CLIENTS_WAIT: Duration = Duration::from_secs(300);

/// A limit below this one turns away messages that others take.
const SMALL: u64 = 10_000_000;

/// Words by which a refusal tells that our address stands on a list.
const LISTS: &[&str] = &[
    "spamhaus",
    "spamcop",
    "barracudacentral",
    "sorbs",
    "abuseat",
    "uceprotect",
    "psbl",
    "surriel",
    "mailspike",
    "dnsbl",
    "blocklist",
    "block list",
    "blacklist",
    "black list",
    "rbl",
];

async fn judge(case: &DomainCase) -> Vec<Finding> {
    judge_visits(case, case.visits().await).await
}

/// Our own host, as others see it; what is said of its TLS stands here too, so that it is visited once.
async fn judge_own(own: &OwnCase) -> Vec<Finding> {
    let (Some(host), Some(domain)) = (&own.own.hostname, own.own.domains.first()) else {
        let none = note!("smtp-no-own-host");
        return CHECKS.iter().map(|check| check.not_applicable("self", none.clone())).collect();
    };
    let known = Known { own_hosts: vec![host.clone()], ..own.known.clone() };
    let case = DomainCase::new(domain.domain.clone(), Case { known, ..(**own).clone() });
    let visits = Visits::of_own(&case, host).await;
    let mut findings = judge_visits(&case, &visits).await;
    findings.extend(super::tls::judge_visits(&case, &visits).await);
    findings
}

async fn judge_visits(case: &DomainCase, visits: &Visits) -> Vec<Finding> {
    let mut findings = Vec::new();
    for visit in visits.iter() {
        findings.push(connect(case, visits, visit));
        match visit.seen() {
            Some(seen) => {
                findings.extend([banner(visit, seen), banner_name(case, visit, seen).await]);
                findings.extend([greet_delay(visit, seen), early_talker(visit, seen)]);
                findings.extend([ehlo(visit, seen), size(visit, seen), blocklist_of_us(visit, seen)]);
                findings.extend(own::judge(visit, seen));
            }
            None => findings.extend(unseen(visit)),
        }
    }
    if visits.iter().next().is_none() {
        let none = |check: &&'static Check| {
            check.not_applicable(&case.domain, note!("mx-no-hosts", domain = case.domain))
        };
        findings.extend(CHECKS.iter().map(none));
    }
    findings
}

/// A host with which there was no session.
fn unseen(visit: &Visit) -> Vec<Finding> {
    let name = &visit.name;
    let silent = visit.tries.iter().find_map(|(_, seen)| match seen {
        Err(Unprobed::Silent(waited)) => Some(note!("smtp-silent", host = name, seconds = waited.as_secs())),
        _ => None,
    });
    let no_smtp = visit.tries.iter().find_map(|(_, seen)| match seen {
        Err(Unprobed::NoSmtp(why)) => Some(note!("smtp-no-smtp", host = name, error = why)),
        _ => None,
    });
    let rest = CHECKS.iter().copied().filter(|check| *check != &CONNECT);
    rest.map(|check| match (&silent, &no_smtp) {
        (Some(note), _) if [&BANNER, &GREET_DELAY].contains(&check) => check.unknown(name, note.clone()),
        (_, Some(note)) if check == &BANNER => check.fail(name, note.clone()),
        _ => check.not_applicable(name, unseen_note(visit)),
    })
    .collect()
}

/// Why nothing can be said of a host.
pub(crate) fn unseen_note(visit: &Visit) -> tegami_mail::Note {
    if visit.is_off() {
        note!("smtp-off", host = visit.name)
    } else {
        note!("smtp-no-session", host = visit.name)
    }
}

fn connect(case: &DomainCase, visits: &Visits, visit: &Visit) -> Finding {
    let name = &visit.name;
    let tried = visit.tries.iter().map(|(ip, seen)| match seen {
        Ok(seen) => format!("{ip}: {} ms", seen.connected_after.as_millis()),
        Err(error) => format!("{ip}: {error}"),
    });
    let tried: Vec<String> = tried.collect();
    if visit.is_off() {
        return CONNECT.not_applicable(name, note!("smtp-off", host = name));
    }
    let Some((first, why)) = visit.tries.first() else {
        return CONNECT.not_applicable(name, note!("smtp-no-address", host = name));
    };
    let dead =
        visit.tries.iter().find(|(_, seen)| matches!(seen, Err(Unprobed::Refused | Unprobed::Timeout)));
    let fix = Fix::new(note!("smtp-connect-fix", host = name, domain = case.domain));
    if visit.connected() {
        return match dead {
            Some((ip, Err(error))) => CONNECT
                .warn(name, note!("smtp-connect-some", host = name, ip = ip, error = error))
                .severity(Severity::S2)
                .evidences(tried)
                .fix(fix),
            _ => CONNECT.pass(name, note!("smtp-connect", host = name)).evidences(tried),
        };
    }
    // A network that keeps its users from port 25 mostly drops what they send; a refusal comes from the host.
    let certain = visits.any_answered() || matches!(dead, Some((_, Err(Unprobed::Refused))));
    match why {
        Err(error) if dead.is_some() && certain => {
            let found =
                CONNECT.fail(name, note!("smtp-connect-none", host = name, ip = first, error = error));
            let found = if visits.any_answered() { found.severity(Severity::S3) } else { found };
            found.evidences(tried).fix(fix)
        }
        Err(error) => CONNECT
            .unknown(name, note!("smtp-connect-unknown", host = name, ip = first, error = error))
            .evidences(tried),
        Ok(_) => CONNECT.pass(name, note!("smtp-connect", host = name)),
    }
}

/// The list that a refusal names, and the line.
fn list_of_us(seen: &SmtpSeen) -> Option<&str> {
    let refused = seen.transcript.iter().filter(|line| line.starts_with("< 4") || line.starts_with("< 5"));
    let names_list = |line: &str| {
        let line = line.to_ascii_lowercase();
        LISTS.iter().any(|list| {
            let before = |at: usize| line.get(..at).and_then(|before| before.chars().next_back());
            line.match_indices(list)
                .any(|(at, _)| !before(at).is_some_and(|c| c.is_ascii_alphabetic()) || list.len() > 4)
        })
    };
    refused.map(String::as_str).find(|line| names_list(line))
}

/// The word of a greeting that should be the host's name.
fn named(seen: &SmtpSeen) -> &str {
    seen.greeting.lines.first().and_then(|line| line.split([' ', '\t']).next()).unwrap_or_default()
}

fn is_name(word: &str) -> bool {
    let literal = word.starts_with('[') && word.ends_with(']');
    literal
        || (word.contains('.') && DnsName::parse(word).is_ok() && word.parse::<std::net::IpAddr>().is_err())
}

fn banner(visit: &Visit, seen: &SmtpSeen) -> Finding {
    let (name, greeting) = (&visit.name, &seen.greeting);
    let lines = seen.transcript.iter().take_while(|line| line.starts_with('<'));
    let lines: Vec<&str> = lines.map(|line| line.get(2..).unwrap_or_default()).collect();
    let found = match greeting.code {
        220 if lines.iter().any(|line| line.len() + 2 > LINE) => {
            BANNER.warn(name, note!("smtp-banner-long", host = name, limit = LINE))
        }
        220 if is_name(named(seen)) => BANNER.pass(name, note!("smtp-banner", host = name)),
        220 => BANNER
            .warn(name, note!("smtp-banner-nameless", host = name))
            .fix(Fix::new(note!("smtp-banner-nameless-fix", host = name))),
        _ if list_of_us(seen).is_some() => {
            BANNER.unknown(name, note!("smtp-banner-listed", host = name, reply = greeting))
        }
        400..=499 => BANNER.unknown(name, note!("smtp-banner-later", host = name, reply = greeting)),
        _ => BANNER.fail(name, note!("smtp-banner-refused", host = name, reply = greeting)),
    };
    found.evidences(lines)
}

async fn banner_name(case: &DomainCase, visit: &Visit, seen: &SmtpSeen) -> Finding {
    let name = &visit.name;
    let Some(word) = Some(named(seen)).filter(|word| seen.greeting.code == 220 && is_name(word)) else {
        return BANNER_NAME.not_applicable(name, note!("smtp-banner-name-none", host = name));
    };
    let same = |other: &DnsName| DnsName::parse(word).is_ok_and(|word| word == *other);
    if same(name) {
        return BANNER_NAME.pass(name, note!("smtp-banner-name", host = name, name = word));
    }
    let names = case.resolver().ptr(&DnsName::reverse(seen.ip)).await.unwrap_or_default();
    if names.iter().any(same) {
        return BANNER_NAME.pass(name, note!("smtp-banner-name-ptr", host = name, name = word, ip = seen.ip));
    }
    BANNER_NAME.info(name, note!("smtp-banner-name-other", host = name, name = word))
}

fn greet_delay(visit: &Visit, seen: &SmtpSeen) -> Finding {
    let (name, seconds) = (&visit.name, seen.greeted_after.as_secs());
    if seen.greeted_after > CLIENTS_WAIT {
        GREET_DELAY.fail(name, note!("smtp-greet-delay-late", host = name, seconds = seconds))
    } else if seen.greeted_after > PROMPT {
        GREET_DELAY.info(name, note!("smtp-greet-delay-meant", host = name, seconds = seconds))
    } else {
        let millis = seen.greeted_after.as_millis();
        GREET_DELAY.pass(name, note!("smtp-greet-delay", host = name, millis = millis))
    }
}

/// Whether we kept silent until the host had spoken.
fn early_talker(visit: &Visit, seen: &SmtpSeen) -> Finding {
    let name = &visit.name;
    if seen.transcript.first().is_some_and(|line| line.starts_with('>')) {
        return EARLY_TALKER.fail(name, note!("smtp-early-talker-we", host = name));
    }
    EARLY_TALKER.pass(name, note!("smtp-early-talker", host = name))
}

fn ehlo(visit: &Visit, seen: &SmtpSeen) -> Finding {
    let name = &visit.name;
    match seen.offered_under_tls.as_ref().or(seen.offered.as_ref()) {
        _ if seen.greeting.code != 220 => EHLO.not_applicable(name, note!("smtp-ehlo-unsaid", host = name)),
        Some(offered) if offered.extended => {
            EHLO.pass(name, note!("smtp-ehlo", host = name)).evidences(&offered.lines)
        }
        Some(_) => EHLO.warn(name, note!("smtp-ehlo-old", host = name)).evidences(&seen.transcript),
        None if list_of_us(seen).is_some() => {
            EHLO.unknown(name, note!("smtp-ehlo-listed", host = name)).evidences(&seen.transcript)
        }
        None => EHLO.fail(name, note!("smtp-ehlo-refused", host = name)).evidences(&seen.transcript),
    }
}

fn size(visit: &Visit, seen: &SmtpSeen) -> Finding {
    let name = &visit.name;
    let Some(offered) = seen.offered_under_tls.as_ref().or(seen.offered.as_ref()) else {
        return SIZE.not_applicable(name, note!("smtp-ehlo-unsaid", host = name));
    };
    let line = offered.lines.iter().find(|line| line.to_ascii_uppercase().starts_with("SIZE"));
    let found = match offered.max_size {
        Some(octets) if octets < SMALL => SIZE
            .warn(name, note!("smtp-size-small", host = name, octets = octets))
            .fix(Fix::new(note!("smtp-size-fix", host = name))),
        Some(octets) => SIZE.pass(name, note!("smtp-size", host = name, octets = octets)),
        None => SIZE.info(name, note!("smtp-size-none", host = name)),
    };
    found.evidences(line)
}

fn blocklist_of_us(visit: &Visit, seen: &SmtpSeen) -> Finding {
    let name = &visit.name;
    match list_of_us(seen) {
        Some(line) => BLOCKLIST_OF_US
            .info(name, note!("smtp-blocklist-of-us-named", host = name))
            .evidence(line)
            .fix(Fix::new(note!("smtp-blocklist-of-us-fix"))),
        None => BLOCKLIST_OF_US.pass(name, note!("smtp-blocklist-of-us", host = name)),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::fixtures;
