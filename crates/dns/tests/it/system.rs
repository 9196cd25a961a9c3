//! The real resolver, asking our own server.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use expect_test::{Expect, expect};
use tegami_dns::{
    DnsError, DnsName, Dnssec, RecordType, Resolver, Security, Server, SystemOptions, SystemResolver, Zone,
    ZoneResolver,
};

const ZONE: &str = r#"
. SOA ns.example.org. hostmaster.example.org. 1 7200 900 1209600 300
$ORIGIN example.org.
@ SOA ns hostmaster 1 7200 900 1209600 300
@ NS ns
@ MX 20 mx2
@ MX 10 mx1
@ TXT "v=spf1 mx" " -all"
@ SPF "v=spf1 -all"
@ CAA 128 issue "ca.example.net"
mx1 A 192.0.2.1
mx1 AAAA 2001:db8::1
_25._tcp.mx1 TLSA 3 1 1 0123456789abcdef
_imaps._tcp SRV 0 1 993 mx1
@ DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118
@ DNSKEY 256 3 13 AQIDBA==
@ NSEC3PARAM 1 0 10 aabb
alias CNAME www
www CNAME mx1
lost CNAME gone
empty.below A 192.0.2.2
$SERVFAIL broken
$TIMEOUT silent
odd\.dot.label A 192.0.2.3
host.invalid. A 192.0.2.4
7.0.0.127.in-addr.arpa. PTR mx1
"#;

fn impatient() -> SystemOptions {
    SystemOptions { timeout: Duration::from_millis(200), attempts: 1, ..SystemOptions::default() }
}

async fn lab(zone: &str) -> (Server, SystemResolver) {
    let server =
        Server::bind(SocketAddr::from(([127, 0, 0, 1], 0)), Zone::parse(zone).unwrap()).await.unwrap();
    let resolver = SystemResolver::from_server(server.local_addr(), &impatient()).unwrap();
    (server, resolver)
}

fn name(text: &str) -> DnsName {
    DnsName::parse(text).unwrap()
}

/// What comes over the network is what the zone text says.
async fn check(questions: &[(&str, RecordType)], expect: Expect) {
    let (_server, network) = lab(ZONE).await;
    let memory = ZoneResolver::from_text(ZONE).unwrap();
    let mut told = String::new();
    for (text, kind) in questions {
        let question = name(text);
        let sort = |answer: Result<tegami_dns::Answer, DnsError>| {
            answer.map(|mut answer| {
                answer.records.sort_by_key(ToString::to_string);
                answer
            })
        };
        let answer = sort(network.lookup(&question, *kind).await);
        assert_eq!(answer, sort(memory.answer(&question, *kind)), "{text} {kind}");
        match answer {
            Ok(answer) => {
                for alias in answer.aliases {
                    told.push_str(&format!("{alias} > "));
                }
                let records: Vec<String> = answer.records.iter().map(ToString::to_string).collect();
                told.push_str(&records.join(" | "));
            }
            Err(error) => told.push_str(&error.to_string()),
        }
        told.push('\n');
    }
    expect.assert_eq(&told);
}

