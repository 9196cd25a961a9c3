use std::time::Duration;

use expect_test::expect;

use super::*;
use crate::checks::fixture::{Fixture, World, greeting};

const MX: [&str; 3] = ["203.0.113.11", "203.0.113.21", "203.0.113.31"];
const CONTROLS: [&str; 3] = ["203.0.113.12", "203.0.113.22", "203.0.113.32"];

fn came(world: &mut World, ips: &[&str], error: &Unprobed) {
    for ip in ips {
        world.table.greetings.insert(ip.parse().unwrap(), Err(error.clone()));
    }
}

fn greeted(world: &mut World, ips: &[&str], text: &str) {
    for ip in ips {
        world.table.greetings.insert(ip.parse().unwrap(), Ok(greeting(text, None)));
    }
}

fn with_v6(world: &mut World, error: Option<Unprobed>) {
    let reached = error.map_or_else(|| Ok(greeting("220 mx.alpha.test ESMTP", None)), Err);
    world.table.greetings.insert("2001:db8:1::11".parse().unwrap(), reached);
}

const V6: &str = "mx.alpha.test. AAAA 2001:db8:1::11";

pub(crate) fn fixtures() -> Vec<Fixture> {
    let mut all = vec![
        Fixture::pass("path.port25", ""),
        Fixture::fail("path.port25", "").with(|world| came(world, &MX, &Unprobed::Timeout)),
        Fixture::fail("path.port25", "")
            .with(|world| came(world, &MX, &Unprobed::Silent(Duration::from_secs(9)))),
        Fixture::fail("path.port25", "").with(|world| came(world, &MX, &Unprobed::Refused)),
        Fixture::fail("path.port25", "").with(|world| greeted(world, &MX, "220 proxy ready")),
        Fixture::fail("path.port25", "")
            .with(|world| greeted(world, &MX[..2], "220 gate.isp.test ESMTP a"))
            .with(|world| {
                for (at, ip) in MX.iter().enumerate() {
                    greeted(world, &[ip], &format!("220 gate{at}.isp.test ESMTP"));
                }
            }),
        Fixture::unknown("path.port25", "").with(|world| came(world, &MX[..2], &Unprobed::Timeout)),
        Fixture::unknown("path.port25", "").with(|world| came(world, &MX[..1], &Unprobed::Refused)),
        Fixture::unknown("path.port25", "").with(|world| {
            came(world, &MX, &Unprobed::Timeout);
            came(world, &CONTROLS, &Unprobed::Timeout);
        }),
        Fixture::warn("path.port25", V6).with(|world| with_v6(world, Some(Unprobed::Timeout))),
        Fixture::pass("path.port25", V6).with(|world| with_v6(world, Some(Unprobed::Unreachable))),
        Fixture::warn("path.port25", V6).with(|world| {
            came(world, &MX, &Unprobed::Timeout);
            with_v6(world, None);
        }),
        Fixture::info("path.port25", "").with(|world| {
            came(world, &MX, &Unprobed::Timeout);
            world.own.all_relayed = true;
        }),
        Fixture::na("path.port25", "- alpha.test. MX\n- beta.test. MX\n- gamma.test. MX"),
    ];
    all.extend(of_the_rest());
    all
}

