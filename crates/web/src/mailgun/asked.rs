//! What handlers take from a request: who asks, about which domain, and with which fields. They are taken in the order in which a handler names them: of those who may not ask, nothing else is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use tegami_mail::Domain;
use tegami_queue::OurDomain;
use tokio::sync::OwnedSemaphorePermit;

use super::form::Form;
use crate::error::ApiError;
use crate::house::Shared;
use crate::segments::Segments;

/// Longest form that sets or asks for something, in octets; messages and lists of addresses are longer.
const SETTINGS: u64 = 1 << 20;

/// The holder of an account key, who may do everything.
pub(crate) struct Account;

impl FromRequestParts<Shared> for Account {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, house: &Shared) -> Result<Self, ApiError> {
        house.account(&parts.headers).await.map(|()| Self)
    }
}

/// The domain of ours that the path names, for the holder of an account key.
pub(crate) struct Managed(pub(crate) Domain);

impl FromRequestParts<Shared> for Managed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, house: &Shared) -> Result<Self, ApiError> {
        let domain = named(parts).await?;
        house.administrator(&parts.headers, &domain).await.map(Self)
    }
}

/// The same with all that is known of it.
pub(crate) struct Ours(pub(crate) Arc<OurDomain>);

impl FromRequestParts<Shared> for Ours {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, house: &Shared) -> Result<Self, ApiError> {
        let domain = named(parts).await?;
        house.our_domain(&parts.headers, &domain).await.map(Self)
    }
}

pub(crate) async fn named(parts: &mut Parts) -> Result<String, ApiError> {
    let Segments(mut named) = Segments::<BTreeMap<String, String>>::from_request_parts(parts, &()).await?;
    named.remove("domain").ok_or(ApiError::Internal)
}

/// The fields of the query alone.
pub(crate) struct Query(pub(crate) Form);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Form::of_query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

impl FromRequest<Shared> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, house: &Shared) -> Result<Self, ApiError> {
        let _room = house.room_for(request.headers(), SETTINGS).await?;
        Self::read(request, SETTINGS.min(house.settings.max_request)).await
    }
}

/// Fields that may be as long as a message: whole lists of addresses. There is room for them in memory while this lives.
pub(crate) struct Long {
    pub(crate) form: Form,
    _room: OwnedSemaphorePermit,
}

impl FromRequest<Shared> for Long {
    type Rejection = ApiError;

    async fn from_request(request: Request, house: &Shared) -> Result<Self, ApiError> {
        let limit = house.settings.max_request;
        let room = house.room_for(request.headers(), limit).await?;
        Ok(Self { form: Form::read(request, limit).await?, _room: room })
    }
}
