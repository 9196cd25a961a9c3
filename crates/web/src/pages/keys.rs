//! API keys.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::Hall;
use super::form::Fields;
use super::reader::{Reader, Trouble, done};
use super::show::{Moment, visible};
use crate::api::key::Wanted;

struct Row {
    id: String,
    name: String,
    domain: Option<String>,
    since: Moment,
}

#[derive(Template)]
#[template(path = "keys.html", blocks = ["live"])]
struct KeysPage<'a> {
    reader: &'a Reader,
    rows: Vec<Row>,
    domains: Vec<String>,
    /// A new key, with its name.
    made: Option<(String, String)>,
}

/// The list.
pub(crate) async fn page(State(hall): State<Arc<Hall>>, reader: Reader) -> Result<Response, Trouble> {
    show(&hall, &reader, None).await
}

/// Makes a key. It is shown in the answer itself, because it is shown only once.
pub(crate) async fn add(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    let domain = Some(fields.line("domain").to_owned()).filter(|domain| !domain.is_empty());
    let wanted = Wanted { name: fields.line("name").to_owned(), domain };
    let (secret, key) = reader.unless_refused(hall.house.make_key(&wanted).await)?;
    show(&hall, &reader, Some((visible(&key.name), secret))).await
}

/// Takes a key away.
pub(crate) async fn remove(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    reader.unless_refused(hall.house.remove_key(fields.line("id")).await)?;
    Ok(done("/keys", "removed", 1))
}

async fn show(hall: &Hall, reader: &Reader, made: Option<(String, String)>) -> Result<Response, Trouble> {
    let keys = reader.unless_missing(hall.house.keys().await)?;
    let row = |key: crate::api::key::Key| Row {
        id: key.id,
        name: visible(&key.name),
        domain: key.domain,
        since: Moment::new(key.created_at),
    };
    let page = KeysPage {
        reader,
        rows: keys.into_iter().map(row).collect(),
        domains: hall.domains(reader).await?,
        made,
    };
    Ok(reader.answer(&page, &page.as_live()))
}
