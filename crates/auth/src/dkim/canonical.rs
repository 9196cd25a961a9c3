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
    pub(crate) fn body(self, body: &[u8], mut sink: impl FnMut(&[u8])) {
        let text = self.text(body);
        self.part(text, &mut sink);
        sink(self.body_end(text));
    }

    /// The body without what is left out at its end: empty lines (RFC 6376 section 3.4.3), for `relaxed` lines of white
    /// space too (RFC 6376 section 3.4.4).
    pub(crate) fn text(self, body: &[u8]) -> &[u8] {
        match self {
            Self::Simple => without_empty_lines(body),
            Self::Relaxed => without_blank_end(body),
        }
    }

    /// Gives the canonical form of a part of the [`text`](Self::text) to `sink`. Whoever cuts a text in parts cuts
    /// where [`part_end`] says.
    pub(crate) fn part(self, part: &[u8], sink: impl FnMut(&[u8])) {
        match self {
            Self::Simple => pass(part, sink),
            Self::Relaxed => relaxed_part(part, sink),
        }
    }

    /// What ends a canonical body of which this is the text: CRLF, but nothing for a `relaxed` body of white space.
    pub(crate) fn body_end(self, text: &[u8]) -> &'static [u8] {
        if self == Self::Relaxed && text.is_empty() { b"" } else { b"\r\n" }
    }
}

/// Where a part of a body may end, at `at` or soon after it: behind an octet that is no white space, so that neither
/// canonicalisation has to know what follows.
pub(crate) fn part_end(body: &[u8], at: usize) -> usize {
    let after = body.get(at..).unwrap_or_default();
    after.iter().position(|&octet| octet > b' ').map_or(body.len(), |found| at + found + 1)
}

