//! `cargo xtask conformance`: what the tests say about data and implementations of others, as a table.
//!
//! Each test of a suite prints one line, `CONFORMANCE {…}`; here the lines become `docs/conformance.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

use crate::peers;
use crate::run::{self, Told};

/// The table, in the repository.
const FILE: &str = "docs/conformance.md";

/// What a test says of one suite.
#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    part: String,
    name: String,
    about: String,
    cases: usize,
    passed: usize,
    failed: usize,
    /// The reason, and the cases that differ for it.
    differs: BTreeMap<String, Vec<String>>,
}

/// Runs the suites, prints the table, and writes it down; with `check`, compares it with what is written.
///
/// # Errors
/// When a case fails, a suite is missing where the table is to be written, or the written table says something else.
pub(crate) fn run(root: &Path, check: bool) -> Result<(), String> {
    if let Err(message) = peers::install(root) {
        println!("{message}");
    }
    let arguments =
        ["test", "-p", "tegami-auth", "--test", "it", "--", "--show-output", "conformance::", "peers::"];
    let (ended, told) = run::step_told(root, "conformance", &mut run::cargo(&arguments));
    let rows = rows(&told)?;
    print!("\n{}", table(&rows));
    ended?;
    if check {
        return compare(root, &told).map(|skips| skips.iter().for_each(|skip| println!("SKIPPED: {skip}")));
    }
    if !told.skips.is_empty() {
        return Err(format!("{FILE} stays as it is, for not everything ran: {}", told.skips.join("; ")));
    }
    std::fs::write(root.join(FILE), page(&rows)).map_err(|error| format!("{FILE}: {error}"))
}

/// Compares what tests told with what is written. Where suites or peers were skipped only the rest is compared, and what
/// was not is given back.
///
/// # Errors
/// A row that cannot be read, or the first line that is not in the file.
pub(crate) fn compare(root: &Path, told: &Told) -> Result<Vec<String>, String> {
    let written = std::fs::read_to_string(root.join(FILE)).map_err(|error| format!("{FILE}: {error}"))?;
    let page = page(&rows(told)?);
    if page == written {
        return Ok(Vec::new());
    }
    let lines: BTreeSet<&str> = written.lines().collect();
    let ours = || page.lines().filter(|line| line.starts_with("| ") || line.starts_with("- "));
    match ours().find(|line| !lines.contains(line)) {
        Some(line) => {
            Err(format!("{FILE} is not what the tests say (cargo xtask conformance); it lacks: {line}"))
        }
        None if told.skips.is_empty() => {
            Err(format!("{FILE} says more than the tests (cargo xtask conformance)"))
        }
        None => Ok(vec![format!("what {FILE} says of suites and peers that are not there")]),
    }
}

/// The rows in order. One that cannot be read is an error, or a suite would be gone from the table and nobody would know.
fn rows(told: &Told) -> Result<Vec<Row>, String> {
    let read = |line: &String| serde_json::from_str(line).map_err(|error| format!("{line}: {error}"));
    let mut rows: Vec<Row> = told.conformance.iter().map(read).collect::<Result<_, _>>()?;
    rows.sort();
    rows.dedup();
    Ok(rows)
}

/// For the terminal.
fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
    for row in rows {
        let _ = write!(text, "{:width$}  {:>5} cases  {:>5} as expected", row.name, row.cases, row.passed);
        if row.failed > 0 {
            let _ = write!(text, "  {:>3} FAILED", row.failed);
        }
        text.push('\n');
        for (reason, cases) in &row.differs {
            let _ = writeln!(text, "{:width$}  {:>5} differ: {reason}", "", cases.len());
        }
    }
    text
}

const HEAD: &str = "\
# Conformance

Written by `cargo xtask conformance` from the runs themselves; `cargo xtask test` fails where a run says something else. Every case that
differs has its reason, with the RFC's word; one that differs without is a failed test.

## Suites that others wrote

";

const PEERS: &str = "
## Compared with others

Messages, zones and records that a seeded generator makes, decided by us and by another implementation.

";

fn page(rows: &[Row]) -> String {
    let mut page = HEAD.to_owned();
    let part = |name: &str, page: &mut String| {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.part == name).collect();
        page.push_str("| what | compared | cases | same | differing |\n| --- | --- | --- | --- | --- |\n");
        for row in &rows {
            let differing: usize = row.differs.values().map(Vec::len).sum();
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} | {differing} |",
                row.name, row.about, row.cases, row.passed
            );
        }
        for row in rows.iter().filter(|row| !row.differs.is_empty()) {
            let _ = writeln!(page, "\n{}:\n", row.name);
            for (reason, cases) in &row.differs {
                let cases = if name == "peers" { count(cases) } else { names(cases) };
                let _ = writeln!(page, "- {reason}: {cases}");
            }
        }
    };
    part("suites", &mut page);
    page.push_str(PEERS);
    part("peers", &mut page);
    page
}

fn count(cases: &[String]) -> String {
    if cases.len() == 1 { "1 case".to_owned() } else { format!("{} cases", cases.len()) }
}

fn names(cases: &[String]) -> String {
    let quoted: Vec<String> = cases
        .iter()
        .map(|case| if case.is_empty() { "(empty)".to_owned() } else { format!("`{}`", case.trim()) })
        .collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"part":"suites","name":"spf","about":"official","cases":3,"passed":2,"failed":0,"differs":{"RFC 1 section 2: so":["a "]}}"#;

    #[test]
    fn lines_become_a_page() {
        let told = Told { conformance: vec![LINE.to_owned()], skips: Vec::new() };
        let page = page(&rows(&told).unwrap());
        assert!(page.contains("| spf | official | 3 | 2 | 1 |\n"), "{page}");
        assert!(page.contains("\nspf:\n\n- RFC 1 section 2: so: `a`\n"), "{page}");
    }

    #[test]
    fn no_suite_is_lost() {
        let told = Told { conformance: vec![LINE.replace("\"cases\":3,", "")], skips: Vec::new() };
        assert!(rows(&told).is_err());
    }
}
