//! Mailing lists.

use super::{NO_NODE, NO_PYTHON, World};
use super::{mailgun_js, node, python};
use crate::peer::need;

#[test]
fn kept_by_each_client() {
    need!("mailgun.js", mailgun_js::script(), NO_NODE);
    need!("mailgun-js", node::old(), NO_NODE);
    need!("Python's mailgun", python::script(), NO_PYTHON);
    let world = World::start();
    world.old("lists");
    let sent = world.js("lists", false);
    // One left, one came by a table, and one is no longer subscribed.
    let copies = world.copies(sent["id"].as_str().unwrap(), 2);
    let mut reached: Vec<_> = copies.iter().flat_map(|taken| taken.recipients.clone()).collect();
    reached.sort();
    assert_eq!(reached, ["RCPT TO:<cy@receiver.test>", "RCPT TO:<dee@receiver.test>"]);
    world.python("lists");
}
