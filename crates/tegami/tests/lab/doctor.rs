//! The doctor examines the domains of the lab: what it finds is what each zone was made to have, and nothing else.

use std::process::Stdio;

use serde_json::Value;

use crate::{Lab, tegami};

/// A domain of the lab, and every check that fails or warns.
const DOMAINS: [(&str, &[&str]); 10] = [
    ("shop.test", &[]),
    ("newshop.test", &["dkim.selector-known", "dmarc.exists", "spf.exists"]),
    ("bigmail.test", &[]),
    ("grey.test", &[]),
    ("deadmx.test", &["smtp.connect"]),
    ("nullmx.test", &[]),
    ("selfsigned.test", &["tls.cert-chain"]),
    ("partner.test", &["dkim.selector-known", "dmarc.single-point"]),
    ("bank.test", &[]),
    ("spoofer.test", &["dkim.selector-known", "dmarc.exists", "mx.exists"]),
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
        let bad = findings.iter().filter(|one| one["state"] == "fail" || one["state"] == "warn");
        let mut ids: Vec<&str> = bad.clone().filter_map(|one| one["id"].as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let bad: Vec<_> = bad.collect();
        assert_eq!(ids, expected, "{domain}: {bad:#?}");
        assert!(found["questions"].as_u64().expect("a number") < 200, "{domain}: {}", found["questions"]);
        let fails = found["summary"]["fail"].as_u64().expect("a number");
        assert_eq!(output.status.code(), Some(i32::from(fails > 0)), "{domain}");
    }
}
