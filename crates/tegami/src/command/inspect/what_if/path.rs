//! Another way to the receiver: through a forwarder, or through a mailing list.

use std::net::{IpAddr, Ipv4Addr};

use tegami_auth::iprev::{self, IprevResult};
use tegami_dns::{Data, DnsName, RecordType, Resolver};
use tegami_mail::{Address, Domain, ReversePath, date, header, note};

use super::change::{Srs, Via};
use super::world::{World, given, named};
use super::{Failure, Told, content};

/// A list somewhere, where none is named (RFC 2606 section 2).
const LIST: &str = "lists.example";

/// Its address (RFC 5737).
const LIST_IP: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 25));

/// The host that hands the message on.
struct Relay {
    ip: IpAddr,
    /// What it says in HELO: its name, or its address where it has none.
    helo: String,
    domain: Option<Domain>,
}

impl World {
    /// The message comes from another host; only with SRS does that put its own domain into the reverse-path.
    pub(super) async fn forward(&mut self, via: &Via, srs: Srs) -> Result<Told, Failure> {
        let relay = self.relay(via).await?;
        let mut path = self.at.mail_from.value.clone();
        if srs == Srs::With
            && let ReversePath::Address(address) = &path
        {
            let domain = relay.domain.as_ref().ok_or(note!("cli-whatif-srs-no-name", ip = relay.ip))?;
            path = ReversePath::Address(rewritten(address, domain)?);
            self.at.mail_from = given(path.clone());
        }
        self.come_from(&relay);
        let (host, path) = (&relay.helo, format!("<{path}>"));
        Ok(Told::Made(match srs {
            Srs::With => note!("cli-whatif-forward-srs", host = host, ip = relay.ip, path = path),
            Srs::Without => note!("cli-whatif-forward", host = host, ip = relay.ip, path = path),
        }))
    }

    /// The message comes from a list, which has changed it and takes the bounces.
    pub(super) async fn list(&mut self, via: Option<&Via>) -> Result<Told, Failure> {
        let mut relay = match via {
            Some(via) => self.relay(via).await?,
            None => Relay { ip: LIST_IP, helo: LIST.to_owned(), domain: None },
        };
        let domain = match relay.domain.take() {
            Some(domain) => domain,
            None => self.invent_list(relay.ip, via.is_none())?,
        };
        self.content = content::by_list(&self.content, &domain);
        let path = format!("list-bounces@{domain}");
        let bounces = Address::parse(&path)
            .map_err(|error| note!("cli-bad-address", address = path, reason = error))?;
        self.at.mail_from = given(ReversePath::Address(bounces));
        self.come_from(&relay);
        let path = format!("<{path}>");
        Ok(Told::Made(match via {
            Some(_) => note!("cli-whatif-list", host = relay.helo, ip = relay.ip, path = path),
            None => note!("cli-whatif-list-some", host = relay.helo, path = path),
        }))
    }

    /// A list that is set up as it should be: its name has the address, and SPF permits it; with `whole` the address also
    /// has the name.
    fn invent_list(&mut self, ip: IpAddr, whole: bool) -> Result<Domain, Failure> {
        let wrong = |error: &dyn std::fmt::Display| Failure::Text(error.to_string());
        let domain = Domain::parse(LIST).map_err(|error| wrong(&error))?;
        let name = DnsName::parse(LIST).map_err(|error| wrong(&error))?;
        let (kind, address) = match ip {
            IpAddr::V4(ip) => (RecordType::A, Data::A(ip)),
            IpAddr::V6(ip) => (RecordType::Aaaa, Data::Aaaa(ip)),
        };
        if whole {
            self.resolver.set(DnsName::reverse(ip), RecordType::Ptr, vec![Data::Ptr(name.clone())]);
        }
        self.resolver.set(name.clone(), kind, vec![address]);
        self.resolver.set(name, RecordType::Txt, vec![Data::Txt(b"v=spf1 a -all".to_vec().into())]);
        Ok(domain)
    }

    async fn relay(&self, via: &Via) -> Result<Relay, Failure> {
        match via {
            Via::Address(ip) => {
                let ip = ip.to_canonical();
                let found = iprev::check(ip, &self.resolver).await;
                let name = found.name.filter(|_| found.result == IprevResult::Pass);
                let domain = name.and_then(|name| Domain::parse(&name).ok());
                let literal = match ip {
                    IpAddr::V4(ip) => format!("[{ip}]"),
                    IpAddr::V6(ip) => format!("[IPv6:{ip}]"),
                };
                Ok(Relay { ip, helo: domain.as_ref().map_or(literal, Domain::to_string), domain })
            }
            Via::Host(domain) => {
                let ip = self.address(domain).await?;
                Ok(Relay { ip, helo: domain.to_string(), domain: Some(domain.clone()) })
            }
        }
    }

    async fn address(&self, domain: &Domain) -> Result<IpAddr, Failure> {
        let resolver: &dyn Resolver = &self.resolver;
        let unknown = |reason: String| note!("cli-whatif-no-address", host = domain, reason = reason);
        let name = named(domain).ok_or_else(|| unknown("DNS".to_owned()))?;
        let error = match resolver.a(&name).await {
            Ok(addresses) => {
                return addresses
                    .first()
                    .map(|ip| IpAddr::V4(*ip))
                    .ok_or_else(|| unknown(String::new()).into());
            }
            Err(error) => error,
        };
        match resolver.aaaa(&name).await {
            Ok(addresses) => {
                addresses.first().map(|ip| IpAddr::V6(*ip)).ok_or_else(|| unknown(error.to_string()).into())
            }
            Err(_) => Err(unknown(error.to_string()).into()),
        }
    }

    /// The receiver takes the message from this host, and says so in a Received field (RFC 5321 section 4.4).
    fn come_from(&mut self, relay: &Relay) {
        let literal = match relay.ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("IPv6:{ip}"),
        };
        let field = format!(
            "Received: from {helo} ({helo} [{literal}])\r\n\tby {by} with ESMTPS; {date}\r\n",
            helo = relay.helo,
            by = self.at.authserv_id,
            date = date::write(self.at.now),
        );
        self.content = header::prepend(&self.content, &[field]);
        self.at.ip = given(relay.ip);
        self.at.helo = given(relay.helo.clone());
    }
}

/// `SRS0=hash=day=domain=local-part` at the forwarder's domain. The hash is the forwarder's secret; nobody who judges
/// the message looks at it, so any will do.
fn rewritten(address: &Address, domain: &Domain) -> Result<Address, Failure> {
    let (local_part, host) = (address.local_part().as_str(), address.domain().map_or("", Domain::as_str));
    let long = format!("SRS0=HHHH=TT={host}={local_part}@{domain}");
    let found = Address::parse(&long).or_else(|_| Address::parse(&format!("SRS0=HHHH=TT@{domain}")));
    found.map_err(|error| note!("cli-bad-address", address = long, reason = error).into())
}