#[tokio::test]
async fn records_aliases_and_absence() {
    check(
        &[
            ("example.org", RecordType::Mx),
            ("example.org", RecordType::Txt),
            ("example.org", RecordType::Spf),
            ("example.org", RecordType::Soa),
            ("example.org", RecordType::Ns),
            ("example.org", RecordType::Caa),
            ("mx1.example.org", RecordType::A),
            ("mx1.example.org", RecordType::Aaaa),
            ("_25._tcp.mx1.example.org", RecordType::Tlsa),
            ("_imaps._tcp.example.org", RecordType::Srv),
            ("example.org", RecordType::Ds),
            ("example.org", RecordType::Dnskey),
            ("example.org", RecordType::Nsec3Param),
            ("alias.example.org", RecordType::A),
            ("alias.example.org", RecordType::Cname),
            ("alias.example.org", RecordType::Mx),
            ("lost.example.org", RecordType::A),
            ("nobody.example.org", RecordType::A),
            ("below.example.org", RecordType::A),
            ("broken.example.org", RecordType::A),
            ("silent.example.org", RecordType::A),
            (r"odd\.dot.label.example.org", RecordType::A),
            ("host.invalid", RecordType::A),
            ("other.invalid", RecordType::A),
            ("7.0.0.127.in-addr.arpa", RecordType::Ptr),
            ("8.0.0.127.in-addr.arpa", RecordType::Ptr),
        ],
        expect![[r#"
            example.org. 3600 IN MX 10 mx1.example.org. | example.org. 3600 IN MX 20 mx2.example.org.
            example.org. 3600 IN TXT "v=spf1 mx" " -all"
            example.org. 3600 IN SPF "v=spf1 -all"
            example.org. 3600 IN SOA ns.example.org. hostmaster.example.org. 1 7200 900 1209600 300
            example.org. 3600 IN NS ns.example.org.
            example.org. 3600 IN CAA 128 issue "ca.example.net"
            mx1.example.org. 3600 IN A 192.0.2.1
            mx1.example.org. 3600 IN AAAA 2001:db8::1
            _25._tcp.mx1.example.org. 3600 IN TLSA 3 1 1 0123456789ABCDEF
            _imaps._tcp.example.org. 3600 IN SRV 0 1 993 mx1.example.org.
            example.org. 3600 IN DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118
            example.org. 3600 IN DNSKEY 256 3 13 AQIDBA==
            example.org. 3600 IN NSEC3PARAM 1 0 10 AABB
            www.example.org > mx1.example.org > mx1.example.org. 3600 IN A 192.0.2.1
            alias.example.org. 3600 IN CNAME www.example.org.
            NODATA
            NXDOMAIN
            NXDOMAIN
            NODATA
            SERVFAIL
            timeout
            odd\.dot.label.example.org. 3600 IN A 192.0.2.3
            host.invalid. 3600 IN A 192.0.2.4
            NXDOMAIN
            7.0.0.127.in-addr.arpa. 3600 IN PTR mx1.example.org.
            NXDOMAIN
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_long_answer_comes_by_tcp() {
    let zone: String = (0..60).map(|n| format!("big TXT {n:0>100}\n")).collect();
    let (_server, resolver) = lab(&zone).await;
    let resolver: &dyn Resolver = &resolver;
    assert_eq!(resolver.txt(&name("big")).await.unwrap().len(), 60);
}

#[tokio::test]
async fn answers_and_absence_are_kept() {
    let (server, resolver) = lab(ZONE).await;
    let (here, gone) = (name("mx1.example.org"), name("nobody.example.org"));
    let (first, none) =
        (resolver.lookup(&here, RecordType::A).await, resolver.lookup(&gone, RecordType::A).await);
    server.replace(Zone::parse("").unwrap());
    assert_eq!(
        resolver.lookup(&here, RecordType::A).await.map(|answer| answer.records),
        first.map(|answer| answer.records)
    );
    assert_eq!(resolver.lookup(&gone, RecordType::A).await, none);
}

#[tokio::test]
async fn a_name_of_nobody_is_refused() {
    let (_server, resolver) = lab("example.org. SOA a b 1 2 3 4 5").await;
    assert_eq!(resolver.lookup(&name("example.net"), RecordType::A).await, Err(DnsError::Refused));
}

#[tokio::test]
async fn nobody_there() {
    let (server, resolver) = lab(ZONE).await;
    drop(server);
    let failure = resolver.lookup(&name("example.org"), RecordType::A).await.unwrap_err();
    assert!(matches!(failure, DnsError::Network(_) | DnsError::Timeout), "{failure}");
}

/// Our zone is not signed, and nothing leads from the root's key to it: a validating resolver must not believe it.
#[tokio::test]
async fn validation_refuses_what_cannot_be_proven() {
    let server =
        Server::bind(SocketAddr::from(([127, 0, 0, 1], 0)), Zone::parse(ZONE).unwrap()).await.unwrap();
    let options = SystemOptions { dnssec: Dnssec::Validate, ..impatient() };
    let resolver = SystemResolver::from_server(server.local_addr(), &options).unwrap();
    let answer = resolver.lookup(&name("mx1.example.org"), RecordType::A).await;
    assert!(!matches!(&answer, Ok(answer) if answer.security == Security::Secure), "{answer:?}");
    assert_eq!(answer, Err(DnsError::Bogus));
}

/// What a server nearby says of security is believed, twice: it is kept with the answer.
#[tokio::test]
async fn the_bit_of_a_server_nearby_counts() {
    let zone = ". SOA ns.example.org. hostmaster.example.org. 1 7200 900 1209600 300
        $ORIGIN example.org.
        @ SOA ns hostmaster 1 7200 900 1209600 300
        mx A 192.0.2.1
        alias CNAME host.example.net.
        host.example.net. A 192.0.2.2
        $SECURE example.org.
        $BOGUS forged";
    let (server, resolver) = lab(zone).await;
    for _ in 0..2 {
        for (text, expected) in [
            ("mx.example.org", Ok(Security::Secure)),
            ("host.example.net", Ok(Security::Insecure)),
            ("alias.example.org", Ok(Security::Insecure)),
            ("forged.example.org", Err(DnsError::ServFail)),
            ("nobody.example.org", Err(DnsError::NxDomain)),
        ] {
            let answer = resolver.lookup(&name(text), RecordType::A).await;
            assert_eq!(answer.map(|answer| answer.security), expected, "{text}");
        }
    }
    let off = SystemOptions { dnssec: Dnssec::Off, ..impatient() };
    let resolver = SystemResolver::from_server(server.local_addr(), &off).unwrap();
    let answer = resolver.lookup(&name("mx.example.org"), RecordType::A).await.unwrap();
    assert_eq!(answer.security, Security::Insecure);
}

#[tokio::test]
async fn reverse_names_through_the_typed_door() {
    let (_server, resolver) = lab(ZONE).await;
    let resolver: &dyn Resolver = &resolver;
    let loopback: IpAddr = "127.0.0.7".parse().unwrap();
    assert_eq!(resolver.ptr(&DnsName::reverse(loopback)).await, Ok(vec![name("mx1.example.org")]));
    assert_eq!(
        resolver.mx(&name("example.org")).await.unwrap().first().map(|host| host.preference),
        Some(10)
    );
}
