//! Reading MIME: what people see of a message (RFC 2045, RFC 2046, RFC 2183, RFC 2387).
//!
//! The time it takes grows with the size of the content and no faster, and depth and number of parts have limits: the
//! content is a stranger's.

mod outline;
mod rewrite;

use std::borrow::Cow;

use jiff::Timestamp;

pub use self::outline::{Delimited, Outlined, outline};
pub use self::rewrite::{TextKind, rewrite};
use crate::header::{self, HeaderField};
use crate::mailbox_list::parse_list;
use crate::{HeaderLimits, HeaderSection, ParameterizedValue, charset, date, transfer};

/// How far a content is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MimeLimits {
    /// Multiparts within multiparts.
    pub depth: usize,
    /// Parts in all.
    pub parts: usize,
    /// For the header section of the message and of each part.
    pub header: HeaderLimits,
}

impl MimeLimits {
    /// 30 deep and 2,000 parts: above what real messages have.
    pub const GENEROUS: Self = Self { depth: 30, parts: 2_000, header: HeaderLimits::GENEROUS };
}

/// A message as people see it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// Subject, decoded; empty where there is none.
    pub subject: String,
    /// From, decoded: `Name <address>`, separated by commas.
    pub from: String,
    /// To, decoded likewise.
    pub to: String,
    /// Cc, decoded likewise.
    pub cc: String,
    /// Message-ID without its angle brackets.
    pub message_id: Option<String>,
    /// Date, where it can be read.
    pub date: Option<Timestamp>,
    /// The body in plain text; several text parts one after another.
    pub text: Option<String>,
    /// The body in HTML.
    pub html: Option<String>,
    /// The body in AMP for Email (`text/x-amp-html`).
    pub amp_html: Option<String>,
    /// Everything else, in order. A message in the message is one of them and is not taken apart.
    pub attachments: Vec<Attachment>,
    /// Whether all of the content was read; `false` where a limit ended it.
    pub complete: bool,
}

/// A part of a message that is not its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attachment {
    /// Its name as the author wrote it, decoded. It is no path, whatever it looks like.
    pub filename: Option<String>,
    /// `type/subtype` in lower case, without parameters.
    pub content_type: String,
    /// Whether it is shown within the body (RFC 2183 section 2.1), rather than listed beside it.
    pub inline: bool,
    /// Content-ID without its angle brackets.
    pub content_id: Option<String>,
    /// Its octets, transfer encoding undone.
    pub content: Vec<u8>,
}

/// Reads a content with [`MimeLimits::GENEROUS`]. It always succeeds: what is malformed is read as text or as an
/// attachment.
pub fn parse(content: &[u8]) -> Parsed {
    parse_within(content, MimeLimits::GENEROUS)
}

/// Reads a content within these limits.
pub fn parse_within(content: &[u8], limits: MimeLimits) -> Parsed {
    let content = without_mbox_line(content);
    let mut reader = Reader { limits, parts: 0, parsed: Parsed { complete: true, ..Parsed::default() } };
    let root = reader.part(content);
    let section = root.section.as_ref();
    let first = |name| section.and_then(|section| section.first(name));
    let parsed = &mut reader.parsed;
    parsed.subject = first("Subject").map(HeaderField::decoded).unwrap_or_default();
    parsed.from = people(first("From"));
    parsed.to = people(first("To"));
    parsed.cc = people(first("Cc"));
    parsed.message_id = first("Message-ID").and_then(bracketed);
    parsed.date = first("Date").and_then(|field| date::parse(&field.text()).ok());
    reader.walk(&root, Place { depth: 0, parent: Parent::None });
    reader.parsed
}

/// Mailbox files put a line `From address date` before the header section (RFC 4155).
fn without_mbox_line(content: &[u8]) -> &[u8] {
    if !content.starts_with(b"From ") {
        return content;
    }
    memchr::memchr(b'\n', content).and_then(|end| content.get(end + 1..)).unwrap_or_default()
}

fn people(field: Option<&HeaderField<'_>>) -> String {
    let Some(field) = field else { return String::new() };
    match parse_list(&field.text()) {
        Ok(list) if !list.is_empty() => list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        _ => field.decoded(),
    }
}

