//! Who answers for the zone, and whether all of them say the same.

use std::collections::BTreeSet;
use std::net::IpAddr;

use tegami_auth::finding::{Change, Operation, Severity};
use tegami_auth::is_on_the_internet;
use tegami_dns::{Data, DnsName, RecordType};
use tegami_mail::note;

use super::servers::{NameServer, Said, ZoneFacts};
use crate::case::{DomainCase, Reach};
use crate::checks::mx::network;
use crate::probe::{ServerAnswer, Unprobed};
use crate::{About, Check, Finding, Fix, Who};

pub(super) const DELEGATION: Check =
    Check::new("dns.delegation", About::Domain, Severity::S3, "RFC 2182 section 5")
        .who(&[Who::Rfc])
        .after(&["dns.exists"]);
pub(super) const PARENT_CHILD: Check =
    Check::new("dns.ns-parent-child", About::Domain, Severity::S2, "RFC 1034 section 4.2.2")
        .after(&["dns.exists", "dns.delegation"]);
pub(super) const SERIAL: Check =
    Check::new("dns.serial-consistency", About::Domain, Severity::S2, "RFC 1912 section 2.2")
        .after(&["dns.exists"]);
pub(super) const ANSWERS: Check =
    Check::new("dns.answer-consistency", About::Domain, Severity::S3, "RFC 1034 section 4.3.5")
        .who(&[Who::Rfc])
        .after(&["dns.exists"]);

pub(super) fn judge(case: &DomainCase, zone: &ZoneFacts, said: &[Said]) -> Vec<Finding> {
    let mut findings = delegation(case, zone, said);
    findings.push(parent_child(case, zone, said));
    findings.push(serial(case, said));
    findings.push(answers(case, said));
    findings
}

/// A list for a sentence.
fn list<'n>(names: impl IntoIterator<Item = &'n DnsName>) -> String {
    names.into_iter().map(DnsName::to_string).collect::<Vec<_>>().join(", ")
}

/// Takes NS records out of the zone.
fn delete(apex: &DnsName, servers: &[&NameServer]) -> Vec<Change> {
    let delete = |server: &&NameServer| {
        Change::new(Operation::Delete, apex, RecordType::Ns, format!("{}.", server.name))
    };
    servers.iter().map(delete).collect()
}

/// How a server can be no server of the zone.
fn is_lame(answer: &ServerAnswer) -> bool {
    !answer.authoritative || answer.records().is_err()
}

/// What a server said to the question for the SOA record, in a few words.
fn spoken(answer: &ServerAnswer) -> String {
    match answer.records() {
        Err(error) => error.to_string(),
        Ok(_) => "no authority (AA is not set)".to_owned(),
    }
}

fn delegation(case: &DomainCase, zone: &ZoneFacts, said: &[Said]) -> Vec<Finding> {
    let domain = &case.domain;
    let Some(apex) = &zone.apex else {
        let finding = match &zone.soa {
            Err(error) if !error.is_void() => DELEGATION.unknown(
                domain,
                note!("dns-unanswered", name = domain, kind = RecordType::Soa, error = error),
            ),
            _ => DELEGATION.unknown(domain, note!("dns-no-zone", domain = domain)),
        };
        return vec![finding];
    };
    if zone.servers.is_empty() {
        let error = zone.error.clone().unwrap_or(tegami_dns::DnsError::NoData);
        return vec![
            DELEGATION
                .unknown(domain, note!("dns-unanswered", name = apex, kind = RecordType::Ns, error = error)),
        ];
    }
    let mut findings = faults(case, apex, zone, said);
    if findings.is_empty() {
        findings.push(shape(case, apex, zone, said));
    }
    findings
}

