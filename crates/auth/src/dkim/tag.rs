//! Tag lists (RFC 6376 section 3.2), the syntax of DKIM-Signature fields and of key records.

use std::ops::Range;

use tegami_mail::{Note, note};

/// One `name=value`.
#[derive(Clone, Debug)]
pub(crate) struct Tag<'a> {
    /// Case matters (RFC 6376 section 3.2).
    pub(crate) name: &'a str,
    /// Without the white space around it; it may have folding white space inside.
    pub(crate) value: &'a [u8],
    /// Where the value stands in the list, from after the `=` to before the `;`, with the white space around it.
    pub(crate) span: Range<usize>,
}

/// A tag list: every name once.
#[derive(Clone, Debug)]
pub(crate) struct TagList<'a> {
    tags: Vec<Tag<'a>>,
}

/// More tags than any real list has; what lies beyond is an attack on our time.
const MAX_TAGS: usize = 64;

/// Room for the tags of most lists.
const USUAL_TAGS: usize = 12;

impl<'a> TagList<'a> {
    /// Reads a list by the ABNF of RFC 6376 section 3.2. Bare CR and LF count as folding white space, octets above
    /// ASCII are taken in values (RFC 8616); a `;` may end the list.
    pub(crate) fn parse(text: &'a [u8]) -> Result<Self, Note> {
        let mut tags: Vec<Tag<'a>> = Vec::with_capacity(USUAL_TAGS);
        let mut rest = text;
        let mut offset = 0;
        loop {
            let end = memchr::memchr(b';', rest).unwrap_or(rest.len());
            let (spec, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            let last = after.is_empty();
            if trim(spec).is_empty() && last && !tags.is_empty() {
                break;
            }
            let tag = tag_spec(spec, offset)?;
            if tags.iter().any(|known| known.name == tag.name) {
                return Err(note!("dkim-tag-duplicate", tag = tag.name));
            }
            if tags.len() == MAX_TAGS {
                return Err(note!("dkim-tag-too-many", limit = MAX_TAGS));
            }
            tags.push(tag);
            if last {
                break;
            }
            rest = after.get(1..).unwrap_or_default();
            offset += end + 1;
        }
        Ok(Self { tags })
    }

    /// The tag of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Tag<'a>> {
        self.tags.iter().find(|tag| tag.name == name)
    }

    /// The name of the first tag.
    pub(crate) fn first_name(&self) -> Option<&'a str> {
        self.tags.first().map(|tag| tag.name)
    }

    /// The value of this name as text, with every white space taken out; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> String {
        let compact = self.get(name).map(|tag| compact(tag.value)).unwrap_or_default();
        String::from_utf8(compact)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    /// The first characters of that text.
    pub(crate) fn start(&self, name: &str, characters: usize) -> String {
        // No character has more octets than four.
        let octets = self.get(name).map(|tag| tag.value).unwrap_or_default().iter().copied();
        let mut start = Vec::with_capacity(4 * characters);
        start.extend(octets.filter(|&byte| !is_space(byte)).take(4 * characters));
        String::from_utf8_lossy(&start).chars().take(characters).collect()
    }
}

/// `tag-spec = [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS]`.
fn tag_spec(spec: &[u8], offset: usize) -> Result<Tag<'_>, Note> {
    let malformed = || note!("dkim-tag-malformed", text = excerpt(spec));
    let equals = memchr::memchr(b'=', spec).ok_or_else(malformed)?;
    let (name, value) = spec.split_at_checked(equals).ok_or_else(malformed)?;
    let value = value.get(1..).unwrap_or_default();
    let name = std::str::from_utf8(trim(name)).map_err(|_| malformed())?;
    let well_named = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    // Without a way out on the way, so that the compiler looks at many octets at once.
    let well_valued =
        value.iter().fold(true, |well, &byte| well & (is_space(byte) | ((byte > 0x20) & (byte != 0x7f))));
    if !well_named || !well_valued {
        return Err(malformed());
    }
    let start = offset + equals + 1;
    Ok(Tag { name, value: trim(value), span: start..start + value.len() })
}

