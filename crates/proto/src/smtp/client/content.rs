//! Content on its way out.

use bytes::Bytes;
use memchr::memmem;

/// Below this everything is copied into one piece: one write is cheaper than two.
const ONE_PIECE: usize = 64 * 1024;

/// The content as it goes behind DATA: dots stuffed (RFC 5321 section 4.5.2), ended by CRLF `.` CRLF.
pub(super) fn stuffed(content: &Bytes) -> Vec<Bytes> {
    let end: &[u8] = if content.is_empty() || content.ends_with(b"\r\n") { b".\r\n" } else { b"\r\n.\r\n" };
    let first = content.starts_with(b".").then_some(0);
    // Line ends are CRLF here; see `line_end`.
    let mut dots = first.into_iter().chain(memmem::find_iter(content, b"\n.").map(|at| at + 1)).peekable();
    if dots.peek().is_none() && content.len() > ONE_PIECE {
        return vec![content.clone(), Bytes::copy_from_slice(end)];
    }
    let mut wire = Vec::with_capacity(content.len() + content.len() / 64 + end.len());
    let mut from = 0;
    for dot in dots {
        wire.extend_from_slice(content.get(from..=dot).unwrap_or_default());
        from = dot;
    }
    wire.extend_from_slice(content.get(from..).unwrap_or_default());
    wire.extend_from_slice(end);
    vec![Bytes::from(wire)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_stuffed() {
        let check = |content: &str, expected: &str| {
            let wire = stuffed(&Bytes::copy_from_slice(content.as_bytes())).concat();
            assert_eq!(String::from_utf8(wire).unwrap(), expected, "{content:?}");
        };
        check("", ".\r\n");
        check("a", "a\r\n.\r\n");
        check("a\r\n", "a\r\n.\r\n");
        check(".\r\n", "..\r\n.\r\n");
        check(".", "..\r\n.\r\n");
        check("a.b\r\n.a\r\n..\r\n\r\n", "a.b\r\n..a\r\n...\r\n\r\n.\r\n");
        let large = "x".repeat(ONE_PIECE + 1);
        check(&large, &format!("{large}\r\n.\r\n"));
        check(&format!("{large}\r\n.y"), &format!("{large}\r\n..y\r\n.\r\n"));
    }
}
