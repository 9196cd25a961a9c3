//! The library, between the hosts of the lab, hosts that behave badly, and a server of ours as its smarthost.

use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use expect_test::{Expect, expect};
use tegami::{
    Address, Fault, Language, Mailer, Message, MessageBuilder, NameAddr, Outcome, PrivateKey, Reach,
    RecipientReport, SendReport, Smarthost, ZoneResolver,
};
use tegami_lab::{Authority, Internet, Sockets, Visit, World};
use tegami_queue::SystemClock;

use crate::sink::Sink;
use crate::site::{HOSTNAME, Plan, Site};

fn message(to: &[&str]) -> Message {
    let name_addr = |text: &str| NameAddr::parse(text).unwrap();
    let composed = Message::compose(&MessageBuilder {
        from: vec![name_addr("お店 <noreply@shop.test>")],
        to: to.iter().map(|text| name_addr(text)).collect(),
        subject: Some("ご注文の確認".to_owned()),
        text: Some("明日お届けします。\n".to_owned()),
        html: Some("<p>明日お届けします。</p>".to_owned()),
        ..MessageBuilder::default()
    });
    composed.unwrap()
}

/// Outcome, status and host, a line a recipient.
fn story(report: &SendReport) -> String {
    let line = |told: &RecipientReport| {
        let status = told.status.map(|status| status.to_string()).unwrap_or_default();
        let host = told.host.as_deref().unwrap_or("-");
        format!("{} {:?} {status} {host}\n", told.address, told.outcome)
    };
    report.recipients().iter().map(line).collect()
}

fn explained(report: &SendReport) -> String {
    let told = Language::ALL.map(|language| report.recipients()[0].explanation(language));
    format!("{}\n{}\n", told[0], told[1])
}

/// The lab, and a mailer that sends as its site does, signed by two keys.
struct Town {
    internet: Internet,
    mailer: Mailer,
}

impl Town {
    async fn open() -> Self {
        let keys = [PrivateKey::generate_rsa_2048().unwrap(), PrivateKey::generate_ed25519().unwrap()];
        let names = ["s1._domainkey.shop.test", "s2._domainkey.shop.test"].map(str::to_owned);
        let world = World::new(names.into_iter().zip(keys.iter().map(PrivateKey::dns_record)).collect());
        let (authority, sockets) = (Authority::new().unwrap(), Sockets::bind().await.unwrap());
        let wait = Duration::from_secs(3600);
        let (internet, _) =
            Internet::start(&world, sockets, &authority, Arc::new(SystemClock), wait).await.unwrap();
        let mailer = Mailer::builder(World::SITE.name)
            .dkim("shop.test", "s1", keys[0].to_pem().unwrap())
            .dkim("shop.test", "s2", keys[1].to_pem().unwrap())
            .dns(Arc::clone(&internet.resolver))
            .trust(authority.pem())
            .source(IpAddr::V4(World::SITE.ip))
            .port(internet.smtp_port)
            .reach(Reach::Loopback)
            .build();
        Self { internet, mailer: mailer.unwrap() }
    }

    async fn send(&self, to: &[&str]) -> SendReport {
        self.mailer.send(&message(to)).await.unwrap()
    }

    /// What the receivers made of it.
    fn visits(&self) -> Vec<Visit> {
        self.internet.ledger.visits()
    }
}

