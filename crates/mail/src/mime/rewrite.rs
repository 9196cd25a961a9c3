//! Writing anew what people read of a message, and leaving everything else as it is, octet by octet.

use std::ops::Range;

use super::{HeaderField, MimeLimits, Parent, Parsed, Part, Place, Reader, pieces};
use crate::entity::Entity;
use crate::{HeaderLimits, HeaderSection, ParameterizedValue, header};

/// Which text of a body it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// `text/plain`.
    Plain,
    /// `text/html`.
    Html,
    /// `text/x-amp-html`.
    Amp,
}

/// The content with the texts of its body as `change` wants them; what it answers `None` to stays as it is. `None` where nothing changes.
///
/// Attachments are no texts of the body, nor are messages in the message; what somebody signed or encrypted (RFC 1847) is left alone, and so
/// is a text that its charset does not explain: writing it anew would lose what it said.
pub fn rewrite(content: &[u8], mut change: impl FnMut(TextKind, &str) -> Option<String>) -> Option<Vec<u8>> {
    let limits = MimeLimits::GENEROUS;
    let reader = Reader { limits, parts: 0, parsed: Parsed { complete: true, ..Parsed::default() } };
    let mut writer = Writer { content, reader, change: &mut change, edits: Vec::new() };
    writer.walk(content, Place { depth: 0, parent: Parent::None });
    if writer.edits.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(content.len() + 1024);
    let mut at = 0;
    for (range, part) in writer.edits {
        out.extend_from_slice(content.get(at..range.start).unwrap_or_default());
        out.extend_from_slice(&part);
        at = range.end;
    }
    out.extend_from_slice(content.get(at..).unwrap_or_default());
    Some(out)
}

struct Writer<'a, 'c> {
    content: &'a [u8],
    reader: Reader,
    change: &'c mut dyn FnMut(TextKind, &str) -> Option<String>,
    /// Entities written anew, in order, and where the old ones stand.
    edits: Vec<(Range<usize>, Vec<u8>)>,
}

impl<'a> Writer<'a, '_> {
    fn walk(&mut self, entity: &'a [u8], place: Place) {
        if self.reader.parts >= self.reader.limits.parts {
            return;
        }
        self.reader.parts += 1;
        let part = self.reader.part(entity);
        if part.section.is_none() {
            return;
        }
        let kind = part.kind(place.parent);
        if let Some(subtype) = kind.strip_prefix("multipart/") {
            if matches!(subtype, "signed" | "encrypted" | "report") || place.depth >= self.reader.limits.depth
            {
                return;
            }
            let boundary = part.parameter("boundary").unwrap_or_default().trim_end();
            for (at, piece) in pieces(part.body, boundary)
                .map(|found| found.pieces)
                .unwrap_or_default()
                .into_iter()
                .enumerate()
            {
                let parent = Parent::within(subtype, at);
                self.walk(piece, Place { depth: place.depth + 1, parent });
            }
            return;
        }
        let kind = match kind {
            "text/plain" if part.is_body(place.parent) => TextKind::Plain,
            "text/html" if part.is_body(place.parent) => TextKind::Html,
            "text/x-amp-html" if place.parent == Parent::Alternative => TextKind::Amp,
            _ => return,
        };
        let text = part.text();
        if text.contains('\u{fffd}') {
            return;
        }
        if let Some(text) = (self.change)(kind, &text) {
            // A piece is a part of the content.
            let start = entity.as_ptr().addr() - self.content.as_ptr().addr();
            let written = written(&part, entity, &text, place.parent == Parent::None);
            self.edits.push((start..start + entity.len(), written));
        }
    }
}

