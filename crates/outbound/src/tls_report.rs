//! Reports about TLS (RFC 8460): every session with an MX host is counted by policy and result, a day at a time; when a day is over, each domain that
//! asks for a report gets one. What was counted and sent stays in the store for people to look at.
//!
//! ```text
//!   Observation ─► Journal ─► store, a row for each day and domain ─► Reporter ─► intake, or HTTPS
//! ```

mod day;
mod journal;
mod post;
mod send;

use memchr::memmem;
use tegami_mail::{Domain, NameAddr};

pub use day::{Day, Delivered, Delivery, Fate, days, key};
pub use journal::Journal;
pub use post::{HttpsPost, Post};
pub use send::Reporter;

/// Who reports.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `organization-name`.
    pub organization: String,
    /// `contact-info`: an address, usually.
    pub contact: String,
    /// The domain that reports. It signs, so it has to be one that we have keys for.
    pub submitter: Domain,
    /// The author of letters, at that domain.
    pub from: NameAddr,
}

/// Whether a content is a report, by the field that RFC 8460 section 5.3 asks for. Sessions for reports are not counted: else two domains would report
/// to each other about nothing else for ever.
pub(crate) fn is_one(content: &[u8]) -> bool {
    let end = memmem::find(content, b"\r\n\r\n").unwrap_or(content.len());
    content.get(..end).is_some_and(|header| memmem::find(header, b"\r\nTLS-Report-Domain:").is_some())
}
