//! Tags: `/v3/{domain}/tags…`, and the newer `/v3/{domain}/tag?tag=`, in whose query every name can stand.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use form_urlencoded::Serializer;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use tegami_mail::Domain;

use super::asked::{Managed, Query};
use super::form::Form;
use super::scalar::shown;
use super::stats::Asked;
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::segments::Segments;
use crate::statistics::Whose;
use crate::tag::{self, Tag};

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v3/{domain}/tags", get(list))
        .route("/v3/{domain}/tags/{tag}", get(show_named).put(update_named).delete(remove_named))
        .route("/v3/{domain}/tags/{tag}/stats", get(count_named))
        .route("/v3/{domain}/tag", get(show_asked).put(update_asked).delete(remove_asked))
        .route("/v3/{domain}/tag/stats", get(count_asked))
}

/// Tags on a page, unless asked for otherwise, and at most.
const USUAL: usize = 100;
const MOST: usize = 1000;

type OfTag = Segments<(String, String)>;

async fn list(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Query(query): Query,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let limit = match query.filled("limit")?.map(str::parse::<usize>) {
        None => USUAL,
        Some(Ok(limit @ 1..=MOST)) => limit,
        Some(Ok(0) | Err(_)) => return Err(ApiError::bad("limit: this is not a number above 0")),
        Some(Ok(_)) => {
            return Err(ApiError::bad(format!("The 'limit' parameter can't be larger than {MOST}")));
        }
    };
    let prefix = query.filled("prefix")?.unwrap_or_default();
    let pivot = query.filled("tag")?.unwrap_or_default().to_lowercase();
    house.rooms.calls.catch_up().await?;
    let all = tag::all(&*house.rooms.store, domain.as_str(), prefix).await?;
    let name = |tag: &Tag| tag.tag.to_lowercase();
    let page = match query.filled("page")?.unwrap_or("first") {
        "first" => all.iter().take(limit).collect::<Vec<_>>(),
        "last" => last(all.iter().collect(), limit),
        "next" => all.iter().filter(|tag| name(tag) > pivot).take(limit).collect(),
        "previous" | "prev" => last(all.iter().filter(|tag| name(tag) < pivot).collect(), limit),
        other => return Err(ApiError::bad(format!("page: `{}` is not known", shown(other)))),
    };
    let base = format!("{}/v3/{domain}/tags", house.base_url(&headers));
    let url = |place: &str, pivot: Option<&str>| {
        let mut query = Serializer::new(String::new());
        query.append_pair("page", place);
        if let Some(pivot) = pivot {
            query.append_pair("tag", pivot);
        }
        query.append_pair("limit", &limit.to_string()).append_pair("prefix", prefix);
        format!("{base}?{}", query.finish())
    };
    let edge = |tag: Option<&&Tag>| tag.map_or_else(|| pivot.clone(), |tag| name(tag));
    let paging = json!({
        "first": url("first", None),
        "last": url("last", None),
        "next": url("next", Some(&edge(page.last()))),
        "previous": url("previous", Some(&edge(page.first()))),
    });
    let items: Vec<Value> = page.into_iter().map(|tag| item(tag).into()).collect();
    Ok(ok(json!({"items": items, "paging": paging})))
}

fn last(mut all: Vec<&Tag>, limit: usize) -> Vec<&Tag> {
    all.split_off(all.len().saturating_sub(limit))
}

/// A tag as the API shows it; moments that there were not are left out.
fn item(tag: &Tag) -> Map<String, Value> {
    let mut item = Map::from_iter([
        ("tag".to_owned(), json!(tag.tag)),
        ("description".to_owned(), json!(tag.description)),
    ]);
    let date = |moment: Timestamp| moment.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    for (name, moment) in [("first-seen", tag.first_seen), ("last-seen", tag.last_seen)] {
        item.extend(moment.map(|moment| (name.to_owned(), json!(date(moment)))));
    }
    item
}

