//! TLS on the way out. The handshake takes every certificate, because encryption without knowing the peer still keeps listeners
//! out (RFC 7435 section 3); whether the certificate is trusted is judged right after it, recorded, and enforced where it is demanded.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tegami_auth::dane::{self, Mismatch};
use tegami_mail::{Host, Note, note};
use tegami_report::tls_rpt::ResultType;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::OutboundError;
use crate::record::TlsRecord;
use crate::tls_policy::{DaneTrust, Trust};
use tegami_auth::Certificate;

/// Everything that outgoing TLS needs; made once.
pub(crate) struct Tls {
    /// For hosts that a trusted root has to vouch for, or nobody.
    web_pki: TlsConnector,
    /// For hosts with TLSA records. Sessions of the other one are not resumed here: their certificates may have proven less.
    dane: TlsConnector,
    /// `None` without trusted roots: then nothing is trusted.
    judge: Option<Arc<WebPkiServerVerifier>>,
}

impl Tls {
    pub(crate) fn new(roots: RootCertStore) -> Result<Self, OutboundError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let unusable = |error: String| OutboundError::Tls(error);
        let judge = if roots.is_empty() {
            None
        } else {
            let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
            Some(builder.build().map_err(|error| unusable(error.to_string()))?)
        };
        let connector = |unreadable| {
            let verifier = AnyCertificate { provider: Arc::clone(&provider), unreadable };
            let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()
                .map_err(|error| unusable(error.to_string()))?;
            let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
            Ok(TlsConnector::from(Arc::new(builder.with_no_client_auth())))
        };
        let (web_pki, dane) = (connector(Unreadable::Tolerated)?, connector(Unreadable::Refused)?);
        Ok(Self { web_pki, dane, judge })
    }

    /// Does the handshake and judges the certificate. The server name of the handshake is the MX host's, not the recipient's domain; under DANE the
    /// TLSA base domain (RFC 7672 section 8.1).
    ///
    /// # Errors
    /// The library's words about what went wrong.
    pub(crate) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        host: &Host,
        trust: &Trust,
        now: Timestamp,
    ) -> Result<(Box<TlsStream<S>>, TlsRecord), String> {
        let (name, connector) = match trust {
            Trust::WebPki => (server_name(host)?, &self.web_pki),
            Trust::Dane(dane) => (server_name(&Host::Domain(dane.base.clone()))?, &self.dane),
        };
        let stream = connector.connect(name.clone(), stream).await.map_err(|error| error.to_string())?;
        let connection = stream.get_ref().1;
        let chain = connection.peer_certificates().unwrap_or_default();
        let own = chain.first().map(|der| Certificate::read(der));
        let judgement = match trust {
            Trust::WebPki => self.by_web_pki(chain, &name, host, own.as_ref(), now),
            Trust::Dane(dane) => by_dane(chain, dane, own.as_ref(), now),
        };
        let record = record(connection, judgement, own);
        Ok((Box::new(stream), record))
    }

    fn by_web_pki(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        host: &Host,
        certificate: Option<&Certificate>,
        now: Timestamp,
    ) -> Judgement {
        match (&self.judge, chain) {
            (None, _) => Err((ResultType::ValidationFailure, note!("outbound-tls-no-roots"))),
            (_, []) => Err((ResultType::ValidationFailure, note!("outbound-tls-no-certificate"))),
            (Some(judge), [own, rest @ ..]) => {
                match judge.verify_server_cert(own, rest, name, &[], unix_time(now)) {
                    Ok(_) => Ok("web-pki".to_owned()),
                    Err(error) => Err(reason(&error, host, certificate)),
                }
            }
        }
    }
}

/// What a certificate is trusted by, or why it is not.
type Judgement = Result<String, (ResultType, Note)>;

