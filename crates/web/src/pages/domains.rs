//! Domains: what their owners publish, what the DNS says of it, and the keys that sign.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::Hall;
use super::form::Fields;
use super::reader::{Reader, Trouble, done};
use super::show::{Badge, Moment, visible};
use crate::api::domain::{Record, Summary};

struct Line {
    name: String,
    badge: Badge,
    configured: bool,
    checked: Option<Moment>,
}

#[derive(Template)]
#[template(path = "domains.html", blocks = ["live"])]
struct DomainsPage<'a> {
    reader: &'a Reader,
    lines: Vec<Line>,
}

impl Line {
    fn new(reader: &Reader, domain: &Summary) -> Self {
        Self {
            badge: state(reader, domain.state),
            name: domain.name.clone(),
            configured: domain.configured,
            checked: domain.checked_at.map(Moment::new),
        }
    }
}

fn state(reader: &Reader, state: &str) -> Badge {
    let tone = match state {
        "active" => "good",
        "unverified" => "wait",
        _ => "dim",
    };
    Badge { word: reader.say(&format!("page-domain-{state}")), tone }
}

/// The list.
pub(crate) async fn list(State(hall): State<Arc<Hall>>, reader: Reader) -> Result<Response, Trouble> {
    let domains = reader.unless_refused(hall.house.domains().await)?;
    let lines = domains.iter().map(|domain| Line::new(&reader, domain)).collect();
    let page = DomainsPage { reader: &reader, lines };
    Ok(reader.answer(&page, &page.as_live()))
}

struct RecordView {
    key: String,
    name: String,
    kind: String,
    value: String,
    purpose: String,
    badge: Badge,
    answer: Vec<String>,
}

impl RecordView {
    fn new(reader: &Reader, number: usize, record: Record, asked: bool) -> Self {
        let (word, tone) = match record.found {
            _ if !asked => ("unasked", "dim"),
            "valid" => ("valid", "good"),
            "invalid" => ("invalid", "bad"),
            _ => ("unknown", "wait"),
        };
        Self {
            key: format!("record-{number}"),
            badge: Badge { word: reader.say(&format!("page-record-{word}")), tone },
            purpose: reader.say(&format!("page-record-for-{}", record.purpose)),
            name: record.name,
            kind: record.kind,
            value: record.value,
            answer: if record.found == "invalid" {
                record.answer.iter().map(|text| visible(text)).collect()
            } else {
                Vec::new()
            },
        }
    }
}

struct KeyView {
    selector: String,
    algorithm: String,
    active: bool,
    since: Moment,
}

#[derive(Template)]
#[template(path = "domain.html", blocks = ["live"])]
struct DomainPage<'a> {
    reader: &'a Reader,
    name: String,
    badge: Badge,
    configured: bool,
    unverified: bool,
    receives: bool,
    checked: Option<Moment>,
    records: Vec<RecordView>,
    keys: Vec<KeyView>,
}

/// One domain.
pub(crate) async fn page(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(name): Path<String>,
) -> Result<Response, Trouble> {
    let domain = reader.unless_refused(hall.house.domain(&name).await)?;
    let key = |key: crate::api::domain::SigningKey| KeyView {
        selector: key.selector,
        algorithm: key.algorithm,
        active: key.active,
        since: Moment::new(key.created_at),
    };
    let asked = domain.summary.checked_at.is_some();
    let records = domain.records.into_iter().enumerate();
    let page = DomainPage {
        reader: &reader,
        badge: state(&reader, domain.summary.state),
        configured: domain.summary.configured,
        unverified: domain.summary.state == "unverified",
        receives: domain.summary.receives,
        checked: domain.summary.checked_at.map(Moment::new),
        records: records.map(|(number, record)| RecordView::new(&reader, number, record, asked)).collect(),
        keys: domain.keys.into_iter().map(key).collect(),
        name: domain.summary.name,
    };
    Ok(reader.answer(&page, &page.as_live()))
}

/// Takes a domain in.
pub(crate) async fn add(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    fields: Fields,
) -> Result<Response, Trouble> {
    let domain = reader.unless_refused(hall.house.take_in(fields.line("name")).await)?;
    Ok(done(&format!("/domains/{}", domain.summary.name), "added", 1))
}

/// Does something to a domain or to one of its keys.
pub(crate) async fn act(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, Trouble> {
    let house = &hall.house;
    let selector = fields.line("selector");
    let domain = reader.unless_refused(house.domain(&name).await)?.summary.name;
    let here = format!("/domains/{domain}");
    let (result, what) = match fields.line("act") {
        "verify" => {
            let name = reader.unless_refused(tegami_mail::Domain::parse(&domain).map_err(refused))?;
            reader.unless_refused(house.desk.verify(&name).await)?;
            return Ok(done(&here, "verified", 1));
        }
        "remove" => {
            let name = reader.unless_refused(tegami_mail::Domain::parse(&domain).map_err(refused))?;
            reader.unless_refused(house.desk.remove(&name).await)?;
            return Ok(done("/domains", "removed", 1));
        }
        "make" => (house.make_signing_key(&domain, selector).await, "added"),
        "activate" => (house.use_signing_key(&domain, selector, true).await, "changed"),
        "deactivate" => (house.use_signing_key(&domain, selector, false).await, "changed"),
        "delete" => (house.remove_signing_key(&domain, selector).await, "removed"),
        _ => return Err(reader.missing()),
    };
    reader.unless_refused(result)?;
    Ok(done(&here, what, 1))
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn refused(error: tegami_mail::DomainError) -> crate::error::ApiError {
    crate::error::ApiError::bad(error.to_string())
}
