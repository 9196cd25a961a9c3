//! Suppressions: `/v3/{domain}/bounces`, `unsubscribes`, `complaints`.
//!
//! A page is a stretch of the addresses in alphabetical order, named by the address beside it (`page`, `address`), and all of that
//! stands in the query, because one client takes the query of a paging URL and puts it behind a path of its own.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::get;
use form_urlencoded::Serializer;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tegami_mail::{Address, Domain};
use tegami_store::{Store, Suppression, SuppressionList, SuppressionSource, Table, suppression_key};

use super::form::Form;
use super::scalar::{moment, shown};
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::segments::Segments;

/// The routes of the three lists.
pub(crate) fn routes() -> Router<Shared> {
    let mut router = Router::new();
    for list in SuppressionList::ALL {
        let many = get(move |house, path, request| show_all(list, house, path, request))
            .post(move |house, path, request| add(list, house, path, request))
            .delete(move |house, path, request| remove_all(list, house, path, request));
        let one = get(move |house, path, headers| show(list, house, path, headers))
            .delete(move |house, path, request| remove(list, house, path, request));
        let path = format!("/v3/{{domain}}/{}", list.as_str());
        router = router.route(&path, many).route(&format!("{path}/{{address}}"), one);
    }
    router
}

/// Addresses on a page, unless asked for otherwise, and at most; also the most that one request adds.
const USUAL: usize = 100;
const MOST: usize = 1000;

type OfDomain = Segments<String>;
type OfAddress = Segments<(String, String)>;

async fn show_all(
    list: SuppressionList,
    State(house): State<Shared>,
    Segments(domain): OfDomain,
    request: Request,
) -> Result<Response, ApiError> {
    let domain = house.administrator(request.headers(), &domain).await?;
    let query = Form::of_query(request.uri().query().unwrap_or_default())?;
    let page = Page::read(&query)?;
    let found = page.find(&house, &domain, list).await?;
    let base = format!("{}/v3/{domain}/{}", house.base_url(request.headers()), list.as_str());
    let paging = page.paging(&base, &found);
    let items: Vec<Value> = found.iter().map(item).collect();
    Ok(ok(json!({"items": items, "paging": paging})))
}

async fn show(
    list: SuppressionList,
    State(house): State<Shared>,
    Segments((domain, address)): OfAddress,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let domain = house.administrator(&headers, &domain).await?;
    Ok(ok(item(&house.suppression(&domain, list, &address).await?)))
}

async fn add(
    list: SuppressionList,
    State(house): State<Shared>,
    Segments(domain): OfDomain,
    request: Request,
) -> Result<Response, ApiError> {
    let domain = house.administrator(request.headers(), &domain).await?;
    let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
    let _room = house.room_for(request.headers()).await?;
    let body = Form::octets(request, house.settings.max_request).await?;
    let now = house.rooms.clock.now();
    if body.trim_ascii_start().starts_with(b"[") {
        return house.add_many(&domain, list, &body, now).await;
    }
    let form = Form::of_bytes(content_type.as_ref().map(|value| value.as_bytes()), body).await?;
    let given = Given::of_form(&form)?;
    let suppression = given.read(&domain, list, now)?;
    let address = suppression.address.clone();
    house.put(vec![suppression]).await?;
    let message = format!("Address has been added to the {} table", list.as_str());
    Ok(ok(json!({"message": message, "address": address})))
}

async fn remove(
    list: SuppressionList,
    State(house): State<Shared>,
    Segments((domain, address)): OfAddress,
    request: Request,
) -> Result<Response, ApiError> {
    let domain = house.administrator(request.headers(), &domain).await?;
    let found = house.suppression(&domain, list, &address).await?;
    let key = suppression_key(domain.as_str(), list, &found.address);
    house.rooms.store.delete(Table::Suppressions, vec![key]).await?;
    let message = match list {
        SuppressionList::Bounces => "Bounced address has been removed",
        SuppressionList::Unsubscribes => "Unsubscribe event has been removed",
        SuppressionList::Complaints => "Spam complaint has been removed",
    };
    Ok(ok(json!({"message": message, "address": found.address})))
}

async fn remove_all(
    list: SuppressionList,
    State(house): State<Shared>,
    Segments(domain): OfDomain,
    request: Request,
) -> Result<Response, ApiError> {
    let domain = house.administrator(request.headers(), &domain).await?;
    let prefix = suppression_key(domain.as_str(), list, "");
    loop {
        let rows = house.rooms.store.scan(Table::Suppressions, &prefix, None, MOST).await?;
        if rows.is_empty() {
            break;
        }
        let keys = rows.into_iter().map(|(key, _)| key).collect();
        house.rooms.store.delete(Table::Suppressions, keys).await?;
    }
    let what = match list {
        SuppressionList::Bounces => "Bounced",
        SuppressionList::Unsubscribes => "Unsubscribe",
        SuppressionList::Complaints => "Complaint",
    };
    Ok(ok(json!({"message": format!("{what} addresses for this domain have been removed")})))
}

