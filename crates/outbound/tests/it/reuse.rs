//! Sessions that carry more than one message.

use std::time::Duration;

use expect_test::expect;

use crate::peer::Script;
use crate::world::{story, world};

const ZONE: &str = "example.test. MX 5 mx1.example.test.\nmx1.example.test. A 127.0.0.2";

#[tokio::test]
async fn a_second_message_takes_the_open_session() {
    let world =
        world(ZONE, vec![Script::default()], |settings| settings.limits.idle = Duration::from_secs(60)).await;
    let first = world.send(&["b@example.test"]).await;
    let second = world.send(&["c@example.test"]).await;
    expect![[r#"
        mx1.example.test 5 127.0.0.2
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
        mx1.example.test 5 127.0.0.2 reused
        c@example.test delivered 250 2.0.0 taken [mx1.example.test]
    "#]]
    .assert_eq(&(story(&first) + &story(&second)));
    assert_eq!((world.seen[0].count("(connection)"), world.seen[0].count("MAIL")), (1, 2));
    let said: Vec<_> =
        second.record.hosts[0].transcript.lines.iter().map(|line| line.text.as_str()).collect();
    expect![[r#"
        MAIL FROM:<a@example.org>
        RCPT TO:<c@example.test>
        DATA
        250 ok
        250 ok
        354 go on
        (52 octets)
        250 2.0.0 taken"#]]
    .assert_eq(&said.join("\n"));
}

#[tokio::test]
async fn a_session_that_died_meanwhile_is_made_anew() {
    let script = Script { messages: 1, ..Script::default() };
    let world = world(ZONE, vec![script], |settings| settings.limits.idle = Duration::from_secs(60)).await;
    let stories = [world.send(&["b@example.test"]).await, world.send(&["c@example.test"]).await];
    expect![[r#"
        mx1.example.test 5 127.0.0.2
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
        mx1.example.test 5 127.0.0.2
        c@example.test delivered 250 2.0.0 taken [mx1.example.test]
    "#]]
    .assert_eq(&(story(&stories[0]) + &story(&stories[1])));
    assert_eq!((world.seen[0].count("(connection)"), world.seen[0].count("| Subject")), (2, 2));
}

#[tokio::test]
async fn closing_says_quit() {
    let world =
        world(ZONE, vec![Script::default()], |settings| settings.limits.idle = Duration::from_secs(60)).await;
    world.send(&["b@example.test"]).await;
    assert_eq!(world.seen[0].count("QUIT"), 0);
    world.courier.close().await;
    assert_eq!(world.seen[0].count("QUIT"), 1);
}
