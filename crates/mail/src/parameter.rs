//! Values with parameters: Content-Type, Content-Disposition (RFC 2045 section 5.1, RFC 2183, RFC 2231).

use std::collections::BTreeMap;

use crate::encoded_word::FoldedLine;
use crate::{charset, encoded_word, transfer};

/// A value such as `text/plain` or `attachment` and its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParameterizedValue {
    /// What stands before the first semicolon, in lower case, without comments.
    pub value: String,
    /// The parameters: names in lower case, values decoded, in the order in which their names first stand.
    pub parameters: Vec<(String, String)>,
}

impl ParameterizedValue {
    /// A value without parameters.
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), parameters: Vec::new() }
    }

    /// The same with one parameter more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.parameters.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// The first parameter of this name; case does not count.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Reads a field's value. It never fails: pieces that are no parameter are passed over. Continuations and charsets
    /// of RFC 2231 are put together, also out of order; encoded-words, which should not be there, are decoded; blanks
    /// in a value without quotes and octets outside ASCII are taken as they are. Where a parameter stands both plain
    /// and extended, the extended one wins (RFC 6266 section 4.3 says so for HTTP, and mail means the same).
    pub fn parse(value: &[u8]) -> Self {
        let mut reader = Reader { rest: value };
        let value = reader.until(b";").trim_ascii().to_ascii_lowercase();
        let mut names: Vec<String> = Vec::new();
        let mut found: BTreeMap<String, Pieces> = BTreeMap::new();
        while let Some((name, octets)) = reader.parameter() {
            let Some((name, section)) = section(&name) else { continue };
            if !names.contains(&name) {
                names.push(name.clone());
            }
            let pieces = found.entry(name).or_default();
            match section {
                Section::Plain => {
                    pieces.plain.get_or_insert(octets);
                }
                Section::Extended { number, encoded } => {
                    pieces.extended.entry(number).or_insert((encoded, octets));
                }
            }
            if names.len() > MOST {
                break;
            }
        }
        let take = |name: String| Some((found.get(&name)?.text(), name)).map(|(text, name)| (name, text));
        Self { value: charset::guess(&value), parameters: names.into_iter().filter_map(take).collect() }
    }

    /// Writes the value and its parameters, folded, `column` columns being taken by the field's name. What ASCII cannot
    /// say or no line can hold is written as RFC 2231 has it.
    pub fn write(&self, column: usize) -> String {
        let mut line = FoldedLine::new(column);
        let written: Vec<String> =
            self.parameters.iter().flat_map(|(name, value)| write_parameter(name, value)).collect();
        let ends = |more: bool| if more { ";" } else { "" };
        line.token("", &format!("{}{}", self.value, ends(!written.is_empty())));
        for (at, text) in written.iter().enumerate() {
            line.token(" ", &format!("{text}{}", ends(at + 1 < written.len())));
        }
        line.finish()
    }
}

/// No field has more parameters.
const MOST: usize = 100;

/// What was found of one parameter.
#[derive(Default)]
struct Pieces {
    plain: Option<Vec<u8>>,
    /// By section number: whether it is percent-encoded, and its octets.
    extended: BTreeMap<u16, (bool, Vec<u8>)>,
}

impl Pieces {
    fn text(&self) -> String {
        if !self.extended.contains_key(&0) {
            return encoded_word::decode(self.plain.as_deref().unwrap_or_default());
        }
        let mut charset = None;
        let mut octets = Vec::new();
        // RFC 2231 section 3: sections follow each other without a gap.
        for ((number, (encoded, section)), expected) in self.extended.iter().zip(0..) {
            if *number != expected {
                break;
            }
            let mut section = section.as_slice();
            if *encoded && expected == 0 {
                let mut parts = section.splitn(3, |byte| *byte == b'\'');
                if let (Some(name), Some(_language), Some(text)) = (parts.next(), parts.next(), parts.next())
                {
                    charset = Some(charset::guess(name));
                    section = text;
                }
            }
            if *encoded {
                decode_percent(section, &mut octets);
            } else {
                octets.extend_from_slice(section);
            }
        }
        match charset {
            Some(charset) => charset::decode(&charset, &octets),
            None => encoded_word::decode(&octets),
        }
    }
}

