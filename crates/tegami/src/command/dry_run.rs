//! `tegami why --dry-run`: where a message would go now, and on what terms. The DNS is asked; nobody is connected to.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tegami_mail::{Address, Envelope, ReversePath, StoredNote, note};
use tegami_outbound::{Courier, MailHost, PlannedWay, PolicyRecord, PolicySource, Preview, Remembered};
use tegami_queue::Locality;
use tegami_queue::gate::GateFacts;
use tegami_queue::shaping::{Course, Limits, Wait};
use tegami_store::{Facts, QueueId, Suppression, SuppressionList, Table, suppression_key};

use super::prose::Prose;
use super::serve::{reach, resolver};
use super::{Context, Failure, Outcome, Report, dns};
use crate::cli::Why;
use crate::config::Config;
use crate::server::{Rooms, outbound_settings, trusted_roots};

/// What is known before any host is looked for, and the ways.
struct Told {
    address: Address,
    from: ReversePath,
    tags: Vec<String>,
    local: bool,
    suppressions: Vec<Suppression>,
    /// From where it would leave, and why it would have to wait.
    course: Course,
    wait: Option<Wait>,
    preview: Preview,
    /// For each way the provider's title and limits, host by host.
    limits: Vec<Vec<(String, Limits)>>,
}

/// Tells where a message would go. Exit status 1 where it would not be tried at all. `zone` is the zone text that answers instead of the DNS.
pub(crate) async fn run(
    why: &Why,
    zone: Option<&str>,
    context: &Context,
    rooms: &Rooms,
    config: &Config,
) -> Result<Report, Failure> {
    let address = parse(&why.subject)?;
    let from = match why.from.as_deref().map(|from| from.trim_matches(['<', '>'])) {
        Some("") => ReversePath::Null,
        Some(from) => ReversePath::Address(parse(from)?),
        None => ReversePath::Address(parse(&format!(
            "postmaster@{}",
            config.domains.first().unwrap_or(&config.hostname)
        ))?),
    };
    let courier = courier(why, zone, rooms, config)?;
    let envelope = Envelope::new(from.clone(), [address.clone()]);
    let (next_hop, facts) = (address.host().to_string(), facts(&from, why, config));
    let job = GateFacts { number: None, message: QueueId::from_bits(0), next_hop: &next_hop, facts: &facts };
    let now = rooms.clock.now();
    let course = rooms.shaping.course(&job, now);
    let preview = courier.preview_on(&course, &envelope, address.host(), &why.tag).await;
    let told = Told {
        local: !matches!(rooms.local.find(&address).await?, Locality::Remote),
        suppressions: suppressions(&address, &from, &why.tag, rooms).await?,
        limits: preview.ways.iter().map(|way| limits(way, &course.source.name, rooms)).collect(),
        wait: rooms.shaping.wait(&job, now),
        course,
        tags: why.tag.clone(),
        address,
        from,
        preview,
    };
    let tried = told.local || told.suppressions.is_empty() && told.preview.ways.iter().any(leads_somewhere);
    let mut report = if context.json { Report::json(&as_json(&told, context)) } else { text(&told, context) };
    report.outcome = if tried { Outcome::Well } else { Outcome::Finding };
    Ok(report)
}

fn parse(text: &str) -> Result<Address, Failure> {
    Ok(Address::parse(text).map_err(|error| note!("cli-bad-address", address = text, reason = error))?)
}

/// The running server's own, with what it remembers; another one where another DNS is to be asked or no server runs.
fn courier(why: &Why, zone: Option<&str>, rooms: &Rooms, config: &Config) -> Result<Arc<Courier>, Failure> {
    let other_dns = zone.is_some() || why.dns.resolver.is_some();
    if let Some(courier) = rooms.courier.get().filter(|_| !other_dns) {
        return Ok(Arc::clone(courier));
    }
    let resolver = match (zone, why.dns.resolver) {
        (Some(text), _) => dns::zone_text(text, why.dns.zone.as_deref().unwrap_or(Path::new("-")))?,
        (None, Some(server)) => dns::server(server, config.dnssec)?,
        (None, None) => resolver(config)?,
    };
    let settings = outbound_settings(config, reach(config));
    let courier = Courier::new(settings, trusted_roots(config)?, resolver, Arc::clone(&rooms.clock));
    Ok(Arc::new(courier.map_err(|error| Failure::Text(error.to_string()))?))
}

