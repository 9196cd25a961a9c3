//! Messages whose links are made to lead through this server.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| tegami_queue::fuzz::tracking(octets));
