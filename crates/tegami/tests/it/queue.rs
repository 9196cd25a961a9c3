//! What operators do to mail that waits, with a server and without.

use serde_json::Value;

use crate::peer::{eventually, run};
use crate::sink::Sink;
use crate::site::{Plan, Site, TEGAMI};

fn send(site: &Site, subject: &str, to: &[&str]) -> String {
    let mut command = std::process::Command::new(TEGAMI);
    command.args(["--lang", "en", "--config"]).arg(site.config()).args(["send", "-f", "alice@sender.test"]);
    command.args(to);
    let content = format!("From: alice@sender.test\nSubject: {subject}\n\nHello\n");
    let said = run(&mut command, content.as_bytes()).well();
    said.rsplit(' ').next().unwrap().trim().to_owned()
}

fn states(site: &Site, words: &[&str]) -> Vec<(String, String, bool)> {
    let list = site.json(&[&["queue", "list"], words].concat());
    let rows = list["queue"].as_array().unwrap().iter().map(|row| {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        (text("recipient"), text("state"), row["waits"]["held"] == true)
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}

#[test]
fn operators_hold_release_reroute_and_drop() {
    let (sink, relay) = (Sink::start("127.43.92.1"), Sink::start("127.43.92.2"));
    let zone = format!("{}{}", sink.zone("receiver.test"), sink.zone("other.test"));
    let mut site = Site::start(&Plan { zone, port: Some(sink.address.port()), ..Plan::default() });
    site.add_user("alice@sender.test", "correct horse");
    // A standing rule holds what is still to come, and nothing else.
    let stands = [
        "queue",
        "hold",
        "--standing",
        "--domain",
        "receiver.test",
        "--reason",
        "their MX is broken",
        "--yes",
    ];
    site.tegami(&stands).well();
    let id = send(&site, "first", &["a@receiver.test", "b@receiver.test", "c@other.test"]);
    eventually("what is not held", || (site.waiting() == 2).then_some(()));
    assert_eq!(sink.first().recipients, ["RCPT TO:<c@other.test>"]);
    let held = |who: &str| (who.to_owned(), "queued".to_owned(), true);
    assert_eq!(states(&site, &[]), [held("a@receiver.test"), held("b@receiver.test")]);
    let told = site.tegami(&["queue", "list"]).well();
    assert!(told.contains("held") && told.contains("domain:receiver.test"), "{told}");
    let why = site.tegami(&["why", &id]);
    assert!(why.output.contains("their MX is broken"), "{}", why.output);
    assert!(site.tegami(&["queue", "holds"]).well().contains("their MX is broken"));
    // A preview changes nothing, and nobody is asked where nobody is.
    let only_a = ["--to", "a@receiver.test"];
    let preview = site.json(&[&["queue", "hold", "--dry-run"], &only_a[..]].concat());
    assert_eq!(
        (&preview["recipients"], &preview["domains"][0]["name"]),
        (&1.into(), &"receiver.test".into())
    );
    let refused = site.tegami(&[&["queue", "hold"], &only_a[..]].concat());
    assert_eq!(refused.status, Some(2), "{}", refused.all());
    assert!(
        site.tegami(&["queue", "hold", "--yes"]).status == Some(2),
        "everything is never meant by accident"
    );
    // Held by name, it stays when the rule is lifted; rerouted, it goes to the relay when it is released.
    let hold = ["queue", "hold", "--yes", "--reason", "asked to"];
    site.tegami(&[&hold[..], &only_a].concat()).well();
    let via = relay.address.to_string();
    site.tegami(&[&["queue", "reroute", "--yes", "--via", &via], &only_a[..]].concat()).well();
    site.tegami(&["queue", "release", "--rule", "domain:receiver.test"]).well();
    sink.with_text("Subject: first");
    eventually("the second recipient", || (site.waiting() == 1).then_some(()));
    assert_eq!(states(&site, &[]), [("a@receiver.test".to_owned(), "held".to_owned(), false)]);
    assert!(site.tegami(&["queue", "list"]).well().contains("asked to"));
    assert_eq!(relay.taken().len(), 0);
    let places = site.json(&["provider", "list"]);
    let waiting = places["places"].as_array().unwrap().iter().filter(|place| place["waiting"] == 1);
    let names: Vec<_> = waiting.map(|place| place["place"].as_str().unwrap()).collect();
    assert_eq!(names, [format!("smarthost:[{}]", relay.address.ip())]);
    site.tegami(&["queue", "release", "--yes", &id]).well();
    assert_eq!(relay.first().recipients, ["RCPT TO:<a@receiver.test>"]);
    // Without a server the same commands work on the folder; the senders of what is dropped are told.
    site.tegami(&["queue", "hold", "--standing", "--domain", "receiver.test", "--yes"]).well();
    let id = send(&site, "second", &["a@receiver.test", "b@receiver.test"]);
    site.stop();
    site.tegami(&["queue", "drop", "--yes", "--to", "a@receiver.test", "--reason", "a secret reason"]).well();
    site.tegami(&["queue", "drop", "--bounce", "--yes", "--to", "b@receiver.test"]).well();
    assert_eq!(site.waiting(), 0);
    let message = site.mail("alice@sender.test", "INBOX");
    assert!(message.contains("b@receiver.test") && !message.contains("a@receiver.test"), "{message}");
    let why = site.tegami(&["why", &id]);
    assert!(why.output.contains("a secret reason"), "{}", why.output);
    let nothing = site.tegami(&["queue", "retry", "--yes", &id]);
    assert_eq!(nothing.status, Some(1), "{}", nothing.all());
}

#[test]
fn a_summary_counts_by_age() {
    let site = Site::start(&Plan::default());
    site.add_user("alice@sender.test", "correct horse");
    site.tegami(&["queue", "hold", "--standing", "--sender", "sender.test", "--yes"]).well();
    send(&site, "one", &["a@one.test", "b@one.test", "c@two.test"]);
    let summary = site.json(&["queue", "summary", "--by", "domain"]);
    let lines: Vec<(&str, u64, u64)> = summary["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group: &Value| {
            let count = |value: &Value| value.as_u64().unwrap();
            (group["name"].as_str().unwrap(), count(&group["recipients"]), count(&group["ages"]["5m"]))
        })
        .collect();
    assert_eq!(lines, [("one.test", 2, 2), ("two.test", 1, 1)]);
    let told = site.tegami(&["queue", "summary"]).well();
    assert!(told.contains("one.test") && told.contains("<5m"), "{told}");
    assert_eq!(states(&site, &["--cause", "rate"]), []);
    assert_eq!(states(&site, &["--older", "1h"]), []);
    assert_eq!(states(&site, &["--domain", "two.test"]).len(), 1);
}
