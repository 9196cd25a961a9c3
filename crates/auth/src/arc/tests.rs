use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expect_test::{Expect, expect};
use jiff::Timestamp;
use proptest::prelude::*;
use tegami_dns::ZoneResolver;

use crate::dkim::{Canonicalization, PrivateKey};
use crate::step::{block_on, show};

use super::*;

const CONTENT: &str = "From: a@example.org\r\nSubject: Hi\r\n\r\nHello.\r\n";

struct Sealer {
    key: PrivateKey,
}

impl Sealer {
    fn new() -> Self {
        Self { key: PrivateKey::generate_ed25519().unwrap() }
    }

    fn zone(&self) -> String {
        format!("k._domainkey.example.net. TXT \"{}\"\n", self.key.dns_record())
    }

    /// The content with one more set on top.
    fn seal(&self, content: &str, instance: u8, cv: &str) -> String {
        let results =
            format!("ARC-Authentication-Results: i={instance}; mx.example.net; spf=pass smtp.mailfrom=x\r\n");
        let message = Message::new(content.as_bytes()).unwrap();
        let hash = BodyHashes::new(message.body).get(Canonicalization::Relaxed, None).digest;
        let signature = format!(
            "ARC-Message-Signature: i={instance}; a=ed25519-sha256; c=relaxed/relaxed; d=example.net; s=k; \
             h=from:subject; bh={}; b=",
            STANDARD.encode(hash)
        );
        let names = ["from".to_owned(), "subject".to_owned()];
        let digest = message.header_hash(Canonicalization::Relaxed, &names, signature.as_bytes());
        let signature = format!("{signature}{}\r\n", STANDARD.encode(self.key.sign(&digest).unwrap()));
        let seal = format!("ARC-Seal: i={instance}; a=ed25519-sha256; cv={cv}; t=1; d=example.net; s=k; b=");
        let unsealed = format!("{seal}AAAA\r\n{signature}{results}{content}");
        let message = Message::new(unsealed.as_bytes()).unwrap();
        let chain = Chain::collect(&message).unwrap().unwrap();
        let hashes = chain.seal_hashes();
        let (_, digest) = hashes.last().unwrap();
        format!("{seal}{}\r\n{signature}{results}{content}", STANDARD.encode(self.key.sign(digest).unwrap()))
    }
}

fn judge(content: &str, zone: &str) -> Verdict {
    let resolver = ZoneResolver::from_text(zone).unwrap();
    block_on(verify(content.as_bytes(), &resolver, Timestamp::from_second(1_000).unwrap()))
}

fn check(content: &str, zone: &str, expect: &Expect) {
    let verdict = judge(content, zone);
    let Verdict { result, instance, oldest_pass, reason, .. } = verdict;
    expect.assert_eq(&format!("{} i={instance} oldest={oldest_pass:?} {}", result.as_str(), reason.id));
}

#[test]
fn a_whole_chain_and_its_steps() {
    let sealer = Sealer::new();
    let zone = sealer.zone();
    let once = sealer.seal(CONTENT, 1, "none");
    check(&once, &zone, &expect!["pass i=1 oldest=Some(0) arc-pass"]);
    let listed = once.replace("Hello.", "Hello.\r\n-- \r\nfooter");
    let twice = sealer.seal(&listed, 2, "pass");
    let verdict = judge(&twice, &zone);
    assert_eq!((verdict.result, verdict.instance, verdict.oldest_pass), (ArcResult::Pass, 2, Some(2)));
    expect![[r#"
        ARC-Authentication-Results i=1 [example.net] found | arc-set-found instance=1 domain=example.net results=mx.example.net; spf=pass smtp.mailfrom=x | RFC 8617 section 4.1.1
        ARC-Authentication-Results i=2 [example.net] found | arc-set-found instance=2 domain=example.net results=mx.example.net; spf=pass smtp.mailfrom=x | RFC 8617 section 4.1.1
        ARC-Message-Signature i=2 [example.net] pass | arc-signature-pass instance=2 domain=example.net | RFC 8617 section 5.2
        ARC-Message-Signature i=1 [example.net] noted | arc-signature-body instance=1 domain=example.net | RFC 8617 section 5.2
        ARC-Message-Signature i=1 [example.net] noted | arc-changed-since instance=1 domain=example.net next=2 | RFC 8617 section 5.2
        ARC-Seal i=1 [example.net] pass | arc-seal-pass instance=1 domain=example.net | RFC 8617 section 5.2
        ARC-Seal i=2 [example.net] pass | arc-seal-pass instance=2 domain=example.net | RFC 8617 section 5.2
    "#]].assert_eq(&show(&verdict.steps));
}

#[test]
fn chains_that_do_not_hold() {
    let sealer = Sealer::new();
    let zone = sealer.zone();
    let once = sealer.seal(CONTENT, 1, "none");
    let twice = sealer.seal(&once, 2, "pass");
    check(CONTENT, &zone, &expect!["none i=0 oldest=None arc-none"]);
    check(&twice.replace("Hello.", "Hullo."), &zone, &expect!["fail i=2 oldest=None arc-signature-body"]);
    check(
        &twice.replace("Subject: Hi", "Subject: Ho"),
        &zone,
        &expect!["fail i=2 oldest=None arc-signature-header"],
    );
    check(
        &twice.replace("i=1; mx.example.net", "i=1; mx.example.com"),
        &zone,
        &expect!["fail i=2 oldest=None arc-seal-fail"],
    );
    check(&twice, "", &expect!["fail i=2 oldest=None dkim-key-none"]);
    check(
        &twice,
        "$TIMEOUT k._domainkey.example.net.",
        &expect!["fail i=2 oldest=None dkim-key-unavailable"],
    );
    check(&sealer.seal(&once, 2, "none"), &zone, &expect!["fail i=2 oldest=None arc-cv-wrong"]);
    check(&sealer.seal(&once, 2, "fail"), &zone, &expect!["fail i=2 oldest=None arc-sealed-as-failed"]);
    check(
        &format!("ARC-Seal: i=1; cv=none; h=from; a=x; b=x\r\n{CONTENT}"),
        &zone,
        &expect!["fail i=1 oldest=None arc-seal-with-h"],
    );
    check(
        &format!("ARC-Authentication-Results: i=51; x\r\n{CONTENT}"),
        &zone,
        &expect!["fail i=0 oldest=None arc-results-without-instance"],
    );
    check(
        &format!("ARC-Authentication-Results: i=3; x\r\n{once}"),
        &zone,
        &expect!["fail i=2 oldest=None arc-field-missing"],
    );
    check(
        &format!("ARC-Authentication-Results: i=1; x\r\n{once}"),
        &zone,
        &expect!["fail i=1 oldest=None arc-field-repeated"],
    );
    check(
        &format!("{}{CONTENT}", "ARC-Seal: i=1\r\n".repeat(151)),
        &zone,
        &expect!["fail i=0 oldest=None arc-too-many"],
    );
}

proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>, fields in "(ARC-(Seal|Message-Signature|Authentication-Results): ?(i=[0-9]{0,3};? ?)?([abcdhist]{1,2}=[a-z:./@]{0,9}; ?){0,8}\r\n){0,9}") {
        fuzz::chain(&bytes);
        fuzz::chain(fields.as_bytes());
    }
}
