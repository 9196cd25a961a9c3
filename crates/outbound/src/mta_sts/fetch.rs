//! The policy of a domain, over HTTPS (RFC 8461 section 3.3).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tegami_auth::mta_sts::{MAX_OCTETS, POLICY_PATH};
use tegami_dns::{DnsError, DnsName, Resolver};
use tegami_mail::Domain;
use tegami_report::tls_rpt::ResultType;
use tegami_store::BoxFuture;
use tokio_rustls::TlsConnector;

use crate::OutboundError;
use crate::connect::{Dial, Tcp};
use crate::policy::Reach;

/// All of it together: connecting, TLS, the answer (RFC 8461 section 3.3 suggests a minute).
const PATIENCE: Duration = Duration::from_secs(60);

/// One address.
const CONNECT: Duration = Duration::from_secs(15);

/// Addresses of one host that are tried.
const ADDRESSES: usize = 4;

/// Why a policy could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The host of the policy is not in the DNS, or the DNS does not tell.
    #[error("no address of {0}: {1}")]
    Dns(Domain, DnsError),
    /// All its addresses lie inside somebody's network: a stranger does not make us ask there.
    #[error("{0} has the address {1}, which is not on the Internet")]
    OutOfReach(Domain, IpAddr),
    /// No connection.
    #[error("no connection: {0}")]
    Connect(String),
    /// No TLS; mostly the certificate is not trusted or has another name.
    #[error("no TLS: {0}")]
    Tls(String),
    /// Not the answer of an HTTP server.
    #[error("no answer: {0}")]
    Http(String),
    /// Another status than 200; redirects are not followed (RFC 8461 section 3.3).
    #[error("the answer is {0}, not 200")]
    Status(u16),
    /// Another media type than text/plain.
    #[error("the answer is `{0}`, not text/plain")]
    MediaType(String),
    /// More than [`MAX_OCTETS`] octets.
    #[error("the answer has more than {MAX_OCTETS} octets")]
    TooLong,
    /// A minute has passed.
    #[error("the answer took too long")]
    Timeout,
}

impl FetchError {
    /// In the words of reports (RFC 8460 section 4.3.2.2).
    pub fn result_type(&self) -> ResultType {
        match self {
            Self::Tls(_) => ResultType::StsWebpkiInvalid,
            _ => ResultType::StsPolicyFetchError,
        }
    }
}

/// Whoever fetches policies.
pub trait Fetch: Send + Sync {
    /// The policy that this host serves, `mta-sts.` and the domain: at most [`MAX_OCTETS`] octets of type text/plain, from a server whose certificate
    /// is trusted and has this name.
    ///
    /// # Errors
    /// A [`FetchError`].
    fn fetch<'a>(&'a self, host: &'a Domain) -> BoxFuture<'a, Result<Vec<u8>, FetchError>>;
}

/// By HTTP/1.1 over TLS.
pub struct HttpsFetch {
    resolver: Arc<dyn Resolver>,
    dial: Arc<dyn Dial>,
    connector: TlsConnector,
    reach: Reach,
    port: u16,
}

