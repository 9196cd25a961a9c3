//! Browsers and API keys. A browser that was given a key keeps it, and sends it along with whatever a page of somebody else has it post. So none is
//! asked for a key, and what a page of somebody else makes it post with one is refused. Scripts that bring a key themselves ask first (Fetch, CORS
//! protocol), and are programs like others.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;

/// What browsers alone send (Fetch Metadata Request Headers, section 2).
const SITE: &str = "sec-fetch-site";
const MODE: &str = "sec-fetch-mode";

/// Looks at requests of browsers.
pub(crate) async fn keep_keys_apart(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if is_made_to(request.method(), headers) {
        let why = "a page of another site made the browser send this".to_owned();
        return ApiError::NotAllowed(why).into_response();
    }
    let asks = headers.contains_key(SITE);
    let mut response = next.run(request).await;
    if asks {
        response.headers_mut().remove(header::WWW_AUTHENTICATE);
    }
    response
}

fn is_made_to(method: &Method, headers: &HeaderMap) -> bool {
    let says = |name: &str, words: &[&str]| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| words.contains(&value))
    };
    headers.contains_key(header::AUTHORIZATION)
        && !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
        && says(SITE, &["cross-site", "same-site"])
        && !says(MODE, &["cors"])
}
