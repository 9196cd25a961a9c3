//! Who is let in to the pages and to `/api/`, and what they may do. Both ask here and nowhere else.
//!
//! | who | proves it by | may |
//! | --- | --- | --- |
//! | a program | an API key of account scope, as the password of HTTP Basic authentication | what the role of the key says |
//! | a person who signed in | the cookie of the session | what the role says |
//! | in the lab: whoever sits at the machine | loopback at both ends | everything |
//!
//! A role that may only look may only ask (GET, HEAD, and what changes nothing though it is posted). Whatever changes something must come from a page of ours, as far as the browser tells
//! (Sec-Fetch-Site, Origin), and carries the session's secret: in the field `csrf` of a form, in the header field `Tegami-Csrf` for `/api/`.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tegami_queue::AuthError;
use tegami_store::ApiKeyRole;
use tegami_words::Language;

use crate::error::ApiError;
use crate::house::{House, Shared};
use crate::mailgun::key_of;
use crate::people::{Role, is_same};

/// The cookie of a session.
pub(crate) const COOKIE: &str = "tegami-session";

/// Somebody who was let in.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// What they are called, for records.
    pub(crate) name: Arc<str>,
    /// What they may do.
    pub(crate) role: Role,
    /// How they proved it.
    pub(crate) proof: Proof,
    /// What their forms carry.
    pub(crate) csrf: Arc<str>,
}

/// How somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// They sit at the machine, in the lab.
    Machine,
    /// An API key.
    Key,
    /// They signed in.
    Session,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nobody whom we know.
    Unknown,
    /// The lab, called by a name that is not its own.
    Misdirected,
    /// The request was made by a page that is not ours, or lacks the secret of the session.
    Foreign,
    /// A role that may only look wants to change something.
    ReadOnly,
    /// Our fault.
    Ours,
}

impl House {
    /// Who makes a request. What belongs to the body, the field `csrf` of a form, is not looked at here.
    pub(crate) async fn admit(&self, parts: &Parts) -> Result<Visitor, Refusal> {
        let changes = !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
        if changes && !self.is_from_here(&parts.headers) {
            return Err(Refusal::Foreign);
        }
        let visitor = self.whose(parts).await?;
        if changes && visitor.role != Role::Admin && !only_asks(parts) {
            return Err(Refusal::ReadOnly);
        }
        Ok(visitor)
    }

    async fn whose(&self, parts: &Parts) -> Result<Visitor, Refusal> {
        if let Some(token) = cookie(&parts.headers, COOKIE) {
            let found = self.rooms.people.whose(token).await.map_err(|error| {
                tracing::error!(%error, "sessions cannot be read");
                Refusal::Ours
            })?;
            if let Some((user, session)) = found {
                let (name, csrf) = (user.name.into(), session.csrf.into());
                return Ok(Visitor { name, role: user.role, proof: Proof::Session, csrf });
            }
        }
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return self.holder(&parts.headers).await;
        }
        if !self.settings.open_on_loopback {
            return Err(Refusal::Unknown);
        }
        if !is_at_the_machine(parts) {
            return Err(Refusal::Misdirected);
        }
        Ok(self.without_session("lab", Role::Admin, Proof::Machine))
    }

    async fn holder(&self, headers: &HeaderMap) -> Result<Visitor, Refusal> {
        let key = key_of(headers).ok_or(Refusal::Unknown)?;
        let accounts = &self.rooms.accounts;
        let found = match accounts.authenticate_key(&key, None).await {
            Ok(_) => accounts.api_key(&key).await,
            Err(error) => Err(error),
        };
        match found {
            Ok(Some(row)) => match row.role {
                ApiKeyRole::Admin | ApiKeyRole::Developer => {
                    Ok(self.without_session(&row.name, Role::Admin, Proof::Key))
                }
                ApiKeyRole::Basic => Ok(self.without_session(&row.name, Role::ReadOnly, Proof::Key)),
                ApiKeyRole::Sending => Err(Refusal::Unknown),
            },
            Ok(None) | Err(AuthError::Refused | AuthError::OutOfScope) => Err(Refusal::Unknown),
            Err(AuthError::Unavailable(error)) => {
                tracing::error!(%error, "cannot check an API key");
                Err(Refusal::Ours)
            }
        }
    }

    fn without_session(&self, name: &str, role: Role, proof: Proof) -> Visitor {
        Visitor { name: name.into(), role, proof, csrf: Arc::clone(&self.csrf) }
    }

    /// Whether a request comes from a page of ours, or from a program. Browsers tell by Sec-Fetch-Site (W3C Fetch Metadata section 2.4), and the
    /// older ones by Origin (RFC 6454 section 7); programs say nothing.
    pub(crate) fn is_from_here(&self, headers: &HeaderMap) -> bool {
        let field = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("null"));
        if let Some(site) = field("sec-fetch-site") {
            return site == "same-origin";
        }
        let Some(origin) = field("origin") else { return true };
        if self.settings.public_url.as_deref() == Some(origin) {
            return true;
        }
        let named = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        named.is_some_and(|named| field("host").is_some_and(|host| host.eq_ignore_ascii_case(named)))
    }

    /// Whether browsers reach us by https, through whoever ends TLS for us. What a client says about itself concerns its own cookie alone.
    pub(crate) fn is_https(&self, headers: &HeaderMap) -> bool {
        self.settings.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
            || headers.get("x-forwarded-proto").is_some_and(|value| value == "https")
    }
}

