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
