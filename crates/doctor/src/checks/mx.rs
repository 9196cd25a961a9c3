//! Where a domain's mail goes (RFC 5321 section 5.1).

mod host;
mod hosts;
mod reached;
mod set;

use futures_util::FutureExt as _;
use futures_util::future::join;
use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_dns::{DnsName, RecordType};
use tegami_mail::{Domain, note};

pub use hosts::{MailHost, MailHosts, Receiving};
pub(crate) use reached::VISITED;
pub(super) use set::{network, provider};

use crate::case::{DomainCase, Purpose};
use crate::catalogue::Family;
use crate::{About, Check, Finding, Fix, Who};

/// The family.
pub(crate) const FAMILY: Family = Family::new(
    "mx",
    &[
        &EXISTS,
        &FROM_DOMAIN,
        &NULL,
        &host::RESOLVES,
        &host::NO_CNAME,
        &host::NOT_IP,
        &host::PUBLIC_IP,
        &host::SYNTAX,
        &set::DUPLICATES,
        &set::REDUNDANCY,
        &set::PREFS_ORDER,
        &set::COUNT,
        &set::PROVIDER,
        &set::SAME_AS_WEB,
    ],
)
.of_domain(|case| judge(case).boxed());

const EXISTS: Check = Check::new("mx.exists", About::Domain, Severity::S3, "RFC 5321 section 5.1")
    .who(&[Who::Rfc])
    .after(&["dns.exists"]);
const FROM_DOMAIN: Check = Check::new("mx.from-domain", About::Domain, Severity::S2, "RFC 5321 section 5.1")
    .who(&[Who::JpCarriers])
    .after(&["dns.exists", "mx.exists"]);
const NULL: Check = Check::new("mx.null", About::Domain, Severity::S4, "RFC 7505 section 3")
    .who(&[Who::Yahoo, Who::Rfc])
    .after(&["dns.exists"]);

async fn judge(case: &DomainCase) -> Vec<Finding> {
    let hosts = case.hosts().await;
    let mut findings =
        vec![exists(case, hosts).await, from_domain(case, hosts).await, null(case, hosts).await];
    findings.extend(host::judge(case, hosts));
    findings.extend(set::judge(case, hosts).await);
    findings
}

/// An MX record as it is pasted: with its final dot.
fn data(preference: u16, exchange: impl std::fmt::Display) -> String {
    format!("{preference} {exchange}.")
}

/// The change of one MX record of the domain.
fn change(operation: Operation, domain: &Domain, preference: u16, exchange: &DnsName) -> Change {
    Change::new(operation, domain, RecordType::Mx, data(preference, exchange))
}

/// The MX records of the domain, as they are published.
fn lines<'h>(domain: &Domain, hosts: impl Iterator<Item = &'h MailHost>) -> Vec<String> {
    hosts.filter_map(|host| Some(format!("{domain} MX {}", data(host.preference?, &host.name)))).collect()
}

async fn exists(case: &DomainCase, hosts: &MailHosts) -> Finding {
    let domain = &case.domain;
    match &hosts.receiving {
        Receiving::Explicit => EXISTS
            .pass(domain, note!("mx-exists", domain = domain, count = hosts.count))
            .evidences(lines(domain, hosts.hosts.iter()))
            .ttl(hosts.ttl),
        Receiving::Null => EXISTS.pass(domain, note!("mx-exists-null", domain = domain)).ttl(hosts.ttl),
        Receiving::Implicit => {
            EXISTS.info(domain, note!("mx-exists-implicit", domain = domain)).ttl(hosts.ttl)
        }
        Receiving::Nowhere | Receiving::NoDomain if !case.sends().await => {
            EXISTS.info(domain, note!("mx-exists-not-needed", domain = domain))
        }
        Receiving::Nowhere | Receiving::NoDomain => {
            let fix = Fix::new(note!("mx-exists-fix", domain = domain)).records(vec![Change::new(
                Operation::Add,
                domain,
                RecordType::Mx,
                format!("10 mail.{domain}."),
            )]);
            EXISTS.fail(domain, note!("mx-exists-none", domain = domain)).fix(fix)
        }
        Receiving::Unknown(error) => EXISTS
            .unknown(domain, note!("dns-unanswered", name = domain, kind = RecordType::Mx, error = error)),
    }
}

async fn from_domain(case: &DomainCase, hosts: &MailHosts) -> Finding {
    let domain = &case.domain;
    if !case.sends().await {
        return FROM_DOMAIN.not_applicable(domain, note!("mx-sends-none", domain = domain));
    }
    match &hosts.receiving {
        Receiving::Explicit => {
            FROM_DOMAIN.pass(domain, note!("mx-from-domain", domain = domain)).ttl(hosts.ttl)
        }
        Receiving::Null => FROM_DOMAIN.not_applicable(domain, note!("mx-exists-null", domain = domain)),
        Receiving::Nowhere | Receiving::NoDomain => {
            FROM_DOMAIN.not_applicable(domain, note!("mx-exists-none", domain = domain))
        }
        Receiving::Unknown(error) => FROM_DOMAIN
            .unknown(domain, note!("dns-unanswered", name = domain, kind = RecordType::Mx, error = error)),
        Receiving::Implicit => {
            let mut fix = Fix::new(note!("mx-from-domain-fix", domain = domain));
            let above = of_organization(case).await;
            if !above.is_empty() {
                fix = fix.records(above);
            }
            let own = Change::new(Operation::Add, domain, RecordType::Mx, data(10, domain));
            FROM_DOMAIN
                .warn(domain, note!("mx-from-domain-implicit", domain = domain))
                .evidences(
                    hosts.hosts.iter().flat_map(|host| &host.addresses).map(|ip| format!("{domain} {ip}")),
                )
                .fix(fix.records(vec![own]))
                .ttl(hosts.ttl)
        }
    }
}

