//! Sending, against SMTP servers that follow a script on loopback addresses, and a DNS of zone text.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test program"
)]

mod attempt;
mod chance;
mod destination;
mod fuzz_corpus;
mod hostile;
mod http_call;
mod peer;
mod queue;
mod reuse;
mod route;
mod shaping;
mod smarthost;
#[path = "../../../store/tests/it/time.rs"]
mod time;
mod tls;
mod tls_policy;
mod tls_report;
mod world;
