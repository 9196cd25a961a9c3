//! `tegami inspect`

use expect_test::{expect, expect_file};
use serde_json::json;

use super::{NOW, Scene, key, signed};

const CONTENT: &str = "From: =?UTF-8?B?5bGx55Sw6Iqx5a2Q?= <hanako@example.org>
To: taro@example.net
Subject: =?UTF-8?B?5ZWP44GE5ZCI44KP44Gb44GC44KK44GM44Go44GG44GU44GW44GE44G+44GZ?=
Date: Mon, 06 Jul 2026 09:29:50 +0900
Message-ID: <1@example.org>

Hello.
";

/// What the receiving host and the relay before it wrote.
const TRACE: &str = "Return-Path: <hanako@example.org>
Received: from mx1.example.org (mx1.example.org [192.0.2.1])
\tby mx.example.net with ESMTPS id 4AB for <taro@example.net>;
\tMon, 06 Jul 2026 00:30:05 +0000
Received: from pc ([10.0.0.7]) by mx1.example.org with ESMTPSA id 3CD;
\tMon, 06 Jul 2026 00:29:55 +0000
";

/// A scene with one signed message, `name`, changed on its way by `change`.
pub(super) fn scene(change: impl Fn(String) -> String) -> Scene {
    let (signer, line) = key();
    let scene = Scene::new(&line);
    let message = String::from_utf8(signed(CONTENT, &signer)).unwrap();
    let message = format!("{}{}", TRACE.replace('\n', "\r\n"), change(message));
    scene.file("message", message.as_bytes());
    scene.file("unix", message.replace('\r', "").as_bytes());
    scene
}

#[test]
fn a_good_message() {
    let scene = scene(|message| message);
    scene.check_file(
        &format!("inspect message --zone zone --now {NOW}"),
        &expect_file!["expected/a-good-message-1.txt"],
    );
    scene.check_file(
        &format!("inspect unix --zone zone --now {NOW} --lang ja"),
        &expect_file!["expected/a-good-message-2.txt"],
    );
    let unix = scene.run(&format!("inspect unix --zone zone --now {NOW}"));
    assert_eq!(unix.output, scene.run(&format!("inspect message --zone zone --now {NOW}")).output);
    let content = std::fs::read(scene.folder.path().join("message")).unwrap();
    let piped = scene.run_with(&format!("inspect - --zone zone --now {NOW}"), &content);
    assert_eq!(piped.output, unix.output);
}

#[test]
fn every_step() {
    let scene = scene(|message| message);
    scene.check_file(
        &format!("inspect message --zone zone --now {NOW} --explain"),
        &expect_file!["expected/every-step-1.txt"],
    );
}

#[test]
fn a_forged_message() {
    let scene = scene(|message| message.replace("Hello.", "Pay 192.0.2.1 EUR now."));
    let words = format!(
        "inspect message --zone zone --now {NOW} --ip 198.51.100.9 --helo liar.example.org --mail-from a@explains.example.org"
    );
    scene.check_file(&words, &expect_file!["expected/a-forged-message-1.txt"]);
    scene.check_file(&format!("{words} --lang ja"), &expect_file!["expected/a-forged-message-2.txt"]);
}

#[test]
fn json_of_the_contract() {
    let scene = scene(|message| message);
    let (status, found) = scene.json(&format!(
        "inspect message --zone zone --now {NOW} --ip 192.0.2.1 --helo mx1.example.org --mail-from '' --authserv-id mx.example.com"
    ));
    assert_eq!(status, 0);
    let expected = [
        ("/iprev/result", "pass"),
        ("/iprev/name", "mx1.example.org"),
        ("/spf/helo/result", "pass"),
        ("/spf/mailfrom/result", "pass"),
        ("/spf/mailfrom/domain", "mx1.example.org"),
        ("/dkim/0/result", "pass"),
        ("/dkim/0/domain", "example.org"),
        ("/dkim/0/selector", "mail"),
        ("/dkim/0/algorithm", "ed25519-sha256"),
        ("/arc/result", "none"),
        ("/dmarc/result", "pass"),
        ("/dmarc/policy_domain", "example.org"),
        ("/dmarc/organizational_domain", "example.org"),
        ("/dmarc/policy", "reject"),
        ("/dmarc/disposition", "none"),
        ("/dmarc/public_suffix/organizational_domain", "example.org"),
        ("/dmarc/public_suffix/result", "pass"),
        ("/received/0/helo", "pc"),
        ("/received/1/tls", "used"),
        ("/decision", "accept"),
    ];
    for (pointer, value) in expected {
        assert_eq!(found.pointer(pointer).and_then(|found| found.as_str()), Some(value), "{pointer}");
    }
    assert_eq!(found["dmarc"]["aligned"], serde_json::json!({"spf": true, "dkim": true}));
    // The null reverse-path is to blame, which was told though this is no notification, and that only Ed25519 signed.
    let score = &found["score"];
    assert_eq!((&score["points"], &score["of"]), (&json!(7.5), &json!(10)));
    assert_eq!(score["findings"].as_array().unwrap().len(), 2);
    assert_eq!(score["findings"][1]["id"], "msg.dkim");
    assert_eq!(score["findings"][0]["id"], "msg.envelope-from");
    assert_eq!(score["findings"][0]["group"], "authentication");
    assert!(score["findings"][0]["detail"].is_string() && score["findings"][0]["record"].is_null());
    assert!(found["examination"]["summary"]["pass"].as_u64().unwrap() > 20);
    assert_eq!(found["providers"].as_array().unwrap().len(), 7);
    assert_eq!(found["received"][1]["delay_seconds"], 10);
    assert_eq!(found["arc"]["instance"], 0);
    let results = found["authentication_results"].as_str().unwrap();
    assert!(results.starts_with("Authentication-Results: mx.example.com;\r\n"), "{results}");
}

