//! Everything that the configuration names, put together and running. `tegami serve` and the lab start the same server; they differ
//! in the [`Surroundings`] they hand in.

mod calls;
pub(crate) mod control;
mod courier;
mod doors;
mod housekeeping;
pub(crate) mod keys;
mod listen;
pub(crate) mod metrics;
mod monitor;
mod pages;
mod practice;
mod preflight;
mod probes;
mod reload;
mod reports;
mod returns;
mod rooms;
mod shaping;
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use tegami_dns::Resolver;
use tegami_inbound::{Listener, Service, Shutdown};
use tegami_outbound::tls_report::Journal;
use tegami_outbound::{Courier, Https, Outbound, Own, Reach, Settings, Source};
use tegami_queue::gate::Gate;
use tegami_queue::{Deliver, Postman, RunSettings, Settler};
use tegami_store::NodeId;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

pub(crate) use pages::{controls, lab_pages, offers, pages, sources};
pub(crate) use practice::Practice;
pub(crate) use preflight::{Desk as PreflightDesk, rehearse};
pub(crate) use probes::{Outside, probes};
pub(crate) use returns::decide as choose_returns;
pub(crate) use rooms::Rooms;
pub(crate) use tls::{association, first_certificate, shown_certificate, trusted_roots};

use self::doors::{Doors, OpenDoors};
pub(crate) use self::preflight::watch::Guard;
pub(crate) use self::reload::{Answer, House};
use crate::command::{Failure, ZoneFile};
use crate::config::Config;

/// The world as the server sees it: the real one, or the lab's.
pub(crate) struct Surroundings {
    /// Whom DNS questions go to.
    pub(crate) resolver: Arc<dyn Resolver>,
    /// The same, where it is a zone text: a reload reads it anew.
    pub(crate) zone: Option<Arc<ZoneFile>>,
    /// Who vouches for certificates.
    pub(crate) roots: RootCertStore,
    /// Whether MX hosts may lie on loopback.
    pub(crate) reach: Reach,
    /// The port of name servers that the doctor asks themselves: 53, but in a laboratory.
    pub(crate) dns_port: u16,
    /// A reception socket that is already bound.
    pub(crate) smtp: Option<tokio::net::TcpListener>,
}

/// Where the server listens, after port 0 became a real one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addresses {
    pub(crate) smtp: Vec<SocketAddr>,
    pub(crate) submission: Vec<SocketAddr>,
    pub(crate) submissions: Vec<SocketAddr>,
    pub(crate) http: Vec<SocketAddr>,
    pub(crate) metrics: Vec<SocketAddr>,
}

/// A running server.
pub(crate) struct Server {
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) addresses: Addresses,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    postman: tokio::task::JoinHandle<()>,
    outbound: Arc<Outbound>,
    doors: OpenDoors,
    house: watch::Sender<House>,
    routers: watch::Sender<axum::Router>,
    pages: Pages,
    https: Arc<Https>,
    resolver: Arc<dyn Resolver>,
    practice: Practice,
    /// What is looked at of our own mail.
    watched: preflight::watch::Line,
    zone: Option<Arc<ZoneFile>>,
    reach: Reach,
    asked: mpsc::Receiver<Answer>,
}

