//! API keys.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_queue::AccountError;
use tegami_store::{ApiKey, ApiKeyScope, StoreError};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{Changing, Usual};
use super::input::Body;
use super::queue::{one_line, turns};
use crate::error::{ApiError, good};
use crate::house::{House, Shared};
use crate::segments::Segments;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(keys, create)).routes(routes!(remove))
}

/// An API key, without the key itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Key {
    /// What it is removed by.
    pub(crate) id: String,
    /// What people call it.
    pub(crate) name: String,
    /// The one domain it sends for; `null` for everything.
    pub(crate) domain: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
}

impl Key {
    fn new(id: String, row: ApiKey) -> Self {
        let domain = match row.scope {
            ApiKeyScope::Account => None,
            ApiKeyScope::Domain(domain) => Some(domain),
        };
        Self { id, name: row.name, domain, created_at: row.created_at }
    }
}

#[derive(Serialize, ToSchema)]
struct Keys {
    keys: Vec<Key>,
}

/// A key that somebody wants.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct Wanted {
    /// What people call it.
    #[schema(min_length = 1, max_length = 255)]
    pub(crate) name: String,
    /// The one domain it may send for; without it, it may do everything.
    #[serde(default)]
    pub(crate) domain: Option<String>,
}

/// A new key.
#[derive(Serialize, ToSchema)]
struct Made {
    /// The key itself, shown only now.
    secret: String,
    key: Key,
}

/// A text that is kept with a key and shown to people: one line.
pub(crate) fn label(what: &str, text: &str) -> Result<String, ApiError> {
    if text.len() > 255 || text.chars().any(|letter| letter.is_control() || turns(letter)) {
        return Err(ApiError::bad(format!("`{what}` is one line of at most 255 characters")));
    }
    Ok(text.to_owned())
}

impl House {
    /// All keys, oldest first.
    pub(crate) async fn keys(&self) -> Result<Vec<Key>, StoreError> {
        let keys = self.rooms.accounts.api_keys().await?;
        Ok(keys.into_iter().map(|(id, row)| Key::new(id, row)).collect())
    }

    /// Makes a key, and gives the key itself with it.
    pub(crate) async fn make_key(&self, wanted: &Wanted) -> Result<(String, Key), ApiError> {
        let name = label("name", &one_line(&wanted.name))?;
        if name.is_empty() {
            return Err(ApiError::bad("`name` has 1 to 255 characters"));
        }
        let named = wanted.domain.as_deref().map(str::trim).filter(|domain| !domain.is_empty());
        let scope = match named {
            None => ApiKeyScope::Account,
            Some(domain) => ApiKeyScope::Domain(self.known_domain(domain).await?.to_string()),
        };
        let accounts = &self.rooms.accounts;
        let (secret, id, row) = accounts.make_api_key(accounts.usual_key(&name, scope)).await?;
        Ok((secret, Key::new(id, row)))
    }

    /// Takes a key away: it is worth nothing from the next request on.
    pub(crate) async fn remove_key(&self, id: &str) -> Result<(), ApiError> {
        Ok(self.rooms.accounts.delete_api_key(id).await?)
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Store(error) => error.into(),
            AccountError::Hash(error) => {
                tracing::error!(error, "a secret cannot be made");
                Self::Internal
            }
            AccountError::UnknownKey(_) => Self::NotFound("there is no such API key".to_owned()),
            AccountError::Unknown(_) => Self::NotFound(error.to_string()),
            _ => Self::bad(error.to_string()),
        }
    }
}

/// All API keys, without the keys themselves.
#[utoipa::path(get, path = "/api/keys", tag = "keys", responses((status = 200, body = Keys), Usual))]
async fn keys(State(house): State<Shared>) -> Result<Response, ApiError> {
    Ok(good(&Keys { keys: house.keys().await? }))
}

/// Makes a key, and shows it once.
#[utoipa::path(post, path = "/api/keys", tag = "keys", request_body = Wanted, responses((status = 200, body = Made), Changing))]
async fn create(State(house): State<Shared>, Body(wanted): Body<Wanted>) -> Result<Response, ApiError> {
    let (secret, key) = house.make_key(&wanted).await?;
    Ok(good(&Made { secret, key }))
}

/// Takes a key away: it is worth nothing from the next request on.
#[utoipa::path(delete, path = "/api/keys/{id}", tag = "keys", params(("id" = String, Path, description = "The key's `id`.")), responses((status = 200, body = Keys), Changing))]
async fn remove(State(house): State<Shared>, Segments(id): Segments<String>) -> Result<Response, ApiError> {
    house.remove_key(&id).await?;
    keys(State(house)).await
}
