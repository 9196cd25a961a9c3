//! Mail of others that routes send on: the whole way, and back.

use std::net::IpAddr;
use std::sync::Arc;

use tegami_auth::dkim::{DkimResult, PrivateKey, Selector, Signer, sign};
use tegami_auth::dmarc::DmarcResult;
use tegami_auth::spf::SpfResult;
use tegami_mail::Domain;

use crate::hook::{Hook, Posted, get};
use crate::peer::eventually;
use crate::sink::Sink;
use crate::site::{HOSTNAME, Plan, SOURCE, Site};
use crate::wire::Wire;

/// Where the author's mail comes from.
const AUTHOR: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 43, 70, 1));

/// A site, a host that takes mail for `dest.test`, and an author who signs.
struct World {
    sink: Sink,
    site: Site,
    zone: String,
    signer: Signer,
}

impl World {
    fn start(ip: &str) -> Self {
        let sink = Sink::with(ip, |line| {
            (line.contains("nobody@dest")).then(|| "550 5.1.1 no such user here".to_owned())
        });
        let key = Arc::new(PrivateKey::generate_ed25519().unwrap());
        let zone = format!(
            "author.test. TXT \"v=spf1 ip4:127.43.70.1 -all\"\n_dmarc.author.test. TXT \"v=DMARC1; p=reject\"\n\
             s._domainkey.author.test. TXT \"{}\"\nsender.test. TXT \"v=spf1 ip4:{SOURCE} -all\"\n{}{}",
            key.dns_record(),
            sink.zone("dest.test"),
            sink.zone("author.test"),
        );
        let signer = Signer::new(Domain::parse("author.test").unwrap(), Selector::parse("s").unwrap(), key);
        let tables = "[webhooks]\nallow = \"127.0.0.0/8\"\nretry = [\"1s\", \"1s\"]\nsigning_key = \"a signing key\"\n";
        let site = Site::start(&Plan {
            zone: zone.clone(),
            port: Some(sink.address.port()),
            tables: tables.to_owned(),
            ..Plan::default()
        });
        Self { sink, site, zone, signer }
    }

    fn route(&self, priority: i64, expression: &str, actions: &[&str]) -> String {
        let priority = format!("--priority={priority}");
        let made = self.site.json(&[&["route", "add", expression], actions, &[priority.as_str()]].concat());
        made["route"]["id"].as_str().unwrap().to_owned()
    }

    /// A message of the author, signed.
    fn letter(&self, subject: &str) -> String {
        let content = format!(
            "From: Anna <anna@author.test>\r\nTo: info@sender.test\r\nSubject: {subject}\r\nMessage-ID: <{subject}@author.test>\r\n\
             Date: {}\r\n\r\nHello.\r\n",
            tegami_mail::date::write(jiff::Timestamp::now())
        );
        let signature = sign(content.as_bytes(), std::slice::from_ref(&self.signer), jiff::Timestamp::now());
        format!("{}{content}", String::from_utf8(signature.unwrap()).unwrap())
    }

    /// The last reply to the author's letter.
    fn write(&self, to: &[&str], content: &str) -> String {
        let mut wire = Wire::connect_from(AUTHOR, self.site.smtp()).unwrap();
        wire.command("EHLO mx.author.test").unwrap();
        wire.send("anna@author.test", to, content).unwrap()
    }
}

fn reply_to_bounce(site: &Site, from: &str, to: &str) -> String {
    let mut wire = Wire::connect_from(AUTHOR, site.smtp()).unwrap();
    wire.command("EHLO mx.dest.test").unwrap();
    let content = "From: MAILER-DAEMON@mx.dest.test\r\nSubject: it came back\r\n\r\nSorry.\r\n";
    wire.send(from, &[to], content).unwrap()
}

