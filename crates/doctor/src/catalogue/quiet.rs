//! Nothing alarms without cause: what people complain about in other tools, each as a world in which nothing may be said to be wrong.

use std::time::Duration;

use crate::checks::fixture::{Fixture, World};
use crate::probe::Unprobed;
use crate::{Finding, Purpose, State};

/// A complaint: the state that its check may have at most, and the world. Nothing else may be worse than *info* there, or *unknown* where the
/// check itself is.
async fn quiet(fixture: Fixture) -> Vec<Finding> {
    let findings = fixture.findings().await;
    let told = |one: &&Finding| one.check.id == fixture.check;
    let worst = findings.iter().filter(told).map(|one| one.state).max();
    assert_eq!(worst, Some(fixture.state), "{} in {:?}", fixture.check, fixture.zone);
    let bad: Vec<&Finding> = findings.iter().filter(|one| one.state >= State::Warn).collect();
    assert!(bad.is_empty(), "{} in {:?}: {bad:#?}", fixture.check, fixture.zone);
    assert_eq!(crate::score::score(&findings).tenths(), crate::score::BEST, "{} costs points", fixture.check);
    findings
}

/// One greeting that comes late is no three faults of PTR, TLS and speed.
#[tokio::test]
async fn a_late_greeting() {
    let late = Fixture::info("smtp.greet-delay", "");
    quiet(late.with(|world| world.mx1().greeted_after = Duration::from_secs(32))).await;
    // Nor is a host that is silent to us said to lack TLS.
    let silent = Fixture::unknown("smtp.greet-delay", "");
    let findings =
        silent.with(|world| world.nobody(&Unprobed::Silent(Duration::from_secs(60)))).findings().await;
    let of_tls = findings.iter().filter(|one| one.check.id.starts_with("tls.") && one.state > State::Unknown);
    assert_eq!(of_tls.count(), 0);
}

#[tokio::test]
async fn the_form_of_a_serial_and_the_times_of_a_zone() {
    for zone in [
        "- example.com. SOA\nexample.com. SOA ns1.example.net. hostmaster.example.com. 1 7200 3600 1209600 3600",
        "- example.com. SOA\nexample.com. SOA ns1.example.net. dns.cloudflare.com. 2385000123 10000 2400 604800 1800",
        "- example.com. SOA\nexample.com. SOA ns1.example.net. hostmaster.example.com. 2026112101 300 60 3600000 60",
    ] {
        quiet(Fixture::info("dns.soa-values", zone)).await;
    }
    let behind = Fixture::info("dns.serial-consistency", "").with(|world| {
        let old = "- example.com. SOA\nexample.com. SOA ns1.example.net. hostmaster.example.com. 2026112000 7200 3600 1209600 3600";
        world.table.servers.insert("198.51.100.2".parse().unwrap(), Ok(old.to_owned()));
    });
    quiet(behind).await;
}

/// Not known is neither missing nor in order.
#[tokio::test]
async fn a_selector_that_nobody_told() {
    let findings = quiet(Fixture::unknown("dkim.selector-known", "").with(|world| {
        world.known.keys.clear();
        world.known.selectors.clear();
    }))
    .await;
    let passes = |one: &&Finding| one.check.id == "dkim.selector-known" && one.state == State::Pass;
    assert_eq!(findings.iter().filter(passes).count(), 0);
}

#[tokio::test]
async fn a_name_of_the_address_that_belongs_to_another_domain() {
    const OTHER: &str = "- 10.2.0.192.in-addr.arpa.\n10.2.0.192.in-addr.arpa. PTR vps.hosting.example.\nvps.hosting.example. A 192.0.2.10";
    quiet(Fixture::info("ip.ptr-domain-related", OTHER)).await;
    // Nor where the host introduces itself so.
    quiet(Fixture::pass("ip.ptr-domain-related", OTHER).with(|world| {
        world.known.helo = Some("vps.hosting.example".to_owned());
        world.known.sources = vec!["192.0.2.10".parse().unwrap()];
    }))
    .await;
    quiet(Fixture::info("smtp.banner-name", "").with(|world| world.greets(220, "other.example.net ESMTP")))
        .await;
}

