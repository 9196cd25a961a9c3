//! The network between us and others: what a provider closes or bends on the way (RFC 5068).

pub(crate) mod contact;
mod port25;

use std::net::IpAddr;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use jiff::SignedDuration;
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_auth::iprev::{self, IprevResult};
use tegami_dns::{DnsName, RecordType, Security};
use tegami_mail::{Host, note};

pub use contact::Contact;
pub(crate) use contact::{Came, contact, seen};

use crate::catalogue::Family;
use crate::own::{OWN, OwnCase, OwnDomain, Relay};
use crate::probe::{StartTls, Unprobed};
use crate::{About, Check, DomainCase, Finding, Fix, State, Who};

/// The family.
pub(crate) const FAMILY: Family =
    Family::new("path", &[&RESOLVER, &PORT25, &NAT, &SOURCE_IP, &SUBMISSION_REACH, &CLOCK, &MTU_TLS])
        .of_own(|case| judge(case).boxed());

const RESOLVER: Check = Check::new("path.resolver", About::Path, Severity::S4, "RFC 5321 section 5.1");
const PORT25: Check = Check::new("path.port25", About::Path, Severity::S4, "RFC 5068 section 3.1")
    .who(&[Who::Rfc])
    .after(&["path.resolver"]);
const NAT: Check = Check::new("path.nat", About::Path, Severity::S2, "RFC 6888 section 1");
const SOURCE_IP: Check = Check::new("path.source-ip", About::Path, Severity::S3, "RFC 7208 section 2.4")
    .who(&[Who::Gmail, Who::Outlook, Who::Yahoo, Who::ICloud]);
const SUBMISSION_REACH: Check =
    Check::new("path.submission-reach", About::Path, Severity::S2, "RFC 8314 section 3.3");
const CLOCK: Check = Check::new("path.clock", About::Path, Severity::S3, "RFC 5322 section 3.6.1");
const MTU_TLS: Check = Check::new("path.mtu-tls", About::Path, Severity::S1, "RFC 2923 section 2.1");

/// What to put into the configuration, to be pasted.
pub(crate) const SETTINGS: &str = "[delivery.smarthost]
preset = \"ses\"
region = \"ap-northeast-1\"
user = \"…\"
password_file = \"smarthost.password\"
order = \"always\"
";

/// How far the clock may be off.
const MAX_SKEW: SignedDuration = SignedDuration::from_secs(60);

async fn judge(case: &OwnCase) -> Vec<Finding> {
    let came = case.came().await;
    let mut findings = vec![resolver(case, came).await, port25::judge(case, came), nat(case, came)];
    findings.extend(source_ips(case).await);
    findings.extend(submission_reach(case).await);
    findings.extend(clocks(case).await);
    findings
}

async fn resolver(case: &OwnCase, came: &[Came]) -> Finding {
    let names: Vec<_> =
        came.iter().filter(|came| came.host.is_none()).map(|came| came.contact.name.clone()).collect();
    if came.is_empty() {
        return RESOLVER.not_applicable(OWN, note!("path-no-contacts"));
    }
    if names.len() == came.len() {
        let fix = Fix::new(note!("path-resolver-fix"));
        return RESOLVER.fail(OWN, note!("path-resolver-broken")).evidences(names).fix(fix);
    }
    if !names.is_empty() {
        let note = note!("path-resolver-some", names = names.join(", "));
        return RESOLVER.info(OWN, note).evidences(names);
    }
    if large_answers_are_lost(case, came).await {
        let fix = Fix::new(note!("path-resolver-large-fix"));
        return RESOLVER.warn(OWN, note!("path-resolver-large")).severity(Severity::S2).fix(fix);
    }
    let root = case.resolver().lookup(&DnsName::root(), RecordType::Ns).await;
    match root {
        Ok(answer) if answer.security == Security::Secure => RESOLVER.pass(OWN, note!("path-resolver")),
        // A world without a root is a laboratory's, where nothing is signed.
        Err(error) if error.is_void() => RESOLVER.pass(OWN, note!("path-resolver-unsigned")),
        _ => RESOLVER.info(OWN, note!("path-resolver-not-validating")),
    }
}

/// The TXT records of big domains fit into no datagram: whether they fail everywhere while small answers come.
async fn large_answers_are_lost(case: &OwnCase, came: &[Came]) -> bool {
    let domains = came.iter().filter_map(|came| match &came.contact.domain {
        Host::Domain(domain) => Some(DnsName::from(domain)),
        Host::Literal(_) => None,
    });
    let asked = domains.map(|name| async move { case.resolver().lookup(&name, RecordType::Txt).await });
    let answers = join_all(asked).await;
    answers.len() > 1 && answers.iter().all(|answer| matches!(answer, Err(error) if !error.is_void()))
}

