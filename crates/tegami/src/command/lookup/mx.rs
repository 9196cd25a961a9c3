//! `tegami lookup mx`: the hosts that receive mail for a domain, as a sending host sees them (RFC 5321 section 5.1).

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tegami_dns::{Answer, Data, DnsError, DnsName, MxHost, RecordType, Resolver};
use tegami_mail::{Note, note};

use super::super::prose::Prose;
use super::{Context, Failure, Report, domain, report};
use crate::cli::DomainQuestion;

/// Hosts whose addresses are asked for.
const MAX_HOSTS: usize = 50;

/// One host with its addresses.
struct Row {
    /// `None` for the implicit MX.
    preference: Option<u16>,
    host: String,
    ttl: Duration,
    ipv4: Vec<IpAddr>,
    ipv6: Vec<IpAddr>,
    problem: Option<Note>,
}

/// The answer: a word, why, and the hosts.
struct Found {
    result: &'static str,
    note: Note,
    rows: Vec<Row>,
}

pub(super) async fn run(
    question: &DomainQuestion,
    context: &Context,
    resolver: &dyn Resolver,
) -> Result<Report, Failure> {
    let domain = domain(&question.domain)?;
    let name = DnsName::from(&domain);
    let found = find(&name, resolver).await;
    let good =
        matches!(found.result, "mx" | "implicit") && found.rows.iter().all(|row| row.problem.is_none());
    let as_json = || {
        let hosts = found.rows.iter().map(|row| {
            json!({
                "preference": row.preference,
                "host": row.host,
                "ipv4": row.ipv4,
                "ipv6": row.ipv6,
                "ttl": row.ttl.as_secs(),
                "problem": row.problem.as_ref().map(|note| context.say(note)),
            })
        });
        json!({
            "domain": domain.as_str(),
            "result": found.result,
            "reason": context.say(&found.note),
            "hosts": hosts.collect::<Vec<_>>(),
        })
    };
    Ok(report(context, good, as_json, || text(&question.domain, context, &found)))
}

async fn find(name: &DnsName, resolver: &dyn Resolver) -> Found {
    let none = |result, note| Found { result, note, rows: Vec::new() };
    match resolver.lookup(name, RecordType::Mx).await {
        Ok(answer) => explicit(name, &answer, resolver).await,
        // RFC 5321 section 5.1: without any MX record the domain itself is the host, where it has an address.
        Err(DnsError::NoData) => {
            let mut row = addresses(None, name.as_str().to_owned(), Duration::ZERO, resolver).await;
            match row.problem.take() {
                Some(note) if note.id == "cli-mx-host-open" => none("temperror", note),
                Some(_) => none("none", note!("cli-mx-none", domain = name)),
                None => Found {
                    result: "implicit",
                    note: note!("cli-mx-implicit", domain = name),
                    rows: vec![row],
                },
            }
        }
        Err(DnsError::NxDomain) => none("none", note!("cli-mx-nxdomain", domain = name)),
        Err(error) => none("temperror", note!("cli-mx-open", domain = name, error = error)),
    }
}

async fn explicit(name: &DnsName, answer: &Answer, resolver: &dyn Resolver) -> Found {
    let mut hosts: Vec<(MxHost, Duration)> = answer
        .records
        .iter()
        .filter_map(|record| match &record.data {
            Data::Mx(host) => Some((host.clone(), record.ttl)),
            _ => None,
        })
        .collect();
    hosts.sort();
    let null = hosts.iter().filter(|(host, _)| host.exchange.is_root()).count();
    if null == hosts.len() {
        return Found { result: "null", note: note!("cli-mx-null", domain = name), rows: Vec::new() };
    }
    let rows = hosts.into_iter().take(MAX_HOSTS).map(|(host, ttl)| async move {
        if host.exchange.is_root() {
            let problem = Some(note!("cli-mx-null-among-others"));
            let (preference, host) = (Some(host.preference), ".".to_owned());
            return Row { preference, host, ttl, ipv4: Vec::new(), ipv6: Vec::new(), problem };
        }
        addresses(Some(host.preference), host.exchange.to_string(), ttl, resolver).await
    });
    let rows = join_all(rows).await;
    Found { result: "mx", note: note!("cli-mx-found", domain = name, count = rows.len()), rows }
}

async fn addresses(preference: Option<u16>, host: String, ttl: Duration, resolver: &dyn Resolver) -> Row {
    let mut row = Row { preference, host, ttl, ipv4: Vec::new(), ipv6: Vec::new(), problem: None };
    let Ok(name) = DnsName::parse(&row.host) else {
        row.problem = Some(note!("cli-mx-host-none", host = row.host));
        return row;
    };
    let mut open = None;
    for kind in [RecordType::A, RecordType::Aaaa] {
        match resolver.lookup(&name, kind).await {
            Ok(answer) => {
                row.ttl = if preference.is_none() { answer.ttl() } else { row.ttl };
                if let (Some(_), Some(target)) = (preference, answer.aliases.last()) {
                    // RFC 5321 section 5.1 and RFC 2181 section 10.3: an exchange must not be an alias.
                    row.problem = Some(note!("cli-mx-host-alias", host = row.host, target = target));
                }
                for record in answer.records {
                    match record.data {
                        Data::A(ip) => row.ipv4.push(ip.into()),
                        Data::Aaaa(ip) => row.ipv6.push(ip.into()),
                        _ => {}
                    }
                }
            }
            Err(error) if error.is_void() => {}
            Err(error) => open = Some(note!("cli-mx-host-open", host = row.host, error = error)),
        }
    }
    row.ipv4.sort();
    row.ipv6.sort();
    if row.ipv4.is_empty() && row.ipv6.is_empty() {
        row.problem = open.or_else(|| Some(note!("cli-mx-host-none", host = row.host)));
    }
    row
}

fn text(domain: &str, context: &Context, found: &Found) -> String {
    let mut prose = Prose::new(context);
    prose.verdict(&format!("MX {domain}"), found.result);
    prose.sentence(2, &found.note, "");
    if found.rows.is_empty() {
        return prose.into_text();
    }
    prose.gap();
    let heading = ["preference", "host", "ipv4", "ipv6", "ttl"];
    let heading = heading.map(|id| context.word(&format!("cli-column-{id}")));
    let list = |ips: &[IpAddr]| {
        let ips: Vec<String> = ips.iter().map(IpAddr::to_string).collect();
        if ips.is_empty() { "–".to_owned() } else { ips.join("\n") }
    };
    let rows: Vec<Vec<String>> = found
        .rows
        .iter()
        .map(|row| {
            let preference = row.preference.map_or_else(|| "–".to_owned(), |number| number.to_string());
            vec![
                preference,
                row.host.clone(),
                list(&row.ipv4),
                list(&row.ipv6),
                format!("{} s", row.ttl.as_secs()),
            ]
        })
        .collect();
    prose.table(2, &heading, &rows);
    for problem in found.rows.iter().filter_map(|row| row.problem.as_ref()) {
        prose.gap();
        prose.sentence(2, problem, "");
    }
    prose.into_text()
}
