//! Messages that come back after they were taken: the whole way, from AUTH to the suppression.

use std::process::Command;

use serde_json::Value;

use crate::peer::{eventually, run};
use crate::sink::{Sink, Taken};
use crate::site::{Plan, Site, TEGAMI};
use crate::wire::Wire;

/// A host that takes everything, and a site whose mail to `far.test` goes there.
fn world(ip: &str, tables: &str) -> (Sink, Site) {
    let sink =
        Sink::with(ip, |line| (line.contains("nobody@")).then(|| "550 5.1.1 no such user here".to_owned()));
    let zone = sink.zone("far.test");
    let plan = Plan { zone, port: Some(sink.address.port()), tables: tables.to_owned(), ..Plan::default() };
    let site = Site::start(&plan);
    site.add_user("alice@sender.test", "correct horse");
    (sink, site)
}

/// Alice writes; what the host took.
fn write(site: &Site, sink: &Sink, to: &str, text: &str) -> Taken {
    let content = format!("From: alice@sender.test\r\nTo: {to}\r\nSubject: {text}\r\n\r\n{text}\r\n");
    submit(site, to, &content);
    sink.with_text(text)
}

fn submit(site: &Site, to: &str, content: &str) {
    let mut wire = Wire::local(&site.path("submit.sock")).unwrap();
    wire.command("EHLO here").unwrap();
    let reply = wire.send("alice@sender.test", &[to], content).unwrap();
    assert!(reply.starts_with("250"), "{reply}");
}

/// The last reply to a paper without reverse-path for `to`.
fn deliver(site: &Site, to: &str, content: &str) -> String {
    let mut wire = Wire::connect(site.smtp()).unwrap();
    wire.command("EHLO mx.far.test").unwrap();
    wire.send("", &[to], content).unwrap()
}

fn dsn(to: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.far.test\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n\
         --x\r\nContent-Type: text/plain\r\n\r\nSorry\r\n\
         --x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.far.test\r\n\r\n\
         Final-Recipient: rfc822; {to}\r\nAction: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; inner.far.test\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 <{to}>: Recipient address rejected: User unknown\r\n\r\n--x--\r\n"
    )
}

fn arf(path: &str) -> String {
    format!(
        "From: fbl@far.test\r\nSubject: complaint\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=x\r\n\r\n\
         --x\r\nContent-Type: text/plain\r\n\r\nA reader complained.\r\n\
         --x\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: far/1\r\nVersion: 1\r\n\
         Reporting-MTA: dns; fbl.far.test\r\n\r\n\
         --x\r\nContent-Type: text/rfc822-headers\r\n\r\nReturn-Path: <{path}>\r\nFrom: alice@sender.test\r\nTo: redacted\r\n\r\n--x--\r\n"
    )
}

fn why(site: &Site, subject: &str) -> Value {
    site.json(&["why", subject])["messages"][0].clone()
}

