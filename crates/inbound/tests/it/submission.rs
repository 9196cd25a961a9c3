//! Mail of our own accounts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use expect_test::expect;
use jiff::Timestamp;
use tegami_inbound::{Listener, Service, Shutdown, serve};
use tegami_queue::TrustedNetworks;
use tegami_store::{QueueFilter, Table};

use crate::client::Client;
use crate::house::{Door, House, service, settings, submission_settings};

/// `\0b@example.org\0correct horse` and `… wrong horse`.
const RIGHT: &str = "AUTH PLAIN AGJAZXhhbXBsZS5vcmcAY29ycmVjdCBob3JzZQ==";
const WRONG: &str = "AUTH PLAIN AGJAZXhhbXBsZS5vcmcAd3JvbmcgaG9yc2U=";

const CONTENT: &str = "From: b@example.org\nTo: d@example.com\nSubject: Hello\n\nHi\n";

async fn secure(house: &House) -> (Client, Door) {
    let door = Door::open(house.submission(), submission_settings()).await;
    let (mut client, _) = Client::connect(door.address).await;
    client.say("EHLO [192.0.2.7]").await;
    client.starttls(&door.certificate).await;
    client.say("EHLO [192.0.2.7]").await;
    (client, door)
}

#[tokio::test]
async fn hosts_of_trusted_networks_need_no_auth() {
    let house = House::open().await;
    let open = async |networks: &[&str]| {
        let mut trusted = TrustedNetworks::default();
        networks.iter().for_each(|text| trusted.add(text).unwrap());
        let desk = house.submission_with(trusted.clone());
        let (service, certificate) = service(desk, submission_settings());
        Door::with(Service { trusted, ..service }, certificate).await
    };
    let door = open(&["192.0.2.0/24", "127.0.0.0/8"]).await;
    let (mut client, _) = Client::connect(door.address).await;
    let lines = [
        "EHLO c",
        "MAIL FROM:<printer@example.com>",
        "RCPT TO:<d@example.net>",
        "RCPT TO:<nobody@example.org>",
    ];
    let said = client.talk(&lines).await;
    expect![[r#"
        EHLO c
          250-mx.example.org
        250-…
        250-FUTURERELEASE 259200 2026-07-09T09:00:00Z
        250 STARTTLS
        MAIL FROM:<printer@example.com>
          250 2.1.0 the reverse-path is ok
        RCPT TO:<d@example.net>
          250 2.1.5 the forward-path is ok
        RCPT TO:<nobody@example.org>
          550 5.1.1 No such mailbox here
    "#]]
    .assert_eq(&said);
    assert!(client.data("From: printer@example.com\n\nHi\n").await.starts_with("250 2.0.0 Ok: queued as"));
    let door = open(&["192.0.2.0/24"]).await;
    let (mut client, _) = Client::connect(door.address).await;
    let said = client.talk(&["EHLO c", "MAIL FROM:<printer@example.com>"]).await;
    assert!(said.ends_with("530 5.7.0 authentication required\n"), "{said}");
}

#[tokio::test]
async fn names_below_a_domain_send_for_it_where_it_lets_them() {
    let house = House::open().await;
    house.wildcard().await;
    let door = Door::open(house.submission(), submission_settings()).await;
    let (mut client, _) = Client::connect(door.address).await;
    client.talk(&["EHLO c"]).await;
    client.starttls(&door.certificate).await;
    let said = client
        .talk(&[
            "EHLO c",
            "AUTH PLAIN AHNob3BAZXhhbXBsZS5vcmcAY29ycmVjdCBob3JzZQ==",
            "MAIL FROM:<a@sub.example.com>",
            "MAIL FROM:<a@sub.example.org>",
            "RCPT TO:<d@example.com>",
        ])
        .await;
    let said = said.split_once("250 REQUIRETLS\n").unwrap().1;
    expect![[r#"
        AUTH PLAIN AHNob3BAZXhhbXBsZS5vcmcAY29ycmVjdCBob3JzZQ==
          235 2.7.0 authenticated
        MAIL FROM:<a@sub.example.com>
          553 5.7.1 The account shop@example.org may not send as a@sub.example.com
        MAIL FROM:<a@sub.example.org>
          250 2.1.0 the reverse-path is ok
        RCPT TO:<d@example.com>
          250 2.1.5 the forward-path is ok
    "#]]
    .assert_eq(said);
    let said = client.data("From: a@sub.example.org\nTo: d@example.com\nSubject: x\n\nHi\n").await;
    assert!(said.starts_with("250 2.0.0 Ok: queued as "), "{said}");
    let queue = house.store.queue(QueueFilter::default(), None, 9).await.unwrap();
    assert_eq!(queue[0].facts.sender_domain, "example.org");
    assert!(house.content(queue[0].id.message).await.contains("d=example.org; s=s1"));
}

#[tokio::test]
async fn tls_then_auth_then_mail() {
    let house = House::open().await;
    house.password().await;
    let door = Door::open(house.submission(), submission_settings()).await;
    let (mut client, _) = Client::connect(door.address).await;
    let said = client.talk(&["EHLO c", "MAIL FROM:<b@example.org>", RIGHT]).await;
    expect![[r#"
        EHLO c
          250-mx.example.org
        250-…
        250-FUTURERELEASE 259200 2026-07-09T09:00:00Z
        250 STARTTLS
        MAIL FROM:<b@example.org>
          530 5.7.0 authentication required
        AUTH PLAIN AGJAZXhhbXBsZS5vcmcAY29ycmVjdCBob3JzZQ==
          538 5.7.11 AUTH needs TLS: send STARTTLS first
    "#]]
    .assert_eq(&said);
    client.starttls(&door.certificate).await;
    let said = client
        .talk(&[
            "EHLO c",
            "MAIL FROM:<b@example.org>",
            RIGHT,
            "MAIL FROM:<c@example.org>",
            "MAIL FROM:<b@example.org>",
            "RCPT TO:<d@example.com>",
            "RCPT TO:<nobody@example.org>",
        ])
        .await;
    expect![[r#"
        EHLO c
          250-mx.example.org
        250-…
        250-FUTURERELEASE 259200 2026-07-09T09:00:00Z
        250-AUTH PLAIN LOGIN
        250 REQUIRETLS
        MAIL FROM:<b@example.org>
          530 5.7.0 authentication required
        AUTH PLAIN AGJAZXhhbXBsZS5vcmcAY29ycmVjdCBob3JzZQ==
          235 2.7.0 authenticated
        MAIL FROM:<c@example.org>
          553 5.7.1 The account b@example.org may not send as c@example.org
        MAIL FROM:<b@example.org>
          250 2.1.0 the reverse-path is ok
        RCPT TO:<d@example.com>
          250 2.1.5 the forward-path is ok
        RCPT TO:<nobody@example.org>
          550 5.1.1 No such mailbox here
    "#]]
    .assert_eq(&said);
    let said = client.data(CONTENT).await;
    assert!(said.starts_with("250 2.0.0 Ok: queued as "), "{said}");
    let queue = house.store.queue(QueueFilter::default(), None, 9).await.unwrap();
    assert_eq!(queue.len(), 1);
    assert_eq!(queue[0].path.address.to_string(), "d@example.com");
    let content = house.content(queue[0].id.message).await;
    expect![[r#"
        Received: by mx.example.org with ESMTPSA id ID
        	(TLSv1.3 TLS13_AES_256_GCM_SHA384)
        	for <d@example.com>; Mon, 06 Jul 2026 09:00:00 +0000
    "#]]
    .assert_eq(content.split("DKIM-Signature:").next().unwrap());
    assert!(content.contains("DKIM-Signature:") && content.contains("d=example.org"), "{content}");
}

#[tokio::test]
async fn authors_belong_to_the_account() {
    let house = House::open().await;
    house.password().await;
    let (mut client, _door) = secure(&house).await;
    client.say(RIGHT).await;
    let forged = CONTENT.replace("From: b@", "From: c@");
    let said = client.mail("b@example.org", &["d@example.com"], &forged).await;
    expect!["550 5.7.1 b@example.org may not write as c@example.org"].assert_eq(&said);
    expect![[r#"
        example.org d@example.com 550 queue-intake-author-not-permitted
    "#]]
    .assert_eq(&house.refusals().await);
    assert!(house.store.queue(QueueFilter::default(), None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn guessing_becomes_slow_and_ends() {
    let house = House::open().await;
    house.password().await;
    let (mut client, door) = secure(&house).await;
    let wrong = "535 5.7.8 User name or password is wrong";
    assert_eq!(client.say(WRONG).await, wrong);
    let began = Instant::now();
    assert_eq!(client.say(WRONG).await, wrong);
    assert!(began.elapsed() >= Duration::from_millis(30));
    assert_eq!(client.say(WRONG).await, wrong);
    let banned = "421 4.7.0 Too many failed logins from your network, try again later";
    assert_eq!(client.say(RIGHT).await, banned);
    assert!(client.closed().await);
    // Another session of the same network is banned too.
    let (mut client, _) = Client::connect(door.address).await;
    client.say("EHLO c").await;
    client.starttls(&door.certificate).await;
    client.say("EHLO c").await;
    assert_eq!(client.say(RIGHT).await, banned);
    // The desk that stands in for this one after a reload forgets nothing.
    let (mut client, _door) = secure(&house).await;
    assert_eq!(client.say(RIGHT).await, banned);
    expect![[r#"
        example.org - null inbound-banned
    "#]]
    .assert_eq(&house.refusals().await);
}

#[tokio::test]
async fn an_account_that_cannot_be_read() {
    let house = House::open().await;
    let row = ("b@example.org".to_owned(), serde_json::json!("damaged"));
    house.store.put(Table::Accounts, vec![row]).await.unwrap();
    let (mut client, _door) = secure(&house).await;
    let said = client.say(RIGHT).await;
    assert!(said.starts_with("454 4.7.0"), "{said}");
}

#[tokio::test]
async fn tls_from_the_start() {
    let house = House::open().await;
    house.password().await;
    let (mut service, certificate) = service(house.submission(), submission_settings());
    service.implicit_tls = true;
    let door = Door::with(service, certificate).await;
    let stream = tokio::net::TcpStream::connect(door.address).await.unwrap();
    let mut client = Client::new(stream);
    client.handshake(&door.certificate).await;
    assert_eq!(client.reply().await, "220 mx.example.org ESMTP Tegami");
    client.say("EHLO c").await;
    assert_eq!(client.say(RIGHT).await, "235 2.7.0 authenticated");
}

#[tokio::test]
async fn a_local_program_is_known_by_the_kernel() {
    let house = House::open().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("submission");
    let socket = tokio::net::UnixListener::bind(&path).unwrap();
    let (service, _) = service(house.submission(), settings());
    let (_stop, shutdown) = Shutdown::pair();
    tokio::spawn(serve(Listener::Unix(socket), Arc::new(service), shutdown));
    let mut client = Client::unix(&path).await;
    client.say("EHLO localhost").await;
    let said = client.mail("x@example.com", &["d@example.com"], CONTENT).await;
    assert!(said.starts_with("553 5.7.1 The account uid "), "{said}");
    let said = client.mail("b@example.org", &["d@example.com"], CONTENT).await;
    assert!(said.starts_with("250"), "{said}");
    assert_eq!(house.store.queue(QueueFilter::default(), None, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_for_later() {
    let house = House::open().await;
    house.password().await;
    let (mut client, _door) = secure(&house).await;
    client.say(RIGHT).await;
    let now: Timestamp = "2026-07-06T09:00:00Z".parse().unwrap();
    // The usual time that is left to a message; it begins with the release (RFC 4865 section 5).
    let mut usual = None;
    for (parameter, seconds) in [
        ("", 0),
        (" HOLDFOR=3600", 3600),
        (" HOLDFOR=259200", 259_200),
        (" HOLDUNTIL=2026-07-06T18:30:00+09:00", 1800),
        (" HOLDUNTIL=2026-07-09T09:00:00Z", 259_200),
        (" HOLDUNTIL=2026-07-06T08:00:00Z", 0),
    ] {
        let commands = [&format!("MAIL FROM:<b@example.org>{parameter}"), "RCPT TO:<d@example.com>"];
        for command in commands {
            let said = client.say(command).await;
            assert!(said.starts_with("250"), "{command}: {said}");
        }
        let said = client.data(CONTENT).await;
        let id = said.strip_prefix("250 2.0.0 Ok: queued as ").unwrap();
        let queue = house.store.queue(QueueFilter::default(), None, 9).await.unwrap();
        let row = queue.iter().find(|row| row.id.message.to_string() == id).unwrap();
        assert_eq!(row.due.duration_since(now).as_secs(), seconds, "{parameter}");
        let left = row.expires.duration_since(row.due);
        assert_eq!(left, *usual.get_or_insert(left), "{parameter}");
    }
    for parameter in ["HOLDFOR=604801", "HOLDUNTIL=2026-07-13T09:00:01Z", "HOLDFOR=0", "HOLDFOR=1 HOLDFOR=2"]
    {
        let said = client.say(&format!("MAIL FROM:<b@example.org> {parameter}")).await;
        assert!(said.starts_with("501 5.5.4 "), "{parameter}: {said}");
    }
}

#[tokio::test]
async fn a_local_recipient_waits_too() {
    let house = House::open().await;
    house.password().await;
    let (mut client, _door) = secure(&house).await;
    client.say(RIGHT).await;
    client.say("MAIL FROM:<b@example.org> HOLDFOR=60").await;
    client.say("RCPT TO:<c@example.org>").await;
    assert!(client.data(CONTENT).await.starts_with("250"));
    assert!(house.mailbox("c@example.org", "INBOX").await.is_empty());
    assert_eq!(house.store.queue(QueueFilter::default(), None, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn reception_holds_nothing() {
    let house = House::open().await;
    let door = Door::open(house.reception(crate::house::LENIENT), settings()).await;
    let (mut client, _) = Client::connect(door.address).await;
    assert!(!client.say("EHLO client.example.net").await.contains("FUTURERELEASE"));
    let said = client.say("MAIL FROM:<a@example.net> HOLDFOR=60").await;
    assert_eq!(said, "555 5.5.4 unknown parameter");
}
