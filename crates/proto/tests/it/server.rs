//! A client's words in; the server's words and questions out.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tegami_mail::{EnhancedStatusCode, Reply, Speaker};
use tegami_proto::smtp::server::{Action, Answer, AuthOffer, Question, Session, Settings};

pub(crate) fn settings() -> Settings {
    Settings { max_size: 10_000, max_errors: 10, ..Settings::new("mx.example.org") }
}

/// A policy that knows people by their names.
pub(crate) fn policy(question: &Question) -> Answer {
    let refuse = |code, (class, subject, detail), text: &str| {
        Answer::Refuse(Reply::new(code, EnhancedStatusCode::new(class, subject, detail), text))
    };
    match question {
        Question::Recipient(path) => match path.address.local_part().as_str() {
            "nobody" => refuse(550, (5, 1, 1), "no such mailbox"),
            "later" => refuse(450, (4, 7, 1), "greylisted"),
            "enough" => refuse(421, (4, 3, 2), "enough"),
            "hostile" => refuse(550, (5, 1, 1), "one\r\n250 two é"),
            _ => Answer::Accept,
        },
        Question::Hello(hello) if hello.argument == "bad.example" => refuse(550, (5, 7, 1), "go away"),
        Question::Authenticate(credentials) if credentials.password != "secret" => {
            refuse(535, (5, 7, 8), "wrong user name or password")
        }
        Question::Message(message) if message.content.starts_with(b"spam") => refuse(550, (5, 7, 1), "spam"),
        Question::Message(_) => {
            Answer::AcceptWith(Reply::new(250, EnhancedStatusCode::new(2, 0, 0), "queued as 1"))
        }
        _ => Answer::Accept,
    }
}

/// Drains the session into words; the policy answers, TLS always succeeds.
fn drain(session: &mut Session, now: Instant, said: &mut String) {
    while let Some(action) = session.next() {
        match action {
            Action::Send(octets) => {
                for line in String::from_utf8_lossy(&octets).split_terminator("\r\n") {
                    writeln!(said, "S: {line}").unwrap();
                }
                said.push_str("--\n");
            }
            Action::Ask(question) => {
                let answer = policy(&question);
                let question = match question {
                    Question::Connect => "connect".to_owned(),
                    Question::Hello(hello) => format!("hello {}", hello.argument),
                    Question::Authenticate(who) => format!("authenticate {}", who.username),
                    Question::Mail(path) => format!("mail <{path}>"),
                    Question::Recipient(path) => format!("recipient <{}>", path.address),
                    Question::Message(message) => {
                        let to = message.envelope.forward_paths.len();
                        format!("message for {to}: {:?}", String::from_utf8_lossy(&message.content))
                    }
                };
                writeln!(said, "? {question}").unwrap();
                session.answer(answer);
            }
            Action::StartTls => {
                said.push_str("* handshake\n");
                session.tls_established(now);
            }
            Action::Close => said.push_str("* close\n"),
            Action::WakeAt(_) => {}
        }
    }
}

/// Each of `reads` comes in one piece; line ends are written `\n` and there is one behind the last line.
pub(crate) fn converse(settings: Settings, reads: &[&str]) -> String {
    let now = Instant::now();
    let mut session = Session::new(Arc::new(settings), now);
    let mut said = String::new();
    drain(&mut session, now, &mut said);
    for read in reads {
        for line in read.split('\n') {
            writeln!(said, "C: {line}").unwrap();
        }
        session.receive(format!("{}\r\n", read.replace('\n', "\r\n")).as_bytes(), now);
        drain(&mut session, now, &mut said);
    }
    said
}

/// The extensions that [`settings`] always bring; expected words have `S: 250-…` in their place.
const EXTENSIONS: &str = "\
S: 250-PIPELINING
S: 250-SIZE 10000
S: 250-8BITMIME
S: 250-SMTPUTF8
S: 250-ENHANCEDSTATUSCODES
S: 250-CHUNKING
S: 250-DSN
";

fn short(said: &str) -> String {
    said.replace(EXTENSIONS, "S: 250-…\n")
}

pub(crate) fn check_with(settings: Settings, reads: &[&str], expected: &Expect) {
    expected.assert_eq(&short(&converse(settings, reads)));
}

