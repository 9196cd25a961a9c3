//! The public suite of ARC validation.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Deserialize as _;
use serde_yaml_ng::{Deserializer, Value};
use tegami_auth::arc::{self, ArcResult};
use tegami_dns::ZoneResolver;
use tegami_mail::line::to_crlf;

use super::{Suite, text};

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

pub(super) fn validation() -> Result<Suite, String> {
    let about = "ValiMail/arc_test_suite, validation: the result of the chain";
    let (mut suite, text) = (Suite::new("arc", about, &[]), text("arc/validation-tests.yml")?);
    for document in Deserializer::from_str(&text) {
        let scenario = Value::deserialize(document).unwrap();
        let resolver = zone(&scenario["txt-records"]);
        for (name, case) in scenario["tests"].as_mapping().unwrap() {
            let content = to_crlf(case["message"].as_str().unwrap().as_bytes()).into_owned();
            let verdict = crate::block_on(arc::verify(&content, &resolver, Timestamp::UNIX_EPOCH));
            assert!(!verdict.steps.is_empty());
            assert_eq!(verdict.oldest_pass.is_some(), verdict.result == ArcResult::Pass);
            let wanted = match case["cv"].as_str().unwrap_or_default() {
                // An empty word is a failure: the newest seal itself says that the chain has failed, which is final
                // (RFC 8617 section 5.2, step 2).
                "" => "fail".to_owned(),
                word => word.to_ascii_lowercase(),
            };
            suite.compare(name.as_str().unwrap(), verdict.result.as_str(), &wanted);
        }
    }
    Ok(suite)
}
