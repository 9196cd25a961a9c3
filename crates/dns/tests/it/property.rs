//! What holds for every input: nothing panics, and what is printed can be read again.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tegami_dns::{
    Data, DnsName, Dnskey, Ds, MxHost, Nsec3Param, Record, Service, Tlsa, Transport, TxtData, Zone, reply,
};

/// Names of any octets, written with numeric escapes.
fn names() -> impl Strategy<Value = DnsName> {
    vec(vec(any::<u8>(), 1..12), 0..5).prop_map(|labels| {
        let label = |octets: &Vec<u8>| octets.iter().map(|octet| format!("\\{octet:03}")).collect::<String>();
        DnsName::parse(&labels.iter().map(label).collect::<Vec<_>>().join(".")).unwrap()
    })
}

fn data() -> impl Strategy<Value = Data> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(|ip| Data::A(ip.into())),
        any::<[u8; 16]>().prop_map(|ip| Data::Aaaa(ip.into())),
        names().prop_map(Data::Cname),
        names().prop_map(Data::Ns),
        names().prop_map(Data::Ptr),
        (any::<u16>(), names()).prop_map(|(preference, exchange)| Data::Mx(MxHost { preference, exchange })),
        (names(), names(), any::<[u32; 5]>())
            .prop_map(|(primary, mailbox, numbers)| Data::Soa(primary, mailbox, numbers)),
        vec(vec(any::<u8>(), 0..=255), 1..4).prop_map(|strings| Data::Txt(TxtData::join(strings))),
        vec(any::<u8>(), 0..600).prop_map(|octets| Data::Spf(octets.into())),
        (any::<u8>(), "[a-z0-9]{1,15}|[ -~]{0,5}", vec(any::<u8>(), 0..60))
            .prop_map(|(flags, tag, value)| Data::Caa(flags, tag, value)),
        (any::<[u8; 3]>(), vec(any::<u8>(), 0..70)).prop_map(|([usage, selector, matching_type], data)| {
            Data::Tlsa(Tlsa { usage, selector, matching_type, data })
        }),
        (any::<[u16; 3]>(), names()).prop_map(|([priority, weight, port], target)| {
            Data::Srv(Service { priority, weight, port, target })
        }),
        (any::<u16>(), any::<[u8; 2]>(), vec(any::<u8>(), 0..50)).prop_map(
            |(tag, [algorithm, digest_type], digest)| Data::Ds(Ds { tag, algorithm, digest_type, digest })
        ),
        (any::<u16>(), any::<[u8; 2]>(), vec(any::<u8>(), 0..300)).prop_map(
            |(flags, [protocol, algorithm], key)| Data::Dnskey(Dnskey { flags, protocol, algorithm, key })
        ),
        (any::<[u8; 2]>(), any::<u16>(), vec(any::<u8>(), 0..=255)).prop_map(
            |([algorithm, flags], iterations, salt)| {
                Data::Nsec3Param(Nsec3Param { algorithm, flags, iterations, salt })
            }
        ),
    ]
}

/// Pieces of which zone text is made, so that the reader is led deep.
fn zone_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n".to_owned()),
        Just(" ".to_owned()),
        Just("\t".to_owned()),
        "[@;()\"\\\\$.*]",
        "(A|AAAA|MX|TXT|SOA|CAA|TLSA|CNAME|SRV|DS|DNSKEY|NSEC3PARAM|TYPE99|TYPE1|IN|CH) ",
        r"\$(ORIGIN|TTL|INCLUDE|SERVFAIL|TIMEOUT|BOGUS|SECURE) ",
        r"\\# ?[0-9]{0,2} ?[0-9a-f]{0,6} ",
        "[0-9]{1,11}[hmd]? ",
        "[a-z]{1,3}(\\.[a-z]{1,3}){0,2}\\.? ",
        "192\\.0\\.2\\.1 ",
        any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn names_round_trip(name in names()) {
        prop_assert_eq!(DnsName::parse(name.as_str()), Ok(name.clone()));
        prop_assert!(name.parent().is_none_or(|parent| name.is_within(&parent)));
    }

    #[test]
    fn no_text_makes_names_panic(text in "\\PC*") {
        if let Ok(name) = DnsName::parse(&text) {
            prop_assert_eq!(DnsName::parse(name.as_str()), Ok(name));
        }
    }

    #[test]
    fn records_round_trip(name in names(), ttl in 0..=i32::MAX as u32, data in data()) {
        let record = Record { name, ttl: Duration::from_secs(ttl.into()), data };
        let zone = Zone::parse(&record.to_string());
        prop_assert!(zone.is_ok(), "{}: {:?}", record, zone);
        prop_assert_eq!(zone.unwrap().records().collect::<Vec<_>>(), vec![record]);
    }

    #[test]
    fn no_text_makes_zones_panic(text in zone_like()) {
        match Zone::parse(&text) {
            Ok(zone) => {
                let lines: String = zone.records().map(|record| format!("{record}\n")).collect();
                let again = Zone::parse(&lines).unwrap();
                prop_assert_eq!(zone.records().collect::<Vec<_>>(), again.records().collect::<Vec<_>>());
            }
            Err(error) => {
                let last = text.lines().count() + 1;
                prop_assert!(!error.problems.is_empty());
                prop_assert!(error.problems.iter().all(|problem| (1..=last).contains(&problem.line)), "{}", error);
            }
        }
    }

    #[test]
    fn no_request_makes_the_server_panic(request in vec(any::<u8>(), 0..80), flags in 0_u8..8, count in 0_u8..3) {
        let zone = Zone::parse(". SOA a b 1 2 3 4 5\n* TXT x\n*.a CNAME a").unwrap();
        let mut likely = vec![0, 1, flags, 0, 0, count, 0, 0, 0, 0, 0, 0];
        likely.extend(&request);
        for octets in [request, likely] {
            for transport in [Transport::Udp, Transport::Tcp] {
                if let Some(answer) = reply(&zone, &octets, transport) {
                    prop_assert_eq!(&answer[..2], &octets[..2]);
                    prop_assert!(answer[2] & 0x80 != 0);
                }
            }
        }
    }
}
