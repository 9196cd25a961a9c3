//! One message must stay one message (https://smtpsmuggling.com): whatever looks like an end of data to some server and not to others
//! neither ends the content here nor gets through.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tegami_mail::{Address, Envelope, ReversePath};
use tegami_proto::smtp::client::{Action as ClientAction, Event, FailureCause};
use tegami_proto::smtp::server::{Action, Question, Session};
use tegami_proto::smtp::{client, server};

/// The sequences under `key`; `None` where the suite is not there.
fn sequences(key: &str) -> Option<Vec<String>> {
    let suites = std::env::var_os("TEGAMI_SUITES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites"),
        PathBuf::from,
    );
    let path = suites.join("smtp/smuggling-eod-sequences.json");
    let Ok(text) = std::fs::read(&path) else {
        eprintln!("SKIPPED: {} is not there", path.display());
        return None;
    };
    let all: serde_json::Value = serde_json::from_slice(&text).unwrap();
    Some(serde_json::from_value(all[key].clone()).unwrap())
}

/// What the server asks, and its replies, when `content` is followed by the true end.
fn serve(content: &str, chunks: bool) -> (Vec<String>, String) {
    let now = Instant::now();
    let mut session = Session::new(Arc::new(crate::server::settings()), now);
    let (mut messages, mut replies) = (Vec::new(), String::new());
    let mut drain = |session: &mut Session| {
        while let Some(action) = session.next() {
            match action {
                Action::Ask(question) => {
                    if let Question::Message(message) = &question {
                        messages.push(String::from_utf8_lossy(&message.content).into_owned());
                    }
                    session.answer(crate::server::policy(&question));
                }
                Action::Send(octets) => replies.push_str(&String::from_utf8_lossy(&octets)),
                _ => {}
            }
        }
    };
    drain(&mut session);
    session.receive(b"EHLO c\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<b@example.org>\r\n", now);
    drain(&mut session);
    let data = if chunks {
        format!("BDAT {} LAST\r\n{content}", content.len())
    } else {
        format!("DATA\r\n{content}\r\n.\r\n")
    };
    session.receive(data.as_bytes(), now);
    drain(&mut session);
    session.receive(b"NOOP\r\n", now);
    drain(&mut session);
    (messages, replies)
}

#[test]
fn nothing_is_smuggled_in() {
    for sequence in sequences("inbound_eod_sequences").unwrap_or_default() {
        let content = format!(
            "Subject: one\r\n\r\nouter{sequence}MAIL FROM:<x@example.net>\r\nRCPT TO:<y@example.org>\r\nDATA\r\ninner"
        );
        for chunks in [false, true] {
            let (messages, replies) = serve(&content, chunks);
            assert_eq!(messages, Vec::<String>::new(), "{sequence:?}");
            assert!(replies.contains("\r\n550 5.6.11 "), "{sequence:?}: {replies}");
            assert!(replies.ends_with("\r\n250 2.0.0 ok\r\n"), "{sequence:?}: {replies}");
            assert!(!replies.contains("503"), "{sequence:?}: {replies}");
        }
    }
}

#[test]
fn nothing_is_smuggled_out() {
    for sequence in sequences("outbound_eod_sequences").unwrap_or_default() {
        let content = Bytes::from(format!("Subject: one\r\n\r\nouter{sequence}inner\r\n"));
        let now = Instant::now();
        let mut session = client::Session::new(crate::client::settings(), now);
        session.receive(b"220 mx ESMTP\r\n250-mx\r\n250-CHUNKING\r\n250 PIPELINING\r\n", now);
        let recipient = Address::parse("b@example.org").unwrap();
        let envelope = Envelope::new(ReversePath::Null, [recipient]);
        session.deliver(client::Transaction { envelope, content }, now);
        let (mut sent, mut failed) = (Vec::new(), false);
        while let Some(action) = session.next() {
            match action {
                ClientAction::Send(octets) => sent.extend_from_slice(&octets),
                ClientAction::Report(Event::Failed(failure)) => {
                    failed = matches!(failure.cause, FailureCause::Unsupported(reply) if reply.code == 554);
                }
                _ => {}
            }
        }
        assert!(failed, "{sequence:?}");
        assert!(!String::from_utf8_lossy(&sent).contains("MAIL"), "{sequence:?}");
    }
}

#[test]
fn bare_line_ends_in_commands_are_refused() {
    let now = Instant::now();
    for line in ["NOOP\nNOOP\r\n", "NOOP\rNOOP\r\n", "MAIL FROM:<a@example.net>\n"] {
        let mut session = Session::new(Arc::new(server::Settings { ..crate::server::settings() }), now);
        session.receive(line.as_bytes(), now);
        let mut replies = String::new();
        while let Some(action) = session.next() {
            match action {
                Action::Ask(question) => session.answer(crate::server::policy(&question)),
                Action::Send(octets) => replies.push_str(&String::from_utf8_lossy(&octets)),
                _ => {}
            }
        }
        assert!(replies.contains("\r\n500 5.5.2 lines end with CRLF"), "{line:?}: {replies}");
    }
}
