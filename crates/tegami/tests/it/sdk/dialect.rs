//! The clients for PHP, Go and Ruby once more: the cases that every client has to pass, each in the octets of its client.

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::World;
use super::arrival::{AUTHOR, PICTURE, Rich, SUBJECT, TEXT, read};
use super::wire::{FORM, MESSAGES, Said, WHY, form_of};
use crate::peer::{eventually, need, program, python, skip};

/// Whose octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    Php,
    Go,
    Ruby,
}

const CLIENTS: [Client; 3] = [Client::Php, Client::Go, Client::Ruby];

/// A file of a form: its field, its name and its octets.
type File<'a> = (&'a str, &'a str, &'a [u8]);

impl Client {
    /// A form with files. Without them Ruby writes no parts.
    fn form(self, fields: &[(&str, &str)], files: &[File<'_>]) -> (String, Vec<u8>) {
        let fields: Vec<(String, &str)> =
            fields.iter().map(|(name, value)| (self.named(name), *value)).collect();
        if self == Self::Ruby && files.is_empty() {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            return (FORM.to_owned(), form_of(&fields).into_bytes());
        }
        let boundary = match self {
            Self::Php => "6b01ce1a.91820748",
            Self::Go => "8d1b5a0c7c3f1f9f9d0d5ef5bb1c5b1f1f6b5a0c7c3f1f9f9d0d5ef5bb1c",
            Self::Ruby => "-----------RubyMultipartPost-1f2e3d",
        };
        let mut body = Vec::new();
        for (name, value) in &fields {
            let length = if self == Self::Php {
                format!("Content-Length: {}\r\n", value.len())
            } else {
                String::new()
            };
            let head =
                format!("--{boundary}\r\n{length}Content-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend([head.as_bytes(), value.as_bytes(), b"\r\n"].concat());
        }
        for (name, file, octets) in files {
            let head = format!(
                "Content-Disposition: form-data; name=\"{}\"; filename=\"{file}\"\r\n",
                self.named(name)
            );
            let about = self.about(name, file, octets.len());
            body.extend([format!("--{boundary}\r\n{head}{about}\r\n").as_bytes(), octets, b"\r\n"].concat());
        }
        let end = if self == Self::Ruby { "\r\n" } else { "" };
        body.extend(format!("--{boundary}--\r\n{end}").into_bytes());
        let quoted = if self == Self::Php { format!("\"{boundary}\"") } else { boundary.to_owned() };
        (format!("Content-Type: multipart/form-data; boundary={quoted}"), body)
    }

    /// Ruby writes brackets behind the names of what there may be several of.
    fn named(self, name: &str) -> String {
        let several = matches!(name, "to" | "cc" | "bcc" | "o:tag" | "attachment" | "inline");
        if self == Self::Ruby && several { format!("{name}[]") } else { name.to_owned() }
    }

    /// What is said of a file.
    fn about(self, field: &str, file: &str, length: usize) -> String {
        match self {
            Self::Php => {
                let kind = if file.ends_with(".png") { "image/png" } else { "text/plain" };
                format!("Content-Length: {length}\r\nContent-Type: {kind}\r\n")
            }
            Self::Go => "Content-Type: application/octet-stream\r\n".to_owned(),
            Self::Ruby => {
                let kind =
                    if field == "message" { "multipart/form-data" } else { "application/octet-stream" };
                format!(
                    "Content-Length: {length}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: binary\r\n"
                )
            }
        }
    }

    /// Everything that is no letter: PHP writes parts, even none; the others a form, or nothing.
    fn small(self, fields: &[(&str, &str)]) -> (String, Vec<u8>) {
        match self {
            Self::Php => self.form(fields, &[]),
            _ if fields.is_empty() => ("Accept: */*".to_owned(), Vec::new()),
            _ => (FORM.to_owned(), form_of(fields).into_bytes()),
        }
    }

    /// A moment as each standard library writes it.
    fn date(self, moment: Timestamp) -> String {
        let form = match self {
            Self::Php => "%a, %d %b %Y %H:%M:%S +0000",
            Self::Go => "%a, %-d %b %Y %H:%M:%S +0000",
            Self::Ruby => "%a, %d %b %Y %H:%M:%S -0000",
        };
        moment.strftime(form).to_string()
    }
}

fn author() -> String {
    format!("{AUTHOR} <alice@sender.test>")
}

impl World {
    fn letter_by(&self, client: Client, fields: &[(&str, &str)], files: &[File<'_>]) -> Value {
        let (kind, body) = client.form(fields, files);
        self.say(MESSAGES, &[&kind], &body).good()
    }

    fn call(&self, client: Client, line: &str, fields: &[(&str, &str)]) -> Said {
        let (kind, body) = client.small(fields);
        self.say(line, &[&kind], &body)
    }
}

#[test]
fn letters() {
    need!("the octets of PHP, Go and Ruby", program("curl").and(python()), WHY);
    let world = World::start();
    let octets = base64::engine::general_purpose::STANDARD.decode(PICTURE).unwrap();
    for client in CLIENTS {
        let author = author();
        let plain = [("from", author.as_str()), ("to", "友人 <friend@receiver.test>"), ("subject", SUBJECT)];
        world.simple(&world.letter_by(client, &[&plain[..], &[("text", TEXT)]].concat(), &[]));

        let moment = Timestamp::now() + SignedDuration::from_secs(2);
        let date = client.date(moment);
        let more = [
            ("cc", "copy@receiver.test"),
            ("bcc", "hidden@receiver.test"),
            ("h:Reply-To", "reply@sender.test"),
            ("text", "こんにちは。\n"),
            ("html", "<p>写真 <img src=\"cid:logo.png\"></p>"),
            ("o:tag", "invoice"),
            ("o:tag", "tag 1"),
            ("v:order", "17"),
            ("o:deliverytime", &date),
        ];
        let files: [File<'_>; 3] = [
            ("attachment", "a b.txt", b"plain octets\n"),
            ("attachment", "日本.png", &octets),
            ("inline", "logo.png", &octets),
        ];
        let sent = world.letter_by(client, &[&plain[..], &more].concat(), &files);
        world.rich(&sent, Rich::default());
        let id = sent["id"].as_str().unwrap().trim_matches(['<', '>']);
        let told = world.event(&format!("event=accepted&message-id={id}"));
        assert_eq!(told["message"]["scheduled-for"], moment.as_second(), "{client:?}");
    }
}

/// Go writes names into the keys, PHP the author beside the recipients.
#[test]
fn batches() {
    need!("the octets of PHP, Go and Ruby", program("curl").and(python()), WHY);
    let world = World::start();
    for client in CLIENTS {
        let ann = if client == Client::Go { "Ann <ann@receiver.test>" } else { "ann@receiver.test" };
        let mut values = json!({"ben@receiver.test": {"name": "Ben", "number": 2}});
        values[ann] = json!({"name": "Ann", "number": 1});
        values["alice@sender.test"] = json!({"name": "nobody"});
        let sent = world.letter_by(
            client,
            &[
                ("from", &author()),
                ("to", "Ann <ann@receiver.test>"),
                ("to", "ben@receiver.test"),
                ("subject", "%recipient.name%: %recipient.number%"),
                ("text", "Dear %recipient.name% <%recipient_email%>\n"),
                ("recipient-variables", &values.to_string()),
            ],
            &[],
        );
        world.batch(&sent);
    }
}

#[test]
fn whole_messages_and_templates() {
    need!("the octets of PHP, Go and Ruby", program("curl").and(python()), WHY);
    let world = World::start();
    world.welcome();
    for client in CLIENTS {
        let id = format!("<whole-by-{client:?}@sender.test>");
        let message = format!(
            "From: alice@sender.test\nTo: friend@receiver.test\nSubject: whole\nMessage-ID: {id}\nX-Mailgun-Tag: inside\n\nx\n"
        );
        let to = [("to", "friend@receiver.test"), ("o:tag", "outside")];
        let (kind, body) = client.form(&to, &[("message", "message.mime", message.as_bytes())]);
        let sent = world.say("POST /v3/sender.test/messages.mime", &[&kind], &body).good();
        assert_eq!(sent["id"], id.as_str());
        assert_eq!(world.letter(&id).seen["subject"], "whole");
        let told = world.event(&format!("event=accepted&message-id={}", id.trim_matches(['<', '>'])));
        let mut tags: Vec<_> = told["tags"].as_array().unwrap().iter().map(Value::to_string).collect();
        tags.sort();
        assert_eq!(tags, ["\"inside\"", "\"outside\""]);

        // Go gives the values of a template in a field, the others by parameters.
        let values = json!({"greeting": "こんにちは", "name": "<Ann>", "vip": true}).to_string();
        let field = if client == Client::Go { "h:X-Mailgun-Variables" } else { "t:variables" };
        let weaker = if client == Client::Go { "v:other" } else { "v:name" };
        let author = author();
        let sent = world.letter_by(
            client,
            &[
                ("from", &author),
                ("to", "friend@receiver.test"),
                ("subject", "Hello"),
                ("text", ""),
                ("template", "welcome"),
                (weaker, "nobody"),
                (field, &values),
            ],
            &[],
        );
        let letter = read(world.copies(sent["id"].as_str().unwrap(), 1).remove(0));
        let html = letter.seen["html"].as_str().unwrap();
        assert!(html.contains("<p>こんにちは &lt;Ann&gt; ★</p>"), "{client:?}: {html}");
    }
}

#[test]
fn events_to_the_end() {
    need!("the octets of PHP, Go and Ruby", program("curl"), WHY);
    let world = World::start();
    for to in ["friend", "another", "nobody"] {
        world.note(&format!("{to}@receiver.test"), &[]);
    }
    eventually("three fates", || {
        (world.events("event=delivered OR failed".replace(' ', "%20").as_str()).len() == 3).then_some(())
    });
    for client in CLIENTS {
        let wanted = if client == Client::Php { "delivered%20OR%20failed" } else { "delivered+OR+failed" };
        let mut path = format!("/v3/sender.test/events?event={wanted}&limit=1");
        let mut seen = std::collections::BTreeSet::new();
        loop {
            let page = world.say(&format!("GET {path}"), &[], b"").good();
            let items = page["items"].as_array().unwrap();
            if items.is_empty() {
                break;
            }
            assert!(items.iter().all(|event| seen.insert(event["id"].to_string())), "{client:?}: twice");
            let next = page["paging"]["next"].as_str().unwrap();
            path = match client {
                // Ruby keeps what stands behind the path of events and puts it behind a path of its own.
                Client::Ruby => {
                    let (_, rest) = next.split_once("/v3/sender.test/events/").unwrap();
                    format!("/v3/sender.test/events/{rest}")
                }
                // Go drops what it does not know of a URL's query.
                Client::Go => next.split_once('?').unwrap().0.replace(&world.url(), ""),
                Client::Php => next.replace(&world.url(), ""),
            };
        }
        assert_eq!(seen.len(), 3, "{client:?}");
    }
}

#[test]
fn domains() {
    let world = World::start();
    for client in CLIENTS {
        let name = format!("{client:?}.test").to_lowercase();
        let wildcard = if client == Client::Php { "" } else { "false" };
        let fields = [
            ("name", name.as_str()),
            ("smtp_password", "supersecret"),
            ("spam_action", "disabled"),
            ("wildcard", wildcard),
        ];
        let made = world.call(client, "POST /v4/domains", &fields).good();
        assert_eq!(made["message"], "Domain DNS records have been created");
        assert_eq!(made["domain"]["smtp_password"], "supersecret");
        domain_of_go(&made["domain"]);
        for side in ["sending_dns_records", "receiving_dns_records"] {
            for record in made[side].as_array().unwrap() {
                assert!(record["cached"].is_array() && record["is_active"].is_boolean(), "{record}");
                assert!(record.get("priority").is_none_or(Value::is_string), "{record}");
                assert_eq!(record["valid"], "unknown");
            }
        }
        let shown = world
            .say(&format!("GET /v4/domains/{name}?h%3Aextended=true&h%3Awith_dns=true"), &[], b"")
            .good();
        assert!(shown.get("message").is_none() && shown["domain"].get("smtp_password").is_none(), "{shown}");
        let listed = world.say("GET /v4/domains?limit=100&skip=0", &[], b"").good();
        assert_eq!(listed["total_count"], listed["items"].as_array().unwrap().len());
        listed["items"].as_array().unwrap().iter().for_each(domain_of_go);
        let verified = world.call(client, &format!("PUT /v3/domains/{name}/verify"), &[]).good();
        assert_eq!(
            (&verified["message"], &verified["domain"]["state"]),
            (&json!("Domain DNS records have been updated"), &json!("unverified"))
        );
        let base = format!("/v3/domains/{name}");
        let connection =
            [("require_tls", "true"), ("skip_verification", if client == Client::Php { "" } else { "no" })];
        let set = world.call(client, &format!("PUT {base}/connection"), &connection).good();
        assert_eq!((&set["require_tls"], &set["skip_verification"]), (&json!(true), &json!(false)));
        let tracked =
            world.call(client, &format!("PUT {base}/tracking/click"), &[("active", "htmlonly")]).good();
        assert_eq!(tracked["click"], json!({"active": true}));
        credentials(&world, client, &name);
        let gone = world.call(client, &format!("DELETE {base}"), &[]).good();
        assert_eq!(gone, json!({"message": "Domain will be deleted in the background"}));
        let missing = world.say(&format!("GET {base}"), &[], b"");
        assert_eq!((missing.status, missing.body), (404, json!({"message": "Domain not found"})));
    }
}

fn credentials(world: &World, client: Client, name: &str) {
    let path = format!("/v3/domains/{name}/credentials");
    // PHP and Go name the whole address, Ruby what stands before the @.
    let login = if client == Client::Ruby { "clerk".to_owned() } else { format!("clerk@{name}") };
    let pair = [("login", login.as_str()), ("password", "correct horse")];
    let made = world.call(client, &format!("POST {path}"), &pair).good();
    assert_eq!(made, json!({"message": "Created 1 credentials pair(s)"}));
    let changed = world.call(client, &format!("PUT {path}/{login}"), &[("password", "better horse")]).good();
    assert_eq!(changed, json!({"message": "Password changed"}));
    let listed = world.say(&format!("GET {path}?limit=10"), &[], b"").good();
    let clerk =
        listed["items"].as_array().unwrap().iter().find(|one| one["login"] == format!("clerk@{name}"));
    let created = clerk.unwrap()["created_at"].as_str().unwrap();
    assert!(created.len() == 31 && created.ends_with(" +0000"), "{created}");
    let gone = world.call(client, &format!("DELETE {path}/{login}"), &[]).good();
    assert_eq!(gone, json!({"message": "Credentials have been deleted", "spec": format!("clerk@{name}")}));
    let missing = world.call(client, &format!("DELETE {path}/{login}"), &[]);
    assert_eq!((missing.status, missing.body), (404, json!({"message": "Credentials not found"})));
}

/// What mailgun-go decodes a domain into: each member has one type, and moments one form.
#[track_caller]
fn domain_of_go(domain: &Value) {
    for name in ["name", "smtp_login", "spam_action", "state", "type", "web_prefix", "web_scheme"] {
        assert!(domain[name].is_string(), "{name} of {domain}");
    }
    for name in
        ["is_disabled", "require_tls", "skip_verification", "wildcard", "use_automatic_sender_security"]
    {
        assert!(domain[name].is_boolean(), "{name} of {domain}");
    }
    let id = domain["id"].as_str().unwrap();
    assert!(id.len() == 24 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{id}");
    let created = domain["created_at"].as_str().unwrap();
    assert!(created.len() == 29 && created.ends_with(" GMT"), "{created}");
}

#[test]
fn refusals() {
    let world = World::start();
    let large = "x".repeat(54 << 20);
    for client in CLIENTS {
        let letter = |to: &'static str, text: &str| {
            client.form(&[("from", &author()), ("to", to), ("subject", "x"), ("text", text)], &[])
        };
        let (kind, body) = letter("friend@receiver.test", "x");
        let wrong = world.say_by("wrong", MESSAGES, &[&kind], &body);
        assert_eq!((wrong.status, wrong.kind.as_str(), wrong.body), (401, "text/plain", json!("Forbidden")));
        let unknown = world.say("POST /v3/unknown.test/messages", &[&kind], &body);
        assert_eq!(
            (unknown.status, unknown.body),
            (404, json!({"message": "Domain not found: unknown.test"}))
        );
        let (kind, body) = letter("nobody", "x");
        let bad = world.say(MESSAGES, &[&kind], &body);
        let why = "to parameter is not a valid address. please check documentation";
        assert_eq!((bad.status, bad.body), (400, json!({"message": why})));
        let (kind, body) = letter("friend@receiver.test", &large);
        let refused = world.say(MESSAGES, &[&kind], &body);
        assert_eq!(
            (refused.status, refused.body),
            (413, json!({"message": "request size exceeds 52.4MiB limit"}))
        );
    }
    assert_eq!(world.site.waiting(), 0);
}

/// Receivers that the cases name and that nobody can install here.
#[test]
fn receivers_that_are_not_here() {
    let why = "no registry that the tests reach has it; django-anymail's views, mailgun-js and PHP's HMAC judge the same posts";
    skip("mailgun-go's VerifyWebhookSignature and ExtractForwardedMessage", why);
    skip("mailgun-php's verifyWebhookSignature", why);
    skip(
        "Symfony's MailgunRequestParser",
        "Debian's Symfony is 5.4, and it came with 6.3; django-anymail's view reads the same events",
    );
}
