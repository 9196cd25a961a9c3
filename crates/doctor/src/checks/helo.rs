//! The name by which a host introduces itself (RFC 5321 section 4.1.1.1).

use std::net::IpAddr;

use futures_util::FutureExt as _;
use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_auth::spf::{self, SpfResult};
use tegami_dns::DnsName;
use tegami_mail::{Domain, ReversePath, note};

use crate::case::AddressCase;
use crate::catalogue::Family;
use crate::checks::ip::without_addresses;
use crate::checks::path::contact::addresses_of;
use crate::{About, Check, Finding, Fix, Who};

const CHECKS: &[&Check] = &[&FQDN, &RESOLVES, &MATCHES_IP, &MATCHES_PTR, &SPF];

/// The family.
pub(crate) const FAMILY: Family = Family::new("helo", CHECKS)
    .of_domain(|case| without_addresses(case, CHECKS).boxed())
    .of_address(|case| judge(case).boxed());

const FQDN: Check =
    Check::new("helo.fqdn", About::Address, Severity::S3, "RFC 5321 section 4.1.1.1").who(&[Who::Rfc]);
const RESOLVES: Check = Check::new("helo.resolves", About::Address, Severity::S3, "RFC 5321 section 2.3.5")
    .who(&[Who::Rfc])
    .after(&["helo.fqdn"]);
const MATCHES_IP: Check =
    Check::new("helo.matches-ip", About::Address, Severity::S2, "RFC 5321 section 4.1.4")
        .after(&["helo.resolves"]);
const MATCHES_PTR: Check =
    Check::new("helo.matches-ptr", About::Address, Severity::S2, "RFC 1912 section 2.1")
        .after(&["helo.fqdn", "ip.ptr-exists"]);
const SPF: Check =
    Check::new("helo.spf", About::Address, Severity::S1, "RFC 7208 section 2.3").after(&["helo.resolves"]);

