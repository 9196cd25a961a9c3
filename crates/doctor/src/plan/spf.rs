//! One SPF record out of what is published and what is wanted (RFC 7208).

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use tegami_auth::spf::survey::{Cost, merged, survey};
use tegami_auth::spf::{Identity, MAX_LOOKUPS, Qualifier, Record, Request, SpfResult, check_host};
use tegami_dns::{Data, DnsName, Overlay, RecordType, Resolver};
use tegami_mail::{Domain, Note, ReversePath, note};

use super::want::txt;

/// What a record has to do.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// The record where there is none.
    pub(super) fresh: String,
    /// Terms that it needs.
    pub(super) terms: Vec<String>,
    /// Those of them that stand for addresses: where all of these pass without, the term is not needed.
    pub(super) sources: Vec<(String, Vec<IpAddr>)>,
    /// How it shall end, where that was said.
    pub(super) end: Option<Qualifier>,
}

/// What comes of it.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// The record; `None` where what is published cannot be repaired, and stays.
    pub(super) text: Option<String>,
    /// What an evaluation of it costs.
    pub(super) cost: Option<Cost>,
    /// What has to be known.
    pub(super) notes: Vec<Note>,
}

/// The world in which a record is tried.
pub(super) struct World<'a> {
    pub(super) resolver: &'a Arc<dyn Resolver>,
    pub(super) now: Timestamp,
}

/// `all` with its qualifier.
pub(super) fn all(qualifier: Qualifier) -> String {
    let sign = match qualifier {
        Qualifier::Pass => "+",
        Qualifier::Fail => "-",
        Qualifier::SoftFail => "~",
        Qualifier::Neutral => "?",
    };
    format!("{sign}all")
}

/// Merges what is wanted into the records that are published at a name.
pub(super) async fn merge(name: &DnsName, there: &[Data], wanted: &Wanted, world: &World<'_>) -> Merged {
    let texts: Vec<&[u8]> = there.iter().filter_map(spf_text).collect();
    let Some((base, mut notes)) = base(name, &texts, wanted, world).await else {
        return Merged { notes: vec![note!("plan-spf-broken", name = name)], ..Merged::default() };
    };
    let missing = missing(name, &base, wanted, world).await;
    let mut text = insert(&base, &missing);
    if let Some(end) = wanted.end {
        text = ended(&text, end);
    }
    let mut cost = cost(name, &text, world).await;
    if cost.lookups > LIMIT {
        // Addresses cost nothing.
        let plain: Vec<String> = missing.iter().flat_map(|term| addresses(term, wanted)).collect();
        let shorter = insert(&base, &plain);
        let shorter = wanted.end.map_or(shorter.clone(), |end| ended(&shorter, end));
        let less = self::cost(name, &shorter, world).await;
        if less.lookups < cost.lookups {
            (text, cost) = (shorter, less);
        }
    }
    if cost.lookups > LIMIT {
        notes.push(note!("plan-spf-too-many", name = name, lookups = cost.lookups));
    }
    Merged { text: Some(text), cost: Some(cost), notes }
}

/// RFC 7208 section 4.6.4.
#[allow(clippy::cast_possible_truncation, reason = "ten")]
const LIMIT: u32 = MAX_LOOKUPS as u32;

/// The text of an SPF record.
pub(super) fn spf_text(data: &Data) -> Option<&[u8]> {
    match data {
        Data::Txt(text) if Record::is_spf(text) => Some(text.as_slice()),
        _ => None,
    }
}

/// The one well-formed record that what is published comes to.
async fn base(
    name: &DnsName,
    texts: &[&[u8]],
    wanted: &Wanted,
    world: &World<'_>,
) -> Option<(String, Vec<Note>)> {
    match texts {
        [] => Some((wanted.fresh.clone(), Vec::new())),
        [text] if Record::parse(text).is_ok() => {
            Some((String::from_utf8_lossy(text).into_owned(), Vec::new()))
        }
        [_] => {
            let corrected = survey(name.as_str(), world.resolver.as_ref()).await.corrected?;
            Some((corrected, vec![note!("plan-spf-corrected", name = name)]))
        }
        // RFC 7208 section 4.5: two records are an error.
        several => {
            let one = merged(several).into_iter().next()?;
            Some((one, vec![note!("plan-spf-several", name = name, count = several.len())]))
        }
    }
}

