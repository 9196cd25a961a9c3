//! Messages: the list with search, one with its journey, its content.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tegami_mail::{Address, mime};
use tegami_queue::judgement_apart;
use tegami_store::{
    Attempt, EnvelopeParameters, Event, EventFilter, EventKind, MessageRow, Origin, QueueId, QueueRow,
    RecipientState, StoreError, Summary,
};
use tegami_words::{Language, told};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{Named, Told};
use super::input::Asked;
use super::limited;
use crate::error::{ApiError, good};
use crate::gate::Tongue;
use crate::house::{House, Shared};
use crate::segments::Segments;

/// Messages that one search looks at; the next page goes on where it stopped.
const LOOKED_AT: usize = 10_000;
/// Messages read at once.
const PAGE: usize = 250;
/// Events of one message that are shown.
pub(crate) const PLENTY: usize = 5000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(messages))
        .routes(routes!(message))
        .routes(routes!(content))
        .routes(routes!(html))
}

/// What becomes of a message: of its recipients, the one that most wants to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fate {
    /// Everybody has it.
    Delivered,
    /// On its way, or waits for its next attempt.
    Waiting,
    /// Waits for a person.
    Held,
    /// Somebody will never get it.
    Failed,
    /// It came from outside into a mailbox here.
    Received,
    /// Accepted for show.
    Test,
}

impl Fate {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Delivered, Self::Waiting, Self::Held, Self::Failed, Self::Received, Self::Test];

    /// As it is written.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Received => "received",
            Self::Test => "test",
        }
    }

    fn of(message: &MessageRow, rows: &[QueueRow]) -> Self {
        if message.summary.test_mode {
            return Self::Test;
        }
        let weight = |row: &&QueueRow| match row.state {
            RecipientState::Failed => 3,
            RecipientState::Held => 2,
            RecipientState::Queued => 1,
            RecipientState::Delivered => 0,
        };
        match rows.iter().max_by_key(weight).map(|row| row.state) {
            Some(RecipientState::Failed) => Self::Failed,
            Some(RecipientState::Held) => Self::Held,
            Some(RecipientState::Queued) => Self::Waiting,
            Some(RecipientState::Delivered) => Self::Delivered,
            None => Self::Received,
        }
    }
}

/// Which messages. What is left out restricts nothing; letters match whatever their case.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// These words stand in the subject, From, To, Message-ID or a tag; or it is the queue id.
    pub(crate) q: Option<String>,
    /// A recipient, or a part of the address.
    pub(crate) recipient: Option<String>,
    /// A part of From or of the reverse-path.
    pub(crate) sender: Option<String>,
    /// A part of the subject.
    pub(crate) subject: Option<String>,
    /// The queue id, or the Message-ID.
    pub(crate) id: Option<String>,
    /// A tag.
    pub(crate) tag: Option<String>,
    /// What became of it.
    #[param(inline)]
    pub(crate) fate: Option<Fate>,
    /// The sending (or receiving) domain.
    pub(crate) domain: Option<String>,
    /// Accepted not before (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    pub(crate) begin: Option<Timestamp>,
    /// Accepted before (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    pub(crate) end: Option<Timestamp>,
    /// Older than this message: `next` of the page before.
    #[param(value_type = Option<String>)]
    pub(crate) before: Option<QueueId>,
    /// At most so many, 50 unless asked for otherwise, never more than 500.
    pub(crate) limit: Option<u32>,
}

/// Messages that were found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// With their recipients.
    pub(crate) messages: Vec<(MessageRow, Vec<QueueRow>)>,
    /// Where the following page begins, where there may be more.
    pub(crate) next: Option<QueueId>,
}

impl Search {
    /// Whether anything is searched for.
    pub(crate) fn is_open(&self) -> bool {
        let texts =
            [&self.q, &self.recipient, &self.sender, &self.subject, &self.id, &self.tag, &self.domain];
        texts.iter().all(|text| text.is_none())
            && self.fate.is_none()
            && self.begin.is_none()
            && self.end.is_none()
    }

