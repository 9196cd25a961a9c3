//! The clients for Go, Ruby and PHP, by the octets that they put on the wire, and by what they cannot bear in an answer: `null` for
//! a list, a number where they decode a text, a date of another form, a content type that does not begin with `application/json`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};

use super::World;
use crate::peer::{eventually, need, program, python};

/// One answer.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) kind: String,
    pub(super) body: Value,
}

impl Said {
    /// What each of the three clients takes for success.
    #[track_caller]
    pub(super) fn good(self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        assert!(self.kind.starts_with("application/json"), "{self:?}");
        assert!(self.body.is_object(), "{self:?}");
        no_nulls(&self.body, "");
        self.body
    }
}

/// Nothing that a client decodes into a list, a text or a number is `null`. The one that may be stands in the specification.
#[track_caller]
fn no_nulls(value: &Value, path: &str) {
    match value {
        Value::Null => assert!(path.ends_with("size_bytes"), "null at {path}"),
        Value::Array(items) => items.iter().for_each(|item| no_nulls(item, path)),
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| no_nulls(member, &format!("{path}.{name}")));
        }
        _ => {}
    }
}

impl World {
    /// One request, octet by octet.
    pub(super) fn say(&self, line: &str, fields: &[&str], body: &[u8]) -> Said {
        self.say_by(&self.key, line, fields, body)
    }

    /// The same with another key.
    pub(super) fn say_by(&self, key: &str, line: &str, fields: &[&str], body: &[u8]) -> Said {
        let key = base64::engine::general_purpose::STANDARD.encode(format!("api:{key}"));
        let mut head = format!(
            "{line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Basic {key}\r\n",
            self.site.addresses.http[0]
        );
        for field in fields {
            head.push_str(field);
            head.push_str("\r\n");
        }
        if !fields.iter().any(|field| field.to_ascii_lowercase().starts_with("transfer-encoding")) {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        let mut stream = TcpStream::connect(self.site.addresses.http[0]).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // Who says too much may be answered before he has ended.
        let _ = stream.write_all(&[head.as_bytes(), b"\r\n", body].concat());
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, text) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{line}: {answer}"));
        let kind = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default();
        Said {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            kind: kind.to_owned(),
            body: serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
        }
    }

    fn form(&self, line: &str, fields: &[(&str, &str)]) -> Said {
        self.say(line, &[FORM], form_of(fields).as_bytes())
    }
}

pub(super) const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
const JSON: &str = "Content-Type: application/json";

pub(super) fn form_of(fields: &[(&str, &str)]) -> String {
    let escaped = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
                b' ' => "+".to_owned(),
                other => format!("%{other:02X}"),
            })
            .collect()
    };
    let pairs: Vec<_> =
        fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    pairs.join("&")
}

/// A multipart body as mailgun-php writes it: a quoted boundary with dots, lengths in the parts, their fields in any order.
fn of_php(fields: &[(&str, &str)]) -> (String, Vec<u8>) {
    let boundary = "6b01ce1a.91820748";
    let mut body = String::new();
    for (number, (name, value)) in fields.iter().enumerate() {
        let disposition = if *name == "attachment" || *name == "message" {
            format!(
                "Content-Disposition: form-data; name=\"{name}\"; filename=\"日本.txt\"\r\nContent-Type: text/plain\r\n"
            )
        } else {
            format!("Content-Disposition: form-data; name=\"{name}\"\r\n")
        };
        let length = format!("Content-Length: {}\r\n", value.len());
        let head = if number % 2 == 0 { disposition + &length } else { length + &disposition };
        body.push_str(&format!("--{boundary}\r\n{head}\r\n{value}\r\n"));
    }
    body.push_str(&format!("--{boundary}--\r\n"));
    (format!("Content-Type: multipart/form-data; boundary=\"{boundary}\""), body.into_bytes())
}

