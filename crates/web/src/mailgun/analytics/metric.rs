//! `POST /v1/analytics/metrics`.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::filter::Filter;
use super::{Pagination, body, date, moment_of};
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::mailgun::asked::Account;
use crate::mailgun::scalar::shown;
use crate::span::{Resolution, Stretch, duration};
use crate::statistics::{self, Counts, Whose};

/// What can be counted by.
const DIMENSIONS: [&str; 4] = ["time", "domain", "tag", "recipient_provider"];

/// Without a beginning: a week.
const USUAL: &str = "7d";

/// Entries on a page, at most and unless asked for otherwise.
const MOST: usize = 1000;

/// Metrics that are told where none is named.
const DEFAULT: [&str; 6] = [
    "accepted_count",
    "delivered_count",
    "failed_count",
    "opened_count",
    "clicked_count",
    "complained_count",
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Query {
    start: Option<String>,
    end: Option<String>,
    duration: Option<String>,
    resolution: Option<String>,
    dimensions: Vec<String>,
    metrics: Vec<String>,
    filter: Filter,
    pagination: Pagination,
    include_aggregates: bool,
}

/// An entry: the values of its dimensions, and what was counted.
type Entry = (Vec<String>, Counts);

pub(super) async fn count(
    State(house): State<Shared>,
    _: Account,
    request: Request,
) -> Result<Response, ApiError> {
    let query: Query = body(&house, request).await?;
    if let Some(unknown) = query.dimensions.iter().find(|name| !DIMENSIONS.contains(&name.as_str())) {
        return Err(ApiError::bad(format!("'{}' is not a valid dimension", shown(unknown))));
    }
    if let Some(unknown) = query.metrics.iter().find(|name| value(name, &Counts::default()).is_none()) {
        return Err(ApiError::bad(format!("'{}' is not a valid metric", shown(unknown))));
    }
    query.filter.check(|attribute| attribute != "time" && DIMENSIONS.contains(&attribute))?;
    let (stretch, lasting) = query.stretch(house.rooms.clock.now())?;
    let mut entries = house.entries(&query, stretch).await?;
    let mut all = Counts::default();
    entries.iter().for_each(|(_, counts)| all.join(counts));
    query.sort(&mut entries)?;
    let total = entries.len();
    let (skip, limit) = (query.pagination.skip.unwrap_or_default(), query.pagination.limit(MOST, MOST)?);
    let items: Vec<Value> = entries.iter().skip(skip).take(limit).map(|entry| query.item(entry)).collect();
    let aggregates = if query.include_aggregates { query.told(&all) } else { Map::new() };
    Ok(ok(json!({
        "start": date(stretch.start),
        "end": date(stretch.end),
        "resolution": stretch.resolution.as_str(),
        "duration": lasting,
        "dimensions": query.dimensions,
        "pagination": {
            "sort": query.pagination.sort.clone().unwrap_or_default(),
            "skip": skip, "limit": limit, "total": total,
        },
        "items": items,
        "aggregates": {"metrics": aggregates},
    })))
}

impl Query {
    /// The range, and how the client put its length.
    fn stretch(&self, now: Timestamp) -> Result<(Stretch, String), ApiError> {
        let set = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let named = set(&self.resolution).map(|text| {
            let known = Resolution::named(&text.to_ascii_lowercase());
            known.ok_or_else(|| ApiError::bad(format!("'{}' is not a valid resolution", shown(&text))))
        });
        let named = named.transpose()?;
        let end = moment_of(self.end.as_deref())?.unwrap_or(now);
        let start = moment_of(self.start.as_deref())?;
        match (set(&self.duration), start) {
            (None, Some(start)) if start > end => Err(ApiError::bad("start date is later than the end date")),
            (None, Some(start)) => {
                Ok((Stretch::new(start, end, named.unwrap_or(Resolution::Day)), String::new()))
            }
            (text, _) => {
                let text = text.unwrap_or_else(|| USUAL.to_owned());
                let known = duration(&text);
                let (lasting, unit) = known
                    .ok_or_else(|| ApiError::bad(format!("'{}' is not a valid duration", shown(&text))))?;
                Ok((Stretch::lasting(lasting, end, named.unwrap_or(unit)), text))
            }
        }
    }

    fn wants(&self, dimension: &str) -> bool {
        self.dimensions.iter().any(|name| name == dimension)
    }

    /// Whether counts by this are needed.
    fn needs(&self, dimension: &str) -> bool {
        self.wants(dimension) || self.filter.names(dimension)
    }

    /// By a dimension or a metric, `name:asc` or `name:desc`; by the dimensions in their order otherwise.
    fn sort(&self, entries: &mut [Entry]) -> Result<(), ApiError> {
        let Some(text) = self.pagination.sort.as_deref().filter(|text| !text.trim().is_empty()) else {
            return Ok(());
        };
        let (name, direction) = text.split_once(':').unwrap_or((text, "asc"));
        let place = self.dimensions.iter().position(|dimension| dimension == name);
        if place.is_none() && DIMENSIONS.contains(&name) {
            // Entries do not differ in what they are not counted by.
            return Ok(());
        }
        if place.is_none() && value(name, &Counts::default()).is_none() {
            return Err(ApiError::bad(format!("'{}' is not a valid sort", shown(text))));
        }
        let number = |counts: &Counts| match value(name, counts) {
            Some(Value::Number(number)) => number.as_f64().unwrap_or_default(),
            Some(Value::String(text)) => text.parse().unwrap_or_default(),
            _ => 0.0,
        };
        entries.sort_by(|one: &Entry, other: &Entry| {
            let order = match place {
                Some(place) => one.0.get(place).cmp(&other.0.get(place)),
                None => number(&one.1).partial_cmp(&number(&other.1)).unwrap_or(Ordering::Equal),
            };
            if direction.eq_ignore_ascii_case("desc") { order.reverse() } else { order }
        });
        Ok(())
    }

    fn item(&self, (values, counts): &Entry) -> Value {
        let dimensions: Vec<Value> = self
            .dimensions
            .iter()
            .zip(values)
            .map(|(name, value)| {
                let moment = if name == "time" { value.parse::<Timestamp>().ok() } else { None };
                let shown = moment.map_or_else(|| value.clone(), date);
                json!({"dimension": name, "value": shown, "display_value": shown})
            })
            .collect();
        json!({"dimensions": dimensions, "metrics": self.told(counts)})
    }

    fn told(&self, counts: &Counts) -> Map<String, Value> {
        let names: Vec<&str> = if self.metrics.is_empty() {
            DEFAULT.to_vec()
        } else {
            self.metrics.iter().map(String::as_str).collect()
        };
        names.into_iter().filter_map(|name| Some((name.to_owned(), value(name, counts)?))).collect()
    }
}

impl House {
    /// Everything that was counted in the range, by the dimensions that are asked for.
    async fn entries(&self, query: &Query, stretch: Stretch) -> Result<Vec<Entry>, ApiError> {
        let kind = match (query.needs("tag"), query.needs("recipient_provider")) {
            (true, true) => {
                return Err(ApiError::bad("tag and recipient_provider are not counted together"));
            }
            (true, false) => Some('t'),
            (false, true) => Some('p'),
            (false, false) => None,
        };
        self.rooms.calls.catch_up().await?;
        let store = &*self.rooms.store;
        let mut entries: BTreeMap<Vec<String>, Counts> = BTreeMap::new();
        if query.dimensions == ["time"] {
            // A chart has no holes.
            entries.extend(stretch.beginnings().map(|bucket| (vec![bucket.to_string()], Counts::default())));
        }
        let domains = self.rooms.domains.roll().await?;
        for domain in domains.iter().map(|ours| ours.name.as_str().to_owned()) {
            if !query.filter.pass("domain", std::slice::from_ref(&domain)) {
                continue;
            }
            let values = match kind {
                Some(kind) => statistics::values(store, kind, &domain).await?,
                None => vec![String::new()],
            };
            for value in values {
                let named = std::slice::from_ref(&value);
                if kind == Some('t') && !query.filter.pass("tag", named)
                    || kind == Some('p') && !query.filter.pass("recipient_provider", named)
                {
                    continue;
                }
                let whose = match kind {
                    Some('t') => Whose::Tag(domain.clone(), value.clone()),
                    Some(_) => Whose::Provider(domain.clone(), value.clone()),
                    None => Whose::Domain(domain.clone()),
                };
                for (hour, counts) in statistics::hours(store, &whose, stretch.start, stretch.over()).await? {
                    let of = |dimension: &String| match dimension.as_str() {
                        "time" => stretch.resolution.floor(hour).to_string(),
                        "domain" => domain.clone(),
                        _ => value.clone(),
                    };
                    let key: Vec<String> = query.dimensions.iter().map(of).collect();
                    entries.entry(key).or_default().join(&counts);
                }
            }
        }
        Ok(entries.into_iter().collect())
    }
}

/// A metric of some counts; `None` where it is not known.
fn value(name: &str, counts: &Counts) -> Option<Value> {
    match name.strip_suffix("_rate") {
        Some(rate) => self::rate(rate, counts).map(|rate| json!(rate)),
        None => number(name.strip_suffix("_count")?, counts).map(|number| json!(number)),
    }
}

fn number(name: &str, counts: &Counts) -> Option<u64> {
    let of = |name| counts.of(name);
    let sum = |names: &[&str]| names.iter().map(|name| counts.of(name)).sum();
    let delivered = sum(&["delivered-smtp", "delivered-http"]);
    let suppressed: u64 =
        sum(&["permanent-suppress-bounce", "permanent-suppress-unsubscribe", "permanent-suppress-complaint"]);
    Some(match name {
        "accepted_incoming" => of("accepted-incoming"),
        "accepted_outgoing" => of("accepted-outgoing"),
        "accepted" => sum(&["accepted-incoming", "accepted-outgoing"]),
        "delivered_smtp" => of("delivered-smtp"),
        "delivered_http" => of("delivered-http"),
        "delivered" => delivered,
        "delivered_first_attempt" => of("delivered-first-attempt"),
        "delivered_subsequent" | "delivered_two_plus_attempts" => of("delivered-subsequent"),
        "delayed_first_attempt" => of("delayed-first-attempt"),
        "processed" => delivered + of("permanent"),
        "sent" => delivered + of("permanent") - suppressed.min(of("permanent")),
        "stored" => of("stored"),
        "opened" => of("opened"),
        "clicked" => of("clicked"),
        "unique_opened" => of("opened-unique"),
        "unique_clicked" => of("clicked-unique"),
        "unsubscribed" => of("unsubscribed"),
        "complained" => of("complained"),
        "failed" => sum(&["temporary", "permanent"]),
        "temporary_failed" => of("temporary"),
        "permanent_failed" => of("permanent"),
        "temporary_failed_esp_block" => of("temporary-espblock"),
        "permanent_failed_esp_block" | "esp_block" => of("permanent-espblock"),
        "permanent_failed_old" => of("permanent-old"),
        "rate_limit" => of("rate-limit"),
        "webhook" => of("permanent-webhook"),
        "bounced" => sum(&["hard-bounce", "soft-bounce"]),
        "hard_bounces" => of("hard-bounce"),
        "soft_bounces" => of("soft-bounce"),
        "delayed_bounce" => of("permanent-delayed-bounce"),
        "suppressed" => suppressed,
        "suppressed_bounces" => of("permanent-suppress-bounce"),
        "suppressed_unsubscribed" => of("permanent-suppress-unsubscribe"),
        "suppressed_complaints" => of("permanent-suppress-complaint"),
        "rejected" => of("rejected"),
        // Nothing of the kind is done here.
        "delivered_optimized" | "permanent_failed_optimized" => 0,
        _ => return None,
    })
}

/// Four decimals.
fn rate(name: &str, counts: &Counts) -> Option<String> {
    let (part, whole) = match name {
        "delivered" => ("delivered", "sent"),
        "opened" => ("opened", "delivered"),
        "clicked" => ("clicked", "delivered"),
        "unique_opened" => ("unique_opened", "delivered"),
        "unique_clicked" => ("unique_clicked", "delivered"),
        "unsubscribed" => ("unsubscribed", "delivered"),
        "complained" => ("complained", "delivered"),
        "bounce" => ("bounced", "sent"),
        "fail" | "permanent_fail" => ("permanent_failed", "sent"),
        "temporary_fail" => ("temporary_failed", "sent"),
        "delayed" => ("delayed_first_attempt", "sent"),
        _ => return None,
    };
    let (part, whole) = (number(part, counts)?, number(whole, counts)?);
    #[allow(clippy::cast_precision_loss, reason = "four decimals are told")]
    let rate = if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    Some(format!("{rate:.4}"))
}
