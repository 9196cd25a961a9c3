#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| tegami_queue::route::read(&String::from_utf8_lossy(octets)));