/// As multipart-post for Ruby writes it: a transfer encoding in each part, and a line end after the end.
fn of_ruby(fields: &[(&str, &str)]) -> (String, Vec<u8>) {
    let boundary = "-----------RubyMultipartPost-1f2e3d";
    let mut body = String::new();
    for (name, value) in fields {
        let file = if *name == "message" {
            "; filename=\"message.mime\"\r\nContent-Length: 9\r\nContent-Type: multipart/form-data\r\n\
             Content-Transfer-Encoding: binary"
        } else {
            ""
        };
        body.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str(&format!("--{boundary}--\r\n\r\n"));
    (format!("Content-Type: multipart/form-data; boundary={boundary}"), body.into_bytes())
}

pub(super) const MESSAGES: &str = "POST /v3/sender.test/messages";
pub(super) const WHY: &str = "curl or target/peers is missing (cargo xtask peers)";

#[test]
fn letters_as_php_sends_them() {
    need!("mailgun-php", program("curl").and(python()), WHY);
    let world = World::start();
    let (kind, body) = of_php(&[
        ("from", "テスト <alice@sender.test>"),
        ("to", "友人 <friend@receiver.test>"),
        ("to", "second@receiver.test"),
        ("subject", "件名"),
        ("text", "こんにちは。"),
        ("h:reply-to", "Reply <reply@sender.test>"),
        ("o:tag", "invoice"),
        ("o:tag", "tag 1"),
        ("o:tracking", ""),
        ("o:dkim", "1"),
        ("v:my-var", "{\"a\":1}"),
        ("attachment", "content of the file"),
    ]);
    let answer = world.say(MESSAGES, &[&kind], &body).good();
    let id = answer["id"].as_str().unwrap();
    world.copies(id, 2);
    let letter = world.letter(id);
    assert_eq!(letter.seen["subject"], "件名");
    assert_eq!(letter.seen["from"], json!([["テスト", "alice@sender.test"]]));
    assert_eq!(letter.seen["to"], json!([["友人", "friend@receiver.test"], ["", "second@receiver.test"]]));
    assert_eq!(letter.field("Reply-To"), ["Reply <reply@sender.test>"]);
    assert_eq!(letter.part("日本.txt")["text"], "content of the file");
    // Its batches have the author among the keys.
    let values = json!({
        "alice@sender.test": {"id": "x"},
        "ann@receiver.test": {"name": "Ann", "number": 1},
        "ben@receiver.test": {"name": "Ben", "number": 2},
    });
    let (kind, body) = of_php(&[
        ("from", "alice@sender.test"),
        ("to", "\"Ann\" <ann@receiver.test>"),
        ("to", "ben@receiver.test"),
        ("subject", "%recipient.name%: %recipient.number%"),
        ("text", "Dear %recipient.name% <%recipient_email%>"),
        ("recipient-variables", &values.to_string()),
    ]);
    world.batch(&world.say(MESSAGES, &[&kind], &body).good());
    let (kind, body) = of_php(&[
        ("to", "friend@receiver.test"),
        (
            "message",
            "From: alice@sender.test\nTo: friend@receiver.test\nSubject: whole\nMessage-ID: <php@sender.test>\n\nx\n",
        ),
    ]);
    let whole = world.say("POST /v3/sender.test/messages.mime", &[&kind], &body).good();
    assert_eq!(whole["id"], "<php@sender.test>");
}

#[test]
fn letters_as_go_sends_them() {
    need!("mailgun-go", program("curl").and(python()), WHY);
    let world = World::start();
    let boundary = "8d1b5a0c7c3f1f9f9d0d5ef5bb1c5b1f1f6b5a0c7c3f1f9f9d0d5ef5bb1c";
    let part = |name: &str, value: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let values = json!({
        "Ann <ann@receiver.test>": {"name": "Ann", "number": 1},
        "ben@receiver.test": {"name": "Ben", "number": "2"},
    });
    let fields = [
        ("from", "Alice <alice@sender.test>"),
        ("subject", "%recipient.name%: %recipient.number%"),
        ("text", "Dear %recipient.name% <%recipient_email%>"),
        ("to", "Ann <ann@receiver.test>"),
        ("to", "ben@receiver.test"),
        ("o:deliverytime", "Mon, 2 Jan 2006 15:04:05 +0000"),
        ("o:require-tls", "false"),
        ("o:tracking", "no"),
        ("recipient-variables", &values.to_string()),
    ];
    let body: String = fields.iter().map(|(name, value)| part(name, value)).collect();
    let body = format!("{body}--{boundary}--\r\n");
    let kind = format!("Content-Type: multipart/form-data; boundary={boundary}");
    world.batch(&world.say(MESSAGES, &[&kind], body.as_bytes()).good());
    // Chunks, and a file whose type its name tells.
    let file = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"a b.csv\"\r\n\
         Content-Type: application/octet-stream\r\n\r\na,b\r\n"
    );
    let simple: String =
        [("from", "alice@sender.test"), ("to", "friend@receiver.test"), ("html", "<p>x</p>"), ("text", "")]
            .iter()
            .map(|(name, value)| part(name, value))
            .collect();
    let body = format!("{simple}{file}--{boundary}--\r\n");
    let (first, second) = body.split_at(100);
    let chunks = format!("{:x}\r\n{first}\r\n{:X};x=y\r\n{second}\r\n0\r\n\r\n", first.len(), second.len());
    let answer = world.say(MESSAGES, &[&kind, "Transfer-Encoding: chunked"], chunks.as_bytes()).good();
    let letter = world.letter(answer["id"].as_str().unwrap());
    assert_eq!(letter.part("a b.csv")["type"], "text/csv");
    // It decodes whole pages of events into types: one wrong name or type and the page is lost.
    let query = "begin=Mon%2C+01+Jan+0001+00%3A00%3A00+%2B0000&limit=2";
    let mut next = format!("/v3/sender.test/events?{query}");
    let mut seen = 0;
    eventually("three deliveries", || (world.events("event=delivered").len() == 3).then_some(()));
    loop {
        let page = world.say(&format!("GET {next}"), &[], b"").good();
        let items = page["items"].as_array().unwrap();
        if items.is_empty() {
            break;
        }
        seen += items.len();
        items.iter().for_each(event_of_go);
        next = page["paging"]["next"].as_str().unwrap().replace(&world.url(), "");
    }
    assert_eq!(seen, 6);
}

