//! How we send. Plain values; the program makes them from its configuration.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tegami_mail::{Domain, Envelope, Host};
use tegami_proto::smtp::client::Timeouts;
use tegami_proto::smtp::server::Credentials;

use crate::tls_policy::TlsPolicies;

/// How we send.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Our name in EHLO.
    pub hostname: Domain,
    /// The port of MX hosts: 25 everywhere but in the lab.
    pub port: u16,
    /// Our own addresses for outgoing connections.
    pub source: Source,
    /// Which version of IP goes first.
    pub ip_order: IpOrder,
    /// Which addresses of a stranger's MX host may be connected to.
    pub reach: Reach,
    /// Names and addresses under which we ourselves receive mail, besides `hostname`: MX records that lead to one of them are a loop.
    pub own: Own,
    /// How long a TCP connection may take to come about.
    pub connect_timeout: Duration,
    /// Timeouts within the session.
    pub timeouts: Timeouts,
    /// Limits.
    pub limits: Limits,
    /// Tried in order, the first that matches wins; without a match the MX hosts of the recipient's domain are asked for.
    pub routes: Vec<Route>,
    /// What TLS is worth on the way to MX hosts of which no policy says more; REQUIRETLS of a message asks for more.
    pub tls: TlsDemand,
    /// Policies of TLS for single domains: they stand before what the domains publish.
    pub tls_policies: TlsPolicies,
}

impl Settings {
    /// The ordinary settings of a server on the Internet.
    pub fn new(hostname: Domain) -> Self {
        Self {
            hostname,
            port: 25,
            source: Source::default(),
            ip_order: IpOrder::V4First,
            reach: Reach::Network,
            own: Own::default(),
            connect_timeout: Duration::from_secs(30),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            routes: Vec::new(),
            tls: TlsDemand::Opportunistic,
            tls_policies: TlsPolicies::default(),
        }
    }

    /// The route that these paths take; `None` is the way over MX hosts.
    pub fn route(&self, envelope: &Envelope, next_hop: &Host) -> Option<&Smarthost> {
        let sender = envelope.reverse_path.address().and_then(|address| address.domain());
        self.routes
            .iter()
            .find(|route| route.sender.matches(sender) && route.recipient.matches(next_hop.domain()))
            .map(|route| &route.smarthost)
    }
}

/// Our own addresses for outgoing connections; where there is none, the machine chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// For IPv4.
    pub v4: Option<Ipv4Addr>,
    /// For IPv6.
    pub v6: Option<Ipv6Addr>,
}

impl Source {
    /// The address to bind for a connection to `peer`.
    pub fn toward(&self, peer: IpAddr) -> Option<IpAddr> {
        match peer {
            IpAddr::V4(_) => self.v4.map(IpAddr::V4),
            IpAddr::V6(_) => self.v6.map(IpAddr::V6),
        }
    }
}

/// Which version of IP goes first within one host. IPv4 is the default: many receivers ask more of IPv6 senders (a reverse name, an SPF
/// record with the right network) than a fresh server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpOrder {
    /// IPv4, then IPv6.
    V4First,
    /// IPv6, then IPv4.
    V6First,
    /// IPv4 only.
    V4Only,
    /// IPv6 only.
    V6Only,
}

/// Which addresses of a stranger's MX host may be connected to. Anybody can publish an MX record that leads into our own machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All but unspecified, loopback, link-local, multicast and broadcast addresses. Private networks may be reached: companies have mail servers there.
    Network,
    /// Loopback too: the lab, and tests.
    Loopback,
}

impl Reach {
    /// Whether a connection to `ip` may be tried.
    pub fn permits(self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        if ip.is_loopback() {
            return self == Self::Loopback;
        }
        let local = match ip {
            IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast() || ip.octets().starts_with(&[0]),
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        };
        !(local || ip.is_unspecified() || ip.is_multicast())
    }
}

/// Under which names and addresses we ourselves receive mail.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// Names that MX records may have for us.
    pub names: Vec<Domain>,
    /// Addresses on which we listen.
    pub addresses: Vec<IpAddr>,
}

/// Limits of one attempt and of all attempts together.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// MX hosts that are looked at. RFC 5321 section 5.1 lets us limit the addresses tried, to no less than two.
    pub hosts: usize,
    /// Addresses of one host.
    pub addresses_per_host: usize,
    /// Connections in one attempt.
    pub connections: usize,
    /// Recipients of one transaction: 100 are what every server must take (RFC 5321 section 4.5.3.1.8).
    pub recipients: usize,
    /// What one transaction may take beside the time for its content. Every command has an allowance of its own
    /// (RFC 5321 section 4.5.3.2), and a server that is always just in time would keep a slot for days.
    pub transaction: Duration,
    /// The slowest pace of content that is put up with, in octets per second.
    pub slowest_pace: u32,
    /// Connections to one address at the same time; idle ones do not count.
    pub connections_per_address: usize,
    /// How long a session waits for the next message before it ends; zero closes at once.
    pub idle: Duration,
    /// Idle sessions kept at most.
    pub idle_sessions: usize,
    /// How long a host that could not be reached goes to the end of the list.
    pub failure_memory: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            hosts: 10,
            addresses_per_host: 4,
            connections: 10,
            recipients: 100,
            transaction: Duration::from_secs(30 * 60),
            slowest_pace: 1024,
            connections_per_address: 20,
            idle: Duration::from_secs(5),
            idle_sessions: 100,
            failure_memory: Duration::from_secs(60),
        }
    }
}

