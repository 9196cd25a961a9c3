//! Encoded-words: text outside ASCII in header fields (RFC 2047, language tags of RFC 2231 section 5).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::{charset, transfer};

/// Columns after which a header field is folded (RFC 5322 section 2.1.1).
const FOLD: usize = 78;
/// Longest encoded-word (RFC 2047 section 2).
const LONGEST: usize = 75;
/// `=?UTF-8?B?` and `?=`.
const FRAME: usize = 12;
/// Below this many columns an encoded-word begins a line of its own.
const CRAMPED: usize = 30;
/// A token longer than this cannot stand in one line whatever is done (RFC 5322 section 2.1.1).
const UNBREAKABLE: usize = 900;

/// Reads an unfolded value. Encoded-words become text wherever they stand, the blanks between two of them go, a
/// character that two words of one charset share is put together, and octets outside ASCII are taken as [`charset::guess`]
/// takes them. Control characters except the tab become blanks: no line end comes out that did not go in.
pub fn decode(value: &[u8]) -> String {
    let mut text = String::with_capacity(value.len());
    let mut open: Option<Word<'_>> = None;
    let mut plain_from = 0;
    let mut at = 0;
    // Behind the last `?=` no word can end any more.
    let words_end = memchr::memmem::rfind(value, b"?=").unwrap_or_default();
    while let Some(start) = find(value, b"=?", at).filter(|start| *start < words_end) {
        let Some((word, end)) = Word::read(value, start) else {
            at = start + 2;
            continue;
        };
        let between = value.get(plain_from..start).unwrap_or_default();
        match &mut open {
            Some(before) if between.iter().all(u8::is_ascii_whitespace) => {
                if before.charset.eq_ignore_ascii_case(word.charset) {
                    before.octets.extend_from_slice(&word.octets);
                } else {
                    text.push_str(&before.text());
                    open = Some(word);
                }
            }
            _ => {
                text.extend(open.take().map(|word| word.text()));
                text.push_str(&charset::guess(between));
                open = Some(word);
            }
        }
        (at, plain_from) = (end, end);
    }
    text.extend(open.map(|word| word.text()));
    text.push_str(&charset::guess(value.get(plain_from..).unwrap_or_default()));
    if text.contains(is_unwanted) { text.replace(is_unwanted, " ") } else { text }
}

fn is_unwanted(c: char) -> bool {
    c.is_ascii_control() && c != '\t'
}

fn find(bytes: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    memchr::memmem::find(bytes.get(from..)?, needle).map(|at| from + at)
}

/// One encoded-word, or several of the same charset put together.
struct Word<'a> {
    charset: &'a str,
    octets: Vec<u8>,
}

impl<'a> Word<'a> {
    /// The word whose `=?` stands at `start`, and where it ends.
    fn read(value: &'a [u8], start: usize) -> Option<(Self, usize)> {
        /// No charset has a longer name, language tag included.
        const CHARSET: usize = 80;
        let rest = value.get(start + 2..)?;
        let mark = memchr::memchr(b'?', rest.get(..CHARSET.min(rest.len()))?)?;
        let charset = std::str::from_utf8(rest.get(..mark)?).ok()?;
        if charset.is_empty() || !charset.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let decode: fn(&[u8]) -> Vec<u8> = match rest.get(mark + 1..)? {
            [b'b' | b'B', b'?', ..] => transfer::decode_base64,
            [b'q' | b'Q', b'?', ..] => decode_q,
            _ => return None,
        };
        let text_at = start + 2 + mark + 3;
        let end = find(value, b"?=", text_at)?;
        let encoded = value.get(text_at..end)?;
        let octets = decode(encoded);
        if octets.is_empty() && !encoded.is_empty() {
            // Nothing comes out of it: it stays as it is.
            return Some((Self { charset: "utf-8", octets: value.get(start..end + 2)?.to_vec() }, end + 2));
        }
        let charset = charset.split_once('*').map_or(charset, |(charset, _language)| charset);
        Some((Self { charset, octets }, end + 2))
    }

    fn text(&self) -> String {
        charset::decode(self.charset, &self.octets)
    }
}

/// RFC 2047 section 4.2.
fn decode_q(encoded: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let [first, tail @ ..] = rest {
        rest = tail;
        octets.push(match (first, tail) {
            (b'_', _) => b' ',
            (b'=', [high, low, after @ ..]) => match transfer::hex(*high, *low) {
                Some(octet) => {
                    rest = after;
                    octet
                }
                None => b'=',
            },
            _ => *first,
        });
    }
    octets
}

