//! Who asks, as far as that can be known.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, header};
use tegami_words::Language;

use crate::gate::client;

/// Somebody without a key.
#[derive(Clone, Debug)]
pub(crate) struct Stranger {
    pub(crate) language: Language,
    pub(crate) ip: IpAddr,
    /// User-Agent, bounded.
    pub(crate) user_agent: String,
    /// A person may be there: it is no HEAD, and nothing says that a program fetches ahead of one.
    pub(crate) in_person: bool,
}

/// Octets of a User-Agent field that are kept.
const LONGEST: usize = 512;

impl<S: Send + Sync> FromRequestParts<S> for Stranger {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let chosen = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .find(|(name, _)| name == "lang")
            .and_then(|(_, value)| value.parse().ok());
        let wished = || text("accept-language").map(Language::from_accept_language);
        let agent = parts.headers.get(header::USER_AGENT).map(|value| value.as_bytes()).unwrap_or_default();
        let agent = String::from_utf8_lossy(agent);
        let ahead = ["sec-purpose", "purpose", "x-purpose", "x-moz"]
            .into_iter()
            .filter_map(text)
            .any(|value| value.contains("prefetch") || value.contains("preview"));
        Ok(Self {
            language: chosen.or_else(wished).unwrap_or_default(),
            ip: client(parts),
            user_agent: agent.get(..agent.floor_char_boundary(LONGEST)).unwrap_or_default().to_owned(),
            in_person: parts.method != Method::HEAD && !ahead,
        })
    }
}