/// The next hop sees our SPF, the author's signature, and lets DMARC pass; what it sends back reaches the author.
#[test]
fn a_letter_is_sent_on_and_its_bounce_comes_back() {
    let world = World::start("127.43.70.10");
    world.route(0, "match_recipient('info@sender.test')", &["forward('other@dest.test')", "stop()"]);
    world.route(1, "catch_all()", &["forward('never@dest.test')"]);
    let letter = world.letter("first");
    let reply = world.write(&["info@sender.test"], &letter);
    assert!(reply.starts_with("250 2.0.0 Ok: queued"), "{reply}");
    let taken = world.sink.with_text("Subject: first");
    assert_eq!(taken.recipients, ["RCPT TO:<other@dest.test>"]);
    assert!(taken.text().trim_end().ends_with(letter.trim_end()), "{}", taken.text());
    let above = taken.text().replace(letter.trim_end(), "");
    assert!(above.contains("Delivered-To: info@sender.test\r\n"), "{above}");
    assert!(above.contains(&format!("by {HOSTNAME} with ESMTP")), "{above}");
    assert!(!above.contains("Return-Path"), "{above}");
    let path = taken.return_path();
    assert!(path.starts_with("SRS0=") && path.ends_with("=author.test=anna@sender.test"), "{path}");
    let verdicts = taken.verdicts(&world.zone);
    assert_eq!(verdicts.early.spf_mail_from.result, SpfResult::Pass);
    assert_eq!(verdicts.early.spf_mail_from.domain, "sender.test");
    assert_eq!(verdicts.dkim[0].result, DkimResult::Pass);
    assert_eq!(verdicts.dmarc.result, DmarcResult::Pass);

    // The bounce goes to the author, without reverse-path.
    let reply = reply_to_bounce(&world.site, "", &path);
    assert!(reply.starts_with("250"), "{reply}");
    let bounce = world.sink.with_text("it came back");
    assert_eq!(bounce.recipients, ["RCPT TO:<anna@author.test>"]);
    assert!(bounce.mail.starts_with("MAIL FROM:<>"), "{}", bounce.mail);

    // Nothing else goes that way, and nobody else's address does.
    for (from, to, code) in [
        ("spammer@author.test", path.clone(), "550 5.7.1"),
        ("", path.replacen("SRS0=", "SRS0=x", 1), "550 5.7.1"),
        ("", path.replace("anna@", "anne@"), "550 5.7.1"),
        ("", "SRS0=aaaaaaaa=AA=author.test=anna@sender.test".to_owned(), "550 5.7.1"),
        ("", "SRS1=aaaaaaaa=author.test==a=b=author.test=anna@sender.test".to_owned(), "550 5.7.1"),
        ("", path.replace("@sender.test", "@dest.test"), "550 5.7.1"),
        ("anna@author.test", "other@dest.test".to_owned(), "550 5.7.1"),
        ("anna@author.test", "info%dest.test@sender.test.dest.test".to_owned(), "550 5.7.1"),
    ] {
        let reply = reply_to_bounce(&world.site, from, &to);
        assert!(reply.starts_with(code), "{from} {to}: {reply}");
    }
    assert_eq!(world.sink.taken().len(), 2);
}

/// Mailbox and routes both, captures, several destinations, and a destination of ours.
#[test]
fn mailboxes_routes_and_captures() {
    let world = World::start("127.43.70.20");
    world.site.add_user("alice@sender.test", "correct horse");
    world.route(
        0,
        r"match_recipient('^(?P<who>[a-z]+)\+(.*)@sender.test$')",
        &[r"forward('\g<who>-\2@dest.test')"],
    );
    world.route(1, "match_recipient('alice@')", &["forward('a@dest.test, b@dest.test')"]);
    world.route(2, "match_recipient('team@')", &["forward('alice@sender.test, team@sender.test')"]);
    world.route(3, "match_header('Subject', '.*secret')", &["forward('vault@dest.test')"]);
    let recipients = |text: &str| world.sink.with_text(text).recipients.join(" ");

    assert!(world.write(&["alice@sender.test"], &world.letter("both")).starts_with("250"));
    assert_eq!(recipients("Subject: both"), "RCPT TO:<a@dest.test> RCPT TO:<b@dest.test>");
    let mail = world.site.mail("alice@sender.test", "INBOX");
    assert!(
        mail.starts_with("Return-Path: <anna@author.test>\r\n") && mail.contains("Subject: both"),
        "{mail}"
    );
    assert!(!mail.contains("Delivered-To"), "{mail}");

    assert!(world.write(&["Chris+Box7@sender.test"], &world.letter("captured")).starts_with("250"));
    assert_eq!(recipients("Subject: captured"), "RCPT TO:<chris-box7@dest.test>");

    // Over an address of ours: into its mailbox and to where its own routes lead; the way back to itself is cut.
    assert!(world.write(&["team@sender.test"], &world.letter("team")).starts_with("250"));
    assert_eq!(recipients("Subject: team"), "RCPT TO:<a@dest.test> RCPT TO:<b@dest.test>");
    eventually("the letter to the team", || {
        (world.site.count("alice@sender.test", "INBOX") == 2).then_some(())
    });

    // Whether anybody else exists depends on the subject: known after the content, and for one recipient at a time.
    assert!(world.write(&["anyone@sender.test"], &world.letter("plain")).starts_with("550 5.1.1"));
    assert!(world.write(&["anyone@sender.test"], &world.letter("very-secret")).starts_with("250"));
    assert_eq!(recipients("Subject: very-secret"), "RCPT TO:<vault@dest.test>");
    let reply = world.write(&["alice@sender.test", "anyone@sender.test"], &world.letter("x"));
    assert!(reply.starts_with("452 4.5.3"), "{reply}");

    // A letter that was here before goes no second time.
    let looped = format!("Delivered-To: chris+a@sender.test\r\n{}", world.letter("round"));
    assert!(world.write(&["chris+a@sender.test"], &looped).starts_with("554 5.4.6"), "it goes in circles");
}

