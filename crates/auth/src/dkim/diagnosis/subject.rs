//! What a Subject may have been: without the tag that a list or a filter put before it, or in other encoded-words.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tegami_mail::{encoded_word, note};

use super::header::{Clues, Proposal, instances, written};
use crate::dkim::tag::excerpt;

/// Octets of a Subject that is looked into.
const MOST: usize = 2_000;
/// Octets of a tag.
const MOST_TAG: usize = 80;

pub(super) fn proposals(clues: &Clues<'_>) -> Vec<Proposal> {
    let Some((_, subject)) = clues.message.uppermost("subject") else { return Vec::new() };
    let value = subject.unfolded();
    if value.len() > MOST {
        return Vec::new();
    }
    let mut list = List { name: subject.name, rest: Vec::new(), proposals: Vec::new() };
    list.rest = instances(clues.message, "subject");
    list.rest.pop();
    let came = excerpt(&value);
    for (weight, tag, untagged) in untagged(&value) {
        let tagged = note!("dkim-subject-tagged", tag = tag);
        list.push(weight, &untagged, tagged);
        let recoded = note!("dkim-subject-tagged-recoded", tag = tag);
        for again in relabelled(&untagged) {
            list.push(weight + 1, &again, recoded.clone());
        }
        for again in encoded(&encoded_word::decode(&untagged)) {
            list.push(weight + 2, &again, recoded.clone());
        }
    }
    let text = encoded_word::decode(&value);
    if value.starts_with(b"=?") {
        for (weight, tag, untagged) in self::untagged(text.as_bytes()) {
            let text = String::from_utf8_lossy(&untagged);
            let recoded = note!("dkim-subject-tagged-recoded", tag = tag);
            list.push(weight, &untagged, recoded.clone());
            for again in encoded(&text) {
                list.push(weight + 1, &again, recoded.clone());
            }
        }
    }
    let rewritten = |signed: &[u8]| {
        note!("dkim-header-encoded-words", field = "Subject", signed = excerpt(signed), came = came)
    };
    for again in relabelled(&value).into_iter().chain(encoded(&text)) {
        let note = rewritten(&again);
        list.push(2, &again, note);
    }
    list.proposals
}

struct List<'a> {
    name: &'a str,
    /// Fields below the uppermost one, the lowest first.
    rest: Vec<Vec<u8>>,
    proposals: Vec<Proposal>,
}

impl List<'_> {
    fn push(&mut self, weight: u8, value: &[u8], note: tegami_mail::Note) {
        let mut fields = self.rest.clone();
        fields.push(written(self.name, value));
        self.proposals.push(Proposal { weight, fields, note });
    }
}

/// The value without what looks like a tag, with the tag: at the start, behind `Re:`, two of them, or put before a
/// `Re:` behind which it had stood.
fn untagged(value: &[u8]) -> Vec<(u8, String, Vec<u8>)> {
    let mut found = Vec::new();
    let (reply, behind) = reply_marks(value);
    let mut add = |weight, tag: &[u8], rest: Vec<u8>| found.push((weight, excerpt(tag), rest));
    if let Some((tag, rest)) = tag(value) {
        add(1, tag, rest.to_vec());
        let (reply, behind) = reply_marks(rest);
        if !reply.is_empty() {
            add(1, tag, [reply, tag, b" ", behind].concat());
        }
        if let Some((_, less)) = self::tag(behind).filter(|_| !reply.is_empty()) {
            // Each answer got another one.
            add(2, tag, [reply, less].concat());
        }
        if let Some((second, less)) = self::tag(rest) {
            add(2, &[tag, b" ", second].concat(), less.to_vec());
        }
    }
    if let Some((tag, rest)) = tag(behind).filter(|_| !reply.is_empty()) {
        add(1, tag, [reply, rest].concat());
        add(2, tag, rest.to_vec());
    }
    found
}

/// `Re: `, `Fwd: ` and the like at the start, and what follows.
fn reply_marks(value: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0;
    loop {
        let rest = value.get(end..).unwrap_or_default();
        let marks: [&[u8]; 6] = [b"re:", b"fwd:", b"fw:", b"aw:", b"sv:", b"antw:"];
        let mark = marks
            .iter()
            .find(|mark| rest.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark)));
        let Some(mark) = mark else { break };
        let after = rest.get(mark.len()..).unwrap_or_default();
        end += mark.len() + after.len() - after.trim_ascii_start().len();
    }
    value.split_at_checked(end).unwrap_or((&[], value))
}

/// `[list]`, `(list 12)`, `{Spam?}`, `***SPAM***` or `EXTERNAL:` at the start, and what follows.
fn tag(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let close = match value.first()? {
        b'[' => memchr::memchr(b']', value)? + 1,
        b'(' => memchr::memchr(b')', value)? + 1,
        b'{' => memchr::memchr(b'}', value)? + 1,
        b'<' => memchr::memchr(b'>', value)? + 1,
        b'*' => {
            let stars = value.iter().take_while(|&&octet| octet == b'*').count();
            let inner = value.get(stars..)?;
            stars + memchr::memmem::find(inner, value.get(..stars)?)? + stars
        }
        first if first.is_ascii_uppercase() => {
            let word = value.iter().take_while(|octet| octet.is_ascii_uppercase() || **octet == b'-').count();
            (value.get(word) == Some(&b':') && word > 2).then_some(word + 1)?
        }
        _ => return None,
    };
    let punctuation = value.get(close..)?.iter().take_while(|octet| matches!(octet, b':' | b'-')).count();
    let (tag, rest) = value.split_at_checked(close + punctuation).filter(|(tag, _)| tag.len() <= MOST_TAG)?;
    Some((tag, rest.trim_ascii_start()))
}

