//! Line ends (RFC 5321 section 2.3.8, RFC 5322 section 2.3).

use std::borrow::Cow;

use memchr::{memchr, memchr2_iter};

/// Most octets in a line of content, its CRLF not counted (RFC 5322 section 2.1.1).
pub const MAX_LINE: usize = 998;

/// What is wrong with the lines of a content, each with the offset in octets of its first occurrence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineFaults {
    /// A CR that no LF follows (RFC 5321 section 2.3.8).
    pub bare_cr: Option<usize>,
    /// A LF before which no CR stands (RFC 5321 section 2.3.8).
    pub bare_lf: Option<usize>,
    /// A NUL (RFC 5322 section 4: only obsolete syntax has it).
    pub nul: Option<usize>,
    /// Start of a line of more than [`MAX_LINE`] octets without its CRLF.
    pub over_long: Option<usize>,
}

impl LineFaults {
    /// Looks through the content once.
    pub fn find(content: &[u8]) -> Self {
        let mut faults = Self { nul: memchr(0, content), ..Self::default() };
        let mut line_start = 0;
        let mut cr: Option<usize> = None;
        let measure = |start: usize, end: usize, faults: &mut Self| {
            if end.saturating_sub(start) > MAX_LINE && faults.over_long.is_none() {
                faults.over_long = Some(start);
            }
        };
        for at in memchr2_iter(b'\r', b'\n', content) {
            let follows_cr = cr.is_some_and(|cr| cr + 1 == at);
            if content.get(at) == Some(&b'\r') {
                if let Some(cr) = cr {
                    faults.bare_cr.get_or_insert(cr);
                }
                cr = Some(at);
                continue;
            }
            if !follows_cr {
                faults.bare_lf.get_or_insert(at);
                if let Some(cr) = cr {
                    faults.bare_cr.get_or_insert(cr);
                }
            }
            measure(line_start, if follows_cr { at - 1 } else { at }, &mut faults);
            line_start = at + 1;
            cr = None;
        }
        if let Some(cr) = cr {
            faults.bare_cr.get_or_insert(cr);
        }
        measure(line_start, content.len(), &mut faults);
        faults
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether a CR stands without its LF, or a LF without its CR (RFC 5321 section 2.3.8): what [`LineFaults`] says of them, at
/// the speed of memory and without the places.
pub fn has_bare_line_end(content: &[u8]) -> bool {
    const BLOCK: usize = 64;
    // Where one stands, the other must: no octet is both.
    let parted = |octet: u8, next: u8| (octet == b'\r') != (next == b'\n');
    if content.first() == Some(&b'\n') || content.last() == Some(&b'\r') {
        return true;
    }
    let mut here = content;
    while let (Some(block), Some(next)) =
        (here.first_chunk::<BLOCK>(), here.get(1..).and_then(<[u8]>::first_chunk::<BLOCK>))
    {
        // Without branches, so that the compiler compares many octets at once.
        if block.iter().zip(next).fold(false, |found, (&octet, &next)| found | parted(octet, next)) {
            return true;
        }
        here = here.get(BLOCK..).unwrap_or_default();
    }
    here.iter().zip(here.iter().skip(1)).any(|(&octet, &next)| parted(octet, next))
}

/// Content of a local program with CRLF line ends: a bare LF and a bare CR each become CRLF, what is CRLF already stays.
/// Borrows where nothing is to be done.
pub fn to_crlf(content: &[u8]) -> Cow<'_, [u8]> {
    if !has_bare_line_end(content) {
        return Cow::Borrowed(content);
    }
    let mut out = Vec::with_capacity(content.len() + content.len() / 32);
    let mut bytes = content.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' => {
                bytes.next_if_eq(&b'\n');
                out.extend_from_slice(b"\r\n");
            }
            b'\n' => out.extend_from_slice(b"\r\n"),
            _ => out.push(byte),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn line_ends_of_every_kind_become_crlf() {
        assert_eq!(to_crlf(b"a\nb\r\nc\rd\r\n").as_ref(), b"a\r\nb\r\nc\r\nd\r\n");
        assert!(matches!(to_crlf(b"a\r\nb"), Cow::Borrowed(_)));
        assert_eq!(to_crlf(b"\n\n").as_ref(), b"\r\n\r\n");
        assert_eq!(to_crlf(b"\r\r\n").as_ref(), b"\r\n\r\n");
    }

    #[test]
    fn faults_are_found_where_they_are() {
        assert!(LineFaults::find(b"a\r\n\r\nb\r\n").is_empty());
        let faults = LineFaults::find(b"a\r\nb\nc\rd\0\r\n");
        assert_eq!((faults.bare_lf, faults.bare_cr, faults.nul), (Some(4), Some(6), Some(8)));
        assert_eq!(LineFaults::find(b"a\r").bare_cr, Some(1));
        assert_eq!(LineFaults::find(b"a\r\r\n").bare_cr, Some(1));
        let long = [b"x\r\n".as_slice(), &[b'y'; MAX_LINE + 1], b"\r\n"].concat();
        assert_eq!(LineFaults::find(&long).over_long, Some(3));
        let just = [b"x\r\n".as_slice(), &[b'y'; MAX_LINE], b"\r\n"].concat();
        assert_eq!(LineFaults::find(&just).over_long, None);
    }

    proptest! {
        #[test]
        fn bare_line_ends_are_found_wherever_they_are(start in "[a\r\n]{0,3}|(a|\r\n){0,150}", end in "(a|\r\n){0,150}|[a\r\n]{0,3}") {
            let content = [start, end].concat();
            let faults = LineFaults::find(content.as_bytes());
            let bare = faults.bare_cr.is_some() || faults.bare_lf.is_some();
            prop_assert_eq!(has_bare_line_end(content.as_bytes()), bare);
        }

        #[test]
        fn normalised_content_has_no_bare_line_ends(content: Vec<u8>, salt in "[\r\na]{0,40}") {
            for content in [content.as_slice(), salt.as_bytes()] {
                let normal = to_crlf(content).into_owned();
                let faults = LineFaults::find(&normal);
                prop_assert_eq!((faults.bare_cr, faults.bare_lf), (None, None));
                prop_assert!(!has_bare_line_end(&normal));
                prop_assert!(matches!(to_crlf(&normal), Cow::Borrowed(_)));
            }
        }
    }
}