impl House {
    async fn suppression(
        &self,
        domain: &Domain,
        list: SuppressionList,
        address: &str,
    ) -> Result<Suppression, ApiError> {
        let missing = || {
            ApiError::NotFound(
                match list {
                    SuppressionList::Bounces => "Address not found in bounces table",
                    SuppressionList::Unsubscribes => "Address not found in unsubscribers table",
                    SuppressionList::Complaints => "No spam complaints found for this address",
                }
                .to_owned(),
            )
        };
        // A blank in an address of a path was a plus once.
        let key = suppression_key(domain.as_str(), list, &address.replace(' ', "+"));
        let found = self.rooms.store.get(Table::Suppressions, &key).await?.ok_or_else(missing)?;
        serde_json::from_value(found).map_err(unreadable)
    }

    async fn add_many(
        &self,
        domain: &Domain,
        list: SuppressionList,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Response, ApiError> {
        let given: Vec<Value> = serde_json::from_slice(body)
            .map_err(|_| ApiError::bad("unable to parse request: the body is not a JSON array"))?;
        if given.len() > MOST {
            return Err(ApiError::bad(format!("Batch size should be less than {MOST}")));
        }
        let count = given.len();
        let read = |value: &Value| Given::of_json(value)?.read(domain, list, now);
        let suppressions = given.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        self.put(suppressions).await?;
        let kind = if list == SuppressionList::Complaints { "complaint addresses" } else { "addresses" };
        let message = format!("{count} {kind} have been added to the {} table", list.as_str());
        Ok(ok(json!({"message": message})))
    }

    async fn put(&self, suppressions: Vec<Suppression>) -> Result<(), ApiError> {
        let row = |suppression: Suppression| {
            let key = suppression_key(&suppression.domain, suppression.list, &suppression.address);
            Ok((key, serde_json::to_value(suppression).map_err(unreadable)?))
        };
        let rows = suppressions.into_iter().map(row).collect::<Result<_, ApiError>>()?;
        Ok(self.rooms.store.put(Table::Suppressions, rows).await?)
    }
}

/// What a client says of an address.
#[derive(Default)]
struct Given {
    address: Option<String>,
    code: Option<String>,
    error: Option<String>,
    created_at: Option<String>,
    tags: Vec<String>,
}

impl Given {
    fn of_form(form: &Form) -> Result<Self, ApiError> {
        let text = |name: &str| form.filled(name).map(|text| text.map(ToOwned::to_owned));
        let tags = form.texts("tag").chain(form.texts("tags"));
        Ok(Self {
            address: text("address")?,
            code: text("code")?,
            error: text("error")?,
            created_at: text("created_at")?,
            tags: tags.map(|tag| tag.map(ToOwned::to_owned)).collect::<Result<_, _>>()?,
        })
    }

