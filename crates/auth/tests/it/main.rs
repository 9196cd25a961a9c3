//! The public suites, and the room's behaviour as others see it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test program"
)]

mod arc_suite;
mod authres_suite;
mod dkim;
mod dmarc_suite;
mod fuzz_corpus;
mod property;
mod spf_suite;
mod verify;

/// A file of the data written by others; says so where there is none.
fn suite(name: &str) -> Option<String> {
    let path = suites().join(name);
    let text = std::fs::read_to_string(&path);
    if text.is_err() {
        println!("SKIPPED: {} is not there", path.display());
    }
    text.ok()
}

/// Where data written by others lies: `TEGAMI_SUITES`, else beside the repository.
fn suites() -> std::path::PathBuf {
    std::env::var_os("TEGAMI_SUITES").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/suites").into(),
        std::path::PathBuf::from,
    )
}

/// Runs a future that never waits for anything outside.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
