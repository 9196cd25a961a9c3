//! Whole messages whose texts are written anew.
#![no_main]

#[path = "../../crates/mail/tests/it/property.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| property::rewritten(octets));
