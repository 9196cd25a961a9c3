//! Bodies of HTTP requests come before anybody is let in far enough to be trusted.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| tegami_web::fuzz::form(octets));
