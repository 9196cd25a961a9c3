//! DKIM keys: those of a domain, and those of all.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, put};
use form_urlencoded::Serializer;
use serde_json::{Value, json};
use std::sync::Arc;
use tegami_auth::dkim::Selector;
use tegami_mail::Domain;
use tegami_queue::OurDomain;
use tegami_store::{DkimKeyRow, RecordFinding};

use super::asked::{Account, Ours};
use super::domain::{VERSIONS, record_value, selector};
use super::form::Form;
use super::scalar::shown;
use crate::domain::{Purpose, SeenRecord};
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::segments::Segments;

/// Keys on a page, unless asked for otherwise, and at most.
const USUAL: usize = 10;
const MOST: usize = 100;

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    let all = Router::new().route("/v1/dkim/keys", get(list).post(create).delete(remove));
    VERSIONS.iter().fold(all, |router, version| {
        let path = format!("{version}/domains/{{domain}}/keys");
        router
            .route(&path, get(of_domain))
            .route(&format!("{path}/{{selector}}/activate"), put(activate))
            .route(&format!("{path}/{{selector}}/deactivate"), put(deactivate))
    })
}

async fn of_domain(State(house): State<Shared>, Ours(ours): Ours) -> Result<Response, ApiError> {
    let keys = house.rooms.keys.of(&ours.name).await?;
    Ok(ok(json!({"items": house.key_values(&keys).await?})))
}

