//! Pages for people: what came in, what went out, and why.
//!
//! One server, two uses: in the lab ([`PageSettings::stage`]) they tell its story; without a stage they serve an ordinary
//! server. Everything is text in the reader's language, by the room `words`; a page works without JavaScript,
//! and with it stays up to date by itself. Whatever came from outside (header fields, replies, names) is hostile and only ever shown escaped.

mod allowed;
mod asset;
mod check;
mod domains;
mod finding;
mod form;
mod guard;
mod headers;
mod journey;
mod keys;
mod lists;
mod live;
mod mailbox;
mod map;
mod message;
mod messages;
mod numbers;
mod overview;
mod paper;
mod plan;
mod queue;
mod reader;
mod routes;
mod session;
mod show;
mod sign_in;
mod source;
mod stage;
mod suppressions;
mod tags;
mod templates;
mod test_inbox;
mod users;
mod verdict;
mod visit;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use tegami_mail::Address;
use tegami_store::Store;
use tokio::sync::watch;

use self::reader::{Reader, Trouble};
use crate::house::Shared;

pub use stage::{Command, Fate, FateWord, HostView, Role, Scene, Stage};

/// What the pages need beside what the API has.
#[derive(Clone)]
pub struct PageSettings {
    /// What the lab adds; `None` on an ordinary server.
    pub stage: Option<Arc<dyn Stage>>,
    /// Whose mailboxes are listed beside those of the accounts.
    pub owners: Vec<Address>,
    /// Becomes `true` when the server stops: live pages end then, so that nothing waits for them.
    pub closing: watch::Receiver<bool>,
}

/// What the pages are made of.
pub(crate) struct Hall {
    /// Everything that the API stands on.
    pub(crate) house: Shared,
    /// Where everything is read from.
    pub(crate) store: Arc<dyn Store>,
    pub(crate) stage: Option<Arc<dyn Stage>>,
    pub(crate) owners: Vec<Address>,
    pub(crate) closing: watch::Receiver<bool>,
}

impl Hall {
    /// The names of our domains.
    async fn domains(&self, reader: &Reader) -> Result<Vec<String>, Trouble> {
        let roll = reader.unless_missing(self.house.rooms.domains.roll().await)?;
        Ok(roll.iter().map(|ours| ours.name.to_string()).collect())
    }
}

/// The pages, to be merged with the API's router: they have no fallback of their own, and none of their paths begins with `/v3` or `/api`.
pub(crate) fn router(settings: PageSettings, house: &Shared) -> Router {
    let PageSettings { stage, owners, closing } = settings;
    let store = Arc::clone(&house.rooms.store);
    let hall = Arc::new(Hall { house: Arc::clone(house), store, stage, owners, closing });
    let open = Router::new()
        .route("/sign-in", get(sign_in::page).post(sign_in::enter))
        .route("/test/{name}/json", get(test_inbox::json))
        .route("/test/{name}/{id}/html", get(test_inbox::html))
        .route("/sign-out", post(sign_in::leave))
        .route("/assets/style.css", get(asset::style))
        .route("/assets/live.js", get(asset::script))
        .route("/assets/icon.svg", get(asset::icon));
    let known = Router::new()
        .route("/test/{name}", get(test_inbox::page))
        .route("/test/{name}/{id}", get(test_inbox::one))
        .route_layer(from_fn_with_state(Arc::clone(&hall), guard::known));
    Router::new()
        .route("/", get(overview::page))
        .route("/messages", get(messages::page))
        .route("/messages/{id}", get(message::page))
        .route("/messages/{id}/html", get(message::html))
        .route("/messages/{id}/source", get(message::source))
        .route("/visits/{number}", get(visit::page))
        .route("/refusals/{seq}", get(visit::refusal))
        .route("/mailboxes", get(mailbox::list))
        .route("/mailboxes/{owner}/{mailbox}", get(mailbox::one))
        .route("/mailboxes/{owner}/{mailbox}/{uid}", get(mailbox::message))
        .route("/mailboxes/{owner}/{mailbox}/{uid}/html", get(mailbox::html))
        .route("/queue", get(queue::page))
        .route("/queue/act", post(queue::act))
        .route("/queue/hold", post(queue::hold))
        .route("/queue/lift", post(queue::lift))
        .route("/suppressions", get(suppressions::page).post(suppressions::add))
        .route("/suppressions/remove", post(suppressions::remove))
        .route("/suppressions/allowed", get(allowed::page).post(allowed::add))
        .route("/suppressions/allowed/remove", post(allowed::remove))
        .route("/lists", get(lists::page).post(lists::add))
        .route("/lists/{list}", get(lists::one).post(lists::change))
        .route("/lists/{list}/members", post(lists::join))
        .route("/lists/{list}/members/remove", post(lists::part))
        .route("/lists/{list}/remove", post(lists::remove))
        .route("/tags", get(tags::page))
        .route("/tags/{domain}/{tag}", get(tags::one).post(tags::describe))
        .route("/tags/{domain}/{tag}/remove", post(tags::remove))
        .route("/routes", get(routes::page).post(routes::keep))
        .route("/routes/test", get(routes::page).post(routes::test))
        .route("/routes/remove", post(routes::remove))
        .route("/webhooks", get(webhooks::page).post(webhooks::set))
        .route("/webhooks/key", post(webhooks::renew_key))
        .route("/webhooks/again", post(webhooks::again))
        .route("/templates", get(templates::list).post(templates::save))
        .route("/templates/remove", post(templates::remove))
        .route("/templates/{domain}/{name}", get(templates::page))
        .route("/templates/{domain}/{name}/html", get(templates::html))
        .route("/domains", get(domains::list).post(domains::add))
        .route("/domains/{name}", get(domains::page).post(domains::act))
        .route("/domains/{name}/plan", get(plan::page))
        .route("/domains/{name}/plan/{format}", get(plan::written))
        .route("/check", get(check::list).post(check::begin))
        .route("/check/{subject}", get(check::page))
        .route("/check/{domain}/spf", get(check::spf))
        .route("/headers", get(headers::page).post(headers::read))
        .route("/test", get(test_inbox::list).post(test_inbox::open))
        .route("/keys", get(keys::page).post(keys::add))
        .route("/keys/remove", post(keys::remove))
        .route("/users", get(users::page).post(users::add))
        .route("/users/role", post(users::change))
        .route("/users/password", post(users::password))
        .route("/users/remove", post(users::remove))
        .route("/live", get(live::stream))
        .route_layer(from_fn_with_state(Arc::clone(&hall), guard::guard))
        .merge(open)
        .merge(known)
        .layer(from_fn(guard::fields))
        .with_state(hall)
}
