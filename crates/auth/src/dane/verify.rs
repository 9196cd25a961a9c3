//! Whether a server's certificates fit the records of its host (RFC 7672 section 3.2).

use std::borrow::Cow;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tegami_mail::Domain;
use webpki::{EndEntityCert, KeyUsage};

use super::{Association, Matching, Selector, Usage, public_key};

/// Certificates of one chain that are looked at.
const MAX_CHAIN: usize = 16;

/// Why a chain fits no record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// The server showed no certificate.
    NoCertificate,
    /// No certificate of the chain is one of those that the records name.
    NoMatch,
    /// An authority of the records is in the chain, but did not issue the server's certificate: why.
    Chain(String),
    /// Issued by an authority of the records, and no longer valid.
    Expired,
    /// Issued by an authority of the records, and not yet valid.
    NotYetValid,
    /// Issued by an authority of the records, for another name.
    Name,
}

/// The first record that the chain fits, the server's own certificate first in the chain. `names` are those of [`super::references`]; they and `now` matter
/// for DANE-TA only: what a DANE-EE record names is right whatever else its certificate says (RFC 7672 section 3.1.1).
///
/// # Errors
/// The [`Mismatch`] that came closest to fitting.
pub fn verify<'r>(
    chain: &[CertificateDer<'_>],
    records: &'r [Association],
    names: &[Domain],
    now: Timestamp,
) -> Result<&'r Association, Mismatch> {
    let chain = chain.get(..MAX_CHAIN).unwrap_or(chain);
    let (own, others) = chain.split_first().ok_or(Mismatch::NoCertificate)?;
    let mut ee = records.iter().filter(|record| record.usage == Usage::DaneEe);
    if let Some(record) = ee.find(|record| record.names(own)) {
        return Ok(record);
    }
    let mut closest = Mismatch::NoMatch;
    for record in records.iter().filter(|record| record.usage == Usage::DaneTa) {
        for anchor in anchors(record, others) {
            match issued(own, others, &anchor, names, now) {
                Ok(()) => return Ok(record),
                Err(mismatch) => closest = nearer(closest, mismatch),
            }
        }
    }
    Err(closest)
}

impl Association {
    /// Whether this record names this certificate.
    fn names(&self, certificate: &[u8]) -> bool {
        let selected = match self.selector {
            Selector::Cert => Some(certificate),
            Selector::Spki => public_key(certificate),
        };
        selected.is_some_and(|selected| match self.matching {
            Matching::Full => selected == self.data,
            Matching::Sha256 => digest(&SHA256, selected).as_ref() == self.data,
            Matching::Sha512 => digest(&SHA512, selected).as_ref() == self.data,
        })
    }
}

/// The certificates that a DANE-TA record makes an authority. A server has to show it (RFC 7672 section 3.1.2); where the record holds it whole, it is there
/// anyway.
fn anchors<'c>(record: &'c Association, others: &'c [CertificateDer<'_>]) -> Vec<Cow<'c, [u8]>> {
    let shown = others.iter().filter(|certificate| record.names(certificate));
    let mut anchors: Vec<Cow<'_, [u8]>> =
        shown.map(|certificate| Cow::Borrowed(certificate.as_ref())).collect();
    if record.selector == Selector::Cert && record.matching == Matching::Full && anchors.is_empty() {
        anchors.push(Cow::Borrowed(&record.data));
    }
    anchors
}

fn issued(
    own: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
    anchor: &[u8],
    names: &[Domain],
    now: Timestamp,
) -> Result<(), Mismatch> {
    let chain = |error: webpki::Error| match error {
        webpki::Error::CertExpired { .. } => Mismatch::Expired,
        webpki::Error::CertNotValidYet { .. } => Mismatch::NotYetValid,
        other => Mismatch::Chain(other.to_string()),
    };
    let anchor = CertificateDer::from_slice(anchor);
    let anchor = webpki::anchor_from_trusted_cert(&anchor).map_err(chain)?;
    let certificate = EndEntityCert::try_from(own).map_err(chain)?;
    let since_epoch = Duration::from_secs(u64::try_from(now.as_second()).unwrap_or_default());
    certificate
        .verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &[anchor],
            others,
            UnixTime::since_unix_epoch(since_epoch),
            KeyUsage::server_auth(),
            None,
            None,
        )
        .map_err(chain)?;
    let fits = |name: &Domain| {
        let name = ServerName::try_from(name.as_str());
        name.is_ok_and(|name| certificate.verify_is_valid_for_subject_name(&name).is_ok())
    };
    if names.iter().any(fits) { Ok(()) } else { Err(Mismatch::Name) }
}

fn nearer(one: Mismatch, other: Mismatch) -> Mismatch {
    let rank = |mismatch: &Mismatch| match mismatch {
        Mismatch::NoCertificate | Mismatch::NoMatch => 0,
        Mismatch::Chain(_) => 1,
        Mismatch::Expired | Mismatch::NotYetValid => 2,
        Mismatch::Name => 3,
    };
    if rank(&other) > rank(&one) { other } else { one }
}

#[cfg(test)]
mod tests;
