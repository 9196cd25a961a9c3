//! Pages for people: what came in, what went out, and why.
//!
//! One server, two uses: in the lab ([`PageSettings::stage`]) they tell its story; without a stage they serve an ordinary
//! server. They only read. Everything is text in the reader's language, by the room `words`; a page works without JavaScript,
//! and with it stays up to date by itself. Whatever came from outside (header fields, replies, names) is hostile and only ever shown escaped.

mod asset;
mod guard;
mod journey;
mod live;
mod mailbox;
mod map;
mod message;
mod overview;
mod paper;
mod queue;
mod reader;
mod session;
mod show;
mod source;
mod stage;
mod verdict;
mod visit;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use tegami_mail::Address;
use tegami_queue::Accounts;
use tegami_store::Store;
use tokio::sync::watch;

pub use stage::{Command, Fate, FateWord, HostView, Role, Scene, Stage};

/// What the pages are made of.
#[derive(Clone)]
pub struct PageSettings {
    /// Where everything is read from.
    pub store: Arc<dyn Store>,
    /// What the lab adds; `None` on an ordinary server.
    pub stage: Option<Arc<dyn Stage>>,
    /// Whose mailboxes are listed beside those of the accounts.
    pub owners: Vec<Address>,
    /// Who may look.
    pub access: Access,
    /// Becomes `true` when the server stops: live pages end then, so that nothing waits for them.
    pub closing: watch::Receiver<bool>,
}

/// Who may look at the pages.
#[derive(Clone)]
pub enum Access {
    /// Everybody who reaches them by a loopback name: for the lab. A request that names another host is refused, so that no
    /// page of a stranger can read these through a name that it lets point to 127.0.0.1 (DNS rebinding).
    Loopback,
    /// Whoever shows an API key of account scope, as the password of HTTP Basic authentication.
    Keys(Arc<Accounts>),
}

/// The pages, to be merged with the API's router: they have no fallback of their own, and none of their paths begins with `/v3` or `/api`.
pub fn router(settings: PageSettings) -> Router {
    let settings = Arc::new(settings);
    Router::new()
        .route("/", get(overview::page))
        .route("/messages/{id}", get(message::page))
        .route("/messages/{id}/source", get(message::source))
        .route("/visits/{number}", get(visit::page))
        .route("/refusals/{seq}", get(visit::refusal))
        .route("/mailboxes", get(mailbox::list))
        .route("/mailboxes/{owner}/{mailbox}", get(mailbox::one))
        .route("/mailboxes/{owner}/{mailbox}/{uid}", get(mailbox::message))
        .route("/mailboxes/{owner}/{mailbox}/{uid}/html", get(mailbox::html))
        .route("/queue", get(queue::page))
        .route("/live", get(live::stream))
        .route("/assets/style.css", get(asset::style))
        .route("/assets/live.js", get(asset::script))
        .route("/assets/icon.svg", get(asset::icon))
        .route_layer(from_fn_with_state(Arc::clone(&settings), guard::guard))
        .with_state(settings)
}
