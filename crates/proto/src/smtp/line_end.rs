//! Line ends. RFC 5321 section 2.3.8 knows only CRLF; a CR or LF on its own is how one message is smuggled inside another,
//! because two servers may disagree about it.

use memchr::memchr;

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
    fn hidden_dots_are_found() {
        assert!(has_hidden_dot(b"a\r\n\0.\r\nb"));
        assert!(has_hidden_dot(b"a\r\n.\0\0\r\nb"));
        assert!(!has_hidden_dot(b"a\r\n\0\r\n.\r\n.a\0\r\n"));
    }
}
