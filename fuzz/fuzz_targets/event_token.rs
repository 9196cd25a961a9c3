//! Page tokens come back from clients.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| tegami_web::fuzz::token(text));
