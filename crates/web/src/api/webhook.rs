//! Webhooks, and the log of the requests that are made: to webhooks, for routes, for archives.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_mail::{Domain, Note, StoredNote, note};
use tegami_queue::{Call, CallState, CallSubject};
use tegami_store::QueueId;
use tegami_words::{Language, text};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{Changing, Told};
use super::input::{Asked, Body};
use super::limited;
use crate::calls::{AgainError, CallFilter, RenewError, without_credentials};
use crate::error::{ApiError, good};
use crate::gate::{Tongue, Visitor};
use crate::house::{House, Shared};
use crate::people::Role;
use crate::segments::Segments;
use crate::webhook;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(webhooks))
        .routes(routes!(set))
        .routes(routes!(calls))
        .routes(routes!(again))
        .routes(routes!(signing_key, renew_signing_key))
}

/// Where events of one type are told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Webhook {
    /// Whose events.
    pub(crate) domain: String,
    /// `accepted`, `clicked`, `complained`, `delivered`, `opened`, `permanent_fail`, `temporary_fail` or `unsubscribed`.
    pub(crate) kind: String,
    /// Where they are told, credentials left out for the role `read-only`.
    pub(crate) urls: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct Webhooks {
    webhooks: Vec<Webhook>,
}

/// Where events of a type shall be told.
#[derive(Debug, Deserialize, ToSchema)]
struct Wanted {
    /// At most three; none ends it.
    #[schema(max_items = 3)]
    urls: Vec<String>,
}

/// Which requests.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Of this domain.
    pub(crate) domain: Option<String>,
    /// `waiting`, `done` or `failed`.
    #[param(value_type = Option<String>)]
    pub(crate) state: Option<CallState>,
    /// To URLs that begin so.
    pub(crate) url: Option<String>,
    /// After the request with this key.
    pub(crate) after: Option<String>,
    /// At most so many.
    pub(crate) limit: Option<u32>,
}

/// A request that is to be made, or was.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallStory {
    /// What it is made again by. It is another one after each attempt.
    pub(crate) key: String,
    /// Whom it concerns.
    pub(crate) domain: String,
    /// Where it goes, credentials left out.
    pub(crate) url: String,
    /// `event`, `forward`, `stored` or `archive`.
    pub(crate) tells: &'static str,
    /// Of an event its type.
    pub(crate) kind: Option<String>,
    /// The message that it is about, where it is about one.
    #[schema(value_type = Option<String>)]
    pub(crate) message: Option<QueueId>,
    /// The recipient, where the message is for one.
    pub(crate) recipient: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
    /// The next attempt not before; of one that is over, the moment it ended.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) due: Timestamp,
    /// `waiting`, `done` or `failed`.
    #[schema(value_type = String)]
    pub(crate) state: CallState,
    /// How it stands, in a sentence.
    pub(crate) told: String,
    /// What came of it so far, oldest first.
    pub(crate) attempts: Vec<CallTry>,
}

/// One attempt.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallTry {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    /// How long it took, in milliseconds.
    pub(crate) duration_ms: u64,
    /// The status of the answer, where there was one.
    pub(crate) status: Option<u16>,
    /// The beginning of the answer, or why there was none.
    pub(crate) said: String,
}

/// A page of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallLog {
    /// First those that wait, the next one first; then those that are over, the newest first.
    pub(crate) calls: Vec<CallStory>,
    /// The following page is after this key; `null` where there is none.
    pub(crate) next: Option<String>,
}

/// What webhooks and posts of routes are signed with (HMAC-SHA256).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallKey {
    /// The key, which receivers verify signatures with.
    pub(crate) key: String,
    /// The configuration names it: it is changed there.
    pub(crate) configured: bool,
}

#[derive(Serialize, ToSchema)]
struct Again {
    /// What it is found by from now on.
    key: String,
}

