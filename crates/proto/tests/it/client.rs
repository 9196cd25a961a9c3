//! A server's words in; the client's words and reports out.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use tegami_mail::{Address, Envelope, ReversePath};
use tegami_proto::sasl::Credentials;
use tegami_proto::smtp::client::{Action, Event, Session, Settings, StartTls, Timeouts, Transaction};

pub(crate) fn settings() -> Settings {
    Settings {
        hostname: "client.example.net".to_owned(),
        starttls: StartTls::IfOffered,
        implicit_tls: false,
        credentials: None,
        auth_in_clear: false,
        timeouts: Timeouts::default(),
    }
}

fn transaction(recipients: &[&str], content: &str) -> Transaction {
    let recipients = recipients.iter().map(|name| Address::parse(&format!("{name}@example.org")).unwrap());
    let reverse_path = ReversePath::Address(Address::parse("a@example.net").unwrap());
    Transaction {
        envelope: Envelope::new(reverse_path, recipients),
        content: Bytes::copy_from_slice(content.as_bytes()),
    }
}

fn drain(session: &mut Session, now: Instant, said: &mut String) {
    while let Some(action) = session.next() {
        match action {
            Action::Send(octets) => {
                for line in String::from_utf8_lossy(&octets).split_terminator("\r\n") {
                    writeln!(said, "C: {line}").unwrap();
                }
            }
            Action::StartTls => {
                said.push_str("* handshake\n");
                session.tls_established(now, "TLSv1.3");
            }
            Action::Report(Event::Transaction(report)) => {
                for one in report.recipients {
                    writeln!(said, "! {:?} {}", one.stage, one.reply).unwrap();
                }
            }
            Action::Report(event) => writeln!(said, "! {event:?}").unwrap(),
            Action::Close => said.push_str("* close\n"),
            Action::WakeAt(_) => {}
        }
    }
}

/// Each of `reads` comes in one piece, written with `\n`; `closed` is the connection's end.
fn converse(settings: Settings, transactions: &[Transaction], reads: &[&str]) -> String {
    let now = Instant::now();
    let mut session = Session::new(settings, now);
    let mut said = String::new();
    for transaction in transactions {
        session.deliver(transaction.clone(), now);
    }
    session.quit(now);
    drain(&mut session, now, &mut said);
    for read in reads {
        for line in read.split('\n') {
            writeln!(said, "S: {line}").unwrap();
        }
        if *read == "closed" {
            session.closed(now);
        } else {
            session.receive(format!("{}\r\n", read.replace('\n', "\r\n")).as_bytes(), now);
        }
        drain(&mut session, now, &mut said);
    }
    said
}

fn check_with(settings: Settings, transactions: &[Transaction], reads: &[&str], expected: &Expect) {
    expected.assert_eq(&converse(settings, transactions, reads));
}

/// From the first command behind EHLO on, with PIPELINING.
fn check(transactions: &[Transaction], reads: &[&str], expected: &Expect) {
    let all: Vec<&str> =
        ["220 mx ESMTP", "250-mx\n250 PIPELINING"].into_iter().chain(reads.iter().copied()).collect();
    let said = converse(settings(), transactions, &all);
    expected.assert_eq(said.split_once("! Ready\n").unwrap().1);
}

