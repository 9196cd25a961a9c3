//! `tegami check self`: this installation, the network around it, and the addresses that its mail leaves from.
//!
//! Exit status 1 where something fails, or where it cannot be seen whether mail can leave at all.

mod facts;

use std::path::Path;
use std::sync::Arc;

use tegami_dns::Resolver;
use tegami_doctor::{Asked, Case, Contact, Examination, Known, Own, Reach, State};
use tegami_mail::{Clock as _, Domain, note};
use tegami_outbound::machine_roots;
use tegami_queue::SystemClock;

use super::super::prose::Prose;
use super::super::{Context, Failure, Outcome, Report, dns, serve};
use super::examine;
use crate::cli::Check;
use crate::config::{Config, preset};
use crate::server::{self, Outside, trusted_roots};

/// Web servers whose clocks are believed, of operators that do not depend on each other.
const CLOCKS: [&str; 3] = ["www.google.com", "www.microsoft.com", "www.apple.com"];

/// The check without which nothing is known.
const PORT25: &str = "path.port25";

pub(super) use facts::keys_of;

/// Checks this installation.
pub(super) async fn run(check: &Check, context: &Context) -> Result<Report, Failure> {
    let contacts = contacts(check)?;
    // Without a configuration the machine's own DNS is asked, and there is nothing that could lead around a closed port.
    let config = context.config().ok();
    let world = World::of(check, config.as_ref())?;
    let mut own = match &config {
        Some(config) => facts::gather(config, context).await,
        None => Own::nothing(),
    };
    own.contacts = contacts;
    if check.targets.is_none() && world.reach == Reach::Internet {
        own.clocks = CLOCKS.iter().filter_map(|host| Domain::parse(host).ok()).collect();
    }
    let outside = Outside {
        hostname: config.as_ref().map_or_else(examine::hostname, |config| config.hostname.to_string()),
        port: check.port.unwrap_or(25),
        dns_port: 53,
        sources: config.as_ref().map(|config| config.delivery.sources.clone()).unwrap_or_default(),
        reach: world.reach,
        roots: config.as_ref().map_or_else(|| Ok(machine_roots()), trusted_roots)?,
        registries: check.rdap,
        relays: config.as_ref().map(facts::access).unwrap_or_default(),
        links: false,
    };
    let probes = server::probes(outside, Arc::clone(&world.resolver)).map_err(Failure::Text)?;
    let mut known = Known::nothing(SystemClock.now(), world.reach);
    known.lists = examine::lists(config.as_ref());
    let case = Case { asked: Arc::new(Asked::new(world.resolver)), probes, known };
    let examination = tegami_doctor::installation(own, case, &|_| {}).await;
    let mut report = examine::report(&examination, check, context)?;
    if check.baseline.is_none() && has(&examination, PORT25, State::Unknown) {
        report.outcome = Outcome::Finding;
    }
    if !context.json && has(&examination, PORT25, State::Fail) {
        report.text.push_str(&presets(context));
    }
    Ok(report)
}

fn has(examination: &Examination, id: &str, state: State) -> bool {
    examination.findings.iter().any(|finding| finding.check.id == id && finding.state == state)
}

/// Whom to try port 25 with.
fn contacts(check: &Check) -> Result<Vec<Contact>, Failure> {
    let text = match &check.targets {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| note!("cli-file-unreadable", file = path.display(), reason = error))?,
        None => include_str!("../../../data/port25.txt").to_owned(),
    };
    let file = check.targets.as_deref().unwrap_or(Path::new("port25.txt"));
    let contacts = Contact::parse_list(&text);
    Ok(contacts.map_err(|line| note!("cli-check-targets", file = file.display(), line = line))?)
}

/// Whom is asked, and how far connections go.
struct World {
    resolver: Arc<dyn Resolver>,
    reach: Reach,
}

impl World {
    /// That of the options, else that of the configuration.
    fn of(check: &Check, config: Option<&Config>) -> Result<Self, Failure> {
        let options = &check.dns;
        let (resolver, local) = match (&options.zone, options.resolver, config) {
            (None, None, Some(config)) => {
                let local = serve::reach(config) == tegami_outbound::Reach::Loopback;
                (serve::resolver(config)?, local)
            }
            // A zone text and a resolver on this machine make a world of this machine.
            (zone, server, _) => {
                let local = zone.is_some() || server.is_some_and(|server| server.ip().is_loopback());
                (dns::resolver(options)?, local)
            }
        };
        Ok(Self { resolver, reach: if local { Reach::Everywhere } else { Reach::Internet } })
    }
}

/// The ways around a closed port, for people.
fn presets(context: &Context) -> String {
    let mut prose = Prose::new(context);
    prose.gap();
    prose.sentence(0, &note!("cli-check-presets"), "");
    for (name, preset) in preset::all() {
        let ports: Vec<_> = preset.starttls.iter().chain(&preset.implicit).map(ToString::to_string).collect();
        prose.paragraph(2, &format!("{name}: {} ({})", preset.title, ports.join(", ")));
        prose.paragraph(4, preset.login(context.language));
        prose.paragraph(4, &preset.documentation);
    }
    prose.into_text()
}
