//! `/v3/{domain}/whitelists`: addresses and domains whose failures never put anybody on the list of bounces.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde_json::{Value, json};
use tegami_mail::{Address, Domain};
use tegami_store::{Allowed, AllowedKind};

use super::asked::{Managed, Query};
use super::pivot::{ADDRESSES, Pivot};
use super::scalar::shown;
use super::suppression::{Body, Cells, UPLOADED, instant, plain, uploaded, written};
use crate::error::{ApiError, ok};
use crate::house::Shared;
use crate::segments::Segments;
use crate::suppression;

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v3/{domain}/whitelists", get(show_all).post(add).delete(remove_all))
        .route("/v3/{domain}/whitelists/import", post(import))
        .route("/v3/{domain}/whitelists/{value}", get(show).delete(remove))
}

/// The longest reason that is kept, in octets.
const LONGEST_REASON: usize = 1000;

async fn show_all(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Query(query): Query,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let page = Pivot::read(&query, ADDRESSES)?;
    let found = suppression::list_allowed(&*house.rooms.store, domain.as_str(), &page.stretch).await?;
    let base = format!("{}/v3/{domain}/whitelists", house.base_url(&headers));
    let value = |allowed: Option<&Allowed>| allowed.map(|found| found.value.clone());
    let (first, last) = (value(found.first()), value(found.last()));
    let items: Vec<Value> = found.iter().map(item).collect();
    Ok(ok(json!({"items": items, "paging": page.paging(&base, first.as_deref(), last.as_deref())})))
}

async fn show(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Segments((_, value)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    Ok(ok(item(&find(&house, &domain, &value).await?)))
}

async fn add(
    State(house): State<Shared>,
    Managed(domain): Managed,
    request: Request,
) -> Result<Response, ApiError> {
    let now = house.rooms.clock.now();
    let _room = house.room_for(request.headers(), house.settings.max_request).await?;
    match Body::read(&house, request).await? {
        Body::Form(form) => {
            let text = |name: &str| form.filled(name).map(|text| text.map(ToOwned::to_owned));
            let given = Given {
                address: text("address")?,
                domain: text("domain")?,
                reason: text("reason")?,
                created_at: text("created_at")?.or(text("createdAt")?),
            };
            let allowed = given.read(&domain, now)?;
            suppression::put_allowed(&*house.rooms.store, std::slice::from_ref(&allowed)).await?;
            Ok(ok(json!({
                "message": "Address/Domain has been added to the allowlists table",
                "type": allowed.kind.as_str(),
                "value": allowed.value,
            })))
        }
        Body::List(given) => {
            let read = |value: &Value| Given::of_json(value)?.read(&domain, now);
            let allowed = given.iter().map(read).collect::<Result<Vec<_>, _>>()?;
            suppression::put_allowed(&*house.rooms.store, &allowed).await?;
            let message =
                format!("{} addresses/domains have been added to the allowlists table", allowed.len());
            Ok(ok(json!({"message": message})))
        }
    }
}

/// A file of comma-separated values, read whole before anything is written.
async fn import(
    State(house): State<Shared>,
    Managed(domain): Managed,
    request: Request,
) -> Result<Response, ApiError> {
    let now = house.rooms.clock.now();
    let read = |cells: &Cells| Given::of_cells(cells).read(&domain, now);
    let allowed = uploaded(&house, request, &["address", "domain"], read).await?;
    suppression::put_allowed(&*house.rooms.store, &allowed).await?;
    Ok(ok(json!({"message": UPLOADED})))
}

async fn remove(
    State(house): State<Shared>,
    Managed(domain): Managed,
    Segments((_, value)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    let found = find(&house, &domain, &value).await?;
    suppression::remove_allowed(&*house.rooms.store, &found).await?;
    Ok(ok(json!({"message": "Whitelist address/domain has been removed", "value": found.value})))
}

async fn remove_all(State(house): State<Shared>, Managed(domain): Managed) -> Result<Response, ApiError> {
    suppression::remove_all_allowed(&*house.rooms.store, domain.as_str()).await?;
    Ok(ok(json!({"message": "Allowlist addresses/domains for this domain have been removed"})))
}

async fn find(house: &Shared, domain: &Domain, value: &str) -> Result<Allowed, ApiError> {
    let missing = || ApiError::NotFound("Address/Domain not found in allowlist table".to_owned());
    // A blank in an address of a path was a plus once.
    let value = value.replace(' ', "+");
    suppression::find_allowed(&*house.rooms.store, domain.as_str(), &value).await?.ok_or_else(missing)
}

/// What a client says.
#[derive(Default)]
struct Given {
    address: Option<String>,
    domain: Option<String>,
    reason: Option<String>,
    created_at: Option<String>,
}

impl Given {
    fn of_json(value: &Value) -> Result<Self, ApiError> {
        let members =
            value.as_object().ok_or_else(|| ApiError::bad("unable to parse request: not a JSON object"))?;
        Ok(Self::of(|name| members.get(name).and_then(plain)))
    }

    fn of_cells(cells: &Cells) -> Self {
        Self::of(|name| cells.iter().find(|(known, _)| known == name).map(|(_, cell)| cell.clone()))
    }

    fn of(text: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            address: text("address"),
            domain: text("domain"),
            reason: text("reason"),
            created_at: text("created_at").or_else(|| text("createdAt")),
        }
    }

    fn read(self, domain: &Domain, now: Timestamp) -> Result<Allowed, ApiError> {
        let (kind, value) = match (self.address, self.domain) {
            (Some(written), _) => {
                let address = Address::parse(written.trim()).map_err(|error| {
                    ApiError::bad(format!("`{}` is not a valid address: {error}", shown(&written)))
                })?;
                (AllowedKind::Address, address.to_string())
            }
            (None, Some(written)) => {
                let domain = Domain::parse(written.trim()).map_err(|error| {
                    ApiError::bad(format!("`{}` is not a valid domain: {error}", shown(&written)))
                })?;
                (AllowedKind::Domain, domain.to_string())
            }
            (None, None) => return Err(ApiError::bad("Missing mandatory parameter: address/domain")),
        };
        let reason = self.reason.unwrap_or_default();
        if reason.len() > LONGEST_REASON {
            return Err(ApiError::bad(format!("reason: this is longer than {LONGEST_REASON} octets")));
        }
        let created_at = self.created_at.as_deref().and_then(instant).transpose()?;
        Ok(Allowed { domain: domain.to_string(), kind, value, reason, created_at: created_at.unwrap_or(now) })
    }
}

fn item(allowed: &Allowed) -> Value {
    json!({
        "type": allowed.kind.as_str(),
        "value": allowed.value,
        "reason": allowed.reason,
        "createdAt": written(allowed.created_at),
    })
}
