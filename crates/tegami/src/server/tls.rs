//! Our certificate, and whom we trust.

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tegami_auth::dane;
use tegami_dns::Tlsa;
use tegami_mail::note;
use tegami_outbound::{add_pem, machine_roots};
use tegami_store::KeyError;

use super::keys;
use crate::command::Failure;
use crate::config::Config;

/// Names of the files in the key folder.
const KEY: &str = "self-signed.key.pem";
const CERTIFICATE: &str = "self-signed.cert.pem";

/// The certificate that the configuration names, else a self-signed one that is made once: STARTTLS with it keeps
/// eavesdroppers out, and most senders do not look further (RFC 7435 section 3).
///
/// # Errors
/// A file cannot be read, or is not what it should be; the sentence names it.
pub(crate) fn server_config(config: &Config) -> Result<Arc<ServerConfig>, Failure> {
    let (chain, key) = match &config.tls.files {
        Some((certificate, key)) => (
            read(certificate)?,
            tegami_store::read_key(key).map_err(|error| Failure::Text(error.to_string()))?,
        ),
        None => self_signed(config)?,
    };
    let (certificate_name, key_name) = match &config.tls.files {
        Some((certificate, key)) => (certificate.display().to_string(), key.display().to_string()),
        None => (CERTIFICATE.to_owned(), KEY.to_owned()),
    };
    let bad = |file: &str, reason: &dyn std::fmt::Display| {
        Failure::Note(note!("cli-key-file-bad", file = file, reason = reason))
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
    let chain = chain.map_err(|error| bad(&certificate_name, &error))?;
    if chain.is_empty() {
        return Err(bad(&certificate_name, &"no certificate in it"));
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| bad(&key_name, &error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let made = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    made.map(Arc::new).map_err(|error| bad(&key_name, &error))
}

/// The certificate that this installation shows, with those above it; none where there is none yet, or where it cannot be read.
pub(crate) fn shown_certificate(config: &Config) -> Vec<CertificateDer<'static>> {
    let pem = match &config.tls.files {
        Some((certificate, _)) => read(certificate).ok(),
        // Looking must not make a key folder.
        None if !config.data.exists() => None,
        None => keys::folder(config).ok().and_then(|folder| folder.read(CERTIFICATE).ok()),
    };
    let pem = pem.unwrap_or_default();
    CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(Result::ok).collect()
}

/// DANE-EE with the SHA-256 of the public key (RFC 7672 section 3.1.1): it outlives the certificate.
pub(crate) fn association(certificate: &CertificateDer<'_>) -> Option<Tlsa> {
    let key = dane::public_key(certificate)?;
    let data = digest::digest(&digest::SHA256, key).as_ref().to_vec();
    Some(Tlsa { usage: 3, selector: 1, matching_type: 1, data })
}

/// The first certificate of a PEM text.
pub(crate) fn first_certificate(pem: &str) -> Option<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).next()?.ok()
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::Note(note!("cli-file-unreadable", file = path.display(), reason = error)))
}

fn self_signed(config: &Config) -> Result<(String, String), Failure> {
    let folder = keys::folder(config)?;
    match (folder.read(CERTIFICATE), folder.read(KEY)) {
        (Ok(certificate), Ok(key)) => return Ok((certificate, key)),
        (Err(KeyError::Missing(_)), _) | (_, Err(KeyError::Missing(_))) => {}
        // Whoever pinned the certificate (DANE) would be locked out by a new one.
        (Err(error), _) | (_, Err(error)) => return Err(Failure::Text(error.to_string())),
    }
    let failed = |error: &dyn std::fmt::Display| Failure::Text(format!("a self-signed certificate: {error}"));
    let made =
        rcgen::generate_simple_self_signed([config.hostname.to_string()]).map_err(|error| failed(&error))?;
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    folder.write(KEY, &key).map_err(|error| failed(&error))?;
    folder.write(CERTIFICATE, &certificate).map_err(|error| failed(&error))?;
    Ok((certificate, key))
}

/// The machine's certification authorities, Mozilla's where the machine has none, and those of the configuration.
///
/// # Errors
/// The file of the configuration cannot be read.
pub(crate) fn trusted_roots(config: &Config) -> Result<RootCertStore, Failure> {
    let mut roots = machine_roots();
    if let Some(path) = &config.tls.extra_roots {
        let pem = read(path)?;
        add_pem(&mut roots, &pem)
            .map_err(|reason| note!("cli-key-file-bad", file = path.display(), reason = reason))?;
    }
    Ok(roots)
}
