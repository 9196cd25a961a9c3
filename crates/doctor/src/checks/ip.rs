//! The addresses that send: their names, and the networks that they lie in.
//!
//! One address sends for many domains, and has one name: that its name belongs to another domain is told as a fact and is never a
//! failure.

pub(crate) mod generic;
mod network;
mod reverse;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use futures_util::FutureExt as _;
use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_auth::iprev::IprevResult;
use tegami_dns::{DnsName, RecordType};
use tegami_mail::{Domain, note};

pub(crate) use reverse::Reverse;
#[cfg(test)]
pub(crate) use tests::fixtures;

use self::generic::Looks;
use crate::case::{AddressCase, DomainCase};
use crate::catalogue::Family;
use crate::check::Consequence;
use crate::checks::mx::{MailHost, MailHosts};
use crate::plan::pointer::{self, Provider};
use crate::probe::Unprobed;
use crate::rdap::Registered;
use crate::{About, Check, Finding, Fix, Who};

const CHECKS: &[&Check] = &[
    &SPECIAL,
    &PTR_EXISTS,
    &FCRDNS,
    &PTR_SINGLE,
    &PTR_GENERIC,
    &PTR_DOMAIN_RELATED,
    &V6_PARITY,
    &SHARED,
    &ASN,
    &WARMUP,
];

/// The family.
pub(crate) const FAMILY: Family = Family::new("ip", CHECKS)
    .of_domain(|case| without_addresses(case, CHECKS).boxed())
    .of_address(|case| judge(case).boxed());

const LARGE: &[Who] = &[Who::Gmail, Who::Outlook, Who::Yahoo, Who::ICloud];

const SPECIAL: Check = Check::new("ip.special", About::Address, Severity::S4, "RFC 6890 section 2.2.2")
    .who(&[Who::Outlook, Who::Rfc]);
const PTR_EXISTS: Check = Check::new("ip.ptr-exists", About::Address, Severity::S4, "RFC 1912 section 2.1")
    .who(LARGE)
    .answers(&[
        Consequence { provider: Who::Gmail, code: "550 5.7.25" },
        Consequence { provider: Who::Gmail, code: "451 4.7.23" },
    ])
    .after(&["ip.special"]);
const FCRDNS: Check = Check::new("ip.fcrdns", About::Address, Severity::S4, "RFC 8601 section 3")
    .who(LARGE)
    .answers(&[
        Consequence { provider: Who::Gmail, code: "550 5.7.25" },
        Consequence { provider: Who::Gmail, code: "451 4.7.23" },
    ])
    .after(&["ip.ptr-exists"]);
const PTR_SINGLE: Check = Check::new("ip.ptr-single", About::Address, Severity::S2, "RFC 7208 section 4.6.4")
    .who(&[Who::Rfc])
    .after(&["ip.ptr-exists"]);
const PTR_GENERIC: Check =
    Check::new("ip.ptr-generic", About::Address, Severity::S3, "Yahoo sender best practices")
        .who(&[Who::Yahoo, Who::Outlook])
        .answers(&[Consequence { provider: Who::Outlook, code: "550 DY-001" }])
        .after(&["ip.ptr-exists"]);
const PTR_DOMAIN_RELATED: Check =
    Check::new("ip.ptr-domain-related", About::Address, Severity::S1, "Gmail sender guidelines")
        .after(&["ip.ptr-exists"]);
const V6_PARITY: Check = Check::new("ip.v6-parity", About::Address, Severity::S3, "Gmail sender guidelines")
    .who(&[Who::Gmail])
    .answers(&[Consequence { provider: Who::Gmail, code: "550 5.7.1" }]);
const SHARED: Check = Check::new("ip.shared", About::Address, Severity::S1, "Gmail sender guidelines")
    .who(&[Who::Gmail])
    .after(&["ip.special"]);
const ASN: Check =
    Check::new("ip.asn", About::Address, Severity::S0, "RFC 1930 section 3").after(&["ip.special"]);
const WARMUP: Check = Check::new("ip.warmup", About::Address, Severity::S0, "Gmail sender guidelines")
    .who(&[Who::Gmail, Who::Yahoo]);

/// What families that look at addresses say of a domain for which no address is known.
pub(crate) async fn without_addresses(case: &DomainCase, checks: &'static [&'static Check]) -> Vec<Finding> {
    if !case.sources().await.is_empty() {
        return Vec::new();
    }
    let domain = &case.domain;
    checks
        .iter()
        .map(|check| check.not_applicable(domain, note!("ip-no-addresses", domain = domain)))
        .collect()
}