/// Servers that cannot serve.
fn faults(case: &DomainCase, apex: &DnsName, zone: &ZoneFacts, said: &[Said]) -> Vec<Finding> {
    let domain = &case.domain;
    let mut findings = Vec::new();
    let nowhere: Vec<&NameServer> = zone
        .servers
        .iter()
        .filter(|server| {
            server.addresses.is_empty() && server.error.as_ref().is_some_and(tegami_dns::DnsError::is_void)
        })
        .collect();
    if !nowhere.is_empty() {
        let names = list(nowhere.iter().map(|server| &server.name));
        findings.push(
            DELEGATION
                .fail(domain, note!("dns-delegation-nowhere", apex = apex, servers = names))
                .evidences(nowhere.iter().map(|server| format!("{apex} NS {}.", server.name)))
                .fix(Fix::new(note!("dns-delegation-fix")).records(delete(apex, &nowhere))),
        );
    }
    let aliases: Vec<&NameServer> = zone.servers.iter().filter(|server| !server.aliases.is_empty()).collect();
    if !aliases.is_empty() {
        let mut records = delete(apex, &aliases);
        let targets = aliases.iter().filter_map(|server| server.aliases.last());
        records.extend(
            targets.map(|target| Change::new(Operation::Add, apex, RecordType::Ns, format!("{target}."))),
        );
        let names = list(aliases.iter().map(|server| &server.name));
        let chain =
            |server: &&NameServer| Some(format!("{} CNAME {}.", server.name, server.aliases.first()?));
        findings.push(
            DELEGATION
                .fail(domain, note!("dns-delegation-alias", apex = apex, servers = names))
                .source("RFC 2181 section 10.3")
                .evidences(aliases.iter().filter_map(chain))
                .fix(Fix::new(note!("dns-delegation-alias-fix")).records(records)),
        );
    }
    let lame: Vec<(&Said, &ServerAnswer)> = said
        .iter()
        .filter_map(|said| Some((said, said.soa.as_ref().ok().filter(|answer| is_lame(answer))?)))
        .collect();
    if !lame.is_empty() {
        let servers: Vec<&NameServer> = zone
            .servers
            .iter()
            .filter(|server| lame.iter().any(|(said, _)| said.server == server.name))
            .collect();
        let names = list(lame.iter().map(|(said, _)| &said.server));
        let fix = Fix::new(note!("dns-delegation-lame-fix", apex = apex));
        // Who takes all of them away has no zone any more.
        let some = servers.len() < zone.servers.len();
        findings.push(
            DELEGATION
                .fail(domain, note!("dns-delegation-lame", apex = apex, servers = names))
                .source("RFC 1912 section 2.8")
                .evidences(lame.iter().map(|(said, answer)| {
                    format!("{} ({}) {apex} SOA: {}", said.server, said.ip, spoken(answer))
                }))
                .fix(if some { fix.records(delete(apex, &servers)) } else { fix }),
        );
    }
    findings.into_iter().map(|finding| finding.ttl(zone.ttl)).collect()
}

/// Servers that serve: how many, and where.
fn shape(case: &DomainCase, apex: &DnsName, zone: &ZoneFacts, said: &[Said]) -> Finding {
    let domain = &case.domain;
    let published = zone.servers.iter().map(|server| format!("{apex} NS {}.", server.name));
    let silent: Vec<&Said> = said.iter().filter(|said| said.soa == Err(Unprobed::Timeout)).collect();
    let answered = said.iter().any(|said| said.soa.is_ok());
    let finding = if zone.servers.len() < 2 {
        DELEGATION
            .warn(domain, note!("dns-delegation-one", apex = apex))
            .severity(Severity::S2)
            .fix(Fix::new(note!("dns-delegation-one-fix")))
    } else if !silent.is_empty() && answered {
        let names = list(silent.iter().map(|said| &said.server));
        DELEGATION
            .warn(domain, note!("dns-delegation-silent", apex = apex, servers = names))
            .fix(Fix::new(note!("dns-delegation-silent-fix")))
            .severity(Severity::S2)
            .likely()
    } else if in_one_network(case, zone) {
        DELEGATION
            .warn(domain, note!("dns-delegation-network", apex = apex))
            .severity(Severity::S2)
            .evidences(
                zone.servers
                    .iter()
                    .flat_map(|server| server.addresses.iter().map(|ip| format!("{} {ip}", server.name))),
            )
            .fix(Fix::new(note!("dns-delegation-one-fix")))
    } else if answered {
        DELEGATION.pass(domain, note!("dns-delegation", apex = apex, count = zone.servers.len()))
    } else {
        DELEGATION.info(domain, note!("dns-delegation-unasked", apex = apex, count = zone.servers.len()))
    };
    finding.evidences(published).ttl(zone.ttl)
}

/// All servers behind one line. A laboratory on loopback has no networks.
fn in_one_network(case: &DomainCase, zone: &ZoneFacts) -> bool {
    let counts = |ip: &IpAddr| is_on_the_internet(*ip) || case.known.reach == Reach::Documentation;
    let addresses = zone.servers.iter().flat_map(|server| &server.addresses).filter(|ip| counts(ip));
    addresses.map(|ip| network(*ip)).collect::<BTreeSet<_>>().len() == 1
}

