//! The doctor examines the domains of the lab: what it finds is what each zone was made to have, and nothing else.

use std::process::Stdio;

use serde_json::Value;

use crate::{Lab, tegami};

/// A domain of the lab, and everything that fails or should be better: how, which check, of whom.
const DOMAINS: [(&str, &[[&str; 3]]); 10] = [
    ("shop.test", &[]),
    // Nothing is published for it yet but where its mail goes.
    (
        "newshop.test",
        &[
            ["fail", "spf.exists", "newshop.test"],
            ["fail", "dkim.selector-known", "newshop.test"],
            ["fail", "dmarc.exists", "newshop.test"],
        ],
    ),
    ("bigmail.test", &[]),
    ("grey.test", &[]),
    // The first of its two hosts is switched off.
    ("deadmx.test", &[["fail", "smtp.connect", "mx1.deadmx.test"]]),
    ("nullmx.test", &[]),
    ("selfsigned.test", &[["warn", "tls.cert-chain", "mx.selfsigned.test"]]),
    // It has SPF and DMARC, and signs nothing.
    ("partner.test", &[["fail", "dkim.selector-known", "partner.test"]]),
    ("bank.test", &[]),
    // It has no mail host, no keys and no policy.
    (
        "spoofer.test",
        &[
            ["fail", "mx.exists", "spoofer.test"],
            ["fail", "dkim.selector-known", "spoofer.test"],
            ["fail", "dmarc.exists", "spoofer.test"],
        ],
    ),
];

/// The number after this text.
fn port(told: &str, before: &str) -> String {
    let start = told.find(before).expect("the lab tells its ports") + before.len();
    told[start..].chars().take_while(char::is_ascii_digit).collect()
}

#[test]
fn the_doctor_finds_what_each_domain_was_made_to_have() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let folder = data.path().to_str().expect("a path that is text");
    let lab = Lab::start_with("en", &["--data", folder]);
    let dns = format!("127.0.0.1:{}", port(&lab.told, "dig @127.0.0.1 -p "));
    let smtp = port(&lab.told, "--server 127.42.0.10:");
    for (domain, expected) in DOMAINS {
        let mut command = tegami();
        command.args(["check", domain, "--json", "--resolver", &dns, "--port", &smtp]);
        // The lab has an authority of its own, and its world trusts it.
        command.env("SSL_CERT_FILE", data.path().join("tls/lab.cert.pem"));
        let output = command.stderr(Stdio::inherit()).output().expect("tegami runs");
        let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let findings = found["findings"].as_array().expect("findings");
        let bad: Vec<&Value> =
            findings.iter().filter(|one| one["state"] == "fail" || one["state"] == "warn").collect();
        let rows =
            bad.iter().map(|one| ["state", "id", "subject"].map(|key| one[key].as_str().expect("text")));
        assert_eq!(rows.collect::<Vec<_>>(), expected, "{domain}: {bad:#?}");
        assert!(found["questions"].as_u64().expect("a number") < 200, "{domain}: {}", found["questions"]);
        let fails = found["summary"]["fail"].as_u64().expect("a number");
        assert_eq!(output.status.code(), Some(i32::from(fails > 0)), "{domain}");
    }
    lookups(&data, &dns, &smtp);
    explained(&data, &dns, &smtp);
}

/// A command that looks at the lab.
fn looked(data: &tempfile::TempDir, dns: &str, smtp: &str, words: &[&str]) -> (Option<i32>, Value) {
    let mut command = tegami();
    command.args(words).args(["--json", "--resolver", dns, "--port", smtp]);
    command.env("SSL_CERT_FILE", data.path().join("tls/lab.cert.pem"));
    let output = command.stderr(Stdio::inherit()).output().expect("tegami runs");
    (output.status.code(), serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// Real sessions with the lab's mail hosts.
fn lookups(data: &tempfile::TempDir, dns: &str, smtp: &str) {
    let session = |domain: &str| {
        let (status, found) = looked(data, dns, smtp, &["lookup", "mx", domain]);
        let address = found["hosts"][0]["addresses"][0].clone();
        (status, address["smtp"].clone(), address["blacklist"]["state"].clone())
    };
    let (status, smtp_test, lists) = session("shop.test");
    assert_eq!((status, &smtp_test["state"]), (Some(0), &"pass".into()), "{smtp_test:#}");
    // The lab has no lists: nobody is clean by that.
    assert_eq!(lists, "unknown");
    let (status, smtp_test, _) = session("deadmx.test");
    assert_eq!((status, &smtp_test["state"]), (Some(1), &"fail".into()), "{smtp_test:#}");
    let (_, smtp_test, _) = session("selfsigned.test");
    assert_eq!(smtp_test["state"], "warn", "{smtp_test:#}");
}

/// `--explain` tells every question and every probe.
fn explained(data: &tempfile::TempDir, dns: &str, smtp: &str) {
    let (_, found) = looked(data, dns, smtp, &["check", "bigmail.test", "--explain"]);
    let asked = found["asked"].as_array().expect("questions");
    assert_eq!(Some(asked.len() as u64), found["questions"].as_u64());
    let probed = found["probed"].as_array().expect("probes");
    let kinds: Vec<&str> = probed.iter().filter_map(|one| one["kind"].as_str()).collect();
    assert!(kinds.contains(&"smtp"), "{probed:#?}");
    for one in probed {
        assert!(one["seconds"].as_f64().expect("a time") < 30.0, "{one:#}");
        assert_ne!(one["came"].is_string(), one["error"].is_string(), "{one:#}");
    }
    let session = probed.iter().find(|one| one["kind"] == "smtp").expect("a session");
    assert!(session["came"].as_str().expect("a greeting").contains("220 "), "{session:#}");
}
