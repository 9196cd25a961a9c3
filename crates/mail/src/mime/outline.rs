//! The structure of a message as it is declared: every part with its fields, for those who judge how it is made.

use super::{MimeLimits, Pieces, pieces};
use crate::{HeaderSection, ParameterizedValue, header};

/// One part, from the outside in, in the order in which they stand.
#[derive(Clone, Debug)]
pub struct Outlined<'a> {
    /// How many multiparts it lies within; the message itself is 0.
    pub depth: usize,
    /// Its fields.
    pub section: HeaderSection<'a>,
    /// Content-Type; `None` where it is missing.
    pub content_type: Option<ParameterizedValue>,
    /// Content-Transfer-Encoding in lower case; empty where it is missing.
    pub encoding: String,
    /// Its body, still encoded.
    pub body: &'a [u8],
    /// Of a multipart: how its delimiters stand.
    pub delimited: Option<Delimited>,
}

/// How the delimiters of a multipart stand (RFC 2046 section 5.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delimited {
    /// The boundary as it is declared; empty where none is.
    pub boundary: String,
    /// The parts between delimiters; `None` where no delimiter stands.
    pub parts: Option<usize>,
    /// Whether the close-delimiter stands.
    pub closed: bool,
}

impl Outlined<'_> {
    /// `type/subtype` in lower case; `text/plain` where nothing is declared (RFC 2045 section 5.2).
    pub fn kind(&self) -> &str {
        let declared = self.content_type.as_ref().map(|value| value.value.as_str());
        declared.filter(|value| value.contains('/')).unwrap_or("text/plain")
    }

    /// A parameter of Content-Type.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.content_type.as_ref()?.parameter(name)
    }
}

/// The parts of a content, within these limits; a message within the message is not taken apart. The answer is `false` where a limit
/// ended it.
pub fn outline(content: &[u8], limits: MimeLimits) -> (Vec<Outlined<'_>>, bool) {
    let mut parts = Vec::new();
    let whole = walk(content, 0, limits, &mut parts);
    (parts, whole)
}

fn walk<'a>(content: &'a [u8], depth: usize, limits: MimeLimits, parts: &mut Vec<Outlined<'a>>) -> bool {
    if parts.len() >= limits.parts || depth > limits.depth {
        return false;
    }
    let (head, body) = if header::begins_with_field(content) {
        header::split(content)
    } else {
        (content.get(..0).unwrap_or_default(), content)
    };
    let Ok(section) = HeaderSection::parse(head, limits.header) else { return false };
    let content_type = section.first("Content-Type").map(|field| ParameterizedValue::parse(field.value_raw));
    let encoding = section.first("Content-Transfer-Encoding").map(|field| field.text());
    let encoding = encoding.unwrap_or_default().trim().to_ascii_lowercase();
    let mut part = Outlined { depth, section, content_type, encoding, body, delimited: None };
    if !part.kind().starts_with("multipart/") {
        parts.push(part);
        return true;
    }
    let boundary = part.parameter("boundary").unwrap_or_default().trim_end().to_owned();
    let found = pieces(body, &boundary);
    let (inner, closed) = match found {
        Some(Pieces { pieces, closed }) => (Some(pieces), closed),
        None => (None, false),
    };
    part.delimited = Some(Delimited { boundary, parts: inner.as_ref().map(Vec::len), closed });
    parts.push(part);
    inner.into_iter().flatten().all(|piece| walk(piece, depth + 1, limits, parts))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn delimiters_are_told() {
        let content = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: BASE64\r\n\r\ny";
        let (parts, whole) = outline(content, MimeLimits::GENEROUS);
        assert!(whole);
        let shown: Vec<_> =
            parts.iter().map(|part| (part.depth, part.kind(), part.encoding.as_str())).collect();
        assert_eq!(shown, [(0, "multipart/mixed", ""), (1, "text/plain", ""), (1, "text/html", "base64")]);
        let expected = Delimited { boundary: "a".to_owned(), parts: Some(2), closed: false };
        assert_eq!(parts[0].delimited, Some(expected));
    }

    proptest! {
        #[test]
        fn nothing_panics(
            content: Vec<u8>,
            near in "((Content-Type: (multipart/mixed; boundary=a|text/html|message/rfc822)|Content-Transfer-Encoding: base64|--a(--)?|x)?\r?\n){0,14}",
        ) {
            outline(&content, MimeLimits::GENEROUS);
            outline(near.as_bytes(), MimeLimits::GENEROUS);
        }
    }
}
