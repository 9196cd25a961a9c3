//! Requests to URLs that strangers name: webhooks, what routes forward, archives, links that are tried.
//!
//! Plain HTTP is as good as HTTPS here: what is posted is signed. But a URL must not make us ask inside the operator's networks: each address
//! that is connected to was judged itself, so that a name that leads elsewhere a moment later leads nowhere. Redirects are not followed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, Uri};
use rustls_pki_types::ServerName;
use tegami_auth::Network;
use tegami_mail::Domain;
use tegami_queue::{Answered, CallError, Caller, Post};
use tegami_store::BoxFuture;

use crate::https::{HTTPS, Https, HttpsError, name_host, speak};

/// From the question to the status of the answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The beginning of the body, once the status is there.
const BODY: Duration = Duration::from_secs(5);

/// Octets of the body that are kept.
const BEGINNING: usize = 1024;

/// Makes requests by HTTP/1.1, with TLS or without.
pub struct HttpCaller {
    https: Arc<Https>,
    allowed: RwLock<Vec<Network>>,
}

impl HttpCaller {
    /// Over the same resolver, trust and network as `https`.
    pub fn new(https: Arc<Https>) -> Self {
        Self { https, allowed: RwLock::default() }
    }

    /// Hosts of these networks may be asked too, from now on, though they are not on the Internet.
    pub fn allow(&self, networks: Vec<Network>) {
        *self.allowed.write().unwrap_or_else(PoisonError::into_inner) = networks;
    }

    fn may_ask(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        let allowed = self.allowed.read().unwrap_or_else(PoisonError::into_inner);
        let named = allowed.iter().any(|network| network.covers(&Network::from(ip)));
        named || (self.https.permits(ip) && !leads_inside(ip))
    }

    fn allows_none(&self) -> bool {
        self.allowed.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Follows a link: GET, or POST of a form where there is one.
    ///
    /// # Errors
    /// As [`Caller::post`].
    pub async fn visit(&self, url: &str, form: Option<&str>) -> Result<Answered, CallError> {
        let target = Target::read(url)?;
        let request = match form {
            Some(form) => {
                target.post("application/x-www-form-urlencoded", Bytes::copy_from_slice(form.as_bytes()))
            }
            None => target.request(Method::GET, Bytes::new()),
        };
        self.send(&target, request).await
    }

    async fn send(&self, target: &Target, request: Request<Full<Bytes>>) -> Result<Answered, CallError> {
        let asked = self.exchange(target, request);
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(answered)) => Ok(answered),
            Ok(Err(error @ HttpsError::OutOfReach(..))) => Err(CallError::Forbidden(error.to_string())),
            Ok(Err(error)) => Err(CallError::Unanswered(error.to_string())),
            Err(_) => Err(CallError::Unanswered(format!("no answer within {} s", PATIENCE.as_secs()))),
        }
    }

    async fn exchange(&self, target: &Target, request: Request<Full<Bytes>>) -> Result<Answered, HttpsError> {
        let addresses = match &target.host {
            Host::Address(ip) => vec![*ip],
            Host::Name(name) if is_localhost(name) => {
                vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
            }
            Host::Name(name) => self.https.resolve(name).await?,
        };
        let named = match &target.host {
            Host::Name(name) => name.to_string(),
            Host::Address(ip) => ip.to_string(),
        };
        let stream = self.https.dial(&named, &addresses, target.port, |ip| self.may_ask(ip)).await?;
        if !target.tls {
            return speak(stream, request, read).await;
        }
        let name = match &target.host {
            Host::Name(name) => ServerName::try_from(name.as_str().to_owned())
                .map_err(|error| HttpsError::Tls(error.to_string()))?,
            Host::Address(ip) => ServerName::from(*ip),
        };
        speak(self.https.secure(name, stream).await?, request, read).await
    }
}

impl Caller for HttpCaller {
    fn post(&self, post: Post) -> BoxFuture<'_, Result<Answered, CallError>> {
        Box::pin(async move {
            let target = Target::read(&post.url)?;
            let request = target.post(&post.content_type, post.body);
            self.send(&target, request).await
        })
    }

    fn permits(&self, url: &str) -> Result<(), CallError> {
        let refused = |ip: IpAddr| CallError::Forbidden(format!("the address {ip} is not on the Internet"));
        match Target::read(url)?.host {
            Host::Address(ip) if !self.may_ask(ip) => Err(refused(ip)),
            Host::Name(name) if is_localhost(&name) => {
                let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
                if self.may_ask(ip) { Ok(()) } else { Err(refused(ip)) }
            }
            // Names of one word are those of a network inside; where one may be asked, the address decides when it is known.
            Host::Name(name)
                if !name.as_str().contains('.')
                    && (self.allows_none() || name.as_str().bytes().all(|byte| byte.is_ascii_digit())) =>
            {
                Err(CallError::Forbidden("host not found".to_owned()))
            }
            _ => Ok(()),
        }
    }
}

/// Addresses through which one inside a network can be reached: IPv4 within IPv6 (compatible addresses, NAT64, 6to4, Teredo), and networks of a
/// single machine or laboratory (RFC 6890 section 2.2.2).
fn leads_inside(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let octets = ip.octets();
            matches!(octets, [192, 0, 0, _] | [198, 18 | 19, ..])
        }
        IpAddr::V6(ip) => {
            let segments = ip.segments();
            matches!(segments, [0, 0, 0, 0, 0, 0, ..] | [0x64, 0xff9b, ..] | [0x2002, ..] | [0x2001, 0, ..])
        }
    }
}