impl CallStory {
    fn new(key: String, call: Call, language: Language) -> Self {
        let told = StoredNote::from(sentence(&call));
        let told = text(language, &told.id, &told.values());
        let (tells, kind, message, recipient) = match call.subject {
            CallSubject::Event { kind, .. } => ("event", Some(kind), None, None),
            CallSubject::Forward { message, recipient } => ("forward", None, Some(message), Some(recipient)),
            CallSubject::Stored { message, recipient } => ("stored", None, Some(message), Some(recipient)),
            CallSubject::Archive { message, recipient } => ("archive", None, Some(message), Some(recipient)),
        };
        let attempts = call.attempts.into_iter().map(|attempt| CallTry {
            at: attempt.at,
            duration_ms: attempt.duration_ms,
            status: attempt.status,
            said: attempt.said,
        });
        Self {
            key,
            domain: call.domain,
            url: without_credentials(&call.url),
            tells,
            kind,
            message,
            recipient,
            created_at: call.created_at,
            due: call.due,
            state: call.state,
            told,
            attempts: attempts.collect(),
        }
    }
}

/// How a request stands.
fn sentence(call: &Call) -> Note {
    let Some(last) = call.attempts.last() else { return note!("hook-new") };
    let due = call.due.strftime("%Y-%m-%d %H:%M:%S UTC");
    let (attempts, said) = (call.attempts.len(), last.said.as_str());
    match (call.state, last.status) {
        (CallState::Done, status) => note!("hook-done", status = status.unwrap_or_default()),
        (CallState::Waiting, Some(status)) => note!("hook-again", status = status, due = due),
        (CallState::Waiting, None) => note!("hook-again-unanswered", said = said, due = due),
        (CallState::Failed, Some(406)) => note!("hook-refused"),
        (CallState::Failed, Some(status)) => note!("hook-given-up", status = status, attempts = attempts),
        (CallState::Failed, None) => note!("hook-given-up-unanswered", said = said, attempts = attempts),
    }
}

impl House {
    /// Where everybody's events are told. Credentials in URLs are for those who may change them.
    pub(crate) async fn webhooks(&self, role: Role) -> Result<Vec<Webhook>, ApiError> {
        let all = webhook::everybodys(&*self.rooms.store).await?;
        let webhook = |(key, mut urls): (String, Vec<String>)| {
            if role != Role::Admin {
                urls = urls.iter().map(|url| without_credentials(url)).collect();
            }
            let (domain, kind) = key.split_once('/')?;
            Some(Webhook { domain: domain.to_owned(), kind: kind.to_owned(), urls })
        };
        Ok(all.into_iter().filter_map(webhook).collect())
    }

    /// Has events of a type told to these URLs and no others.
    pub(crate) async fn set_webhook(
        &self,
        domain: &str,
        kind: &str,
        urls: Vec<String>,
        by: &Visitor,
    ) -> Result<Webhook, ApiError> {
        let missing = || ApiError::NotFound("There is no such domain".to_owned());
        let domain = Domain::parse(domain).map_err(|_| missing())?;
        let ours = self.rooms.domains.find(&domain).await?.ok_or_else(missing)?;
        let kind = webhook::known_kind(kind)?;
        let (store, name) = (&*self.rooms.store, ours.name.as_str());
        let urls = webhook::set(store, &*self.rooms.calls.caller, name, kind, urls).await?;
        tracing::info!(target: "tegami::operator", by = &*by.name, domain = name, kind, "webhook");
        Ok(Webhook { domain: name.to_owned(), kind: kind.to_owned(), urls })
    }

    /// A page of the log of requests.
    pub(crate) async fn call_log(&self, which: &Which, language: Language) -> Result<CallLog, ApiError> {
        let limit = limited(which.limit);
        let filter = CallFilter { domain: which.domain.clone(), state: which.state, url: which.url.clone() };
        let found = self.rooms.calls.list(&filter, which.after.as_deref(), limit).await?;
        let next = found.last().filter(|_| found.len() >= limit).map(|(key, _)| key.clone());
        let calls = found.into_iter().map(|(key, call)| CallStory::new(key, call, language)).collect();
        Ok(CallLog { calls, next })
    }

