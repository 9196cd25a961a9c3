//! The API over a real store and a real socket.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where its expectation does not hold"
)]

mod events;
mod fuzz_corpus;
mod malformed;
mod message;
mod native;
mod pages;
mod reader;
mod routes;
mod sign_in;
mod site;
mod suppression;
mod theatre;
