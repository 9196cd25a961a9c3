//! `tegami inspect --what-if`

use expect_test::expect_file;
use serde_json::{Value, json};

use super::inspect::scene;
use super::{NOW, Scene};

/// More names for the world: a forwarder, and a relay with an IPv6 address alone.
const MORE: &str = "
fwd.example.net.            A    198.51.100.20
fwd.example.net.            TXT  \"v=spf1 a -all\"
20.100.51.198.in-addr.arpa. PTR  fwd.example.net.
six.example.net.            AAAA 2001:db8::20
";

fn world() -> Scene {
    let scene = scene(|message| message);
    let zone = std::fs::read_to_string(scene.folder.path().join("zone")).unwrap();
    scene.file("zone", format!("{zone}{MORE}").as_bytes());
    scene.file("bare", b"From: a@example.com\n\nHello\n");
    scene
}

/// The words for a message with changes.
fn words<'w>(message: &'w str, changes: &[&'w str], more: &[&'w str]) -> Vec<&'w str> {
    let mut words = vec!["inspect", message, "--zone", "zone", "--now", NOW];
    words.extend(changes.iter().flat_map(|change| ["--what-if", change]));
    words.extend(more);
    words
}

/// Every change with what it leads to, one after another.
fn told(scene: &Scene, more: &[&str]) -> String {
    let worlds: &[&[&str]] = &[
        &["forward via fwd.example.net"],
        &["forward via 198.51.100.20 with srs"],
        &["forward via 203.0.113.9"],
        &["list footer"],
        &["list footer", "dkim.add=lists.example", "dmarc.p=none"],
        &["list footer via six.example.net"],
        &["spf.include=spf.example.com", "ip=203.0.113.1"],
        &["spf.ip4=203.0.113.0/24", "ip=203.0.113.1", "helo=x.example.org"],
        &["spf.all=~", "ip=203.0.113.1", "dkim.remove"],
        &["spf.remove", "dkim.remove=example.org"],
        &["mail-from=a@bare.example.org", "spf.mx"],
        &["dkim.remove=example.net"],
        &["dmarc.adkim=s"],
        &["dmarc.remove"],
        &["spf=v=spf1 ip4:192.0.2.300 -all", "dmarc=v=DMARC1; p=quarantine"],
    ];
    let mut told = String::new();
    for changes in worlds {
        let answer = scene.run_words(&words("message", changes, more), b"");
        told.push_str(&format!("{}{}exit status {}\n\n", answer.output, answer.errors, answer.status));
    }
    told
}

#[test]
fn every_change() {
    let scene = world();
    expect_file!["expected/what-if-1.txt"].assert_eq(&told(&scene, &[]));
    expect_file!["expected/what-if-2.txt"].assert_eq(&told(&scene, &["--lang", "ja"]));
}

#[test]
fn what_cannot_be_supposed() {
    let scene = world();
    let check = |changes: &[&str], expected: &str| {
        let answer = scene.run_words(&words("message", changes, &[]), b"");
        assert_eq!((answer.status, answer.output.as_str()), (2, ""), "{changes:?}");
        assert!(answer.errors.contains(expected), "{changes:?}: {}", answer.errors);
    };
    check(&["dmarc.p=none", "spf.inlcude=spf.example.net"], "Did you mean `spf.include=NAME`?");
    check(&["forward via nowhere.example.net"], "nowhere.example.net has no address (NXDOMAIN)");
    check(&["forward via 203.0.113.9 with srs"], "203.0.113.9 has no confirmed name");
    check(&["forward via not_a_domain!"], "is not a domain name");
}

#[test]
fn where_nothing_is_published() {
    let scene = world();
    let effect = |change: &str| -> Value {
        let more = ["--ip", "203.0.113.1", "--mail-from", "a@example.com", "--json"];
        let answer = scene.run_words(&words("bare", &[change], &more), b"");
        let found: Value = serde_json::from_str(&answer.output).unwrap();
        json!([found["what_if"][0]["made"], found["after"]["dmarc"]["policy"], found["changes"][0]["id"]])
    };
    assert_eq!(effect("spf.include=spf.example.net"), json!([false, "none", null]));
    assert_eq!(effect("spf=v=spf1 -all"), json!([true, "none", "spf.mailfrom"]));
    assert_eq!(effect("dmarc.adkim=s"), json!([false, "none", null]));
    assert_eq!(effect("dmarc.p=reject"), json!([true, "reject", "dmarc.policy"]));
    assert_eq!(effect("dkim.remove"), json!([false, "none", null]));
    assert_eq!(effect("dkim.add=example.com"), json!([true, "none", "dkim"]));
}

#[test]
fn json_of_a_changed_world() {
    let scene = world();
    let answer = scene.run_words(&words("message", &["list footer"], &["--json"]), b"");
    let found: Value = serde_json::from_str(&answer.output).unwrap();
    assert_eq!(answer.status, 1);
    assert_eq!(found["what_if"][0]["change"], "list footer");
    assert_eq!(found["what_if"][0]["made"], true);
    assert_eq!(
        (&found["before"]["dmarc"]["result"], &found["after"]["dmarc"]["result"]),
        (&json!("pass"), &json!("fail"))
    );
    let ids: Vec<&str> =
        found["changes"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        [
            "spf.mailfrom",
            "dkim",
            "dmarc.aligned.spf",
            "dmarc.aligned.dkim",
            "dmarc",
            "dmarc.disposition",
            "decision",
            "score"
        ]
    );
    let spf = &found["changes"][0];
    assert_eq!((&spf["before"], &spf["after"]), (&json!("pass"), &json!("pass")));
    assert_eq!(
        (&spf["domain_before"], &spf["domain_after"]),
        (&json!("example.org"), &json!("lists.example"))
    );
    assert!(spf["reasons"][0]["detail"].is_string() && spf["reasons"][0]["source"].is_string());
}
