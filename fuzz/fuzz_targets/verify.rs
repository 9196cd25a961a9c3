//! Everything that a stranger brings: name, reverse-path, what his name servers say, and the message.
#![no_main]

#[path = "../../crates/auth/tests/it/property.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| property::verify(octets));
