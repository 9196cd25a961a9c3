//! Recognising a notice and taking it apart.

use tegami_mail::mime::{self, Attachment, Parsed};
use tegami_mail::{HeaderField, HeaderLimits, HeaderSection, ParameterizedValue, header};

use super::{Form, Notice, Original, status, text};
use crate::field;

/// The most recipients that are read from one notice; further ones are passed over.
pub const MAX_RECIPIENTS: usize = 1_000;

/// Reads a content as a delivery status notification; `None` where it is none, or tells of nobody.
///
/// A part of type `message/delivery-status` is believed (RFC 3464), and so is the field X-Failed-Recipients. Without them
/// more than one sign is asked for: an author, a subject and a sentence as mailer daemons have them, or a reply code
/// and the message returned. The time it takes grows with the
/// size of the content and no faster.
pub fn read(content: &[u8]) -> Option<Notice> {
    let content = field::with_line_feeds(content);
    let head = Head::read(&content);
    if head.report_type.as_deref() == Some("feedback-report") {
        return None;
    }
    let parsed = mime::parse(&content);
    let mut notice = Notice {
        form: Form::Standard,
        reporting_mta: None,
        envelope_id: None,
        arrival_date: None,
        recipients: Vec::new(),
        original: None,
    };
    for part in parsed.attachments.iter().filter(|part| is_status(part)) {
        status::read(&part.content, &mut notice);
    }
    let told = text::Told::split(&plain_text(&parsed));
    notice.original = Original::parse(field::returned_part(&parsed).unwrap_or(told.below.as_bytes()));
    if notice.recipients.is_empty() {
        if !head.is_notice(&parsed, &told, notice.original.is_some()) {
            return None;
        }
        // The part for programs, written among the sentences.
        told.read_status(&mut notice);
        if notice.recipients.is_empty() {
            notice.form = Form::Text;
            notice.recipients = told.recipients(&head, notice.original.as_ref());
        } else {
            told.complete(&mut notice.recipients);
        }
    } else {
        told.complete(&mut notice.recipients);
    }
    (!notice.recipients.is_empty()).then_some(notice)
}

fn is_status(part: &Attachment) -> bool {
    matches!(part.content_type.as_str(), "message/delivery-status" | "message/global-delivery-status")
}

/// What people read; of a message in HTML alone, its text without tags.
fn plain_text(parsed: &Parsed) -> String {
    let mut text = match (&parsed.text, &parsed.html) {
        (Some(text), _) if !text.trim().is_empty() => text.clone(),
        (_, Some(html)) => without_tags(html),
        _ => String::new(),
    };
    // Some write their sentences as a file beside an empty body, or into parts whose boundary cannot be read.
    let readable =
        |part: &&Attachment| part.content_type == "text/plain" || part.content_type.starts_with("multipart/");
    for part in parsed.attachments.iter().filter(readable) {
        text.push('\n');
        text.push_str(&String::from_utf8_lossy(&part.content));
    }
    text
}

fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    for piece in html.split('<') {
        match piece.split_once('>') {
            Some((tag, rest)) => {
                let inline = ["b", "/b", "a", "/a", "i", "/i", "font", "/font", "span", "/span"];
                let name = tag.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
                if !inline.iter().any(|known| name.eq_ignore_ascii_case(known)) {
                    text.push('\n');
                }
                text.push_str(rest);
            }
            None => text.push_str(piece),
        }
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&")
}

/// The signs in the header section.
pub(super) struct Head {
    /// Parameter `report-type` of a `multipart/report` (RFC 6522 section 3).
    report_type: Option<String>,
    /// Field X-Failed-Recipients, which Exim and Google write.
    pub(super) failed: String,
    pub(super) from: String,
    pub(super) to: String,
    subject: String,
    /// Whether the return path is null, as it must be for a notice (RFC 3464 section 2), and is for much else.
    null_path: bool,
}

impl Head {
    fn read(content: &[u8]) -> Self {
        let (head, _) = header::split(content);
        let section = HeaderSection::parse(head, HeaderLimits::GENEROUS).ok();
        let field = |name| section.as_ref()?.first(name).map(HeaderField::decoded);
        let kind = section.as_ref().and_then(|section| section.first("Content-Type"));
        let kind = kind.map(|field| ParameterizedValue::parse(field.value_raw)).unwrap_or_default();
        let report = kind.value == "multipart/report";
        Self {
            report_type: kind.parameter("report-type").filter(|_| report).map(str::to_ascii_lowercase),
            failed: field("X-Failed-Recipients").unwrap_or_default(),
            from: field("From").unwrap_or_default().to_ascii_lowercase(),
            to: field("To").unwrap_or_default().to_ascii_lowercase(),
            null_path: field("Return-Path").is_some_and(|path| path.trim() == "<>"),
            subject: field("Subject").unwrap_or_default().to_ascii_lowercase(),
        }
    }

    fn is_notice(&self, parsed: &Parsed, told: &text::Told, returned: bool) -> bool {
        if !self.failed.is_empty() || self.report_type.as_deref() == Some("delivery-status") {
            return true;
        }
        let status = parsed.attachments.iter().any(is_status);
        let author = AUTHORS.iter().any(|known| self.from.contains(known));
        let subject = SUBJECTS.iter().any(|known| self.subject.contains(known));
        // A parcel service, too, writes that something could not be delivered.
        let sentence = told.sounds_like_one();
        let evidence = returned || told.has_code();
        status
            || author && (subject || sentence)
            || subject && sentence && evidence
            || self.null_path && sentence && returned
    }
}

/// What authors of notices are called, in lower case.
const AUTHORS: &[&str] = &[
    "mailer-daemon",
    "mail-daemon",
    "mailer.daemon",
    "postmaster",
    "mail delivery",
    "mail.delivery",
    "mail administrator",
    "mmsc ndr",
    "mail system",
    "mail deliver system",
    "post_master",
    "maildelivery",
];

/// What stands in their subjects, in lower case.
const SUBJECTS: &[&str] = &[
    "undeliver",
    "undelivered",
    "failure notice",
    "failure delivery",
    "delivery status",
    "delivery failure",
    "delivery fail",
    "returned mail",
    "mail failure",
    "mail delivery failed",
    "mail failed",
    "error sending your mail",
    "delivery report",
    "delivery delayed",
    "could not be delivered",
    "delivery error",
    "mail error",
    "mail system error",
    "error mail",
    "returned to sender",
    "non-delivery",
    "can't be delivered",
    "メールエラー",
    "配信エラー",
    "配信不能",
    "送信エラー",
    "不達",
    "delivery has failed",
    "delivery notification",
];
