//! `tegami serve`: everything that the configuration names, until a signal.

use std::io::IsTerminal;
use std::sync::Arc;

use sd_notify::NotifyState;
use tegami_dns::Resolver;
use tegami_mail::note;
use tegami_outbound::Reach;
use tegami_queue::{Control, SystemClock};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::{Context, Failure, Outcome, dns, reload};
use crate::config::{Config, Dns, Log, LogFormat};
use crate::server::{Addresses, Rooms, Server, Surroundings, trusted_roots};

/// Runs until SIGINT or SIGTERM; SIGHUP has the configuration read anew.
pub(crate) async fn run(context: &Context) -> Result<Outcome, Failure> {
    let config = context.config()?;
    log_to_stderr(&config.log, context.json);
    // Before anybody is told that we are ready: a service manager may stop us at once.
    let mut signals = Signals::listen()?;
    let rooms = Rooms::open(&config, Arc::new(SystemClock)).await?;
    let zone = match &config.dns {
        Dns::Zone(path) => Some(Arc::new(dns::ZoneFile::open(path)?)),
        Dns::System | Dns::Server(_) => None,
    };
    let resolver = match &zone {
        Some(zone) => Arc::clone(zone) as Arc<dyn Resolver>,
        None => resolver(&config)?,
    };
    let surroundings = Surroundings {
        resolver,
        zone,
        roots: trusted_roots(&config)?,
        reach: reach(&config),
        dns_port: 53,
        smtp: None,
    };
    let mut server = Server::start(&config, rooms, surroundings, Box::new(crate::server::pages)).await?;
    announce(context, &server.addresses);
    tell_manager(&[NotifyState::Ready]);
    let watched = tokio::spawn(watchdog(Arc::clone(&server.rooms.control)));
    loop {
        tokio::select! {
            hung_up = signals.next() => {
                if !hung_up {
                    break;
                }
                drop(reload_and_tell(context, &mut server).await);
            }
            Some(answer) = server.asked() => {
                let taken_over = reload_and_tell(context, &mut server).await;
                // Whoever asked may be gone; the configuration counts all the same.
                drop(answer.send(taken_over));
            }
        }
    }
    tell_manager(&[NotifyState::Stopping]);
    watched.abort();
    tokio::select! {
        () = server.stop() => {}
        () = signals.end() => tracing::warn!("a second signal: the server ends at once; nothing that was accepted is lost"),
    }
    Ok(Outcome::Well)
}

/// Takes the configuration over, and tells the log and the service manager.
async fn reload_and_tell(context: &Context, server: &mut Server) -> Result<Vec<&'static str>, Failure> {
    let began: Vec<_> =
        [NotifyState::Reloading].into_iter().chain(NotifyState::monotonic_usec_now().ok()).collect();
    tell_manager(&began);
    let taken_over = reload::run(context, server).await;
    match &taken_over {
        Ok(fixed) => {
            let after_restart = fixed.join(" ");
            tracing::info!(target: "tegami::operator", after_restart, "the configuration was taken over");
        }
        Err(failure) => {
            let problem = failure.render(context);
            tracing::error!(target: "tegami::operator", problem, "the configuration is not good, and nothing was changed");
        }
    }
    tell_manager(&[NotifyState::Ready]);
    taken_over
}

/// Tells systemd, where it started us (sd_notify(3)).
fn tell_manager(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the service manager cannot be told how we are");
    }
}

/// Tells systemd that we are alive, as often as it wants to hear it (sd_watchdog_enabled(3)), as long as the loop that delivers goes round.
async fn watchdog(control: Arc<Control>) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    loop {
        let before = control.rounds();
        tokio::time::sleep(limit / 3).await;
        if control.rounds() != before {
            tell_manager(&[NotifyState::Watchdog]);
        } else {
            tracing::error!("the loop that delivers does not move: the service manager will start us anew");
        }
    }
}

/// A server whose DNS is a zone text, or whose sources are loopback addresses, lives on this machine alone.
pub(crate) fn reach(config: &Config) -> Reach {
    let loopback = config.delivery.sources.iter().any(std::net::IpAddr::is_loopback);
    if loopback || matches!(config.dns, Dns::Zone(_)) { Reach::Loopback } else { Reach::Network }
}

/// Whom the configuration asks.
///
/// # Errors
/// The zone text cannot be read, or there is no resolver.
pub(crate) fn resolver(config: &Config) -> Result<Arc<dyn Resolver>, Failure> {
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

/// SIGINT, SIGTERM and SIGHUP, from the moment at which this is made.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// From now on the signals do not end the process by themselves.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn listen() -> Result<Self, Failure> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for SIGINT or SIGTERM; it may have come already.
    pub(crate) async fn end(&mut self) {
        Self::either(&mut self.terminate, &mut self.interrupt).await;
    }

    /// Waits for SIGINT, SIGTERM or SIGHUP, and says whether it was the last one.
    async fn next(&mut self) -> bool {
        tokio::select! {
            () = Self::either(&mut self.terminate, &mut self.interrupt) => false,
            _ = self.hang_up.recv() => true,
        }
    }

    async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