/// Who wrote it is told when the destination refuses it; the answer is ours and goes straight to the author.
#[test]
fn a_refused_forward_is_told_to_the_author() {
    let world = World::start("127.43.70.30");
    world.route(0, "match_recipient('info@')", &["forward('nobody@dest.test')"]);
    assert!(world.write(&["info@sender.test"], &world.letter("lost")).starts_with("250"));
    let told = world.sink.with_text("Status: 5.1.1");
    assert_eq!(told.recipients, ["RCPT TO:<anna@author.test>"]);
    assert!(told.mail.starts_with("MAIL FROM:<>"), "{}", told.mail);
    // The next letter is tried again: nobody is suppressed for what strangers wrote.
    assert_eq!(world.site.json(&["suppression", "list"])["suppressions"], serde_json::json!([]));
    // A reverse-path that SPF denies may be anybody's: it is not told.
    let mut wire = Wire::connect(world.site.smtp()).unwrap();
    wire.command("EHLO forger.test").unwrap();
    let reply = wire.send("anna@author.test", &["info@sender.test"], &world.letter("forged")).unwrap();
    assert!(reply.starts_with("550 5.7.23"), "{reply}");
}

/// A route to an address of ours that nobody has: refused where nothing else becomes of the letter, and told to the author where it was taken.
#[test]
fn an_address_that_nobody_has_is_told() {
    let world = World::start("127.43.70.80");
    world.site.add_user("alice@sender.test", "correct horse");
    world.route(0, "match_recipient('info@')", &["forward('ghost@sender.test')"]);
    let refused = world.write(&["info@sender.test"], &world.letter("alone"));
    assert!(refused.starts_with("550 5.1.1"), "{refused}");
    let both = ["alice@sender.test", "info@sender.test"];
    assert!(world.write(&both, &world.letter("both")).starts_with("250"));
    let told = world.sink.with_text("Final-Recipient: rfc822; ghost@sender.test");
    assert_eq!(told.recipients, ["RCPT TO:<anna@author.test>"]);
    assert!(
        told.mail.starts_with("MAIL FROM:<>") && told.text().contains("Status: 5.1.1"),
        "{}",
        told.text()
    );
    assert!(world.site.mail("alice@sender.test", "INBOX").contains("Subject: both"));
    assert_eq!(world.sink.taken().len(), 1, "the letter that was refused is told by its client");
}

