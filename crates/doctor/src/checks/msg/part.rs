//! The parts of the message: text beside HTML, files, sizes.

use std::collections::BTreeSet;

use tegami_auth::finding::Severity;
use tegami_mail::mime::{Attachment, MimeLimits, outline};
use tegami_mail::{html, note, transfer};

use super::{excerpt, gmail};
use crate::case::MessageCase;
use crate::{About, Check, Finding, Fix, Who};

pub(super) const BASE64_TEXT: Check =
    Check::new("msg.base64-text", About::Message, Severity::S1, "RFC 2045 section 6.2");
pub(super) const MULTIPART: Check =
    Check::new("msg.multipart", About::Message, Severity::S2, "RFC 2046 section 5.1.4");
pub(super) const PARITY: Check =
    Check::new("msg.text-html-parity", About::Message, Severity::S2, "RFC 2046 section 5.1.4")
        .after(&["msg.multipart"]);
pub(super) const ATTACHMENTS: Check =
    Check::new("msg.attachments", About::Message, Severity::S3, "RFC 2183 section 5")
        .who(&[Who::Gmail, Who::Outlook])
        .answers(&[gmail("552 5.7.0")]);
pub(super) const SIZE: Check =
    Check::new("msg.size", About::Message, Severity::S1, "RFC 1870 section 6").who(&[Who::Gmail]);

pub(super) fn judge(case: &MessageCase<'_>) -> Vec<Finding> {
    vec![base64_text(case), multipart(case), parity(case), attachments(case), size(case)]
}

fn base64_text(case: &MessageCase<'_>) -> Finding {
    let (parts, _) = outline(&case.arrival.content, MimeLimits::GENEROUS);
    let needless = parts.iter().find(|part| {
        part.kind().starts_with("text/")
            && part.encoding == "base64"
            && transfer::decode_base64(part.body).is_ascii()
    });
    match needless {
        Some(part) => {
            BASE64_TEXT.info(&case.subject, note!("msg-base64-text-needless", kind = excerpt(part.kind())))
        }
        None => BASE64_TEXT.pass(&case.subject, note!("msg-base64-text")),
    }
}

fn multipart(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    match (&case.mime.html, &case.mime.text) {
        (Some(_), None) => MULTIPART
            .warn(subject, note!("msg-multipart-html-only"))
            .fix(Fix::new(note!("msg-multipart-fix"))),
        (Some(_), Some(_)) => MULTIPART.pass(subject, note!("msg-multipart")),
        (None, _) => MULTIPART.pass(subject, note!("msg-multipart-text")),
    }
}

/// The words of a text in lower case; of scripts without blanks, its pairs of characters.
pub(crate) fn words_of(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if word.is_ascii() || word.chars().all(|c| c < '\u{3000}') {
            words.insert(word.to_lowercase());
            continue;
        }
        let mut before = None;
        for c in word.chars() {
            if let Some(before) = before {
                words.insert([before, c].iter().collect());
            }
            before = Some(c);
        }
    }
    words
}

fn parity(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let (Some(source), Some(text)) = (&case.mime.html, &case.mime.text) else {
        return PARITY.not_applicable(subject, note!("msg-parity-one"));
    };
    // What a link leads to is no word that people read.
    let without_urls = |text: &str| -> String {
        text.split_whitespace().filter(|word| !word.contains("://")).collect::<Vec<_>>().join(" ")
    };
    let (one, other) = (words_of(&without_urls(&html::to_text(source))), words_of(&without_urls(text)));
    let all = one.union(&other).count();
    if all == 0 {
        return PARITY.not_applicable(subject, note!("msg-parity-one"));
    }
    let percent = one.intersection(&other).count() * 100 / all;
    match percent {
        0..20 => PARITY
            .fail(subject, note!("msg-parity-differ", percent = percent))
            .fix(Fix::new(note!("msg-parity-fix"))),
        20..50 => PARITY
            .warn(subject, note!("msg-parity-differ", percent = percent))
            .fix(Fix::new(note!("msg-parity-fix"))),
        _ => PARITY.pass(subject, note!("msg-parity", percent = percent)),
    }
}

/// Files that large receivers do not take, whatever is in them.
const BLOCKED: &[&str] = &[
    "ade", "adp", "apk", "appx", "bat", "cab", "chm", "cmd", "com", "cpl", "dll", "dmg", "ex_", "exe", "hta",
    "img", "ins", "iso", "isp", "jar", "js", "jse", "lib", "lnk", "mde", "msc", "msi", "msix", "msp", "mst",
    "nsh", "pif", "ps1", "scr", "sct", "shb", "sys", "vb", "vbe", "vbs", "vhd", "vxd", "wsc", "wsf", "wsh",
];
/// Files that people open without a thought: before a second ending they are a disguise.
const TRUSTED: &[&str] = &[
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt", "jpg", "jpeg", "png", "gif", "html", "zip",
    "mp3",
];
/// What most receivers take in all, encoded: 25 MB.
const LARGEST: usize = 25 * 1024 * 1024;

