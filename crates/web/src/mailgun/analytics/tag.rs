//! `/v1/analytics/tags`: the tags of all domains; the same tag in two of them is one here.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Pagination, body};
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::mailgun::asked::Account;
use crate::mailgun::scalar::shown;
use crate::tag::{self, Tag};

/// Entries on a page, unless asked for otherwise, and at most.
const USUAL: usize = 10;
const MOST: usize = 1000;

/// The tags that there may be; more are taken in all the same.
const LIMIT: usize = 5000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Query {
    tag: Option<String>,
    description: Option<String>,
    pagination: Pagination,
}

pub(super) async fn list(
    State(house): State<Shared>,
    _: Account,
    request: Request,
) -> Result<Response, ApiError> {
    let query: Query = body(&house, request).await?;
    let wanted = query.tag.unwrap_or_default().to_lowercase();
    let mut tags: Vec<Tag> = house.all_tags().await?.into_values().collect();
    tags.retain(|tag| tag.tag.to_lowercase().contains(&wanted));
    let sort = query.pagination.sort.clone().filter(|sort| !sort.is_empty());
    let sort = sort.unwrap_or_else(|| "lastseen:desc".to_owned());
    let descending = sort.ends_with(":desc");
    match sort.split(':').next().unwrap_or_default() {
        "lastseen" | "last_seen" if descending => tags.sort_by_key(|tag| Reverse(tag.last_seen)),
        "lastseen" | "last_seen" => tags.sort_by_key(|tag| tag.last_seen),
        "firstseen" | "first_seen" if descending => tags.sort_by_key(|tag| Reverse(tag.first_seen)),
        "firstseen" | "first_seen" => tags.sort_by_key(|tag| tag.first_seen),
        "tag" if descending => tags.reverse(),
        "tag" => {}
        _ => return Err(ApiError::bad(format!("'{}' is not a valid sort", shown(&sort)))),
    }
    let total = tags.len();
    let (skip, limit) = (query.pagination.skip.unwrap_or_default(), query.pagination.limit(USUAL, MOST)?);
    let items: Vec<Value> = tags.iter().skip(skip).take(limit).map(item).collect();
    let mut pagination = json!({"sort": sort, "skip": skip, "limit": limit});
    if let (Some(members), true) = (pagination.as_object_mut(), query.pagination.include_total != Some(false))
    {
        members.insert("total".to_owned(), json!(total));
    }
    Ok(ok(json!({"items": items, "pagination": pagination})))
}

/// Moments that there were not are left out: an empty text is none.
fn item(tag: &Tag) -> Value {
    let mut item = json!({
        "account_id": "", "parent_account_id": "", "account_name": "",
        "tag": tag.tag,
        "description": tag.description,
    });
    for (name, moment) in [("first_seen", tag.first_seen), ("last_seen", tag.last_seen)] {
        if let (Some(moment), Some(members)) = (moment, item.as_object_mut()) {
            members.insert(name.to_owned(), json!(moment.to_string()));
        }
    }
    item
}

pub(super) async fn update(
    State(house): State<Shared>,
    _: Account,
    request: Request,
) -> Result<Response, ApiError> {
    let query: Query = body(&house, request).await?;
    let name =
        query.tag.filter(|tag| !tag.is_empty()).ok_or_else(|| ApiError::bad("tag parameter is missing"))?;
    let description = query.description.unwrap_or_default();
    let store = &*house.rooms.store;
    house.rooms.calls.catch_up().await?;
    let mut known = false;
    for ours in house.rooms.domains.roll().await?.iter() {
        let domain = ours.name.as_str();
        if tag::find(store, domain, &name).await?.is_some() {
            tag::describe(store, domain, &name, &description).await?;
            known = true;
        }
    }
    if known { Ok(ok(json!({"message": "Tag updated"}))) } else { Err(not_found()) }
}

pub(super) async fn remove(
    State(house): State<Shared>,
    _: Account,
    request: Request,
) -> Result<Response, ApiError> {
    let query: Query = body(&house, request).await?;
    let name =
        query.tag.filter(|tag| !tag.is_empty()).ok_or_else(|| ApiError::bad("tag parameter is missing"))?;
    house.rooms.calls.catch_up().await?;
    let mut known = false;
    for ours in house.rooms.domains.roll().await?.iter() {
        known |= tag::remove(&*house.rooms.store, ours.name.as_str(), &name).await?;
    }
    if known { Ok(ok(json!({"message": "Tag deleted"}))) } else { Err(not_found()) }
}

pub(super) async fn limits(State(house): State<Shared>, _: Account) -> Result<Response, ApiError> {
    let count = house.all_tags().await?.len();
    Ok(ok(json!({"limit": LIMIT, "count": count, "limit_reached": count >= LIMIT})))
}

fn not_found() -> ApiError {
    ApiError::NotFound("Tag not found".to_owned())
}

impl House {
    /// The tags of all domains by their names in lower case.
    async fn all_tags(&self) -> Result<BTreeMap<String, Tag>, ApiError> {
        self.rooms.calls.catch_up().await?;
        let mut all: BTreeMap<String, Tag> = BTreeMap::new();
        for ours in self.rooms.domains.roll().await?.iter() {
            for tag in tag::all(&*self.rooms.store, ours.name.as_str(), "").await? {
                let same = all.entry(tag.tag.to_lowercase()).or_insert_with(|| tag.clone());
                tag.first_seen.into_iter().chain(tag.last_seen).for_each(|moment| same.see(moment));
            }
        }
        Ok(all)
    }
}