/// The suppressions by which intake would leave the recipient out.
async fn suppressions(
    address: &Address,
    from: &ReversePath,
    tags: &[String],
    rooms: &Rooms,
) -> Result<Vec<Suppression>, Failure> {
    let Some(domain) = from.address().and_then(Address::domain) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for list in SuppressionList::ALL {
        let key = suppression_key(domain.as_str(), list, &address.to_string());
        let value = rooms.store.get(Table::Suppressions, &key).await?;
        let read = value.and_then(|value| serde_json::from_value::<Suppression>(value).ok());
        found.extend(read.filter(|suppression| suppression.holds_for(tags)));
    }
    Ok(found)
}

/// What the gate would know of such a message.
fn facts(from: &ReversePath, why: &Why, config: &Config) -> Facts {
    let domain = from.address().and_then(Address::domain).or(config.domains.first());
    Facts {
        sender_domain: domain.unwrap_or(&config.hostname).to_string(),
        tags: why.tag.clone(),
        ..Facts::default()
    }
}

fn limits(way: &PlannedWay, source: &Arc<str>, rooms: &Rooms) -> Vec<(String, Limits)> {
    let limits = |host: &MailHost| {
        let name = host.host.to_string();
        let path = match way.smarthost {
            Some(_) => rooms.shaping.path_through(source, &name),
            None => rooms.shaping.path_to(source, &name),
        };
        (rooms.shaping.terms(&path.place).0, rooms.shaping.limits(&path))
    };
    way.destination.hosts.iter().flatten().map(limits).collect()
}

fn leads_somewhere(way: &PlannedWay) -> bool {
    way.destination.hosts.is_ok()
}

/// The hosts of a way, each with its TLS policy and its provider's limits.
fn hosts<'t>(
    way: &'t PlannedWay,
    limits: &'t [(String, Limits)],
) -> impl Iterator<Item = (&'t MailHost, Option<&'t PolicyRecord>, Option<&'t (String, Limits)>)> {
    let hosts = way.destination.hosts.iter().flatten().enumerate();
    hosts.map(|(at, host)| (host, way.policies.get(at), limits.get(at)))
}

fn as_json(told: &Told, context: &Context) -> Value {
    let say = |note: &StoredNote| tegami_words::text(context.language, &note.id, &note.values());
    let way = |(way, limits): (&PlannedWay, &Vec<(String, Limits)>)| {
        let hosts = hosts(way, limits).map(|(host, policy, limits)| {
            let addresses = host.addresses.iter().map(|ip| {
                let remembered = way.remembered(*ip).map(|known| {
                    json!({
                        "failures": known.failures,
                        "rests_seconds": known.rests.as_secs(),
                        "reason": say(&known.why),
                    })
                });
                json!({"ip": ip, "remembered": remembered})
            });
            json!({
                "host": host.host.to_string(),
                "preference": host.preference,
                "port": way.port,
                "addresses": addresses.collect::<Vec<_>>(),
                "tls": policy.map(|policy| json!({
                    "source": policy.source,
                    "demand": policy.demand,
                    "policy": policy.policy,
                    "steps": policy.steps.iter().map(say).collect::<Vec<_>>(),
                    "refused": policy.refused.as_ref().map(say),
                })),
                "throttle": limits.map(|(provider, limits)| throttle_json(provider, limits)),
            })
        });
        json!({
            "way": way.destination.way,
            "smarthost": way.smarthost,
            "implicit_tls": way.implicit_tls,
            "user": way.user,
            "steps": way.destination.steps.iter().map(|step| context.say(step)).collect::<Vec<_>>(),
            "hosts": hosts.collect::<Vec<_>>(),
            "failure": way.destination.hosts.as_ref().err().map(|failure| json!({
                "status": failure.enhanced(),
                "class": failure.class,
                "detail": context.say(&failure.detail),
            })),
        })
    };
    json!({
        "address": told.address.to_string(),
        "from": told.from.to_string(),
        "tags": told.tags,
        "local": told.local,
        "suppressions": told.suppressions,
        "source": &*told.course.source.name,
        "waits": told.wait.as_ref().map(|wait| json!({"until": wait.until, "reason": context.say(&wait.note())})),
        "route": told.preview.route,
        "reason": told.preview.step.as_ref().map(say),
        "ways": told.preview.ways.iter().zip(&told.limits).map(way).collect::<Vec<_>>(),
    })
}

