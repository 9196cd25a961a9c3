//! The habits of receivers: each a few functions from what is known to a reply.

mod bigmail;
mod greylist;
mod plain;

use std::net::IpAddr;

use jiff::Timestamp;
use tegami_auth::verify::{Early, Verdicts};
use tegami_mail::{Address, Reply, ReversePath};

pub use bigmail::BigMail;
pub use greylist::Greylist;
pub use plain::Plain;

/// What a host knows when a recipient is named.
#[derive(Clone, Copy, Debug)]
pub struct AtRecipient<'a> {
    /// The SMTP client.
    pub client: IpAddr,
    /// MAIL FROM.
    pub reverse_path: &'a ReversePath,
    /// RCPT TO.
    pub recipient: &'a Address,
    /// What was verified at MAIL.
    pub early: &'a Early,
    /// The present.
    pub now: Timestamp,
}

/// What a host knows when the content has come.
#[derive(Clone, Copy, Debug)]
pub struct AtMessage<'a> {
    /// The SMTP client.
    pub client: IpAddr,
    /// Whether TLS ran.
    pub tls: bool,
    /// All verdicts.
    pub verdicts: &'a Verdicts,
    /// Header section and body.
    pub content: &'a [u8],
}

/// What a host does with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Into this mailbox.
    Take(&'static str),
    /// This reply.
    Refuse(Reply),
}

/// How a receiver behaves.
pub trait Habit: Send + Sync + 'static {
    /// Its name, for people: `bigmail`, `greylist` …
    fn name(&self) -> &'static str;

    /// A refusal, if it has one for this recipient.
    fn recipient(&self, at: &AtRecipient<'_>) -> Option<Reply>;

    /// What it does with the message.
    fn message(&self, at: &AtMessage<'_>) -> Decision;
}