/// The text between angle brackets, or the whole where there are none.
fn bracketed(field: &HeaderField<'_>) -> Option<String> {
    let text = field.text();
    let inside = text.split_once('<').map_or(text.as_str(), |(_, rest)| rest);
    let inside = inside.split_once('>').map_or(inside, |(inside, _)| inside).trim();
    (!inside.is_empty()).then(|| inside.to_owned())
}

/// One entity, its body still encoded.
struct Part<'a> {
    /// `None` where it is over the limits.
    section: Option<HeaderSection<'a>>,
    content_type: Option<ParameterizedValue>,
    disposition: ParameterizedValue,
    body: &'a [u8],
}

/// Where a part stands.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    parent: Parent,
}

#[derive(Clone, Copy, PartialEq)]
enum Parent {
    None,
    Alternative,
    RelatedRoot,
    RelatedOther,
    Digest,
    Other,
}

impl Parent {
    /// Of the part at this place of a multipart.
    fn within(subtype: &str, at: usize) -> Self {
        match subtype {
            "alternative" => Self::Alternative,
            "related" if at == 0 => Self::RelatedRoot,
            "related" => Self::RelatedOther,
            "digest" => Self::Digest,
            _ => Self::Other,
        }
    }
}

impl Part<'_> {
    /// The first field of this name.
    fn field(&self, name: &str) -> Option<&HeaderField<'_>> {
        self.section.as_ref()?.first(name)
    }

    /// `type/subtype`; RFC 2045 section 5.2 and RFC 2046 section 5.1.5 say what it is where nothing says it.
    fn kind(&self, parent: Parent) -> &str {
        match &self.content_type {
            Some(value) if value.value.contains('/') => &value.value,
            None if parent == Parent::Digest => "message/rfc822",
            _ => "text/plain",
        }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.content_type.as_ref()?.parameter(name)
    }

    fn filename(&self) -> Option<String> {
        let name = self.disposition.parameter("filename").or_else(|| self.parameter("name"))?.trim();
        (!name.is_empty()).then(|| name.to_owned())
    }

    /// The body with its transfer encoding undone (RFC 2045 section 6); an unknown one leaves it as it is.
    fn octets(&self) -> Cow<'_, [u8]> {
        let encoding = self.field("Content-Transfer-Encoding").map(HeaderField::text).unwrap_or_default();
        let encoding = encoding.split(['(', ';', ' ']).next().unwrap_or_default().to_ascii_lowercase();
        match encoding.as_str() {
            "base64" => Cow::Owned(transfer::decode_base64(self.body)),
            "quoted-printable" => Cow::Owned(transfer::decode_quoted_printable(self.body)),
            _ => Cow::Borrowed(self.body),
        }
    }

    fn text(&self) -> String {
        charset::decode(self.parameter("charset").unwrap_or_default(), &self.octets())
    }

    /// Whether this text belongs to the body, rather than being a file beside it.
    fn is_body(&self, parent: Parent) -> bool {
        if self.disposition.value == "attachment" {
            return false;
        }
        match parent {
            Parent::None => true,
            Parent::RelatedOther => self.field("Content-ID").is_none() && self.filename().is_none(),
            _ => self.filename().is_none(),
        }
    }
}

struct Reader {
    limits: MimeLimits,
    parts: usize,
    parsed: Parsed,
}

