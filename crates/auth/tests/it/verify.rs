//! A whole message, as reception, `inspect` and the lab see it.

use std::sync::Arc;

use expect_test::{Expect, expect};
use jiff::Timestamp;
use tegami_auth::dkim::{PrivateKey, Selector, Signer, sign};
use tegami_auth::json;
use tegami_auth::verify::{Client, Verdicts, early, message};
use tegami_dns::ZoneResolver;
use tegami_mail::{Address, Domain, ReversePath};

const ZONE: &str = r#"
    example.org. TXT "v=spf1 ip4:192.0.2.0/24 -all"
    mail.example.org. TXT "v=spf1 a -all"
    mail.example.org. A 192.0.2.1
    broken.example.org. TXT "v=spf1 foo=bar ip:192.0.2.1 -all"
    1.2.0.192.in-addr.arpa. PTR mail.example.org.
    _dmarc.example.org. TXT "v=DMARC1; p=reject"
    _dmarc.example.net. TXT "v=DMARC1; p=quarantine"
"#;

fn now() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

fn judge(zone: &str, helo: &str, mail_from: &str, content: &[u8]) -> Verdicts {
    let mail_from = match mail_from {
        "" => ReversePath::Null,
        text => ReversePath::Address(Address::parse(text).unwrap()),
    };
    let client = Client {
        ip: "192.0.2.1".parse().unwrap(),
        helo,
        mail_from: &mail_from,
        receiver: "mx.example.com",
        now: now(),
    };
    let resolver = ZoneResolver::from_text(zone).unwrap();
    super::block_on(async {
        let early = early(&client, &resolver).await;
        message(&client, early, content, &resolver).await
    })
}

fn check(helo: &str, mail_from: &str, content: &str, expect: &Expect) {
    let verdicts = judge(ZONE, helo, mail_from, content.replace('\n', "\r\n").as_bytes());
    let fields = verdicts.authentication_results("mx.example.com") + &verdicts.received_spf("mx.example.com");
    assert!(fields.lines().all(|line| line.chars().count() <= 78), "{fields}");
    expect.assert_eq(&fields.replace('\r', ""));
}

