//! MIME entities as they are written: parts and multiparts (RFC 2045, RFC 2046).

use crate::{LineFaults, ParameterizedValue, header, line, transfer};

/// One entity: its `Content-…` fields and its body. Made by the functions below, nested by [`Entity::multipart`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    fields: Vec<u8>,
    body: Vec<u8>,
    content_type: String,
}

/// How a body is written.
#[derive(Clone, Copy)]
enum Transfer {
    SevenBit,
    QuotedPrintable,
    Base64,
}

impl Entity {
    /// Text of the type `text/subtype` in UTF-8, its line ends made CRLF. ASCII with short lines stays as it is; else
    /// quoted-printable or base64, whichever is shorter.
    pub fn text(subtype: &str, text: &str) -> Self {
        Self::text_of(ParameterizedValue::new(format!("text/{subtype}")), text)
    }

    /// The same, with a content type that may have parameters, but no charset.
    pub(crate) fn text_of(content_type: ParameterizedValue, text: &str) -> Self {
        let text = line::to_crlf(text.as_bytes());
        let charset = if text.is_ascii() { "us-ascii" } else { "utf-8" };
        let content_type = content_type.with("charset", charset);
        Self::new(&content_type, None, None, &text, best_for_text(&text))
    }

    /// Octets in base64, so that they arrive as they are.
    pub fn binary(
        content_type: &ParameterizedValue,
        disposition: &ParameterizedValue,
        content_id: Option<&str>,
        octets: &[u8],
    ) -> Self {
        Self::new(content_type, Some(disposition), content_id, octets, Transfer::Base64)
    }

    /// A part that must not be encoded, such as `message/rfc822` (RFC 2046 section 5.2.1) or `message/delivery-status`.
    /// `None` where the octets are not lines of ASCII of at most 998 octets with CRLF ends.
    pub fn seven_bit(
        content_type: &ParameterizedValue,
        disposition: Option<&ParameterizedValue>,
        octets: &[u8],
    ) -> Option<Self> {
        let fits = octets.is_ascii() && LineFaults::find(octets).is_empty();
        fits.then(|| Self::new(content_type, disposition, None, octets, Transfer::SevenBit))
    }

    /// Entities in a multipart such as `multipart/mixed`. The boundary is made of `seed` and occurs in no part.
    pub fn multipart(content_type: ParameterizedValue, parts: &[Self], seed: &str) -> Self {
        let boundary = boundary(parts, seed);
        let mut body =
            Vec::with_capacity(parts.iter().map(|part| part.fields.len() + part.body.len() + 100).sum());
        for part in parts {
            body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            body.extend_from_slice(&part.fields);
            body.extend_from_slice(b"\r\n");
            body.extend_from_slice(&part.body);
            // The CRLF before a boundary belongs to the boundary (RFC 2046 section 5.1.1).
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let value = content_type.with("boundary", boundary);
        Self { fields: content_type_field(&value), body, content_type: value.value }
    }

    fn new(
        content_type: &ParameterizedValue,
        disposition: Option<&ParameterizedValue>,
        content_id: Option<&str>,
        octets: &[u8],
        transfer: Transfer,
    ) -> Self {
        let mut fields = content_type_field(content_type);
        let (token, body) = match transfer {
            Transfer::SevenBit => ("7bit", octets.to_vec()),
            Transfer::QuotedPrintable => ("quoted-printable", transfer::encode_quoted_printable(octets)),
            Transfer::Base64 => ("base64", transfer::encode_base64(octets)),
        };
        fields.extend_from_slice(format!("Content-Transfer-Encoding: {token}\r\n").as_bytes());
        if let Some(disposition) = disposition {
            fields
                .extend_from_slice(format!("Content-Disposition: {}\r\n", disposition.write(21)).as_bytes());
        }
        if let Some(id) = content_id {
            fields.extend_from_slice(format!("Content-ID: <{}>\r\n", content_id_text(id)).as_bytes());
        }
        Self { fields, body, content_type: content_type.value.clone() }
    }

    /// `type/subtype`, in lower case.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The whole part, behind other fields of it, each with its CRLF.
    pub(crate) fn into_part(self, fields: &[u8]) -> Vec<u8> {
        [fields, &self.fields, b"\r\n", &self.body].concat()
    }

    /// The content of a message whose other header fields are `fields`, each with its CRLF.
    pub fn into_content(self, fields: &[u8]) -> Vec<u8> {
        let mut content = header::prepend(&self.fields, &[fields, b"MIME-Version: 1.0\r\n"]);
        content.extend_from_slice(b"\r\n");
        content.extend_from_slice(&self.body);
        if !content.ends_with(b"\r\n") {
            content.extend_from_slice(b"\r\n");
        }
        content
    }
}

fn content_type_field(value: &ParameterizedValue) -> Vec<u8> {
    format!("Content-Type: {}\r\n", value.write(14)).into_bytes()
}

/// RFC 2392: a Content-ID is quoted in URLs with hexadecimal escapes, so what could not stand in the field is written
/// with them.
fn content_id_text(id: &str) -> String {
    let mut text = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// ASCII stays as it is where no transport has a reason to touch it.
fn best_for_text(text: &[u8]) -> Transfer {
    /// RFC 5322 section 2.1.1.
    const SHORT: usize = 78;
    let mut lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let is_safe = |line: &[u8]| {
        let plain = line.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
        plain && line.len() <= SHORT && !line.starts_with(b"From ") && line != b"."
    };
    if lines.all(is_safe) {
        return Transfer::SevenBit;
    }
    let escaped =
        text.iter().filter(|byte| !matches!(byte, b' '..=b'<' | b'>'..=b'~' | b'\t' | b'\r' | b'\n')).count();
    // Three characters for one octet against four for three.
    if escaped * 2 <= text.len() / 3 { Transfer::QuotedPrintable } else { Transfer::Base64 }
}

/// `=_` occurs in no quoted-printable and in no base64 (RFC 2045 section 6.7), the rest comes from the seed; parts that
/// are not encoded are searched.
fn boundary(parts: &[Entity], seed: &str) -> String {
    (0_u64..)
        .map(|attempt| format!("=_{:016x}", fnv(seed, attempt + 1)))
        .find(|boundary| {
            !parts.iter().any(|part| memchr::memmem::find(&part.body, boundary.as_bytes()).is_some())
        })
        .unwrap_or_default()
}

/// FNV-1a of 64 bits: the same on every machine and in every version.
fn fnv(seed: &str, attempt: u64) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    seed.bytes().chain(attempt.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325, mix)
}
