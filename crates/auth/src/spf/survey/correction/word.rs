//! One word, without blanks and look-alikes, and the terms that were meant by it.

use std::collections::BTreeMap;

use super::super::super::record::{Term, TermKind};
use super::argument;

/// Mechanisms and modifiers that are known, with the names that people give them.
const NAMES: [(&str, &[&str]); 10] = [
    ("all", &[]),
    ("include", &["inc", "incl", "includes", "including"]),
    ("a", &["host", "hostname", "aaaa", "cname"]),
    ("mx", &[]),
    ("ptr", &[]),
    (
        "ip4",
        &[
            "ip",
            "ipv4",
            "ip4v",
            "ip-4",
            "ip_4",
            "ipaddr",
            "ipaddress",
            "addr",
            "address",
            "network",
            "net",
            "cidr",
        ],
    ),
    ("ip6", &["ipv6", "ip6v", "ip-6", "ip_6"]),
    ("exists", &["exist"]),
    ("redirect", &[]),
    ("exp", &["explanation"]),
];

/// Whether a term can be read and means something.
pub(in super::super) fn is_good(term: &str) -> bool {
    Term::parse(term.as_bytes(), 1).is_ok_and(|term| !matches!(term.kind, TermKind::Unknown(_)))
}

/// The terms that were meant, with blanks between; empty where there is nothing but punctuation.
pub(super) fn repair(word: &str) -> Option<String> {
    let word = word.trim_matches([',', ';']);
    if word.is_empty() || is_good(word) {
        return Some(word.to_owned());
    }
    list(word).or_else(|| unglued(word, &mut Ends::new())).or_else(|| single(word))
}

/// `ip4:192.0.2.1,192.0.2.2`: the name of the first stands for all.
fn list(word: &str) -> Option<String> {
    if !word.contains([',', ';']) {
        return None;
    }
    let mut parts = word.split([',', ';']).filter(|part| !part.is_empty());
    let first = single(parts.next()?)?;
    let name = first.split_inclusive([':', '=']).next().unwrap_or_default();
    let mut terms = vec![first.clone()];
    for part in parts {
        let named = format!("{name}{part}");
        terms.push(if is_good(&named) && !is_good(part) { named } else { single(part)? });
    }
    Some(terms.join(" "))
}

/// One term.
fn single(word: &str) -> Option<String> {
    if is_good(word) {
        return Some(word.to_owned());
    }
    let rest = word.trim_start_matches(['+', '-', '~', '?']);
    let qualifier = word.strip_suffix(rest).and_then(|signs| signs.get(..1)).unwrap_or_default();
    candidates(rest.trim_end_matches('.'))
        .into_iter()
        .flatten()
        .map(|term| if term.contains('=') { term } else { qualified(qualifier, &term) })
        .find(|term| !term.is_empty() && term.split(' ').all(is_good))
}

/// Several terms may come of one; each has the qualifier.
fn qualified(qualifier: &str, terms: &str) -> String {
    terms.split(' ').map(|term| format!("{qualifier}{term}")).collect::<Vec<_>>().join(" ")
}

/// What the word may have meant, without its qualifier; the likeliest first.
fn candidates(rest: &str) -> [Option<String>; 3] {
    // An address or a host alone.
    let alone = argument::network(rest).or_else(|| argument::host(rest));
    let Some(at) = rest.find([':', '=', '/']) else {
        return [named(rest, "").filter(|_| !rest.contains('.')), alone, None];
    };
    let (name, argument) = rest.split_at_checked(at).unwrap_or((rest, ""));
    let argument_alone = argument.trim_start_matches([':', '=']);
    [alone.filter(|_| known(name).is_none()), named(name, argument_alone), None]
}

/// The term of that name, or of the known name that it was probably meant to be.
fn named(name: &str, argument: &str) -> Option<String> {
    let name = known(name)?;
    match name {
        "all" => Some(name.to_owned()),
        _ if argument.is_empty() => Some(name.to_owned()),
        "ip4" | "ip6" => argument::network(argument).or_else(|| argument::domain("a", argument)),
        _ => argument::network(argument).or_else(|| argument::domain(name, argument)),
    }
}

