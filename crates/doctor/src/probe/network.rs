//! Probes over the network, by the rules of the house: public addresses alone, few connections at a time, everything with an end.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::RootCertStore;
use tegami_dns::{BoxFuture, DnsName, RecordType};
use tegami_mail::{Clock, Domain};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::contact::{self, Contacts};
use super::tls::Tls;
use super::{
    Document, HelloSeen, OfferSeen, OwnSeen, PortSeen, Probes, RelaySeen, ServerAnswer, SmtpSeen, Unprobed,
    old_tls, own, port, session,
};
use crate::Reach;
use crate::rdap::{self, Directory, Registered, Registration};

/// Connections that stand at the same time.
const AT_ONCE: usize = 16;

/// How long each part of a session may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Until the connection stands.
    pub connect: Duration,
    /// Until the greeting has come. Hosts let strangers wait on purpose, to tell programs that do not; RFC 5321 section 4.5.3.2.1 gives
    /// them five minutes.
    pub greeting: Duration,
    /// Until a command is answered, or a handshake done.
    pub command: Duration,
}

impl Patience {
    /// All of a session.
    pub(super) fn whole(&self) -> Duration {
        // EHLO, STARTTLS, handshake, EHLO, QUIT, and HELO where EHLO is not known.
        self.connect + self.greeting + self.command * 2
    }
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(10), greeting: seconds(60), command: seconds(20) }
    }
}

/// Towards whom more than one connection is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extra {
    /// Towards nobody.
    Nobody,
    /// Towards hosts of our own.
    #[default]
    Own,
    /// Towards everybody: where strangers have agreed, and in laboratories.
    Everybody,
}

/// A port at which people's programs reach a host of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OwnPort {
    /// Submission with STARTTLS (RFC 6409).
    Submission,
    /// Submission under TLS from the first octet (RFC 8314 section 3.3).
    Submissions,
    /// IMAP under TLS from the first octet.
    Imaps,
    /// POP3 under TLS from the first octet.
    Pop3s,
}

/// The numbers of these ports.
pub type OwnPorts = Vec<(OwnPort, u16)>;

/// How to probe.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Our name in EHLO, which should lead to the address that we come from.
    pub hostname: String,
    /// The port of mail hosts: 25, but in a laboratory.
    pub port: u16,
    /// Addresses to connect from, the first of each version of IP counts; without one the machine chooses.
    pub sources: Vec<IpAddr>,
    /// Which addresses may be connected to.
    pub reach: Reach,
    /// Whom we trust to vouch for certificates.
    pub roots: RootCertStore,
    /// How long to wait.
    pub patience: Patience,
    /// Hosts of our own.
    pub own_hosts: Vec<Domain>,
    /// The ports of these hosts that people's programs use.
    pub own_ports: OwnPorts,
    /// Towards whom old versions and weak ciphers of TLS are tried.
    pub extra: Extra,
}

impl Settings {
    /// Port 25 of the Internet, from whichever address.
    pub fn new(hostname: impl Into<String>, roots: RootCertStore) -> Self {
        Self {
            hostname: hostname.into(),
            port: 25,
            sources: Vec::new(),
            reach: Reach::Internet,
            roots,
            patience: Patience::default(),
            own_hosts: Vec::new(),
            own_ports: vec![
                (OwnPort::Submission, 587),
                (OwnPort::Submissions, 465),
                (OwnPort::Imaps, 993),
                (OwnPort::Pop3s, 995),
            ],
            extra: Extra::default(),
        }
    }

    fn is_ours(&self, host: &Domain) -> bool {
        self.own_hosts.contains(host)
    }
}

/// Whoever fetches documents over HTTPS ([`Probes::https`]), and follows links where that is wished for.
pub trait Web: Send + Sync {
    /// Fetches one.
    ///
    /// # Errors
    /// An [`Unprobed`].
    fn fetch<'a>(
        &'a self,
        host: &'a Domain,
        path: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Document, Unprobed>>;