/// Terms that are wanted, do not stand in the record, and are not needless.
async fn missing(name: &DnsName, base: &str, wanted: &Wanted, world: &World<'_>) -> Vec<String> {
    let published: Vec<String> =
        base.split_ascii_whitespace().map(|term| term.trim_start_matches('+').to_ascii_lowercase()).collect();
    let mut missing = Vec::new();
    for term in &wanted.terms {
        if published.contains(&term.to_ascii_lowercase()) {
            continue;
        }
        let sources = wanted.sources.iter().find(|(of, _)| of == term);
        let covered = match sources {
            Some((_, ips)) if !ips.is_empty() => all_pass(name, base, ips, world).await,
            _ => false,
        };
        if !covered {
            missing.push(term.clone());
        }
    }
    missing
}

/// Whether the record lets all these addresses pass.
async fn all_pass(name: &DnsName, text: &str, ips: &[IpAddr], world: &World<'_>) -> bool {
    let overlay = with(name, text, world);
    let (helo, reverse_path) = (name.as_str(), ReversePath::Null);
    for ip in ips {
        let request = Request { ip: *ip, helo, mail_from: &reverse_path, receiver: helo, now: world.now };
        let resolver: &dyn Resolver = &overlay;
        let verdict = check_host(&request, Identity::MailFrom, "postmaster", helo, resolver).await;
        if verdict.result != SpfResult::Pass {
            return false;
        }
    }
    true
}

/// The world in which this is the record of the name.
fn with(name: &DnsName, text: &str, world: &World<'_>) -> Overlay {
    let mut overlay = Overlay::new(Arc::clone(world.resolver));
    overlay.set(name.clone(), RecordType::Txt, vec![txt(text)]);
    overlay
}

async fn cost(name: &DnsName, text: &str, world: &World<'_>) -> Cost {
    survey(name.as_str(), &with(name, text, world)).await.cost
}

/// New terms stand before the one that matches everybody, and before a redirect, which is looked at last wherever it stands (RFC 7208 section 6.1).
fn insert(base: &str, terms: &[String]) -> String {
    let mut words: Vec<&str> = base.split_ascii_whitespace().collect();
    let is_end = |word: &&str| {
        let word = word.to_ascii_lowercase();
        is_all(&word) || word.starts_with("redirect=") || word.starts_with("exp=")
    };
    let at = words.iter().position(is_end).unwrap_or(words.len());
    words.splice(at..at, terms.iter().map(String::as_str));
    words.join(" ")
}

fn is_all(word: &str) -> bool {
    word.trim_start_matches(['+', '-', '~', '?']).eq_ignore_ascii_case("all")
}

/// With another end. What follows a redirect is somebody else's affair.
fn ended(text: &str, end: Qualifier) -> String {
    let new = all(end);
    let mut words: Vec<&str> = text.split_ascii_whitespace().collect();
    match words.iter_mut().find(|word| is_all(word)) {
        Some(word) => *word = &new,
        None if text.to_ascii_lowercase().contains("redirect=") => {}
        None => words.push(&new),
    }
    words.join(" ")
}

/// A term for a host, as addresses.
fn addresses(term: &String, wanted: &Wanted) -> Vec<String> {
    match wanted.sources.iter().find(|(of, _)| of == term) {
        Some((_, ips)) if !ips.is_empty() => ips.iter().map(mechanism).collect(),
        _ => vec![term.clone()],
    }
}

fn mechanism(ip: &IpAddr) -> String {
    if ip.is_ipv4() { format!("ip4:{ip}") } else { format!("ip6:{ip}") }
}

/// What the record of a domain needs so that these hosts may send.
pub(super) fn of_hosts(hosts: &[&Domain], addresses: &[(Domain, IpAddr)]) -> Vec<(String, Vec<IpAddr>)> {
    let of = |host: &Domain| addresses.iter().filter(|(name, _)| name == host).map(|(_, ip)| *ip).collect();
    hosts.iter().map(|host| (format!("a:{host}"), of(host))).collect()
}
