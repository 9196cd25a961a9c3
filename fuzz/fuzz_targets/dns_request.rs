//! Octets that arrive at the DNS server.
#![no_main]

use std::sync::LazyLock;

use tegami_dns::{Transport, Zone, reply};

static ZONE: LazyLock<Zone> = LazyLock::new(|| {
    Zone::parse(
        ". SOA a b 1 2 3 4 5\n* TXT x\nwww CNAME host\nhost A 192.0.2.1\nloop CNAME loop\n$SERVFAIL broken\n$SECURE host",
    )
    .unwrap_or_default()
});

libfuzzer_sys::fuzz_target!(|request: &[u8]| {
    for transport in [Transport::Udp, Transport::Tcp] {
        if let Some(answer) = reply(&ZONE, request, transport) {
            assert_eq!(answer.get(..2), request.get(..2), "the answer carries the id of the request");
        }
    }
});
