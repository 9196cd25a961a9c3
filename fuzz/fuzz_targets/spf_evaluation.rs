//! SPF of strangers, against name servers of strangers.
#![no_main]

#[path = "../../crates/auth/tests/it/evaluation.rs"]
mod evaluation;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| evaluation::spf(octets));
