//! The HTML of a message, as the doctor reads it.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| tegami_doctor::fuzz::page(octets));
