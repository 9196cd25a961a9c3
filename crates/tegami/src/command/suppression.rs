//! `tegami suppression`: addresses that are not written to, and why.

mod file;

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};
use tegami_mail::{Address, Domain, note};
use tegami_store::{Evidence, Store, Suppression, SuppressionList, SuppressionSource, Table};

use super::context::moment;
use super::prose::Prose;
use super::{Context, Failure, Outcome, Report, table};
use crate::cli::{self, Choice};
use crate::server::Rooms;

/// Rows read or written at once.
const PAGE: usize = 1000;

pub(crate) async fn run(
    suppression: &cli::Suppression,
    input: Option<String>,
    context: &Context,
    rooms: &Rooms,
) -> Result<Report, Failure> {
    let store = &*rooms.store;
    match suppression {
        cli::Suppression::List { text, choice, source, limit } => {
            let text = text.as_deref().unwrap_or_default().to_lowercase();
            let chosen = |row: &Suppression| {
                row.address.to_lowercase().contains(&text) && source.is_none_or(|source| row.source == source)
            };
            let rows = find(store, choice, limit.saturating_add(1), chosen).await?;
            Ok(list(context, &rows, *limit))
        }
        cli::Suppression::Show { address, choice } => {
            let chosen = |row: &Suppression| row.address.to_lowercase() == address.to_lowercase();
            Ok(show(context, address, &find(store, choice, usize::MAX, chosen).await?))
        }
        cli::Suppression::Add { addresses, choice, reason } => {
            add(addresses, choice, reason, context, rooms).await
        }
        cli::Suppression::Remove { addresses, choice } => remove(addresses, choice, context, store).await,
        cli::Suppression::Import { choice, .. } => {
            import(&input.unwrap_or_default(), choice, context, rooms).await
        }
        cli::Suppression::Export { choice } => {
            let rows = find(store, choice, usize::MAX, |_| true).await?;
            if context.json {
                return Ok(Report::json(&json!({ "suppressions": members(&rows) })));
            }
            Ok(Report::well(file::write(&rows)))
        }
    }
}

/// What `import` reads.
///
/// # Errors
/// The file cannot be read.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let read = match path.to_str() {
        Some("-") => std::io::read_to_string(std::io::stdin()),
        _ => std::fs::read_to_string(path),
    };
    read.map_err(|error| note!("cli-file-unreadable", file = path.display(), reason = error).into())
}

/// The rows of a choice that are wanted, by key.
async fn find(
    store: &dyn Store,
    choice: &Choice,
    most: usize,
    wanted: impl Fn(&Suppression) -> bool,
) -> Result<Vec<Suppression>, Failure> {
    let domain = choice.domain.as_deref().map(parse_domain).transpose()?;
    let prefix = domain.map(|domain| format!("{domain}/")).unwrap_or_default();
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let rows = store.scan(Table::Suppressions, &prefix, after.as_deref(), PAGE).await?;
        let Some((last, _)) = rows.last() else { return Ok(found) };
        after = Some(last.clone());
        for (key, value) in rows {
            let row: Suppression =
                serde_json::from_value(value).map_err(|error| Failure::Text(format!("{key}: {error}")))?;
            if choice.list.is_none_or(|list| row.list == list) && wanted(&row) {
                found.push(row);
            }
            if found.len() >= most {
                return Ok(found);
            }
        }
    }
}

fn list(context: &Context, rows: &[Suppression], limit: usize) -> Report {
    let shown = rows.get(..limit).unwrap_or(rows);
    let more = shown.len() < rows.len();
    if context.json {
        return Report::json(&json!({ "suppressions": members(shown), "more": more }));
    }
    if rows.is_empty() {
        return Report::well(context.word("cli-suppression-none"));
    }
    let heading = ["address", "list", "domain", "listed-by", "since", "said"]
        .map(|column| context.word(&format!("cli-column-{column}")));
    let line = |row: &Suppression| {
        vec![
            table::cell(&row.address),
            context.word(&format!("cli-suppression-list-{}", row.list.as_str())),
            row.domain.clone(),
            context.word(&format!("cli-suppression-source-{}", row.source.as_str())),
            moment(row.created_at),
            table::cell(&said(row)),
        ]
    };
    let lines: Vec<_> = shown.iter().map(line).collect();
    let mut text = table::render(&heading, &lines);
    if more {
        text.push_str(&context.say(&note!("cli-suppression-more", limit = limit)));
        text.push('\n');
    }
    Report::well(text)
}

