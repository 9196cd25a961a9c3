//! Delivery status notifications (RFC 3464, RFC 6522, RFC 6533), and the bounces that keep to no standard.

mod find;
mod prose;
mod read;
mod status;
mod text;
mod write;

use std::fmt;

use jiff::Timestamp;
use tegami_mail::failure::Said;
use tegami_mail::{EnhancedStatusCode, HeaderField, HeaderLimits, HeaderSection, header};

use crate::field;

pub use read::{MAX_RECIPIENTS, read};
pub use write::{Explanation, Languages, MOST_RETURNED, Report, Returned, Told, write};

/// What happened to a recipient (RFC 3464 section 2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Not delivered, and not tried again.
    Failed,
    /// Not delivered yet; the reporting MTA goes on trying.
    Delayed,
    /// Put into a mailbox.
    Delivered,
    /// Handed to a system that will not tell of delivery.
    Relayed,
    /// Delivered to an address that stands for several, which will not tell more.
    Expanded,
}

impl Action {
    /// The word of RFC 3464 section 2.3.3.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
            Self::Expanded => "expanded",
        }
    }

    /// Reads the word; case, and what follows it, do not count.
    pub fn parse(text: &str) -> Option<Self> {
        let word: String = text.trim().chars().take_while(char::is_ascii_alphabetic).collect();
        Some(match word.to_ascii_lowercase().as_str() {
            "failed" | "failure" => Self::Failed,
            "delayed" => Self::Delayed,
            "delivered" => Self::Delivered,
            "relayed" => Self::Relayed,
            "expanded" => Self::Expanded,
            _ => return None,
        })
    }
}

/// A value with its type, such as `dns; mx.example.net` or `smtp; 550 no such user` (RFC 3464 sections 2.1.2, 2.3.6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// In lower case; empty where none was written.
    pub kind: String,
    /// What stands after the semicolon, unfolded.
    pub value: String,
}

impl Typed {
    /// Reads `type; value`. Without a type that can be one, the whole is the value.
    pub fn parse(text: &str) -> Self {
        let word = |kind: &str| {
            !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        match text.split_once(';') {
            Some((kind, value)) if word(kind.trim()) => {
                Self { kind: kind.trim().to_ascii_lowercase(), value: value.trim().to_owned() }
            }
            _ => Self { kind: String::new(), value: text.trim().to_owned() },
        }
    }
}

impl fmt::Display for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind.is_empty() {
            f.write_str(&self.value)
        } else {
            write!(f, "{}; {}", self.kind, self.value)
        }
    }
}

/// How a notice was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// With a part for programs (RFC 3464).
    Standard,
    /// Sentences for people alone, read as well as they can be.
    Text,
}

/// A delivery status notification, as read. Everything in it is the word of whoever sent it: it may be forged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How it was written.
    pub form: Form,
    /// Who reports (RFC 3464 section 2.2.2).
    pub reporting_mta: Option<Typed>,
    /// The ENVID of the submission, decoded from xtext by its author or not (RFC 3464 section 2.2.1).
    pub envelope_id: Option<String>,
    /// When the message came to the reporting MTA (RFC 3464 section 2.2.5).
    pub arrival_date: Option<Timestamp>,
    /// The recipients told of, at most [`MAX_RECIPIENTS`].
    pub recipients: Vec<Recipient>,
    /// What of the message came back.
    pub original: Option<Original>,
}

/// One recipient of a notice (RFC 3464 section 2.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipient {
    /// The address without its type and angle brackets, in no way checked.
    pub final_recipient: Option<String>,
    /// The address as the sender wrote it (ORCPT), likewise.
    pub original_recipient: Option<String>,
    /// What happened.
    pub action: Option<Action>,
    /// The Status field, word for word; see [`Recipient::precise_status`].
    pub status: Option<EnhancedStatusCode>,
    /// What the remote MTA said.
    pub diagnostic: Option<Typed>,
    /// The host that said it.
    pub remote_mta: Option<Typed>,
    /// When it was last tried.
    pub last_attempt: Option<Timestamp>,
    /// Until when it will be tried.
    pub will_retry_until: Option<Timestamp>,
}

impl Recipient {
    /// The address to look for: the final recipient, else the original one.
    pub fn address(&self) -> Option<&str> {
        self.final_recipient.as_deref().or(self.original_recipient.as_deref())
    }

    /// The status that says most. What the remote MTA said itself goes before what the reporter made of it in the Status
    /// field (often `5.0.0`, or `4.4.7` when time was up), as long as both agree on the class.
    pub fn precise_status(&self) -> Option<EnhancedStatusCode> {
        let quoted = self.diagnostic.as_ref().and_then(|diagnostic| find::status(&diagnostic.value));
        let Some(status) = self.status else { return quoted };
        quoted.filter(|quoted| quoted.class == status.class && quoted.subject != 0).or(Some(status))
    }

    /// What was said, for [`tegami_mail::failure::classify`].
    pub fn said(&self) -> Said {
        let text = self.diagnostic.as_ref().map_or("", |diagnostic| &diagnostic.value);
        let mut said = Said::parse(text);
        // What a local program said: the number with which it ended.
        if self.diagnostic.as_ref().is_some_and(|diagnostic| diagnostic.kind == "x-unix") {
            said.text = format!("x-unix; {}", said.text);
        }
        said.enhanced = said.enhanced.or(self.status);
        let remote = self.remote_mta.as_ref().and_then(|host| host.value.split(' ').next());
        said.host = said.host.or(remote.filter(|host| !host.is_empty()).map(ToOwned::to_owned));
        said
    }

    /// The SMTP reply code in the diagnostic text, such as 550.
    pub fn reply_code(&self) -> Option<u16> {
        find::reply_code(&self.diagnostic.as_ref()?.value)
    }
}

/// What came back of the message that the notice is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Original {
    /// The header section, its octets as they came, at most 64 KiB.
    pub header: Vec<u8>,
    /// Message-ID without its angle brackets.
    pub message_id: Option<String>,
    /// Return-Path without its angle brackets.
    pub return_path: Option<String>,
}

/// The most octets kept of a header section that came back.
const MAX_ORIGINAL: usize = 64 << 10;

impl Original {
    /// Reads a content, or its header section alone; `None` where it has no fields.
    pub fn parse(content: &[u8]) -> Option<Self> {
        let (head, _) = header::split(content.trim_ascii_start());
        let head = head.get(..MAX_ORIGINAL).unwrap_or(head);
        let section = HeaderSection::parse(head, HeaderLimits::GENEROUS).ok()?;
        let bracketed = |name| {
            let text = field::bare(&section.first(name).map(HeaderField::text)?);
            (!text.is_empty()).then_some(text)
        };
        let original = Self {
            message_id: bracketed("Message-ID"),
            return_path: bracketed("Return-Path"),
            header: head.to_vec(),
        };
        (section.fields().len() > 1).then_some(original)
    }
}
