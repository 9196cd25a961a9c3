use std::path::Path;

use tegami_auth::dkim::{Canonicalization, KeyRecord, Verdict, fuzz};

use super::{judge, txt};
use tegami_mail::line::to_crlf;

use crate::{block_on, suites};

/// Long after every signature of the suites was made, and before the last of them expires.
const THEN: i64 = 1_800_000_000;

/// A folder of data written by others; says so where it is not there.
fn folder(name: &str) -> Option<std::path::PathBuf> {
    let path = suites().join("dkim").join(name);
    if !path.exists() {
        println!("SKIPPED: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn results(verdicts: &[Verdict]) -> String {
    verdicts.iter().map(|verdict| verdict.result.as_str()).collect::<Vec<_>>().join(" ")
}

/// Compares everything, prints the counts, and fails with all differences at once.
fn report(suite: &str, cases: &[(String, String, String)]) {
    let wrong: Vec<_> = cases.iter().filter(|(_, seen, wanted)| seen != wanted).collect();
    println!("{suite}: {} of {} as expected", cases.len() - wrong.len(), cases.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Cases whose outcome is not what the suite's own implementation decides, with the reason.
const CHASQUID_DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "02-too_many_headers",
        "pass pass pass pass pass pass pass",
        "that verifier stops after 5 signatures, we after 10",
    ),
    (
        "03-bad_message",
        "none",
        "that verifier refuses the whole message; to us it has no fields, thus no signature",
    ),
    (
        "07-algo_mismatch",
        "pass pass",
        "as its result file says by naming 01's: the second record is the right one",
    ),
];

#[test]
fn chasquid() {
    let Some(folder) = folder("chasquid") else { return };
    let mut cases = Vec::new();
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".msg").map(str::to_owned))
        .collect();
    names.sort();
    for name in names {
        let message = to_crlf(&follow(&folder, &format!("{name}.msg"))).into_owned();
        let zone = chasquid_zone(&String::from_utf8(follow(&folder, &format!("{name}.dns"))).unwrap());
        let seen = results(&judge(&message, &zone, THEN));
        let known = CHASQUID_DIFFERENCES.iter().find(|(case, _, _)| *case == name);
        let wanted = match known {
            Some((case, wanted, reason)) => {
                println!("chasquid {case}: {reason}");
                (*wanted).to_owned()
            }
            None => chasquid_states(&follow(&folder, &format!("{name}.result"))),
        };
        cases.push((name, seen, wanted));
    }
    report("chasquid", &cases);
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

#[test]
fn dkimpy() {
    let (Some(folder), Some(mimekit)) = (folder("dkimpy"), folder("mimekit")) else { return };
    let record = |name: &str| String::from_utf8(read(&folder.join(name))).unwrap().trim().to_owned();
    // The keys of RFC 8463 section A.2.
    let football = txt("test._domainkey.football.example.com", &record("test.txt").replace("g=*; ", ""))
        + &txt(
            "brisbane._domainkey.football.example.com",
            "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        );
    let exim = txt("sed._domainkey.test.ex", &record("eximtest.dns"));
    let gmail = txt("20120113._domainkey.gmail.com", &gmail_key(&mimekit));
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
        // The key is lost: another one in its place shows that the body is canonicalised rightly.
        ("message.mbox", &kitterman, "fail"),
    ];
    let mut seen = Vec::new();
    for (name, zone, wanted) in cases {
        let verdicts = judge(&to_crlf(&read(&folder.join(name))), zone, THEN);
        if name == "message.mbox" {
            assert_eq!(body_outcomes(&verdicts), ["pass"], "{name}");
        }
        seen.push((name.to_owned(), results(&verdicts), wanted.to_owned()));
    }
    report("dkimpy messages", &seen);
}

#[test]
fn dkimpy_key_records() {
    let Some(folder) = folder("dkimpy") else { return };
    let cases = [
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
    ];
    let seen: Vec<_> = cases
        .into_iter()
        .map(|(name, wanted)| {
            (name.to_owned(), key_summary(read(&folder.join(name)).trim_ascii()), wanted.to_owned())
        })
        .collect();
    report("dkimpy key records", &seen);
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

#[test]
fn mimekit() {
    let Some(folder) = folder("mimekit") else { return };
    let zone = txt("20120113._domainkey.gmail.com", &gmail_key(&folder))
        + &chasquid_zone(
            "brisbane._domainkey.football.example.com: v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
             test._domainkey.football.example.com: v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB\n",
        );
    let seen: Vec<_> = [
        ("gmail.msg", "pass"),
        ("multipart-no-end-boundary.msg", "pass"),
        ("related.msg", "pass"),
        ("rfc8463-example.msg", "pass pass"),
    ]
    .into_iter()
    .map(|(name, wanted)| {
        let verdicts = judge(&to_crlf(&read(&folder.join(name))), &zone, THEN);
        (name.to_owned(), results(&verdicts), wanted.to_owned())
    })
    .collect();
    report("mimekit", &seen);
}

#[test]
fn mimekit_zone_and_tinydns_agree() {
    let Some(folder) = folder("mimekit") else { return };
    let zone = String::from_utf8(read(&folder.join("example.bind9"))).unwrap();
    let resolver = tegami_dns::ZoneResolver::from_text(&zone).unwrap();
    let resolver: &dyn tegami_dns::Resolver = &resolver;
    let name = tegami_dns::DnsName::parse("1433868189.example._domainkey.example.com").unwrap();
    let texts = block_on(resolver.txt(&name)).unwrap();
    assert_eq!(key_summary(&texts[0]), "rsa 1024");
    assert!(KeyRecord::parse(&texts[0]).unwrap().strict);
}

#[test]
fn mailauth_node() {
    let Some(folder) = folder("mailauth-node") else { return };
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
    let mut seen = Vec::new();
    let verdicts = judge(&to_crlf(&read(&signed.join("signed.eml"))), &zone, THEN);
    seen.push(("signed.eml".to_owned(), results(&verdicts), "pass pass".to_owned()));
    // The keys of these are not in the suite: any other key lets the body hash be compared, which is the most that can be known.
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
        seen.push((name.to_owned(), body_outcomes(&verdicts).join(" "), wanted.to_owned()));
    }
    report("mailauth-node", &seen);
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

#[test]
fn mox_key_records() {
    let Some(path) = folder("mox-keyrecord.json") else { return };
    let json: serde_json::Value = serde_json::from_slice(&read(&path)).unwrap();
    // These began as fuzzing seeds: that they are in the list of valid ones does not make them valid by the ABNF.
    let wanted = [
        ("", "dkim-tag-malformed"),
        ("v=DKIM1", "dkim-key-without-p"),
        ("p=; v=DKIM1", "dkim-key-version-not-first"),
        ("v=DKIM1; p=; ", "rsa revoked"),
        ("v=dkim1; p=; ", "dkim-key-version-unknown"),
        ("v=DKIM1; p=JDcbZ0Hpba5NKXI4UAW3G0IDhhFOxhJTDybZEwe1FeA=", "rsa unreadable"),
        ("v=DKIM1; p=; p=", "dkim-tag-duplicate"),
        ("v=DKIM1; k=ed25519; p=HbawiMnQXTCopHTkR0jlKQ==", "ed25519 unreadable"),
        ("v=DKIM1; k=unknown; p=", "unknown revoked"),
        ("V=DKIM2; p=;", "rsa revoked"),
        ("v = DKIM1 ;", "ed25519 256"),
        ("v=DKIM1;p=MIIBIjANBg", "rsa 2048"),
    ];
    let mut seen = Vec::new();
    for (at, text) in json["valid"].as_array().unwrap().iter().enumerate() {
        let text = text.as_str().unwrap();
        let (start, summary) = wanted[at];
        assert!(text.starts_with(start), "{text}");
        seen.push((text.to_owned(), key_summary(text.as_bytes()), summary.to_owned()));
    }
    report("mox key records", &seen);
}

/// Where we decide otherwise than the suite, and why.
const FLANKER_DIFFERENCES: &[(&str, Canonicalization, &str)] = &[(
    "email.24",
    Canonicalization::Relaxed,
    "a last line of white space without CRLF: we take it as white space at a line's end, as it is once SMTP has ended it",
)];

/// Whole messages: fields, an empty line, the body.
#[test]
fn flanker() {
    let Some(folder) = folder("flanker-canon") else { return };
    let (mut wrong, mut count) = (Vec::new(), 0);
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(number) = name.strip_prefix("email.") else { continue };
        // Only LF: a bare CR is what some cases are about.
        let text = String::from_utf8(read(&folder.join(&name))).unwrap();
        let text = text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes();
        for how in [Canonicalization::Simple, Canonicalization::Relaxed] {
            count += 1;
            let seen = fuzz::canonical(how, &text);
            let wanted = read(&folder.join(format!("{}.expected.{number}", how.as_str())));
            let known = FLANKER_DIFFERENCES.iter().find(|(case, with, _)| *case == name && *with == how);
            if let Some((case, _, reason)) = known {
                println!("flanker {case}: skipped: {reason}");
                assert_ne!(seen, wanted, "{case} needs no exception");
            } else if seen != wanted {
                wrong.push((name.clone(), how, String::from_utf8(seen), String::from_utf8(wanted)));
            }
        }
    }
    println!("flanker: {} of {count} as expected", count - wrong.len() - FLANKER_DIFFERENCES.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}
