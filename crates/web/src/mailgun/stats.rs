//! `GET /v3/{domain}/stats/total`, `/v3/stats/total` and the statistics of a tag.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::asked::{Account, Managed, Query};
use super::form::Form;
use super::scalar::{moment, shown};
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::span::{Resolution, Stretch, duration};
use crate::statistics::{self, Counts, Whose};

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new().route("/v3/stats/total", get(of_all)).route("/v3/{domain}/stats/total", get(of_domain))
}

/// What can be asked for.
const EVENTS: [&str; 8] =
    ["accepted", "delivered", "failed", "opened", "clicked", "unsubscribed", "complained", "stored"];

/// Without a beginning: a week.
const USUAL: &str = "7d";

async fn of_domain(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Query(query): Query,
) -> Result<Response, ApiError> {
    let asked = Asked::read(&query, &house)?;
    Ok(ok(house.totals(&asked, &[Whose::Domain(domain.as_str().to_owned())]).await?.into()))
}

async fn of_all(State(house): State<Shared>, _: Account, Query(query): Query) -> Result<Response, ApiError> {
    let asked = Asked::read(&query, &house)?;
    let domains = house.rooms.domains.roll().await?;
    let whose: Vec<Whose> = domains.iter().map(|ours| Whose::Domain(ours.name.as_str().to_owned())).collect();
    Ok(ok(house.totals(&asked, &whose).await?.into()))
}

/// Which events, and when.
pub(crate) struct Asked {
    events: Vec<&'static str>,
    stretch: Stretch,
}

impl Asked {
    pub(crate) fn read(query: &Form, house: &House) -> Result<Self, ApiError> {
        let mut events = Vec::new();
        for text in query.texts("event") {
            // A few clients write several into one field.
            for name in text?.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                let known = EVENTS.into_iter().find(|event| event.eq_ignore_ascii_case(name));
                let known =
                    known.ok_or_else(|| ApiError::bad(format!("event: `{}` is not known", shown(name))))?;
                if !events.contains(&known) {
                    events.push(known);
                }
            }
        }
        if events.is_empty() {
            return Err(ApiError::bad("event parameter is missing"));
        }
        Ok(Self { events, stretch: stretch(query, house.rooms.clock.now())? })
    }
}

/// The range that the fields `start`, `end`, `duration` and `resolution` name.
fn stretch(query: &Form, now: Timestamp) -> Result<Stretch, ApiError> {
    let moment_of = |name: &str| match query.text(name)? {
        Some(text) => moment(text).transpose(),
        None => Ok(None),
    };
    let named = query.filled("resolution")?.map(|text| {
        let known = Resolution::named(&text.to_ascii_lowercase());
        known.ok_or_else(|| ApiError::bad(format!("resolution: `{}` is not hour, day or month", shown(text))))
    });
    let named = named.transpose()?;
    let end = moment_of("end")?.unwrap_or(now);
    match (query.filled("duration")?, moment_of("start")?) {
        (None, Some(start)) if start > end => Err(ApiError::bad("start: it is later than the end")),
        (None, Some(start)) => Ok(Stretch::new(start, end, named.unwrap_or(Resolution::Day))),
        (text, _) => {
            let text = text.unwrap_or(USUAL);
            let known = duration(text);
            let (lasting, unit) = known.ok_or_else(|| {
                ApiError::bad(format!("duration: `{}` is not like 24h, 7d or 2m", shown(text)))
            })?;
            Ok(Stretch::lasting(lasting, end, named.unwrap_or(unit)))
        }
    }
}

impl House {
    /// The answer, as the members of an object.
    pub(crate) async fn totals(
        &self,
        asked: &Asked,
        whose: &[Whose],
    ) -> Result<Map<String, Value>, ApiError> {
        let Asked { events, stretch } = asked;
        self.rooms.calls.catch_up().await?;
        let mut hours = Vec::new();
        for whose in whose {
            hours.extend(statistics::hours(&*self.rooms.store, whose, stretch.start, stretch.over()).await?);
        }
        let bucket = |(beginning, counts): (Timestamp, Counts)| {
            let mut shown = Map::from_iter([("time".to_owned(), json!(date(beginning)))]);
            shown.extend(events.iter().map(|event| ((*event).to_owned(), count(event, &counts))));
            Value::Object(shown)
        };
        let buckets: Vec<Value> = stretch.buckets(&hours).into_iter().map(bucket).collect();
        let members = [
            ("description", json!("")),
            ("start", json!(date(stretch.start))),
            ("end", json!(date(stretch.end))),
            ("resolution", json!(stretch.resolution.as_str())),
            ("stats", json!(buckets)),
        ];
        Ok(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// `Mon, 17 Feb 2025 00:00:00 UTC`.
fn date(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S UTC").to_string()
}

fn count(event: &str, counts: &Counts) -> Value {
    let of = |name| counts.of(name);
    match event {
        "accepted" => {
            let (incoming, outgoing) = (of("accepted-incoming"), of("accepted-outgoing"));
            json!({"incoming": incoming, "outgoing": outgoing, "total": incoming + outgoing})
        }
        "delivered" => {
            let (smtp, http) = (of("delivered-smtp"), of("delivered-http"));
            json!({"smtp": smtp, "http": http, "optimized": 0, "total": smtp + http})
        }
        "failed" => json!({
            "temporary": {"espblock": of("temporary-espblock"), "total": of("temporary")},
            "permanent": {
                "suppress-bounce": of("permanent-suppress-bounce"),
                "suppress-unsubscribe": of("permanent-suppress-unsubscribe"),
                "suppress-complaint": of("permanent-suppress-complaint"),
                "bounce": of("permanent-bounce"),
                "delayed-bounce": of("permanent-delayed-bounce"),
                "webhook": of("permanent-webhook"),
                "optimized": 0,
                "total": of("permanent"),
            },
        }),
        "opened" => json!({"total": of("opened"), "unique": of("opened-unique")}),
        "clicked" => json!({"total": of("clicked"), "unique": of("clicked-unique")}),
        event => json!({"total": of(event)}),
    }
}