#[test]
fn fields() {
    let content = "From: Someone <someone@example.org>\nSubject: Hello\n\nHello.\n";
    check(
        "mail.example.org",
        "someone@example.org",
        content,
        &expect![[r#"
        Authentication-Results: mx.example.com;
        	iprev=pass (mail.example.org) policy.iprev=192.0.2.1;
        	spf=pass (ip4:192.0.2.0/24) smtp.mailfrom=someone@example.org;
        	spf=pass (a) smtp.helo=mail.example.org;
        	dkim=none;
        	dmarc=pass (p=reject dis=none) header.from=example.org
        	policy.dmarc=reject
        Received-SPF: pass (mx.example.com: 192.0.2.1 is permitted by example.org)
        	receiver=mx.example.com; client-ip=192.0.2.1; helo=mail.example.org;
        	envelope-from="someone@example.org"; identity=mailfrom;
        	mechanism="ip4:192.0.2.0/24"
    "#]],
    );
    check(
        "mail.example.org",
        "",
        content,
        &expect![[r#"
        Authentication-Results: mx.example.com;
        	iprev=pass (mail.example.org) policy.iprev=192.0.2.1;
        	spf=pass (a) smtp.helo=mail.example.org;
        	dkim=none;
        	dmarc=pass (p=reject dis=none) header.from=example.org
        	policy.dmarc=reject
        Received-SPF: pass
        	(mx.example.com: 192.0.2.1 is permitted by mail.example.org)
        	receiver=mx.example.com; client-ip=192.0.2.1; helo=mail.example.org;
        	envelope-from=""; identity=mailfrom; mechanism=a
    "#]],
    );
}

#[test]
fn broken_spf() {
    check(
        "mail.example.org",
        "someone@broken.example.org",
        "From: a@example.org\n\n",
        &expect![[r#"
        Authentication-Results: mx.example.com;
        	iprev=pass (mail.example.org) policy.iprev=192.0.2.1;
        	spf=permerror smtp.mailfrom=someone@broken.example.org;
        	spf=pass (a) smtp.helo=mail.example.org;
        	dkim=none;
        	dmarc=fail (p=reject dis=reject) header.from=example.org
        	policy.dmarc=reject
        Received-SPF: permerror
        	(mx.example.com: 192.0.2.1 could not be checked with broken.example.org)
        	receiver=mx.example.com; client-ip=192.0.2.1; helo=mail.example.org;
        	envelope-from="someone@broken.example.org"; identity=mailfrom;
        	problem="ip:192.0.2.1: syntax unknown mechanism"
    "#]],
    );
}

#[test]
fn spoofed_author() {
    let content = "From: someone@example.net\n\nHello.\n";
    check(
        "mail.example.org",
        "someone@example.org",
        content,
        &expect![[r#"
        Authentication-Results: mx.example.com;
        	iprev=pass (mail.example.org) policy.iprev=192.0.2.1;
        	spf=pass (ip4:192.0.2.0/24) smtp.mailfrom=someone@example.org;
        	spf=pass (a) smtp.helo=mail.example.org;
        	dkim=none;
        	dmarc=fail (p=quarantine dis=quarantine) header.from=example.net
        	policy.dmarc=quarantine
        Received-SPF: pass (mx.example.com: 192.0.2.1 is permitted by example.org)
        	receiver=mx.example.com; client-ip=192.0.2.1; helo=mail.example.org;
        	envelope-from="someone@example.org"; identity=mailfrom;
        	mechanism="ip4:192.0.2.0/24"
    "#]],
    );
}

#[test]
fn hostile_words() {
    let content = "From: a@example.org\n\nHello.\n";
    check(
        "x\r\nBcc: y; spf=pass (",
        "\"a\\\" ;b\"@example.org",
        content,
        &expect![[r#"
        Authentication-Results: mx.example.com;
        	iprev=pass (mail.example.org) policy.iprev=192.0.2.1;
        	spf=pass (ip4:192.0.2.0/24) smtp.mailfrom="\"a\\\" ;b\"@example.org";
        	spf=none smtp.helo="x??Bcc: y; spf=pass (";
        	dkim=none;
        	dmarc=pass (p=reject dis=none) header.from=example.org
        	policy.dmarc=reject
        Received-SPF: pass (mx.example.com: 192.0.2.1 is permitted by example.org)
        	receiver=mx.example.com; client-ip=192.0.2.1;
        	helo="x??Bcc: y; spf=pass (";
        	envelope-from="\"a\\\" ;b\"@example.org"; identity=mailfrom;
        	mechanism="ip4:192.0.2.0/24"
    "#]],
    );
}

#[test]
fn malformed_authors_cannot_pass() {
    let twice = "From: someone@example.org\nFrom: other@example.net\n\n";
    check(
        "mail.example.org",
        "someone@example.org",
        twice,
        &expect![[r#"
        Authentication-Results: mx.example.com;
        	iprev=pass (mail.example.org) policy.iprev=192.0.2.1;
        	spf=pass (ip4:192.0.2.0/24) smtp.mailfrom=someone@example.org;
        	spf=pass (a) smtp.helo=mail.example.org;
        	dkim=none;
        	dmarc=fail (p=quarantine dis=quarantine) header.from=example.net
        	policy.dmarc=quarantine
        Received-SPF: pass (mx.example.com: 192.0.2.1 is permitted by example.org)
        	receiver=mx.example.com; client-ip=192.0.2.1; helo=mail.example.org;
        	envelope-from="someone@example.org"; identity=mailfrom;
        	mechanism="ip4:192.0.2.0/24"
    "#]],
    );
    let unreadable = "From: <someone@example.org, \"x\n\n";
    check(
        "mail.example.org",
        "someone@example.org",
        unreadable,
        &expect![[r#"
        Authentication-Results: mx.example.com;
        	iprev=pass (mail.example.org) policy.iprev=192.0.2.1;
        	spf=pass (ip4:192.0.2.0/24) smtp.mailfrom=someone@example.org;
        	spf=pass (a) smtp.helo=mail.example.org;
        	dkim=none;
        	dmarc=permerror (p=reject dis=none) header.from=example.org
        	policy.dmarc=reject
        Received-SPF: pass (mx.example.com: 192.0.2.1 is permitted by example.org)
        	receiver=mx.example.com; client-ip=192.0.2.1; helo=mail.example.org;
        	envelope-from="someone@example.org"; identity=mailfrom;
        	mechanism="ip4:192.0.2.0/24"
    "#]],
    );
    check(
        "mail.example.org",
        "someone@example.org",
        "Subject: nobody\n\n",
        &expect![[r#"
        Authentication-Results: mx.example.com;
        	iprev=pass (mail.example.org) policy.iprev=192.0.2.1;
        	spf=pass (ip4:192.0.2.0/24) smtp.mailfrom=someone@example.org;
        	spf=pass (a) smtp.helo=mail.example.org;
        	dkim=none;
        	dmarc=none
        Received-SPF: pass (mx.example.com: 192.0.2.1 is permitted by example.org)
        	receiver=mx.example.com; client-ip=192.0.2.1; helo=mail.example.org;
        	envelope-from="someone@example.org"; identity=mailfrom;
        	mechanism="ip4:192.0.2.0/24"
    "#]],
    );
}

#[test]
fn json_has_the_fields_of_the_contract() {
    let key = PrivateKey::generate_ed25519().unwrap();
    let zone = format!("{ZONE}\ns1._domainkey.example.org. TXT \"{}\"\n", key.dns_record());
    let content = b"From: someone@example.org\r\nSubject: Hello\r\n\r\nHello.\r\n";
    let domain = Domain::parse("example.org").unwrap();
    let signer = Signer::new(domain, Selector::parse("s1").unwrap(), Arc::new(key));
    let mut signed = sign(content, &[signer], now()).unwrap();
    signed.extend_from_slice(content);
    let verdicts = judge(&zone, "mail.example.org", "bounce@example.com", &signed);
    let mut shown = json::verdicts(&verdicts, "mx.example.com", &|note| note.id.into());
    for pointer in ["/iprev", "/spf/helo", "/spf/mailfrom", "/dkim/0", "/dmarc"] {
        let steps = shown.pointer_mut(&format!("{pointer}/steps")).unwrap();
        assert!(!steps.as_array().unwrap().is_empty(), "{pointer}");
        *steps = steps[0].take();
    }
    shown["authentication_results"].take();
    expect![[r#"
        {"arc":{"domain":"","instance":0,"oldest_pass":null,"reason":"arc-none","result":"none","steps":[{"depth":0,"detail":"arc-none","domain":"","outcome":"none","source":"RFC 8617 section 5.2","term":"ARC-Seal"}]},
        "authentication_results":null,"dkim":[{"algorithm":"ed25519-sha256","domain":"example.org","reason":"dkim-pass","result":"pass","selector":"s1","steps":{"depth":0,"detail":"dkim-signature-found","domain":"example.org","outcome":"found","source":"RFC 6376 section 3.5","term":"DKIM-Signature"}}],"dmarc":{"aligned":{"dkim":true,"spf":false},
        "disposition":"none","organizational_domain":"example.org","policy":"reject","policy_domain":"example.org","result":"pass","steps":{"depth":0,"detail":"dmarc-record-found","domain":"example.org","outcome":"found","source":"RFC 9989 section 4.10","term":"_dmarc.example.org"}},
        "iprev":{"name":"mail.example.org","result":"pass","steps":{"depth":0,"detail":"iprev-names","domain":"1.2.0.192.in-addr.arpa","outcome":"found","source":"RFC 8601 section 3","term":"PTR 1.2.0.192.in-addr.arpa"}},
        "spf":{"helo":{"domain":"mail.example.org","explanation":null,"identity":"helo","lookups":1,"result":"pass","steps":{"depth":0,"detail":"spf-record-found","domain":"mail.example.org","lookups":0,"outcome":"found","source":"RFC 7208 section 4.5","term":"TXT","void_lookups":0},
        "void_lookups":0},
        "mailfrom":{"domain":"example.com","explanation":null,"identity":"mailfrom","lookups":0,"result":"none","steps":{"depth":0,"detail":"spf-record-void","domain":"example.com","lookups":0,"outcome":"none","source":"RFC 7208 section 4.5","term":"TXT","void_lookups":0},
        "void_lookups":0}}}"#]].assert_eq(&shown.to_string().replace("},\"", "},\n\""));
}

#[test]
fn json_of_a_dmarc_lookup() {
    let resolver = ZoneResolver::from_text(ZONE).unwrap();
    let domain = Domain::parse("www.example.org").unwrap();
    let shown = super::block_on(async {
        let discovery = tegami_auth::dmarc::discover(&domain, &resolver).await;
        let verdict = tegami_auth::dmarc::evaluate(&[domain], &[], &[], &resolver).await;
        json::dmarc_lookup(&discovery, Some(&verdict), &|note| note.id.into())
    });
    let mut shown = shown;
    shown["steps"].take();
    expect![[r#"{"aligned":{"dkim":false,"spf":false},"disposition":"reject","organizational_domain":"example.org","policy":"reject","policy_domain":"example.org","queries":3,"record":"v=DMARC1; p=reject","result":"fail","steps":null,"tags":{"p":"reject","v":"DMARC1"}}"#]].assert_eq(&serde_json::to_string(&shown).unwrap());
}
