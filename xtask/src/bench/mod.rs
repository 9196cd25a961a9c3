//! `cargo xtask bench`: how fast we are, beside others, in one run.

mod latency;
mod mta;
mod table;

use std::path::Path;

use crate::run::{cargo, step};

pub(crate) use mta::mta;

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
