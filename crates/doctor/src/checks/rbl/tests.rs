use std::sync::Arc;

use tegami_dns::ZoneResolver;

use super::*;
use crate::checks::fixture::{Fixture, World};

/// The test entries of every list, so that it is believed.
pub(crate) fn test_entries() -> String {
    let mut zone = String::new();
    for list in known() {
        let at =
            |key: &str| list.keyed.as_deref().map_or(list.zone.clone(), |keyed| keyed.replace("{key}", key));
        let zones =
            if list.key.is_some() { vec![list.zone.clone(), at("secret")] } else { vec![list.zone.clone()] };
        for name in zones {
            if list.lists.contains(&Of::V4) {
                zone.push_str(&format!("2.0.0.127.{name}. A 127.0.0.2\n"));
            }
            if list.lists.contains(&Of::V6) {
                zone.push_str(&format!("{V6_TEST}.{name}. A 127.0.0.2\n"));
            }
            if list.lists.contains(&Of::Domain) {
                zone.push_str(&format!("test.{name}. A 127.0.0.2\n"));
            }
        }
    }
    zone
}

const V6_TEST: &str = "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0";
const V6: &str = "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2";

fn with(world: &mut World, on: &[&str], keys: &[&str]) {
    let keys = keys.iter().map(|key| ((*key).to_owned(), "secret".to_owned())).collect();
    let on = on.iter().map(ToString::to_string).collect();
    world.known.lists = Arc::new(Lists::new(ListSettings { keys, on, ..ListSettings::default() }).unwrap());
}

/// With a list of one's own.
fn own(world: &mut World) {
    let extra = Extra {
        zone: "rbl.example.test".to_owned(),
        title: "Our own".to_owned(),
        lists: vec![Of::V4, Of::Domain],
    };
    let settings = ListSettings { extra: vec![extra], ..ListSettings::default() };
    world.known.lists = Arc::new(Lists::new(settings).unwrap());
}

const OWN_ENTRIES: &str = "2.0.0.127.rbl.example.test. A 127.0.0.2\ntest.rbl.example.test. A 127.0.0.2";

fn of_our_own() -> Vec<Fixture> {
    let with = |more: &str| -> &'static str { format!("{OWN_ENTRIES}\n{more}").leak() };
    vec![
        Fixture::na("rbl.domain.others", ""),
        Fixture::pass("rbl.domain.others", OWN_ENTRIES).with(own),
        Fixture::warn("rbl.domain.others", with("example.com.rbl.example.test. A 127.0.0.9")).with(own),
        Fixture::unknown("rbl.domain.others", with("example.com.rbl.example.test. A 127.0.0.1")).with(own),
        Fixture::unknown("rbl.domain.others", "").with(own),
        Fixture::pass("rbl.ip.others", OWN_ENTRIES).with(own),
        Fixture::warn("rbl.ip.others", with("10.2.0.192.rbl.example.test. A 127.0.4.0")).with(own),
        Fixture::unknown("rbl.ip.others", with("10.2.0.192.rbl.example.test. A 127.255.255.254")).with(own),
    ]
}

pub(crate) fn fixtures() -> Vec<Fixture> {
    let mut all = of_the_first_tier();
    all.extend(of_the_second_tier());
    all.extend(of_the_rest());
    all.extend(of_our_own());
    all
}