async fn activate(
    State(house): State<Shared>,
    Ours(ours): Ours,
    Segments((_, name)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    let key = house.rooms.keys.activate(&ours.name, &selector(&name)?).await?;
    Ok(switched("activated", &key))
}

async fn deactivate(
    State(house): State<Shared>,
    Ours(ours): Ours,
    Segments((_, name)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    let key = house.rooms.keys.deactivate(&ours.name, &selector(&name)?).await?;
    Ok(switched("deactivated", &key))
}

fn switched(what: &str, key: &DkimKeyRow) -> Response {
    ok(json!({
        "message": format!("domain key {what}"),
        "authority": key.domain,
        "selector": key.selector,
        "active": key.active,
    }))
}

async fn list(
    State(house): State<Shared>,
    _: Account,
    headers: HeaderMap,
    query: Form,
) -> Result<Response, ApiError> {
    let base = format!("{}/v1/dkim/keys", house.base_url(&headers));
    // One client sends its query as the body of a GET.
    let page = KeyPage::read(&query)?;
    let mut keys = house.rooms.keys.all().await?;
    keys.retain(|key| page.shows(key));
    let found = page.of(&keys);
    let (first, last) = (found.first().map(place), found.last().map(place));
    let items = house.key_values(found).await?;
    let paging = json!({
        "first": page.url(&base, "first"),
        "last": page.url(&base, "last"),
        "next": page.url(&base, &format!("after:{}", last.unwrap_or_else(|| page.place.clone()))),
        "previous": page.url(&base, &format!("before:{}", first.unwrap_or_else(|| page.place.clone()))),
    });
    Ok(ok(json!({"items": items, "paging": paging})))
}

async fn create(State(house): State<Shared>, _: Account, form: Form) -> Result<Response, ApiError> {
    let (ours, selector) = house.named_key(&form).await?;
    match form.filled("bits")? {
        // As with new domains: all that we make have 2048 bits.
        None | Some("1024" | "2048") => {}
        Some(other) => return Err(ApiError::bad(format!("bits: `{}` is not 1024 or 2048", shown(other)))),
    }
    let keys = &house.rooms.keys;
    let key = match form.text("pem")? {
        Some(pem) => keys.import(&ours.name, &selector, pem).await?,
        None => keys.make(&ours.name, &selector).await?,
    };
    let values = house.key_values(std::slice::from_ref(&key)).await?;
    values.into_iter().next().map(ok).ok_or(ApiError::Internal)
}

async fn remove(State(house): State<Shared>, _: Account, form: Form) -> Result<Response, ApiError> {
    let missing = || ApiError::NotFound("domain key not found".to_owned());
    let (ours, selector) = house.named_key(&form).await.map_err(|error| match error {
        ApiError::NotFound(_) => missing(),
        error => error,
    })?;
    house.rooms.keys.delete(&ours.name, &selector).await?;
    Ok(ok(json!({"message": "success"})))
}

impl House {
    /// The domain and selector that a form names.
    async fn named_key(&self, form: &Form) -> Result<(Arc<OurDomain>, Selector), ApiError> {
        let text = |name: &str| {
            let missing = || ApiError::bad(format!("{name} parameter is missing"));
            form.filled(name)?.ok_or_else(missing)
        };
        let (domain, name) = (text("signing_domain")?, text("selector")?);
        let missing = || ApiError::NotFound(format!("Domain not found: {}", shown(domain)));
        let parsed = Domain::parse(domain).map_err(|_| missing())?;
        let ours = self.rooms.domains.find(&parsed).await?.ok_or_else(missing)?;
        Ok((ours, selector(name)?))
    }

    /// Keys as the API shows them, with what the DNS last said of their records.
    async fn key_values(&self, keys: &[DkimKeyRow]) -> Result<Vec<Value>, ApiError> {
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            let record = self.record_of(key).await?;
            values.push(json!({
                "signing_domain": key.domain,
                "selector": key.selector,
                "dns_record": record_value(&record),
            }));
        }
        Ok(values)
    }

    async fn record_of(&self, key: &DkimKeyRow) -> Result<SeenRecord, ApiError> {
        let purpose = if key.active { Purpose::Key } else { Purpose::SpareKey };
        let record = crate::domain::key_record(key, purpose);
        let ours = match Domain::parse(&key.domain) {
            Ok(name) => self.rooms.domains.find(&name).await?,
            Err(_) => None,
        };
        Ok(match ours {
            Some(ours) => SeenRecord::of(record, &ours.row.checks),
            None => SeenRecord { record, found: RecordFinding::Unknown, answer: Vec::new() },
        })
    }
}

/// What names a key among all.
fn place(key: &DkimKeyRow) -> String {
    format!("{}/{}", key.domain, key.selector)
}

/// A page of keys: those after or before a place, or the first or last ones.
struct KeyPage {
    domain: Option<String>,
    selector: Option<String>,
    limit: usize,
    side: Side,
    place: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    First,
    Last,
    After,
    Before,
}

impl KeyPage {
    fn read(query: &Form) -> Result<Self, ApiError> {
        let text = |name: &str| Ok::<_, ApiError>(query.filled(name)?.map(str::to_lowercase));
        let limit = match query.filled("limit")?.map(|text| text.trim().parse::<usize>()) {
            // One client's examples ask for 0, and for a page named `string`: they mean the first page as it is.
            None | Some(Ok(0)) => USUAL,
            Some(Ok(limit @ 1..=MOST)) => limit,
            Some(Err(_)) => return Err(ApiError::bad("limit: this is not a number")),
            Some(Ok(_)) => {
                return Err(ApiError::bad(format!("The 'limit' parameter can't be larger than {MOST}")));
            }
        };
        let page = query.filled("page")?.unwrap_or("first");
        let (side, place) = match page.split_once(':') {
            Some(("after", place)) => (Side::After, place),
            Some(("before", place)) => (Side::Before, place),
            None if page == "first" || page == "string" => (Side::First, ""),
            None if page == "last" => (Side::Last, ""),
            _ => return Err(ApiError::bad(format!("page: `{}` is not known", shown(page)))),
        };
        let (domain, selector) = (text("signing_domain")?, text("selector")?);
        Ok(Self { domain, selector, limit, side, place: place.to_owned() })
    }

    fn shows(&self, key: &DkimKeyRow) -> bool {
        self.domain.as_ref().is_none_or(|domain| *domain == key.domain)
            && self.selector.as_ref().is_none_or(|selector| *selector == key.selector)
    }

    fn of<'a>(&self, keys: &'a [DkimKeyRow]) -> &'a [DkimKeyRow] {
        // Places compare as the list is sorted: by domain, then by selector.
        let split = |place: &str| {
            let (domain, selector) = place.split_once('/').unwrap_or((place, ""));
            (domain.to_owned(), selector.to_owned())
        };
        let at = split(&self.place);
        let before = keys.partition_point(|key| split(&place(key)) < at);
        let upto = keys.partition_point(|key| split(&place(key)) <= at);
        let (begin, end) = match self.side {
            Side::First => (0, self.limit),
            Side::Last => (keys.len().saturating_sub(self.limit), keys.len()),
            Side::After => (upto, upto + self.limit),
            Side::Before => (before.saturating_sub(self.limit), before),
        };
        keys.get(begin..end.min(keys.len())).unwrap_or_default()
    }

    fn url(&self, base: &str, page: &str) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("page", page).append_pair("limit", &self.limit.to_string());
        for (name, text) in [("signing_domain", &self.domain), ("selector", &self.selector)] {
            if let Some(text) = text {
                query.append_pair(name, text);
            }
        }
        format!("{base}?{}", query.finish())
    }
}
