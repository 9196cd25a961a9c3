//! DKIM: signed messages, key records and canonicalisation, from the tests of others.

use std::path::Path;

use tegami_auth::dkim::{Canonicalization, KeyRecord, Verdict, fuzz};
use tegami_mail::line::to_crlf;

use super::{Known, Outcome, Suite, place};
use crate::dkim::{judge, txt};

/// Long after every signature of the suites was made, and before the last of them expires.
const THEN: i64 = 1_800_000_000;

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn results(verdicts: &[Verdict]) -> String {
    verdicts.iter().map(|verdict| verdict.result.as_str()).collect::<Vec<_>>().join(" ")
}

const CHASQUID_DIFFERENCES: &[Known] = &[
    (
        "02-too_many_headers",
        "pass pass pass pass pass pass pass",
        "RFC 6376 section 6.1: a verifier may limit the signatures it looks at: chasquid to 5, we to 10",
    ),
    (
        "03-bad_message",
        "none",
        "RFC 6376 section 6.1: chasquid refuses a message that is none of RFC 5322; to us it has no signature",
    ),
];

pub(super) fn chasquid() -> Result<Suite, String> {
    let about = "chasquid: message, DNS, and the result of each signature";
    let (mut suite, folder) =
        (Suite::new("dkim/chasquid", about, CHASQUID_DIFFERENCES), place("dkim/chasquid")?);
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".msg").map(str::to_owned))
        .collect();
    names.sort();
    for name in names {
        let message = to_crlf(&follow(&folder, &format!("{name}.msg"))).into_owned();
        let zone = chasquid_zone(&String::from_utf8(follow(&folder, &format!("{name}.dns"))).unwrap());
        let wanted = match follow(&folder, &format!("{name}.result")) {
            nothing if nothing.is_empty() => "refused".to_owned(),
            json => chasquid_states(&json),
        };
        suite.compare(&name, &results(&judge(&message, &zone, THEN)), &wanted);
    }
    Ok(suite)
}

/// A file whose only content is the name of another stands for that one; one that is missing is empty.
fn follow(folder: &Path, name: &str) -> Vec<u8> {
    let bytes = std::fs::read(folder.join(name)).unwrap_or_default();
    match std::str::from_utf8(&bytes) {
        Ok(other) if !other.is_empty() && other.len() < 40 && folder.join(other.trim()).is_file() => {
            read(&folder.join(other.trim()))
        }
        _ => bytes,
    }
}

/// `name: text`, with backslashes at line ends, as zone text.
fn chasquid_zone(text: &str) -> String {
    let mut zone = String::new();
    for line in text.replace("\\\n", " ").lines().filter(|line| !line.trim().is_empty()) {
        let (name, text) = line.split_once(": ").unwrap();
        match text.trim() {
            "TEMPERROR" => zone.push_str(&format!("$SERVFAIL {name}.\n")),
            "PERMERROR" => {}
            text => zone.push_str(&txt(name, text)),
        }
    }
    zone
}

fn chasquid_states(json: &[u8]) -> String {
    let json: serde_json::Value = serde_json::from_slice(json).unwrap();
    let state = |result: &serde_json::Value| match result["State"].as_str().unwrap() {
        "SUCCESS" => "pass",
        "TEMPFAIL" => "temperror",
        "PERMFAIL" => "permerror",
        other => panic!("{other}"),
    };
    json["Results"].as_array().unwrap().iter().map(state).collect::<Vec<_>>().join(" ")
}

/// What dkimpy's own tests say of its messages.
pub(super) fn dkimpy() -> Result<Suite, String> {
    let about = "dkimpy: messages, signed and not, and the examples of RFC 6376 and RFC 8463";
    let (mut suite, folder) = (Suite::new("dkim/dkimpy", about, &[]), place("dkim/dkimpy")?);
    let record = |name: &str| String::from_utf8(read(&folder.join(name))).unwrap().trim().to_owned();
    let football = txt("test._domainkey.football.example.com", &record("test.txt").replace("g=*; ", ""))
        + &txt("brisbane._domainkey.football.example.com", RFC_8463_KEY);
    let exim = txt("sed._domainkey.test.ex", &record("eximtest.dns"));
    let gmail = txt("20120113._domainkey.gmail.com", &gmail_key(&place("dkim/mimekit")?));
    let kitterman = txt("2007-00._domainkey.kitterman.com", &record("2048_testkey_wo_markers.pub.rsa.txt"));
    let cases = [
        ("rfc6376.msg", &football, "none"),
        ("rfc6376.signed.msg", &football, "pass pass"),
        ("rfc6376.signed.rsa.msg", &football, "pass"),
        // The same signature with other tags.
        ("rfc6376.signed.no_t.msg", &football, "fail"),
        ("rfc6376.w1258.msg", &football, "none"),
        ("ed25519test.msg", &exim, "none"),
        ("ed25519test2.msg", &exim, "pass"),
        ("test.message", &football, "none"),
        ("test.message.baddomain", &football, "permerror"),
        ("test2.message", &gmail, "pass"),
        ("test_extra.message", &football, "none"),
        ("test_nofrom.message", &football, "none"),
    ];
    for (name, zone, wanted) in cases {
        suite.compare(name, &results(&judge(&to_crlf(&read(&folder.join(name))), zone, THEN)), wanted);
    }
    // The key is lost: another one in its place shows that the body is canonicalised rightly.
    let verdicts = judge(&to_crlf(&read(&folder.join("message.mbox"))), &kitterman, THEN);
    suite.compare("message.mbox", &body_outcomes(&verdicts).join(" "), "pass");
    Ok(suite)
}

