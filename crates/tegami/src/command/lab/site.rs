//! The site of the lab: our server, with the lab around it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use tegami_lab::{Authority, HostPlan, Internet, Sockets, World};
use tegami_mail::{Clock, Domain, Host};
use tegami_outbound::{
    Courier, IpOrder, Order, Reach, Route, Settings, Smarthost, SmarthostTls, Source, TlsDemand, TlsPolicies,
};
use tegami_proto::smtp::client::Credentials;
use tegami_queue::{Languages, RetryPolicy, SuppressionRules, SystemClock};
use tegami_store::ApiKeyScope;

use super::stage::LabStage;
use crate::cli::Lab;
use crate::command::Failure;
use crate::config::{
    Config, Delivery, Dns, Inboxes, Limits, Listen, Log, LogFormat, Monitor, Preflight, Reception, Reports,
    ReturnPath, Routing, Shares, Submission, Tls, Webhooks,
};
use crate::server::{Pages, Rooms, Server, Surroundings};
use tegami_dns::Dnssec;

/// The user of the lab. Everything of the lab lies on loopback and is thrown away, so its secrets may be short.
pub(crate) const USER: &str = "app@shop.test";
/// Its password.
pub(crate) const PASSWORD: &str = "lab-password";
/// The API key of the lab.
pub(crate) const API_KEY: &str = "key-lab";
/// How long the greylisting host makes strangers wait.
const GREYLIST: Duration = Duration::from_secs(1);
/// A real server comes back after a minute; the lab's visitors have less time.
const RETRY: [Duration; 2] = [Duration::from_millis(1100), Duration::from_secs(2)];

/// The running lab.
pub(crate) struct Site {
    pub(crate) server: Server,
    pub(crate) internet: Internet,
    pub(crate) authority: Authority,
    pub(crate) clock: Arc<dyn Clock>,
    /// The temporary data folder, removed at the end; `None` where the user keeps it.
    scratch: Option<PathBuf>,
}

impl Site {
    /// Starts everything.
    pub(crate) async fn start(lab: &Lab, stage: Arc<LabStage>) -> Result<Self, Failure> {
        let text = |error: &dyn std::fmt::Display| Failure::Text(error.to_string());
        let (data, scratch) = folder(lab.data.as_deref())?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let authority = Authority::new().map_err(|error| text(&error))?;
        let config = config(&data, lab.http, certificate(&data, &authority)?)?;
        let rooms = Rooms::open(&config, Arc::clone(&clock)).await?;
        people(&rooms).await?;
        let world = World::new(published(&rooms).await?);
        let sockets = Sockets::bind().await.map_err(|error| text(&error))?;
        let config = Config { delivery: Delivery { port: sockets.port(), ..config.delivery }, ..config };
        let (internet, smtp) = Internet::start(&world, sockets, &authority, Arc::clone(&clock), GREYLIST)
            .await
            .map_err(|error| text(&error))?;
        let surroundings = Surroundings {
            resolver: Arc::clone(&internet.resolver),
            zone: None,
            roots: roots(&authority)?,
            reach: Reach::Loopback,
            dns_port: internet.dns.port(),
            smtp: Some(smtp),
        };
        stage.watch(&internet.ledger);
        let pages: Pages = Box::new(move |rooms, config, practice, closing| {
            crate::server::lab_pages(
                rooms,
                config,
                practice,
                closing,
                Arc::clone(&stage) as Arc<dyn tegami_web::pages::Stage>,
            )
        });
        let server = Server::start(&config, rooms, surroundings, pages).await?;
        Ok(Self { server, internet, authority, clock, scratch })
    }

