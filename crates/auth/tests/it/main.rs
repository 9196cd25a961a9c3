//! The public suites, and the room's behaviour as others see it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test program"
)]

mod conformance;
mod dkim;
mod evaluation;
mod fuzz_corpus;
mod hostile;
mod peers;
mod property;
mod verify;

/// Runs a future that never waits for anything outside.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
