//! Records by which mail programs find the servers of a domain (RFC 6186, RFC 8314 section 5).

use futures_util::FutureExt as _;
use futures_util::future::{join, join_all};
use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_dns::{Data, DnsError, DnsName, RecordType, Service};
use tegami_mail::{Domain, note};

use super::mx::provider;
use crate::case::DomainCase;
use crate::catalogue::Family;
use crate::{About, Check, Finding, Fix};

/// The family.
pub(crate) const FAMILY: Family = Family::new("srv", &[&AUTOCONFIG]).of_domain(|case| judge(case).boxed());

const AUTOCONFIG: Check =
    Check::new("srv.autoconfig", About::Domain, Severity::S1, "RFC 6186 section 3").after(&["dns.exists"]);

/// The service, and its port (RFC 8314 section 3.3, RFC 6409 section 3.1).
const SERVICES: [(&str, u16); 3] =
    [("_submissions._tcp", 465), ("_submission._tcp", 587), ("_imaps._tcp", 993)];

/// Names of older ways, by which Thunderbird and Outlook look.
const OTHERS: [&str; 2] = ["autoconfig", "autodiscover"];

/// Where the customers of providers send and read: the service for sending, the two hosts.
const HOSTED: [(&str, &str, &str, &str); 6] = [
    ("google", "_submissions._tcp", "smtp.gmail.com", "imap.gmail.com"),
    ("microsoft365", "_submission._tcp", "smtp.office365.com", "outlook.office365.com"),
    ("icloud", "_submission._tcp", "smtp.mail.me.com", "imap.mail.me.com"),
    ("fastmail", "_submissions._tcp", "smtp.fastmail.com", "imap.fastmail.com"),
    ("zoho", "_submissions._tcp", "smtp.zoho.com", "imap.zoho.com"),
    ("yandex", "_submissions._tcp", "smtp.yandex.com", "imap.yandex.com"),
];

/// What is published for one service.
struct Published {
    label: &'static str,
    answer: Result<Vec<Service>, DnsError>,
}

async fn judge(case: &DomainCase) -> Vec<Finding> {
    vec![autoconfig(case).await]
}

async fn autoconfig(case: &DomainCase) -> Finding {
    let domain = &case.domain;
    if !case.receives().await {
        return AUTOCONFIG.not_applicable(domain, note!("srv-no-mail", domain = domain));
    }
    let published = join_all(SERVICES.iter().map(|(label, _)| ask(case, label))).await;
    if let Some((label, error)) = published
        .iter()
        .find_map(|one| Some((one.label, one.answer.as_ref().err().filter(|error| !error.is_void())?)))
    {
        let name = format!("{label}.{domain}");
        return AUTOCONFIG
            .unknown(domain, note!("dns-unanswered", name = name, kind = RecordType::Srv, error = error));
    }
    let services: Vec<(&str, &Service)> = published
        .iter()
        .flat_map(|one| one.answer.iter().flatten().map(|service| (one.label, service)))
        .collect();
    let lines = services
        .iter()
        .map(|(label, service)| format!("{label}.{domain} SRV {}", Data::Srv((*service).clone())));
    let lines: Vec<String> = lines.collect();
    if let Some(finding) = dead(case, &services).await {
        return finding.evidences(lines);
    }
    let has = |kind: &str| services.iter().any(|(label, _)| label.starts_with(kind));
    let (sends, reads) = (has("_submission"), has("_imaps"));
    if sends && reads {
        return AUTOCONFIG.pass(domain, note!("srv-autoconfig", domain = domain)).evidences(lines);
    }
    let others = others(case).await;
    let note = match others.first() {
        Some(other) => note!("srv-autoconfig-other", domain = domain, name = other),
        None => note!("srv-autoconfig-none", domain = domain),
    };
    let finding = AUTOCONFIG.info(domain, note).evidences(lines).evidences(others);
    let records = wanted(case, sends, reads).await;
    if records.is_empty() {
        finding.fix(Fix::new(note!("srv-autoconfig-fix-words")))
    } else {
        finding.fix(Fix::new(note!("srv-autoconfig-fix")).records(records))
    }
}

async fn ask(case: &DomainCase, label: &'static str) -> Published {
    let answer = match DnsName::parse(&format!("{label}.{}", case.domain)) {
        Ok(name) => case.resolver().lookup(&name, RecordType::Srv).await,
        Err(_) => Err(DnsError::NxDomain),
    };
    let service = |data: Data| if let Data::Srv(service) = data { Some(service) } else { None };
    let answer =
        answer.map(|answer| answer.records.into_iter().filter_map(|record| service(record.data)).collect());
    Published { label, answer }
}

/// A record that leads to a host without an address, or to an alias, which RFC 2782 forbids.
async fn dead(case: &DomainCase, services: &[(&str, &Service)]) -> Option<Finding> {
    let domain = &case.domain;
    for (label, service) in services.iter().filter(|(_, service)| !service.target.is_root()) {
        let target = &service.target;
        let (v4, v6) = join(
            case.resolver().lookup(target, RecordType::A),
            case.resolver().lookup(target, RecordType::Aaaa),
        )
        .await;
        let name = format!("{label}.{domain}");
        let delete =
            Change::new(Operation::Delete, &name, RecordType::Srv, Data::Srv((*service).clone()).to_string());
        let void = |answer: &Result<_, DnsError>| answer.as_ref().err().is_some_and(DnsError::is_void);
        if void(&v4) && void(&v6) {
            let fix = Fix::new(note!("srv-autoconfig-dead-fix", host = target)).records(vec![delete]);
            let note = note!("srv-autoconfig-dead", name = name, host = target);
            return Some(AUTOCONFIG.warn(domain, note).fix(fix));
        }
        let alias = v4.iter().chain(&v6).find_map(|answer| answer.aliases.last());
        if let Some(real) = alias {
            let right = Service { target: real.clone(), ..(*service).clone() };
            let add = Change::new(Operation::Add, &name, RecordType::Srv, Data::Srv(right).to_string());
            let note = note!("srv-autoconfig-alias", name = name, host = target, target = real);
            let fix = Fix::new(note!("srv-autoconfig-alias-fix", target = real)).records(vec![delete, add]);
            return Some(AUTOCONFIG.warn(domain, note).source("RFC 2782").fix(fix));
        }
    }
    None
}

