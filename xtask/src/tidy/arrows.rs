//! The arrow table of `ARCHITECTURE.md` against every `Cargo.toml`, and what the pure rooms may use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::Purity;

/// Outside libraries that bring sockets, clocks, tasks or files, and so have no place in a pure room.
const ACTING: &[&str] =
    &["tokio", "tokio-rustls", "axum", "rusqlite", "hickory-resolver", "tracing", "futures-util"];

type Table = BTreeMap<String, (BTreeSet<String>, Purity)>;

/// Compares the table with the packages.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn check(root: &Path) -> Result<Vec<String>, String> {
    let map = read(&root.join("ARCHITECTURE.md"))?;
    let table = table(&map);
    let mut broken = Vec::new();
    let mut seen = BTreeSet::new();
    let folder = std::fs::read_dir(root.join("crates")).map_err(|error| format!("crates: {error}"))?;
    for entry in folder.flatten() {
        let room = entry.file_name().to_string_lossy().into_owned();
        let manifest = entry.path().join("Cargo.toml");
        if !manifest.exists() {
            continue;
        }
        seen.insert(room.clone());
        let parsed: toml::Table =
            read(&manifest)?.parse().map_err(|error| format!("{}: {error}", manifest.display()))?;
        let Some((may, purity)) = table.get(&room) else {
            broken.push(format!("ARCHITECTURE.md: the room `{room}` has no row in the table"));
            continue;
        };
        for dependency in dependencies(&parsed) {
            match dependency.strip_prefix("tegami-") {
                Some(other) if !may.contains(other) && !may.contains("all") => {
                    broken.push(format!(
                        "crates/{room}/Cargo.toml: the room `{room}` may not import `{other}`"
                    ));
                }
                None if *purity == Purity::Pure && ACTING.contains(&dependency.as_str()) => {
                    broken.push(format!(
                        "crates/{room}/Cargo.toml: the pure room `{room}` may not use `{dependency}`"
                    ));
                }
                _ => {}
            }
        }
    }
    broken.extend(
        table
            .keys()
            .filter(|room| !seen.contains(*room))
            .map(|room| format!("ARCHITECTURE.md: there is no room `{room}`")),
    );
    Ok(broken)
}

/// The rooms of the table, each with its purity.
///
/// # Errors
/// When the map cannot be read.
pub(super) fn purities(root: &Path) -> Result<Vec<(String, Purity)>, String> {
    let map = read(&root.join("ARCHITECTURE.md"))?;
    Ok(table(&map).into_iter().map(|(room, (_, purity))| (room, purity)).collect())
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn dependencies(manifest: &toml::Table) -> Vec<String> {
    let table = manifest.get("dependencies").and_then(toml::Value::as_table);
    table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

/// The rows between the heading "Rooms and arrows" and the next heading: `| room | what | may import | purity |`.
fn table(map: &str) -> Table {
    let section = map
        .split("## Rooms and arrows")
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next())
        .unwrap_or_default();
    let mut table = Table::new();
    for row in section
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| room") && !line.starts_with("| ---"))
    {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        if let [room, _, may, purity] = cells.as_slice() {
            let may = may.split(',').map(|name| name.trim().to_owned()).filter(|name| name != "–").collect();
            let purity = match *purity {
                "pure" => Purity::Pure,
                purity if purity.starts_with("async only through") => Purity::Waits,
                _ => Purity::Acts,
            };
            table.insert((*room).to_owned(), (may, purity));
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_table() {
        let map = "# A\n## Rooms and arrows\n| room | what | may import | purity |\n| --- | --- | --- | --- |\n| mail | nouns | – | pure |\n| dns | questions | mail | async |\n## Next\n| x | y | z | pure |\n";
        let table = table(map);
        assert_eq!(table.len(), 2);
        assert_eq!(table["mail"], (BTreeSet::new(), Purity::Pure));
        assert_eq!(table["dns"], (BTreeSet::from(["mail".to_owned()]), Purity::Acts));
    }
}
