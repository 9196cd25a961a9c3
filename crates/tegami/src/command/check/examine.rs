//! `tegami check DOMAIN|IP|ADDRESS`: everything that the doctor can see of a domain or of an address that sends mail.
//!
//! Exit status 1 where something fails (with `--strict`, also where it should be better), or where the DNS does not answer for the
//! subject itself; with `--baseline`, where something got worse. What else is unknown or does not apply fails nothing.

use std::io::IsTerminal as _;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tegami_auth::dkim::Selector;
use tegami_dns::{DnsName, RecordType, Resolver};
use tegami_doctor::probe::{Made, NoProbes};
use tegami_doctor::rbl::Lists;
use tegami_doctor::{Asked, Case, Examination, Known, Probes, Progress, Purpose, Question, Reach, State};
use tegami_mail::{Address, Clock as _, Domain, Host, note};
use tegami_outbound::machine_roots;
use tegami_queue::SystemClock;

use super::super::{Context, Failure, Outcome, Report, dns};
use super::{baseline, own, provider, text, watch};
use crate::cli::{Check, DnsOptions};
use crate::config::Config;
use crate::server::{self, Outside, trusted_roots};

/// What is examined.
pub(super) enum Subject {
    /// A domain, which may have been told by an address of it.
    Domain(Domain),
    /// An address that sends mail.
    Address(IpAddr),
}

impl Subject {
    /// Of an address of mail, only the domain is used.
    fn parse(text: &str) -> Result<Self, Failure> {
        if let Ok(ip) = text.trim_matches(['[', ']']).parse() {
            return Ok(Self::Address(ip));
        }
        if text.contains('@') {
            let address = Address::parse(text.trim_matches(['<', '>']));
            let address =
                address.map_err(|error| note!("cli-bad-address", address = text, reason = error))?;
            return Ok(match address.host() {
                Host::Domain(domain) => Self::Domain(domain.clone()),
                Host::Literal(ip) => Self::Address(*ip),
            });
        }
        let domain = Domain::parse(text.trim_end_matches('.'));
        Ok(Self::Domain(domain.map_err(|error| note!("cli-bad-domain", domain = text, reason = error))?))
    }
}

/// Everything that examinations of one subject have in common.
pub(super) struct Order {
    subject: Subject,
    known: Known,
    resolver: Arc<dyn Resolver>,
    probes: Arc<dyn Probes>,
}

impl Order {
    async fn read(check: &Check, context: &Context) -> Result<Self, Failure> {
        let subject = Subject::parse(check.subject.as_deref().unwrap_or_default())?;
        let told = &check.known;
        let selector = |text: &String| {
            Selector::parse(text)
                .map_err(|error| note!("cli-bad-selector", selector = text, reason = error).into())
        };
        let mut known = Known {
            purpose: match (told.bulk, told.no_mail) {
                (true, _) => Purpose::SendsBulk,
                (_, true) => Purpose::SendsNone,
                _ => Purpose::Untold,
            },
            selectors: told.selector.iter().map(selector).collect::<Result<_, Failure>>()?,
            sources: told.ip.clone(),
            helo: told.helo.clone(),
            ..Known::nothing(SystemClock.now(), reach(&check.dns))
        };
        // Without a configuration there is nothing of our own to know.
        let config = context.config().ok();
        known.lists = lists(config.as_ref());
        if let (Subject::Domain(domain), Some(config)) = (&subject, &config) {
            know_our_own(&mut known, domain, config, context).await;
        }
        let resolver = dns::resolver(&check.dns)?;
        let probes = probes(check, config.as_ref(), &resolver)?;
        Ok(Self { subject, known, resolver, probes })
    }

