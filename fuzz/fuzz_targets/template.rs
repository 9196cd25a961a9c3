//! Stored templates: whoever has a key writes them, and they must not hang the server.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| tegami_web::fuzz::template(octets));
