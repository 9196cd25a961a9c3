//! `cargo xtask test`: everything, in the order in which it fails soonest.

use std::path::Path;
use std::process::Command;

use crate::disk::{self, SmallDisk};
use crate::run::{Told, cargo, has, step, step_told};
use crate::{conformance, packages, peers, tidy};

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
    if let Err(message) = peers::install(root) {
        println!("{message}");
        skipped.push("tests against clients, verifiers and servers that are missing".to_owned());
    }
    step(
        root,
        "clippy",
        &mut cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
    )?;
    if !suites(root).is_dir() {
        skipped.push(format!("conformance suites: {} is absent", suites(root).display()));
    }
    let (ended, told) = tests(root);
    let compared = ended.and_then(|()| conformance::compare(root, &told));
    skipped.extend(told.skips);
    let ended = compared.map(|skips| skipped.extend(skips));
    let mut documentation = cargo(&["doc", "--workspace", "--no-deps", "--quiet"]);
    step(root, "documentation", documentation.env("RUSTDOCFLAGS", "--deny warnings"))?;
    step(root, "examples in the documentation", &mut cargo(&["test", "--workspace", "--doc", "--quiet"]))?;
    println!();
    if skipped.is_empty() {
        println!("skipped: nothing");
    }
    for reason in &skipped {
        println!("skipped: {reason}");
    }
    ended
}

/// Where the conformance suites lie.
fn suites(root: &Path) -> std::path::PathBuf {
    std::env::var_os("TEGAMI_SUITES").map_or_else(|| root.join("../shared/suites"), Into::into)
}

/// Unit, integration, conformance, real-peer and browser tests. nextest shows what each test printed about skips
/// and runs one process a test; without it, plain `cargo test` does.
fn tests(root: &Path) -> (Result<(), String>, Told) {
    let mut command = if has("cargo-nextest") {
        cargo(&["nextest", "run", "--workspace", "--no-fail-fast", "--success-output", "immediate"])
    } else {
        cargo(&["test", "--workspace", "--no-fail-fast", "--", "--show-output"])
    };
    // Until this ends, whatever comes of the tests.
    let small = SmallDisk::mount(root);
    if let Some(small) = &small {
        command.env(disk::VARIABLE, small.path());
    }
    step_told(root, "tests", &mut command)
}

/// One fuzz target for a while. It begins with the corpus of the repository and leaves that alone: what it finds worth
/// keeping gathers in `target/fuzz-corpus`, what breaks it in `fuzz/artifacts`.
///
/// # Errors
/// When the target is unknown, cargo-fuzz is missing, or something is found.
pub(crate) fn fuzz(root: &Path, name: &str, seconds: &str) -> Result<(), String> {
    if !has("cargo-fuzz") {
        return Err("cargo-fuzz is missing: cargo install cargo-fuzz".to_owned());
    }
    if !root.join(format!("fuzz/fuzz_targets/{name}.rs")).is_file() {
        return Err(format!("no fuzz target is called `{name}`: see fuzz/fuzz_targets"));
    }
    if seconds.parse::<u32>().is_err() {
        return Err(format!("`{seconds}` is no number of seconds"));
    }
    let found = root.join("target/fuzz-corpus").join(name);
    std::fs::create_dir_all(&found).map_err(|error| format!("{}: {error}", found.display()))?;
    let (time, known) = (format!("-max_total_time={seconds}"), format!("fuzz/corpus/{name}"));
    // Inside of cargo, `cargo +nightly` would be the same cargo again.
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo", "fuzz", "run", name]).arg(&found).arg(&known);
    step(root, name, command.args(["--", &time, "-max_len=8192", "-timeout=10"]))
}
