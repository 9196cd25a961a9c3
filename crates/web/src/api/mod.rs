//! The API of our own under `/api/`: messages with everything that happened to them, the queue and what people do to it, mailboxes, suppressions, keys,
//! users. The pages show and do what the functions behind these endpoints do, and nothing else.
//!
//! Sentences for people come in the language of `?lang=`, else of the Accept-Language field. `/api/openapi.json` describes all of it; it is drawn from the
//! handlers, and a test compares it with the routes.

pub(crate) mod allowed;
pub(crate) mod check;
mod document;
pub(crate) mod domain;
pub(crate) mod hold;
pub(crate) mod inbox;
mod input;
pub(crate) mod key;
pub(crate) mod list;
mod mailbox;
pub(crate) mod message;
pub(crate) mod overview;
pub(crate) mod plan;
pub(crate) mod provider;
pub(crate) mod queue;
pub(crate) mod route;
mod search;
pub(crate) mod suppression;
pub(crate) mod tag;
pub(crate) mod template;
mod user;
pub(crate) mod webhook;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

use crate::error::{ApiError, method_not_allowed};
use crate::gate;
use crate::house::Shared;

/// Entries on a page, unless asked for otherwise, and at most.
const USUAL: usize = 50;
const MOST: usize = 500;

/// Seconds that a request may wait for something to happen.
const LONGEST_WAIT: u64 = 5;

/// So long a request wants to wait.
fn patience(seconds: u64) -> Result<Duration, ApiError> {
    if seconds > LONGEST_WAIT {
        return Err(ApiError::bad(format!("`wait` is at most {LONGEST_WAIT} seconds: ask again")));
    }
    Ok(Duration::from_secs(seconds))
}

/// So many entries on a page.
fn limited(limit: Option<u32>) -> usize {
    limit.map_or(USUAL, |limit| usize::try_from(limit).unwrap_or(MOST)).clamp(1, MOST)
}

/// The routes, behind the gate.
pub(crate) fn routes(house: &Shared) -> Router<Shared> {
    let (router, document) = described().split_for_parts();
    let document = Bytes::from(document.to_json().unwrap_or_default());
    let document =
        get(async move || ([(header::CONTENT_TYPE, "application/json")], document.clone()).into_response());
    router
        .route("/api/openapi.json", document)
        .method_not_allowed_fallback(method_not_allowed)
        .route_layer(from_fn_with_state(Arc::clone(house), gate::api))
}

fn described() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(document::Document::openapi())
        .merge(overview::routes())
        .merge(message::routes())
        .merge(queue::routes())
        .merge(provider::routes())
        .merge(hold::routes())
        .merge(inbox::routes())
        .merge(check::routes())
        .merge(domain::routes())
        .merge(plan::routes())
        .merge(mailbox::routes())
        .merge(suppression::routes())
        .merge(allowed::routes())
        .merge(list::routes())
        .merge(tag::routes())
        .merge(route::routes())
        .merge(template::routes())
        .merge(key::routes())
        .merge(user::routes())
        .merge(webhook::routes())
}