    /// Whether a message fits, as far as it says so itself.
    fn fits(&self, message: &MessageRow) -> bool {
        let summary = &message.summary;
        let reverse_path = message.reverse_path.to_string();
        let within = |wanted: &Option<String>, texts: &[&str]| {
            wanted.as_ref().is_none_or(|wanted| texts.iter().any(|text| contains(text, wanted)))
        };
        let tags: Vec<&str> = summary.tags.iter().map(String::as_str).collect();
        let id = message.id.to_string();
        let mut anywhere =
            vec![&*summary.subject, &*summary.from, &*summary.to, &*summary.message_id, &*reverse_path];
        anywhere.extend(&tags);
        let is_id = self.q.as_ref().is_some_and(|q| q.eq_ignore_ascii_case(&id));
        (is_id || within(&self.q, &anywhere))
            && within(&self.sender, &[&summary.from, &reverse_path])
            && within(&self.subject, &[&summary.subject])
            && self.tag.as_ref().is_none_or(|tag| tags.iter().any(|known| known.eq_ignore_ascii_case(tag)))
            && self.domain.as_ref().is_none_or(|domain| domain.eq_ignore_ascii_case(&message.domain))
            && self.begin.is_none_or(|begin| begin <= message.accepted_at)
            && self.end.is_none_or(|end| message.accepted_at < end)
    }

    /// Whether its recipients fit.
    fn fits_rows(&self, message: &MessageRow, rows: &[QueueRow]) -> bool {
        let recipient = self.recipient.as_ref().is_none_or(|wanted| {
            contains(&message.summary.to, wanted)
                || rows.iter().any(|row| contains(&row.path.address.to_string(), wanted))
        });
        recipient && self.fate.is_none_or(|fate| fate == Fate::of(message, rows))
    }
}

/// Whether words stand in a text, whatever the case of their letters.
fn contains(text: &str, words: &str) -> bool {
    text.to_lowercase().contains(&words.to_lowercase())
}

impl House {
    /// Messages that fit, newest first.
    pub(crate) async fn search(&self, search: &Search) -> Result<Found, StoreError> {
        let limit = limited(search.limit);
        let store = &self.rooms.store;
        if let Some(id) = &search.id {
            return self.fitting(search, self.by_id(id).await?, limit).await;
        }
        let whole = search.recipient.as_deref().and_then(|text| Address::parse(text).ok());
        if let Some(address) = whole {
            let rows = store.messages_to(&address, LOOKED_AT).await?;
            return self.fitting(search, rows, limit).await;
        }
        // Identifiers begin with the time.
        let end = search.end.map(|end| {
            let millis = u128::try_from(end.as_millisecond()).unwrap_or_default();
            QueueId::from_bits(millis << 80)
        });
        let mut before = search.before.into_iter().chain(end).min();
        let mut found = Found::default();
        for _ in 0..LOOKED_AT / PAGE {
            // Whole with the last row of the page before: the next one begins behind that row.
            if found.messages.len() >= limit {
                break;
            }
            let page = store.messages(before, PAGE).await?;
            let (count, oldest) = (page.len(), page.last().map(|row| (row.id, row.accepted_at)));
            let over = search.begin.is_some_and(|begin| oldest.is_some_and(|(_, at)| at < begin));
            let more = self.fitting(search, page, limit - found.messages.len()).await?;
            found.messages.extend(more.messages);
            found.next = more.next;
            if found.next.is_some() || count < PAGE || over {
                return Ok(found);
            }
            before = oldest.map(|(id, _)| id);
        }
        found.next = before;
        Ok(found)
    }

    /// Of these messages those that fit, at most so many.
    async fn fitting(
        &self,
        search: &Search,
        rows: Vec<MessageRow>,
        limit: usize,
    ) -> Result<Found, StoreError> {
        let mut found = Found::default();
        for message in rows {
            if search.before.is_some_and(|before| message.id >= before) || !search.fits(&message) {
                continue;
            }
            if found.messages.len() >= limit {
                found.next = found.messages.last().map(|(message, _)| message.id);
                break;
            }
            let rows = self.rooms.store.recipients(message.id).await?;
            if search.fits_rows(&message, &rows) {
                found.messages.push((message, rows));
            }
        }
        Ok(found)
    }

