//! What lists and events show of a message.

use tegami_mail::header::{HeaderLimits, HeaderSection};
use tegami_mail::{HeaderField, mime};
use tegami_store::{Attachment, Summary};

use crate::complete;
use crate::submission::{Mode, Options};

/// Octets of a field that lists and events show. Twice as much as a line may have (RFC 5322 section 2.1.1); a header section has room for
/// hundreds of times that.
const LONGEST: usize = 2000;
/// Attachments that are listed. Nobody reads more, and a message has room for a million.
const MOST_ATTACHMENTS: usize = 500;

/// What lists and events show of a content: From, To and Subject decoded as they were written, attachments without inline parts.
pub(crate) fn summarize(content: &[u8], options: &Options) -> Summary {
    let mut summary = Summary {
        size: u64::try_from(content.len()).unwrap_or(u64::MAX),
        tags: options.tags.clone(),
        variables: options.variables.clone(),
        test_mode: options.mode == Mode::Test,
        list: options.list.clone(),
        ..Summary::default()
    };
    let Ok(section) = HeaderSection::parse(content, HeaderLimits::GENEROUS) else { return summary };
    let decoded = |name| bounded(section.first(name).map(HeaderField::decoded).unwrap_or_default());
    summary.from = decoded("From");
    summary.to = decoded("To");
    summary.subject = decoded("Subject");
    summary.message_id = complete::message_id(&section);
    if may_have_attachments(&section) {
        summary.attachments = attachments(content);
    }
    summary
}

/// Whether it is worth taking the content apart: most messages of applications are one text.
fn may_have_attachments(section: &HeaderSection<'_>) -> bool {
    let text = |name| section.first(name).map(HeaderField::text).unwrap_or_default().to_ascii_lowercase();
    let kind = text("Content-Type");
    let plain = kind.is_empty() || kind.starts_with("text/plain") || kind.starts_with("text/html");
    !plain || text("Content-Disposition").starts_with("attachment")
}

fn attachments(content: &[u8]) -> Vec<Attachment> {
    let listed = mime::parse(content).attachments.into_iter().filter(|part| !part.inline);
    let attachment = |part: mime::Attachment| Attachment {
        filename: bounded(part.filename.unwrap_or_default()),
        content_type: bounded(part.content_type),
        size: u64::try_from(part.content.len()).unwrap_or(u64::MAX),
    };
    listed.take(MOST_ATTACHMENTS).map(attachment).collect()
}

fn bounded(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_look_for_is_decoded() {
        let content = "From: =?utf-8?B?5bqX?= <shop@example.org>\r\nTo: a@example.net,\r\n b@example.net\r\n\
            Subject: =?iso-2022-jp?B?GyRCJDMkcyRLJEEkTxsoQg==?=\r\nMessage-ID: <1@example.org>\r\n\
            Content-Type: multipart/mixed; boundary=x\r\n\r\n\
            --x\r\nContent-Type: text/plain\r\n\r\nHello\r\n\
            --x\r\nContent-Type: text/csv; charset=utf-8\r\nContent-Disposition: attachment; filename=\"a.csv\"\r\n\
            Content-Transfer-Encoding: base64\r\n\r\nYSxiCg==\r\n\
            --x\r\nContent-Type: image/png\r\nContent-Disposition: inline; filename=p.png\r\n\r\nx\r\n--x--\r\n";
        let summary = summarize(content.as_bytes(), &Options::default());
        expect![[r#"店 <shop@example.org> | a@example.net, b@example.net | こんにちは | 1@example.org | [Attachment { filename: "a.csv", content_type: "text/csv", size: 4 }]"#]].assert_eq(&format!(
            "{} | {} | {} | {} | {:?}",
            summary.from, summary.to, summary.subject, summary.message_id, summary.attachments
        ));
    }

    #[test]
    fn a_stranger_cannot_make_it_large() {
        let part = "--x\r\nContent-Disposition: attachment; filename=a\r\n\r\n\r\n".repeat(2000);
        let (from, subject) = ("(".repeat(100_000), "あ".repeat(10_000));
        let content = format!(
            "From: {from} a@example.org\r\nSubject: {subject}\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n{part}"
        );
        let summary = summarize(content.as_bytes(), &Options::default());
        assert_eq!((summary.from.len(), summary.subject.len()), (2000, 1998));
        assert_eq!(summary.attachments.len(), 500);
    }

    proptest! {
        #[test]
        fn no_content_breaks_it(content: Vec<u8>, head in "(From: |Content-Type: multipart/mixed; boundary=|[a-z<>@,;:\r\n\"= -])*") {
            summarize(&content, &Options::default());
            summarize(&[head.as_bytes(), &content].concat(), &Options::default());
        }
    }
}
