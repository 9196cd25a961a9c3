//! `tegami serve`: everything that the configuration names, until a signal.

use std::io::IsTerminal;
use std::sync::Arc;

use tegami_dns::Resolver;
use tegami_mail::note;
use tegami_outbound::Reach;
use tegami_queue::SystemClock;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::{Context, Failure, Outcome, dns};
use crate::config::{Config, Dns, Log, LogFormat};
use crate::server::{Addresses, Rooms, Server, Surroundings, trusted_roots};

/// Runs until SIGINT or SIGTERM.
pub(crate) async fn run(context: &Context) -> Result<Outcome, Failure> {
    let config = context.config()?;
    log_to_stderr(&config.log, context.json);
    // Before anybody is told that we are ready: a service manager may stop us at once.
    let mut signals = Signals::listen()?;
    let rooms = Rooms::open(&config, Arc::new(SystemClock)).await?;
    let surroundings = Surroundings {
        resolver: resolver(&config)?,
        roots: trusted_roots(&config)?,
        reach: reach(&config),
        smtp: None,
    };
    let server = Server::start(&config, rooms, surroundings, Box::new(crate::server::pages)).await?;
    announce(context, &server.addresses);
    signals.one().await;
    server.stop().await;
    Ok(Outcome::Well)
}

/// A server whose DNS is a zone text, or whose sources are loopback addresses, lives on this machine alone.
fn reach(config: &Config) -> Reach {
    let loopback = config.delivery.sources.iter().any(std::net::IpAddr::is_loopback);
    if loopback || matches!(config.dns, Dns::Zone(_)) { Reach::Loopback } else { Reach::Network }
}

fn resolver(config: &Config) -> Result<Arc<dyn Resolver>, Failure> {
    match &config.dns {
        Dns::System => dns::system(config.dnssec),
        Dns::Server(server) => dns::server(*server, config.dnssec),
        Dns::Zone(path) => dns::zone(path),
    }
}

/// Logs go to standard error, as lines or (`--json`) as JSON; `RUST_LOG` chooses what, else the configuration.
pub(crate) fn log_to_stderr(log: &Log, json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(&log.level));
    let json = json || log.format == LogFormat::Json;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A subscriber that is already there stays.
    let _ = if json { builder.json().flatten_event(true).try_init() } else { builder.try_init() };
}

fn announce(context: &Context, addresses: &Addresses) {
    let lists = [
        ("smtp", &addresses.smtp),
        ("submission", &addresses.submission),
        ("submissions", &addresses.submissions),
        ("http", &addresses.http),
        ("metrics", &addresses.metrics),
    ];
    if context.json {
        let value: serde_json::Map<String, serde_json::Value> =
            lists.iter().map(|(name, list)| ((*name).to_owned(), serde_json::json!(list))).collect();
        anstream::println!("{}", serde_json::Value::Object(value));
        return;
    }
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        let list: Vec<String> = list.iter().map(ToString::to_string).collect();
        anstream::println!(
            "{}",
            context.say(&note!("cli-serve-listening", service = name, addresses = list.join(" ")))
        );
    }
}

/// SIGINT and SIGTERM, from the moment at which this is made.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on the signals do not end the process by themselves.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn listen() -> Result<Self, Failure> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one of them; it may have come already.
    pub(crate) async fn one(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