    async fn by_id(&self, id: &str) -> Result<Vec<MessageRow>, StoreError> {
        let id = id.trim();
        match id.parse() {
            Ok(id) => match self.rooms.store.message(id).await {
                Ok(message) => Ok(vec![message]),
                Err(StoreError::NotFound(_)) => Ok(Vec::new()),
                Err(error) => Err(error),
            },
            Err(_) => {
                let inside = id.trim_start_matches('<').trim_end_matches('>');
                self.rooms.store.by_message_id(inside).await
            }
        }
    }

    /// A message with recipients, attempts, events and verdicts; notes have become sentences.
    pub(crate) async fn story(&self, id: QueueId, language: Language) -> Result<Story, ApiError> {
        let store = &self.rooms.store;
        let row = store.message(id).await?;
        let recipients = store.recipients(id).await?;
        let attempts = store.attempts(id).await?;
        let filter = EventFilter { message: Some(id), limit: PLENTY, ..EventFilter::default() };
        let events = store.events(filter).await?;
        let preflight = events.iter().rev().find_map(|event| judgement_apart(&event.event).1);
        Ok(Story {
            preflight: preflight.map(|report| told(language, &report)),
            verdicts: row.verdicts.as_ref().map(|verdicts| told(language, verdicts)),
            message: Message::new(row, &recipients),
            recipients: recipients.iter().map(Recipient::new).collect(),
            attempts: attempts.into_iter().map(|attempt| AttemptStory::new(attempt, language)).collect(),
            events: events.into_iter().map(|event| EventStory::new(event, language)).collect(),
        })
    }
}

/// A message without its content.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Message {
    /// Its queue id.
    #[schema(value_type = String)]
    id: QueueId,
    /// When it was accepted.
    #[schema(value_type = String, format = DateTime)]
    accepted_at: Timestamp,
    /// By which door it came: `door` is `http`, `submission`, `reception` or `own`.
    #[schema(value_type = Object)]
    origin: Origin,
    /// The sending (or receiving) domain.
    domain: String,
    /// MAIL FROM; empty for the null reverse-path.
    reverse_path: String,
    /// The parameters of MAIL.
    #[schema(value_type = Object)]
    parameters: EnvelopeParameters,
    /// From, To, Subject, Message-ID, size, attachments, tags, variables.
    #[schema(value_type = Object)]
    summary: Summary,
    /// What became of it. Where only a list of waiting recipients is asked for, of those.
    fate: Fate,
}

impl Message {
    pub(crate) fn new(row: MessageRow, recipients: &[QueueRow]) -> Self {
        Self {
            fate: Fate::of(&row, recipients),
            id: row.id,
            accepted_at: row.accepted_at,
            origin: row.origin,
            domain: row.domain,
            reverse_path: row.reverse_path.to_string(),
            parameters: row.envelope_parameters,
            summary: row.summary,
        }
    }
}

/// One recipient.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recipient {
    /// Place among the recipients of its message.
    recipient: u32,
    /// Who shall get it.
    #[schema(value_type = String)]
    address: Address,
    /// Where it goes next.
    next_hop: String,
    /// `queued`, `held`, `delivered` or `failed`.
    #[schema(value_type = String)]
    state: RecipientState,
    /// The next attempt not before; of a finished one the moment it finished.
    #[schema(value_type = String, format = DateTime)]
    due: Timestamp,
    /// When it is given up.
    #[schema(value_type = String, format = DateTime)]
    expires: Timestamp,
    /// Attempts so far.
    attempts: u32,
    /// The last reply or failure.
    last_status: Option<String>,
    /// Why a person holds it.
    hold_reason: Option<String>,
}

impl Recipient {
    pub(crate) fn new(row: &QueueRow) -> Self {
        Self {
            recipient: row.id.recipient,
            address: row.path.address.clone(),
            next_hop: row.next_hop.clone(),
            state: row.state,
            due: row.due,
            expires: row.expires,
            attempts: row.attempts,
            last_status: row.last_status.clone(),
            hold_reason: row.hold_reason.clone(),
        }
    }
}

/// One attempt.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptStory {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Places of the recipients it was for.
    recipients: Vec<u32>,
    /// Hosts that were tried, TLS, transcript, result for each recipient.
    record: Value,
}

