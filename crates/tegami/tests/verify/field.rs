//! Mistakes from the field: each is found, once, and what is offered to publish mends it.

use std::sync::LazyLock;

use serde_json::Value;
use tegami_auth::dkim::PrivateKey;

use super::Scene;

/// A domain that is set up well, and one below it that sends too.
const WELL: &str = r#"
example.com. SOA ns1.example.net. hostmaster.example.com. 2026112101 7200 3600 1209600 3600
example.com. NS ns1.example.net.
example.com. NS ns2.example.org.
ns1.example.net. A 203.0.113.1
ns2.example.org. A 198.51.100.1
example.com. MX 10 mx1.example.com.
example.com. MX 20 mx2.example.com.
mx1.example.com. A 192.0.2.10
mx1.example.com. TXT "v=spf1 a -all"
mx2.example.com. A 198.51.100.20
mx2.example.com. TXT "v=spf1 a -all"
10.2.0.192.in-addr.arpa. PTR mx1.example.com.
20.100.51.198.in-addr.arpa. PTR mx2.example.com.
example.com. TXT "v=spf1 ip4:192.0.2.10 ip4:198.51.100.20 ~all"
_dmarc.example.com. TXT "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com"
news.example.com. MX 10 mx1.example.com.
news.example.com. TXT "v=spf1 include:example.com ~all"
"#;

/// A key for each of the two: making one takes a while.
static KEY: LazyLock<String> = LazyLock::new(|| {
    let record = PrivateKey::generate_rsa_2048().unwrap().dns_record();
    let (first, rest) = record.split_at(200);
    ["example.com", "news.example.com"]
        .map(|of| format!("s1._domainkey.{of}. TXT \"{first}\" \"{rest}\"\n"))
        .concat()
});

/// The zone with lines taken away (`- ` and how they begin) and lines put there.
fn zone(changes: &str) -> Vec<String> {
    let mut lines: Vec<String> = format!("{WELL}{}", *KEY).trim().lines().map(str::to_owned).collect();
    for change in changes.lines().map(str::trim) {
        match change.strip_prefix("- ") {
            Some(gone) => lines.retain(|line| !line.starts_with(gone)),
            None => lines.push(change.to_owned()),
        }
    }
    lines
}

/// The zone with what is offered published: a line is its owner, its type and its data.
fn published(mut lines: Vec<String>, records: &[Value]) -> Vec<String> {
    for record in records {
        let [op, name, kind, value] =
            ["op", "name", "type", "value"].map(|key| record[key].as_str().unwrap());
        let data = match kind {
            "TXT" => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
            _ => value.to_owned(),
        };
        let owner = format!("{name}. {kind} ");
        let tag = value.split([' ', ';']).next().unwrap_or_default();
        let other = |line: &String| match op {
            "delete" => *line != format!("{owner}{data}"),
            "replace" if kind == "TXT" => !line.starts_with(&format!("{owner}\"{tag}")),
            "replace" => !line.starts_with(&owner),
            _ => true,
        };
        let before = lines.len();
        lines.retain(other);
        assert!(op == "add" || lines.len() < before, "{record} is not there: {lines:#?}");
        if op != "delete" {
            lines.push(format!("{owner}{data}"));
        }
    }
    lines
}

/// What fails and what should be better.
fn bad(scene: &Scene, command: &str) -> Vec<Value> {
    let (_, value) = scene.json(command);
    let findings = value["findings"].as_array().unwrap();
    findings.iter().filter(|one| one["state"] == "fail" || one["state"] == "warn").cloned().collect()
}

/// One mistake gives one finding, whose records are told in both languages; published, they mend it.
#[track_caller]
fn found_and_mended(domain: &str, changes: &str, id: &str, offered: &[&str]) {
    let scene = Scene::new("");
    let command = format!("check {domain} --zone field --selector s1");
    let lines = zone(changes);
    scene.file("field", lines.join("\n").as_bytes());
    let findings = bad(&scene, &command);
    let ids: Vec<&str> = findings.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [id], "{changes}: {findings:#?}");
    for language in ["en", "ja"] {
        let told = scene.run(&format!("{command} --lang {language}")).output;
        for line in offered {
            assert!(told.lines().any(|one| one.trim() == *line), "{language}: no {line}\n{told}");
        }
    }
    let records = findings[0]["fix"]["records"].as_array().unwrap();
    scene.file("field", published(lines, records).join("\n").as_bytes());
    assert_eq!(bad(&scene, &command), Vec::<Value>::new(), "{changes}: {records:#?}");
}

#[test]
fn a_domain_that_is_set_up_well_has_nothing_to_mend() {
    let scene = Scene::new("");
    scene.file("field", zone("").join("\n").as_bytes());
    for domain in ["example.com", "news.example.com"] {
        assert_eq!(bad(&scene, &format!("check {domain} --zone field --selector s1")), Vec::<Value>::new());
    }
}

const SPF: &str = "example.com. 3600 IN TXT \"v=spf1 ip4:192.0.2.10 ip4:198.51.100.20 ~all\"";

