//! DMARC records are published by strangers.

#![no_main]

use tegami_auth::dmarc::Record;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let _ = Record::parse(octets).map(|record| record.applies());
});