/// What mailgun-go decodes an event into.
fn event_of_go(event: &Value) {
    let names = [
        "accepted",
        "rejected",
        "delivered",
        "failed",
        "opened",
        "clicked",
        "unsubscribed",
        "complained",
        "stored",
    ];
    assert!(names.contains(&event["event"].as_str().unwrap()), "{event:#}");
    assert!(event["timestamp"].is_f64(), "{event:#}");
    assert!(event["id"].as_str().is_some_and(|id| id.len() >= 16), "{event:#}");
    for name in ["tags", "campaigns"] {
        assert!(event[name].is_array(), "{name} of {event:#}");
    }
    assert!(event["user-variables"].is_object() && event["flags"].is_object(), "{event:#}");
    let message = &event["message"];
    assert!(message["size"].is_u64() && message["attachments"].is_array(), "{event:#}");
    let id = message["headers"]["message-id"].as_str().unwrap();
    assert!(!id.starts_with('<'), "{id}");
    for name in ["recipient", "recipient-domain", "log-level"] {
        assert!(event[name].is_string(), "{name} of {event:#}");
    }
    assert!(event["storage"]["url"].is_string() && event["storage"]["key"].is_string(), "{event:#}");
    if event["event"] == "delivered" {
        let status = &event["delivery-status"];
        assert!(status["code"].is_u64() && status["attempt-no"].is_u64(), "{event:#}");
        assert!(status["session-seconds"].is_number(), "{event:#}");
        assert!(status["tls"].is_boolean() && status["certificate-verified"].is_boolean(), "{event:#}");
    }
}