fn throttle_json(provider: &str, limits: &Limits) -> Value {
    json!({
        "provider": provider,
        "connections": limits.connections,
        "messages_per_connection": limits.messages_per_connection,
        "recipients": limits.recipients,
        "per_minute": limits.per_minute,
        "per_hour": limits.per_hour,
    })
}

fn text(told: &Told, context: &Context) -> Report {
    let mut prose = Prose::new(context);
    let from = if told.from == ReversePath::Null { "<>".to_owned() } else { told.from.to_string() };
    prose.heading(&context.say(&note!("cli-dry-run-title", address = told.address, from = from)));
    if told.local {
        prose.sentence(2, &note!("cli-dry-run-local", address = told.address), "");
        return Report::well(prose.into_text());
    }
    for suppression in &told.suppressions {
        let (list, since) = (suppression.list.as_str(), super::context::moment(suppression.created_at));
        let error = suppression.error.as_str();
        prose.sentence(2, &note!("cli-dry-run-suppressed", list = list, since = since, error = error), "");
    }
    if let Some(step) = &told.preview.step {
        prose.paragraph(2, &tegami_words::text(context.language, &step.id, &step.values()));
    }
    if let Some(wait) = &told.wait {
        prose.sentence(2, &note!("cli-dry-run-waits", reason = context.say(&wait.note())), "");
    }
    for (number, (way, limits)) in told.preview.ways.iter().zip(&told.limits).enumerate() {
        let name = way.smarthost.as_deref().unwrap_or("MX");
        prose.heading(&context.say(&note!("cli-dry-run-way", number = number + 1, way = name)));
        for step in &way.destination.steps {
            prose.sentence(2, step, "");
        }
        for (host, policy, limits) in hosts(way, limits) {
            tell_host(&mut prose, context, way, host, policy, limits);
        }
        if let Err(failure) = &way.destination.hosts {
            prose.sentence(2, &failure.detail, &failure.enhanced().to_string());
        }
    }
    Report::well(prose.into_text())
}

fn tell_host(
    prose: &mut Prose<'_>,
    context: &Context,
    way: &PlannedWay,
    host: &MailHost,
    policy: Option<&PolicyRecord>,
    limits: Option<&(String, Limits)>,
) {
    let preference = host.preference.map(|preference| format!("{preference} ")).unwrap_or_default();
    prose.line(&format!("  → {preference}{}:{}", host.host, way.port));
    for ip in &host.addresses {
        match way.remembered(*ip) {
            None => prose.line(&format!("      {ip}")),
            Some(Remembered { failures, rests, why }) => {
                let seconds = rests.as_secs();
                let note = note!("cli-dry-run-rests", ip = ip, failures = failures, seconds = seconds);
                prose.sentence(6, &note, "");
                prose.paragraph(8, &tegami_words::text(context.language, &why.id, &why.values()));
            }
        }
    }
    if let Some(policy) = policy {
        let source = match policy.source {
            PolicySource::Configured => "configured",
            PolicySource::Smarthost => "smarthost",
            PolicySource::Dane => "dane",
            PolicySource::MtaSts => "mta-sts",
            PolicySource::May => "may",
        };
        let demand = policy.demand.map_or(Value::Null, |demand| json!(demand));
        let demand = demand.as_str().unwrap_or("refused").to_owned();
        prose.sentence(6, &note!("cli-dry-run-tls", demand = demand, source = source), "");
        for step in policy.steps.iter().chain(&policy.refused) {
            prose.paragraph(8, &tegami_words::text(context.language, &step.id, &step.values()));
        }
    }
    if let Some((provider, limits)) = limits {
        let each = |rate: Option<u32>| rate.map_or_else(|| "–".to_owned(), |rate| rate.to_string());
        let note = note!(
            "cli-dry-run-throttle",
            provider = provider,
            connections = limits.connections,
            messages = limits.messages_per_connection,
            minute = each(limits.per_minute),
            hour = each(limits.per_hour)
        );
        prose.sentence(6, &note, "");
    }
    if let Some(user) = &way.user {
        prose.sentence(6, &note!("cli-dry-run-login", user = user), "");
    }
}
