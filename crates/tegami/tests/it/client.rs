//! Applications' own clients: what they hand in arrives octet by octet, signed so that verifiers of other makes believe it.

use std::process::Command;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::peer::{need, node, program, python, run, script_path};
use crate::sink::{Sink, Taken};
use crate::site::{Plan, SOURCE, Site, TEGAMI};

pub(crate) const SUBJECT: &str =
    "お問い合わせありがとうございます（受付番号 2026-1121）: a subject that is longer than one encoded word";
const FILE_NAME: &str = "見積書.bin";
pub(crate) const PASSWORD: &str = "correct horse";

/// A site that delivers to a sink, and a file with every octet in it.
pub(crate) struct World {
    sink: Sink,
    pub(crate) site: Site,
    octets: Vec<u8>,
}

impl World {
    pub(crate) fn start() -> Self {
        let sink = Sink::start("127.43.50.1");
        let zone = sink.zone("receiver.test");
        let site = Site::start(&Plan { zone, port: Some(sink.address.port()), ..Plan::default() });
        site.add_user("alice@sender.test", PASSWORD);
        let octets: Vec<u8> = (0..=255_u8).cycle().take(100_003).collect();
        std::fs::write(site.path("attachment"), &octets).unwrap();
        Self { sink, site, octets }
    }

    fn submission(&self) -> [String; 2] {
        let address = self.site.submission();
        [address.ip().to_string(), address.port().to_string()]
    }

    pub(crate) fn file(&self) -> String {
        self.site.path("attachment").display().to_string()
    }

    /// What arrived is what was handed in, as Python's own parser reads it, and is believed.
    pub(crate) fn arrived(&self, text: &str) {
        let taken = self.sink.first();
        believed(&self.site, &taken);
        let seen = read(&taken);
        assert_eq!(seen["subject"], SUBJECT);
        assert_eq!(seen["text"].as_str().unwrap().trim_end(), text.trim_end());
        let attachment = &seen["attachments"][0];
        assert_eq!(attachment["name"], FILE_NAME);
        let octets = base64::engine::general_purpose::STANDARD.decode(attachment["octets"].as_str().unwrap());
        assert!(octets.unwrap() == self.octets, "the attachment is another one");
    }
}