#[test]
fn letters_as_ruby_sends_them() {
    need!("mailgun-ruby", program("curl").and(python()), WHY);
    let world = World::start();
    let letter = [
        ("from", "'Alice Test' <alice@sender.test>"),
        ("to[]", "friend@receiver.test"),
        ("to[]", "'Second One' <second@receiver.test>"),
        ("subject", "件名"),
        ("text", "こんにちは。"),
        ("o:tag[]", "invoice"),
        ("o:tag[]", "tag 1"),
        ("o:tracking", "yes"),
        ("h:content-type", "multipart/alternative; boundary=--==_mimepart_1"),
        ("h:Message-Id", "<of-rails@sender.test>"),
        ("v:my-data", "{\"key\":\"value\"}"),
    ];
    let answer = world.form(MESSAGES, &letter).good();
    assert_eq!(answer["id"], "<of-rails@sender.test>");
    world.copies("of-rails@sender.test", 2);
    let arrived = world.letter("of-rails@sender.test");
    assert!(arrived.field("Content-Type")[0].starts_with("text/plain"), "{:#}", arrived.seen);
    assert_eq!(arrived.seen["text"].as_str().unwrap().trim_end(), "こんにちは。");
    let event = world.event("event=accepted&message-id=of-rails@sender.test");
    assert_eq!(event["tags"], json!(["invoice", "tag 1"]));
    assert_eq!(event["user-variables"]["my-data"], "{\"key\":\"value\"}");
    let (kind, body) = of_ruby(&[
        ("to[]", "friend@receiver.test"),
        ("from", "ignored@sender.test"),
        (
            "message",
            "From: alice@sender.test\r\nSubject: whole\r\nMessage-ID: <ruby@sender.test>\r\n\r\nx\r\n",
        ),
    ]);
    let whole = world.say("POST /v3/sender.test/messages.mime", &[&kind], &body).good();
    assert_eq!(whole["id"], "<ruby@sender.test>");
    assert_eq!(world.letter("ruby@sender.test").seen["subject"], "whole");
}

#[test]
fn suppressions_of_all_three() {
    let world = World::start();
    let bounces = "/v3/sender.test/bounces";
    // Ruby hands in numbers, Go texts and a date that means none; PHP a form in parts.
    let many = json!([
        {"address": "a@receiver.test", "code": 550, "error": "x"},
        {"address": "b@receiver.test", "code": "551", "error": "", "created_at": "Mon, 01 Jan 0001 00:00:00 UTC"},
    ]);
    let said = world.say(&format!("POST {bounces}"), &[JSON], many.to_string().as_bytes()).good();
    assert_eq!(said["message"], "2 addresses have been added to the bounces table");
    let said =
        world.form(&format!("POST {bounces}"), &[("address", "c+x@receiver.test"), ("code", "552")]).good();
    assert_eq!(
        said,
        json!({"message": "Address has been added to the bounces table", "address": "c+x@receiver.test"})
    );
    let (kind, body) = of_php(&[("address", "d+x@receiver.test"), ("code", "550"), ("error", "")]);
    world.say(&format!("POST {bounces}"), &[&kind], &body).good();
    let listed = world.say(&format!("GET {bounces}?limit=100"), &[], b"").good();
    for bounce in listed["items"].as_array().unwrap() {
        assert!(bounce["code"].is_string(), "{bounce}");
        let date = bounce["created_at"].as_str().unwrap();
        // `Sun, 26 Jan 2025 07:29:04 UTC`, of this century.
        assert!(date.len() == 29 && date.ends_with(" UTC") && date.contains(" 20"), "{date}");
    }
    for name in ["first", "next", "previous", "last"] {
        let url = listed["paging"][name].as_str().unwrap();
        assert!(url.starts_with(&format!("{}{bounces}?", world.url())), "{url}");
    }
    // An address in a path: escaped whole, escaped in part, and as it is.
    for path in ["c%2Bx%40receiver.test", "c%2Bx@receiver.test", "c+x@receiver.test", "C+X@Receiver.TEST"] {
        let shown = world.say(&format!("GET {bounces}/{path}"), &[], b"").good();
        assert_eq!(shown["address"], "c+x@receiver.test", "{path}");
    }
    // DELETE as PHP says it, with a body of no parts, and as Go and Ruby say it, with none.
    let (kind, body) = of_php(&[]);
    let said = world.say(&format!("DELETE {bounces}/c+x@receiver.test"), &[&kind], &body).good();
    assert_eq!(said, json!({"address": "c+x@receiver.test", "message": "Bounced address has been removed"}));
    world.say(&format!("DELETE {bounces}/d%2Bx%40receiver.test"), &[], b"").good();
    let said = world.say(&format!("DELETE {bounces}"), &[&kind], &body).good();
    assert_eq!(said["message"], "Bounced addresses for this domain have been removed");
    let empty = world.say(&format!("GET {bounces}"), &[], b"").good();
    assert_eq!(empty["items"], json!([]));

    let unsubscribes = "/v3/sender.test/unsubscribes";
    world.form(&format!("POST {unsubscribes}"), &[("address", "a@receiver.test"), ("tag", "*")]).good();
    let many = json!([{"address": "b@receiver.test", "tags": ["one", "two"]}]);
    world.say(&format!("POST {unsubscribes}"), &[JSON], many.to_string().as_bytes()).good();
    // Python gives JSON no type at all.
    world.say(&format!("POST {unsubscribes}"), &[], many.to_string().as_bytes()).good();
    let shown = world.say(&format!("GET {unsubscribes}/b@receiver.test"), &[], b"").good();
    assert_eq!(shown["tags"], json!(["one", "two"]));
    let said = world.say(&format!("DELETE {unsubscribes}/b@receiver.test?tag=one"), &[], b"").good();
    assert_eq!(said["message"], "Unsubscribe event has been removed");
    let shown = world.say(&format!("GET {unsubscribes}/b@receiver.test"), &[], b"").good();
    assert_eq!(shown["tags"], json!(["two"]));
}

