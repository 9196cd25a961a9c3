//! The official client for Python.

use std::process::Command;

use serde_json::{Value, json};

use super::arrival::{Rich, letters};
use super::{NO_PYTHON, World, snake, with};
use crate::peer::{eventually, need, program};

pub(super) fn script() -> Option<Command> {
    snake("mailgun_python.py").filter(|_| program("curl").is_some())
}

impl World {
    pub(super) fn python(&self, case: &str) -> Value {
        self.python_with(case, &json!({}))
    }

    pub(super) fn python_with(&self, case: &str, more: &Value) -> Value {
        self.case(script().unwrap(), case, &with(letters(), more))
    }
}

#[test]
fn letters_of_each_kind() {
    need!("Python's mailgun", script(), NO_PYTHON);
    let world = World::start();
    world.simple(&world.python("simple"));
    world.simple(&world.python("asynchronous"));
    world.rich(&world.python("rich"), Rich::default());
    world.batch(&world.python("batch"));
    let whole = world.letter(world.python("mime")["id"].as_str().unwrap());
    assert_eq!((&whole.seen["subject"], &whole.seen["text"]), (&json!("whole"), &json!("こんにちは。\n")));
}

#[test]
fn events_to_the_end() {
    need!("Python's mailgun", script(), NO_PYTHON);
    let world = World::start();
    world.simple(&world.python("simple"));
    world.simple(&world.python("simple"));
    eventually("two deliveries", || (world.events("event=delivered").len() == 2).then_some(()));
    assert_eq!(world.python("events"), json!({"seen": 4}));
    let again = world.python("resent");
    let copies = world.copies(again["id"].as_str().unwrap(), 3);
    let reached: Vec<_> = copies.iter().flat_map(|taken| &taken.recipients).collect();
    for who in ["again", "twice"] {
        assert!(reached.contains(&&format!("RCPT TO:<{who}@receiver.test>")), "{reached:?}");
    }
}

#[test]
fn suppressions() {
    need!("Python's mailgun", script(), NO_PYTHON);
    let world = World::start();
    world.python("suppressions");
    world.python("allowed");
    world.python("imports");
}

#[test]
fn refusals() {
    need!("Python's mailgun", script(), NO_PYTHON);
    let world = World::start();
    world.python("errors");
    assert_eq!(world.site.waiting(), 0);
}