/// Writes unstructured text as the value of a header field, folded, `column` columns being taken by the name. Words
/// that ASCII can say stay readable. The text has no CR and no LF.
pub fn encode_unstructured(text: &str, column: usize) -> String {
    let mut line = FoldedLine::new(column);
    // Blanks at either end would be lost, and a long run of them could leave a line of nothing but blanks.
    if text.starts_with(' ') || text.ends_with(' ') || text.contains(&" ".repeat(FOLD / 2)) {
        line.encoded("", text);
        return line.finish();
    }
    let mut open: Option<(&str, String)> = None;
    for (gap, word) in Words(text) {
        if !must_be_encoded(word) {
            if let Some((gap, text)) = open.take() {
                line.encoded(gap, &text);
            }
            line.token(gap, word);
        } else if let Some((_, text)) = &mut open {
            text.push_str(gap);
            text.push_str(word);
        } else {
            open = Some((gap, word.to_owned()));
        }
    }
    if let Some((gap, text)) = open {
        line.encoded(gap, &text);
    }
    line.finish()
}

fn must_be_encoded(word: &str) -> bool {
    word.len() > UNBREAKABLE || word.contains("=?") || !word.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Words with the blanks before them.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = (&'a str, &'a str);
    fn next(&mut self) -> Option<Self::Item> {
        let word_and_rest = self.0.trim_start_matches(' ');
        let (gap, _) = self.0.split_at_checked(self.0.len() - word_and_rest.len())?;
        let end = word_and_rest.find(' ').unwrap_or(word_and_rest.len());
        let (word, rest) = word_and_rest.split_at_checked(end)?;
        self.0 = rest;
        (!gap.is_empty() || !word.is_empty()).then_some((gap, word))
    }
}

/// A header field under construction: knows its column and folds before what would pass the 78th.
pub(crate) struct FoldedLine {
    out: String,
    column: usize,
}

impl FoldedLine {
    /// A line on which `column` columns are taken.
    pub(crate) fn new(column: usize) -> Self {
        Self { out: String::new(), column }
    }

    /// Adds what cannot be broken, after blanks at which a fold may stand.
    pub(crate) fn token(&mut self, gap: &str, token: &str) {
        if self.column + gap.len() + token.len() > FOLD && !gap.is_empty() && self.column > gap.len() {
            self.fold();
        }
        self.out.push_str(gap);
        self.out.push_str(token);
        self.column += gap.len() + token.len();
    }

    /// Adds text as encoded-words in UTF-8, B or Q, whichever is shorter.
    pub(crate) fn encoded(&mut self, gap: &str, text: &str) {
        let q_width: usize = text.chars().map(q_width).sum();
        let as_q = q_width <= text.len().div_ceil(3) * 4;
        let mut gap = gap;
        let mut rest = text;
        while !rest.is_empty() {
            let mut room = LONGEST.min(FOLD.saturating_sub(self.column + gap.len()));
            if room < CRAMPED && !(self.out.is_empty() && gap.is_empty()) {
                self.fold();
                gap = if gap.is_empty() { " " } else { gap };
                room = LONGEST.min(FOLD.saturating_sub(gap.len()));
            }
            let (piece, after) = split_at_width(rest, room.max(CRAMPED) - FRAME, as_q);
            let word = encoded_word(piece, as_q);
            self.out.push_str(gap);
            self.out.push_str(&word);
            self.column += gap.len() + word.len();
            rest = after;
            gap = " ";
        }
    }

    /// Ends the line; what comes next brings the blank that begins the new one.
    fn fold(&mut self) {
        self.out.push_str("\r\n");
        self.column = 0;
    }

    /// What was written.
    pub(crate) fn finish(self) -> String {
        self.out
    }
}

/// The longest start of `text` that fits, in whole characters and at least one of them.
fn split_at_width(text: &str, width: usize, as_q: bool) -> (&str, &str) {
    let mut used = 0;
    let end = text.char_indices().find_map(|(at, c)| {
        used += if as_q { q_width(c) } else { c.len_utf8() };
        let taken = if as_q { used } else { used.div_ceil(3) * 4 };
        (taken > width && at > 0).then_some(at)
    });
    text.split_at_checked(end.unwrap_or(text.len())).unwrap_or((text, ""))
}

/// Columns of a character in Q. Only what RFC 2047 section 5 (3) allows in a phrase stays as it is, so that one form
/// serves everywhere.
fn q_width(c: char) -> usize {
    if is_q_plain(c) || c == ' ' { 1 } else { c.len_utf8() * 3 }
}

fn is_q_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '!' | '*' | '+' | '-' | '/')
}

