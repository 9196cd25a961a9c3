//! What strangers reach without a key: links that stand in our mail, each of which proves itself ([`tegami_queue::Links`]), and forms that web
//! sites send; and the policy about TLS that senders ask for.
//!
//! ```text
//!   GET  /u/{link}   a page that asks        POST /u/{link}   unsubscribes, by the page or by one click of a mail program (RFC 8058)
//!   POST /p/{host}   a proof that this name leads here
//!   GET  /o/{link}   a picture               GET  /c/{link}   goes on to where the link led
//!   GET  /.well-known/mta-sts.txt   the policy about TLS of the domain that the Host field names
//! ```

mod client;
mod form;
mod link;
mod page;
mod recent;
mod stranger;
mod sts;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use self::client::Client;
pub(crate) use self::form::Rates;
pub use self::form::{FormField, FormSettings};
pub(crate) use self::recent::Recent;
use crate::house::Shared;

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/u/{link}", get(link::ask).post(link::unsubscribe))
        .route("/o/{link}", get(link::opened))
        .route("/c/{link}", get(link::clicked))
        .route("/p/{host}", post(link::prove))
        .route(tegami_auth::mta_sts::POLICY_PATH, get(sts::policy))
        .merge(form::routes())
}