    /// Looks at everything, as it is now.
    async fn examine(&self, told: tegami_doctor::Told<'_>) -> Examination {
        let case = Case {
            asked: Arc::new(Asked::new(Arc::clone(&self.resolver))),
            probes: Arc::clone(&self.probes),
            known: Known { now: SystemClock.now(), ..self.known.clone() },
        };
        match &self.subject {
            Subject::Domain(domain) => tegami_doctor::domain(domain, case, told).await,
            Subject::Address(ip) => tegami_doctor::address(*ip, case, told).await,
        }
    }
}

/// Where the domain is one of ours, the configuration says from where its mail leaves, and under which name; the running server or the data folder says
/// with what it signs.
async fn know_our_own(known: &mut Known, domain: &Domain, config: &Config, context: &Context) {
    let Some(keys) = own::keys_of(domain, config, context).await else { return };
    if known.sources.is_empty() {
        known.sources.clone_from(&config.delivery.sources);
    }
    known.helo.get_or_insert_with(|| config.hostname.to_string());
    known.own_hosts.push(config.hostname.clone());
    known.keys = keys;
}

/// The probes: none over zone text, which knows hosts that nobody has.
fn probes(
    check: &Check,
    config: Option<&Config>,
    resolver: &Arc<dyn Resolver>,
) -> Result<Arc<dyn Probes>, Failure> {
    if check.no_probes {
        return Ok(Arc::new(NoProbes));
    }
    network(&check.dns, check.port, check.rdap, config, resolver)
}

/// Probes over the network; none over zone text unless a port says that it is a laboratory's.
pub(in crate::command) fn network(
    dns: &DnsOptions,
    port: Option<u16>,
    registries: bool,
    config: Option<&Config>,
    resolver: &Arc<dyn Resolver>,
) -> Result<Arc<dyn Probes>, Failure> {
    if dns.zone.is_some() && port.is_none() {
        return Ok(Arc::new(NoProbes));
    }
    let outside = Outside {
        hostname: config.map_or_else(hostname, |config| config.hostname.to_string()),
        port: port.unwrap_or(25),
        // A world of this machine has all its name servers on one port.
        dns_port: dns.resolver.filter(|server| server.ip().is_loopback()).map_or(53, |server| server.port()),
        sources: config.map(|config| config.delivery.sources.clone()).unwrap_or_default(),
        reach: reach(dns),
        roots: config.map_or_else(|| Ok(machine_roots()), trusted_roots)?,
        registries,
        relays: Vec::new(),
        links: false,
    };
    server::probes(outside, Arc::clone(resolver)).map_err(Failure::Text)
}

/// The lists of reputation that the configuration names, else the usual ones.
pub(in crate::command) fn lists(config: Option<&Config>) -> Arc<Lists> {
    config.map(|config| Arc::clone(&config.blocklists)).unwrap_or_default()
}

/// The machine's own name, for EHLO.
pub(super) fn hostname() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    Domain::parse(text.trim()).map_or_else(|_| "localhost".to_owned(), |name| name.to_string())
}

/// Zone text is full of addresses for documentation, and a resolver on this machine knows a world of this machine.
pub(in crate::command) fn reach(dns: &DnsOptions) -> Reach {
    match dns.resolver {
        _ if dns.zone.is_some() => Reach::Documentation,
        Some(server) if server.ip().is_loopback() => Reach::Everywhere,
        _ => Reach::Internet,
    }
}

/// Examines once, or again and again.
pub(super) async fn run(check: &Check, context: &Context) -> Result<Report, Failure> {
    let order = Order::read(check, context).await?;
    let bar = bar(context);
    let told = |progress: Progress<'_>| {
        bar.set_length(progress.of as u64);
        bar.set_position(progress.done as u64);
        bar.set_message(progress.family.to_owned());
    };
    let look = async || {
        let examination = order.examine(&told).await;
        bar.finish_and_clear();
        examination
    };
    if let Some(minutes) = check.watch {
        let every = minutes.map(|minutes| Duration::from_secs(60 * u64::from(minutes)));
        let tell = |turn: &watch::Turn<'_>| {
            anstream::print!("{}", watch::told(turn, check.explain, context));
            ControlFlow::Continue(())
        };
        watch::watch(every, look, tokio::time::sleep, tell).await;
        return Ok(Report::well(""));
    }
    let examination = look().await;
    report(&examination, check, context)
}