/// RFC 6376 section 3.4.2: the name in lower case, no white space around the colon, lines unfolded, runs of white
/// space as one space, none at the end.
fn relaxed_field(raw: &[u8], out: &mut Vec<u8>) {
    let colon = memchr::memchr(b':', raw).unwrap_or(raw.len());
    let (name, value) = raw.split_at_checked(colon).unwrap_or((raw, &[]));
    let start = out.len();
    out.extend_from_slice(name.trim_ascii_end());
    out.get_mut(start..).unwrap_or_default().make_ascii_lowercase();
    out.push(b':');
    let start = out.len();
    let mut rest = value.get(1..).unwrap_or_default();
    let mut space = false;
    loop {
        let (run, blank) = folding_white_space(rest);
        space |= blank;
        rest = rest.get(run..).unwrap_or_default();
        if rest.is_empty() {
            return;
        }
        if space && out.len() > start {
            out.push(b' ');
        }
        space = false;
        // A CR that is part of no fold is an octet like any other.
        let end = 1 + uneven_blank::<FIELD>(rest.get(1..).unwrap_or_default()).unwrap_or(rest.len() - 1);
        let (piece, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        out.extend_from_slice(piece);
        rest = after;
    }
}

/// How many octets of white space and line ends stand at the beginning, and whether a blank is among them.
fn folding_white_space(bytes: &[u8]) -> (usize, bool) {
    let (mut at, mut blank) = (0, false);
    loop {
        match bytes.get(at..) {
            Some([b' ' | b'\t', ..]) => (at, blank) = (at + 1, true),
            Some([b'\r', b'\n', ..]) => at += 2,
            _ => return (at, blank),
        }
    }
}

fn pass(part: &[u8], mut sink: impl FnMut(&[u8])) {
    sink(part);
}

/// Runs of white space as one space, none at the end of a line.
fn relaxed_part(part: &[u8], mut sink: impl FnMut(&[u8])) {
    let mut rest = part;
    while let Some(start) = uneven_blank::<BODY>(rest) {
        let run = rest.get(start..).unwrap_or_default();
        let end = start + blanks(run);
        let ends_line = rest.get(end..).is_some_and(|after| after.starts_with(b"\r\n"));
        // A space that is there already need not be made.
        let keep = usize::from(!ends_line && run.starts_with(b" "));
        sink(rest.get(..start + keep).unwrap_or_default());
        if !ends_line && keep == 0 {
            sink(b" ");
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    sink(rest);
}

/// In a body, where line ends stay.
const BODY: u8 = b'\t';
/// In a header field, where they are undone.
const FIELD: u8 = b'\r';

/// Where white space begins that is not one space before something else: a space before any octet that is not above it, a
/// tab, and `OTHER`. Most white space is not that, and most text has nothing else for long: whole blocks are looked
/// through at once.
fn uneven_blank<const OTHER: u8>(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    // A block without anything is passed over; one that has something is searched in words.
    while has_uneven::<OTHER, 64>(text, at) == Some(false) {
        at += 64;
    }
    while let Some(marks) = uneven_marks::<OTHER>(text, at) {
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = text.get(at..)?;
    let next = rest.iter().skip(1).chain(std::iter::once(&b'\r'));
    Some(at + rest.iter().zip(next).position(|(&octet, &next)| is_uneven::<OTHER>(octet, next))?)
}

/// A word with the highest bit set of each of eight octets that is uneven, the first octet lowest. `None` where there are not as
/// many, and one more.
fn uneven_marks<const OTHER: u8>(text: &[u8], at: usize) -> Option<u64> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const LOW: u64 = 0x7f * ONES;
    // No carry leaves its octet: the highest bits are looked at apart.
    let equal = |word: u64, octet: u8| {
        let zero = word ^ (ONES * u64::from(octet));
        !(((zero & LOW) + LOW) | zero | LOW)
    };
    let at_most_space = |word: u64| !(((word & LOW) + ONES * (0x7f - 0x20)) | word | LOW);
    let octets = text.get(at..)?;
    let next = u64::from_le_bytes(*octets.get(1..)?.first_chunk()?);
    let octets = u64::from_le_bytes(*octets.first_chunk()?);
    Some(equal(octets, b'\t') | equal(octets, OTHER) | (equal(octets, b' ') & at_most_space(next)))
}

/// Whether one of so many octets from `at` on is uneven. `None` where there are not as many, and one more.
fn has_uneven<const OTHER: u8, const OCTETS: usize>(text: &[u8], at: usize) -> Option<bool> {
    let octets = text.get(at..)?;
    let next = octets.get(1..)?.first_chunk::<OCTETS>()?;
    let pairs = octets.first_chunk::<OCTETS>()?.iter().zip(next);
    // Without branches, so that the compiler compares many octets at once.
    Some(pairs.fold(false, |found, (&octet, &next)| found | is_uneven::<OTHER>(octet, next)))
}

#[inline(always)]
fn is_uneven<const OTHER: u8>(octet: u8, next: u8) -> bool {
    (octet == b'\t') | (octet == OTHER) | ((octet == b' ') & (next <= b' '))
}

fn without_empty_lines(body: &[u8]) -> &[u8] {
    let mut lines = body;
    while let Some(shorter) = lines.strip_suffix(b"\r\n") {
        lines = shorter;
    }
    lines
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

    fn check_uneven<const OTHER: u8>(text: &[u8]) {
        let next = text.iter().skip(1).chain(std::iter::once(&b'\r'));
        let expect = text.iter().zip(next).position(|(&octet, &next)| is_uneven::<OTHER>(octet, next));
        assert_eq!(uneven_blank::<OTHER>(text), expect, "{text:?}");
    }

    proptest::proptest! {
        #[test]
        fn white_space_is_found_wherever_it_stands(
            start in "[a-z\u{a0}!]{0,150}( [a-z]{1,9}){0,20}",
            octets in proptest::collection::vec(0_u8.., 0..80),
            end in "[ \t\r\na]{0,20}",
        ) {
            let text = [start.as_bytes(), &octets, end.as_bytes()].concat();
            for at in 0..text.len().min(70) {
                check_uneven::<BODY>(&text[at..]);
                check_uneven::<FIELD>(&text[at..]);
            }
        }

        #[test]
        fn bodies_are_relaxed_as_line_by_line(body in "([a-z]{0,40}( |  |\t|\r\n| \r\n|\r|\n)){0,12}") {
            check_body(Canonicalization::Relaxed, &body, &relaxed_lines(&body));
        }
    }
}
