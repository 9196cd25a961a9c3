//! How much of real Received fields is read: every message of the suites that has any.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tegami_auth::received::Hop;
use tegami_mail::line::to_crlf;
use tegami_mail::{HeaderLimits, HeaderSection};

/// Folders with messages of real servers.
const FOLDERS: &[&str] = &["bounce", "mime", "dkim", "reports"];

fn suites() -> PathBuf {
    let folder = std::env::var("TEGAMI_SUITES");
    folder
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites"), PathBuf::from)
}

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

#[test]
fn fields_of_real_messages() {
    let mut paths = Vec::new();
    FOLDERS.iter().for_each(|folder| files(&suites().join(folder), &mut paths));
    if paths.is_empty() {
        println!("SKIPPED: no suites at {}", suites().display());
        return;
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unread = Vec::new();
    for path in paths {
        let content = std::fs::read(&path).unwrap();
        let content = to_crlf(&content);
        let Ok(section) = HeaderSection::parse(&content, HeaderLimits::GENEROUS) else { continue };
        for field in section.all("Received") {
            let value = field.unfolded();
            let text = String::from_utf8_lossy(&value).to_ascii_lowercase();
            let text = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
            let hop = Hop::parse(&value);
            let mut count = |what, yes: bool| *counts.entry(what).or_default() += usize::from(yes);
            // `(qmail 1 invoked by uid 0)` names no host.
            let says = |word: &str| !text.starts_with('(') && text.split(' ').any(|found| found == word);
            count("fields", true);
            count("date", hop.at.is_some());
            count("says by", says("by"));
            count("by", says("by") && hop.by.is_some());
            count("says from", text.starts_with("from "));
            count("from", text.starts_with("from ") && (hop.helo.is_some() || hop.name.is_some()));
            let told = text.split_once(" by ").map_or(&*text, |(before, _)| before);
            let has_ip = text.starts_with("from ")
                && told
                    .split(|c: char| !c.is_ascii_digit() && c != '.')
                    .any(|part| part.parse::<std::net::Ipv4Addr>().is_ok());
            count("has address", has_ip);
            count("address", has_ip && hop.ip.is_some());
            count("says tls", text.contains("cipher"));
            count("tls", text.contains("cipher") && hop.tls_version.is_some() && hop.cipher.is_some());
            if hop.at.is_none() || (has_ip && hop.ip.is_none()) || (says("by") && hop.by.is_none()) {
                unread.push(format!("{}: {text}", path.file_name().unwrap().to_string_lossy()));
            }
        }
    }
    let of = |what: &str| counts.get(what).copied().unwrap_or_default();
    for (part, whole) in [
        ("date", "fields"),
        ("by", "says by"),
        ("from", "says from"),
        ("address", "has address"),
        ("tls", "says tls"),
    ] {
        println!("RECEIVED: {part} read in {} of {} ({whole})", of(part), of(whole));
    }
    unread.iter().for_each(|line| println!("UNREAD: {}", line.chars().take(300).collect::<String>()));
    assert!(of("fields") > 900, "the suites have fewer fields than they had");
    assert!(
        of("date") * 100 >= of("fields") * 97 && of("by") == of("says by") && of("from") == of("says from")
    );
    assert!(of("address") * 1000 >= of("has address") * 995);
}
