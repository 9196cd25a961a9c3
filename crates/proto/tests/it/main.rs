//! Conversations with both sessions, each by itself and with each other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::semicolon_if_nothing_returned,
    reason = "a test may fail loudly, in its helping functions too, and tells what it skips"
)]

mod client;
mod command;
mod fuzz_corpus;
mod pair;
mod server;
mod server_auth;
mod server_future;
mod smuggling;
