//! How we send. Plain values; the program makes them from its configuration.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tegami_mail::Domain;
use tegami_proto::smtp::client::Timeouts;

use crate::moment;
use crate::route::{Route, Smarthost};
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
    /// The same while another address is left to try: one that does not answer must not keep the message from one that does.
    pub connect_timeout_before_others: Duration,
    /// Timeouts within the session.
    pub timeouts: Timeouts,
    /// Limits.
    pub limits: Limits,
    /// The first that is for a message decides; without one the MX hosts of the recipient's domain are asked for.
    pub routes: Vec<Route>,
    /// Smarthosts that are reached otherwise than by a route: for what a source that becomes known has no room for.
    pub relays: Vec<Arc<Smarthost>>,
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
            connect_timeout_before_others: Duration::from_secs(10),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            routes: Vec::new(),
            relays: Vec::new(),
            tls: TlsDemand::Opportunistic,
            tls_policies: TlsPolicies::default(),
        }
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
    /// One of each in turn, IPv6 first (RFC 8305 section 4): a version of IP that is broken here costs one connection, not all.
    Alternate,
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
    /// What one attempt may take with all its hosts, their DNS included. `None`: as long as the other limits allow, which is right for a queue.
    pub attempt: Option<Duration>,
    /// The slowest pace of content that is put up with, in octets per second.
    pub slowest_pace: u32,
    /// Connections to one address at the same time; idle ones do not count.
    pub connections_per_address: usize,
    /// How long a session waits for the next message before it ends; zero closes at once.
    pub idle: Duration,
    /// Idle sessions kept at most.
    pub idle_sessions: usize,
    /// How long an address that could not be reached is not asked again; doubled after each further failure, up to sixteen times as long. Zero
    /// remembers nothing.
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
            attempt: None,
            slowest_pace: 1024,
            connections_per_address: 20,
            idle: Duration::from_secs(5),
            idle_sessions: 100,
            failure_memory: Duration::from_secs(60),
        }
    }
}

impl Limits {
    /// When an attempt that begins now has to be over.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.attempt.and_then(|span| moment::now().checked_add(span))
    }

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
