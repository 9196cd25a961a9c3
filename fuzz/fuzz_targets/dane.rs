//! Octets that a server shows as its certificates, under TLSA records that hold them or parts of them.
#![no_main]

use rustls_pki_types::CertificateDer;
use tegami_auth::dane::{self, Records};
use tegami_dns::Tlsa;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let (own, other) = octets.split_at(octets.len() / 2);
    let record = |usage, selector, data: &[u8]| Tlsa { usage, selector, matching_type: 0, data: data.to_vec() };
    let records =
        Records::read([record(3, 1, other), record(2, 0, other), record(2, 1, octets), record(3, 0, own)]);
    let chain = [CertificateDer::from(own), CertificateDer::from(other)];
    let found = dane::verify(&chain, &records.usable, &[], jiff::Timestamp::UNIX_EPOCH);
    // The last record holds the server's own certificate whole.
    assert_eq!(found.is_ok(), !own.is_empty());
    dane::public_key(octets);
});