impl Server {
    /// Starts everything; when this returns, every socket is bound.
    ///
    /// # Errors
    /// What cannot be opened, read or listened on, by name.
    pub(crate) async fn start(
        config: &Config,
        rooms: Rooms,
        surroundings: Surroundings,
        pages: Pages,
    ) -> Result<Self, Failure> {
        let Surroundings { resolver, zone, roots, reach, dns_port, smtp } = surroundings;
        let rooms = Arc::new(rooms);
        warn(config);
        if config.delivery.paused {
            rooms.control.pause();
        }
        let tls = tls::server_config(config)?;
        let (stop, shutdown) = Shutdown::pair();
        let https = Https::new(roots.clone(), Arc::clone(&resolver), reach);
        let https = Arc::new(https.map_err(|error| Failure::Text(error.to_string()))?);
        rooms.line.connect(&https, config);
        let practice = Practice::open(config, &resolver, (roots.clone(), reach, dns_port))?;
        let (watched, waiting) = preflight::watch::line();
        rooms.intake.show_to(Guard::new(&rooms, &practice, config, Some(watched.clone())));
        let journal = Arc::new(Journal::new(Arc::clone(&rooms.store)));
        let observer = Arc::clone(&journal);
        let courier =
            courier::courier(&rooms, config, roots, (Arc::clone(&resolver), reach), &https, observer)?;
        let outbound = Arc::new(outbound(&rooms, Arc::clone(&courier)));
        let (asks, asked) = mpsc::channel(1);
        let house = House {
            rooms: Arc::clone(&rooms),
            config: Arc::new(config.clone()),
            practice: practice.clone(),
            asks,
        };
        let mut server = Self {
            addresses: Addresses::default(),
            tasks: JoinSet::new(),
            postman: tokio::spawn(postman(&rooms, config, &outbound)),
            outbound,
            doors: OpenDoors::new(Doors::new(&rooms, config, &tls, &practice)),
            house: watch::Sender::new(house),
            routers: watch::Sender::new(pages(&rooms, config, &practice, stop.subscribe())),
            pages,
            https: Arc::clone(&https),
            stop,
            rooms,
            resolver,
            practice,
            watched,
            zone,
            reach,
            asked,
        };
        returns::decide(config, &server.rooms, &server.resolver).await;
        let resolver = Arc::clone(&server.resolver);
        let reports = reports::Desk { journal, https, resolver: Arc::clone(&resolver) };
        let house = server.house.subscribe();
        let choosing = returns::keep_choosing(house.clone(), resolver, returns::EVERY, shutdown.clone());
        server.tasks.spawn(choosing);
        server.tasks.spawn(returns::keep_following(house.clone(), shutdown.clone()));
        server.tasks.spawn(preflight::watch::look_on(house.clone(), waiting, shutdown.clone()));
        server.tasks.spawn(monitor::make_rounds(house, server.practice.clone(), shutdown.clone()));
        server.listen(config, smtp, &shutdown).await?;
        server.http(config, &shutdown).await?;
        server.metrics(config, &shutdown).await?;
        let (store, clock) = (Arc::clone(&server.rooms.store), Arc::clone(&server.rooms.clock));
        let (house, mta_sts) = (server.house.subscribe(), courier.mta_sts().cloned());
        let keep_house = housekeeping::keep_house(store, clock, house, mta_sts, shutdown.clone());
        server.tasks.spawn(keep_house);
        let (shaping, store) = (Arc::clone(&server.rooms.shaping), Arc::clone(&server.rooms.store));
        server.tasks.spawn(shaping::keep(shaping, store, shutdown.clone()));
        server.tasks.spawn(reports.keep(server.house.subscribe(), shutdown.clone()));
        let (calls, mut over) = (Arc::clone(&server.rooms.calls), shutdown.clone());
        server.tasks.spawn(async move { calls.run(async move { over.requested().await }).await });
        let socket = control::bind(&config.data)?;
        server.tasks.spawn(control::serve(socket, server.house.subscribe(), shutdown));
        Ok(server)
    }

    /// Binds the SMTP listeners.
    async fn listen(
        &mut self,
        config: &Config,
        bound: Option<tokio::net::TcpListener>,
        shutdown: &Shutdown,
    ) -> Result<(), Failure> {
        let mut sockets = listen::bind_all("smtp", &config.listen.smtp).await?;
        sockets.extend(bound);
        self.addresses.smtp = self.spawn_all(sockets, &self.doors.smtp.subscribe(), shutdown)?;
        let sockets = listen::bind_all("submission", &config.listen.submission).await?;
        self.addresses.submission = self.spawn_all(sockets, &self.doors.submission.subscribe(), shutdown)?;
        let sockets = listen::bind_all("submissions", &config.listen.submissions).await?;
        self.addresses.submissions =
            self.spawn_all(sockets, &self.doors.submissions.subscribe(), shutdown)?;
        let socket = Listener::Unix(control::bind_submission(&config.listen.local)?);
        let local = self.doors.local.subscribe();
        self.tasks.spawn(tegami_inbound::serve_current(socket, local, shutdown.clone()));
        Ok(())
    }

    async fn http(&mut self, config: &Config, shutdown: &Shutdown) -> Result<(), Failure> {
        let sockets = listen::bind_all("http", &config.listen.http).await?;
        let router = pages::current(&self.routers);
        for socket in sockets {
            self.addresses.http.push(socket.local_addr()?);
            let mut shutdown = shutdown.clone();
            let serve = tegami_web::serve(socket, router.clone(), async move { shutdown.requested().await });
            self.tasks.spawn(async move {
                if let Err(error) = serve.await {
                    tracing::error!(%error, "the HTTP server ended");
                }
            });
        }
        self.rooms.calls.replace(calls::settings(config, self.addresses.http.first().copied()));
        Ok(())
    }

    /// Metrics on listeners of their own: who may reach them is for the address to say.
    async fn metrics(&mut self, config: &Config, shutdown: &Shutdown) -> Result<(), Failure> {
        for socket in listen::bind_all("metrics", &config.listen.metrics).await? {
            self.addresses.metrics.push(socket.local_addr()?);
            let mut shutdown = shutdown.clone();
            let router = metrics::router(&self.rooms);
            let serve = tegami_web::serve(socket, router, async move { shutdown.requested().await });
            self.tasks.spawn(async move {
                if let Err(error) = serve.await {
                    tracing::error!(%error, "the listener of the metrics ended");
                }
            });
        }
        Ok(())
    }