fn nat(case: &OwnCase, came: &[Came]) -> Finding {
    let mut pairs: Vec<(IpAddr, IpAddr)> = came.iter().flat_map(Came::seen_as).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let towards = came.iter().flat_map(|came| [&came.v4, &came.v6]).flatten().map(|(ip, _)| *ip);
    let mut locals: Vec<IpAddr> = towards.filter_map(|ip| case.probes.source(ip).ok()).collect();
    locals.extend(pairs.iter().map(|(local, _)| *local));
    locals.sort_unstable();
    locals.dedup();
    let evidence = pairs.iter().map(|(local, seen)| format!("{local} -> {seen}"));
    let carrier = locals.iter().find(|ip| is_shared_space(**ip));
    if let Some(ip) = carrier {
        let fix = Fix::new(note!("path-nat-carrier-fix")).settings(SETTINGS);
        return NAT.warn(OWN, note!("path-nat-carrier", ip = ip)).evidences(evidence).fix(fix);
    }
    let mut seen: Vec<IpAddr> = pairs.iter().map(|(_, seen)| *seen).filter(IpAddr::is_ipv4).collect();
    seen.sort_unstable();
    seen.dedup();
    if let [first, second, ..] = seen.as_slice() {
        let note = note!("path-nat-several", first = first, second = second);
        return NAT.warn(OWN, note).evidences(evidence).fix(Fix::new(note!("path-nat-several-fix")));
    }
    match (pairs.iter().find(|(local, seen)| local != seen), locals.first()) {
        (Some((local, seen)), _) => {
            NAT.info(OWN, note!("path-nat-behind", local = local, seen = seen)).evidences(evidence)
        }
        (None, Some(local)) if locals.iter().any(|ip| case.known.reach.has(*ip)) => {
            NAT.pass(OWN, note!("path-nat", ip = local)).evidences(&locals)
        }
        (None, Some(local)) => NAT.unknown(OWN, note!("path-nat-unseen", local = local)),
        (None, None) => NAT.unknown(OWN, note!("path-not-asked")),
    }
}

/// Whether the address is of those that carriers share among customers (RFC 6598).
pub(crate) fn is_shared_space(ip: IpAddr) -> bool {
    let IpAddr::V4(ip) = ip.to_canonical() else { return false };
    let [first, second, ..] = ip.octets();
    first == 100 && (64..128).contains(&second)
}

/// Whether the addresses that mail leaves from are those that the domains' SPF records permit.
async fn source_ips(case: &OwnCase) -> Vec<Finding> {
    if case.own.all_relayed {
        return vec![SOURCE_IP.not_applicable(OWN, note!("path-source-ip-relayed"))];
    }
    let sources = case.sources().await;
    if sources.is_empty() || case.own.domains.is_empty() {
        return vec![SOURCE_IP.not_applicable(OWN, note!("path-source-ip-none"))];
    }
    let pairs = case.own.domains.iter().flat_map(|own| sources.iter().map(move |ip| (own, *ip)));
    join_all(pairs.map(|(own, ip)| source_ip(case, own, ip))).await
}

async fn source_ip(case: &OwnCase, own: &OwnDomain, ip: IpAddr) -> Finding {
    let subject = format!("{} {ip}", own.domain);
    let domain = DomainCase::new(own.domain.clone(), (**case).clone());
    if domain.permits(ip).await {
        let reverse = iprev::check(ip, case.resolver()).await;
        if reverse.result == IprevResult::Pass {
            return SOURCE_IP.pass(subject, note!("path-source-ip", domain = own.domain, ip = ip));
        }
        return SOURCE_IP.info(subject, note!("path-source-ip-unnamed", domain = own.domain, ip = ip));
    }
    let survey = domain.spf().await;
    if let tegami_auth::spf::survey::Status::Failed(error) = &survey.tree.status {
        let note = note!("dns-unanswered", name = own.domain, kind = "TXT", error = error);
        return SOURCE_IP.unknown(subject, note);
    }
    let text = survey.tree.text.as_deref().map(|text| String::from_utf8_lossy(text).into_owned());
    let operation = if text.is_some() { Operation::Replace } else { Operation::Add };
    let change = Change::txt(operation, &own.domain, with_address(text.as_deref(), ip));
    let fix = Fix::new(note!("path-source-ip-fix", domain = own.domain, ip = ip)).records(vec![change]);
    SOURCE_IP
        .fail(subject, note!("path-source-ip-unpermitted", domain = own.domain, ip = ip))
        .evidences(text)
        .fix(fix)
}

/// An SPF record that permits this address besides what it permits already.
pub(crate) fn with_address(record: Option<&str>, ip: IpAddr) -> String {
    let term = if ip.is_ipv4() { format!("ip4:{ip}") } else { format!("ip6:{ip}") };
    match record.and_then(|text| text.get("v=spf1".len()..)) {
        Some(rest) => format!("v=spf1 {term}{rest}"),
        None => format!("v=spf1 {term} ~all"),
    }
}

