//! Absolute URLs in answers.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};

use crate::house::House;

impl House {
    /// How this client reaches us: the configured URL, else what its Host field says.
    pub(crate) fn base_url(&self, headers: &HeaderMap) -> String {
        if let Some(url) = &self.settings.public_url {
            return url.trim_end_matches('/').to_owned();
        }
        let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
        let authority = host.and_then(|host| host.parse::<Authority>().ok());
        let authority = authority.filter(|authority| !authority.as_str().contains('@'));
        format!("http://{}", authority.as_ref().map_or("localhost", Authority::as_str))
    }
}
