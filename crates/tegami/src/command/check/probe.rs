//! Connections to well-known hosts: to port 25, and to another port as the control.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rustls::RootCertStore;
use tegami_dns::Resolver;
use tegami_mail::{Domain, Envelope, Host, ReversePath};
use tegami_outbound::{Courier, Reach, Settings};
use tegami_queue::SystemClock;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::super::Failure;

/// How long the DNS, a connection and a greeting have, each. All hosts are asked at the same time, so the whole check ends within thrice this time.
const PATIENCE: Duration = Duration::from_secs(4);

/// Whom we ask.
pub(super) struct Targets(Vec<Target>);

struct Target {
    name: String,
    domain: Host,
    port: u16,
    control: Host,
    control_port: u16,
}

/// What a connection came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// A greeting, its first line.
    Greeted(String),
    /// A connection, and no word.
    Silent,
    /// Refused, or closed before a word.
    Refused,
    /// No answer.
    Timeout,
    /// The machine knows no way there.
    Unreachable,
    /// The DNS did not tell where.
    NoAddress,
}

/// What came of one target.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    pub(super) name: String,
    /// Port 25 over IPv4; `None` where the host has no such address.
    pub(super) v4: Option<(IpAddr, Came)>,
    /// The same over IPv6.
    pub(super) v6: Option<(IpAddr, Came)>,
    /// The DNS told where its mail goes.
    pub(super) resolved: bool,
    /// The control.
    pub(super) control: Came,
}

/// Where questions and connections go.
pub(super) struct World {
    courier: Courier,
}

impl World {
    pub(super) fn new(resolver: Arc<dyn Resolver>, reach: Reach) -> Result<Self, Failure> {
        let hostname = Domain::parse("self.invalid").map_err(|error| Failure::Text(error.to_string()))?;
        let settings = Settings { reach, ..Settings::new(hostname) };
        let courier = Courier::new(settings, RootCertStore::empty(), resolver, Arc::new(SystemClock));
        Ok(Self { courier: courier.map_err(|error| Failure::Text(error.to_string()))? })
    }

    /// The addresses of the first mail host of a domain.
    async fn addresses(&self, next_hop: &Host) -> Vec<IpAddr> {
        let envelope = Envelope::new(ReversePath::Null, []);
        let preview = self.courier.preview(&envelope, next_hop, &[]);
        let asked = tokio::time::timeout(PATIENCE, preview).await;
        let way = asked.ok().and_then(|preview| preview.ways.into_iter().next());
        let host = way.and_then(|way| way.destination.hosts.ok()?.into_iter().next());
        host.map(|host| host.addresses).unwrap_or_default()
    }
}

impl Targets {
    /// Reads the list.
    ///
    /// # Errors
    /// The number of the first line that is not of it.
    pub(super) fn parse(text: &str) -> Result<Self, usize> {
        let mut targets = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [] => {}
                [name, domain, control] => {
                    let host = |text: &str, port| place(text, port).ok_or(number + 1);
                    let ((domain, port), (control, control_port)) = (host(domain, 25)?, host(control, 587)?);
                    targets.push(Target { name: (*name).to_owned(), domain, port, control, control_port });
                }
                _ => return Err(number + 1),
            }
        }
        if targets.is_empty() { Err(0) } else { Ok(Self(targets)) }
    }

    /// Asks all at the same time.
    pub(super) async fn probe(&self, world: &World) -> Vec<Probe> {
        join_all(self.0.iter().map(|target| target.probe(world))).await
    }
}

fn place(text: &str, port: u16) -> Option<(Host, u16)> {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) => (name, port.parse().ok()?),
        None => (text, port),
    };
    Some((Host::parse(name).ok()?, port))
}

impl Target {
    async fn probe(&self, world: &World) -> Probe {
        let mail = async {
            let addresses = world.addresses(&self.domain).await;
            let first = |v4: bool| addresses.iter().copied().find(|ip| ip.is_ipv4() == v4);
            let port = self.port;
            let ask = move |ip: Option<IpAddr>| async move {
                let ip = ip?;
                Some((ip, greeting(SocketAddr::new(ip, port)).await))
            };
            let (v4, v6) = futures_util::future::join(ask(first(true)), ask(first(false))).await;
            (v4, v6, !addresses.is_empty())
        };
        let control = async {
            let addresses = world.addresses(&self.control).await;
            let asked = addresses.into_iter().map(|ip| greeting(SocketAddr::new(ip, self.control_port)));
            let came = join_all(asked).await;
            let best = came.iter().find(|came| matches!(came, Came::Greeted(_) | Came::Silent));
            best.or(came.first()).cloned().unwrap_or(Came::NoAddress)
        };
        let ((v4, v6, resolved), control) = futures_util::future::join(mail, control).await;
        Probe { name: self.name.clone(), v4, v6, resolved, control }
    }
}

/// Connects, and reads the first line.
async fn greeting(address: SocketAddr) -> Came {
    let connected = tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await;
    let mut stream = match connected {
        Err(_) => return Came::Timeout,
        Ok(Err(error)) => {
            return match error.kind() {
                std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::ConnectionReset => Came::Refused,
                std::io::ErrorKind::TimedOut => Came::Timeout,
                _ => Came::Unreachable,
            };
        }
        Ok(Ok(stream)) => stream,
    };
    let mut line = Vec::new();
    let mut buffer = [0; 512];
    let read = async {
        while !line.contains(&b'\n') && line.len() < 2_048 {
            match stream.read(&mut buffer).await {
                Ok(count @ 1..) => line.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                _ => break,
            }
        }
    };
    let silent = tokio::time::timeout(PATIENCE, read).await.is_err();
    let text = String::from_utf8_lossy(&line);
    let first = text.lines().next().unwrap_or_default().trim();
    match first {
        "" if silent => Came::Silent,
        "" => Came::Refused,
        first => Came::Greeted(first.chars().filter(|c| !c.is_control()).take(120).collect()),
    }
}
