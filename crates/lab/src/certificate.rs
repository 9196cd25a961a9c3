//! The lab's own certification authority, and certificates that nobody vouches for.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::LabError;

/// A certification authority that lives as long as the lab.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

impl Authority {
    /// Makes one.
    ///
    /// # Errors
    /// When the cryptographic library cannot make a key.
    pub fn new() -> Result<Self, LabError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Tegami lab authority");
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let certificate = params.self_signed(&key)?;
        let (der, pem) = (certificate.der().clone(), certificate.pem());
        Ok(Self { issuer: Issuer::new(params, key), certificate: der, pem })
    }

    /// The certificate that those who trust the lab trust.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The same as PEM, for curl and swaks.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for `name` and a server configuration that shows it.
    ///
    /// # Errors
    /// When the cryptographic library refuses.
    pub fn server_config(&self, name: &str) -> Result<Arc<ServerConfig>, LabError> {
        let key = KeyPair::generate()?;
        let certificate = leaf(name)?.signed_by(&key, &self.issuer)?;
        server_config(vec![certificate.der().clone(), self.certificate.clone()], &key)
    }

    /// A certificate for `name` as PEM files hold it: chain and private key.
    ///
    /// # Errors
    /// As [`Authority::server_config`].
    pub fn pem_pair(&self, name: &str) -> Result<(String, String), LabError> {
        let key = KeyPair::generate()?;
        let certificate = leaf(name)?.signed_by(&key, &self.issuer)?;
        Ok((format!("{}{}", certificate.pem(), self.pem), key.serialize_pem()))
    }
}

/// A server configuration with a certificate that vouches only for itself.
///
/// # Errors
/// When the cryptographic library refuses.
pub(crate) fn self_signed(name: &str) -> Result<Arc<ServerConfig>, LabError> {
    let key = KeyPair::generate()?;
    let certificate = leaf(name)?.self_signed(&key)?;
    server_config(vec![certificate.der().clone()], &key)
}

fn leaf(name: &str) -> Result<CertificateParams, LabError> {
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn server_config(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Result<Arc<ServerConfig>, LabError> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Arc::new(config))
}