async fn judge(case: &AddressCase) -> Vec<Finding> {
    let ip = case.ip;
    if !case.known.reach.has(ip) {
        let fix = Fix::new(note!("ip-special-fix"));
        let rest = CHECKS.iter().filter(|check| check.id != SPECIAL.id);
        let rest = rest.map(|check| check.not_applicable(ip, note!("ip-special-private", ip = ip)));
        return std::iter::once(SPECIAL.fail(ip, note!("ip-special-private", ip = ip)).fix(fix))
            .chain(rest)
            .collect();
    }
    let reverse = case.reverse().await;
    let owner = owner_of(case, reverse).await;
    vec![
        SPECIAL.pass(ip, note!("ip-special", ip = ip)),
        exists(case, reverse, &owner).await,
        confirmed(case, reverse, &owner).await,
        single(case, reverse),
        generic(case, reverse, &owner).await,
        related(case, reverse).await,
        network::v6_parity(case).await,
        network::shared(case, reverse).await,
        network::origin(case).await,
        network::warmup(case),
    ]
}

/// Who can change the name of an address.
#[derive(Clone, Debug, Default)]
struct Owner {
    known: Option<Provider>,
    registered: Option<String>,
}

impl Owner {
    /// What to ask of it.
    async fn fix(&self, case: &AddressCase, reverse: &Reverse) -> Fix {
        let ip = case.ip;
        let (name, _) = wanted(case, ip).await;
        let request = match self.known {
            Some(known) => known.request(ip, &name),
            None => match &self.registered {
                Some(registered) => pointer::by_letter(registered, ip, &name),
                None => Provider::OTHER.request(ip, &name),
            },
        };
        let changes = renamed(case, reverse, ip).await;
        let by = self.known.and_then(Provider::title).or(self.registered.as_deref());
        let fix = Fix::new(request).records(changes);
        match by {
            Some(by) => fix.by(by),
            None => fix.by(ip),
        }
    }
}

async fn owner_of(case: &AddressCase, reverse: &Reverse) -> Owner {
    if let Some(known) = reverse.names.iter().flatten().find_map(|name| Provider::by_name(name.as_str())) {
        return Owner { known: Some(known), registered: None };
    }
    let registered = case.probes.rdap(Registered::Address(case.ip)).await.ok().and_then(|found| found.by);
    let known = registered.as_deref().and_then(Provider::by_registration);
    Owner { known, registered }
}

/// The PTR record that an address should have, and the record by which the name leads back, where there is none.
async fn renamed(case: &AddressCase, reverse: &Reverse, ip: IpAddr) -> Vec<Change> {
    let (name, leads_back) = wanted(case, ip).await;
    let operation = if reverse.names.is_ok() { Operation::Replace } else { Operation::Add };
    let mut changes = vec![Change::new(operation, &reverse.at, RecordType::Ptr, format!("{name}."))];
    if !leads_back {
        changes.push(Change::address(Operation::Add, &name, ip));
    }
    changes
}

/// The name that an address should have, and whether it leads back to it: the one by which the host introduces itself, where that is one, else that
/// of the mail host which has the address, else a new one below a domain of ours.
async fn wanted(case: &AddressCase, ip: IpAddr) -> (String, bool) {
    let helo = case.helo().await.and_then(|helo| Domain::parse(helo).ok());
    if let Some(helo) = helo.filter(|helo| helo.as_str().contains('.')) {
        let host = MailHost::find(None, DnsName::from(&helo), case.resolver()).await;
        return (helo.to_string(), host.error.is_some() || host.addresses.contains(&ip));
    }
    for domain in &case.domains {
        let hosts = MailHosts::find(&DnsName::from(domain), case.resolver()).await;
        if let Some(host) = hosts.real().find(|host| host.addresses.contains(&ip)) {
            return (host.name.to_string(), true);
        }
    }
    (format!("mail.{}", case.domains.first().map_or("example.com", Domain::as_str)), false)
}

async fn exists(case: &AddressCase, reverse: &Reverse, owner: &Owner) -> Finding {
    let ip = case.ip;
    match &reverse.names {
        Ok(names) => {
            let names: Vec<&str> = names.iter().map(DnsName::as_str).collect();
            PTR_EXISTS
                .pass(ip, note!("ip-ptr-exists", ip = ip, names = names.join(", ")))
                .evidences(reverse.records())
                .ttl(reverse.ttl)
        }
        Err(error) if error.is_void() => PTR_EXISTS
            .fail(ip, note!("ip-ptr-exists-none", ip = ip))
            .evidence(format!("{} PTR: {error}", reverse.at))
            .fix(owner.fix(case, reverse).await)
            .ttl(reverse.ttl),
        Err(error) => {
            let note = note!("dns-unanswered", name = reverse.at, kind = RecordType::Ptr, error = error);
            PTR_EXISTS.unknown(ip, note)
        }
    }
}

