//! The server's side of a session, as a value.
//!
//! After every call of [`Session::receive`], [`Session::timeout`], [`Session::answer`] or [`Session::tls_established`], drain
//! [`Session::next`] until it is `None`. The protocol never decides whether a client or recipient is welcome: it *asks*
//! ([`Action::Ask`]) and goes on when it is answered.
//!
//! Extensions: PIPELINING, SIZE, 8BITMIME, SMTPUTF8, ENHANCEDSTATUSCODES, CHUNKING, DSN, FUTURERELEASE, STARTTLS, AUTH PLAIN and
//! LOGIN, and under TLS REQUIRETLS. BINARYMIME is not offered: content that must travel on through DATA would have to be rewritten.
//!
//! A CR or LF on its own, in a command or in content, is refused wherever it stands (RFC 5321 section 2.3.8); content ends by
//! CRLF `.` CRLF and by nothing else, so that no message can hide inside another one.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tegami_mail::{Envelope, ForwardPath, Reply, ReversePath};

mod auth;
mod command;
mod content;
mod future;
mod hello;
mod path;
mod session;
mod transaction;

pub use crate::sasl::Credentials;
pub use future::{FutureRelease, Hold};
pub use session::Session;

/// What a server offers and allows. Plain values; the program makes them from its configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Our name in the greeting and in the EHLO reply.
    pub hostname: String,
    /// Largest content in octets, announced by SIZE (RFC 1870).
    pub max_size: usize,
    /// Most recipients in one transaction; at least 100 (RFC 5321 section 4.5.3.1.8).
    pub max_recipients: usize,
    /// STARTTLS is offered (never while TLS runs).
    pub starttls: bool,
    /// When AUTH is offered.
    pub auth: AuthOffer,
    /// MAIL needs AUTH first (RFC 6409 section 4.3): 530 5.7.0.
    pub auth_required: bool,
    /// FUTURERELEASE is offered within these limits (RFC 4865).
    pub future_release: Option<FutureRelease>,
    /// Silence after which the client is told 421 (RFC 5321 section 4.5.3.2.7). A client that falls silent after a reply has up to twice as
    /// long: the session is not told when its question was answered.
    pub idle_timeout: Duration,
    /// The longest a whole session may take.
    pub session_timeout: Duration,
    /// Rejected commands after which the session ends with 421.
    pub max_errors: usize,
}

impl Settings {
    /// A reception listener with STARTTLS and the limits that are right for nearly everybody.
    pub fn new(hostname: impl Into<String>) -> Self {
        Self {
            hostname: hostname.into(),
            max_size: 35 << 20,
            max_recipients: 100,
            starttls: true,
            auth: AuthOffer::Never,
            auth_required: false,
            future_release: None,
            // RFC 5321 section 4.5.3.2.7: at least five minutes.
            idle_timeout: Duration::from_secs(300),
            session_timeout: Duration::from_secs(3600),
            max_errors: 20,
        }
    }
}

/// When AUTH is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthOffer {
    /// Never: a reception listener.
    Never,
    /// Only under TLS; before it AUTH gets 538 5.7.11.
    UnderTls,
    /// Also without TLS: for loopback, where the configuration says so.
    Always,
}

/// What the session wants from its driver.
#[derive(Debug)]
pub enum Action {
    /// Write these octets.
    Send(Bytes),
    /// Find out and call [`Session::answer`]. No further input is processed before that.
    Ask(Question),
    /// Everything sent so far is flushed: now do the TLS handshake, drop whatever clear text was already read
    /// (RFC 3207 section 4.2), and call [`Session::tls_established`].
    StartTls,
    /// Call [`Session::timeout`] at this moment unless another `WakeAt` comes first.
    WakeAt(Instant),
    /// Flush, then close.
    Close,
}

/// What only the policy knows.
#[derive(Debug)]
pub enum Question {
    /// A client connected. Refuse with 554 or 421.
    Connect,
    /// HELO or EHLO with its argument, as it was written.
    Hello(Hello),
    /// AUTH carried these; the password is not logged anywhere.
    Authenticate(Credentials),
    /// MAIL. Its parameters stand in [`Session::envelope`], which has no forward-paths yet.
    Mail(ReversePath),
    /// RCPT. [`Session::envelope`] has the forward-paths accepted before this one.
    Recipient(ForwardPath),
    /// The content has come, whole, dots unstuffed, CRLF line ends. The answer is the reply to the final dot.
    Message(Transaction),
}

/// The greeting of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The argument of HELO or EHLO, as written.
    pub argument: String,
    /// EHLO rather than HELO.
    pub extended: bool,
}

/// One finished transaction.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// MAIL and the accepted RCPTs.
    pub envelope: Envelope,
    /// The content.
    pub content: Bytes,
    /// HOLDFOR= or HOLDUNTIL= of MAIL; never where FUTURERELEASE is not offered.
    pub hold: Option<Hold>,
}

/// The policy's reply to a [`Question`].
#[derive(Clone, Debug)]
pub enum Answer {
    /// Welcome: the session words the standard reply itself.
    Accept,
    /// Welcome, with this 2yz reply (the reply to the final dot carries the queue id, for example). For
    /// [`Question::Hello`] and [`Question::Authenticate`] the standard reply is sent: clients read meaning in its words.
    AcceptWith(Reply),
    /// No: this 4yz or 5yz reply. Code 421 closes the session (RFC 5321 section 3.8). After another refusal of
    /// [`Question::Connect`] every command but QUIT gets 503 (RFC 5321 section 3.1).
    Refuse(Reply),
}

/// What is known of the session, for Received fields and policy.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The greeting, once given.
    pub hello: Option<Hello>,
    /// TLS runs.
    pub tls: bool,
    /// The authenticated user, once AUTH succeeded.
    pub user: Option<String>,
    /// The client spoke before it was greeted (RFC 5321 section 3.1): ordinary clients do not.
    pub early_talker: bool,
    /// How many times AUTH was refused.
    pub failed_auths: usize,
}

impl Facts {
    /// The protocol name of the Received field: SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA (RFC 3848), UTF8SMTP… (RFC 6531).
    pub fn protocol(&self, smtputf8: bool) -> &'static str {
        let extended = self.hello.as_ref().is_some_and(|hello| hello.extended);
        match (extended, smtputf8, self.tls, self.user.is_some()) {
            (false, ..) => "SMTP",
            (true, false, false, false) => "ESMTP",
            (true, false, false, true) => "ESMTPA",
            (true, false, true, false) => "ESMTPS",
            (true, false, true, true) => "ESMTPSA",
            (true, true, false, false) => "UTF8SMTP",
            (true, true, false, true) => "UTF8SMTPA",
            (true, true, true, false) => "UTF8SMTPS",
            (true, true, true, true) => "UTF8SMTPSA",
        }
    }
}