impl HttpsFetch {
    /// Certificates have to lead to one of `roots`. `port` is 443 everywhere but in the lab and in tests.
    ///
    /// # Errors
    /// [`OutboundError::Tls`] when the TLS library refuses the settings.
    pub fn new(
        roots: RootCertStore,
        resolver: Arc<dyn Resolver>,
        reach: Reach,
        port: u16,
    ) -> Result<Self, OutboundError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| OutboundError::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            resolver,
            dial: Arc::new(Tcp),
            connector: TlsConnector::from(Arc::new(config)),
            reach,
            port,
        })
    }

    /// Fetches over another network than the machine's.
    #[must_use]
    pub fn over(self, dial: Arc<dyn Dial>) -> Self {
        Self { dial, ..self }
    }

    async fn policy(&self, host: &Domain) -> Result<Vec<u8>, FetchError> {
        let stream = self.connect(host).await?;
        let name = ServerName::try_from(host.as_str().to_owned());
        let name = name.map_err(|error| FetchError::Tls(error.to_string()))?;
        let stream = self.connector.connect(name, stream).await;
        let stream = stream.map_err(|error| FetchError::Tls(error.to_string()))?;
        let http = |error: hyper::Error| FetchError::Http(error.to_string());
        let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_buf_size(MAX_OCTETS)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(http)?;
        let answer = async {
            let response = sender.send_request(request(host)).await.map_err(http)?;
            body(response).await
        };
        tokio::pin!(answer);
        // The connection moves the octets; it ends when the answer is there and the sender gone.
        tokio::select! {
            answer = &mut answer => answer,
            ended = connection => match ended {
                Ok(()) => answer.await,
                Err(error) => Err(http(error)),
            },
        }
    }

    async fn connect(&self, host: &Domain) -> Result<Box<dyn crate::connect::Stream>, FetchError> {
        let mut failed = None;
        for ip in self.addresses(host).await? {
            match self.dial.dial(SocketAddr::new(ip, self.port), None, CONNECT).await {
                Ok(connection) => return Ok(connection.stream),
                Err(error) => failed = Some(error.to_string()),
            }
        }
        Err(FetchError::Connect(failed.unwrap_or_default()))
    }

    /// The addresses that a stranger may make us ask.
    async fn addresses(&self, host: &Domain) -> Result<Vec<IpAddr>, FetchError> {
        let name = DnsName::from(host);
        let (v4, v6) = futures_util::future::join(self.resolver.a(&name), self.resolver.aaaa(&name)).await;
        let error = match (&v4, &v6) {
            (Err(error), _) if !error.is_void() => error.clone(),
            (_, Err(error)) => error.clone(),
            _ => DnsError::NoData,
        };
        let v4 = v4.unwrap_or_default().into_iter().map(IpAddr::V4);
        let all: Vec<IpAddr> = v4.chain(v6.unwrap_or_default().into_iter().map(IpAddr::V6)).collect();
        let Some(first) = all.first().copied() else { return Err(FetchError::Dns(host.clone(), error)) };
        let mut good: Vec<IpAddr> = all.into_iter().filter(|ip| self.permits(*ip)).collect();
        if good.is_empty() {
            return Err(FetchError::OutOfReach(host.clone(), first));
        }
        good.truncate(ADDRESSES);
        Ok(good)
    }

    fn permits(&self, ip: IpAddr) -> bool {
        tegami_auth::is_on_the_internet(ip)
            || (self.reach == Reach::Loopback && ip.to_canonical().is_loopback())
    }
}

impl Fetch for HttpsFetch {
    fn fetch<'a>(&'a self, host: &'a Domain) -> BoxFuture<'a, Result<Vec<u8>, FetchError>> {
        Box::pin(async move {
            tokio::time::timeout(PATIENCE, self.policy(host)).await.unwrap_or(Err(FetchError::Timeout))
        })
    }
}

fn request(host: &Domain) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = hyper::Uri::from_static(POLICY_PATH);
    // A domain is made of characters that a field may have.
    if let Ok(host) = HeaderValue::from_str(host.as_str()) {
        request.headers_mut().insert(HOST, host);
    }
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static("Tegami"));
    request
}

async fn body(response: Response<hyper::body::Incoming>) -> Result<Vec<u8>, FetchError> {
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    let media_type =
        response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("text/plain") {
        let shown = media_type.chars().take(80).collect();
        return Err(FetchError::MediaType(shown));
    }
    let collected = Limited::new(response.into_body(), MAX_OCTETS).collect().await;
    match collected {
        Ok(body) => Ok(body.to_bytes().to_vec()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(FetchError::TooLong),
        Err(error) => Err(FetchError::Http(error.to_string())),
    }
}
