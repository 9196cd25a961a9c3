//! Random contents to sign, and what becomes of messages on their way.

use super::Chance;

const NAMES: &[&str] = &[
    "To",
    "Cc",
    "Reply-To",
    "X-Mailer",
    "List-Id",
    "MIME-Version",
    "Content-Type",
    "Received",
    "x-odd",
    "References",
];
const WORDS: &[&str] = &[
    "hello",
    "=?UTF-8?B?5pa9?=",
    "日本語",
    "a@example.net",
    "<list.example.org>",
    "text/plain; charset=utf-8",
    "\"quoted  text\"",
    "(a comment)",
    "100%",
    "a:b;c=d",
    "\u{e9}t\u{e9}",
    "..",
];
const BLANKS: &[&str] = &[" ", " ", " ", "  ", "\t", " \t ", "\r\n ", "\r\n\t", " \r\n  "];
const LINES: &[&str] = &[
    "",
    "",
    "plain text",
    "trailing blanks  \t",
    " leading blank",
    "two  blanks and\ta tab",
    " ",
    "\t",
    ".",
    "..dots",
    "日本語の行",
    "From here",
    "=20",
];

/// A content with one From field, CRLF at its line ends, and a body of any shape.
pub(crate) fn content(chance: &mut Chance) -> Vec<u8> {
    let mut fields = vec![
        "From: Someone <someone@example.org>".to_owned(),
        field("Subject", chance),
        "Date: Fri, 21 Nov 2025 10:00:00 +0900".to_owned(),
        "Message-ID: <1@example.org>".to_owned(),
    ];
    let more = if chance.percent(5) { 60 } else { chance.below(6) };
    for _ in 0..more {
        let name = chance.pick(NAMES);
        fields.insert(chance.below(fields.len() + 1), field(name, chance));
    }
    let mut content = fields.join("\r\n").into_bytes();
    content.extend_from_slice(b"\r\n\r\n");
    content.extend_from_slice(&body(chance));
    content
}

fn field(name: &str, chance: &mut Chance) -> String {
    let mut field = format!("{name}:{}", if chance.percent(10) { "" } else { " " });
    for at in 0..chance.below(6) {
        if at > 0 {
            field.push_str(chance.pick(BLANKS));
        }
        field.push_str(chance.pick(WORDS));
    }
    if chance.percent(15) {
        field.push_str(chance.pick(&[" ", "\t", "  "]));
    }
    field
}

fn body(chance: &mut Chance) -> Vec<u8> {
    let mut body = String::new();
    let lines = match chance.below(10) {
        0 => 0,
        1 => {
            body.push_str(&"x".repeat(chance.below(3000)));
            body.push_str("\r\n");
            0
        }
        2 => 100,
        _ => chance.below(12),
    };
    for _ in 0..lines {
        body.push_str(chance.pick(LINES));
        body.push_str("\r\n");
    }
    if chance.percent(8) {
        body.push_str(chance.pick(&["no end", "blanks at the end  ", "\r\n\r\n\r\n", " \r\n\r\n"]));
    }
    let mut body = body.into_bytes();
    if chance.percent(20) {
        body.extend_from_slice(b"Latin: caf\xe9 \xff\r\n");
    }
    body
}

/// Something that happens to a message between its signer and its verifier.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    /// White space of the header section is folded and unfolded.
    Refold,
    /// Runs of blanks become longer.
    WidenBlanks,
    /// Runs of blanks of the body become longer.
    WidenBody,
    /// Blanks and empty lines at the end of the body.
    TrailingBlanks,
    /// Field names in another case.
    NameCase,
    /// Blanks before the colon of a field.
    BlankBeforeColon,
    /// One octet becomes another.
    Octet,
    /// One octet is gone.
    Shorter,
    /// A list's footer.
    Footer,
    /// A list's prefix of the subject.
    Prefix,
    /// Two fields change places.
    Swap,
    /// A trace field on top.
    Trace,
    /// A field once more.
    Again,
}

pub(crate) const CHANGES: &[Change] = &[
    Change::Refold,
    Change::WidenBlanks,
    Change::WidenBody,
    Change::TrailingBlanks,
    Change::NameCase,
    Change::BlankBeforeColon,
    Change::Octet,
    Change::Shorter,
    Change::Footer,
    Change::Prefix,
    Change::Swap,
    Change::Trace,
    Change::Again,
];

