//! Whom an address shares its network and its reputation with.

use std::net::IpAddr;

use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_auth::finding::{Change, Operation};
use tegami_auth::iprev::IprevResult;
use tegami_auth::spf::survey::RecordNode;
use tegami_auth::spf::{Mechanism, TermKind};
use tegami_dns::{DnsName, RecordType};
use tegami_mail::{Domain, note};

use super::{ASN, Reverse, SHARED, V6_PARITY, WARMUP, is_off, is_ours, version};
use crate::case::{AddressCase, DomainCase};
use crate::checks::path::contact::addresses_of;
use crate::checks::path::with_address;
use crate::plan::pointer::Provider;
use crate::rdap::Registered;
use crate::{Finding, Fix, State};

/// Ends of names of hosts that send for many customers.
const POOLS: &[&str] = &[
    "amazonses.com",
    "sendgrid.net",
    "mailgun.net",
    "mailgun.co",
    "mcsv.net",
    "mcdlv.net",
    "rsgsv.net",
    "mandrillapp.com",
    "sparkpostmail.com",
    "mtasv.net",
    "mailjet.com",
    "sendinblue.com",
    "brevo.com",
    "outlook.com",
    "google.com",
    "googlemail.com",
    "yahoo.com",
    "zoho.com",
    "secureserver.net",
    "websitewelcome.com",
    "unifiedlayer.com",
    "hostgator.com",
    "mailchannels.net",
    "antispamcloud.com",
    "kundenserver.de",
    "sakura.ne.jp",
    "xserver.jp",
    "lolipop.jp",
    "heteml.jp",
    "gmoserver.jp",
    "coreserver.jp",
];

/// From which messages of a day on a growth is looked at.
const SMALL_DAY: u64 = 500;

/// IPv6 of the same host: everything that IPv4 needs, it needs too.
pub(super) async fn v6_parity(case: &AddressCase) -> Finding {
    let ip = case.ip;
    if ip.is_ipv6() {
        return parity(case, ip, State::Fail).await;
    }
    let helo = case.helo().await.and_then(|helo| Domain::parse(helo).ok());
    let Some(helo) = helo else { return V6_PARITY.not_applicable(ip, note!("ip-v6-parity-none")) };
    let found = addresses_of(case.resolver(), &helo).await.unwrap_or_default();
    let v6 = found.into_iter().find(|other| other.is_ipv6() && case.known.reach.has(*other));
    match v6 {
        // Looked at as an address of its own.
        Some(v6) if case.known.sources.contains(&v6) => {
            V6_PARITY.not_applicable(ip, note!("ip-v6-parity-known", ip = v6))
        }
        // The host has it; whether mail leaves by it nobody told.
        Some(v6) => parity(case, v6, State::Warn).await,
        None => V6_PARITY.not_applicable(ip, note!("ip-v6-parity-none")),
    }
}

async fn parity(case: &AddressCase, v6: IpAddr, bad: State) -> Finding {
    let ip = case.ip;
    let reverse = Reverse::find(v6, case.resolver()).await;
    let settings = "[delivery]\nip = \"v4\"\n";
    if reverse.verdict.result == IprevResult::TempError {
        return V6_PARITY.unknown(ip, note!("ip-fcrdns-unanswered", name = reverse.at));
    }
    if reverse.verdict.result != IprevResult::Pass {
        let changes = super::renamed(case, &reverse, v6).await;
        let fix = Fix::new(note!("ip-v6-parity-fix", ip = v6)).records(changes).settings(settings);
        let note = note!("ip-v6-parity-unnamed", ip = v6);
        return V6_PARITY.found(bad, ip, note).evidences(reverse.records()).fix(fix).ttl(reverse.ttl);
    }
    for domain in &case.domains {
        let domain = DomainCase::new(domain.clone(), (**case).clone());
        if domain.permits(v6).await {
            continue;
        }
        // A domain without a record, or one that permits nobody, is told elsewhere.
        let text =
            domain.spf().await.tree.text.as_deref().map(|text| String::from_utf8_lossy(text).into_owned());
        let Some(text) = text.filter(|_| case.ip.is_ipv6() || case.known.sources.is_empty()) else {
            continue;
        };
        let spf = Change::txt(Operation::Replace, &domain.domain, with_address(Some(&text), v6));
        let fix = Fix::new(note!("ip-v6-parity-fix", ip = v6)).records(vec![spf]).settings(settings);
        let note = note!("ip-v6-parity-spf", ip = v6, domain = domain.domain);
        return V6_PARITY.found(bad, ip, note).evidence(text).fix(fix);
    }
    V6_PARITY.pass(ip, note!("ip-v6-parity", ip = v6))
}

/// How likely it is that strangers send from the address too, by what can be seen: 0 to 100.
pub(super) async fn shared(case: &AddressCase, reverse: &Reverse) -> Finding {
    let ip = case.ip;
    let mut signs: Vec<(u32, String)> = Vec::new();
    let name = reverse.name().unwrap_or_default();
    let in_pool = POOLS.iter().find(|end| name.strip_suffix(*end).is_some_and(|rest| rest.ends_with('.')));
    if let Some(pool) = in_pool {
        signs.push((60, format!("{name} < {pool}")));
    } else if !name.is_empty() && is_of_others(case, name).await {
        signs.push((20, name.to_owned()));
    }
    let names = reverse.names.as_ref().map_or(0, Vec::len);
    if names > 1 {
        signs.push((10 * u32::try_from(names.min(4)).unwrap_or(4), format!("{names} PTR")));
    }
    for domain in &case.domains {
        let domain = DomainCase::new(domain.clone(), (**case).clone());
        if let Some(line) = wide_include(&domain.spf().await.tree, &domain.domain, ip) {
            signs.push((40, line));
            break;
        }
    }
    let score: u32 = signs.iter().map(|(points, _)| points).sum::<u32>().min(100);
    let lines = signs.iter().map(|(points, line)| format!("{points:+} {line}"));
    if score >= 50 {
        SHARED.info(ip, note!("ip-shared-likely", ip = ip, score = score)).evidences(lines).likely()
    } else {
        SHARED.pass(ip, note!("ip-shared", ip = ip, score = score)).evidences(lines).likely()
    }
}

