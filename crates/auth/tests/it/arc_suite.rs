//! The public suite of ARC validation: 123 cases.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Deserialize as _;
use serde_yaml_ng::{Deserializer, Value};
use tegami_auth::arc::{self, ArcResult};
use tegami_dns::ZoneResolver;
use tegami_mail::line::to_crlf;

fn zone(records: &Value) -> ZoneResolver {
    let mut text = String::new();
    for (name, record) in records.as_mapping().unwrap() {
        write!(text, "{}. TXT", name.as_str().unwrap()).unwrap();
        for piece in record.as_str().unwrap().as_bytes().chunks(200) {
            write!(text, " \"{}\"", String::from_utf8_lossy(piece)).unwrap();
        }
        text.push('\n');
    }
    ZoneResolver::from_text(&text).unwrap()
}

#[test]
fn the_public_suite() {
    let Some(text) = super::suite("arc/validation-tests.yml") else { return };
    let (mut cases, mut unsaid, mut wrong) = (0, Vec::new(), Vec::new());
    for document in Deserializer::from_str(&text) {
        let scenario = Value::deserialize(document).unwrap();
        let resolver = zone(&scenario["txt-records"]);
        for (name, case) in scenario["tests"].as_mapping().unwrap() {
            cases += 1;
            let name = name.as_str().unwrap();
            let content = to_crlf(case["message"].as_str().unwrap().as_bytes()).into_owned();
            let verdict = super::block_on(arc::verify(&content, &resolver, Timestamp::UNIX_EPOCH));
            assert!(!verdict.steps.is_empty());
            let expected = match case["cv"].as_str().unwrap_or_default() {
                // The suite leaves these open: the newest seal itself says that the chain has failed, which is final
                // (RFC 8617 section 5.2, step 2).
                "" => {
                    unsaid.push(name.to_owned());
                    "fail".to_owned()
                }
                expected => expected.to_ascii_lowercase(),
            };
            if verdict.result.as_str() != expected {
                wrong.push(format!("{name}: expected {expected}, found {:?}", verdict.reason));
            }
            assert_eq!(verdict.oldest_pass.is_some(), verdict.result == ArcResult::Pass);
        }
    }
    println!("{cases} cases, {} wrong, left open by the suite: {unsaid:?}", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(cases, 123);
}