    /// What requests are signed with. Who only looks is not told: with it, anybody could pass for this server.
    pub(crate) async fn call_key(&self, by: &Visitor) -> Result<CallKey, ApiError> {
        if by.role != Role::Admin {
            return Err(ApiError::NotAllowed("the signing key is for the role admin alone".to_owned()));
        }
        let calls = &self.rooms.calls;
        Ok(CallKey { key: calls.signing_key().await?, configured: calls.settings().signing_key.is_some() })
    }

    /// Signs with another key from now on.
    pub(crate) async fn renew_call_key(&self, by: &Visitor) -> Result<CallKey, ApiError> {
        let key = self.rooms.calls.renew_signing_key().await?;
        tracing::info!(target: "tegami::operator", by = &*by.name, "signing key of webhooks");
        Ok(CallKey { key, configured: false })
    }

    /// Has a request made again, now; gives back its new key.
    pub(crate) async fn call_again(&self, key: &str, by: &Visitor) -> Result<String, ApiError> {
        let made = self.rooms.calls.again(key).await.map_err(|error| match error {
            AgainError::Gone => ApiError::NotFound(
                "There is no such request: it was made meanwhile, or is forgotten".to_owned(),
            ),
            AgainError::Store(error) => error.into(),
        })?;
        tracing::info!(target: "tegami::operator", by = &*by.name, call = made, "call again");
        Ok(made)
    }
}

impl From<RenewError> for ApiError {
    fn from(error: RenewError) -> Self {
        match error {
            RenewError::Configured => Self::bad(error.to_string()),
            RenewError::Store(error) => error.into(),
        }
    }
}

/// Where events are told.
#[utoipa::path(get, path = "/api/webhooks", tag = "webhooks", responses((status = 200, body = Webhooks), Told))]
async fn webhooks(State(house): State<Shared>, by: Visitor) -> Result<Response, ApiError> {
    Ok(good(&Webhooks { webhooks: house.webhooks(by.role).await? }))
}

/// Has events of a type told to these URLs and no others.
#[utoipa::path(put, path = "/api/webhooks/{domain}/{kind}", tag = "webhooks", params(("domain" = String, Path, description = "One of our domains."), ("kind" = String, Path, description = "The type of events.")), request_body = Wanted, responses((status = 200, body = Webhook), Changing))]
async fn set(
    State(house): State<Shared>,
    by: Visitor,
    Segments((domain, kind)): Segments<(String, String)>,
    Body(wanted): Body<Wanted>,
) -> Result<Response, ApiError> {
    Ok(good(&house.set_webhook(&domain, &kind, wanted.urls, &by).await?))
}

/// Requests to webhooks, for routes and for archives, with what came of each attempt. Those that are over are kept for three days.
#[utoipa::path(get, path = "/api/calls", tag = "webhooks", params(Which), responses((status = 200, body = CallLog), Told))]
async fn calls(
    State(house): State<Shared>,
    Tongue(language): Tongue,
    Asked(which): Asked<Which>,
) -> Result<Response, ApiError> {
    Ok(good(&house.call_log(&which, language).await?))
}

/// Has a request made again, now, whether it waits or is over.
#[utoipa::path(post, path = "/api/calls/{key}/again", tag = "webhooks", params(("key" = String, Path, description = "The request's `key`.")), responses((status = 200, body = Again), Changing))]
async fn again(
    State(house): State<Shared>,
    by: Visitor,
    Segments(key): Segments<String>,
) -> Result<Response, ApiError> {
    Ok(good(&Again { key: house.call_again(&key, &by).await? }))
}

/// What webhooks and posts of routes are signed with. For the role admin alone.
#[utoipa::path(get, path = "/api/signing-key", tag = "webhooks", responses((status = 200, body = CallKey), Changing))]
async fn signing_key(State(house): State<Shared>, by: Visitor) -> Result<Response, ApiError> {
    Ok(good(&house.call_key(&by).await?))
}

/// Signs with a new key from now on; receivers that verify signatures need it at once.
#[utoipa::path(post, path = "/api/signing-key", tag = "webhooks", responses((status = 200, body = CallKey), Changing))]
async fn renew_signing_key(State(house): State<Shared>, by: Visitor) -> Result<Response, ApiError> {
    Ok(good(&house.renew_call_key(&by).await?))
}
