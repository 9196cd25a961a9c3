//! Zone text; what it says can be printed and read again.
#![no_main]

use tegami_dns::{Record, Zone};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(zone) = Zone::parse(text) {
        let records: Vec<Record> = zone.records().collect();
        let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
        let again: Vec<Record> =
            Zone::parse(&lines).into_iter().flat_map(|zone| zone.records().collect::<Vec<_>>()).collect();
        assert_eq!(records, again);
    }
});