impl AttemptStory {
    fn new(attempt: Attempt, language: Language) -> Self {
        Self {
            at: attempt.at,
            record: told(language, &attempt.record.value()),
            recipients: attempt.recipients,
        }
    }
}

/// One event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventStory {
    /// Its place in the order of all events.
    seq: u64,
    /// `accepted`, `delivered`, `deferred`, `failed` …
    #[schema(value_type = String)]
    kind: EventKind,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Whom it is about, where it is about one.
    recipient: Option<String>,
    /// Reply, host, TLS, reason.
    data: Value,
}

impl EventStory {
    fn new(event: Event, language: Language) -> Self {
        // A judgement stands beside the events.
        let (data, _) = judgement_apart(&event.event);
        Self {
            seq: event.seq,
            kind: event.event.kind,
            at: event.event.at,
            data: told(language, &data),
            recipient: event.event.recipient,
        }
    }
}

/// Everything that is known of a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Story {
    message: Message,
    recipients: Vec<Recipient>,
    /// Oldest first.
    attempts: Vec<AttemptStory>,
    /// Oldest first.
    events: Vec<EventStory>,
    /// What reception found: SPF, DKIM, ARC, DMARC with their steps.
    verdicts: Option<Value>,
    /// Of a message in test mode: what its receivers would make of it, in the form of a test inbox's report. `null` until it was judged, which
    /// takes a moment.
    preflight: Option<Value>,
}

/// A page of messages.
#[derive(Serialize, ToSchema)]
struct Messages {
    messages: Vec<Message>,
    /// `before` of the following page; `null` where there is none.
    #[schema(value_type = Option<String>)]
    next: Option<QueueId>,
}

/// Messages, newest first.
#[utoipa::path(get, path = "/api/messages", tag = "messages", params(Search), responses((status = 200, body = Messages), Told))]
async fn messages(State(house): State<Shared>, Asked(search): Asked<Search>) -> Result<Response, ApiError> {
    let found = house.search(&search).await?;
    let messages = found.messages.into_iter().map(|(message, rows)| Message::new(message, &rows));
    Ok(good(&Messages { messages: messages.collect(), next: found.next }))
}

/// One message with its journey: recipients, attempts with what was said, events, verdicts with their steps.
#[utoipa::path(get, path = "/api/messages/{id}", tag = "messages", params(("id" = String, Path, description = "The queue id.")), responses((status = 200, body = Story), Named))]
async fn message(
    State(house): State<Shared>,
    Tongue(language): Tongue,
    Segments(id): Segments<QueueId>,
) -> Result<Response, ApiError> {
    Ok(good(&house.story(id, language).await?))
}

/// The content of a message, octet for octet, as plain text: no browser takes a stranger's HTML for a page of ours.
#[utoipa::path(get, path = "/api/messages/{id}/content", tag = "messages", params(("id" = String, Path, description = "The queue id.")), responses((status = 200, body = String, content_type = "text/plain"), Named))]
async fn content(State(house): State<Shared>, Segments(id): Segments<QueueId>) -> Result<Response, ApiError> {
    let content = house.rooms.store.content(id, None).await?;
    let fields = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((fields, content).into_response())
}

/// The HTML of a message, with a policy that lets it run nothing and load nothing.
#[utoipa::path(get, path = "/api/messages/{id}/html", tag = "messages", params(("id" = String, Path, description = "The queue id.")), responses((status = 200, body = String, content_type = "text/html"), Named))]
async fn html(State(house): State<Shared>, Segments(id): Segments<QueueId>) -> Result<Response, ApiError> {
    let content = house.rooms.store.content(id, None).await?;
    let html = mime::parse(&content).html;
    let html = html.ok_or_else(|| ApiError::NotFound("The message has no HTML".to_owned()))?;
    Ok(sandboxed(html))
}

/// HTML of a stranger. Styles that came with it and pictures in `data:` are all it may have: it has no origin, no script, no form, and loads nothing,
/// so that opening it tells nobody.
pub(crate) fn sandboxed(html: String) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox";
    let fields = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (fields, html).into_response()
}
