//! Every RFC that the code cites has a row in the index, `docs/standards.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::source::RustFile;

/// Compares the sources with the index.
///
/// # Errors
/// When the index cannot be read.
pub(crate) fn check(root: &Path, files: &[RustFile]) -> Result<Vec<String>, String> {
    let index = std::fs::read_to_string(root.join("docs/standards.md"))
        .map_err(|error| format!("docs/standards.md: {error}"))?;
    let told: BTreeSet<u32> = cited(&index).collect();
    let mut untold = BTreeMap::new();
    for file in files.iter().filter(|file| file.path.starts_with("crates")) {
        for number in cited(&file.text).filter(|number| !told.contains(number)) {
            untold.entry(number).or_insert(&file.path);
        }
    }
    let broken = untold.into_iter();
    Ok(broken
        .map(|(number, path)| {
            format!("docs/standards.md: RFC {number} is missing, which {} cites", path.display())
        })
        .collect())
}

/// The numbers of `RFC 5321`, as they come.
fn cited(text: &str) -> impl Iterator<Item = u32> {
    text.split("RFC ").skip(1).filter_map(|rest| {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..digits)?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_citations() {
        let text = "// RFC 7208 section 4.6.4, (RFC 822), RFC RFC x";
        assert_eq!(cited(text).collect::<Vec<_>>(), [7208, 822]);
    }
}
