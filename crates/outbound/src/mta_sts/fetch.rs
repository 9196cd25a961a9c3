//! The policy of a domain, over HTTPS (RFC 8461 section 3.3).

use std::sync::Arc;

use http_body_util::Full;
use hyper::Request;
use tegami_auth::mta_sts::{MAX_OCTETS, POLICY_PATH};
use tegami_mail::Domain;
use tegami_report::tls_rpt::ResultType;
use tegami_store::BoxFuture;

use crate::https::{HTTPS, Https, HttpsError};

/// Why a policy could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// There is no answer.
    #[error(transparent)]
    Https(#[from] HttpsError),
    /// Another status than 200; redirects are not followed (RFC 8461 section 3.3).
    #[error("the answer is {0}, not 200")]
    Status(u16),
    /// Another media type than text/plain.
    #[error("the answer is `{0}`, not text/plain")]
    MediaType(String),
}

impl FetchError {
    /// In the words of reports (RFC 8460 section 4.3.2.2).
    pub fn result_type(&self) -> ResultType {
        match self {
            Self::Https(HttpsError::Tls(_)) => ResultType::StsWebpkiInvalid,
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

/// By HTTPS.
pub struct HttpsFetch {
    https: Arc<Https>,
    port: u16,
}

impl HttpsFetch {
    /// Over this.
    pub fn new(https: Arc<Https>) -> Self {
        Self { https, port: HTTPS }
    }

    /// At another port, as in tests.
    #[must_use]
    pub fn on_port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    async fn policy(&self, host: &Domain) -> Result<Vec<u8>, FetchError> {
        let mut request = Request::new(Full::default());
        *request.uri_mut() = hyper::Uri::from_static(POLICY_PATH);
        let answer = self.https.ask(host, self.port, request, MAX_OCTETS).await?;
        if answer.status != 200 {
            return Err(FetchError::Status(answer.status));
        }
        let essence = answer.content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("text/plain") {
            return Err(FetchError::MediaType(answer.content_type.chars().take(80).collect()));
        }
        Ok(answer.body.to_vec())
    }
}

impl Fetch for HttpsFetch {
    fn fetch<'a>(&'a self, host: &'a Domain) -> BoxFuture<'a, Result<Vec<u8>, FetchError>> {
        Box::pin(self.policy(host))
    }
}
