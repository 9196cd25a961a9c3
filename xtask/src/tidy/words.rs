//! Both languages have the same messages, and every note and page finds its message.

use std::collections::BTreeSet;
use std::path::Path;

use super::source::RustFile;

/// Compares the Fluent files of both languages with each other and with the identifiers in the code.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn check(root: &Path, files: &[RustFile]) -> Result<Vec<String>, String> {
    let folder = root.join("crates/words/i18n");
    let (english, japanese) = (messages(&folder.join("en"))?, messages(&folder.join("ja"))?);
    let mut broken = Vec::new();
    for (file, id) in english.difference(&japanese) {
        broken.push(format!("i18n/ja/{file}: `{id}` is missing"));
    }
    for (file, id) in japanese.difference(&english) {
        broken.push(format!("i18n/en/{file}: `{id}` is missing"));
    }
    let known: BTreeSet<&str> = english.iter().map(|(_, id)| id.as_str()).collect();
    for file in files.iter().filter(|file| file.path.starts_with("crates")) {
        let code: String = file
            .text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        for id in notes(&code) {
            if !known.contains(id) && !file.path.ends_with("words/src/lib.rs") {
                broken.push(format!("{}: the note `{id}` stands in no Fluent file", file.path.display()));
            }
        }
    }
    Ok(broken)
}

fn messages(folder: &Path) -> Result<BTreeSet<(String, String)>, String> {
    let mut messages = BTreeSet::new();
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries.flatten() {
        let text = std::fs::read_to_string(entry.path())
            .map_err(|error| format!("{}: {error}", entry.path().display()))?;
        for line in text.lines() {
            if let Some((id, _)) =
                line.split_once('=').filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
            {
                messages.insert((entry.file_name().to_string_lossy().into_owned(), id.trim().to_owned()));
            }
        }
    }
    Ok(messages)
}

/// The identifiers of `note!("…"`.
fn notes(text: &str) -> impl Iterator<Item = &str> {
    text.split("note!(")
        .skip(1)
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
        .filter(|id| !id.is_empty() && !id.contains(['{', '\\']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_notes() {
        let text = "let a = note!(\"one\", x = 1); let b = note!(\n    \"two\",\n);";
        assert_eq!(notes(text).collect::<Vec<_>>(), ["one", "two"]);
    }
}
