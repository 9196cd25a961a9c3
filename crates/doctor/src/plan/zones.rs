//! The servers that speak for a zone, and what they say themselves: no cache stands between a plan and what is published.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tegami_dns::{Answer, BoxFuture, Data, DnsError, DnsName, RecordType, Resolver, Security, ask_server};
use tokio::sync::Mutex;

use super::look::Said;

/// For one question to one server.
const PATIENCE: Duration = Duration::from_secs(5);

/// Servers of one zone that are asked: no zone has more that differ.
const MAX_SERVERS: usize = 16;

/// A zone, and who speaks for it.
#[derive(Debug)]
pub struct ZoneServers {
    /// Its name.
    pub apex: DnsName,
    /// The server that changes it, as its SOA record names it (RFC 2136 section 4.3), first.
    pub servers: Vec<(String, SocketAddr)>,
}

/// Asks the servers of our zones themselves, and a resolver about all others.
pub struct Zones {
    beneath: Arc<dyn Resolver>,
    named: Vec<SocketAddr>,
    own: Vec<DnsName>,
    /// Zone text has no servers.
    by_text: bool,
    known: Mutex<HashMap<DnsName, Option<Arc<ZoneServers>>>>,
}

impl Zones {
    /// `own` are names whose zones are asked directly; `named` are their servers, where somebody named them. Where the DNS is a text (`by_text`),
    /// `beneath` alone is asked.
    pub fn new(beneath: Arc<dyn Resolver>, named: Vec<SocketAddr>, own: Vec<DnsName>, by_text: bool) -> Self {
        Self { beneath, named, own, by_text, known: Mutex::default() }
    }

    /// Whether the DNS is a text, which nobody publishes in.
    pub fn are_text(&self) -> bool {
        self.by_text
    }

    /// The zone that a name lies in; `None` where it cannot be told, or the DNS is a text.
    pub async fn of(&self, name: &DnsName) -> Option<Arc<ZoneServers>> {
        if self.by_text {
            return None;
        }
        let mut known = self.known.lock().await;
        let mut at = Some(name.clone());
        let mut passed = Vec::new();
        let mut found = None;
        while let Some(here) = at.filter(|name| !name.is_root()) {
            match known.get(&here) {
                Some(Some(zone)) => {
                    found = Some(Arc::clone(zone));
                    break;
                }
                Some(None) => {}
                None => match self.find(&here).await {
                    Some(zone) => {
                        found = Some(Arc::new(zone));
                        passed.push(here);
                        break;
                    }
                    None => {
                        known.insert(here.clone(), None);
                    }
                },
            }
            at = here.parent();
        }
        for name in passed {
            known.insert(name, found.clone());
        }
        found
    }

    /// The zone of exactly this name.
    async fn find(&self, apex: &DnsName) -> Option<ZoneServers> {
        for server in &self.named {
            let said = ask_server(*server, apex, RecordType::Soa, PATIENCE).await;
            if said.is_ok_and(|said| {
                said.authoritative && said.kept.result.is_ok_and(|answer| of(&answer, apex))
            }) {
                let servers = self.named.iter().map(|server| (server.to_string(), *server)).collect();
                return Some(ZoneServers { apex: apex.clone(), servers });
            }
        }
        let soa = self.beneath.lookup(apex, RecordType::Soa).await.ok().filter(|answer| of(answer, apex))?;
        let primary = soa.records.into_iter().find_map(|record| match record.data {
            Data::Soa(primary, ..) => Some(primary),
            _ => None,
        })?;
        let named = self.beneath.lookup(apex, RecordType::Ns).await.ok()?;
        let names: Vec<DnsName> = named
            .records
            .into_iter()
            .filter_map(|record| if let Data::Ns(name) = record.data { Some(name) } else { None })
            .take(MAX_SERVERS)
            .collect();
        let mut servers = Vec::new();
        for (name, ips) in names.iter().zip(join_all(names.iter().map(|name| self.addresses(name))).await) {
            let several = ips.len() > 1;
            for ip in ips {
                let told = if several { format!("{name} ({ip})") } else { name.to_string() };
                servers.push((*name != primary, told, SocketAddr::new(ip, 53)));
            }
        }
        servers.sort_by_key(|(secondary, ..)| *secondary);
        let servers: Vec<_> = servers.into_iter().map(|(_, told, address)| (told, address)).collect();
        if servers.is_empty() { None } else { Some(ZoneServers { apex: apex.clone(), servers }) }
    }

