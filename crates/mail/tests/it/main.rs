//! Conformance data and the corpora of the fuzz targets.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may stop and may tell what it skips"
)]

mod differential;
mod fuzz_corpus;
mod isemail;
mod list_name;
mod property;

use std::path::PathBuf;

/// The folder or file of the conformance suites; `None`, told loudly, where this machine has none.
fn suites(below: &str) -> Option<PathBuf> {
    let root = std::env::var_os("TEGAMI_SUITES").map(PathBuf::from);
    let root =
        root.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites"));
    let found = root.join(below);
    if found.exists() {
        return Some(found);
    }
    eprintln!("SKIPPED: {} is not there; set TEGAMI_SUITES", found.display());
    None
}