/// What led to it, in one line.
fn said(row: &Suppression) -> String {
    let reply =
        row.evidence.as_ref().map(|evidence| evidence.reply.clone()).filter(|reply| !reply.is_empty());
    let code = Some(row.code.as_str()).filter(|code| !row.error.starts_with(code)).unwrap_or_default();
    reply.unwrap_or_else(|| format!("{code} {}", row.error).trim().to_owned())
}

fn show(context: &Context, address: &str, rows: &[Suppression]) -> Report {
    let outcome = if rows.is_empty() { Outcome::Well } else { Outcome::Finding };
    if context.json {
        return Report { outcome, ..Report::json(&json!({ "suppressions": members(rows) })) };
    }
    if rows.is_empty() {
        let address = table::plain(address);
        return Report::well(context.say(&note!("cli-suppression-not-listed", address = address)));
    }
    let mut prose = Prose::new(context);
    for row in rows {
        let list = context.word(&format!("cli-suppression-list-{}", row.list.as_str()));
        prose.verdict(&format!("{} ← {}", table::plain(&row.address), row.domain), &list);
        prose.pairs(&facts(context, row));
    }
    prose.gap();
    prose.paragraph(0, &format!("tegami suppression remove {}", table::plain(address)));
    Report { outcome, ..Report::well(prose.into_text()) }
}

fn facts(context: &Context, row: &Suppression) -> Vec<(String, String)> {
    let label = |name: &str| context.word(&format!("cli-label-{name}"));
    let source = context.word(&format!("cli-suppression-source-{}", row.source.as_str()));
    let mut facts = vec![(label("since"), moment(row.created_at)), (label("says"), source)];
    let evidence = row.evidence.as_deref().cloned().unwrap_or_default();
    let mut push = |name: &str, value: Option<String>| {
        facts.extend(value.filter(|value| !value.is_empty()).map(|value| (label(name), value)));
    };
    let by_person = row.source == SuppressionSource::Person;
    push(if by_person { "reason" } else { "reply" }, Some(table::plain(&said(row))));
    push("host", evidence.host.as_deref().map(table::plain));
    push("meaning", evidence.cause.map(|cause| context.word(&format!("failure-cause-{cause}"))));
    push("attempted", evidence.at.map(moment));
    push("failures", evidence.failures.map(|count| count.to_string()));
    push("message", evidence.message.map(|id| format!("tegami why {id}")));
    push("report", evidence.report.map(|id| format!("tegami why {id}")));
    facts
}

async fn add(
    addresses: &[String],
    choice: &Choice,
    reason: &str,
    context: &Context,
    rooms: &Rooms,
) -> Result<Report, Failure> {
    let list = choice.list.unwrap_or(SuppressionList::Bounces);
    let now = rooms.clock.now();
    let mut rows = Vec::new();
    for domain in domains(choice, rooms).await? {
        for address in addresses {
            let address = Address::parse(address)
                .map_err(|error| note!("cli-bad-address", address = address, reason = error))?;
            rows.push(by_person(&domain, list, &address, reason, now));
        }
    }
    put(&*rooms.store, &rows).await?;
    if context.json {
        return Ok(Report::json(&json!({ "suppressions": members(&rows) })));
    }
    let told = rows.iter().map(|row| {
        let list = context.word(&format!("cli-suppression-list-{}", row.list.as_str()));
        context.say(&note!("cli-suppression-added", address = row.address, domain = row.domain, list = list))
    });
    Ok(Report::well(told.collect::<Vec<_>>().join("\n")))
}

