//! TLS as a probe needs it: the handshake takes whatever certificate is shown, because it is to be looked at; whether it is trusted is
//! judged beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, PeerIncompatible, RootCertStore,
    SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tegami_mail::Domain;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Distrust, StartTls, TlsSeen};

/// What handshakes need; made once.
pub(super) struct Tls {
    provider: Arc<CryptoProvider>,
    /// `None` without trusted roots: then nobody is trusted.
    judge: Option<Arc<WebPkiServerVerifier>>,
}

impl Tls {
    pub(super) fn new(roots: RootCertStore) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let judge = if roots.is_empty() {
            None
        } else {
            let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
            Some(builder.build().map_err(|error| error.to_string())?)
        };
        Ok(Self { provider, judge })
    }

    /// A handshake with this host; the error is what to tell of it.
    pub(super) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        host: &Domain,
        now: Timestamp,
    ) -> Result<(TlsStream<S>, TlsSeen), StartTls> {
        let failed = |error: &dyn ToString| StartTls::Failed(error.to_string());
        let name = ServerName::try_from(host.as_str().to_owned()).map_err(|error| failed(&error))?;
        let asked = Arc::new(Asked::default());
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(Arc::clone(&self.provider))))
            .with_client_cert_resolver(Arc::clone(&asked) as Arc<dyn ResolvesClientCert>);
        // Each look is a first one.
        config.resumption = Resumption::disabled();
        let stream = TlsConnector::from(Arc::new(config)).connect(name.clone(), stream).await;
        let stream = stream.map_err(|error| refusal(&error))?;
        let connection = stream.get_ref().1;
        let chain: Vec<_> = connection.peer_certificates().unwrap_or_default().to_vec();
        let version = connection.protocol_version().and_then(|version| version.as_str());
        let cipher = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
        let seen = TlsSeen {
            version: version.unwrap_or_default().replace("TLSv1_", "TLSv1."),
            cipher: cipher.unwrap_or_default().to_owned(),
            trusted: self.judge(&chain, &name, now),
            chain,
            asked_for_ours: asked.0.load(Ordering::Relaxed),
        };
        Ok((stream, seen))
    }

    fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: Timestamp,
    ) -> Result<(), Distrust> {
        let (own, rest) = chain.split_first().ok_or(Distrust::Issuer)?;
        let judge = self.judge.as_ref().ok_or(Distrust::Issuer)?;
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        match judge.verify_server_cert(own, rest, name, &[], now) {
            Ok(_) => Ok(()),
            Err(error) => Err(distrust(&error)),
        }
    }
}

fn distrust(error: &Error) -> Distrust {
    let Error::InvalidCertificate(error) = error else { return Distrust::Other(error.to_string()) };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Distrust::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Distrust::NotYet,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Distrust::Name,
        CertificateError::UnknownIssuer => Distrust::Issuer,
        other => Distrust::Other(other.to_string()),
    }
}

/// A host that answers with an old version, or says that ours is too new, has nothing newer.
fn refusal(error: &std::io::Error) -> StartTls {
    let text = error.to_string();
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>());
    match cause {
        Some(
            Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13)
            | Error::AlertReceived(rustls::AlertDescription::ProtocolVersion),
        ) => StartTls::TooOld(text),
        _ => StartTls::Failed(text),
    }
}

/// Has no certificate, and remembers that it was asked for one.
#[derive(Debug, Default)]
struct Asked(AtomicBool);

impl ResolvesClientCert for Asked {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// Takes every certificate. That the host holds its key is still wanted, unless the library cannot read the certificate.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl Anybody {
    fn tolerate(result: Result<HandshakeSignatureValid, Error>) -> Result<HandshakeSignatureValid, Error> {
        match result {
            Err(Error::InvalidCertificate(CertificateError::BadEncoding | CertificateError::Other(_))) => {
                Ok(HandshakeSignatureValid::assertion())
            }
            other => other,
        }
    }
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        Self::tolerate(rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        Self::tolerate(rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
