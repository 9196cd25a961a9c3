//! Sessions with both desks over real sockets, with the real store.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may fail loudly, in its helping functions too"
)]

mod client;
mod house;
mod reception;
mod session;
mod submission;
mod trial;
