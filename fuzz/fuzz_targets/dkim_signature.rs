//! The value of a DKIM-Signature field.
#![no_main]

libfuzzer_sys::fuzz_target!(|value: &[u8]| tegami_auth::dkim::fuzz::signature(value));
