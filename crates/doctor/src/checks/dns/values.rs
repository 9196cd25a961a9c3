//! What the records of the zone say of themselves: times, sizes, and names that nobody published.

use std::time::Duration;

use futures_util::future::join_all;
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_dns::{Data, DnsError, DnsName, Record, RecordType};
use tegami_mail::note;

use super::servers::{Answered, Said, ZoneFacts};
use crate::case::DomainCase;
use crate::probe::Unprobed;
use crate::{About, Check, Finding, Fix, Who};

pub(super) const SOA: Check =
    Check::new("dns.soa-values", About::Domain, Severity::S0, "RFC 2308 section 5").after(&["dns.exists"]);
pub(super) const WILDCARD: Check =
    Check::new("dns.wildcard", About::Domain, Severity::S2, "RFC 4592 section 2.1.1")
        .who(&[Who::Rfc])
        .after(&["dns.exists"]);
pub(super) const TTL: Check =
    Check::new("dns.ttl", About::Domain, Severity::S1, "RFC 1912 section 2.2").after(&["dns.exists"]);
pub(super) const TCP: Check =
    Check::new("dns.tcp-and-size", About::Domain, Severity::S2, "RFC 7766 section 5")
        .who(&[Who::Rfc])
        .after(&["dns.exists"]);

/// A day: what is said not to exist should not be believed longer while things change.
const DAY: Duration = Duration::from_secs(86_400);

/// Answers that are kept shorter than this are asked for with nearly every message.
const SHORT: Duration = Duration::from_secs(60);

/// Octets that pass every path in one datagram (RFC 9715 section 3.1).
const DATAGRAM: usize = 1232;

pub(super) async fn judge(case: &DomainCase, zone: &ZoneFacts, said: &[Said]) -> Vec<Finding> {
    vec![soa(case, zone), wildcard(case).await, ttl(case, said).await, tcp(case, said).await]
}

fn soa(case: &DomainCase, zone: &ZoneFacts) -> Finding {
    let domain = &case.domain;
    let answer = match &zone.soa {
        Ok(answer) => answer,
        Err(error) if error.is_void() => return SOA.unknown(domain, note!("dns-no-zone", domain = domain)),
        Err(error) => {
            return SOA.unknown(
                domain,
                note!("dns-unanswered", name = domain, kind = RecordType::Soa, error = error),
            );
        }
    };
    let Some((record, [_, refresh, retry, expire, minimum])) =
        answer.records.first().and_then(|record| match record.data {
            Data::Soa(_, _, numbers) => Some((record, numbers)),
            _ => None,
        })
    else {
        return SOA.unknown(domain, note!("dns-no-zone", domain = domain));
    };
    // RFC 2308 section 5: the smaller of both.
    let negative = Duration::from_secs(minimum.into()).min(record.ttl);
    let finding = if negative > DAY {
        SOA.warn(domain, note!("dns-soa-values-negative", zone = record.name, seconds = negative.as_secs()))
            .severity(Severity::S1)
            .fix(Fix::new(note!("dns-soa-values-fix")))
    } else {
        let note = note!(
            "dns-soa-values",
            zone = record.name,
            refresh = refresh,
            retry = retry,
            expire = expire,
            negative = negative.as_secs()
        );
        SOA.info(domain, note)
    };
    finding.evidence(record).ttl(record.ttl)
}

/// A name that nobody publishes on purpose, the same for a whole examination.
fn nobodys(case: &DomainCase, nth: u64) -> Option<DnsName> {
    let seed = u64::try_from(case.known.now.as_microsecond()).unwrap_or_default();
    // Knuth's multiplier mixes neighbouring moments; nothing has to be secret here.
    let mixed = seed.wrapping_add(nth).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    case.name.prepend(&format!("tegami-{:012x}", mixed >> 16)).ok()
}

