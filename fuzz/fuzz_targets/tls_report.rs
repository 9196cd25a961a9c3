//! Reports about TLS, as JSON and in messages.
#![no_main]

#[path = "../../crates/report/tests/it/property.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| property::tls_report(octets));
