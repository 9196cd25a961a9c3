//! What the parts of all reports have in common: groups of fields, and the message that came back (RFC 6522 section 3).

use std::borrow::Cow;

use tegami_mail::mime::Parsed;

/// The longest value kept, in characters; what is longer is cut.
const MAX_VALUE: usize = 4_096;

/// Groups of fields parted by empty lines; folded values are joined by a space, and lines that are no field are passed over.
pub(crate) fn groups(text: &str) -> Vec<Vec<(String, String)>> {
    let mut groups: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for line in text.lines() {
        let Some(group) = groups.last_mut() else { continue };
        if line.trim().is_empty() {
            if !group.is_empty() {
                groups.push(Vec::new());
            }
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = group.last_mut()
                && value.len() < MAX_VALUE * 4
            {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            group.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    groups
}

/// The beginning of a value.
pub(crate) fn cut(value: &str) -> String {
    value.chars().take(MAX_VALUE).collect()
}

/// An address without its angle brackets.
pub(crate) fn bare(value: &str) -> String {
    value.trim().trim_start_matches('<').trim_end_matches('>').trim().to_owned()
}

/// Messages kept by old machines end their lines with a lone carriage return.
pub(crate) fn with_line_feeds(content: &[u8]) -> Cow<'_, [u8]> {
    if content.contains(&b'\n') || !content.contains(&b'\r') {
        return Cow::Borrowed(content);
    }
    Cow::Owned(content.iter().map(|&octet| if octet == b'\r' { b'\n' } else { octet }).collect())
}

/// The part that holds the message, or its header section.
pub(crate) fn returned_part(parsed: &Parsed) -> Option<&[u8]> {
    let is_original = |kind: &str| {
        matches!(
            kind,
            "message/rfc822"
                | "text/rfc822-headers"
                | "message/global"
                | "message/global-headers"
                | "text/rfc822-header"
        )
    };
    let part = parsed.attachments.iter().find(|part| is_original(&part.content_type));
    part.map(|part| part.content.as_slice())
}