impl Reader {
    fn part<'a>(&mut self, content: &'a [u8]) -> Part<'a> {
        let (head, body) = if header::begins_with_field(content) {
            header::split(content)
        } else {
            (content.get(..0).unwrap_or_default(), content)
        };
        let section = HeaderSection::parse(head, self.limits.header).ok();
        self.parsed.complete &= section.is_some();
        let value = |name| {
            section
                .as_ref()?
                .first(name)
                .map(|field: &HeaderField<'_>| ParameterizedValue::parse(field.value_raw))
        };
        let (content_type, disposition) =
            (value("Content-Type"), value("Content-Disposition").unwrap_or_default());
        Part { section, content_type, disposition, body }
    }

    fn walk(&mut self, part: &Part<'_>, place: Place) {
        self.parts += 1;
        let kind = part.kind(place.parent);
        if let Some(subtype) = kind.strip_prefix("multipart/") {
            let boundary = part.parameter("boundary").unwrap_or_default().trim_end();
            let too_deep = place.depth >= self.limits.depth;
            self.parsed.complete &= !too_deep;
            if !too_deep && let Some(Pieces { pieces, .. }) = pieces(part.body, boundary) {
                return self.walk_multipart(subtype, &pieces, place.depth + 1);
            }
            // A multipart that cannot be parted is text at the top, and a file elsewhere, if there is anything in it.
            match place.parent {
                Parent::None if !too_deep => self.add_text(part),
                _ if part.body.trim_ascii().is_empty() => {}
                _ => self.attach(part, kind),
            }
            return;
        }
        match kind {
            "text/plain" if part.is_body(place.parent) => self.add_text(part),
            "text/html" if part.is_body(place.parent) => append(&mut self.parsed.html, &part.text()),
            "text/x-amp-html" if place.parent == Parent::Alternative => {
                self.parsed.amp_html = Some(part.text());
            }
            _ if kind.starts_with("text/") && place.parent == Parent::None && part.is_body(Parent::None) => {
                self.add_text(part);
            }
            _ => self.attach(part, kind),
        }
    }

    fn walk_multipart(&mut self, subtype: &str, pieces: &[&[u8]], depth: usize) {
        for (at, piece) in pieces.iter().enumerate() {
            if self.parts >= self.limits.parts {
                self.parsed.complete = false;
                return;
            }
            let parent = Parent::within(subtype, at);
            let part = self.part(piece);
            self.walk(&part, Place { depth, parent });
        }
    }

    fn add_text(&mut self, part: &Part<'_>) {
        append(&mut self.parsed.text, &part.text());
    }

    fn attach(&mut self, part: &Part<'_>, kind: &str) {
        let content_id = part.field("Content-ID").and_then(bracketed);
        let inline = match part.disposition.value.as_str() {
            "inline" => true,
            "" => content_id.is_some(),
            _ => false,
        };
        self.parsed.attachments.push(Attachment {
            filename: part.filename(),
            content_type: kind.to_owned(),
            inline,
            content_id,
            content: part.octets().into_owned(),
        });
    }
}

fn append(body: &mut Option<String>, text: &str) {
    match body {
        None => *body = Some(text.to_owned()),
        Some(body) => {
            if !body.ends_with('\n') {
                body.push_str("\r\n");
            }
            body.push_str(text);
        }
    }
}

/// The parts of a multipart.
struct Pieces<'a> {
    pieces: Vec<&'a [u8]>,
    /// Whether the close-delimiter stands.
    closed: bool,
}

/// The parts between the delimiter lines of a multipart (RFC 2046 section 5.1.1): without preamble and epilogue, each
/// without the line end that belongs to the delimiter. A missing close-delimiter is forgiven. `None` without a delimiter.
fn pieces<'a>(body: &'a [u8], boundary: &str) -> Option<Pieces<'a>> {
    if boundary.is_empty() {
        return None;
    }
    let delimiter = format!("--{boundary}");
    let mut pieces = Vec::new();
    let mut open: Option<usize> = None;
    for at in memchr::memmem::find_iter(body, delimiter.as_bytes()) {
        let before = body.get(..at).unwrap_or_default();
        let after = body.get(at + delimiter.len()..).unwrap_or_default();
        // A line may name the delimiter often: only where it starts is its end worth looking for.
        if !(before.is_empty() || before.ends_with(b"\n")) {
            continue;
        }
        let line_end = memchr::memchr(b'\n', after).map_or(after.len(), |end| end + 1);
        let tail = after.get(..line_end).unwrap_or_default();
        let closes = tail.starts_with(b"--");
        if !closes && !tail.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if let Some(start) = open {
            let piece = body.get(start..at).unwrap_or_default();
            let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
            pieces.push(piece.strip_suffix(b"\r").unwrap_or(piece));
        }
        if closes && open.is_some() {
            return Some(Pieces { pieces, closed: true });
        }
        open = Some(at + delimiter.len() + line_end);
    }
    pieces.push(body.get(open?..).unwrap_or_default());
    Some(Pieces { pieces, closed: false })
}

#[cfg(test)]
mod tests {
    use encoding_rs::{EUC_JP, ISO_2022_JP, SHIFT_JIS};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn japanese_charsets_are_read() {
        let text = "お問い合わせありがとうございます。①㈱髙";
        for encoding in [ISO_2022_JP, SHIFT_JIS, EUC_JP] {
            let head = format!(
                "Subject: =?{0}?Q?{1}?=\r\nContent-Type: text/plain; charset={0}\r\n\r\n",
                encoding.name(),
                encoding.encode("件名").0.iter().map(|octet| format!("={octet:02X}")).collect::<String>(),
            );
            let parsed = parse(&[head.as_bytes(), &encoding.encode(text).0].concat());
            assert_eq!(
                (parsed.subject.as_str(), parsed.text.as_deref()),
                ("件名", Some(text)),
                "{}",
                encoding.name()
            );
        }
    }

