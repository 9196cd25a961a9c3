//! The public suites, and the room's behaviour as others see it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test program"
)]

mod authres_suite;
mod dmarc_suite;
mod fuzz_corpus;
mod spf_suite;
mod verify;

/// Where data written by others lies: `TEGAMI_SUITES`, else beside the repository. Says so where there is none.
fn suite(name: &str) -> Option<String> {
    let folder = std::env::var("TEGAMI_SUITES")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/suites").to_owned());
    let path = format!("{folder}/{name}");
    let text = std::fs::read_to_string(&path);
    if text.is_err() {
        println!("SKIPPED: {path} is not there");
    }
    text.ok()
}

/// Runs a future that never waits for anything outside.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
