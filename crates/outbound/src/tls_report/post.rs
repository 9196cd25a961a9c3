//! Reports over HTTPS (RFC 8460 section 5.4).

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Uri};
use tegami_mail::Domain;
use tegami_store::BoxFuture;

use crate::https::{HTTPS, Https};

/// Of an answer nothing is used but its status.
const MOST: usize = 64 << 10;

/// Whoever posts reports to `https:` addresses.
pub trait Post: Send + Sync {
    /// Posts octets of a media type; the status of the answer, or why there was none.
    fn post<'a>(
        &'a self,
        uri: &'a str,
        media_type: &'static str,
        octets: Bytes,
    ) -> BoxFuture<'a, Result<u16, String>>;
}

/// By HTTPS, to wherever the record of a stranger says.
pub struct HttpsPost {
    https: Arc<Https>,
}

impl HttpsPost {
    /// Over this.
    pub fn new(https: Arc<Https>) -> Self {
        Self { https }
    }

    async fn send(&self, uri: &str, media_type: &'static str, octets: Bytes) -> Result<u16, String> {
        let uri: Uri = uri.parse().map_err(|error: hyper::http::uri::InvalidUri| error.to_string())?;
        let host = Domain::parse(uri.host().unwrap_or_default()).map_err(|error| error.to_string())?;
        let port = uri.port_u16().unwrap_or(HTTPS);
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let mut request = Request::new(Full::from(octets));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = path.parse().map_err(|error: hyper::http::uri::InvalidUri| error.to_string())?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        let answer = self.https.ask(&host, port, request, MOST).await;
        answer.map(|answer| answer.status).map_err(|error| error.to_string())
    }
}

impl Post for HttpsPost {
    fn post<'a>(
        &'a self,
        uri: &'a str,
        media_type: &'static str,
        octets: Bytes,
    ) -> BoxFuture<'a, Result<u16, String>> {
        Box::pin(self.send(uri, media_type, octets))
    }
}