/// What a host says of itself.
enum Said {
    /// A name.
    Name(Domain),
    /// An address literal.
    Literal(IpAddr),
    /// Something that is neither.
    Neither(&'static str),
}

impl Said {
    fn read(text: &str) -> Self {
        let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some(inner) = inner {
            let address = match inner.get(..5) {
                Some(tag) if tag.eq_ignore_ascii_case("IPv6:") => inner.get(5..).unwrap_or_default(),
                _ => inner,
            };
            let ip = address.parse::<IpAddr>().ok();
            let tagged = address.len() != inner.len();
            return match ip.filter(|ip| ip.is_ipv6() == tagged) {
                Some(ip) => Self::Literal(ip),
                None => Self::Neither("literal"),
            };
        }
        if text.parse::<IpAddr>().is_ok() {
            return Self::Neither("bare");
        }
        if text.contains('_') || !text.is_ascii() {
            return Self::Neither("character");
        }
        let local = [
            "localhost",
            "local",
            "localdomain",
            "lan",
            "home",
            "internal",
            "invalid",
            "localhost.localdomain",
        ];
        match Domain::parse(text) {
            Ok(name) if !name.as_str().contains('.') => Self::Neither("label"),
            Ok(name) if name.labels().next_back().is_some_and(|last| local.contains(&last)) => {
                Self::Neither("local")
            }
            Ok(name) => Self::Name(name),
            Err(_) => Self::Neither("character"),
        }
    }
}

/// Whether a text is a full host name, as EHLO wants it.
pub(crate) fn is_full_name(text: &str) -> bool {
    matches!(Said::read(text), Said::Name(_))
}

async fn judge(case: &AddressCase) -> Vec<Finding> {
    let ip = case.ip;
    let every = |note: fn(IpAddr) -> tegami_mail::Note| {
        CHECKS.iter().map(|check| check.not_applicable(ip, note(ip))).collect()
    };
    if !case.known.reach.has(ip) {
        return every(|ip| note!("ip-special-private", ip = ip));
    }
    let Some(helo) = case.helo().await else { return every(|ip| note!("helo-none", ip = ip)) };
    let name = match Said::read(helo) {
        Said::Name(name) => name,
        Said::Literal(literal) => return literal_only(case, literal),
        Said::Neither(why) => {
            let mut findings = vec![neither(case, helo, why)];
            findings.extend(rest(case));
            return findings;
        }
    };
    let fqdn = FQDN.pass(ip, note!("helo-fqdn", helo = name)).evidence(format!("EHLO {helo}"));
    let mut findings = vec![fqdn];
    match addresses_of(case.resolver(), &name).await {
        Ok(addresses) => {
            findings.push(resolves(case, &name, &addresses));
            findings.push(matches_ip(case, &name, &addresses));
        }
        Err(error) => {
            let note = note!("dns-unanswered", name = name, kind = "A", error = error);
            findings.push(RESOLVES.unknown(ip, note.clone()));
            findings.push(MATCHES_IP.unknown(ip, note));
        }
    }
    findings.push(matches_ptr(case, &name).await);
    findings.push(of_spf(case, &name).await);
    findings
}

fn rest(case: &AddressCase) -> impl Iterator<Item = Finding> {
    let ip = case.ip;
    CHECKS.iter().skip(1).map(move |check| check.not_applicable(ip, note!("helo-no-name", ip = ip)))
}

/// An address literal is a correct name, and one that says nothing.
fn literal_only(case: &AddressCase, literal: IpAddr) -> Vec<Finding> {
    let ip = case.ip;
    let found = if literal == ip.to_canonical() {
        FQDN.info(ip, note!("helo-fqdn-literal", ip = ip))
    } else {
        let fix = Fix::new(note!("helo-fix", name = suggested(case)));
        FQDN.fail(ip, note!("helo-fqdn-other-literal", literal = literal, ip = ip)).fix(fix)
    };
    std::iter::once(found).chain(rest(case)).collect()
}

fn neither(case: &AddressCase, helo: &str, why: &str) -> Finding {
    let note = match why {
        "bare" => note!("helo-fqdn-bare", helo = helo),
        "literal" => note!("helo-fqdn-bad-literal", helo = helo),
        "local" => note!("helo-fqdn-local", helo = helo),
        "label" => note!("helo-fqdn-label", helo = helo),
        _ => note!("helo-fqdn-character", helo = helo),
    };
    let name = suggested(case);
    let fix = Fix::new(note!("helo-fix", name = name)).settings(format!("hostname = \"{name}\"\n"));
    FQDN.fail(case.ip, note).evidence(format!("EHLO {helo}")).fix(fix)
}

/// A name that would serve: that of a domain that the address sends for.
fn suggested(case: &AddressCase) -> String {
    match case.domains.first() {
        Some(domain) => format!("mail.{domain}"),
        None => "mail.example.com".to_owned(),
    }
}

fn resolves(case: &AddressCase, name: &Domain, addresses: &[IpAddr]) -> Finding {
    let ip = case.ip;
    if !addresses.is_empty() {
        return RESOLVES.pass(ip, note!("helo-resolves", helo = name)).evidences(addresses);
    }
    let fix = Fix::new(note!("helo-resolves-fix", helo = name, ip = ip)).records(vec![Change::address(
        Operation::Add,
        name,
        ip,
    )]);
    RESOLVES.fail(ip, note!("helo-resolves-none", helo = name)).fix(fix)
}

fn matches_ip(case: &AddressCase, name: &Domain, addresses: &[IpAddr]) -> Finding {
    let ip = case.ip;
    if addresses.contains(&ip.to_canonical()) {
        return MATCHES_IP.pass(ip, note!("helo-matches-ip", helo = name, ip = ip));
    }
    let fix = Fix::new(note!("helo-matches-ip-fix", helo = name, ip = ip)).records(vec![Change::address(
        Operation::Add,
        name,
        ip,
    )]);
    MATCHES_IP
        .fail(ip, note!("helo-matches-ip-other", helo = name, ip = ip))
        .evidences(addresses.iter().map(|address| format!("{name} {address}")))
        .fix(fix)
}

async fn matches_ptr(case: &AddressCase, name: &Domain) -> Finding {
    let ip = case.ip;
    let reverse = case.reverse().await;
    let Ok(names) = &reverse.names else {
        return MATCHES_PTR.not_applicable(ip, note!("ip-no-name", ip = ip));
    };
    let of_helo = DnsName::from(name);
    if names.contains(&of_helo) {
        return MATCHES_PTR.pass(ip, note!("helo-matches-ptr", helo = name)).ttl(reverse.ttl);
    }
    let ptr = reverse.name().unwrap_or_default();
    let related =
        Domain::parse(ptr).is_ok_and(|ptr| organizational_domain(&ptr) == organizational_domain(name));
    let addresses = addresses_of(case.resolver(), name).await.unwrap_or_default();
    // Both names lead to the address: nobody has to choose between them.
    let found = if related || addresses.contains(&ip) {
        MATCHES_PTR.info(ip, note!("helo-matches-ptr-near", helo = name, name = ptr))
    } else {
        let change =
            Change::new(Operation::Replace, &reverse.at, tegami_dns::RecordType::Ptr, format!("{name}."));
        let fix = Fix::new(note!("helo-matches-ptr-fix", helo = name, ip = ip, name = ptr))
            .records(vec![change])
            .settings(format!("hostname = \"{ptr}\"\n"))
            .by(ip);
        MATCHES_PTR.warn(ip, note!("helo-matches-ptr-other", helo = name, name = ptr)).fix(fix)
    };
    found.evidences(reverse.records()).ttl(reverse.ttl)
}

async fn of_spf(case: &AddressCase, name: &Domain) -> Finding {
    let ip = case.ip;
    let null = ReversePath::Null;
    let request =
        spf::Request { ip, helo: name.as_str(), mail_from: &null, receiver: "unknown", now: case.known.now };
    let verdict = spf::check_helo(&request, case.resolver()).await;
    let publish = |operation| vec![Change::txt(operation, name, "v=spf1 a -all")];
    match verdict.result {
        SpfResult::Pass => SPF.pass(ip, note!("helo-spf", helo = name, ip = ip)),
        SpfResult::None => {
            let fix = Fix::new(note!("helo-spf-fix", helo = name)).records(publish(Operation::Add));
            SPF.info(ip, note!("helo-spf-none", helo = name)).fix(fix)
        }
        SpfResult::TempError => SPF.unknown(ip, note!("helo-spf-unanswered", helo = name)),
        result => {
            let fix = Fix::new(note!("helo-spf-fix", helo = name)).records(publish(Operation::Replace));
            let note = note!("helo-spf-not", helo = name, ip = ip, result = result.as_str());
            let steps =
                verdict.steps.iter().map(|step| format!("{} {} {}", step.domain, step.term, step.outcome));
            SPF.warn(ip, note).evidences(steps).fix(fix)
        }
    }
}

#[cfg(test)]
pub(crate) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::{Fixture, World};