/// The key of RFC 8463 section A.2.
const RFC_8463_KEY: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

pub(super) fn dkimpy_keys() -> Result<Suite, String> {
    let about = "dkimpy: key records, good and bad";
    let (mut suite, folder) = (Suite::new("dkim/dkimpy keys", about, &[]), place("dkim/dkimpy")?);
    for (name, wanted) in [
        ("1024_testkey_wo_markers.pub.rsa.txt", "rsa 1024"),
        ("1024_testkey_wo_markers.pub.txt", "rsa 1024"),
        ("2048_testkey_PKCS8.key.pub.txt", "rsa 2048"),
        ("2048_testkey_wo_markers.pub.rsa.txt", "rsa 2048"),
        ("2048_testkey_wo_markers.pub.txt", "rsa 2048"),
        ("badk.txt", "ed25519-sha256 unreadable"),
        ("badversion.txt", "dkim-key-version-unknown"),
        ("ed25519test.dns", "ed25519 256"),
        ("eximtest.dns", "ed25519 256"),
        ("test.txt", "rsa 1024"),
        ("test2.txt", "rsa 1024"),
        ("test_bad.txt", "rsa unreadable"),
        ("test_tlsrpt.txt", "rsa 1024 not for e-mail"),
    ] {
        suite.compare(name, &key_summary(read(&folder.join(name)).trim_ascii()), wanted);
    }
    Ok(suite)
}

fn key_summary(text: &[u8]) -> String {
    match KeyRecord::parse(text) {
        Ok(record) if record.is_revoked() => format!("{} revoked", record.key_type),
        Ok(record) => {
            let bits = record.bits().map_or_else(|| "unreadable".to_owned(), |bits| bits.to_string());
            format!("{} {bits}{}", record.key_type, if record.for_email { "" } else { " not for e-mail" })
        }
        Err(fault) => fault.id.to_owned(),
    }
}

fn gmail_key(mimekit: &Path) -> String {
    let pem = String::from_utf8(read(&mimekit.join("gmail.pub"))).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with("---")).collect();
    format!("k=rsa; p={base64}")
}

pub(super) fn mimekit() -> Result<Suite, String> {
    let about = "MimeKit: signed messages, the RFC 8463 example, and a key record in a zone file";
    let (mut suite, folder) = (Suite::new("dkim/mimekit", about, &[]), place("dkim/mimekit")?);
    let football = String::from_utf8(read(&place("dkim/dkimpy")?.join("test.txt"))).unwrap();
    let zone = txt("20120113._domainkey.gmail.com", &gmail_key(&folder))
        + &txt("brisbane._domainkey.football.example.com", RFC_8463_KEY)
        + &txt("test._domainkey.football.example.com", football.trim());
    for (name, wanted) in [
        ("gmail.msg", "pass"),
        ("multipart-no-end-boundary.msg", "pass"),
        ("related.msg", "pass"),
        ("rfc8463-example.msg", "pass pass"),
    ] {
        suite.compare(name, &results(&judge(&to_crlf(&read(&folder.join(name))), &zone, THEN)), wanted);
    }
    let zone = String::from_utf8(read(&folder.join("example.bind9"))).unwrap();
    let resolver = tegami_dns::ZoneResolver::from_text(&zone).unwrap();
    let resolver: &dyn tegami_dns::Resolver = &resolver;
    let name = tegami_dns::DnsName::parse("1433868189.example._domainkey.example.com").unwrap();
    let texts = crate::block_on(resolver.txt(&name)).unwrap();
    let strict = KeyRecord::parse(&texts[0]).unwrap().strict;
    suite.compare(
        "example.bind9",
        &format!("{} strict={strict}", key_summary(&texts[0])),
        "rsa 1024 strict=true",
    );
    Ok(suite)
}

pub(super) fn mailauth_node() -> Result<Suite, String> {
    let about = "mailauth: a signed message with its keys; of messages whose keys are lost, the body hashes";
    let (mut suite, folder) = (Suite::new("dkim/mailauth-node", about, &[]), place("dkim/mailauth-node")?);
    let signed = folder.join("dkim/ec/fixtures");
    let dns: serde_json::Value = serde_json::from_slice(&read(&signed.join("dns.json"))).unwrap();
    let mut zone = String::new();
    for (name, types) in dns.as_object().unwrap() {
        for strings in types["TXT"].as_array().unwrap() {
            let text: String =
                strings.as_array().unwrap().iter().map(|piece| piece.as_str().unwrap()).collect();
            zone.push_str(&txt(name, &text));
        }
    }
    let verdicts = judge(&to_crlf(&read(&signed.join("signed.eml"))), &zone, THEN);
    suite.compare("signed.eml", &results(&verdicts), "pass pass");
    for (name, wanted) in [
        ("authtest.eml", "pass"),
        ("bimi.eml", "pass pass"),
        ("message1.eml", ""),
        ("message2.eml", "pass"),
        ("message3.eml", "pass pass"),
        ("message4.eml", "pass"),
        ("zbimi.eml", "pass"),
        ("zproov.eml", "pass"),
    ] {
        let message = to_crlf(&read(&folder.join("fixtures").join(name))).into_owned();
        let verdicts = judge(&message, &stand_in_keys(&message), THEN);
        suite.compare(name, &body_outcomes(&verdicts).join(" "), wanted);
    }
    Ok(suite)
}

