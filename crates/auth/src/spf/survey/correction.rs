//! What was probably meant by a term that cannot be read. Nothing is suggested that is not itself a well-formed term.

mod argument;
mod word;

use super::super::record::{Record, SyntaxError, Term};
use super::finding::{Span, Suggestion};
use crate::slip;

pub(super) use word::is_good;

/// Terms of one record for which a correction is sought: the work for a hostile record is bounded.
const MAX_CORRECTIONS: usize = 40;

/// Longest stretch that is corrected, in octets: no honest term is longer than a name of the DNS and its dressing.
const MAX_LENGTH: usize = 320;

/// One mistake: the first error of it, the whole stretch that belongs to it, and what was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) error: SyntaxError,
    pub(super) span: Span,
    pub(super) suggestion: Option<Suggestion>,
    /// A border between two character-strings is to blame (RFC 7208 section 3.3).
    pub(super) split: bool,
}

/// A word of the record.
#[derive(Clone, Copy)]
struct Word<'t> {
    begins: usize,
    octets: &'t [u8],
}

impl<'t> Word<'t> {
    /// The word that begins at a column.
    fn at(text: &'t [u8], begins: usize) -> Self {
        let rest = text.get(begins.saturating_sub(1)..).unwrap_or_default();
        Self { begins, octets: rest.split(|octet| *octet == b' ').next().unwrap_or_default() }
    }

    fn ends(&self) -> usize {
        self.begins + self.octets.len()
    }

    fn ends_open(&self) -> bool {
        matches!(self.octets, [b'+' | b'-' | b'~' | b'?'] | [.., b':' | b'=' | b'/'])
    }

    fn continues(&self) -> bool {
        matches!(self.octets.first(), Some(b':' | b'=' | b'/'))
    }
}

/// Every mistake of a record, in order. `borders` are the offsets at which its second and later character-strings begin.
pub(super) fn mistakes(text: &[u8], borders: &[usize]) -> Vec<Mistake> {
    let read: Vec<Result<Term, SyntaxError>> = Record::read(text).collect();
    let words: Vec<Word<'_>> = read
        .iter()
        .map(|term| match term {
            Ok(term) => Word::at(text, term.column),
            Err(error) => Word::at(text, error.begins),
        })
        .collect();
    let mut mistakes: Vec<Mistake> = Vec::new();
    let mut done = 0;
    for (index, term) in read.iter().enumerate() {
        let Err(error) = term else { continue };
        if index < done {
            continue;
        }
        let (found, next) = if mistakes.len() < MAX_CORRECTIONS {
            correct(error, &words, index, borders)
        } else {
            (Stretch::default(), index + 1)
        };
        done = next.max(index + 1);
        let word = words.get(index).copied().unwrap_or(Word { begins: error.begins, octets: b"" });
        let span = found.span.unwrap_or(Span { column: word.begins, length: word.octets.len() });
        let suggestion = found.text.map(|text| Suggestion { span, text });
        mistakes.push(Mistake { error: error.clone(), span, suggestion, split: found.split });
    }
    mistakes
}

/// What was found out about a mistake.
#[derive(Default)]
struct Stretch {
    span: Option<Span>,
    text: Option<String>,
    split: bool,
}

