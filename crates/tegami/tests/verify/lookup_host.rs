//! `tegami lookup` where more is asked than one record: lists of reputation, mail hosts themselves, a brand's picture.

use expect_test::expect_file;

use super::Scene;
use super::lookup::transcript;

/// A list of reputation with its test entry, which knows one of the mail hosts.
const LISTS: &str = r#"
2.0.0.127.zen.spamhaus.org. A 127.0.0.2
2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.zen.spamhaus.org. A 127.0.0.2
2.2.0.192.zen.spamhaus.org. A 127.0.0.4
2.2.0.192.zen.spamhaus.org. TXT "https://check.example.net/192.0.2.2"
test.dbl.spamhaus.org. A 127.0.1.2
bad.example.dbl.spamhaus.org. A 127.0.1.4
"#;

#[test]
fn mx_with_lists_and_sessions() {
    let scene = Scene::new(LISTS);
    transcript(
        &scene,
        &expect_file!["expected/lookup-mx.txt"],
        &[
            "lookup mx example.org --zone zone",
            "lookup mx example.org --zone zone --lang ja",
            "lookup mx example.org --zone zone --no-probes",
        ],
    );
    let (status, found) = scene.json("lookup mx example.org --zone zone");
    assert_eq!(status, 1);
    let state = |host: usize, address: usize, of: &str| {
        let one = &found["hosts"][host]["addresses"][address];
        format!("{} {of} {}", one["ip"].as_str().unwrap(), one[of]["state"].as_str().unwrap())
    };
    assert_eq!(state(0, 0, "blacklist"), "192.0.2.1 blacklist clean");
    assert_eq!(state(0, 1, "blacklist"), "2001:db8::1 blacklist clean");
    assert_eq!(state(1, 0, "blacklist"), "192.0.2.2 blacklist listed");
    assert_eq!(state(1, 0, "smtp"), "192.0.2.2 smtp not-asked");
    assert!(found["hosts"][1]["addresses"][0]["smtp"]["because"].is_string());
    assert_eq!(found["hosts"][1]["addresses"][0]["blacklist"]["lists"][0]["list"], "zen.spamhaus.org");
    // Without a list in it, the zone text says nothing of anybody.
    let (status, found) = Scene::new("").json("lookup mx example.org --zone zone --no-probes");
    assert_eq!(status, 0);
    assert_eq!(found["hosts"][0]["addresses"][0]["blacklist"]["state"], "not-asked");
}

#[test]
fn blacklist() {
    let scene = Scene::new(LISTS);
    transcript(
        &scene,
        &expect_file!["expected/lookup-blacklist.txt"],
        &["lookup blacklist 192.0.2.2 --zone zone", "lookup dnsbl bad.example --zone zone --lang ja"],
    );
    let (status, found) = scene.json("lookup blacklist 192.0.2.2 --zone zone");
    assert_eq!((status, &found["result"]), (1, &"listed".into()));
    let (status, found) = scene.json("lookup blacklist 192.0.2.1 --zone zone");
    assert_eq!((status, &found["result"]), (0, &"clean".into()));
    assert_eq!(found["lists"][0]["state"], "not-listed");
    assert!(found["lists"].as_array().unwrap().iter().any(|list| list["state"] == "unknown"));
    let (status, found) = Scene::new("").json("lookup blacklist example.org --zone zone");
    assert_eq!((status, &found["result"]), (1, &"unknown".into()));
}

