//! Canonicalisation (RFC 6376 section 3.4), on raw bytes and without copies where nothing changes.

/// How much a content may change on its way before the signature breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Canonicalization {
    /// Almost nothing may change (RFC 6376 sections 3.4.1 and 3.4.3).
    Simple,
    /// White space may change (RFC 6376 sections 3.4.2 and 3.4.4).
    Relaxed,
}

impl Canonicalization {
    /// The word in `c=`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Relaxed => "relaxed",
        }
    }

    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Simple => Self::Relaxed,
            Self::Relaxed => Self::Simple,
        }
    }

    /// Appends a header field, given without the CRLF that ends it; nothing ends what is appended either.
    pub(crate) fn field(self, raw: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Simple => out.extend_from_slice(raw),
            Self::Relaxed => relaxed_field(raw, out),
        }
    }

    /// Gives the canonical body to `sink`, piece by piece.
    pub(crate) fn body(self, body: &[u8], sink: impl FnMut(&[u8])) {
        match self {
            Self::Simple => simple_body(body, sink),
            Self::Relaxed => relaxed_body(body, sink),
        }
    }
}

/// RFC 6376 section 3.4.2: the name in lower case, no white space around the colon, lines unfolded, runs of white
/// space as one space, none at the end.
fn relaxed_field(raw: &[u8], out: &mut Vec<u8>) {
    let colon = memchr::memchr(b':', raw).unwrap_or(raw.len());
    let (name, value) = raw.split_at_checked(colon).unwrap_or((raw, &[]));
    out.extend(name.trim_ascii_end().iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let start = out.len();
    let mut space = false;
    let mut bytes = value.iter().skip(1).copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' => space = true,
            b'\r' if bytes.next_if_eq(&b'\n').is_some() => {}
            _ => {
                if space && out.len() > start {
                    out.push(b' ');
                }
                space = false;
                out.push(byte);
            }
        }
    }
}

/// RFC 6376 section 3.4.3: empty lines at the end become one CRLF, and an empty body is one CRLF too.
fn simple_body(body: &[u8], mut sink: impl FnMut(&[u8])) {
    let mut lines = body;
    while let Some(shorter) = lines.strip_suffix(b"\r\n") {
        lines = shorter;
    }
    sink(lines);
    sink(b"\r\n");
}

/// RFC 6376 section 3.4.4: runs of white space as one space, none at the end of a line, no empty lines at the end;
/// what is left ends in CRLF, and nothing at all is left of a body of white space.
fn relaxed_body(body: &[u8], mut sink: impl FnMut(&[u8])) {
    let text = without_blank_end(body);
    if text.is_empty() {
        return;
    }
    // `from` is where the bytes begin that no piece has carried yet; `at` is where to look for white space.
    let (mut from, mut at) = (0, 0);
    while let Some(start) = uneven_blank(text, at) {
        let end = start + blanks(text.get(start..).unwrap_or_default());
        at = end;
        sink(text.get(from..start).unwrap_or_default());
        if !text.get(end..).is_some_and(|rest| rest.starts_with(b"\r\n")) {
            sink(b" ");
        }
        from = end;
    }
    sink(text.get(from..).unwrap_or_default());
    sink(b"\r\n");
}

/// Where white space begins, from `at` on, that is not one space inside a line. Most white space is that, and most text
/// has nothing else for long: whole blocks are looked through at once.
fn uneven_blank(text: &[u8], mut at: usize) -> Option<usize> {
    const BLOCK: usize = 32;
    // Without branches, so that the compiler compares many octets at once.
    let uneven = |octet: u8, next: u8| {
        (octet == b'\t') | ((octet == b' ') & ((next == b' ') | (next == b'\t') | (next == b'\r')))
    };
    while let Some((block, _)) = text.get(at..).and_then(|rest| rest.split_first_chunk::<{ BLOCK + 1 }>()) {
        let pairs = block.iter().zip(block.iter().skip(1));
        let found = pairs.fold(false, |found, (&octet, &next)| found | uneven(octet, next));
        if found {
            break;
        }
        at += BLOCK;
    }
    let rest = text.get(at..)?;
    let next = rest.iter().skip(1).copied().chain(std::iter::once(b'\r'));
    Some(at + rest.iter().zip(next).position(|(&octet, next)| uneven(octet, next))?)
}