fn attachments(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let files = &case.mime.attachments;
    for file in files {
        let name = file.filename.as_deref().unwrap_or_default().trim_end_matches(['.', ' ']);
        let mut endings = name.rsplit('.').map(str::to_ascii_lowercase);
        let (last, before) = (endings.next().unwrap_or_default(), endings.next().unwrap_or_default());
        let note = if BLOCKED.contains(&last.as_str()) && TRUSTED.contains(&before.as_str()) {
            note!("msg-attachment-disguised", name = excerpt(name))
        } else if name.contains('.') && BLOCKED.contains(&last.as_str()) {
            note!("msg-attachment-blocked", name = excerpt(name), ending = last)
        } else if name.contains('\u{202e}') {
            note!("msg-attachment-disguised", name = excerpt(&name.replace('\u{202e}', "…")))
        } else {
            continue;
        };
        return ATTACHMENTS.fail(subject, note).fix(Fix::new(note!("msg-attachment-fix")));
    }
    if case.arrival.content.len() > LARGEST {
        let megabytes = case.arrival.content.len() / (1024 * 1024);
        let note = note!("msg-attachment-large", megabytes = megabytes);
        return ATTACHMENTS.fail(subject, note).fix(Fix::new(note!("msg-attachment-fix")));
    }
    if let Some(file) = files.iter().find(|file| is_locked_zip(file)) {
        let name = excerpt(file.filename.as_deref().unwrap_or("?"));
        let found =
            ATTACHMENTS.warn(subject, note!("msg-attachment-locked", name = name)).severity(Severity::S2);
        return found.fix(Fix::new(note!("msg-attachment-fix")));
    }
    let shown = files.iter().take(50).map(|file| {
        format!(
            "{} {} ({})",
            excerpt(&file.content_type),
            excerpt(file.filename.as_deref().unwrap_or("–")),
            file.content.len()
        )
    });
    ATTACHMENTS.pass(subject, note!("msg-attachments", count = files.len())).evidences(shown)
}

/// A ZIP file whose first entry is encrypted: bit 0 of its general purpose flags.
fn is_locked_zip(file: &Attachment) -> bool {
    file.content.starts_with(b"PK\x03\x04") && file.content.get(6).is_some_and(|flags| flags & 1 == 1)
}

/// Octets of HTML near which Gmail cuts, and at which it does.
const NEAR: usize = 80 * 1024;
const CUT: usize = 102_400;

fn size(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let octets = case.mime.html.as_ref().map_or(0, String::len);
    let total = case.arrival.content.len();
    match octets {
        0..NEAR => SIZE.pass(subject, note!("msg-size", total = total)),
        NEAR..CUT => SIZE.info(subject, note!("msg-size-near", octets = octets, limit = CUT)),
        _ => SIZE
            .warn(subject, note!("msg-size-cut", octets = octets, limit = CUT))
            .fix(Fix::new(note!("msg-size-fix"))),
    }
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::{Fixture, letter::Letter};
    fn file(letter: &mut Letter, name: &str, content: &str) {
        let body = format!(
            "--m\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n--m\r\nContent-Type: application/octet-stream; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n{content}\r\n--m--\r\n"
        );
        letter.body("multipart/mixed; boundary=m", &body);
    }
    vec![
        Fixture::pass("msg.base64-text", ""),
        Fixture::info("msg.base64-text", "").letter(|letter| {
            letter
                .body("text/plain; charset=utf-8", "SGVsbG8sIEJvYiE=\r\n")
                .add("Content-Transfer-Encoding: base64");
        }),
        Fixture::pass("msg.multipart", ""),
        Fixture::warn("msg.multipart", "").letter(|letter| {
            letter.body("text/html; charset=utf-8", "<html><body><p>Hello Bob</p></body></html>\r\n");
        }),
        Fixture::pass("msg.text-html-parity", ""),
        Fixture::fail("msg.text-html-parity", "").letter(|letter| {
            letter.both(
                "One two three four five six.\r\n",
                "<html><body>Quite another text stands here</body></html>",
            );
        }),
        Fixture::warn("msg.text-html-parity", "").letter(|letter| {
            letter
                .both("one two three four\r\n", "<html><body>one two three ten eleven twelve</body></html>");
        }),
        Fixture::na("msg.text-html-parity", "").letter(|letter| {
            letter.body("text/plain; charset=utf-8", "Hello Bob\r\n");
        }),
        Fixture::pass("msg.attachments", ""),
        Fixture::pass("msg.attachments", "").letter(|letter| file(letter, "plan.pdf", "x")),
        Fixture::fail("msg.attachments", "").letter(|letter| file(letter, "plan.exe", "x")),
        Fixture::fail("msg.attachments", "").letter(|letter| file(letter, "plan.pdf.js", "x")),
        Fixture::warn("msg.attachments", "")
            .letter(|letter| file(letter, "plan.zip", "PK\x03\x04\x14\0\x01\0rest")),
        Fixture::pass("msg.size", ""),
        Fixture::info("msg.size", "").letter(|letter| letter.long_html(90_000)),
        Fixture::warn("msg.size", "").letter(|letter| letter.long_html(110_000)),
    ]
}
