//! Where the parts of a MIME body lie (RFC 2046 section 5.1.1): enough to find the places at which lists and gateways put
//! something in.

use std::ops::Range;

use memchr::memmem;
use tegami_mail::header::split;
use tegami_mail::{HeaderField, HeaderLimits, HeaderSection, ParameterizedValue};

/// A part that is no multipart itself, or a multipart of which the parts follow.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Its fields, with the last one's line end.
    pub(super) header: Range<usize>,
    /// Its content, with the line end that belongs to the delimiter behind it.
    pub(super) content: Range<usize>,
    /// `type/subtype`
    pub(super) kind: String,
    /// The transfer encoding, in lower case; `7bit` where nothing says it.
    pub(super) encoding: String,
    /// In how many multiparts it lies.
    pub(super) depth: usize,
}

impl Part {
    pub(super) fn is_text(&self) -> bool {
        self.kind.starts_with("text/")
    }

    pub(super) fn is_html(&self) -> bool {
        self.kind == "text/html"
    }
}

/// The parts of a body, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Structure {
    /// Where nothing is a multipart: the one part is the body.
    pub(super) parts: Vec<Part>,
    /// The delimiter lines of the outermost multipart, the close-delimiter among them.
    pub(super) delimiters: Vec<usize>,
    /// Whether the body is a multipart.
    pub(super) is_multipart: bool,
}

/// Parts that are looked at.
const MOST_PARTS: usize = 12;
/// Multiparts within multiparts.
const MOST_DEPTH: usize = 3;
/// Of a part's header section. Real ones have a few hundred octets.
const LIMITS: HeaderLimits = HeaderLimits { octets: 16 << 10, fields: 64 };

impl Structure {
    /// Reads the structure of a body by the fields of its message.
    pub(super) fn read<'a>(
        body: &[u8],
        content_type: Option<&HeaderField<'a>>,
        encoding: Option<&HeaderField<'a>>,
    ) -> Self {
        let mut structure = Self::default();
        let kind = Kind::read(content_type, encoding);
        structure.is_multipart = kind.boundary.is_some();
        structure.add(body, 0..0, 0..body.len(), &kind, 0);
        structure
    }

    fn add(&mut self, body: &[u8], header: Range<usize>, content: Range<usize>, kind: &Kind, depth: usize) {
        if self.parts.len() == MOST_PARTS {
            return;
        }
        let start = content.start;
        let pieces = match &kind.boundary {
            Some(boundary) if depth < MOST_DEPTH => {
                delimiters(body.get(content.clone()).unwrap_or_default(), boundary)
            }
            _ => Vec::new(),
        };
        if depth > 0 || pieces.is_empty() {
            let (kind, encoding) = (kind.value.clone(), kind.encoding.clone());
            self.parts.push(Part { header, content, kind, encoding, depth });
        }
        if depth == 0 {
            self.delimiters = pieces.iter().map(|piece| start + piece.start).collect();
        }
        for pair in pieces.windows(2) {
            let [one, next] = pair else { continue };
            let from = start + one.end;
            let piece = body.get(from..start + next.start).unwrap_or_default();
            let (fields, text) = split(piece);
            let text_start = from + piece.len() - text.len();
            let section = HeaderSection::parse(fields, LIMITS).ok();
            let field = |name| section.as_ref().and_then(|section| section.first(name));
            let kind = Kind::read(field("Content-Type"), field("Content-Transfer-Encoding"));
            self.add(body, from..from + fields.len(), text_start..start + next.start, &kind, depth + 1);
        }
    }
}

struct Kind {
    value: String,
    boundary: Option<String>,
    encoding: String,
}

impl Kind {
    fn read(content_type: Option<&HeaderField<'_>>, encoding: Option<&HeaderField<'_>>) -> Self {
        let parsed = content_type.map(|field| ParameterizedValue::parse(&field.unfolded()));
        let value = parsed.as_ref().map_or("text/plain", |parsed| parsed.value.as_str()).to_owned();
        let boundary = parsed
            .as_ref()
            .filter(|parsed| parsed.value.starts_with("multipart/"))
            .and_then(|parsed| parsed.parameter("boundary"))
            .filter(|boundary| !boundary.is_empty())
            .map(str::to_owned);
        let encoding =
            encoding.map_or_else(|| "7bit".to_owned(), |field| field.text().trim().to_ascii_lowercase());
        Self { value, boundary, encoding }
    }
}

/// The delimiter lines of a boundary, each with its line end, up to the close-delimiter.
fn delimiters(content: &[u8], boundary: &str) -> Vec<Range<usize>> {
    let dash = format!("--{boundary}");
    let mut found = Vec::new();
    for at in memmem::find_iter(content, dash.as_bytes()) {
        let begins = at == 0 || content.get(at - 1) == Some(&b'\n');
        let rest = content.get(at + dash.len()..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let tail = rest.get(..end).unwrap_or_default().trim_ascii_end();
        if begins && matches!(tail, b"" | b"--") {
            found.push(at..at + dash.len() + end);
            if tail == b"--" || found.len() > MOST_PARTS {
                break;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_where_they_lie() {
        let body = "pre\r\n--a\r\nContent-Type: multipart/alternative; boundary=\"b c\"\r\n\r\n--b c\r\n\r\none\r\n--b c\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: BASE64\r\n\r\n<p>\r\n--b c--\r\n--a\r\nX: y\r\n\r\nfoot\r\n--a--\r\nend\r\n";
        let content = "Content-Type: multipart/mixed; boundary=a\r\n\r\n";
        let section = HeaderSection::parse(content.as_bytes(), LIMITS).unwrap();
        let structure = Structure::read(body.as_bytes(), section.first("content-type"), None);
        let shown: Vec<_> = structure
            .parts
            .iter()
            .map(|part| {
                format!(
                    "{} {} {} {:?}",
                    part.depth,
                    part.kind,
                    part.encoding,
                    body.get(part.content.clone()).unwrap()
                )
            })
            .collect();
        assert_eq!(
            shown[1..],
            [
                "2 text/plain 7bit \"one\\r\\n\"".to_owned(),
                "2 text/html base64 \"<p>\\r\\n\"".to_owned(),
                "1 text/plain 7bit \"foot\\r\\n\"".to_owned()
            ]
        );
        assert_eq!(structure.delimiters.len(), 3);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(body in "(--a|--b|\r\n|Content-Type: multipart/mixed; boundary=[ab]|x|--){0,30}") {
            let content = "Content-Type: multipart/mixed; boundary=a\r\n\r\n";
            let section = HeaderSection::parse(content.as_bytes(), LIMITS).unwrap();
            Structure::read(body.as_bytes(), section.first("content-type"), None);
        }
    }
}
