//! `/v1/analytics/…`: counts by dimension, events as logs, and tags, for all domains together. Everything is asked for in JSON.

mod filter;
mod log;
mod metric;
mod tag;

use axum::Router;
use axum::extract::Request;
use axum::routing::{get, post};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::form::Form;
use super::scalar::moment;
use crate::error::ApiError;
use crate::house::{House, Shared};

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/analytics/metrics", post(metric::count))
        .route("/v1/analytics/logs", post(log::list))
        .route("/v1/analytics/tags", post(tag::list).put(tag::update).delete(tag::remove))
        .route("/v1/analytics/tags/limits", get(tag::limits))
}

/// How much of a list is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pagination {
    sort: Option<String>,
    skip: Option<usize>,
    limit: Option<usize>,
    token: Option<String>,
    include_total: Option<bool>,
}

impl Pagination {
    /// Entries on a page; one client writes 0 where nothing was set.
    fn limit(&self, usual: usize, most: usize) -> Result<usize, ApiError> {
        match self.limit {
            None | Some(0) => Ok(usual),
            Some(limit) if limit <= most => Ok(limit),
            Some(_) => Err(ApiError::bad(format!("The 'limit' parameter can't be larger than {most}"))),
        }
    }
}

/// The body as JSON, whatever the client calls it; nothing at all is an empty object.
async fn body<T: DeserializeOwned>(house: &House, request: Request) -> Result<T, ApiError> {
    const MOST: u64 = 1 << 20;
    let octets = Form::octets(request, house.settings.max_request.min(MOST)).await?;
    let octets = if octets.trim_ascii().is_empty() { b"{}".as_slice() } else { &octets };
    let wrong = |error: serde_json::Error| ApiError::bad(format!("unable to parse request: {error}"));
    let mut given: Value = serde_json::from_slice(octets).map_err(wrong)?;
    without_nulls(&mut given);
    serde_json::from_value(given).map_err(wrong)
}

/// One client writes `null` for whatever was not set.
fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

/// A moment in a request; an empty text stands for none.
fn moment_of(text: Option<&str>) -> Result<Option<Timestamp>, ApiError> {
    text.and_then(moment).transpose()
}

/// `Fri, 01 Nov 2024 01:00:00 +0000`.
fn date(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}
