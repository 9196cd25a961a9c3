//! The queue: providers with their pace and why, standing holds, who still waits, and what people do about it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use tegami_store::{QueueId, RecipientState};

use super::Hall;
use super::form::Fields;
use super::reader::{Reader, Trouble, done};
use super::show::{Badge, Moment, echoed, visible};
use crate::api::hold::{Rule, Wanted, What};
use crate::api::provider::{Path, Provider};
use crate::api::queue::{Deed, Filter, Wish};
use crate::gate::Visitor;

/// Rows on the page.
const SHOWN: usize = 100;

struct Row {
    message: QueueId,
    subject: String,
    recipient: String,
    badge: Badge,
    held: bool,
    attempts: u32,
    due: Moment,
    last_status: String,
    hold_reason: String,
}

/// A provider as the page shows it.
struct ProviderCard {
    place: String,
    title: String,
    waiting: u64,
    held: u64,
    due: Option<Moment>,
    hold: Option<HoldLine>,
    paths: Vec<PathLine>,
}

struct PathLine {
    source: String,
    open: u32,
    connections: u32,
    last_minute: u32,
    per_minute: Option<u32>,
    today: u32,
    /// In per cent.
    share: u16,
    paused_until: Option<Moment>,
    /// Who said what.
    reason: Option<(String, String)>,
    warm_up: Option<(usize, u32)>,
}

struct HoldLine {
    id: String,
    what: String,
    value: String,
    by: String,
    reason: String,
    since: Moment,
}

#[derive(Template)]
#[template(path = "queue.html", blocks = ["live"])]
struct QueuePage<'a> {
    reader: &'a Reader,
    to: String,
    state: String,
    provider: String,
    providers: Vec<ProviderCard>,
    holds: Vec<HoldLine>,
    rows: Vec<Row>,
    more: bool,
    paused: bool,
}

/// The queue.
pub(crate) async fn page(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    uri: Uri,
) -> Result<Response, Trouble> {
    let query = uri.query().unwrap_or_default();
    let field = |name: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name);
        found.map(|(_, value)| echoed(&value)).filter(|value| !value.is_empty())
    };
    let state = match field("state").as_deref() {
        Some("held") => Some(RecipientState::Held),
        Some("queued") => Some(RecipientState::Queued),
        _ => None,
    };
    let (to, provider) = (field("to"), field("provider"));
    let filter = Filter {
        state,
        to: to.clone().filter(|to| to.contains('@')),
        domain: to.clone().filter(|to| !to.contains('@')),
        provider: provider.clone(),
        ..Filter::default()
    };
    let house = &hall.house;
    let found = reader.unless_missing(house.waiting(&filter, None, SHOWN + 1).await)?;
    let more = found.len() > SHOWN;
    let rows = found.into_iter().take(SHOWN).map(|(row, message)| Row {
        message: row.id.message,
        // A message that was settled and forgotten in between is shown without its subject.
        subject: message.map(|message| visible(&message.summary.subject)).unwrap_or_default(),
        recipient: visible(&row.path.address.to_string()),
        badge: Badge::recipient(&reader, &row),
        held: row.state == RecipientState::Held,
        attempts: row.attempts,
        due: Moment::new(row.due),
        last_status: visible(row.last_status.as_deref().unwrap_or_default()),
        hold_reason: visible(row.hold_reason.as_deref().unwrap_or_default()),
    });
    let providers = reader.unless_missing(house.providers().await)?;
    let page = QueuePage {
        reader: &reader,
        rows: rows.collect(),
        more,
        to: to.unwrap_or_default(),
        state: field("state").unwrap_or_default(),
        provider: provider.unwrap_or_default(),
        providers: providers.into_iter().map(|provider| ProviderCard::new(&reader, provider)).collect(),
        holds: house.holds().into_iter().map(|rule| HoldLine::new(&reader, rule)).collect(),
        paused: house.rooms.control.is_paused(),
    };
    Ok(reader.answer(&page, &page.as_live()))
}

impl ProviderCard {
    fn new(reader: &Reader, provider: Provider) -> Self {
        Self {
            place: provider.place,
            title: visible(&provider.title),
            waiting: provider.waiting,
            held: provider.held,
            due: provider.due.map(Moment::new),
            hold: provider.hold.map(|rule| HoldLine::new(reader, rule)),
            paths: provider.paths.into_iter().map(PathLine::new).collect(),
        }
    }
}

impl PathLine {
    fn new(path: Path) -> Self {
        let evidence = path.reason.and_then(|change| change.evidence);
        Self {
            source: path.source,
            open: path.open,
            connections: path.limits.connections,
            last_minute: path.last_minute,
            per_minute: path.limits.per_minute,
            today: path.today,
            share: path.share / 10,
            paused_until: path.paused_until.map(Moment::new),
            reason: evidence.map(|told| (visible(&told.host), visible(&told.reply))),
            warm_up: path.warm_up,
        }
    }
}

impl HoldLine {
    fn new(reader: &Reader, rule: Rule) -> Self {
        Self {
            what: reader.say(&format!("page-hold-{}", rule.what)),
            id: rule.id,
            value: visible(&rule.value),
            by: visible(&rule.by),
            reason: visible(&rule.reason),
            since: Moment::new(rule.since),
        }
    }
}

/// Holds, releases, tries or drops recipients that wait.
pub(crate) async fn act(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, Trouble> {
    let some = |name: &str| Some(fields.line(name).to_owned()).filter(|value| !value.is_empty());
    let act = match fields.line("act") {
        "hold" => Deed::Hold,
        "release" => Deed::Release,
        "retry" => Deed::Retry,
        "drop" => Deed::Drop,
        "bounce" => Deed::Bounce,
        _ => return Err(reader.missing()),
    };
    let filter = Filter {
        message: some("message").and_then(|id| id.parse().ok()),
        to: some("recipient"),
        provider: some("provider"),
        ..Filter::default()
    };
    let wish = Wish { act, filter, all: false, reason: fields.line("reason").to_owned(), next_hop: None };
    let changed = reader.unless_refused(hall.house.operate(&wish, &visitor).await)?;
    Ok(done("/queue", "changed", changed))
}

/// Keeps a standing rule.
pub(crate) async fn hold(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, Trouble> {
    let what = match fields.line("what") {
        "domain" => What::Domain,
        "provider" => What::Provider,
        "account" => What::Account,
        "sender" => What::Sender,
        "tag" => What::Tag,
        _ => return Err(reader.missing()),
    };
    let (value, reason) = (fields.line("value").to_owned(), fields.line("reason").to_owned());
    reader.unless_refused(hall.house.hold(&Wanted { what, value, reason }, &visitor).await)?;
    Ok(done("/queue", "held", 1))
}

/// Lifts a standing rule.
pub(crate) async fn lift(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, Trouble> {
    reader.unless_refused(hall.house.lift(fields.line("id"), &visitor).await)?;
    Ok(done("/queue", "lifted", 1))
}
