//! One question and one answer over HTTPS, to a host that a stranger names: its certificate has to lead to a trusted root and have its name, its
//! addresses have to lie on the Internet, redirects are not followed, and everything has an end.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, LOCATION, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use tegami_dns::{DnsError, DnsName, Resolver};
use tegami_mail::Domain;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::OutboundError;
use crate::connect::{Dial, Stream, Tcp};
use crate::policy::Reach;

/// The port of HTTPS.
pub(crate) const HTTPS: u16 = 443;

/// All of it together: connecting, TLS, the answer (RFC 8461 section 3.3 suggests a minute).
const PATIENCE: Duration = Duration::from_secs(60);

/// One address.
const CONNECT: Duration = Duration::from_secs(15);

/// Addresses of one host that are tried.
const ADDRESSES: usize = 4;

/// The most octets of an answer's header section.
const HEADER: usize = 64 << 10;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpsError {
    /// The host is not in the DNS, or the DNS does not tell.
    #[error("no address of {0}: {1}")]
    Dns(Domain, DnsError),
    /// All its addresses lie inside somebody's network: a stranger does not make us ask there.
    #[error("{0} has the address {1}, which is not on the Internet")]
    OutOfReach(String, IpAddr),
    /// No connection.
    #[error("no connection: {0}")]
    Connect(String),
    /// No TLS; mostly the certificate is not trusted or has another name.
    #[error("no TLS: {0}")]
    Tls(String),
    /// Not the answer of an HTTP server.
    #[error("no answer: {0}")]
    Http(String),
    /// The answer is longer than it may be.
    #[error("the answer has more than {0} octets")]
    TooLong(usize),
    /// A minute has passed.
    #[error("the answer took too long")]
    Timeout,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The status, such as 200.
    pub(crate) status: u16,
    /// The field Content-Type, as far as it is text.
    pub(crate) content_type: String,
    /// The body.
    pub(crate) body: Bytes,
}

/// A document, or what came in its place.
#[derive(Clone, Debug)]
pub struct HttpsDocument {
    /// The status, such as 200.
    pub status: u16,
    /// The field Content-Type, as far as it is text.
    pub content_type: String,
    /// The field Location: where a redirect leads, which is not followed.
    pub location: Option<String>,
    /// The body.
    pub body: Bytes,
    /// The server's own certificate.
    pub certificate: Option<CertificateDer<'static>>,
}

/// Asks by HTTP/1.1 over TLS.
pub struct Https {
    resolver: Arc<dyn Resolver>,
    dial: Arc<dyn Dial>,
    connector: RwLock<TlsConnector>,
    reach: Reach,
}

fn connector(roots: RootCertStore) -> Result<TlsConnector, OutboundError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| OutboundError::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

impl Https {
    /// Certificates have to lead to one of `roots`.
    ///
    /// # Errors
    /// [`OutboundError::Tls`] when the TLS library refuses the settings.
    pub fn new(
        roots: RootCertStore,
        resolver: Arc<dyn Resolver>,
        reach: Reach,
    ) -> Result<Self, OutboundError> {
        let connector = RwLock::new(connector(roots)?);
        Ok(Self { resolver, dial: Arc::new(Tcp), connector, reach })
    }

    /// Certificates have to lead to one of these `roots` from now on.
    ///
    /// # Errors
    /// As [`Https::new`]; nothing has changed then.
    pub fn trust(&self, roots: RootCertStore) -> Result<(), OutboundError> {
        *self.connector.write().unwrap_or_else(PoisonError::into_inner) = connector(roots)?;
        Ok(())
    }

    /// Asks over another network than the machine's.
    #[must_use]
    pub fn over(self, dial: Arc<dyn Dial>) -> Self {
        Self { dial, ..self }
    }

    /// Asks one host; of the answer's body at most `most` octets are read.
    pub(crate) async fn ask(
        &self,
        host: &Domain,
        port: u16,
        request: Request<Full<Bytes>>,
        most: usize,
    ) -> Result<Answer, HttpsError> {
        let exchange = self.exchange(host, port, request, most);
        tokio::time::timeout(PATIENCE, exchange).await.unwrap_or(Err(HttpsError::Timeout))
    }

    async fn exchange(
        &self,
        host: &Domain,
        port: u16,
        mut request: Request<Full<Bytes>>,
        most: usize,
    ) -> Result<Answer, HttpsError> {
        let stream = self.open(host, port).await?;
        let authority = if port == HTTPS { host.to_string() } else { format!("{host}:{port}") };
        name_host(&mut request, &authority);
        speak(stream, request, |response| read(response, most)).await
    }

    /// Fetches a document; of its body at most `most` octets are read.
    ///
    /// # Errors
    /// No connection, no trusted certificate, no HTTP, or a longer document. Any status is an answer.
    pub async fn get(&self, host: &Domain, path: &str, most: usize) -> Result<HttpsDocument, HttpsError> {
        let fetched = async {
            let request = Request::get(path).body(Full::default());
            let mut request = request.map_err(|error| HttpsError::Http(error.to_string()))?;
            let stream = self.open(host, HTTPS).await?;
            let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let certificate = chain.first().cloned().map(CertificateDer::into_owned);
            name_host(&mut request, host.as_str());
            let (location, answer) = speak(stream, request, |response| async {
                let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
                let location = location.map(str::to_owned);
                Ok((location, read(response, most).await?))
            })
            .await?;
            let Answer { status, content_type, body } = answer;
            Ok(HttpsDocument { status, content_type, location, body, certificate })
        };
        tokio::time::timeout(PATIENCE, fetched).await.unwrap_or(Err(HttpsError::Timeout))
    }

