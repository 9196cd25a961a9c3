//! A whole content with its signatures, against key records of strangers.
#![no_main]

#[path = "../../crates/auth/tests/it/evaluation.rs"]
mod evaluation;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| evaluation::dkim(octets));