/// The names of this very machine (RFC 6761 section 6.3).
fn is_localhost(name: &Domain) -> bool {
    name.as_str() == "localhost" || name.as_str().ends_with(".localhost")
}

enum Host {
    Name(Domain),
    Address(IpAddr),
}

/// A URL, as far as it matters.
struct Target {
    tls: bool,
    host: Host,
    port: u16,
    /// The field Host.
    authority: String,
    /// Name and password, which some receivers demand and take from their URL.
    credentials: Option<String>,
    path: Uri,
}

impl Target {
    fn read(url: &str) -> Result<Self, CallError> {
        let wrong = |why: &str| CallError::Forbidden(why.to_owned());
        let bare = url.split('#').next().unwrap_or_default();
        let uri: Uri = bare.parse().map_err(|_| wrong("it is no URL"))?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(wrong("only http and https are served")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
        let (credentials, host_port) = match authority.as_str().rsplit_once('@') {
            Some((credentials, rest)) => (Some(credentials.to_owned()), rest.to_owned()),
            None => (None, authority.as_str().to_owned()),
        };
        let text = authority.host();
        let literal = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        let host = match literal.parse::<IpAddr>() {
            Ok(ip) => Host::Address(ip.to_canonical()),
            Err(_) => Host::Name(Domain::parse(text).map_err(|_| wrong("host not found"))?),
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = path.parse().map_err(|_| wrong("it is no URL"))?;
        let port = authority.port_u16().unwrap_or(if tls { HTTPS } else { 80 });
        Ok(Self { tls, host, port, authority: host_port, credentials, path })
    }

    fn post(&self, content_type: &str, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = self.request(Method::POST, body);
        if let Ok(value) = HeaderValue::from_str(content_type) {
            request.headers_mut().insert(CONTENT_TYPE, value);
        }
        request
    }

    fn request(&self, method: Method, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = self.path.clone();
        name_host(&mut request, &self.authority);
        let fields = request.headers_mut();
        if let Some(value) = self.credentials.as_deref().and_then(basic) {
            fields.insert(AUTHORIZATION, value);
        }
        fields.insert(CONNECTION, HeaderValue::from_static("close"));
        request
    }
}

/// A request to an interface that the operator named: whatever address it has is good.
#[derive(Clone, Debug)]
pub struct ApiRequest {
    /// `GET`, `POST`.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// Header fields beside Host and User-Agent.
    pub fields: Vec<(HeaderName, String)>,
    /// The body.
    pub body: Bytes,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct ApiAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body, at most [`MAX_ANSWER`] octets.
    pub body: Bytes,
}

/// The most octets of an answer of an interface.
pub const MAX_ANSWER: usize = 4 << 20;

/// Makes a request to an interface that the operator named, over the resolver and the trust of `https`.
///
/// # Errors
/// An [`HttpsError`]; an answer with whatever status is none.
pub async fn call_api(https: &Https, request: ApiRequest) -> Result<ApiAnswer, HttpsError> {
    let exchange = exchange_api(https, request);
    tokio::time::timeout(PATIENCE, exchange).await.unwrap_or(Err(HttpsError::Timeout))
}

async fn exchange_api(https: &Https, asked: ApiRequest) -> Result<ApiAnswer, HttpsError> {
    let target = Target::read(&asked.url).map_err(|error| HttpsError::Http(error.to_string()))?;
    let (named, addresses) = match &target.host {
        Host::Address(ip) => (ip.to_string(), vec![*ip]),
        Host::Name(name) if is_localhost(name) => {
            (name.to_string(), vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()])
        }
        Host::Name(name) => (name.to_string(), https.resolve(name).await?),
    };
    let stream = https.dial(&named, &addresses, target.port, |_| true).await?;
    let mut request = Request::new(Full::from(asked.body));
    *request.method_mut() = asked.method;
    *request.uri_mut() = target.path.clone();
    name_host(&mut request, &target.authority);
    for (name, value) in asked.fields {
        let mut value = HeaderValue::from_str(&value).map_err(|error| HttpsError::Http(error.to_string()))?;
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
    }
    request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    let read = |response| crate::https::read(response, MAX_ANSWER);
    let answer = if target.tls {
        let name = match &target.host {
            Host::Name(name) => ServerName::try_from(name.as_str().to_owned())
                .map_err(|error| HttpsError::Tls(error.to_string()))?,
            Host::Address(ip) => ServerName::from(*ip),
        };
        speak(https.secure(name, stream).await?, request, read).await?
    } else {
        speak(stream, request, read).await?
    };
    Ok(ApiAnswer { status: answer.status, body: answer.body })
}

/// RFC 7617 section 2.
fn basic(credentials: &str) -> Option<HeaderValue> {
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(credentials).collect();
    let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(decoded))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

async fn read(response: Response<Incoming>) -> Result<Answered, HttpsError> {
    let status = response.status().as_u16();
    let mut body = response.into_body();
    let mut octets = Vec::new();
    let reading = async {
        while octets.len() < BEGINNING
            && let Some(Ok(frame)) = body.frame().await
        {
            octets.extend(frame.into_data().unwrap_or_default());
        }
    };
    // The status is what counts: a body that does not come is none.
    let _ = tokio::time::timeout(BODY, reading).await;
    octets.truncate(BEGINNING);
    Ok(Answered { status, beginning: String::from_utf8_lossy(&octets).into_owned() })
}
