//! What a form of a page carries.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

/// Octets of a form: enough for a message that somebody pastes.
const LONGEST: usize = 2 << 20;

/// The fields of a form, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Arc<[(String, String)]>);

impl Fields {
    /// Reads a body of the type `application/x-www-form-urlencoded`, which is the only one that our forms have.
    pub(crate) async fn read(body: Body) -> Result<Self, StatusCode> {
        let octets = axum::body::to_bytes(body, LONGEST).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        let pairs = form_urlencoded::parse(&octets);
        Ok(Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()))
    }

    /// The first field of this name; empty where there is none.
    pub(crate) fn one(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The same without spaces around it.
    pub(crate) fn line(&self, name: &str) -> &str {
        self.one(name).trim()
    }
}

/// The guard has read them.
impl<S: Send + Sync> FromRequestParts<S> for Fields {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::BAD_REQUEST)
    }
}
