//! Our reading of MIME against another reader's, file by file. Where they differ, the reason stands here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use mail_parser::{MessageParser, MimeHeaders};

/// Files that are read otherwise on purpose.
const DIFFERENCES: &[(&str, &str)] = &[
    ("000.eml", "base64 is read as base64, whatever stands there (RFC 2045 section 6.8)"),
    ("msg_04.txt", "text with a file name is an attachment"),
    ("msg_44.txt", "text with a file name is an attachment"),
    ("msg_14.txt", "a type without subtype is text (RFC 2045 section 5.2), and so is the body"),
    ("msg_15.txt", "an inner multipart with the outer boundary ends the outer one (RFC 2046 section 5.1.2)"),
    ("msg_38.txt", "an outer delimiter within an inner part ends it (RFC 2046 section 5.1.2)"),
    ("msg_39.txt", "an outer delimiter within an inner part ends it (RFC 2046 section 5.1.2)"),
    ("msg_17.txt", "a multipart that cannot be parted is text"),
    ("msg_25.txt", "a multipart that cannot be parted is text"),
    ("msg_31.txt", "a multipart that cannot be parted is text"),
    ("msg_41.txt", "a multipart that cannot be parted is text"),
    ("msg_19.txt", "what has no header section is body from its first line"),
    ("python.jpg", "not a message"),
    ("msg_27.txt", "a fold leaves the tab that made it (RFC 5322 section 2.2.3)"),
    ("example14.eml", "a fold leaves the tab that made it (RFC 5322 section 2.2.3)"),
    (
        "content_transfer_encoding_plain.eml",
        "octets without a charset are UTF-8 where they can be, else windows-1252",
    ),
    (
        "invalid_subject_characters.eml",
        "octets without a charset are UTF-8 where they can be, else windows-1252",
    ),
    ("raw_email6.eml", "octets that are UTF-8 are not read as ASCII"),
    ("multiple_content_types.eml", "the first Content-Type counts"),
    ("raw_email_with_binary_encoded.eml", "the first Subject counts"),
    ("raw_email_with_multipart_mixed_quoted_boundary.eml", "the first Subject counts"),
    ("bad_date_header2.eml", "a multipart that cannot be parted is text"),
    ("empty_in_reply_to.eml", "a multipart that cannot be parted is text"),
    ("missing_body.eml", "a multipart that cannot be parted is text"),
    ("must_supply_encoding.eml", "a multipart that cannot be parted is text"),
    (
        "raw_email4.eml",
        "what follows the close-delimiter of the outer multipart is epilogue (RFC 2046 section 5.1.1)",
    ),
];

pub(crate) fn messages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(messages(&path));
        } else if path.extension().is_none_or(|extension| extension != "json") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What differs: empty where the two agree.
fn compare(content: &[u8]) -> Vec<String> {
    let ours = tegami_mail::mime::parse(content);
    let Some(theirs) = MessageParser::default().parse(content) else { return Vec::new() };
    let mut different = Vec::new();
    let mut check = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            different.push(format!("{what}: {ours:.200} and {theirs:.200}"));
        }
    };
    check("subject", ours.subject.trim().to_owned(), theirs.subject().unwrap_or_default().trim().to_owned());
    let files = theirs.attachments().filter(|part| !part.is_message());
    let files: Vec<_> = files
        .map(|part| (part.attachment_name().map(str::trim), part.is_text(), part.contents().len()))
        .collect();
    let our_files = ours.attachments.iter().filter(|part| part.content_type != "message/rfc822");
    let our_files: Vec<_> = our_files
        .map(|part| (part.filename.as_deref(), part.content_type.starts_with("text/"), part.content.len()))
        .collect();
    let plain = |files: Vec<(Option<&str>, bool, usize)>| {
        // A text's length changes with its charset.
        let files = files
            .into_iter()
            .map(|(name, is_text, length)| (name.map(str::to_owned), if is_text { 0 } else { length }));
        format!("{:?}", files.collect::<Vec<_>>())
    };
    check("files", plain(our_files), plain(files));
    let lines = |text: &str| text.replace('\r', "").trim().to_owned();
    let text = lines(theirs.text_part(0).and_then(|part| part.text_contents()).unwrap_or_default());
    let our_text = lines(ours.text.as_deref().unwrap_or_default());
    // Without plain text the other reader gives the HTML; several texts it keeps apart.
    if ours.text.is_some() && !our_text.starts_with(&text) {
        check("text", our_text, text);
    }
    different
}

#[test]
fn reads_as_another_reader_does() {
    let Some(folder) = crate::suites("mime") else { return };
    let files = messages(&folder);
    let known: BTreeSet<&str> = DIFFERENCES.iter().map(|(name, _)| *name).collect();
    let mut unexplained = String::new();
    let mut found = BTreeSet::new();
    for path in &files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let different = compare(&std::fs::read(path).unwrap());
        if different.is_empty() {
            continue;
        }
        if !known.contains(name) {
            unexplained.push_str(&format!("{}\n  {}\n", path.display(), different.join("\n  ")));
        }
        found.insert(name.to_owned());
    }
    eprintln!("{} messages, {} read otherwise for a reason", files.len(), found.len());
    assert_eq!(unexplained, "");
    let stale: Vec<_> = known.iter().filter(|name| !found.contains(**name)).collect();
    assert!(stale.is_empty(), "no difference any more: {stale:?}");
}