/// Tested before it is trusted: the steps say why, in both languages.
#[test]
fn routes_are_administered_and_tested() {
    let world = World::start("127.43.70.40");
    let first = world.route(0, "match_recipient('info@')", &["forward('other@dest.test')", "stop()"]);
    let second = world.route(1, "match_header('subject', '.*first')", &["store()"]);
    let told = world.site.tegami(&["route", "test", "info@sender.test"]).well();
    for wanted in
        ["info@sender.test", &first, "matches", "It sends the message on to other@dest.test.", "is not asked"]
    {
        assert!(told.contains(wanted), "{wanted}: {told}");
    }
    let file = world.site.path("letter.eml");
    std::fs::write(&file, world.letter("first")).unwrap();
    let file = file.to_str().unwrap();
    let tested = world.site.json(&["route", "test", file, "--to", "sales@sender.test"]);
    assert_eq!(tested["recipients"][0]["matched"], true, "{tested}");
    assert_eq!(tested["recipients"][0]["routes"][1]["id"], second.as_str(), "{tested}");
    assert_eq!(world.site.json(&["route", "test", file])["recipients"][0]["recipient"], "info@sender.test");
    // Who stands in several fields is one recipient.
    let both = world.site.path("both.eml");
    std::fs::write(
        &both,
        "From: a@a.test\nTo: a@sender.test, b@sender.test\nCc: A@sender.test, a@sender.test\n\n",
    )
    .unwrap();
    let tested = world.site.json(&["route", "test", both.to_str().unwrap()]);
    let recipients = tested["recipients"].as_array().unwrap().iter().map(|one| one["recipient"].clone());
    assert_eq!(recipients.collect::<Vec<_>>(), ["a@sender.test", "b@sender.test", "A@sender.test"]);
    let unknown = world.site.tegami(&["route", "test", "x@sender.test"]);
    assert_eq!(unknown.status, Some(1));
    assert!(unknown.output.contains("nobody has this address"), "{}", unknown.output);
    let listed = world.site.tegami(&["route", "list"]).well();
    assert!(listed.contains(&first) && listed.contains(&second), "{listed}");
    assert!(world.site.tegami(&["route", "show", &first]).well().contains("match_recipient('info@')"));
    assert_eq!(world.site.tegami(&["route", "add", "match_recipient(", "stop()"]).status, Some(2));
    // Nothing is removed where one of them is unknown.
    let unknown = world.site.tegami(&["route", "remove", &first, "none"]);
    assert!(unknown.status != Some(0) && unknown.all().contains("none"), "{}", unknown.all());
    assert_eq!(world.site.json(&["route", "list"])["routes"].as_array().unwrap().len(), 2);
    world.site.tegami(&["route", "remove", &first, &second, &first]).well();
    assert_eq!(world.site.json(&["route", "list"])["routes"], serde_json::json!([]));
    assert!(world.write(&["info@sender.test"], &world.letter("late")).starts_with("550 5.1.1"));
}

/// Whether a form is signed by the key of the configuration.
fn is_signed(posted: &Posted) -> bool {
    let [timestamp, token, signature] =
        ["timestamp", "token", "signature"].map(|name| posted.field(name).unwrap());
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"a signing key");
    let tag = aws_lc_rs::hmac::sign(&key, format!("{timestamp}{token}").as_bytes());
    let expected: String = tag.as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
    token.len() == 50 && signature == expected
}

