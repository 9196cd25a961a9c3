//! The header section and body of a content, as raw bytes.

/// One header field, as it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    /// Everything but the CRLF that ends it.
    pub(super) raw: &'a [u8],
    /// The octets before the colon.
    pub(super) name: &'a [u8],
}

impl<'a> Field<'a> {
    /// The octets after the colon.
    pub(super) fn value(&self) -> &'a [u8] {
        self.raw.get(self.name.len() + 1..).unwrap_or_default()
    }
}

/// Splits a content into its fields and its body.
pub(super) fn split(content: &[u8]) -> (Vec<Field<'_>>, &[u8]) {
    let mut fields = Vec::new();
    let mut rest = content;
    while !rest.is_empty() {
        if let Some(body) = rest.strip_prefix(b"\r\n") {
            return (fields, body);
        }
        let end = field_end(rest);
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        let raw = line.strip_suffix(b"\r\n").unwrap_or(line);
        if let Some(colon) = memchr::memchr(b':', raw) {
            fields.push(Field { raw, name: raw.get(..colon).unwrap_or_default() });
        }
        rest = after;
    }
    (fields, &[])
}

/// Where the field at the front ends, its CRLF included: at the first CRLF that no white space follows.
fn field_end(bytes: &[u8]) -> usize {
    for at in memchr::memchr_iter(b'\n', bytes) {
        let ends = at > 0 && bytes.get(at - 1) == Some(&b'\r');
        if ends && !matches!(bytes.get(at + 1), Some(b' ' | b'\t')) {
            return at + 1;
        }
    }
    bytes.len()
}