/// RFC 7672 section 3.2.
fn by_dane(
    chain: &[CertificateDer<'_>],
    dane: &DaneTrust,
    certificate: Option<&Certificate>,
    now: Timestamp,
) -> Judgement {
    let mismatch = match dane::verify(chain, &dane.records, &dane.names, now) {
        Ok(record) => return Ok(record.to_string()),
        Err(mismatch) => mismatch,
    };
    Err(match (mismatch, certificate) {
        (Mismatch::Expired, Some(own)) => {
            (ResultType::CertificateExpired, note!("outbound-tls-expired", when = moment(own.not_after)))
        }
        (Mismatch::NotYetValid, Some(own)) => (
            ResultType::ValidationFailure,
            note!("outbound-tls-not-yet-valid", when = moment(own.not_before)),
        ),
        (Mismatch::Name, Some(own)) => {
            let (host, names) = (&dane.base, own.names.join(", "));
            (
                ResultType::CertificateHostMismatch,
                note!("outbound-tls-other-name", host = host, names = names),
            )
        }
        (Mismatch::Chain(error), _) => {
            (ResultType::CertificateNotTrusted, note!("outbound-dane-not-issued", error = error))
        }
        (Mismatch::NoCertificate, _) => (ResultType::ValidationFailure, note!("outbound-tls-no-certificate")),
        _ => (ResultType::TlsaInvalid, note!("outbound-dane-no-match", host = dane.base)),
    })
}

fn record(
    connection: &ClientConnection,
    judgement: Judgement,
    certificate: Option<Certificate>,
) -> TlsRecord {
    let version = connection.protocol_version().and_then(|version| version.as_str());
    let cipher = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
    let (verified_by, failure) = match judgement {
        Ok(by) => (Some(by), None),
        Err(failure) => (None, Some(failure)),
    };
    let (result_type, reason) = failure.unzip();
    TlsRecord {
        version: version.unwrap_or("unknown").replace("TLSv1_", "TLSv1."),
        cipher: cipher.unwrap_or("unknown").to_owned(),
        trusted: verified_by.is_some(),
        verified_by,
        result_type,
        reason: reason.map(Into::into),
        certificate,
    }
}

fn server_name(host: &Host) -> Result<ServerName<'static>, String> {
    match host {
        Host::Domain(domain) => {
            ServerName::try_from(domain.as_str().to_owned()).map_err(|error| error.to_string())
        }
        Host::Literal(ip) => Ok(ServerName::IpAddress((*ip).into())),
    }
}

fn unix_time(now: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(now.as_second()).unwrap_or_default()))
}

fn moment(moment: Option<Timestamp>) -> String {
    moment.map(|moment| moment.to_string()).unwrap_or_default()
}

fn reason(error: &rustls::Error, host: &Host, certificate: Option<&Certificate>) -> (ResultType, Note) {
    let rustls::Error::InvalidCertificate(error) = error else {
        return (ResultType::ValidationFailure, note!("outbound-tls-untrusted", error = error));
    };
    let result = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => ResultType::CertificateExpired,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            ResultType::CertificateHostMismatch
        }
        CertificateError::UnknownIssuer => ResultType::CertificateNotTrusted,
        _ if certificate.is_some_and(Certificate::is_self_issued) => ResultType::CertificateNotTrusted,
        _ => ResultType::ValidationFailure,
    };
    let note = match (error, certificate) {
        (CertificateError::Expired | CertificateError::ExpiredContext { .. }, Some(certificate)) => {
            note!("outbound-tls-expired", when = moment(certificate.not_after))
        }
        (CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }, Some(certificate)) => {
            note!("outbound-tls-not-yet-valid", when = moment(certificate.not_before))
        }
        (
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            Some(certificate),
        ) => note!("outbound-tls-other-name", host = host, names = certificate.names.join(", ")),
        (_, Some(certificate)) if certificate.is_self_issued() => {
            note!("outbound-tls-self-signed", subject = certificate.subject)
        }
        (CertificateError::UnknownIssuer, Some(certificate)) => {
            note!("outbound-tls-unknown-issuer", issuer = certificate.issuer)
        }
        _ => note!("outbound-tls-untrusted", error = error),
    };
    (result, note)
}

/// Takes every certificate, and still wants the peer to prove that it holds the certificate's key.
#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
    unreadable: Unreadable,
}

/// What becomes of a certificate that the library cannot parse, so that it cannot say either whose key signed the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unreadable {
    /// It is good for encryption. Nothing else rests on it: the judgement by the Web PKI fails at the same place.
    Tolerated,
    /// It is good for nothing. A TLSA record may name it, or the key in it, without any parsing: then the signature is the only proof that it is
    /// the host's own, and not shown by somebody else.
    Refused,
}

impl AnyCertificate {
    fn judge(
        &self,
        result: Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match (result, self.unreadable) {
            (
                Err(rustls::Error::InvalidCertificate(
                    CertificateError::BadEncoding | CertificateError::Other(_),
                )),
                Unreadable::Tolerated,
            ) => Ok(HandshakeSignatureValid::assertion()),
            (other, _) => other,
        }
    }
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.judge(rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.judge(rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
