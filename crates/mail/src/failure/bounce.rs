//! The replies in a notification of failure: from its part for programs (RFC 3464), else from its text.

use super::Said;
use super::said::shortened;
use crate::{header, mime};

/// Most replies taken from one notification.
const MOST: usize = 100;
/// Of the text this much is looked at, in octets.
const TEXT: usize = 64 << 10;

/// What a notification says of one recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounced {
    /// The recipient, where it is named beside the reply.
    pub recipient: Option<String>,
    /// The refusal.
    pub said: Said,
}

/// Reads the refusals that a notification tells of; none where it tells of none.
pub fn read(content: &[u8]) -> Vec<Bounced> {
    let message = mime::parse(content);
    let parts = message.attachments.iter().filter(|part| part.content_type.ends_with("delivery-status"));
    let mut found: Vec<Bounced> = parts.flat_map(|part| of_status(&part.content)).take(MOST).collect();
    let told = |bounced: &Bounced| bounced.said.code.is_some() || !bounced.said.text.is_empty();
    let exact = |bounced: &Bounced| bounced.said.enhanced.is_some_and(|code| code.detail != 0);
    if found.iter().any(|bounced| told(bounced) || exact(bounced)) {
        return found;
    }
    let text = message.text.or(message.html).unwrap_or_default();
    let of_text = of_text(shortened(&text, TEXT));
    if found.is_empty() || of_text.iter().any(|bounced| bounced.said.code.is_some()) {
        found = of_text;
    }
    found.truncate(MOST);
    found
}

/// The groups of fields of a `message/delivery-status` part (RFC 3464 section 2.1), those of recipients.
fn of_status(content: &[u8]) -> Vec<Bounced> {
    let mut found = Vec::new();
    let mut rest = content.trim_ascii_start();
    while !rest.is_empty() && found.len() < MOST {
        let (group, after) = header::split(rest);
        rest = after.trim_ascii_start();
        found.extend(of_group(group));
    }
    found
}

fn of_group(group: &[u8]) -> Option<Bounced> {
    let section = crate::HeaderSection::parse(group, crate::HeaderLimits::GENEROUS).ok()?;
    let field = |name| section.first(name).map(header::HeaderField::text);
    let typed = |name| field(name).map(|text| after_type(&text).to_owned());
    let recipient = typed("Final-Recipient").or_else(|| typed("Original-Recipient"));
    let status = field("Status").unwrap_or_default();
    if recipient.is_none() && status.is_empty() {
        return None;
    }
    let diagnostic = typed("Diagnostic-Code").unwrap_or_default();
    let mut said = Said::parse(&diagnostic);
    // What a local program said: the number with which it ended.
    let local = field("Diagnostic-Code").is_some_and(|text| text.to_ascii_lowercase().starts_with("x-unix"));
    if local {
        said.text = format!("x-unix; {}", said.text);
    }
    let status = status.split_whitespace().next().and_then(|code| code.parse().ok());
    said.enhanced = said.enhanced.or(status);
    let remote = typed("Remote-MTA").map(|host| host.split(' ').next().unwrap_or_default().to_owned());
    said.host = said.host.or(remote.filter(|host| !host.is_empty()));
    Some(Bounced { recipient, said })
}

/// `type; value`.
fn after_type(text: &str) -> &str {
    match text.split_once(';') {
        Some((kind, value)) if !kind.contains(' ') => value.trim(),
        _ => text.trim(),
    }
}

/// What stands before the message that goes back, in pieces: each paragraph, each line that names a recipient.
fn of_text(text: &str) -> Vec<Bounced> {
    const RETURNED: [&str; 10] = [
        "below this line is a copy",
        "this is a copy of the message",
        "this is a copy of your message",
        "original message follows",
        "--- returned message",
        "message headers follow",
        "-original m",
        "message text follows",
        "original message:",
        "header of the original message",
    ];
    let ends = |line: &&str| {
        let line = line.to_ascii_lowercase();
        RETURNED.iter().any(|words| line.contains(words))
    };
    let is_trace = |line: &&str| line.to_ascii_lowercase().starts_with("received:");
    let before = |stop: &dyn Fn(&&str) -> bool| pieces(text.lines().take_while(|line| !stop(line)));
    let narrow = before(&|line| ends(line) || is_trace(line));
    let told = with_codes(&narrow);
    if !told.is_empty() {
        return told;
    }
    // Some put a notification into a notification, Received fields and all.
    let told = with_codes(&before(&ends));
    if !told.is_empty() {
        return told;
    }
    // Several recipients, each with a sentence of its own.
    let named =
        narrow.iter().filter(|piece| piece.names_recipient && piece.text.split_whitespace().count() > 3);
    let named: Vec<Bounced> = named.map(Piece::bounced).take(MOST).collect();
    if named.len() > 1 {
        return named;
    }
    let whole = narrow.into_iter().map(|piece| piece.text).collect::<String>();
    if whole.trim().is_empty() {
        Vec::new()
    } else {
        vec![Bounced { recipient: None, said: Said::parse(&whole) }]
    }
}

/// A paragraph, or what stands below a line that names a recipient.
#[derive(Default)]
struct Piece {
    text: String,
    names_recipient: bool,
}

impl Piece {
    fn bounced(&self) -> Bounced {
        Bounced { recipient: None, said: Said::parse(&self.text) }
    }
}

fn pieces<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Piece> {
    let mut pieces = vec![Piece::default()];
    for line in lines {
        let names_recipient = names_recipient(line);
        if names_recipient || line.trim_matches(['>', ' ', '\t']).is_empty() {
            pieces.push(Piece { names_recipient, ..Piece::default() });
        }
        if let Some(piece) = pieces.last_mut() {
            piece.text.push_str(line.trim_start_matches(['>', '<', ' ']));
            piece.text.push(' ');
        }
    }
    pieces
}

/// What has a reply code or an enhanced status code, the same told twice only once.
fn with_codes(pieces: &[Piece]) -> Vec<Bounced> {
    let told = pieces.iter().map(Piece::bounced);
    let mut found: Vec<Bounced> = told.filter(|one| one.said.code.is_some()).take(MOST).collect();
    if found.is_empty() {
        found =
            pieces.iter().map(Piece::bounced).filter(|one| one.said.enhanced.is_some()).take(MOST).collect();
    }
    found.dedup();
    found
}

/// A line that begins with an address; what is further in goes on with the line before it.
fn names_recipient(line: &str) -> bool {
    let first = line.trim_start().split([' ', '\t']).next().unwrap_or_default();
    let indent = line.len() - line.trim_start().len();
    let address = first.trim_matches(['<', '>', ':', '(', ')', ',']);
    indent < 4
        && !first.contains("://")
        && address.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && domain.contains('.') && !domain.contains(['@', '"', '\''])
        })
}
