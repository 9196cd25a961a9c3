//! The first page: the map and the story of the lab, or the newest messages of an ordinary server.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use tegami_store::{EventFilter, EventKind, QueueId};

use super::Hall;
use super::map::MapView;
use super::messages::MessageLine;
use super::numbers::Numbers;
use super::reader::{Reader, Trouble};
use super::show::visible;
use super::stage::{Scene, Visit};
use super::visit::{RefusalView, SceneHead, VisitView, visits};

/// Messages on the page.
const SHOWN: usize = 50;
/// Refusals on the page.
const REFUSALS: usize = 20;
/// Visits of strangers on the page.
const STRANGERS: usize = 20;

struct SceneRow {
    head: SceneHead,
    from: String,
    to: String,
    link: Option<String>,
}

struct CommandView {
    key: String,
    title: String,
    text: String,
}

#[derive(Template)]
#[template(path = "overview.html", blocks = ["live"])]
struct OverviewPage<'a> {
    reader: &'a Reader,
    has_stage: bool,
    map: Option<MapView>,
    scenes: Vec<SceneRow>,
    told: usize,
    unexpected: usize,
    numbers: Numbers,
    messages: Vec<MessageLine>,
    refusals: Vec<RefusalView>,
    strangers: Vec<VisitView>,
    commands: Vec<CommandView>,
}

/// The first page.
pub(crate) async fn page(State(hall): State<Arc<Hall>>, reader: Reader) -> Result<Response, Trouble> {
    let stage = hall.stage.as_ref();
    let scenes = stage.map(|stage| stage.scenes()).unwrap_or_default();
    let seen = visits(stage);
    let told: BTreeSet<QueueId> = scenes.iter().filter_map(|scene| scene.message).collect();
    let newest = reader.unless_missing(hall.store.messages(None, SHOWN + told.len()).await)?;
    let others = newest.iter().filter(|message| !told.contains(&message.id)).take(SHOWN);
    let mut messages = Vec::new();
    for message in others {
        // A message that was forgotten in between has no recipients any more.
        let rows = hall.store.recipients(message.id).await.unwrap_or_default();
        messages.push(MessageLine::new(&reader, message, &rows));
    }
    let overview = reader.unless_missing(hall.house.overview(reader.language).await)?;
    let refusals = reader.unless_missing(refusals(&hall, &reader).await)?;
    let commands = stage.map(|stage| stage.commands()).unwrap_or_default();
    let page = OverviewPage {
        reader: &reader,
        has_stage: stage.is_some(),
        map: stage.map(|stage| MapView::new(&reader, stage.hosts(), &seen)),
        told: scenes.iter().filter(|scene| scene.fate.is_some()).count(),
        unexpected: scenes.iter().filter(|scene| is_unexpected(scene)).count(),
        strangers: strangers(&hall, &reader, &scenes, &seen).await,
        scenes: scenes.iter().map(|scene| SceneRow::new(&reader, scene, &refusals)).collect(),
        numbers: Numbers::new(&reader, overview),
        messages,
        refusals,
        commands: commands
            .into_iter()
            .enumerate()
            .map(|(at, command)| CommandView {
                key: format!("command-{at}"),
                title: reader.stored(&command.title),
                text: command.text,
            })
            .collect(),
    };
    Ok(reader.answer(&page, &page.as_live()))
}

fn is_unexpected(scene: &Scene) -> bool {
    scene.fate.as_ref().is_some_and(|fate| !fate.as_expected)
}

impl SceneRow {
    fn new(reader: &Reader, scene: &Scene, refusals: &[RefusalView]) -> Self {
        let visit = || scene.visits.last().map(|number| format!("/visits/{number}"));
        // What our own server refused is known by its envelope.
        let is_scene = |refusal: &&RefusalView| {
            scene.from.contains(&refusal.reverse_path) && scene.to.contains(&refusal.recipient)
        };
        let refusal = || refusals.iter().rfind(is_scene).map(|refusal| format!("/refusals/{}", refusal.seq));
        Self {
            head: SceneHead::new(reader, scene),
            from: visible(&scene.from),
            to: visible(&scene.to),
            link: scene.message.map(|id| format!("/messages/{id}")).or_else(visit).or_else(refusal),
        }
    }
}

async fn refusals(hall: &Hall, reader: &Reader) -> Result<Vec<RefusalView>, tegami_store::StoreError> {
    /// The newest events are looked through for refusals.
    const LOOKED_AT: usize = 1_000;
    let filter = EventFilter { descending: true, limit: LOOKED_AT, ..EventFilter::default() };
    let events = hall.store.events(filter).await?;
    let rejected = events
        .iter()
        .filter(|event| event.event.kind == EventKind::Rejected && event.event.message.is_none());
    Ok(rejected.take(REFUSALS).map(|event| RefusalView::new(reader, event.seq, &event.event)).collect())
}

/// Visits that belong to no message of the story and to none that went out from here, newest first.
async fn strangers(hall: &Hall, reader: &Reader, scenes: &[Scene], seen: &[Visit]) -> Vec<VisitView> {
    let mut found = Vec::new();
    for (number, visit) in seen.iter().enumerate().rev() {
        if found.len() >= STRANGERS {
            break;
        }
        if scenes.iter().any(|scene| scene.visits.contains(&number)) {
            continue;
        }
        let known = match &visit.message_id {
            Some(message_id) => {
                hall.store.by_message_id(message_id).await.is_ok_and(|found| !found.is_empty())
            }
            None => is_ours(hall, visit).await,
        };
        if !known {
            found.push(VisitView::new(reader, number, visit));
        }
    }
    found
}

/// Whether a visit that ended before the content came was one of ours: we sent to that recipient from that reverse-path.
async fn is_ours(hall: &Hall, visit: &Visit) -> bool {
    for recipient in &visit.recipients {
        let Ok(address) = tegami_mail::Address::parse(recipient) else { continue };
        let sent = hall.store.messages_to(&address, SHOWN).await.unwrap_or_default();
        if sent.iter().any(|message| message.reverse_path.to_string() == visit.reverse_path) {
            return true;
        }
    }
    false
}
