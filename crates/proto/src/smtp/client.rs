//! The client's side of a session, as a value. Delivery and probes use the same one.
//!
//! After every call drain [`Session::next`] until it is `None`. A session that has reported [`Event::Ready`] takes one
//! transaction after another by [`Session::deliver`].
//!
//! Where PIPELINING is offered, MAIL, RCPT and DATA go out together (RFC 2920 section 3.1). Content of a mebibyte and more goes by BDAT
//! where CHUNKING is offered (RFC 3030). Content with octets above 127 goes to a server without 8BITMIME as it is: RFC 6152
//! section 3 would have it rewritten or returned, but rewriting breaks signatures, and servers that do not announce the
//! extension pass such octets all the same. Content with a CR or LF on its own is not sent at all
//! ([`FailureCause::Unsupported`]): a server behind could take it for two messages.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tegami_mail::{Envelope, Reply};

mod capabilities;
mod content;
mod plan;
mod reply;
mod session;
mod transaction;

pub use crate::sasl::Credentials;
pub use capabilities::Capabilities;
pub use reply::ReplyReader;
pub use session::Session;

/// How a session is to be led.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Our name in EHLO.
    pub hostname: String,
    /// Whether STARTTLS is asked for.
    pub starttls: StartTls,
    /// TLS runs from the first octet (port 465): the driver has done the handshake before the session begins.
    pub implicit_tls: bool,
    /// AUTH after TLS, for smarthosts. Without TLS it is refused unless `auth_in_clear`.
    pub credentials: Option<Credentials>,
    /// AUTH may go over clear text: loopback only.
    pub auth_in_clear: bool,
    /// Timeouts per phase.
    pub timeouts: Timeouts,
}

/// Whether STARTTLS is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartTls {
    /// Not even when it is offered.
    Never,
    /// When it is offered.
    IfOffered,
    /// The session fails where it is not offered or refused.
    Required,
}

/// Timeouts per phase (RFC 5321 section 4.5.3.2).
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Greeting: 5 minutes by the RFC.
    pub greeting: Duration,
    /// EHLO, STARTTLS, AUTH, MAIL, RCPT: 5 minutes.
    pub command: Duration,
    /// Reply to DATA: 2 minutes.
    pub data: Duration,
    /// Reply to the final dot: 10 minutes.
    pub end_of_data: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        Self { greeting: minutes(5), command: minutes(5), data: minutes(2), end_of_data: minutes(10) }
    }
}

/// What the session wants from its driver.
#[derive(Debug)]
pub enum Action {
    /// Write these octets.
    Send(Bytes),
    /// Do the TLS handshake now and call [`Session::tls_established`] or [`Session::tls_failed`].
    StartTls,
    /// Call [`Session::timeout`] at this moment unless another `WakeAt` comes first.
    WakeAt(Instant),
    /// Something for the caller of the session.
    Report(Event),
    /// Flush, then close.
    Close,
}

/// What the caller learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// EHLO, TLS and AUTH are done: [`Session::deliver`] may be called.
    Ready,
    /// A transaction ended.
    Transaction(TransactionReport),
    /// The session is of no further use. A transaction that was delivered to the session and has not been reported has this failure. Where
    /// every forward-path was decided before (or a 421 decided the rest), [`Event::Transaction`] comes first.
    Failed(SessionFailure),
}

/// How one transaction went, forward-path by forward-path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionReport {
    /// For each forward-path of the envelope, in its order.
    pub recipients: Vec<RecipientResult>,
}

/// What the server said for one forward-path: the reply that decided, and to which command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientResult {
    /// To which command.
    pub stage: Stage,
    /// The deciding reply; 2yz at [`Stage::EndOfData`] is delivery. A 552 to RCPT that means "too many recipients" stands here as 452 4.5.3
    /// (RFC 5321 section 4.5.3.1.10).
    pub reply: Reply,
}

/// A point of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waiting for 220.
    Greeting,
    /// EHLO or HELO.
    Hello,
    /// STARTTLS and its handshake.
    StartTls,
    /// AUTH.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT.
    Recipient,
    /// DATA or BDAT, before the content was complete.
    Data,
    /// The content was sent whole; its reply is outstanding or has come.
    EndOfData,
    /// QUIT, RSET or idle.
    Idle,
}

/// Why a session ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFailure {
    /// Where it was. At [`Stage::EndOfData`] without a reply the message is *possibly delivered*.
    pub stage: Stage,
    /// Why.
    pub cause: FailureCause,
}

/// The causes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureCause {
    /// The server refused with this reply.
    Refused(Reply),
    /// The server closed the connection.
    Closed,
    /// The server was silent for too long.
    Timeout,
    /// It took too long as a whole, or to take the content; see [`Session::exhausted`].
    TooSlow,
    /// What the server sent is not SMTP.
    Malformed(String),
    /// TLS was required and is not offered.
    TlsNotOffered,
    /// The TLS handshake failed; the driver's words.
    TlsFailed(String),
    /// AUTH is needed and not possible: not offered, no common mechanism, or no TLS.
    AuthNotPossible(String),
    /// The message needs an extension that the server lacks: SMTPUTF8 (RFC 6531 section 3.5), REQUIRETLS, BINARYMIME, or its SIZE is
    /// exceeded, or its content may go nowhere. The reply is our own; nothing of the message was sent.
    Unsupported(Reply),
}

/// A message to hand over.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// MAIL and RCPT.
    pub envelope: Envelope,
    /// The content, CRLF line ends; dots are stuffed on the way.
    pub content: Bytes,
}
