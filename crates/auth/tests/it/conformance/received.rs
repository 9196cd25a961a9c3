//! Received fields of real servers: every message of the suites that has any.

use std::path::{Path, PathBuf};

use tegami_auth::received::Hop;
use tegami_mail::line::to_crlf;
use tegami_mail::{HeaderLimits, HeaderSection};

use super::{Outcome, Suite, place, suites};

/// Folders with messages of real servers.
const FOLDERS: &[&str] = &["bounce", "dkim", "mime", "reports"];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

pub(super) fn fields() -> Result<Suite, String> {
    let about = "Received fields of the messages of all suites: the hosts, the address and the date that a field has are read";
    let mut suite = Suite::new("received", about, &[]);
    let mut paths = Vec::new();
    for folder in FOLDERS {
        files(&place(folder)?, &mut paths);
    }
    paths.sort();
    for path in paths {
        let content = std::fs::read(&path).unwrap();
        let content = to_crlf(&content);
        let Ok(section) = HeaderSection::parse(&content, HeaderLimits::GENEROUS) else { continue };
        for (at, field) in section.all("Received").enumerate() {
            let name = path.strip_prefix(suites()).unwrap().display();
            suite.outcome(format!("{name} {}", at + 1), outcome(&field.unfolded()));
        }
    }
    Ok(suite)
}

fn outcome(value: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    let text = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    let hop = Hop::parse(value);
    // `(qmail 1 invoked by uid 0)` names no host.
    let says_by = !text.starts_with('(') && text.split(' ').any(|word| word == "by");
    let says_from = text.starts_with("from ");
    let client = text.split_once(" by ").map_or(&*text, |(before, _)| before);
    let mut words = client.split(|c: char| !c.is_ascii_digit() && c != '.');
    let has_address = says_from && words.any(|word| word.parse::<std::net::Ipv4Addr>().is_ok());
    let unread = [
        ("by", says_by && hop.by.is_none()),
        ("from", says_from && hop.helo.is_none() && hop.name.is_none()),
        ("address", has_address && hop.ip.is_none()),
    ];
    if let Some((what, _)) = unread.iter().find(|(_, unread)| *unread) {
        return Outcome::Failed(format!("{what} is not read: {text}"));
    }
    match text.rsplit_once(';') {
        _ if hop.at.is_some() => Outcome::Passed,
        None => Outcome::Differs("RFC 5322 section 3.6.7: a field ends in `;` and a date; this one has none"),
        // `thu 29 apr 2010` and `thu, 029 apr 2011`.
        Some((_, date)) if !date.contains(',') || date.contains(", 0") => Outcome::Differs(
            "RFC 5322 section 3.3: a comma follows the day of the week, and a day has two digits at most",
        ),
        Some(_) => Outcome::Failed(format!("the date is not read: {text}")),
    }
}