async fn wildcard(case: &DomainCase) -> Finding {
    let domain = &case.domain;
    let Some(first) = nobodys(case, 1) else {
        return WILDCARD.not_applicable(domain, note!("dns-wildcard", domain = domain));
    };
    let answer = case.resolver().lookup(&first, RecordType::Txt).await;
    match &answer {
        // Then there is nothing of any type, and one question is enough.
        Err(DnsError::NxDomain) => return WILDCARD.pass(domain, note!("dns-wildcard", domain = domain)),
        Err(error) if !error.is_void() => {
            return WILDCARD.unknown(
                domain,
                note!("dns-unanswered", name = first, kind = RecordType::Txt, error = error),
            );
        }
        _ => {}
    }
    let mut records: Vec<Record> = answer.map(|answer| answer.records).unwrap_or_default();
    let more = [RecordType::Mx, RecordType::A];
    for answer in join_all(more.iter().map(|kind| case.resolver().lookup(&first, *kind))).await {
        records.extend(answer.into_iter().flat_map(|answer| answer.records));
    }
    // What stands at one such name and not at another is no wildcard.
    let second = match (nobodys(case, 2), records.is_empty()) {
        (Some(second), false) => second,
        _ => return WILDCARD.pass(domain, note!("dns-wildcard", domain = domain)),
    };
    let kinds = [RecordType::Txt, RecordType::Mx, RecordType::A];
    let again = join_all(kinds.iter().map(|kind| case.resolver().lookup(&second, *kind))).await;
    let again: Vec<Data> =
        again.into_iter().flatten().flat_map(|answer| answer.records).map(|record| record.data).collect();
    let everywhere: Vec<&Data> =
        records.iter().map(|record| &record.data).filter(|data| again.contains(data)).collect();
    let of = |kind| everywhere.iter().filter(move |data| data.kind() == kind);
    let star = format!("*.{domain}");
    let change = |data: &&&Data| match data {
        Data::Txt(text) => Change::txt(Operation::Delete, &star, String::from_utf8_lossy(text)),
        data => Change::new(Operation::Delete, &star, data.kind(), data.to_string()),
    };
    let told = |note, kind| {
        WILDCARD
            .warn(domain, note)
            .evidences(of(kind).map(|data| format!("{star} {} {data}", data.kind())))
            .fix(
                Fix::new(note!("dns-wildcard-fix", star = star))
                    .records(of(kind).map(|data| change(&data)).collect()),
            )
    };
    if of(RecordType::Txt).next().is_some() {
        told(note!("dns-wildcard-txt", domain = domain), RecordType::Txt)
    } else if of(RecordType::Mx).next().is_some() {
        told(note!("dns-wildcard-mx", domain = domain), RecordType::Mx)
    } else if of(RecordType::A).next().is_some() {
        WILDCARD
            .info(domain, note!("dns-wildcard-address", domain = domain))
            .evidences(of(RecordType::A).map(|data| format!("{star} {} {data}", data.kind())))
    } else {
        WILDCARD.pass(domain, note!("dns-wildcard", domain = domain))
    }
}

/// The records that mail depends on, with their times. Those of a cache run down: only the servers know how long they are meant to be.
async fn ttl(case: &DomainCase, said: &[Said]) -> Finding {
    let domain = &case.domain;
    let first = said.iter().find(|said| said.answers.iter().any(|one| one.records().is_some()));
    let authoritative = first.is_some();
    let records: Vec<Record> = match first {
        Some(said) => said.answers.iter().filter_map(of_server).flatten().collect(),
        None => {
            let mut names = vec![(case.name.clone(), RecordType::Mx), (case.name.clone(), RecordType::Txt)];
            names.extend(case.name.prepend("_dmarc").ok().map(|name| (name, RecordType::Txt)));
            let asked = names.iter().map(|(name, kind)| case.resolver().lookup(name, *kind));
            join_all(asked).await.into_iter().flatten().flat_map(|answer| answer.records).collect()
        }
    };
    if records.is_empty() {
        return TTL.not_applicable(domain, note!("dns-ttl-nothing", domain = domain));
    }
    let line =
        |record: &Record| format!("{} {} TTL {}", record.name, record.data.kind(), record.ttl.as_secs());
    let mut long: Vec<String> = records.iter().filter(|record| record.ttl > DAY).map(line).collect();
    let mut short: Vec<String> =
        records.iter().filter(|record| authoritative && record.ttl < SHORT).map(line).collect();
    long.dedup();
    short.dedup();
    let longest = records.iter().map(|record| record.ttl).max().unwrap_or_default();
    if !long.is_empty() {
        TTL.info(domain, note!("dns-ttl-long", seconds = longest.as_secs())).evidences(long)
    } else if !short.is_empty() {
        TTL.info(domain, note!("dns-ttl-short")).evidences(short)
    } else {
        TTL.pass(domain, note!("dns-ttl", seconds = longest.as_secs()))
    }
    .ttl(longest)
}

fn of_server(answered: &Answered) -> Option<Vec<Record>> {
    let answer = answered.answer.as_ref().ok().filter(|answer| answer.authoritative)?;
    Some(answer.records().ok()?.to_vec())
}