/// It is taken, comes back by mail, is told to the person and to `why`, and the address is not written to again.
#[test]
fn a_late_bounce() {
    let (sink, site) = world("127.43.60.1", "");
    let taken = write(&site, &sink, "gone@far.test", "first letter");
    let path = taken.return_path();
    assert!(path.starts_with("bounces+") && path.ends_with("@sender.test"), "{path}");
    assert_eq!(why(&site, "gone@far.test")["papers"], serde_json::json!([]));

    let reply = deliver(&site, &path, &dsn("gone@far.test"));
    assert!(reply.starts_with("250 2.0.0 Ok: queued"), "{reply}");
    let paper = why(&site, "gone@far.test")["papers"][0].clone();
    assert_eq!(paper["event"], "failed");
    assert_eq!((&paper["code"], &paper["host"]), (&550.into(), &"inner.far.test".into()));
    assert_eq!(paper["verdict"]["cause"], "bad-mailbox");
    let told = site.tegami(&["why", "gone@far.test"]);
    assert_eq!(told.status, Some(1));
    assert!(told.output.contains("it came back: mx.far.test reports"), "{}", told.output);
    // Alice sees it in her mailbox, as it came.
    let copy = site.mail("alice@sender.test", "INBOX");
    assert!(copy.contains("Recipient address rejected") && copy.contains("Return-Path: <>"), "{copy}");

    // Once more: taken, and nothing happens.
    let reply = deliver(&site, &path, &dsn("gone@far.test"));
    assert!(reply.starts_with("250 2.0.0 Ok: this was known"), "{reply}");
    assert_eq!(site.count("alice@sender.test", "INBOX"), 1);

    submit(&site, "gone@far.test", "From: alice@sender.test\r\nSubject: second\r\n\r\nsecond letter\r\n");
    let refusal = eventually("the notification", || {
        (site.count("alice@sender.test", "INBOX") == 2).then(|| site.mail("alice@sender.test", "INBOX"))
    });
    assert!(refusal.contains("Status: 5.7.1"), "{refusal}");
    assert_eq!(sink.taken().len(), 1);
}

/// By hand: added, found, shown with its evidence, exported, imported, taken off.
#[test]
fn suppressions_are_administered() {
    let (sink, site) = world("127.43.60.5", "");
    let path = write(&site, &sink, "gone@far.test", "a letter").return_path();
    deliver(&site, &path, &dsn("gone@far.test"));
    site.tegami(&[
        "suppression",
        "add",
        "old@far.test",
        "--list",
        "unsubscribes",
        "--reason",
        "asked by phone",
    ])
    .well();
    let listed = site.tegami(&["suppression", "list"]);
    assert!(
        listed.output.contains("gone@far.test") && listed.output.contains("came back later"),
        "{}",
        listed.output
    );
    let found = site.json(&["suppression", "list", "far", "--source", "notification"]);
    assert_eq!(found["suppressions"].as_array().unwrap().len(), 1);
    assert_eq!(found["suppressions"][0]["evidence"]["host"], "inner.far.test");
    let shown = site.tegami(&["suppression", "show", "GONE@far.test"]);
    assert_eq!(shown.status, Some(1));
    for wanted in ["550 5.1.1 <gone@far.test>: Recipient address rejected", "inner.far.test", "tegami why 01"]
    {
        assert!(shown.output.contains(wanted), "{wanted}: {}", shown.output);
    }
    let exported = site.tegami(&["suppression", "export"]).output;
    let gone = ["suppression", "remove", "gone@far.test", "old@far.test"];
    assert_eq!(site.tegami(&gone).status, Some(0));
    assert_eq!(site.tegami(&gone).status, Some(1));
    assert_eq!(site.json(&["suppression", "list"])["suppressions"], serde_json::json!([]));
    let file = site.path("list.csv");
    std::fs::write(&file, exported + "not an address\r\n").unwrap();
    let imported = site.json(&["suppression", "import", file.to_str().unwrap()]);
    assert_eq!((&imported["imported"], &imported["refused"][0]["line"]), (&2.into(), &4.into()));
    let mut japanese = Command::new(TEGAMI);
    japanese.args(["--lang", "ja", "--config"]).arg(site.config()).args([
        "suppression",
        "show",
        "old@far.test",
    ]);
    let japanese = run(&mut japanese, b"").output;
    assert!(japanese.contains("配信停止") && japanese.contains("asked by phone"), "{japanese}");
}

