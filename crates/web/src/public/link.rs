//! Links of our mail: unsubscribing, pictures that tell of opens, links that tell of clicks.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use tegami_queue::{Link, LinkAction, Visit};
use tegami_store::{EventKind, Json, NewEvent};
use tegami_words::{plain, text};

use super::page::Page;
use super::stranger::Stranger;
use crate::domain::HOST;
use crate::house::{House, Shared};

/// So long opens and clicks are counted, in hours; a link leads where it led for ever, and one may say farewell by it for ever.
const COUNTED: i64 = 366 * 24;

/// A picture of one transparent pixel.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// Proves to ourselves that a name leads to this server ([`crate::DomainDesk`]); it proves nothing to anybody else.
pub(crate) async fn prove(State(house): State<Shared>, Path(host): Path<String>) -> Response {
    match house.rooms.intake.links() {
        Some(links) => links.seal(HOST, &host).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Says what the button will do. Mail programs and their scanners fetch this without anybody wanting anything, so it changes nothing.
pub(crate) async fn ask(
    State(house): State<Shared>,
    Path(link): Path<String>,
    stranger: Stranger,
) -> Response {
    let Some(link) = farewell(&house, &link) else { return invalid(&stranger) };
    let language = stranger.language;
    page(
        &stranger,
        StatusCode::OK,
        "api-farewell-title",
        &[sentence(&stranger, "ask", &link)],
        Some(&plain(language, "api-farewell-button")),
    )
}

/// Unsubscribes. What the body says does not matter: who has the link and posts means it (RFC 8058 section 3.1). No cookie, no redirect, and the
/// same answer however often it comes.
pub(crate) async fn unsubscribe(
    State(house): State<Shared>,
    Path(link): Path<String>,
    stranger: Stranger,
    body: Body,
) -> Response {
    const MOST: usize = 64 << 10;
    let Some(link) = farewell(&house, &link) else { return invalid(&stranger) };
    // Read, so that the connection stays good; a large one is nobody's farewell.
    if axum::body::to_bytes(body, MOST).await.is_err() {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    if let Err(error) = house.rooms.intake.say_farewell(&link, visit_of(&stranger)).await {
        tracing::error!(%error, "a farewell could not be kept");
        let sentences = [plain(stranger.language, "api-farewell-trouble")];
        return page(
            &stranger,
            StatusCode::SERVICE_UNAVAILABLE,
            "api-farewell-trouble-title",
            &sentences,
            None,
        );
    }
    let done = [sentence(&stranger, "done", &link)];
    page(&stranger, StatusCode::OK, "api-farewell-done-title", &done, None)
}

/// The picture.
pub(crate) async fn opened(
    State(house): State<Shared>,
    Path(text): Path<String>,
    stranger: Stranger,
) -> Response {
    let link = read(&house, &text).filter(|link| link.action == LinkAction::Open);
    let Some(link) = link else { return StatusCode::NOT_FOUND.into_response() };
    house.count(EventKind::Opened, &link, &text, &stranger, visit_of(&stranger)).await;
    let fields = [
        (header::CONTENT_TYPE, "image/gif"),
        (header::CACHE_CONTROL, "no-store, private"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (fields, PIXEL).into_response()
}

/// Goes on to where the link led, which the link itself says and nobody else can.
pub(crate) async fn clicked(
    State(house): State<Shared>,
    Path(text): Path<String>,
    stranger: Stranger,
) -> Response {
    let Some(link) = read(&house, &text) else { return invalid(&stranger) };
    let LinkAction::Click(url) = &link.action else { return invalid(&stranger) };
    let Ok(location) = location(url) else { return invalid(&stranger) };
    let visit = Visit { url: Some(url.clone()), ..visit_of(&stranger) };
    house.count(EventKind::Clicked, &link, &text, &stranger, visit).await;
    let fields = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store, private")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
    ];
    (StatusCode::FOUND, fields).into_response()
}

/// The URL as a field has it: what lies outside ASCII is written as browsers write it.
fn location(url: &str) -> Result<HeaderValue, axum::http::header::InvalidHeaderValue> {
    const NOT_ASCII: &percent_encoding::AsciiSet = percent_encoding::CONTROLS;
    HeaderValue::try_from(percent_encoding::utf8_percent_encode(url, NOT_ASCII).to_string())
}

fn read(house: &House, text: &str) -> Option<Link> {
    house.rooms.intake.links()?.read(text)
}

/// A link by which one says farewell.
fn farewell(house: &House, text: &str) -> Option<Link> {
    read(house, text).filter(|link| matches!(link.action, LinkAction::Unsubscribe(_) | LinkAction::Leave(_)))
}

fn visit_of(stranger: &Stranger) -> Visit {
    Visit { ip: Some(stranger.ip), user_agent: stranger.user_agent.clone(), ..Visit::default() }
}

impl House {
    /// Writes down an open or a click, unless a program fetched ahead, it was counted a moment ago, or the message is old. Nobody waits in vain
    /// for a link because this could not be written.
    async fn count(&self, kind: EventKind, link: &Link, text: &str, stranger: &Stranger, visit: Visit) {
        let now = self.rooms.clock.now();
        let is_old = now.duration_since(link.issued).as_hours() > COUNTED;
        let name = || format!("{text} {}", stranger.ip);
        if !stranger.in_person || is_old || !self.recent.is_new(name(), now) {
            return;
        }
        if let Err(error) = self.rooms.store.record(vec![event(kind, link, &visit, now)]).await {
            tracing::error!(%error, "an event of a reader could not be kept");
        }
    }
}

fn event(kind: EventKind, link: &Link, visit: &Visit, now: Timestamp) -> NewEvent {
    NewEvent {
        kind,
        at: now,
        domain: link.domain.clone(),
        message: Some(link.message),
        recipient: Some(link.recipient.clone()),
        data: Json::of(visit),
    }
}

fn sentence(stranger: &Stranger, what: &str, link: &Link) -> String {
    let (from, what_from) = match &link.action {
        LinkAction::Unsubscribe(tags) if !tags.is_empty() => ("tags", tags.join(", ")),
        LinkAction::Leave(list) => ("list", list.clone()),
        _ => ("everything", String::new()),
    };
    text(
        stranger.language,
        &format!("api-farewell-{what}-{from}"),
        &[("recipient", link.recipient.as_str()), ("domain", &link.domain), (from, &what_from)],
    )
}

fn page(
    stranger: &Stranger,
    status: StatusCode,
    title: &str,
    sentences: &[String],
    button: Option<&str>,
) -> Response {
    let title = plain(stranger.language, title);
    Page { status, language: stranger.language, title: &title, sentences, button }.into_response()
}

fn invalid(stranger: &Stranger) -> Response {
    let sentences = [plain(stranger.language, "api-farewell-invalid")];
    page(stranger, StatusCode::NOT_FOUND, "api-farewell-invalid-title", &sentences, None)
}