/// A key at every name where a message's signatures look for one.
fn stand_in_keys(message: &[u8]) -> String {
    let key = "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";
    judge(message, "", THEN)
        .iter()
        .filter(|verdict| !verdict.domain.is_empty())
        .map(|verdict| txt(&format!("{}._domainkey.{}", verdict.selector, verdict.domain), key))
        .collect()
}

fn body_outcomes(verdicts: &[Verdict]) -> Vec<&'static str> {
    let steps = verdicts.iter().flat_map(|verdict| &verdict.steps);
    steps
        .filter(|step| step.term == "body hash" && step.outcome != "noted")
        .map(|step| step.outcome)
        .collect()
}

/// The suite calls all of them valid; some only fed a fuzzer.
const MOX_KEY_DIFFERENCES: &[Known] = &[
    ("", "dkim-tag-malformed", WITHOUT_P),
    ("v=DKIM1", "dkim-key-without-p", WITHOUT_P),
    (
        "p=; v=DKIM1",
        "dkim-key-version-not-first",
        "RFC 6376 section 3.6.1: `v`, where there is one, is the first tag",
    ),
    (
        "v=dkim1; p=; ",
        "dkim-key-version-unknown",
        "RFC 6376 section 3.6.1: `v` is `DKIM1` exactly, and tag values have their case (section 3.2)",
    ),
    (
        "v=DKIM1; p=JDcbZ0Hpba5NKXI4UAW3G0IDhhFOxhJTDybZEwe1FeA=",
        "rsa unreadable",
        "RFC 6376 section 3.6.1: without `k` the key is RSA, and these 32 octets are none",
    ),
    (
        "v=DKIM1; p=; p=",
        "dkim-tag-duplicate",
        "RFC 6376 section 3.2: a tag that stands twice spoils the list",
    ),
    (
        "v=DKIM1; k=ed25519; p=HbawiMnQXTCopHTkR0jlKQ==",
        "ed25519 unreadable",
        "RFC 8463 section 4.2: an Ed25519 key has 32 octets",
    ),
];

const WITHOUT_P: &str = "RFC 6376 section 3.6.1: `p` is required";

pub(super) fn mox_keys() -> Result<Suite, String> {
    let about = "mox: key records that its parser reads";
    let mut suite = Suite::new("dkim/mox keys", about, MOX_KEY_DIFFERENCES);
    let json: serde_json::Value = serde_json::from_slice(&read(&place("dkim/mox-keyrecord.json")?)).unwrap();
    for text in json["valid"].as_array().unwrap().iter().filter_map(serde_json::Value::as_str) {
        let seen = key_summary(text.as_bytes());
        let usable = !seen.starts_with("dkim-") && !seen.ends_with("unreadable");
        suite.compare(text, if usable { "valid" } else { &seen }, "valid");
    }
    Ok(suite)
}

/// Where we decide otherwise than the suite, and why.
const FLANKER_DIFFERENCES: &[(&str, &str)] = &[(
    "email.24 relaxed",
    "RFC 6376 section 3.4.4: white space at the end of a line is ignored; a last line of it, without CRLF, is such a line once SMTP has ended it",
)];

pub(super) fn flanker() -> Result<Suite, String> {
    let about = "flanker: canonicalisation of whole messages, simple and relaxed";
    let (mut suite, folder) = (Suite::new("dkim/flanker-canon", about, &[]), place("dkim/flanker-canon")?);
    let names = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    for name in &names {
        let Some(number) = name.strip_prefix("email.") else { continue };
        // Only LF: a bare CR is what some cases are about.
        let text = String::from_utf8(read(&folder.join(name))).unwrap();
        let text = text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes();
        for how in [Canonicalization::Simple, Canonicalization::Relaxed] {
            let seen = fuzz::canonical(how, &text);
            let wanted = read(&folder.join(format!("{}.expected.{number}", how.as_str())));
            let case = format!("{name} {}", how.as_str());
            let known = FLANKER_DIFFERENCES.iter().find(|(known, _)| *known == case);
            let outcome = match known {
                None if seen == wanted => Outcome::Passed,
                Some((_, reason)) if seen != wanted => Outcome::Differs(reason),
                _ => Outcome::Failed(format!("found {}", seen.escape_ascii())),
            };
            suite.outcome(case, outcome);
        }
    }
    Ok(suite)
}
