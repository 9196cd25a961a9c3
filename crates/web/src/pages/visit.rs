//! What other hosts saw, and what our own server refused.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use tegami_store::{EventFilter, EventKind, NewEvent};

use super::Hall;
use super::reader::{Reader, Trouble};
use super::session::{LineView, ReplyView, lines};
use super::show::{Badge, Moment, path, visible};
use super::stage::{Scene, Stage, Visit};
use super::verdict::VerdictsView;

/// A visit as the pages show it.
#[derive(Debug)]
pub(crate) struct VisitView {
    pub(crate) number: usize,
    /// Keeps what can be opened on one page apart.
    pub(crate) key: String,
    pub(crate) host: String,
    pub(crate) at: Option<Moment>,
    pub(crate) client: String,
    pub(crate) helo: String,
    pub(crate) tls: Option<String>,
    pub(crate) reverse_path: String,
    pub(crate) recipients: String,
    pub(crate) badge: Badge,
    pub(crate) reply: ReplyView,
    pub(crate) verdicts: Option<VerdictsView>,
    pub(crate) transcript: Vec<LineView>,
}

impl VisitView {
    pub(crate) fn new(reader: &Reader, number: usize, visit: &Visit) -> Self {
        let (id, tone) = match (visit.accepted, visit.mailbox.as_deref()) {
            (true, Some("Junk")) => ("web-visit-junk", "wait"),
            (true, _) => ("web-visit-taken", "good"),
            (false, _) if visit.reply.starts_with('4') => ("web-visit-later", "wait"),
            (false, _) => ("web-visit-refused", "bad"),
        };
        let key = format!("v{number}");
        Self {
            number,
            host: visible(&visit.host),
            at: visit.at.map(Moment::new),
            client: visible(&visit.client),
            helo: visible(&visit.helo),
            tls: visit.tls.as_deref().map(visible),
            reverse_path: path(&visit.reverse_path),
            recipients: visible(&visit.recipients.join(", ")),
            badge: Badge { word: reader.say(id), tone },
            reply: ReplyView::from_text(reader, &visit.reply),
            verdicts: visit.verdicts.as_ref().map(|verdicts| VerdictsView::new(reader, verdicts, &key)),
            transcript: lines(&visit.transcript),
            key,
        }
    }
}

/// All visits of a stage, in order.
pub(crate) fn visits(stage: Option<&Arc<dyn Stage>>) -> Vec<Visit> {
    stage.map(|stage| stage.visits().into_iter().map(Visit::read).collect()).unwrap_or_default()
}

/// A message of the story, at the head of the page that shows it.
#[derive(Debug)]
pub(crate) struct SceneHead {
    pub(crate) number: usize,
    pub(crate) title: String,
    pub(crate) explanation: String,
    pub(crate) expected: String,
    pub(crate) badge: Badge,
    pub(crate) fate: Option<FateView>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct FateView {
    pub(crate) as_expected: bool,
    pub(crate) deciding: String,
}

impl SceneHead {
    pub(crate) fn new(reader: &Reader, scene: &Scene) -> Self {
        Self {
            number: scene.number,
            title: reader.stored(&scene.title),
            explanation: reader.stored(&scene.explanation),
            expected: reader.stored(&scene.expected),
            badge: Badge::fate(reader, scene.fate.as_ref().map(|fate| fate.word)),
            fate: scene.fate.as_ref().map(|fate| FateView {
                as_expected: fate.as_expected,
                deciding: visible(&reader.stored(&fate.deciding)),
            }),
        }
    }
}

#[derive(Template)]
#[template(path = "visit.html", blocks = ["live"])]
struct VisitPage<'a> {
    reader: &'a Reader,
    scene: Option<SceneHead>,
    visit: VisitView,
}

/// One visit.
pub(crate) async fn page(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(number): Path<String>,
) -> Result<Response, Trouble> {
    let number: usize = number.parse().map_err(|_| reader.missing())?;
    let stage = hall.stage.as_ref().ok_or_else(|| reader.missing())?;
    let visit = stage.visits().into_iter().nth(number).map(Visit::read).ok_or_else(|| reader.missing())?;
    let scenes = stage.scenes();
    let scene = scenes.iter().find(|scene| scene.visits.contains(&number));
    let page = VisitPage {
        reader: &reader,
        scene: scene.map(|scene| SceneHead::new(&reader, scene)),
        visit: VisitView::new(&reader, number, &visit),
    };
    Ok(reader.answer(&page, &page.as_live()))
}

/// A message that our own server refused at the door.
#[derive(Debug)]
pub(crate) struct RefusalView {
    pub(crate) seq: u64,
    pub(crate) at: Moment,
    pub(crate) client: String,
    pub(crate) reverse_path: String,
    pub(crate) recipient: String,
    pub(crate) reply: ReplyView,
    pub(crate) why: String,
    pub(crate) verdicts: Option<VerdictsView>,
}

impl RefusalView {
    pub(crate) fn new(reader: &Reader, seq: u64, event: &NewEvent) -> Self {
        let data = event.data.value();
        let told = tegami_words::told(reader.language, &data);
        let text =
            |name: &str| told.get(name).and_then(serde_json::Value::as_str).map(visible).unwrap_or_default();
        let verdicts = data.get("verdicts").filter(|verdicts| verdicts.is_object());
        Self {
            seq,
            at: Moment::new(event.at),
            client: text("ip"),
            reverse_path: path(&text("reverse_path")),
            recipient: visible(event.recipient.as_deref().unwrap_or_default()),
            reply: ReplyView::from_text(reader, &text("reply")),
            why: text("why"),
            verdicts: verdicts.map(|verdicts| VerdictsView::new(reader, verdicts, "r")),
        }
    }
}

#[derive(Template)]
#[template(path = "refusal.html", blocks = ["live"])]
struct RefusalPage<'a> {
    reader: &'a Reader,
    refusal: RefusalView,
}

/// One refusal of our own server.
pub(crate) async fn refusal(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(seq): Path<String>,
) -> Result<Response, Trouble> {
    let seq: u64 = seq.parse().map_err(|_| reader.missing())?;
    let filter = EventFilter { from_seq: Some(seq.saturating_sub(1)), limit: 1, ..EventFilter::default() };
    let events = reader.unless_missing(hall.store.events(filter).await)?;
    let event = events
        .into_iter()
        .find(|event| event.seq == seq && event.event.kind == EventKind::Rejected)
        .ok_or_else(|| reader.missing())?;
    let page = RefusalPage { reader: &reader, refusal: RefusalView::new(&reader, seq, &event.event) };
    Ok(reader.answer(&page, &page.as_live()))
}
