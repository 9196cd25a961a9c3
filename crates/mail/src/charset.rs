//! Charsets: octets of a named charset become text (RFC 2045 section 2.2, RFC 2978).

use encoding_rs::{EUC_JP, Encoding, REPLACEMENT, SHIFT_JIS, UTF_8, WINDOWS_1252};

/// Reads octets of the charset with this name; an octet sequence that has no meaning becomes U+FFFD. A name that
/// nobody knows, or one that promises ASCII and does not keep it, is answered by [`guess`].
pub fn decode(charset: &str, bytes: &[u8]) -> String {
    match find(charset) {
        Some(Charset::Iso2022Jp) => iso_2022_jp(bytes),
        Some(Charset::Utf7) => utf_7(bytes),
        Some(Charset::Encoding(encoding)) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
        None => guess(bytes),
    }
}

/// Whether the name is one of a charset that [`decode`] reads.
pub fn is_known(charset: &str) -> bool {
    find(charset).is_some() || charset.trim().eq_ignore_ascii_case("us-ascii")
}

/// Reads octets whose charset nobody told: UTF-8 where they are valid UTF-8, ISO-2022-JP where its escape sequences
/// occur, else windows-1252, in which every octet means something.
pub fn guess(bytes: &[u8]) -> String {
    if memchr::memmem::find(bytes, b"\x1b$").is_some() && bytes.is_ascii() {
        return iso_2022_jp(bytes);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

enum Charset {
    Iso2022Jp,
    Utf7,
    Encoding(&'static Encoding),
}

fn find(name: &str) -> Option<Charset> {
    let name = name.trim().to_ascii_lowercase();
    Some(match name.as_str() {
        "us-ascii" | "ascii" | "ansi_x3.4-1968" | "unknown-8bit" | "x-unknown" => return None,
        "iso-2022-jp"
        | "iso-2022-jp-1"
        | "iso-2022-jp-2"
        | "iso-2022-jp-ms"
        | "csiso2022jp"
        | "cp50220"
        | "cp50221"
        | "cp50222"
        | "x-windows-iso2022jp"
        | "x-windows-50221" => Charset::Iso2022Jp,
        "utf-7" | "unicode-1-1-utf-7" | "csutf7" => Charset::Utf7,
        "cp932" | "x-ms-cp932" | "sjis-win" => Charset::Encoding(SHIFT_JIS),
        "eucjp-ms" | "eucjp-win" | "cp51932" | "eucjp" | "x-euc" => Charset::Encoding(EUC_JP),
        "utf8mb4" | "utf_8" | "cp65001" => Charset::Encoding(UTF_8),
        _ => Charset::Encoding(
            Encoding::for_label(name.as_bytes()).filter(|encoding| *encoding != REPLACEMENT)?,
        ),
    })
}

/// Which character set the octets of ISO-2022-JP are in at the moment (RFC 1468; CP50221 adds half-width katakana,
/// RFC 2237 JIS X 0212).
#[derive(Clone, Copy, PartialEq)]
enum Set {
    Ascii,
    Roman,
    Katakana,
    Jis0208,
    Jis0212,
}

/// ISO-2022-JP with the vendors' characters (NEC row 13, IBM extensions). The decoder of the web platform is not used:
/// it puts U+FFFD where one escape sequence follows another at once, and that is what encoded-words joined are made of.
fn iso_2022_jp(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut set = Set::Ascii;
    let mut shifted_out = false;
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        if let Some((next, length)) = escape(rest) {
            set = next;
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        rest = tail;
        let effective = if shifted_out { Set::Katakana } else { set };
        match (*first, effective) {
            (0x0e, _) => shifted_out = true,
            (0x0f, _) => shifted_out = false,
            // RFC 1468: a line ends in ASCII; those that forget it are forgiven by starting over.
            (b'\n', _) => {
                set = Set::Ascii;
                text.push('\n');
            }
            (control @ 0..=0x20, _) => text.push(char::from(control)),
            (lead @ 0x21..=0x7e, Set::Jis0208 | Set::Jis0212) => match tail {
                [trail @ 0x21..=0x7e, after @ ..] => {
                    rest = after;
                    let pair = [0x8f, lead | 0x80, trail | 0x80];
                    let pair = if effective == Set::Jis0208 { pair.get(1..) } else { Some(pair.as_slice()) };
                    text.push_str(&EUC_JP.decode_without_bom_handling(pair.unwrap_or_default()).0);
                }
                _ => text.push('\u{fffd}'),
            },
            (kana @ 0x21..=0x5f, Set::Katakana) => text.push(half_width(kana)),
            (b'\\', Set::Roman) => text.push('¥'),
            (b'~', Set::Roman) => text.push('‾'),
            (kana @ 0xa1..=0xdf, _) => text.push(half_width(kana & 0x7f)),
            (ascii @ 0x21..=0x7f, _) => text.push(char::from(ascii)),
            (0x80.., _) => text.push('\u{fffd}'),
        }
    }
    text
}

fn escape(bytes: &[u8]) -> Option<(Set, usize)> {
    Some(match bytes {
        [0x1b, b'(', b'B', ..] => (Set::Ascii, 3),
        [0x1b, b'(', b'J' | b'H', ..] => (Set::Roman, 3),
        [0x1b, b'(', b'I', ..] => (Set::Katakana, 3),
        [0x1b, b'$', b'@' | b'B', ..] => (Set::Jis0208, 3),
        [0x1b, b'$', b'(', b'@' | b'B', ..] => (Set::Jis0208, 4),
        [0x1b, b'$', b'(', b'D', ..] => (Set::Jis0212, 4),
        _ => return None,
    })
}

/// JIS X 0201 katakana, 0x21 to 0x5F.
fn half_width(kana: u8) -> char {
    char::from_u32(0xff61 + u32::from(kana) - 0x21).unwrap_or('\u{fffd}')
}

/// RFC 2152. Rare, yet old mail has it.
fn utf_7(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'+' {
            text.push(if first.is_ascii() { char::from(*first) } else { '\u{fffd}' });
            continue;
        }
        let is_sextet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let length = tail.iter().position(|byte| !is_sextet(byte)).unwrap_or(tail.len());
        let (shifted, after) = tail.split_at(length);
        rest = after.strip_prefix(b"-").unwrap_or(after);
        if shifted.is_empty() {
            text.push('+');
            continue;
        }
        let octets = crate::transfer::decode_base64(shifted);
        let units = octets
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0, |unit, octet| unit << 8 | u16::from(*octet)));
        text.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')));
    }
    text
}

