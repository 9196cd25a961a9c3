//! `tegami provider`: how each provider is treated, what it has said to that, and what waits for it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;
use tegami_mail::note;
use tegami_mail::provider::{Authority, Limit};
use tegami_queue::gate::Gate;
use tegami_queue::shaping::{Change, PathView, Terms};
use tegami_store::{QueueColumn, QueueFilter};

use super::context::moment;
use super::{Context, Failure, Report, table};
use crate::cli;
use crate::server::Rooms;

/// What is known of one place at this moment.
#[derive(Default)]
struct Place {
    paths: Vec<PathView>,
    /// Recipients that wait.
    waiting: u64,
}

/// Runs the verb.
pub(crate) async fn run(verb: &cli::Provider, context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let places = places(rooms).await?;
    match verb {
        cli::Provider::List => Ok(list(&places, context, rooms)),
        cli::Provider::Show { name } => show(name, &places, context, rooms),
    }
}

/// Every place that has mail or a history.
async fn places(rooms: &Rooms) -> Result<BTreeMap<String, Place>, Failure> {
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    for path in rooms.shaping.view(rooms.clock.now()) {
        places.entry(path.place.clone()).or_default().paths.push(path);
    }
    for count in rooms.store.queue_counts(QueueFilter::default(), QueueColumn::NextHop).await? {
        let place = rooms.shaping.place(&count.value).to_string();
        places.entry(place).or_default().waiting += count.rows;
    }
    Ok(places)
}

fn list(places: &BTreeMap<String, Place>, context: &Context, rooms: &Rooms) -> Report {
    if context.json {
        let all: Vec<_> = places.iter().map(|(name, place)| place_json(name, place, rooms)).collect();
        return Report::json(&json!({ "places": all }));
    }
    if places.is_empty() {
        return Report::well(context.word("cli-provider-none"));
    }
    let heading = ["provider", "source", "connections", "per-minute", "share", "until", "waiting"]
        .map(|column| context.word(&format!("cli-column-{column}")));
    let (mut lines, mut reasons) = (Vec::new(), String::new());
    for (name, place) in places {
        let title = table::cell(&rooms.shaping.terms(name).0);
        if place.paths.is_empty() {
            let empty = || "–".to_owned();
            lines.push(vec![title, empty(), empty(), empty(), empty(), empty(), place.waiting.to_string()]);
            continue;
        }
        for (at, path) in place.paths.iter().enumerate() {
            let waiting = if at == 0 { place.waiting.to_string() } else { String::new() };
            lines.push(line(title.clone(), path, waiting));
            if let Some(change) = path.reason.as_ref() {
                let _ = writeln!(reasons, "{}", reason(context, &title, path, change));
            }
        }
    }
    let mut text = table::render(&heading, &lines);
    if !reasons.is_empty() {
        let _ = write!(text, "\n{reasons}");
    }
    Report::well(text)
}

fn line(title: String, path: &PathView, waiting: String) -> Vec<String> {
    let limits = &path.limits;
    vec![
        title,
        path.source.clone(),
        format!("{}/{}", path.open, limits.connections),
        limits.per_minute.map_or_else(|| "–".to_owned(), |limit| format!("{}/{limit}", path.last_minute)),
        format!("{} %", path.share / 10),
        path.paused_until.map(moment).unwrap_or_default(),
        waiting,
    ]
}

/// Why a path is slower than its table says.
fn reason(context: &Context, title: &str, path: &PathView, change: &Change) -> String {
    let evidence = change.evidence.as_ref();
    let (host, reply) = evidence.map(|told| (told.host.as_str(), told.reply.as_str())).unwrap_or_default();
    let (host, reply) = (table::plain(host), table::plain(reply));
    context.say(&note!(
        "cli-provider-reason",
        provider = title,
        source = path.source,
        at = moment(change.at),
        host = host,
        reply = reply,
        share = path.share / 10
    ))
}

