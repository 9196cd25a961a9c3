use expect_test::{Expect, expect};

use crate::case::Volume;
use crate::checks::fixture::{Fixture, World};
use crate::rdap::Registration;

const PTR: &str = "- 10.2.0.192.in-addr.arpa.\n10.2.0.192.in-addr.arpa. PTR ";

fn volume(days: &[u64]) -> Option<Volume> {
    let since = Some("2026-10-01T00:00:00Z".parse().unwrap());
    Some(Volume { since, days: vec![("google".to_owned(), days.to_vec())] })
}

pub(crate) fn fixtures() -> Vec<Fixture> {
    let mut all = vec![
        Fixture::pass("ip.special", ""),
        Fixture::fail("ip.special", "")
            .with(|world| world.known.sources = vec!["100.64.0.7".parse().unwrap()]),
        Fixture::fail("ip.special", "").with(|world| world.known.sources = vec!["10.0.0.5".parse().unwrap()]),
        Fixture::pass("ip.ptr-exists", ""),
        Fixture::fail("ip.ptr-exists", "- 10.2.0.192.in-addr.arpa."),
        Fixture::fail("ip.ptr-exists", "- 0.1.0.0.0.0"),
        Fixture::unknown("ip.ptr-exists", "$SERVFAIL 10.2.0.192.in-addr.arpa."),
        Fixture::na("ip.ptr-exists", "- example.com. MX").with(|world| world.known.sources.clear()),
        Fixture::pass("ip.fcrdns", ""),
        Fixture::fail(
            "ip.fcrdns",
            "- 10.2.0.192.in-addr.arpa.\n10.2.0.192.in-addr.arpa. PTR mail.other.example.\nmail.other.example. A 203.0.113.9",
        ),
        Fixture::unknown("ip.fcrdns", "$TIMEOUT mx1.example.com. A"),
        Fixture::na("ip.fcrdns", "- 10.2.0.192.in-addr.arpa.\n- 0.1.0.0.0.0"),
        Fixture::pass("ip.ptr-single", ""),
        Fixture::warn("ip.ptr-single", "10.2.0.192.in-addr.arpa. PTR www.example.com."),
        Fixture::fail(
            "ip.ptr-single",
            "10.2.0.192.in-addr.arpa. PTR a.example.com.\n10.2.0.192.in-addr.arpa. PTR b.example.com.
            10.2.0.192.in-addr.arpa. PTR c.example.com.\n10.2.0.192.in-addr.arpa. PTR d.example.com.
            10.2.0.192.in-addr.arpa. PTR e.example.com.\n10.2.0.192.in-addr.arpa. PTR f.example.com.
            10.2.0.192.in-addr.arpa. PTR g.example.com.\n10.2.0.192.in-addr.arpa. PTR h.example.com.
            10.2.0.192.in-addr.arpa. PTR i.example.com.\n10.2.0.192.in-addr.arpa. PTR j.example.com.",
        ),
        Fixture::pass("ip.ptr-generic", ""),
        Fixture::fail(
            "ip.ptr-generic",
            "- 10.2.0.192.in-addr.arpa.\n10.2.0.192.in-addr.arpa. PTR ec2-192-0-2-10.ap-northeast-1.compute.amazonaws.com.",
        ),
        Fixture::fail(
            "ip.ptr-generic",
            "- 10.2.0.192.in-addr.arpa.\n10.2.0.192.in-addr.arpa. PTR 192-0-2-10.dynamic.isp.example.",
        ),
        Fixture::warn(
            "ip.ptr-generic",
            "- 10.2.0.192.in-addr.arpa.\n10.2.0.192.in-addr.arpa. PTR 192-0-2-10.hosting.example.",
        ),
        Fixture::warn(
            "ip.ptr-generic",
            "- 10.2.0.192.in-addr.arpa.\n10.2.0.192.in-addr.arpa. PTR vps81234.hosting.example.",
        ),
        Fixture::pass(
            "ip.ptr-generic",
            "- 10.2.0.192.in-addr.arpa.\n10.2.0.192.in-addr.arpa. PTR pool.example.com.",
        ),
    ];
    all.extend(of_networks());
    all
}

