//! Who looks, and in which language.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};
use tegami_words::Language;

use crate::error::ApiError;
use crate::house::Shared;
use crate::mailgun::key_of;

/// Somebody who may see everything: the holder of an account key, or in the lab whoever sits at the machine.
pub(crate) struct Visitor {
    /// The language for sentences.
    pub(crate) language: Language,
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, house: &Shared) -> Result<Self, Self::Rejection> {
        let language = language_of(parts);
        if house.settings.open_on_loopback && is_at_the_machine(parts) {
            return Ok(Self { language });
        }
        let key = key_of(&parts.headers).ok_or(ApiError::Unauthorized)?;
        house.rooms.accounts.authenticate_key(&key, None).await?;
        Ok(Self { language })
    }
}

/// Loopback at both ends: the client's address, and the name by which it calls us. A page from elsewhere that has its own name point
/// to loopback (DNS rebinding) calls us by that name.
fn is_at_the_machine(parts: &Parts) -> bool {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback())
        && called_by_loopback_name(&parts.headers)
}

fn called_by_loopback_name(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let Some(authority) = host.and_then(|host| host.parse::<Authority>().ok()) else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn language_of(parts: &Parts) -> Language {
    let query = parts.uri.query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let asked = pairs.find(|(name, _)| name == "lang").and_then(|(_, value)| value.parse().ok());
    asked.unwrap_or_else(|| {
        let field = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Language::from_accept_language(field.unwrap_or_default())
    })
}
