//! Addresses that are not written to.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tegami_mail::{Address, Domain};
use tegami_store::{
    Evidence, StoreError, Suppression, SuppressionList, SuppressionSource, Table, suppression_key,
};
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
    OpenApiRouter::new().routes(routes!(suppressions, suppress, forgive))
}

/// Which addresses.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// From this sending domain.
    pub(crate) domain: Option<String>,
    /// `bounces`, `unsubscribes` or `complaints`.
    #[param(value_type = Option<String>)]
    pub(crate) list: Option<SuppressionList>,
    /// The address, or a part of it.
    pub(crate) address: Option<String>,
    /// `next` of the page before.
    pub(crate) after: Option<String>,
    /// At most so many, 50 unless asked for otherwise, never more than 500.
    pub(crate) limit: Option<u32>,
}

/// One address on one list.
#[derive(Clone, Debug, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub(crate) struct Place {
    /// The sending domain.
    pub(crate) domain: String,
    /// `bounces`, `unsubscribes` or `complaints`.
    #[schema(value_type = String)]
    #[param(value_type = String)]
    pub(crate) list: SuppressionList,
    /// The address.
    pub(crate) address: String,
    /// Why, where it is put on the list.
    #[serde(default)]
    #[param(required = false)]
    pub(crate) reason: String,
}

/// An address that is not written to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Suppressed {
    /// The sending domain.
    pub(crate) domain: String,
    /// `bounces`, `unsubscribes` or `complaints`.
    pub(crate) list: &'static str,
    /// Whom.
    pub(crate) address: String,
    /// The reply code, for bounces.
    pub(crate) code: String,
    /// The reply, or whatever led to it.
    pub(crate) error: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
    /// `rule`, `notification`, `complaint`, `person` or `api`.
    pub(crate) source: &'static str,
    /// From messages with one of these tags only; empty for all.
    pub(crate) tags: Vec<String>,
    /// What led to it: `message`, `report`, `host`, `reply`, `cause`, `at`, `failures`.
    #[schema(value_type = Option<Object>)]
    pub(crate) evidence: Option<Box<Evidence>>,
}

impl From<Suppression> for Suppressed {
    fn from(row: Suppression) -> Self {
        Self {
            domain: row.domain,
            list: row.list.as_str(),
            address: row.address,
            code: row.code,
            error: row.error,
            created_at: row.created_at,
            source: row.source.as_str(),
            tags: row.tags,
            evidence: row.evidence,
        }
    }
}

/// A page of them.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Suppressions {
    pub(crate) suppressions: Vec<Suppressed>,
    /// `after` of the following page; `null` where there is none.
    pub(crate) next: Option<String>,
}

impl House {
    /// Addresses that fit, by domain, list and address.
    pub(crate) async fn suppressions(&self, asked: &Search) -> Result<Suppressions, StoreError> {
        let prefix = match (&asked.domain, asked.list) {
            (Some(domain), Some(list)) => suppression_key(&domain.to_lowercase(), list, ""),
            (Some(domain), None) => format!("{}/", domain.to_lowercase()),
            (None, _) => String::new(),
        };
        let wanted = asked.address.as_deref().map(str::to_lowercase);
        let fits = |_: &str, row: Suppression| {
            let fits = asked.list.is_none_or(|list| list == row.list)
                && wanted.as_ref().is_none_or(|wanted| row.address.to_lowercase().contains(wanted));
            fits.then(|| row.into())
        };
        let (place, limit) = ((Table::Suppressions, prefix.as_str()), limited(asked.limit));
        let store = &*self.rooms.store;
        let (suppressions, next) = search(store, place, asked.after.as_deref(), limit, fits).await?;
        Ok(Suppressions { suppressions, next })
    }

    /// Puts an address on a list, in the name of a person.
    pub(crate) async fn suppress(&self, place: &Place) -> Result<Suppressed, ApiError> {
        let (domain, address) = self.place(place).await?;
        let now = self.rooms.clock.now();
        let row = Suppression {
            domain: domain.to_string(),
            list: place.list,
            address: address.to_string(),
            code: String::new(),
            error: one_line(&place.reason),
            created_at: now,
            source: SuppressionSource::Person,
            evidence: Some(Box::new(Evidence { at: Some(now), ..Evidence::default() })),
            tags: Vec::new(),
        };
        desk::put(&*self.rooms.store, vec![row.clone()]).await?;
        Ok(row.into())
    }

    /// Takes an address off a list.
    pub(crate) async fn forgive(&self, place: &Place) -> Result<Suppressed, ApiError> {
        let (domain, address) = self.place(place).await?;
        let store = &*self.rooms.store;
        let found = desk::find(store, domain.as_str(), place.list, &address.to_string()).await?;
        let row = found.ok_or_else(|| ApiError::NotFound("The address is not on that list".to_owned()))?;
        desk::remove(store, &row).await?;
        Ok(row.into())
    }

    async fn place(&self, place: &Place) -> Result<(Domain, Address), ApiError> {
        let address = Address::parse(place.address.trim())
            .map_err(|error| ApiError::bad(format!("address: {error}")))?;
        Ok((self.known_domain(&place.domain).await?, address))
    }
}

/// Addresses that are not written to.
#[utoipa::path(get, path = "/api/suppressions", tag = "suppressions", params(Search), responses((status = 200, body = Suppressions), Told))]
async fn suppressions(
    State(house): State<Shared>,
    Asked(search): Asked<Search>,
) -> Result<Response, ApiError> {
    Ok(good(&house.suppressions(&search).await?))
}

/// Puts an address on a list.
#[utoipa::path(post, path = "/api/suppressions", tag = "suppressions", request_body = Place, responses((status = 200, body = Suppressed), Changing))]
async fn suppress(State(house): State<Shared>, Body(place): Body<Place>) -> Result<Response, ApiError> {
    Ok(good(&house.suppress(&place).await?))
}

/// Takes an address off a list, and gives back what stood there.
#[utoipa::path(delete, path = "/api/suppressions", tag = "suppressions", params(Place), responses((status = 200, body = Suppressed), Changing))]
async fn forgive(State(house): State<Shared>, Asked(place): Asked<Place>) -> Result<Response, ApiError> {
    Ok(good(&house.forgive(&place).await?))
}