/// The items of a colon-separated list, trimmed.
pub(crate) fn items(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b':').map(trim)
}

/// Whether a list has this word; the quoted words of ABNF have no case (RFC 5234 section 2.3).
pub(crate) fn lists(value: &[u8], word: &str) -> bool {
    items(value).any(|item| item.eq_ignore_ascii_case(word.as_bytes()))
}

/// The value without any white space.
pub(crate) fn compact(value: &[u8]) -> Vec<u8> {
    let mut compact = Vec::with_capacity(value.len());
    // Most of a long value has no white space: whole blocks are taken as they are.
    let (blocks, rest) = value.as_chunks::<16>();
    for block in blocks {
        if block.iter().fold(true, |solid, &byte| solid & !is_space(byte)) {
            compact.extend_from_slice(block);
        } else {
            take_solid(block, &mut compact);
        }
    }
    take_solid(rest, &mut compact);
    compact
}

fn take_solid(block: &[u8], out: &mut Vec<u8>) {
    for word in block.split(|&byte| is_space(byte)) {
        out.extend_from_slice(word);
    }
}

/// Base64 with folding white space inside (RFC 6376 section 2.10).
pub(crate) fn base64(value: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine as _;
    BASE64.decode(compact(value)).ok()
}

/// The padding may be missing, and bits beyond the last octet may be set: the octets are clear all the same, and
/// such keys are published.
const BASE64: base64::engine::GeneralPurpose = base64::engine::GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    base64::engine::GeneralPurposeConfig::new()
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// `1*LIMIT DIGIT`.
pub(crate) fn number(value: &[u8], limit: usize) -> Option<u64> {
    if value.is_empty() || value.len() > limit || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // Digits beyond 64 bits say "for ever" and "everything"; the largest number says the same.
    Some(std::str::from_utf8(value).ok()?.parse().unwrap_or(u64::MAX))
}

/// The beginning of bytes from a stranger, for a sentence.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    String::from_utf8_lossy(trim(bytes))
        .chars()
        .take(60)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii()
}

fn is_space(byte: u8) -> bool {
    (byte == b' ') | (byte == b'\t') | (byte == b'\r') | (byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let seen = match TagList::parse(text.as_bytes()) {
            Ok(list) => list
                .tags
                .iter()
                .map(|tag| format!("{}[{}]", tag.name, String::from_utf8_lossy(tag.value)))
                .collect::<Vec<_>>()
                .join(" "),
            Err(note) => note.id.to_owned(),
        };
        assert_eq!(seen, expect, "{text:?}");
    }

    #[test]
    fn lists_follow_the_abnf() {
        check("v=1; a=rsa-sha256", "v[1] a[rsa-sha256]");
        check(" v = 1 ;\r\n\ta=x;", "v[1] a[x]");
        check("v=1;\r\n ", "v[1]");
        check("b=ab\r\n cd; x=", "b[ab\r\n cd] x[]");
        check("p=a=b==", "p[a=b==]");
        check("v=1;;a=x", "dkim-tag-malformed");
        check("", "dkim-tag-malformed");
        check(";", "dkim-tag-malformed");
        check("v", "dkim-tag-malformed");
        check("1v=1", "dkim-tag-malformed");
        check("v v=1", "dkim-tag-malformed");
        check("v=\u{1}", "dkim-tag-malformed");
        check("v=1; v=1", "dkim-tag-duplicate");
        check("v=1; V=2", "v[1] V[2]");
        check("d=例え.test", "d[例え.test]");
    }

    #[test]
    fn spans_hold_the_value_and_its_white_space() {
        let text = b"a=1; b = x y ;c=2";
        let list = TagList::parse(text).unwrap();
        assert_eq!(&text[list.get("b").unwrap().span.clone()], b" x y ");
    }

    #[test]
    fn numbers_are_digits_only() {
        assert_eq!(number(b"12", 12), Some(12));
        assert_eq!(number(b"", 12), None);
        assert_eq!(number(b"-1", 12), None);
        assert_eq!(number(b"1234567890123", 12), None);
        assert_eq!(number(&[b'9'; 76], 76), Some(u64::MAX));
    }
}