fn without_blank_end(body: &[u8]) -> &[u8] {
    let mut text = body;
    while let Some(shorter) =
        text.strip_suffix(b"\r\n").or_else(|| text.strip_suffix(b" ")).or_else(|| text.strip_suffix(b"\t"))
    {
        text = shorter;
    }
    text
}

fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// A whole content: every field with CRLF, an empty line, the body.
pub(super) fn content(how: Canonicalization, content: &[u8]) -> Vec<u8> {
    let (header, body) = tegami_mail::header::split(content);
    let section = tegami_mail::HeaderSection::parse(header, tegami_mail::HeaderLimits::GENEROUS);
    let mut out = Vec::with_capacity(content.len());
    for field in section.iter().flat_map(tegami_mail::HeaderSection::fields) {
        how.field(super::hash::without_line_end(field.raw), &mut out);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    how.body(body, |piece| out.extend_from_slice(piece));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_field(canonicalization: Canonicalization, raw: &str, expect: &str) {
        let mut out = Vec::new();
        canonicalization.field(raw.as_bytes(), &mut out);
        assert_eq!(String::from_utf8_lossy(&out), expect);
    }

    fn check_body(canonicalization: Canonicalization, body: &str, expect: &str) {
        let mut out = Vec::new();
        canonicalization.body(body.as_bytes(), |piece| out.extend_from_slice(piece));
        assert_eq!(String::from_utf8_lossy(&out), expect, "{body:?}");
    }

    /// The examples of RFC 6376 section 3.4.5.
    #[test]
    fn examples_of_the_standard() {
        check_field(Canonicalization::Relaxed, "A: X", "a:X");
        check_field(Canonicalization::Relaxed, "B : Y\t\r\n\tZ  ", "b:Y Z");
        check_field(Canonicalization::Simple, "B : Y\t\r\n\tZ  ", "B : Y\t\r\n\tZ  ");
        check_body(Canonicalization::Relaxed, " C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n");
        check_body(Canonicalization::Simple, " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n");
    }

    #[test]
    fn empty_bodies() {
        for body in ["", "\r\n", "\r\n\r\n"] {
            check_body(Canonicalization::Simple, body, "\r\n");
            check_body(Canonicalization::Relaxed, body, "");
        }
        check_body(Canonicalization::Relaxed, " \t\r\n \r\n", "");
        check_body(Canonicalization::Relaxed, "  ", "");
        check_body(Canonicalization::Simple, " \r\n", " \r\n");
    }

    #[test]
    fn the_last_line_gets_its_end() {
        check_body(Canonicalization::Simple, "a", "a\r\n");
        check_body(Canonicalization::Relaxed, "a \t", "a\r\n");
    }

    #[test]
    fn white_space_inside_lines() {
        check_body(Canonicalization::Relaxed, "a b\tc  d\t \r\n\te", "a b c d\r\n e\r\n");
        check_body(Canonicalization::Relaxed, "a \rb \nc", "a \rb \nc\r\n");
        check_field(Canonicalization::Relaxed, "Subject:", "subject:");
        check_field(Canonicalization::Relaxed, "Subject: \t", "subject:");
        check_field(Canonicalization::Relaxed, "X:a\rb\nc", "x:a\rb\nc");
    }

    /// RFC 6376 section 3.4.4, line by line.
    fn relaxed_lines(body: &str) -> String {
        let line = |line: &str| {
            let words = line.trim_end_matches([' ', '\t']).replace('\t', " ");
            words.chars().fold(String::new(), |line, c| {
                if c == ' ' && line.ends_with(' ') { line } else { line + c.encode_utf8(&mut [0; 4]) }
            })
        };
        let mut lines: Vec<String> = body.split("\r\n").map(line).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines.iter().map(|line| format!("{line}\r\n")).collect()
    }

    proptest::proptest! {
        #[test]
        fn bodies_are_relaxed_as_line_by_line(body in "([a-z]{0,40}( |  |\t|\r\n| \r\n|\r|\n)){0,12}") {
            check_body(Canonicalization::Relaxed, &body, &relaxed_lines(&body));
        }
    }
}
