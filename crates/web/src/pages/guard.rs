//! The door of the pages: who is let in, and what browsers are told to keep to.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::Hall;
use super::form::Fields;
use super::reader::Reader;
use super::sign_in;
use crate::gate::{COOKIE, Refusal, cookie};
use crate::people::is_same;

/// Nothing from elsewhere, nothing inline: what slipped through the escaping would still not run.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; frame-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Adds the security fields that a page did not set itself, and keeps the language that was chosen.
pub(crate) async fn fields(request: Request, next: Next) -> Response {
    let chosen = Reader::chosen(request.uri());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
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

/// Knows who has signed in, and lets everybody else in too.
pub(crate) async fn known(State(hall): State<Arc<Hall>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let signed_in = cookie(&parts.headers, COOKIE).is_some();
    if signed_in && let Ok(visitor) = hall.house.admit(&parts).await {
        parts.extensions.insert(visitor);
    }
    next.run(Request::from_parts(parts, body)).await
}

/// Lets a request in or not. A form is read here, because it must carry the secret of its visitor.
pub(crate) async fn guard(State(hall): State<Arc<Hall>>, request: Request, next: Next) -> Response {
    let (mut parts, mut body) = request.into_parts();
    let visitor = match hall.house.admit(&parts).await {
        Ok(visitor) => visitor,
        Err(refusal) => return refused(refusal, parts).await,
    };
    if parts.method == Method::POST {
        let fields = match Fields::read(body).await {
            Ok(fields) => fields,
            Err(status) => return status.into_response(),
        };
        if !is_same(fields.one("csrf"), &visitor.csrf) {
            return refused(Refusal::Foreign, parts).await;
        }
        parts.extensions.insert(fields);
        body = Body::empty();
    }
    parts.extensions.insert(visitor);
    next.run(Request::from_parts(parts, body)).await
}

async fn refused(refusal: Refusal, mut parts: Parts) -> Response {
    let Ok(reader) = Reader::from_request_parts(&mut parts, &()).await;
    match refusal {
        Refusal::Unknown if wants_page(&parts) => Redirect::to(&sign_in::link(&parts.uri)).into_response(),
        Refusal::Unknown => challenge(),
        Refusal::Misdirected => (
            StatusCode::MISDIRECTED_REQUEST,
            "These pages are served under loopback names only, to clients on this machine.\n",
        )
            .into_response(),
        Refusal::Foreign => reader.trouble(StatusCode::FORBIDDEN, "page-trouble-foreign").into_response(),
        Refusal::ReadOnly => reader.trouble(StatusCode::FORBIDDEN, "page-trouble-read-only").into_response(),
        Refusal::Ours => reader.trouble(StatusCode::SERVICE_UNAVAILABLE, "web-trouble-store").into_response(),
    }
}

/// Whether somebody sits before a browser who can be asked to sign in.
fn wants_page(parts: &Parts) -> bool {
    let accepted = parts.headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let html = accepted.into_iter().any(|value| value.contains("text/html"));
    html && parts.method == Method::GET && !parts.headers.contains_key("tegami-part")
}

/// RFC 7617 section 2.
fn challenge() -> Response {
    let field = [(header::WWW_AUTHENTICATE, "Basic realm=\"Tegami\", charset=\"UTF-8\"")];
    let text = "People sign in at /sign-in. Programs use HTTP Basic: the user name api, and an API key of account scope.\n";
    (StatusCode::UNAUTHORIZED, field, text).into_response()
}
