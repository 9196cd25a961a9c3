//! Answers with what they answer.
#![no_main]

#[path = "../../crates/mail/tests/it/property.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| property::quotation(octets));
