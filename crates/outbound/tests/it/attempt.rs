//! Hosts that fail, refuse and take.

use std::time::Duration;

use expect_test::{Expect, expect};
use tegami_outbound::{AttemptRecord, Settings};

use crate::peer::Script;
use crate::world::{story, world};

/// Three hosts; servers run on as many of their addresses as there are scripts.
const ZONE: &str = "example.test. MX 5 mx1.example.test.
    example.test. MX 10 mx2.example.test.
    example.test. MX 20 mx3.example.test.
    mx1.example.test. A 127.0.0.2
    mx2.example.test. A 127.0.0.3
    mx3.example.test. A 127.0.0.4";

async fn check(scripts: Vec<Script>, recipients: &[&str], expected: Expect) {
    check_with(scripts, |_| {}, recipients, expected).await;
}

async fn check_with(
    scripts: Vec<Script>,
    change: impl FnOnce(&mut Settings),
    recipients: &[&str],
    expected: Expect,
) {
    let world = world(ZONE, scripts, change).await;
    let report = world.send(recipients).await;
    assert_eq!(report.recipients.len(), recipients.len());
    let json = serde_json::to_value(&report.record).unwrap();
    assert_eq!(serde_json::from_value::<AttemptRecord>(json).unwrap(), report.record);
    expected.assert_eq(&story(&report));
}

/// The first host answers one command otherwise, the second takes everything; all stories together.
async fn check_replies(replies: &[(&'static str, &'static str)], expected: Expect) {
    let mut stories = String::new();
    for (command, reply) in replies {
        let world = world(ZONE, vec![Script::answering(command, reply), Script::default()], |_| {}).await;
        stories.push_str(&format!("{command}\n{}", story(&world.send(&["b@example.test"]).await)));
    }
    expected.assert_eq(&stories);
}

