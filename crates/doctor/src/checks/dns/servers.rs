//! The zone that has the domain, its name servers, and what each of them says itself.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::{join, join_all};
use tegami_dns::{Answer, Data, DnsError, DnsName, RecordType, Resolver};

use crate::case::DomainCase;
use crate::probe::{ServerAnswer, Unprobed};

/// Labels that are climbed in search of the zone.
const MAX_CLIMB: usize = 6;

/// Name servers whose addresses are asked for.
const MAX_NAMED: usize = 8;

/// Name servers that are asked themselves.
const MAX_ASKED: usize = 4;

/// Servers of the zone above that are tried.
const MAX_PARENTS: usize = 2;

/// Selectors whose keys are compared between servers.
const MAX_SELECTORS: usize = 3;

/// Hosts whose TLSA records are compared between servers.
const MAX_TLSA: usize = 2;

/// One name server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NameServer {
    pub(crate) name: DnsName,
    /// Where the name leads as an alias, which it must not be.
    pub(crate) aliases: Vec<DnsName>,
    /// IPv4 first.
    pub(crate) addresses: Vec<IpAddr>,
    /// Why there are no addresses.
    pub(crate) error: Option<DnsError>,
}

/// The zone that has the domain.
#[derive(Clone, Debug)]
pub(crate) struct ZoneFacts {
    /// Its name; `None` where none was found.
    pub(crate) apex: Option<DnsName>,
    /// Its SOA record, or why the search for the zone ended.
    pub(crate) soa: Result<Answer, DnsError>,
    /// What is published in the zone above; the error of the last attempt.
    pub(crate) above: Result<BTreeSet<DnsName>, Unprobed>,
    /// Its name servers, at most a few.
    pub(crate) servers: Vec<NameServer>,
    /// Why they could not be asked for.
    pub(crate) error: Option<DnsError>,
    /// How long the NS records may be kept.
    pub(crate) ttl: Duration,
}

/// What one server said.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) server: DnsName,
    pub(crate) ip: IpAddr,
    /// To the question for the zone's SOA record: who does not answer it is asked nothing more.
    pub(crate) soa: Result<ServerAnswer, Unprobed>,
    /// To the others, in the order of [`questions`].
    pub(crate) answers: Vec<Answered>,
}

/// A question to one server, and what it said.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) name: DnsName,
    pub(crate) kind: RecordType,
    pub(crate) answer: Result<ServerAnswer, Unprobed>,
}

impl Answered {
    /// What it has with authority, comparable; no records is an empty list. `None` where that cannot be told.
    pub(crate) fn records(&self) -> Option<Vec<String>> {
        let answer = self.answer.as_ref().ok().filter(|answer| answer.authoritative)?;
        match answer.records() {
            Ok(records) => {
                let mut records: Vec<_> = records.iter().map(|record| record.data.to_string()).collect();
                records.sort();
                Some(records)
            }
            Err(error) if error.is_void() => Some(Vec::new()),
            Err(_) => None,
        }
    }
}

impl ZoneFacts {
    /// Looks for the zone.
    pub(crate) async fn find(case: &DomainCase) -> Self {
        let resolver = case.resolver();
        let (apex, soa) = apex(&case.name, resolver).await;
        let Some(name) = apex.clone() else {
            let above = Err(Unprobed::Failed("no zone".to_owned()));
            return Self { apex, soa, above, servers: Vec::new(), error: None, ttl: Duration::ZERO };
        };
        let (above, own) = join(above(case, &name), resolver.lookup(&name, RecordType::Ns)).await;
        let (names, error, ttl) = match own {
            Ok(answer) => (names(&answer), None, answer.ttl()),
            // A zone that cannot be validated is known to the zone above all the same.
            Err(error) => (above.clone().unwrap_or_default(), Some(error), Duration::ZERO),
        };
        let servers = names.into_iter().take(MAX_NAMED).map(|name| NameServer::find(name, resolver));
        Self { apex, soa, above, servers: join_all(servers).await, error, ttl }
    }
}

/// The names of NS records.
fn names(answer: &Answer) -> BTreeSet<DnsName> {
    let name = |data: &Data| if let Data::Ns(name) = data { Some(name.clone()) } else { None };
    answer.records.iter().filter_map(|record| name(&record.data)).collect()
}

