//! FUTURERELEASE: what is offered, what is refused, and which message waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use expect_test::expect;
use tegami_proto::smtp::server::{Action, Answer, FutureRelease, Hold, Question, Session, Settings};

use crate::server::{check_with, converse, settings};

#[test]
fn a_release_in_the_future() {
    let future_release = FutureRelease::new(jiff::Timestamp::UNIX_EPOCH, Duration::from_secs(86_400));
    let reads = [
        "EHLO c",
        "MAIL FROM:<> HOLDFOR=86401",
        "MAIL FROM:<> HOLDUNTIL=1970-01-02T00:00:01Z",
        "MAIL FROM:<> HOLDFOR=1 HOLDUNTIL=1970-01-02T00:00:00Z",
        "MAIL FROM:<> HOLDUNTIL=tomorrow",
        "MAIL FROM:<> HOLDUNTIL=1970-01-02T00:00:00Z",
    ];
    check_with(
        Settings { future_release, ..settings() },
        &reads,
        &expect![[r#"
        ? connect
        S: 220 mx.example.org ESMTP Tegami
        --
        C: EHLO c
        ? hello c
        S: 250-mx.example.org
        S: 250-…
        S: 250-FUTURERELEASE 86400 1970-01-02T00:00:00Z
        S: 250 STARTTLS
        --
        C: MAIL FROM:<> HOLDFOR=86401
        S: 501 5.5.4 the release is further ahead than FUTURERELEASE allows
        --
        C: MAIL FROM:<> HOLDUNTIL=1970-01-02T00:00:01Z
        S: 501 5.5.4 the release is further ahead than FUTURERELEASE allows
        --
        C: MAIL FROM:<> HOLDFOR=1 HOLDUNTIL=1970-01-02T00:00:00Z
        S: 501 5.5.4 the parameter is not well formed or is given twice
        --
        C: MAIL FROM:<> HOLDUNTIL=tomorrow
        S: 501 5.5.4 HOLDFOR is seconds, HOLDUNTIL a date-time of RFC 3339
        --
        C: MAIL FROM:<> HOLDUNTIL=1970-01-02T00:00:00Z
        ? mail <>
        S: 250 2.1.0 the reverse-path is ok
        --
    "#]],
    );
    let refused = converse(settings(), &["EHLO c", "MAIL FROM:<> HOLDFOR=1"]);
    assert!(!refused.contains("FUTURERELEASE"), "{refused}");
    assert!(refused.ends_with("S: 555 5.5.4 unknown parameter\n--\n"), "{refused}");
}

#[test]
fn a_hold_comes_with_its_own_message_only() {
    let future_release = FutureRelease::new(jiff::Timestamp::UNIX_EPOCH, Duration::from_secs(86_400));
    let now = Instant::now();
    let mut session = Session::new(Arc::new(Settings { future_release, ..settings() }), now);
    let rest = "RCPT TO:<a@example.org>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\n";
    let lines = format!(
        "EHLO c\r\nMAIL FROM:<> HOLDFOR=9\r\nRSET\r\nMAIL FROM:<>\r\n{rest}MAIL FROM:<> HOLDFOR=60\r\n{rest}MAIL FROM:<>\r\n{rest}"
    );
    let mut holds = Vec::new();
    let mut sent = false;
    loop {
        match session.next() {
            Some(Action::Ask(question)) => {
                if let Question::Message(message) = &question {
                    holds.push(message.hold);
                }
                session.answer(Answer::Accept);
            }
            Some(_) => {}
            None if !std::mem::replace(&mut sent, true) => session.receive(lines.as_bytes(), now),
            None => break,
        }
    }
    assert_eq!(holds, [None, Some(Hold::For(Duration::from_secs(60))), None]);
}
