//! Addresses that are not written to, and why.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use tegami_store::{QueueId, SuppressionList};

use super::Hall;
use super::form::{Asked, Fields};
use super::reader::{Reader, Trouble, done};
use super::show::{Moment, visible};
use crate::api::suppression::{Place, Search, Suppressed};

struct Row {
    domain: String,
    list: &'static str,
    list_name: String,
    address: String,
    since: Moment,
    source: String,
    why: String,
    tags: String,
    message: Option<QueueId>,
    report: Option<QueueId>,
}

#[derive(Template)]
#[template(path = "suppressions.html", blocks = ["live"])]
struct SuppressionsPage<'a> {
    reader: &'a Reader,
    address: String,
    list: String,
    domain: String,
    domains: Vec<String>,
    rows: Vec<Row>,
    searched: bool,
    next: Option<String>,
}

fn list_named(text: &str) -> Option<SuppressionList> {
    SuppressionList::ALL.into_iter().find(|list| list.as_str() == text)
}

/// The list.
pub(crate) async fn page(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    asked: Asked,
) -> Result<Response, Trouble> {
    let search = Search {
        domain: asked.some("domain"),
        list: list_named(&asked.one("list")),
        address: asked.some("address"),
        after: asked.some("after"),
        limit: None,
    };
    let found = reader.unless_missing(hall.house.suppressions(&search).await)?;
    let page = SuppressionsPage {
        reader: &reader,
        rows: found.suppressions.iter().map(|row| Row::new(&reader, row)).collect(),
        domains: hall.domains(&reader).await?,
        address: asked.one("address"),
        list: asked.one("list"),
        domain: asked.one("domain"),
        searched: search.domain.is_some() || search.list.is_some() || search.address.is_some(),
        next: asked.next("/suppressions", found.next.as_deref()),
    };
    Ok(reader.answer(&page, &page.as_live()))
}

impl Row {
    fn new(reader: &Reader, row: &Suppressed) -> Self {
        let evidence = row.evidence.as_deref();
        let reply = evidence.map(|known| known.reply.as_str()).filter(|reply| !reply.is_empty());
        Self {
            list: row.list,
            list_name: reader.say(&format!("page-list-{}", row.list)),
            since: Moment::new(row.created_at),
            source: reader.say(&format!("page-source-{}", row.source)),
            why: visible(reply.unwrap_or(&row.error)),
            tags: visible(&row.tags.join(", ")),
            message: evidence.and_then(|known| known.message),
            report: evidence.and_then(|known| known.report),
            domain: visible(&row.domain),
            address: visible(&row.address),
        }
    }
}

fn place(reader: &Reader, fields: &Fields) -> Result<Place, Trouble> {
    Ok(Place {
        domain: fields.line("domain").to_owned(),
        list: list_named(fields.line("list")).ok_or_else(|| reader.missing())?,
        address: fields.line("address").to_owned(),
        reason: fields.line("reason").to_owned(),
    })
}

/// Puts an address on a list.
pub(crate) async fn add(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    let place = place(&reader, &fields)?;
    reader.unless_refused(hall.house.suppress(&place).await)?;
    Ok(done("/suppressions", "suppressed", 1))
}

/// Takes an address off a list.
pub(crate) async fn remove(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    let place = place(&reader, &fields)?;
    reader.unless_refused(hall.house.forgive(&place).await)?;
    Ok(done("/suppressions", "forgiven", 1))
}