    fn helo(world: &mut World, helo: &str) {
        world.known.helo = Some(helo.to_owned());
        world.known.sources = vec!["192.0.2.10".parse().unwrap()];
    }
    vec![
        Fixture::pass("helo.fqdn", ""),
        Fixture::fail("helo.fqdn", "").with(|world| helo(world, "localhost")),
        Fixture::fail("helo.fqdn", "").with(|world| helo(world, "ip-10-0-0-5")),
        Fixture::fail("helo.fqdn", "").with(|world| helo(world, "192.0.2.10")),
        Fixture::fail("helo.fqdn", "").with(|world| helo(world, "my_host.local")),
        Fixture::fail("helo.fqdn", "").with(|world| helo(world, "server.local")),
        Fixture::info("helo.fqdn", "").with(|world| helo(world, "[192.0.2.10]")),
        Fixture::fail("helo.fqdn", "").with(|world| helo(world, "[192.0.2.11]")),
        Fixture::fail("helo.fqdn", "").with(|world| helo(world, "[2001:db8::10]")),
        Fixture::na("helo.fqdn", "").with(|world| world.known.helo = None),
        Fixture::pass("helo.resolves", ""),
        Fixture::fail("helo.resolves", "").with(|world| helo(world, "mx9.example.com")),
        Fixture::unknown("helo.resolves", "$SERVFAIL mx9.example.com.")
            .with(|world| helo(world, "mx9.example.com")),
        Fixture::pass("helo.matches-ip", ""),
        Fixture::fail("helo.matches-ip", "").with(|world| helo(world, "mx2.example.com")),
        Fixture::na("helo.matches-ip", "").with(|world| helo(world, "mx9.example.com")),
        Fixture::pass("helo.matches-ptr", ""),
        Fixture::info("helo.matches-ptr", "").with(|world| helo(world, "mx2.example.com")),
        Fixture::info("helo.matches-ptr", "mail.other.example. A 192.0.2.10")
            .with(|world| helo(world, "mail.other.example")),
        Fixture::warn("helo.matches-ptr", "mail.other.example. A 192.0.2.99")
            .with(|world| helo(world, "mail.other.example")),
        Fixture::pass("helo.spf", ""),
        Fixture::info("helo.spf", "- mx1 TXT"),
        Fixture::warn("helo.spf", "- mx1 TXT\nmx1 TXT \"v=spf1 -all\""),
        Fixture::unknown("helo.spf", "$SERVFAIL mx1.example.com. TXT"),
    ]
}