/// The same encoded-words with the charset and the encoding in another case.
pub(super) fn relabelled(value: &[u8]) -> Vec<Vec<u8>> {
    if memchr::memmem::find(value, b"=?").is_none() {
        return Vec::new();
    }
    let ways = [(true, true), (true, false), (false, true), (false, false)];
    ways.iter().map(|&(charset, encoding)| relabel(value, charset, encoding)).collect()
}

fn relabel(value: &[u8], charset_upper: bool, encoding_upper: bool) -> Vec<u8> {
    let cased =
        |octet: &u8, upper| if upper { octet.to_ascii_uppercase() } else { octet.to_ascii_lowercase() };
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(start) = memchr::memmem::find(rest, b"=?") {
        let (before, word) = rest.split_at_checked(start).unwrap_or((rest, &[]));
        out.extend_from_slice(before);
        let pieces: Vec<&[u8]> = word.splitn(5, |&octet| octet == b'?').collect();
        let [_, charset, encoding, text, after] = pieces.as_slice() else {
            rest = word;
            break;
        };
        out.extend_from_slice(b"=?");
        out.extend(charset.iter().map(|octet| cased(octet, charset_upper)));
        out.push(b'?');
        out.extend(encoding.iter().map(|octet| cased(octet, encoding_upper)));
        out.push(b'?');
        out.extend_from_slice(text);
        out.push(b'?');
        rest = after;
    }
    out.extend_from_slice(rest);
    out
}

/// A text in encoded-words, as programs commonly write them.
pub(super) fn encoded(text: &str) -> Vec<Vec<u8>> {
    if text.is_ascii() || text.len() > MOST {
        return Vec::new();
    }
    let base64 = STANDARD.encode(text);
    let mut quoted = String::new();
    for octet in text.bytes() {
        match octet {
            b' ' => quoted.push('_'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'!' | b'*' | b'+' | b'-' | b'/' | b'.' | b',' => {
                quoted.push(char::from(octet));
            }
            _ => quoted.push_str(&format!("={octet:02X}")),
        }
    }
    let mut ways = vec![text.as_bytes().to_vec()];
    let folded = encoded_word::encode_unstructured(text, "Subject: ".len());
    ways.push(folded.bytes().filter(|octet| !matches!(octet, b'\r' | b'\n')).collect());
    for (charset, upper) in [("UTF-8", true), ("utf-8", false), ("utf-8", true), ("UTF-8", false)] {
        let (b, q) = if upper { ('B', 'Q') } else { ('b', 'q') };
        ways.push(format!("=?{charset}?{b}?{base64}?=").into_bytes());
        ways.push(format!("=?{charset}?{q}?{quoted}?=").into_bytes());
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expect: &[&str]) {
        let seen: Vec<String> = untagged(value.as_bytes())
            .into_iter()
            .map(|(_, tag, rest)| format!("{tag} | {}", String::from_utf8_lossy(&rest)))
            .collect();
        assert_eq!(seen, expect, "{value}");
    }

    #[test]
    fn tags_are_taken_off() {
        check("[list] Lunch", &["[list] | Lunch"]);
        check("[list] Re: Lunch", &["[list] | Re: Lunch", "[list] | Re: [list] Lunch"]);
        check("Re: [list 12] Lunch", &["[list 12] | Re: Lunch", "[list 12] | Lunch"]);
        check("[EXT] [list] Lunch", &["[EXT] | [list] Lunch", "[EXT] [list] | Lunch"]);
        check("***SPAM*** Win", &["***SPAM*** | Win"]);
        check("EXTERNAL: Lunch", &["EXTERNAL: | Lunch"]);
        check("Lunch [today]", &[]);
        check("", &[]);
    }

    #[test]
    fn encoded_words_are_relabelled() {
        let seen: Vec<String> = relabelled(b"a =?utf-8?b?eA==?= =?ISO-8859-1?q?=20?=")
            .iter()
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .collect();
        assert_eq!(seen[0], "a =?UTF-8?B?eA==?= =?ISO-8859-1?Q?=20?=");
        assert_eq!(seen[3], "a =?utf-8?b?eA==?= =?iso-8859-1?q?=20?=");
        assert!(relabelled(b"=? x").iter().all(|value| value == b"=? x"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(value in "(\\[a\\]|Re: |=\\?utf-8\\?b\\?|\\?=|\\*|é|[A-Z]:| |x){0,12}") {
            untagged(value.as_bytes());
            relabelled(value.as_bytes());
            encoded(&value);
        }
    }
}
