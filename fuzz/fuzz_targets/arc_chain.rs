//! The sets of ARC fields in a content, and the hashes of their seals.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| tegami_auth::arc::fuzz::chain(content));
