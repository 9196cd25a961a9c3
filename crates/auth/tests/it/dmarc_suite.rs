//! DMARC records collected for RFC 7489. RFC 9989 reads more of them: unknown, removed and malformed tags no longer spoil a
//! record, and the policy may be missing. What it still does not apply is listed here.

use serde_json::Value;
use tegami_auth::dmarc::Record;

#[test]
fn records_of_mox() {
    let Some(text) = super::suite("dmarc/mox-record-parse.json") else { return };
    let cases: Value = serde_json::from_str(&text).unwrap();
    let applies = |text: &Value| {
        Record::parse(text.as_str().unwrap().as_bytes()).is_some_and(|record| record.applies())
    };
    for text in cases["valid"].as_array().unwrap() {
        assert!(applies(text), "{text}");
    }
    let refused: Vec<&str> = cases["bad"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|text| !applies(text))
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(
        refused,
        [
            // RFC 9989 section 4.7: the version comes first and is exactly `DMARC1`.
            "",
            "v=",
            "v=DMARC12",
            "v=dmarc1; p=none",
            "v=DMARC1 p=none",
            // RFC 9989 section 4.10.1: a policy that is none, and no address for reports.
            "v=DMARC1; sp=invalid",
            "v=DMARC1; p=none; p=none",
            "v=DMARC1; p=none; p=reject",
            "v=DMARC1; p=badvalue",
            "v=DMARC1; sp=bad",
        ]
    );
}
