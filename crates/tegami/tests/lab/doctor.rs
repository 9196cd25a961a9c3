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
}
