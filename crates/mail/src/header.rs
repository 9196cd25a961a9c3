//! The header section (RFC 5322 sections 2.1 and 2.2), its bytes kept exactly as they came.

use std::borrow::Cow;

use memchr::memchr;

use crate::mailbox_list::{parse_list, write_list};
use crate::{charset, encoded_word};

/// How much header section is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderLimits {
    /// Most octets in the header section.
    pub octets: usize,
    /// Most header fields.
    pub fields: usize,
}

impl HeaderLimits {
    /// One MiB and 5,000 header fields: far above what real messages have, far below what hurts.
    pub const GENEROUS: Self = Self { octets: 1 << 20, fields: 5_000 };
}

/// Why a header section is not read, or a header field not written. The fault is with whoever made it; trying again
/// does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Above [`HeaderLimits::octets`].
    #[error("the header section has more than {limit} octets")]
    TooLong {
        /// The limit, in octets.
        limit: usize,
    },
    /// Above [`HeaderLimits::fields`].
    #[error("the header section has more than {limit} header fields")]
    TooManyFields {
        /// The limit, in header fields.
        limit: usize,
    },
    /// RFC 5322 section 2.2: printable ASCII without the colon, at least one character, and short enough for a line.
    #[error("`{name}` is not a header field name: only printable ASCII without blanks and colon")]
    BadName {
        /// The name as it was given.
        name: String,
    },
    /// CR, LF or NUL would end the header field and begin another.
    #[error("the value of the header field `{name}` has a CR, LF or NUL")]
    BadValue {
        /// Name of the header field.
        name: String,
    },
}

/// Parts content into header section and body. The header section ends with the line end of its last field; the empty
/// line belongs to neither; the body is what follows it. Content without an empty line is all header section (RFC 5322
/// section 2.1).
pub fn split(content: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    while let Some(rest) = content.get(at..) {
        let empty_line = match rest {
            [b'\r', b'\n', ..] => 2,
            [b'\n', ..] => 1,
            _ => 0,
        };
        if empty_line > 0 {
            return (content.get(..at).unwrap_or_default(), rest.get(empty_line..).unwrap_or_default());
        }
        match memchr(b'\n', rest) {
            Some(end) => at += end + 1,
            None => break,
        }
    }
    (content, &[])
}

/// Fields of a message that stand at most once (RFC 5322 section 3.6).
pub const ONCE: [&str; 11] = [
    "Date",
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Subject",
];

/// What is pasted may begin with empty lines, or with the first line of a message in an mbox file.
pub fn pasted(content: &[u8]) -> &[u8] {
    let mut rest = content;
    while !rest.is_empty() && (rest.starts_with(b"\r\n") || !begins_with_field(rest)) {
        let end = rest.iter().position(|octet| *octet == b'\n').map_or(rest.len(), |end| end + 1);
        rest = rest.get(end..).unwrap_or_default();
    }
    rest
}

/// Whether the content begins with a header field, or with the empty line that says there is none. What local programs
/// hand over may be a body alone; then an empty line is to be put before it.
pub fn begins_with_field(content: &[u8]) -> bool {
    content.starts_with(b"\r\n")
        || content.starts_with(b"\n")
        || HeaderField::read(content).is_some_and(|field| !field.name.is_empty())
}

/// Whether the first line begins with a blank, as if it went on with a field before it (RFC 5322 section 2.2.3). No
/// program that writes mail makes that.
pub fn begins_with_fold(content: &[u8]) -> bool {
    matches!(content.first(), Some(b' ' | b'\t'))
}

/// One header field, borrowed from the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderField<'a> {
    /// The name as it was written, without blanks before the colon. Empty for a line that is not a header field: it
    /// has no colon, or its name has a character that no name may have.
    pub name: &'a str,
    /// The whole field: name, colon, value, folds, last line end.
    pub raw: &'a [u8],
    /// What follows the colon, with folds and last line end; all of `raw` for a line that is not a header field.
    pub value_raw: &'a [u8],
}