fn show(
    name: &str,
    places: &BTreeMap<String, Place>,
    context: &Context,
    rooms: &Rooms,
) -> Result<Report, Failure> {
    let settings = rooms.shaping.settings();
    let known = settings.providers.iter().any(|terms| &*terms.name == name);
    if !known && !places.contains_key(name) {
        let names = settings.providers.iter().map(|terms| terms.name.to_string());
        let names = names.collect::<Vec<_>>().join(", ");
        return Err(note!("cli-provider-unknown", name = name, names = names).into());
    }
    let nothing = Place::default();
    let place = places.get(name).unwrap_or(&nothing);
    if context.json {
        return Ok(Report::json(&place_json(name, place, rooms)));
    }
    let (title, terms) = rooms.shaping.terms(name);
    let mut text = format!("{} ({name})\n", table::plain(&title));
    tell_terms(context, &terms, &mut text);
    let _ = writeln!(text, "\n{}", context.say(&note!("cli-provider-waiting", count = place.waiting)));
    for path in &place.paths {
        tell_path(context, &title, path, &mut text);
    }
    Ok(Report::well(text))
}

fn tell_terms(context: &Context, terms: &Terms, text: &mut String) {
    let mut row = |label: &str, value: String| {
        let _ = writeln!(text, "{}: {value}", context.word(&format!("cli-label-{label}")));
    };
    if !terms.mx.is_empty() {
        row("mx", terms.mx.join(", "));
    }
    if !terms.domains.is_empty() {
        row("domains", terms.domains.join(", "));
    }
    if let Some(link) = &terms.guidelines {
        row("guidelines", link.clone());
    }
    let limits = [
        ("connections", Some(&terms.connections)),
        ("messages-per-connection", Some(&terms.messages_per_connection)),
        ("recipients-per-transaction", Some(&terms.recipients)),
        ("per-minute", terms.per_minute.as_ref()),
        ("per-hour", terms.per_hour.as_ref()),
    ];
    for (label, limit) in limits {
        if let Some(Limit { limit, from, why }) = limit {
            let from = match from {
                Authority::Provider => "cli-provider-from-provider",
                Authority::Tegami => "cli-provider-from-tegami",
                Authority::Operator => "cli-provider-from-operator",
            };
            row(label, format!("{limit} ({}) {why}", context.word(from)).trim_end().to_owned());
        }
    }
}

fn tell_path(context: &Context, title: &str, path: &PathView, text: &mut String) {
    let limits = &path.limits;
    let rate = limits.per_minute.map_or_else(|| "–".to_owned(), |limit| limit.to_string());
    let now = note!(
        "cli-provider-path",
        source = path.source,
        connections = limits.connections,
        open = path.open,
        rate = rate,
        minute = path.last_minute,
        today = path.today
    );
    let _ = writeln!(text, "\n{}", context.say(&now));
    if let Some((day, allowance)) = path.warm_up {
        let (today, overflow) = (path.today, path.overflow.as_deref().unwrap_or("later"));
        let warm_up = note!(
            "cli-provider-warm-up",
            day = day,
            allowance = allowance,
            today = today,
            overflow = overflow
        );
        let _ = writeln!(text, "  {}", context.say(&warm_up));
    }
    if let Some(until) = path.paused_until {
        let _ = writeln!(text, "  {}", context.say(&note!("cli-provider-paused", until = moment(until))));
    }
    if let Some(change) = path.reason.as_ref() {
        let _ = writeln!(text, "  {}", reason(context, title, path, change));
    }
    for change in &path.changes {
        let told = change.evidence.as_ref().map(|told| table::plain(&told.reply)).unwrap_or_default();
        let _ = writeln!(text, "  {}  {:>3} %  {told}", moment(change.at), change.share / 10);
    }
}

fn place_json(name: &str, place: &Place, rooms: &Rooms) -> serde_json::Value {
    let (title, terms) = rooms.shaping.terms(name);
    json!({
        "place": name,
        "title": title,
        "provider": &*terms.name,
        "mx": terms.mx,
        "domains": terms.domains,
        "guidelines": terms.guidelines,
        "limits": {
            "connections": terms.connections,
            "messages_per_connection": terms.messages_per_connection,
            "recipients": terms.recipients,
            "per_minute": terms.per_minute,
            "per_hour": terms.per_hour,
        },
        "paths": place.paths,
        "waiting": place.waiting,
    })
}
