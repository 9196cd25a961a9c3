//! Private keys: made, read, written, used; never printed.

use std::fmt;

use aws_lc_rs::digest::Digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Algorithm;

/// A signer's private key, ready to sign with.
pub struct PrivateKey {
    pair: Pair,
    /// The value of `p=` in the key record.
    public: String,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Why a key cannot be made or read. The fault is the key's, and trying again does not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No `-----BEGIN … PRIVATE KEY-----`.
    #[error(
        "no PEM private key: expected `-----BEGIN PRIVATE KEY-----` or `-----BEGIN RSA PRIVATE KEY-----`"
    )]
    NoPem,
    /// The key is protected by a passphrase.
    #[error("the private key is encrypted: decrypt it first, for example with `openssl pkey`")]
    Encrypted,
    /// What stands between the PEM lines is not base64.
    #[error("the private key is not valid base64 between its BEGIN and END lines")]
    Base64,
    /// Not a key, damaged, of another kind, or an RSA key shorter than 2048 bits (RFC 8301 section 3.2).
    #[error(
        "the private key is not a usable RSA key of at least 2048 bits (RFC 8301 section 3.2) or Ed25519 key"
    )]
    Unusable,
    /// The machine could not make a key.
    #[error("a new key could not be made")]
    Generate,
}

impl PrivateKey {
    /// Makes an RSA key of 2048 bits, which every verifier knows (RFC 8301 section 3.2).
    ///
    /// # Errors
    /// [`KeyError::Generate`].
    pub fn generate_rsa_2048() -> Result<Self, KeyError> {
        RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generate).and_then(Self::rsa)
    }

    /// Makes an Ed25519 key (RFC 8463): short record, fast, but not yet known to every verifier; sign with RSA beside it.
    ///
    /// # Errors
    /// [`KeyError::Generate`].
    pub fn generate_ed25519() -> Result<Self, KeyError> {
        Ed25519KeyPair::generate().map(Self::ed25519).map_err(|_| KeyError::Generate)
    }

    /// Reads a PEM text: PKCS#8 (`PRIVATE KEY`) or PKCS#1 (`RSA PRIVATE KEY`).
    ///
    /// # Errors
    /// A [`KeyError`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let (label, der) = read_pem(pem)?;
        match label {
            "RSA PRIVATE KEY" => {
                RsaKeyPair::from_der(&der).map_err(|_| KeyError::Unusable).and_then(Self::rsa)
            }
            "PRIVATE KEY" => match Ed25519KeyPair::from_pkcs8(&der) {
                Ok(pair) => Ok(Self::ed25519(pair)),
                Err(_) => RsaKeyPair::from_pkcs8(&der).map_err(|_| KeyError::Unusable).and_then(Self::rsa),
            },
            "ENCRYPTED PRIVATE KEY" => Err(KeyError::Encrypted),
            _ => Err(KeyError::NoPem),
        }
    }

    /// The key as PKCS#8 PEM. This text is the secret: only `store` and the owner's disk may see it.
    ///
    /// # Errors
    /// [`KeyError::Unusable`] where the library cannot write its own key.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let der = match &self.pair {
            Pair::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair).map(|der| STANDARD.encode(der.as_ref())),
            Pair::Ed25519(pair) => pair.to_pkcs8v1().map(|der| STANDARD.encode(der.as_ref())),
        };
        let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
        for (at, c) in der.map_err(|_| KeyError::Unusable)?.chars().enumerate() {
            if at > 0 && at % 64 == 0 {
                pem.push('\n');
            }
            pem.push(c);
        }
        pem.push_str("\n-----END PRIVATE KEY-----\n");
        Ok(pem)
    }

    /// The algorithm this key signs with.
    pub fn algorithm(&self) -> Algorithm {
        match self.pair {
            Pair::Rsa(_) => Algorithm::RsaSha256,
            Pair::Ed25519(_) => Algorithm::Ed25519Sha256,
        }
    }

    /// The text of the TXT record to publish at [`record_name`](super::record_name) (RFC 6376 section 3.6.1).
    pub fn dns_record(&self) -> String {
        let kind = match self.pair {
            Pair::Rsa(_) => "rsa",
            Pair::Ed25519(_) => "ed25519",
        };
        format!("v=DKIM1; k={kind}; p={}", self.public)
    }

    /// Signs data by its SHA-256 digest.
    pub(crate) fn sign(&self, digest: &Digest) -> Result<Vec<u8>, Unspecified> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&RSA_PKCS1_SHA256, digest, &mut signature)?;
                Ok(signature)
            }
            Pair::Ed25519(pair) => Ok(pair.try_sign(digest.as_ref())?.as_ref().to_vec()),
        }
    }

    fn rsa(pair: RsaKeyPair) -> Result<Self, KeyError> {
        let der = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).map_err(|_| KeyError::Unusable)?;
        let public = STANDARD.encode(der.as_ref());
        Ok(Self { pair: Pair::Rsa(pair), public })
    }

    /// The record carries the 32 octets themselves (RFC 8463 section 4.2).
    fn ed25519(pair: Ed25519KeyPair) -> Self {
        let public = STANDARD.encode(pair.public_key().as_ref());
        Self { pair: Pair::Ed25519(pair), public }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}

/// The label and content of the first private key in a PEM text (RFC 7468).
fn read_pem(pem: &str) -> Result<(&str, Vec<u8>), KeyError> {
    let mut rest = pem;
    loop {
        let (_, after) = rest.split_once("-----BEGIN ").ok_or(KeyError::NoPem)?;
        let (label, body) = after.split_once("-----").ok_or(KeyError::NoPem)?;
        let (body, after) = body.split_once("-----END ").ok_or(KeyError::NoPem)?;
        if label.ends_with("PRIVATE KEY") {
            // A passphrase of the old kind stands in lines `Proc-Type: 4,ENCRYPTED` before the base64.
            if body.contains("ENCRYPTED") {
                return Err(KeyError::Encrypted);
            }
            let text: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            if label == "ENCRYPTED PRIVATE KEY" {
                return Err(KeyError::Encrypted);
            }
            return Ok((label, STANDARD.decode(text).map_err(|_| KeyError::Base64)?));
        }
        rest = after;
    }
}
