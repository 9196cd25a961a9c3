//! Octets that a server shows as its certificate.
#![no_main]

use tegami_outbound::Certificate;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let certificate = Certificate::read(octets);
    assert_eq!(certificate.sha256.len(), 64);
    assert!(!certificate.names.iter().any(|name| name.contains('\n')));
});