    /// Numbers may stand where texts are meant.
    fn of_json(value: &Value) -> Result<Self, ApiError> {
        let members =
            value.as_object().ok_or_else(|| ApiError::bad("unable to parse request: not a JSON object"))?;
        let plain = |value: &Value| match value {
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let text = |name: &str| members.get(name).and_then(plain);
        let listed = members.get("tags").and_then(Value::as_array).into_iter().flatten();
        let tags = listed.chain(members.get("tag")).filter_map(plain).collect();
        Ok(Self {
            address: text("address"),
            code: text("code"),
            error: text("error"),
            created_at: text("created_at"),
            tags,
        })
    }

    fn read(self, domain: &Domain, list: SuppressionList, now: Timestamp) -> Result<Suppression, ApiError> {
        let written = self.address.ok_or_else(|| ApiError::bad("Missing mandatory parameter: address"))?;
        let address = Address::parse(written.trim()).map_err(|error| {
            ApiError::bad(format!("`{}` is not a valid address: {error}", shown(&written)))
        })?;
        if self.tags.iter().any(|tag| !tag.is_empty() && tag != "*") {
            let why = "tags: unsubscribing from single tags is not served here, only from everything (`*`)";
            return Err(ApiError::bad(why));
        }
        let created_at = self.created_at.as_deref().and_then(moment).transpose()?;
        let code = match list {
            SuppressionList::Bounces => self.code.unwrap_or_else(|| "550".to_owned()),
            _ => String::new(),
        };
        Ok(Suppression {
            domain: domain.as_str().to_owned(),
            list,
            address: address.to_string(),
            code,
            error: self.error.unwrap_or_default(),
            created_at: created_at.unwrap_or(now),
            source: SuppressionSource::Api,
            evidence: None,
        })
    }
}

/// One address as the API shows it.
fn item(suppression: &Suppression) -> Value {
    let created_at = suppression.created_at.to_zoned(TimeZone::UTC);
    let created_at = created_at.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string();
    match suppression.list {
        SuppressionList::Bounces => json!({
            "address": suppression.address,
            "code": suppression.code,
            "error": suppression.error,
            "created_at": created_at,
        }),
        SuppressionList::Unsubscribes => {
            json!({"address": suppression.address, "tags": ["*"], "created_at": created_at})
        }
        SuppressionList::Complaints => json!({"address": suppression.address, "created_at": created_at}),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn unreadable(error: serde_json::Error) -> ApiError {
    tracing::error!(%error, "a suppression cannot be read or written");
    ApiError::Internal
}

/// Which stretch of a list.
struct Page {
    place: Place,
    limit: usize,
    /// Only addresses that begin so.
    term: String,
}

enum Place {
    First,
    Last,
    After(String),
    Before(String),
}

impl Page {
    fn read(query: &Form) -> Result<Self, ApiError> {
        let limit = match query.filled("limit")?.map(str::parse::<usize>) {
            None => USUAL,
            Some(Ok(limit @ 1..=MOST)) => limit,
            Some(Ok(0) | Err(_)) => return Err(ApiError::bad("limit: this is not a number above 0")),
            Some(Ok(_)) => {
                return Err(ApiError::bad(format!("The 'limit' parameter can't be larger than {MOST}")));
            }
        };
        let pivot = query.filled("address")?.unwrap_or_default().to_lowercase();
        let place = match query.filled("page")?.unwrap_or("first") {
            "first" => Place::First,
            "last" => Place::Last,
            "next" => Place::After(pivot),
            "previous" | "prev" => Place::Before(pivot),
            other => return Err(ApiError::bad(format!("page: `{}` is not known", shown(other)))),
        };
        let term = query.filled("term")?.unwrap_or_default().to_lowercase();
        Ok(Self { place, limit, term })
    }

    async fn find(
        &self,
        house: &House,
        domain: &Domain,
        list: SuppressionList,
    ) -> Result<Vec<Suppression>, ApiError> {
        let key = |address: &str| suppression_key(domain.as_str(), list, address);
        let store = &house.rooms.store;
        let prefix = key(&self.term);
        let rows = match &self.place {
            Place::First => store.scan(Table::Suppressions, &prefix, None, self.limit).await?,
            Place::After(pivot) => {
                store.scan(Table::Suppressions, &prefix, Some(&key(pivot)), self.limit).await?
            }
            Place::Last => ending(store, &prefix, None, self.limit).await?,
            Place::Before(pivot) => ending(store, &prefix, Some(&key(pivot)), self.limit).await?,
        };
        rows.into_iter().map(|(_, value)| serde_json::from_value(value).map_err(unreadable)).collect()
    }

    /// All four URLs are always there; one client stumbles over a missing one.
    fn paging(&self, base: &str, found: &[Suppression]) -> Value {
        let url = |page: &str, pivot: Option<&str>| {
            let mut query = Serializer::new(String::new());
            query.append_pair("page", page);
            if let Some(pivot) = pivot {
                query.append_pair("address", pivot);
            }
            query.append_pair("limit", &self.limit.to_string()).append_pair("term", &self.term);
            format!("{base}?{}", query.finish())
        };
        let address = |suppression: &Suppression| suppression.address.clone();
        let here = match &self.place {
            Place::After(pivot) | Place::Before(pivot) => pivot.clone(),
            Place::First | Place::Last => String::new(),
        };
        let first = found.first().map_or_else(|| here.clone(), address);
        let last = found.last().map_or(here, address);
        json!({
            "first": url("first", None),
            "last": url("last", None),
            "next": url("next", Some(&last)),
            "previous": url("previous", Some(&first)),
        })
    }
}

/// The last rows before a key, or of all. The store reads forwards only: the list is walked, and no more than a page of it is kept.
async fn ending(
    store: &Arc<dyn Store>,
    prefix: &str,
    before: Option<&str>,
    limit: usize,
) -> Result<Vec<(String, Value)>, ApiError> {
    let mut kept: Vec<(String, Value)> = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let rows = store.scan(Table::Suppressions, prefix, after.as_deref(), MOST).await?;
        let whole = rows.len() >= MOST;
        after = rows.last().map(|(key, _)| key.clone());
        let count = rows.len();
        let wanted: Vec<_> = rows
            .into_iter()
            .take_while(|(key, _)| before.is_none_or(|before| key.as_str() < before))
            .collect();
        let ended = wanted.len() < count;
        kept.extend(wanted);
        kept.drain(..kept.len().saturating_sub(limit));
        if ended || !whole {
            return Ok(kept);
        }
    }
}