fn encoded_word(text: &str, as_q: bool) -> String {
    if !as_q {
        return format!("=?UTF-8?B?{}?=", STANDARD.encode(text));
    }
    let mut out = "=?UTF-8?Q?".to_owned();
    for c in text.chars() {
        match c {
            ' ' => out.push('_'),
            _ if is_q_plain(c) => out.push(c),
            _ => {
                let mut octets = [0; 4];
                for octet in c.encode_utf8(&mut octets).bytes() {
                    out.push_str(&format!("={octet:02X}"));
                }
            }
        }
    }
    out.push_str("?=");
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn encoded_words_are_read() {
        let check = |value: &str, expected: &str| assert_eq!(decode(value.as_bytes()), expected, "{value}");
        // RFC 2047 section 8.
        check("(=?ISO-8859-1?Q?a?=)", "(a)");
        check("=?ISO-8859-1?Q?a?= b", "a b");
        check("=?ISO-8859-1?Q?a?=  \t =?ISO-8859-1?Q?b?=", "ab");
        check("=?ISO-8859-1?Q?a_b?=", "a b");
        check("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b");
        check("=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=", "םולש ןב ילטפנ");
        // RFC 2231 section 5.
        check("=?US-ASCII*EN?Q?Keith_Moore?= <moore@example.org>", "Keith Moore <moore@example.org>");
        check("=?utf-8?B?5pel5pys?= =?UTF-8?B?6Kqe?=", "日本語");
        // A character that two words share, in B and in Q.
        check("=?utf-8?B?5pel5g==?= =?utf-8?B?nKw=?=", "日本");
        check("=?utf-8?Q?=E6=97?= =?utf-8?Q?=A5?=", "日");
        // What is not allowed, yet occurs.
        check("=?utf-8?Q?hello world?=", "hello world");
        check("=?utf-8?Q?what??=", "what?");
        check("a=?utf-8?Q?b?=c", "abc");
        check("=?x-no-such?Q?caf=C3=A9?=", "café");
        check("日本語 =?utf-8?Q?b?=", "日本語 b");
        // What is none stays.
        for text in ["=?utf-8?X?a?=", "=?utf-8?Q", "=?", "=??Q?a?=", "=?utf-8?B?!!?=", "?==?", "a =? b ?= c"]
        {
            check(text, text);
        }
        check("=?utf-8?Q?a=0D=0ABcc:_b?=", "a  Bcc: b");
    }

    #[test]
    fn japanese_charsets_are_read() {
        let check = |value: &[u8], expected: &str| assert_eq!(decode(value), expected);
        check(b"=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?= =?ISO-2022-JP?B?GyRCOGwbKEI=?=", "日本語");
        check(b"=?Shift_JIS?B?k/qWew==?=", "日本");
        check(b"=?EUC-JP?Q?=C6=FC=CB=DC?=", "日本");
        check(b"\x1b$BF|K\\\x1b(B", "日本");
        check("=?windows-1252?Q?=93x=94?=".as_bytes(), "“x”");
    }

    #[test]
    fn the_shorter_encoding_is_chosen_and_ascii_stays_readable() {
        let check = |text: &str, expected: &str| assert_eq!(encode_unstructured(text, 9), expected);
        check("plain text", "plain text");
        check("Caféterie in Wien", "=?UTF-8?Q?Caf=C3=A9terie?= in Wien");
        check("Grüße", "=?UTF-8?B?R3LDvMOfZQ==?=");
        check("【重要】お知らせ", "=?UTF-8?B?44CQ6YeN6KaB44CR44GK55+l44KJ44Gb?=");
        check("Re: 日本 語 ok", "Re: =?UTF-8?B?5pel5pysIOiqng==?= ok");
        check("a =?x", "a =?UTF-8?B?PT94?=");
        check(" a ", "=?UTF-8?Q?_a_?=");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(text in "([ -~]|[ぁ-ん]| |[é😀一-龠]){0,120}", column in 0_usize..77) {
            let written = encode_unstructured(&text, column);
            prop_assert_eq!(decode(written.replace("\r\n", "").as_bytes()), text);
            for (at, line) in written.split("\r\n").enumerate() {
                prop_assert!(at == 0 || (line.starts_with(' ') && line.trim() != ""), "{:?}", written);
                let unbroken = line.trim().contains(' ') || line.contains("=?UTF-8?");
                prop_assert!(!unbroken || line.len() <= FOLD || (at == 0 && line.len() + column <= FOLD + LONGEST), "{:?}", written);
            }
            for word in written.split_ascii_whitespace().filter(|word| word.starts_with("=?UTF-8?")) {
                prop_assert!(word.len() <= LONGEST);
                let octets = Word::read(word.as_bytes(), 0).unwrap().0.octets;
                prop_assert!(String::from_utf8(octets).is_ok(), "a character was split");
            }
        }

        #[test]
        fn nothing_panics(value: Vec<u8>, near in "(=\\?(utf-8|iso-2022-jp|x)(\\*en)?\\?[QB]\\?[A-Za-z=?_+/]{0,12}\\?= ?){0,4}") {
            decode(&value);
            decode(near.as_bytes());
        }
    }
}
