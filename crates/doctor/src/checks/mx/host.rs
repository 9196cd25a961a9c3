//! Each host that an MX record names, for itself.

use std::net::IpAddr;

use tegami_auth::finding::{Change, Operation, Severity};
use tegami_dns::{DnsName, RecordType};
use tegami_mail::note;

use super::{MailHost, MailHosts, change, data, lines};
use crate::case::DomainCase;
use crate::{About, Check, Finding, Fix, Who};

pub(super) const RESOLVES: Check =
    Check::new("mx.resolves", About::Host, Severity::S4, "RFC 5321 section 5.1").who(&[Who::Rfc]).after(&[
        "mx.exists",
        "mx.not-ip",
        "mx.syntax",
    ]);
pub(super) const NO_CNAME: Check =
    Check::new("mx.no-cname", About::Host, Severity::S3, "RFC 2181 section 10.3")
        .who(&[Who::Rfc])
        .after(&["mx.resolves"]);
pub(super) const NOT_IP: Check = Check::new("mx.not-ip", About::Host, Severity::S3, "RFC 1035 section 3.3.9")
    .who(&[Who::Rfc])
    .after(&["mx.exists"]);
pub(super) const PUBLIC_IP: Check =
    Check::new("mx.public-ip", About::Host, Severity::S4, "RFC 6890 section 2.2.2")
        .who(&[Who::Rfc])
        .after(&["mx.resolves"]);
pub(super) const SYNTAX: Check = Check::new("mx.syntax", About::Host, Severity::S2, "RFC 5321 section 2.3.5")
    .who(&[Who::Rfc])
    .after(&["mx.exists", "mx.not-ip"]);

/// All of them.
const CHECKS: [&Check; 5] = [&RESOLVES, &NO_CNAME, &NOT_IP, &PUBLIC_IP, &SYNTAX];

pub(super) fn judge(case: &DomainCase, hosts: &MailHosts) -> Vec<Finding> {
    let mut findings: Vec<_> = hosts
        .real()
        .flat_map(|host| {
            [
                resolves(case, hosts, host),
                no_cname(case, host),
                not_ip(case, host),
                public_ip(case, host),
                syntax(case, host),
            ]
        })
        .collect();
    if findings.is_empty() {
        let none = |check: &'static Check| {
            check.not_applicable(&case.domain, note!("mx-no-hosts", domain = case.domain))
        };
        findings.extend(CHECKS.map(none));
    }
    findings
}

fn resolves(case: &DomainCase, hosts: &MailHosts, host: &MailHost) -> Finding {
    let name = &host.name;
    if !host.addresses.is_empty() {
        return RESOLVES
            .pass(name, note!("mx-resolves", host = name))
            .evidences(&host.addresses)
            .ttl(host.ttl);
    }
    if let Some(error) = &host.error {
        return RESOLVES.unknown(name, note!("dns-unanswered", name = name, kind = "A", error = error));
    }
    let mut fix = Fix::new(note!("mx-resolves-fix", host = name));
    // One dead host among living ones costs a try; where none lives, mail does not come at all.
    let any = hosts.real().any(|other| !other.addresses.is_empty());
    if let (true, Some(preference)) = (any, host.preference) {
        fix = fix.records(vec![change(Operation::Delete, &case.domain, preference, name)]);
    }
    let found = RESOLVES
        .fail(name, note!("mx-resolves-none", host = name))
        .evidences(lines(&case.domain, std::iter::once(host)))
        .fix(fix)
        .ttl(hosts.ttl);
    if any { found.severity(Severity::S3) } else { found }
}

fn no_cname(case: &DomainCase, host: &MailHost) -> Finding {
    let name = &host.name;
    let (Some(target), Some(preference)) = (host.aliases.last(), host.preference) else {
        let found = if host.addresses.is_empty() {
            NO_CNAME.not_applicable(name, note!("mx-resolves-none", host = name))
        } else {
            NO_CNAME.pass(name, note!("mx-no-cname", host = name))
        };
        return found.ttl(host.ttl);
    };
    let to_target = vec![
        change(Operation::Delete, &case.domain, preference, name),
        change(Operation::Add, &case.domain, preference, target),
    ];
    let first = host.aliases.first().unwrap_or(target);
    let mut to_addresses = vec![Change::new(Operation::Delete, name, RecordType::Cname, format!("{first}."))];
    to_addresses.extend(host.addresses.iter().map(|ip| Change::address(Operation::Add, name, *ip)));
    let chain = std::iter::once(name).chain(&host.aliases).zip(&host.aliases);
    NO_CNAME
        .fail(name, note!("mx-no-cname-alias", host = name, target = target))
        .evidences(chain.map(|(alias, target)| format!("{alias} CNAME {target}.")))
        .fix(Fix::new(note!("mx-no-cname-fix", host = name)).records(to_target).records(to_addresses))
        .ttl(host.ttl)
}

/// The address that somebody wrote where a name belongs; the domain may stand behind it, for want of a final dot.
fn address(case: &DomainCase, name: &DnsName) -> Option<IpAddr> {
    let text = name.as_str();
    let text = text.strip_suffix(&format!(".{}", case.domain)).unwrap_or(text);
    let text = text.trim_start_matches('[').trim_end_matches(']');
    text.parse().or_else(|_| text.trim_start_matches("ipv6:").parse()).ok()
}

