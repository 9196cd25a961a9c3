//! The mail hosts of a domain, beside one another.

mod order;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::LazyLock;

use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_auth::finding::{Operation, Severity};
use tegami_dns::DnsName;
use tegami_mail::provider::{Ends, presets};
use tegami_mail::{Domain, note};

use super::{MailHost, MailHosts, Receiving, change, lines};
use crate::case::DomainCase;
use crate::{About, Check, Finding, Fix, Who};

pub(super) use order::PREFS_ORDER;

pub(super) const DUPLICATES: Check =
    Check::new("mx.duplicates", About::Domain, Severity::S1, "RFC 5321 section 5.1").after(&["mx.exists"]);
pub(super) const REDUNDANCY: Check =
    Check::new("mx.redundancy", About::Domain, Severity::S1, "RFC 5321 section 4.5.4.1")
        .after(&["mx.exists"]);
pub(super) const COUNT: Check = Check::new("mx.count", About::Domain, Severity::S2, "RFC 7208 section 4.6.4")
    .who(&[Who::Rfc])
    .after(&["mx.exists"]);
pub(super) const PROVIDER: Check =
    Check::new("mx.provider", About::Domain, Severity::S0, "RFC 5321 section 5.1").after(&["mx.exists"]);
pub(super) const SAME_AS_WEB: Check =
    Check::new("mx.same-as-web", About::Domain, Severity::S0, "RFC 5321 section 5.1").after(&["mx.exists"]);

const CHECKS: [&Check; 6] = [&DUPLICATES, &REDUNDANCY, &PREFS_ORDER, &COUNT, &PROVIDER, &SAME_AS_WEB];

/// Who receives mail for domains of others, beside those of [`presets`]: how mail is sent to them needs no care of its own.
const MORE: [(&str, &str); 13] = [
    ("mailgun.org", "Mailgun"),
    ("sendgrid.net", "SendGrid"),
    ("sakura.ne.jp", "さくらインターネット"),
    ("xserver.jp", "XServer"),
    ("lolipop.jp", "ロリポップ!"),
    ("heteml.jp", "heteml"),
    ("mx.cloudflare.net", "Cloudflare Email Routing"),
    ("mail.gandi.net", "Gandi"),
    ("migadu.com", "Migadu"),
    ("mailbox.org", "mailbox.org"),
    ("tutanota.de", "Tuta"),
    ("forwardemail.net", "Forward Email"),
    ("improvmx.com", "ImprovMX"),
];

/// MX records that SPF's `mx` looks at (RFC 7208 section 4.6.4).
const MANY: usize = 10;

pub(super) async fn judge(case: &DomainCase, hosts: &MailHosts) -> Vec<Finding> {
    let domain = &case.domain;
    if hosts.receiving != Receiving::Explicit {
        let implicit = hosts.receiving == Receiving::Implicit;
        let none = |check: &'static Check| {
            let note = if implicit {
                note!("mx-implicit-alone", domain = domain)
            } else {
                note!("mx-no-hosts", domain = domain)
            };
            check.not_applicable(domain, note)
        };
        return CHECKS.map(none).into();
    }
    vec![
        duplicates(domain, hosts),
        redundancy(domain, hosts),
        order::judge(domain, hosts),
        count(domain, hosts),
        providers(domain, hosts),
        same_as_web(case, hosts).await,
    ]
}

/// The provider that a mail host belongs to: its name in the table, and what people call it.
pub(in super::super) fn provider(host: &DnsName) -> Option<(&'static str, &'static str)> {
    static ENDS: LazyLock<Ends<(&'static str, &'static str)>> = LazyLock::new(|| {
        let mut ends = Ends::default();
        for (name, preset) in presets() {
            let title = preset.title.as_deref().unwrap_or(name);
            preset.mx.iter().for_each(|end| ends.insert(end, (name.as_str(), title)));
        }
        MORE.iter().for_each(|(end, title)| ends.insert(end, (*end, *title)));
        ends
    });
    // The machines of a cloud are not its mail service.
    let rented = host.as_str().split('.').any(|label| label.starts_with("compute"));
    ENDS.find(host.as_str()).copied().filter(|_| !rented)
}