/// About how long an answer with these records is (RFC 1035 section 4.1), names compressed.
pub(in crate::checks) fn size(name: &DnsName, records: &[Record]) -> usize {
    let question = 12 + name.as_str().len() + 2 + 4;
    let record = |record: &Record| match &record.data {
        Data::Txt(text) => 12 + text.len() + text.strings().count(),
        data => 12 + data.to_string().len(),
    };
    question + records.iter().map(record).sum::<usize>() + 11
}

async fn tcp(case: &DomainCase, said: &[Said]) -> Finding {
    let domain = &case.domain;
    let texts = |said: &Said| {
        let one = said.answers.iter().find(|one| one.name == case.name && one.kind == RecordType::Txt)?;
        one.answer.clone().ok()
    };
    let told: Vec<_> = said.iter().filter_map(|said| Some((said, texts(said)?))).collect();
    let broken: Vec<_> = told
        .iter()
        .filter(|(_, answer)| answer.truncated && answer.records().is_err_and(|error| !error.is_void()))
        .collect();
    if let Some((first, _)) = broken.first() {
        return TCP
            .fail(domain, note!("dns-tcp-and-size-closed", domain = domain, server = first.server))
            .evidences(broken.iter().map(|(said, answer)| {
                let error = answer.records().err().map(ToString::to_string).unwrap_or_default();
                format!("{} ({}) {domain} TXT: TC, TCP: {error}", said.server, said.ip)
            }))
            .fix(Fix::new(note!("dns-tcp-and-size-fix")));
    }
    let answer = case.resolver().lookup(&case.name, RecordType::Txt).await;
    let octets = match &answer {
        Ok(answer) => size(&case.name, &answer.records),
        Err(error) if error.is_void() => size(&case.name, &[]),
        Err(error) => {
            return TCP.unknown(
                domain,
                note!("dns-unanswered", name = domain, kind = RecordType::Txt, error = error),
            );
        }
    };
    if octets <= DATAGRAM {
        return TCP.pass(domain, note!("dns-tcp-and-size", domain = domain, octets = octets));
    }
    if told.is_empty() {
        let off = said.iter().all(|said| said.soa == Err(Unprobed::Off));
        let note = if off { note!("dns-servers-off") } else { note!("dns-servers-silent") };
        return TCP.unknown(domain, note);
    }
    TCP.info(domain, note!("dns-tcp-and-size-large", domain = domain, octets = octets))
        .evidences(answer.into_iter().flat_map(|answer| answer.records))
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::Fixture;
    /// Fourteen services that wanted to see a TXT record.
    const MANY: &str = r#"
        example.com. TXT "service-01-verification=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        example.com. TXT "service-02-verification=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        example.com. TXT "service-03-verification=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        example.com. TXT "service-04-verification=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        example.com. TXT "service-05-verification=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        example.com. TXT "service-06-verification=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        example.com. TXT "service-07-verification=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        example.com. TXT "service-08-verification=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        example.com. TXT "service-09-verification=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        example.com. TXT "service-10-verification=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        example.com. TXT "service-11-verification=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        example.com. TXT "service-12-verification=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        example.com. TXT "service-13-verification=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        example.com. TXT "service-14-verification=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    "#;
    vec![
        Fixture::info("dns.soa-values", ""),
        // Formats of serials and times of secondaries are nobody's business.
        Fixture::info(
            "dns.soa-values",
            "- example.com. SOA\nexample.com. SOA ns1.example.net. hostmaster.example.com. 7 10000 2400 604800 1800",
        ),
        Fixture::warn(
            "dns.soa-values",
            "- example.com. SOA\nexample.com. 172800 SOA ns1.example.net. hostmaster.example.com. 2026112101 7200 3600 1209600 172800",
        ),
        Fixture::pass("dns.wildcard", ""),
        Fixture::warn("dns.wildcard", "* TXT \"v=spf1 -all\""),
        Fixture::warn("dns.wildcard", "* MX 10 mx1.example.com."),
        Fixture::info("dns.wildcard", "* A 192.0.2.80"),
        Fixture::unknown("dns.wildcard", "$SERVFAIL *.example.com."),
        Fixture::pass("dns.ttl", ""),
        Fixture::info("dns.ttl", "- example.com. MX\nexample.com. 604800 MX 10 mx1.example.com."),
        Fixture::info("dns.ttl", "- _dmarc\n_dmarc 30 TXT \"v=DMARC1; p=reject\""),
        Fixture::pass("dns.tcp-and-size", ""),
        Fixture::info("dns.tcp-and-size", MANY),
        Fixture::fail("dns.tcp-and-size", MANY).with(|world| {
            world.table.servers.insert("198.51.100.2".parse().unwrap(), Ok("$NOTCP".to_owned()));
        }),
    ]
}
