//! `GET /v3/{domain}/events`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};
use tegami_mail::Domain;
use tegami_store::{Event, EventFilter, EventKind, QueueId};

use super::asked::{Managed, Query};
use super::event::{self, Recipients};
use super::filter::{Expression, Manner};
use super::form::Form;
use super::scalar::{flag, moment, shown};
use super::token::{Place, Token};
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::segments::Segments;

/// Events on a page, unless asked for otherwise.
const USUAL: usize = 100;
/// Most events on a page.
const MOST: usize = 300;
/// Events that are read at once.
const BATCH: usize = 500;
/// A page with something on it ends after so many events were looked at.
const LOOKED_AT: usize = 50_000;

const FIELDS: [&str; 14] = [
    "event",
    "list",
    "attachment",
    "from",
    "message-id",
    "subject",
    "to",
    "size",
    "recipient",
    "recipients",
    "recipient-domain",
    "tags",
    "severity",
    "reason",
];

/// A query, or by `page` a further page of one.
pub(crate) async fn first(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Query(query): Query,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let token = match query.filled("page")? {
        Some(text) => Token::read(text)?,
        None => token_of(&query, house.rooms.clock.now())?,
    };
    house.events_page(&domain, &token, &headers).await
}

/// A further page.
pub(crate) async fn page(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Segments((_, token)): Segments<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    house.events_page(&domain, &Token::read(&token)?, &headers).await
}

/// The range, direction and filters of a query.
fn token_of(query: &Form, now: Timestamp) -> Result<Token, ApiError> {
    let moment_of = |name: &str| match query.text(name)? {
        Some(text) => moment(text).transpose(),
        None => Ok(None),
    };
    let ascending = query.filled("ascending")?.map(|text| flag("ascending", text)).transpose()?;
    let (begin, end, descending) = range(moment_of("begin")?, moment_of("end")?, ascending, now)?;
    let mut filters = Vec::new();
    for part in query.parts() {
        let known = FIELDS.contains(&part.name.as_str()) || part.name.starts_with("user-variables.");
        let text = part.text()?.trim();
        if known && !text.is_empty() {
            filters.push((part.name.clone(), text.to_owned()));
        }
    }
    let limit = limit_of(query)?;
    Ok(Token { begin, end, descending, filters, limit, place: Place::First })
}

fn limit_of(query: &Form) -> Result<usize, ApiError> {
    let Some(text) = query.filled("limit")? else { return Ok(USUAL) };
    match text.trim().parse::<usize>() {
        Ok(limit @ 1..=MOST) => Ok(limit),
        Ok(0) | Err(_) => Err(ApiError::bad(format!("limit: `{}` is not a number above 0", shown(text)))),
        Ok(_) => Err(ApiError::bad(format!("The 'limit' parameter can't be larger than {MOST}"))),
    }
}

/// From where the client wants to walk, and whither, to bounds and a direction. Without a beginning one begins at present; an end before the
/// beginning is reached by walking back.
fn range(
    begin: Option<Timestamp>,
    end: Option<Timestamp>,
    ascending: Option<bool>,
    now: Timestamp,
) -> Result<(Option<Timestamp>, Option<Timestamp>, bool), ApiError> {
    let contradiction = || ApiError::bad("'ascending' contradicts the order of 'begin' and 'end'");
    match (begin, end, ascending) {
        (None, None, ascending) => Ok((None, None, ascending != Some(true))),
        (Some(begin), None, Some(false)) => Ok((None, Some(begin), true)),
        (Some(begin), None, _) => Ok((Some(begin), None, false)),
        (None, Some(end), Some(true)) => Ok((None, Some(end), false)),
        (None, Some(end), _) if end < now => Ok((Some(end), None, true)),
        (None, Some(end), _) => Ok((None, Some(end), true)),
        (Some(begin), Some(end), Some(false)) if begin < end => Err(contradiction()),
        (Some(begin), Some(end), Some(true)) if begin > end => Err(contradiction()),
        (Some(begin), Some(end), _) if begin > end => Ok((Some(end), Some(begin), true)),
        (Some(begin), Some(end), _) => Ok((Some(begin), Some(end), false)),
    }
}

/// What an event must be like.
struct Filters(Vec<(String, Expression)>);

impl Filters {
    fn read(filters: &[(String, String)]) -> Result<Self, ApiError> {
        let read =
            |(field, text): &(String, String)| Ok((field.clone(), Expression::parse(bare(field, text))?));
        filters.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    fn pass(&self, event: &Event) -> bool {
        // What operators do has no word in this API.
        let told = !matches!(event.event.kind, EventKind::Operated | EventKind::Examined);
        told && self.0.iter().all(|(field, expression)| {
            let (values, manner) = event::values(event, field).unwrap_or((Vec::new(), Manner::Whole));
            expression.fits(&values, manner)
        })
    }
}

/// A Message-ID is compared without its angle brackets.
fn bare<'a>(field: &str, text: &'a str) -> &'a str {
    if field == "message-id" { text.trim_matches(['<', '>', '"']) } else { text }
}

impl House {
    async fn events_page(
        &self,
        domain: &Domain,
        token: &Token,
        headers: &HeaderMap,
    ) -> Result<Response, ApiError> {
        if !(1..=MOST).contains(&token.limit) {
            return Err(ApiError::bad("the page token is not one of ours"));
        }
        let events = self.events_at(domain, token).await?;
        let base = self.base_url(headers);
        let recipients = self.recipients_of(&events).await?;
        let items: Vec<Value> = events.iter().map(|event| event::object(event, &base, &recipients)).collect();
        let url = |place| {
            let token = token.at(place).write();
            format!("{base}/v3/{domain}/events/{token}?page={token}")
        };
        let (previous, next) = neighbours(token, &events);
        Ok(ok(json!({
            "items": items,
            "paging": {
                "first": url(Place::First),
                "previous": url(previous),
                "next": url(next),
                "last": url(Place::Last),
            },
        })))
    }