fn of_the_rest() -> Vec<Fixture> {
    vec![
        Fixture::pass("path.resolver", ". NS a.gtld.test.\n$SECURE ."),
        Fixture::pass("path.resolver", ""),
        Fixture::info("path.resolver", ". NS a.gtld.test."),
        Fixture::info("path.resolver", "- gamma.test. MX"),
        Fixture::fail("path.resolver", "- alpha.test. MX\n- beta.test. MX\n- gamma.test. MX"),
        Fixture::warn(
            "path.resolver",
            "$TIMEOUT alpha.test. TXT\n$TIMEOUT beta.test. TXT\n$SERVFAIL gamma.test. TXT",
        ),
        Fixture::pass("path.nat", ""),
        Fixture::info("path.nat", "").with(|world| world.local("10.0.0.5")),
        Fixture::warn("path.nat", "").with(|world| world.local("100.64.3.2")),
        Fixture::unknown("path.nat", "").with(|world| {
            world.local("10.0.0.5");
            came(world, &CONTROLS, &Unprobed::Timeout);
        }),
        Fixture::warn("path.nat", "").with(|world| {
            let other = greeting("220 smtp.beta.test", Some("smtp.beta.test at your service, [192.0.2.99]"));
            world.table.greetings.insert(CONTROLS[1].parse().unwrap(), Ok(other));
        }),
        Fixture::pass("path.source-ip", ""),
        Fixture::fail("path.source-ip", "")
            .with(|world| world.own.sources = vec!["203.0.113.99".parse().unwrap()]),
        Fixture::info("path.source-ip", "- 10.2.0.192.in-addr.arpa. PTR"),
        Fixture::unknown("path.source-ip", "$SERVFAIL example.com. TXT"),
        Fixture::na("path.source-ip", "").with(|world| world.own.all_relayed = true),
        Fixture::na("path.submission-reach", "").with(|world| world.own.relays.clear()),
        Fixture::pass("path.submission-reach", ""),
        Fixture::fail("path.submission-reach", "").with(|world| {
            world.table.relays.insert("ses".to_owned(), Err(Unprobed::Timeout));
        }),
        Fixture::fail("path.submission-reach", "").with(|world| {
            world.relay().auth = Some(tegami_mail::Reply::plain(535, "Authentication Credentials Invalid"));
        }),
        Fixture::fail("path.submission-reach", "").with(|world| {
            world.relay().tls = StartTls::NotOffered;
        }),
        Fixture::pass("path.clock", ""),
        Fixture::fail("path.clock", "").with(|world| world.clocks("2026-11-21T11:55:00Z")),
        Fixture::fail("path.clock", "").with(|world| world.clocks("2026-11-21T12:02:00Z")),
        Fixture::unknown("path.clock", "").with(|world| world.table.clocks.clear()),
        Fixture::na("path.clock", "").with(|world| world.own.clocks.clear()),
        Fixture::pass("path.mtu-tls", ""),
        Fixture::warn("path.mtu-tls", "").with(|world| {
            world
                .table
                .clocks
                .values_mut()
                .for_each(|clock| *clock = Err(Unprobed::Silent(Duration::from_secs(9))));
        }),
    ]
}

#[tokio::test]
async fn a_closed_port_is_told_with_the_way_around_it() {
    let mut world = World::base();
    came(&mut world, &MX, &Unprobed::Timeout);
    let findings = world.examine_own("").await;
    let found = findings.iter().find(|finding| finding.check.id == "path.port25").unwrap();
    assert!(found.fix.as_ref().unwrap().settings.as_ref().unwrap().contains("[delivery.smarthost]"));
    expect![[r#"
        Alpha [203.0.113.11]: timeout
        Alpha control: open
        Beta [203.0.113.21]: timeout
        Beta control: open
        Gamma [203.0.113.31]: timeout
        Gamma control: open"#]]
    .assert_eq(&found.evidence.join("\n"));
}

#[tokio::test]
async fn an_address_that_spf_forgets_is_put_into_the_record() {
    let mut world = World::base();
    world.own.sources = vec!["2001:db8::99".parse().unwrap()];
    let findings = world.examine_own("").await;
    let found = findings.iter().find(|finding| finding.check.id == "path.source-ip").unwrap();
    let changes = &found.fix.as_ref().unwrap().choices[0];
    expect!["v=spf1 ip6:2001:db8::99 ip4:192.0.2.10 ip6:2001:db8::10 ip4:198.51.100.20 ~all"]
        .assert_eq(&changes[0].value);
}

#[test]
fn reads_the_list_of_contacts() {
    let list = Contact::parse_list("# nobody\nBig big.test:2525 smtp.big.test\n\n").unwrap();
    assert_eq!((list[0].port, list[0].control_port), (2525, 587));
    assert_eq!(Contact::parse_list("Big big.test"), Err(1));
    assert_eq!(Contact::parse_list("\nBig big.test:x smtp.big.test"), Err(2));
    assert_eq!(Contact::parse_list("# none"), Err(0));
}