impl Limits {
    /// How long a transaction with so much content may take.
    pub(crate) fn patience(&self, octets: usize) -> Duration {
        let pace = u64::from(self.slowest_pace.max(1));
        self.transaction.saturating_add(Duration::from_secs(octets as u64 / pace))
    }
}

/// What TLS is worth, from little to much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsDemand {
    /// Not asked for.
    Never,
    /// Asked for where it is offered; every certificate is good enough to keep listeners out, and where the handshake fails
    /// one more connection is made in clear text (RFC 7435 section 3).
    Opportunistic,
    /// Without TLS no mail; every certificate will do.
    Encrypted,
    /// Without TLS and a certificate that can be trusted no mail: one that names the host and chains to a trusted root, or one that fits TLSA records.
    Verified,
}

/// A way other than the recipient's MX hosts.
#[derive(Clone, Debug)]
pub struct Route {
    /// Whose mail: domain of the reverse-path.
    pub sender: Match,
    /// Mail to whom.
    pub recipient: Match,
    /// Where it goes.
    pub smarthost: Smarthost,
}

/// Which domains a [`Route`] is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// All, the null reverse-path and address literals included.
    Any,
    /// This one.
    Domain(Domain),
    /// This one and all below it.
    AtOrBelow(Domain),
}

impl Match {
    fn matches(&self, domain: Option<&Domain>) -> bool {
        match (self, domain) {
            (Self::Any, _) => true,
            (_, None) => false,
            (Self::Domain(wanted), Some(domain)) => domain == wanted,
            (Self::AtOrBelow(wanted), Some(domain)) => domain.is_at_or_below(wanted),
        }
    }
}

/// A smarthost: our route through another provider. Its name is asked for addresses, never for MX records.
#[derive(Clone, Debug)]
pub struct Smarthost {
    /// Name or literal.
    pub host: Host,
    /// Its port: 587, 465, 25.
    pub port: u16,
    /// When TLS begins.
    pub tls: SmarthostTls,
    /// Name and password for AUTH.
    pub credentials: Option<Credentials>,
}

/// When TLS begins on the way to a smarthost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmarthostTls {
    /// With STARTTLS, of this worth.
    StartTls(TlsDemand),
    /// With the first octet (RFC 8314 section 3.3), of this worth.
    Implicit(TlsDemand),
}

impl SmarthostTls {
    /// What TLS is worth.
    pub fn demand(self) -> TlsDemand {
        match self {
            Self::StartTls(demand) | Self::Implicit(demand) => demand,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tegami_mail::ReversePath;

    #[test]
    fn reach_keeps_strangers_out_of_our_machine() {
        for (ip, network, loopback) in [
            ("192.0.2.1", true, true),
            ("10.1.2.3", true, true),
            ("127.0.0.1", false, true),
            ("::1", false, true),
            ("::ffff:127.0.0.1", false, true),
            ("0.0.0.0", false, false),
            ("169.254.169.254", false, false),
            ("224.0.0.1", false, false),
            ("255.255.255.255", false, false),
            ("fe80::1", false, false),
            ("2001:db8::1", true, true),
        ] {
            let ip = ip.parse().unwrap();
            assert_eq!(
                (Reach::Network.permits(ip), Reach::Loopback.permits(ip)),
                (network, loopback),
                "{ip}"
            );
        }
    }

    #[test]
    fn the_first_matching_route_wins() {
        let smarthost = |name: &str| Smarthost {
            host: Host::parse(name).unwrap(),
            port: 587,
            tls: SmarthostTls::StartTls(TlsDemand::Verified),
            credentials: None,
        };
        let domain = |text: &str| Domain::parse(text).unwrap();
        let mut settings = Settings::new(domain("mail.example.org"));
        settings.routes = vec![
            Route {
                sender: Match::Domain(domain("example.org")),
                recipient: Match::AtOrBelow(domain("example.net")),
                smarthost: smarthost("one.example"),
            },
            Route {
                sender: Match::Domain(domain("example.org")),
                recipient: Match::Any,
                smarthost: smarthost("two.example"),
            },
        ];
        let via = |from: &str, to: &str| {
            let envelope = Envelope::new(ReversePath::try_from(from.to_owned()).unwrap(), []);
            settings.route(&envelope, &Host::parse(to).unwrap()).map(|smarthost| smarthost.host.to_string())
        };
        assert_eq!(via("a@example.org", "mx.example.net").as_deref(), Some("one.example"));
        assert_eq!(via("a@example.org", "notexample.net").as_deref(), Some("two.example"));
        assert_eq!(via("a@example.org", "[192.0.2.1]").as_deref(), Some("two.example"));
        assert_eq!(via("a@example.com", "example.net"), None);
        assert_eq!(via("", "example.net"), None);
    }
}
