//! Messages to test inboxes: who judges them, and by what.

use tegami_auth::verify::Verdicts;
use tegami_mail::Envelope;

use crate::BoxFuture;

/// A message as it arrived.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// What it proved, and whence it came.
    pub verdicts: &'a Verdicts,
    /// Its content, without fields that pretend to be ours.
    pub content: &'a [u8],
    /// What MAIL and RCPT carried.
    pub envelope: &'a Envelope,
    /// As in Received: `ESMTPS`.
    pub protocol: &'static str,
    /// Version and cipher of TLS, where there was TLS.
    pub tls: Option<&'a str>,
    /// The address of the inbox.
    pub address: &'a str,
}

/// Who judges messages to test inboxes.
pub trait Judge: Send + Sync {
    /// What is to be said of it, as JSON. The sender waits for the reply meanwhile, so it ends within a minute whatever happens.
    fn judge<'a>(&'a self, arrival: Arrival<'a>) -> BoxFuture<'a, serde_json::Value>;
}
