//! curl, as people type it.

use std::process::Command;

use serde_json::{Value, json};

use super::arrival::{AUTHOR, PICTURE, Rich, SUBJECT, TEXT};
use super::{NO_PYTHON, World};
use crate::peer::{eventually, need, program, python, run};

impl World {
    /// One call; its status and its answer, which is text where it is not JSON.
    pub(crate) fn curl(&self, path: &str, words: &[&str]) -> (u16, Value) {
        let mut command = Command::new(program("curl").unwrap());
        command.args([
            "--silent",
            "--show-error",
            "--max-time",
            "30",
            "--user",
            &format!("api:{}", self.key),
        ]);
        command.args(["--write-out", "\n%{http_code}"]).args(words).arg(format!("{}{path}", self.url()));
        let said = run(&mut command, b"").well();
        let (body, status) = said.rsplit_once('\n').unwrap();
        let answer = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body));
        (status.parse().unwrap(), answer)
    }

    #[track_caller]
    pub(crate) fn good(&self, path: &str, words: &[&str]) -> Value {
        let (status, answer) = self.curl(path, words);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Sends a few words; the id without its brackets.
    #[track_caller]
    pub(crate) fn note(&self, to: &str, more: &[(&str, &str)]) -> String {
        let plain = [("from", "alice@sender.test"), ("to", to), ("subject", "a note"), ("text", "x")];
        let answer = self.good(MESSAGES, &words(&form(&[&plain, more].concat())));
        answer["id"].as_str().unwrap().trim_matches(['<', '>']).to_owned()
    }
}

pub(super) fn form(fields: &[(&str, &str)]) -> Vec<String> {
    fields.iter().flat_map(|(name, value)| ["--form-string".to_owned(), format!("{name}={value}")]).collect()
}

pub(super) fn words(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

/// Two seconds from now, in the form that people get from `date -R`.
fn soon() -> String {
    let moment = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    moment.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

pub(super) const MESSAGES: &str = "/v3/sender.test/messages";

#[test]
fn letters_of_curl() {
    use base64::Engine as _;

    need!("curl", program("curl").and(python()), NO_PYTHON);
    let world = World::start();
    let author = format!("{AUTHOR} <alice@sender.test>");
    let plain = [("from", author.as_str()), ("to", "friend@receiver.test"), ("subject", SUBJECT)];
    let simple = form(&[&plain[..], &[("text", TEXT)]].concat());
    world.simple(&world.good(MESSAGES, &words(&simple)));

    let octets = base64::engine::general_purpose::STANDARD.decode(PICTURE).unwrap();
    std::fs::write(world.site.path("a b.txt"), "plain octets\n").unwrap();
    std::fs::write(world.site.path("日本.png"), &octets).unwrap();
    std::fs::write(world.site.path("logo.png"), &octets).unwrap();
    let mut rich = form(
        &[
            &plain[..],
            &[
                ("cc", "copy@receiver.test"),
                ("bcc", "hidden@receiver.test"),
                ("h:Reply-To", "返信 <reply@sender.test>"),
                ("text", "こんにちは。\n"),
                ("html", "<p>写真 <img src=\"cid:logo.png\"></p>"),
                ("o:tag", "invoice"),
                ("o:tag", "tag 1"),
                ("v:order", "17"),
                ("o:deliverytime", &soon()),
            ],
        ]
        .concat(),
    );
    for (field, name) in [("attachment", "a b.txt"), ("attachment", "日本.png"), ("inline", "logo.png")] {
        rich.extend(["--form".to_owned(), format!("{field}=@\"{}\"", world.site.path(name).display())]);
    }
    world.rich(&world.good(MESSAGES, &words(&rich)), Rich::default());

    let variables = json!({
        "Ann <ann@receiver.test>": {"name": "Ann", "number": 1},
        "BEN@receiver.test": {"name": "Ben", "number": 2},
        "stranger@receiver.test": {"name": "nobody", "number": 3},
    });
    let batch = form(&[
        ("from", &author),
        ("to", "Ann <ann@receiver.test>, ben@receiver.test"),
        ("subject", "%recipient.name%: %recipient.number%"),
        ("text", "Dear %recipient.name% <%recipient_email%>\n"),
        ("recipient-variables", &variables.to_string()),
    ]);
    world.batch(&world.good(MESSAGES, &words(&batch)));
}

/// 605: who bounced is not written to again, and the events say so.
#[test]
fn who_bounced_is_not_delivered_to() {
    need!("curl", program("curl"), "curl is missing");
    let world = World::start();
    let letter = |to: &str| world.note(to, &[]);
    let first = letter("nobody@receiver.test");
    let bounced = world.event(&format!("event=failed&severity=permanent&message-id={first}"));
    assert_eq!(bounced["delivery-status"]["code"], 550, "{bounced:#}");
    assert_eq!(bounced["reason"], "bounce");
    let listed = eventually("the bounce in the list", || {
        let (status, answer) = world.curl("/v3/sender.test/bounces/nobody@receiver.test", &[]);
        (status == 200).then_some(answer)
    });
    assert_eq!((&listed["code"], &listed["address"]), (&json!("550"), &json!("nobody@receiver.test")));
    let second = letter("nobody@receiver.test");
    let dropped = world.event(&format!("event=failed&message-id={second}"));
    assert_eq!(dropped["delivery-status"]["code"], 605, "{dropped:#}");
    assert_eq!((&dropped["severity"], &dropped["reason"]), (&json!("permanent"), &json!("suppress-bounce")));
    assert_eq!(dropped["delivery-status"]["description"], "Not delivering to previously bounced address");
    // Forgiven, it is tried again.
    world.good("/v3/sender.test/bounces/nobody@receiver.test", &["--request", "DELETE"]);
    let third = letter("nobody@receiver.test");
    let again = world.event(&format!("event=failed&message-id={third}"));
    assert_eq!(again["delivery-status"]["code"], 550, "{again:#}");
    // And who is busy is told of as a temporary failure.
    let later = letter("later@receiver.test");
    let delayed = world.event(&format!("event=failed&severity=temporary&message-id={later}"));
    assert_eq!(delayed["delivery-status"]["code"], 450, "{delayed:#}");
    assert!(delayed["delivery-status"]["retry-seconds"].is_number(), "{delayed:#}");
}

/// In test mode everything is accepted and told, and nothing leaves.
#[test]
fn test_mode() {
    need!("curl", program("curl"), "curl is missing");
    let world = World::start();
    let fields = form(&[
        ("from", "alice@sender.test"),
        ("to", "friend@receiver.test"),
        ("subject", "x"),
        ("text", "x"),
        ("o:testmode", "yes"),
    ]);
    world.good(MESSAGES, &words(&fields));
    let told = world.event("event=delivered");
    assert_eq!(told["delivery-status"]["code"], 650, "{told:#}");
    assert_eq!(told["flags"]["is-test-mode"], true);
    assert!(world.sink.taken().is_empty());
}