fn of_networks() -> Vec<Fixture> {
    vec![
        Fixture::pass("ip.ptr-domain-related", ""),
        // A name of another domain is a fact, and nothing more.
        Fixture::info("ip.ptr-domain-related", OTHER),
        Fixture::pass("ip.fcrdns", OTHER),
        Fixture::pass("ip.ptr-generic", OTHER),
        Fixture::pass("ip.v6-parity", ""),
        Fixture::fail("ip.v6-parity", "- 0.1.0.0.0.0"),
        Fixture::warn("ip.v6-parity", "- 0.1.0.0.0.0")
            .with(|world| world.known.sources = vec!["192.0.2.10".parse().unwrap()]),
        Fixture::fail(
            "ip.v6-parity",
            "- example.com. TXT\nexample.com. TXT \"v=spf1 ip4:192.0.2.10 ip4:198.51.100.20 ~all\"",
        ),
        Fixture::na("ip.v6-parity", "- mx1 AAAA")
            .with(|world| world.known.sources = vec!["192.0.2.10".parse().unwrap()]),
        Fixture::unknown("ip.v6-parity", "$SERVFAIL 0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."),
        Fixture::pass("ip.shared", ""),
        Fixture::info(
            "ip.shared",
            "- 10.2.0.192.in-addr.arpa.\n10.2.0.192.in-addr.arpa. PTR a192-10.smtp-out.amazonses.com.",
        ),
        Fixture::info(
            "ip.shared",
            "- 10.2.0.192.in-addr.arpa.\n10.2.0.192.in-addr.arpa. PTR out.esp.test.\n- example.com. TXT
            example.com. TXT \"v=spf1 include:_spf.esp.test ~all\"\n_spf.esp.test. TXT \"v=spf1 ip4:192.0.0.0/22 ip6:2001:db8::/32 -all\"",
        ),
        Fixture::na("ip.asn", ""),
        Fixture::info("ip.asn", "10.2.0.192.origin.asn.test. TXT \"64500 | 192.0.2.0/24 | JP | apnic | 2011-01-01\"")
            .with(|world| world.known.origins = Some("origin.asn.test".parse().unwrap())),
        Fixture::unknown("ip.asn", "$SERVFAIL 10.2.0.192.origin.asn.test. TXT")
            .with(|world| world.known.origins = Some("origin.asn.test".parse().unwrap())),
        Fixture::na("ip.warmup", ""),
        Fixture::pass("ip.warmup", "").with(|world| world.known.volume = volume(&[300, 400, 700])),
        Fixture::warn("ip.warmup", "").with(|world| world.known.volume = volume(&[300, 400, 900])),
        Fixture::pass("ip.warmup", "").with(|world| world.known.volume = volume(&[10, 100, 400])),
    ]
}

const OTHER: &str = "- 10.2.0.192.in-addr.arpa.\n10.2.0.192.in-addr.arpa. PTR mail.other.example.\nmail.other.example. A 192.0.2.10";

async fn check(id: &str, zone: &str, change: fn(&mut World), expect: &Expect) {
    let mut world = World::base();
    change(&mut world);
    let findings = world.examine(zone).await;
    let found = findings.iter().find(|finding| finding.check.id == id && finding.fix.is_some()).unwrap();
    let fix = found.fix.as_ref().unwrap();
    let mut text = format!("{} {}\n{}\n", found.state.as_str(), found.note.id, fix.note.id);
    text.push_str(&format!("by {}\n", fix.by.as_deref().unwrap_or("-")));
    for change in fix.choices.iter().flatten() {
        let operation = change.operation;
        text.push_str(&format!("{operation:?} {} {} {}\n", change.name, change.kind, change.value));
    }
    expect.assert_eq(&text);
}

#[tokio::test]
async fn a_missing_name_is_asked_of_who_has_the_address() {
    let registered = |world: &mut World| {
        let by = Some("Amazon Technologies Inc.".to_owned());
        world.table.rdap = Some(Ok(Registration { by, ..Registration::default() }));
    };
    check(
        "ip.ptr-exists",
        "- 10.2.0.192.in-addr.arpa.",
        registered,
        &expect![[r#"
        fail ip-ptr-exists-none
        plan-ptr-ec2
        by Amazon EC2
        Add 10.2.0.192.in-addr.arpa PTR mx1.example.com.
    "#]],
    )
    .await;
    check(
        "ip.ptr-exists",
        "- 10.2.0.192.in-addr.arpa.",
        |_| {},
        &expect![[r#"
        fail ip-ptr-exists-none
        plan-ptr-other
        by 192.0.2.10
        Add 10.2.0.192.in-addr.arpa PTR mx1.example.com.
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_name_of_ours_that_does_not_point_back_gets_an_address() {
    let zone = "- mx1 A\nmx1 A 192.0.2.11";
    check(
        "ip.fcrdns",
        zone,
        |_| {},
        &expect![[r#"
        fail ip-fcrdns-other
        ip-fcrdns-fix
        by -
        Add mx1.example.com A 192.0.2.10
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_default_name_is_replaced_by_the_one_in_ehlo() {
    let zone = format!("{PTR}ec2-192-0-2-10.ap-northeast-1.compute.amazonaws.com.");
    check(
        "ip.ptr-generic",
        &zone,
        |_| {},
        &expect![[r#"
        fail ip-ptr-generic-dynamic
        plan-ptr-ec2
        by Amazon EC2
        Replace 10.2.0.192.in-addr.arpa PTR mx1.example.com.
    "#]],
    )
    .await;
}
