//! SPF records are published by strangers.

#![no_main]

use tegami_auth::spf::Record;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(record) = Record::parse(octets) {
        assert!(Record::parse(record.to_string()).is_ok(), "what was read reads again");
    }
});