#[cfg(test)]
mod tests {
    use encoding_rs::ISO_2022_JP;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vendors_characters_are_read() {
        // NEC row 13, an IBM extension, half-width katakana, JIS X 0212.
        assert_eq!(decode("ISO-2022-JP", b"\x1b$B-!-j|b\x1b(B"), "①㈱髙");
        assert_eq!(decode("cp50221", b"\x1b(I1\x1b(B a"), "ｱ a");
        assert_eq!(decode("iso-2022-jp", b"\x0e1\x0f1"), "ｱ1");
        assert_eq!(decode("iso-2022-jp-1", b"\x1b$(D0!\x1b(B"), "丂");
        assert_eq!(decode("cp932", b"\x87\x40\x87\x8a\xfb\xfc"), "①㈱髙");
        assert_eq!(decode("eucJP-ms", b"\xad\xa1"), "①");
    }

    #[test]
    fn escape_sequences_in_a_row_are_no_error() {
        assert_eq!(decode("iso-2022-jp", b"\x1b$BF|\x1b(B\x1b$BK\\\x1b(B"), "日本");
        assert_eq!(decode("iso-2022-jp", b"\x1b$BF|\na"), "日\na");
        assert_eq!(decode("iso-2022-jp", b"\x1b$BF"), "\u{fffd}");
    }

    #[test]
    fn unnamed_charsets_are_guessed() {
        assert_eq!(guess("日本".as_bytes()), "日本");
        assert_eq!(guess(b"\x1b$BF|\x1b(B"), "日");
        assert_eq!(guess(b"caf\xe9"), "café");
        assert_eq!(decode("us-ascii", "é".as_bytes()), "é");
        assert_eq!(decode("iso-2022-kr", b"a"), "a");
    }

    #[test]
    fn utf_7_is_read() {
        // RFC 2152, examples.
        assert_eq!(decode("UTF-7", b"A+ImIDkQ."), "A≢Α.");
        assert_eq!(decode("UTF-7", b"Hi Mom -+Jjo--!"), "Hi Mom -☺-!");
        assert_eq!(decode("utf-7", b"1+-1"), "1+1");
    }

    proptest! {
        #[test]
        fn agrees_with_the_encoder_of_the_web_platform(text in "([ぁ-んァ-ヶ一-龠]|[ -\\[\\]-}])*") {
            // Some of these characters are not in JIS X 0208.
            let text: String = text.chars().filter(|c| !ISO_2022_JP.encode(c.encode_utf8(&mut [0; 4])).2).collect();
            let (octets, ..) = ISO_2022_JP.encode(&text);
            prop_assert_eq!(decode("iso-2022-jp", &octets), text);
        }

        #[test]
        fn nothing_panics(bytes: Vec<u8>, near in "(\u{1b}[$(][@BDIJ(]|[ -~\n]){0,20}") {
            for charset in ["iso-2022-jp", "utf-7", "utf-8", "shift_jis", ""] {
                decode(charset, &bytes);
                decode(charset, near.as_bytes());
            }
        }
    }
}