fn of_the_first_tier() -> Vec<Fixture> {
    vec![
        Fixture::pass("rbl.ip.zen", ""),
        Fixture::fail("rbl.ip.zen", "10.2.0.192.zen.spamhaus.org. A 127.0.0.2"),
        Fixture::fail("rbl.ip.zen", "10.2.0.192.zen.spamhaus.org. A 127.0.0.3"),
        Fixture::fail("rbl.ip.zen", "10.2.0.192.zen.spamhaus.org. A 127.0.0.4"),
        Fixture::fail("rbl.ip.zen", "10.2.0.192.zen.spamhaus.org. A 127.0.0.11"),
        Fixture::fail(
            "rbl.ip.zen",
            "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.zen.spamhaus.org. A 127.0.0.3",
        ),
        // Errors are no entries.
        Fixture::unknown("rbl.ip.zen", "10.2.0.192.zen.spamhaus.org. A 127.255.255.254"),
        Fixture::unknown("rbl.ip.zen", "10.2.0.192.zen.spamhaus.org. A 127.255.255.255"),
        Fixture::unknown("rbl.ip.zen", "10.2.0.192.zen.spamhaus.org. A 127.255.255.252"),
        Fixture::unknown("rbl.ip.zen", "10.2.0.192.zen.spamhaus.org. A 198.51.100.1"),
        Fixture::unknown("rbl.ip.zen", "10.2.0.192.zen.spamhaus.org. A 127.0.0.1"),
        Fixture::unknown("rbl.ip.zen", "10.2.0.192.zen.spamhaus.org. A 127.0.0.77"),
        Fixture::unknown("rbl.ip.zen", "$TIMEOUT 10.2.0.192.zen.spamhaus.org."),
        // Lists that ended: nothing there, or everything.
        Fixture::unknown("rbl.ip.zen", "- 2.0.0.127.zen.spamhaus.org."),
        Fixture::unknown("rbl.ip.zen", "1.0.0.127.zen.spamhaus.org. A 127.0.0.2"),
        Fixture::fail("rbl.ip.zen", "10.2.0.192.secret.zen.dq.spamhaus.net. A 127.0.0.2")
            .with(|world| with(world, &[], &["spamhaus"])),
        Fixture::pass("rbl.domain.dbl", ""),
        Fixture::fail("rbl.domain.dbl", "example.com.dbl.spamhaus.org. A 127.0.1.2"),
        Fixture::fail("rbl.domain.dbl", "example.com.dbl.spamhaus.org. A 127.0.1.4"),
        Fixture::fail("rbl.domain.dbl", "example.com.dbl.spamhaus.org. A 127.0.1.102"),
        Fixture::unknown("rbl.domain.dbl", "example.com.dbl.spamhaus.org. A 127.0.1.255"),
        Fixture::pass(
            "rbl.domain.dbl",
            "- test.dbl.spamhaus.org.\ndbltest.com.dbl.spamhaus.org. A 127.0.1.2",
        ),
    ]
}

fn of_the_second_tier() -> Vec<Fixture> {
    vec![
        Fixture::pass("rbl.ip.spamcop", ""),
        Fixture::warn("rbl.ip.spamcop", "10.2.0.192.bl.spamcop.net. A 127.0.0.2"),
        Fixture::pass("rbl.ip.barracuda", ""),
        Fixture::warn("rbl.ip.barracuda", "10.2.0.192.b.barracudacentral.org. A 127.0.0.2"),
        // A resolver that is not registered there hears nothing at all.
        Fixture::unknown("rbl.ip.barracuda", "- 2.0.0.127.b.barracudacentral.org."),
        Fixture::pass("rbl.ip.psbl", ""),
        Fixture::warn("rbl.ip.psbl", "10.2.0.192.psbl.surriel.com. A 127.0.0.2"),
        Fixture::pass("rbl.ip.mailspike", ""),
        Fixture::warn("rbl.ip.mailspike", "10.2.0.192.rep.mailspike.net. A 127.0.0.11"),
        Fixture::info("rbl.ip.mailspike", "10.2.0.192.rep.mailspike.net. A 127.0.0.18"),
        Fixture::na("rbl.ip.abusix", ""),
        Fixture::warn("rbl.ip.abusix", "10.2.0.192.secret.combined.mail.abusix.zone. A 127.0.0.2")
            .with(|world| with(world, &[], &["abusix"])),
        Fixture::na("rbl.ip.senderscore", ""),
        Fixture::warn("rbl.ip.senderscore", "10.2.0.192.bl.score.senderscore.com. A 127.0.0.2")
            .with(|world| with(world, &["bl.score.senderscore.com"], &[])),
        Fixture::unknown("rbl.ip.senderscore", "10.2.0.192.bl.score.senderscore.com. A 127.255.255.255")
            .with(|world| with(world, &["bl.score.senderscore.com"], &[])),
        Fixture::pass("rbl.domain.surbl", ""),
        Fixture::fail("rbl.domain.surbl", "example.com.multi.surbl.org. A 127.0.0.72"),
        Fixture::unknown("rbl.domain.surbl", "example.com.multi.surbl.org. A 127.0.0.1"),
        Fixture::pass("rbl.domain.uribl", ""),
        Fixture::fail("rbl.domain.uribl", "example.com.multi.uribl.com. A 127.0.0.2"),
        Fixture::info("rbl.domain.uribl", "example.com.multi.uribl.com. A 127.0.0.4"),
        Fixture::warn("rbl.domain.uribl", "example.com.multi.uribl.com. A 127.0.0.8"),
        Fixture::unknown("rbl.domain.uribl", "example.com.multi.uribl.com. A 127.0.0.1"),
    ]
}