impl Change {
    pub(crate) fn apply(self, message: &[u8], chance: &mut Chance) -> Vec<u8> {
        let (mut fields, mut body) = split(message);
        match self {
            Self::Refold => each_value(&mut fields, |value| {
                let value = replace(value, b"\r\n", b"");
                replace(&value, b" ", b"\r\n ")
            }),
            Self::WidenBlanks => each_value(&mut fields, |value| replace(value, b" ", b"  \t ")),
            Self::WidenBody => body = replace(&body, b" ", b" \t "),
            Self::TrailingBlanks => {
                if !body.is_empty() && !body.ends_with(b"\r\n") {
                    body.extend_from_slice(b"\r\n");
                }
                body.extend_from_slice(chance.pick(&[b"\r\n\r\n".as_slice(), b"  \r\n", b"\t\r\n \r\n"]));
            }
            Self::NameCase => each_name(&mut fields, |name| name.to_ascii_uppercase()),
            Self::BlankBeforeColon => each_name(&mut fields, |name| [name, b" "].concat()),
            Self::Octet | Self::Shorter => return octet(message, matches!(self, Self::Shorter), chance),
            Self::Footer => body.extend_from_slice(b"-- \r\nA list for everybody\r\n"),
            Self::Prefix => {
                for field in fields.iter_mut().filter(|field| field.starts_with(b"Subject:")) {
                    field.splice(8..8, b" [list]".iter().copied());
                }
            }
            Self::Swap => {
                let (one, other) = (chance.below(fields.len()), chance.below(fields.len()));
                fields.swap(one, other);
            }
            Self::Trace => fields.insert(0, b"Received: from a by b;\r\n\tnow\r\n".to_vec()),
            Self::Again => {
                let field = fields[chance.below(fields.len())].clone();
                fields.insert(0, field);
            }
        }
        join(&fields, &body)
    }
}

/// The fields, each with its line end, and the body.
pub(crate) fn split(message: &[u8]) -> (Vec<Vec<u8>>, Vec<u8>) {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 2;
    let mut fields: Vec<Vec<u8>> = Vec::new();
    for line in message[..end].split_inclusive(|octet| *octet == b'\n') {
        match fields.last_mut() {
            Some(field) if line.starts_with(b" ") || line.starts_with(b"\t") => field.extend_from_slice(line),
            _ => fields.push(line.to_vec()),
        }
    }
    (fields, message[end + 2..].to_vec())
}

pub(crate) fn join(fields: &[Vec<u8>], body: &[u8]) -> Vec<u8> {
    [&fields.concat(), b"\r\n".as_slice(), body].concat()
}

/// Changes what stands after the colon of each field, without its line end.
fn each_value(fields: &mut [Vec<u8>], change: impl Fn(&[u8]) -> Vec<u8>) {
    for field in fields {
        let colon = field.iter().position(|octet| *octet == b':').unwrap();
        // A fold right after the colon, or at the end, could leave a line of blanks, which is no header section.
        let value = field[colon + 1..].trim_ascii();
        *field = [&field[..=colon], b" ", &change(value), b"\r\n"].concat();
    }
}

fn each_name(fields: &mut [Vec<u8>], change: impl Fn(&[u8]) -> Vec<u8>) {
    for field in fields {
        let colon = field.iter().position(|octet| *octet == b':').unwrap();
        *field = [&change(&field[..colon]), &field[colon..]].concat();
    }
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        match rest.strip_prefix(from) {
            Some(after) => {
                out.extend_from_slice(to);
                rest = after;
            }
            None => {
                out.push(rest[0]);
                rest = &rest[1..];
            }
        }
    }
    out
}

/// Another octet somewhere, or one less; line ends stay, since without them there is another structure.
fn octet(message: &[u8], shorter: bool, chance: &mut Chance) -> Vec<u8> {
    let mut changed = message.to_vec();
    let ends_line = |octet: u8| matches!(octet, b'\r' | b'\n');
    let mut at = chance.below(message.len());
    while ends_line(message[at]) || at > 0 && ends_line(message[at - 1]) {
        at = chance.below(message.len());
    }
    if shorter {
        changed.remove(at);
    } else {
        changed[at] = if changed[at] == b'q' { b'z' } else { b'q' };
    }
    changed
}
