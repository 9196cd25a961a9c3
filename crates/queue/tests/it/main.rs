//! The post desk over the real store, with scripted delivery and a clock of its own.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where its expectation does not hold"
)]

mod accounts;
mod bounce;
mod desk;
mod dkim_keys;
mod domains;
mod fuzz_corpus;
mod journey;
mod meanwhile;
mod operate;
mod retention;
mod returned;
mod routes;
mod shaping;
mod submit;