    /// Follows the link of a message; see [`Probes::request`]. Who cannot, or must not, leaves it.
    ///
    /// # Errors
    /// An [`Unprobed`].
    fn visit<'a>(&'a self, url: &'a str, form: Option<&'a str>) -> BoxFuture<'a, Result<Document, Unprobed>> {
        let _ = (url, form);
        Box::pin(async { Err(Unprobed::Off) })
    }
}

/// Whoever asks one name server; see [`Probes::ask_server`].
pub trait Servers: Send + Sync {
    /// Asks it.
    ///
    /// # Errors
    /// An [`Unprobed`].
    fn ask<'a>(
        &'a self,
        server: IpAddr,
        name: &'a DnsName,
        kind: RecordType,
    ) -> BoxFuture<'a, Result<ServerAnswer, Unprobed>>;
}

/// Probes over the network.
pub struct Network {
    pub(super) settings: Settings,
    pub(super) tls: Tls,
    pub(super) clock: Arc<dyn Clock>,
    web: Option<Arc<dyn Web>>,
    servers: Option<Arc<dyn Servers>>,
    registries: Option<Directory>,
    pub(super) contacts: Option<Contacts>,
    room: Semaphore,
}

impl Network {
    /// Sessions with mail hosts alone; HTTPS and name servers come by [`Network::with_web`] and [`Network::with_servers`].
    ///
    /// # Errors
    /// What the TLS library says of the settings.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let tls = Tls::new(settings.roots.clone())?;
        Ok(Self {
            settings,
            tls,
            clock,
            web: None,
            servers: None,
            registries: None,
            contacts: None,
            room: Semaphore::new(AT_ONCE),
        })
    }

    /// With somebody who fetches documents.
    #[must_use]
    pub fn with_web(self, web: Arc<dyn Web>) -> Self {
        Self { web: Some(web), ..self }
    }

    /// With somebody who asks name servers.
    #[must_use]
    pub fn with_servers(self, servers: Arc<dyn Servers>) -> Self {
        Self { servers: Some(servers), ..self }
    }

    /// With questions to registries, over HTTPS.
    #[must_use]
    pub fn with_registries(self, directory: Directory) -> Self {
        Self { registries: Some(directory), ..self }
    }

    /// A place among the connections, for an address that may be connected to.
    async fn admit(&self, ip: IpAddr) -> Result<SemaphorePermit<'_>, Unprobed> {
        if !self.settings.reach.has(ip.to_canonical()) {
            return Err(Unprobed::Forbidden(ip));
        }
        self.room.acquire().await.map_err(|_| Unprobed::Off)
    }

    /// With short connections to relays of ours and to clocks.
    #[must_use]
    pub fn with_contacts(self, contacts: Contacts) -> Self {
        Self { contacts: Some(contacts), ..self }
    }

    /// A connection to a mail host.
    pub(super) async fn connect(&self, ip: IpAddr) -> Result<TcpStream, Unprobed> {
        self.connect_to(ip, self.settings.port).await
    }

    /// A connection to any port.
    pub(super) async fn connect_to(&self, ip: IpAddr, port: u16) -> Result<TcpStream, Unprobed> {
        let peer = SocketAddr::new(ip, port);
        let connecting = async {
            let socket = if ip.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            let mut sources = self.settings.sources.iter();
            if let Some(source) = sources.find(|source| source.is_ipv4() == ip.is_ipv4()) {
                socket.bind(SocketAddr::new(*source, 0))?;
            }
            let stream = socket.connect(peer).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        match tokio::time::timeout(self.settings.patience.connect, connecting).await {
            Ok(connected) => connected.map_err(|error| unprobed(&error)),
            Err(_) => Err(Unprobed::Timeout),
        }
    }
}

pub(super) fn unprobed(error: &io::Error) -> Unprobed {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Unprobed::Refused,
        io::ErrorKind::TimedOut => Unprobed::Timeout,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => Unprobed::Unreachable,
        _ => Unprobed::Failed(error.to_string()),
    }
}

impl Probes for Network {
    fn patience(&self) -> Duration {
        self.settings.patience.whole()
    }