    fn spawn_all(
        &mut self,
        sockets: Vec<tokio::net::TcpListener>,
        services: &watch::Receiver<Arc<Service>>,
        shutdown: &Shutdown,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let mut addresses = Vec::new();
        for socket in sockets {
            addresses.push(socket.local_addr()?);
            self.tasks.spawn(tegami_inbound::serve_current(
                Listener::Tcp(socket),
                services.clone(),
                shutdown.clone(),
            ));
        }
        Ok(addresses)
    }

    /// Ends listeners and sessions, lets attempts under way finish for a while, and closes the store.
    pub(crate) async fn stop(mut self) {
        const PATIENCE: Duration = Duration::from_secs(30);
        self.stop.send_replace(true);
        self.rooms.control.close();
        let finish = async {
            while self.tasks.join_next().await.is_some() {}
            // A panic of the loop was reported where it happened.
            let _ = (&mut self.postman).await;
            self.outbound.courier().close().await;
        };
        if tokio::time::timeout(PATIENCE, finish).await.is_err() {
            tracing::warn!("sessions did not end in time and are cut off; nothing that was accepted is lost");
        }
    }
}

/// Says in the log what an operator should not forget.
fn warn(config: &Config) {
    let networks: Vec<String> = config.submission.trusted.iter().map(ToString::to_string).collect();
    if !networks.is_empty() {
        let networks = networks.join(" ");
        tracing::warn!(networks, "hosts of these networks may submit as anybody, without AUTH");
    }
    if config.delivery.paused {
        tracing::warn!("delivery is paused by the configuration: what is accepted waits");
    }
}

/// Makes the HTTP pages of a server, once its rooms are open.
pub(crate) type Pages =
    Box<dyn Fn(&Arc<Rooms>, &Config, &Practice, watch::Receiver<bool>) -> axum::Router + Send + Sync>;

/// Whoever carries mail to other hosts.
fn outbound(rooms: &Rooms, courier: Arc<Courier>) -> Outbound {
    Outbound::with(courier, Arc::clone(&rooms.store)).shaped_by(Arc::clone(&rooms.shaping))
}

/// Whoever decides what becomes of an attempt.
fn settler(rooms: &Rooms, config: &Config) -> Arc<Settler> {
    Arc::new(Settler::new(Arc::clone(&rooms.store), Arc::clone(&rooms.intake), config.delivery.retry.clone()))
}

/// The loop that delivers, ready to run.
fn postman(rooms: &Rooms, config: &Config, outbound: &Arc<Outbound>) -> impl Future<Output = ()> + use<> {
    let node = NodeId(config.hostname.to_string());
    let postman = Postman::new(
        Arc::clone(&rooms.store),
        settler(rooms, config),
        Arc::clone(outbound) as Arc<dyn Deliver>,
        Arc::clone(&rooms.clock),
        Arc::clone(&rooms.control),
        RunSettings {
            gate: Arc::clone(&rooms.holds) as Arc<dyn Gate>,
            weights: config.delivery.shares.weights.clone(),
            ..RunSettings::new(node)
        },
    );
    async move {
        if let Err(error) = postman.run().await {
            tracing::error!(%error, "delivery has stopped; restart the server when the cause is mended");
        }
    }
}

/// The configuration as `outbound` wants it.
pub(crate) fn outbound_settings(config: &Config, reach: Reach) -> Settings {
    let delivery = &config.delivery;
    Settings {
        port: delivery.port,
        source: source(&delivery.sources),
        ip_order: delivery.ip,
        reach,
        own: own(config),
        tls_policies: delivery.tls.clone(),
        routes: delivery.routing.routes.clone(),
        relays: delivery.routing.relays.clone(),
        ..Settings::new(config.hostname.clone())
    }
}

fn source(sources: &[IpAddr]) -> Source {
    let mut source = Source::default();
    for ip in sources {
        match ip {
            IpAddr::V4(ip) => source.v4 = source.v4.or(Some(*ip)),
            IpAddr::V6(ip) => source.v6 = source.v6.or(Some(*ip)),
        }
    }
    source
}

fn own(config: &Config) -> Own {
    let listens = config.listen.smtp.iter().map(SocketAddr::ip);
    let (everywhere, mut addresses): (Vec<IpAddr>, Vec<IpAddr>) = listens.partition(IpAddr::is_unspecified);
    if !everywhere.is_empty() {
        // Of all the addresses that are ours, these are known.
        addresses.extend(&config.delivery.sources);
    }
    Own { names: vec![config.hostname.clone()], addresses }
}
