//! What a stranger may say to either session. The first octet says into how large reads the rest is cut.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tegami_mail::{Address, Envelope, ReversePath};
use tegami_proto::sasl::Credentials;
use tegami_proto::smtp::{client, server};

/// Octets of a client. Everybody is welcome; no content gets through with a line end that is not CRLF.
pub(super) fn server(input: &[u8]) {
    let settings = server::Settings {
        max_size: 1000,
        auth: server::AuthOffer::Always,
        max_errors: 100,
        future_release: server::FutureRelease::new(jiff::Timestamp::UNIX_EPOCH, Duration::from_secs(86_400)),
        ..server::Settings::new("mx.example.org")
    };
    let now = Instant::now();
    let mut session = server::Session::new(Arc::new(settings), now);
    let drain = |session: &mut server::Session| {
        while let Some(action) = session.next() {
            match action {
                server::Action::Send(octets) => {
                    assert!(octets.ends_with(b"\r\n"), "replies are whole lines");
                }
                server::Action::Ask(question) => {
                    if let server::Question::Message(message) = question {
                        let text = message.content;
                        let ends = text.windows(2).filter(|pair| pair == b"\r\n").count();
                        let marks = text.iter().filter(|octet| matches!(octet, b'\r' | b'\n')).count();
                        assert_eq!(marks, 2 * ends, "a CR or LF on its own");
                        assert!(text.len() <= 1000, "larger than announced");
                    }
                    session.answer(server::Answer::Accept);
                }
                server::Action::StartTls => session.tls_established(now),
                server::Action::WakeAt(_) | server::Action::Close => {}
            }
        }
    };
    drain(&mut session);
    for read in reads(input) {
        session.receive(read, now);
        drain(&mut session);
    }
    session.timeout(now + Duration::from_secs(4000));
    drain(&mut session);
}

/// Octets of a server. Whatever it says, the session ends once.
pub(super) fn client(input: &[u8]) {
    let settings = client::Settings {
        hostname: "client.example.net".to_owned(),
        starttls: client::StartTls::IfOffered,
        implicit_tls: false,
        credentials: Some(Credentials { username: "a".to_owned(), password: "b".to_owned() }),
        auth_in_clear: true,
        timeouts: client::Timeouts::default(),
    };
    let now = Instant::now();
    let mut session = client::Session::new(settings, now);
    let recipients = ["b@example.org", "c@example.org"].map(Address::parse).into_iter().flatten();
    let envelope = Envelope::new(ReversePath::Null, recipients);
    for content in ["Subject: x\r\n\r\n.x\r\n", "x"] {
        session.deliver(client::Transaction { envelope: envelope.clone(), content: content.into() }, now);
    }
    let mut closed = 0;
    let mut drain = |session: &mut client::Session| {
        while let Some(action) = session.next() {
            match action {
                client::Action::StartTls => session.tls_established(now, "TLS"),
                client::Action::Close => closed += 1,
                client::Action::Send(_) | client::Action::WakeAt(_) | client::Action::Report(_) => {}
            }
        }
    };
    for read in reads(input) {
        session.receive(read, now);
        drain(&mut session);
    }
    session.closed(now);
    drain(&mut session);
    assert_eq!(closed, 1, "a session ends once");
}

fn reads(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (size, rest) = input.split_first().unwrap_or((&1, &[]));
    rest.chunks(usize::from(*size).max(1))
}