#[test]
fn one_command_at_a_time() {
    check_with(
        settings(),
        &[transaction(&["b", "c"], ".Hello\r\n")],
        &[
            "220 mx",
            "250 mx",
            "250 ok",
            "250 ok",
            "550-5.1.1 nobody\n550 5.1.1 here",
            "354 go on",
            "250 2.0.0 queued",
            "221 bye",
        ],
        &expect![[r#"
            S: 220 mx
            C: EHLO client.example.net
            S: 250 mx
            ! Ready
            C: MAIL FROM:<a@example.net>
            S: 250 ok
            C: RCPT TO:<b@example.org>
            S: 250 ok
            C: RCPT TO:<c@example.org>
            S: 550-5.1.1 nobody
            S: 550 5.1.1 here
            C: DATA
            S: 354 go on
            C: ..Hello
            C: .
            S: 250 2.0.0 queued
            ! EndOfData 250 2.0.0 queued
            ! Recipient 550 5.1.1 nobody here
            C: QUIT
            S: 221 bye
            * close
        "#]],
    );
}

#[test]
fn pipelined() {
    check(
        &[transaction(&["b", "c"], "Hello"), transaction(&["d"], "")],
        &[
            "250 ok\n250 ok\n450 4.2.1 later\n354 go on",
            "250 ok",
            "250 ok\n250 ok\n354 go",
            "250 ok",
            "221 bye",
        ],
        &expect![[r#"
            C: MAIL FROM:<a@example.net>
            C: RCPT TO:<b@example.org>
            C: RCPT TO:<c@example.org>
            C: DATA
            S: 250 ok
            S: 250 ok
            S: 450 4.2.1 later
            S: 354 go on
            C: Hello
            C: .
            S: 250 ok
            ! EndOfData 250 ok
            ! Recipient 450 4.2.1 later
            C: MAIL FROM:<a@example.net>
            C: RCPT TO:<d@example.org>
            C: DATA
            S: 250 ok
            S: 250 ok
            S: 354 go
            C: .
            S: 250 ok
            ! EndOfData 250 ok
            C: QUIT
            S: 221 bye
            * close
        "#]],
    );
}

#[test]
fn pipelined_and_refused() {
    // DATA accepted for nobody; DATA refused; MAIL refused.
    check(
        &[transaction(&["b"], "x"), transaction(&["b"], "x"), transaction(&["b", "c"], "x")],
        &[
            "250 ok\n550 no\n354 go on",
            "554 5.5.1 nobody",
            "250 reset\n250 ok\n250 ok\n451 4.3.0 not now",
            "250 reset\n451 4.7.1 wait\n503 no\n503 no\n503 no",
            "221 bye",
        ],
        &expect![[r#"
            C: MAIL FROM:<a@example.net>
            C: RCPT TO:<b@example.org>
            C: DATA
            S: 250 ok
            S: 550 no
            S: 354 go on
            C: .
            S: 554 5.5.1 nobody
            ! Recipient 550 no
            C: RSET
            C: MAIL FROM:<a@example.net>
            C: RCPT TO:<b@example.org>
            C: DATA
            S: 250 reset
            S: 250 ok
            S: 250 ok
            S: 451 4.3.0 not now
            ! Data 451 4.3.0 not now
            C: RSET
            C: MAIL FROM:<a@example.net>
            C: RCPT TO:<b@example.org>
            C: RCPT TO:<c@example.org>
            C: DATA
            S: 250 reset
            S: 451 4.7.1 wait
            S: 503 no
            S: 503 no
            S: 503 no
            ! Mail 451 4.7.1 wait
            ! Mail 451 4.7.1 wait
            C: QUIT
            S: 221 bye
            * close
        "#]],
    );
}

#[test]
fn too_many_recipients_is_transient() {
    check(
        &[transaction(&["b", "c", "d"], "x")],
        &["250 ok\n250 ok\n552 too many recipients\n552 5.2.2 mailbox full\n354 go on", "250 ok"],
        &expect![[r#"
            C: MAIL FROM:<a@example.net>
            C: RCPT TO:<b@example.org>
            C: RCPT TO:<c@example.org>
            C: RCPT TO:<d@example.org>
            C: DATA
            S: 250 ok
            S: 250 ok
            S: 552 too many recipients
            S: 552 5.2.2 mailbox full
            S: 354 go on
            C: x
            C: .
            S: 250 ok
            ! EndOfData 250 ok
            ! Recipient 452 4.5.3 too many recipients
            ! Recipient 552 5.2.2 mailbox full
            C: QUIT
        "#]],
    );
}

#[test]
fn the_server_ends_it() {
    check(
        &[transaction(&["b", "c"], "x")],
        &["250 ok\n550 5.1.1 no\n421 4.3.2 shutting down"],
        &expect![[r#"
            C: MAIL FROM:<a@example.net>
            C: RCPT TO:<b@example.org>
            C: RCPT TO:<c@example.org>
            C: DATA
            S: 250 ok
            S: 550 5.1.1 no
            S: 421 4.3.2 shutting down
            ! Recipient 550 5.1.1 no
            ! Recipient 421 4.3.2 shutting down
            ! Failed(SessionFailure { stage: Recipient, cause: Refused(Reply { code: 421, enhanced: Some(EnhancedStatusCode { class: 4, subject: 3, detail: 2 }), lines: ["shutting down"] }) })
            * close
        "#]],
    );
    check(
        &[transaction(&["b"], "x")],
        &["250 ok\n550 5.1.1 no", "closed"],
        &expect![[r#"
        C: MAIL FROM:<a@example.net>
        C: RCPT TO:<b@example.org>
        C: DATA
        S: 250 ok
        S: 550 5.1.1 no
        S: closed
        ! Recipient 550 5.1.1 no
        ! Failed(SessionFailure { stage: Data, cause: Closed })
        * close
    "#]],
    );
    check(
        &[transaction(&["b"], "x")],
        &["250 ok\n250 ok\n354 go", "closed"],
        &expect![[r#"
        C: MAIL FROM:<a@example.net>
        C: RCPT TO:<b@example.org>
        C: DATA
        S: 250 ok
        S: 250 ok
        S: 354 go
        C: x
        C: .
        S: closed
        ! Failed(SessionFailure { stage: EndOfData, cause: Closed })
        * close
    "#]],
    );
    check(
        &[transaction(&["b"], "x")],
        &["250 ok\n250 ok\n250 go"],
        &expect![[r#"
        C: MAIL FROM:<a@example.net>
        C: RCPT TO:<b@example.org>
        C: DATA
        S: 250 ok
        S: 250 ok
        S: 250 go
        ! Failed(SessionFailure { stage: Data, cause: Malformed("not a reply to this command: 250 go") })
        * close
    "#]],
    );
}

#[test]
fn the_greeting_refuses() {
    check_with(
        settings(),
        &[],
        &["554 5.7.1 not you"],
        &expect![[r#"
        S: 554 5.7.1 not you
        ! Failed(SessionFailure { stage: Greeting, cause: Refused(Reply { code: 554, enhanced: Some(EnhancedStatusCode { class: 5, subject: 7, detail: 1 }), lines: ["not you"] }) })
        C: QUIT
    "#]],
    );
    check_with(
        settings(),
        &[],
        &["421 busy"],
        &expect![[r#"
        S: 421 busy
        ! Failed(SessionFailure { stage: Greeting, cause: Refused(Reply { code: 421, enhanced: None, lines: ["busy"] }) })
        * close
    "#]],
    );
    check_with(
        settings(),
        &[],
        &["SSH-2.0-x"],
        &expect![[r#"
        S: SSH-2.0-x
        ! Failed(SessionFailure { stage: Greeting, cause: Malformed("not a reply: SSH-2.0-x") })
        * close
    "#]],
    );
    check_with(
        settings(),
        &[],
        &["closed"],
        &expect![[r#"
        S: closed
        ! Failed(SessionFailure { stage: Greeting, cause: Closed })
        * close
    "#]],
    );
}

#[test]
fn helo_where_ehlo_is_unknown() {
    check_with(
        settings(),
        &[],
        &["220 mx", "502 what", "250 mx", "221 bye"],
        &expect![[r#"
        S: 220 mx
        C: EHLO client.example.net
        S: 502 what
        C: HELO client.example.net
        S: 250 mx
        ! Ready
        C: QUIT
        S: 221 bye
        * close
    "#]],
    );
}

#[test]
fn starttls() {
    let required = || Settings { starttls: StartTls::Required, ..settings() };
    check_with(
        settings(),
        &[],
        &["220 mx", "250-mx\n250 STARTTLS", "220 go\n250 injected", "250 mx", "221 bye"],
        &expect![[r#"
            S: 220 mx
            C: EHLO client.example.net
            S: 250-mx
            S: 250 STARTTLS
            C: STARTTLS
            S: 220 go
            S: 250 injected
            * handshake
            C: EHLO client.example.net
            S: 250 mx
            ! Ready
            C: QUIT
            S: 221 bye
            * close
        "#]],
    );
    check_with(
        settings(),
        &[],
        &["220 mx", "250-mx\n250 STARTTLS", "454 4.7.0 not now"],
        &expect![[r#"
        S: 220 mx
        C: EHLO client.example.net
        S: 250-mx
        S: 250 STARTTLS
        C: STARTTLS
        S: 454 4.7.0 not now
        ! Ready
        C: QUIT
    "#]],
    );
    check_with(
        required(),
        &[],
        &["220 mx", "250-mx\n250 STARTTLS", "454 4.7.0 not now"],
        &expect![[r#"
        S: 220 mx
        C: EHLO client.example.net
        S: 250-mx
        S: 250 STARTTLS
        C: STARTTLS
        S: 454 4.7.0 not now
        ! Failed(SessionFailure { stage: StartTls, cause: Refused(Reply { code: 454, enhanced: Some(EnhancedStatusCode { class: 4, subject: 7, detail: 0 }), lines: ["not now"] }) })
        C: QUIT
    "#]],
    );
    check_with(
        required(),
        &[],
        &["220 mx", "250 mx", "221 bye"],
        &expect![[r#"
        S: 220 mx
        C: EHLO client.example.net
        S: 250 mx
        ! Failed(SessionFailure { stage: StartTls, cause: TlsNotOffered })
        C: QUIT
        S: 221 bye
        * close
    "#]],
    );
}

#[test]
fn auth() {
    let credentials = Some(Credentials { username: "a".to_owned(), password: "secret".to_owned() });
    let clear = Settings { credentials, auth_in_clear: true, ..settings() };
    let never = Settings { auth_in_clear: false, ..clear.clone() };
    check_with(
        clear.clone(),
        &[],
        &["220 mx", "250-mx\n250 AUTH LOGIN", "334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 ok"],
        &expect![[r#"
            S: 220 mx
            C: EHLO client.example.net
            S: 250-mx
            S: 250 AUTH LOGIN
            C: AUTH LOGIN
            S: 334 VXNlcm5hbWU6
            C: YQ==
            S: 334 UGFzc3dvcmQ6
            C: c2VjcmV0
            S: 235 ok
            ! Ready
            C: QUIT
        "#]],
    );
    check_with(
        clear.clone(),
        &[],
        &["220 mx", "250-mx\n250 AUTH LOGIN PLAIN", "334 ", "334 ", "235 ok"],
        &expect![[r#"
            S: 220 mx
            C: EHLO client.example.net
            S: 250-mx
            S: 250 AUTH LOGIN PLAIN
            C: AUTH PLAIN AGEAc2VjcmV0
            S: 334 
            C: AGEAc2VjcmV0
            S: 334 
            ! Failed(SessionFailure { stage: Auth, cause: Malformed("the server asks for more than AUTH has to say") })
            * close
            S: 235 ok
        "#]],
    );
    check_with(
        clear.clone(),
        &[],
        &["220 mx", "250-mx\n250 AUTH PLAIN", "535 5.7.8 wrong"],
        &expect![[r#"
            S: 220 mx
            C: EHLO client.example.net
            S: 250-mx
            S: 250 AUTH PLAIN
            C: AUTH PLAIN AGEAc2VjcmV0
            S: 535 5.7.8 wrong
            ! Failed(SessionFailure { stage: Auth, cause: Refused(Reply { code: 535, enhanced: Some(EnhancedStatusCode { class: 5, subject: 7, detail: 8 }), lines: ["wrong"] }) })
            C: QUIT
        "#]],
    );
    check_with(
        clear,
        &[],
        &["220 mx", "250-mx\n250 AUTH GSSAPI"],
        &expect![[r#"
        S: 220 mx
        C: EHLO client.example.net
        S: 250-mx
        S: 250 AUTH GSSAPI
        ! Failed(SessionFailure { stage: Auth, cause: AuthNotPossible("the server does not offer PLAIN or LOGIN") })
        C: QUIT
    "#]],
    );
    check_with(
        never,
        &[],
        &["220 mx", "250-mx\n250 AUTH PLAIN"],
        &expect![[r#"
        S: 220 mx
        C: EHLO client.example.net
        S: 250-mx
        S: 250 AUTH PLAIN
        ! Failed(SessionFailure { stage: Auth, cause: AuthNotPossible("TLS does not run, and the password is not sent in the clear") })
        C: QUIT
    "#]],
    );
}

#[test]
fn extensions_that_are_missing() {
    let mut international = transaction(&["用户"], "x");
    check(
        &[international.clone()],
        &[],
        &expect![[r#"
        ! Failed(SessionFailure { stage: Mail, cause: Unsupported(Reply { code: 553, enhanced: Some(EnhancedStatusCode { class: 5, subject: 6, detail: 7 }), lines: ["an address or the header section needs SMTPUTF8, which the server does not offer"] }) })
        C: QUIT
    "#]],
    );
    international.envelope = transaction(&["b"], "").envelope;
    international.envelope.require_tls = true;
    check(
        &[international],
        &[],
        &expect![[r#"
        ! Failed(SessionFailure { stage: Mail, cause: Unsupported(Reply { code: 550, enhanced: Some(EnhancedStatusCode { class: 5, subject: 7, detail: 30 }), lines: ["REQUIRETLS is asked for and the server does not offer it"] }) })
        C: QUIT
    "#]],
    );
    check_with(
        settings(),
        &[transaction(&["b"], "12345678901")],
        &["220 mx", "250-mx\n250 SIZE 10"],
        &expect![[r#"
            S: 220 mx
            C: EHLO client.example.net
            S: 250-mx
            S: 250 SIZE 10
            ! Ready
            ! Failed(SessionFailure { stage: Mail, cause: Unsupported(Reply { code: 552, enhanced: Some(EnhancedStatusCode { class: 5, subject: 3, detail: 4 }), lines: ["the message is larger than the server takes"] }) })
            C: QUIT
        "#]],
    );
    check_with(
        settings(),
        &[transaction(&["b"], "本文")],
        &["220 mx", "250-mx\n250-SIZE\n250 8BITMIME"],
        &expect![[r#"
            S: 220 mx
            C: EHLO client.example.net
            S: 250-mx
            S: 250-SIZE
            S: 250 8BITMIME
            ! Ready
            C: MAIL FROM:<a@example.net> SIZE=6 BODY=8BITMIME
        "#]],
    );
}

#[test]
fn silence_has_its_limit_in_every_phase() {
    let start = Instant::now();
    let mut session = Session::new(settings(), start);
    session.deliver(transaction(&["b"], "x"), start);
    let replies = ["220 mx\r\n", "250 mx\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"];
    let mut waits = Vec::new();
    let mut now = start;
    let mut failures = Vec::new();
    for reply in replies.iter().map(Some).chain([None]) {
        let mut latest = None;
        while let Some(action) = session.next() {
            if let Action::WakeAt(at) = action {
                latest = Some((at - now).as_secs());
            }
        }
        waits.extend(latest);
        now += Duration::from_secs(1);
        if let Some(reply) = reply {
            session.receive(reply.as_bytes(), now);
        }
    }
    assert_eq!(waits, [300, 300, 300, 300, 120, 600]);
    session.timeout(now + Duration::from_secs(598));
    assert!(session.next().is_none());
    session.timeout(now + Duration::from_secs(599));
    while let Some(action) = session.next() {
        if let Action::Report(event) = action {
            failures.push(format!("{event:?}"));
        }
    }
    assert_eq!(failures, ["Failed(SessionFailure { stage: EndOfData, cause: Timeout })"]);
}

#[test]
fn the_transcript() {
    let now = Instant::now();
    let mut session = Session::new(settings(), now);
    session.deliver(transaction(&["b"], "Hello\r\n"), now);
    for read in ["220 mx\r\n", "250-mx\r\n250-STARTTLS\r\n250 X\r\n", "220 go\r\n250 injected\r\n"] {
        session.receive(read.as_bytes(), now);
    }
    session.tls_established(now, "TLSv1.3, not verified");
    for read in ["250-mx\r\n250 PIPELINING\r\n", "250 ok\r\n250 ok\r\n354 go\r\n", "250 queued\r\n"] {
        session.receive(read.as_bytes(), now);
    }
    let lines: Vec<String> =
        session.transcript().lines.iter().map(|line| format!("{:?}: {}", line.speaker, line.text)).collect();
    expect![[r#"
        Server: 220 mx
        Client: EHLO client.example.net
        Server: 250-mx
        Server: 250-STARTTLS
        Server: 250 X
        Client: STARTTLS
        Server: 220 go
        Remark: 14 octets behind the reply to STARTTLS discarded
        Remark: TLSv1.3, not verified
        Client: EHLO client.example.net
        Server: 250-mx
        Server: 250 PIPELINING
        Client: MAIL FROM:<a@example.net>
        Client: RCPT TO:<b@example.org>
        Client: DATA
        Server: 250 ok
        Server: 250 ok
        Server: 354 go
        Client: (7 octets)
        Server: 250 queued"#]]
    .assert_eq(&lines.join("\n"));
}

proptest! {
    #[test]
    fn noise_never_panics(reads in prop::collection::vec(noise(), 0..20)) {
        let now = Instant::now();
        let credentials = Some(Credentials { username: "a".to_owned(), password: "b".to_owned() });
        let mut session = Session::new(Settings { credentials, auth_in_clear: true, ..settings() }, now);
        session.deliver(transaction(&["b", "c"], "x"), now);
        session.deliver(transaction(&["b"], "x"), now);
        let mut said = String::new();
        for read in reads {
            session.receive(&read, now);
            drain(&mut session, now, &mut said);
        }
        session.closed(now);
        drain(&mut session, now, &mut said);
        // Whatever happens, it ends once.
        prop_assert_eq!(said.matches("* close").count(), 1);
        prop_assert!(said.matches("Failed").count() <= 1);
    }
}

/// Replies, pieces of replies, and octets.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "220 mx\r\n",
        "250-mx\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n",
        "250 ok\r\n",
        "250-",
        "354 go\r\n",
        "334 \r\n",
        "235 ok\r\n",
        "421 bye\r\n",
        "450 4.2.1 later\r\n",
        "550 5.1.1 no\r\n",
        "552 full\r\n",
        "\r\n",
        "2",
        "221 bye\r\n",
    ];
    prop_oneof![
        8 => prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..30),
    ]
}
