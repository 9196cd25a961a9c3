use expect_test::{Expect, expect};
use tegami_auth::dkim::Signer;

use super::{NOW, describe, ed25519, judge, signed, signer, txt, zone_of};

const CONTENT: &str =
    "From: Hanako <hanako@example.org>\r\nTo: jiro@example.net\r\nSubject: Lunch\r\n\r\nAt noon?\r\n";
const KEY_NAME: &str = "mail._domainkey.example.org";

/// Signs, lets `change` meddle with the message and the zone, and shows the verdicts.
fn check(change: impl FnOnce(&Signer, &mut String, &mut String), second: i64, expect: &Expect) {
    let mut signer = signer(&ed25519());
    signer.expiry = Some(std::time::Duration::from_secs(86_400));
    let mut message = String::from_utf8(signed(CONTENT.as_bytes(), &signer)).unwrap();
    let mut zone = zone_of(&signer);
    change(&signer, &mut message, &mut zone);
    expect.assert_eq(&describe(&judge(message.as_bytes(), &zone, second)));
}

#[test]
fn pass() {
    check(
        |_, _, _| (),
        NOW,
        &expect![[r#"
        pass: dkim-pass (domain=example.org; selector=mail)
          found DKIM-Signature: dkim-signature-found (domain=example.org; selector=mail; algorithm=ed25519-sha256; header=relaxed; body=relaxed; fields=from, from, reply-to, to, to, cc, subject, subject, date, message-id) [RFC 6376 section 3.5]
          pass x=: dkim-not-expired (expiry=2026-09-11T00:26:40Z) [RFC 6376 section 3.5]
          found mail._domainkey.example.org: dkim-key-found (name=mail._domainkey.example.org; type=ed25519; bits=256) [RFC 6376 section 6.1.2]
          pass body hash: dkim-body-match (canonicalization=relaxed; hash=4daN71HNdn/d5SSJNrmA4GnDoSU3uSw9/N1YsKJOhFc=) [RFC 6376 section 6.1.3]
          pass header hash: dkim-header-match (count=10) [RFC 6376 section 6.1.3]
    "#]],
    );
}

#[test]
fn body_changed() {
    check(
        |_, message, _| *message = message.replace("noon", "one"),
        NOW,
        &expect![[r#"
        fail: dkim-fail-body (domain=example.org)
          found DKIM-Signature: dkim-signature-found (domain=example.org; selector=mail; algorithm=ed25519-sha256; header=relaxed; body=relaxed; fields=from, from, reply-to, to, to, cc, subject, subject, date, message-id) [RFC 6376 section 3.5]
          pass x=: dkim-not-expired (expiry=2026-09-11T00:26:40Z) [RFC 6376 section 3.5]
          found mail._domainkey.example.org: dkim-key-found (name=mail._domainkey.example.org; type=ed25519; bits=256) [RFC 6376 section 6.1.2]
          fail body hash: dkim-body-mismatch (canonicalization=relaxed; claimed=4daN71HNdn/d5SSJNrmA4GnDoSU3uSw9/N1YsKJOhFc=; computed=M33KM0kQVGWWBbBVfXLhcZt3h0Y0Ycmf9hUoeNDNtVg=) [RFC 6376 section 6.1.3]
          pass header hash: dkim-header-match (count=10) [RFC 6376 section 6.1.3]
    "#]],
    );
}

#[test]
fn footer_added() {
    check(
        |_, message, _| message.push_str("--\r\nThe list\r\n"),
        NOW,
        &expect![[r#"
            fail: dkim-changed-body (domain=example.org; body=footer)
              found DKIM-Signature: dkim-signature-found (domain=example.org; selector=mail; algorithm=ed25519-sha256; header=relaxed; body=relaxed; fields=from, from, reply-to, to, to, cc, subject, subject, date, message-id) [RFC 6376 section 3.5]
              pass x=: dkim-not-expired (expiry=2026-09-11T00:26:40Z) [RFC 6376 section 3.5]
              found mail._domainkey.example.org: dkim-key-found (name=mail._domainkey.example.org; type=ed25519; bits=256) [RFC 6376 section 6.1.2]
              fail body hash: dkim-body-mismatch (canonicalization=relaxed; claimed=4daN71HNdn/d5SSJNrmA4GnDoSU3uSw9/N1YsKJOhFc=; computed=powO/yrjfXTejxREiPYfU/S53Agvm8KAIKwwU4YGU/I=) [RFC 6376 section 6.1.3]
              pass header hash: dkim-header-match (count=10) [RFC 6376 section 6.1.3]
              proven body hash: dkim-body-added (lines=2; text=The list) [RFC 6376 section 6.1.3]
              noted survivors: dkim-survive-length [RFC 6376 section 8.2]
              noted survivors: dkim-survive-nothing [RFC 6377 section 3.3]
        "#]],
    );
}

#[test]
fn subject_changed() {
    check(
        |_, message, _| *message = message.replace("Lunch", "[list] Lunch"),
        NOW,
        &expect![[r#"
            fail: dkim-changed-header (domain=example.org; header=changed; fields=Subject)
              found DKIM-Signature: dkim-signature-found (domain=example.org; selector=mail; algorithm=ed25519-sha256; header=relaxed; body=relaxed; fields=from, from, reply-to, to, to, cc, subject, subject, date, message-id) [RFC 6376 section 3.5]
              pass x=: dkim-not-expired (expiry=2026-09-11T00:26:40Z) [RFC 6376 section 3.5]
              found mail._domainkey.example.org: dkim-key-found (name=mail._domainkey.example.org; type=ed25519; bits=256) [RFC 6376 section 6.1.2]
              pass body hash: dkim-body-match (canonicalization=relaxed; hash=4daN71HNdn/d5SSJNrmA4GnDoSU3uSw9/N1YsKJOhFc=) [RFC 6376 section 6.1.3]
              fail header hash: dkim-header-mismatch (fields=from, from, reply-to, to, to, cc, subject, subject, date, message-id) [RFC 6376 section 6.1.3]
              proven header hash: dkim-subject-tagged (tag=[list]) [RFC 6376 section 6.1.3]
              noted survivors: dkim-survive-nothing [RFC 6377 section 3.3]
        "#]],
    );
}

#[test]
fn body_and_subject_changed() {
    check(
        |_, message, _| *message = message.replace("noon", "one").replace("Lunch", "Dinner"),
        NOW,
        &expect![[r#"
            fail: dkim-fail-both (domain=example.org)
              found DKIM-Signature: dkim-signature-found (domain=example.org; selector=mail; algorithm=ed25519-sha256; header=relaxed; body=relaxed; fields=from, from, reply-to, to, to, cc, subject, subject, date, message-id) [RFC 6376 section 3.5]
              pass x=: dkim-not-expired (expiry=2026-09-11T00:26:40Z) [RFC 6376 section 3.5]
              found mail._domainkey.example.org: dkim-key-found (name=mail._domainkey.example.org; type=ed25519; bits=256) [RFC 6376 section 6.1.2]
              fail body hash: dkim-body-mismatch (canonicalization=relaxed; claimed=4daN71HNdn/d5SSJNrmA4GnDoSU3uSw9/N1YsKJOhFc=; computed=M33KM0kQVGWWBbBVfXLhcZt3h0Y0Ycmf9hUoeNDNtVg=) [RFC 6376 section 6.1.3]
              fail header hash: dkim-header-mismatch (fields=from, from, reply-to, to, to, cc, subject, subject, date, message-id) [RFC 6376 section 6.1.3]
              possible header hash: dkim-possible-missing (fields=date, message-id) [RFC 6376 section 6.1.3]
        "#]],
    );
}

#[test]
fn from_added() {
    check(
        |_, message, _| message.insert_str(0, "From: boss@example.com\r\n"),
        NOW,
        &expect![[r#"
            fail: dkim-changed-header (domain=example.org; header=changed; fields=From)
              found DKIM-Signature: dkim-signature-found (domain=example.org; selector=mail; algorithm=ed25519-sha256; header=relaxed; body=relaxed; fields=from, from, reply-to, to, to, cc, subject, subject, date, message-id) [RFC 6376 section 3.5]
              pass x=: dkim-not-expired (expiry=2026-09-11T00:26:40Z) [RFC 6376 section 3.5]
              found mail._domainkey.example.org: dkim-key-found (name=mail._domainkey.example.org; type=ed25519; bits=256) [RFC 6376 section 6.1.2]
              pass body hash: dkim-body-match (canonicalization=relaxed; hash=4daN71HNdn/d5SSJNrmA4GnDoSU3uSw9/N1YsKJOhFc=) [RFC 6376 section 6.1.3]
              fail header hash: dkim-header-mismatch (fields=from, from, reply-to, to, to, cc, subject, subject, date, message-id) [RFC 6376 section 6.1.3]
              proven header hash: dkim-header-added (field=From; value=boss@example.com) [RFC 6376 section 6.1.3]
              noted survivors: dkim-survive-nothing [RFC 6377 section 3.3]
        "#]],
    );
}

#[test]
fn key_revoked() {
    check(
        |_, _, zone| *zone = txt(KEY_NAME, "v=DKIM1; k=ed25519; p="),
        NOW,
        &expect![[r#"
            permerror: dkim-key-revoked
              found DKIM-Signature: dkim-signature-found (domain=example.org; selector=mail; algorithm=ed25519-sha256; header=relaxed; body=relaxed; fields=from, from, reply-to, to, to, cc, subject, subject, date, message-id) [RFC 6376 section 3.5]
              pass x=: dkim-not-expired (expiry=2026-09-11T00:26:40Z) [RFC 6376 section 3.5]
              error mail._domainkey.example.org: dkim-key-revoked [RFC 6376 section 3.6.1]
        "#]],
    );
}

#[test]
fn no_key() {
    check(
        |_, _, zone| zone.clear(),
        NOW,
        &expect![[r#"
        permerror: dkim-key-none (name=mail._domainkey.example.org; answer=NXDOMAIN)
          found DKIM-Signature: dkim-signature-found (domain=example.org; selector=mail; algorithm=ed25519-sha256; header=relaxed; body=relaxed; fields=from, from, reply-to, to, to, cc, subject, subject, date, message-id) [RFC 6376 section 3.5]
          pass x=: dkim-not-expired (expiry=2026-09-11T00:26:40Z) [RFC 6376 section 3.5]
          error mail._domainkey.example.org: dkim-key-none (name=mail._domainkey.example.org; answer=NXDOMAIN) [RFC 6376 section 6.1.2]
    "#]],
    );
}

#[test]
fn temperror() {
    check(
        |_, _, zone| *zone = format!("$TIMEOUT {KEY_NAME}.\n"),
        NOW,
        &expect![[r#"
        temperror: dkim-key-unavailable (name=mail._domainkey.example.org; error=timeout)
          found DKIM-Signature: dkim-signature-found (domain=example.org; selector=mail; algorithm=ed25519-sha256; header=relaxed; body=relaxed; fields=from, from, reply-to, to, to, cc, subject, subject, date, message-id) [RFC 6376 section 3.5]
          pass x=: dkim-not-expired (expiry=2026-09-11T00:26:40Z) [RFC 6376 section 3.5]
          error mail._domainkey.example.org: dkim-key-unavailable (name=mail._domainkey.example.org; error=timeout) [RFC 6376 section 6.1.2]
    "#]],
    );
}

#[test]
fn expired() {
    check(
        |_, _, _| (),
        NOW + 86_401,
        &expect![[r#"
        permerror: dkim-expired (expiry=2026-09-11T00:26:40Z)
          found DKIM-Signature: dkim-signature-found (domain=example.org; selector=mail; algorithm=ed25519-sha256; header=relaxed; body=relaxed; fields=from, from, reply-to, to, to, cc, subject, subject, date, message-id) [RFC 6376 section 3.5]
          fail x=: dkim-expired (expiry=2026-09-11T00:26:40Z) [RFC 6376 section 3.5]
    "#]],
    );
}

#[test]
fn key_by_cname_in_testing() {
    check(
        |signer, _, zone| {
            let record = signer.key.dns_record().replacen("k=", "t=y; n=old; k=", 1);
            *zone = format!("{KEY_NAME}. CNAME key.example.net.\n{}", txt("key.example.net", &record));
        },
        NOW,
        &expect![[r#"
            pass: dkim-pass (domain=example.org; selector=mail)
              found DKIM-Signature: dkim-signature-found (domain=example.org; selector=mail; algorithm=ed25519-sha256; header=relaxed; body=relaxed; fields=from, from, reply-to, to, to, cc, subject, subject, date, message-id) [RFC 6376 section 3.5]
              pass x=: dkim-not-expired (expiry=2026-09-11T00:26:40Z) [RFC 6376 section 3.5]
              noted mail._domainkey.example.org: dkim-key-alias (name=mail._domainkey.example.org; target=key.example.net) [RFC 6376 section 3.6.2.2]
              found mail._domainkey.example.org: dkim-key-found (name=mail._domainkey.example.org; type=ed25519; bits=256) [RFC 6376 section 6.1.2]
              noted t=y: dkim-key-testing [RFC 6376 section 3.6.1]
              pass body hash: dkim-body-match (canonicalization=relaxed; hash=4daN71HNdn/d5SSJNrmA4GnDoSU3uSw9/N1YsKJOhFc=) [RFC 6376 section 6.1.3]
              pass header hash: dkim-header-match (count=10) [RFC 6376 section 6.1.3]
        "#]],
    );
}

#[test]
fn several_records() {
    check(
        |_, _, zone| zone.push_str(&txt(KEY_NAME, "v=spf1 -all")),
        NOW,
        &expect![[r#"
            pass: dkim-pass (domain=example.org; selector=mail)
              found DKIM-Signature: dkim-signature-found (domain=example.org; selector=mail; algorithm=ed25519-sha256; header=relaxed; body=relaxed; fields=from, from, reply-to, to, to, cc, subject, subject, date, message-id) [RFC 6376 section 3.5]
              pass x=: dkim-not-expired (expiry=2026-09-11T00:26:40Z) [RFC 6376 section 3.5]
              noted mail._domainkey.example.org: dkim-key-several (name=mail._domainkey.example.org; count=2; limit=4) [RFC 6376 section 6.1.2]
              noted mail._domainkey.example.org: dkim-slip-other-record (kind=SPF) [RFC 6376 section 3.6.1]
              found mail._domainkey.example.org: dkim-key-found (name=mail._domainkey.example.org; type=ed25519; bits=256) [RFC 6376 section 6.1.2]
              pass body hash: dkim-body-match (canonicalization=relaxed; hash=4daN71HNdn/d5SSJNrmA4GnDoSU3uSw9/N1YsKJOhFc=) [RFC 6376 section 6.1.3]
              pass header hash: dkim-header-match (count=10) [RFC 6376 section 6.1.3]
        "#]],
    );
}

#[test]
fn key_of_another_type() {
    let other = "v=DKIM1; k=rsa; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALM5k/n8wvTaXPyisQF2y11ps84PPj+ONWRFom6mH+mI+2AGrbJmO3+pLFszAMAxBABLOkAPIKqh/NP2rI48YEsCAwEAAQ==";
    check(
        |_, _, zone| *zone = txt(KEY_NAME, other),
        NOW,
        &expect![[r#"
        permerror: dkim-key-type-mismatch (found=rsa; wanted=ed25519)
          found DKIM-Signature: dkim-signature-found (domain=example.org; selector=mail; algorithm=ed25519-sha256; header=relaxed; body=relaxed; fields=from, from, reply-to, to, to, cc, subject, subject, date, message-id) [RFC 6376 section 3.5]
          pass x=: dkim-not-expired (expiry=2026-09-11T00:26:40Z) [RFC 6376 section 3.5]
          error mail._domainkey.example.org: dkim-key-type-mismatch (found=rsa; wanted=ed25519) [RFC 6376 section 6.1.2]
    "#]],
    );
}

/// Signatures whose keys or tags decide before any cryptography.
fn check_unsigned(signature: &str, record: &str, expect: &Expect) {
    let message = format!("DKIM-Signature: {signature}\r\n{CONTENT}");
    expect.assert_eq(&describe(&judge(message.as_bytes(), &txt(KEY_NAME, record), NOW)));
}

#[test]
fn weak_key() {
    check_unsigned(
        "v=1; a=rsa-sha256; d=example.org; s=mail; h=From; bh=AAAA; b=AAAA",
        "p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALM5k/n8wvTaXPyisQF2y11ps84PPj+ONWRFom6mH+mI+2AGrbJmO3+pLFszAMAxBABLOkAPIKqh/NP2rI48YEsCAwEAAQ==",
        &expect![[r#"
            permerror: dkim-key-weak (bits=512; least=1024)
              found DKIM-Signature: dkim-signature-found (domain=example.org; selector=mail; algorithm=rsa-sha256; header=simple; body=simple; fields=from) [RFC 6376 section 3.5]
              error mail._domainkey.example.org: dkim-key-weak (bits=512; least=1024) [RFC 8301 section 3.2]
        "#]],
    );
}

#[test]
fn faults_of_the_signature() {
    let mut seen = String::new();
    for signature in [
        "v=2; a=ed25519-sha256; d=example.org; s=mail; h=From; bh=AAAA; b=AAAA",
        "a=ed25519-sha256; d=example.org; s=mail; h=From; bh=AAAA; b=AAAA",
        "v=1; a=rsa-sha1; d=example.org; s=mail; h=From; bh=AAAA; b=AAAA",
        "v=1; a=rsa-md5; d=example.org; s=mail; h=From; bh=AAAA; b=AAAA",
        "v=1; a=ed25519-sha256; d=example.org; s=mail; h=To; bh=AAAA; b=AAAA",
        "v=1; a=ed25519-sha256; d=example.org; s=mail; h=From; i=@example.com; bh=AAAA; b=AAAA",
        "v=1; a=ed25519-sha256; d=example.org; s=mail; h=From; i=@badexample.org; bh=AAAA; b=AAAA",
        "v=1; a=ed25519-sha256; d=org; s=mail; h=From; bh=AAAA; b=AAAA",
        "v=1; a=ed25519-sha256; d=example.org(; s=mail; h=From; bh=AAAA; b=AAAA",
        "v=1; a=ed25519-sha256; d=example.org; s=mail; h=From; bh=A*AA; b=AAAA",
        "v=1; a=ed25519-sha256; d=example.org; s=mail; h=From; bh=AAAA; b=",
        "v=1; a=ed25519-sha256; d=example.org; s=mail; h=From; c=nowsp; bh=AAAA; b=AAAA",
        "v=1; a=ed25519-sha256; d=example.org; s=mail; h=From; q=http; bh=AAAA; b=AAAA",
        "v=1; a=ed25519-sha256; d=example.org; s=mail; h=From; l=-1; bh=AAAA; b=AAAA",
        "v=1; a=ed25519-sha256; d=example.org; s=mail; h=From; t=20; x=10; bh=AAAA; b=AAAA",
        "v=1; a=ed25519-sha256; d=example.org; s=mail; h=From; d=example.org; bh=AAAA; b=AAAA",
        "v=1 a=ed25519-sha256",
        "",
    ] {
        let message = format!("DKIM-Signature: {signature}\r\n{CONTENT}");
        seen.push_str(&describe(&judge(message.as_bytes(), "", NOW)));
    }
    let reasons: Vec<&str> = seen.lines().filter(|line| !line.starts_with(' ')).collect();
    expect![[r#"
        permerror: dkim-version-unknown (version=2)
        permerror: dkim-tag-missing (tag=v)
        permerror: dkim-algorithm-historic
        permerror: dkim-algorithm-unknown (algorithm=rsa-md5)
        permerror: dkim-from-not-signed
        permerror: dkim-identity-outside (identity=example.com; domain=example.org)
        permerror: dkim-identity-outside (identity=badexample.org; domain=example.org)
        permerror: dkim-value-malformed (tag=d; value=org)
        permerror: dkim-value-malformed (tag=d; value=example.org()
        permerror: dkim-value-malformed (tag=bh; value=A*AA)
        permerror: dkim-value-malformed (tag=b; value=)
        permerror: dkim-canonicalization-unknown (value=nowsp)
        permerror: dkim-query-unknown (query=http)
        permerror: dkim-value-malformed (tag=l; value=-1)
        permerror: dkim-expiry-before-time (time=20; expiry=10)
        permerror: dkim-tag-duplicate (tag=d)
        permerror: dkim-version-unknown (version=1 a=ed25519-sha256)
        permerror: dkim-tag-malformed (text=)"#]]
    .assert_eq(&reasons.join("\n"));
}

#[test]
fn faults_of_the_key() {
    let mut seen = Vec::new();
    for record in [
        "v=DKIM2; p=AAAA",
        "p=AAAA; v=DKIM1",
        "v=DKIM1; k=ed25519",
        "v=DKIM1; k=ed25519; p=A*",
        "v=DKIM1; k=ed25519; p=AAAA",
        "v=DKIM1; k=x25519; p=AAAA",
        "v=DKIM1; k=ed25519; h=sha1:sha512; p=AAAA",
        "v=DKIM1; k=ed25519; s=tlsrpt; p=AAAA",
        "v=DKIM1; k=ed25519; t=s; p=AAAA",
        "v=DKIM1 k=ed25519; p",
    ] {
        let message = format!(
            "DKIM-Signature: v=1; a=ed25519-sha256; d=example.org; s=mail; i=@mail.example.org; h=From; bh=AAAA; b=AAAA\r\n{CONTENT}"
        );
        let verdicts = judge(message.as_bytes(), &txt(KEY_NAME, record), NOW);
        seen.push(describe(&verdicts).lines().next().unwrap().to_owned());
    }
    expect![[r#"
        permerror: dkim-key-version-unknown (version=DKIM2)
        permerror: dkim-key-version-not-first
        permerror: dkim-key-without-p
        permerror: dkim-key-not-base64
        permerror: dkim-key-unreadable (type=ed25519)
        permerror: dkim-key-type-mismatch (found=x25519; wanted=ed25519)
        permerror: dkim-key-hash-mismatch (hashes=sha1, sha512)
        permerror: dkim-key-not-for-email
        permerror: dkim-key-identity-strict (identity=mail.example.org; domain=example.org)
        permerror: dkim-tag-malformed (text=p)"#]]
    .assert_eq(&seen.join("\n"));
}

#[test]
fn no_signature() {
    expect![[r#"
        none: dkim-none
          none DKIM-Signature: dkim-none [RFC 6376 section 6.1]
    "#]]
    .assert_eq(&describe(&judge(CONTENT.as_bytes(), "", NOW)));
}

#[test]
fn more_signatures_than_are_looked_at() {
    let message = "DKIM-Signature: v=2\r\n".repeat(12) + CONTENT;
    let verdicts = judge(message.as_bytes(), "", NOW);
    assert_eq!(verdicts.len(), 11);
    expect![[r#"
        policy: dkim-too-many-signatures (found=12; limit=10)
          ignored DKIM-Signature: dkim-too-many-signatures (found=12; limit=10) [RFC 6376 section 6.1]
    "#]]
    .assert_eq(&describe(&verdicts[10..]));
}