    fn smtp<'a>(&'a self, host: &'a Domain, ip: IpAddr) -> BoxFuture<'a, Result<SmtpSeen, Unprobed>> {
        Box::pin(async move {
            let _room = self.admit(ip).await?;
            session::look(self, host, ip).await
        })
    }

    fn offers<'a>(&'a self, host: &'a Domain, ip: IpAddr) -> BoxFuture<'a, Result<Vec<OfferSeen>, Unprobed>> {
        Box::pin(async move {
            match self.settings.extra {
                Extra::Nobody => return Err(Unprobed::Off),
                Extra::Own if !self.settings.is_ours(host) => return Err(Unprobed::Off),
                Extra::Own | Extra::Everybody => {}
            }
            let _room = self.admit(ip).await?;
            old_tls::look(self, host, ip).await
        })
    }

    fn own<'a>(
        &'a self,
        host: &'a Domain,
        ip: IpAddr,
        domain: &'a Domain,
    ) -> BoxFuture<'a, Result<OwnSeen, Unprobed>> {
        Box::pin(async move {
            if !self.settings.is_ours(host) {
                return Err(Unprobed::Off);
            }
            let _room = self.admit(ip).await?;
            own::look(self, host, ip, domain).await
        })
    }

    fn own_ports<'a>(
        &'a self,
        host: &'a Domain,
        ip: IpAddr,
    ) -> BoxFuture<'a, Result<Vec<PortSeen>, Unprobed>> {
        Box::pin(async move {
            if !self.settings.is_ours(host) {
                return Err(Unprobed::Off);
            }
            let _room = self.admit(ip).await?;
            Ok(port::look(self, host, ip).await)
        })
    }

    fn https<'a>(
        &'a self,
        host: &'a Domain,
        path: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Document, Unprobed>> {
        match &self.web {
            Some(web) => web.fetch(host, path, limit),
            None => Box::pin(async { Err(Unprobed::Off) }),
        }
    }

    fn ask_server<'a>(
        &'a self,
        server: IpAddr,
        name: &'a DnsName,
        kind: RecordType,
    ) -> BoxFuture<'a, Result<ServerAnswer, Unprobed>> {
        match &self.servers {
            Some(servers) => servers.ask(server, name, kind),
            None => Box::pin(async { Err(Unprobed::Off) }),
        }
    }

    fn request<'a>(
        &'a self,
        url: &'a str,
        form: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Document, Unprobed>> {
        match &self.web {
            Some(web) => web.visit(url, form),
            None => Box::pin(async { Err(Unprobed::Off) }),
        }
    }

    fn rdap<'a>(&'a self, what: Registered<'a>) -> BoxFuture<'a, Result<Registration, Unprobed>> {
        match &self.registries {
            Some(directory) => Box::pin(rdap::ask(self, directory, what)),
            None => Box::pin(async { Err(Unprobed::Off) }),
        }
    }

    fn greet<'a>(&'a self, to: SocketAddr) -> BoxFuture<'a, Result<HelloSeen, Unprobed>> {
        Box::pin(async move {
            let _room = self.room.acquire().await.map_err(|_| Unprobed::Off)?;
            contact::hello(self, to, None).await
        })
    }

    fn hello<'a>(&'a self, to: SocketAddr) -> BoxFuture<'a, Result<HelloSeen, Unprobed>> {
        Box::pin(async move {
            let _room = self.room.acquire().await.map_err(|_| Unprobed::Off)?;
            contact::hello(self, to, Some(&self.settings.hostname)).await
        })
    }

    fn relay<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<RelaySeen, Unprobed>> {
        Box::pin(contact::relay(self, name))
    }

    fn clock<'a>(&'a self, host: &'a Domain) -> BoxFuture<'a, Result<(Timestamp, Timestamp), Unprobed>> {
        Box::pin(contact::clock(self, host))
    }

    fn source(&self, towards: IpAddr) -> Result<IpAddr, Unprobed> {
        contact::source(towards)
    }
}