fn decode_percent(text: &[u8], octets: &mut Vec<u8>) {
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        let octet = match (first, tail) {
            (b'%', [high, low, after @ ..]) => transfer::hex(*high, *low).inspect(|_| rest = after),
            _ => None,
        };
        octets.push(octet.unwrap_or(*first));
    }
}

enum Section {
    Plain,
    Extended { number: u16, encoded: bool },
}

/// Parts `filename*1*` into name, number and whether the section is encoded (RFC 2231 section 4.1).
fn section(written: &str) -> Option<(String, Section)> {
    let Some((name, rest)) = written.split_once('*') else {
        return (!written.is_empty()).then(|| (written.to_owned(), Section::Plain));
    };
    let (number, encoded) = match rest.strip_suffix('*') {
        Some(number) => (number, true),
        None => (rest, rest.is_empty()),
    };
    let number = if number.is_empty() { 0 } else { number.parse().ok()? };
    (!name.is_empty()).then(|| (name.to_owned(), Section::Extended { number, encoded }))
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// Reads up to one of `ends`, which stays; comments and line ends go.
    fn until(&mut self, ends: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut depth = 0_usize;
        while let Some(byte) = self.rest.first().copied() {
            if depth == 0 && ends.contains(&byte) {
                break;
            }
            self.next();
            match byte {
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b'\\' if depth > 0 => drop(self.next()),
                b'\r' | b'\n' => {}
                _ if depth == 0 => out.push(byte),
                _ => {}
            }
        }
        out
    }

    /// A file name without quotes: to the semicolon. Parentheses are no comment, for file names have them.
    fn bare(&mut self) -> Vec<u8> {
        let end = memchr::memchr(b';', self.rest).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        text.trim_ascii().iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect()
    }

    /// A quoted-string whose quote has been read.
    fn quoted(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        while let Some(byte) = self.next() {
            match byte {
                b'"' => break,
                b'\\' => out.extend(self.next()),
                b'\r' | b'\n' => {}
                _ => out.push(byte),
            }
        }
        out
    }

    /// The next parameter, from the semicolon before it: its name in lower case, its octets.
    fn parameter(&mut self) -> Option<(String, Vec<u8>)> {
        loop {
            self.next()?;
            let name = charset::guess(self.until(b";=").trim_ascii()).to_ascii_lowercase();
            if self.rest.first() != Some(&b'=') {
                continue;
            }
            self.next();
            while matches!(self.rest.first(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
                self.next();
            }
            let octets = if self.rest.first() == Some(&b'"') {
                self.next();
                let octets = self.quoted();
                self.until(b";");
                octets
            } else if name.starts_with("filename") || name.starts_with("name") {
                self.bare()
            } else {
                self.until(b";").trim_ascii().to_vec()
            };
            return Some((name, octets));
        }
    }
}

/// One parameter in the simplest form that holds it; several pieces where one line cannot.
fn write_parameter(name: &str, value: &str) -> Vec<String> {
    /// Columns for one piece, so that it stands in a folded line.
    const PIECE: usize = 74;
    let is_printable = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_printable && !value.contains("=?") && name.len() + value.len() + 3 <= PIECE {
        let is_token = |byte: u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&byte);
        if !value.is_empty() && value.bytes().all(is_token) {
            return vec![format!("{name}={value}")];
        }
        return vec![format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))];
    }
    let room = PIECE.saturating_sub(name.len() + "*00*=UTF-8''".len()).max(24);
    let mut pieces = vec![String::new()];
    for c in value.chars() {
        let mut octets = [0; 4];
        let text: String = c.encode_utf8(&mut octets).bytes().map(percent).collect();
        match pieces.last_mut() {
            Some(piece) if piece.len() + text.len() <= room => piece.push_str(&text),
            _ => pieces.push(text),
        }
    }
    if let [whole] = pieces.as_slice() {
        return vec![format!("{name}*=UTF-8''{whole}")];
    }
    let charset = |at: usize| if at == 0 { "UTF-8''" } else { "" };
    pieces.iter().enumerate().map(|(at, piece)| format!("{name}*{at}*={}{piece}", charset(at))).collect()
}

