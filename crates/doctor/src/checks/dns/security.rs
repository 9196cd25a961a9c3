//! Whether the zone is signed, and whether the signatures hold (RFC 4035).

use aws_lc_rs::digest::{SHA256, digest};
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_dns::{Data, DnsError, DnsName, Dnskey, Ds, RecordType, Security};
use tegami_mail::note;

use super::servers::{Said, ZoneFacts};
use crate::case::DomainCase;
use crate::{About, Check, Finding, Fix, Who};

pub(super) const DNSSEC: Check = Check::new("dns.dnssec", About::Domain, Severity::S3, "RFC 4035 section 5")
    .who(&[Who::Rfc])
    .after(&["dns.exists"]);
pub(super) const ALGORITHM: Check =
    Check::new("dns.dnssec-algorithm", About::Domain, Severity::S1, "RFC 9276 section 3.1")
        .after(&["dns.exists", "dns.dnssec"]);

/// A key that the zone above may name (RFC 4034 section 2.1.1).
const SECURE_ENTRY: u16 = 257;

/// Rounds from which resolvers treat a zone as not signed (RFC 9276 section 3.2).
const MANY_ITERATIONS: u16 = 100;

pub(super) async fn judge(case: &DomainCase, zone: &ZoneFacts, said: &[Said]) -> Vec<Finding> {
    let domain = &case.domain;
    let Some(apex) = &zone.apex else {
        let note = || match &zone.soa {
            Err(error) if !error.is_void() => {
                note!("dns-unanswered", name = domain, kind = RecordType::Soa, error = error)
            }
            _ => note!("dns-no-zone", domain = domain),
        };
        return vec![DNSSEC.unknown(domain, note()), ALGORITHM.unknown(domain, note())];
    };
    let ds = case.resolver().lookup(apex, RecordType::Ds).await;
    let secure = zone.soa.as_ref().is_ok_and(|answer| answer.security == Security::Secure);
    let signed = secure || ds.is_ok();
    let mut findings = vec![match ds {
        Ok(answer) => {
            let named: Vec<Ds> = answer
                .records
                .iter()
                .filter_map(|record| if let Data::Ds(ds) = &record.data { Some(ds.clone()) } else { None })
                .collect();
            of_signed(case, zone, said, apex, &named).await.ttl(answer.ttl())
        }
        Err(_) if secure => DNSSEC.pass(domain, note!("dns-dnssec", zone = apex)),
        Err(error) if error.is_void() => {
            DNSSEC.info(domain, note!("dns-dnssec-absent", zone = apex)).severity(Severity::S1)
        }
        Err(error) => {
            DNSSEC.unknown(domain, note!("dns-unanswered", name = apex, kind = RecordType::Ds, error = error))
        }
    }];
    findings.extend(of_hosts(case, apex).await);
    findings.push(algorithm(case, apex, signed).await);
    findings
}

/// The zone above vouches for keys: do these stand in the zone, and do the signatures hold?
async fn of_signed(
    case: &DomainCase,
    zone: &ZoneFacts,
    said: &[Said],
    apex: &DnsName,
    named: &[Ds],
) -> Finding {
    let domain = &case.domain;
    let keys = keys(case, said, apex).await;
    let fits = |keys: &[Dnskey]| named.iter().any(|ds| keys.iter().any(|key| key.tag() == ds.tag));
    let evidence: Vec<String> = named
        .iter()
        .map(|ds| format!("{apex} DS {}", Data::Ds(ds.clone())))
        .chain(keys.iter().flatten().map(|key| format!("{apex} DNSKEY {} (tag {})", key.flags, key.tag())))
        .collect();
    let broken = |note| {
        DNSSEC.fail(domain, note).evidences(&evidence).fix(
            Fix::new(note!("dns-dnssec-fix", zone = apex))
                .records(mended(apex, named, keys.as_deref().unwrap_or_default()))
                .by(apex.parent().map(|above| above.to_string()).unwrap_or_default()),
        )
    };
    let strangers = keys.as_deref().is_some_and(|keys| !fits(keys));
    match &zone.soa {
        Ok(answer) if answer.security == Security::Secure => {
            DNSSEC.pass(domain, note!("dns-dnssec", zone = apex)).evidences(evidence)
        }
        _ if strangers => broken(note!("dns-dnssec-other-key", zone = apex)),
        Err(DnsError::Bogus) => broken(note!("dns-dnssec-bogus", zone = apex)),
        Ok(_) => DNSSEC.unknown(domain, note!("dns-dnssec-unvalidated", zone = apex)).evidences(evidence),
        Err(error) => DNSSEC
            .unknown(domain, note!("dns-unanswered", name = apex, kind = RecordType::Soa, error = error))
            .evidences(evidence),
    }
}

