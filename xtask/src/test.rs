//! `cargo xtask test`: everything, in the order in which it fails soonest.

use std::path::Path;

use crate::run::{cargo, has, step};
use crate::{packages, tidy};

/// Runs it all.
///
/// # Errors
/// The first step that fails.
pub(crate) fn all(root: &Path) -> Result<(), String> {
    let mut skipped = Vec::new();
    step(root, "format", &mut cargo(&["fmt", "--all", "--check"]))?;
    println!("\n── tidy");
    tidy::all(root)?;
    if let Err(message) = packages::install() {
        println!("{message}");
        skipped.push("tests against real peers whose packages are missing".to_owned());
    }
    step(
        root,
        "clippy",
        &mut cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
    )?;
    if !suites(root).is_dir() {
        skipped.push(format!("conformance suites: {} is absent", suites(root).display()));
    }
    tests(root)?;
    step(root, "examples in the documentation", &mut cargo(&["test", "--workspace", "--doc", "--quiet"]))?;
    if skipped.is_empty() {
        println!("\nskipped: nothing");
    }
    for reason in &skipped {
        println!("\nskipped: {reason}");
    }
    Ok(())
}

/// Where the conformance suites lie.
fn suites(root: &Path) -> std::path::PathBuf {
    std::env::var_os("TEGAMI_SUITES").map_or_else(|| root.join("../shared/suites"), Into::into)
}

/// Unit, integration, conformance, real-peer and browser tests. nextest shows what each test printed about skips
/// and runs one process a test; without it, plain `cargo test` does.
fn tests(root: &Path) -> Result<(), String> {
    if has("cargo-nextest") {
        let arguments = ["nextest", "run", "--workspace", "--no-fail-fast", "--success-output", "never"];
        return step(root, "tests", &mut cargo(&arguments));
    }
    step(root, "tests", &mut cargo(&["test", "--workspace", "--no-fail-fast"]))
}

/// One fuzz target for a while.
///
/// # Errors
/// When cargo-fuzz is missing or finds something.
pub(crate) fn fuzz(root: &Path, name: &str, seconds: &str) -> Result<(), String> {
    if !has("cargo-fuzz") {
        return Err("cargo-fuzz is missing: cargo install cargo-fuzz".to_owned());
    }
    let time = format!("-max_total_time={seconds}");
    step(root, name, &mut cargo(&["+nightly", "fuzz", "run", name, "--", &time]))
}