#[tokio::test]
async fn signed_and_delivered_over_tls() {
    let town = Town::open().await;
    let report = town.send(&["hanako@bigmail.test"]).await;
    assert!(report.is_delivered(), "{}", story(&report));
    let told = &report.recipients()[0];
    assert_eq!(told.host.as_deref(), Some("mx1.bigmail.test"));
    assert!(told.tls.as_ref().unwrap().verified);
    expect![[r#"
        mx1.bigmail.test took the message: 250 2.0.0 Ok: mx1.bigmail.test has it
        mx1.bigmail.test がメールを受け取りました: 250 2.0.0 Ok: mx1.bigmail.test has it
    "#]]
    .assert_eq(&explained(&report));
    let visits = town.visits();
    let verdicts = visits[0].verdicts.as_ref().unwrap();
    let dkim = verdicts["dkim"].as_array().unwrap();
    let results: Vec<_> =
        dkim.iter().map(|dkim| format!("{} {}", dkim["selector"], dkim["result"])).collect();
    assert_eq!(results, ["\"s1\" \"pass\"", "\"s2\" \"pass\""]);
    assert_eq!((&verdicts["dmarc"]["result"], visits[0].mailbox), (&"pass".into(), Some("INBOX")));
    assert_eq!(visits[0].message_id.as_deref(), Some(report.message_id()));
    assert!(report.message_id().ends_with("@shop.test"));
}

#[tokio::test]
async fn a_second_message_takes_the_open_session() {
    let town = Town::open().await;
    let reused = |report: &SendReport| report.records()[0].hosts[0].reused;
    assert!(!reused(&town.send(&["hanako@bigmail.test"]).await));
    // A clone is the same mailer.
    let again = town.mailer.clone().send(&message(&["taro@bigmail.test"])).await.unwrap();
    assert!(again.is_delivered() && reused(&again));
    town.mailer.close().await;
    assert!(!reused(&town.send(&["hanako@bigmail.test"]).await));
}

#[tokio::test]
async fn each_recipient_has_an_answer() {
    let town = Town::open().await;
    let report = town
        .send(&[
            "nobody@bigmail.test",
            "keiko@grey.test",
            "hanako@bigmail.test",
            "anyone@nullmx.test",
            "ops@deadmx.test",
            "x@nowhere.test",
        ])
        .await;
    expect![[r#"
        nobody@bigmail.test Failed 5.1.1 mx1.bigmail.test
        keiko@grey.test Deferred 4.7.1 mx.grey.test
        hanako@bigmail.test Delivered 2.0.0 mx1.bigmail.test
        anyone@nullmx.test Failed 5.1.10 -
        ops@deadmx.test Delivered 2.0.0 mx2.deadmx.test
        x@nowhere.test Failed 5.1.2 -
    "#]]
    .assert_eq(&story(&report));
    assert_eq!(report.deferred().collect::<Vec<_>>(), [Address::parse("keiko@grey.test").unwrap()]);
    // The same message again, to those alone for whom it may help.
    let again = message(&["keiko@grey.test"]).to(report.deferred());
    assert_eq!(town.mailer.send(&again).await.unwrap().recipients().len(), 1);
}

async fn check(to: &str, explanation: Expect) {
    let town = Town::open().await;
    explanation.assert_eq(&explained(&town.send(&[to]).await));
}

#[tokio::test]
async fn an_unknown_user_is_explained() {
    check("nobody@bigmail.test", expect![[r#"
        The receiver has no mailbox with this address. Look for a spelling mistake, and take the address off your lists: sending to addresses that do not exist costs you your reputation.
        受信側に、このアドレスのメールボックスはありません。つづりを確かめ、アドレスを配信リストから外してください。存在しないアドレスへ送り続けると、送信元の評判が下がります。
    "#]]).await;
}

#[tokio::test]
async fn a_greylisting_host_is_explained() {
    check("keiko@grey.test", expect![[r#"
        The receiver turns unknown senders away for some minutes, to see whether they come back. Nobody has kept the message: send it again in 5 minutes.
        受信側は、知らない送信元をいったん断り、再送してくるかどうかを見ています。メールはどこにも保存されていません。5 分後に、もう一度送ってください。
    "#]]).await;
}

#[tokio::test]
async fn a_domain_that_takes_no_mail_is_explained() {
    check("anyone@nullmx.test", expect![[r#"
        nullmx.test publishes a null MX record: it takes no mail at all. The address is wrong, or belongs to a domain that only sends. The address's domain does not exist, or takes no mail. Look for a spelling mistake behind the @, and take the address off your lists.
        nullmx.test は null MX を公開しており、メールを一切受け取りません。アドレスが間違っているか、送信専用のドメインです。アドレスのドメインが存在しないか、メールを受け取らないドメインです。@ より後のつづりを確かめ、アドレスを配信リストから外してください。
    "#]]).await;
}

/// A host that reads the whole message and says no more.
fn vanishing() -> SocketAddr {
    let listener = TcpListener::bind("127.43.11.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(vanish(stream))));
    address
}

fn vanish(stream: TcpStream) -> std::io::Result<()> {
    let mut writer = stream.try_clone()?;
    writer.write_all(b"220 vanishing ESMTP\r\n")?;
    let mut content = false;
    for line in BufReader::new(stream).lines() {
        match line?.as_str() {
            "." => return Ok(()),
            _ if content => {}
            "DATA" => {
                content = true;
                writer.write_all(b"354 go on\r\n")?;
            }
            _ => writer.write_all(b"250 ok\r\n")?,
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_host_that_closes_after_the_content_may_have_it() {
    let address = vanishing();
    let zone = format!("example.test. MX 10 mx.example.test.\nmx.example.test. A {}\n", address.ip());
    let mailer = Mailer::builder("mail.shop.test")
        .dns(ZoneResolver::from_text(&zone).unwrap())
        .port(address.port())
        .reach(Reach::Loopback)
        .build()
        .unwrap();
    let report = mailer.send(&message(&["b@example.test"])).await.unwrap();
    assert_eq!(report.recipients()[0].outcome, Outcome::PossiblyDelivered);
    expect![[r#"
        mx.example.test got the whole message, but the connection ended before it confirmed that. It may have arrived: sending it again may bring a second copy, not sending it may bring none.
        mx.example.test へメール全体を送り終えましたが、受領の確認が来る前に接続が切れました。届いている可能性があります。もう一度送れば二通になるかもしれず、送らなければ一通も届かないかもしれません。
    "#]]
    .assert_eq(&explained(&report));
}

#[tokio::test]
async fn through_a_server_of_ours_with_a_password_over_tls() {
    let receiver = Sink::start("127.43.11.2");
    let zone = receiver.zone("receiver.test");
    let site = Site::start(&Plan { zone, port: Some(receiver.address.port()), ..Plan::default() });
    site.add_user("alice@sender.test", "correct horse");
    let certificate = std::fs::read_to_string(site.data().join("keys/self-signed.cert.pem")).unwrap();
    let through = |smarthost: Smarthost| {
        let zone = format!("{HOSTNAME}. A 127.0.0.1");
        let dns = ZoneResolver::from_text(&zone).unwrap();
        Mailer::builder("app.sender.test").dns(dns).trust(&certificate).smarthost(smarthost).build().unwrap()
    };
    let message = |text: &str| {
        Message::compose(&MessageBuilder {
            from: vec![NameAddr::parse("alice@sender.test").unwrap()],
            to: vec![NameAddr::parse("b@receiver.test").unwrap()],
            text: Some(text.to_owned()),
            ..MessageBuilder::default()
        })
        .unwrap()
    };
    let host = |port| Smarthost::new(HOSTNAME, port).login("alice@sender.test", "correct horse");
    let implicit = tegami::SmarthostTls::Implicit(tegami::TlsDemand::Verified);
    for (text, smarthost) in [
        ("by STARTTLS", host(site.submission().port())),
        ("by TLS from the start", host(site.submissions().port()).tls(implicit)),
    ] {
        let report = through(smarthost).send(&message(text)).await.unwrap();
        let told = &report.recipients()[0];
        assert!(report.is_delivered() && told.tls.as_ref().unwrap().verified, "{}", story(&report));
        assert_eq!(receiver.with_text(text).recipients, ["RCPT TO:<b@receiver.test>"]);
    }
    let wrong = Smarthost::new(HOSTNAME, site.submission().port()).login("alice@sender.test", "wrong");
    let report = through(wrong).send(&message("never")).await.unwrap();
    expect![[r#"
        b@receiver.test Deferred 5.7.8 mail.sender.test
    "#]]
    .assert_eq(&story(&report));
}

#[tokio::test]
async fn what_is_no_message_is_sent_to_nobody() {
    let mailer = Mailer::builder("mail.shop.test").dns(ZoneResolver::from_text("").unwrap()).build().unwrap();
    let error = mailer.send(&message(&["b@example.test"]).to([])).await.err().unwrap();
    assert_eq!(error.fault(), Fault::Submitter);
    expect!["the message has no recipient"].assert_eq(&error.to_string());
    expect!["メールに宛先がないため、送る相手がいません。"].assert_eq(&error.explanation(Language::Japanese));
    let envelope = message(&["b@example.test"]).envelope().clone();
    let error = mailer.send(&Message::raw(envelope, "Subject: x\r\n\r\n")).await.err().unwrap();
    expect!["the message has no From field"].assert_eq(&error.to_string());
}
