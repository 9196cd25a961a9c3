//! `cargo xtask bench`: how fast we are, beside others, in one run.

mod api;
mod latency;
mod mta;
mod table;

use std::path::Path;

use crate::run::{cargo, step};

pub(crate) use api::api;
pub(crate) use mta::mta;

/// A queue of a million: start, memory, lists. The folder lies in `target` and is removed again.
///
/// # Errors
/// When it does not build or run.
pub(crate) fn queue(root: &Path, messages: &str) -> Result<(), String> {
    let folder = root.join("target/backlog");
    let name = folder.to_string_lossy().into_owned();
    let example = ["run", "--release", "--quiet", "-p", "tegami-queue", "--example", "backlog", "--"];
    let run =
        |words: &[&str]| step(root, words.first().unwrap_or(&""), &mut cargo(&[&example, words].concat()));
    let remove = || std::fs::remove_dir_all(&folder);
    // A run that was broken off may have left one.
    let _ = remove();
    run(&["fill", &name, messages])?;
    run(&["measure", &name])?;
    remove().map_err(|error| format!("{name}: {error}"))
}

/// The authentication engine: processor time first, then the heap. The package stands outside the workspace and is
/// built as the program is released.
///
/// # Errors
/// When it does not build, or a message is not judged as it should be.
pub(crate) fn auth(root: &Path) -> Result<(), String> {
    let folder = root.join("bench/auth");
    step(&folder, "build", &mut cargo(&["build", "--release", "--quiet"]))?;
    step(&folder, "processor time", &mut cargo(&["run", "--release", "--quiet", "--bin", "time"]))?;
    step(&folder, "heap", &mut cargo(&["run", "--release", "--quiet", "--bin", "heap"]))
}
