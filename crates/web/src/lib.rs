//! The HTTP door: the Mailgun-compatible API, a small JSON API of our own, and pages for people ([`pages`]).
//!
//! Mailgun's vocabulary stays in the module `mailgun`: a request becomes typed parameters, these become a content and an
//! envelope, and from there on the message is the queue's.

mod api;
mod error;
#[doc(hidden)]
pub mod fuzz;
mod house;
mod mailgun;
pub mod pages;
mod segments;
mod serve;

pub use house::{Rooms, Settings};
pub use serve::{ServeError, serve};

use std::sync::Arc;

/// Everything this room serves.
pub fn router(settings: Settings, rooms: Rooms) -> axum::Router {
    let house = Arc::new(house::House::new(settings, rooms));
    axum::Router::new()
        .merge(mailgun::routes())
        .merge(api::routes())
        .fallback(error::not_served)
        .method_not_allowed_fallback(error::not_served)
        .with_state(house)
}
