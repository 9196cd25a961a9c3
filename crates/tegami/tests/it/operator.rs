//! What operators do by hand.

use std::process::Command;

use crate::peer::run;
use crate::sink::Sink;
use crate::site::{Plan, Site, TEGAMI};
use crate::wire::Wire;

#[test]
fn init_makes_a_configuration_that_is_checked_well() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("tegami.toml").display().to_string();
    let data = folder.path().join("data").display().to_string();
    let tegami = |words: &[&str]| {
        run(Command::new(TEGAMI).args(["--config", &config, "--lang", "en"]).args(words), b"")
    };
    let made = tegami(&["--json", "init", "example.org", "--data", &data, "--ip", "192.0.2.25"]).well();
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    assert_eq!(made["user"], "postmaster@example.org");
    let records = made["records"].to_string();
    for part in ["v=spf1", "v=DMARC1", "v=DKIM1", "k=ed25519", "25.2.0.192.in-addr.arpa"] {
        assert!(records.contains(part), "{part}: {records}");
    }
    assert!(std::fs::read_to_string(&config).unwrap().lines().count() <= 10);
    tegami(&["config", "check"]).well();
    let again = tegami(&["init", "example.org", "--data", &data]);
    assert_eq!(again.status, Some(2), "{}", again.all());
    assert!(again.errors.contains(&config), "{}", again.errors);
}

/// The next try must not meet a configuration that a failed one left behind.
#[test]
fn init_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("tegami.toml");
    std::fs::write(folder.path().join("file"), "").unwrap();
    let data = folder.path().join("file/data");
    let mut command = Command::new(TEGAMI);
    command.arg("--config").arg(&config).args(["init", "example.org", "--data"]).arg(&data);
    assert_eq!(run(&mut command, b"").status, Some(2));
    assert!(!config.exists());
}

/// Mail between people here never waits, and `why` tells of it all the same: by identifier and by address, newest first.
#[test]
fn why_knows_mail_that_stays_here() {
    let site = Site::start(&Plan::default());
    site.add_user("alice@sender.test", "correct horse");
    let send = |subject: &str| {
        let mut command = Command::new(TEGAMI);
        command.args(["--lang", "en", "--config"]).arg(site.config());
        command.args(["send", "-f", "alice@sender.test", "alice@sender.test"]);
        let content = format!("From: alice@sender.test\nSubject: {subject}\n\nHello\n");
        let said = run(&mut command, content.as_bytes()).well();
        said.rsplit(' ').next().unwrap().trim().to_owned()
    };
    let (first, second) = (send("first"), send("second"));
    let told = site.tegami(&["why", &first]).well();
    assert!(told.contains("Subject: first") && told.contains("alice@sender.test  delivered"), "{told}");
    let told = site.json(&["why", "alice@sender.test"]);
    let ids: Vec<_> = told["messages"].as_array().unwrap().iter().map(|story| &story["id"]).collect();
    assert_eq!(ids, [&second, &first]);
    let refused = site.tegami(&["user", "add", "alice@elsewhere.test"]);
    assert_eq!(refused.status, Some(2), "{}", refused.all());
    assert_eq!(site.tegami(&["mailbox", "list", "nobody@sender.test"]).status, Some(2));
}

/// `sendmail` while nobody serves: the message waits in the queue, and leaves when somebody does.
#[test]
fn mail_handed_in_while_the_server_is_down() {
    let sink = Sink::start("127.43.70.1");
    let zone = sink.zone("receiver.test");
    let mut site = Site::prepare(&Plan { zone, port: Some(sink.address.port()), ..Plan::default() });
    let mut command = Command::new(TEGAMI);
    command.arg("--config").arg(site.config()).args([
        "send",
        "-f",
        "alice@sender.test",
        "friend@receiver.test",
    ]);
    let said = run(&mut command, b"From: alice@sender.test\nSubject: early\n\nHello\n").well();
    assert!(said.starts_with("250 2.0.0"), "{said}");
    assert_eq!(site.waiting(), 1);
    site.serve();
    sink.with_text("Subject: early");
}

/// Somebody here and somebody elsewhere get one message: Return-Path stands only in the mailbox (RFC 5321 section 4.4).
#[test]
fn one_message_for_here_and_elsewhere() {
    let sink = Sink::start("127.43.71.1");
    let zone = sink.zone("receiver.test");
    let mut site = Site::start(&Plan { zone, port: Some(sink.address.port()), ..Plan::default() });
    site.add_user("alice@sender.test", "correct horse");
    let mut wire = Wire::tls(site.submissions()).unwrap();
    wire.command("EHLO laptop.test").unwrap();
    assert!(wire.authenticate("alice@sender.test", "correct horse").unwrap().starts_with("235"));
    let to = ["alice@sender.test", "friend@receiver.test"];
    let content =
        "From: alice@sender.test\r\nSubject: for both\r\nReturn-Path: <forged@sender.test>\r\n\r\nHello";
    let reply = wire.send("alice@sender.test", &to, content).unwrap();
    assert!(reply.starts_with("250"), "{reply}");
    let taken = sink.first();
    assert_eq!(taken.recipients, ["RCPT TO:<friend@receiver.test>"]);
    assert!(!taken.text().contains("Return-Path"), "{}", taken.text());
    let message = site.mail("alice@sender.test", "INBOX");
    assert!(message.starts_with("Return-Path: <alice@sender.test>\r\n"), "{message}");
    assert_eq!(message.matches("Return-Path").count(), 1, "{message}");
    // And after a clean end everything is still there.
    site.stop();
    assert_eq!(site.count("alice@sender.test", "INBOX"), 1);
    assert_eq!(site.waiting(), 0);
}

#[test]
fn providers_are_told_with_the_source_of_each_limit() {
    let site = Site::start(&Plan::default());
    let told = site.tegami(&["provider", "show", "yahoo"]).well();
    assert!(told.contains("Messages in a connection: 20 (documented by the provider)"), "{told}");
    let told = site.tegami(&["--json", "provider", "show", "docomo"]).well();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["limits"]["per_minute"]["limit"], &told["waiting"]), (&60.into(), &0.into()));
    let unknown = site.tegami(&["provider", "show", "nobody.example"]);
    assert_eq!(unknown.status, Some(2), "{}", unknown.all());
}

/// By the DNS of the configuration: mail hosts do not answer where a submission host of the same operator does.
#[test]
fn a_closed_port_is_found_with_the_way_around_it() {
    let zone = "big.test. MX 10 mx.big.test.\nmx.big.test. A 127.43.91.1\nsmtp.big.test. A 127.0.0.1\n";
    let site = Site::start(&Plan { zone: zone.into(), ..Plan::default() });
    let targets = site.path("targets");
    std::fs::write(&targets, format!("Big big.test:1 smtp.big.test:{}\n", site.submission().port())).unwrap();
    let told = site.json(&["check", "self", "--targets", targets.to_str().unwrap()]);
    let state = |id: &str| {
        let found = told["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == id).unwrap();
        (found["state"].as_str().unwrap().to_owned(), found["fix"]["settings"].to_string())
    };
    assert_eq!(state("path.resolver").0, "pass", "{told}");
    let (port25, settings) = state("path.port25");
    assert!(port25 == "fail" && settings.contains("[delivery.smarthost]"), "{told}");
}
