//! The allow list: addresses and domains whose failures stop no mail.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::Hall;
use super::form::{Asked, Fields};
use super::reader::{Reader, Trouble, done};
use super::show::{Moment, visible};
use crate::api::allowed::{Allowed, Place, Search};

struct Row {
    domain: String,
    value: String,
    whole: bool,
    reason: String,
    since: Moment,
}

#[derive(Template)]
#[template(path = "allowed.html", blocks = ["live"])]
struct AllowedPage<'a> {
    reader: &'a Reader,
    rows: Vec<Row>,
    domains: Vec<String>,
    next: Option<String>,
}

/// The list.
pub(crate) async fn page(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    asked: Asked,
) -> Result<Response, Trouble> {
    let search = Search { after: asked.some("after"), ..Search::default() };
    let found = reader.unless_missing(hall.house.allow_list(&search).await)?;
    let row = |row: Allowed| Row {
        domain: visible(&row.domain),
        value: visible(&row.value),
        whole: row.kind == "domain",
        reason: visible(&row.reason),
        since: Moment::new(row.created_at),
    };
    let page = AllowedPage {
        reader: &reader,
        rows: found.allowed.into_iter().map(row).collect(),
        domains: hall.domains(&reader).await?,
        next: asked.next("/suppressions/allowed", found.next.as_deref()),
    };
    Ok(reader.answer(&page, &page.as_live()))
}

fn place(fields: &Fields) -> Place {
    let line = |name: &str| fields.line(name).to_owned();
    Place { domain: line("domain"), value: line("value"), reason: line("reason") }
}

/// Puts somebody on the list.
pub(crate) async fn add(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    reader.unless_refused(hall.house.allow(&place(&fields)).await)?;
    Ok(done("/suppressions/allowed", "added", 1))
}

/// Takes somebody off the list.
pub(crate) async fn remove(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    reader.unless_refused(hall.house.disallow(&place(&fields)).await)?;
    Ok(done("/suppressions/allowed", "removed", 1))
}
