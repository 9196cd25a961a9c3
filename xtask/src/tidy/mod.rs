//! The house rules, as tests.

mod arrows;
mod length;
mod source;
mod standards;
mod words;

use std::path::Path;

/// Runs every rule and reports all that is broken.
///
/// # Errors
/// How many rules are broken; each was printed.
pub(crate) fn all(root: &Path) -> Result<(), String> {
    let files = source::rust_files(root)?;
    let mut broken = Vec::new();
    broken.extend(arrows::check(root)?);
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
