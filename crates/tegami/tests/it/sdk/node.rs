//! The clients for Node that applications of some years still carry: mailgun-js, and Nodemailer's transport.

use std::process::Command;

use serde_json::{Value, json};

use super::arrival::{Rich, letters};
use super::{NO_NODE, World, javascript, with};
use crate::peer::{eventually, need, program, python};

pub(super) fn old() -> Option<Command> {
    javascript("mailgun_old.js").filter(|_| python().is_some() && program("curl").is_some())
}

pub(super) fn transport() -> Option<Command> {
    javascript("nodemailer_transport.js").filter(|_| python().is_some() && program("curl").is_some())
}

impl World {
    pub(super) fn old(&self, case: &str) -> Value {
        self.old_with(case, &json!({}))
    }

    pub(super) fn old_with(&self, case: &str, more: &Value) -> Value {
        self.case(old().unwrap(), case, &with(letters(), more))
    }

    pub(super) fn transport(&self, case: &str) -> Value {
        self.case(transport().unwrap(), case, &letters())
    }
}

#[test]
fn letters_of_mailgun_js_before_the_dot() {
    need!("mailgun-js", old(), NO_NODE);
    let world = World::start();
    world.simple(&world.old("simple"));
    world.rich(&world.old("rich"), Rich::default());
    world.batch(&world.old("batch"));
    let whole = world.letter(world.old("mime")["id"].as_str().unwrap());
    assert_eq!(whole.seen["subject"], "whole");
    eventually("seven deliveries", || (world.events("event=delivered").len() == 7).then_some(()));
    assert_eq!(world.old("events"), json!({"seen": 7}));
}

#[test]
fn suppressions_of_mailgun_js_before_the_dot() {
    need!("mailgun-js", old(), NO_NODE);
    let world = World::start();
    world.old("suppressions");
}

#[test]
fn refusals_before_mailgun_js_before_the_dot() {
    need!("mailgun-js", old(), NO_NODE);
    let world = World::start();
    world.old("errors");
    assert_eq!(world.site.waiting(), 0);
}

#[test]
fn letters_of_nodemailer() {
    need!("nodemailer-mailgun-transport", transport(), NO_NODE);
    let world = World::start();
    world.simple(&world.transport("simple"));
    world.rich(&world.transport("rich"), Rich::default());
    world.batch(&world.transport("batch"));
    let own = world.transport("own");
    assert_eq!(own["id"], "<of-my-own@sender.test>");
    let letter = world.letter("<of-my-own@sender.test>");
    assert_eq!(letter.field("List-Unsubscribe"), ["<mailto:leave@sender.test>"]);
    world.transport("errors");
}
