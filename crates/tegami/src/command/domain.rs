//! `tegami domain`: our domains, and what their owners have to publish.

use std::net::IpAddr;

use serde_json::json;
use tegami_dns::{Data, DnsName};
use tegami_mail::{Domain as Name, note};
use tegami_queue::shaping::SourceTerms;
use tegami_store::DkimKeyRow;

use super::{Context, Failure, Report, table};
use crate::cli::Domain;
use crate::config::Config;
use crate::server::Rooms;

/// One record to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedRecord {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) value: String,
}

/// Lists domains or the records of one.
pub(crate) async fn run(
    domain: &Domain,
    context: &Context,
    rooms: &Rooms,
    config: &Config,
) -> Result<Report, Failure> {
    match domain {
        Domain::List => list(context, rooms).await,
        Domain::Records { domain } => records(domain, context, rooms, config).await,
    }
}

/// All our domains, those of the configuration first.
async fn names(rooms: &Rooms) -> Result<Vec<Name>, Failure> {
    let roll = rooms.domains.roll().await?;
    let others = roll.iter().filter(|ours| !ours.configured).map(|ours| &ours.name);
    Ok(rooms.domains.configured().iter().chain(others).cloned().collect())
}

async fn list(context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let mut rows = Vec::new();
    let names = names(rooms).await?;
    for domain in &names {
        for key in rooms.dkim.of(domain).await? {
            rows.push((domain.to_unicode(), key));
        }
    }
    if context.json {
        let keys: Vec<_> = rows.iter().map(|(_, key)| json!(key)).collect();
        return Ok(Report::json(&json!({"domains": names, "dkim_keys": keys})));
    }
    let heading =
        ["domain", "selector", "algorithm"].map(|column| context.word(&format!("cli-column-{column}")));
    let lines: Vec<_> = rows.into_iter().map(|(name, key)| vec![name, key.selector, key.algorithm]).collect();
    Ok(Report::well(table::render(&heading, &lines)))
}

async fn records(domain: &str, context: &Context, rooms: &Rooms, config: &Config) -> Result<Report, Failure> {
    let name =
        Name::parse(domain).map_err(|error| note!("cli-bad-domain", domain = domain, reason = error))?;
    if rooms.domains.find(&name).await?.is_none() {
        return Err(note!("cli-not-our-domain", domain = domain).into());
    }
    let keys = rooms.dkim.of(&name).await?;
    let plan = plan(&name, &config.hostname, &named_addresses(config), &keys);
    if context.json {
        return Ok(Report::json(&plan_json(&plan)));
    }
    Ok(Report::well(zone_text(&plan)))
}

/// The addresses that mail leaves from, each with the name that it says in EHLO.
pub(crate) fn named_addresses(config: &Config) -> Vec<(Name, IpAddr)> {
    let name_of = |ip: &IpAddr| {
        let has = |source: &&std::sync::Arc<SourceTerms>| {
            source.v4.map(IpAddr::V4) == Some(*ip) || source.v6.map(IpAddr::V6) == Some(*ip)
        };
        let ehlo = config.shaping.sources.iter().find(has).and_then(|source| source.ehlo.clone());
        ehlo.and_then(|name| Name::parse(&name).ok()).unwrap_or_else(|| config.hostname.clone())
    };
    config.delivery.sources.iter().map(|ip| (name_of(ip), *ip)).collect()
}

/// What a domain needs so that its mail is believed: MX, SPF, DKIM, DMARC, and the addresses of the server's name.
pub(crate) fn plan(
    domain: &Name,
    hostname: &Name,
    addresses: &[(Name, IpAddr)],
    keys: &[DkimKeyRow],
) -> Vec<PlannedRecord> {
    let record = |name: String, kind, value: String| PlannedRecord { name, kind, value };
    let mut plan = vec![record(format!("{domain}."), "MX", format!("10 {hostname}."))];
    for (name, ip) in addresses {
        let kind = if ip.is_ipv4() { "A" } else { "AAAA" };
        plan.push(record(format!("{name}."), kind, ip.to_string()));
        plan.push(record(format!("{}.", DnsName::reverse(*ip)), "PTR", format!("{name}.")));
    }
    let mut hosts = vec![hostname];
    for (name, _) in addresses {
        if !hosts.contains(&name) {
            hosts.push(name);
        }
    }
    // Naming the host keeps the record right when its addresses change; the HELO name gets a record of its own (RFC 7208 section 2.3).
    let mechanisms: Vec<String> = hosts.iter().map(|host| format!("a:{host}")).collect();
    plan.push(record(format!("{domain}."), "TXT", format!("v=spf1 {} -all", mechanisms.join(" "))));
    for host in hosts {
        plan.push(record(format!("{host}."), "TXT", "v=spf1 a -all".to_owned()));
    }
    for key in keys.iter().filter(|key| key.active) {
        plan.push(record(format!("{}._domainkey.{domain}.", key.selector), "TXT", key.record.clone()));
    }
    let dmarc = format!("v=DMARC1; p=none; rua=mailto:postmaster@{domain}");
    plan.push(record(format!("_dmarc.{domain}."), "TXT", dmarc));
    plan
}

/// The plan as zone text.
pub(crate) fn zone_text(plan: &[PlannedRecord]) -> String {
    let width = plan.iter().map(|record| record.name.len()).max().unwrap_or_default();
    plan.iter()
        .map(|PlannedRecord { name, kind, value }| {
            let data = match *kind {
                "TXT" => Data::Txt(value.clone().into_bytes().into()).to_string(),
                _ => value.clone(),
            };
            format!("{name:width$}  {kind:4}  {data}\n")
        })
        .collect()
}

/// The plan for programs.
pub(crate) fn plan_json(plan: &[PlannedRecord]) -> serde_json::Value {
    let records: Vec<_> = plan
        .iter()
        .map(|record| json!({"name": record.name, "type": record.kind, "value": record.value}))
        .collect();
    json!({ "records": records })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_source_is_planned() {
        let name = |text: &str| Name::parse(text).unwrap();
        let addresses = [
            (name("mail.example.org"), "192.0.2.1".parse().unwrap()),
            (name("news.example.org"), "192.0.2.2".parse().unwrap()),
        ];
        let text = zone_text(&plan(&name("example.org"), &name("mail.example.org"), &addresses, &[]));
        for part in [
            "v=spf1 a:mail.example.org a:news.example.org -all",
            "2.2.0.192.in-addr.arpa.  PTR   news.example.org.",
        ] {
            assert!(text.contains(part), "{part}:\n{text}");
        }
        assert_eq!(text.matches("v=spf1 a -all").count(), 2, "{text}");
    }
}
