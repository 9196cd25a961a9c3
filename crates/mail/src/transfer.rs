//! Content transfer encodings (RFC 2045 section 6): quoted-printable and base64, read with tolerance and written strictly.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Most characters in a line of an encoded body (RFC 2045 sections 6.7 and 6.8).
const LINE: usize = 76;

/// Reads base64. Characters outside the alphabet are passed over (RFC 2045 section 6.8); padding in the middle begins
/// anew, as encoded pieces put one after another have it.
pub fn decode_base64(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text {
        let sextet = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                (bits, count) = (0, 0);
                continue;
            }
            _ => continue,
        };
        bits = bits << 6 | u32::from(sextet);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.extend((bits >> count).to_le_bytes().first());
            bits &= (1 << count) - 1;
        }
    }
    out
}

/// Writes base64 in lines of 76 characters, each with its CRLF.
pub fn encode_base64(octets: &[u8]) -> Vec<u8> {
    let text = STANDARD.encode(octets);
    let mut out = Vec::with_capacity(text.len() + text.len() / LINE * 2 + 2);
    for line in text.as_bytes().chunks(LINE) {
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// The octet that two hexadecimal digits of either case write.
pub(crate) fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// Reads quoted-printable (RFC 2045 section 6.7). What is not well formed stays as it is; blanks at line ends, which
/// transports add, go.
pub fn decode_quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        let line_end = line.get(content.len()..).unwrap_or_default();
        let blanks = content.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let content = content.get(..content.len() - blanks).unwrap_or_default();
        let (mut rest, soft) = match content.strip_suffix(b"=") {
            Some(content) => (content, true),
            None => (content, false),
        };
        while let [first, tail @ ..] = rest {
            rest = tail;
            let octet = match (first, tail) {
                (b'=', [high, low, after @ ..]) => hex(*high, *low).inspect(|_| rest = after),
                _ => None,
            };
            out.push(octet.unwrap_or(*first));
        }
        if !soft {
            out.extend_from_slice(line_end);
        }
    }
    out
}

/// Writes text with CRLF line ends as quoted-printable, in lines of at most 76 characters. `From ` and a lone dot at a
/// line's start are encoded too, because mailboxes and careless transports change them (RFC 2049 section 3).
pub fn encode_quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 4);
    for (number, content) in lines(text).enumerate() {
        if number > 0 {
            out.extend_from_slice(b"\r\n");
        }
        let last = content.len().saturating_sub(1);
        let mut column = 0;
        for (at, byte) in content.iter().copied().enumerate() {
            let plain = match byte {
                b'=' => false,
                b' ' | b'\t' => at != last,
                b'.' => at != 0,
                b'F' => at != 0 || !content.starts_with(b"From "),
                _ => byte.is_ascii_graphic(),
            };
            let width = if plain { 1 } else { 3 };
            // The soft line break takes one column itself.
            if column + width > LINE - 1 {
                out.extend_from_slice(b"=\r\n");
                column = 0;
            }
            column += width;
            if plain {
                out.push(byte);
            } else {
                out.extend_from_slice(format!("={byte:02X}").as_bytes());
            }
        }
    }
    out
}

/// What stands between the CRLFs; a bare CR or LF is part of a line.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = memchr::memmem::find(text, b"\r\n");
        rest = end.and_then(|end| text.get(end + 2..));
        text.get(..end.unwrap_or(text.len()))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quoted_printable_is_read_with_tolerance() {
        let check = |text: &str, expected: &str| {
            assert_eq!(
                String::from_utf8_lossy(&decode_quoted_printable(text.as_bytes())),
                expected,
                "{text:?}"
            );
        };
        check("a=20b", "a b");
        check("caf=c3=A9  \r\nx", "café\r\nx");
        check("long=\r\nline", "longline");
        check("long=  \nline", "longline");
        check("50% = half =XY =", "50% = half =XY ");
    }

    #[test]
    fn base64_is_read_with_tolerance() {
        assert_eq!(decode_base64(b"44GC\r\n 44GE"), "あい".as_bytes());
        assert_eq!(decode_base64(b"YQ==YQ=="), b"aa");
        assert_eq!(decode_base64(b"YQ"), b"a");
        assert_eq!(decode_base64(b"Y"), b"");
    }

    #[test]
    fn dangerous_line_starts_are_encoded() {
        assert_eq!(encode_quoted_printable(b".\r\nFrom x \r\n"), b"=2E\r\n=46rom x=20\r\n");
    }

    proptest! {
        #[test]
        fn octets_survive_both_encodings(octets: Vec<u8>, text in "(?s)([ -~é\t]{0,90}\r\n){0,5}") {
            prop_assert_eq!(&decode_base64(&encode_base64(&octets)), &octets);
            for octets in [octets.as_slice(), text.as_bytes()] {
                let written = encode_quoted_printable(octets);
                prop_assert!(written.split(|byte| *byte == b'\n').all(|line| line.len() <= 77));
                prop_assert!(written.is_ascii());
                prop_assert_eq!(decode_quoted_printable(&written), octets);
            }
            decode_quoted_printable(&octets);
            decode_base64(&octets);
        }
    }
}
