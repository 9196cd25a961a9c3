//! What arrived, against what the clients were told to send. All clients send the same letters, each as far as it can.

use std::process::Command;

use serde_json::{Value, json};

use super::{DOMAIN, World};
use crate::peer::{eventually, python, run, script_path};
use crate::sink::Taken;

/// Case 1: a letter in Japanese.
pub(crate) const SUBJECT: &str = "お問い合わせありがとうございます（受付番号 2026-1121）";
pub(crate) const TEXT: &str = "こんにちは。\n.\n..先頭の点\n";
pub(crate) const AUTHOR: &str = "山田太郎";

/// What of the rich letter a client can say.
#[derive(Clone, Copy)]
pub(crate) struct Rich {
    pub(crate) tags: &'static [&'static str],
    pub(crate) scheduled: bool,
    /// Whether the client sends attachments under their names.
    pub(crate) bcc: bool,
    /// The second attachment's name: some clients rewrite it.
    pub(crate) picture: &'static str,
}

impl Default for Rich {
    fn default() -> Self {
        Self { tags: &["invoice", "tag 1"], scheduled: true, bcc: true, picture: "日本.png" }
    }
}

/// What a message looks like to a reader.
pub(crate) struct Letter {
    pub(crate) seen: Value,
    pub(crate) taken: Taken,
}

impl Letter {
    pub(crate) fn part(&self, name: &str) -> &Value {
        let parts = self.seen["parts"].as_array().unwrap();
        let part = parts.iter().find(|part| part["name"] == name);
        part.unwrap_or_else(|| panic!("no part {name} in {:#}\n{}", self.seen, self.taken.text()))
    }

    pub(crate) fn field(&self, name: &str) -> Vec<&str> {
        let fields = self.seen["fields"].as_array().unwrap();
        let of = fields.iter().filter(|field| field[0].as_str().unwrap().eq_ignore_ascii_case(name));
        of.map(|field| field[1].as_str().unwrap()).collect()
    }
}

impl World {
    /// The copies of a message that its recipients got, once there are so many recipients.
    #[track_caller]
    pub(crate) fn copies(&self, id: &str, recipients: usize) -> Vec<Taken> {
        let field = id.trim_matches(['<', '>']);
        eventually(&format!("{recipients} recipients of {id}"), || {
            let taken = self.sink.taken();
            let found: Vec<_> = taken.into_iter().filter(|taken| taken.text().contains(field)).collect();
            let count: usize = found.iter().map(|taken| taken.recipients.len()).sum();
            (count >= recipients).then_some(found)
        })
    }

    /// The letter with this id, as Python's own parser reads it.
    #[track_caller]
    pub(crate) fn letter(&self, id: &str) -> Letter {
        read(self.copies(id, 1).remove(0))
    }

    /// Case 1: what was sent is what arrived, and the id is the Message-ID.
    #[track_caller]
    pub(crate) fn simple(&self, answer: &Value) -> Letter {
        let id = answer["id"].as_str().unwrap();
        assert!(id.starts_with('<') && id.ends_with('>'), "{id}");
        let letter = self.letter(id);
        let seen = &letter.seen;
        assert_eq!(seen["subject"], SUBJECT, "{}", letter.taken.text());
        assert_eq!(seen["from"], json!([[AUTHOR, "alice@sender.test"]]));
        assert_eq!(seen["text"].as_str().unwrap().trim_end(), TEXT.trim_end());
        assert_eq!(seen["message_id"], id);
        letter
    }

