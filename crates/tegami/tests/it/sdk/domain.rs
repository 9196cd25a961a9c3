//! Domains from their birth to their end: created, published, verified, logged in to, deleted.

use std::io::Write as _;

use serde_json::Value;

use super::{NO_NODE, NO_PYTHON, World};
use super::{mailgun_js, node, python};
use crate::peer::need;
use crate::wire::Wire;

impl World {
    /// Does what the records ask for; the server reads its zone when it starts.
    fn publish(&mut self, records: &Value) {
        let mut zone = std::fs::File::options().append(true).open(self.site.path("zone.txt")).unwrap();
        for record in ["sending", "receiving"].iter().flat_map(|side| records[side].as_array().unwrap()) {
            let text = |name: &str| record[name].as_str().unwrap_or_else(|| panic!("{name} of {record:#}"));
            let value = match text("record_type") {
                "TXT" => {
                    let letters: Vec<char> = text("value").chars().collect();
                    let strings: Vec<String> = letters
                        .chunks(200)
                        .map(|part| format!("\"{}\"", part.iter().collect::<String>()))
                        .collect();
                    strings.join(" ")
                }
                "MX" => format!("{} {}.", text("priority"), text("value")),
                _ => format!("{}.", text("value")),
            };
            writeln!(zone, "{}. {} {value}", text("name"), text("record_type")).unwrap();
        }
        drop(zone);
        self.site.stop();
        self.site.serve();
    }
}

const LETTER: &str = "From: clerk@fresh.test\r\nSubject: from fresh\r\n\r\nx";

#[test]
fn taken_in_by_mailgun_js() {
    need!("mailgun.js", mailgun_js::script(), NO_NODE);
    let mut world = World::start();
    let records = world.js("domain", false);
    world.publish(&records);
    world.js("verified", false);
    world.js("settings", false);
    // The receiver knows no TLS, which the settings demand by now.
    let plain = ["--request", "PUT", "--data", "require_tls=no&skip_verification=no"];
    world.good("/v3/domains/fresh.test/connection", &plain);
    // The credentials are good for submission.
    let mut wire = Wire::tls(world.site.submissions()).unwrap();
    wire.command("EHLO client.test").unwrap();
    let reply = wire.authenticate("clerk@fresh.test", "better horse").unwrap();
    assert!(reply.starts_with("235"), "{reply}");
    let reply = wire.send("clerk@fresh.test", &["friend@receiver.test"], LETTER).unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    let taken = world.sink.with_text("Subject: from fresh");
    assert!(taken.text().contains("d=fresh.test"), "{}", taken.text());
    world.js("credentials", true);
    let mut wire = Wire::tls(world.site.submissions()).unwrap();
    wire.command("EHLO client.test").unwrap();
    let reply = wire.authenticate("clerk@fresh.test", "better horse").unwrap();
    assert!(reply.starts_with("535"), "{reply}");
}

#[test]
fn taken_in_by_python_and_by_mailgun_js_before_the_dot() {
    need!("Python's mailgun", python::script(), NO_PYTHON);
    need!("mailgun-js", node::old(), NO_NODE);
    let world = World::start();
    world.python("domains");
    world.old("domains");
}

#[test]
fn keys_and_names() {
    need!("mailgun.js", mailgun_js::script(), NO_NODE);
    need!("Python's mailgun", python::script(), NO_PYTHON);
    let world = World::start();
    world.js("keys", false);
    world.python("keys");
}

#[test]
fn what_belongs_to_the_account() {
    need!("mailgun.js", mailgun_js::script(), NO_NODE);
    need!("Python's mailgun", python::script(), NO_PYTHON);
    let world = World::start();
    world.js("account", false);
    world.python("account");
    world.js("queues", false);
    world.python("queues");
}