async fn confirmed(case: &AddressCase, reverse: &Reverse, owner: &Owner) -> Finding {
    let ip = case.ip;
    let Some(name) = reverse.name() else { return FCRDNS.not_applicable(ip, note!("ip-no-name", ip = ip)) };
    let lines = reverse.verdict.steps.iter().map(|step| format!("{} {}", step.term, step.outcome));
    match reverse.verdict.result {
        IprevResult::Pass => {
            FCRDNS.pass(ip, note!("ip-fcrdns", ip = ip, name = name)).evidences(lines).ttl(reverse.ttl)
        }
        IprevResult::TempError => {
            FCRDNS.unknown(ip, note!("ip-fcrdns-unanswered", name = name)).evidences(lines)
        }
        IprevResult::Fail | IprevResult::PermError => {
            let mut fix = owner.fix(case, reverse).await;
            // A name below a domain of ours needs no more than an address.
            if is_ours(case, name).await {
                let add = vec![Change::address(Operation::Add, name, ip)];
                fix = Fix::new(note!("ip-fcrdns-fix", ip = ip, name = name)).records(add);
            }
            FCRDNS
                .fail(ip, note!("ip-fcrdns-other", ip = ip, name = name))
                .evidences(reverse.records())
                .evidences(lines)
                .fix(fix)
                .ttl(reverse.ttl)
        }
    }
}

fn single(case: &AddressCase, reverse: &Reverse) -> Finding {
    let ip = case.ip;
    let count = reverse.names.as_ref().map_or(0, Vec::len);
    let fix = || {
        let keep = reverse.name().unwrap_or_default();
        let gone = reverse.names.iter().flatten().filter(|name| name.as_str() != keep).take(20);
        let gone =
            gone.map(|name| Change::new(Operation::Delete, &reverse.at, RecordType::Ptr, format!("{name}.")));
        Fix::new(note!("ip-ptr-single-fix", name = keep)).records(gone.collect())
    };
    match count {
        0 => PTR_SINGLE.not_applicable(ip, note!("ip-no-name", ip = ip)),
        1 => PTR_SINGLE.pass(ip, note!("ip-ptr-single", ip = ip)).ttl(reverse.ttl),
        2..=10 => PTR_SINGLE
            .warn(ip, note!("ip-ptr-single-several", ip = ip, count = count))
            .evidences(reverse.records())
            .fix(fix())
            .ttl(reverse.ttl),
        _ => PTR_SINGLE
            .fail(ip, note!("ip-ptr-single-many", ip = ip, count = count))
            .evidences(reverse.records())
            .fix(fix())
            .ttl(reverse.ttl),
    }
}

async fn generic(case: &AddressCase, reverse: &Reverse, owner: &Owner) -> Finding {
    let ip = case.ip;
    let Some(name) = reverse.name() else {
        return PTR_GENERIC.not_applicable(ip, note!("ip-no-name", ip = ip));
    };
    let found = match generic::looks(name, ip) {
        Looks::Dynamic(word) => {
            PTR_GENERIC.fail(ip, note!("ip-ptr-generic-dynamic", name = name, word = word))
        }
        Looks::Numbered => PTR_GENERIC.warn(ip, note!("ip-ptr-generic-numbered", name = name)),
        // Whoever has a name below the domain that he sends for has chosen it.
        Looks::Wordy(word) if !is_ours(case, name).await => PTR_GENERIC
            .warn(ip, note!("ip-ptr-generic-wordy", name = name, word = word))
            .severity(Severity::S2),
        Looks::Wordy(_) | Looks::Chosen => {
            return PTR_GENERIC.pass(ip, note!("ip-ptr-generic", name = name)).ttl(reverse.ttl);
        }
    };
    found.evidences(reverse.records()).fix(owner.fix(case, reverse).await).ttl(reverse.ttl)
}

/// Whether a name belongs to the organization of a domain that the address sends for, or of its own name in EHLO.
async fn is_ours(case: &AddressCase, name: &str) -> bool {
    let Ok(name) = Domain::parse(name) else { return false };
    let of = organizational_domain(&name);
    let helo = case.helo().await.and_then(|helo| Domain::parse(helo).ok());
    case.domains.iter().chain(&helo).any(|domain| organizational_domain(domain) == of)
}

async fn related(case: &AddressCase, reverse: &Reverse) -> Finding {
    let ip = case.ip;
    let Some(name) = reverse.name() else {
        return PTR_DOMAIN_RELATED.not_applicable(ip, note!("ip-no-name", ip = ip));
    };
    if case.domains.is_empty() && case.helo().await.is_none() {
        return PTR_DOMAIN_RELATED.not_applicable(ip, note!("ip-ptr-domain-related-none", ip = ip));
    }
    if is_ours(case, name).await {
        return PTR_DOMAIN_RELATED.pass(ip, note!("ip-ptr-domain-related", name = name));
    }
    PTR_DOMAIN_RELATED
        .info(ip, note!("ip-ptr-domain-related-other", ip = ip, name = name))
        .evidences(reverse.records())
        .ttl(reverse.ttl)
}

/// Why there was nothing to learn from somebody beside the DNS.
fn is_off(error: &Unprobed) -> bool {
    matches!(error, Unprobed::Off)
}

/// The family of an address, in words.
fn version(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() { "IPv4" } else { "IPv6" }
}