    /// Case 2: attachments, a picture in the text, recipients of each kind, tags, a variable and an hour.
    #[track_caller]
    pub(crate) fn rich(&self, answer: &Value, rich: Rich) -> Letter {
        let id = answer["id"].as_str().unwrap();
        let recipients = if rich.bcc { 3 } else { 2 };
        let mut reached: Vec<String> =
            self.copies(id, recipients).into_iter().flat_map(|taken| taken.recipients).collect();
        reached.sort();
        let expected = ["copy", "friend", "hidden"].map(|name| format!("RCPT TO:<{name}@receiver.test>"));
        assert_eq!(reached, expected[..recipients]);
        let letter = self.letter(id);
        let seen = &letter.seen;
        assert_eq!(seen["subject"], SUBJECT);
        assert_eq!(seen["from"], json!([[AUTHOR, "alice@sender.test"]]));
        assert_eq!(seen["to"][0][1], "friend@receiver.test", "{}", letter.taken.text());
        assert_eq!(seen["cc"][0][1], "copy@receiver.test");
        assert_eq!(seen["reply_to"][0][1], "reply@sender.test");
        assert!(!letter.taken.text().contains("hidden@"), "{}", letter.taken.text());
        assert!(seen["text"].as_str().unwrap().contains("こんにちは"));
        let plain = letter.part("a b.txt");
        assert_eq!((&plain["disposition"], &plain["text"]), (&json!("attachment"), &json!("plain octets\n")));
        let picture = letter.part(rich.picture);
        assert_eq!(picture["type"], "image/png");
        assert_eq!(picture["octets"], PICTURE);
        // The picture in the text is where the HTML looks for it.
        let html = seen["html"].as_str().unwrap();
        let cid = html.split("cid:").nth(1).unwrap().split(['"', '\'']).next().unwrap();
        let parts = seen["parts"].as_array().unwrap();
        let inline = parts.iter().find(|part| part["cid"] == format!("<{cid}>"));
        let inline = inline.unwrap_or_else(|| panic!("no {cid} in {seen:#}"));
        assert_eq!((&inline["disposition"], &inline["octets"]), (&json!("inline"), &json!(PICTURE)));
        self.told(id, rich);
        letter
    }

    /// The `accepted` event tells what was sent.
    #[track_caller]
    fn told(&self, id: &str, rich: Rich) {
        let bare = id.trim_matches(['<', '>']);
        let event = self.event(&format!("event=accepted&recipient=friend@receiver.test&message-id={bare}"));
        assert_eq!(event["tags"], json!(rich.tags), "{event:#}");
        assert_eq!(event["user-variables"]["order"], "17", "{event:#}");
        assert_eq!(event["message"]["headers"]["message-id"], bare);
        assert_eq!(event["message"]["headers"]["subject"], SUBJECT);
        let files = event["message"]["attachments"].as_array().unwrap();
        let names: Vec<_> = files.iter().map(|file| &file["filename"]).collect();
        assert_eq!(names, ["a b.txt", rich.picture], "{event:#}");
        assert_eq!(files[0]["content-type"], "text/plain");
        assert_eq!(files[1]["content-type"], "image/png");
        assert!(files.iter().all(|file| file["size"].is_u64()), "{event:#}");
        let url = event["storage"]["url"].as_str().unwrap();
        assert!(url.starts_with(&format!("{}/v3/domains/{DOMAIN}/messages/", self.url())), "{url}");
        assert_eq!(event["message"]["scheduled-for"].is_number(), rich.scheduled, "{event:#}");
    }

    /// Case 3: each recipient of a batch sees his own name, and nobody else's.
    #[track_caller]
    pub(crate) fn batch(&self, answer: &Value) {
        let id = answer["id"].as_str().unwrap();
        let copies = self.copies(id, 2);
        assert_eq!(copies.len(), 2, "{id}");
        for (name, address, number) in [("Ann", "ann@receiver.test", "1"), ("Ben", "ben@receiver.test", "2")]
        {
            let taken = copies.iter().find(|taken| taken.recipients == [format!("RCPT TO:<{address}>")]);
            let letter = read(taken.unwrap_or_else(|| panic!("nothing for {address}")).clone());
            assert_eq!(letter.seen["subject"], format!("{name}: {number}"), "{}", letter.taken.text());
            assert_eq!(letter.seen["text"].as_str().unwrap().trim_end(), format!("Dear {name} <{address}>"));
            let to: Vec<_> = letter.seen["to"].as_array().unwrap().iter().map(|to| &to[1]).collect();
            assert_eq!(to, [address]);
        }
    }
}

/// A picture of one dot, in base64.
pub(crate) const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// The letters as all scripts get them.
pub(crate) fn letters() -> Value {
    json!({
        "subject": SUBJECT,
        "text": TEXT,
        "author": format!("{AUTHOR} <alice@sender.test>"),
        "picture": PICTURE,
    })
}

pub(crate) fn read(taken: Taken) -> Letter {
    let mut command = Command::new(python().unwrap());
    let said = run(command.arg(script_path("sdk/read.py")), &taken.content).well();
    Letter { seen: serde_json::from_str(&said).unwrap(), taken }
}