    /// A connection with a host that has proven its name.
    async fn open(&self, host: &Domain, port: u16) -> Result<TlsStream<Box<dyn Stream>>, HttpsError> {
        let stream = self.connect(host, port).await?;
        let name = ServerName::try_from(host.as_str().to_owned());
        let name = name.map_err(|error| HttpsError::Tls(error.to_string()))?;
        self.secure(name, stream).await
    }

    /// TLS over a connection, with the host of this name or address.
    pub(crate) async fn secure(
        &self,
        name: ServerName<'static>,
        stream: Box<dyn Stream>,
    ) -> Result<TlsStream<Box<dyn Stream>>, HttpsError> {
        let connector = self.connector.read().unwrap_or_else(PoisonError::into_inner).clone();
        connector.connect(name, stream).await.map_err(|error| HttpsError::Tls(error.to_string()))
    }

    async fn connect(&self, host: &Domain, port: u16) -> Result<Box<dyn Stream>, HttpsError> {
        let all = self.resolve(host).await?;
        self.dial(host.as_str(), &all, port, |ip| self.permits(ip)).await
    }

    /// Connects to the first of these addresses that may be reached and can be.
    pub(crate) async fn dial(
        &self,
        host: &str,
        all: &[IpAddr],
        port: u16,
        may: impl Fn(IpAddr) -> bool + Send,
    ) -> Result<Box<dyn Stream>, HttpsError> {
        let mut good: Vec<IpAddr> = all.iter().copied().filter(|ip| may(*ip)).collect();
        good.truncate(ADDRESSES);
        if let (true, Some(first)) = (good.is_empty(), all.first()) {
            return Err(HttpsError::OutOfReach(host.to_owned(), *first));
        }
        let mut failed = None;
        for ip in good {
            match self.dial.dial(SocketAddr::new(ip, port), None, CONNECT).await {
                Ok(connection) => return Ok(connection.stream),
                Err(error) => failed = Some(error.to_string()),
            }
        }
        Err(HttpsError::Connect(failed.unwrap_or_default()))
    }

    /// All addresses of a host.
    pub(crate) async fn resolve(&self, host: &Domain) -> Result<Vec<IpAddr>, HttpsError> {
        let name = DnsName::from(host);
        let (v4, v6) = futures_util::future::join(self.resolver.a(&name), self.resolver.aaaa(&name)).await;
        let error = match (&v4, &v6) {
            (Err(error), _) if !error.is_void() => error.clone(),
            (_, Err(error)) => error.clone(),
            _ => DnsError::NoData,
        };
        let v4 = v4.unwrap_or_default().into_iter().map(IpAddr::V4);
        let all: Vec<IpAddr> = v4.chain(v6.unwrap_or_default().into_iter().map(IpAddr::V6)).collect();
        if all.is_empty() { Err(HttpsError::Dns(host.clone(), error)) } else { Ok(all) }
    }

    /// The addresses that a stranger may make us ask.
    pub(crate) fn permits(&self, ip: IpAddr) -> bool {
        tegami_auth::is_on_the_internet(ip)
            || (self.reach == Reach::Loopback && ip.to_canonical().is_loopback())
    }
}

/// Says whom a request is for, and who asks.
pub(crate) fn name_host(request: &mut Request<Full<Bytes>>, authority: &str) {
    // A domain is made of characters that a field may have.
    if let Ok(host) = HeaderValue::from_str(authority) {
        request.headers_mut().insert(HOST, host);
    }
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static("Tegami"));
}

/// Asks once over a connection, and reads the answer.
pub(crate) async fn speak<S, T, F>(
    stream: S,
    request: Request<Full<Bytes>>,
    read: impl FnOnce(Response<Incoming>) -> F + Send,
) -> Result<T, HttpsError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    F: Future<Output = Result<T, HttpsError>> + Send,
{
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(HEADER)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| http(&error))?;
    let answer = async { read(sender.send_request(request).await.map_err(|error| http(&error))?).await };
    tokio::pin!(answer);
    // The connection moves the octets; it ends when the answer is there and the sender gone.
    tokio::select! {
        answer = &mut answer => answer,
        ended = connection => match ended {
            Ok(()) => answer.await,
            Err(error) => Err(http(&error)),
        },
    }
}

pub(crate) async fn read(response: Response<Incoming>, most: usize) -> Result<Answer, HttpsError> {
    let status = response.status().as_u16();
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    match Limited::new(response.into_body(), most).collect().await {
        Ok(body) => Ok(Answer { status, content_type, body: body.to_bytes() }),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(HttpsError::TooLong(most)),
        Err(error) => Err(HttpsError::Http(error.to_string())),
    }
}

fn http(error: &hyper::Error) -> HttpsError {
    HttpsError::Http(error.to_string())
}