/// The nearest name at or above this one that has an SOA record, or one that the zone above vouches for by a DS record although its own records
/// cannot be had.
async fn apex(domain: &DnsName, resolver: &dyn Resolver) -> (Option<DnsName>, Result<Answer, DnsError>) {
    let mut at = Some(domain.clone());
    let mut last = Err(DnsError::NoData);
    for _ in 0..MAX_CLIMB {
        let Some(name) = at.filter(|name| !name.is_root()) else { break };
        last = resolver.lookup(&name, RecordType::Soa).await;
        match &last {
            // Behind an alias stands the SOA record of another zone.
            Ok(answer) if answer.aliases.is_empty() => return (Some(name), last),
            Ok(_) => {}
            Err(error) if error.is_void() => {}
            Err(_) => {
                let signed = resolver.lookup(&name, RecordType::Ds).await.is_ok();
                return (signed.then_some(name), last);
            }
        }
        at = name.parent();
    }
    (None, last.and(Err(DnsError::NoData)))
}

/// The name servers as the zone above tells them.
async fn above(case: &DomainCase, apex: &DnsName) -> Result<BTreeSet<DnsName>, Unprobed> {
    let resolver = case.resolver();
    let mut at = apex.parent();
    for _ in 0..MAX_CLIMB {
        let Some(name) = at.filter(|name| !name.is_root()) else { break };
        let Ok(answer) = resolver.lookup(&name, RecordType::Ns).await else {
            at = name.parent();
            continue;
        };
        let mut last = Unprobed::Unreachable;
        for server in names(&answer).iter().take(MAX_PARENTS) {
            let Some(ip) = resolver.a(server).await.unwrap_or_default().first().copied() else { continue };
            match case.probes.ask_server(ip.into(), apex, RecordType::Ns).await {
                Ok(answer) => match &answer.kept.result {
                    Ok(answer) => return Ok(names(answer)),
                    Err(error) => last = Unprobed::Failed(error.to_string()),
                },
                Err(error) => last = error,
            }
        }
        return Err(last);
    }
    Err(Unprobed::Failed("no zone above".to_owned()))
}

impl NameServer {
    async fn find(name: DnsName, resolver: &dyn Resolver) -> Self {
        let mut server = Self { name, aliases: Vec::new(), addresses: Vec::new(), error: None };
        let (v4, v6) = join(
            resolver.lookup(&server.name, RecordType::A),
            resolver.lookup(&server.name, RecordType::Aaaa),
        )
        .await;
        for answer in [v4, v6] {
            match answer {
                Ok(answer) => {
                    server.aliases.clone_from(&answer.aliases);
                    server.addresses.extend(answer.records.iter().filter_map(|record| match record.data {
                        Data::A(ip) => Some(IpAddr::from(ip)),
                        Data::Aaaa(ip) => Some(IpAddr::from(ip)),
                        _ => None,
                    }));
                }
                Err(error) => server.error = Some(error),
            }
        }
        server.addresses.sort();
        server
    }
}

/// What has to be the same everywhere: the records that mail depends on.
async fn questions(case: &DomainCase, apex: &DnsName) -> Vec<(DnsName, RecordType)> {
    let mut all = vec![
        (apex.clone(), RecordType::Ns),
        (case.name.clone(), RecordType::Mx),
        (case.name.clone(), RecordType::Txt),
    ];
    for (label, kind) in [("_dmarc", RecordType::Txt), ("_mta-sts", RecordType::Txt)] {
        all.extend(case.name.prepend(label).ok().map(|name| (name, kind)));
    }
    for selector in case.known.selectors.iter().take(MAX_SELECTORS) {
        let key = tegami_auth::dkim::record_name(selector, &case.domain);
        all.extend(DnsName::parse(&key).ok().map(|name| (name, RecordType::Txt)));
    }
    let hosts = case.hosts().await.real().filter(|host| host.name.is_within(apex));
    for host in hosts.take(MAX_TLSA) {
        let name = host.name.prepend("_tcp").and_then(|name| name.prepend("_25"));
        all.extend(name.ok().map(|name| (name, RecordType::Tlsa)));
    }
    all
}

/// Asks the name servers themselves.
pub(crate) async fn ask(case: &DomainCase, zone: &ZoneFacts) -> Vec<Said> {
    let Some(apex) = &zone.apex else { return Vec::new() };
    let questions = &questions(case, apex).await;
    let asked = zone.servers.iter().filter_map(|server| Some((server, *server.addresses.first()?)));
    let asked = asked.take(MAX_ASKED).map(async |(server, ip)| {
        let soa = case.probes.ask_server(ip, apex, RecordType::Soa).await;
        let more = if soa.is_ok() { questions.as_slice() } else { &[] };
        let answers = more.iter().map(async |(name, kind)| {
            let answer = case.probes.ask_server(ip, name, *kind).await;
            Answered { name: name.clone(), kind: *kind, answer }
        });
        Said { server: server.name.clone(), ip, soa, answers: join_all(answers).await }
    });
    join_all(asked).await
}
