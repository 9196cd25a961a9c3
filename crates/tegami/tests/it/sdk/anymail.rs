//! django-anymail: it sends by the API, and its views judge our webhooks and posts.

use std::process::Command;

use serde_json::Value;

use super::arrival::{Rich, letters};
use super::{NO_PYTHON, World, snake, with};
use crate::peer::{need, program};

pub(super) fn script() -> Option<Command> {
    snake("django_anymail.py").filter(|_| program("curl").is_some())
}

impl World {
    pub(super) fn anymail(&self, case: &str, more: &Value) -> Value {
        self.case(script().unwrap(), case, &with(letters(), more))
    }
}

#[test]
fn letters_of_each_kind() {
    need!("django-anymail", script(), NO_PYTHON);
    let world = World::start();
    world.simple(&world.anymail("simple", &Value::Null));
    world.rich(&world.anymail("rich", &Value::Null), Rich::default());
    let many = world.anymail("batch", &Value::Null);
    world.batch(&many);
    for (who, uid) in [("ann", "a1"), ("ben", "b2")] {
        let bare = many["id"].as_str().unwrap().trim_matches(['<', '>']);
        let event = world.event(&format!("event=accepted&recipient={who}@receiver.test&message-id={bare}"));
        assert_eq!(event["user-variables"]["uid"], uid, "{event:#}");
        let copies = world.copies(bare, 2);
        let copy = copies.iter().find(|taken| taken.recipients[0].contains(who)).unwrap();
        assert!(copy.text().contains(&format!("List-Unsubscribe: <https://sender.test/{uid}>")));
    }
    // Without values there is still one message for each.
    let alone = world.anymail("alone", &Value::Null);
    assert_eq!(world.copies(alone["id"].as_str().unwrap(), 2).len(), 2);
}

#[test]
fn refusals() {
    need!("django-anymail", script(), NO_PYTHON);
    let world = World::start();
    world.anymail("errors", &Value::Null);
    assert_eq!(world.site.waiting(), 0);
}