    /// The events of one page, in the query's direction.
    async fn events_at(&self, domain: &Domain, token: &Token) -> Result<Vec<Event>, ApiError> {
        let filters = Filters::read(&token.filters)?;
        let (from, against) = match token.place {
            Place::First => (None, false),
            Place::Last => (None, true),
            Place::After(seq) => (Some(seq), false),
            Place::Before(seq) => (Some(seq), true),
        };
        let message = match self.only_message(domain, token).await? {
            Only::Nothing => return Ok(Vec::new()),
            Only::Message(id) => Some(id),
            Only::Any => None,
        };
        let mut filter = EventFilter {
            domain: Some(domain.as_str().to_owned()),
            message,
            begin: token.begin,
            end: token.end,
            from_seq: from,
            descending: token.descending != against,
            limit: BATCH,
        };
        let (mut found, mut looked_at) = (Vec::new(), 0);
        loop {
            let batch = self.rooms.store.events(filter.clone()).await?;
            let (whole, last) = (batch.len() >= BATCH, batch.last().map(|event| event.seq));
            looked_at += batch.len();
            let room = token.limit - found.len();
            found.extend(batch.into_iter().filter(|event| filters.pass(event)).take(room));
            filter.from_seq = last;
            if !whole || found.len() >= token.limit || (!found.is_empty() && looked_at >= LOOKED_AT) {
                break;
            }
        }
        if against {
            found.reverse();
        }
        Ok(found)
    }

    /// Whether a filter by Message-ID leaves one message: the store finds it at once.
    async fn only_message(&self, domain: &Domain, token: &Token) -> Result<Only, ApiError> {
        let Some((_, text)) = token.filters.iter().find(|(field, _)| field == "message-id") else {
            return Ok(Only::Any);
        };
        let text = bare("message-id", text);
        if Expression::parse(text)?.only_term().is_none() {
            return Ok(Only::Any);
        }
        let mut rows = self.rooms.store.by_message_id(text).await?;
        rows.retain(|row| row.domain == domain.as_str());
        Ok(match rows.as_slice() {
            [] => Only::Nothing,
            [row] => Only::Message(row.id),
            _ => Only::Any,
        })
    }

    /// All recipients of the messages whose acceptance is on this page.
    pub(super) async fn recipients_of(&self, events: &[Event]) -> Result<Recipients, ApiError> {
        let mut recipients: BTreeMap<QueueId, Vec<String>> = BTreeMap::new();
        let shown = events.iter().filter(|event| event.event.kind == EventKind::Accepted);
        for message in shown.filter_map(|event| event.event.message) {
            if let Entry::Vacant(place) = recipients.entry(message) {
                place.insert(self.rooms.calls.accepted_for(message).await?.to_vec());
            }
        }
        let stored = events.iter().filter(|event| event.event.kind == EventKind::Stored);
        for (message, recipient) in
            stored.filter_map(|event| event.event.message.zip(event.event.recipient.clone()))
        {
            recipients.entry(message).or_insert_with(|| vec![recipient]);
        }
        Ok(recipients)
    }
}

enum Only {
    Any,
    Message(QueueId),
    Nothing,
}

/// The places before and after a page. After an empty page at the end one asks for the same place again, and gets what happened since.
pub(super) fn neighbours(token: &Token, events: &[Event]) -> (Place, Place) {
    if let (Some(first), Some(last)) = (events.first(), events.last()) {
        return (Place::Before(first.seq), Place::After(last.seq));
    }
    // The neighbour that takes in the place's own event.
    let beside = |seq: u64, up: bool| if up { seq.saturating_add(1) } else { seq.saturating_sub(1) };
    match token.place {
        Place::After(seq) => (Place::Before(beside(seq, !token.descending)), Place::After(seq)),
        Place::Before(seq) => (Place::Before(seq), Place::After(beside(seq, token.descending))),
        Place::First | Place::Last => (Place::First, Place::First),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let check = |begin: Option<i64>,
                     end: Option<i64>,
                     ascending,
                     expected: Option<(Option<i64>, Option<i64>, bool)>| {
            let found = range(begin.map(at), end.map(at), ascending, at(100)).ok();
            let expected = expected.map(|(begin, end, descending)| (begin.map(at), end.map(at), descending));
            assert_eq!(found, expected, "{begin:?} {end:?} {ascending:?}");
        };
        check(None, None, None, Some((None, None, true)));
        check(None, None, Some(true), Some((None, None, false)));
        check(Some(5), None, None, Some((Some(5), None, false)));
        check(Some(5), None, Some(false), Some((None, Some(5), true)));
        check(None, Some(5), None, Some((Some(5), None, true)));
        check(None, Some(5), Some(true), Some((None, Some(5), false)));
        check(None, Some(500), None, Some((None, Some(500), true)));
        check(Some(5), Some(9), None, Some((Some(5), Some(9), false)));
        check(Some(9), Some(5), None, Some((Some(5), Some(9), true)));
        check(Some(5), Some(9), Some(false), None);
        check(Some(9), Some(5), Some(true), None);
    }
}
