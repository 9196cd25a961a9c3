//! Routes: each order with each class of failure, and the memory of hosts that cannot be reached.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;
use tegami_mail::Host;
use tegami_outbound::{
    AttemptReport, Match, Order, Parcel, Route, Settings, Smarthost, SmarthostTls, TlsDemand,
};
use tegami_proto::smtp::server::Credentials;

use crate::peer::Script;
use crate::world::{CONTENT, World, envelope, failed, story, world};

/// The recipient's host on the first server, smarthosts on the second and third.
const ZONE: &str = "example.test. MX 5 mx.example.test.
    mx.example.test. A 127.0.0.2
    one.example.net. A 127.0.0.3
    two.example.net. A 127.0.0.4
    dead.test. MX 5 mx.dead.test.
    mx.dead.test. A 127.0.0.9
    null.test. MX 0 .
    $SERVFAIL broken.test. MX";

fn smarthost(name: &str, settings: &Settings, credentials: Option<Credentials>) -> Arc<Smarthost> {
    Arc::new(Smarthost {
        name: name.to_owned(),
        host: Host::parse(&format!("{name}.example.net")).unwrap(),
        port: settings.port,
        tls: SmarthostTls::StartTls(TlsDemand::Opportunistic),
        credentials,
        setting: format!("delivery.relays.\"{name}\""),
    })
}

async fn routed(order: Order, scripts: Vec<Script>, user: Option<&str>) -> World {
    world(ZONE, scripts, |settings| {
        let credentials =
            |name: &str| Credentials { username: name.to_owned(), password: "secret".to_owned() };
        let one = smarthost("one", settings, user.map(credentials));
        let two = smarthost("two", settings, None);
        settings.routes = vec![Route::for_all("all", order, vec![one, two])];
        settings.timeouts.greeting = Duration::from_millis(200);
    })
    .await
}

/// The ways that were taken, with what ended each, and the result.
fn ways(report: &AttemptReport) -> String {
    let mut text = String::new();
    for entry in &report.record.hosts {
        let name = entry.smarthost.as_deref().unwrap_or("direct");
        let failure = entry.failure.as_ref().map(|failure| failure.detail.id.clone());
        let refusal = entry.results.iter().find(|result| !result.reply.is_completion());
        let refusal = refusal.map(|result| format!("{:?} {}", result.stage, result.reply));
        write!(text, "{name} ({}) → ", failure.or(refusal).unwrap_or_else(|| "took it".to_owned())).unwrap();
    }
    for recipient in &report.recipients {
        let outcome = match &recipient.outcome {
            tegami_queue::RecipientOutcome::Delivered { .. } => "delivered".to_owned(),
            tegami_queue::RecipientOutcome::Failed(failure) => failed(failure),
            tegami_queue::RecipientOutcome::PossiblyDelivered(_) => "possibly delivered".to_owned(),
        };
        write!(text, "{outcome} ").unwrap();
    }
    text.trim_end().to_owned()
}

/// What goes wrong on the first way, by a word for it.
fn failures() -> Vec<(&'static str, Script)> {
    let at = Script::answering;
    let end = |reply| Script { end_of_data: Some(reply), ..Script::default() };
    vec![
        ("greeting refused", Script { greeting: "554 no", ..Script::default() }),
        ("greeting silent", Script { greeting: "", ..Script::default() }),
        ("closing", at("MAIL", "421 4.3.2 closing")),
        ("sender", at("MAIL", "550 5.1.8 sender rejected")),
        ("no mailbox", at("RCPT", "550 5.1.1 no such user")),
        ("full", at("RCPT", "452 4.2.2 mailbox full")),
        ("greylisted", at("RCPT", "450 4.2.0 greylisted, try again in 5 minutes")),
        ("blocklist", at("RCPT", "550 5.7.1 192.0.2.1 is listed at a blocklist")),
        ("rate", at("RCPT", "421 4.7.0 too many messages from your IP, rate limited")),
        ("trouble", at("RCPT", "451 4.3.0 internal error")),
        ("policy", end("550 5.7.26 unauthenticated mail is not accepted")),
        ("spam", end("554 5.7.1 this message looks like spam")),
        ("lost reply", Script { end_of_data: None, ..Script::default() }),
    ]
}