fn dnskeys<'r>(records: impl IntoIterator<Item = &'r tegami_dns::Record>) -> Vec<Dnskey> {
    let key = |data: &Data| if let Data::Dnskey(key) = data { Some(key.clone()) } else { None };
    records.into_iter().filter_map(|record| key(&record.data)).collect()
}

/// The keys of the zone: from our resolver, else from a server, since nobody hands on what cannot be validated.
async fn keys(case: &DomainCase, said: &[Said], apex: &DnsName) -> Option<Vec<Dnskey>> {
    if let Ok(answer) = case.resolver().lookup(apex, RecordType::Dnskey).await {
        return Some(dnskeys(&answer.records));
    }
    for said in said.iter().filter(|said| said.soa.is_ok()) {
        let Ok(answer) = case.probes.ask_server(said.ip, apex, RecordType::Dnskey).await else { continue };
        if let Ok(records) = answer.records() {
            return Some(dnskeys(records));
        }
    }
    None
}

/// The DS records of the keys that are there, instead of those that fit none.
fn mended(apex: &DnsName, named: &[Ds], keys: &[Dnskey]) -> Vec<Change> {
    let fits = |ds: &&Ds| keys.iter().any(|key| key.tag() == ds.tag);
    let gone = named.iter().filter(|ds| !fits(ds));
    let delete =
        gone.map(|ds| Change::new(Operation::Delete, apex, RecordType::Ds, Data::Ds(ds.clone()).to_string()));
    let new = keys.iter().filter(|key| key.flags == SECURE_ENTRY);
    let new = new.filter(|key| !named.iter().any(|ds| ds.tag == key.tag()));
    let add = new.map(|key| {
        let data = Data::Ds(record_above(apex, key));
        Change::new(Operation::Add, apex, RecordType::Ds, data.to_string())
    });
    delete.chain(add).collect()
}

/// What the zone above has to publish for a key, with SHA-256 (RFC 4034 section 5.1.4, RFC 4509 section 2.1).
fn record_above(apex: &DnsName, key: &Dnskey) -> Ds {
    let mut octets = Vec::new();
    for label in apex.as_str().split('.') {
        octets.push(u8::try_from(label.len()).unwrap_or(63));
        octets.extend(label.as_bytes());
    }
    octets.push(0);
    octets.extend(key.flags.to_be_bytes());
    octets.extend([key.protocol, key.algorithm]);
    octets.extend(&key.key);
    let digest = digest(&SHA256, &octets).as_ref().to_vec();
    Ds { tag: key.tag(), algorithm: key.algorithm, digest_type: 2, digest }
}

/// Mail hosts in zones of others.
async fn of_hosts(case: &DomainCase, apex: &DnsName) -> Vec<Finding> {
    let hosts = case.hosts().await;
    let strangers = hosts.real().filter(|host| !host.name.is_within(apex));
    strangers
        .filter_map(|host| match &host.error {
            Some(DnsError::Bogus) => Some(
                DNSSEC
                    .fail(&host.name, note!("dns-dnssec-host-bogus", host = host.name))
                    .fix(Fix::new(note!("dns-dnssec-host-fix", host = host.name))),
            ),
            _ if host.addresses.is_empty() => None,
            _ if host.secure => Some(DNSSEC.pass(&host.name, note!("dns-dnssec-host", host = host.name))),
            _ => Some(
                DNSSEC
                    .info(&host.name, note!("dns-dnssec-host-absent", host = host.name))
                    .severity(Severity::S1),
            ),
        })
        .collect()
}

/// The algorithms that nobody should sign with any more (RFC 8624 section 3.1), by number.
fn is_old(algorithm: u8) -> Option<&'static str> {
    Some(match algorithm {
        1 => "RSAMD5",
        3 => "DSA",
        5 => "RSASHA1",
        6 => "DSA-NSEC3-SHA1",
        7 => "RSASHA1-NSEC3-SHA1",
        _ => return None,
    })
}