/// The name of a mechanism or modifier that a name stands for.
pub(super) fn known(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let exact = NAMES.iter().find(|(known, others)| *known == name || others.contains(&name.as_str()));
    let near = || {
        let distances = NAMES.iter().map(|(known, _)| (distance(&name, known), *known));
        // `a` and `mx` are too short for anything to be near them.
        let near = distances.filter(|(distance, known)| {
            known.len() > 2 && name.len() > 1 && *distance <= if known.len() > 4 { 2 } else { 1 }
        });
        near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
    };
    exact.map(|(known, _)| *known).or_else(near)
}

/// How many letters must be changed, added, dropped or swapped with their neighbour (optimal string alignment).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    let mut previous = None;
    for (at, c) in one.chars().take(16).enumerate() {
        let mut next = vec![at + 1];
        for (index, wanted) in other.iter().enumerate() {
            let of = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let changed = of(&row, index) + usize::from(c != *wanted);
            let mut least = changed.min(of(&row, index + 1) + 1).min(of(&next, index) + 1);
            let swapped =
                index.checked_sub(1).filter(|left| previous == Some(*wanted) && other.get(*left) == Some(&c));
            if let Some(left) = swapped {
                least = least.min(of(&before, left) + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
        previous = Some(c);
    }
    row.last().copied().unwrap_or_default() + one.chars().count().saturating_sub(16)
}

/// A good term whose name has swallowed the next term: `include:a.example.net-all`. The name is one that could exist, so
/// only what can hardly be meant counts: a colon or a comma in a name, or a name that ends in a qualified `all`.
pub(super) fn unglue(term: &str) -> Option<String> {
    unglue_end(term, &mut Ends::new())
}

/// What is known of the ends of one word, by their length. Every end is taken apart once: without that, the ways to part a
/// word would double with each term that could begin in it.
type Ends = BTreeMap<usize, Option<String>>;

fn unglue_end(term: &str, ends: &mut Ends) -> Option<String> {
    let (_, argument) = term.split_once([':', '='])?;
    if argument.contains('%') {
        return None;
    }
    if argument.contains([',', ';']) {
        return list(term);
    }
    let ends_in_all = ["-all", "~all", "?all", "+all"].iter().any(|all| argument.ends_with(all));
    let suspicious = ends_in_all || argument.contains(':') && !term.contains("ip6:");
    if !suspicious {
        return None;
    }
    unglued(term, ends).filter(|terms| terms.split(' ').skip(1).all(begins_clearly))
}

/// Whether a word can hardly be anything but a term.
pub(super) fn begins_clearly(term: &str) -> bool {
    term.starts_with(['+', '-', '~', '?']) || term.contains([':', '=']) || term.eq_ignore_ascii_case("all")
}

/// The word with blanks where terms begin that a missing one has glued together.
fn unglued(word: &str, ends: &mut Ends) -> Option<String> {
    if let Some(known) = ends.get(&word.len()) {
        return known.clone();
    }
    let found = parted(word, ends);
    ends.insert(word.len(), found.clone());
    found
}

fn parted(word: &str, ends: &mut Ends) -> Option<String> {
    for (at, _) in word.char_indices().skip(1) {
        let (Some(left), Some(right)) = (word.get(..at), word.get(at..)) else { continue };
        // `aall` is a slip in one word, `ip4:192.0.2.1all` is two.
        let alone = right.eq_ignore_ascii_case("all") && !left.contains(':');
        if !begins(right) || alone || !is_good(left) {
            continue;
        }
        let right = unglue_end(right, ends)
            .or_else(|| is_good(right).then(|| right.to_owned()))
            .or_else(|| unglued(right, ends))
            .or_else(|| single(right));
        if let Some(right) = right {
            return Some(format!("{left} {right}"));
        }
    }
    None
}

/// Whether a term could begin here.
fn begins(text: &str) -> bool {
    let (qualified, rest) = match text.strip_prefix(['+', '-', '~', '?']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let lower = rest.to_ascii_lowercase();
    let starts = ["include:", "ip4:", "ip6:", "exists:", "redirect=", "exp=", "a:", "mx:", "ptr:"];
    starts.iter().any(|start| lower.starts_with(start))
        || lower == "all"
        || (qualified && NAMES.iter().any(|(name, _)| lower.starts_with(name)))
}
