//! Who is let in, and what browsers are told to keep to.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tegami_queue::AuthError;

use super::reader::Reader;
use super::{Access, PageSettings};

/// Nothing from elsewhere, nothing inline: what slipped through the escaping would still not run.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; frame-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Lets the request in or not, and adds the security fields that the page did not set itself.
pub(crate) async fn guard(
    State(settings): State<Arc<PageSettings>>,
    request: Request,
    next: Next,
) -> Response {
    let chosen = Reader::chosen(request.uri());
    let mut response = match admit(&settings.access, request.headers()).await {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "Accept, Accept-Language, Cookie, Tegami-Part"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    for name in ["cross-origin-opener-policy", "cross-origin-resource-policy"] {
        headers.insert(name, HeaderValue::from_static("same-origin"));
    }
    if let Some(language) = chosen {
        let cookie = match language {
            tegami_words::Language::English => "lang=en; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
            tegami_words::Language::Japanese => "lang=ja; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
        };
        headers.append(header::SET_COOKIE, HeaderValue::from_static(cookie));
    }
    response
}

async fn admit(access: &Access, headers: &HeaderMap) -> Result<(), Response> {
    match access {
        Access::Loopback => {
            let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
            if is_loopback(host) {
                return Ok(());
            }
            Err((StatusCode::MISDIRECTED_REQUEST, "These pages are served under loopback names only.\n")
                .into_response())
        }
        Access::Keys(accounts) => {
            let key = password(headers).ok_or_else(challenge)?;
            match accounts.authenticate_key(&key, None).await {
                Ok(_) => Ok(()),
                Err(AuthError::Unavailable(error)) => {
                    tracing::warn!(%error, "cannot check an API key");
                    Err(StatusCode::SERVICE_UNAVAILABLE.into_response())
                }
                Err(AuthError::Refused | AuthError::OutOfScope) => Err(challenge()),
            }
        }
    }
}

/// RFC 7617 section 2.
fn challenge() -> Response {
    let field = [(header::WWW_AUTHENTICATE, "Basic realm=\"Tegami\", charset=\"UTF-8\"")];
    (StatusCode::UNAUTHORIZED, field, "The password is an API key of account scope; any user name will do.\n")
        .into_response()
}

/// The password of HTTP Basic authentication (RFC 7617 section 2).
fn password(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(token.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

/// Whether a Host field (RFC 9110 section 7.2) names this machine and nothing else (RFC 6761 section 6.3).
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((literal, port)) if port.is_empty() || is_port(port) => literal,
            _ => return false,
        },
        None => match host.split_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            Some(_) => return false,
            None => host,
        },
    };
    match name.parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback(),
        Err(_) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

fn is_port(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_let_in() {
        for host in
            ["localhost", "LOCALHOST:8025", "lab.localhost.:1", "127.42.0.1:80", "[::1]:8025", "[::1]"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "example.org",
            "localhost.example.org",
            "127.0.0.1.example.org",
            "192.0.2.1",
            "[::1",
            "localhost:x",
            "[2001:db8::1]:80",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
