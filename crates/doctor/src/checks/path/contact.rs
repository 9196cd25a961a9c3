//! Connections to hosts of others, by which the network between us and them is known.

use std::net::{IpAddr, SocketAddr};

use futures_util::future::{join, join_all};
use tegami_dns::{DnsName, Resolver};
use tegami_mail::{Domain, Host};

use crate::MailHosts;
use crate::own::OwnCase;
use crate::probe::{HelloSeen, Unprobed};

/// An operator whose hosts are always up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// What people call it.
    pub name: String,
    /// A domain that it receives mail for, or an address.
    pub domain: Host,
    /// The port of its mail hosts: 25.
    pub port: u16,
    /// A submission host of the same operator: if that answers while its mail hosts do not, the network stands.
    pub control: Host,
    /// Its port: 587.
    pub control_port: u16,
}

impl Contact {
    /// Reads a list: a name, a domain and a control host to a line, each with `:PORT` where it is not the usual one.
    ///
    /// # Errors
    /// The number of the first line that is not of this form; 0 where there is none at all.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, usize> {
        let mut contacts = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [] => {}
                [name, domain, control] => {
                    let host = |text: &str, port| place(text, port).ok_or(number + 1);
                    let ((domain, port), (control, control_port)) = (host(domain, 25)?, host(control, 587)?);
                    contacts.push(Self { name: (*name).to_owned(), domain, port, control, control_port });
                }
                _ => return Err(number + 1),
            }
        }
        if contacts.is_empty() { Err(0) } else { Ok(contacts) }
    }
}

fn place(text: &str, port: u16) -> Option<(Host, u16)> {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) => (name, port.parse().ok()?),
        None => (text, port),
    };
    Some((Host::parse(name).ok()?, port))
}

/// What came of a connection.
pub(crate) type Reached = Result<HelloSeen, Unprobed>;

/// What came of one operator.
#[derive(Clone, Debug)]
pub(crate) struct Came {
    pub(crate) contact: Contact,
    /// Its mail host, where the DNS told one.
    pub(crate) host: Option<String>,
    /// Port 25 over IPv4; `None` where the host has no such address.
    pub(crate) v4: Option<(IpAddr, Reached)>,
    /// The same over IPv6.
    pub(crate) v6: Option<(IpAddr, Reached)>,
    /// The control, at each address that was tried.
    pub(crate) control: Vec<(IpAddr, Reached)>,
}

impl Came {
    /// Whether somebody is there at the control.
    pub(crate) fn control_answers(&self) -> bool {
        self.control.iter().any(|(_, reached)| matches!(reached, Ok(_) | Err(Unprobed::Silent(_))))
    }

    /// As whom the control sees us: the address literal in its answer to EHLO.
    pub(crate) fn seen_as(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> {
        self.control.iter().filter_map(|(_, reached)| {
            let seen = reached.as_ref().ok()?;
            let first = seen.answer.as_ref()?.first()?;
            let (_, rest) = first.split_once('[')?;
            let (text, _) = rest.split_once(']')?;
            let text = text.strip_prefix("IPv6:").unwrap_or(text);
            Some((seen.local, text.parse().ok()?))
        })
    }
}

/// Connects to all operators at the same time.
pub(crate) async fn contact(case: &OwnCase) -> Vec<Came> {
    join_all(case.own.contacts.iter().map(|contact| one(case, contact))).await
}

async fn one(case: &OwnCase, contact: &Contact) -> Came {
    let mail = async {
        let (host, addresses) = mail_host(case.resolver(), &contact.domain).await;
        let first = |v4: bool| addresses.iter().copied().find(|ip| ip.is_ipv4() == v4);
        let ask = |ip: Option<IpAddr>| async move {
            let ip = ip?;
            Some((ip, case.probes.greet(SocketAddr::new(ip, contact.port)).await))
        };
        let (v4, v6) = join(ask(first(true)), ask(first(false))).await;
        (host, v4, v6)
    };
    let control = async {
        let addresses = addresses(case.resolver(), &contact.control).await;
        let first = |v4: bool| addresses.iter().copied().find(|ip| ip.is_ipv4() == v4);
        let tried = [first(true), first(false)].into_iter().flatten();
        let tried = tried.map(|ip| async move {
            (ip, case.probes.hello(SocketAddr::new(ip, contact.control_port)).await)
        });
        join_all(tried).await
    };
    let ((host, v4, v6), control) = join(mail, control).await;
    Came { contact: contact.clone(), host, v4, v6, control }
}

/// The first mail host that has addresses.
async fn mail_host(resolver: &dyn Resolver, domain: &Host) -> (Option<String>, Vec<IpAddr>) {
    let domain = match domain {
        Host::Literal(ip) => return (Some(ip.to_string()), vec![*ip]),
        Host::Domain(domain) => domain,
    };
    let hosts = MailHosts::find(&DnsName::from(domain), resolver).await;
    let host = hosts.real().find(|host| !host.addresses.is_empty());
    (host.map(|host| host.name.to_string()), host.map(|host| host.addresses.clone()).unwrap_or_default())
}

async fn addresses(resolver: &dyn Resolver, host: &Host) -> Vec<IpAddr> {
    match host {
        Host::Literal(ip) => vec![*ip],
        Host::Domain(domain) => addresses_of(resolver, domain).await.unwrap_or_default(),
    }
}

/// The addresses of a host, IPv4 first; why there are none where the DNS did not say.
pub(crate) async fn addresses_of(
    resolver: &dyn Resolver,
    host: &Domain,
) -> Result<Vec<IpAddr>, tegami_dns::DnsError> {
    let name = DnsName::from(host);
    let (v4, v6) = join(resolver.a(&name), resolver.aaaa(&name)).await;
    let mut found = Vec::new();
    let mut failed = None;
    match v4 {
        Ok(addresses) => found.extend(addresses.into_iter().map(IpAddr::from)),
        Err(error) if error.is_void() => {}
        Err(error) => failed = Some(error),
    }
    match v6 {
        Ok(addresses) => found.extend(addresses.into_iter().map(IpAddr::from)),
        Err(error) if error.is_void() => {}
        Err(error) => failed = Some(error),
    }
    match failed {
        Some(error) if found.is_empty() => Err(error),
        _ => Ok(found),
    }
}

/// The addresses from which the Internet sees us: as the controls tell, else those of this machine that are on the Internet.
pub(crate) async fn seen(case: &OwnCase) -> Vec<IpAddr> {
    let came = case.came().await;
    let mut found: Vec<IpAddr> = came.iter().flat_map(Came::seen_as).map(|(_, seen)| seen).collect();
    let towards = came.iter().flat_map(|came| [&came.v4, &came.v6]).flatten().map(|(ip, _)| *ip);
    found.extend(towards.filter_map(|ip| case.probes.source(ip).ok()));
    found.retain(|ip| case.known.reach.has(*ip));
    found.sort_unstable();
    found.dedup();
    found
}