/// The names of older ways that exist.
async fn others(case: &DomainCase) -> Vec<String> {
    let names: Vec<DnsName> = OTHERS.iter().filter_map(|label| case.name.prepend(label).ok()).collect();
    let asked = join_all(names.iter().map(|name| case.resolver().lookup(name, RecordType::A))).await;
    let found = names.iter().zip(asked).filter(|(_, answer)| answer.is_ok());
    found.map(|(name, _)| name.to_string()).collect()
}

/// The records that are missing: with the hosts of the provider, else with a mail host of the domain's own.
async fn wanted(case: &DomainCase, sends: bool, reads: bool) -> Vec<Change> {
    let domain = &case.domain;
    let hosts = case.hosts().await;
    let hosted = hosts.real().find_map(|host| {
        let (name, _) = provider(&host.name)?;
        HOSTED.iter().find(|(provider, ..)| *provider == name)
    });
    let own = hosts.real().find(|host| {
        let name = Domain::parse(host.name.as_str());
        name.is_ok_and(|name| organizational_domain(&name) == organizational_domain(domain))
    });
    let (label, sending, reading) = match (hosted, own) {
        (Some((_, label, sending, reading)), _) => (*label, (*sending).to_owned(), (*reading).to_owned()),
        (None, Some(host)) => ("_submissions._tcp", host.name.to_string(), host.name.to_string()),
        (None, None) => return Vec::new(),
    };
    let port = |label: &str| SERVICES.iter().find(|(name, _)| *name == label).map_or(0, |(_, port)| *port);
    let record = |label: &str, host: &str| {
        Change::new(
            Operation::Add,
            &format!("{label}.{domain}"),
            RecordType::Srv,
            format!("0 1 {} {host}.", port(label)),
        )
    };
    let sending = (!sends).then(|| record(label, &sending));
    let reading = (!reads).then(|| record("_imaps._tcp", &reading));
    sending.into_iter().chain(reading).collect()
}

#[cfg(test)]
pub(crate) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::Fixture;
    const BOTH: &str = "_submissions._tcp SRV 0 1 465 mx1\n_imaps._tcp SRV 0 1 993 mx1";
    vec![
        Fixture::info("srv.autoconfig", ""),
        Fixture::pass("srv.autoconfig", BOTH),
        Fixture::info("srv.autoconfig", "_submissions._tcp SRV 0 1 465 mx1"),
        Fixture::info("srv.autoconfig", "autoconfig A 192.0.2.80"),
        Fixture::warn("srv.autoconfig", "_submissions._tcp SRV 0 1 465 smtp\n_imaps._tcp SRV 0 1 993 mx1"),
        Fixture::warn("srv.autoconfig", "smtp CNAME mx1\n_submission._tcp SRV 0 1 587 smtp"),
        // The root says that there is no such service.
        Fixture::pass("srv.autoconfig", "_submissions._tcp SRV 0 1 465 mx1\n_imaps._tcp SRV 0 0 0 ."),
        Fixture::unknown("srv.autoconfig", "$SERVFAIL _imaps._tcp"),
        Fixture::na("srv.autoconfig", "- example.com. MX"),
    ]
}

#[cfg(test)]
mod tests {
    use crate::checks::fixture::World;

    async fn records(delta: &str) -> Vec<String> {
        let findings = World::base().examine(delta).await;
        let finding = findings.iter().find(|finding| finding.check.id == "srv.autoconfig").unwrap();
        let choices = finding.fix.iter().flat_map(|fix| fix.choices.iter().flatten());
        choices
            .map(|change| format!("{:?} {} {} {}", change.operation, change.name, change.kind, change.value))
            .collect()
    }

    #[tokio::test]
    async fn the_records_can_be_pasted() {
        assert_eq!(
            records("").await,
            [
                "Add _submissions._tcp.example.com SRV 0 1 465 mx1.example.com.",
                "Add _imaps._tcp.example.com SRV 0 1 993 mx1.example.com.",
            ]
        );
        let google = "- example.com. MX\nexample.com. MX 1 smtp.google.com.\nsmtp.google.com. A 203.0.113.9";
        assert_eq!(
            records(google).await,
            [
                "Add _submissions._tcp.example.com SRV 0 1 465 smtp.gmail.com.",
                "Add _imaps._tcp.example.com SRV 0 1 993 imap.gmail.com.",
            ]
        );
        assert_eq!(
            records("smtp CNAME mx1\n_submission._tcp SRV 0 1 587 smtp").await,
            [
                "Delete _submission._tcp.example.com SRV 0 1 587 smtp.example.com.",
                "Add _submission._tcp.example.com SRV 0 1 587 mx1.example.com.",
            ]
        );
        let elsewhere = "- example.com. MX\nexample.com. MX 1 mx.example.net.\nmx.example.net. A 203.0.113.9";
        assert_eq!(records(elsewhere).await, [""; 0]);
    }
}