async fn algorithm(case: &DomainCase, apex: &DnsName, signed: bool) -> Finding {
    let domain = &case.domain;
    if !signed {
        return ALGORITHM.not_applicable(domain, note!("dns-dnssec-absent", zone = apex));
    }
    let keys = match case.resolver().lookup(apex, RecordType::Dnskey).await {
        Ok(answer) => dnskeys(&answer.records),
        Err(error) if error.is_void() => Vec::new(),
        Err(error) => {
            return ALGORITHM.unknown(
                domain,
                note!("dns-unanswered", name = apex, kind = RecordType::Dnskey, error = error),
            );
        }
    };
    let old: Vec<&str> = keys.iter().filter_map(|key| is_old(key.algorithm)).collect();
    if let Some(name) = old.first() {
        return ALGORITHM
            .warn(domain, note!("dns-dnssec-algorithm-old", zone = apex, algorithm = name))
            .source("RFC 8624 section 3.1")
            .evidences(
                keys.iter()
                    .map(|key| format!("{apex} DNSKEY {} {} {}", key.flags, key.protocol, key.algorithm)),
            )
            .fix(Fix::new(note!("dns-dnssec-algorithm-fix")));
    }
    let param = case.resolver().lookup(apex, RecordType::Nsec3Param).await;
    let param = param.ok().and_then(|answer| {
        answer.records.iter().find_map(|record| match &record.data {
            Data::Nsec3Param(param) => Some(param.clone()),
            _ => None,
        })
    });
    match param.filter(|param| param.iterations > 0) {
        Some(param) => {
            let note = note!("dns-dnssec-algorithm-iterations", zone = apex, iterations = param.iterations);
            let many = param.iterations > MANY_ITERATIONS;
            let found = if many { ALGORITHM.warn(domain, note) } else { ALGORITHM.info(domain, note) };
            let right = format!("{} {} 0 -", param.algorithm, param.flags);
            found.evidence(format!("{apex} NSEC3PARAM {}", Data::Nsec3Param(param))).fix(
                Fix::new(note!("dns-dnssec-iterations-fix")).records(vec![Change::new(
                    Operation::Replace,
                    apex,
                    RecordType::Nsec3Param,
                    right,
                )]),
            )
        }
        None => ALGORITHM.pass(domain, note!("dns-dnssec-algorithm", zone = apex)),
    }
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::Fixture;
    const OTHER_KEY: &str = "$BOGUS example.com. SOA\n- example.com. DS\nexample.com. DS 12345 13 2 AABBCCDD";
    vec![
        Fixture::pass("dns.dnssec", ""),
        Fixture::info("dns.dnssec", "- $SECURE\n- example.com. DS\n- example.com. DNSKEY"),
        Fixture::fail("dns.dnssec", OTHER_KEY),
        Fixture::fail("dns.dnssec", "$BOGUS example.com. SOA"),
        Fixture::fail("dns.dnssec", "- $SECURE\n- example.com. DS\nexample.com. DS 12345 13 2 AABBCCDD"),
        // Our resolver validates nothing: then we know nothing.
        Fixture::unknown("dns.dnssec", "- $SECURE"),
        Fixture::unknown("dns.dnssec", "$SERVFAIL example.com. SOA"),
        Fixture::info("dns.dnssec", "example.com. MX 30 mx.example.net.\nmx.example.net. A 203.0.113.30"),
        Fixture::fail("dns.dnssec", "example.com. MX 30 mx.example.net.\n$BOGUS mx.example.net."),
        Fixture::pass("dns.dnssec-algorithm", ""),
        Fixture::na("dns.dnssec-algorithm", "- $SECURE\n- example.com. DS\n- example.com. DNSKEY"),
        Fixture::warn("dns.dnssec-algorithm", "example.com. DNSKEY 256 3 5 AQIDBA=="),
        Fixture::info(
            "dns.dnssec-algorithm",
            "- example.com. NSEC3PARAM\nexample.com. NSEC3PARAM 1 0 10 AABB",
        ),
        Fixture::warn("dns.dnssec-algorithm", "- example.com. NSEC3PARAM\nexample.com. NSEC3PARAM 1 0 500 -"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 4509 section 2.3.
    #[test]
    fn the_record_for_the_zone_above_is_exact() {
        let zone = tegami_dns::Zone::parse(
            "dskey.example.com. 86400 IN DNSKEY 256 3 5 ( AQOeiiR0GOMYkDshWoSKz9Xz fwJr1AYtsmx3TGkJaNXVbfi/ 2pHm822aJ5iI9BMzNXxeYCmZ DRD99WYwYqUSdjMmmAphXdvx egXd/M5+X7OrzKBaMbCVdFLU Uh6DhweJBjEVv5f2wwjM9Xzc nOf+EPbtG9DMBmADjFDc2w/r ljwvFw== )",
        )
        .unwrap();
        let records: Vec<_> = zone.records().collect();
        let ds = record_above(&records[0].name, &dnskeys(&records)[0]);
        assert_eq!(
            Data::Ds(ds).to_string(),
            "60485 5 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A"
        );
    }
}
