//! `TLS-Required: No` (RFC 8689 section 3).

use tegami_mail::{HeaderLimits, HeaderSection};

/// Whether the author asks for delivery even where policies of TLS cannot be kept to. A field that is there twice asks for nothing.
pub(super) fn asks(content: &[u8]) -> bool {
    let Ok(section) = HeaderSection::parse(content, HeaderLimits::GENEROUS) else { return false };
    let mut fields = section.all("TLS-Required");
    match (fields.next(), fields.next()) {
        (Some(field), None) => field.text().trim().eq_ignore_ascii_case("no"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_field_with_one_word() {
        assert!(asks(b"Subject: hello\r\nTLS-Required: No\r\n\r\nhello\r\n"));
        assert!(asks(b"tls-required:\r\n no \r\n\r\n"));
        assert!(!asks(b"TLS-Required: Yes\r\n\r\n"));
        assert!(!asks(b"TLS-Required: No\r\nTLS-Required: No\r\n\r\n"));
        assert!(!asks(b"Subject: hello\r\n\r\nTLS-Required: No\r\n"));
    }
}