#[tokio::test]
async fn the_first_host_takes_it() {
    let world = world(ZONE, vec![Script::default(), Script::default()], |_| {}).await;
    let report = world.send(&["b@example.test", "c@example.test"]).await;
    expect![[r#"
        mx1.example.test 5 127.0.0.2
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
        c@example.test delivered 250 2.0.0 taken [mx1.example.test]
    "#]]
    .assert_eq(&story(&report));
    assert!(report.recipients[0].peer.as_ref().is_some_and(|peer| peer.source.is_some() && !peer.dsn));
    expect![[r#"
        (connection)
        EHLO sender.example.org
        MAIL FROM:<a@example.org>
        RCPT TO:<b@example.test>
        RCPT TO:<c@example.test>
        DATA
        | From: a@example.org
        | Subject: hello
        | 
        | hello
        | ..dot
        (took) RCPT TO:<b@example.test> RCPT TO:<c@example.test>"#]]
    .assert_eq(&world.seen[0].lines().join("\n"));
    assert!(world.seen[1].lines().is_empty());
}

#[tokio::test]
async fn dead_first_host() {
    let world = world(
        "example.test. MX 5 dead.example.test.\nexample.test. MX 10 mx1.example.test.\ndead.example.test. A 127.0.0.9\nmx1.example.test. A 127.0.0.2",
        vec![Script::default()],
        |_| {},
    )
    .await;
    expect![[r#"
        dead.example.test 5 127.0.0.9 Connect outbound-connect-refused
        mx1.example.test 10 127.0.0.2
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
    "#]]
    .assert_eq(&story(&world.send(&["b@example.test"]).await));
    // The dead host is remembered for a while, and comes last.
    expect![[r#"
        mx1.example.test 10 127.0.0.2
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
    "#]]
    .assert_eq(&story(&world.send(&["b@example.test"]).await));
}

#[tokio::test]
async fn nobody_answers() {
    let world = world("example.test. A 127.0.0.9", vec![Script::default()], |_| {}).await;
    expect![[r#"
        example.test 127.0.0.9 Connect outbound-connect-refused
        b@example.test failed Transient Connect 4.4.1 outbound-connect-refused [example.test]
    "#]]
    .assert_eq(&story(&world.send(&["b@example.test"]).await));
}

#[tokio::test]
async fn transient_refusals_go_to_the_next_host() {
    let replies = [("RCPT", "451 4.7.1 later"), ("MAIL", "450 4.2.0 later"), ("DATA", "451 4.3.0 later")];
    check_replies(
        &replies,
        expect![[r#"
            RCPT
            mx1.example.test 5 127.0.0.2
              b@example.test Recipient 451 4.7.1 later
            mx2.example.test 10 127.0.0.3
            b@example.test delivered 250 2.0.0 taken [mx2.example.test]
            MAIL
            mx1.example.test 5 127.0.0.2
              b@example.test Mail 450 4.2.0 later
            mx2.example.test 10 127.0.0.3
            b@example.test delivered 250 2.0.0 taken [mx2.example.test]
            DATA
            mx1.example.test 5 127.0.0.2
              b@example.test Data 451 4.3.0 later
            mx2.example.test 10 127.0.0.3
            b@example.test delivered 250 2.0.0 taken [mx2.example.test]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn every_host_refuses_for_now() {
    let scripts = vec![
        Script::answering("RCPT", "451 4.7.1 first"),
        Script::answering("RCPT", "451 4.7.1 second"),
        Script::answering("RCPT", "451 4.7.1 third"),
    ];
    check(
        scripts,
        &["b@example.test"],
        expect![[r#"
            mx1.example.test 5 127.0.0.2
              b@example.test Recipient 451 4.7.1 first
            mx2.example.test 10 127.0.0.3
              b@example.test Recipient 451 4.7.1 second
            mx3.example.test 20 127.0.0.4
              b@example.test Recipient 451 4.7.1 third
            b@example.test failed Transient Recipient 4.7.1 outbound-refused [mx3.example.test]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn permanent_refusals_ask_nobody_else() {
    let replies = [("RCPT", "550 5.1.1 nobody"), ("MAIL", "550 5.7.1 not you"), ("DATA", "554 5.6.0 no")];
    check_replies(
        &replies,
        expect![[r#"
            RCPT
            mx1.example.test 5 127.0.0.2
              b@example.test Recipient 550 5.1.1 nobody
            b@example.test failed Permanent Recipient 5.1.1 outbound-refused [mx1.example.test]
            MAIL
            mx1.example.test 5 127.0.0.2
              b@example.test Mail 550 5.7.1 not you
            b@example.test failed Permanent Mail 5.7.1 outbound-refused [mx1.example.test]
            DATA
            mx1.example.test 5 127.0.0.2
              b@example.test Data 554 5.6.0 no
            b@example.test failed Permanent Data 5.6.0 outbound-refused [mx1.example.test]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn refusals_of_the_content() {
    let with = |reply| Script { end_of_data: Some(reply), ..Script::default() };
    check(
        vec![with("554 5.7.1 spam"), Script::default()],
        &["b@example.test"],
        expect![[r#"
            mx1.example.test 5 127.0.0.2
              b@example.test EndOfData 554 5.7.1 spam
            b@example.test failed Permanent EndOfData 5.7.1 outbound-refused [mx1.example.test]
        "#]],
    )
    .await;
    check(
        vec![with("451 4.3.0 later"), Script::default()],
        &["b@example.test"],
        expect![[r#"
            mx1.example.test 5 127.0.0.2
              b@example.test EndOfData 451 4.3.0 later
            mx2.example.test 10 127.0.0.3
            b@example.test delivered 250 2.0.0 taken [mx2.example.test]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn each_recipient_has_its_own_result() {
    let first = Script {
        replies: vec![("RCPT TO:<no", "550 5.1.1 nobody"), ("RCPT TO:<later", "451 4.7.1 later")],
        ..Script::default()
    };
    let second = Script::answering("RCPT TO:<later2", "450 4.2.1 later still");
    check(
        vec![first, second],
        &["yes@example.test", "no@example.test", "later1@example.test", "later2@example.test"],
        expect![[r#"
            mx1.example.test 5 127.0.0.2
              no@example.test Recipient 550 5.1.1 nobody
              later1@example.test Recipient 451 4.7.1 later
              later2@example.test Recipient 451 4.7.1 later
            mx2.example.test 10 127.0.0.3
              later2@example.test Recipient 450 4.2.1 later still
            mx3.example.test 20 127.0.0.4 Connect outbound-connect-refused
            yes@example.test delivered 250 2.0.0 taken [mx1.example.test]
            no@example.test failed Permanent Recipient 5.1.1 outbound-refused [mx1.example.test]
            later1@example.test delivered 250 2.0.0 taken [mx2.example.test]
            later2@example.test failed Transient Recipient 4.2.1 outbound-refused [mx2.example.test]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_greeting_that_refuses_is_the_hosts_not_the_domains() {
    let with = |greeting| Script { greeting, ..Script::default() };
    check(
        vec![with("554 go away"), Script::default()],
        &["b@example.test"],
        expect![[r#"
        mx1.example.test 5 127.0.0.2 Greeting outbound-refused-greeting
        mx2.example.test 10 127.0.0.3
        b@example.test delivered 250 2.0.0 taken [mx2.example.test]
    "#]],
    )
    .await;
    check(
        vec![with("554 go away"), with("554 5.7.1 you too"), with("550 no")],
        &["b@example.test"],
        expect![[r#"
            mx1.example.test 5 127.0.0.2 Greeting outbound-refused-greeting
            mx2.example.test 10 127.0.0.3 Greeting outbound-refused-greeting
            mx3.example.test 20 127.0.0.4 Greeting outbound-refused-greeting
            b@example.test failed Permanent Greeting 5.0.0 outbound-refused-greeting [mx3.example.test]
        "#]],
    )
    .await;
    check(
        vec![with("554 go away"), with("421 busy"), with("550 no")],
        &["b@example.test"],
        expect![[r#"
        mx1.example.test 5 127.0.0.2 Greeting outbound-refused-greeting
        mx2.example.test 10 127.0.0.3 Greeting outbound-refused-greeting
        mx3.example.test 20 127.0.0.4 Greeting outbound-refused-greeting
        b@example.test failed Transient Greeting 4.0.0 outbound-refused-greeting [mx2.example.test]
    "#]],
    )
    .await;
}

#[tokio::test]
async fn closing_421_at_any_moment() {
    check_replies(
        &["EHLO", "MAIL", "RCPT", "DATA"].map(|command| (command, "421 4.3.2 closing")),
        expect![[r#"
            EHLO
            mx1.example.test 5 127.0.0.2 Hello outbound-refused-closing
            mx2.example.test 10 127.0.0.3
            b@example.test delivered 250 2.0.0 taken [mx2.example.test]
            MAIL
            mx1.example.test 5 127.0.0.2
              b@example.test Mail 421 4.3.2 closing
            mx2.example.test 10 127.0.0.3
            b@example.test delivered 250 2.0.0 taken [mx2.example.test]
            RCPT
            mx1.example.test 5 127.0.0.2
              b@example.test Recipient 421 4.3.2 closing
            mx2.example.test 10 127.0.0.3
            b@example.test delivered 250 2.0.0 taken [mx2.example.test]
            DATA
            mx1.example.test 5 127.0.0.2
              b@example.test Data 421 4.3.2 closing
            mx2.example.test 10 127.0.0.3
            b@example.test delivered 250 2.0.0 taken [mx2.example.test]
        "#]],
    )
    .await;
    let first = Script { end_of_data: Some("421 4.3.2 closing"), ..Script::default() };
    check(
        vec![first, Script::default()],
        &["b@example.test"],
        expect![[r#"
            mx1.example.test 5 127.0.0.2
              b@example.test EndOfData 421 4.3.2 closing
            mx2.example.test 10 127.0.0.3
            b@example.test delivered 250 2.0.0 taken [mx2.example.test]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn lost_after_the_final_dot() {
    let first = Script { end_of_data: None, ..Script::default() };
    check(vec![first, Script::default()], &["b@example.test"], expect![[r#"
        mx1.example.test 5 127.0.0.2 EndOfData outbound-possibly-delivered
        b@example.test possibly delivered Transient EndOfData 4.4.2 outbound-possibly-delivered [mx1.example.test]
    "#]]).await;
}

#[tokio::test]
async fn a_refusal_stands_when_the_connection_is_lost_later() {
    let replies = vec![("RCPT TO:<no", "550 5.1.1 nobody"), ("RCPT TO:<later", "451 4.7.1 later")];
    let first = Script { replies, end_of_data: None, ..Script::default() };
    let recipients = ["yes@example.test", "no@example.test", "later@example.test"];
    check(vec![first, Script::default()], &recipients, expect![[r#"
        mx1.example.test 5 127.0.0.2 EndOfData outbound-possibly-delivered
          no@example.test Recipient 550 5.1.1 nobody
          later@example.test Recipient 451 4.7.1 later
        mx2.example.test 10 127.0.0.3
        yes@example.test possibly delivered Transient EndOfData 4.4.2 outbound-possibly-delivered [mx1.example.test]
        no@example.test failed Permanent Recipient 5.1.1 outbound-refused [mx1.example.test]
        later@example.test delivered 250 2.0.0 taken [mx2.example.test]
    "#]]).await;
}

#[tokio::test]
async fn silence() {
    let hurry = |settings: &mut Settings| {
        let short = Duration::from_millis(50);
        settings.timeouts.greeting = short;
        settings.timeouts.command = short;
        settings.timeouts.end_of_data = short;
    };
    let mute = Script { greeting: "", ..Script::default() };
    check_with(
        vec![mute, Script::default()],
        hurry,
        &["b@example.test"],
        expect![[r#"
        mx1.example.test 5 127.0.0.2 Greeting outbound-silence
        mx2.example.test 10 127.0.0.3
        b@example.test delivered 250 2.0.0 taken [mx2.example.test]
    "#]],
    )
    .await;
    let mute = Script::answering("RCPT", "");
    check_with(
        vec![mute, Script::default()],
        hurry,
        &["b@example.test"],
        expect![[r#"
        mx1.example.test 5 127.0.0.2 Recipient outbound-silence
        mx2.example.test 10 127.0.0.3
        b@example.test delivered 250 2.0.0 taken [mx2.example.test]
    "#]],
    )
    .await;
    let mute = Script { end_of_data: Some(""), ..Script::default() };
    check_with(vec![mute, Script::default()], hurry, &["b@example.test"], expect![[r#"
        mx1.example.test 5 127.0.0.2 EndOfData outbound-possibly-delivered
        b@example.test possibly delivered Transient EndOfData 4.4.2 outbound-possibly-delivered [mx1.example.test]
    "#]]).await;
}

#[tokio::test]
async fn not_smtp() {
    let web = Script { greeting: "HTTP/1.1 400 Bad Request", ..Script::default() };
    check(
        vec![web, Script::default()],
        &["b@example.test"],
        expect![[r#"
        mx1.example.test 5 127.0.0.2 Greeting outbound-not-smtp
        mx2.example.test 10 127.0.0.3
        b@example.test delivered 250 2.0.0 taken [mx2.example.test]
    "#]],
    )
    .await;
}

#[tokio::test]
async fn many_recipients_go_in_several_transactions() {
    let recipients: Vec<String> = (0..7).map(|number| format!("r{number}@example.test")).collect();
    let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    let world = world(ZONE, vec![Script::default()], |settings| settings.limits.recipients = 3).await;
    let report = world.send(&recipients).await;
    assert!(story(&report).lines().skip(1).all(|line| line.contains(" delivered ")), "{}", story(&report));
    assert_eq!((world.seen[0].count("(connection)"), world.seen[0].count("MAIL")), (1, 3));
}

#[tokio::test]
async fn too_many_recipients_for_the_server() {
    let first = Script::answering("RCPT TO:<c", "452 4.5.3 too many recipients");
    let world = world(ZONE, vec![first, Script::default()], |_| {}).await;
    expect![[r#"
        mx1.example.test 5 127.0.0.2
          c@example.test Recipient 452 4.5.3 too many recipients
          c@example.test Recipient 452 4.5.3 too many recipients
        mx2.example.test 10 127.0.0.3
        b@example.test delivered 250 2.0.0 taken [mx1.example.test]
        c@example.test delivered 250 2.0.0 taken [mx2.example.test]
    "#]]
    .assert_eq(&story(&world.send(&["b@example.test", "c@example.test"]).await));
    assert_eq!((world.seen[0].count("(connection)"), world.seen[0].count("MAIL")), (1, 2));
}

#[tokio::test]
async fn connections_are_limited() {
    let with = |greeting| Script { greeting, ..Script::default() };
    let scripts = vec![with("554 go away"), with("554 go away"), Script::default()];
    check_with(
        scripts,
        |settings| settings.limits.connections = 2,
        &["b@example.test"],
        expect![[r#"
        mx1.example.test 5 127.0.0.2 Greeting outbound-refused-greeting
        mx2.example.test 10 127.0.0.3 Greeting outbound-refused-greeting
        b@example.test failed Transient Greeting 4.0.0 outbound-refused-greeting [mx2.example.test]
    "#]],
    )
    .await;
}

#[tokio::test]
async fn the_source_address_is_ours_to_choose() {
    let world = world(ZONE, vec![Script::default()], |settings| {
        settings.source.v4 = Some("127.42.0.1".parse().unwrap());
    })
    .await;
    let report = world.send(&["b@example.test"]).await;
    assert_eq!(report.record.hosts[0].source, Some("127.42.0.1".parse().unwrap()));
}

#[tokio::test]
async fn one_message_to_several_domains() {
    let world = world(
        "one.test. A 127.0.0.2\ntwo.test. A 127.0.0.3\nthree.test. MX 0 .",
        vec![Script::default(), Script::default()],
        |_| {},
    )
    .await;
    let envelope = crate::world::envelope(&["a@one.test", "b@two.test", "c@three.test", "d@one.test"]);
    let reports = world.courier.send(&envelope, &bytes::Bytes::from_static(crate::world::CONTENT)).await;
    expect![[r#"
        one.test 127.0.0.2
        a@one.test delivered 250 2.0.0 taken [one.test]
        d@one.test delivered 250 2.0.0 taken [one.test]
        ---
        two.test 127.0.0.3
        b@two.test delivered 250 2.0.0 taken [two.test]
        ---
        c@three.test failed Permanent Destination 5.1.10 outbound-null-mx []
    "#]]
    .assert_eq(&reports.iter().map(story).collect::<Vec<_>>().join("---\n"));
}
