//! DKIM (RFC 6376, RFC 8301, RFC 8463): verify and sign.

use serde::Serialize;

use crate::Step;

/// The results (RFC 8601 section 2.7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the words are the RFC's")]
pub enum DkimResult {
    Pass,
    Fail,
    Neutral,
    None,
    Policy,
    TempError,
    PermError,
}

/// What became of one signature.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The result.
    pub result: DkimResult,
    /// `d=`, the SDID; empty where it could not be read.
    pub domain: String,
    /// `s=`.
    pub selector: String,
    /// `a=`.
    pub algorithm: String,
    /// `i=` or its default.
    pub identity: String,
    /// The first octets of `b=`, to tell signatures apart (`header.b`, RFC 6008).
    pub signature_start: String,
    /// Why, for people.
    pub reason: tegami_mail::Note,
    /// How it was found.
    pub steps: Vec<Step>,
}
// verify: pub async fn verify(content: &[u8], resolver: &dyn Resolver, now: Timestamp) -> Vec<Verdict>
// key::PrivateKey::{from_pem, generate_rsa_2048, generate_ed25519}, .to_pem(), .dns_record() -> String ("v=DKIM1; k=rsa; p=…")
// sign: Signer { domain, selector, key: Arc<PrivateKey>, … } ; pub fn sign(content: &[u8], signers: &[Signer], now) -> Result<Vec<u8> /* the DKIM-Signature fields, CRLF ended, to put before the content */, SignError>