fn parent_child(case: &DomainCase, zone: &ZoneFacts, said: &[Said]) -> Finding {
    let domain = &case.domain;
    let Some(apex) = &zone.apex else {
        return PARENT_CHILD.unknown(domain, note!("dns-no-zone", domain = domain));
    };
    let above = match &zone.above {
        Ok(above) if !above.is_empty() => above,
        Ok(_) => return PARENT_CHILD.unknown(domain, note!("dns-ns-parent-child-unseen", apex = apex)),
        Err(Unprobed::Off) => return PARENT_CHILD.unknown(domain, note!("dns-servers-off")),
        Err(error) => {
            return PARENT_CHILD
                .unknown(domain, note!("dns-ns-parent-child-unseen", apex = apex))
                .evidence(error);
        }
    };
    let of_server = said.iter().find_map(|said| {
        let own = said.answers.iter().find(|answered| answered.kind == RecordType::Ns)?;
        let answer = own.answer.as_ref().ok().filter(|answer| answer.authoritative)?;
        let name = |data: &Data| if let Data::Ns(name) = data { Some(name.clone()) } else { None };
        Some(answer.records().ok()?.iter().filter_map(|record| name(&record.data)).collect::<BTreeSet<_>>())
    });
    let own = of_server.unwrap_or_else(|| zone.servers.iter().map(|server| server.name.clone()).collect());
    if own == *above {
        return PARENT_CHILD.pass(domain, note!("dns-ns-parent-child", apex = apex)).ttl(zone.ttl);
    }
    let missing = above.difference(&own).map(|name| (Operation::Add, name));
    let surplus = own.difference(above).map(|name| (Operation::Delete, name));
    let records = missing
        .chain(surplus)
        .map(|(operation, name)| Change::new(operation, apex, RecordType::Ns, format!("{name}.")));
    PARENT_CHILD
        .warn(domain, note!("dns-ns-parent-child-other", apex = apex, above = list(above), own = list(&own)))
        .evidence(format!("above: {}", list(above)))
        .evidence(format!("{apex}: {}", list(&own)))
        .fix(Fix::new(note!("dns-ns-parent-child-fix", own = list(&own))).records(records.collect()))
        .ttl(zone.ttl)
}

fn serial(case: &DomainCase, said: &[Said]) -> Finding {
    let domain = &case.domain;
    let serials: Vec<(&Said, u32)> = said
        .iter()
        .filter_map(|said| {
            let answer = said.soa.as_ref().ok().filter(|answer| answer.authoritative)?;
            match answer.records().ok()?.first()?.data {
                Data::Soa(_, _, [serial, ..]) => Some((said, serial)),
                _ => None,
            }
        })
        .collect();
    let distinct: BTreeSet<u32> = serials.iter().map(|(_, serial)| *serial).collect();
    let finding = match (distinct.len(), serials.len()) {
        (0, _) => SERIAL.unknown(domain, unseen(said)),
        (1, 1) => SERIAL.not_applicable(domain, note!("dns-one-server")),
        (1, _) => SERIAL.pass(domain, note!("dns-serial-consistency")),
        // A zone that was changed a moment ago is on its way to the others; the answers are what counts.
        _ => SERIAL.info(domain, note!("dns-serial-consistency-other")),
    };
    finding.evidences(serials.iter().map(|(said, serial)| format!("{} ({}) {serial}", said.server, said.ip)))
}

/// Why the servers said nothing.
fn unseen(said: &[Said]) -> tegami_mail::Note {
    let off = said.iter().all(|said| said.soa == Err(Unprobed::Off));
    if off { note!("dns-servers-off") } else { note!("dns-servers-silent") }
}