#[test]
fn curly_quotes() {
    let spf = |text: &str| format!("- example.com. TXT \"v=spf1\nexample.com. TXT \"{text}\"");
    for (text, id) in [
        ("“v=spf1 ip4:192.0.2.10 ip4:198.51.100.20 ~all”", "spf.version"),
        ("v=spf1 ip4:192.0.2.10 ip4:198.51.100.20 ~all”", "spf.syntax"),
    ] {
        found_and_mended("example.com", &spf(text), id, &[SPF]);
    }
    let dmarc = "_dmarc.example.com. 3600 IN TXT \"v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com\"";
    let before = "- _dmarc\n_dmarc.example.com. TXT";
    for (text, id) in [
        ("“v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com”", "dmarc.version"),
        ("v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com”", "dmarc.rua"),
        ("TXTv=DMARC1; p=quarantine; rua=mailto:dmarc@example.com", "dmarc.version"),
    ] {
        found_and_mended("example.com", &format!("{before} \"{text}\""), id, &[dmarc]);
    }
}

#[test]
fn words_of_a_zone_file_in_the_text() {
    for text in ["TXTv=spf1", "TXT v=spf1", "@ 3600 IN TXT \\\"v=spf1"] {
        let text = format!("{text} ip4:192.0.2.10 ip4:198.51.100.20 ~all");
        let changes = format!("- example.com. TXT \"v=spf1\nexample.com. TXT \"{text}\"");
        found_and_mended("example.com", &changes, "spf.version", &[SPF]);
    }
}

#[test]
fn a_quotation_mark_without_the_other() {
    for (text, id) in [
        ("\\\"v=spf1 ip4:192.0.2.10 ip4:198.51.100.20 ~all", "spf.version"),
        ("v=spf1 ip4:192.0.2.10 ip4:198.51.100.20 ~all\\\"", "spf.syntax"),
    ] {
        let changes = format!("- example.com. TXT \"v=spf1\nexample.com. TXT \"{text}\"");
        found_and_mended("example.com", &changes, id, &[SPF]);
    }
}

#[test]
fn spf_of_a_sub_domain_forgotten() {
    let record = "news.example.com. 3600 IN TXT \"v=spf1 include:example.com ~all\"";
    found_and_mended("news.example.com", "- news.example.com. TXT", "spf.exists", &[record]);
}

#[test]
fn wrong_preferences_of_mail_hosts() {
    // The backup is asked first.
    found_and_mended(
        "example.com",
        "example.com. MX 5 backup.example.com.\nbackup.example.com. A 203.0.113.7",
        "mx.prefs-order",
        &["example.com. 3600 IN MX 30 backup.example.com."],
    );
    // Two providers share the mail by chance.
    found_and_mended(
        "example.com",
        "- example.com. MX\nexample.com. MX 10 aspmx.l.google.com.\nexample.com. MX 10 mxa.mailgun.org.\naspmx.l.google.com. A 203.0.113.5\n\
         mxa.mailgun.org. A 203.0.113.6",
        "mx.provider",
        &["; example.com. 3600 IN MX 10 mxa.mailgun.org."],
    );
    // A host that was switched off is asked first.
    found_and_mended(
        "example.com",
        "example.com. MX 5 old.example.com.",
        "mx.resolves",
        &["; example.com. 3600 IN MX 5 old.example.com."],
    );
}

#[test]
fn a_name_of_the_address_that_does_not_lead_back() {
    let ptr = "10.2.0.192.in-addr.arpa. 3600 IN PTR mx1.example.com.";
    found_and_mended(
        "example.com",
        "- 10.2.0.192\n10.2.0.192.in-addr.arpa. PTR mail.other.example.\nmail.other.example. A 203.0.113.9",
        "ip.fcrdns",
        &[ptr],
    );
    found_and_mended(
        "example.com",
        "- 10.2.0.192\n10.2.0.192.in-addr.arpa. PTR mail.example.com.",
        "ip.fcrdns",
        &["mail.example.com. 3600 IN A 192.0.2.10"],
    );
    found_and_mended("example.com", "- 10.2.0.192", "ip.ptr-exists", &[ptr]);
}

#[test]
fn an_address_with_the_names_of_several_domains() {
    found_and_mended(
        "example.com",
        "10.2.0.192.in-addr.arpa. PTR www.other.example.\nwww.other.example. A 192.0.2.10",
        "ip.ptr-single",
        &["; 10.2.0.192.in-addr.arpa. 3600 IN PTR www.other.example."],
    );
}

/// Many domains on one address are usual: it is told, and nothing is to be mended.
#[test]
fn an_address_that_is_shared_with_other_customers() {
    let scene = Scene::new("");
    let lines = zone(
        "- 10.2.0.192\n10.2.0.192.in-addr.arpa. PTR www7.sakura.ne.jp.\nwww7.sakura.ne.jp. A 192.0.2.10",
    );
    scene.file("field", lines.join("\n").as_bytes());
    let command = "check example.com --zone field --selector s1";
    assert_eq!(bad(&scene, command), Vec::<Value>::new());
    let (_, value) = scene.json(command);
    let findings = value["findings"].as_array().unwrap();
    for (id, state) in [("ip.shared", "info"), ("ip.ptr-domain-related", "info"), ("ip.fcrdns", "pass")] {
        let of = |one: &&Value| one["id"] == id && one["subject"] == "192.0.2.10";
        assert_eq!(findings.iter().find(of).unwrap()["state"], state, "{id}");
    }
}