async fn submission_reach(case: &OwnCase) -> Vec<Finding> {
    if case.own.relays.is_empty() {
        return vec![SUBMISSION_REACH.not_applicable(OWN, note!("path-submission-reach-none"))];
    }
    join_all(case.own.relays.iter().map(|relay| reach(case, relay))).await
}

async fn reach(case: &OwnCase, relay: &Relay) -> Finding {
    let place = format!("{}:{}", relay.host, relay.port);
    let subject = &relay.name;
    let seen = match case.probes.relay(&relay.name).await {
        Ok(seen) => seen,
        Err(Unprobed::Off) => return SUBMISSION_REACH.unknown(subject, note!("path-not-asked")),
        Err(error) => {
            let note = note!("path-submission-reach-closed", place = place, reason = error);
            let fix = Fix::new(note!("path-submission-reach-closed-fix", place = place));
            return SUBMISSION_REACH.fail(subject, note).evidence(error).fix(fix);
        }
    };
    let tls = match &seen.tls {
        StartTls::Done(tls) => tls.trusted.as_ref().err().map(ToString::to_string),
        StartTls::Failed(why) | StartTls::TooOld(why) => Some(why.clone()),
        StartTls::Refused(reply) => Some(reply.to_string()),
        StartTls::NotOffered => Some("STARTTLS".to_owned()),
        StartTls::Unreached => Some("EHLO".to_owned()),
    };
    if let Some(why) = tls {
        let note = note!("path-submission-reach-tls", place = place, reason = why);
        return SUBMISSION_REACH.fail(subject, note).fix(Fix::new(note!("path-submission-reach-tls-fix")));
    }
    match &seen.auth {
        Some(reply) if !reply.is_completion() => {
            let note = note!("path-submission-reach-auth", place = place, reply = reply);
            let fix = Fix::new(note!("path-submission-reach-auth-fix"));
            SUBMISSION_REACH.fail(subject, note).evidence(reply).fix(fix)
        }
        _ => SUBMISSION_REACH.pass(subject, note!("path-submission-reach", place = place)),
    }
}

/// The clock, and whether handshakes that fill several packets come through: both by web servers.
async fn clocks(case: &OwnCase) -> [Finding; 2] {
    if case.own.clocks.is_empty() {
        let none = |check: &'static Check| check.not_applicable(OWN, note!("path-no-clocks"));
        return [none(&CLOCK), none(&MTU_TLS)];
    }
    let asked = case.own.clocks.iter().map(|host| async move { (host, case.probes.clock(host).await) });
    let told = join_all(asked).await;
    let mut lines: Vec<String> = Vec::new();
    let mut skews: Vec<SignedDuration> = Vec::new();
    for (host, told) in &told {
        match told {
            Ok((theirs, ours)) => {
                let skew = ours.duration_since(*theirs);
                lines.push(format!("{host}: {:+} s", skew.as_secs()));
                skews.push(skew);
            }
            Err(error) => lines.push(format!("{host}: {error}")),
        }
    }
    let stalled = told.iter().filter(|(_, told)| matches!(told, Err(Unprobed::Silent(_)))).count();
    let off = told.iter().all(|(_, told)| matches!(told, Err(Unprobed::Off)));
    [clock(&mut skews, off).evidences(&lines), mtu(stalled, skews.len(), off).evidences(&lines)]
}

fn clock(skews: &mut [SignedDuration], off: bool) -> Finding {
    skews.sort_unstable();
    // The one in the middle: a single server may be wrong itself.
    let Some(skew) = skews.get(skews.len() / 2) else {
        let why = if off { note!("path-not-asked") } else { note!("path-clock-unanswered") };
        return CLOCK.unknown(OWN, why);
    };
    let seconds = skew.as_secs().unsigned_abs();
    if skew.abs() <= MAX_SKEW {
        return CLOCK.pass(OWN, note!("path-clock", seconds = seconds));
    }
    let note = if skew.is_positive() {
        note!("path-clock-fast", seconds = seconds)
    } else {
        note!("path-clock-slow", seconds = seconds)
    };
    CLOCK.fail(OWN, note).fix(Fix::new(note!("path-clock-fix")))
}

fn mtu(stalled: usize, well: usize, off: bool) -> Finding {
    match (stalled, well) {
        (0, 0) if off => MTU_TLS.unknown(OWN, note!("path-not-asked")),
        (0, 0) => MTU_TLS.unknown(OWN, note!("path-clock-unanswered")),
        (_, 1..) => MTU_TLS.pass(OWN, note!("path-mtu-tls")),
        (_, 0) => MTU_TLS
            .found(State::Warn, OWN, note!("path-mtu-tls-stalled", count = stalled))
            .fix(Fix::new(note!("path-mtu-tls-fix")))
            .likely(),
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use tests::fixtures;
