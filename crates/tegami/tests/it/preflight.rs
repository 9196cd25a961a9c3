//! Our own mail as its receivers would see it, before it leaves.

use std::process::Command;

use serde_json::Value;

use crate::domain::{publish, request};
use crate::http::account_key;
use crate::peer::{Ended, eventually, run};
use crate::site::{HOSTNAME, Plan, SOURCE, Site, TEGAMI};
use crate::wire::Wire;

/// A key that is not ours (RFC 8463 appendix A.2).
const STRANGE_KEY: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

const LETTER: &str = "From: Shop <shop@sender.test>\r\nTo: Friend <friend@far.test>\r\nSubject: Your order\r\n\
    MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
    Thank you for your order. We have packed it today, and it will be with you on Wednesday or Thursday. \r\n\
    Please tell us if anything is missing, or if you want to send something back.\r\n";

/// A server whose domain has published what it asks for.
fn good() -> Site {
    good_with("")
}

fn good_with(tables: &str) -> Site {
    // Nothing leaves: what is accepted waits.
    let delivery = "paused = true\n".to_owned();
    let site = Site::start(&Plan { tables: tables.to_owned(), delivery, ..Plan::default() });
    publish(&site, "sender.test");
    site.tegami(&["reload"]).well();
    std::fs::write(site.path("letter.eml"), LETTER).unwrap();
    site
}

/// The zone with another text in the place of those that this name has and that begin so.
fn republish(site: &Site, owner: &str, said: &str, text: &str) {
    let zone = std::fs::read_to_string(site.path("zone.txt")).unwrap();
    let is_it = |line: &str| {
        line.split(' ').next().is_some_and(|name| name.trim_end_matches('.') == owner) && line.contains(said)
    };
    assert!(zone.lines().any(is_it), "{owner} {said} is not in {zone}");
    let mut other: String =
        zone.lines().filter(|line| !is_it(line)).map(|line| format!("{line}\n")).collect();
    other.push_str(&format!("{owner}. TXT \"{text}\"\n"));
    std::fs::write(site.path("zone.txt"), other).unwrap();
    site.tegami(&["reload"]).well();
}

/// The owner name and the text of the DKIM record that the domain should have.
fn dkim_record(site: &Site) -> (String, String) {
    let plan = site.json(&["domain", "records", "sender.test"]);
    let records = plan["records"].as_array().unwrap();
    let text = |record: &Value, name: &str| record[name].as_str().unwrap().to_owned();
    let dkim = records.iter().find(|record| text(record, "name").contains("._domainkey.")).unwrap();
    (text(dkim, "name").trim_end_matches('.').to_owned(), text(dkim, "value"))
}

fn preflight(site: &Site, options: &[&str]) -> Ended {
    let letter = site.path("letter.eml");
    let words = ["send", "--preflight", "--file", letter.to_str().unwrap(), "friend@far.test"];
    site.tegami(&[options, &words].concat())
}

fn told(site: &Site) -> Value {
    let ended = preflight(site, &["--json"]);
    assert!(matches!(ended.status, Some(0 | 1)), "{}", ended.all());
    serde_json::from_str(&ended.output).unwrap()
}

