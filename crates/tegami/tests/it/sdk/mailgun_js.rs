//! mailgun.js 14, over `form-data` and axios and over `fetch`.

use std::process::Command;

use serde_json::{Value, json};

use super::arrival::{Rich, letters};
use super::{NO_NODE, NO_PYTHON, World, javascript, with};
use crate::peer::{eventually, need, program, python};

/// Both ways of the client to make requests.
const WAYS: [bool; 2] = [false, true];

pub(super) fn script() -> Option<Command> {
    javascript("mailgun_js.js").filter(|_| python().is_some() && program("curl").is_some())
}

impl World {
    pub(super) fn js(&self, case: &str, fetch: bool) -> Value {
        self.js_with(case, fetch, &json!({}))
    }

    pub(super) fn js_with(&self, case: &str, fetch: bool, more: &Value) -> Value {
        let mut facts = with(letters(), more);
        facts["fetch"] = fetch.into();
        self.case(script().unwrap(), case, &facts)
    }
}

#[test]
fn letters_of_each_kind() {
    need!("mailgun.js", script(), NO_NODE);
    need!("mailgun.js", python(), NO_PYTHON);
    let world = World::start();
    for fetch in WAYS {
        world.simple(&world.js("simple", fetch));
        world.rich(&world.js("rich", fetch), Rich::default());
        world.batch(&world.js("batch", fetch));
    }
}

#[test]
fn whole_messages() {
    need!("mailgun.js", script(), NO_NODE);
    let world = World::start();
    for answer in world.js("mime", false).as_array().unwrap() {
        let id = answer["id"].as_str().unwrap();
        let letter = world.letter(id);
        assert_eq!(letter.seen["subject"], "件名");
        assert_eq!(letter.seen["text"], "こんにちは。\n");
        let event = world.event(&format!("event=accepted&message-id={}", id.trim_matches(['<', '>'])));
        let tags = event["tags"].as_array().unwrap();
        assert!(tags.contains(&json!("inside")), "{event:#}");
        assert_eq!(event["user-variables"], json!({"a": 1}));
        if id.starts_with("<as-a-file") {
            assert!(tags.contains(&json!("outside")), "{event:#}");
        }
    }
    world.js("mime", true);
}

#[test]
fn stored_messages() {
    need!("mailgun.js", script(), NO_NODE);
    let world = World::start();
    world.simple(&world.js("simple", false));
    let again = world.js("stored", false);
    let copies = world.copies(again["id"].as_str().unwrap(), 2);
    assert!(copies.iter().any(|taken| taken.recipients == ["RCPT TO:<again@receiver.test>"]));
}

#[test]
fn refusals() {
    need!("mailgun.js", script(), NO_NODE);
    let world = World::start();
    for fetch in WAYS {
        world.js("errors", fetch);
    }
    assert_eq!(world.site.waiting(), 0);
}

#[test]
fn events_to_the_end() {
    need!("mailgun.js", script(), NO_NODE);
    let world = World::start();
    for _ in 0..3 {
        world.js("simple", false);
    }
    eventually("three deliveries", || (world.events("event=delivered").len() == 3).then_some(()));
    let begin = "Mon, 2 Jan 2006 15:04:05 +0000";
    for fetch in WAYS {
        let seen = world.js_with("events", fetch, &json!({"begin": begin}));
        assert_eq!(seen, json!({"all": 6, "ends": 3}));
    }
}

#[test]
fn suppressions() {
    need!("mailgun.js", script(), NO_NODE);
    let world = World::start();
    for fetch in WAYS {
        world.js("suppressions", fetch);
        world.js("allowed", fetch);
        world.js("imports", fetch);
    }
}
