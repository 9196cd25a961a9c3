//! What a form of a page carries, and what its address asks for.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::show::echoed;

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

    /// Whether the form has a field of this name, even an empty one.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
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

/// What the query of a page asks for, harmless enough to be shown in its form again.
pub(crate) struct Asked(Vec<(String, String)>);

impl Asked {
    /// The first of this name; empty where there is none.
    pub(crate) fn one(&self, name: &str) -> String {
        self.some(name).unwrap_or_default()
    }

    /// The first of this name, where it says something.
    pub(crate) fn some(&self, name: &str) -> Option<String> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
    }

    /// The address of the page after this one, which asks for the same.
    pub(crate) fn next(&self, path: &str, after: Option<&str>) -> Option<String> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let passing = ["after", "done", "count", "lang"];
        query.extend_pairs(self.0.iter().filter(|(name, _)| !passing.contains(&name.as_str())));
        Some(format!("{path}?{}", query.append_pair("after", after?).finish()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        Ok(Self(pairs.map(|(name, value)| (name.into_owned(), echoed(&value))).collect()))
    }
}