impl<'a> HeaderField<'a> {
    /// The field at the start of `bytes`, with its folded lines; `None` for no bytes.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        if bytes.is_empty() {
            return None;
        }
        let mut end = 0;
        loop {
            let rest = bytes.get(end..).unwrap_or_default();
            end = memchr(b'\n', rest).map_or(bytes.len(), |at| end + at + 1);
            if !matches!(bytes.get(end), Some(b' ' | b'\t')) {
                break;
            }
        }
        let raw = bytes.get(..end).unwrap_or_default();
        Some(Self::parts(raw).unwrap_or(Self { name: "", raw, value_raw: raw }))
    }

    fn parts(raw: &'a [u8]) -> Option<Self> {
        let end = raw.iter().position(|&byte| !is_name_octet(byte)).filter(|&end| end > 0)?;
        let (name, rest) = raw.split_at_checked(end)?;
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let value_raw = rest.get(blanks..)?.strip_prefix(b":")?;
        Some(Self { name: std::str::from_utf8(name).ok()?, raw, value_raw })
    }

    /// Whether the name is this one; case does not count (RFC 5322 section 1.2.2).
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value with its folds undone (RFC 5322 section 2.2.3): line ends gone, every other octet kept, without the
    /// blanks at its ends.
    pub fn unfolded(&self) -> Cow<'a, [u8]> {
        let value = self.value_raw.trim_ascii();
        if memchr::memchr2(b'\r', b'\n', value).is_none() {
            return Cow::Borrowed(value);
        }
        Cow::Owned(value.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect())
    }

    /// The unfolded value as text, encoded-words untouched. Octets outside ASCII are read as UTF-8 where they are that,
    /// else guessed: what structured fields are parsed from.
    pub fn text(&self) -> String {
        charset::guess(&self.unfolded())
    }

    /// The value for people: unfolded, encoded-words decoded (RFC 2047).
    pub fn decoded(&self) -> String {
        encoded_word::decode(&self.unfolded())
    }
}

/// A header section: its fields in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderSection<'a> {
    bytes: &'a [u8],
    fields: Vec<HeaderField<'a>>,
}

impl<'a> HeaderSection<'a> {
    /// Reads the header section at the start of a content, or a header section alone.
    ///
    /// # Errors
    /// [`HeaderError::TooLong`] and [`HeaderError::TooManyFields`]; malformed lines are no error, they become fields
    /// without a name.
    pub fn parse(content: &'a [u8], limits: HeaderLimits) -> Result<Self, HeaderError> {
        Self::parse_content(content, limits).map(|(section, _)| section)
    }

    /// Reads the header section of a content, and gives the body too, as [`split`] does, looking at every octet once.
    ///
    /// # Errors
    /// As [`HeaderSection::parse`].
    pub fn parse_content(content: &'a [u8], limits: HeaderLimits) -> Result<(Self, &'a [u8]), HeaderError> {
        let mut fields = Vec::with_capacity(32);
        let mut rest = content;
        let body = loop {
            match rest {
                [b'\r', b'\n', body @ ..] | [b'\n', body @ ..] => break body,
                _ => {}
            }
            let Some(field) = HeaderField::read(rest) else { break rest };
            if fields.len() >= limits.fields || content.len() - rest.len() > limits.octets {
                // Only now, when it is too much, is the end of the section looked for.
                return Err(Self::excess(content, limits));
            }
            rest = rest.get(field.raw.len()..).unwrap_or_default();
            fields.push(field);
        };
        let bytes = content.get(..content.len() - rest.len()).unwrap_or_default();
        if bytes.len() > limits.octets {
            return Err(HeaderError::TooLong { limit: limits.octets });
        }
        Ok((Self { bytes, fields }, body))
    }

    fn excess(content: &[u8], limits: HeaderLimits) -> HeaderError {
        if split(content).0.len() > limits.octets {
            return HeaderError::TooLong { limit: limits.octets };
        }
        HeaderError::TooManyFields { limit: limits.fields }
    }

    /// The octets, from the first field's name to the last field's line end.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Every field in order, uppermost first; malformed lines are among them, with an empty name.
    pub fn fields(&self) -> &[HeaderField<'a>] {
        &self.fields
    }

    /// The uppermost field of this name.
    pub fn first(&self, name: &str) -> Option<&HeaderField<'a>> {
        self.fields.iter().find(|field| field.is(name))
    }

    /// The fields of this name, uppermost first.
    pub fn all<'s>(&'s self, name: &'s str) -> impl DoubleEndedIterator<Item = &'s HeaderField<'a>> {
        self.fields.iter().filter(move |field| field.is(name))
    }
}

