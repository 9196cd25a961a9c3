//! Complaints in the abuse reporting format.
#![no_main]

#[path = "../../crates/report/tests/it/property.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| property::complaint(octets));
