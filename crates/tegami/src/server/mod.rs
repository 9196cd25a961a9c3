//! Everything that the configuration names, put together and running. `tegami serve` and the lab start the same server; they differ
//! in the [`Surroundings`] they hand in.

pub(crate) mod control;
mod courier;
mod housekeeping;
pub(crate) mod keys;
mod listen;
pub(crate) mod metrics;
mod pages;
mod reports;
mod returns;
mod rooms;
mod shaping;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use tegami_dns::Resolver;
use tegami_inbound::{
    Desk, Listener, Policy, Reception, ReceptionSettings, Service, Shutdown, SubmissionDesk,
    SubmissionSettings,
};
use tegami_mail::{Domain, Host};
use tegami_outbound::{
    Courier, IpOrder, Match, Outbound, Own, Reach, Route, Settings, SmarthostTls, Source, TlsDemand,
};
use tegami_proto::smtp::server::{AuthOffer, Credentials};
use tegami_queue::gate::Gate;
use tegami_queue::{Control, Postman, RunSettings, Senders, Settler, ThrottlePolicy};
use tegami_store::NodeId;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) use pages::{lab_pages, pages};
pub(crate) use rooms::Rooms;
pub(crate) use tls::{machine_roots, trusted_roots};

use crate::command::Failure;
use crate::config::{self, Config, OnFail};

