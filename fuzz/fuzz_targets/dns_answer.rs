//! Answers of name servers; what they say can be printed and read again.
#![no_main]

use tegami_dns::{Record, Zone, fuzz};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Ok(answer) = fuzz::answer(octets) else { return };
    assert!(!answer.records.is_empty(), "an answer has records");
    for record in answer.records {
        let again: Vec<Record> = Zone::parse(&record.to_string()).unwrap().records().collect();
        assert_eq!(again, [record]);
    }
});
