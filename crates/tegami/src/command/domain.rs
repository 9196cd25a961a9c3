//! `tegami domain`: our domains, and what their owners have to publish.

use serde_json::json;
use tegami_dns::{Data, RecordType};
use tegami_mail::{Domain as Name, note};
use tegami_queue::OurDomain;
use tegami_web::{Facts, Hosts, PlannedRecord, plan};

use super::{Context, Failure, Report, table};
use crate::cli::Domain;
use crate::config::Config;
use crate::server::{Rooms, sources};

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
        Domain::Facts { domain } => {
            let name = super::plan::domain(domain)?;
            let facts = Facts::of(&name, &rooms.domains, &rooms.dkim).await;
            let facts = facts.map_err(|error| Failure::Text(error.to_string()))?;
            Ok(Report::json(&json!(facts)))
        }
    }
}

async fn list(context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let mut rows = Vec::new();
    let names = rooms.domains.names().await?;
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
    let Some(ours) = rooms.domains.find(&name).await? else {
        return Err(note!("cli-not-our-domain", domain = domain).into());
    };
    let plan = published(ours.as_ref(), rooms, config).await?;
    if context.json {
        return Ok(Report::json(&plan_json(&plan)));
    }
    Ok(Report::well(zone_text(&plan)))
}

/// What has to be published for a domain; links only where some lead to us.
async fn published(ours: &OurDomain, rooms: &Rooms, config: &Config) -> Result<Vec<PlannedRecord>, Failure> {
    let mut keys = rooms.dkim.of(&ours.name).await?;
    keys.retain(|key| key.active);
    let links = ours.row.tracking.needs_links().then_some(ours.row.web_prefix.as_str());
    let below = Hosts { links, bounces: ours.row.mailfrom_host.as_deref() };
    Ok(plan(&ours.name, &sources(config), &keys, below))
}

/// The plan as zone text.
pub(crate) fn zone_text(plan: &[PlannedRecord]) -> String {
    let width = plan.iter().map(|record| record.name.len()).max().unwrap_or_default();
    plan.iter()
        .map(|PlannedRecord { name, kind, value, .. }| {
            let data = match kind {
                RecordType::Txt => Data::Txt(value.clone().into_bytes().into()).to_string(),
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
        .map(|record| json!({"name": record.name, "type": record.kind.to_string(), "value": record.value}))
        .collect();
    json!({ "records": records })
}