/// The world as the server sees it: the real one, or the lab's.
pub(crate) struct Surroundings {
    /// Whom DNS questions go to.
    pub(crate) resolver: Arc<dyn Resolver>,
    /// Who vouches for certificates.
    pub(crate) roots: RootCertStore,
    /// Whether MX hosts may lie on loopback.
    pub(crate) reach: Reach,
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
    control: Arc<Control>,
    tasks: JoinSet<()>,
    postman: tokio::task::JoinHandle<()>,
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
        let Surroundings { resolver, roots, reach, smtp } = surroundings;
        let rooms = Arc::new(rooms);
        warn(config);
        if config.delivery.paused {
            rooms.control.pause();
        }
        let tls = tls::server_config(config)?;
        let (stop, shutdown) = Shutdown::pair();
        let reporter = reports::open(config, &rooms, roots.clone(), Arc::clone(&resolver), reach)?;
        let journal = Arc::clone(&reporter.journal);
        let courier = courier::courier(&rooms, config, roots, (Arc::clone(&resolver), reach), journal)?;
        let mut server = Self {
            addresses: Addresses::default(),
            control: Arc::clone(&rooms.control),
            tasks: JoinSet::new(),
            postman: tokio::spawn(postman(&rooms, config, Arc::clone(&courier))),
            stop,
            rooms,
        };
        let returns = Arc::clone(server.rooms.intake.returns());
        returns::choose(config, &returns, &resolver).await;
        let choosing =
            returns::keep_choosing(config.clone(), returns, Arc::clone(&resolver), shutdown.clone());
        server.tasks.spawn(choosing);
        server.reception(config, &tls, resolver, smtp, &shutdown).await?;
        server.submission(config, &tls, &shutdown).await?;
        server.http(config, pages, &shutdown).await?;
        server.metrics(config, &shutdown).await?;
        let (store, clock) = (Arc::clone(&server.rooms.store), Arc::clone(&server.rooms.clock));
        let mta_sts = courier.mta_sts().cloned();
        let keep_house =
            housekeeping::keep_house(store, clock, config.limits.retention, mta_sts, shutdown.clone());
        server.tasks.spawn(keep_house);
        let (shaping, store) = (Arc::clone(&server.rooms.shaping), Arc::clone(&server.rooms.store));
        server.tasks.spawn(shaping::keep(shaping, store, shutdown.clone()));
        server.tasks.spawn(reports::keep(reporter, shutdown.clone()));
        let socket = control::bind(&config.data)?;
        server.tasks.spawn(control::serve(socket, Arc::clone(&server.rooms), config.clone(), shutdown));
        Ok(server)
    }

    async fn reception(
        &mut self,
        config: &Config,
        tls: &Arc<rustls::ServerConfig>,
        resolver: Arc<dyn Resolver>,
        bound: Option<tokio::net::TcpListener>,
        shutdown: &Shutdown,
    ) -> Result<(), Failure> {
        let rooms = &self.rooms;
        let desk: Arc<dyn Desk> = Arc::new(Reception::new(ReceptionSettings {
            hostname: config.hostname.clone(),
            policy: Policy {
                dmarc_reject: lower(config.reception.dmarc_reject),
                spf_fail: lower(config.reception.spf_fail),
            },
            resolver,
            mailboxes: Arc::clone(&rooms.local),
            intake: Arc::clone(&rooms.intake),
            store: Arc::clone(&rooms.store),
            clock: Arc::clone(&rooms.clock),
        }));
        let settings = listen::session(config, AuthOffer::Never);
        let metrics = rooms.meters.inbound.clone();
        let service = Service { metrics, ..Service::new(settings, Arc::clone(tls), desk) };
        let service = Arc::new(service);
        let mut sockets = listen::bind_all("smtp", &config.listen.smtp).await?;
        sockets.extend(bound);
        self.addresses.smtp = self.spawn_all(sockets, &service, shutdown)?;
        Ok(())
    }

    async fn submission(
        &mut self,
        config: &Config,
        tls: &Arc<rustls::ServerConfig>,
        shutdown: &Shutdown,
    ) -> Result<(), Failure> {
        let rooms = &self.rooms;
        let desk: Arc<dyn Desk> = Arc::new(SubmissionDesk::new(SubmissionSettings {
            hostname: config.hostname.clone(),
            accounts: Arc::clone(&rooms.accounts),
            local_programs: config.domains.iter().cloned().map(Senders::Domain).collect(),
            trusted: config.submission.trusted.clone(),
            mailboxes: Arc::clone(&rooms.local),
            intake: Arc::clone(&rooms.intake),
            store: Arc::clone(&rooms.store),
            throttle: ThrottlePolicy::default(),
            clock: Arc::clone(&rooms.clock),
        }));
        let under_tls = listen::session(config, AuthOffer::UnderTls);
        let metrics = rooms.meters.inbound.clone();
        let service = |name, settings| {
            let metrics = metrics.clone();
            let trusted = config.submission.trusted.clone();
            Service { name, metrics, trusted, ..Service::new(settings, Arc::clone(tls), Arc::clone(&desk)) }
        };
        let starttls = Arc::new(service("submission", under_tls.clone()));
        let implicit = Arc::new(Service { implicit_tls: true, ..service("submissions", under_tls) });
        let sockets = listen::bind_all("submission", &config.listen.submission).await?;
        self.addresses.submission = self.spawn_all(sockets, &starttls, shutdown)?;
        let sockets = listen::bind_all("submissions", &config.listen.submissions).await?;
        self.addresses.submissions = self.spawn_all(sockets, &implicit, shutdown)?;
        let local = Arc::new(service("local", listen::local_session(config)));
        let socket = control::bind_submission(&config.listen.local)?;
        self.tasks.spawn(tegami_inbound::serve(Listener::Unix(socket), local, shutdown.clone()));
        Ok(())
    }

    async fn http(&mut self, config: &Config, pages: Pages, shutdown: &Shutdown) -> Result<(), Failure> {
        let sockets = listen::bind_all("http", &config.listen.http).await?;
        let router = pages(&self.rooms, config, self.stop.subscribe());
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
        service: &Arc<Service>,
        shutdown: &Shutdown,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let mut addresses = Vec::new();
        for socket in sockets {
            addresses.push(socket.local_addr()?);
            self.tasks.spawn(tegami_inbound::serve(
                Listener::Tcp(socket),
                Arc::clone(service),
                shutdown.clone(),
            ));
        }
        Ok(addresses)
    }

    /// Ends listeners and sessions, lets attempts under way finish for a while, and closes the store.
    pub(crate) async fn stop(mut self) {
        const PATIENCE: Duration = Duration::from_secs(30);
        self.stop.send_replace(true);
        self.control.close();
        let finish = async {
            while self.tasks.join_next().await.is_some() {}
            // A panic of the loop was reported where it happened.
            let _ = (&mut self.postman).await;
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
pub(crate) type Pages = Box<dyn FnOnce(&Arc<Rooms>, &Config, watch::Receiver<bool>) -> axum::Router + Send>;

fn lower(on_fail: OnFail) -> tegami_inbound::OnFail {
    match on_fail {
        OnFail::Refuse => tegami_inbound::OnFail::Refuse,
        OnFail::Mark => tegami_inbound::OnFail::Mark,
    }
}

/// The loop that delivers, ready to run.
fn postman(rooms: &Arc<Rooms>, config: &Config, courier: Arc<Courier>) -> impl Future<Output = ()> + use<> {
    let outbound = Outbound::with(courier, Arc::clone(&rooms.store));
    let outbound = outbound.shaped_by(Arc::clone(&rooms.shaping));
    let settler = Arc::new(Settler::new(
        Arc::clone(&rooms.store),
        Arc::clone(&rooms.intake),
        config.delivery.retry.clone(),
    ));
    let node = NodeId(config.hostname.to_string());
    let postman = Postman::new(
        Arc::clone(&rooms.store),
        settler,
        Arc::new(outbound),
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
pub(crate) fn outbound_settings(config: &Config, reach: Reach) -> Result<Settings, Failure> {
    let delivery = &config.delivery;
    let routes = delivery.smarthost.as_ref().map(route).transpose()?;
    Ok(Settings {
        port: delivery.port,
        source: source(&delivery.sources),
        ip_order: if delivery.ipv6 { IpOrder::V4First } else { IpOrder::V4Only },
        reach,
        own: own(config),
        routes: routes.into_iter().collect(),
        tls_policies: delivery.tls.clone(),
        ..Settings::new(config.hostname.clone())
    })
}

fn source(sources: &[std::net::IpAddr]) -> Source {
    let mut source = Source::default();
    for ip in sources {
        match ip {
            std::net::IpAddr::V4(ip) => source.v4 = source.v4.or(Some(*ip)),
            std::net::IpAddr::V6(ip) => source.v6 = source.v6.or(Some(*ip)),
        }
    }
    source
}

fn own(config: &Config) -> Own {
    let specific = config.listen.smtp.iter().map(SocketAddr::ip).filter(|ip| !ip.is_unspecified());
    Own { names: vec![config.hostname.clone()], addresses: specific.collect() }
}

fn route(smarthost: &config::Smarthost) -> Result<Route, Failure> {
    let host = match smarthost.host.parse() {
        Ok(ip) => Host::Literal(ip),
        Err(_) => Host::Domain(
            Domain::parse(&smarthost.host).map_err(|error| Failure::Text(format!("smarthost: {error}")))?,
        ),
    };
    let tls = match smarthost.tls {
        config::SmarthostTls::StartTls => SmarthostTls::StartTls(TlsDemand::Verified),
        config::SmarthostTls::Implicit => SmarthostTls::Implicit(TlsDemand::Verified),
        config::SmarthostTls::Opportunistic => SmarthostTls::StartTls(TlsDemand::Opportunistic),
        config::SmarthostTls::Off => SmarthostTls::StartTls(TlsDemand::Never),
    };
    let credentials = smarthost
        .credentials
        .as_ref()
        .map(|(user, password)| Credentials { username: user.clone(), password: password.0.clone() });
    let smarthost = tegami_outbound::Smarthost { host, port: smarthost.port, tls, credentials };
    Ok(Route { sender: Match::Any, recipient: Match::Any, smarthost })
}
