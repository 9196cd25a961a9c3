//! Webhooks: managed by one client, and judged by the receivers that others ship.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::post::Post;
use super::{NO_NODE, NO_PHP, NO_PYTHON, World};
use super::{anymail, mailgun_js, node, php};
use crate::peer::need;

const SIGNING: &str = "a-signing-key-for-tests";

fn world() -> World {
    World::with(&format!(
        "[webhooks]\nallow = \"127.0.0.0/8\"\nsigning_key = \"{SIGNING}\"\nretry = [\"1s\", \"1s\"]\n"
    ))
}

impl World {
    fn hook(&self, kind: &str, path: &str) {
        let url = format!("url={}{path}", self.posts.url());
        self.good("/v3/domains/sender.test/webhooks", &["--form", &format!("id={kind}"), "--form", &url]);
    }
}

fn received(posts: &[Post]) -> Value {
    json!({"signing": SIGNING, "received": posts.iter().map(Post::json).collect::<Vec<_>>()})
}

#[test]
fn managed_by_mailgun_js() {
    need!("mailgun.js", mailgun_js::script(), NO_NODE);
    let world = world();
    world.js("webhooks", false);
    world.js("clear_webhooks", false);
    world.js("webhooks", true);
}

/// Case 9: three fates, three receivers that check the signature.
#[test]
fn believed_by_those_who_receive_them() {
    need!("django-anymail", anymail::script(), NO_PYTHON);
    need!("PHP's curl", php::script("plain.php"), NO_PHP);
    need!("mailgun-js", node::old(), NO_NODE);
    let world = world();
    for (kind, path) in [
        ("accepted", "/once/accepted"),
        ("delivered", "/delivered"),
        ("permanent_fail", "/failed"),
        ("temporary_fail", "/later"),
    ] {
        world.hook(kind, path);
    }
    let more = [("o:tag", "invoice"), ("o:tag", "tag 1"), ("v:order", "17")];
    let good = world.note("friend@receiver.test", &more);
    let gone = world.note("nobody@receiver.test", &more);
    let busy = world.note("later@receiver.test", &more);
    let mut posts = world.posts.to("/delivered", 1);
    posts.extend(world.posts.to("/failed", 1).into_iter().take(1));
    posts.extend(world.posts.to("/later", 1).into_iter().take(1));
    for post in &posts {
        assert_eq!(post.content_type, "application/json");
        let body: Value = serde_json::from_slice(&post.body).unwrap();
        assert!(body["signature"]["timestamp"].is_string(), "{body:#}");
        assert_eq!(body["signature"]["token"].as_str().unwrap().len(), 50);
        assert!(body["event-data"]["timestamp"].is_number());
        assert_eq!(body["event-data"]["tags"], json!(["invoice", "tag 1"]));
    }
    let told = world.anymail("tracked", &received(&posts));
    let told = told.as_array().unwrap();
    let seen: Vec<_> = told.iter().map(|one| (&one["type"], &one["recipient"], &one["message_id"])).collect();
    let id = |id: &str| json!(format!("<{id}>"));
    assert_eq!(seen[0], (&json!("delivered"), &json!("friend@receiver.test"), &id(&good)));
    assert_eq!(seen[1], (&json!("bounced"), &json!("nobody@receiver.test"), &id(&gone)));
    assert_eq!(seen[2], (&json!("deferred"), &json!("later@receiver.test"), &id(&busy)));
    for one in told {
        assert_eq!((&one["tags"], &one["metadata"]["order"]), (&json!(["invoice", "tag 1"]), &json!("17")));
    }
    assert_eq!(told[1]["reason"], "bounced", "{:#}", told[1]);
    world.php("webhook", &received(&posts));
    world.old_with("webhook", &json!({"signing": SIGNING, "post": posts[0].text()}));
}

/// An answer that is no success is asked again, with a signature of its own; 406 never.
#[test]
fn asked_again_until_they_answer() {
    let world = world();
    world.hook("accepted", "/once/accepted");
    world.hook("delivered", "/refuse/delivered");
    world.note("friend@receiver.test", &[]);
    world.posts.to("/refuse/delivered", 1);
    let posts = world.posts.to("/once/accepted", 2);
    assert_eq!([posts[0].status, posts[1].status], [500, 200]);
    let bodies: Vec<Value> = posts.iter().map(|post| serde_json::from_slice(&post.body).unwrap()).collect();
    assert_eq!(bodies[0]["event-data"], bodies[1]["event-data"]);
    assert_ne!(bodies[0]["signature"]["token"], bodies[1]["signature"]["token"]);
    // Whoever refused was asked before, and would have been asked again by now.
    world.note("friend@receiver.test", &[]);
    world.posts.to("/once/accepted", 3);
    world.posts.to("/refuse/delivered", 2);
    let ids: BTreeMap<String, usize> =
        world.posts.to("/refuse/delivered", 2).iter().fold(BTreeMap::new(), |mut ids, post| {
            let body: Value = serde_json::from_slice(&post.body).unwrap();
            *ids.entry(body["event-data"]["id"].to_string()).or_default() += 1;
            ids
        });
    assert!(ids.values().all(|count| *count == 1), "{ids:?}");
}

#[test]
fn extras_of_mailgun_js() {
    need!("mailgun.js", mailgun_js::script(), NO_NODE);
    let world = World::with("[webhooks]\nallow = \"127.0.0.0/8\"\n");
    world.js("webhook_extras", false);
    world.posts.to("/tried", 1);
}

#[test]
fn managed_by_python() {
    need!("Python's mailgun", super::python::script(), NO_PYTHON);
    let world = world();
    world.python("webhooks");
    world.python("webhooks_by_url");
}