/// The content with fields put before it; each of them ends with its CRLF. Everything else stays as it is, but for a
/// content that [`begins_with_fold`]: its first line would go on with our last field and say more in our name. An empty
/// line makes all of it body.
pub fn prepend<F: AsRef<[u8]>>(content: &[u8], fields: &[F]) -> Vec<u8> {
    let more: usize = fields.iter().map(|field| field.as_ref().len()).sum();
    let mut out = Vec::with_capacity(more + 2 + content.len());
    for field in fields {
        out.extend_from_slice(field.as_ref());
    }
    if more > 0 && begins_with_fold(content) {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(content);
    out
}

/// The content without the header fields for which `gone` says so; everything else stays as it is. `Bcc` is taken
/// out so: `without(content, |field| field.is("Bcc"))`.
pub fn without(content: &[u8], mut gone: impl FnMut(&HeaderField<'_>) -> bool) -> Vec<u8> {
    let (section, _) = split(content);
    let mut out = Vec::with_capacity(content.len());
    let mut rest = section;
    while let Some(field) = HeaderField::read(rest) {
        if !gone(&field) {
            out.extend_from_slice(field.raw);
        }
        rest = rest.get(field.raw.len()..).unwrap_or_default();
    }
    out.extend_from_slice(content.get(section.len()..).unwrap_or_default());
    out
}

/// The content with the words of its header fields as `change` wants them; fields that it answers `None` to stay as they are. It is shown a field's name and its value for people; of
/// fields that hold addresses the value as it stands, encoded-words untouched.
pub fn rewrite(content: &[u8], mut change: impl FnMut(&str, &str) -> Option<String>) -> Vec<u8> {
    const LISTS: [&str; 6] = ["From", "Sender", "Reply-To", "To", "Cc", "Bcc"];
    let (section, _) = split(content);
    let mut out = Vec::with_capacity(content.len());
    let mut rest = section;
    while let Some(field) = HeaderField::read(rest) {
        rest = rest.get(field.raw.len()..).unwrap_or_default();
        let of_addresses = LISTS.iter().any(|list| field.is(list));
        let old = if of_addresses { field.text() } else { field.decoded() };
        let changed = if field.name.is_empty() { None } else { change(field.name, &old) };
        let new = changed.map(|new| new.replace(['\r', '\n', '\0'], ""));
        let written = new.and_then(|new| match parse_list(&new) {
            Ok(list) if of_addresses => {
                let value = write_list(&list, field.name.len() + 2);
                Some(format!("{}: {value}\r\n", field.name).into_bytes())
            }
            _ => write(field.name, &new).ok(),
        });
        out.extend_from_slice(written.as_deref().unwrap_or(field.raw));
    }
    out.extend_from_slice(content.get(section.len()..).unwrap_or_default());
    out
}

/// Writes one unstructured header field with its CRLF: folded at 78 columns, words outside ASCII as encoded-words.
///
/// # Errors
/// [`HeaderError::BadName`] and [`HeaderError::BadValue`]: a value can never end its field and begin another.
pub fn write(name: &str, value: &str) -> Result<Vec<u8>, HeaderError> {
    check(name, value)?;
    Ok(format!("{name}: {}\r\n", encoded_word::encode_unstructured(value, name.len() + 2)).into_bytes())
}

/// Refuses a name that is none, and a value that would break out of its field.
pub(crate) fn check(name: &str, value: &str) -> Result<(), HeaderError> {
    /// RFC 5322 section 2.1.1, less the colon and a blank; no registered name comes near.
    const LONGEST_NAME: usize = 76;
    if !is_name(name) || name.len() > LONGEST_NAME {
        return Err(HeaderError::BadName { name: name.to_owned() });
    }
    if value.contains(['\r', '\n', '\0']) {
        return Err(HeaderError::BadValue { name: name.to_owned() });
    }
    Ok(())
}

/// RFC 5322 section 3.6.8, ftext.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_name_octet)
}

fn is_name_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b':'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONTENT: &[u8] = b"Received: from a\r\n\tby b\r\nSUBJECT : =?utf-8?q?caf=C3=A9?=\r\n =?utf-8?q?_x?=\r\nno field\r\nBcc: x@example.org\r\nsubject:second\r\n\r\nbody\r\n";

    fn section(content: &[u8]) -> HeaderSection<'_> {
        HeaderSection::parse(content, HeaderLimits::GENEROUS).unwrap()
    }

    #[test]
    fn content_is_parted_at_the_empty_line() {
        let check = |content: &str, expected: (&str, &str)| {
            assert_eq!(
                split(content.as_bytes()),
                (expected.0.as_bytes(), expected.1.as_bytes()),
                "{content:?}"
            );
        };
        check("A: b\r\n\r\nbody\r\n", ("A: b\r\n", "body\r\n"));
        check("A: b\n\nbody", ("A: b\n", "body"));
        check("A: b\r\n", ("A: b\r\n", ""));
        check("A: b", ("A: b", ""));
        check("\r\nbody", ("", "body"));
        check("", ("", ""));
        check("A: b\r\n\r\n\r\nbody", ("A: b\r\n", "\r\nbody"));
        check("A: b\r\n \r\nB: c\r\n\r\nbody", ("A: b\r\n \r\nB: c\r\n", "body"));
    }

    #[test]
    fn fields_keep_their_octets() {
        let section = section(CONTENT);
        let names: Vec<&str> = section.fields().iter().map(|field| field.name).collect();
        assert_eq!(names, ["Received", "SUBJECT", "", "Bcc", "subject"]);
        let subject = section.first("Subject").unwrap();
        assert_eq!(subject.value_raw, b" =?utf-8?q?caf=C3=A9?=\r\n =?utf-8?q?_x?=\r\n");
        assert_eq!(subject.unfolded().as_ref(), b"=?utf-8?q?caf=C3=A9?= =?utf-8?q?_x?=");
        assert_eq!(subject.decoded(), "café x");
        assert_eq!(section.all("subject").next_back().unwrap().decoded(), "second");
        assert_eq!(section.first("received").unwrap().unfolded().as_ref(), b"from a\tby b");
    }

    #[test]
    fn fields_are_taken_out_and_put_before_and_nothing_else_changes() {
        let rest = without(CONTENT, |field| field.is("bcc"));
        assert_eq!(rest, String::from_utf8_lossy(CONTENT).replace("Bcc: x@example.org\r\n", "").as_bytes());
        assert_eq!(prepend(b"\r\nx", &[b"A: b\r\n", b"C: d\r\n"]), b"A: b\r\nC: d\r\n\r\nx");
    }

    #[test]
    fn a_first_line_cannot_go_on_with_a_field_put_before_it() {
        assert_eq!(prepend(b" x\r\nC: d\r\n", &[b"A: b\r\n"]), b"A: b\r\n\r\n x\r\nC: d\r\n");
        assert_eq!(prepend(b"\tx", &[b""]), b"\tx");
    }

    #[test]
    fn limits_are_kept() {
        let parse = |octets, fields| HeaderSection::parse(CONTENT, HeaderLimits { octets, fields }).err();
        assert_eq!(parse(20, 100), Some(HeaderError::TooLong { limit: 20 }));
        assert_eq!(parse(1000, 2), Some(HeaderError::TooManyFields { limit: 2 }));
        assert_eq!(parse(1000, 5), None);
    }

    #[test]
    fn a_body_alone_is_known() {
        assert!(begins_with_field(b"A: b\r\n"));
        assert!(begins_with_field(b"\nbody"));
        assert!(!begins_with_field(b"hello world: x\n"));
        assert!(!begins_with_field(b""));
    }

    #[test]
    fn a_value_cannot_break_out() {
        assert_eq!(write("X-A", "b").unwrap(), b"X-A: b\r\n");
        for (name, value) in [("X-A", "b\r\nBcc: c"), ("X-A", "b\nc"), ("X-A", "b\rc"), ("X-A", "b\0c")] {
            assert_eq!(write(name, value), Err(HeaderError::BadValue { name: name.to_owned() }));
        }
        for name in ["", "X A", "X:A", "X\r\nA", "é", &"x".repeat(77)] {
            assert_eq!(write(name, "b"), Err(HeaderError::BadName { name: name.to_owned() }));
        }
    }

    #[test]
    fn words_of_fields_are_changed() {
        let content = b"To: \"%x%\" <b@example.net>\r\nSubject: =?utf-8?B?JXgl?= here\r\nX-Other:  kept\r\nno field\r\n\r\n%x%";
        let out =
            rewrite(content, |_, text| text.contains("%x%").then(|| text.replace("%x%", "\u{592a}\r\n")));
        let expected = "To: =?UTF-8?B?5aSq?= <b@example.net>\r\nSubject: =?UTF-8?B?5aSq?= here\r\nX-Other:  kept\r\nno field\r\n\r\n%x%";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert_eq!(rewrite(CONTENT, |_, _| None), CONTENT);
    }

    proptest! {
        #[test]
        fn every_octet_is_in_exactly_one_field(bytes: Vec<u8>, text in "([A-C]{1,2}:? ?[a\t\r\n]{0,3}(\r?\n){1,2}){0,8}") {
            for content in [bytes.as_slice(), text.as_bytes()] {
                let section = section(content);
                let joined: Vec<u8> = section.fields().iter().flat_map(|field| field.raw).copied().collect();
                prop_assert_eq!(&joined, section.as_bytes());
                prop_assert_eq!(without(content, |_| false), content);
                let (whole, body) = HeaderSection::parse_content(content, HeaderLimits::GENEROUS).unwrap();
                prop_assert_eq!((whole.as_bytes(), body), split(content));
                prop_assert_eq!(&whole, &section);
                for field in section.fields() {
                    let _ = (field.decoded(), field.text());
                }
            }
        }

        #[test]
        fn a_written_field_is_read_again(value in "(?s)([ -~]|[あ-ん]|[é😀] ?){0,80}") {
            let written = write("X-Test", &value).unwrap();
            prop_assert!(written.ends_with(b"\r\n"));
            let section = section(&written);
            prop_assert_eq!(section.fields().len(), 1);
            prop_assert_eq!(section.first("x-test").unwrap().decoded(), value);
        }
    }
}
