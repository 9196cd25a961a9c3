//! Everything that fuzzing has found worth keeping is read again by every test run.

use std::fs;
use std::path::Path;

use tegami_dns::{Transport, Zone, fuzz, reply};

fn replay(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        check(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "no corpus in {}", folder.display());
}

#[test]
fn zone_text() {
    replay("zone_text", |octets| {
        if let Ok(zone) = Zone::parse(&String::from_utf8_lossy(octets)) {
            let lines: String = zone.records().map(|record| format!("{record}\n")).collect();
            let again = Zone::parse(&lines).unwrap();
            assert_eq!(zone.records().collect::<Vec<_>>(), again.records().collect::<Vec<_>>());
        }
    });
}

#[test]
fn dns_request() {
    let zone = Zone::parse(". SOA a b 1 2 3 4 5\n* TXT x\nwww CNAME host\nhost A 192.0.2.1").unwrap();
    replay("dns_request", |octets| {
        for transport in [Transport::Udp, Transport::Tcp] {
            let answer = reply(&zone, octets, transport);
            assert!(answer.is_none_or(|answer| answer.get(..2) == octets.get(..2)));
        }
    });
}

#[test]
fn dns_answer() {
    replay("dns_answer", |octets| {
        for record in fuzz::answer(octets).into_iter().flat_map(|answer| answer.records) {
            let zone = Zone::parse(&record.to_string()).unwrap();
            assert_eq!(zone.records().collect::<Vec<_>>(), [record]);
        }
    });
}
