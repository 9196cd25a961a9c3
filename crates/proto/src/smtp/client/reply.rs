//! Replies as they come (RFC 5321 section 4.2).

use std::borrow::Cow;

use memchr::memchr;
use tegami_mail::{EnhancedStatusCode, Reply};

/// Longest line of a reply in octets. RFC 5321 section 4.5.3.1.5 allows 512; servers that put a paragraph in one line exist.
const MAX_LINE: usize = 4096;
/// Most lines of one reply.
const MAX_LINES: usize = 128;

/// Octets in, replies out: for those who speak SMTP outside of what a [`Session`](super::Session) does.
#[derive(Debug, Default)]
pub struct ReplyReader {
    input: Vec<u8>,
    code: Option<u16>,
    lines: Vec<String>,
}

/// A reply whose text has not been looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawReply {
    pub(super) code: u16,
    /// What follows code and separator, line by line.
    pub(super) lines: Vec<String>,
}

impl ReplyReader {
    /// Octets from the server.
    pub fn push(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// Forgets everything; says how many octets that were.
    pub fn clear(&mut self) -> usize {
        let unread = self.input.len();
        *self = Self::default();
        unread
    }

    /// The next whole reply, its text as it came; the error says what is wrong with what came.
    pub fn read(&mut self) -> Option<Result<Reply, String>> {
        self.next().map(|read| read.map(RawReply::plain))
    }

    /// The next whole reply; the error says what is wrong with what came.
    pub(super) fn next(&mut self) -> Option<Result<RawReply, String>> {
        loop {
            let Some(end) = memchr(b'\n', &self.input) else {
                let too_long = self.input.len() > MAX_LINE;
                return too_long.then(|| Err("a line of a reply is too long".to_owned()));
            };
            let line: Vec<u8> = self.input.drain(..=end).collect();
            match self.line(&line) {
                Ok(None) => {}
                Ok(Some(reply)) => return Some(Ok(reply)),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<Option<RawReply>, String> {
        if line.len() > MAX_LINE || self.lines.len() >= MAX_LINES {
            return Err("a reply is too long".to_owned());
        }
        let line = String::from_utf8_lossy(line.trim_ascii_end());
        // Whatever becomes of it, people read it.
        let line = match line.contains(char::is_control) {
            true => Cow::Owned(line.replace(char::is_control, "?")),
            false => line,
        };
        let (code, last, text) = read_line(&line).ok_or_else(|| format!("not a reply: {line}"))?;
        if self.code.is_some_and(|before| before != code) {
            // RFC 5321 section 4.2.1.
            return Err(format!("the code changes within a reply: {line}"));
        }
        self.code = Some(code);
        self.lines.push(text.to_owned());
        if !last {
            return Ok(None);
        }
        self.code = None;
        Ok(Some(RawReply { code, lines: std::mem::take(&mut self.lines) }))
    }
}

/// Code, whether this is the last line, and the text.
fn read_line(line: &str) -> Option<(u16, bool, &str)> {
    let (digits, rest) = line.split_at_checked(3)?;
    let is_code =
        digits.bytes().all(|digit| digit.is_ascii_digit()) && digits.starts_with(['2', '3', '4', '5']);
    let code = digits.parse().ok().filter(|_| is_code)?;
    match rest.strip_prefix('-') {
        Some(text) => Some((code, false, text)),
        None if rest.is_empty() => Some((code, true, "")),
        None => Some((code, true, rest.strip_prefix(' ')?)),
    }
}

impl RawReply {
    /// The reply with its enhanced status code taken out of the text, announced or not, if it looks like one and its class is that of
    /// the code (RFC 2034 section 4).
    pub(super) fn understood(self) -> Reply {
        let class = self.code / 100;
        let find = |line: &String| {
            let word = line.split(' ').next().unwrap_or_default();
            word.parse::<EnhancedStatusCode>().ok().filter(|code| u16::from(code.class) == class)
        };
        let Some(enhanced) = self.lines.iter().find_map(find) else { return self.plain() };
        let prefix = enhanced.to_string();
        let strip = |line: String| match line.split_once(' ') {
            Some((word, text)) if word == prefix => text.to_owned(),
            None if line == prefix => String::new(),
            _ => line,
        };
        Reply {
            code: self.code,
            enhanced: Some(enhanced),
            lines: self.lines.into_iter().map(strip).collect(),
        }
    }

    /// The reply with its text as it is: greetings and the reply to EHLO have no enhanced status code.
    pub(super) fn plain(self) -> Reply {
        Reply { code: self.code, enhanced: None, lines: self.lines }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(wire: &str, expected: &Expect) {
        let mut reader = ReplyReader::default();
        let mut got = String::new();
        for octet in wire.as_bytes() {
            reader.push(&[*octet]);
            while let Some(reply) = reader.next() {
                got.push_str(&format!("{:?}\n", reply.map(RawReply::understood)));
            }
        }
        expected.assert_eq(&got);
    }

    #[test]
    fn replies_are_read() {
        check(
            "250-2.1.5 a\r\n250 2.1.5 b\r\n354\r\n",
            &expect![[r#"
                Ok(Reply { code: 250, enhanced: Some(EnhancedStatusCode { class: 2, subject: 1, detail: 5 }), lines: ["a", "b"] })
                Ok(Reply { code: 354, enhanced: None, lines: [""] })
            "#]],
        );
        check(
            "550-no\n550 5.1.1 really\n450 5.1.1 x\r\n250 2.0\r\n",
            &expect![[r#"
                Ok(Reply { code: 550, enhanced: Some(EnhancedStatusCode { class: 5, subject: 1, detail: 1 }), lines: ["no", "really"] })
                Ok(Reply { code: 450, enhanced: None, lines: ["5.1.1 x"] })
                Ok(Reply { code: 250, enhanced: None, lines: ["2.0"] })
            "#]],
        );
    }

    #[test]
    fn what_is_no_reply_is_said() {
        check(
            "HTTP/1.1 400 Bad Request\r\n",
            &expect![[r#"
            Err("not a reply: HTTP/1.1 400 Bad Request")
        "#]],
        );
        check(
            "250 \u{1b}[2J\r\n\u{1b}[2J\r\n",
            &expect![[r#"
                Ok(Reply { code: 250, enhanced: None, lines: ["?[2J"] })
                Err("not a reply: ?[2J")
            "#]],
        );
        check(
            "250-a\r\n251 b\r\n",
            &expect![[r#"
            Err("the code changes within a reply: 251 b")
        "#]],
        );
        check(
            "250x\r\n",
            &expect![[r#"
            Err("not a reply: 250x")
        "#]],
        );
        let mut reader = ReplyReader::default();
        reader.push("250-a\r\n".repeat(MAX_LINES + 1).as_bytes());
        assert!(reader.next().is_some_and(|reply| reply.is_err()));
        let mut reader = ReplyReader::default();
        reader.push(&[b'2'; MAX_LINE + 1]);
        assert!(reader.next().is_some_and(|reply| reply.is_err()));
    }

    proptest! {
        #[test]
        fn anything_is_read_without_panic(parts in prop::collection::vec(any::<Vec<u8>>(), 0..4)) {
            let mut reader = ReplyReader::default();
            for part in parts {
                reader.push(&part);
                while let Some(Ok(reply)) = reader.next() {
                    let _ = reply.understood();
                }
            }
        }
    }
}
