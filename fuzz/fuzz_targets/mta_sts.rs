//! Octets that a stranger serves as MTA-STS policy or publishes as its TXT record.
#![no_main]

use tegami_auth::mta_sts::{Policy, Record};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(record) = Record::parse(octets) {
        assert!((1..=32).contains(&record.id().len()));
    }
    if let Ok(policy) = Policy::parse(octets) {
        assert_eq!(Policy::parse(policy.lines().join("\n").as_bytes()), Ok(policy));
    }
});
