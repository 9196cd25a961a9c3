//! Webhooks: who is told of what, what became of each request, and having one made again.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use tegami_queue::CallState;
use tegami_store::QueueId;

use super::Hall;
use super::form::{Asked, Fields};
use super::reader::{Reader, Trouble, done};
use super::show::{Badge, Moment, visible};
use crate::api::webhook::{CallKey, CallStory, Webhook, Which};
use crate::gate::Visitor;
use crate::webhook::WEBHOOK_KINDS;

struct HookView {
    domain: String,
    kind: String,
    word: String,
    urls: Vec<String>,
}

struct AttemptView {
    at: Moment,
    status: Option<u16>,
    tone: &'static str,
    said: String,
    duration: u64,
}

struct RequestView {
    key: String,
    url: String,
    domain: String,
    what: String,
    badge: Badge,
    told: String,
    message: Option<QueueId>,
    attempts: Vec<AttemptView>,
}

#[derive(Template)]
#[template(path = "webhooks.html", blocks = ["live"])]
struct WebhooksPage<'a> {
    reader: &'a Reader,
    hooks: Vec<HookView>,
    requests: Vec<RequestView>,
    next: Option<String>,
    choices: Vec<Choice>,
    domains: Vec<String>,
    /// What is signed with, for those who may know.
    key: Option<CallKey>,
    /// Types of events, and what people call them.
    kinds: Vec<(&'static str, String)>,
}

/// A part of the log.
struct Choice {
    name: String,
    link: &'static str,
    chosen: bool,
}

/// What people call a type of events.
fn name_of(reader: &Reader, kind: &str) -> String {
    match WEBHOOK_KINDS.iter().find(|known| **known == kind) {
        Some(kind) => reader.say(&format!("page-event-{}", kind.replace('_', "-"))),
        None => visible(kind),
    }
}

/// The parts of the log.
const CHOICES: [(&str, &str, &str); 4] = [
    ("", "page-any", "/webhooks#log"),
    ("waiting", "page-call-waiting", "/webhooks?state=waiting#log"),
    ("failed", "page-call-failed", "/webhooks?state=failed#log"),
    ("done", "page-call-done", "/webhooks?state=done#log"),
];

/// The list and the log.
pub(crate) async fn page(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    asked: Asked,
    visitor: Visitor,
) -> Result<Response, Trouble> {
    let state = asked.one("state");
    let which = Which {
        state: match state.as_str() {
            "waiting" => Some(CallState::Waiting),
            "done" => Some(CallState::Done),
            "failed" => Some(CallState::Failed),
            _ => None,
        },
        after: asked.some("after"),
        ..Which::default()
    };
    let log = reader.unless_refused(hall.house.call_log(&which, reader.language).await)?;
    let hooks = reader.unless_refused(hall.house.webhooks(visitor.role).await)?;
    let key = if reader.may_act() {
        Some(reader.unless_refused(hall.house.call_key(&visitor).await)?)
    } else {
        None
    };
    let choice = |part: &str, id: &str, link: &'static str| Choice {
        name: reader.say(id),
        link,
        chosen: state == part,
    };
    let hook = |hook: Webhook| HookView {
        domain: hook.domain,
        word: name_of(&reader, &hook.kind),
        kind: hook.kind,
        urls: hook.urls.iter().map(|url| visible(url)).collect(),
    };
    let page = WebhooksPage {
        reader: &reader,
        hooks: hooks.into_iter().map(hook).collect(),
        requests: log.calls.into_iter().map(|request| RequestView::new(&reader, request)).collect(),
        next: asked.next("/webhooks", log.next.as_deref()),
        choices: CHOICES.map(|(state, id, link)| choice(state, id, link)).into(),
        domains: hall.domains(&reader).await?,
        key,
        kinds: WEBHOOK_KINDS.map(|kind| (kind, name_of(&reader, kind))).into(),
    };
    Ok(reader.answer(&page, &page.as_live()))
}

impl RequestView {
    fn new(reader: &Reader, call: CallStory) -> Self {
        let (word, tone) = match call.state {
            CallState::Waiting => ("page-call-waiting", "wait"),
            CallState::Done => ("page-call-done", "good"),
            CallState::Failed => ("page-call-failed", "bad"),
        };
        let what = match (&call.kind, call.tells) {
            (Some(kind), _) => name_of(reader, kind),
            (None, tells) => reader.say(&format!("page-call-{tells}")),
        };
        let attempts = call.attempts.into_iter().map(|attempt| AttemptView {
            at: Moment::new(attempt.at),
            tone: if attempt.status.is_some_and(|status| (200..300).contains(&status)) {
                "good"
            } else {
                "bad"
            },
            status: attempt.status,
            said: visible(&attempt.said),
            duration: attempt.duration_ms,
        });
        Self {
            badge: Badge { word: reader.say(word), tone },
            url: visible(&call.url),
            domain: visible(&call.domain),
            told: visible(&call.told),
            attempts: attempts.collect(),
            key: call.key,
            message: call.message,
            what,
        }
    }
}

/// Says who is told of a type of events.
pub(crate) async fn set(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, Trouble> {
    let urls = fields.one("urls").split_whitespace().map(str::to_owned).collect();
    let (domain, kind) = (fields.line("domain"), fields.line("kind"));
    reader.unless_refused(hall.house.set_webhook(domain, kind, urls, &visitor).await)?;
    Ok(done("/webhooks", "changed", 1))
}

/// Has a request made again.
pub(crate) async fn again(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, Trouble> {
    reader.unless_refused(hall.house.call_again(fields.line("key"), &visitor).await)?;
    Ok(done("/webhooks", "again", 1))
}

/// Signs with another key from now on.
pub(crate) async fn renew_key(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    visitor: Visitor,
) -> Result<Response, Trouble> {
    reader.unless_refused(hall.house.renew_call_key(&visitor).await)?;
    Ok(done("/webhooks", "changed", 1))
}