/// The configuration says which lists are asked; its keys stand in questions, and nowhere in what is told of them.
#[test]
fn configured_lists() {
    const CONFIG: &str = r#"
hostname = "mail.example.org"
[blocklists]
off = "multi.surbl.org"
[blocklists.keys.spamhaus]
key = "s3cr3t"
[blocklists.extra."rbl.example.net"]
title = "Our own list"
lists = ["v4", "domain"]
"#;
    const KEYED: &str = r#"
2.0.0.127.s3cr3t.zen.dq.spamhaus.net. A 127.0.0.2
test.s3cr3t.dbl.dq.spamhaus.net. A 127.0.1.2
1.2.0.192.s3cr3t.zen.dq.spamhaus.net. A 127.0.0.4
1.2.0.192.s3cr3t.zen.dq.spamhaus.net. TXT "asked as 1.2.0.192.s3cr3t.zen.dq.spamhaus.net"
2.0.0.127.rbl.example.net. A 127.0.0.2
test.rbl.example.net. A 127.0.0.2
example.org.rbl.example.net. A 127.0.0.2
"#;
    let scene = Scene::new(KEYED);
    scene.file("tegami.toml", CONFIG.as_bytes());
    let (_, found) = scene.json("lookup blacklist 192.0.2.1 --zone zone");
    let lists = found["lists"].as_array().unwrap();
    let state = |zone: &str| lists.iter().find(|list| list["list"] == zone).map(|list| list["state"].clone());
    assert_eq!(state("zen.spamhaus.org"), Some("listed".into()));
    assert_eq!(state("rbl.example.net"), Some("not-listed".into()));
    assert_eq!(lists.last().unwrap()["title"], "Our own list");
    let (_, found) = scene.json("check example.org --zone zone --explain");
    let finding = |id: &str| {
        let findings = found["findings"].as_array().unwrap();
        findings.iter().find(|one| one["id"] == id).unwrap()["state"].clone()
    };
    assert_eq!(finding("rbl.ip.zen"), "fail");
    assert_eq!(finding("rbl.domain.others"), "warn");
    assert_eq!(finding("rbl.domain.surbl"), "na");
    let asked = found["asked"].to_string();
    assert!(asked.contains("1.2.0.192.key.zen.dq.spamhaus.net"), "{asked}");
    for words in [
        "lookup blacklist 192.0.2.1 --zone zone",
        "lookup blacklist 192.0.2.1 --zone zone --json",
        "lookup mx example.org --zone zone --json",
        "check example.org --zone zone --explain",
        "check example.org --zone zone --explain --json",
        "check 192.0.2.1 --zone zone --explain --lang ja",
    ] {
        let answer = scene.run(words);
        assert!(!answer.output.contains("s3cr3t") && !answer.errors.contains("s3cr3t"), "{words}");
        assert!(
            answer.output.contains("zen.") || answer.output.contains("ZEN"),
            "{words}: {}",
            answer.output
        );
    }
}

#[test]
fn smtp() {
    let scene = Scene::new("");
    transcript(
        &scene,
        &expect_file!["expected/lookup-smtp.txt"],
        &[
            "lookup smtp mx2.example.org --zone zone",
            "lookup smtp mx2.example.org --zone zone --lang ja",
            "lookup smtp mx9.example.org --zone zone",
        ],
    );
    let (_, found) = scene.json("lookup smtp mx1.example.org --zone zone");
    assert_eq!(found["visits"].as_array().unwrap().len(), 2);
    assert_eq!(found["visits"][0]["names"][0], "mx1.example.org");
    assert_eq!(found["visits"][0]["tests"][1]["state"], "unknown");
}

const BRANDS: &str = r#"
default._bimi.example.org. TXT "v=BIMI1; l=https://img.example.org/logo.svg; a=https://img.example.org/vmc.pem"
default._bimi.old.example. TXT "v=BIMI1; l=http://old.example/logo.svg"
old.example. A 192.0.2.9
"#;

#[test]
fn bimi() {
    let scene = Scene::new(BRANDS);
    transcript(
        &scene,
        &expect_file!["expected/lookup-bimi.txt"],
        &[
            "lookup bimi example.org --zone zone",
            "lookup bimi example.org --zone zone --lang ja",
            "lookup bimi old.example --zone zone --no-probes",
        ],
    );
    let (_, found) = scene.json("lookup bimi news.example.org --zone zone");
    assert_eq!(found["location"], "https://img.example.org/logo.svg");
    assert_eq!(found["evidence"], "https://img.example.org/vmc.pem");
    assert_eq!(found["name"], "default._bimi.example.org");
    let (status, found) = scene.json("lookup bimi nobody.example --zone zone");
    assert_eq!((status, &found["result"], &found["record"]), (1, &"none".into(), &serde_json::Value::Null));
}
