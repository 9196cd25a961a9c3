//! The tree walks and the alignment of DMARC, against name servers of strangers.
#![no_main]

#[path = "../../crates/auth/tests/it/evaluation.rs"]
mod evaluation;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| evaluation::dmarc(octets));
