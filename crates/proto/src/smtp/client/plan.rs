//! How a message goes to this server: with which parameters, by DATA or BDAT, or not at all.

use std::fmt::Write as _;

use memchr::memmem;
use tegami_mail::line::has_bare_line_end;
use tegami_mail::{Body, EnhancedStatusCode, ForwardPath, Notify, Reply, Ret};

use super::{Capabilities, Transaction};
use crate::smtp::{line_end, xtext};

/// From this size on content goes by BDAT where it can.
const LARGE: usize = 1 << 20;

/// What was decided before the first command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// MAIL with its parameters.
    pub(super) mail: String,
    /// By BDAT rather than DATA.
    pub(super) chunks: bool,
    /// RCPT carries its DSN parameters.
    dsn: bool,
}

/// Makes the plan; the error is the reply that the server would give if it understood.
pub(super) fn plan(transaction: &Transaction, offered: &Capabilities, tls: bool) -> Result<Plan, Reply> {
    let Transaction { envelope, content } = transaction;
    let binary = envelope.body == Body::BinaryMime;
    if binary && !(offered.binary_mime && offered.chunking) {
        return Err(refusal(
            554,
            (5, 6, 3),
            "the content is binary and the server does not offer BINARYMIME",
        ));
    }
    if !binary && (has_bare_line_end(content) || line_end::has_hidden_dot(content)) {
        return Err(refusal(
            554,
            (5, 6, 11),
            "the content has a CR or LF on its own, or a dot hidden by NUL octets",
        ));
    }
    let size = content.len() as u64;
    if offered.max_size.is_some_and(|most| size > most) {
        return Err(refusal(552, (5, 3, 4), "the message is larger than the server takes"));
    }
    if envelope.require_tls && !(tls && offered.require_tls) {
        // RFC 8689 section 4.2.1.
        return Err(refusal(550, (5, 7, 30), "REQUIRETLS is asked for and the server does not offer it"));
    }
    // Writing into a String cannot fail.
    let mut mail = format!("MAIL FROM:<{}>", envelope.reverse_path);
    if offered.size {
        let _ = write!(mail, " SIZE={size}");
    }
    if binary {
        mail.push_str(" BODY=BINARYMIME");
    } else if offered.eight_bit_mime && !content.is_ascii() {
        mail.push_str(" BODY=8BITMIME");
    }
    if needs_smtputf8(transaction) && !offered.smtputf8 {
        // RFC 6531 section 3.5.
        return Err(refusal(
            553,
            (5, 6, 7),
            "an address or the header section needs SMTPUTF8, which the server does not offer",
        ));
    }
    if offered.smtputf8 && (envelope.smtputf8 || needs_smtputf8(transaction)) {
        mail.push_str(" SMTPUTF8");
    }
    if envelope.require_tls {
        mail.push_str(" REQUIRETLS");
    }
    if offered.dsn {
        match envelope.dsn.ret {
            Some(Ret::Full) => mail.push_str(" RET=FULL"),
            Some(Ret::Headers) => mail.push_str(" RET=HDRS"),
            None => {}
        }
        if let Some(id) = envelope.dsn.envelope_id.as_deref().filter(|id| !id.is_empty()) {
            let _ = write!(mail, " ENVID={}", xtext::encode(id));
        }
    }
    Ok(Plan { mail, chunks: binary || (offered.chunking && content.len() >= LARGE), dsn: offered.dsn })
}

impl Plan {
    /// RCPT with its parameters.
    pub(super) fn recipient(&self, path: &ForwardPath) -> String {
        let mut rcpt = format!("RCPT TO:<{}>", path.address);
        if self.dsn {
            if let Some(notify) = path.notify {
                let _ = write!(rcpt, " NOTIFY={}", notify_words(notify));
            }
            let original = path.original_recipient.as_deref().and_then(|original| original.split_once(';'));
            let is_atom = |kind: &str| kind.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
            if let Some((kind, address)) = original.filter(|(kind, _)| is_atom(kind)) {
                let _ = write!(rcpt, " ORCPT={kind};{}", xtext::encode(address));
            }
        }
        rcpt
    }
}

fn notify_words(notify: Notify) -> String {
    let words = [(notify.success, "SUCCESS"), (notify.failure, "FAILURE"), (notify.delay, "DELAY")];
    let words: Vec<_> = words.into_iter().filter(|(wanted, _)| *wanted).map(|(_, word)| word).collect();
    if words.is_empty() { "NEVER".to_owned() } else { words.join(",") }
}

/// An address outside ASCII always does; a header section outside ASCII does where the message came with SMTPUTF8. Without it
/// such a header section is an old custom that every server passes on.
fn needs_smtputf8(transaction: &Transaction) -> bool {
    let Transaction { envelope, content } = transaction;
    let reverse = envelope.reverse_path.address();
    let forward = envelope.forward_paths.iter().map(|path| &path.address);
    let header =
        || content.get(..memmem::find(content, b"\r\n\r\n").unwrap_or(content.len())).unwrap_or_default();
    reverse.into_iter().chain(forward).any(tegami_mail::Address::needs_smtputf8)
        || (envelope.smtputf8 && !header().is_ascii())
}

fn refusal(code: u16, (class, subject, detail): (u8, u16, u16), text: &str) -> Reply {
    Reply::new(code, EnhancedStatusCode::new(class, subject, detail), text)
}
