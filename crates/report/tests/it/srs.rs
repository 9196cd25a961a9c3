//! The vectors of postsrsd.

use jiff::Timestamp;
use serde_json::Value;
use tegami_mail::{Address, Domain};
use tegami_report::srs::{Srs, SrsProof};

#[test]
fn vectors_of_postsrsd() {
    let Some(file) = crate::suites("srs/postsrsd-srs2.json") else { return };
    let vectors: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let word = |name: &str| vectors[name].as_str().unwrap();
    let now: Timestamp = word("faketime_utc").parse().unwrap();
    let local = Domain::parse(word("local")).unwrap();
    let srs = Srs::new(local.clone(), word("secret").as_bytes()).with_hash(4);
    for pair in vectors["forward"].as_array().unwrap() {
        let Ok(sender) = Address::parse(pair[0].as_str().unwrap()) else {
            assert!(pair[1].is_null(), "{pair}");
            continue;
        };
        // What is of the domain itself is not rewritten; that is for the caller to know.
        if sender.domain() == Some(&local) {
            continue;
        }
        let expected = pair[1].as_str().map(str::to_owned);
        assert_eq!(srs.forward(&sender, now).map(|address| address.to_string()), expected, "{pair}");
    }
    for pair in vectors["reverse"].as_array().unwrap() {
        let address = Address::parse(pair[0].as_str().unwrap()).unwrap();
        let expected = match pair[1].as_str() {
            Some(text) => SrsProof::Genuine(Address::parse(text).unwrap()),
            None => SrsProof::Foreign,
        };
        // The vectors leave out the domain.
        let written = address.local_part().to_string();
        let at_home = Address::parse(&format!("{written}@{local}")).unwrap();
        assert_eq!(srs.reverse(&at_home, now), expected, "{pair}");
    }
}
