//! The house rules, as tests.

mod arrows;
mod length;
mod purity;
mod source;
mod standards;
mod words;

use std::path::Path;

/// How near a room may come to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purity {
    /// No socket, no clock, no file, no `async`.
    Pure,
    /// The same, but it may wait for a trait that others implement.
    Waits,
    /// It may do what it wants.
    Acts,
}

/// Runs every rule and reports all that is broken.
///
/// # Errors
/// How many rules are broken; each was printed.
pub(crate) fn all(root: &Path) -> Result<(), String> {
    let files = source::rust_files(root)?;
    let mut broken = Vec::new();
    broken.extend(arrows::check(root)?);
    broken.extend(purity::check(root, &files)?);
    broken.extend(length::check(&files)?);
    broken.extend(words::check(root, &files)?);
    broken.extend(standards::check(root, &files)?);
    broken.extend(source::check_words(root)?);
    for line in &broken {
        println!("{line}");
    }
    if broken.is_empty() {
        println!("tidy: {} files, nothing to mend", files.len());
        return Ok(());
    }
    Err(format!("tidy: {} to mend", broken.len()))
}