fn duplicates(domain: &Domain, hosts: &MailHosts) -> Finding {
    let mut first: BTreeMap<&DnsName, &MailHost> = BTreeMap::new();
    let mut again = Vec::new();
    for host in hosts.hosts.iter().filter(|host| !host.name.is_root()) {
        if first.contains_key(&host.name) {
            again.push(host);
        } else {
            first.insert(&host.name, host);
        }
    }
    if let Some(host) = again.first() {
        let twice = hosts.hosts.iter().filter(|other| other.name == host.name);
        let delete = again
            .iter()
            .filter_map(|host| Some(change(Operation::Delete, domain, host.preference?, &host.name)));
        return DUPLICATES
            .warn(domain, note!("mx-duplicates-name", domain = domain, host = host.name))
            .evidences(lines(domain, twice))
            .fix(Fix::new(note!("mx-duplicates-fix")).records(delete.collect()))
            .ttl(hosts.ttl);
    }
    let mut owners: BTreeMap<IpAddr, Vec<&DnsName>> = BTreeMap::new();
    for host in first.values() {
        host.addresses.iter().for_each(|ip| owners.entry(*ip).or_default().push(&host.name));
    }
    let shared = owners.iter().find_map(|(ip, names)| match names.as_slice() {
        [one, two, ..] => Some((ip, *one, *two)),
        _ => None,
    });
    match shared {
        Some((ip, one, two)) => DUPLICATES
            .info(domain, note!("mx-duplicates-address", one = one, two = two, ip = ip))
            .evidences([format!("{one} {ip}"), format!("{two} {ip}")]),
        None => DUPLICATES.pass(domain, note!("mx-duplicates", domain = domain)),
    }
    .ttl(hosts.ttl)
}

/// The network of an address, as far as one line to the Internet goes: /24, /48.
pub(in super::super) fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => IpAddr::from((u32::from(ip) & !0xff).to_be_bytes()),
        IpAddr::V6(ip) => IpAddr::from((u128::from(ip) & !((1 << 80) - 1)).to_be_bytes()),
    }
}

fn redundancy(domain: &Domain, hosts: &MailHosts) -> Finding {
    if let Some((_, title)) = hosts.real().find_map(|host| provider(&host.name)) {
        return REDUNDANCY.pass(domain, note!("mx-redundancy-provider", provider = title)).ttl(hosts.ttl);
    }
    let addresses = || hosts.real().flat_map(|host| &host.addresses).copied();
    // A host has both kinds of addresses and is one host nevertheless.
    let v4 = addresses().any(|ip| ip.is_ipv4());
    let networks: BTreeSet<IpAddr> = addresses().filter(|ip| ip.is_ipv4() == v4).map(network).collect();
    let machines: BTreeSet<IpAddr> = addresses().filter(|ip| ip.is_ipv4() == v4).collect();
    let finding = match (machines.len(), networks.len()) {
        (0, _) => REDUNDANCY.not_applicable(domain, note!("mx-no-addresses", domain = domain)),
        (1, _) => REDUNDANCY.info(domain, note!("mx-redundancy-one", domain = domain)),
        (_, 1) => REDUNDANCY.info(domain, note!("mx-redundancy-network", domain = domain)),
        (count, _) => REDUNDANCY.pass(domain, note!("mx-redundancy", domain = domain, count = count)),
    };
    finding.evidences(machines).ttl(hosts.ttl)
}

fn count(domain: &Domain, hosts: &MailHosts) -> Finding {
    let count = hosts.count;
    if count <= MANY {
        return COUNT.pass(domain, note!("mx-count", domain = domain, count = count)).ttl(hosts.ttl);
    }
    COUNT
        .warn(domain, note!("mx-count-many", domain = domain, count = count, limit = MANY))
        .evidences(lines(domain, hosts.hosts.iter()))
        .fix(Fix::new(note!("mx-count-fix", limit = MANY)))
        .ttl(hosts.ttl)
}