/// As [`check_with`], from the first command behind EHLO on.
pub(crate) fn check(reads: &[&str], expected: &Expect) {
    let all: Vec<&str> = ["EHLO client.example.net"].into_iter().chain(reads.iter().copied()).collect();
    let said = converse(settings(), &all);
    let from = said.find("S: 250 ").and_then(|at| said[at..].find("--\n").map(|end| at + end + 3)).unwrap();
    expected.assert_eq(&short(&said[from..]));
}

#[test]
fn a_message() {
    check_with(
        settings(),
        &[
            "EHLO client.example.net",
            "MAIL FROM:<a@example.net>",
            "RCPT TO:<b@example.org>",
            "DATA",
            "Hello\n.",
            "QUIT",
        ],
        &expect![[r#"
            ? connect
            S: 220 mx.example.org ESMTP Tegami
            --
            C: EHLO client.example.net
            ? hello client.example.net
            S: 250-mx.example.org
            S: 250-…
            S: 250 STARTTLS
            --
            C: MAIL FROM:<a@example.net>
            ? mail <a@example.net>
            S: 250 2.1.0 the reverse-path is ok
            --
            C: RCPT TO:<b@example.org>
            ? recipient <b@example.org>
            S: 250 2.1.5 the forward-path is ok
            --
            C: DATA
            S: 354 go on, and end with CRLF . CRLF
            --
            C: Hello
            C: .
            ? message for 1: "Hello\r\n"
            S: 250 2.0.0 queued as 1
            --
            C: QUIT
            S: 221 2.0.0 goodbye
            --
            * close
        "#]],
    );
}

#[test]
fn pipelined_commands_are_answered_together() {
    check(
        &[
            "MAIL FROM:<a@example.net>\nRCPT TO:<b@example.org>\nRCPT TO:<nobody@example.org>\nRCPT TO:<later@example.org>\nDATA",
            ".\nMAIL FROM:<>\nRCPT TO:<c@example.org>\nNOOP\nRSET\nQUIT",
        ],
        &expect![[r#"
            C: MAIL FROM:<a@example.net>
            C: RCPT TO:<b@example.org>
            C: RCPT TO:<nobody@example.org>
            C: RCPT TO:<later@example.org>
            C: DATA
            ? mail <a@example.net>
            ? recipient <b@example.org>
            ? recipient <nobody@example.org>
            ? recipient <later@example.org>
            S: 250 2.1.0 the reverse-path is ok
            S: 250 2.1.5 the forward-path is ok
            S: 550 5.1.1 no such mailbox
            S: 450 4.7.1 greylisted
            S: 354 go on, and end with CRLF . CRLF
            --
            C: .
            C: MAIL FROM:<>
            C: RCPT TO:<c@example.org>
            C: NOOP
            C: RSET
            C: QUIT
            ? message for 1: ""
            ? mail <>
            ? recipient <c@example.org>
            S: 250 2.0.0 queued as 1
            S: 250 2.1.0 the reverse-path is ok
            S: 250 2.1.5 the forward-path is ok
            S: 250 2.0.0 ok
            S: 250 2.0.0 reset
            S: 221 2.0.0 goodbye
            --
            * close
        "#]],
    );
}

#[test]
fn a_session_has_its_order() {
    check_with(
        settings(),
        &[
            "MAIL FROM:<a@example.net>",
            "STARTTLS",
            "DATA",
            "EHLO",
            "HELO bad.example",
            "HELO client",
            "RCPT TO:<b@example.org>",
            "BOGUS",
        ],
        &expect![[r#"
            ? connect
            S: 220 mx.example.org ESMTP Tegami
            --
            C: MAIL FROM:<a@example.net>
            S: 503 5.5.1 EHLO comes first
            --
            C: STARTTLS
            S: 503 5.5.1 EHLO comes first
            --
            C: DATA
            S: 503 5.5.1 bad sequence of commands
            --
            C: EHLO
            S: 501 5.5.4 a host name is expected
            --
            C: HELO bad.example
            ? hello bad.example
            S: 550 5.7.1 go away
            --
            C: HELO client
            ? hello client
            S: 250 mx.example.org
            --
            C: RCPT TO:<b@example.org>
            S: 503 5.5.1 bad sequence of commands
            --
            C: BOGUS
            S: 500 5.5.2 unknown command
            --
        "#]],
    );
}

#[test]
fn a_transaction_has_its_order() {
    check(
        &[
            "MAIL FROM:<a@example.net> SIZE=10001",
            "MAIL FROM:<a@example.net> REQUIRETLS",
            "MAIL FROM:<a@example.net>",
            "MAIL FROM:<a@example.net>",
            "DATA",
            "RCPT TO:<nobody@example.org>",
            "DATA",
            "RSET now",
            "VRFY b",
            "EXPN list",
            "HELP",
            "NOOP x",
        ],
        &expect![[r#"
            C: MAIL FROM:<a@example.net> SIZE=10001
            S: 552 5.3.4 the message is larger than this server takes
            --
            C: MAIL FROM:<a@example.net> REQUIRETLS
            S: 530 5.7.10 REQUIRETLS needs TLS
            --
            C: MAIL FROM:<a@example.net>
            ? mail <a@example.net>
            S: 250 2.1.0 the reverse-path is ok
            --
            C: MAIL FROM:<a@example.net>
            S: 503 5.5.1 bad sequence of commands
            --
            C: DATA
            S: 503 5.5.1 RCPT comes first
            --
            C: RCPT TO:<nobody@example.org>
            ? recipient <nobody@example.org>
            S: 550 5.1.1 no such mailbox
            --
            C: DATA
            S: 554 5.5.1 no valid recipients
            --
            C: RSET now
            S: 501 5.5.4 syntax error in the arguments
            --
            C: VRFY b
            S: 252 2.0.0 send some mail and see
            --
            C: EXPN list
            S: 502 5.5.1 EXPN is not offered
            --
            C: HELP
            S: 214 2.0.0 see RFC 5321
            --
            C: NOOP x
            S: 250 2.0.0 ok
            --
        "#]],
    );
}

#[test]
fn too_many_errors_end_the_session() {
    check_with(
        Settings { max_errors: 2, ..settings() },
        &["EHLO c", "X\nY\nNOOP\nNOOP"],
        &expect![[r#"
        ? connect
        S: 220 mx.example.org ESMTP Tegami
        --
        C: EHLO c
        ? hello c
        S: 250-mx.example.org
        S: 250-…
        S: 250 STARTTLS
        --
        C: X
        C: Y
        C: NOOP
        C: NOOP
        S: 500 5.5.2 unknown command
        S: 500 5.5.2 unknown command
        S: 421 4.7.0 mx.example.org too many errors
        --
        * close
    "#]],
    );
}

#[test]
fn a_policy_can_end_the_session_and_cannot_inject() {
    check(
        &["MAIL FROM:<a@example.net>\nRCPT TO:<hostile@example.org>\nRCPT TO:<enough@example.org>\nDATA"],
        &expect![[r#"
            C: MAIL FROM:<a@example.net>
            C: RCPT TO:<hostile@example.org>
            C: RCPT TO:<enough@example.org>
            C: DATA
            ? mail <a@example.net>
            ? recipient <hostile@example.org>
            ? recipient <enough@example.org>
            S: 250 2.1.0 the reverse-path is ok
            S: 550 5.1.1 one??250 two ?
            S: 421 4.3.2 enough
            --
            * close
        "#]],
    );
}

#[test]
fn long_replies_have_several_lines() {
    let now = Instant::now();
    let mut session = Session::new(Arc::new(settings()), now);
    while !matches!(session.next(), Some(Action::Ask(_))) {}
    let text = format!("{} {} {}", "a".repeat(490), "b".repeat(600), "c".repeat(10));
    session.answer(Answer::Refuse(Reply::new(554, EnhancedStatusCode::new(5, 7, 1), text)));
    let mut said = String::new();
    drain(&mut session, now, &mut said);
    let shape = |line: &str| format!("{}{}…{} ", &line[..13], line.len(), &line[line.len() - 1..]);
    let shape: Vec<_> = said.lines().filter(|line| line.starts_with("S:")).map(shape).collect();
    // Each line has "S: " before it here and no CRLF behind it.
    expect![[r#"
        S: 554-5.7.1 503…a 
        S: 554-5.7.1 513…b 
        S: 554 5.7.1 124…c "#]]
    .assert_eq(&shape.join("\n"));
}

#[test]
fn the_server_stops() {
    let now = Instant::now();
    for octets in [&b""[..], b"EHLO c\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nx"] {
        let mut session = Session::new(Arc::new(settings()), now);
        let mut said = String::new();
        drain(&mut session, now, &mut said);
        session.receive(octets, now);
        drain(&mut session, now, &mut said);
        session.shut_down(now);
        drain(&mut session, now, &mut said);
        let end = "S: 421 4.3.2 mx.example.org is shutting down, try again later\n--\n* close\n";
        assert!(said.ends_with(end), "{said}");
    }
}

#[test]
fn too_many_recipients() {
    check_with(
        Settings { max_recipients: 1, ..settings() },
        &["HELO c", "MAIL FROM:<>\nRCPT TO:<a@example.org>\nRCPT TO:<b@example.org>"],
        &expect![[r#"
            ? connect
            S: 220 mx.example.org ESMTP Tegami
            --
            C: HELO c
            ? hello c
            S: 250 mx.example.org
            --
            C: MAIL FROM:<>
            C: RCPT TO:<a@example.org>
            C: RCPT TO:<b@example.org>
            ? mail <>
            ? recipient <a@example.org>
            S: 250 2.1.0 the reverse-path is ok
            S: 250 2.1.5 the forward-path is ok
            S: 452 4.5.3 too many recipients
            --
        "#]],
    );
}

#[test]
fn chunks() {
    check(
        &[
            "MAIL FROM:<a@example.net>\nRCPT TO:<b@example.org>\nBDAT 7\nHello\nBDAT 2 LAST\n",
            "BDAT 4\n12",
            "MAIL FROM:<a@example.net>\nRCPT TO:<b@example.org>\nBDAT 4\nab\nDATA\nRCPT TO:<c@example.org>\nBDAT 0 LAST",
            "MAIL FROM:<a@example.net>\nRCPT TO:<nobody@example.org>\nBDAT 4 LAST\nab\nRSET",
            "MAIL FROM:<a@example.net>\nRCPT TO:<b@example.org>\nBDAT 0 LAST\nBDAT x",
        ],
        &expect![[r#"
            C: MAIL FROM:<a@example.net>
            C: RCPT TO:<b@example.org>
            C: BDAT 7
            C: Hello
            C: BDAT 2 LAST
            C: 
            ? mail <a@example.net>
            ? recipient <b@example.org>
            S: 250 2.1.0 the reverse-path is ok
            S: 250 2.1.5 the forward-path is ok
            S: 250 2.0.0 7 octets received
            --
            ? message for 1: "Hello\r\n\r\n"
            S: 250 2.0.0 queued as 1
            --
            C: BDAT 4
            C: 12
            S: 503 5.5.1 bad sequence of commands
            --
            C: MAIL FROM:<a@example.net>
            C: RCPT TO:<b@example.org>
            C: BDAT 4
            C: ab
            C: DATA
            C: RCPT TO:<c@example.org>
            C: BDAT 0 LAST
            ? mail <a@example.net>
            ? recipient <b@example.org>
            S: 250 2.1.0 the reverse-path is ok
            S: 250 2.1.5 the forward-path is ok
            S: 250 2.0.0 4 octets received
            S: 503 5.5.1 bad sequence of commands
            S: 503 5.5.1 bad sequence of commands
            --
            ? message for 1: "ab\r\n"
            S: 250 2.0.0 queued as 1
            --
            C: MAIL FROM:<a@example.net>
            C: RCPT TO:<nobody@example.org>
            C: BDAT 4 LAST
            C: ab
            C: RSET
            ? mail <a@example.net>
            ? recipient <nobody@example.org>
            S: 250 2.1.0 the reverse-path is ok
            S: 550 5.1.1 no such mailbox
            S: 554 5.5.1 no valid recipients
            S: 250 2.0.0 reset
            --
            C: MAIL FROM:<a@example.net>
            C: RCPT TO:<b@example.org>
            C: BDAT 0 LAST
            C: BDAT x
            ? mail <a@example.net>
            ? recipient <b@example.org>
            S: 250 2.1.0 the reverse-path is ok
            S: 250 2.1.5 the forward-path is ok
            --
            ? message for 1: ""
            S: 250 2.0.0 queued as 1
            S: 501 5.5.4 syntax error in the arguments
            --
        "#]],
    );
}

#[test]
fn chunks_too_large() {
    let large = "x".repeat(10_001);
    let read = format!("MAIL FROM:<>\nRCPT TO:<b@example.org>\nBDAT 10003\n{large}\nBDAT 4 LAST\nab\nNOOP");
    let said = converse(settings(), &["EHLO c", &read]);
    let replies: Vec<&str> = said.lines().filter(|line| line.starts_with("S: ")).skip(10).collect();
    expect![[r#"
        S: 250 2.1.0 the reverse-path is ok
        S: 250 2.1.5 the forward-path is ok
        S: 552 5.3.4 the message is larger than this server takes
        S: 503 5.5.1 bad sequence of commands
        S: 250 2.0.0 ok"#]]
    .assert_eq(&replies.join("\n"));
}

#[test]
fn data_too_large() {
    let large = format!("{}\n.\nNOOP", "x".repeat(10_001));
    let said = converse(settings(), &["EHLO c", "MAIL FROM:<>\nRCPT TO:<b@example.org>\nDATA", &large]);
    let replies: Vec<&str> = said.lines().filter(|line| line.starts_with("S: ")).skip(10).collect();
    expect![[r#"
        S: 250 2.1.0 the reverse-path is ok
        S: 250 2.1.5 the forward-path is ok
        S: 354 go on, and end with CRLF . CRLF
        S: 552 5.3.4 the message is larger than this server takes
        S: 250 2.0.0 ok"#]]
    .assert_eq(&replies.join("\n"));
}

#[test]
fn starttls_forgets_what_was_said() {
    check(
        &[
            "MAIL FROM:<a@example.net>\nSTARTTLS\nRSET\nEHLO injected",
            "MAIL FROM:<a@example.net>",
            "EHLO c",
            "STARTTLS",
        ],
        &expect![[r#"
            C: MAIL FROM:<a@example.net>
            C: STARTTLS
            C: RSET
            C: EHLO injected
            ? mail <a@example.net>
            S: 250 2.1.0 the reverse-path is ok
            S: 220 2.0.0 ready for the handshake
            --
            * handshake
            C: MAIL FROM:<a@example.net>
            S: 503 5.5.1 EHLO comes first
            --
            C: EHLO c
            ? hello c
            S: 250-mx.example.org
            S: 250-…
            S: 250 REQUIRETLS
            --
            C: STARTTLS
            S: 503 5.5.1 TLS runs already
            --
        "#]],
    );
}

#[test]
fn long_lines_do_not_lose_the_place() {
    let long = format!("NOOP {}\nNOOP", "x".repeat(2100));
    let longer = format!("AUTH PLAIN {}\nNOOP", "A".repeat(13_000));
    let said = converse(
        Settings { auth: AuthOffer::Always, ..settings() },
        &["EHLO c", &long, &longer, "AUTH LOGIN", &"A".repeat(20_000)],
    );
    let replies: Vec<&str> = said.lines().filter(|line| line.starts_with("S: ")).skip(11).collect();
    expect![[r#"
        S: 500 5.5.2 the line is too long
        S: 250 2.0.0 ok
        S: 500 5.5.2 the line is too long
        S: 250 2.0.0 ok
        S: 334 VXNlcm5hbWU6
        S: 500 5.5.6 the line of the exchange is too long"#]]
    .assert_eq(&replies.join("\n"));
}

#[test]
fn the_transcript_keeps_no_secret() {
    let now = Instant::now();
    let mut session = Session::under_tls(Arc::new(Settings { auth: AuthOffer::Always, ..settings() }), now);
    let mut said = String::new();
    drain(&mut session, now, &mut said);
    let words = "EHLO c\r\nAUTH LOGIN YQ==\r\nc2VjcmV0\r\nAUTHPLAIN AGEAc2VjcmV0\r\nMAIL FROM:<>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nsecret\r\n.\r\n";
    session.receive(words.as_bytes(), now + Duration::from_millis(5));
    drain(&mut session, now, &mut said);
    let lines: Vec<String> = session
        .take_transcript()
        .lines
        .iter()
        .map(|line| format!("{:?} {:?}: {}", line.after, line.speaker, line.text))
        .collect();
    expect![[r#"
        0ns Server: 220 mx.example.org ESMTP Tegami
        5ms Client: EHLO c
        5ms Server: 250-mx.example.org
        5ms Server: 250-PIPELINING
        5ms Server: 250-SIZE 10000
        5ms Server: 250-8BITMIME
        5ms Server: 250-SMTPUTF8
        5ms Server: 250-ENHANCEDSTATUSCODES
        5ms Server: 250-CHUNKING
        5ms Server: 250-DSN
        5ms Server: 250-AUTH PLAIN LOGIN
        5ms Server: 250 REQUIRETLS
        5ms Client: AUTH LOGIN ***
        5ms Server: 334 UGFzc3dvcmQ6
        5ms Client: ***
        5ms Server: 235 2.7.0 authenticated
        5ms Client: AUTH ***
        5ms Server: 500 5.5.2 unknown command
        5ms Client: MAIL FROM:<>
        5ms Server: 250 2.1.0 the reverse-path is ok
        5ms Client: RCPT TO:<b@example.org>
        5ms Server: 250 2.1.5 the forward-path is ok
        5ms Client: DATA
        5ms Server: 354 go on, and end with CRLF . CRLF
        5ms Client: (8 octets)
        5ms Server: 250 2.0.0 queued as 1"#]]
    .assert_eq(&lines.join("\n"));
    assert!(session.transcript().lines.is_empty());
    assert_eq!(session.facts().user.as_deref(), Some("a"));
    assert_eq!(session.facts().protocol(false), "ESMTPSA");
}

#[test]
fn secrets_that_do_not_wait_for_the_refusal_of_auth_are_no_evidence() {
    let now = Instant::now();
    let mut session = Session::new(Arc::new(settings()), now);
    let mut said = String::new();
    drain(&mut session, now, &mut said);
    session.receive(b"EHLO c\r\nAUTH LOGIN\r\nYQ==\r\nc2VjcmV0\r\nNOOP\r\nWHAT\r\n", now);
    drain(&mut session, now, &mut said);
    let transcript = session.take_transcript();
    let lines: Vec<&str> = transcript
        .lines
        .iter()
        .filter(|line| line.speaker == Speaker::Client)
        .map(|line| line.text.as_str())
        .collect();
    assert_eq!(lines, ["EHLO c", "AUTH LOGIN ***", "***", "***", "NOOP", "WHAT"]);
}

#[test]
fn commands_without_a_message_come_to_an_end_and_so_does_the_transcript() {
    let now = Instant::now();
    let mut session = Session::new(Arc::new(settings()), now);
    let mut said = String::new();
    drain(&mut session, now, &mut said);
    let noop = format!("NOOP {}\r\n", "x".repeat(2000));
    for _ in 0..5000 {
        session.receive(noop.as_bytes(), now);
        drain(&mut session, now, &mut said);
    }
    let replies = said.lines().filter(|line| line.starts_with("S: 250 ")).count();
    assert_eq!(replies, settings().max_recipients + 1000);
    assert!(said.contains("S: 421 4.7.0 mx.example.org too many commands without a message"));
    let octets: usize = session.transcript().lines.iter().map(|line| line.text.len()).sum();
    assert!((1..=64 * 1024).contains(&octets), "{octets}");
}

#[test]
fn silence_ends_the_session() {
    let start = Instant::now();
    let mut session = Session::new(Arc::new(settings()), start);
    let mut wake = start;
    let mut said = String::new();
    loop {
        match session.next() {
            Some(Action::WakeAt(at)) => wake = at,
            Some(Action::Ask(question)) => session.answer(policy(&question)),
            Some(Action::Send(octets)) => {
                said.push_str(&String::from_utf8_lossy(&octets).replace("\r\n", "\n"))
            }
            Some(Action::Close) => break,
            Some(Action::StartTls) => unreachable!("nobody asked for it"),
            None => session.timeout(wake),
        }
    }
    // The question of the connection was answered at an unknown moment: the client has its whole time from then on.
    assert_eq!(wake - start, Duration::from_secs(600));
    expect![[r#"
        220 mx.example.org ESMTP Tegami
        421 4.4.2 mx.example.org silent for too long
    "#]]
    .assert_eq(&said);
}

#[test]
fn a_session_has_its_time() {
    let start = Instant::now();
    let mut session = Session::new(Arc::new(settings()), start);
    let mut said = String::new();
    drain(&mut session, start, &mut said);
    for minute in 0..70 {
        let now = start + Duration::from_secs(60 * minute);
        session.receive(b"NOOP\r\n", now);
        session.timeout(now);
        drain(&mut session, now, &mut said);
    }
    assert!(said.contains("421 4.4.2 mx.example.org the session takes too long\n--\n* close"));
    assert_eq!(said.matches("250 2.0.0").count(), 61);
}

#[test]
fn early_talkers_are_noticed_and_refused_clients_may_only_quit() {
    let now = Instant::now();
    let mut session = Session::new(Arc::new(settings()), now);
    session.receive(b"EHLO c\r\nQUIT\r\n", now);
    assert!(session.facts().early_talker);
    while !matches!(session.next(), Some(Action::Ask(Question::Connect))) {}
    session.answer(Answer::Refuse(Reply::plain(554, "no")));
    let mut said = String::new();
    drain(&mut session, now, &mut said);
    expect![[r#"
        S: 554 no
        S: 503 5.5.1 bad sequence of commands
        S: 221 2.0.0 goodbye
        --
        * close
    "#]]
    .assert_eq(&said);
}

proptest! {
    #[test]
    fn noise_never_panics(reads in prop::collection::vec(noise(), 0..12), tls in any::<bool>()) {
        let now = Instant::now();
        let begin = if tls { Session::under_tls } else { Session::new };
        let mut session = begin(Arc::new(Settings { auth: AuthOffer::Always, ..settings() }), now);
        let mut said = String::new();
        drain(&mut session, now, &mut said);
        for read in reads {
            session.receive(&read, now);
            drain(&mut session, now, &mut said);
        }
        session.timeout(now + Duration::from_secs(10_000));
        drain(&mut session, now, &mut said);
    }

    /// How the network cuts the octets changes nothing but the grouping of replies.
    #[test]
    fn reads_may_be_cut_anywhere(reads in prop::collection::vec(noise(), 0..12), step in 1_usize..40) {
        let whole = reads.concat();
        let run = |step: usize| {
            let now = Instant::now();
            let mut session = Session::new(Arc::new(settings()), now);
            let mut said = String::new();
            drain(&mut session, now, &mut said);
            for part in whole.chunks(step) {
                session.receive(part, now);
                drain(&mut session, now, &mut said);
            }
            // What is discarded behind STARTTLS depends on the cut, and it should.
            let said = said.split("* handshake").next().unwrap_or_default().to_owned();
            let lines = |mark: &str| said.lines().filter(|line| line.starts_with(mark)).map(str::to_owned).collect::<Vec<_>>();
            (lines("S"), lines("?"), lines("*"))
        };
        prop_assert_eq!(run(step), run(whole.len().max(1)));
    }
}

/// Commands, pieces of commands, and octets.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "EHLO c\r\n",
        "HELO c\r\n",
        "MAIL FROM:<a@example.net>\r\n",
        "MAIL FROM:<> BODY=8BITMIME SMTPUTF8 SIZE=9\r\n",
        "RCPT TO:<b@example.org>\r\n",
        "RCPT TO:<nobody@example.org> NOTIFY=NEVER\r\n",
        "DATA\r\n",
        "\r\n.\r\n",
        ".\r\n",
        "..x\r\n",
        "BDAT 5\r\n",
        "BDAT 3 LAST\r\n",
        "abc",
        "RSET\r\n",
        "AUTH PLAIN\r\n",
        "AUTH LOGIN YQ==\r\n",
        "*\r\n",
        "YQ==\r\n",
        "STARTTLS\r\n",
        "QUIT\r\n",
        "\r",
        "\n",
        "\0",
        "NOOP\n",
    ];
    prop_oneof![
        8 => prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..30),
    ]
}