fn state(told: &Value, id: &str) -> String {
    let findings = told["report"]["examination"]["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["id"] == id).unwrap();
    finding["state"].as_str().unwrap().to_owned()
}

#[test]
fn a_domain_made_right_passes_and_nothing_is_sent() {
    let mut site = good();
    let ended = preflight(&site, &[]);
    assert_eq!(ended.status, Some(0), "{}", ended.all());
    assert!(ended.output.contains("Nothing fails."), "{}", ended.output);
    let seen = told(&site);
    let leaves = &seen["report"]["leaves"];
    assert_eq!(leaves["from"], serde_json::json!([{"ip": SOURCE, "helo": HOSTNAME}]), "{leaves}");
    // It would leave with a return path of ours, because its domain receives here.
    assert!(leaves["mail_from"].as_str().unwrap().starts_with("bounces+"), "{leaves}");
    for id in ["msg.spf", "msg.dkim", "msg.dmarc", "msg.aligned", "msg.ptr-helo-tls", "msg.received-chain"] {
        assert_ne!(state(&seen, id), "fail", "{id}: {seen:#}");
    }
    assert_eq!((state(&seen, "msg.spf"), state(&seen, "msg.dkim")), ("pass".to_owned(), "pass".to_owned()));
    assert_eq!(site.waiting(), 0);
    // Without a server the same is found.
    site.stop();
    let alone = told(&site);
    assert_eq!(alone["report"]["score"]["points"], seen["report"]["score"]["points"], "{alone:#}");
    assert_eq!((state(&alone, "msg.spf"), state(&alone, "msg.dkim")), ("pass".to_owned(), "pass".to_owned()));
}

#[test]
fn what_is_published_wrongly_is_told_with_the_record() {
    let site = good();
    republish(&site, "sender.test", "v=spf1", "v=spf1 ip4:192.0.2.77 -all");
    let ended = preflight(&site, &[]);
    assert!(ended.output.contains("msg.spf"), "{}", ended.output);
    assert!(ended.output.contains("v=spf1 ip4:127.43.0.1 ip4:192.0.2.77 -all"), "{}", ended.output);
    let (name, record) = dkim_record(&site);
    republish(&site, &name, "v=DKIM1", STRANGE_KEY);
    let ended = preflight(&site, &[]);
    assert_eq!(ended.status, Some(1), "{}", ended.all());
    let line = format!("replace: {name}. TXT {record}");
    assert!(ended.output.contains("msg.dkim") && ended.output.contains(&line), "{line}\n{}", ended.output);
    let mut command = Command::new(TEGAMI);
    command.args(["--lang", "ja", "--config"]).arg(site.config());
    command.args(["send", "--preflight", "--file"]).arg(site.path("letter.eml")).arg("friend@far.test");
    let japanese = run(&mut command, b"");
    assert!(
        japanese.output.contains("不合格の項目が") && japanese.output.contains(&line),
        "{}",
        japanese.all()
    );
    // An author who is not ours is told before anything is looked at.
    let stranger = LETTER.replace("shop@sender.test", "shop@elsewhere.test");
    std::fs::write(site.path("letter.eml"), stranger).unwrap();
    let ended = preflight(&site, &[]);
    assert_eq!(ended.status, Some(2), "{}", ended.all());
    assert!(ended.errors.contains("may not send as shop@elsewhere.test"), "{}", ended.errors);
}

/// A message by the API that applications use; the status of the answer, and what it says.
fn post(site: &Site, key: &str, fields: &str) -> (u16, Value) {
    let body = format!(
        "from=shop@sender.test&to=friend@far.test&subject=Your+order&text=We+have+packed+it.{fields}"
    );
    request(site, key, "POST", "/v3/sender.test/messages", &body)
}

/// The newest message, as the API of our own tells it.
fn newest(site: &Site, key: &str) -> Value {
    let (_, found) = request(site, key, "GET", "/api/messages?limit=1", "");
    let id = found["messages"][0]["id"].as_str().unwrap().to_owned();
    request(site, key, "GET", &format!("/api/messages/{id}"), "").1
}

#[test]
fn a_message_in_test_mode_shows_what_its_receivers_would_make_of_it() {
    let site = good();
    let key = account_key(&site);
    let (name, record) = dkim_record(&site);
    republish(&site, &name, "v=DKIM1", STRANGE_KEY);
    republish(&site, "sender.test", "v=spf1", "v=spf1 ip4:192.0.2.77 -all");
    let (status, answer) = post(&site, &key, "&o:testmode=yes");
    assert_eq!((status, answer["message"].as_str()), (200, Some("Queued. Thank you.")), "{answer}");
    assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
    let story = eventually("the judgement", || {
        let story = newest(&site, &key);
        story["preflight"].is_object().then_some(story)
    });
    let judged = serde_json::json!({ "report": story["preflight"] });
    assert_eq!(
        (state(&judged, "msg.dkim"), state(&judged, "msg.spf")),
        ("fail".to_owned(), "fail".to_owned())
    );
    assert!(story["preflight"]["score"]["points"].as_f64().unwrap() < 10.0);
    assert!(story["preflight"].to_string().contains(&record), "{story}");
    let kinds: Vec<_> =
        story["events"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["accepted", "delivered", "examined"]);
    assert!(story["events"][2]["data"]["preflight"].is_null(), "{story}");
    // Applications see what they always saw.
    let (_, events) = request(&site, &key, "GET", "/v3/sender.test/events", "");
    let items = events["items"].as_array().unwrap();
    let mut kinds: Vec<_> = items.iter().map(|event| event["event"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["accepted", "delivered"], "{events}");
    let id = story["message"]["id"].as_str().unwrap();
    let why = site.tegami(&["why", id]);
    assert!(why.output.contains("of 10 points") && why.output.contains("msg.dkim"), "{}", why.output);
    let metrics = site.tegami(&["metrics"]).output;
    let counted = "tegami_preflight_messages_total{why=\"test\",came=\"fails\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
}

#[test]
fn a_sample_of_each_domain_tells_what_begins_to_fail_and_what_is_mended() {
    let tables = "[monitor]\nevery = \"never\"\nto = \"alice@sender.test\"\n[preflight]\nsample = \"1s\"\n";
    let site = good_with(tables);
    site.add_user("alice@sender.test", "correct horse");
    let key = account_key(&site);
    let zone = std::fs::read_to_string(site.path("zone.txt")).unwrap();
    let send_until = |what: &str, done: &dyn Fn() -> bool| {
        eventually(what, || {
            assert_eq!(post(&site, &key, "").0, 200);
            done().then_some(())
        });
    };
    let counted = |came: &str| {
        let line = format!("tegami_preflight_messages_total{{why=\"sample\",came=\"{came}\"}}");
        let metrics = site.tegami(&["metrics"]).output;
        metrics.lines().find_map(|one| one.strip_prefix(&line)?.trim().parse().ok()).unwrap_or(0_u64)
    };
    send_until("a good sample", &|| counted("well") > 0);
    assert!(!site.log().contains("receivers may refuse"), "{}", site.log());
    let (name, record) = dkim_record(&site);
    republish(&site, &name, "v=DKIM1", STRANGE_KEY);
    republish(&site, "sender.test", "v=spf1", "v=spf1 ip4:192.0.2.77 -all");
    send_until("bad samples", &|| counted("fails") > 1);
    let log = site.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("receivers may refuse")).collect();
    let [line] = lines.as_slice() else { panic!("told more than once, or never: {log}") };
    assert!(line.contains("msg.spf") && line.contains("msg.dkim") && line.contains("sender.test"), "{line}");
    let letter = site.mail("alice@sender.test", "INBOX");
    let text = tegami_mail::mime::parse(letter.as_bytes()).text.unwrap();
    assert!(text.contains("Worse: msg.dkim sender.test") && text.contains("悪化: msg.spf"), "{text}");
    assert!(text.contains(&record), "{text}");
    std::fs::write(site.path("zone.txt"), zone).unwrap();
    site.tegami(&["reload"]).well();
    send_until("what was mended", &|| site.log().contains("mended for mail of this domain"));
    eventually("the better news", || {
        let newest = site.mail("alice@sender.test", "INBOX");
        let text = tegami_mail::mime::parse(newest.as_bytes()).text.unwrap();
        text.contains("Better: msg.dkim sender.test").then_some(())
    });
}

/// A message of a program of this machine; the reply to its content.
fn submit(site: &Site) -> String {
    let mut wire = Wire::local(&site.path("submit.sock")).unwrap();
    wire.command("EHLO client.test").unwrap();
    wire.send("shop@sender.test", &["friend@far.test"], LETTER).unwrap()
}

#[test]
fn what_receivers_would_refuse_is_refused_where_the_configuration_says_so() {
    let site = good_with("[preflight]\nrefuse = true\n");
    let key = account_key(&site);
    assert!(submit(&site).starts_with("250 "));
    assert_eq!(post(&site, &key, "").0, 200);
    let (name, _) = dkim_record(&site);
    let zone = std::fs::read_to_string(site.path("zone.txt")).unwrap();
    republish(&site, &name, "v=DKIM1", STRANGE_KEY);
    // SPF passes still, and receivers take it.
    assert!(submit(&site).starts_with("250 "));
    republish(&site, "sender.test", "v=spf1", "v=spf1 ip4:192.0.2.77 -all");
    let waiting = site.waiting();
    let reply = submit(&site);
    assert!(reply.starts_with("550 5.7."), "{reply}");
    let (status, answer) = post(&site, &key, "");
    let sentence = answer["message"].as_str().unwrap();
    assert_eq!(status, 400, "{answer}");
    assert!(sentence.contains("would be refused by its receivers: msg."), "{answer}");
    assert!(reply.replace("\r\n", " ").contains("would be refused by its receivers: msg."), "{reply}");
    let letter = site.path("letter.eml");
    let ended = site.tegami(&["send", "--file", letter.to_str().unwrap(), "friend@far.test"]);
    assert_eq!(ended.status, Some(1), "{}", ended.all());
    assert!(ended.output.contains("550 5.7."), "{}", ended.output);
    // For show everything goes.
    assert_eq!(post(&site, &key, "&o:testmode=yes").0, 200);
    assert_eq!(site.waiting(), waiting);
    // The DNS is down: nobody knows, and nothing is refused.
    let silent = zone.lines().filter(|line| !line.contains("v=spf1") && !line.contains("._domainkey."));
    let mut silent: String = silent.map(|line| format!("{line}\n")).collect();
    silent
        .push_str(&format!("$SERVFAIL sender.test. TXT\n$SERVFAIL {name}.\n$SERVFAIL _dmarc.sender.test.\n"));
    std::fs::write(site.path("zone.txt"), silent).unwrap();
    site.tegami(&["reload"]).well();
    assert!(submit(&site).starts_with("250 "));
}
