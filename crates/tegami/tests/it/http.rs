//! Applications that hand mail in over HTTP: curl, and what they get wrong.

use std::process::Command;

use serde_json::Value;

use crate::client::{PASSWORD, World};
use crate::peer::{Ended, eventually, need, node, program, python, run};
use crate::site::{Plan, Site};

const SUBJECT: &str = crate::client::SUBJECT;

/// A key that may do everything.
pub(crate) fn account_key(site: &Site) -> String {
    let made = site.json(&["key", "add", "operator"]);
    made["key"].as_str().unwrap().to_owned()
}

/// A key that may send for one domain.
fn sending_key(site: &Site) -> String {
    let made = site.json(&["key", "add", "application", "--domain", "sender.test"]);
    made["key"].as_str().unwrap().to_owned()
}

fn url(site: &Site) -> String {
    format!("http://{}", site.addresses.http[0])
}

/// curl, whose last line is the status of the answer.
pub(crate) fn curl(site: &Site, key: &str, path: &str, words: &[&str]) -> (u16, String) {
    let mut command = Command::new(program("curl").unwrap());
    let user = format!("api:{key}");
    command.args(["--silent", "--show-error", "--max-time", "30", "--user", &user]);
    command.args(["--write-out", "\n%{http_code}"]).args(words).arg(format!("{}{path}", url(site)));
    let ended: Ended = run(&mut command, b"");
    let said = ended.well();
    let (body, status) = said.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

const MESSAGES: &str = "/v3/sender.test/messages";

#[test]
fn curl_with_an_attachment() {
    need!("curl at the HTTP API", program("curl"), "curl is missing");
    need!("curl, judged by dkimpy and pyspf", python(), "target/peers has no Python packages");
    let world = World::start();
    let key = account_key(&world.site);
    let (subject, file) =
        (format!("subject={SUBJECT}"), format!("attachment=@{};filename=見積書.bin", world.file()));
    let words = [
        "--form-string",
        "from=山田太郎 <alice@sender.test>",
        "--form-string",
        "to=friend@receiver.test",
        "--form-string",
        &subject,
        "--form-string",
        "text=こんにちは。\n.\n..先頭の点\n",
        "--form",
        &file,
    ];
    let (status, body) = curl(&world.site, &key, MESSAGES, &words);
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert!(answer["id"].as_str().unwrap().ends_with("sender.test>"), "{answer}");
    world.arrived("こんにちは。\n.\n..先頭の点\n");
    // And the events tell of it.
    eventually("the event of the delivery", || {
        let (status, body) = curl(&world.site, &key, "/v3/sender.test/events?event=delivered", &[]);
        assert_eq!(status, 200, "{body}");
        body.contains("friend@receiver.test").then_some(())
    });
}

#[test]
fn mailgun_js() {
    need!("mailgun.js, judged by dkimpy and pyspf", python(), "target/peers has no Python packages");
    let client = node("mailgun_client.js");
    let mut command = need!("mailgun.js", client, "target/peers has no npm packages (cargo xtask peers)");
    let world = World::start();
    let key = sending_key(&world.site);
    command.args([&url(&world.site), &key, "sender.test", "friend@receiver.test", &world.file(), SUBJECT]);
    let answer: Value = serde_json::from_str(&run(&mut command, b"").well()).unwrap();
    assert!(answer["id"].as_str().unwrap().contains("sender.test>"), "{answer}");
    world.arrived("こんにちは。\n.\n..先頭の点\n");
}

#[test]
fn what_applications_get_wrong() {
    need!("mistakes at the HTTP API", program("curl"), "curl is missing");
    let tables = "[limits]\nmessage_size = \"200KiB\"\n".to_owned();
    let site = Site::start(&Plan { tables, ..Plan::default() });
    site.add_user("alice@sender.test", PASSWORD);
    let key = sending_key(&site);
    std::fs::write(site.path("large"), vec![b'x'; 300 << 10]).unwrap();
    let large = format!("attachment=@{}", site.path("large").display());
    let good = ["--form-string", "from=alice@sender.test", "--form-string", "to=friend@receiver.test"];
    let text = ["--form-string", "subject=x", "--form-string", "text=Hello"];
    let cases: [(u16, &str, Vec<&str>); 7] = [
        (401, "another key", [&good[..], &text, &["--user", "api:wrong"]].concat()),
        (400, "no recipient", [&good[..2], &text].concat()),
        (413, "over the limit", [&good[..], &text, &["--form", &large]].concat()),
        (
            400,
            "a header field in the subject",
            [
                &good[..],
                &["--form-string", "subject=x\r\nBcc: victim@victim.test", "--form-string", "text=Hello"],
            ]
            .concat(),
        ),
        (
            400,
            "a header field in a header field",
            [&good[..], &text, &["--form-string", "h:X-Test=x\r\nBcc: victim@victim.test"]].concat(),
        ),
        (
            400,
            "a command in a recipient",
            [
                &good[..2],
                &text,
                &["--form-string", "to=friend@receiver.test>\r\nRCPT TO:<victim@victim.test"],
            ]
            .concat(),
        ),
        (
            400,
            "malformed multipart",
            vec![
                "--header",
                "Content-Type: multipart/form-data; boundary=abc",
                "--data-binary",
                "--abc\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\nfriend@receiver.test",
            ],
        ),
    ];
    for (expected, what, words) in cases {
        let (status, body) = curl(&site, &key, MESSAGES, &words);
        assert_eq!(status, expected, "{what}: {body}");
        assert!(body.len() > 8, "{what}: says nothing");
    }
    assert_eq!(site.waiting(), 0);
    // Another domain than the key's.
    let (status, body) = curl(&site, &key, "/v3/other.test/messages", &[&good[..], &text].concat());
    assert!(matches!(status, 401 | 403 | 404), "{status} {body}");
    assert_eq!(site.waiting(), 0);
}