async fn show_named(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Segments((_, tag)): OfTag,
) -> Result<Response, ApiError> {
    Ok(ok(item(&house.tag(&domain, &tag).await?).into()))
}

async fn show_asked(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Query(query): Query,
) -> Result<Response, ApiError> {
    let tag = asked(&query)?;
    Ok(ok(item(&house.tag(&domain, &tag).await?).into()))
}

async fn update_named(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Segments((_, tag)): OfTag,
    form: Form,
) -> Result<Response, ApiError> {
    house.describe(&domain, &tag, &form).await
}

async fn update_asked(
    State(house): State<Shared>,
    Managed(domain): Managed,
    form: Form,
) -> Result<Response, ApiError> {
    house.describe(&domain, &asked(&form)?, &form).await
}

async fn remove_named(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Segments((_, tag)): OfTag,
) -> Result<Response, ApiError> {
    house.forget_tag(&domain, &tag).await
}

async fn remove_asked(
    State(house): State<Shared>,
    Managed(domain): Managed,
    form: Form,
) -> Result<Response, ApiError> {
    house.forget_tag(&domain, &asked(&form)?).await
}

async fn count_named(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Segments((_, tag)): OfTag,
    Query(query): Query,
) -> Result<Response, ApiError> {
    house.count_tag(&domain, &tag, &query).await
}

async fn count_asked(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Query(query): Query,
) -> Result<Response, ApiError> {
    house.count_tag(&domain, &asked(&query)?, &query).await
}

fn asked(form: &Form) -> Result<String, ApiError> {
    let tag = form.filled("tag")?.ok_or_else(|| ApiError::bad("tag parameter is missing"))?;
    Ok(tag.to_owned())
}

impl House {
    /// A tag by its name. A client writes blanks as pluses, so such a name is looked up both ways.
    async fn tag(&self, domain: &Domain, name: &str) -> Result<Tag, ApiError> {
        self.rooms.calls.catch_up().await?;
        let store = &*self.rooms.store;
        if let Some(tag) = tag::find(store, domain.as_str(), name).await? {
            return Ok(tag);
        }
        let blanks = name.replace('+', " ");
        let found = tag::find(store, domain.as_str(), &blanks).await?;
        found.ok_or_else(|| ApiError::NotFound("Tag not found".to_owned()))
    }

    async fn describe(&self, domain: &Domain, name: &str, form: &Form) -> Result<Response, ApiError> {
        let name = match self.tag(domain, name).await {
            Ok(tag) => tag.tag,
            Err(ApiError::NotFound(_)) if tag::is_fine(name) => name.to_owned(),
            Err(ApiError::NotFound(_)) => {
                let why = format!("tag: a tag has at most {} printable ASCII characters", tag::LONGEST);
                return Err(ApiError::bad(why));
            }
            Err(error) => return Err(error),
        };
        let description = form.text("description")?.unwrap_or_default();
        tag::describe(&*self.rooms.store, domain.as_str(), &name, description).await?;
        Ok(ok(json!({"message": "Tag updated"})))
    }

    async fn forget_tag(&self, domain: &Domain, name: &str) -> Result<Response, ApiError> {
        let tag = self.tag(domain, name).await?;
        tag::remove(&*self.rooms.store, domain.as_str(), &tag.tag).await?;
        Ok(ok(json!({"message": "Tag deleted"})))
    }

    async fn count_tag(&self, domain: &Domain, name: &str, query: &Form) -> Result<Response, ApiError> {
        let tag = self.tag(domain, name).await?;
        let asked = Asked::read(query, self)?;
        let whose = Whose::Tag(domain.as_str().to_owned(), tag.tag.to_lowercase());
        let mut answer = self.totals(&asked, &[whose]).await?;
        answer.insert("tag".to_owned(), json!(tag.tag));
        answer.insert("description".to_owned(), json!(tag.description));
        Ok(ok(answer.into()))
    }
}
