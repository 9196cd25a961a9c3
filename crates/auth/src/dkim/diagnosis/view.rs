//! The body as it may have been before a transport meddled with its lines. A view is made while the body is hashed, so
//! that no copy of it is needed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::digest::BodyDigest;

/// A way to read the lines of a body.
#[derive(Clone)]
pub(super) enum View {
    /// As they are.
    AsIs,
    /// Each line, with its line end, written otherwise.
    Lines(fn(&[u8], &mut BodyDigest)),
    /// Lines of about a thousand octets were cut: what the cut put between the pieces is taken out.
    Joined {
        /// What stands at the end of a piece.
        end: &'static [u8],
        /// What stands at the beginning of the next one.
        start: &'static [u8],
        /// Whether the last line was such a piece.
        open: bool,
    },
    /// Written in base64 again, in lines of so many characters.
    Base64 {
        /// Characters on a line.
        width: usize,
        /// Octets that do not fill a line yet.
        rest: Vec<u8>,
    },
}

/// RFC 5321 section 4.5.3.1.6 allows 998 octets before the CRLF; relays cut at 990 or 998.
const CUT: std::ops::RangeInclusive<usize> = 980..=1000;

impl View {
    pub(super) fn joined(end: &'static [u8], start: &'static [u8]) -> Self {
        Self::Joined { end, start, open: false }
    }

    pub(super) fn base64(width: usize) -> Self {
        Self::Base64 { width, rest: Vec::new() }
    }

    /// Hashes whole lines.
    pub(super) fn feed(&mut self, lines: &[u8], hash: &mut BodyDigest) {
        match self {
            Self::AsIs => hash.update(lines),
            Self::Lines(write) => each_line(lines).for_each(|line| write(line, hash)),
            Self::Joined { end, start, open } => {
                for line in each_line(lines) {
                    let line = if *open { line.strip_prefix(*start).unwrap_or(line) } else { line };
                    let text = without_line_end(line);
                    let piece = text.strip_suffix(*end).filter(|_| CUT.contains(&text.len()));
                    *open = piece.is_some();
                    hash.update(piece.unwrap_or(line));
                }
            }
            Self::Base64 { width, rest } => {
                rest.extend_from_slice(lines);
                let line = *width / 4 * 3;
                let whole = rest.len() / line * line;
                for octets in rest.get(..whole).unwrap_or_default().chunks(line) {
                    hash.update(STANDARD.encode(octets).as_bytes());
                    hash.update(b"\r\n");
                }
                rest.drain(..whole);
            }
        }
    }

    /// Whether the body, if it ends here, has this hash.
    pub(super) fn ends_as(&self, hash: &BodyDigest, claimed: &[u8]) -> bool {
        match self {
            Self::Base64 { rest, .. } if !rest.is_empty() => {
                let mut hash = hash.clone();
                hash.update(STANDARD.encode(rest).as_bytes());
                hash.ends_as(claimed)
            }
            _ => hash.ends_as(claimed),
        }
    }
}

fn each_line(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines.split_inclusive(|&octet| octet == b'\n')
}

fn without_line_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r\n").unwrap_or(line)
}

/// Mailbox files and the programs that write them escape `From ` at a line's start (RFC 4155).
pub(super) fn without_from_escape(line: &[u8], hash: &mut BodyDigest) {
    let escaped = line.starts_with(b">From ");
    hash.update(line.get(usize::from(escaped)..).unwrap_or(line));
}

/// A dot that was doubled for SMTP and never halved (RFC 5321 section 4.5.2).
pub(super) fn without_doubled_dot(line: &[u8], hash: &mut BodyDigest) {
    let doubled = line.starts_with(b"..");
    hash.update(line.get(usize::from(doubled)..).unwrap_or(line));
}

/// The signer hashed what it had doubled for SMTP.
pub(super) fn with_doubled_dot(line: &[u8], hash: &mut BodyDigest) {
    if line.starts_with(b".") {
        hash.update(b".");
    }
    hash.update(line);
}

/// White space that was put at the ends of lines. The line before a signature has always had its blank (RFC 3676
/// section 4.3).
pub(super) fn without_blank_end(line: &[u8], hash: &mut BodyDigest) {
    let text = without_line_end(line);
    hash.update(if text == b"-- " { text } else { text.trim_ascii_end() });
    hash.update(line.get(text.len()..).unwrap_or_default());
}

/// The line before a signature ends with a blank (RFC 3676 section 4.3), which programs that trim lines take away.
pub(super) fn with_signature_blank(line: &[u8], hash: &mut BodyDigest) {
    hash.update(if line == b"--\r\n" { b"-- \r\n" } else { line });
}

/// Eight blanks at the start of a line for a tab.
pub(super) fn with_tabs(line: &[u8], hash: &mut BodyDigest) {
    let mut rest = line;
    while let Some(after) = rest.strip_prefix(b"        ") {
        hash.update(b"\t");
        rest = after;
    }
    hash.update(rest);
}

/// The signer hashed the lines of a file, not those of a message.
pub(super) fn with_bare_lf(line: &[u8], hash: &mut BodyDigest) {
    hash.update(without_line_end(line));
    if line.ends_with(b"\r\n") {
        hash.update(b"\n");
    }
}

/// Line ends that were bare LF.
pub(super) fn with_crlf(line: &[u8], hash: &mut BodyDigest) {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    hash.update(text.strip_suffix(b"\r").unwrap_or(text));
    if line.ends_with(b"\n") {
        hash.update(b"\r\n");
    }
}