/// The correction of the word at `index`, and the first word after what it covers.
fn correct(error: &SyntaxError, words: &[Word<'_>], index: usize, borders: &[usize]) -> (Stretch, usize) {
    let Some(word) = words.get(index) else { return (Stretch::default(), index + 1) };
    if let Some(text) = at_borders(*word, borders) {
        return (Stretch { span: None, text: Some(text), split: true }, index + 1);
    }
    if error.problem == super::super::Problem::Duplicate {
        return (Stretch { text: Some(String::new()), ..Stretch::default() }, index + 1);
    }
    // A blank too many: `ip4: 192.0.2.1`, `- all`, `ip4 :192.0.2.1`, `mx /24`.
    for last in (index + 1..words.len().min(index + 3)).rev() {
        let stretch = words.get(index..=last).unwrap_or_default();
        let torn = stretch.windows(2).all(|pair| match pair {
            [left, right] => left.ends_open() || right.continues(),
            _ => false,
        });
        if torn && let Some(found) = join(stretch) {
            return (found, last + 1);
        }
    }
    if word.continues()
        && let Some(stretch) = index.checked_sub(1).and_then(|before| words.get(before..=index))
        && let Some(found) = join(stretch)
    {
        return (found, index + 1);
    }
    (Stretch { text: repair(word.octets), ..Stretch::default() }, index + 1)
}

/// The words without the blanks between them.
fn join(words: &[Word<'_>]) -> Option<Stretch> {
    let octets: Vec<u8> = words.iter().flat_map(|word| word.octets).copied().collect();
    let (first, last) = (words.first()?, words.last()?);
    let text = repair(&octets).filter(|text| !text.contains(' '))?;
    let span = Span { column: first.begins, length: last.ends() - first.begins };
    Some(Stretch { span: Some(span), text: Some(text), split: false })
}

/// The word with a blank at each border between character-strings, where that makes it right.
fn at_borders(word: Word<'_>, borders: &[usize]) -> Option<String> {
    let first = word.begins - 1;
    let inside = borders.iter().map(|border| border.wrapping_sub(first)).filter(|at| *at > 0);
    let mut parts = Vec::new();
    let mut begin = 0;
    for border in inside.filter(|at| *at < word.octets.len()).chain([word.octets.len()]) {
        parts.push(word.octets.get(begin..border)?);
        begin = border;
    }
    if parts.len() < 2 {
        return None;
    }
    // What stands after a border must be a term by itself, or it is the rest of a word that was rightly cut.
    let begin = |part: &[u8]| {
        let plain = slip::plain(part);
        word::is_good(&plain) || word::begins_clearly(&plain)
    };
    if !parts.iter().skip(1).all(|part| begin(part)) {
        return None;
    }
    let parts: Option<Vec<String>> = parts.into_iter().map(repair).collect();
    Some(parts?.join(" "))
}

/// Terms that read well but that a missing blank has glued together, each as a suggestion and whether a border between
/// character-strings is to blame: `include:a.example.net-all` is a name like any other.
pub(super) fn glued(text: &[u8], terms: &[Term], borders: &[usize]) -> Vec<(Suggestion, bool)> {
    let mut found = Vec::new();
    for term in terms.iter().filter(|term| term.text.len() <= MAX_LENGTH) {
        let word = Word::at(text, term.column);
        let span = Span { column: word.begins, length: word.octets.len() };
        let parts = at_borders(word, borders)
            .filter(|text| text.split(' ').skip(1).all(word::begins_clearly))
            .map(|text| (text, true));
        if let Some((text, split)) = parts.or_else(|| word::unglue(&term.text).map(|text| (text, false))) {
            found.push((Suggestion { span, text }, split));
        }
    }
    found
}

/// The well-formed terms that were meant, with blanks between; empty where nothing was.
pub(super) fn repair(octets: &[u8]) -> Option<String> {
    if octets.len() > MAX_LENGTH {
        return None;
    }
    let text: String = slip::plain(octets).chars().filter(|c| !matches!(c, '"' | '\'' | '\\')).collect();
    let words: Option<Vec<String>> = text.split_whitespace().map(word::repair).collect();
    Some(words?.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
}

/// What was meant by a modifier that SPF does not have: `ip4=192.0.2.1`, `redirct=spf.example.net`.
pub(super) fn modifier(text: &str) -> Option<String> {
    let short = Some(text).filter(|text| text.len() <= MAX_LENGTH)?;
    word::repair(short).filter(|term| term != text)
}

/// A whole record, from what follows its version; `None` where something cannot be repaired.
pub(super) fn record(rest: &[u8]) -> Option<String> {
    let text = [b"v=spf1 ", rest].concat();
    let suggestions: Option<Vec<Suggestion>> =
        mistakes(&text, &[]).into_iter().map(|mistake| mistake.suggestion).collect();
    let record = super::finding::apply(&text, &suggestions?);
    Record::parse(&record).is_ok().then_some(record)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The record with all suggestions taken.
    fn check(text: &str, expected: &str) {
        let mistakes = mistakes(text.as_bytes(), &[]);
        let corrected = super::super::finding::apply(
            text.as_bytes(),
            mistakes.iter().filter_map(|mistake| mistake.suggestion.as_ref()),
        );
        assert_eq!(corrected, expected, "{text}: {mistakes:?}");
    }

    fn unknown(text: &str) {
        let mistakes = mistakes(text.as_bytes(), &[]);
        assert!(!mistakes.is_empty() && mistakes.iter().all(|one| one.suggestion.is_none()), "{mistakes:?}");
    }

    #[test]
    fn blanks() {
        check("v=spf1 ip4: 192.0.2.10 -all", "v=spf1 ip4:192.0.2.10 -all");
        check("v=spf1 ip4 :192.0.2.10 -all", "v=spf1 ip4:192.0.2.10 -all");
        check("v=spf1 ip4 : 192.0.2.10 - all", "v=spf1 ip4:192.0.2.10 -all");
        check("v=spf1 ip4:192.0.2.0 /24 -all", "v=spf1 ip4:192.0.2.0/24 -all");
        check("v=spf1 include: spf.example.net ~ all", "v=spf1 include:spf.example.net ~all");
        check("v=spf1 ip4:192.0.2.1-all", "v=spf1 ip4:192.0.2.1 -all");
        check("v=spf1 ip4:192.0.2.1ip4:192.0.2.2~all", "v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 ~all");
        check(
            "v=spf1 ip6:2001:db8::1include:spf.example.net -all",
            "v=spf1 ip6:2001:db8::1 include:spf.example.net -all",
        );
        check("v=spf1 include:spf.example.net~all", "v=spf1 include:spf.example.net ~all");
    }

    #[test]
    fn lookalikes() {
        check("v=spf1 ip4:192.0.2.1 –all", "v=spf1 ip4:192.0.2.1 -all");
        check("v=spf1 ip4:192.0.2.1\u{a0}-all", "v=spf1 ip4:192.0.2.1 -all");
        check("v=spf1 “ip4:192.0.2.1” ‘-all’", "v=spf1 ip4:192.0.2.1 -all");
        check("v=spf1 ip4：192.0.2.1 ～all", "v=spf1 ip4:192.0.2.1 ~all");
        check("v=spf1 mx \"-all\"", "v=spf1 mx -all");
        check("v=spf1 mx -all\"", "v=spf1 mx -all");
    }

    #[test]
    fn names() {
        check("v=spf1 ipv4:192.0.2.10 -all", "v=spf1 ip4:192.0.2.10 -all");
        check("v=spf1 ip:192.0.2.10 ip:2001:db8::1 -all", "v=spf1 ip4:192.0.2.10 ip6:2001:db8::1 -all");
        check("v=spf1 IPV6:2001:db8::/32 -all", "v=spf1 ip6:2001:db8::/32 -all");
        check("v=spf1 inlcude:spf.example.net -al", "v=spf1 include:spf.example.net -all");
        check(
            "v=spf1 -192.0.2.10 198.51.100.0/24 2001:db8::1 ?all",
            "v=spf1 -ip4:192.0.2.10 ip4:198.51.100.0/24 ip6:2001:db8::1 ?all",
        );
        check(
            "v=spf1 spf.example.net mail.example.org -all",
            "v=spf1 include:spf.example.net a:mail.example.org -all",
        );
        check("v=spf1 redirect:spf.example.net", "v=spf1 redirect=spf.example.net");
        check("v=spf1 host:mail.example.org -all;", "v=spf1 a:mail.example.org -all");
        unknown("v=spf1 frobnicate:x");
    }

    #[test]
    fn arguments() {
        check(
            "v=spf1 a:192.0.2.10 mx:198.51.100.0/24 include:2001:db8::1 -all",
            "v=spf1 ip4:192.0.2.10 ip4:198.51.100.0/24 ip6:2001:db8::1 -all",
        );
        check("v=spf1 ip4:mail.example.org -all", "v=spf1 a:mail.example.org -all");
        check("v=spf1 ip6:192.0.2.1 ip4:2001:db8::1/64 -all", "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1/64 -all");
        check("v=spf1 ip4:192.0.2.0/255.255.255.0 -all", "v=spf1 ip4:192.0.2.0/24 -all");
        check("v=spf1 ip4:192.0.2.0/024 -all", "v=spf1 ip4:192.0.2.0/24 -all");
        check("v=spf1 ip4:192.0.2 ip4:198.51.100.* -all", "v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/24 -all");
        check("v=spf1 ip4:192.0.2/25 ip4:192.000.002.001 -all", "v=spf1 ip4:192.0.2.0/25 ip4:192.0.2.1 -all");
        check("v=spf1 ip6:[2001:db8::1] -all", "v=spf1 ip6:2001:db8::1 -all");
        check(
            "v=spf1 ip4:192.0.2.1,192.0.2.2;192.0.2.3 -all",
            "v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 ip4:192.0.2.3 -all",
        );
        check("v=spf1 include:spf.example.net/24 -all", "v=spf1 include:spf.example.net -all");
        check("v=spf1 a:example.org:25 -all:x", "v=spf1 a:example.org -all");
        check("v=spf1 exists:%i.example.org -all", "v=spf1 exists:%{i}.example.org -all");
        check("v=spf1 redirect=a.example.org redirect=b.example.org", "v=spf1 redirect=a.example.org");
        check("v=spf1 ip4:192.0.2.4-192.0.2.11 -all", "v=spf1 ip4:192.0.2.4/30 ip4:192.0.2.8/30 -all");
        for text in [
            "ip4:192.0.2.0/33",
            "mx/33",
            "include",
            "ip4:",
            "exists:%{x}.example.org",
            "a:example",
            "ip6:2001:db8::/129",
        ] {
            unknown(&format!("v=spf1 {text} -all"));
        }
    }

    #[test]
    fn strings() {
        let text = b"v=spf1 ip4:192.0.2.10-all";
        let [mistake] = mistakes(text, &[21]).try_into().unwrap();
        assert!(mistake.split);
        assert_eq!(mistake.suggestion.unwrap().text, "ip4:192.0.2.10 -all");
        let text = b"v=spf1 amx -all";
        let [mistake] = mistakes(text, &[8]).try_into().unwrap();
        assert_eq!((mistake.split, mistake.suggestion.unwrap().text.as_str()), (true, "a mx"));
    }

    #[test]
    fn glued_terms_that_read_well() {
        let check = |text: &str, borders: &[usize], expected: &[(&str, bool)]| {
            let terms: Vec<Term> = Record::read(text.as_bytes()).flatten().collect();
            let found = glued(text.as_bytes(), &terms, borders);
            let found: Vec<_> = found.iter().map(|(one, split)| (one.text.as_str(), *split)).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("v=spf1 include:a.example.net-all", &[], &[("include:a.example.net -all", false)]);
        check(
            "v=spf1 include:a.example.netinclude:b.example.net -all",
            &[28],
            &[("include:a.example.net include:b.example.net", true)],
        );
        check(
            "v=spf1 include:a.example.net,b.example.net -all",
            &[],
            &[("include:a.example.net include:b.example.net", false)],
        );
        check("v=spf1 include:spf.example.net -all", &[20, 31], &[]);
        check("v=spf1 a:mx-all.example.net -all", &[], &[]);
    }

    /// Each of these has more ways to be taken apart than could ever be tried, or is deeper than any stack.
    #[test]
    fn hostile_words_end_soon() {
        let parts = |many: usize, end: &str| format!("v=spf1 {}{end} -all", "a:b.c".repeat(many));
        for text in
            [parts(60, "%x"), parts(60, ""), parts(13_000, ""), format!("v=spf1 {}", "x=".repeat(32_000))]
        {
            let terms: Vec<Term> = Record::read(text.as_bytes()).flatten().collect();
            assert!(mistakes(text.as_bytes(), &[]).len() <= 1);
            assert!(glued(text.as_bytes(), &terms, &[]).len() <= 1);
            assert!(terms.iter().all(|term| modifier(&term.text).is_none_or(|meant| meant.len() < 1_000)));
        }
    }

    proptest! {
        #[test]
        fn suggestions_are_well_formed(
            octets in proptest::collection::vec(any::<u8>(), 0..60),
            terms in "( ?[-~?+–“]?(ipv?[46]?|al+|incl?ude|a|mx|redirect|exists|exp)[:=/ ]?[0-9a-f.:/%{}*,-]{0,14}){0,6}",
            border in 0..80_usize,
        ) {
            for text in [[b"v=spf1 ".as_slice(), &octets].concat(), format!("v=spf1{terms}").into_bytes()] {
                let found = mistakes(&text, &[border]);
                prop_assert_eq!(found.is_empty(), Record::read(&text).all(|term| term.is_ok()));
                for suggestion in found.into_iter().filter_map(|mistake| mistake.suggestion) {
                    let alone = format!("v=spf1 {}", suggestion.text);
                    prop_assert!(Record::parse(&alone).is_ok(), "{}", alone);
                }
            }
        }
    }
}