/// The states of some checks of a message that came so.
fn states(scene: &Scene, file: &str, more: &str) -> Vec<String> {
    let (_, found) = scene.json(&format!(
        "inspect {file} --zone zone --now {NOW} --ip 192.0.2.1 --helo mx1.example.org {more}"
    ));
    let findings = found["examination"]["findings"].as_array().unwrap();
    let state = |id: &&str| {
        let one = findings.iter().find(|one| one["id"] == **id).unwrap();
        format!("{id} {}", one["state"].as_str().unwrap())
    };
    let checks = ["msg.envelope-from", "msg.spf", "msg.both-pass", "msg.return-path-deliverable"];
    checks.iter().map(state).collect()
}

/// A null reverse-path is judged where somebody told it, and what nobody told is not judged at all.
#[test]
fn what_nobody_told_is_not_blamed() {
    let scene = scene(|message| message);
    scene.file("untold", CONTENT.as_bytes());
    scene.file("notice", format!("Auto-Submitted: auto-replied\n{CONTENT}").as_bytes());
    assert_eq!(
        states(&scene, "untold", ""),
        ["msg.envelope-from na", "msg.spf unknown", "msg.both-pass na", "msg.return-path-deliverable pass"]
    );
    assert_eq!(
        states(&scene, "untold", "--mail-from ''")[..2],
        ["msg.envelope-from fail", "msg.spf pass"].map(str::to_owned)
    );
    assert_eq!(
        states(&scene, "notice", "--mail-from ''")[..2],
        ["msg.envelope-from pass", "msg.spf pass"].map(str::to_owned)
    );
}

/// Authors in doubt, authors who look like others, and what receivers of the older DMARC decide.
#[test]
fn authors() {
    let scene = Scene::new("_dmarc.mail.example.com. TXT \"v=DMARC1; p=reject\"");
    let result = |from: &str| {
        scene.file("author", format!("{from}\n\nHello\n").as_bytes());
        let words =
            "inspect author --zone zone --ip 192.0.2.1 --helo mx1.example.org --mail-from a@example.org";
        let (status, found) = scene.json(words);
        let noted: Vec<&str> = found["dmarc"]["steps"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|step| step["term"] == "From")
            .map(|step| step["outcome"].as_str().unwrap())
            .collect();
        format!("{status} {} {noted:?}", found["dmarc"]["result"].as_str().unwrap())
    };
    assert_eq!(result("From: a@example.org"), "0 pass []");
    assert_eq!(result("From: Team: a@example.org, b@example.org;"), "0 pass []");
    assert_eq!(result("From: \"boss@example.net\" <a@example.org>"), "0 pass [\"noted\"]");
    assert_eq!(result("From: a@example.org\nFrom: a@example.org"), "1 permerror [\"error\", \"permerror\"]");
    assert_eq!(result("From: a@example.org, <"), "1 permerror [\"error\", \"permerror\"]");
    assert_eq!(result("From: undisclosed:;"), "0 none [\"noted\", \"none\"]");
    assert_eq!(result("From: a@[192.0.2.1]"), "0 none [\"noted\", \"none\"]");
    assert_eq!(result("Subject: nobody"), "0 none [\"none\", \"none\"]");
    assert_eq!(result("From: a@example.org, b@mail.example.com"), "1 fail [\"several\"]");
    scene.file("author", "From: \"boss@example.net\" <a@mail.example.com>\n\nHello\n".as_bytes());
    let words =
        "inspect author --zone zone --ip 192.0.2.1 --helo mx1.example.org --mail-from a@example.com --now";
    scene.check_file(&format!("{words} {NOW}"), &expect_file!["expected/authors-1.txt"]);
    scene.check_file(&format!("{words} {NOW} --lang ja"), &expect_file!["expected/authors-2.txt"]);
    scene.file("several", b"From: a@mail.example.com, b@example.org\n\nHello\n");
    let words =
        "inspect several --zone zone --ip 192.0.2.1 --helo mx1.example.org --mail-from a@example.org --now";
    scene.check_file(&format!("{words} {NOW}"), &expect_file!["expected/authors-3.txt"]);
}

#[test]
fn exit_status() {
    let scene = scene(|message| message);
    scene.file("bare", b"From: a@example.com\n\nHello\n");
    let status = |words: &str| scene.run(&format!("{words} --zone zone --now {NOW}")).status;
    assert_eq!(status("inspect message"), 0);
    // Nobody vouches, nobody objects.
    assert_eq!(status("inspect bare --ip 203.0.113.1"), 0);
    // Without a policy, SPF alone fails.
    assert_eq!(status("inspect bare --ip 203.0.113.1 --mail-from a@explains.example.org"), 1);
    assert_eq!(status("inspect bare --ip 192.0.2.1 --mail-from a@example.org"), 0);
    scene.check("inspect bare --zone zone", &expect![[r#"
        tegami: Nothing says from which address the message came: it has no Received field with one. Name it with --ip.
        exit status 2
    "#]]);
    scene.check(
        "inspect nowhere --zone zone",
        &expect![[r#"
        tegami: nowhere cannot be read: No such file or directory (os error 2)
        exit status 2
    "#]],
    );
    scene.check(
        "inspect bare --ip 192.0.2.1 --mail-from a@@b --zone zone",
        &expect![[r#"
        tegami: `a@@b` is not an address: the local-part has a character that needs quotes
        exit status 2
    "#]],
    );
}
