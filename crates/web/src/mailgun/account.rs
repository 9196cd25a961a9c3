//! What belongs to no domain: addresses that mail leaves from, API keys, and the subaccounts that are not there.

use std::net::IpAddr;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{any, delete, get};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tegami_mail::Domain;
use tegami_queue::AccountError;
use tegami_store::{ApiKey, ApiKeyKind, ApiKeyRole, ApiKeyScope};

use super::asked::Account;
use super::auth::no_subaccounts;
use super::domain::one_of;
use super::form::Form;
use super::scalar::shown;
use crate::api::key::label;
use crate::error::{ApiError, ok};
use crate::house::{House, Shared};
use crate::segments::Segments;

/// The routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v3/ips", get(ips))
        .route("/v3/ips/{ip}", get(ip))
        .route("/v1/keys", get(keys).post(create_key))
        .route("/v1/keys/{id}", delete(remove_key))
        .route("/v5/accounts/subaccounts", any(subaccounts))
        .route("/v5/accounts/subaccounts/{*rest}", any(subaccounts))
}

async fn ips(State(house): State<Shared>, _: Account) -> Result<Response, ApiError> {
    let ips = house.addresses();
    let details: Vec<Value> = ips.iter().map(|ip| json!({"ip": ip, "is_on_warmup": false})).collect();
    let total = ips.len();
    Ok(ok(json!({"items": ips, "total_count": total, "assignable_to_pools": [], "details": details})))
}

async fn ip(
    State(house): State<Shared>,
    _: Account,
    Segments(ip): Segments<String>,
) -> Result<Response, ApiError> {
    let (name, ip) = house.address(&ip)?;
    Ok(ok(json!({"ip": ip, "dedicated": true, "rdns": name.as_str()})))
}

async fn keys(State(house): State<Shared>, _: Account, query: Form) -> Result<Response, ApiError> {
    let (domain, kind) = (query.filled("domain_name")?, query.filled("kind")?);
    let kind = kind.map(|text| one_of("kind", text, &ApiKeyKind::ALL, ApiKeyKind::as_str)).transpose()?;
    let all = house.rooms.accounts.api_keys().await?;
    let items: Vec<Value> = all
        .iter()
        .filter(|(_, key)| kind.is_none_or(|kind| key.kind == kind))
        .filter(|(_, key)| domain.is_none_or(|domain| domain_of(key).eq_ignore_ascii_case(domain)))
        .map(|(id, key)| key_value(id, key))
        .collect();
    Ok(ok(json!({"total_count": items.len(), "items": items})))
}

async fn create_key(State(house): State<Shared>, _: Account, form: Form) -> Result<Response, ApiError> {
    let key = house.wished_key(&form).await?;
    let (secret, id, key) = house.rooms.accounts.make_api_key(key).await?;
    let mut value = key_value(&id, &key);
    if let Some(members) = value.as_object_mut() {
        members.insert("secret".to_owned(), json!(secret));
    }
    Ok(ok(json!({"message": "great success", "key": value})))
}

async fn remove_key(
    State(house): State<Shared>,
    _: Account,
    Segments(id): Segments<String>,
) -> Result<Response, ApiError> {
    let deleted = house.rooms.accounts.delete_api_key(&id).await;
    deleted.map_err(|error| match error {
        AccountError::UnknownKey(_) => ApiError::NotFound("key not found".to_owned()),
        error => error.into(),
    })?;
    Ok(ok(json!({"message": "key deleted"})))
}

async fn subaccounts(_: Account) -> Result<Response, ApiError> {
    Err(no_subaccounts())
}

impl House {
    /// The addresses that mail leaves from.
    pub(super) fn addresses(&self) -> Vec<IpAddr> {
        self.settings.sources.addresses.iter().map(|(_, ip)| *ip).collect()
    }

    /// One of them, with its name.
    pub(super) fn address(&self, text: &str) -> Result<(&Domain, IpAddr), ApiError> {
        let ip = text.trim().parse::<IpAddr>().ok();
        let mut addresses = self.settings.sources.addresses.iter();
        let found = addresses.find(|(_, known)| Some(*known) == ip).map(|(name, ip)| (name, *ip));
        found.ok_or_else(|| ApiError::NotFound(format!("IP `{}` not found", shown(text))))
    }

    async fn wished_key(&self, form: &Form) -> Result<ApiKey, ApiError> {
        let kind = form.filled("kind")?.unwrap_or("user");
        let kind = one_of("kind", kind, &ApiKeyKind::ALL, ApiKeyKind::as_str)?;
        let usual = if kind == ApiKeyKind::Domain { "sending" } else { "admin" };
        let role = form.filled("role")?.unwrap_or(usual);
        let role = one_of("role", role, &ApiKeyRole::ALL, ApiKeyRole::as_str)?;
        let scope = if kind == ApiKeyKind::Domain || role == ApiKeyRole::Sending {
            let name = form.filled("domain_name")?;
            let name = name.ok_or_else(|| ApiError::bad("domain_name parameter is missing"))?;
            let missing = || ApiError::NotFound(format!("Domain not found: {}", shown(name)));
            let domain = Domain::parse(name).map_err(|_| missing())?;
            self.rooms.domains.find(&domain).await?.ok_or_else(missing)?;
            ApiKeyScope::Domain(domain.to_string())
        } else {
            ApiKeyScope::Account
        };
        let now = self.rooms.clock.now();
        let text = |name: &str| form.filled(name)?.map(|text| label(name, text)).transpose();
        Ok(ApiKey {
            name: text("description")?.unwrap_or_default(),
            scope,
            created_at: now,
            kind,
            role,
            expires_at: expiry(form, now)?,
            disabled: false,
            user_name: text("user_name")?,
            requestor: text("email")?,
        })
    }
}

/// Seconds from now; none, or 0, for ever.
fn expiry(form: &Form, now: Timestamp) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = form.filled("expiration")? else { return Ok(None) };
    let wrong = || ApiError::bad(format!("expiration: `{}` is not a number of seconds", shown(text)));
    match text.trim().parse::<u32>().map_err(|_| wrong())? {
        0 => Ok(None),
        seconds => now.checked_add(SignedDuration::from_secs(seconds.into())).map(Some).map_err(|_| wrong()),
    }
}

fn domain_of(key: &ApiKey) -> &str {
    match &key.scope {
        ApiKeyScope::Account => "",
        ApiKeyScope::Domain(domain) => domain,
    }
}

fn key_value(id: &str, key: &ApiKey) -> Value {
    let mut value = json!({
        "id": id,
        "description": key.name,
        "kind": key.kind.as_str(),
        "role": key.role.as_str(),
        "created_at": plain(key.created_at),
        "updated_at": plain(key.created_at),
        "is_disabled": key.disabled,
        "domain_name": domain_of(key),
        "requestor": key.requestor.as_deref().unwrap_or_default(),
        "user_name": key.user_name.as_deref().unwrap_or_default(),
    });
    // One client stumbles over an empty moment.
    if let (Some(until), Some(members)) = (key.expires_at, value.as_object_mut()) {
        members.insert("expires_at".to_owned(), json!(plain(until)));
    }
    value
}

/// `2006-01-02T15:04:05`, in UTC.
fn plain(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}