fn by_person(
    domain: &Domain,
    list: SuppressionList,
    address: &Address,
    reason: &str,
    now: Timestamp,
) -> Suppression {
    Suppression {
        domain: domain.to_string(),
        list,
        address: address.to_string(),
        code: String::new(),
        error: reason.to_owned(),
        created_at: now,
        source: SuppressionSource::Person,
        evidence: Some(Box::new(Evidence { at: Some(now), ..Evidence::default() })),
        tags: Vec::new(),
    }
}

async fn remove(
    addresses: &[String],
    choice: &Choice,
    context: &Context,
    store: &dyn Store,
) -> Result<Report, Failure> {
    let meant = |row: &Suppression| {
        addresses.iter().any(|address| row.address.to_lowercase() == address.to_lowercase())
    };
    let rows = find(store, choice, usize::MAX, meant).await?;
    store.delete(Table::Suppressions, rows.iter().map(Suppression::key).collect()).await?;
    let missing = addresses
        .iter()
        .filter(|address| !rows.iter().any(|row| row.address.to_lowercase() == address.to_lowercase()));
    let missing: Vec<String> = missing.map(|address| table::plain(address)).collect();
    let outcome = if missing.is_empty() { Outcome::Well } else { Outcome::Finding };
    if context.json {
        let report = Report::json(&json!({ "removed": members(&rows), "not_listed": missing }));
        return Ok(Report { outcome, ..report });
    }
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let list = context.word(&format!("cli-suppression-list-{}", row.list.as_str()));
            let address = table::plain(&row.address);
            context.say(&note!(
                "cli-suppression-removed",
                address = address,
                domain = row.domain,
                list = list
            ))
        })
        .collect();
    lines.extend(
        missing.iter().map(|address| context.say(&note!("cli-suppression-not-listed", address = address))),
    );
    Ok(Report { outcome, ..Report::well(lines.join("\n")) })
}

async fn import(text: &str, choice: &Choice, context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let domains = domains(choice, rooms).await?;
    let usual = choice.list.unwrap_or(SuppressionList::Bounces);
    let (rows, wrong) = file::read(text, &domains, usual, rooms.clock.now());
    put(&*rooms.store, &rows).await?;
    let outcome = if wrong.is_empty() { Outcome::Well } else { Outcome::Finding };
    if context.json {
        let wrong: Vec<_> =
            wrong.iter().map(|wrong| json!({"line": wrong.line, "reason": wrong.reason})).collect();
        return Ok(Report { outcome, ..Report::json(&json!({ "imported": rows.len(), "refused": wrong })) });
    }
    let mut lines = vec![context.say(&note!("cli-suppression-imported", count = rows.len()))];
    lines.extend(wrong.iter().map(|wrong| {
        let reason = table::plain(&wrong.reason);
        context.say(&note!("cli-suppression-refused", line = wrong.line, reason = reason))
    }));
    Ok(Report { outcome, ..Report::well(lines.join("\n")) })
}

async fn put(store: &dyn Store, rows: &[Suppression]) -> Result<(), Failure> {
    for page in rows.chunks(PAGE) {
        let row = |row: &Suppression| Some((row.key(), serde_json::to_value(row).ok()?));
        store.put(Table::Suppressions, page.iter().filter_map(row).collect()).await?;
    }
    Ok(())
}

/// The domain that was named, else all of ours.
async fn domains(choice: &Choice, rooms: &Rooms) -> Result<Vec<Domain>, Failure> {
    match &choice.domain {
        Some(domain) => {
            let domain = parse_domain(domain)?;
            if rooms.domains.find(&domain).await?.is_some() {
                Ok(vec![domain])
            } else {
                Err(note!("cli-not-our-domain", domain = domain).into())
            }
        }
        None => Ok(rooms.domains.names().await?),
    }
}

fn parse_domain(text: &str) -> Result<Domain, Failure> {
    Ok(Domain::parse(text).map_err(|error| note!("cli-config-bad-domain", domain = text, reason = error))?)
}

fn members(rows: &[Suppression]) -> Value {
    rows.iter().map(|row| serde_json::to_value(row).unwrap_or_default()).collect()
}
