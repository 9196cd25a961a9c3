//! Filter expressions of the events query.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| tegami_web::fuzz::filter(text));
