//! What intake takes, and what it makes of it.

use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;
use jiff::Timestamp;
use tegami_auth::dkim::{self, PrivateKey, Selector, Signer};
use tegami_dns::ZoneResolver;
use tegami_mail::{Body, Domain, Envelope, ReversePath};
use tegami_queue::route::NewRoute;
use tegami_queue::{AuthorRule, KeyName, Options, Permit, Reception, SecondSignature, Signatures, Trace};
use tegami_store::{MailboxDelivery, Origin, Priority};

use crate::desk::{Desk, address, start};

fn from_shop(to: &[&str]) -> Envelope {
    Envelope::new(ReversePath::Address(address("shop@shop.test")), to.iter().map(|text| address(text)))
}

#[tokio::test]
async fn what_leaves_is_signed_by_every_key_and_the_signatures_hold() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let domain = Domain::parse("shop.test").unwrap();
    let mut zone = String::new();
    let mut signers = Vec::new();
    let keys = [("rsa", PrivateKey::generate_rsa_2048()), ("ed", PrivateKey::generate_ed25519())];
    for (selector, key) in keys {
        let key = Arc::new(key.unwrap());
        let record = key.dns_record();
        let chunks: Vec<_> = record
            .as_bytes()
            .chunks(200)
            .map(|chunk| format!("\"{}\"", str::from_utf8(chunk).unwrap()))
            .collect();
        zone.push_str(&format!("{selector}._domainkey.shop.test. 60 TXT {}\n", chunks.join(" ")));
        signers.push(Signer::new(domain.clone(), Selector::parse(selector).unwrap(), key));
    }
    desk.keys.replace(signers);
    let content = "From: Shop <news@sub.shop.test>\r\nTo: a@a.test\r\nBcc: hidden@a.test\r\n\r\n日本語\r\n";
    let options = Options { author: AuthorRule::Any, ..Options::default() };
    let accepted = desk.submit_this(from_shop(&["a@a.test"]), content, options).await.unwrap();
    let kept = desk.store.content(accepted.id, None).await.unwrap();
    let resolver = ZoneResolver::from_text(&zone).unwrap();
    let verdicts = dkim::verify(&kept, &resolver, start()).await;
    let verdicts: Vec<_> = verdicts
        .iter()
        .map(|verdict| format!("{} {} {:?}", verdict.domain, verdict.selector, verdict.result))
        .collect();
    assert_eq!(verdicts, ["shop.test rsa Pass", "shop.test ed Pass"]);
    let text = String::from_utf8(kept.to_vec()).unwrap();
    assert!(!text.contains("hidden") && text.ends_with("To: a@a.test\r\n\r\n日本語\r\n"), "{text}");
    let row = desk.store.message(accepted.id).await.unwrap();
    assert_eq!((row.envelope_parameters.body, row.envelope_parameters.smtputf8), (Body::EightBitMime, false));
}

#[tokio::test]
async fn a_submitter_has_a_say_in_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let name = |domain: &str, selector: &str| KeyName {
        domain: Domain::parse(domain).unwrap(),
        selector: Selector::parse(selector).unwrap(),
    };
    let signer = |name: KeyName| {
        Signer::new(name.domain, name.selector, Arc::new(PrivateKey::generate_ed25519().unwrap()))
    };
    desk.keys.replace(
        [("shop.test", "a"), ("example.org", "b"), ("elsewhere.test", "c")]
            .map(|(domain, selector)| signer(name(domain, selector))),
    );
    let sign = async |signatures: Signatures| {
        let options = Options { signatures, author: AuthorRule::Any, ..Options::default() };
        let content = "From: shop@shop.test\r\n\r\nHello\r\n";
        let accepted = desk.submit_this(from_shop(&["a@a.test"]), content, options).await;
        let accepted = accepted.map_err(|error| error.to_string())?;
        let kept = desk.store.content(accepted.id, None).await.unwrap();
        if !String::from_utf8_lossy(&kept).contains("DKIM-Signature") {
            return Ok(Vec::new());
        }
        let verdicts = dkim::verify(&kept, &ZoneResolver::from_text("").unwrap(), start()).await;
        let names = verdicts.iter().map(|verdict| format!("{}/{}", verdict.domain, verdict.selector));
        Ok::<_, String>(names.collect::<Vec<_>>())
    };
    let second = |key, shown_as| Signatures {
        second: Some(SecondSignature { key, shown_as }),
        ..Signatures::default()
    };
    assert_eq!(sign(Signatures::default()).await.unwrap(), ["shop.test/a"]);
    let withheld = Signatures { withheld: true, ..second(name("example.org", "b"), None) };
    assert!(sign(withheld).await.unwrap().is_empty());
    assert_eq!(sign(second(name("example.org", "b"), None)).await.unwrap(), ["shop.test/a", "example.org/b"]);
    let alias = second(name("example.org", "b"), Some(name("alias.test", "x")));
    assert_eq!(sign(alias).await.unwrap(), ["shop.test/a", "alias.test/x"]);
    assert_eq!(sign(second(name("shop.test", "a"), None)).await.unwrap(), ["shop.test/a"]);
    // Nobody signs in the name of others, nor with a key that is not there.
    for (domain, selector) in [("elsewhere.test", "c"), ("example.org", "none"), ("sub.shop.test", "a")] {
        let refused = sign(second(name(domain, selector), None)).await.unwrap_err();
        assert_eq!(
            refused,
            format!("there is no DKIM key {domain}/{selector} that this account may sign with")
        );
    }
}

