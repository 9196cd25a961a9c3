//! From what ended a session to a failure that the schedule, the DSN and people can read.

use std::io;
use std::time::Duration;

use tegami_mail::{EnhancedStatusCode, Host, Note, Reply, note};
use tegami_proto::smtp::client::{self, FailureCause, SessionFailure};
use tegami_queue::{Class, Failure, Stage};

use crate::route::Smarthost;
use crate::terms::Terms;

/// RFC 3463 section 3.5: no answer from host.
const NO_ANSWER: EnhancedStatusCode = EnhancedStatusCode::new(4, 4, 1);
/// RFC 3463 section 3.5: bad connection.
const BAD_CONNECTION: EnhancedStatusCode = EnhancedStatusCode::new(4, 4, 2);
/// RFC 3463 section 3.6: other or undefined protocol status.
const PROTOCOL: EnhancedStatusCode = EnhancedStatusCode::new(4, 5, 0);
/// RFC 3463 section 3.8: other or undefined security status.
const SECURITY: EnhancedStatusCode = EnhancedStatusCode::new(4, 7, 0);
/// RFC 3463 section 3.8: security features not supported.
const NO_TLS: EnhancedStatusCode = EnhancedStatusCode::new(4, 7, 4);
/// RFC 3463 section 3.8: cryptographic failure.
const TLS_FAILED: EnhancedStatusCode = EnhancedStatusCode::new(4, 7, 5);
/// RFC 8689 section 4.2.1: no TLS session that REQUIRETLS could trust came about; told at once, not retried.
pub(crate) const ENCRYPTION_NEEDED: EnhancedStatusCode = EnhancedStatusCode::new(5, 7, 10);

/// No TCP connection.
pub(crate) fn of_connect(error: &io::Error) -> Failure {
    let detail = match error.kind() {
        io::ErrorKind::ConnectionRefused => note!("outbound-connect-refused"),
        io::ErrorKind::TimedOut => note!("outbound-connect-timeout"),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            note!("outbound-connect-unreachable")
        }
        _ => note!("outbound-connect-failed", error = error),
    };
    Failure::without_reply(Stage::Connect, NO_ANSWER, detail)
}

/// A session that ended early.
pub(crate) fn of_session(failure: SessionFailure, terms: &Terms) -> Failure {
    let stage = stage(failure.stage);
    let without = |status, detail| Failure::without_reply(stage, status, detail);
    let tls = |status, detail| without(if terms.require_tls { ENCRYPTION_NEEDED } else { status }, detail);
    match failure.cause {
        FailureCause::Refused(reply) => of_refusal(stage, reply),
        FailureCause::Unsupported(reply) => {
            let detail = note!("outbound-extension-missing", reply = reply);
            Failure::by_reply(stage, reply, detail)
        }
        FailureCause::Closed => {
            without(BAD_CONNECTION, note!("outbound-connection-lost", phase = word(stage)))
        }
        FailureCause::Timeout => without(BAD_CONNECTION, note!("outbound-silence", phase = word(stage))),
        FailureCause::TooSlow => without(BAD_CONNECTION, note!("outbound-too-slow", phase = word(stage))),
        FailureCause::Malformed(text) => without(PROTOCOL, note!("outbound-not-smtp", text = text)),
        FailureCause::TlsNotOffered => tls(NO_TLS, note!("outbound-tls-not-offered")),
        FailureCause::TlsFailed(error) => tls(TLS_FAILED, note!("outbound-tls-failed", error = error)),
        FailureCause::AuthNotPossible(reason) => {
            without(SECURITY, note!("outbound-auth-not-possible", reason = reason))
        }
    }
}

/// A reply that refused a command.
pub(crate) fn of_refusal(stage: Stage, reply: Reply) -> Failure {
    let detail: Note = match stage {
        Stage::Greeting => note!("outbound-refused-greeting", reply = reply),
        Stage::Auth => note!("outbound-refused-auth", reply = reply),
        _ if reply.code == 421 => note!("outbound-refused-closing", reply = reply),
        _ => note!("outbound-refused", command = word(stage), reply = reply),
    };
    let failure = Failure::by_reply(stage, reply, detail);
    // A wrong password for a smarthost is for the operator to put right, not a reason to give mail back.
    if stage == Stage::Auth { Failure { class: Class::Transient, ..failure } } else { failure }
}

/// A smarthost that does not let us in: the table of the configuration is named where that is put right.
pub(crate) fn of_login(failure: Failure, smarthost: &Smarthost) -> Failure {
    let (relay, setting) = (&smarthost.name, &smarthost.setting);
    let user = smarthost.credentials.as_ref().map_or("", |credentials| credentials.username.as_str());
    let detail = match &failure.reply {
        Some(reply) => {
            note!("outbound-refused-login", relay = relay, setting = setting, user = user, reply = reply)
        }
        None => return failure,
    };
    Failure { detail, ..failure }
}

/// Every host failed a moment ago, and none is asked again so soon.
pub(crate) fn of_rest(next_hop: &Host, rests: Duration) -> Failure {
    let detail = note!("outbound-all-rest", next_hop = next_hop, seconds = rests.as_secs().max(1));
    Failure::without_reply(Stage::Connect, NO_ANSWER, detail)
}

/// The attempt as a whole has had its time.
pub(crate) fn of_deadline() -> Failure {
    Failure::without_reply(Stage::Connect, NO_ANSWER, note!("outbound-time-is-up"))
}

/// The content went out whole, and what became of it is not known (RFC 1047).
pub(crate) fn of_lost_reply() -> Failure {
    Failure::without_reply(Stage::EndOfData, BAD_CONNECTION, note!("outbound-possibly-delivered"))
}

/// The queue's name of a point of the session.
pub(crate) fn stage(stage: client::Stage) -> Stage {
    match stage {
        client::Stage::Greeting => Stage::Greeting,
        client::Stage::Hello => Stage::Hello,
        client::Stage::StartTls => Stage::StartTls,
        client::Stage::Auth => Stage::Auth,
        // An idle session ends at the command that finds out.
        client::Stage::Mail | client::Stage::Idle => Stage::Mail,
        client::Stage::Recipient => Stage::Recipient,
        client::Stage::Data => Stage::Data,
        client::Stage::EndOfData => Stage::EndOfData,
    }
}

/// The command that a stage waits on, as it stands in transcripts.
fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Destination | Stage::TlsPolicy | Stage::Local => "DNS",
        Stage::Connect | Stage::Greeting => "220",
        Stage::Hello => "EHLO",
        Stage::StartTls => "STARTTLS",
        Stage::Auth => "AUTH",
        Stage::Mail => "MAIL",
        Stage::Recipient => "RCPT",
        Stage::Data => "DATA",
        Stage::EndOfData => "<CRLF>.<CRLF>",
    }
}