fn not_ip(case: &DomainCase, host: &MailHost) -> Finding {
    let (name, domain) = (&host.name, &case.domain);
    let (Some(ip), Some(preference)) = (address(case, name), host.preference) else {
        return NOT_IP.pass(name, note!("mx-not-ip", host = name));
    };
    let named = format!("mail.{domain}");
    let records = vec![
        change(Operation::Delete, domain, preference, name),
        Change::address(Operation::Add, &named, ip),
        Change::new(Operation::Add, domain, RecordType::Mx, data(preference, &named)),
    ];
    NOT_IP
        .fail(name, note!("mx-not-ip-address", domain = domain, ip = ip))
        .evidences(lines(domain, std::iter::once(host)))
        .fix(Fix::new(note!("mx-not-ip-fix", name = named, ip = ip)).records(records))
}

fn public_ip(case: &DomainCase, host: &MailHost) -> Finding {
    let name = &host.name;
    let private: Vec<_> = host.addresses.iter().filter(|ip| !case.known.reach.has(**ip)).collect();
    if host.addresses.is_empty() {
        return PUBLIC_IP.not_applicable(name, note!("mx-resolves-none", host = name));
    }
    let Some(first) = private.first() else {
        return PUBLIC_IP.pass(name, note!("mx-public-ip", host = name));
    };
    let delete = private.iter().map(|ip| Change::address(Operation::Delete, name, **ip)).collect();
    PUBLIC_IP
        .fail(name, note!("mx-public-ip-private", host = name, ip = first))
        .evidences(private.iter().map(|ip| format!("{name} {ip}")))
        .fix(Fix::new(note!("mx-public-ip-fix", host = name)).records(delete))
        .ttl(host.ttl)
}

/// What is wrong with a name as that of a host.
enum Fault {
    /// The zone's own name was added twice: the right name.
    Doubled(String),
    /// One label is no name that others can find.
    Short,
    /// Octets that no host name has (RFC 1123 section 2.1).
    Octets,
}

fn fault(case: &DomainCase, name: &DnsName) -> Option<Fault> {
    let text = name.as_str();
    let twice = format!(".{0}.{0}", case.domain);
    if let Some(rest) = text.strip_suffix(&twice) {
        return Some(Fault::Doubled(format!("{rest}.{}", case.domain)));
    }
    if !text.contains('.') {
        return Some(Fault::Short);
    }
    let good = |label: &str| {
        let hyphen = label.starts_with('-') || label.ends_with('-');
        !hyphen && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
    };
    (!text.split('.').all(good)).then_some(Fault::Octets)
}

fn syntax(case: &DomainCase, host: &MailHost) -> Finding {
    let (name, domain) = (&host.name, &case.domain);
    let (Some(fault), Some(preference)) = (fault(case, name), host.preference) else {
        return SYNTAX.pass(name, note!("mx-syntax", host = name));
    };
    let delete = change(Operation::Delete, domain, preference, name);
    let found =
        match fault {
            Fault::Doubled(right) => {
                let add = Change::new(Operation::Add, domain, RecordType::Mx, data(preference, &right));
                SYNTAX
                    .fail(name, note!("mx-syntax-doubled", host = name, right = right))
                    .fix(Fix::new(note!("mx-syntax-doubled-fix")).records(vec![delete, add]))
            }
            Fault::Short => {
                let right = format!("{name}.{domain}");
                let add = Change::new(Operation::Add, domain, RecordType::Mx, data(preference, &right));
                SYNTAX
                    .fail(name, note!("mx-syntax-short", host = name))
                    .fix(Fix::new(note!("mx-syntax-short-fix")).records(vec![delete, add]))
            }
            // It works with most senders, as long as it has an address.
            Fault::Octets => {
                let right: String = name.as_str().replace('_', "-");
                let add = Change::new(Operation::Add, domain, RecordType::Mx, data(preference, &right));
                let addresses =
                    host.addresses.iter().map(|ip| Change::address(Operation::Add, right.as_str(), *ip));
                let records: Vec<Change> = addresses.chain([add, delete]).collect();
                let fix = Fix::new(note!("mx-syntax-octets-fix"));
                let plain = right.split('.').all(|label| !label.starts_with('-') && !label.ends_with('-'));
                SYNTAX
                    .warn(name, note!("mx-syntax-octets", host = name))
                    .fix(if plain && !right.contains('\\') { fix.records(records) } else { fix })
            }
        };
    found.evidences(lines(domain, std::iter::once(host)))
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::Fixture;
    const ALIAS: &str = "- mx1 A\nmx1 CNAME host.example.net.\nhost.example.net. A 192.0.2.10";
    let alias = |check| Fixture::new(check, crate::State::Fail, ALIAS);
    vec![
        Fixture::pass("mx.resolves", ""),
        Fixture::fail("mx.resolves", "example.com. MX 30 mx9.example.com."),
        Fixture::na("mx.resolves", "- example.com. MX"),
        Fixture::unknown("mx.resolves", "$SERVFAIL mx1\n- mx1"),
        Fixture::pass("mx.no-cname", ""),
        alias("mx.no-cname"),
        Fixture::pass("mx.not-ip", ""),
        Fixture::fail("mx.not-ip", "example.com. MX 10 192.0.2.10."),
        Fixture::fail("mx.not-ip", "example.com. MX 10 192.0.2.10"),
        Fixture::pass("mx.resolves", "example.com. MX 10 192.0.2.10."),
        Fixture::pass("mx.public-ip", ""),
        Fixture::fail("mx.public-ip", "- mx1 A \nmx1 A 10.0.0.5"),
        Fixture::pass("mx.syntax", ""),
        Fixture::fail("mx.syntax", "example.com. MX 30 mx1.example.com.example.com."),
        Fixture::fail("mx.syntax", "example.com. MX 30 mail."),
        Fixture::warn("mx.syntax", "example.com. MX 30 mx_3.example.com.\nmx_3 A 192.0.2.33"),
        Fixture::na("mx.syntax", "- example.com. MX"),
    ]
}
