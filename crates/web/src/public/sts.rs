//! The policy about TLS of every domain whose mail comes here (RFC 8461 section 3.2).

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap};
use axum::response::{IntoResponse, Response};
use tegami_mail::Domain;

use crate::house::Shared;

/// Answers for `mta-sts.DOMAIN`, where the domain is ours and its mail comes here.
pub(crate) async fn policy(State(house): State<Shared>, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let none = || StatusCode::NOT_FOUND.into_response();
    let (Some(mode), Some(domain)) = (house.settings.offers.sts, domain_of(host)) else { return none() };
    match house.rooms.domains.find(&domain).await {
        Ok(Some(ours)) if ours.receives() => {
            let hostname = &house.settings.sources.hostname;
            let text = tegami_doctor::plan::policy_text(hostname, mode);
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
        }
        Ok(_) => none(),
        Err(error) => {
            tracing::error!(%error, "the store did not tell whether a domain is ours");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// The domain whose policy lies at this host.
fn domain_of(host: &str) -> Option<Domain> {
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let label = host.get(..8).filter(|label| label.eq_ignore_ascii_case("mta-sts."));
    Domain::parse(label.and(host.get(8..))?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        let of = |host: &str| domain_of(host).map(|domain| domain.to_string());
        assert_eq!(of("mta-sts.example.org").as_deref(), Some("example.org"));
        assert_eq!(of("MTA-STS.Example.ORG:443").as_deref(), Some("example.org"));
        for other in ["example.org", "mta-sts.", "", "www.mta-sts.example.org", "192.0.2.1:80"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