/// The MX records of the organization's own domain, for a subdomain to share.
async fn of_organization(case: &DomainCase) -> Vec<Change> {
    let organization = organizational_domain(&case.domain);
    if organization == case.domain {
        return Vec::new();
    }
    let hosts = case.resolver().mx(&DnsName::from(&organization)).await.unwrap_or_default();
    let hosts = hosts.iter().filter(|host| !host.exchange.is_root()).take(10);
    hosts.map(|host| change(Operation::Add, &case.domain, host.preference, &host.exchange)).collect()
}

/// RFC 7505: `0 .` stands alone, and only where the domain wants no mail.
async fn null(case: &DomainCase, hosts: &MailHosts) -> Finding {
    let domain = &case.domain;
    let (null, others): (Vec<_>, Vec<_>) = hosts.hosts.iter().partition(|host| host.name.is_root());
    let delete = |hosts: &[&MailHost]| -> Vec<Change> {
        let delete = |host: &&MailHost| Some(change(Operation::Delete, domain, host.preference?, &host.name));
        hosts.iter().filter_map(delete).collect()
    };
    match &hosts.receiving {
        Receiving::Unknown(error) => {
            NULL.unknown(domain, note!("dns-unanswered", name = domain, kind = RecordType::Mx, error = error))
        }
        Receiving::Implicit | Receiving::Nowhere | Receiving::NoDomain => {
            NULL.not_applicable(domain, note!("mx-null-no-mx", domain = domain))
        }
        Receiving::Explicit if null.is_empty() => {
            NULL.pass(domain, note!("mx-null-absent", domain = domain)).ttl(hosts.ttl)
        }
        Receiving::Explicit => NULL
            .fail(domain, note!("mx-null-mixed", domain = domain))
            .evidences(lines(domain, hosts.hosts.iter()))
            .fix(Fix::new(note!("mx-null-mixed-fix")).records(delete(&null)).records(delete(&others)))
            .ttl(hosts.ttl),
        Receiving::Null => {
            let finding = alone(case, delete(&null)).await;
            let odd = null.iter().any(|host| host.preference != Some(0));
            let finding = if odd && finding.state < crate::State::Warn {
                let mut right = delete(&null);
                right.push(change(Operation::Add, domain, 0, &DnsName::root()));
                NULL.warn(domain, note!("mx-null-preference", domain = domain))
                    .fix(Fix::new(note!("mx-null-preference-fix")).records(right))
                    .severity(Severity::S1)
            } else {
                finding
            };
            finding.evidences(lines(domain, null.into_iter())).ttl(hosts.ttl)
        }
    }
}

/// A null MX without others.
async fn alone(case: &DomainCase, mut delete: Vec<Change>) -> Finding {
    let domain = &case.domain;
    let told = matches!(case.known.purpose, Purpose::Sends | Purpose::SendsBulk);
    let permits = case.spf().await.tree.text.is_some();
    if case.sends().await && (told || permits) {
        delete.push(Change::new(Operation::Add, domain, RecordType::Mx, format!("10 mail.{domain}.")));
        let fix = Fix::new(note!("mx-null-sends-fix", domain = domain)).records(delete);
        let found = NULL.fail(domain, note!("mx-null-sends", domain = domain)).source("RFC 7505 section 4.2");
        return if told { found.fix(fix) } else { found.fix(fix).likely() };
    }
    let (v4, v6) = join(
        case.resolver().lookup(&case.name, RecordType::A),
        case.resolver().lookup(&case.name, RecordType::Aaaa),
    )
    .await;
    let void =
        |answer: &Result<_, tegami_dns::DnsError>| answer.as_ref().err().is_some_and(|error| error.is_void());
    if void(&v4) && void(&v6) {
        return NULL.info(domain, note!("mx-null-superfluous", domain = domain));
    }
    NULL.pass(domain, note!("mx-null", domain = domain))
}

#[cfg(test)]
pub(crate) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::Fixture;
    const NULL: &str =
        "- example.com. MX\n- example.com. TXT\nexample.com. MX 0 .\nexample.com. TXT \"v=spf1 -all\"";
    let mut all = vec![
        Fixture::pass("mx.exists", ""),
        Fixture::info("mx.exists", "- example.com. MX\nexample.com. A 192.0.2.10"),
        Fixture::fail("mx.exists", "- example.com. MX"),
        Fixture::unknown("mx.exists", "$SERVFAIL example.com. MX"),
        Fixture::pass("mx.from-domain", ""),
        Fixture::warn("mx.from-domain", "- example.com. MX\nexample.com. A 192.0.2.10"),
        Fixture::na("mx.from-domain", "- example.com. MX"),
        Fixture::na("mx.from-domain", NULL),
        Fixture::pass("mx.null", ""),
        Fixture::fail("mx.null", "example.com. MX 0 ."),
        Fixture::fail("mx.null", "- example.com. MX\nexample.com. MX 0 ."),
        Fixture::info("mx.null", NULL),
        Fixture::pass(
            "mx.null",
            "- example.com. MX\n- example.com. TXT\nexample.com. MX 0 .\nexample.com. TXT \"v=spf1 -all\"\nexample.com. A 192.0.2.80",
        ),
        Fixture::warn(
            "mx.null",
            "- example.com. MX\n- example.com. TXT\nexample.com. MX 10 .\nexample.com. TXT \"v=spf1 -all\"",
        ),
        Fixture::na("mx.null", "- example.com. MX"),
    ];
    all.extend(host::fixtures());
    all.extend(set::fixtures());
    all.extend(reached::fixtures());
    all
}

#[cfg(test)]
mod tests;
