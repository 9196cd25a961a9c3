//! `/v3/domains/{domain}/webhooks`, `/v4/domains/{domain}/webhooks`, `/v5/accounts/http_signing_key`.
//!
//! Clients send the newer form to the older path, so the fields decide and not the version: `event_types` names types, and a `url` alone removes it
//! from all of them.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use serde_json::{Value, json};
use tegami_queue::{CallError, Post};
use tegami_store::EventKind;

use super::asked::{Account, Managed};
use super::form::Form;
use crate::calls::{Body, NoBody};
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

async fn list(State(house): State<Shared>, Managed(domain): Managed) -> Result<Response, Refused> {
    let all = webhook::all(&*house.rooms.store, domain.as_str()).await?;
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
) -> Result<Response, Refused> {
    let urls = house.urls(domain.as_str(), &kind).await?;
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
    let present = webhook::all(&*house.rooms.store, domain.as_str()).await?;
    let mut wanted = Subscriptions::new();
    for kind in kinds {
        let known = known_kind(&kind)?;
        let mut all = present.get(known).cloned().unwrap_or_default();
        all.extend(urls.iter().filter(|url| !all.contains(url)).cloned().collect::<Vec<_>>());
        wanted.insert(known.to_owned(), all);
    }
    house.set_webhooks(domain.as_str(), wanted).await
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
    let known = kinds.iter().map(|kind| known_kind(kind)).collect::<Result<Vec<_>, _>>()?;
    let mut wanted = webhook::all(&*house.rooms.store, domain.as_str()).await?;
    for kind in webhook::WEBHOOK_KINDS {
        let all = wanted.entry(kind.to_owned()).or_default();
        all.retain(|url| !urls.contains(url));
        if known.contains(&kind) {
            all.extend(urls.iter().cloned());
        }
    }
    house.set_webhooks(domain.as_str(), wanted).await
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
    let mut wanted = webhook::all(&*house.rooms.store, domain.as_str()).await?;
    wanted.values_mut().for_each(|all| all.retain(|url| !urls.contains(url)));
    house.set_webhooks(domain.as_str(), wanted).await
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
    let nobody = Subscriptions::from([(kind, Vec::new())]);
    webhook::set(&*house.rooms.store, &*house.rooms.calls.caller, domain.as_str(), nobody).await?;
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

async fn signing_key(State(house): State<Shared>, _: Account) -> Result<Response, ApiError> {
    let key = house.rooms.calls.signing_key().await?;
    Ok(ok(json!({"message": "success", "http_signing_key": key})))
}

async fn new_signing_key(State(house): State<Shared>, _: Account) -> Result<Response, ApiError> {
    let key = house.rooms.calls.renew_signing_key().await?;
    Ok(ok(json!({"message": "success", "http_signing_key": key})))
}

impl House {
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
        let kind = known_kind(kind)?;
        let wanted = Subscriptions::from([(kind.to_owned(), urls)]);
        webhook::set(&*self.rooms.store, &*self.rooms.calls.caller, domain, wanted).await?;
        let urls = self.urls(domain, kind).await?;
        Ok(ok(json!({"message": format!("Webhook has been {done}"), "webhook": {"urls": urls}})))
    }

    async fn set_webhooks(&self, domain: &str, wanted: Subscriptions) -> Result<Response, Refused> {
        webhook::set(&*self.rooms.store, &*self.rooms.calls.caller, domain, wanted).await?;
        let all = webhook::all(&*self.rooms.store, domain).await?;
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
fn kinds_of(form: &Form) -> Result<Vec<String>, ApiError> {
    let mut kinds = Vec::new();
    for text in form.texts("event_types") {
        kinds.extend(text?.split(',').map(str::trim).filter(|kind| !kind.is_empty()).map(ToOwned::to_owned));
    }
    Ok(kinds)
}