/// Beyond the sizes at which curl asks first whether it may send.
#[test]
fn a_large_body_is_asked_for() {
    need!("curl", program("curl").and(python()), WHY);
    let world = World::start();
    std::fs::write(world.site.path("large.bin"), vec![b'x'; 3 << 20]).unwrap();
    let file = format!("attachment=@{}", world.site.path("large.bin").display());
    let words = [
        "--form",
        "from=alice@sender.test",
        "--form",
        "to=friend@receiver.test",
        "--form",
        "text=x",
        "--form",
        &file,
        "--header",
        "Expect: 100-continue",
    ];
    let answer = world.good("/v3/sender.test/messages", &words);
    let letter = world.letter(answer["id"].as_str().unwrap());
    assert_eq!(letter.part("large.bin")["octets"].as_str().unwrap().len(), (3 << 20) / 3 * 4);
    // Who is refused is told before he sends.
    let (status, said) = world.curl("/v3/unknown.test/messages", &words);
    assert_eq!((status, said), (404, json!({"message": "Domain not found: unknown.test"})));
}

/// What everybody's errors rest on.
#[test]
fn answers_that_clients_know_by_heart() {
    let world = World::start();
    let root = world.say("GET /", &[], b"");
    assert_eq!((root.status, root.body), (200, json!("Mailgun Magnificent API")));
    assert!(root.kind.starts_with("text/plain"));
    let subaccount = world.say("GET /v3/sender.test/events", &["X-Mailgun-On-Behalf-Of: 123"], b"");
    assert_eq!((subaccount.status, &subaccount.body["Error"]), (403, &json!("Forbidden")));
    for path in ["/v3/nothing/here/at/all", "/v3/ip_pools", "/v4/inbox/tests", "/v2/x509/sender.test/status"]
    {
        let said = world.say(&format!("GET {path}"), &[], b"");
        assert_eq!(said.status, 404, "{path}: {said:?}");
        assert!(said.body["message"].is_string(), "{path}: {said:?}");
    }
    let torn = world.say(MESSAGES, &[FORM], b"from=%zz");
    assert_eq!(
        (torn.status, torn.body),
        (400, json!({"message": "unable to parse request: invalid URL escape"}))
    );
    let torn = world.say(MESSAGES, &["Content-Type: multipart/form-data; boundary=x"], b"nothing");
    assert_eq!(torn.status, 400);
    assert!(torn.body["message"].as_str().unwrap().starts_with("malformed multipart/form-data request"));
}