#[tokio::test]
async fn refused_submissions_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let try_this = async |envelope: Envelope, content: &str, options: Options| {
        let error = desk.submit_this(envelope, content, options).await.unwrap_err();
        format!("{} / HTTP {}\n", error.reply(), error.http_status())
    };
    let good = "From: shop@shop.test\r\n\r\n";
    let far: Timestamp = "2026-08-06T09:00:00Z".parse().unwrap();
    let mut text = String::new();
    text += &try_this(from_shop(&[]), good, Options::default()).await;
    text += &try_this(from_shop(&["a@a.test"]), "To: x\r\n\r\n", Options::default()).await;
    text += &try_this(from_shop(&["a@a.test"]), "From: boss@bank.test\r\n\r\n", Options::default()).await;
    text += &try_this(from_shop(&["a@a.test", "nobody@example.org"]), good, Options::default()).await;
    text +=
        &try_this(from_shop(&["a@a.test"]), good, Options { deliver_at: Some(far), ..Options::default() })
            .await;
    let many: Vec<_> = (0..1001).map(|n| format!("u{n}@a.test")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    text += &try_this(from_shop(&many), good, Options::default()).await;
    expect![[r#"
        554 5.5.1 the message has no recipient / HTTP 400
        550 5.6.0 the message has no From field / HTTP 400
        550 5.7.1 shop may not write as boss@bank.test / HTTP 403
        550 5.1.1 there is no mailbox nobody@example.org here / HTTP 400
        501 5.5.4 delivery at 2026-08-06T09:00:00Z is too far in the future / HTTP 400
        550 5.5.3 the message has 1001 recipients; at most 1000 are accepted / HTTP 400
    "#]]
    .assert_eq(&text);
    assert!(desk.store.messages(None, 10).await.unwrap().is_empty());
    assert!(desk.events().await.is_empty());
}

#[tokio::test]
async fn nobody_submits_as_somebody_else() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let shop = desk.shop().await;
    let envelope = Envelope::new(ReversePath::Address(address("boss@bank.test")), [address("a@a.test")]);
    assert_eq!(
        Permit::for_account(&shop, envelope).unwrap_err().to_string(),
        "the account shop may not send as boss@bank.test"
    );
}

#[tokio::test]
async fn local_recipients_get_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let to = ["Shop@example.org", "a@a.test", "a@a.test"];
    let accepted = desk.submit("shop@shop.test", &to).await.unwrap();
    let inbox = desk.store.mailbox(&address("shop@example.org"), "INBOX", 0, 10).await.unwrap();
    assert_eq!(inbox.len(), 1);
    let rows = desk.store.recipients(accepted.id).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.path.address.to_string()).collect::<Vec<_>>(), ["a@a.test"]);
    expect![[r#"
        Accepted Shop@example.org
        Delivered Shop@example.org 250 delivered to the mailbox
        Accepted a@a.test
    "#]]
    .assert_eq(&desk.events().await);
}

#[tokio::test]
async fn reception_puts_trace_fields_on_top() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let ip = "192.0.2.7".parse().unwrap();
    let reception = Reception {
        origin: Origin::Reception { ip },
        domain: Domain::parse("example.org").unwrap(),
        envelope: Envelope::new(ReversePath::Address(address("a@a.test")), [address("shop@example.org")]),
        content: bytes::Bytes::from_static(b"From: a@a.test\r\nSubject: Hi\r\n\r\nHello\r\n"),
        fields: b"Authentication-Results: mail.example.org; none\r\n".to_vec(),
        trace: Trace {
            helo: Some("mx.a.test".to_owned()),
            ip: Some(ip),
            protocol: "ESMTPS".to_owned(),
            ..Trace::default()
        },
        routed: Vec::new(),
        returned: Vec::new(),
        lists: Vec::new(),
        tested: None,
        author: tegami_queue::Author::default(),
        mailboxes: vec![MailboxDelivery { owner: address("shop@example.org"), mailbox: "Junk".to_owned() }],
        verdicts: Some(serde_json::json!({"score": 1})),
        events: Vec::new(),
    };
    let accepted = desk.intake.receive(reception).await.unwrap();
    let junk = desk.store.mailbox(&address("shop@example.org"), "Junk", 0, 10).await.unwrap();
    assert_eq!(junk[0].message.verdicts, Some(serde_json::json!({"score": 1})));
    let text = desk.content(accepted.id).await.replace(&accepted.id.to_string(), "ID");
    expect![[r#"
        Return-Path: <a@a.test>
        Authentication-Results: mail.example.org; none
        Received: from mx.a.test ([192.0.2.7])
        	by mail.example.org with ESMTPS id ID
        	for <shop@example.org>; Mon, 06 Jul 2026 09:00:00 +0000
        From: a@a.test
        Subject: Hi

        Hello
    "#]]
    .assert_eq(&text);
    expect!["Stored shop@example.org 250 \n"].assert_eq(&desk.events().await);
}

#[tokio::test]
async fn urgency_and_windows_are_kept_with_each_recipient() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let kept = async |fields: &str, to: &[&str], options: Options| {
        let content = format!("From: shop@shop.test\r\nTo: a@a.test\r\n{fields}\r\nHello\r\n");
        let id = desk.submit_this(from_shop(to), &content, options).await.unwrap().id;
        let text = desk.store.content(id, None).await.unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("X-Tegami-Priority"));
        let row = desk.store.recipients(id).await.unwrap().remove(0);
        let minutes = row.expires.duration_since(start()).as_secs() / 60;
        format!("{:?}, given up after {minutes} min", row.facts.priority)
    };
    let one = ["a@a.test"];
    let days = "given up after 7200 min";
    assert_eq!(kept("", &one, Options::default()).await, format!("Normal, {days}"));
    let said = "X-Tegami-Priority: transactional\r\n";
    assert_eq!(kept(said, &one, Options::default()).await, format!("Transactional, {days}"));
    assert_eq!(kept("Precedence: bulk\r\n", &one, Options::default()).await, format!("Bulk, {days}"));
    let many: Vec<String> = (0..21).map(|n| format!("r{n}@a.test")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(kept("", &many, Options::default()).await, format!("Bulk, {days}"));
    let options = Options {
        priority: Some(Priority::Transactional),
        give_up_after: Some(Duration::from_secs(600)),
        ..Options::default()
    };
    assert_eq!(kept("", &many, options).await, "Transactional, given up after 10 min");
}

#[tokio::test]
async fn our_own_mail_reaches_addresses_that_only_a_route_serves() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path());
    let route = NewRoute {
        expression: "match_recipient(\"support@example.org\") and match_header(\"subject\", \"help\")"
            .to_owned(),
        actions: vec!["forward(\"person@a.test\")".to_owned()],
        ..NewRoute::default()
    };
    desk.intake.routes().create(desk.store.as_ref(), route, start()).await.unwrap();
    let content = |subject| format!("From: shop@shop.test\r\nSubject: {subject}\r\n\r\nHello\r\n");
    let to = |addresses: &[&str]| from_shop(addresses);
    let (both, one) = (["support@example.org", "b@b.test"], ["support@example.org"]);
    let alone = desk.submit_this(to(&one), &content("help"), Options::default()).await.unwrap();
    let beside = desk.submit_this(to(&both), &content("help"), Options::default()).await.unwrap();
    let mut sent = Vec::new();
    for message in desk.store.messages(None, 10).await.unwrap() {
        for row in desk.store.recipients(message.id).await.unwrap() {
            let first = [alone.id, beside.id].contains(&message.id);
            sent.push(format!("{} {} {first}", row.path.address, message.reverse_path));
        }
    }
    sent.sort();
    let expected = [
        "b@b.test shop@shop.test true",
        "person@a.test shop@shop.test false",
        "person@a.test shop@shop.test true",
    ];
    assert_eq!(sent, expected);
    // Where no route wants it and nobody has the address, the whole message is refused, as before.
    let refused = desk.submit_this(to(&both), &content("hello"), Options::default()).await.unwrap_err();
    assert!(refused.to_string().contains("support@example.org"), "{refused}");
    assert_eq!(desk.store.messages(None, 10).await.unwrap().len(), 3);
}
