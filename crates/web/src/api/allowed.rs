//! The allow list: addresses and domains whose failures stop no mail.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_mail::{Address, Domain};
use tegami_store::{Allowed as Kept, AllowedKind, StoreError, Table, allowed_key};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{Changing, Told};
use super::input::{Asked, Body};
use super::limited;
use super::queue::one_line;
use super::search::search;
use crate::error::{ApiError, good};
use crate::house::{House, Shared};
use crate::suppression as desk;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(allowed, allow, disallow))
}

/// Which entries.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// Of this sending domain.
    pub(crate) domain: Option<String>,
    /// The address or domain, or a part of it.
    pub(crate) value: Option<String>,
    /// `next` of the page before.
    pub(crate) after: Option<String>,
    /// At most so many, 50 unless asked for otherwise, never more than 500.
    pub(crate) limit: Option<u32>,
}

/// One entry.
#[derive(Clone, Debug, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub(crate) struct Place {
    /// The sending domain.
    pub(crate) domain: String,
    /// An address, or a domain for every address of it.
    pub(crate) value: String,
    /// Why, where it is put on the list.
    #[serde(default)]
    #[param(required = false)]
    pub(crate) reason: String,
}

/// Somebody whose failures stop no mail.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Allowed {
    /// The sending domain.
    pub(crate) domain: String,
    /// `address` or `domain`.
    pub(crate) kind: &'static str,
    /// Which.
    pub(crate) value: String,
    /// Why.
    pub(crate) reason: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
}

impl From<Kept> for Allowed {
    fn from(row: Kept) -> Self {
        let Kept { domain, kind, value, reason, created_at } = row;
        Self { domain, kind: kind.as_str(), value, reason, created_at }
    }
}

/// A page of them.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct AllowList {
    pub(crate) allowed: Vec<Allowed>,
    /// `after` of the following page; `null` where there is none.
    pub(crate) next: Option<String>,
}

impl House {
    /// Entries that fit, by domain and value.
    pub(crate) async fn allow_list(&self, asked: &Search) -> Result<AllowList, StoreError> {
        let prefix = asked.domain.as_ref().map(|domain| allowed_key(&domain.to_lowercase(), ""));
        let wanted = asked.value.as_deref().map(str::to_lowercase);
        let fits = |_: &str, row: Kept| {
            let fits = wanted.as_ref().is_none_or(|wanted| row.value.to_lowercase().contains(wanted));
            fits.then(|| row.into())
        };
        let place = (Table::Allowed, prefix.as_deref().unwrap_or_default());
        let store = &*self.rooms.store;
        let (allowed, next) =
            search(store, place, asked.after.as_deref(), limited(asked.limit), fits).await?;
        Ok(AllowList { allowed, next })
    }

    /// Puts somebody on the list.
    pub(crate) async fn allow(&self, place: &Place) -> Result<Allowed, ApiError> {
        let domain = self.known_domain(&place.domain).await?;
        let written = place.value.trim();
        let wrong = |error: &dyn std::fmt::Display| ApiError::bad(format!("value: {error}"));
        let (kind, value) = if written.contains('@') {
            let address = Address::parse(written).map_err(|error| wrong(&error))?;
            (AllowedKind::Address, address.to_string())
        } else {
            let domain = Domain::parse(written).map_err(|error| wrong(&error))?;
            (AllowedKind::Domain, domain.to_string())
        };
        let reason = one_line(&place.reason);
        let row =
            Kept { domain: domain.to_string(), kind, value, reason, created_at: self.rooms.clock.now() };
        desk::put_allowed(&*self.rooms.store, std::slice::from_ref(&row)).await?;
        Ok(row.into())
    }

    /// Takes somebody off the list.
    pub(crate) async fn disallow(&self, place: &Place) -> Result<Allowed, ApiError> {
        let domain = self.known_domain(&place.domain).await?;
        let store = &*self.rooms.store;
        let found = desk::find_allowed(store, domain.as_str(), place.value.trim()).await?;
        let row = found.ok_or_else(|| ApiError::NotFound("That is not on the allow list".to_owned()))?;
        desk::remove_allowed(store, &row).await?;
        Ok(row.into())
    }
}

/// Addresses and domains whose failures stop no mail.
#[utoipa::path(get, path = "/api/allowed", tag = "suppressions", params(Search), responses((status = 200, body = AllowList), Told))]
async fn allowed(State(house): State<Shared>, Asked(asked): Asked<Search>) -> Result<Response, ApiError> {
    Ok(good(&house.allow_list(&asked).await?))
}

/// Puts an address or a domain on the allow list.
#[utoipa::path(post, path = "/api/allowed", tag = "suppressions", request_body = Place, responses((status = 200, body = Allowed), Changing))]
async fn allow(State(house): State<Shared>, Body(place): Body<Place>) -> Result<Response, ApiError> {
    Ok(good(&house.allow(&place).await?))
}

/// Takes an address or a domain off the allow list, and gives back what stood there.
#[utoipa::path(delete, path = "/api/allowed", tag = "suppressions", params(Place), responses((status = 200, body = Allowed), Changing))]
async fn disallow(State(house): State<Shared>, Asked(place): Asked<Place>) -> Result<Response, ApiError> {
    Ok(good(&house.disallow(&place).await?))
}