/// Octets as text that JSON can carry.
fn latin1(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

/// DKIM by dkimpy and SPF by pyspf, from the records that we tell people to publish.
pub(crate) fn believed(site: &Site, taken: &Taken) {
    let records = site.json(&["domain", "records", "sender.test"]);
    let question = json!({
        "content": latin1(&taken.content),
        "records": records["records"],
        "ip": taken.peer.unwrap(),
        "helo": taken.helo,
        "mail_from": taken.mail.split(['<', '>']).nth(1).unwrap(),
    });
    let mut command = Command::new(python().unwrap());
    let judged = run(command.arg(script_path("verify.py")), question.to_string().as_bytes()).well();
    let judged: Value = serde_json::from_str(&judged).unwrap();
    let signed = json!({"verified": true, "domain": "sender.test"});
    assert_eq!(judged["dkim"], json!([signed, signed]), "RSA and Ed25519\n{}", taken.text());
    assert_eq!(judged["spf"], "pass");
    assert_eq!(taken.peer.unwrap().to_string(), SOURCE);
    assert_eq!(taken.recipients, ["RCPT TO:<friend@receiver.test>"]);
    // A return path of our own, so that what comes back is known.
    let path = taken.mail.split(['<', '>']).nth(1).unwrap();
    assert!(path.starts_with("bounces+") && path.ends_with("@sender.test"), "{}", taken.mail);
}

fn read(taken: &Taken) -> Value {
    let mut command = Command::new(python().unwrap());
    let content = json!(latin1(&taken.content)).to_string();
    let seen = run(command.arg(script_path("read.py")), content.as_bytes()).well();
    serde_json::from_str(&seen).unwrap()
}

const WHY: &str = "target/peers has no Python packages (cargo xtask peers)";

#[test]
fn smtplib() {
    let python = need!("Python's smtplib, dkimpy and pyspf", python(), WHY);
    let world = World::start();
    let mut command = Command::new(python);
    command.arg(script_path("smtplib_client.py")).args(world.submission());
    command.args(["alice@sender.test", PASSWORD, "friend@receiver.test", &world.file(), SUBJECT]);
    run(&mut command, b"").well();
    world.arrived("こんにちは。\n.\n..先頭の点\n");
}

#[test]
fn nodemailer() {
    need!("Nodemailer, judged by dkimpy and pyspf", python(), WHY);
    let client = node("nodemailer_client.js");
    let mut command = need!("Nodemailer", client, "target/peers has no npm packages (cargo xtask peers)");
    let world = World::start();
    command.args(world.submission());
    command.args(["alice@sender.test", PASSWORD, "friend@receiver.test", &world.file(), SUBJECT]);
    run(&mut command, b"").well();
    world.arrived("こんにちは。\n.\n..先頭の点\n");
}

/// A link to our program with the name of the one that programs call.
fn sendmail(site: &Site) -> String {
    let link = site.path("sendmail");
    std::os::unix::fs::symlink(TEGAMI, &link).unwrap();
    link.display().to_string()
}

#[test]
fn mail_of_bsd_mailx() {
    need!("bsd-mailx, judged by dkimpy and pyspf", python(), WHY);
    let mailx = need!("bsd-mailx through our sendmail", program("bsd-mailx"), "bsd-mailx is missing");
    let world = World::start();
    let settings = format!("set sendmail={}\n", sendmail(&world.site));
    std::fs::write(world.site.path("mailrc"), settings).unwrap();
    let mut command = Command::new(mailx);
    command
        .args(["-s", "件名", "-a", "Content-Type: text/plain; charset=UTF-8", "-r", "alice@sender.test"])
        .arg("friend@receiver.test")
        .env("MAILRC", world.site.path("mailrc"))
        .env("TEGAMI_CONFIG", world.site.config())
        .env("LANG", "C.UTF-8");
    let said = run(&mut command, "こんにちは。\n本文です。\n".as_bytes());
    assert_eq!((said.status, said.all().as_str()), (Some(0), ""));
    let taken = world.sink.first();
    believed(&world.site, &taken);
    let seen = read(&taken);
    assert_eq!(seen["subject"], "件名", "{}", taken.text());
    assert_eq!(seen["text"].as_str().unwrap().trim_end(), "こんにちは。\n本文です。");
}

#[test]
fn mail_of_php() {
    need!("PHP's mail(), judged by dkimpy and pyspf", python(), WHY);
    let php = need!("PHP's mail() through our sendmail", program("php"), "php is missing");
    let world = World::start();
    let path = format!("{} -t -i -falice@sender.test", sendmail(&world.site));
    let script = "exit(mail('friend@receiver.test', mb_encode_mimeheader_plain(), \"こんにちは。\\n.\\n本文です。\\n\",
        \"From: alice@sender.test\\r\\nContent-Type: text/plain; charset=UTF-8\\r\\nContent-Transfer-Encoding: 8bit\") ? 0 : 1);
        function mb_encode_mimeheader_plain() { return '=?UTF-8?B?' . base64_encode('お問い合わせ') . '?='; }";
    let mut command = Command::new(php);
    command
        .arg("-d")
        .arg(format!("sendmail_path={path}"))
        .args(["-r", script])
        .env("TEGAMI_CONFIG", world.site.config());
    run(&mut command, b"").well();
    let taken = world.sink.first();
    believed(&world.site, &taken);
    let seen = read(&taken);
    assert_eq!(seen["subject"], "お問い合わせ", "{}", taken.text());
    assert_eq!(seen["text"].as_str().unwrap().trim_end(), "こんにちは。\n.\n本文です。");
}
