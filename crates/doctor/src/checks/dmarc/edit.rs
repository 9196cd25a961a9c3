//! DMARC records changed and repaired. Nothing is suggested that is not itself a record.

use tegami_auth::dmarc::{Policy, Record};
use tegami_auth::slip;

/// The record without these tags.
pub(super) fn without(record: &Record, names: &[&str]) -> String {
    written(record.tags.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned())
}

/// The record with one tag set; a new `p` stands behind the version, others at the end.
pub(super) fn with(record: &Record, name: &str, value: &str) -> String {
    let mut tags = record.tags.clone();
    match tags.iter_mut().find(|(tag, _)| tag == name) {
        Some((_, old)) => value.clone_into(old),
        None if name == "p" => tags.insert(1.min(tags.len()), (name.to_owned(), value.to_owned())),
        None => tags.push((name.to_owned(), value.to_owned())),
    }
    written(tags)
}

fn written(tags: impl IntoIterator<Item = (String, String)>) -> String {
    let tags = tags.into_iter().map(|(name, value)| format!("{name}={value}"));
    tags.collect::<Vec<_>>().join("; ")
}

/// The record that a text was meant to be that receivers pass over.
pub(super) fn corrected(text: &[u8]) -> Option<String> {
    let plain = slip::plain(text);
    let plain = slip::without_words(&plain).unwrap_or(&plain);
    let plain: String = plain.chars().filter(|c| !['"', '\'', '\\'].contains(c) && !c.is_control()).collect();
    let mut tags = vec![("v".to_owned(), "DMARC1".to_owned())];
    for part in plain.split(';') {
        for tag in separate(part.trim()) {
            let (name, value) = tag.split_once('=').unwrap_or((&tag, ""));
            let name = name.trim().to_ascii_lowercase();
            if !name.is_empty() && name != "v" && !name.starts_with("dmarc") {
                tags.push((name, value.trim().to_owned()));
            }
        }
    }
    let record = written(tags);
    Record::parse(record.as_bytes()).is_some_and(|read| read.applies()).then_some(record)
}

/// The tags of one part: more than one where the semicolon behind the version is missing.
fn separate(part: &str) -> Vec<String> {
    let lower = part.to_ascii_lowercase();
    let squeezed: String = lower.chars().filter(|c| !c.is_whitespace()).collect();
    if !squeezed.starts_with("v=dmarc") && !squeezed.starts_with("dmarc") {
        return vec![part.to_owned()];
    }
    // What follows the version, up to the first word with an equals sign that is not its own.
    let after = lower.find("dmarc").and_then(|at| part.get(at + "dmarc".len()..)).unwrap_or_default();
    let words =
        after.trim_start_matches(|c: char| c.is_ascii_digit() || c.is_whitespace() || c == ',' || c == '.');
    words.split_whitespace().map(|word| word.trim_end_matches(',').to_owned()).collect()
}

/// The policy that a word was meant to be.
pub(super) fn meant_policy(word: &str) -> Option<Policy> {
    let word: String =
        word.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    let near = |policy: &Policy| distance(&word, policy.as_str()) <= 2;
    [Policy::Quarantine, Policy::Reject, Policy::None].into_iter().find(near)
}

/// Letters to change, add or leave out.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().take(40).enumerate() {
        let mut next = vec![at + 1];
        for ((before, above), known) in row.iter().zip(row.iter().skip(1)).zip(&other) {
            let left = next.last().copied().unwrap_or_default();
            next.push((before + usize::from(*known != letter)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_meant() {
        let check = |text: &str| {
            assert_eq!(
                corrected(text.as_bytes()).as_deref(),
                Some("v=DMARC1; p=reject; rua=mailto:d@example.org"),
                "{text}"
            );
        };
        check("v=dmarc1; p=reject; rua=mailto:d@example.org");
        check("\"v=DMARC1; p=reject; rua=mailto:d@example.org\"");
        check(" v=DMARC1; p=reject; rua=mailto:d@example.org;");
        check("p=reject; v=DMARC1; rua=mailto:d@example.org");
        check("p=reject; rua=mailto:d@example.org");
        check("v=DMARC1 p=reject; rua=mailto:d@example.org");
        check("v=DMARC1 p=reject rua=mailto:d@example.org");
        check("v=DMARC2; p=reject; rua=mailto:d@example.org");
        check("“v=DMARC1; p=reject; rua=mailto:d@example.org”");
        check("TXTv=DMARC1; p=reject; rua=mailto:d@example.org");
        check("_dmarc IN TXT \"v=DMARC1; p=reject; rua=mailto:d@example.org\"");
        check("v = DMARC 1; p = reject; rua=mailto:d@example.org");
    }

    #[test]
    fn policies() {
        assert_eq!(meant_policy("rejct"), Some(Policy::Reject));
        assert_eq!(meant_policy("quarentine"), Some(Policy::Quarantine));
        assert_eq!(meant_policy("“none”"), Some(Policy::None));
        assert_eq!(meant_policy("monitor"), None);
    }

    proptest! {
        #[test]
        fn nothing_panics(text: Vec<u8>, word: String) {
            corrected(&text);
            meant_policy(&word);
        }
    }
}
