//! xtext (RFC 3461 section 4): how ENVID, ORCPT and AUTH= carry any octet.

/// Writes `text` as xtext.
pub(crate) fn encode(text: &str) -> String {
    let mut xtext = String::with_capacity(text.len());
    for octet in text.bytes() {
        match octet {
            b'+' | b'=' => xtext.push_str(&format!("+{octet:02X}")),
            b'!'..=b'~' => xtext.push(char::from(octet)),
            _ => xtext.push_str(&format!("+{octet:02X}")),
        }
    }
    xtext
}

/// Reads xtext; `None` where it is not, or where it does not decode to printable text.
pub(crate) fn decode(xtext: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(xtext.len());
    let mut rest = xtext.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        match first {
            b'+' => {
                let (hex, tail) = rest.split_at_checked(2)?;
                rest = tail;
                let hex =
                    std::str::from_utf8(hex).ok().filter(|hex| hex.bytes().all(|c| c.is_ascii_hexdigit()))?;
                octets.push(u8::from_str_radix(hex, 16).ok()?);
            }
            b'=' => return None,
            // RFC 6533 section 3 lets utf-8 addresses stand in ORCPT unencoded.
            b'!'..=b'~' | 0x80.. => octets.push(first),
            _ => return None,
        }
    }
    String::from_utf8(octets).ok().filter(|text| !text.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_and_refuses() {
        assert_eq!(decode("QQ314159"), Some("QQ314159".to_owned()));
        assert_eq!(decode("a+2Bb+3Dc+20d"), Some("a+b=c d".to_owned()));
        for wrong in ["a=b", "a+", "a+2", "a+zz", "a+0D+0A", "a b", "+++"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(text in "[^\\x00-\\x1f\\x7f-\\u{9f}]*") {
            let xtext = encode(&text);
            prop_assert!(xtext.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'='));
            prop_assert_eq!(decode(&xtext), Some(text));
        }

        #[test]
        fn anything_is_read_without_panic(text in any::<String>()) {
            let _ = decode(&text);
        }
    }
}
