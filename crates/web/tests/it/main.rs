//! The API over a real store and a real socket.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where its expectation does not hold"
)]

mod admin;
mod controls;
mod credential;
mod dkim;
mod doctor;
mod domain;
mod door;
mod events;
mod form;
mod fuzz_corpus;
mod idempotency;
mod lists;
mod malformed;
mod message;
mod native;
mod pages;
mod phone;
mod reader;
mod routes;
mod sign_in;
mod site;
mod stats;

mod suppression;
mod template;
mod theatre;
mod webhook;