/// What is printed of an examination, and how the command ends.
pub(super) fn report(examination: &Examination, check: &Check, context: &Context) -> Result<Report, Failure> {
    let Some(path) = &check.baseline else {
        let report = told_once(examination, None, check, context);
        let refused = provider::refuse(&check.from_provider, examination);
        let outcome = if refused { Outcome::Finding } else { outcome(examination, check.strict) };
        return Ok(Report { outcome, ..report });
    };
    let before = baseline::Baseline::open(path, examination, SystemClock.now())?;
    let changes = before.memory.changes(&tegami_doctor::memory::rows(examination));
    let worse = changes.iter().any(|change| change.worse);
    let since = baseline::Since { at: before.at, written: before.written, changes };
    let report = told_once(examination, Some(&since), check, context);
    Ok(Report { outcome: if worse { Outcome::Finding } else { Outcome::Well }, ..report })
}

fn told_once(
    examination: &Examination,
    since: Option<&baseline::Since>,
    check: &Check,
    context: &Context,
) -> Report {
    if !context.json {
        let mut told = text::text(examination, since, check.explain, context);
        told.push_str(&provider::text(&check.from_provider, examination, context));
        return Report::well(told);
    }
    let mut value = tegami_doctor::json::examination(examination);
    if let Some(members) = value.as_object_mut() {
        if check.explain {
            let asked = examination.questions.iter().map(question).collect::<Vec<_>>();
            members.insert("asked".to_owned(), asked.into());
            let probed = examination.probes.iter().map(probe).collect::<Vec<_>>();
            members.insert("probed".to_owned(), probed.into());
        }
        if !check.from_provider.is_empty() {
            members.insert("providers".to_owned(), provider::as_json(&check.from_provider, examination));
        }
        members.extend(since.map(|since| ("baseline".to_owned(), since.as_json())));
    }
    Report::json(&tegami_words::told(context.language, &value))
}

/// A question with its answer, for programs.
fn question(question: &Question) -> Value {
    json!({
        "name": question.name.as_str(),
        "type": question.kind.to_string(),
        "answer": question.answer.as_ref().ok(),
        "error": question.answer.as_ref().err().map(ToString::to_string),
        "ttl": question.ttl.as_secs(),
        "times": question.times,
    })
}

/// A probe with what came, for programs.
fn probe(made: &Made) -> Value {
    json!({
        "kind": made.kind,
        "target": made.target,
        "seconds": made.took.as_secs_f64(),
        "came": made.came.as_ref().ok(),
        "error": made.came.as_ref().err().map(ToString::to_string),
    })
}

/// What a script hears of an examination.
fn outcome(examination: &Examination, strict: bool) -> Outcome {
    let has = |state| examination.count(state) > 0;
    let bad = has(State::Fail) || (strict && has(State::Warn)) || is_unanswered(examination);
    if bad { Outcome::Finding } else { Outcome::Well }
}

/// Whether the DNS kept silent about the subject itself: then nothing is known to be well, whatever else was seen.
pub(super) fn is_unanswered(examination: &Examination) -> bool {
    let name = match examination.subject.parse() {
        Ok(ip) => Ok(DnsName::reverse(ip)),
        Err(_) => DnsName::parse(&examination.subject),
    };
    let main = [RecordType::Mx, RecordType::Txt, RecordType::Ptr];
    examination.questions.iter().any(|question| {
        name.as_ref() == Ok(&question.name)
            && main.contains(&question.kind)
            && question.answer.as_ref().is_err_and(|error| !error.is_void())
    })
}

fn bar(context: &Context) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar.set_message(context.word("cli-check-looking"));
    bar
}