/// The entity with another text: its fields, but for those that say how it is written.
fn written(part: &Part<'_>, entity: &[u8], text: &str, is_root: bool) -> Vec<u8> {
    let content_type = part.content_type.clone().filter(|value| value.value.contains('/'));
    let mut content_type = content_type.unwrap_or_else(|| ParameterizedValue::new("text/plain"));
    content_type.parameters.retain(|(name, _)| name != "charset");
    let (head, _) =
        if header::begins_with_field(entity) { header::split(entity) } else { (&b""[..], entity) };
    let ours = |field: &HeaderField<'_>| {
        ["Content-Type", "Content-Transfer-Encoding"].iter().any(|name| field.is(name))
    };
    let mut fields = header::without(head, ours);
    let is_mime = HeaderSection::parse(&fields, HeaderLimits::GENEROUS)
        .is_ok_and(|section| section.first("MIME-Version").is_some());
    if is_root && !is_mime {
        fields.extend_from_slice(b"MIME-Version: 1.0\r\n");
    }
    let mut out = Entity::text_of(content_type, text).into_part(&fields);
    if is_root && !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Attachment, MessageBuilder, NameAddr, mime};

    fn upper(content: &str) -> Option<String> {
        let content = content.replace('\n', "\r\n");
        let out = rewrite(content.as_bytes(), |_, text| Some(text.to_uppercase()));
        out.map(|out| String::from_utf8(out).unwrap().replace("\r\n", "\n"))
    }

    #[test]
    fn only_the_texts_change() {
        let content = "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\npreamble\n--b\nContent-Type: text/plain; format=flowed; charset=us-ascii\nX-Own: 1\n\nhello\n--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\nfile\n--b\nContent-Type: message/rfc822\n\nSubject: y\n\ninner\n--b--\nepilogue\n";
        assert_eq!(
            upper(content).unwrap(),
            "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\npreamble\n--b\nX-Own: 1\nContent-Type: text/plain; format=flowed; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n\nHELLO\n--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\nfile\n--b\nContent-Type: message/rfc822\n\nSubject: y\n\ninner\n--b--\nepilogue\n"
        );
        assert_eq!(
            upper("Subject: x\n\nhello").unwrap(),
            "Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n\nHELLO\n"
        );
    }

    #[test]
    fn what_others_vouch_for_stays() {
        for kind in ["signed", "encrypted", "report"] {
            let content =
                format!("Content-Type: multipart/{kind}; boundary=b\n\n--b\n\nhello\n--b\n\nx\n--b--\n");
            assert_eq!(upper(&content), None);
        }
        let unknown = b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xff\xfe\r\n";
        assert_eq!(rewrite(unknown, |_, text| Some(text.to_owned())), None);
    }

    proptest! {
        #[test]
        fn everything_else_is_read_as_before(text in "[a-zé日\n]{0,50}", html in "[a-zé<>\n]{0,50}", file: Vec<u8>) {
            let message = MessageBuilder {
                from: vec![NameAddr::parse("a@example.org").unwrap()],
                text: Some(text),
                html: Some(html),
                attachments: vec![Attachment { filename: Some("f".to_owned()), content: file, ..Attachment::default() }],
                ..MessageBuilder::default()
            };
            let content = message.build("seed").unwrap();
            let before = mime::parse(&content);
            let added = |kind: TextKind, text: &str| Some(format!("{text}日{kind:?}"));
            let after = mime::parse(&rewrite(&content, added).unwrap());
            prop_assert_eq!(after.text.map(|text| text.trim_end().to_owned()), before.text.map(|text| format!("{text}日Plain")));
            prop_assert_eq!(after.html.map(|text| text.trim_end().to_owned()), before.html.map(|text| format!("{text}日Html")));
            prop_assert_eq!(after.attachments, before.attachments);
            prop_assert_eq!(rewrite(&content, |_, _| None), None);
        }

        #[test]
        fn nothing_panics(content: Vec<u8>, near in "(Content-Type: (multipart/mixed; boundary=b|text/html)|--b|Content-Transfer-Encoding: base64|[a-z:]{0,9}|\r\n){0,20}") {
            for content in [content.as_slice(), near.as_bytes()] {
                let _ = rewrite(content, |_, text| Some(format!("{text}x")));
            }
        }
    }
}
