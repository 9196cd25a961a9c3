//! PHP: Symfony's mailer with its bridge, and curl by hand.

use std::process::Command;

use serde_json::{Value, json};

use super::arrival::{Rich, letters};
use super::{NO_PHP, World, elephant, with};
use crate::peer::{eventually, need, program, python};

pub(super) fn script(name: &str) -> Option<Command> {
    elephant(name).filter(|_| python().is_some() && program("curl").is_some())
}

impl World {
    pub(super) fn symfony(&self, case: &str) -> Value {
        self.case(script("symfony.php").unwrap(), case, &letters())
    }

    /// The same, with an application's configuration.
    pub(super) fn symfony_by(&self, dsn: &[String]) {
        self.case(script("symfony.php").unwrap(), "configured", &with(letters(), &json!({"dsn": dsn})));
    }

    pub(super) fn php(&self, case: &str, more: &Value) -> Value {
        self.case(script("plain.php").unwrap(), case, &with(letters(), more))
    }
}

#[test]
fn letters_of_symfony() {
    need!("Symfony's mailer", script("symfony.php"), NO_PHP);
    let world = World::start();
    world.simple(&world.symfony("api_simple"));
    world.simple(&world.symfony("http_simple"));
    // The bridge knows one tag; the file's name goes out as Symfony writes it.
    world.rich(&world.symfony("api_rich"), Rich { tags: &["invoice"], ..Rich::default() });
    let whole = Rich { tags: &["invoice"], scheduled: false, ..Rich::default() };
    world.rich(&world.symfony("http_rich"), whole);
    world.batch(&world.symfony("batch"));
    world.symfony("errors");
}

#[test]
fn letters_of_curl_in_php() {
    need!("PHP's curl", script("plain.php"), NO_PHP);
    let world = World::start();
    world.simple(&world.php("simple", &Value::Null));
    world.simple(&world.php("form", &Value::Null));
    world.rich(&world.php("rich", &Value::Null), Rich::default());
    world.batch(&world.php("batch", &Value::Null));
    world.php("mime", &Value::Null);
    eventually("eight deliveries", || (world.events("event=delivered").len() == 8).then_some(()));
    assert_eq!(world.php("events", &Value::Null), json!({"seen": 8}));
}

#[test]
fn refusals() {
    need!("PHP's curl", script("plain.php"), NO_PHP);
    let world = World::start();
    world.php("errors", &Value::Null);
    assert_eq!(world.site.waiting(), 0);
}
