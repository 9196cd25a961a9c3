//! The value of a Received field.
#![no_main]

libfuzzer_sys::fuzz_target!(|value: &[u8]| {
    let _ = tegami_auth::received::Hop::parse(value);
});
