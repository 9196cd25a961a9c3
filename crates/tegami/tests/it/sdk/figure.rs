//! Statistics, tags, metrics and logs, as the clients ask for them.

use serde_json::{Value, json};

use super::{NO_NODE, NO_PYTHON, World};
use super::{mailgun_js, node, python};
use crate::peer::{eventually, need};

impl World {
    fn delivered(&self, count: usize) {
        eventually(&format!("{count} deliveries"), || {
            (self.events("event=delivered").len() == count).then_some(())
        });
    }
}

#[test]
fn figures_of_mailgun_js() {
    need!("mailgun.js", mailgun_js::script(), NO_NODE);
    for fetch in [false, true] {
        let world = World::start();
        for _ in 0..3 {
            world.note("friend@receiver.test", &[("o:tag", "one"), ("o:tag", "two")]);
        }
        world.delivered(3);
        world.js_with("figures", fetch, &json!({"accepted": 3, "delivered": 3}));
    }
}

#[test]
fn figures_of_python_and_of_mailgun_js_before_the_dot() {
    need!("Python's mailgun", python::script(), NO_PYTHON);
    need!("mailgun-js", node::old(), NO_NODE);
    let world = World::start();
    let tags = [("o:tag", "invoice"), ("o:tag", "tag 1")];
    world.note("friend@receiver.test", &tags);
    world.delivered(1);
    world.old("tags");
    world.note("friend@receiver.test", &tags);
    world.delivered(2);
    let facts: Value = json!({"accepted": 2});
    world.python_with("figures", &facts);
    world.python_with("tags", &facts);
}
