//! `POST /v1/analytics/logs`: events of all domains, page by page.

use axum::extract::{Request, State};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use tegami_store::{Event, EventFilter, EventKind};

use super::filter::Filter;
use super::{Pagination, body, date, moment_of};
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::mailgun::asked::Account;
use crate::mailgun::event;
use crate::mailgun::scalar::shown;
use crate::mailgun::token::{Place, Token};

/// Entries on a page, unless asked for otherwise and at most.
const MOST: usize = 100;
/// Events that are read at once.
const BATCH: usize = 500;
/// Events that are looked at for one page, or for a total.
const LOOKED_AT: usize = 50_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Query {
    start: Option<String>,
    end: Option<String>,
    events: Vec<String>,
    filter: Filter,
    include_totals: bool,
    pagination: Pagination,
}

pub(super) async fn list(
    State(house): State<Shared>,
    _: Account,
    request: Request,
) -> Result<Response, ApiError> {
    let base = house.base_url(request.headers());
    let query: Query = body(&house, request).await?;
    query.filter.check(|attribute| attribute == "domain" || field(attribute).is_some())?;
    let limit = query.pagination.limit(MOST, MOST)?;
    let token = query.token(limit, house.rooms.clock.now())?;
    let page = house.log_page(&query, &token).await?;
    let recipients = house.recipients_of(&page).await?;
    let items: Vec<Value> =
        page.iter().map(|event| item(event, event::object(event, &base, &recipients))).collect();
    let at = |place| token.at(place).write();
    let (previous, next) = super::super::events::neighbours(&token, &page);
    let mut pagination = json!({
        "previous": at(previous), "next": at(next), "first": at(Place::First), "last": at(Place::Last),
    });
    if query.include_totals
        && let Some(members) = pagination.as_object_mut()
    {
        members.insert("total".to_owned(), json!(house.log_total(&query, &token).await?));
    }
    Ok(ok(json!({
        "start": token.begin.map(date).unwrap_or_default(),
        "end": token.end.map(date).unwrap_or_default(),
        "items": items,
        "pagination": pagination,
        "aggregates": {"all": 0, "metrics": {}},
    })))
}

impl Query {
    /// The range and the place in it. A token of ours says all of it.
    fn token(&self, limit: usize, now: Timestamp) -> Result<Token, ApiError> {
        if let Some(text) = self.pagination.token.as_deref().filter(|text| !text.is_empty()) {
            return Token::read(text);
        }
        let descending = match self.pagination.sort.as_deref().unwrap_or("timestamp:desc") {
            "" | "timestamp:desc" | "timestamp" => true,
            "timestamp:asc" => false,
            other => return Err(ApiError::bad(format!("'{}' is not a valid sort", shown(other)))),
        };
        let end = moment_of(self.end.as_deref())?.unwrap_or(now);
        let day = end.checked_sub(SignedDuration::from_hours(24)).unwrap_or(end);
        let begin = moment_of(self.start.as_deref())?.unwrap_or(day);
        if begin > end {
            return Err(ApiError::bad("start date is later than the end date"));
        }
        let (begin, end) = (Some(begin), Some(end));
        Ok(Token { begin, end, descending, filters: Vec::new(), limit, place: Place::First })
    }

    fn pass(&self, event: &Event) -> bool {
        if matches!(event.event.kind, EventKind::Operated | EventKind::Examined) {
            return false;
        }
        let word = event::word(event.event.kind);
        let wanted = self.events.is_empty() || self.events.iter().any(|name| name.eq_ignore_ascii_case(word));
        wanted
            && self.filter.conditions().iter().all(|condition| {
                let values = match condition.attribute.as_str() {
                    "domain" => vec![event.event.domain.clone()],
                    attribute => field(attribute)
                        .and_then(|field| event::values(event, field))
                        .map(|(values, _)| values)
                        .unwrap_or_default(),
                };
                condition.holds(&values)
            })
    }
}

/// What the events query calls an attribute.
fn field(attribute: &str) -> Option<&'static str> {
    Some(match attribute {
        "event" => "event",
        "severity" => "severity",
        "reason" => "reason",
        "recipient" | "to" => "recipient",
        "recipient_domain" => "recipient-domain",
        "subject" => "subject",
        "from" | "sender" => "from",
        "message_id" | "message-id" => "message-id",
        "tag" | "tags" => "tags",
        _ => return None,
    })
}

/// An event in the form of logs.
fn item(event: &Event, mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.remove("timestamp");
        members.insert("@timestamp".to_owned(), json!(event.event.at.to_string()));
        members.insert("domain".to_owned(), json!({"name": event.event.domain}));
        members.insert("account".to_owned(), json!({"id": ""}));
        if let Some(storage) = members.get_mut("storage").and_then(Value::as_object_mut) {
            let url = storage.get("url").cloned();
            storage.insert("url".to_owned(), json!(url.into_iter().collect::<Vec<_>>()));
        }
        if let Some(variables) = members.get_mut("user-variables") {
            *variables = json!(variables.to_string());
        }
        if let Some(Value::String(method)) = members.get_mut("method") {
            method.make_ascii_uppercase();
        }
    }
    object
}

impl House {
    async fn log_page(&self, query: &Query, token: &Token) -> Result<Vec<Event>, ApiError> {
        let (from, against) = match token.place {
            Place::First => (None, false),
            Place::Last => (None, true),
            Place::After(seq) => (Some(seq), false),
            Place::Before(seq) => (Some(seq), true),
        };
        let limit = token.limit.clamp(1, MOST);
        let descending = token.descending != against;
        let mut filter = filter(token, descending, from);
        let (mut found, mut looked_at) = (Vec::new(), 0);
        loop {
            let batch = self.rooms.store.events(filter.clone()).await?;
            let (whole, last) = (batch.len() >= BATCH, batch.last().map(|event| event.seq));
            looked_at += batch.len();
            let room = limit - found.len();
            found.extend(batch.into_iter().filter(|event| query.pass(event)).take(room));
            filter.from_seq = last;
            if !whole || found.len() >= limit || (!found.is_empty() && looked_at >= LOOKED_AT) {
                break;
            }
        }
        if against {
            found.reverse();
        }
        Ok(found)
    }

    /// How many pass in the whole range, as far as that can be counted in reasonable time.
    async fn log_total(&self, query: &Query, token: &Token) -> Result<usize, ApiError> {
        let mut filter = filter(token, false, None);
        let (mut total, mut looked_at) = (0, 0);
        loop {
            let batch = self.rooms.store.events(filter.clone()).await?;
            looked_at += batch.len();
            total += batch.iter().filter(|event| query.pass(event)).count();
            filter.from_seq = batch.last().map(|event| event.seq);
            if batch.len() < BATCH || looked_at >= LOOKED_AT {
                return Ok(total);
            }
        }
    }
}

fn filter(token: &Token, descending: bool, from_seq: Option<u64>) -> EventFilter {
    let (begin, end) = (token.begin, token.end);
    EventFilter { begin, end, from_seq, descending, limit: BATCH, ..EventFilter::default() }
}
