//! SMTP replies and enhanced status codes (RFC 5321 section 4.2, RFC 3463).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a reply means for the command (RFC 5321 section 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplyClass {
    /// 2yz: done.
    Completion,
    /// 3yz: go on.
    Intermediate,
    /// 4yz: not now; the same command may succeed later.
    Transient,
    /// 5yz: no; the same command will fail again.
    Permanent,
}

/// An enhanced status code such as `5.7.1` (RFC 3463 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct EnhancedStatusCode {
    /// 2 success, 4 persistent transient failure, 5 permanent failure.
    pub class: u8,
    /// Which part of the system: 1 addressing, 2 mailbox, 3 system, 4 network, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// The precise condition.
    pub detail: u16,
}

impl EnhancedStatusCode {
    /// The code `class.subject.detail`.
    pub const fn new(class: u8, subject: u16, detail: u16) -> Self {
        Self { class, subject, detail }
    }
}

impl fmt::Display for EnhancedStatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl From<EnhancedStatusCode> for String {
    fn from(code: EnhancedStatusCode) -> Self {
        code.to_string()
    }
}

impl TryFrom<String> for EnhancedStatusCode {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for EnhancedStatusCode {
    type Err = &'static str;

    /// Reads `class "." subject "." detail` (RFC 3463 section 2): one digit, then one to three digits each.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "an enhanced status code looks like 5.7.1";
        let mut parts = text.split('.');
        let mut next = |most: usize| {
            let part = parts.next().filter(|part| !part.is_empty() && part.len() <= most);
            part.filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|part| part.parse::<u16>().ok())
        };
        let (class, subject, detail) = (next(1), next(3), next(3));
        match (class, subject, detail, parts.next()) {
            (Some(class @ (2 | 4 | 5)), Some(subject), Some(detail), None) => {
                Ok(Self { class: u8::try_from(class).map_err(|_| WRONG)?, subject, detail })
            }
            _ => Err(WRONG),
        }
    }
}

/// What an SMTP server answers (RFC 5321 section 4.2): code, enhanced status code, lines of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The three-digit code, 200 to 599.
    pub code: u16,
    /// The enhanced status code at the start of the text, if there was one (RFC 2034).
    pub enhanced: Option<EnhancedStatusCode>,
    /// The text, one entry a line, without code and enhanced status code.
    pub lines: Vec<String>,
}

impl Reply {
    /// A reply of one line with an enhanced status code.
    pub fn new(code: u16, enhanced: EnhancedStatusCode, text: impl Into<String>) -> Self {
        Self { code, enhanced: Some(enhanced), lines: vec![text.into()] }
    }

    /// A reply without an enhanced status code: greetings, EHLO, 3yz (RFC 2034 section 4).
    pub fn plain(code: u16, text: impl Into<String>) -> Self {
        Self { code, enhanced: None, lines: vec![text.into()] }
    }

    /// What the first digit means. Codes outside 200 to 599 count as permanent: nothing good can follow.
    pub fn class(&self) -> ReplyClass {
        match self.code {
            200..=299 => ReplyClass::Completion,
            300..=399 => ReplyClass::Intermediate,
            400..=499 => ReplyClass::Transient,
            _ => ReplyClass::Permanent,
        }
    }

    /// Whether this is 2yz.
    pub fn is_completion(&self) -> bool {
        self.class() == ReplyClass::Completion
    }

    /// The reply as it goes on the wire, every line with its code and CRLF (RFC 5321 section 4.2.1).
    pub fn to_wire(&self) -> Vec<u8> {
        let mut wire = Vec::new();
        let last = self.lines.len().saturating_sub(1);
        let empty = [String::new()];
        let lines = if self.lines.is_empty() { &empty[..] } else { &self.lines[..] };
        for (at, line) in lines.iter().enumerate() {
            let separator = if at == last { ' ' } else { '-' };
            let enhanced = self.enhanced.map(|code| format!("{code} ")).unwrap_or_default();
            // A text may hold what a stranger said: it never ends its line.
            let line = line.replace(['\r', '\n', '\0'], " ");
            wire.extend_from_slice(format!("{}{separator}{enhanced}{line}\r\n", self.code).as_bytes());
        }
        wire
    }
}

impl fmt::Display for Reply {
    /// `550 5.1.1 no such user`, the lines joined with a blank.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(code) = self.enhanced {
            write!(f, " {code}")?;
        }
        for line in &self.lines {
            write!(f, " {line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_line_has_code_and_enhanced_status_code() {
        let mut reply = Reply::new(550, EnhancedStatusCode::new(5, 7, 1), "no");
        assert_eq!(reply.to_wire(), b"550 5.7.1 no\r\n");
        reply.lines.push("really".to_owned());
        assert_eq!(reply.to_wire(), b"550-5.7.1 no\r\n550 5.7.1 really\r\n");
        assert_eq!(reply.to_string(), "550 5.7.1 no really");
        let empty = Reply { lines: Vec::new(), ..Reply::plain(250, "") };
        assert_eq!(empty.to_wire(), b"250 \r\n");
    }

    #[test]
    fn a_text_cannot_begin_another_line() {
        assert_eq!(Reply::plain(250, "a\r\n550 b\0").to_wire(), b"250 a  550 b \r\n");
    }

    #[test]
    fn the_first_digit_decides() {
        let class = |code| Reply::plain(code, "").class();
        assert_eq!([200, 354, 421, 550, 0, 600].map(class), {
            use ReplyClass::{Completion, Intermediate, Permanent, Transient};
            [Completion, Intermediate, Transient, Permanent, Permanent, Permanent]
        });
        assert!(Reply::plain(250, "").is_completion());
    }

    #[test]
    fn what_is_no_enhanced_status_code_is_refused() {
        for text in
            ["", "5", "5.7", "5.7.1.1", "3.0.0", "55.7.1", "5.1000.0", "5.7.", "5.+7.1", "5.7.1 ", "5.٧.1"]
        {
            assert!(text.parse::<EnhancedStatusCode>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_enhanced_status_code_is_written_and_read_again(class in prop_oneof![Just(2_u8), Just(4), Just(5)], subject in 0_u16..1000, detail in 0_u16..1000) {
            let code = EnhancedStatusCode::new(class, subject, detail);
            prop_assert_eq!(code.to_string().parse(), Ok(code));
        }

        #[test]
        fn a_reply_on_the_wire_is_lines_of_its_code(code in 200_u16..600, lines in prop::collection::vec("(?s).{0,9}", 0..5)) {
            let wire = String::from_utf8(Reply { code, enhanced: None, lines: lines.clone() }.to_wire()).unwrap();
            let written: Vec<_> = wire.strip_suffix("\r\n").unwrap().split("\r\n").collect();
            prop_assert_eq!(written.len(), lines.len().max(1));
            for (at, line) in written.iter().enumerate() {
                let separator = if at + 1 == written.len() { ' ' } else { '-' };
                prop_assert!(line.starts_with(&format!("{code}{separator}")) && !line.contains(['\r', '\n', '\0']), "{}", line);
            }
        }
    }
}