/// Whether a name is a provider's, or that of another organization than the domains that are known to send.
async fn is_of_others(case: &AddressCase, name: &str) -> bool {
    let given = Provider::by_name(name).is_some();
    given || (!case.domains.is_empty() && !is_ours(case, name).await)
}

/// The network of a third party, /22 or wider, that an included record permits and that has the address in it.
fn wide_include(tree: &RecordNode, domain: &Domain, ip: IpAddr) -> Option<String> {
    let own = organizational_domain(domain);
    tree.all().into_iter().skip(1).find_map(|node| {
        let of = Domain::parse(node.domain.as_str()).ok()?;
        if organizational_domain(&of) == own {
            return None;
        }
        node.terms.iter().find_map(|term| {
            let text = match &term.term.as_ref().ok()?.kind {
                TermKind::Directive(_, Mechanism::Ip4(network, length @ ..=22)) => {
                    format!("{network}/{length}")
                }
                TermKind::Directive(_, Mechanism::Ip6(network, length @ ..=40)) => {
                    format!("{network}/{length}")
                }
                _ => return None,
            };
            let network = tegami_auth::Network::parse(&text).ok()?;
            network.covers(&tegami_auth::Network::from(ip)).then(|| format!("{of}: {text}"))
        })
    })
}

/// Whose network it is.
pub(super) async fn origin(case: &AddressCase) -> Finding {
    let ip = case.ip;
    if let Some(zone) = &case.known.origins {
        return by_zone(case, zone).await;
    }
    match case.probes.rdap(Registered::Address(ip)).await {
        Ok(found) => {
            let by = found.by.clone().unwrap_or_else(|| "?".to_owned());
            ASN.info(ip, note!("ip-asn-registered", ip = ip, network = found.name, owner = by))
        }
        Err(error) if is_off(&error) => ASN.not_applicable(ip, note!("ip-asn-off")),
        Err(error) => ASN.unknown(ip, note!("ip-asn-unanswered", error = error)),
    }
}

/// By a zone of TXT records `ASN | prefix | country | registry | date`, asked at the reversed address.
async fn by_zone(case: &AddressCase, zone: &DnsName) -> Finding {
    let ip = case.ip;
    let reversed = DnsName::reverse(ip);
    let numbers = reversed.as_str().trim_end_matches(".in-addr.arpa").trim_end_matches(".ip6.arpa");
    let (first, rest) = zone.as_str().split_once('.').unwrap_or((zone.as_str(), ""));
    let zone = if ip.is_ipv4() { zone.to_string() } else { format!("{first}6.{rest}") };
    let Ok(name) = DnsName::parse(&format!("{numbers}.{zone}")) else {
        return ASN.not_applicable(ip, note!("ip-asn-off"));
    };
    match case.resolver().txt(&name).await {
        Ok(texts) => {
            let text =
                texts.first().map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default();
            let mut parts = text.split('|').map(str::trim);
            let (asn, prefix, country) = (parts.next(), parts.next(), parts.next());
            let (asn, prefix, country) = (asn.unwrap_or("?"), prefix.unwrap_or("?"), country.unwrap_or("?"));
            let note = note!("ip-asn", ip = ip, asn = asn, prefix = prefix, country = country);
            ASN.info(ip, note).evidence(&text)
        }
        Err(error) if error.is_void() => ASN.info(ip, note!("ip-asn-none", ip = ip)),
        Err(error) => {
            ASN.unknown(ip, note!("dns-unanswered", name = name, kind = RecordType::Txt, error = error))
        }
    }
}

/// How fast the volume grows, by our own numbers.
pub(super) fn warmup(case: &AddressCase) -> Finding {
    let ip = case.ip;
    let Some(volume) = &case.known.volume else { return WARMUP.not_applicable(ip, note!("ip-warmup-none")) };
    let lines = volume.days.iter().map(|(provider, days)| {
        let days: Vec<String> = days.iter().rev().take(7).rev().map(ToString::to_string).collect();
        format!("{provider}: {}", days.join(" "))
    });
    let jump = volume.days.iter().find_map(|(provider, days)| match days.as_slice() {
        [.., yesterday, today] if *today > SMALL_DAY && *today > yesterday.saturating_mul(2) => {
            Some((provider, *yesterday, *today))
        }
        [today] if *today > SMALL_DAY => Some((provider, 0, *today)),
        _ => None,
    });
    let found = match jump {
        Some((provider, yesterday, today)) => {
            let note = note!("ip-warmup-jump", provider = provider, yesterday = yesterday, today = today);
            WARMUP.warn(ip, note).fix(Fix::new(note!("ip-warmup-fix")))
        }
        None => match volume.since {
            Some(since) => WARMUP.pass(ip, note!("ip-warmup", since = since.strftime("%Y-%m-%d"))),
            None => WARMUP.pass(ip, note!("ip-warmup-new", version = version(ip))),
        },
    };
    found.evidences(lines)
}
