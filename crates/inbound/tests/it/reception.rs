//! Mail from outside: what is refused and when, and what lies in the mailbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use expect_test::{Expect, expect};
use tegami_inbound::Policy;
use tegami_store::{Fault, Options, Step};

use crate::client::Client;
use crate::house::{Door, House, LENIENT, STRICT, settings};

async fn greeted(house: &House, policy: Policy) -> (Client, Door) {
    let door = Door::open(house.reception(policy), settings()).await;
    let (mut client, _) = Client::connect(door.address).await;
    client.say("EHLO client.example.net").await;
    (client, door)
}

fn from(author: &str) -> String {
    format!("From: {author}\nTo: b@example.org\nSubject: Hello\n\nHi\n")
}

#[tokio::test]
async fn a_message_in_the_mailbox() {
    let house = House::open().await;
    let (mut client, door) = greeted(&house, STRICT).await;
    client.starttls(&door.certificate).await;
    client.say("EHLO client.example.net").await;
    let forged = "Return-Path: <forged@example.com>\nAuthentication-Results: MX.example.ORG;\n dmarc=pass header.from=bank.test\n\
                  Authentication-Results: mx.example.net; spf=pass\n";
    let reply = client
        .mail("a@example.net", &["b@example.org"], &format!("{forged}{}", from("A <a@example.net>")))
        .await;
    assert!(reply.starts_with("250 2.0.0 Ok: queued as "), "{reply}");
    expect![[r#"
        Return-Path: <a@example.net>
        Authentication-Results: mx.example.org;
        	iprev=pass (client.example.net) policy.iprev=192.0.2.1;
        	spf=pass (ip4:192.0.2.1) smtp.mailfrom=a@example.net;
        	spf=pass (a) smtp.helo=client.example.net;
        	dkim=none;
        	dmarc=pass (p=none dis=none) header.from=example.net policy.dmarc=none
        Received-SPF: pass (mx.example.org: 192.0.2.1 is permitted by example.net)
        	receiver=mx.example.org; client-ip=192.0.2.1; helo=client.example.net;
        	envelope-from="a@example.net"; identity=mailfrom;
        	mechanism="ip4:192.0.2.1"
        Received: from client.example.net (client.example.net [192.0.2.1])
        	by mx.example.org with ESMTPS id ID
        	(TLSv1.3 TLS13_AES_256_GCM_SHA384)
        	for <b@example.org>; Mon, 06 Jul 2026 09:00:00 +0000
        Authentication-Results: mx.example.net; spf=pass
        From: A <a@example.net>
        To: b@example.org
        Subject: Hello

        Hi
    "#]]
    .assert_eq(&house.mailbox("b@example.org", "INBOX").await.concat());
    assert_eq!(house.refusals().await, "");
}

#[tokio::test]
async fn recipients() {
    let house = House::open().await;
    let (mut client, _door) = greeted(&house, STRICT).await;
    let said = client
        .talk(&[
            "MAIL FROM:<>",
            "RCPT TO:<b@example.org>",
            "RCPT TO:<nobody@example.org>",
            "RCPT TO:<d@example.com>",
            "RCPT TO:<b@[192.0.2.9]>",
            "RCPT TO:<d%example.com@example.org>",
            "RCPT TO:<@example.org:d@example.com>",
            "RCPT TO:<Postmaster>",
            "RCPT TO:<POSTMASTER@example.org>",
            "RCPT TO:<c@example.org>",
        ])
        .await;
    expect![[r#"
        MAIL FROM:<>
          250 2.1.0 the reverse-path is ok
        RCPT TO:<b@example.org>
          250 2.1.5 the forward-path is ok
        RCPT TO:<nobody@example.org>
          550 5.1.1 No such mailbox here
        RCPT TO:<d@example.com>
          550 5.7.1 Relaying denied: authenticate, or write to a mailbox of ours
        RCPT TO:<b@[192.0.2.9]>
          550 5.7.1 Relaying denied: authenticate, or write to a mailbox of ours
        RCPT TO:<d%example.com@example.org>
          550 5.1.1 No such mailbox here
        RCPT TO:<@example.org:d@example.com>
          550 5.7.1 Relaying denied: authenticate, or write to a mailbox of ours
        RCPT TO:<Postmaster>
          250 2.1.5 the forward-path is ok
        RCPT TO:<POSTMASTER@example.org>
          250 2.1.5 the forward-path is ok
        RCPT TO:<c@example.org>
          250 2.1.5 the forward-path is ok
    "#]]
    .assert_eq(&said);
    expect![[r#"
        example.org nobody@example.org 550 inbound-refused-mailbox
        example.com d@example.com 550 inbound-refused-relay
         b@[192.0.2.9] 550 inbound-refused-relay
        example.org d%example.com@example.org 550 inbound-refused-mailbox
        example.com d@example.com 550 inbound-refused-relay
    "#]]
    .assert_eq(&house.refusals().await);
    let reply = client.data(&from("a@example.net")).await;
    assert!(reply.starts_with("250"), "{reply}");
    // Two of them are one mailbox.
    assert_eq!(house.mailbox("b@example.org", "INBOX").await.len(), 1);
    assert_eq!(house.mailbox("c@example.org", "INBOX").await.len(), 1);
}

#[tokio::test]
async fn transactions_do_not_mix() {
    let house = House::open().await;
    let (mut client, _door) = greeted(&house, STRICT).await;
    for between in ["RSET", "EHLO client.example.net"] {
        client.talk(&["MAIL FROM:<a@example.net>", "RCPT TO:<b@example.org>", between]).await;
        let reply = client.mail("a@example.net", &["c@example.org"], &from("a@example.net")).await;
        assert!(reply.starts_with("250"), "{reply}");
    }
    // A refused message leaves nothing behind either, and the verdict on one client name is not that on another.
    let refused = client.mail("x@reject.test", &["b@example.org"], &from("x@reject.test")).await;
    assert!(refused.starts_with("550 5.7.1"), "{refused}");
    client.talk(&["MAIL FROM:<x@nomail.test>", "EHLO other.example.net"]).await;
    let reply = client.mail("", &["c@example.org"], &from("a@example.net")).await;
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(house.mailbox("b@example.org", "INBOX").await.len(), 0);
    let mine = house.mailbox("c@example.org", "INBOX").await;
    assert_eq!(mine.len(), 3);
    assert!(mine[2].contains("from other.example.net (client.example.net [192.0.2.1])"), "{}", mine[2]);
    assert!(mine[2].contains("smtp.helo=other.example.net"), "{}", mine[2]);
}

#[tokio::test]
async fn spf_fails() {
    let house = House::open().await;
    let (mut client, _door) = greeted(&house, STRICT).await;
    let said = client
        .talk(&[
            "MAIL FROM:<x@nomail.test>",
            "RCPT TO:<b@example.org>",
            "DATA",
            "RCPT TO:<postmaster@example.org>",
        ])
        .await;
    expect![[r#"
        MAIL FROM:<x@nomail.test>
          250 2.1.0 the reverse-path is ok
        RCPT TO:<b@example.org>
          550 5.7.23 SPF of nomail.test does not permit this client to send its mail; nomail.test explained: mail from 192.0.2.1 is not ours
        DATA
          554 5.5.1 no valid recipients
        RCPT TO:<postmaster@example.org>
          250 2.1.5 the forward-path is ok
    "#]].assert_eq(&said);
    expect![[r#"
        example.org b@example.org 550 inbound-refused-spf
    "#]]
    .assert_eq(&house.refusals().await);

    let (mut client, _door) = greeted(&house, LENIENT).await;
    let reply = client.mail("x@nomail.test", &["b@example.org"], &from("x@nomail.test")).await;
    assert!(reply.starts_with("250"), "{reply}");
    assert_eq!(house.mailbox("b@example.org", "INBOX").await.len(), 0);
    assert_eq!(house.mailbox("b@example.org", "Junk").await.len(), 1);
}

/// What is said to a message whose author is `author`, and the mailbox where it lies.
async fn check_dmarc(policy: Policy, author: &str, reply: &Expect, mailbox: Option<&str>) {
    let house = House::open().await;
    let (mut client, _door) = greeted(&house, policy).await;
    let said = client.mail("a@example.net", &["b@example.org"], &from(author)).await;
    reply.assert_eq(said.split(" as ").next().unwrap());
    for name in ["INBOX", "Junk"] {
        let count = house.mailbox("b@example.org", name).await.len();
        assert_eq!(count, usize::from(mailbox == Some(name)), "{author} {name}");
    }
}

#[tokio::test]
async fn dmarc_decides() {
    check_dmarc(STRICT, "a@example.net", &expect!["250 2.0.0 Ok: queued"], Some("INBOX")).await;
    check_dmarc(STRICT, "x@reject.test", &expect!["550 5.7.1 DMARC of reject.test fails and its policy is reject: author reject.test, SPF pass for example.net, no DKIM signature"], None).await;
    check_dmarc(LENIENT, "x@reject.test", &expect!["250 2.0.0 Ok: queued"], Some("Junk")).await;
    check_dmarc(STRICT, "x@quarantine.test", &expect!["250 2.0.0 Ok: queued"], Some("Junk")).await;
    check_dmarc(
        STRICT,
        "x@broken.test",
        &expect!["451 4.4.3 The DMARC policy of broken.test cannot be found out at present, try again later"],
        None,
    )
    .await;
    // Nothing is published: nobody asked for anything.
    check_dmarc(STRICT, "x@example.com", &expect!["250 2.0.0 Ok: queued"], Some("INBOX")).await;
}

#[tokio::test]
async fn what_goes_in_a_circle_ends() {
    let house = House::open().await;
    let (mut client, _door) = greeted(&house, STRICT).await;
    for (hops, expected) in [(100, "250"), (101, "554 5.4.6")] {
        let content = format!("{}{}", "Received: x\n".repeat(hops), from("a@example.net"));
        let reply = client.mail("a@example.net", &["b@example.org"], &content).await;
        assert!(reply.starts_with(expected), "{reply}");
    }
    expect![[r#"
        example.org b@example.org 554 queue-intake-loop
    "#]]
    .assert_eq(&house.refusals().await);
}

#[tokio::test]
async fn messages_that_are_too_large() {
    let house = House::open().await;
    let (mut client, _door) = greeted(&house, STRICT).await;
    let said = client.say("MAIL FROM:<a@example.net> SIZE=10001").await;
    assert!(said.starts_with("552 5.3.4"), "{said}");
    let content = from("a@example.net") + &"x\n".repeat(5000);
    let said = client.mail("a@example.net", &["b@example.org"], &content).await;
    assert!(said.starts_with("552 5.3.4"), "{said}");
    let said = client.mail("a@example.net", &["b@example.org"], &from("a@example.net")).await;
    assert!(said.starts_with("250"), "{said}");
}

#[tokio::test]
async fn a_full_disk_takes_nothing_and_recovers() {
    let full = Arc::new(AtomicBool::new(false));
    let hook = {
        let full = full.clone();
        move |step| (step == Step::Commit && full.load(Ordering::Relaxed)).then_some(Fault::Full)
    };
    let house = House::open_with(Options { hook: Some(Arc::new(hook)), ..Options::default() }).await;
    let (mut client, _door) = greeted(&house, STRICT).await;
    full.store(true, Ordering::Relaxed);
    let said = client.mail("a@example.net", &["b@example.org"], &from("a@example.net")).await;
    assert!(said.starts_with("452 4.3.1"), "{said}");
    assert!(house.store.messages(None, 9).await.unwrap().is_empty());
    full.store(false, Ordering::Relaxed);
    let said = client.mail("a@example.net", &["b@example.org"], &from("a@example.net")).await;
    assert!(said.starts_with("250"), "{said}");
    assert_eq!(house.mailbox("b@example.org", "INBOX").await.len(), 1);
}

#[tokio::test]
async fn parameters_are_kept() {
    let house = House::open().await;
    let (mut client, door) = greeted(&house, STRICT).await;
    client.starttls(&door.certificate).await;
    client.say("EHLO client.example.net").await;
    client.say("MAIL FROM:<a@example.net> REQUIRETLS SMTPUTF8 ENVID=e1 RET=HDRS").await;
    client.say("RCPT TO:<b@example.org>").await;
    client.data(&from("かき <a@example.net>")).await;
    let message = house.store.messages(None, 1).await.unwrap().remove(0);
    let kept = message.envelope_parameters;
    assert!(kept.require_tls && kept.smtputf8);
    assert_eq!(kept.dsn.envelope_id.as_deref(), Some("e1"));
    assert!(house.content(message.id).await.contains("with UTF8SMTPS id ID"));
}
