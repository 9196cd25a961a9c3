//! `/v3/domains/{domain}/webhooks`, `/v4/domains/{domain}/webhooks`, `/v5/accounts/http_signing_key`.
//!
//! Clients send the newer form to the older path, so the fields decide and not the version: `event_types` names types, and a `url` alone removes it
//! from all of them.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use serde_json::{Value, json};
use tegami_queue::{CallError, Post};
use tegami_store::EventKind;

use super::asked::{Account, Managed};
use super::form::Form;
use crate::calls::{Body, NoBody, without_credentials};
use crate::error::{ApiError, answer, ok};
use crate::house::{House, Shared};
use crate::segments::Segments;
use crate::webhook::{self, Subscriptions, WebhookError, known_kind};

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    let mut router =
        Router::new().route("/v5/accounts/http_signing_key", get(signing_key).post(new_signing_key));
    for version in ["v3", "v4"] {
        let all = format!("/{version}/domains/{{domain}}/webhooks");
        let one = format!("{all}/{{kind}}");
        router = router
            .route(&all, get(list).post(create).put(move_url).delete(remove_url))
            .route(&one, get(show).put(update).delete(remove))
            .route(&format!("{one}/test"), put(test));
    }
    router
}

type OfKind = Segments<(String, String)>;

/// A refusal, which some clients read under another name.
struct Refused(ApiError);

impl<E: Into<ApiError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl From<WebhookError> for ApiError {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::Store(error) => error.into(),
            wrong => Self::bad(wrong.to_string()),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self.0 {
            ApiError::BadRequest(message) => {
                answer(StatusCode::BAD_REQUEST, &json!({"message": message, "Reason": message}))
            }
            error => error.into_response(),
        }
    }
}

async fn list(
    State(house): State<Shared>,
    Managed(domain): Managed,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let mut all = webhook::all(&*house.rooms.store, domain.as_str()).await?;
    for urls in all.values_mut() {
        house.hide_credentials(&headers, urls).await?;
    }
    Ok(ok(json!({"webhooks": shown(&all)})))
}

