//! A content as the pages show it: decoded header fields, the text, the source.

use tegami_mail::header::{HeaderLimits, HeaderSection};
use tegami_mail::mime;

use super::show::{size, visible};

/// So many octets of source are shown; all of it can be fetched.
const SHOWN: usize = 128 << 10;
/// So many characters of text are shown.
const TEXT_SHOWN: usize = 200_000;

/// A content.
#[derive(Debug)]
pub(crate) struct SourceView {
    /// Name and decoded value, in order.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) subject: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) text: Option<String>,
    pub(crate) has_html: bool,
    pub(crate) attachments: Vec<AttachmentView>,
    /// The octets as text.
    pub(crate) raw: String,
    /// The source is longer than what is shown.
    pub(crate) cut: bool,
}

/// A part beside the body.
#[derive(Debug)]
pub(crate) struct AttachmentView {
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) size: String,
}

impl SourceView {
    pub(crate) fn new(content: &[u8]) -> Self {
        let parsed = mime::parse(content);
        let fields = HeaderSection::parse(content, HeaderLimits::GENEROUS)
            .map(|section| {
                let fields = section.fields().iter();
                fields.map(|field| (visible(field.name), visible(&field.decoded()))).collect()
            })
            .unwrap_or_default();
        let shown = content.get(..SHOWN.min(content.len())).unwrap_or_default();
        Self {
            fields,
            subject: visible(&parsed.subject),
            from: visible(&parsed.from),
            to: visible(&parsed.to),
            text: parsed.text.map(|text| visible(&text.chars().take(TEXT_SHOWN).collect::<String>())),
            has_html: parsed.html.is_some(),
            attachments: parsed
                .attachments
                .into_iter()
                .map(|found| AttachmentView {
                    name: visible(found.filename.as_deref().unwrap_or_default()),
                    content_type: visible(&found.content_type),
                    size: size(found.content.len() as u64),
                })
                .collect(),
            raw: visible(&String::from_utf8_lossy(shown)),
            cut: content.len() > SHOWN,
        }
    }
}
