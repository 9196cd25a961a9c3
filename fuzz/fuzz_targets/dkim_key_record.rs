//! The text of a DKIM key record, and the key in it.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| tegami_auth::dkim::fuzz::key_record(text));
