//! Octets that a stranger publishes as TXT record at `_smtp._tls`.
#![no_main]

use tegami_auth::tls_rpt::{MAX_TARGETS, Record};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(record) = Record::parse(octets) {
        assert!((1..=MAX_TARGETS).contains(&record.rua.len()));
    }
});
