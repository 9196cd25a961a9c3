//! What a mail host answers to a ClientHello.
#![no_main]

use tegami_doctor::probe::hello::{Read, read};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let whole = read(octets);
    // What is decided early is not taken back by what follows.
    let half = read(&octets[..octets.len() / 2]);
    assert!(half == Read::More || half == whole);
});