/// Of each failure, what comes of it in each order, with the orders that do the same in one line.
#[tokio::test]
async fn the_first_way_fails() {
    let mut text = String::new();
    for (word, failing) in failures() {
        writeln!(text, "{word}").unwrap();
        let mut told: Vec<(String, Vec<&str>)> = Vec::new();
        for order in Order::ALL {
            // The first way fails; the others take everything.
            let mut scripts = vec![Script::default(); 3];
            let direct_fails = matches!(order, Order::Direct | Order::DirectFirst);
            scripts[usize::from(!direct_fails)] = failing.clone();
            let world = routed(order, scripts, None).await;
            let ways = ways(&world.send(&["b@example.test"]).await);
            let delivered = world.seen.iter().map(|seen| seen.count("(took)")).sum::<usize>();
            assert!(delivered <= 1, "{word}");
            match told.iter_mut().find(|(same, _)| *same == ways) {
                Some((_, orders)) => orders.push(order.as_str()),
                None => told.push((ways, vec![order.as_str()])),
            }
        }
        for (ways, orders) in told {
            writeln!(text, "  {}: {ways}", orders.join(", ")).unwrap();
        }
    }
    expect![[r#"
        greeting refused
          direct: direct (outbound-refused-greeting) → Permanent Greeting 5.0.0 outbound-refused-greeting
          always, relay-first: one (outbound-refused-greeting) → two (took it) → delivered
          direct-first: direct (outbound-refused-greeting) → one (took it) → delivered
          development: one (outbound-refused-greeting) → Permanent Greeting 5.0.0 outbound-refused-greeting
        greeting silent
          direct: direct (outbound-silence) → Transient Greeting 4.4.2 outbound-silence
          always, relay-first: one (outbound-silence) → two (took it) → delivered
          direct-first: direct (outbound-silence) → one (took it) → delivered
          development: one (outbound-silence) → Transient Greeting 4.4.2 outbound-silence
        closing
          direct, direct-first: direct (Mail 421 4.3.2 closing) → Transient Mail 4.3.2 outbound-refused-closing
          always, relay-first: one (Mail 421 4.3.2 closing) → two (took it) → delivered
          development: one (Mail 421 4.3.2 closing) → Transient Mail 4.3.2 outbound-refused-closing
        sender
          direct, direct-first: direct (Mail 550 5.1.8 sender rejected) → Permanent Mail 5.1.8 outbound-refused
          always, relay-first: one (Mail 550 5.1.8 sender rejected) → two (took it) → delivered
          development: one (Mail 550 5.1.8 sender rejected) → Permanent Mail 5.1.8 outbound-refused
        no mailbox
          direct, direct-first: direct (Recipient 550 5.1.1 no such user) → Permanent Recipient 5.1.1 outbound-refused
          always, relay-first, development: one (Recipient 550 5.1.1 no such user) → Permanent Recipient 5.1.1 outbound-refused
        full
          direct, direct-first: direct (Recipient 452 4.2.2 mailbox full) → Transient Recipient 4.2.2 outbound-refused
          always, relay-first, development: one (Recipient 452 4.2.2 mailbox full) → Transient Recipient 4.2.2 outbound-refused
        greylisted
          direct, direct-first: direct (Recipient 450 4.2.0 greylisted, try again in 5 minutes) → Transient Recipient 4.2.0 outbound-refused
          always, relay-first, development: one (Recipient 450 4.2.0 greylisted, try again in 5 minutes) → Transient Recipient 4.2.0 outbound-refused
        blocklist
          direct: direct (Recipient 550 5.7.1 192.0.2.1 is listed at a blocklist) → Permanent Recipient 5.7.1 outbound-refused
          always, relay-first: one (Recipient 550 5.7.1 192.0.2.1 is listed at a blocklist) → two (took it) → delivered
          direct-first: direct (Recipient 550 5.7.1 192.0.2.1 is listed at a blocklist) → one (took it) → delivered
          development: one (Recipient 550 5.7.1 192.0.2.1 is listed at a blocklist) → Permanent Recipient 5.7.1 outbound-refused
        rate
          direct: direct (Recipient 421 4.7.0 too many messages from your IP, rate limited) → Transient Recipient 4.7.0 outbound-refused-closing
          always, relay-first: one (Recipient 421 4.7.0 too many messages from your IP, rate limited) → two (took it) → delivered
          direct-first: direct (Recipient 421 4.7.0 too many messages from your IP, rate limited) → one (took it) → delivered
          development: one (Recipient 421 4.7.0 too many messages from your IP, rate limited) → Transient Recipient 4.7.0 outbound-refused-closing
        trouble
          direct, direct-first: direct (Recipient 451 4.3.0 internal error) → Transient Recipient 4.3.0 outbound-refused
          always, relay-first: one (Recipient 451 4.3.0 internal error) → two (took it) → delivered
          development: one (Recipient 451 4.3.0 internal error) → Transient Recipient 4.3.0 outbound-refused
        policy
          direct: direct (EndOfData 550 5.7.26 unauthenticated mail is not accepted) → Permanent EndOfData 5.7.26 outbound-refused
          always, relay-first: one (EndOfData 550 5.7.26 unauthenticated mail is not accepted) → two (took it) → delivered
          direct-first: direct (EndOfData 550 5.7.26 unauthenticated mail is not accepted) → one (took it) → delivered
          development: one (EndOfData 550 5.7.26 unauthenticated mail is not accepted) → Permanent EndOfData 5.7.26 outbound-refused
        spam
          direct, direct-first: direct (EndOfData 554 5.7.1 this message looks like spam) → Permanent EndOfData 5.7.1 outbound-refused
          always, relay-first, development: one (EndOfData 554 5.7.1 this message looks like spam) → Permanent EndOfData 5.7.1 outbound-refused
        lost reply
          direct, direct-first: direct (outbound-possibly-delivered) → possibly delivered
          always, relay-first, development: one (outbound-possibly-delivered) → possibly delivered
    "#]]
    .assert_eq(&text);
}

#[tokio::test]
async fn from_the_relays_to_the_recipients_own_hosts() {
    let bad = || Script::answering("MAIL", "451 4.3.0 internal error");
    let world = routed(Order::RelayFirst, vec![Script::default(), bad(), bad()], None).await;
    let report = world.send(&["b@example.test"]).await;
    expect!["one (Mail 451 4.3.0 internal error) → two (Mail 451 4.3.0 internal error) → direct (took it) → delivered"].assert_eq(&ways(&report));
    let steps = |steps: &[tegami_mail::StoredNote]| {
        steps.iter().map(|step| step.id.as_str()).collect::<Vec<_>>().join(" ")
    };
    let mut text = format!("{}\n", steps(&report.record.steps));
    for turn in &report.record.turns {
        writeln!(text, "before host {}, {:?}: {}", turn.before_host, turn.way, steps(&turn.steps)).unwrap();
    }
    expect![[r#"
        outbound-route-relay-first outbound-route-smarthost outbound-host-addresses
        before host 1, Some(Smarthost): failure-system outbound-turn-smarthost outbound-route-smarthost outbound-host-addresses
        before host 2, Some(Mx): failure-system outbound-turn-direct outbound-mx-found outbound-host-addresses
    "#]].assert_eq(&text);
}

/// Domains that cannot be reached, and domains that take no mail.
#[tokio::test]
async fn by_destination() {
    let mut text = String::new();
    for order in [Order::DirectFirst, Order::RelayFirst, Order::Always, Order::Development] {
        for domain in ["dead.test", "broken.test", "null.test", "missing.test"] {
            let world = routed(order, vec![Script::default(); 3], None).await;
            let report = world.send(&[&format!("b@{domain}")]).await;
            writeln!(text, "{} {domain}: {}", order.as_str(), ways(&report)).unwrap();
        }
    }
    expect![[r#"
        direct-first dead.test: direct (outbound-connect-refused) → one (took it) → delivered
        direct-first broken.test: one (took it) → delivered
        direct-first null.test: Permanent Destination 5.1.10 outbound-null-mx
        direct-first missing.test: Permanent Destination 5.1.2 outbound-domain-does-not-exist
        relay-first dead.test: one (took it) → delivered
        relay-first broken.test: one (took it) → delivered
        relay-first null.test: one (took it) → delivered
        relay-first missing.test: one (took it) → delivered
        always dead.test: one (took it) → delivered
        always broken.test: one (took it) → delivered
        always null.test: one (took it) → delivered
        always missing.test: one (took it) → delivered
        development dead.test: one (took it) → delivered
        development broken.test: one (took it) → delivered
        development null.test: one (took it) → delivered
        development missing.test: one (took it) → delivered
    "#]]
    .assert_eq(&text);
}

#[tokio::test]
async fn a_wrong_password_names_its_setting_and_the_next_way_is_taken() {
    let mut first = Script::answering("AUTH", "535 5.7.8 wrong");
    first.ehlo.push("AUTH PLAIN");
    let world = routed(Order::Always, vec![Script::default(), first, Script::default()], Some("me")).await;
    let report = world.send(&["b@example.test"]).await;
    expect!["one (outbound-refused-login) → two (took it) → delivered"].assert_eq(&ways(&report));
    let detail = &report.record.hosts[0].failure.as_ref().unwrap().detail;
    let values: Vec<_> = detail.values().into_iter().map(|(_, value)| value.to_string()).collect();
    expect![[r#"one | delivery.relays."one" | me | 535 5.7.8 wrong"#]].assert_eq(&values.join(" | "));
}

#[tokio::test]
async fn each_recipient_for_itself() {
    let mut script = Script::answering("RCPT TO:<blocked", "550 5.7.1 192.0.2.1 is listed at a blocklist");
    script.replies.push(("RCPT TO:<nobody", "550 5.1.1 no such user"));
    script.replies.push(("RCPT TO:<full", "452 4.2.2 mailbox full"));
    let scripts = vec![script, Script::default(), Script::default()];
    let world = routed(Order::DirectFirst, scripts, None).await;
    let recipients =
        ["good@example.test", "blocked@example.test", "nobody@example.test", "full@example.test"];
    expect![[r#"
        mx.example.test 5 127.0.0.2
          blocked@example.test Recipient 550 5.7.1 192.0.2.1 is listed at a blocklist
          nobody@example.test Recipient 550 5.1.1 no such user
          full@example.test Recipient 452 4.2.2 mailbox full
        one.example.net 127.0.0.3
        good@example.test delivered 250 2.0.0 taken [mx.example.test]
        blocked@example.test delivered 250 2.0.0 taken [one.example.net]
        nobody@example.test failed Permanent Recipient 5.1.1 outbound-refused [mx.example.test]
        full@example.test failed Transient Recipient 4.2.2 outbound-refused [mx.example.test]
    "#]]
    .assert_eq(&story(&world.send(&recipients).await));
    assert_eq!(world.seen[1].count("RCPT"), 1);
}

/// A recipient has failed for good only when every way says so.
#[tokio::test]
async fn one_way_may_be_open_again() {
    let blocked = || Script::answering("RCPT", "550 5.7.1 192.0.2.1 is listed at a blocklist");
    let mut text = String::new();
    for last in [blocked(), Script::answering("RCPT", "451 4.3.0 internal error")] {
        let world = routed(Order::DirectFirst, vec![blocked(), blocked(), last], None).await;
        writeln!(text, "{}", ways(&world.send(&["b@example.test"]).await)).unwrap();
    }
    expect![[r#"
        direct (Recipient 550 5.7.1 192.0.2.1 is listed at a blocklist) → one (Recipient 550 5.7.1 192.0.2.1 is listed at a blocklist) → two (Recipient 550 5.7.1 192.0.2.1 is listed at a blocklist) → Permanent Recipient 5.7.1 outbound-refused
        direct (Recipient 550 5.7.1 192.0.2.1 is listed at a blocklist) → one (Recipient 550 5.7.1 192.0.2.1 is listed at a blocklist) → two (Recipient 451 4.3.0 internal error) → Transient Recipient 4.3.0 outbound-refused
    "#]].assert_eq(&text);
}

#[tokio::test]
async fn a_tag_chooses() {
    let world = world(ZONE, vec![Script::default(); 3], |settings| {
        let route = |name: &str, settings: &Settings| {
            Route::for_all(name, Order::Always, vec![smarthost(name, settings, None)])
        };
        settings.routes = vec![
            Route { tags: vec!["campaign".to_owned()], ..route("one", settings) },
            Route {
                recipients: vec![Match::Domain("example.test".parse().unwrap())],
                ..route("two", settings)
            },
        ];
    })
    .await;
    let content = bytes::Bytes::from_static(CONTENT);
    let mut text = String::new();
    for tags in [vec![], vec!["campaign".to_owned()]] {
        for parcel in Parcel::all(&envelope(&["b@example.test", "b@dead.test"]), &tags, &content) {
            writeln!(text, "{tags:?} {}: {}", parcel.next_hop, ways(&world.courier.attempt(&parcel).await))
                .unwrap();
        }
    }
    expect![[r#"
        [] example.test: two (took it) → delivered
        [] dead.test: direct (outbound-connect-refused) → Transient Connect 4.4.1 outbound-connect-refused
        ["campaign"] example.test: one (took it) → delivered
        ["campaign"] dead.test: one (took it) → delivered
    "#]]
    .assert_eq(&text);
}

/// The second message does not ask a dead host again, and says so; with another way it takes that one.
#[tokio::test]
async fn dead_hosts_are_remembered() {
    let world = world(ZONE, vec![Script::default(); 3], |settings| {
        let route = Route::for_all("all", Order::DirectFirst, vec![smarthost("one", settings, None)]);
        settings.routes = vec![Route { tags: vec!["important".to_owned()], ..route }];
    })
    .await;
    let content = bytes::Bytes::from_static(CONTENT);
    let mut text = String::new();
    for tags in [vec![], vec![], vec!["important".to_owned()]] {
        for parcel in Parcel::all(&envelope(&["b@dead.test"]), &tags, &content) {
            let report = world.courier.attempt(&parcel).await;
            let steps: Vec<_> = report.record.steps.iter().map(|step| step.id.as_str()).collect();
            writeln!(text, "{}\n  {}", ways(&report), steps.join(" ")).unwrap();
        }
    }
    expect![[r#"
        direct (outbound-connect-refused) → Transient Connect 4.4.1 outbound-connect-refused
          outbound-mx-found outbound-host-addresses
        Transient Connect 4.4.1 outbound-all-rest
          outbound-mx-found outbound-host-addresses outbound-host-rests outbound-connect-refused
        one (took it) → delivered
          outbound-route-direct-first outbound-mx-found outbound-host-addresses outbound-host-rests outbound-connect-refused
    "#]].assert_eq(&text);
    let parcel = Parcel::all(&envelope(&["b@dead.test"]), &[], &content).remove(0);
    let preview = world.courier.preview(&parcel.envelope, &parcel.next_hop, &[]).await;
    let way = &preview.ways[0];
    let remembered = way.remembered(way.addresses().next().unwrap()).unwrap();
    assert_eq!((remembered.failures, remembered.why.id.as_str()), (1, "outbound-connect-refused"));
}
