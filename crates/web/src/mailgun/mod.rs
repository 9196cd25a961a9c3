//! The Mailgun-compatible API. Its words stop here.
//!
//! ```text
//!   request ─► auth ─► form ─► parameters ─► compose ─► submit ─► intake
//!                                  mime ────────────────┘
//!   events: range and filter (from the query or the token) ─► store ─► event objects ─► paging URLs
//! ```

mod account;
mod allowed;
mod analytics;
mod asked;
mod auth;
mod batch;
mod compose;
mod controls;
mod credential;
mod dkim;
mod domain;
mod event;
pub(crate) mod event_post;
mod events;
mod filler;
pub(crate) mod filter;
pub(crate) mod form;
mod lists;
mod media;
mod message;
mod mime;
mod offset;
mod options;
mod parameters;
pub(crate) mod pivot;
pub(crate) mod route_post;
mod routes;
mod scalar;
mod setting;
mod stats;
mod stored;
mod submit;
mod suppression;
mod tag;
mod templates;
pub(crate) mod token;
mod url;
mod validate;
mod waiting;
mod webhook;

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::house::Shared;

pub(crate) use auth::key_of;
pub use controls::SubmissionControls;
pub(crate) use event::message_url;

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v3/{domain}/messages", post(message::send))
        .route("/v3/{domain}/messages.mime", post(mime::send))
        .route("/v3/{domain}/events", get(events::first))
        .route("/v3/{domain}/events/{token}", get(events::page))
        .route(
            "/v3/domains/{domain}/messages/{key}",
            get(stored::show).post(stored::resend).delete(stored::remove),
        )
        .route("/v3/domains/{domain}/messages/{key}/attachments/{number}", get(stored::attachment))
        .merge(domain::routes())
        .merge(credential::routes())
        .merge(setting::routes())
        .merge(dkim::routes())
        .merge(account::routes())
        .merge(validate::routes())
        .merge(suppression::routes())
        .merge(templates::routes())
        .merge(waiting::routes())
        .merge(allowed::routes())
        .merge(lists::routes())
        .merge(routes::routes())
        .merge(webhook::routes())
        .merge(analytics::routes())
        .merge(stats::routes())
        .merge(tag::routes())
}

/// Clients know by this very text that they were pointed at the wrong URL.
pub(crate) async fn greet() -> Response {
    ([(header::CONTENT_TYPE, "text/plain")], "Mailgun Magnificent API").into_response()
}
