//! Line ends. RFC 5321 section 2.3.8 knows only CRLF; a CR or LF on its own is how one message is smuggled inside another,
//! because two servers may disagree about it.

use memchr::{memchr, memchr2};

/// Whether a CR or LF stands anywhere without the other.
pub(crate) fn has_bare(content: &[u8]) -> bool {
    let mut rest = content;
    while let Some(at) = memchr2(b'\r', b'\n', rest) {
        match rest.get(at..).and_then(|end| end.strip_prefix(b"\r\n")) {
            Some(tail) => rest = tail,
            None => return true,
        }
    }
    false
}

/// Whether a line would be a lone dot for a server that drops NUL octets: content like that ends early there.
pub(crate) fn has_hidden_dot(content: &[u8]) -> bool {
    memchr(0, content).is_some()
        && content.split(|&octet| octet == b'\n').any(|line| {
            line.contains(&0) && line.iter().filter(|octet| !matches!(octet, 0 | b'\r')).eq([b'.'].iter())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_line_ends_are_found() {
        for bare in [&b"\n"[..], b"\r", b"a\nb", b"a\rb", b"a\r\n\n", b"a\r\r\n", b"a\r\n\r", b"\n\r"] {
            assert!(has_bare(bare), "{bare:?}");
        }
        for fine in [&b""[..], b"a", b"\r\n", b"a\r\n\r\nb\r\n"] {
            assert!(!has_bare(fine), "{fine:?}");
        }
    }

    #[test]
    fn hidden_dots_are_found() {
        assert!(has_hidden_dot(b"a\r\n\0.\r\nb"));
        assert!(has_hidden_dot(b"a\r\n.\0\0\r\nb"));
        assert!(!has_hidden_dot(b"a\r\n\0\r\n.\r\n.a\0\r\n"));
    }
}
