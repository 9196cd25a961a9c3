//! What is published, and by whom: delegation, servers, answers.

mod caa;
mod delegation;
mod registration;
mod security;
mod servers;
mod txt;
mod values;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tegami_auth::finding::Severity;
use tegami_dns::{DnsError, RecordType};
use tegami_mail::note;

pub(crate) use caa::VISITED;
pub(crate) use servers::ZoneFacts;

use crate::case::DomainCase;
use crate::catalogue::Family;
use crate::{About, Check, Consequence, Finding, Fix, Receiving, Who};

/// The family.
pub(crate) const FAMILY: Family = Family::new(
    "dns",
    &[
        &EXISTS,
        &delegation::DELEGATION,
        &delegation::PARENT_CHILD,
        &delegation::SERIAL,
        &delegation::ANSWERS,
        &values::SOA,
        &SENDER_SOA,
        &values::WILDCARD,
        &values::TTL,
        &values::TCP,
        &security::DNSSEC,
        &security::ALGORITHM,
        &txt::HYGIENE,
        &registration::EXPIRY,
        &registration::AGE,
    ],
)
.of_domain(|case| judge(case).boxed());

const EXISTS: Check = Check::new("dns.exists", About::Domain, Severity::S4, "RFC 5321 section 2.3.5")
    .who(&[Who::ICloud, Who::Yahoo, Who::Rfc])
    .answers(&[Consequence { provider: Who::ICloud, code: "450 4.1.8" }]);
const SENDER_SOA: Check = Check::new(
    "dns.soa-for-sender-subdomain",
    About::Domain,
    Severity::S4,
    "Yahoo Sender Hub, SMTP error codes",
)
.who(&[Who::Yahoo])
.answers(&[
    Consequence { provider: Who::Yahoo, code: "451" },
    Consequence { provider: Who::Yahoo, code: "554" },
])
.after(&["dns.exists"]);

async fn judge(case: &DomainCase) -> Vec<Finding> {
    let zone = case.zone().await;
    let said = &servers::ask(case, zone).await;
    let parts = [
        async { vec![exists(case).await, sender_soa(case).await] }.boxed(),
        async { delegation::judge(case, zone, said) }.boxed(),
        values::judge(case, zone, said).boxed(),
        security::judge(case, zone, said).boxed(),
        txt::judge(case).boxed(),
        registration::judge(case).boxed(),
    ];
    join_all(parts).await.concat()
}

async fn exists(case: &DomainCase) -> Finding {
    let domain = &case.domain;
    let none = |kind: RecordType| {
        EXISTS
            .fail(domain, note!("dns-exists-not", domain = domain))
            .evidence(format!("{domain} {kind}: NXDOMAIN"))
            .fix(Fix::new(note!("dns-exists-fix", domain = domain)))
    };
    // One answer proves it, whichever question it is to.
    match case.resolver().lookup(&case.name, RecordType::Soa).await {
        Ok(_) | Err(DnsError::NoData) => EXISTS.pass(domain, note!("dns-exists", domain = domain)),
        Err(DnsError::NxDomain) => none(RecordType::Soa),
        Err(_) => match &case.hosts().await.receiving {
            Receiving::NoDomain => none(RecordType::Mx),
            Receiving::Unknown(error) => EXISTS.unknown(
                domain,
                note!("dns-unanswered", name = domain, kind = RecordType::Mx, error = error),
            ),
            _ => EXISTS.pass(domain, note!("dns-exists", domain = domain)),
        },
    }
}

/// Yahoo asks for the SOA record of the very domain that sends: an answer with or without one will do, none will not.
async fn sender_soa(case: &DomainCase) -> Finding {
    let domain = &case.domain;
    if !case.sends().await {
        return SENDER_SOA.not_applicable(domain, note!("dns-sends-none", domain = domain));
    }
    let error = match case.resolver().lookup(&case.name, RecordType::Soa).await {
        Ok(_) | Err(DnsError::NoData) => {
            return SENDER_SOA.pass(domain, note!("dns-soa-for-sender-subdomain", domain = domain));
        }
        Err(error) => error,
    };
    let note = note!("dns-soa-for-sender-subdomain-none", domain = domain, error = error);
    let evidence = format!("{domain} SOA: {error}");
    let others = !matches!(case.hosts().await.receiving, Receiving::Unknown(_));
    // Where everything fails we know of no fault of this record alone.
    if others || error == DnsError::NxDomain {
        let fix = Fix::new(note!("dns-soa-for-sender-subdomain-fix", domain = domain));
        SENDER_SOA.fail(domain, note).evidence(evidence).fix(fix)
    } else {
        SENDER_SOA
            .unknown(domain, note!("dns-unanswered", name = domain, kind = RecordType::Soa, error = error))
            .evidence(evidence)
    }
}

#[cfg(test)]
pub(crate) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::Fixture;
    const NOTHING: &str = "- example.com.\n- mx1\n- mx2\n- mta-sts\n- s2026\n- e2026\n- _";
    let mut all = vec![
        Fixture::pass("dns.exists", ""),
        Fixture::fail("dns.exists", NOTHING),
        Fixture::unknown("dns.exists", "$SERVFAIL example.com."),
        Fixture::pass("dns.soa-for-sender-subdomain", ""),
        Fixture::fail("dns.soa-for-sender-subdomain", "$SERVFAIL example.com. SOA"),
        Fixture::na("dns.soa-for-sender-subdomain", NOTHING),
        Fixture::na("dns.soa-for-sender-subdomain", "$SERVFAIL example.com."),
        Fixture::na("dns.soa-for-sender-subdomain", "- example.com. TXT\nexample.com. TXT \"v=spf1 -all\""),
    ];
    all.extend(caa::fixtures());
    all.extend(delegation::fixtures());
    all.extend(values::fixtures());
    all.extend(security::fixtures());
    all.extend(txt::fixtures());
    all.extend(registration::fixtures());
    all
}
