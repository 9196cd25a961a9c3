//! Webhooks: who is told of what, what became of each request, and having one made again.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use tegami_queue::CallState;
use tegami_store::QueueId;

use super::Hall;
use super::form::Fields;
use super::reader::{Reader, Trouble, done};
use super::show::{Badge, Moment, echoed, visible};
use crate::api::webhook::{CallStory, Webhook, Which};
use crate::gate::Visitor;
use crate::webhook::WEBHOOK_KINDS;

struct HookView {
    domain: String,
    kind: String,
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
    state: String,
    domains: Vec<String>,
    kinds: [&'static str; 8],
}

/// The list and the log.
pub(crate) async fn page(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    uri: Uri,
) -> Result<Response, Trouble> {
    let query = uri.query().unwrap_or_default();
    let field = |name: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name);
        found.map(|(_, value)| echoed(&value)).unwrap_or_default()
    };
    let state = match field("state").as_str() {
        "waiting" => Some(CallState::Waiting),
        "done" => Some(CallState::Done),
        "failed" => Some(CallState::Failed),
        _ => None,
    };
    let after = Some(field("after")).filter(|after| !after.is_empty());
    let which = Which { state, after, ..Which::default() };
    let log = reader.unless_refused(hall.house.call_log(&which, reader.language).await)?;
    let hooks = reader.unless_refused(hall.house.webhooks().await)?;
    let roll = reader.unless_missing(hall.house.rooms.domains.roll().await)?;
    let next = log.next.map(|next| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        format!(
            "/webhooks?{}",
            query.append_pair("state", &field("state")).append_pair("after", &next).finish()
        )
    });
    let hook = |hook: Webhook| HookView {
        domain: hook.domain,
        kind: hook.kind,
        urls: hook.urls.iter().map(|url| visible(url)).collect(),
    };
    let page = WebhooksPage {
        reader: &reader,
        hooks: hooks.into_iter().map(hook).collect(),
        requests: log.calls.into_iter().map(|request| RequestView::new(&reader, request)).collect(),
        next,
        state: field("state"),
        domains: roll.iter().map(|ours| ours.name.to_string()).collect(),
        kinds: WEBHOOK_KINDS,
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
            (Some(kind), _) => visible(kind),
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
