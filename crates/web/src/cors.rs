//! Scripts of web pages elsewhere may ask the Mailgun-compatible API, as the real one lets them (Fetch, CORS protocol). They need a key like everybody
//! else: nothing that a browser sends by itself opens anything here.

use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// What is allowed, told before the request itself comes.
const ALLOWED: [(header::HeaderName, &str); 3] = [
    (header::ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type, x-requested-with, Authorization"),
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE, OPTIONS"),
    (header::ACCESS_CONTROL_MAX_AGE, "600"),
];

/// Answers preflight requests, and lets pages read what the others are answered.
pub(crate) async fn allow(request: Request, next: Next) -> Response {
    if !is_of_api(request.uri().path()) {
        return next.run(request).await;
    }
    let mut response =
        if request.method() == Method::OPTIONS { ALLOWED.into_response() } else { next.run(request).await };
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// `/v1/…` to `/v5/…`.
fn is_of_api(path: &str) -> bool {
    let version = path.strip_prefix("/v").and_then(|rest| rest.split_once('/')).map(|(version, _)| version);
    version.is_some_and(|version| matches!(version, "1" | "2" | "3" | "4" | "5"))
}