/// SpamAssassin gives 0.001 points for a HELO name without SPF.
#[tokio::test]
async fn a_host_without_spf_of_its_own() {
    quiet(Fixture::info("helo.spf", "- mx1 TXT")).await;
}

/// A list that refuses us, that ended, or whose answers somebody rewrites lists nobody.
#[tokio::test]
async fn lists_that_do_not_answer_us() {
    for zone in [
        "10.2.0.192.zen.spamhaus.org. A 127.255.255.254",
        "10.2.0.192.zen.spamhaus.org. A 127.255.255.255",
        "10.2.0.192.zen.spamhaus.org. A 127.255.255.252",
        "10.2.0.192.zen.spamhaus.org. A 127.0.0.1",
        "*.zen.spamhaus.org. A 198.51.100.1",
        // Everything is listed, over IPv6 too.
        "- 2.0.0.127.zen.spamhaus.org.\n- 2.0.0.0.0.0.f.7\n*.zen.spamhaus.org. A 127.0.0.2",
        "- 2.0.0.127.zen.spamhaus.org.",
        "$TIMEOUT zen.spamhaus.org.\n$TIMEOUT 10.2.0.192.zen.spamhaus.org.",
        "$SERVFAIL 10.2.0.192.zen.spamhaus.org.",
    ] {
        quiet(Fixture::unknown("rbl.ip.zen", zone)).await;
    }
}

/// What the provider of the mailboxes does not offer costs its customers nothing.
#[tokio::test]
async fn mail_hosts_without_dane() {
    quiet(Fixture::info("dane.tlsa", "- _25._tcp")).await;
}

/// A domain that sends nothing and receives nothing, and says so, has nothing to improve.
#[tokio::test]
async fn a_domain_without_mail() {
    const PARKED: &str = "- example.com. MX\n- example.com. TXT\n- _dmarc\n- s2026\n- e2026\n- _mta-sts\n- mta-sts\n- _smtp\nexample.com. MX 0 .\n\
                          example.com. A 192.0.2.10\nexample.com. TXT \"v=spf1 -all\"\n_dmarc TXT \"v=DMARC1; p=reject;\"\n\
                          *._domainkey TXT \"v=DKIM1; p=\"";
    quiet(Fixture::pass("mx.null", PARKED).with(|world| {
        world.known.purpose = Purpose::SendsNone;
        world.known.keys.clear();
        world.known.selectors.clear();
        world.known.sources.clear();
        world.known.helo = None;
    }))
    .await;
}

/// Watching first is how it is done: neither a fault nor the end of the way.
#[tokio::test]
async fn a_policy_that_watches() {
    quiet(Fixture::info(
        "dmarc.policy-strength",
        "- _dmarc\n_dmarc TXT \"v=DMARC1; p=none; rua=mailto:dmarc@example.com\"",
    ))
    .await;
}

#[tokio::test]
async fn softfail_and_fail() {
    quiet(Fixture::pass("spf.qualifier", "")).await;
    let fail = "- example.com. TXT\nexample.com. TXT \"v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 ip4:198.51.100.20 -all\"";
    quiet(Fixture::info("spf.qualifier", fail)).await;
}

/// Whoever tries with the word `test` is told why that says little.
#[tokio::test]
async fn a_message_that_says_test() {
    let short = Fixture::info("ct.short-test", "").letter(|letter| {
        letter.body("text/plain", "test\r\n");
    });
    quiet(short).await;
}

/// The good world itself, to show that these tests can see.
#[tokio::test]
async fn what_is_wrong_is_told_all_the_same() {
    let listed = Fixture::fail("rbl.ip.zen", "10.2.0.192.zen.spamhaus.org. A 127.0.0.2").findings().await;
    assert!(listed.iter().any(|one| one.state == State::Fail));
    assert!(crate::score::score(&listed).tenths() < crate::score::BEST);
    assert_eq!(crate::score::score(&World::base().examine("").await).tenths(), crate::score::BEST);
}
