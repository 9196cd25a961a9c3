//! The program as its users and peers meet it: the built binary, real clients before it and real servers behind it.
//!
//! Everything listens on loopback, on ports that the system gives. What a test needs and the machine lacks is said with
//! `SKIPPED:`; `cargo xtask peers` brings it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "a test may fail loudly, in its helping functions too, and tells what it skips"
)]

mod bounce;
mod browser;
mod client;
mod control;
mod crash;
mod domain;
mod egress;
mod exim;
mod farewell;
mod fault;
mod hook;
mod http;
mod list;
mod mailer;
mod monitor;
mod observe;
mod operator;
mod peer;
mod people;
mod policy;
mod postfix;
mod preflight;
mod queue;
mod receiver;
mod reception;
mod relay;
mod reload;
mod route;
mod score;
mod sdk;
mod sink;
mod site;
mod swaks;
mod webhook;
mod wire;
mod zone;