fn shown(all: &Subscriptions) -> Value {
    all.iter()
        .map(|(kind, urls)| (kind.clone(), json!({"urls": urls})))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

async fn show(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Segments((_, kind)): OfKind,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let mut urls = house.urls(domain.as_str(), &kind).await?;
    house.hide_credentials(&headers, &mut urls).await?;
    Ok(ok(json!({"webhook": {"urls": urls}})))
}

/// One type with its URLs (`id`), or one URL with its types (`event_types`).
async fn create(
    State(house): State<Shared>,
    Managed(domain): Managed,
    form: Form,
) -> Result<Response, Refused> {
    let urls = urls_of(&form)?;
    let kinds = kinds_of(&form)?;
    if kinds.is_empty() {
        let kind = form.filled("id")?.ok_or_else(|| ApiError::bad("id parameter is missing"))?.to_owned();
        return house.put_webhook(domain.as_str(), &kind, urls, "created").await;
    }
    let add = |all: &mut Subscriptions| {
        for kind in kinds {
            all.entry(kind.to_owned()).or_default().extend(urls.iter().cloned());
        }
    };
    house.alter_webhooks(domain.as_str(), add).await
}

/// A URL is told of these types and of no others.
async fn move_url(
    State(house): State<Shared>,
    Managed(domain): Managed,
    form: Form,
) -> Result<Response, Refused> {
    let urls = urls_of(&form)?;
    let kinds = kinds_of(&form)?;
    if kinds.is_empty() {
        return Err(ApiError::bad("event_types parameter is missing").into());
    }
    let put = |all: &mut Subscriptions| {
        for kind in webhook::WEBHOOK_KINDS {
            let told = all.entry(kind.to_owned()).or_default();
            if kinds.contains(&kind) {
                told.extend(urls.iter().cloned());
            } else {
                told.retain(|url| !urls.contains(url));
            }
        }
    };
    house.alter_webhooks(domain.as_str(), put).await
}

/// URLs are told nothing more.
async fn remove_url(
    State(house): State<Shared>,
    Managed(domain): Managed,
    form: Form,
) -> Result<Response, Refused> {
    let mut urls = urls_of(&form)?;
    // A list in one text; a URL with a comma in it is one as it stands.
    let pieces: Vec<String> =
        urls.iter().flat_map(|url| url.split(',')).map(|url| url.trim().to_owned()).collect();
    urls.extend(pieces);
    let take = |all: &mut Subscriptions| {
        all.values_mut().for_each(|told| told.retain(|url| !urls.contains(url)));
    };
    house.alter_webhooks(domain.as_str(), take).await
}

async fn update(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Segments((_, kind)): OfKind,
    form: Form,
) -> Result<Response, Refused> {
    house.urls(domain.as_str(), &kind).await?;
    house.put_webhook(domain.as_str(), &kind, urls_of(&form)?, "updated").await
}

async fn remove(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Segments((_, kind)): OfKind,
) -> Result<Response, Refused> {
    let urls = house.urls(domain.as_str(), &kind).await?;
    let (store, caller) = (&*house.rooms.store, &*house.rooms.calls.caller);
    webhook::set(store, caller, domain.as_str(), known_kind(&kind)?, Vec::new()).await?;
    Ok(ok(json!({"message": "Webhook has been deleted", "webhook": {"urls": urls}})))
}

/// Posts an event that never happened, once and at once.
async fn test(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Segments((_, kind)): OfKind,
    form: Form,
) -> Result<Response, Refused> {
    let kind = known_kind(&kind)?;
    let calls = &house.rooms.calls;
    let url = urls_of(&form)?.swap_remove(0);
    webhook::check(&*calls.caller, &url)?;
    let all = [
        EventKind::Accepted,
        EventKind::Clicked,
        EventKind::Complained,
        EventKind::Delivered,
        EventKind::Opened,
    ];
    let all = all.into_iter().chain([EventKind::Failed, EventKind::Deferred, EventKind::Unsubscribed]);
    let event = all.into_iter().find(|event| webhook::kind_of(*event) == Some(kind));
    let sample =
        super::event_post::sample(calls, domain.as_str(), event.unwrap_or(EventKind::Delivered)).await;
    let Body { content_type, octets } = sample.map_err(|error| match error {
        NoBody::Store(error) => ApiError::from(error),
        NoBody::Gone(_) => ApiError::Internal,
    })?;
    let told = match calls.caller.post(Post { url, content_type, body: octets }).await {
        Ok(answered) => json!({"code": answered.status, "message": answered.beginning}),
        Err(CallError::Unanswered(why)) => json!({"code": 0, "message": why}),
        Err(error) => return Err(ApiError::bad(error.to_string()).into()),
    };
    Ok(ok(told))
}

async fn signing_key(
    State(house): State<Shared>,
    _: Account,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    // Whoever has it can say anything in our name.
    if !house.may_change(&headers).await? {
        return Err(ApiError::NotAllowed("a key that may only look does not see the signing key".to_owned()));
    }
    let key = house.rooms.calls.signing_key().await?;
    Ok(ok(json!({"message": "success", "http_signing_key": key})))
}

async fn new_signing_key(State(house): State<Shared>, _: Account) -> Result<Response, ApiError> {
    let key = house.rooms.calls.renew_signing_key().await?;
    Ok(ok(json!({"message": "success", "http_signing_key": key})))
}

impl House {
    /// Leaves out of URLs what a key that may only look shall not learn.
    async fn hide_credentials(&self, headers: &HeaderMap, urls: &mut [String]) -> Result<(), ApiError> {
        if !self.may_change(headers).await? {
            urls.iter_mut().for_each(|url| *url = without_credentials(url));
        }
        Ok(())
    }

    async fn urls(&self, domain: &str, kind: &str) -> Result<Vec<String>, ApiError> {
        let found = webhook::find(&*self.rooms.store, domain, known_kind(kind)?).await?;
        found.ok_or_else(|| ApiError::NotFound("Webhook not found".to_owned()))
    }

    async fn put_webhook(
        &self,
        domain: &str,
        kind: &str,
        urls: Vec<String>,
        done: &str,
    ) -> Result<Response, Refused> {
        let (store, caller) = (&*self.rooms.store, &*self.rooms.calls.caller);
        let urls = webhook::set(store, caller, domain, known_kind(kind)?, urls).await?;
        Ok(ok(json!({"message": format!("Webhook has been {done}"), "webhook": {"urls": urls}})))
    }

    async fn alter_webhooks(
        &self,
        domain: &str,
        change: impl FnOnce(&mut Subscriptions) + Send,
    ) -> Result<Response, Refused> {
        let (store, caller) = (&*self.rooms.store, &*self.rooms.calls.caller);
        let all = webhook::alter(store, caller, domain, change).await?;
        Ok(ok(json!({"webhooks": shown(&all)})))
    }
}

fn urls_of(form: &Form) -> Result<Vec<String>, ApiError> {
    let mut urls = Vec::new();
    for name in ["url", "urls"] {
        for text in form.texts(name) {
            let text = text?.trim();
            if !text.is_empty() {
                urls.push(text.to_owned());
            }
        }
    }
    if urls.is_empty() { Err(WebhookError::NoUrl.into()) } else { Ok(urls) }
}

/// Repeated, or in one text with commas.
fn kinds_of(form: &Form) -> Result<Vec<&'static str>, ApiError> {
    let mut kinds = Vec::new();
    for text in form.texts("event_types") {
        for kind in text?.split(',').map(str::trim).filter(|kind| !kind.is_empty()) {
            kinds.push(known_kind(kind)?);
        }
    }
    Ok(kinds)
}
