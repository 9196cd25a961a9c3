//! `tegami key`: keys of the HTTP API.

use serde_json::json;
use tegami_mail::{Domain, note};
use tegami_store::{ApiKey, ApiKeyScope, Table};

use super::{Context, Failure, Report, table};
use crate::cli::Key;
use crate::server::Rooms;

/// Makes or lists keys.
pub(crate) async fn run(key: &Key, context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    match key {
        Key::Add { name, domain } => add(name, domain.as_deref(), context, rooms).await,
        Key::List => list(context, rooms).await,
    }
}

async fn add(name: &str, domain: Option<&str>, context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let scope = match domain {
        Some(domain) => {
            let parsed = Domain::parse(domain)
                .map_err(|error| note!("cli-bad-domain", domain = domain, reason = error))?;
            ApiKeyScope::Domain(parsed.to_string())
        }
        None => ApiKeyScope::Account,
    };
    let made = rooms.accounts.create_api_key(name, scope).await;
    let (key, row) = made.map_err(|error| Failure::Text(error.to_string()))?;
    if context.json {
        return Ok(Report::json(&json!({"name": row.name, "scope": row.scope, "key": key})));
    }
    Ok(Report::well(context.say(&note!("cli-key-added", name = name, key = key))))
}

async fn list(context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let rows = rooms.store.scan(Table::ApiKeys, "", None, 10_000).await?;
    let keys: Result<Vec<ApiKey>, _> =
        rows.into_iter().map(|(_, value)| serde_json::from_value(value)).collect();
    let keys = keys.map_err(|error| Failure::Text(error.to_string()))?;
    if context.json {
        return Ok(Report::json(&json!({ "keys": keys })));
    }
    if keys.is_empty() {
        return Ok(Report::well(context.word("cli-key-none")));
    }
    let heading = ["name", "scope", "created"].map(|column| context.word(&format!("cli-column-{column}")));
    let rows: Vec<_> = keys
        .into_iter()
        .map(|key| {
            let scope = match key.scope {
                ApiKeyScope::Account => context.word("cli-scope-account"),
                ApiKeyScope::Domain(domain) => domain,
            };
            vec![key.name, scope, super::context::moment(key.created_at)]
        })
        .collect();
    Ok(Report::well(table::render(&heading, &rows)))
}