fn of_the_rest() -> Vec<Fixture> {
    vec![
        Fixture::na("rbl.ip.others", ""),
        Fixture::info("rbl.ip.others", "10.2.0.192.dnsbl-1.uceprotect.net. A 127.0.0.2")
            .with(|world| with(world, &["dnsbl-1.uceprotect.net"], &[])),
        Fixture::na("rbl.ip.info", ""),
        Fixture::info("rbl.ip.info", "10.2.0.192.dnsbl-3.uceprotect.net. A 127.0.0.2")
            .with(|world| with(world, &["dnsbl-3.uceprotect.net"], &[])),
        Fixture::na("rbl.ip.white", ""),
        Fixture::info("rbl.ip.white", "10.2.0.192.list.dnswl.org. A 127.0.9.2")
            .with(|world| with(world, &["list.dnswl.org"], &[])),
        Fixture::unknown("rbl.ip.white", "10.2.0.192.list.dnswl.org. A 127.0.0.255")
            .with(|world| with(world, &["list.dnswl.org"], &[])),
        Fixture::na("rbl.domain.white", ""),
        Fixture::info("rbl.domain.white", "example.com.dwl.dnswl.org. A 127.0.9.1")
            .with(|world| with(world, &["dwl.dnswl.org"], &[])),
        Fixture::pass("rbl.answer-sane", ""),
        Fixture::unknown("rbl.answer-sane", "*.bl.spamcop.net. A 198.51.100.1"),
        Fixture::pass("rbl.error-codes", ""),
        Fixture::unknown("rbl.error-codes", "10.2.0.192.zen.spamhaus.org. A 127.255.255.254"),
        Fixture::na("rbl.delist", ""),
        Fixture::info("rbl.delist", "10.2.0.192.zen.spamhaus.org. A 127.0.0.2"),
        Fixture::pass("rbl.resolver", ""),
        Fixture::warn(
            "rbl.resolver",
            "- 2.0.0.127.zen.spamhaus.org.\n2.0.0.127.zen.spamhaus.org. A 127.255.255.254",
        ),
        Fixture::unknown("rbl.resolver", "- 2.0.0.127.zen.spamhaus.org."),
    ]
}

fn now() -> jiff::Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

async fn rows(zone: &str, subject: Subject, lists: &Lists) -> Vec<Row> {
    let resolver = ZoneResolver::from_text(&format!("$ORIGIN .\n{}{zone}", test_entries())).unwrap();
    lists.look(&subject, Choice::All, &resolver, now()).await
}

#[tokio::test]
async fn every_list_is_a_row() {
    let zone = "10.2.0.192.zen.spamhaus.org. A 127.0.0.2\n10.2.0.192.zen.spamhaus.org. A 127.0.0.4
        10.2.0.192.zen.spamhaus.org. TXT \"Listed by SBL, https://check.example.test/query/ip/192.0.2.10\"";
    let ip = "192.0.2.10".parse().unwrap();
    let rows = rows(zone, Subject::Ip(ip), &Lists::default()).await;
    assert_eq!(rows.len(), known().iter().filter(|list| list.lists.contains(&Of::V4)).count());
    let zen = &rows[0];
    let Said::Listed(hits) = &zen.said else { panic!("{:?}", zen.said) };
    assert_eq!(hits.iter().map(|hit| hit.means).collect::<Vec<_>>(), [Means::Sbl, Means::Xbl]);
    assert!(zen.reason.as_deref().unwrap().starts_with("Listed by SBL"));
    assert_eq!(zen.removal().unwrap().id, "rbl-removal-request");
    let abusix = rows.iter().find(|row| row.list.check == "abusix").unwrap();
    assert_eq!(abusix.said, Said::Nothing(Unsaid::NoKey));
    assert!(rows.iter().filter(|row| row.said == Said::NotListed).count() > 20);
}

