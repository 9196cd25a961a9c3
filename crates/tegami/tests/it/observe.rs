//! What operators see from outside: metrics and the log, compared with what the store knows.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::peer::eventually;
use crate::sink::Sink;
use crate::site::{Plan, Site};
use crate::wire::Wire;

/// Recipients of the story, each with the fates that the receiver gives them.
const FATES: [(&str, &[&str]); 3] = [
    ("friend@receiver.test", &["delivered"]),
    ("nobody@receiver.test", &["bounced"]),
    ("later@receiver.test", &["deferred", "delivered"]),
];

/// A site that has sent to everybody in [`FATES`], and refused a few things.
fn story(address: &str) -> (Site, String) {
    let turn = AtomicUsize::new(0);
    let sink = Sink::with(address, move |line| match line {
        "RCPT TO:<nobody@receiver.test>" => Some("550 5.1.1 no such user".to_owned()),
        "RCPT TO:<later@receiver.test>" if turn.fetch_add(1, Ordering::Relaxed) == 0 => {
            Some("451 4.7.1 Greylisted, come back later".to_owned())
        }
        _ => None,
    });
    let listen = "metrics = \"127.0.0.1:0\"\n".to_owned();
    let tables = "[log]\nformat = \"json\"\n".to_owned();
    let zone = sink.zone("receiver.test");
    let port = Some(sink.address.port());
    let site = Site::start(&Plan { zone, port, listen, tables, ..Plan::default() });
    site.add_user("alice@sender.test", "correct horse");
    let mut stranger = Wire::connect(site.smtp()).unwrap();
    stranger.command("EHLO stranger.test").unwrap();
    stranger.command("MAIL FROM:<spam@stranger.test>").unwrap();
    assert!(stranger.command("RCPT TO:<user@victim.test>").unwrap().starts_with("550"));
    let mut wire = Wire::tls(site.submissions()).unwrap();
    wire.command("EHLO laptop.test").unwrap();
    assert!(wire.authenticate("alice@sender.test", "wrong password").unwrap().starts_with("535"));
    assert!(wire.authenticate("alice@sender.test", "correct horse").unwrap().starts_with("235"));
    let to: Vec<&str> = FATES.iter().map(|(address, _)| *address).collect();
    let content = "From: alice@sender.test\r\nSubject: a secret subject\r\n\r\nHello secret body";
    let reply = wire.send("alice@sender.test", &to, content).unwrap();
    let id = reply.trim().rsplit(' ').next().unwrap().to_owned();
    eventually("the end of the story", || (site.waiting() == 0).then_some(()));
    (site, id)
}

#[test]
fn the_log_has_one_line_for_each_fate() {
    let (site, id) = story("127.43.90.1");
    let log = site.log();
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    let of = |target: &str| lines.iter().filter(|line| line["target"] == target).collect::<Vec<_>>();
    let mut fates: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in of("tegami::fate").iter().filter(|line| line["id"] == id.as_str()) {
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        fates.entry(text("to")).or_default().push(text("message"));
        assert_eq!(line["from"], "alice@sender.test");
        assert_eq!((&line["host"], &line["ip"]), (&"mx.receiver.test".into(), &"127.43.90.1".into()));
        assert_eq!((&line["source"], &line["tls"]), (&"127.43.0.1".into(), &"none".into()));
        assert!(text("reply").starts_with(['2', '4', '5']), "{line}");
        assert!(line["delay"].is_number() && line["attempts"].as_u64() >= Some(1), "{line}");
        assert_eq!(line.get("cause").is_some(), line["message"] != "delivered", "{line}");
    }
    let expected: BTreeMap<String, Vec<String>> = FATES
        .iter()
        .map(|(to, words)| ((*to).to_owned(), words.iter().map(|word| (*word).to_owned()).collect()))
        .collect();
    assert_eq!(fates, expected);
    // The store knows the same fates: every result of every attempt is one line.
    let why = site.json(&["why", &id]);
    let attempts = why["messages"][0]["attempts"].as_array().unwrap();
    let results: usize =
        attempts.iter().map(|attempt| attempt["record"]["recipients"].as_array().unwrap().len()).sum();
    assert_eq!(results, fates.values().map(Vec::len).sum::<usize>());
    // One line for the acceptance, one for each refusal; the notification that came back is accepted by its own door.
    let doors = of("tegami::door");
    let accepted: Vec<_> = doors.iter().filter(|line| line["message"] == "accepted").collect();
    assert_eq!(accepted.iter().filter(|line| line["id"] == id.as_str()).count(), 1);
    assert!(accepted.iter().any(|line| line["door"] == "own" && line["from"] == "<>"), "{log}");
    let refused: Vec<_> = doors.iter().filter(|line| line["message"] == "refused").collect();
    let refused: Vec<_> = refused.iter().map(|line| (&line["door"], &line["command"])).collect();
    assert_eq!(refused, [(&"smtp".into(), &"rcpt".into()), (&"submissions".into(), &"auth".into())]);
    for secret in ["secret", "correct horse", "wrong password"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

#[test]
fn metrics_are_scraped() {
    let (site, _) = story("127.43.91.1");
    let samples = scrape(site.addresses.metrics[0]);
    let value = |name: &str| *samples.get(name).unwrap_or_else(|| panic!("{name}: {samples:#?}"));
    assert_eq!(value("tegami_accepted_messages_total{door=\"submission\"}"), 1.0);
    assert_eq!(value("tegami_accepted_messages_total{door=\"own\"}"), 1.0);
    assert_eq!(value("tegami_fates_total{fate=\"bounced\",provider=\"other\"}"), 1.0);
    assert_eq!(value("tegami_fates_total{fate=\"deferred\",provider=\"other\"}"), 1.0);
    assert_eq!(value("tegami_setbacks_total{cause=\"bad-mailbox\",reply=\"5\",provider=\"other\"}"), 1.0);
    assert_eq!(value("tegami_sessions_total{listener=\"submissions\"}"), 1.0);
    assert_eq!(value("tegami_logins_total{listener=\"submissions\",result=\"refused\"}"), 1.0);
    assert_eq!(value("tegami_inbound_refusals_total{listener=\"smtp\",command=\"rcpt\",reply=\"5\"}"), 1.0);
    assert_eq!(
        value("tegami_inbound_tls_handshakes_total{listener=\"submissions\",version=\"TLSv1.3\"}"),
        1.0
    );
    assert_eq!(value("tegami_attempt_seconds_count"), 2.0);
    assert_eq!(value("tegami_queue_recipients{state=\"queued\"}"), 0.0);
    assert!(value("tegami_store_commit_seconds_count") >= 3.0);
    assert!(value("tegami_process_resident_memory_bytes") > 1e6);
    // The command tells the same without a listener; and there is nothing else at the address.
    let told = site.tegami(&["metrics"]).well();
    assert!(told.contains("tegami_queue_seconds_bucket") && told.ends_with("# EOF\n"), "{told}");
    assert!(get(site.addresses.metrics[0], "/").starts_with("HTTP/1.1 404"));
}

/// What is there, by name and labels; every line of the form is read.
fn scrape(address: SocketAddr) -> BTreeMap<String, f64> {
    let answer = get(address, "/metrics");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-type: application/openmetrics-text"), "{head}");
    let (body, _) = body.split_once("# EOF").unwrap();
    let samples = body.lines().filter(|line| !line.starts_with('#') && line.contains(' '));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("tegami_"), "{line}");
        (name.to_owned(), value.parse().unwrap())
    };
    samples.map(sample).collect()
}

fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: metrics\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
