//! The hosts that take mail for a domain.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::{join, join_all};
use tegami_dns::{Data, DnsError, DnsName, RecordType, Resolver, Security};

/// Hosts whose addresses are asked for; Internet mail knows no larger sets.
const MAX_HOSTS: usize = 20;

/// Where mail goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receiving {
    /// To the hosts of MX records.
    Explicit,
    /// To the domain's own addresses, for want of MX records.
    Implicit,
    /// Nowhere, as it says itself (RFC 7505).
    Null,
    /// Nowhere: neither MX records nor addresses.
    Nowhere,
    /// The name does not exist.
    NoDomain,
    /// The DNS did not say.
    Unknown(DnsError),
}

/// One host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailHost {
    /// `None` for the implicit one.
    pub preference: Option<u16>,
    /// Its name; the root in a null MX.
    pub name: DnsName,
    /// Where its name leads as an alias, which it must not be.
    pub aliases: Vec<DnsName>,
    /// Its addresses, IPv4 first.
    pub addresses: Vec<IpAddr>,
    /// Why addresses could not be asked for.
    pub error: Option<DnsError>,
    /// Whether DNSSEC vouches for the addresses.
    pub secure: bool,
    /// How long the addresses may be kept.
    pub ttl: Duration,
}

/// The hosts of a domain, by preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailHosts {
    /// How its mail is received.
    pub receiving: Receiving,
    /// The hosts, at most a few.
    pub hosts: Vec<MailHost>,
    /// How many MX records there are.
    pub count: usize,
    /// Whether DNSSEC vouches for the MX records, or for their absence.
    pub secure: bool,
    /// How long the MX records may be kept.
    pub ttl: Duration,
}

impl MailHosts {
    /// Asks for them.
    pub(crate) async fn find(name: &DnsName, resolver: &dyn Resolver) -> Self {
        let none =
            |receiving| Self { receiving, hosts: Vec::new(), count: 0, secure: false, ttl: Duration::ZERO };
        let answer = match resolver.lookup(name, RecordType::Mx).await {
            Ok(answer) => answer,
            Err(DnsError::NoData) => {
                let host = MailHost::find(None, name.clone(), resolver).await;
                return match (&host.error, host.addresses.is_empty()) {
                    (Some(error), true) => none(Receiving::Unknown(error.clone())),
                    (_, true) => none(Receiving::Nowhere),
                    _ => Self {
                        secure: host.secure,
                        ttl: host.ttl,
                        hosts: vec![host],
                        ..none(Receiving::Implicit)
                    },
                };
            }
            Err(DnsError::NxDomain) => return none(Receiving::NoDomain),
            Err(error) => return none(Receiving::Unknown(error)),
        };
        let mut named: Vec<_> = answer
            .records
            .iter()
            .filter_map(|record| if let Data::Mx(host) = &record.data { Some(host.clone()) } else { None })
            .collect();
        named.sort();
        let count = named.len();
        let only_null = named.iter().all(|host| host.exchange.is_root());
        let hosts = named
            .into_iter()
            .take(MAX_HOSTS)
            .map(|host| MailHost::find(Some(host.preference), host.exchange, resolver));
        Self {
            receiving: if only_null { Receiving::Null } else { Receiving::Explicit },
            hosts: join_all(hosts).await,
            count,
            secure: answer.security == Security::Secure,
            ttl: answer.ttl(),
        }
    }

    /// Whether mail can be received at all, as far as the DNS says.
    pub fn receives(&self) -> bool {
        matches!(self.receiving, Receiving::Explicit | Receiving::Implicit)
    }

    /// Hosts that are hosts, each once.
    pub fn real(&self) -> impl Iterator<Item = &MailHost> {
        let first =
            |at: usize, host: &MailHost| !self.hosts.iter().take(at).any(|other| other.name == host.name);
        let real = self.hosts.iter().enumerate();
        real.filter(move |(at, host)| !host.name.is_root() && first(*at, host)).map(|(_, host)| host)
    }
}

impl MailHost {
    /// Asks for one host's addresses.
    pub(crate) async fn find(preference: Option<u16>, name: DnsName, resolver: &dyn Resolver) -> Self {
        let mut host = Self {
            preference,
            aliases: Vec::new(),
            addresses: Vec::new(),
            error: None,
            secure: true,
            ttl: Duration::MAX,
            name,
        };
        if host.name.is_root() {
            return host;
        }
        let asked =
            join(resolver.lookup(&host.name, RecordType::A), resolver.lookup(&host.name, RecordType::Aaaa));
        let (v4, v6) = asked.await;
        for answer in [v4, v6] {
            match answer {
                Ok(answer) => {
                    host.secure &= answer.security == Security::Secure;
                    host.ttl = host.ttl.min(answer.ttl());
                    host.aliases.clone_from(&answer.aliases);
                    host.addresses.extend(answer.records.iter().filter_map(|record| match record.data {
                        Data::A(ip) => Some(IpAddr::from(ip)),
                        Data::Aaaa(ip) => Some(IpAddr::from(ip)),
                        _ => None,
                    }));
                }
                Err(error) if error.is_void() => {}
                Err(error) => host.error = Some(error),
            }
        }
        host.addresses.sort();
        host
    }
}
