//! What the queue writes into the `data` of its events.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_mail::failure::{self, Cause, Said, Verdict};
use tegami_mail::{EnhancedStatusCode, Reply};
use tegami_store::{Evidence, Json, QueueId, Suppression, SuppressionList};

use crate::outcome::Stage;
use crate::route::Matched;

/// The `data` of Accepted, Delivered, Deferred and Failed events.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct EventData {
    /// The reply code; where there was no reply: 498 no host found, 499 no connection, 605 to 607 suppressed, 608 dropped, 650 test mode.
    pub code: u16,
    /// The enhanced status code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enhanced: Option<EnhancedStatusCode>,
    /// The reply's lines, word for word; where there was no reply, our words.
    pub message: String,
    /// Where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// Why it failed, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What the refusal means, in one word; [`EventData::verdict`] tells more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// For people: a note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<serde_json::Value>,
    /// The host that took or refused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mx_host: Option<String>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// Our own address of that connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sending_ip: Option<IpAddr>,
    /// TLS ran.
    pub tls: bool,
    /// The certificate was verified.
    pub certificate_verified: bool,
    /// From 1; 0 where no attempt was made.
    pub attempt: u32,
    /// From the connection to the deciding reply.
    pub session_seconds: f64,
    /// Of a deferred recipient: seconds to the next attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_seconds: Option<u64>,
    /// Of a deferred recipient: the next attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<Timestamp>,
    /// The content was sent whole, but no reply came.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub possibly_delivered: bool,
    /// The receiver took it, though other hands had finished the recipient while it was tried: an operator took it out of the queue.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub finished_before: bool,
    /// It was posted to this URL, credentials left out, and not sent by SMTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The routes that wanted it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Matched>,
    /// It went into a mailbox here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub local: bool,
    /// Accepted for show: nothing is delivered.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub test_mode: bool,
    /// The notification or complaint that told it later and by mail, as it was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<QueueId>,
    /// Who wrote that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reporter: Option<String>,
    /// What led to the suppression of an address that was not written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Box<Evidence>>,
    /// First attempt not before, where the submitter asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<Timestamp>,
}

/// Why a recipient failed, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No such mailbox.
    Bounce,
    /// Refused for policy or reputation (x.7.y).
    Espblock,
    /// Told to come back later, as greylisting does.
    Greylisted,
    /// Tried until the end of its lifetime.
    Old,
    /// Its mailbox did not exist the last time.
    SuppressBounce,
    /// It asked not to be written to.
    SuppressUnsubscribe,
    /// It complained.
    SuppressComplaint,
    /// Taken out of the queue by an operator.
    Dropped,
    /// Anything else.
    Generic,
}

impl EventData {
    /// As the JSON that is kept.
    pub fn to_json(&self) -> Json {
        Json::of(self)
    }

    /// From the JSON that is kept; other writers' events have other shapes.
    pub fn from_json(data: &Json) -> Option<Self> {
        data.read().ok()
    }

    /// What the refusal means; `None` where nothing failed.
    pub fn verdict(&self) -> Option<Verdict> {
        self.cause?;
        // Our own codes, for where no peer spoke, are no reply codes.
        let is_reply = self.code < 600 && !matches!(self.code, 498 | 499);
        let said = Said {
            code: is_reply.then_some(self.code),
            enhanced: self.enhanced,
            text: if is_reply { self.message.replace('\n', " ") } else { String::new() },
            phase: self.stage.and_then(Stage::phase),
            host: self.mx_host.clone(),
        };
        Some(failure::classify(&said))
    }

    pub(crate) fn by_reply(reply: &Reply) -> Self {
        Self {
            code: reply.code,
            enhanced: reply.enhanced,
            message: reply.lines.join("\n"),
            ..Self::default()
        }
    }

    /// Code, enhanced status code and text in one line.
    pub fn reply_line(&self) -> String {
        let enhanced = self.enhanced.map(|code| format!("{code} ")).unwrap_or_default();
        format!("{} {enhanced}{}", self.code, self.message.replace('\n', " "))
    }

    /// Nobody here has the address; in words of ours.
    pub(crate) fn nobody(message: &str) -> Self {
        Self {
            code: 550,
            enhanced: Some(EnhancedStatusCode::new(5, 1, 1)),
            message: message.to_owned(),
            reason: Some(Reason::Bounce),
            ..Self::default()
        }
    }

    pub(crate) fn suppressed(suppression: &Suppression) -> Self {
        let (code, reason, message) = match suppression.list {
            SuppressionList::Bounces => {
                (605, Reason::SuppressBounce, "Not delivering to previously bounced address")
            }
            SuppressionList::Unsubscribes => {
                (606, Reason::SuppressUnsubscribe, "Not delivering to an address that unsubscribed")
            }
            SuppressionList::Complaints => {
                (607, Reason::SuppressComplaint, "Not delivering to an address that complained")
            }
        };
        let evidence = suppression.evidence.clone();
        Self { code, reason: Some(reason), message: message.to_owned(), evidence, ..Self::default() }
    }
}