    async fn addresses(&self, name: &DnsName) -> Vec<IpAddr> {
        let v4 = self.beneath.a(name).await.unwrap_or_default().into_iter().map(IpAddr::V4);
        let v6 = self.beneath.aaaa(name).await.unwrap_or_default().into_iter().map(IpAddr::V6);
        // One way to a server is enough; machines without IPv6 have no other.
        let v4: Vec<IpAddr> = v4.collect();
        if v4.is_empty() { v6.collect() } else { v4 }
    }

    /// What every server of the zone says of a set.
    pub async fn said(&self, name: &DnsName, kind: RecordType) -> Vec<Said> {
        let Some(zone) = self.of(name).await else {
            let data = records(self.beneath.lookup(name, kind).await);
            return vec![Said { server: "resolver".to_owned(), data }];
        };
        let asked = zone.servers.iter().map(|(server, address)| async move {
            let data = match ask_server(*address, name, kind, PATIENCE).await {
                Ok(said) if said.authoritative => records(said.kept.result),
                Ok(said) => {
                    Err(said.kept.result.err().filter(|error| !error.is_void()).unwrap_or(DnsError::Refused))
                }
                Err(error) => Err(error),
            };
            Said { server: server.clone(), data }
        });
        join_all(asked).await
    }

    /// What a resolver tells, and how long it will; `None` where nobody else than the servers was asked.
    pub async fn kept(&self, name: &DnsName, kind: RecordType) -> Option<(Vec<Data>, Duration)> {
        if self.by_text || !self.named.is_empty() {
            return None;
        }
        let kept = self.beneath.lookup_to_keep(name, kind).await;
        Some((records(kept.result).ok()?, kept.ttl))
    }

    async fn direct(&self, name: &DnsName, kind: RecordType) -> Option<Result<Answer, DnsError>> {
        let mut is_ours = false;
        for own in &self.own {
            is_ours = is_ours || self.of(own).await.is_some_and(|zone| name.is_within(&zone.apex));
        }
        if !is_ours {
            return None;
        }
        let zone = self.of(name).await?;
        for (_, server) in &zone.servers {
            let Ok(said) = ask_server(*server, name, kind, PATIENCE).await else { continue };
            match said.kept.result {
                _ if !said.authoritative => {}
                Ok(answer) => return Some(Ok(self.secured(answer, name, kind).await)),
                Err(error) if error.is_void() => {
                    // An alias that leads out of the zone leads to nothing here.
                    let alias = ask_server(*server, name, RecordType::Cname, PATIENCE).await;
                    let leads_out = alias.is_ok_and(|alias| alias.kept.result.is_ok());
                    return (!leads_out).then_some(Err(error));
                }
                Err(_) => {}
            }
        }
        None
    }

    /// A server does not vouch for itself; a resolver that validates does.
    async fn secured(&self, answer: Answer, name: &DnsName, kind: RecordType) -> Answer {
        if !matches!(kind, RecordType::A | RecordType::Aaaa) {
            return answer;
        }
        let vouched = self.beneath.lookup(name, kind).await;
        let security = vouched.map_or(Security::Insecure, |vouched| vouched.security);
        Answer { security, ..answer }
    }
}

impl Resolver for Zones {
    fn lookup<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>> {
        Box::pin(async move {
            match self.direct(name, kind).await {
                Some(found) => found,
                None => self.beneath.lookup(name, kind).await,
            }
        })
    }
}

/// Whether an answer is about this name itself.
fn of(answer: &Answer, name: &DnsName) -> bool {
    answer.aliases.is_empty() && answer.records.iter().all(|record| record.name == *name)
}

fn records(result: Result<Answer, DnsError>) -> Result<Vec<Data>, DnsError> {
    match result {
        Ok(answer) => Ok(answer.records.into_iter().map(|record| record.data).collect()),
        Err(error) if error.is_void() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
