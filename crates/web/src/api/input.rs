//! What a request says, read so that a mistake is told in JSON.

use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// Octets of a body.
const LONGEST: usize = 2 << 20;

/// The parameters of the query.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(error) => Err(ApiError::bad(error.body_text())),
        }
    }
}

/// A body in JSON, whatever type it says it has.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let octets = axum::body::to_bytes(request.into_body(), LONGEST).await;
        let octets = octets.map_err(|_| ApiError::TooLarge(LONGEST as u64))?;
        match serde_json::from_slice(&octets) {
            Ok(body) => Ok(Self(body)),
            Err(error) => Err(ApiError::bad(format!("the body is not the JSON that is expected: {error}"))),
        }
    }
}