#[test]
fn forged_return_paths_are_refused_and_change_nothing() {
    let (sink, site) = world("127.43.60.2", "");
    let path = write(&site, &sink, "good@far.test", "a letter").return_path();
    let (left, domain) = path.split_once('@').unwrap();
    let mut forged = left.to_owned();
    let last = if forged.pop() == Some('a') { 'b' } else { 'a' };
    forged.push(last);
    for to in [format!("{forged}@{domain}"), format!("bounces+1-x-y@{domain}"), format!("bounces+@{domain}")]
    {
        let mut wire = Wire::connect(site.smtp()).unwrap();
        wire.command("EHLO mx.far.test").unwrap();
        wire.command("MAIL FROM:<>").unwrap();
        let reply = wire.command(&format!("RCPT TO:<{to}>")).unwrap();
        assert!(reply.starts_with("550 5.7.1 "), "{to}: {reply}");
    }
    assert_eq!(why(&site, "good@far.test")["papers"], serde_json::json!([]));
    assert_eq!(site.count("alice@sender.test", "INBOX"), 0);
}

#[test]
fn a_complaint_to_the_feedback_address_suppresses_who_complained() {
    let (sink, site) = world("127.43.60.3", "[reception]\nfeedback = \"fbl@sender.test\"\n");
    let taken = write(&site, &sink, "reader@far.test", "an offer");
    let text = taken.text();
    assert!(text.contains("CFBL-Address: fbl@sender.test; report=arf\r\n"), "{text}");
    let reply = deliver(&site, "fbl@sender.test", &arf(&taken.return_path()));
    assert!(reply.starts_with("250 2.0.0 Ok: queued"), "{reply}");
    assert_eq!(why(&site, "reader@far.test")["papers"][0]["event"], "complained");
    // A forged one about somebody else's message has nothing to tell, and goes to the postmaster.
    let reply = deliver(&site, "fbl@sender.test", &arf("bounces+1-x-y@sender.test"));
    assert!(reply.starts_with("250 2.0.0 Ok: queued"), "{reply}");
    assert_eq!(site.count("postmaster@sender.test", "INBOX"), 1);
    submit(&site, "reader@far.test", "From: alice@sender.test\r\nSubject: offer\r\n\r\nanother offer\r\n");
    let story = eventually("the suppressed message", || {
        let story = site.json(&["why", "reader@far.test"]);
        story["messages"].as_array().filter(|found| found.len() == 2).map(|found| found[0].clone())
    });
    assert_eq!(story["ended_here"][0]["data"]["code"], 607, "{story:#}");
}

/// What we tell our own sender passes DMARC at whoever judges it, by our own engine: the author is of the domain that signs.
#[test]
fn a_notification_of_ours_passes_dmarc_where_it_is_delivered() {
    let (sink, site) = world("127.43.60.4", "");
    let content = "From: alice@sender.test\r\nSubject: x\r\n\r\nto nobody\r\n";
    submit(&site, "nobody@far.test", content);
    let notification = site.mail("alice@sender.test", "INBOX");
    assert!(notification.contains("Subject: Not delivered"), "{notification}");
    let text = tegami_mail::mime::parse(notification.as_bytes()).text.unwrap();
    assert!(text.contains("What it means: The receiver has no mailbox") && text.contains("対処："), "{text}");
    drop(sink);
    let file = site.path("notification.eml");
    // As the next server would get it: without the Return-Path field of delivery.
    let (_, sent) = notification.split_once("\r\n").unwrap();
    std::fs::write(&file, sent).unwrap();
    let records = site.tegami(&["domain", "records", "sender.test"]).output;
    let zone = site.path("judge.zone");
    std::fs::write(&zone, records.replace("p=none", "p=reject; adkim=s; aspf=s")).unwrap();
    let mut inspect = Command::new(TEGAMI);
    inspect.args(["--lang", "en", "--json", "inspect"]).arg(&file);
    inspect
        .args(["--ip", "127.43.0.1", "--helo", "mail.sender.test", "--mail-from", "", "--zone"])
        .arg(&zone);
    let judged: Value = serde_json::from_str(&run(&mut inspect, b"").output).unwrap();
    assert_eq!(judged["dmarc"]["result"], "pass", "{judged:#}");
    assert_eq!(judged["dmarc"]["aligned"]["dkim"], true);
}