    /// Where the API listens.
    pub(crate) fn http(&self) -> SocketAddr {
        self.server.addresses.http.first().copied().unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into())
    }

    /// Where submission with STARTTLS listens.
    pub(crate) fn submission(&self) -> SocketAddr {
        self.server.addresses.submission.first().copied().unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into())
    }

    /// Somebody else's mail server: it sends from its own address, under its own name.
    pub(crate) fn stranger(&self, machine: HostPlan) -> Result<Courier, Failure> {
        let settings = Settings {
            port: self.internet.smtp_port,
            source: Source { v4: Some(machine.ip), ..Source::default() },
            reach: Reach::Loopback,
            ..Settings::new(domain(machine.name)?)
        };
        self.courier(settings)
    }

    /// An application of the site: everything goes to the submission port, with AUTH under TLS.
    pub(crate) fn application(&self) -> Result<Courier, Failure> {
        let submission = self.submission();
        let smarthost = Smarthost {
            name: "submission".to_owned(),
            setting: String::new(),
            host: Host::Literal(submission.ip()),
            port: submission.port(),
            tls: SmarthostTls::StartTls(TlsDemand::Encrypted),
            credentials: Some(Credentials { username: USER.to_owned(), password: PASSWORD.to_owned() }),
        };
        let route = Route::for_all("submission", Order::Always, vec![Arc::new(smarthost)]);
        self.courier(Settings {
            routes: vec![route],
            reach: Reach::Loopback,
            ..Settings::new(domain("app.shop.test")?)
        })
    }

    fn courier(&self, settings: Settings) -> Result<Courier, Failure> {
        let courier = Courier::new(
            settings,
            roots(&self.authority)?,
            Arc::clone(&self.internet.resolver),
            Arc::clone(&self.clock),
        );
        courier.map_err(|error| Failure::Text(error.to_string()))
    }

    /// Ends everything.
    pub(crate) async fn stop(self) {
        self.server.stop().await;
        self.internet.stop().await;
        if let Some(folder) = self.scratch {
            // The folder is temporary; the system clears it too.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

fn domain(name: &str) -> Result<Domain, Failure> {
    Domain::parse(name).map_err(|error| Failure::Text(format!("{name}: {error}")))
}

fn folder(named: Option<&Path>) -> Result<(PathBuf, Option<PathBuf>), Failure> {
    if let Some(folder) = named {
        return Ok((std::path::absolute(folder)?, None));
    }
    let folder = std::env::temp_dir().join(format!("tegami-lab-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    Ok((folder.clone(), Some(folder)))
}

/// The site's certificate as files, as an administrator would have them.
fn certificate(data: &Path, authority: &Authority) -> Result<(PathBuf, PathBuf), Failure> {
    let text = |error: &dyn std::fmt::Display| Failure::Text(error.to_string());
    let (chain, key) = authority.pem_pair(World::SITE.name).map_err(|error| text(&error))?;
    let folder = tegami_store::KeyFolder::open(&data.join("tls")).map_err(|error| text(&error))?;
    folder.write("lab.cert.pem", &chain).map_err(|error| text(&error))?;
    folder.write("lab.key.pem", &key).map_err(|error| text(&error))?;
    Ok((data.join("tls/lab.cert.pem"), data.join("tls/lab.key.pem")))
}

fn config(data: &Path, http: u16, files: (PathBuf, PathBuf)) -> Result<Config, Failure> {
    let loopback = |port: u16| vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))];
    Ok(Config {
        shaping: tegami_queue::shaping::ShapingSettings::default(),
        // Readers sit at this machine.
        public_url: (http != 0).then(|| format!("http://127.0.0.1:{http}")),
        forms: BTreeMap::new(),
        trusted_proxies: Vec::new(),
        webhooks: Webhooks::default(),
        blocklists: Arc::default(),
        dkim: Vec::new(),
        hostname: domain(World::SITE.name)?,
        data: data.to_owned(),
        domains: vec![domain("newshop.test")?, domain("shop.test")?],
        // The story is told by the addresses of its envelopes.
        return_paths: ["newshop.test", "shop.test"]
            .into_iter()
            .map(|name| Ok((domain(name)?, ReturnPath::Keep)))
            .collect::<Result<_, Failure>>()?,
        listen: Listen {
            smtp: Vec::new(),
            submission: loopback(0),
            submissions: loopback(0),
            http: loopback(http),
            metrics: Vec::new(),
            local: data.join("submit.sock"),
        },
        tls: Tls { files: Some(files), extra_roots: None },
        dns: Dns::System,
        dnssec: Dnssec::Auto,
        reception: Reception::default(),
        submission: Submission::default(),
        delivery: Delivery {
            paused: false,
            port: 25,
            sources: vec![IpAddr::V4(World::SITE.ip)],
            ip: IpOrder::V4Only,
            routing: Routing::default(),
            tls: TlsPolicies::default(),
            retry: RetryPolicy {
                delays: RETRY.to_vec(),
                lifetime: Duration::from_secs(600),
                warn_after: None,
            }
            .into(),
            shares: Shares::default(),
            languages: Languages::default(),
        },
        suppressions: SuppressionRules::default(),
        reports: Reports { tls: true, organization: None, contact: None },
        monitor: Monitor { every: None, to: None },
        inboxes: Inboxes::default(),
        preflight: Preflight { sample: None, refuse: false },
        limits: Limits {
            message_size: 35 << 20,
            recipients: 1000,
            retention: Duration::from_secs(24 * 3600),
            ahead: Duration::from_secs(24 * 3600),
        },
        log: Log { format: LogFormat::Text, level: "info".to_owned() },
    })
}

/// The people of the site: one account that writes for both domains and reads what comes back.
async fn people(rooms: &Rooms) -> Result<(), Failure> {
    let list = |addresses: &[&str]| addresses.iter().map(|address| (*address).to_owned()).collect::<Vec<_>>();
    let known = rooms.accounts.list().await.map_err(|error| Failure::Text(error.to_string()))?;
    if known.iter().all(|account| account.name != USER) {
        let senders = list(&["*@shop.test", "*@newshop.test"]);
        let addresses =
            list(&[USER, "info@shop.test", "noreply@shop.test", "form@shop.test", "hello@newshop.test"]);
        let created = rooms.accounts.create(USER, PASSWORD, &senders, &addresses).await;
        created.map_err(|error| Failure::Text(error.to_string()))?;
    }
    let kept = rooms.accounts.put_api_key(API_KEY, "lab", ApiKeyScope::Account).await;
    kept.map_err(|error| Failure::Text(error.to_string()))?;
    Ok(())
}

/// The DKIM keys that stand in the lab's DNS: those of shop.test. newshop.test has keys too, but nobody has published them.
async fn published(rooms: &Rooms) -> Result<Vec<(String, String)>, Failure> {
    let rows = rooms.dkim.of(&domain("shop.test")?).await?;
    Ok(rows
        .into_iter()
        .map(|row| (format!("{}._domainkey.{}", row.selector, row.domain), row.record))
        .collect())
}

fn roots(authority: &Authority) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate().clone()).map_err(|error| Failure::Text(error.to_string()))?;
    Ok(roots)
}