fn answers(case: &DomainCase, said: &[Said]) -> Finding {
    let domain = &case.domain;
    let questions: BTreeSet<(&DnsName, RecordType)> = said
        .iter()
        .flat_map(|said| &said.answers)
        .filter(|answered| answered.kind != RecordType::Ns)
        .map(|answered| (&answered.name, answered.kind))
        .collect();
    let (mut differ, mut evidence, mut compared) = (Vec::new(), Vec::new(), 0);
    for (name, kind) in questions {
        let of = |said: &Said| {
            let answered = said.answers.iter().find(|one| one.name == *name && one.kind == kind)?;
            answered.records()
        };
        let told: Vec<(&Said, Vec<String>)> =
            said.iter().filter_map(|said| Some((said, of(said)?))).collect();
        compared = compared.max(told.len());
        let distinct: BTreeSet<&Vec<String>> = told.iter().map(|(_, records)| records).collect();
        if distinct.len() < 2 {
            continue;
        }
        differ.push(format!("{name} {kind}"));
        evidence.extend(told.iter().map(|(said, records)| {
            let records = if records.is_empty() { "-".to_owned() } else { records.join(" | ") };
            format!("{} ({}): {name} {kind} {records}", said.server, said.ip)
        }));
    }
    match (compared, differ.is_empty()) {
        (0, _) => ANSWERS.unknown(domain, unseen(said)),
        (1, _) => ANSWERS.not_applicable(domain, note!("dns-one-server")),
        (count, true) => ANSWERS.pass(domain, note!("dns-answer-consistency", count = count)),
        _ => ANSWERS
            .fail(domain, note!("dns-answer-consistency-other", what = differ.join(", ")))
            .evidences(evidence)
            .fix(Fix::new(note!("dns-answer-consistency-fix"))),
    }
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::{Fixture, World};
    fn server(world: &mut World, ip: &str, says: Result<&str, Unprobed>) {
        world.table.servers.insert(ip.parse().unwrap(), says.map(str::to_owned));
    }
    const ONE_LINE: &str = "- ns1.example.net.\n- ns2.example.org.\nns1.example.net. A 203.0.113.1\nns2.example.org. A 203.0.113.2";
    vec![
        Fixture::pass("dns.delegation", ""),
        Fixture::fail("dns.delegation", "example.com. NS ns3.example.com."),
        Fixture::fail(
            "dns.delegation",
            "- ns2.example.org. A\nns2.example.org. CNAME real.example.org.\nreal.example.org. A 198.51.100.2",
        ),
        Fixture::fail("dns.delegation", "").with(|world| server(world, "198.51.100.2", Ok("$LAME"))),
        Fixture::fail("dns.delegation", "").with(|world| server(world, "198.51.100.2", Ok("- example.com. SOA"))),
        Fixture::warn("dns.delegation", "").with(|world| server(world, "198.51.100.2", Err(Unprobed::Timeout))),
        Fixture::warn("dns.delegation", "- example.com. NS ns2"),
        Fixture::warn("dns.delegation", ONE_LINE),
        Fixture::unknown("dns.delegation", "$SERVFAIL example.com. NS\n$SERVFAIL com. NS"),
        Fixture::info("dns.delegation", "").with(|world| {
            server(world, "198.51.100.2", Err(Unprobed::Off));
            server(world, "203.0.113.1", Err(Unprobed::Off));
        }),
        Fixture::pass("dns.ns-parent-child", ""),
        Fixture::warn("dns.ns-parent-child", "").with(|world| {
            let above = "- example.com. NS ns2\nexample.com. NS ns9.example.org.";
            server(world, "192.0.2.53", Ok(above));
        }),
        Fixture::unknown("dns.ns-parent-child", "")
            .with(|world| server(world, "192.0.2.53", Err(Unprobed::Off))),
        Fixture::pass("dns.serial-consistency", ""),
        Fixture::info("dns.serial-consistency", "").with(|world| {
            let old = "- example.com. SOA\nexample.com. SOA ns1.example.net. hostmaster.example.com. 2026112000 7200 3600 1209600 3600";
            server(world, "198.51.100.2", Ok(old));
        }),
        Fixture::na("dns.serial-consistency", "- example.com. NS ns2"),
        Fixture::pass("dns.answer-consistency", ""),
        Fixture::fail("dns.answer-consistency", "").with(|world| {
            server(world, "203.0.113.1", Ok("- _dmarc\n_dmarc TXT \"v=DMARC1; p=reject\""));
            server(world, "198.51.100.2", Ok("- _dmarc"));
        }),
        Fixture::na("dns.answer-consistency", "")
            .with(|world| server(world, "198.51.100.2", Err(Unprobed::Timeout))),
        Fixture::unknown("dns.answer-consistency", "").with(|world| {
            server(world, "198.51.100.2", Err(Unprobed::Off));
            server(world, "203.0.113.1", Err(Unprobed::Timeout));
        }),
    ]
}
