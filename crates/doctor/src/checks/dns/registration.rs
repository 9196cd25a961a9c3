//! Until when the domain is registered, and since when, as its registry tells over RDAP.

use jiff::{SignedDuration, Timestamp};
use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_auth::finding::Severity;
use tegami_mail::{Domain, note};

use crate::case::DomainCase;
use crate::probe::Unprobed;
use crate::rdap::{Registered, Registration};
use crate::{About, Check, Finding, Fix};

pub(super) const EXPIRY: Check =
    Check::new("dns.expiry", About::Domain, Severity::S2, "RFC 9083 section 4.5").after(&["dns.exists"]);
pub(super) const AGE: Check =
    Check::new("dns.age", About::Domain, Severity::S2, "RFC 9083 section 4.5").after(&["dns.exists"]);

/// Days before the end from which it has to be told, and from which it is urgent.
const SOON: i64 = 30;
const NOW: i64 = 7;

/// Days in which a domain is new to filters.
const NEW: i64 = 30;

/// States in which the registry has taken the domain out of the DNS, or is about to (RFC 8056 section 2).
const GONE: [&str; 5] =
    ["redemption period", "pending delete", "client hold", "server hold", "pending restore"];

pub(super) async fn judge(case: &DomainCase) -> Vec<Finding> {
    let registered = organizational_domain(&case.domain);
    match case.probes.rdap(Registered::Domain(&registered)).await {
        Ok(registration) => {
            vec![expiry(case, &registered, &registration), age(case, &registered, &registration)]
        }
        Err(Unprobed::Off) => {
            [&EXPIRY, &AGE].map(|check| check.unknown(&case.domain, note!("dns-registry-off"))).into()
        }
        Err(error) => [&EXPIRY, &AGE]
            .map(|check: &'static Check| {
                check
                    .unknown(&case.domain, note!("dns-registry-silent", domain = registered))
                    .evidence(&error)
            })
            .into(),
    }
}

/// Whole days between two moments; negative where the second comes first.
fn days(from: Timestamp, to: Timestamp) -> i64 {
    SignedDuration::from_secs(to.as_second().saturating_sub(from.as_second())).as_hours() / 24
}

fn day(moment: Timestamp) -> String {
    moment.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

fn expiry(case: &DomainCase, registered: &Domain, registration: &Registration) -> Finding {
    let domain = &case.domain;
    let gone: Vec<&String> =
        registration.status.iter().filter(|state| GONE.contains(&state.as_str())).collect();
    if let Some(state) = gone.first() {
        return EXPIRY
            .fail(domain, note!("dns-expiry-gone", domain = registered, state = state))
            .evidences(&registration.status)
            .fix(Fix::new(note!("dns-expiry-gone-fix")));
    }
    let Some(end) = registration.expires else {
        return EXPIRY.info(domain, note!("dns-expiry-untold", domain = registered));
    };
    let (left, end) = (days(case.known.now, end), day(end));
    let fix = Fix::new(note!("dns-expiry-fix", domain = registered));
    let finding = if left < 0 {
        EXPIRY.fail(domain, note!("dns-expiry-over", domain = registered, end = end)).fix(fix)
    } else if left < NOW {
        EXPIRY.fail(domain, note!("dns-expiry-soon", domain = registered, end = end, days = left)).fix(fix)
    } else if left < SOON {
        EXPIRY.warn(domain, note!("dns-expiry-soon", domain = registered, end = end, days = left)).fix(fix)
    } else {
        EXPIRY.pass(domain, note!("dns-expiry", domain = registered, end = end))
    };
    finding.evidences(registration.expires.map(|end| format!("{registered} expiration {end}")))
}

fn age(case: &DomainCase, registered: &Domain, registration: &Registration) -> Finding {
    let domain = &case.domain;
    let Some(since) = registration.registered else {
        return AGE.info(domain, note!("dns-age-untold", domain = registered)).severity(Severity::S0);
    };
    let (old, since) = (days(since, case.known.now), day(since));
    let finding = if old < NEW {
        AGE.warn(domain, note!("dns-age-new", domain = registered, since = since))
            .fix(Fix::new(note!("dns-age-fix")))
    } else {
        AGE.info(domain, note!("dns-age", domain = registered, since = since)).severity(Severity::S0)
    };
    finding.evidences(registration.registered.map(|since| format!("{registered} registration {since}")))
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::{Fixture, World};
    fn change(world: &mut World, change: impl FnOnce(&mut Registration)) {
        if let Some(Ok(registration)) = &mut world.table.registration {
            change(registration);
        }
    }
    fn at(text: &str) -> Option<Timestamp> {
        Some(text.parse().unwrap())
    }
    vec![
        Fixture::pass("dns.expiry", ""),
        Fixture::warn("dns.expiry", "")
            .with(|world| change(world, |it| it.expires = at("2026-12-11T00:00:00Z"))),
        Fixture::fail("dns.expiry", "")
            .with(|world| change(world, |it| it.expires = at("2026-11-25T00:00:00Z"))),
        Fixture::fail("dns.expiry", "")
            .with(|world| change(world, |it| it.expires = at("2026-11-01T00:00:00Z"))),
        Fixture::fail("dns.expiry", "")
            .with(|world| change(world, |it| it.status.push("redemption period".to_owned()))),
        Fixture::fail("dns.expiry", "")
            .with(|world| change(world, |it| it.status.push("client hold".to_owned()))),
        Fixture::info("dns.expiry", "").with(|world| change(world, |it| it.expires = None)),
        Fixture::unknown("dns.expiry", "").with(|world| world.table.registration = None),
        Fixture::unknown("dns.expiry", "")
            .with(|world| world.table.registration = Some(Err(Unprobed::Timeout))),
        Fixture::info("dns.age", ""),
        Fixture::warn("dns.age", "")
            .with(|world| change(world, |it| it.registered = at("2026-11-10T00:00:00Z"))),
        Fixture::info("dns.age", "").with(|world| change(world, |it| it.registered = None)),
        Fixture::unknown("dns.age", "").with(|world| world.table.registration = None),
    ]
}