fn providers(domain: &Domain, hosts: &MailHosts) -> Finding {
    let named: Vec<(&MailHost, Option<&str>)> =
        hosts.real().map(|host| (host, provider(&host.name).map(|(_, title)| title))).collect();
    let known: BTreeSet<&str> = named.iter().filter_map(|(_, title)| *title).collect();
    let list = known.iter().copied().collect::<Vec<_>>().join(", ");
    // Mail is shared out among hosts of one preference, whoever they belong to.
    let split = named.iter().find_map(|(host, title)| {
        let title = (*title)?;
        let other = named
            .iter()
            .find(|(other, others)| other.preference == host.preference && *others != Some(title))?;
        Some((*host, title, other.0))
    });
    if let Some((host, title, other)) = split {
        let delete = |of: bool| {
            let hosts = named.iter().filter(|(_, other)| (*other == Some(title)) == of);
            let delete =
                |host: &MailHost| Some(change(Operation::Delete, domain, host.preference?, &host.name));
            hosts.filter_map(|(host, _)| delete(host)).collect()
        };
        let found = PROVIDER
            .warn(domain, note!("mx-provider-split", one = host.name, two = other.name))
            .severity(Severity::S2)
            .evidences(lines(domain, hosts.hosts.iter()))
            .fix(
                Fix::new(note!("mx-provider-split-fix", provider = title))
                    .records(delete(false))
                    .records(delete(true)),
            )
            .ttl(hosts.ttl);
        return if known.len() > 1 { found } else { found.likely() };
    }
    if known.is_empty() {
        return PROVIDER.info(domain, note!("mx-provider-unknown", domain = domain)).ttl(hosts.ttl);
    }
    PROVIDER.info(domain, note!("mx-provider", domain = domain, provider = list)).ttl(hosts.ttl)
}

/// People take the web server for the mail server, and the MX records of one name for those of another.
async fn same_as_web(case: &DomainCase, hosts: &MailHosts) -> Finding {
    let domain = &case.domain;
    let Some(first) = hosts.hosts.first() else {
        return SAME_AS_WEB.not_applicable(domain, note!("mx-no-hosts", domain = domain));
    };
    let web = case.resolver().a(&case.name).await.unwrap_or_default();
    let both = hosts.real().find_map(|host| {
        let ip = host.addresses.iter().find(|ip| web.iter().any(|web| IpAddr::from(*web) == **ip))?;
        Some((host, ip))
    });
    if let Some((host, ip)) = both {
        return SAME_AS_WEB
            .info(domain, note!("mx-same-as-web-both", domain = domain, host = host.name, ip = ip))
            .evidences(lines(domain, hosts.hosts.iter()))
            .ttl(hosts.ttl);
    }
    let organization = organizational_domain(domain);
    let note = if organization == *domain {
        note!("mx-same-as-web", domain = domain, host = first.name)
    } else {
        note!("mx-same-as-web-below", domain = domain, host = first.name, above = organization)
    };
    SAME_AS_WEB.pass(domain, note).evidences(lines(domain, hosts.hosts.iter())).ttl(hosts.ttl)
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::Fixture;
    const ONE: &str = "- example.com. MX\nexample.com. MX 10 mx2.example.com.";
    const ELEVEN: &str = "- example.com. MX
        example.com. MX 1 mx1\nexample.com. MX 2 mx2\nexample.com. MX 3 mx3\nexample.com. MX 4 mx4
        example.com. MX 5 mx5\nexample.com. MX 6 mx6\nexample.com. MX 7 mx7\nexample.com. MX 8 mx8
        example.com. MX 9 mx9\nexample.com. MX 10 mx10\nexample.com. MX 11 mx11";
    const TWO: &str =
        "- example.com. MX\nexample.com. MX 10 aspmx.l.google.com.\nexample.com. MX 10 mxa.mailgun.org.
        aspmx.l.google.com. A 203.0.113.5\nmxa.mailgun.org. A 203.0.113.6";
    let mut all = vec![
        Fixture::pass("mx.duplicates", ""),
        Fixture::warn("mx.duplicates", "- example.com. MX 20\nexample.com. MX 20 mx1.example.com."),
        Fixture::info("mx.duplicates", "- mx2 A\nmx2 A 192.0.2.10"),
        Fixture::na("mx.duplicates", "- example.com. MX"),
        Fixture::pass("mx.redundancy", ""),
        Fixture::info("mx.redundancy", ONE),
        Fixture::info("mx.redundancy", "- mx2 A\nmx2 A 192.0.2.20"),
        Fixture::pass("mx.count", ""),
        Fixture::warn("mx.count", ELEVEN),
        Fixture::info("mx.provider", ""),
        Fixture::warn("mx.provider", TWO),
        Fixture::na("mx.provider", "- example.com. MX"),
        Fixture::pass("mx.same-as-web", ""),
        Fixture::info("mx.same-as-web", "example.com. A 192.0.2.10"),
        Fixture::na("mx.same-as-web", "- example.com. MX"),
    ];
    all.extend(order::fixtures());
    all
}
