//! Starting it all.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tegami_dns::{Resolver, Server, SystemError, SystemOptions, SystemResolver, Zone, ZoneError};
use tegami_inbound::{Listener, Service, Shutdown, serve};
use tegami_mail::{Clock, Domain, DomainError};
use tegami_proto::smtp::server::Settings;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::certificate::{Authority, self_signed};
use crate::habit::{BigMail, Greylist, Habit, Plain};
use crate::host::{Host, HostDesk};
use crate::ledger::Ledger;
use crate::world::{HostPlan, World};

/// Why the lab does not start.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS refuses its own certificate.
    #[error("cannot use a certificate: {0}")]
    Tls(#[from] rustls::Error),
    /// The map is not a zone.
    #[error("the zone of the lab: {0}")]
    Zone(#[from] ZoneError),
    /// The resolver does not start.
    #[error("the resolver of the lab: {0}")]
    Resolver(#[from] SystemError),
    /// A name of the map is not a domain.
    #[error("a name of the lab: {0}")]
    Name(#[from] DomainError),
    /// An address cannot be listened on.
    #[error(
        "cannot listen on {address}: {error} (the lab needs the loopback addresses 127.42.0.0/24 and 127.43.0.53, which every Linux has)"
    )]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// No port is free on all the lab's addresses.
    #[error("no port is free on all the loopback addresses of the lab")]
    NoPort,
}

/// How often a port is tried that must be free on every address.
const PORT_TRIES: usize = 50;

/// The running lab. Dropping it ends everything it started.
pub struct Internet {
    /// Where the DNS listens, UDP and TCP.
    pub dns: SocketAddr,
    /// The port of every MX host.
    pub smtp_port: u16,
    /// The same questions, by way of the DNS server above.
    pub resolver: Arc<dyn Resolver>,
    /// What the hosts saw.
    pub ledger: Ledger,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// The sockets of the lab, bound before anything knows its port.
pub struct Sockets {
    port: u16,
    site: TcpListener,
    hosts: Vec<(Spot, TcpListener)>,
}

/// A host and how it behaves.
#[derive(Clone, Copy)]
struct Spot {
    plan: HostPlan,
    domain: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    BigMail,
    Grey,
    Plain,
    SelfSigned,
}

const SPOTS: [Spot; 5] = [
    Spot { plan: World::BIGMAIL, domain: "bigmail.test", kind: Kind::BigMail },
    Spot { plan: World::GREY, domain: "grey.test", kind: Kind::Grey },
    Spot { plan: World::ALIVE, domain: "deadmx.test", kind: Kind::Plain },
    Spot { plan: World::SELFSIGNED, domain: "selfsigned.test", kind: Kind::SelfSigned },
    Spot { plan: World::PARTNER, domain: "partner.test", kind: Kind::Plain },
];

impl Sockets {
    /// Binds every host's address on one port that is free on all of them, the site's included.
    ///
    /// # Errors
    /// When an address does not exist, or no port is free.
    pub async fn bind() -> Result<Self, LabError> {
        for _ in 0..PORT_TRIES {
            if let Some(sockets) = Self::try_bind().await? {
                return Ok(sockets);
            }
        }
        Err(LabError::NoPort)
    }

    async fn try_bind() -> Result<Option<Self>, LabError> {
        let first = SocketAddr::from((World::SITE.ip, 0));
        let listen = |address: SocketAddr| async move {
            TcpListener::bind(address).await.map_err(|error| LabError::Listen { address, error })
        };
        let site = listen(first).await?;
        let port = site.local_addr().map_err(|error| LabError::Listen { address: first, error })?.port();
        let mut hosts = Vec::new();
        for spot in SPOTS {
            match listen((spot.plan.ip, port).into()).await {
                Ok(listener) => hosts.push((spot, listener)),
                Err(LabError::Listen { error, .. }) if error.kind() == io::ErrorKind::AddrInUse => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(Self { port, site, hosts }))
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Internet {
    /// Starts DNS and MX hosts; gives back the site's own reception socket, which the site serves itself.
    ///
    /// # Errors
    /// As [`LabError`].
    pub async fn start(
        world: &World,
        sockets: Sockets,
        authority: &Authority,
        clock: Arc<dyn Clock>,
        greylist: Duration,
    ) -> Result<(Self, TcpListener), LabError> {
        let [first, second] = name_servers(world).await?;
        let dns = first.local_addr();
        let resolver: Arc<dyn Resolver> =
            Arc::new(SystemResolver::from_server(dns, &SystemOptions::default())?);
        let (stop, shutdown) = Shutdown::pair();
        let ledger = Ledger::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(first.run());
        tasks.spawn(second.run());
        for (spot, listener) in sockets.hosts {
            let (tls, habit) = equip(&spot, authority, greylist)?;
            let host = Host {
                name: spot.plan.name.to_owned(),
                domain: Domain::parse(spot.domain)?,
                habit,
                resolver: Arc::clone(&resolver),
                clock: Arc::clone(&clock),
                ledger: ledger.clone(),
            };
            let service = service(&host.name.clone(), tls, host);
            tasks.spawn(serve(Listener::Tcp(listener), service, shutdown.clone()));
        }
        let internet = Self { dns, smtp_port: sockets.port, resolver, ledger, stop, tasks };
        Ok((internet, sockets.site))
    }

    /// Ends every host and the DNS.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        self.tasks.shutdown().await;
    }

    /// The address from which a machine of the map connects.
    pub fn address(plan: HostPlan) -> IpAddr {
        IpAddr::V4(plan.ip)
    }
}

/// The name servers, on one port that is free on both addresses.
async fn name_servers(world: &World) -> Result<[Server; 2], LabError> {
    let zone = Arc::new(Zone::parse(&world.zone())?);
    let [first, second] = World::NAME_SERVERS;
    let bind = |ip: Ipv4Addr, port: u16| {
        let (address, zone) = (SocketAddr::from((ip, port)), Arc::clone(&zone));
        async move { Server::bind(address, zone).await.map_err(|error| LabError::Listen { address, error }) }
    };
    for _ in 0..PORT_TRIES {
        let server = bind(first, 0).await?;
        match bind(second, server.local_addr().port()).await {
            Ok(other) => return Ok([server, other]),
            Err(LabError::Listen { error, .. }) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(error),
        }
    }
    Err(LabError::NoPort)
}

fn equip(
    spot: &Spot,
    authority: &Authority,
    greylist: Duration,
) -> Result<(Arc<ServerConfig>, Box<dyn Habit>), LabError> {
    let name = spot.plan.name;
    Ok(match spot.kind {
        Kind::BigMail => {
            let users = ["hanako", "taro", "info", "postmaster"];
            (authority.server_config(name)?, Box::new(BigMail::new(users)))
        }
        Kind::Grey => (authority.server_config(name)?, Box::new(Greylist::new(greylist))),
        Kind::Plain => (authority.server_config(name)?, Box::new(Plain)),
        Kind::SelfSigned => (self_signed(name)?, Box::new(Plain)),
    })
}

fn service(name: &str, tls: Arc<ServerConfig>, host: Host) -> Arc<Service> {
    Arc::new(Service::new(Settings::new(name), tls, Arc::new(HostDesk(Arc::new(host)))))
}
