//! Control fields (`X-Mailgun-…`) of messages that applications hand in by SMTP, and over the socket of this machine.

use std::process::Command;

use tegami_mail::mime;

use crate::peer::run;
use crate::sink::Sink;
use crate::site::{Plan, Site, TEGAMI};
use crate::wire::Wire;

const PASSWORD: &str = "correct horse";

fn world(ip: &str) -> (Sink, Site) {
    let sink = Sink::start(ip);
    let zone = sink.zone("receiver.test");
    let site = Site::start(&Plan { zone, port: Some(sink.address.port()), ..Plan::default() });
    site.add_user("alice@sender.test", PASSWORD);
    (sink, site)
}

fn secure(site: &Site) -> Wire {
    let mut wire = Wire::tls(site.submissions()).unwrap();
    wire.command("EHLO laptop.test").unwrap();
    assert!(wire.authenticate("alice@sender.test", PASSWORD).unwrap().starts_with("235"));
    wire
}

#[test]
fn recipients_get_copies_of_their_own() {
    let (sink, site) = world("127.43.72.1");
    let content = "From: Alice <alice@sender.test>\r\nTo: %recipient%\r\nSubject: Hi %recipient.name%\r\n\
        X-Mailgun-Tag: welcome\r\nX-Mailgun-Dkim: no\r\nX-Mailgun-Variables: {\"order\": 17}\r\n\
        X-Mailgun-Recipient-Variables: {\"a@receiver.test\": {\"name\": \"A\"},\r\n \"b@receiver.test\": {\"name\": \"B\"}}\r\n\r\n\
        No. %recipient.name%";
    let to = ["a@receiver.test", "b@receiver.test"];
    let reply = secure(&site).send("alice@sender.test", &to, content).unwrap();
    assert!(reply.starts_with("250 2.0.0 Ok: queued as "), "{reply}");
    for name in ["A", "B"] {
        let taken = sink.with_text(&format!("Subject: Hi {name}"));
        let (text, parsed) = (taken.text(), mime::parse(&taken.content));
        let address = format!("{}@receiver.test", name.to_lowercase());
        assert_eq!(taken.recipients, [format!("RCPT TO:<{address}>")]);
        assert_eq!(
            (parsed.to.as_str(), parsed.text.as_deref().map(str::trim_end)),
            (&*address, Some(&*format!("No. {name}")))
        );
        assert!(
            text.contains("X-Mailgun-Tag: welcome\r\n")
                && text.contains("X-Mailgun-Variables: {\"order\":17}"),
            "{text}"
        );
        assert!(!text.contains("Recipient-Variables") && !text.contains("DKIM-Signature"), "{text}");
    }
}

#[test]
fn what_is_refused_and_what_comes_twice() {
    let (sink, site) = world("127.43.73.1");
    let to = ["friend@receiver.test"];
    let said = |fields: &str| {
        let content = format!("{fields}\r\n\r\nHello");
        secure(&site).send("alice@sender.test", &to, &content).unwrap()
    };
    let from = "From: alice@sender.test\r\n";
    for (fields, expected) in [
        ("X-Mailgun-Variables: {", "550 5.6.0 X-Mailgun-Variables is not a valid JSON object"),
        (
            "X-Mailgun-Recipient-Variables: no",
            "550 5.6.0 'recipient-variables' parameter is not a valid JSON",
        ),
        ("To: not an address", "550 5.6.0 cannot parse to address"),
        ("X-Mailgun-Template-Name: none", "550 5.6.0 template with name 'none' not found"),
    ] {
        assert_eq!(said(&format!("{from}{fields}")).trim_end(), expected);
    }
    assert_eq!(said("From: nobody at all").trim_end(), "550 5.6.0 cannot parse from address");
    let numbered = format!("{from}X-Idempotency-Key: order-17\r\nSubject: once");
    let (first, second) = (said(&numbered), said(&numbered));
    assert!(first.starts_with("250 2.0.0 Ok: queued as "), "{first}");
    assert_eq!(first, second);
    let other = said(&format!("{numbered} more"));
    assert!(
        other.starts_with("550 5.6.0 this Idempotency-Key was used before with another request"),
        "{other}"
    );
    // What is answered last is the last to leave.
    said(&format!("{from}Subject: the end"));
    sink.with_text("Subject: the end");
    sink.with_text("Subject: once");
    assert_eq!(sink.taken().len(), 2);
}

/// `sendmail`, while the server runs and while nobody serves.
#[test]
fn programs_of_this_machine() {
    let (sink, mut site) = world("127.43.74.1");
    let send = |site: &Site, subject: &str| {
        let mut command = Command::new(TEGAMI);
        command.arg("--config").arg(site.config()).args([
            "send",
            "-f",
            "alice@sender.test",
            "friend@receiver.test",
        ]);
        let content = format!(
            "From: alice@sender.test\nTo: root\nSubject: {subject}\nX-Mailgun-Tag: cron\nX-Mailgun-Variables: {{\"a\": 1}}\n\
             X-Mailgun-Track: no\n\nHello\n"
        );
        run(&mut command, content.as_bytes()).well()
    };
    assert!(send(&site, "running").starts_with("250 2.0.0"));
    let check = |subject: &str| {
        let text = sink.with_text(&format!("Subject: {subject}")).text();
        assert!(text.contains("X-Mailgun-Variables: {\"a\":1}"), "{text}");
        assert!(text.contains("X-Mailgun-Tag: cron") && !text.contains("X-Mailgun-Track"), "{text}");
    };
    check("running");
    site.stop();
    assert!(send(&site, "down").starts_with("250 2.0.0"));
    site.serve();
    check("down");
}
