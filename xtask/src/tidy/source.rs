//! The files of the project, and words that do not belong in them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// One Rust file.
pub(crate) struct RustFile {
    /// Relative to the root.
    pub(crate) path: PathBuf,
    /// Its text.
    pub(crate) text: String,
}

/// The Rust files that git knows or would add.
///
/// # Errors
/// When git does not answer or a file cannot be read.
pub(crate) fn rust_files(root: &Path) -> Result<Vec<RustFile>, String> {
    let mut files = Vec::new();
    for path in listed(root)?.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
    {
        let Ok(text) = std::fs::read_to_string(root.join(&path)) else { continue };
        files.push(RustFile { path, text });
    }
    Ok(files)
}

fn listed(root: &Path) -> Result<Vec<PathBuf>, String> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("cannot start git: {error}"))?;
    if !output.status.success() {
        return Err(format!("git ls-files: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(PathBuf::from).collect())
}

/// Folders of a machine and unfinished work stand nowhere. The patterns are put together here so that this file passes.
///
/// # Errors
/// As [`rust_files`].
pub(crate) fn check_words(root: &Path) -> Result<Vec<String>, String> {
    let folders = ["work", "root", "home"].map(|name| format!("/{name}/"));
    let unfinished =
        ["TO", "FIX"].iter().zip(["DO", "ME"]).map(|(a, b)| format!("{a}{b}")).collect::<Vec<_>>();
    let mut broken = Vec::new();
    for path in listed(root)? {
        let checked = path.extension().and_then(|ending| ending.to_str());
        if !matches!(
            checked,
            Some("rs" | "md" | "toml" | "ftl" | "html" | "js" | "css" | "sh" | "py" | "mjs")
        ) {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(root.join(&path)) else { continue };
        for (at, line) in text.lines().enumerate() {
            let folder = folders.iter().any(|folder| {
                line.match_indices(folder.as_str()).any(|(start, _)| {
                    line.get(..start)
                        .and_then(|before| before.chars().next_back())
                        .is_none_or(|c| !c.is_ascii_alphanumeric() && !"._-/}*$".contains(c))
                })
            });
            if folder || unfinished.iter().any(|word| line.contains(word.as_str())) {
                broken.push(format!(
                    "{}:{}: a machine's folder or unfinished work: {}",
                    path.display(),
                    at + 1,
                    line.trim()
                ));
            }
        }
    }
    Ok(broken)
}
