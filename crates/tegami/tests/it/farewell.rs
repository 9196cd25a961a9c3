//! Saying farewell by one click (RFC 8058): what receivers demand, from the sending to the next message that is not sent.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use serde_json::Value;

use crate::client::believed;
use crate::peer::{eventually, need, python};
use crate::sink::Sink;
use crate::site::{Plan, Site};
use crate::wire::Wire;

/// Head and body of an answer.
pub(crate) fn ask(site: &Site, key: &str, head: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(site.addresses.http[0]).unwrap();
    let request = format!(
        "{head} HTTP/1.1\r\nHost: mail.sender.test\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nAuthorization: Basic {}\r\n\r\n{body}",
        body.len(),
        base64::engine::general_purpose::STANDARD.encode(format!("api:{key}"))
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

fn send(site: &Site, key: &str) {
    let message = "from=Shop <shop@sender.test>&to=friend@receiver.test&subject=News&text=Hello&o:tracking-unsubscribe=yes";
    let (head, body) = ask(site, key, "POST /v3/sender.test/messages", message);
    assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{body}");
}

#[test]
fn by_one_click() {
    need!("one-click, judged by dkimpy and pyspf", python(), "target/peers has no Python packages");
    let sink = Sink::start("127.43.51.1");
    let site = Site::start(&Plan {
        zone: sink.zone("receiver.test"),
        port: Some(sink.address.port()),
        top: "public_url = \"https://mail.sender.test\"\n".to_owned(),
        ..Plan::default()
    });
    let key = site.json(&["key", "add", "operator"])["key"].as_str().unwrap().to_owned();
    send(&site, &key);
    let taken = sink.first();
    believed(&site, &taken);
    let text = taken.text().replace("\r\n", "\n");
    let head = text.split_once("\n\n").unwrap().0.replace("\n ", " ").replace("\n\t", " ");
    let field = |name: &str| {
        let start = format!("{name}: ");
        head.lines().filter_map(|line| line.strip_prefix(&start)).map(str::trim).collect::<Vec<_>>()
    };
    assert_eq!(field("List-Unsubscribe-Post"), ["List-Unsubscribe=One-Click"], "{text}");
    let [link] = field("List-Unsubscribe")[..] else { panic!("{text}") };
    // RFC 8058 section 4: a valid signature covers both.
    let signatures = field("DKIM-Signature");
    assert_eq!(signatures.len(), 2);
    for signature in signatures {
        let signed = signature.split("h=").nth(1).unwrap().split(';').next().unwrap().replace(' ', "");
        let signed: Vec<&str> = signed.split(':').collect();
        assert!(
            signed.contains(&"list-unsubscribe") && signed.contains(&"list-unsubscribe-post"),
            "{signature}"
        );
    }
    let (link, address) = link.split_once(", ").unwrap();
    assert!(address.starts_with("<mailto:unsubscribe+"), "{address}");
    let path = link.strip_prefix("<https://mail.sender.test").unwrap().strip_suffix('>').unwrap();
    let (head, body) = ask(&site, &key, &format!("GET {path}"), "");
    assert!(head.starts_with("HTTP/1.1 200") && body.contains("friend@receiver.test"), "{head}\n{body}");
    let (head, _) = ask(&site, &key, &format!("POST {path}"), "List-Unsubscribe=One-Click");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    send(&site, &key);
    let event = eventually("the event of the message that was not sent", || {
        let (_, body) = ask(&site, &key, "GET /v3/sender.test/events?event=failed", "");
        let events: Value = serde_json::from_str(&body).unwrap();
        events["items"].get(0).cloned()
    });
    assert_eq!(event["delivery-status"]["code"], 606);
    assert_eq!(event["reason"], "suppress-unsubscribe");
    assert_eq!((sink.taken().len(), site.waiting()), (1, 0));
    let list = site.json(&["suppression", "list"]);
    assert!(list.to_string().contains("\"source\":\"recipient\""), "{list}");
}

/// By mail to an address that proves itself, whoever writes there and whatever is written.
#[test]
fn by_mail() {
    let sink = Sink::start("127.43.51.2");
    let site = Site::start(&Plan {
        zone: sink.zone("receiver.test"),
        port: Some(sink.address.port()),
        top: "public_url = \"https://mail.sender.test\"\n".to_owned(),
        ..Plan::default()
    });
    let key = site.json(&["key", "add", "operator"])["key"].as_str().unwrap().to_owned();
    send(&site, &key);
    let text = sink.first().text();
    let address = text.split("<mailto:").nth(1).unwrap().split('?').next().unwrap();
    let local_part = address.strip_suffix("@sender.test").unwrap();
    assert!(local_part.starts_with("unsubscribe+") && local_part.len() <= 64, "{address}");
    let write = |to: &str| {
        let mut wire = Wire::connect(site.smtp()).unwrap();
        wire.command("EHLO mx.receiver.test").unwrap();
        wire.send("friend@receiver.test", &[to], "From: friend@receiver.test\r\nSubject: unsubscribe\r\n\r\n")
            .unwrap()
    };
    // Nobody makes one up, not even of one that is good.
    let (head, tail) = local_part.split_at(local_part.len() - 1);
    let other = if tail == "a" { "b" } else { "a" };
    assert!(write(&format!("{head}{other}@sender.test")).starts_with("550 5.7.1"));
    assert!(write("unsubscribe+anything@sender.test").starts_with("550 5.7.1"));
    assert_eq!(site.json(&["suppression", "list"])["suppressions"], serde_json::json!([]));
    for to in [address.to_owned(), address.to_ascii_uppercase()] {
        assert_eq!(write(&to), "250 2.0.0 Ok: unsubscribed");
    }
    let suppressions = site.json(&["suppression", "list"]);
    assert_eq!(suppressions["suppressions"][0]["address"], "friend@receiver.test", "{suppressions}");
    let (_, body) = ask(&site, &key, "GET /v3/sender.test/events?event=unsubscribed", "");
    let events: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(events["items"].as_array().unwrap().len(), 1, "{events}");
    assert_eq!(events["items"][0]["recipient"], "friend@receiver.test");
    assert_eq!(events["items"][0]["message"]["headers"]["subject"], "News");
    send(&site, &key);
    eventually("the event of the message that was not sent", || {
        let (_, body) = ask(&site, &key, "GET /v3/sender.test/events?event=failed", "");
        let events: Value = serde_json::from_str(&body).unwrap();
        events["items"].get(0).map(|event| assert_eq!(event["delivery-status"]["code"], 606))
    });
}
