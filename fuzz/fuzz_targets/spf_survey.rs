//! Zones are published by strangers, and surveyed whole.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| tegami_auth::spf::survey::fuzz::survey(octets));