#[tokio::test]
async fn addresses_of_ipv6_are_asked_by_nibbles() {
    let zone = format!("{V6}.zen.spamhaus.org. A 127.0.0.3");
    let rows = rows(&zone, Subject::Ip("2001:db8::10".parse().unwrap()), &Lists::default()).await;
    assert!(matches!(rows[0].said, Said::Listed(_)));
    assert!(rows.iter().all(|row| row.list.lists.contains(&Of::V6)));
}

#[tokio::test]
async fn a_policy_entry_is_ended_by_the_owner_of_the_network() {
    let zone = "10.2.0.192.zen.spamhaus.org. A 127.0.0.10";
    let rows = rows(zone, Subject::Ip("192.0.2.10".parse().unwrap()), &Lists::default()).await;
    assert_eq!(rows[0].removal().unwrap().id, "rbl-removal-policy");
}

#[test]
fn who_configures_a_dead_list_is_told() {
    let named = |zone: &str| {
        Lists::new(ListSettings { on: vec![zone.to_owned()], ..ListSettings::default() }).map(|_| ())
    };
    assert_eq!(named("dnsbl.sorbs.net"), Err(Refused::Dead("dnsbl.sorbs.net".to_owned())));
    assert_eq!(named("rbl.example.test"), Err(Refused::Unknown("rbl.example.test".to_owned())));
    assert_eq!(named("list.dnswl.org"), Ok(()));
}

/// A self-test is good for six hours: the second look asks for the entry alone.
#[tokio::test]
async fn self_tests_are_kept() {
    let lists = Lists::default();
    let good = "$ORIGIN .\n2.0.0.127.bl.spamcop.net. A 127.0.0.2\n";
    let look = async |zone: &str, hours: i64| {
        let resolver = ZoneResolver::from_text(zone).unwrap();
        let subject = Subject::Ip("192.0.2.10".parse().unwrap());
        let at = now() + jiff::SignedDuration::from_hours(hours);
        let rows = lists.look(&subject, Choice::All, &resolver, at).await;
        rows.into_iter().find(|row| row.list.check == "spamcop").unwrap().said
    };
    assert_eq!(look(good, 0).await, Said::NotListed);
    // The zone has gone meanwhile, and nobody has looked again.
    assert_eq!(look("$ORIGIN .\nexample.test. A 192.0.2.1", 5).await, Said::NotListed);
    assert_eq!(look("$ORIGIN .\nexample.test. A 192.0.2.1", 7).await, Said::Nothing(Unsaid::NoTestEntry));
}

/// Keys stand in the names of zones, and nowhere else.
#[test]
fn keys_are_not_shown() {
    let keys = [("spamhaus".to_owned(), "secret".to_owned())].into();
    let lists = Lists::new(ListSettings { keys, ..ListSettings::default() }).unwrap();
    assert!(!format!("{lists:?}").contains("secret"));
    let asked = "2.0.0.127.secret.zen.dq.spamhaus.net A: 127.0.0.2";
    assert_eq!(lists.conceal(asked), "2.0.0.127.key.zen.dq.spamhaus.net A: 127.0.0.2");
}

/// Lists of one's own are new and alive.
#[test]
fn who_configures_a_list_of_the_table_as_their_own_is_told() {
    let named = |zone: &str| {
        let extra = Extra { zone: zone.to_owned(), title: String::new(), lists: vec![Of::V4] };
        Lists::new(ListSettings { extra: vec![extra], ..ListSettings::default() }).map(|_| ())
    };
    assert_eq!(named("bl.spamcop.net"), Err(Refused::Known("bl.spamcop.net".to_owned())));
    assert_eq!(named("dnsbl.sorbs.net"), Err(Refused::Dead("dnsbl.sorbs.net".to_owned())));
    assert_eq!(named("rbl.example.test"), Ok(()));
}