    #[test]
    fn time_grows_with_the_size() {
        let body = format!("\n--b\nfirst\n{}\n--b--\n", "--b".repeat(1_000_000));
        assert_eq!(pieces(body.as_bytes(), "b").unwrap().pieces.len(), 1);
    }

    #[test]
    fn fields_are_read_for_people() {
        let parsed = parse(
            b"From: =?utf-8?B?5bGx55Sw?= <y@example.org>\r\nTo: \"A, B\" <a@example.org>,\r\n b@example.org\r\nMessage-Id: <x.1@example.org>\r\nDate: 6 Jul 2026 09:30:00 +0900\r\n\r\nbody\r\n",
        );
        assert_eq!(parsed.from, "山田 <y@example.org>");
        assert_eq!(parsed.to, "\"A, B\" <a@example.org>, b@example.org");
        assert_eq!(parsed.message_id.as_deref(), Some("x.1@example.org"));
        assert_eq!(parsed.date, "2026-07-06T00:30:00Z".parse().ok());
        assert_eq!(parsed.text.as_deref(), Some("body\r\n"));
        assert!(parsed.complete);
    }

    #[test]
    fn parts_find_their_places() {
        let parsed = parse(
            b"Content-Type: multipart/mixed; boundary=m\r\n\r\npreamble\r\n--m\r\nContent-Type: multipart/alternative; boundary=\"m n\"\r\n\r\n--m n\r\n\r\nplain\r\n--m n\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>=E3=81=82</p>\r\n--m n--\r\n--m\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\n--m2\r\nx\r\n--m \r\nContent-Type: image/png; name=x.png\r\nContent-ID: <cid1>\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--m--\r\nepilogue\r\n--m\r\n\r\nnever",
        );
        assert_eq!(parsed.text.as_deref(), Some("plain"));
        assert_eq!(parsed.html.as_deref(), Some("<p>あ</p>"));
        let shown: Vec<_> = parsed
            .attachments
            .iter()
            .map(|found| (found.content_type.as_str(), found.content.as_slice()))
            .collect();
        assert_eq!(
            shown,
            [("message/rfc822", b"Subject: inner\r\n\r\n--m2\r\nx".as_slice()), ("image/png", &[0, 1, 2])]
        );
        let image = &parsed.attachments[1];
        assert_eq!(
            (image.filename.as_deref(), image.content_id.as_deref(), image.inline),
            (Some("x.png"), Some("cid1"), true)
        );
    }

    #[test]
    fn malformed_content_is_read_as_far_as_it_goes() {
        let text = |content: &[u8]| parse(content).text.unwrap_or_default();
        assert_eq!(text(b""), "");
        assert_eq!(text(b"just words"), "just words");
        assert_eq!(text(b"Content-Type: multipart/mixed\r\n\r\nwords"), "words");
        assert_eq!(text(b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nopen end"), "open end");
        assert_eq!(text(b"Content-Type: text\r\n\r\nx"), "x");
        assert_eq!(text(b"From someone Mon Jul  6 00:00:00 2026\nA: b\n\nx"), "x");
    }

    #[test]
    fn depth_and_number_of_parts_are_bounded() {
        let nested: String = (0..1000)
            .map(|at| format!("Content-Type: multipart/mixed; boundary=b{at}\r\n\r\n--b{at}\r\n"))
            .collect();
        assert!(!parse(nested.as_bytes()).complete);
        let wide =
            format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", "--b\r\n\r\nx\r\n".repeat(5_000));
        assert!(!parse(wide.as_bytes()).complete);
        let messages = "Content-Type: message/rfc822\r\n\r\n".repeat(60_000);
        assert_eq!(parse(messages.as_bytes()).attachments.len(), 1);
    }

    proptest! {
        #[test]
        fn nothing_panics(
            content: Vec<u8>,
            near in "((Content-Type: (multipart/mixed; boundary=a|text/html|message/rfc822)|Content-Transfer-Encoding: base64|--a(--)?|x)?\r?\n){0,14}",
        ) {
            parse(&content);
            parse(near.as_bytes());
        }
    }
}
