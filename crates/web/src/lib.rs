//! The HTTP door: the Mailgun-compatible API, a small JSON API of our own, and pages for people ([`pages`]).
//!
//! Mailgun's vocabulary stays in the module `mailgun`: a request becomes typed parameters, these become a content and an
//! envelope, and from there on the message is the queue's.

mod api;
mod brake;
mod browser;
mod calls;
mod checkup;
mod cors;
mod domain;
mod error;
#[doc(hidden)]
pub mod fuzz;
mod gate;
mod house;
mod idempotency;
mod mailgun;
pub mod pages;
pub mod people;
mod public;
mod refused;
mod rest;
mod segments;
mod serve;
mod span;
mod statistics;
mod stretch;
mod suppression;
mod tag;
mod template;
mod webhook;
mod whence;

pub use calls::{AgainError, CallFilter, CallMetrics, CallSettings, Calls, Signature};
pub use checkup::{Checkup, CheckupSettings, Checkups, NoPatient, Patient, Pulse, Registry, Watched};
pub use domain::{
    DeskError, DomainDesk, Facts, Hosts, Offers, PlannedRecord, Purpose, SeenRecord, Sources, plan,
    planned_key, wishes,
};
pub use house::{Rooms, Settings};
pub use idempotency::forget_requests;
pub use mailgun::SubmissionControls;
pub use public::{FormField, FormSettings};
pub use serve::{ServeError, serve};
pub use webhook::{WEBHOOK_KINDS, WebhookError};

use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::ACCEPT;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;

/// The API, without pages.
pub fn router(settings: Settings, rooms: Rooms) -> axum::Router {
    let house = Arc::new(house::House::new(settings, rooms));
    guarded(api(&house).merge(axum::Router::new().route("/", get(mailgun::greet))), &house)
}

/// The API and the pages. Both live at `/`: who asks for HTML gets the page, programs get the greeting of the API.
pub fn router_with_pages(settings: Settings, rooms: Rooms, pages: pages::PageSettings) -> axum::Router {
    let house = Arc::new(house::House::new(settings, rooms));
    guarded(api(&house).merge(pages::router(pages, &house).layer(from_fn(greet_programs))), &house)
}

fn api(house: &house::Shared) -> axum::Router {
    axum::Router::new()
        .merge(mailgun::routes())
        .merge(api::routes(house))
        .merge(public::routes())
        .fallback(error::not_served)
        .method_not_allowed_fallback(error::not_served)
        .with_state(Arc::clone(house))
}

/// What holds for every request, whoever answers it.
fn guarded(router: axum::Router, house: &house::Shared) -> axum::Router {
    router
        .layer(from_fn_with_state(Arc::clone(house), brake::brake))
        .layer(from_fn(browser::keep_keys_apart))
        .layer(from_fn(cors::allow))
        .layer(from_fn(refused::tell))
        .layer(from_fn_with_state(Arc::clone(house), whence::whence))
}

async fn greet_programs(request: Request, next: Next) -> Response {
    let accepts = request.headers().get_all(ACCEPT).iter();
    let html = accepts.filter_map(|value| value.to_str().ok()).any(|value| value.contains("text/html"));
    // The script of the pages asks for a part of the page it stands on.
    let page = html || request.headers().contains_key("tegami-part");
    if request.uri().path() == "/" && !page { mailgun::greet().await } else { next.run(request).await }
}
