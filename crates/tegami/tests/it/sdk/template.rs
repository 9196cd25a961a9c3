//! Stored templates: kept by two clients, sent by five.

use serde_json::{Value, json};

use super::arrival::SUBJECT;
use super::shell::{form, words};
use super::{NO_NODE, NO_PHP, NO_PYTHON, World};
use super::{anymail, mailgun_js, node, php, python};
use crate::peer::need;

/// The text of the template that everybody fills.
const WELCOME: &str = "<p>{{greeting}} {{name}}{{#if vip}} ★{{/if}}</p>";

impl World {
    pub(super) fn welcome(&self) {
        let fields = form(&[("name", "welcome"), ("template", WELCOME)]);
        self.good("/v3/sender.test/templates", &words(&fields));
    }
}

#[test]
fn kept_and_sent_by_mailgun_js() {
    need!("mailgun.js", mailgun_js::script(), NO_NODE);
    let world = World::start();
    for fetch in [false, true] {
        let sent = world.js("templates", fetch);
        let letter = world.letter(sent["sent"]["id"].as_str().unwrap());
        let html = letter.seen["html"].as_str().unwrap();
        // What `t:variables` says is stronger than `v:`, and HTML is escaped.
        assert!(html.contains("<p>こんにちは &lt;Ann&gt; ★</p>"), "{html}");
        assert_eq!(letter.seen["subject"], "Hello <Ann>");
        assert_eq!(letter.seen["from"], json!([["Shop", "shop@sender.test"]]));
        assert!(letter.seen["text"].as_str().unwrap().contains("こんにちは <Ann> ★"), "{:#}", letter.seen);
        let letter = world.letter(sent["headed"]["id"].as_str().unwrap());
        assert!(letter.seen["html"].as_str().unwrap().contains("<p>Hi Ben!</p>"), "{:#}", letter.seen);
        assert_eq!(letter.seen["subject"], "of mine");
    }
}

#[test]
fn kept_and_sent_by_python() {
    need!("Python's mailgun", python::script(), NO_PYTHON);
    let world = World::start();
    let letter = world.letter(world.python("templates")["id"].as_str().unwrap());
    let html = letter.seen["html"].as_str().unwrap();
    assert!(html.contains("<p>こんにちは &lt;Ann&gt; ★</p>"), "{html}");
    assert!(letter.seen["text"].is_string());
}

#[test]
fn sent_by_anymail_symfony_and_nodemailer() {
    need!("django-anymail", anymail::script(), NO_PYTHON);
    need!("Symfony's mailer", php::script("symfony.php"), NO_PHP);
    need!("nodemailer-mailgun-transport", node::transport(), NO_NODE);
    let world = World::start();
    world.welcome();
    // Its values for each recipient reach the template through variables that hold placeholders.
    let many = world.anymail("template", &Value::Null);
    for taken in world.copies(many["id"].as_str().unwrap(), 2) {
        let name = if taken.recipients[0].contains("ann@") { "Ann" } else { "Ben" };
        let letter = super::arrival::read(taken);
        let html = letter.seen["html"].as_str().unwrap();
        assert!(html.contains(&format!("<p>こんにちは {name}</p>")), "{html}");
        assert_eq!(letter.seen["subject"], SUBJECT);
    }
    let letter = world.letter(world.symfony("template")["id"].as_str().unwrap());
    assert!(letter.seen["html"].as_str().unwrap().contains("こんにちは &lt;Ann&gt; ★"), "{:#}", letter.seen);
    let letter = world.letter(world.transport("template")["id"].as_str().unwrap());
    assert!(letter.seen["html"].as_str().unwrap().contains("<p>こんにちは Ann</p>"), "{:#}", letter.seen);
}
