//! Links in messages, as whoever has one may have changed them.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| tegami_queue::fuzz::link(octets));