/// RFC 2231 section 7, attribute-char; everything else in hexadecimal.
fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`{|}~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(written: &[u8], value: &str, parameters: &[(&str, &str)]) {
        let read = ParameterizedValue::parse(written);
        let found: Vec<(&str, &str)> =
            read.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            (read.value.as_str(), found.as_slice()),
            (value, parameters),
            "{}",
            written.escape_ascii()
        );
    }

    #[test]
    fn the_forms_of_the_standards() {
        check(b"text/plain; charset=us-ascii (Plain text)", "text/plain", &[("charset", "us-ascii")]);
        check(b"Text/HTML; Charset=\"utf-8\"", "text/html", &[("charset", "utf-8")]);
        // RFC 2231 sections 3, 4 and 4.1.
        check(
            b"message/external-body; access-type=URL;\r\n URL*0=\"ftp://\";\r\n URL*1=\"cs.example.org/pub/moore\"",
            "message/external-body",
            &[("access-type", "URL"), ("url", "ftp://cs.example.org/pub/moore")],
        );
        check(
            b"application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
            "application/x-stuff",
            &[("title", "This is ***fun***")],
        );
        check(
            b"application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20;\r\n title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
            "application/x-stuff",
            &[("title", "This is even more ***fun*** isn't it!")],
        );
    }

    #[test]
    fn careless_forms() {
        check(
            b"attachment; filename=\"=?UTF-8?B?5pel5pysLnBkZg==?=\"",
            "attachment",
            &[("filename", "日本.pdf")],
        );
        check("attachment; filename=\"日本.pdf\"".as_bytes(), "attachment", &[("filename", "日本.pdf")]);
        check(
            b"attachment; filename=my file (1).pdf; size=3",
            "attachment",
            &[("filename", "my file (1).pdf"), ("size", "3")],
        );
        check(b"attachment; filename*1=b; filename*0=a", "attachment", &[("filename", "ab")]);
        check(b"attachment; filename=x; filename*=UTF-8''%E6%97%A5", "attachment", &[("filename", "日")]);
        check(b"attachment; filename*=iso-2022-jp''%1B$BF%7C%1B(B", "attachment", &[("filename", "日")]);
        check(b"inline; ;; x ; =y; a=\"b;c\\\"d\" junk; e=", "inline", &[("a", "b;c\"d"), ("e", "")]);
        check(b"a; b=\"open", "a", &[("b", "open")]);
        check(b"", "", &[]);
    }

    #[test]
    fn the_simplest_form_is_written() {
        let check = |name: &str, value: &str, expected: &str| {
            assert_eq!(ParameterizedValue::new("a/b").with(name, value).write(14), expected);
        };
        check("charset", "utf-8", "a/b; charset=utf-8");
        check("name", "my \"file\"", r#"a/b; name="my \"file\"""#);
        check("filename", "日本.pdf", "a/b; filename*=UTF-8''%E6%97%A5%E6%9C%AC.pdf");
        check("boundary", "", "a/b; boundary=\"\"");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(value in "([ -~]|[あ-ん]){0,150}", other in "[a-z]{0,9}") {
            let written = ParameterizedValue::new("attachment").with("filename", value).with("x", other);
            let text = written.write(21);
            prop_assert_eq!(&ParameterizedValue::parse(text.as_bytes()), &written, "{}", text);
            for (at, line) in text.split("\r\n").enumerate() {
                prop_assert!(line.len() + if at == 0 { 21 } else { 0 } <= 78, "{:?}", text);
            }
        }

        #[test]
        fn nothing_panics(value: Vec<u8>, near in "([a-c=;*0-2'%\"\\\\( )]|UTF-8''){0,30}") {
            ParameterizedValue::parse(&value);
            ParameterizedValue::parse(near.as_bytes());
        }
    }
}