/// Whether a request is posted only because what it asks with is long: a message for the routes, values for a template.
fn only_asks(parts: &Parts) -> bool {
    let path = parts.uri.path();
    let is_preview = || path.starts_with("/api/templates/") && path.ends_with("/preview");
    parts.method == Method::POST
        && (matches!(path, "/routes/test" | "/headers" | "/api/route-tests") || is_preview())
}

/// Lets requests to `/api/` in or not.
pub(crate) async fn api(State(house): State<Shared>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let admitted = house.admit(&parts).await.and_then(|visitor| {
        let changes = !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let secret = parts.headers.get("tegami-csrf").and_then(|value| value.to_str().ok());
        let needs_secret = changes && visitor.proof == Proof::Session;
        if needs_secret && !is_same(secret.unwrap_or_default(), &visitor.csrf) {
            return Err(Refusal::Foreign);
        }
        Ok(visitor)
    });
    match admitted {
        Ok(visitor) => {
            parts.extensions.insert(visitor);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refusal) => ApiError::from(refusal).into_response(),
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown | Refusal::Misdirected => Self::Unauthorized,
            Refusal::Foreign => Self::NotAllowed(
                "this request does not come from a page of this server, or lacks the secret of its session"
                    .to_owned(),
            ),
            Refusal::ReadOnly => Self::NotAllowed("the role read-only may change nothing".to_owned()),
            Refusal::Ours => Self::Internal,
        }
    }
}

/// A handler behind no gate lets nobody in.
impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Self>().cloned().ok_or(ApiError::Unauthorized)
    }
}

/// The language for sentences.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tongue(pub(crate) Language);

impl<S: Send + Sync> FromRequestParts<S> for Tongue {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let query = parts.uri.query().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let asked = pairs.find(|(name, _)| name == "lang").and_then(|(_, value)| value.parse().ok());
        Ok(Self(asked.unwrap_or_else(|| {
            let field = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
            Language::from_accept_language(field.unwrap_or_default())
        })))
    }
}

/// The value of a cookie (RFC 6265 section 4.2.1).
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let fields = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// From where a request came ([`crate::whence`]).
pub(crate) fn client(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::from([0, 0, 0, 0]), |ConnectInfo(peer)| peer.ip().to_canonical())
}

/// Loopback at both ends: the client's address, and the name by which it calls us. A page from elsewhere that has its own name point
/// to loopback (DNS rebinding) calls us by that name.
fn is_at_the_machine(parts: &Parts) -> bool {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback())
        && called_by_loopback_name(&parts.headers)
}

/// RFC 6761 section 6.3.
fn called_by_loopback_name(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let Some(authority) = host.and_then(|host| host.parse::<Authority>().ok()) else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    let name = name.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_let_in() {
        let named = |host: &str| {
            let fields = [(header::HOST, host.parse().unwrap())];
            called_by_loopback_name(&fields.into_iter().collect())
        };
        for host in
            ["localhost", "LOCALHOST:8025", "lab.localhost.:1", "127.42.0.1:80", "[::1]:8025", "[::1]"]
        {
            assert!(named(host), "{host}");
        }
        for host in [
            "",
            "example.org",
            "localhost.example.org",
            "127.0.0.1.example.org",
            "192.0.2.1",
            "[::1",
            "[2001:db8::1]:80",
        ] {
            assert!(!named(host), "{host}");
        }
    }

    #[test]
    fn cookies_are_told_apart() {
        let headers = [(header::COOKIE, "a=1; tegami-session=t=2".parse().unwrap())].into_iter().collect();
        assert_eq!(cookie(&headers, "tegami-session"), Some("t=2"));
        assert_eq!(cookie(&headers, "session"), None);
    }
}
