//! From a next hop to its hosts.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use tegami_mail::Domain;
use tegami_outbound::{IpOrder, Settings};

use crate::world::{failed, plan};

async fn check_with(zone: &str, next_hop: &str, change: impl FnOnce(&mut Settings), expected: Expect) {
    let destination = plan(zone, next_hop, change).await;
    let mut text = String::new();
    for note in &destination.steps {
        let values: Vec<_> = note.args.iter().map(|(_, value)| value.as_str()).collect();
        writeln!(text, "{} {}", note.id, values.join(" | ")).unwrap();
    }
    match &destination.hosts {
        Ok(hosts) => {
            for host in hosts {
                writeln!(
                    text,
                    "{:?} {:?} {} {:?}",
                    destination.way, host.preference, host.host, host.addresses
                )
                .unwrap();
            }
        }
        Err(failure) => writeln!(text, "{:?} {}", destination.way, failed(failure)).unwrap(),
    }
    expected.assert_eq(&text);
}

async fn check(zone: &str, expected: Expect) {
    check_with(zone, "example.test", |_| {}, expected).await;
}

#[tokio::test]
async fn lowest_preference_first() {
    check(
        "example.test. MX 20 c.example.net.
         example.test. MX 5 a.example.net.
         example.test. MX 10 b.example.net.
         a.example.net. A 192.0.2.1
         a.example.net. AAAA 2001:db8::1
         b.example.net. A 192.0.2.2
         c.example.net. AAAA 2001:db8::3",
        expect![[r#"
            outbound-mx-found example.test | 5 a.example.net, 10 b.example.net, 20 c.example.net
            outbound-host-addresses a.example.net | 192.0.2.1, 2001:db8::1
            outbound-host-addresses b.example.net | 192.0.2.2
            outbound-host-addresses c.example.net | 2001:db8::3
            Mx Some(5) a.example.net [192.0.2.1, 2001:db8::1]
            Mx Some(10) b.example.net [192.0.2.2]
            Mx Some(20) c.example.net [2001:db8::3]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn equals_are_shuffled() {
    let zone = "example.test. MX 10 a.example.net.
         example.test. MX 10 b.example.net.
         example.test. MX 10 c.example.net.
         a.example.net. A 192.0.2.1
         b.example.net. A 192.0.2.2
         c.example.net. A 192.0.2.3";
    let resolver = std::sync::Arc::new(tegami_dns::ZoneResolver::from_text(zone).unwrap());
    let settings = Settings::new(Domain::parse("sender.example.org").unwrap());
    let clock = std::sync::Arc::new(tegami_queue::SystemClock);
    let courier = tegami_outbound::Courier::new(settings, rustls::RootCertStore::empty(), resolver, clock);
    let courier = courier.unwrap().seeded(1);
    let mut first = std::collections::BTreeMap::new();
    for _ in 0..300 {
        let envelope = crate::world::envelope(&["b@example.test"]);
        let next_hop = envelope.forward_paths[0].address.host();
        let hosts = courier.preview(&envelope, next_hop, &[]).await.ways.remove(0).destination.hosts.unwrap();
        assert_eq!(hosts.len(), 3);
        *first.entry(hosts[0].host.to_string()).or_insert(0) += 1;
    }
    assert!(first.len() == 3 && first.values().all(|count| *count > 50), "{first:?}");
}

#[tokio::test]
async fn implicit_mx() {
    check(
        "example.test. A 192.0.2.1\nexample.test. AAAA 2001:db8::1",
        expect![[r#"
        outbound-mx-implicit example.test
        outbound-host-addresses example.test | 192.0.2.1, 2001:db8::1
        ImplicitMx None example.test [192.0.2.1, 2001:db8::1]
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_parents_mx_is_never_used() {
    check_with(
        "example.test. MX 10 a.example.net.\na.example.net. A 192.0.2.1\nsub.example.test. TXT \"x\"",
        "sub.example.test",
        |_| {},
        expect![[r#"
            outbound-mx-implicit sub.example.test
            outbound-host-without-address sub.example.test
            ImplicitMx Permanent Destination 5.1.2 outbound-domain-takes-no-mail
        "#]],
    )
    .await;
}

#[tokio::test]
async fn null_mx() {
    check(
        "example.test. MX 0 .\nexample.test. A 192.0.2.1",
        expect![[r#"
        outbound-mx-found example.test | 0 .
        Mx Permanent Destination 5.1.10 outbound-null-mx
    "#]],
    )
    .await;
}

#[tokio::test]
async fn null_mx_beside_others_is_ignored() {
    check(
        "example.test. MX 0 .\nexample.test. MX 10 a.example.net.\na.example.net. A 192.0.2.1",
        expect![[r#"
            outbound-mx-found example.test | 0 ., 10 a.example.net
            outbound-host-addresses a.example.net | 192.0.2.1
            Mx Some(10) a.example.net [192.0.2.1]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn no_such_domain() {
    check(
        "example.net. A 192.0.2.1",
        expect![[r#"
        Mx Permanent Destination 5.1.2 outbound-domain-does-not-exist
    "#]],
    )
    .await;
}

#[tokio::test]
async fn the_dns_does_not_tell() {
    check(
        "$SERVFAIL example.test.",
        expect![[r#"
        Mx Transient Destination 4.4.3 outbound-dns-failed
    "#]],
    )
    .await;
    check(
        "$TIMEOUT example.test.",
        expect![[r#"
        Mx Transient Destination 4.4.3 outbound-dns-failed
    "#]],
    )
    .await;
    check(
        "$BOGUS example.test.",
        expect![[r#"
        Mx Transient Destination 4.4.3 outbound-dns-failed
    "#]],
    )
    .await;
}

#[tokio::test]
async fn hosts_without_addresses() {
    check(
        "example.test. MX 5 gone.example.net.
         example.test. MX 10 192.0.2.9.
         example.test. MX 20 b.example.net.
         b.example.net. A 192.0.2.2",
        expect![[r#"
            outbound-mx-found example.test | 5 gone.example.net, 10 192.0.2.9, 20 b.example.net
            outbound-host-without-address gone.example.net
            outbound-mx-is-address 192.0.2.9
            outbound-host-addresses b.example.net | 192.0.2.2
            Mx Some(20) b.example.net [192.0.2.2]
        "#]],
    )
    .await;
    check(
        "example.test. MX 5 gone.example.net.",
        expect![[r#"
        outbound-mx-found example.test | 5 gone.example.net
        outbound-host-without-address gone.example.net
        Mx Permanent Destination 5.4.4 outbound-no-usable-host
    "#]],
    )
    .await;
    check(
        "example.test. MX 5 gone.example.net.\nexample.test. MX 6 b.example.net.\n$SERVFAIL b.example.net.",
        expect![[r#"
            outbound-mx-found example.test | 5 gone.example.net, 6 b.example.net
            outbound-host-without-address gone.example.net
            outbound-host-dns-failed b.example.net | SERVFAIL
            Mx Transient Destination 4.4.3 outbound-dns-failed
        "#]],
    )
    .await;
}

#[tokio::test]
async fn one_version_of_ip_fails() {
    let zone = "example.test. MX 5 a.example.net.\na.example.net. A 192.0.2.1\n$SERVFAIL a.example.net. AAAA";
    check(
        zone,
        expect![[r#"
        outbound-mx-found example.test | 5 a.example.net
        outbound-host-addresses a.example.net | 192.0.2.1
        Mx Some(5) a.example.net [192.0.2.1]
    "#]],
    )
    .await;
    check_with(
        zone,
        "example.test",
        |settings| settings.ip_order = IpOrder::V6Only,
        expect![[r#"
        outbound-mx-found example.test | 5 a.example.net
        outbound-host-dns-failed a.example.net | SERVFAIL
        Mx Transient Destination 4.4.3 outbound-dns-failed
    "#]],
    )
    .await;
}

#[tokio::test]
async fn an_alias_in_the_mx_record_is_followed() {
    check(
        "example.test. MX 5 alias.example.net.\nalias.example.net. CNAME real.example.net.\nreal.example.net. A 192.0.2.1",
        expect![[r#"
            outbound-mx-found example.test | 5 alias.example.net
            outbound-host-alias alias.example.net | real.example.net
            outbound-host-addresses alias.example.net | 192.0.2.1
            Mx Some(5) alias.example.net [192.0.2.1]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn we_are_in_the_list() {
    let zone = "example.test. MX 5 a.example.net.
         example.test. MX 10 sender.example.org.
         example.test. MX 10 b.example.net.
         example.test. MX 20 c.example.net.
         a.example.net. A 192.0.2.1
         b.example.net. A 192.0.2.2
         c.example.net. A 192.0.2.3
         sender.example.org. A 192.0.2.4";
    check(zone, expect![[r#"
        outbound-mx-found example.test | 5 a.example.net, 10 sender.example.org, 10 b.example.net, 20 c.example.net
        outbound-mx-own sender.example.org | 10
        outbound-host-addresses a.example.net | 192.0.2.1
        Mx Some(5) a.example.net [192.0.2.1]
    "#]]).await;
    let own = |ip: &str| {
        let ip = ip.parse().unwrap();
        move |settings: &mut Settings| settings.own.addresses = vec![ip]
    };
    check_with(zone, "example.test", own("192.0.2.1"), expect![[r#"
        outbound-mx-found example.test | 5 a.example.net, 10 sender.example.org, 10 b.example.net, 20 c.example.net
        outbound-mx-own sender.example.org | 10
        outbound-host-addresses a.example.net | 192.0.2.1
        outbound-mx-own a.example.net | 5
        Mx Permanent Destination 5.4.6 outbound-loop
    "#]]).await;
    check(
        "example.test. MX 10 sender.example.org.\nsender.example.org. A 192.0.2.4",
        expect![[r#"
        outbound-mx-found example.test | 10 sender.example.org
        outbound-mx-own sender.example.org | 10
        Mx Permanent Destination 5.4.6 outbound-loop
    "#]],
    )
    .await;
    check_with(
        "example.test. A 192.0.2.4",
        "example.test",
        own("192.0.2.4"),
        expect![[r#"
        outbound-mx-implicit example.test
        outbound-host-addresses example.test | 192.0.2.4
        ImplicitMx Permanent Destination 5.4.6 outbound-loop
    "#]],
    )
    .await;
}

#[tokio::test]
async fn nobody_makes_us_connect_to_ourselves() {
    check(
        "example.test. MX 5 a.example.net.\na.example.net. A 127.0.0.1\na.example.net. A 169.254.169.254",
        expect![[r#"
            outbound-mx-found example.test | 5 a.example.net
            outbound-host-addresses a.example.net | 127.0.0.1, 169.254.169.254
            outbound-host-loopback a.example.net | 127.0.0.1
            outbound-host-out-of-reach a.example.net | 169.254.169.254
            Mx Permanent Destination 5.4.6 outbound-loop-loopback
        "#]],
    )
    .await;
    check(
        "example.test. MX 5 a.example.net.\na.example.net. A 169.254.169.254",
        expect![[r#"
            outbound-mx-found example.test | 5 a.example.net
            outbound-host-addresses a.example.net | 169.254.169.254
            outbound-host-out-of-reach a.example.net | 169.254.169.254
            Mx Permanent Destination 5.4.4 outbound-no-usable-host
        "#]],
    )
    .await;
    check_with(
        "",
        "[127.0.0.1]",
        |_| {},
        expect![[r#"
        outbound-literal 127.0.0.1
        Literal Permanent Destination 5.4.4 outbound-address-out-of-reach
    "#]],
    )
    .await;
}

#[tokio::test]
async fn literals_ask_nothing() {
    check_with(
        "",
        "[192.0.2.1]",
        |_| {},
        expect![[r#"
        outbound-literal 192.0.2.1
        Literal None [192.0.2.1] [192.0.2.1]
    "#]],
    )
    .await;
    check_with(
        "",
        "[IPv6:2001:db8::1]",
        |_| {},
        expect![[r#"
        outbound-literal 2001:db8::1
        Literal None [IPv6:2001:db8::1] [2001:db8::1]
    "#]],
    )
    .await;
}

#[tokio::test]
async fn limits() {
    check_with(
        "example.test. MX 5 a.example.net.
         example.test. MX 10 b.example.net.
         example.test. MX 15 c.example.net.
         a.example.net. A 192.0.2.1
         a.example.net. A 192.0.2.2
         a.example.net. A 192.0.2.3
         b.example.net. A 192.0.2.4
         c.example.net. A 192.0.2.5",
        "example.test",
        |settings| (settings.limits.hosts, settings.limits.addresses_per_host) = (2, 2),
        expect![[r#"
            outbound-mx-found example.test | 5 a.example.net, 10 b.example.net, 15 c.example.net
            outbound-hosts-limited 2
            outbound-host-addresses a.example.net | 192.0.2.1, 192.0.2.2, 192.0.2.3
            outbound-host-addresses b.example.net | 192.0.2.4
            Mx Some(5) a.example.net [192.0.2.1, 192.0.2.2]
            Mx Some(10) b.example.net [192.0.2.4]
        "#]],
    )
    .await;
}