/// Parsed, with files, raw, and stored with a notification: what an application gets.
#[test]
fn letters_are_posted() {
    let (hook, world) = (Hook::start(|_, _| 200), World::start("127.43.70.50"));
    world.route(0, "match_recipient('info@')", &[&format!("forward('{}')", hook.url("/parsed"))]);
    world.route(0, "match_recipient('raw@')", &[&format!("forward('{}')", hook.url("/raw-mime"))]);
    let notify = format!("store(notify='{}')", hook.url("/stored"));
    world.route(0, "match_recipient('keep@')", &[&notify, "stop()"]);

    assert!(world.write(&["Info@sender.test"], &world.letter("parsed")).starts_with("250"));
    let posted = hook.posted("/parsed", 1).remove(0);
    assert_eq!(posted.content_type, "application/x-www-form-urlencoded");
    assert!(is_signed(&posted));
    for (name, value) in [
        ("recipient", "Info@sender.test"),
        ("sender", "anna@author.test"),
        ("from", "Anna <anna@author.test>"),
        ("subject", "parsed"),
        ("X-Mailgun-Incoming", "Yes"),
        ("X-Envelope-From", "<anna@author.test>"),
        ("X-Originating-Ip", "[127.43.70.1]"),
    ] {
        assert_eq!(posted.field(name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(posted.field("body-plain").unwrap().trim(), "Hello.");
    assert!(posted.field("message-headers").unwrap().contains("Dkim-Signature"));

    let files = world.letter("files").replace("\r\n\r\nHello.\r\n", "\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHi\r\n--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\nPDF\r\n--b--\r\n");
    let unsigned = files.split_once("From:").map(|(_, rest)| format!("From:{rest}")).unwrap();
    assert!(world.write(&["info@sender.test"], &unsigned).starts_with("250"));
    let posted = hook.posted("/parsed", 2).remove(1);
    assert!(posted.content_type.starts_with("multipart/form-data; boundary="), "{}", posted.content_type);
    for wanted in [
        "name=\"attachment-count\"\r\n\r\n1\r\n",
        "name=\"attachment-1\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\nPDF\r\n",
    ] {
        assert!(posted.text().contains(wanted), "{wanted}: {}", posted.text());
    }

    assert!(world.write(&["raw@sender.test"], &world.letter("raw")).starts_with("250"));
    let posted = hook.posted("/raw-mime", 1).remove(0);
    assert!(is_signed(&posted));
    let whole = posted.field("body-mime").unwrap();
    assert!(whole.contains("DKIM-Signature: v=1;") && whole.contains("Hello.\r\n"), "{whole}");
    assert_eq!(posted.field("body-plain"), None);

    assert!(world.write(&["keep@sender.test"], &unsigned).starts_with("250"));
    let posted = hook.posted("/stored", 1).remove(0);
    assert!(is_signed(&posted));
    let key = world.site.json(&["key", "add", "operator"])["key"].as_str().unwrap().to_owned();
    let url = posted.field("message-url").unwrap();
    let address = world.site.addresses.http[0];
    let path = url.strip_prefix(&format!("http://{address}")).unwrap().to_owned();
    let kept = get(address, &key, &path);
    assert_eq!(kept["subject"], "files", "{kept}");
    assert_eq!(kept["attachments"][0]["name"], "a.pdf");
    let files: serde_json::Value = serde_json::from_str(&posted.field("attachments").unwrap()).unwrap();
    assert_eq!(files[0]["size"], 3);
    let events = get(address, &key, "/v3/sender.test/events?recipient=keep@sender.test&ascending=yes");
    let told: Vec<_> =
        events["items"].as_array().unwrap().iter().map(|event| event["event"].clone()).collect();
    assert_eq!(told, ["accepted", "stored"], "{events}");
    let accepted = &events["items"][0];
    assert_eq!(accepted["flags"]["is-routed"], true);
    assert_eq!(accepted["routes"][0]["expression"], "match_recipient('keep@')");
    assert_eq!(accepted["routes"][0]["match"]["recipient"], "keep@sender.test");
}

/// What does not answer well is asked again, signed anew; 406 is not; and what was given up is told.
#[test]
fn urls_that_fail_are_tried_again_and_told() {
    let status = |path: &str, before: usize| match (path, before) {
        ("/late", 0) => 500,
        ("/never", _) => 503,
        ("/no", _) => 406,
        _ => 200,
    };
    let (hook, world) = (Hook::start(status), World::start("127.43.70.60"));
    for name in ["late", "never", "no"] {
        let forward = format!("forward('{}')", hook.url(&format!("/{name}")));
        world.route(0, &format!("match_recipient('{name}@')"), &[&forward]);
        let to = format!("{name}@sender.test");
        assert!(world.write(&[&to], &world.letter(name)).starts_with("250"));
    }
    let posted = hook.posted("/late", 2);
    assert!(posted.iter().all(is_signed));
    assert_ne!(posted[0].field("token"), posted[1].field("token"));
    hook.posted("/never", 3);
    let key = world.site.json(&["key", "add", "operator"])["key"].as_str().unwrap().to_owned();
    let address = world.site.addresses.http[0];
    for (name, event, code) in [("late", "delivered", 200), ("never", "failed", 503), ("no", "failed", 406)] {
        let path = format!("/v3/sender.test/events?recipient={name}@sender.test&event={event}");
        let told = eventually(&format!("the news about {name}"), || {
            get(address, &key, &path)["items"].as_array().and_then(|items| items.first().cloned())
        });
        assert_eq!(told["delivery-status"]["code"], code, "{told}");
    }
    assert_eq!(hook.posted("/no", 1).len(), 1);
}

/// The 250 is a promise: what is cut off behind it is sent on and posted by the next process.
#[test]
fn nothing_is_lost_behind_the_promise() {
    let (hook, mut world) = (Hook::start(|_, _| 200), World::start("127.43.70.70"));
    let forward = format!("forward('other@dest.test, {}')", hook.url("/parsed"));
    world.route(0, "match_recipient('info@')", &[&forward, "store()"]);
    for number in 0..5 {
        let reply = world.write(&["info@sender.test"], &world.letter(&format!("letter-{number}-x")));
        assert!(reply.starts_with("250"), "{reply}");
        world.site.kill();
        world.site.serve();
    }
    for number in 0..5 {
        let subject = format!("letter-{number}-x");
        world.sink.with_text(&format!("Subject: {subject}"));
        eventually(&format!("the post of {subject}"), || {
            hook.posted("/parsed", 1)
                .into_iter()
                .find(|posted| posted.field("subject").as_deref() == Some(&subject))
        });
    }
}
