//! Who signs what leaves, and where.
//!
//! An RSA signature takes about half a millisecond of a core. It is computed on the blocking pool, because an asynchronous worker that
//! is busy so long keeps twenty other sessions waiting; an Ed25519 signature over a small content takes less than moving it there would, and is
//! computed in place.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{PoisonError, RwLock};

use bytes::Bytes;
use jiff::Timestamp;
use tegami_auth::dkim::{self, Algorithm, Signer};
use tegami_mail::{Domain, header};
use tokio::sync::Semaphore;

use crate::submission::IntakeError;

/// Contents above this are signed on the blocking pool whatever the algorithm, in octets.
const SIGNED_IN_PLACE: usize = 64 << 10;

/// The DKIM keys of our domains.
pub trait SignerSource: Send + Sync + 'static {
    /// All active keys of the author's domain or, where it has none, of the nearest domain above it that has some: such a
    /// signature is aligned in DMARC's relaxed mode (RFC 9989). Empty where nobody signs.
    fn signers(&self, author: &Domain) -> Vec<Signer>;
}

/// Keys held in memory, by domain.
#[derive(Debug, Default)]
pub struct KeyRing {
    keys: RwLock<BTreeMap<Domain, Vec<Signer>>>,
}

impl KeyRing {
    /// With these signers.
    pub fn new(signers: impl IntoIterator<Item = Signer>) -> Self {
        let ring = Self::default();
        ring.replace(signers);
        ring
    }

    /// From now on these signers and no others: after a key was made, rotated or withdrawn.
    pub fn replace(&self, signers: impl IntoIterator<Item = Signer>) {
        let mut keys: BTreeMap<Domain, Vec<Signer>> = BTreeMap::new();
        for signer in signers {
            keys.entry(signer.domain.clone()).or_default().push(signer);
        }
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// From now on these signers for one domain; without any, the domains above it sign.
    pub fn set(&self, domain: &Domain, signers: Vec<Signer>) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if signers.is_empty() {
            keys.remove(domain);
        } else {
            keys.insert(domain.clone(), signers);
        }
    }
}

impl SignerSource for KeyRing {
    fn signers(&self, author: &Domain) -> Vec<Signer> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let mut domain = Some(author.clone());
        while let Some(at) = domain {
            if let Some(signers) = keys.get(&at) {
                return signers.clone();
            }
            domain = at.parent();
        }
        Vec::new()
    }
}

/// Where signatures are computed.
#[derive(Debug)]
pub struct Signing {
    /// One place for each core: more signatures at once are not sooner done, they only need more threads.
    places: Semaphore,
}

impl Default for Signing {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { places: Semaphore::new(cores) }
    }
}

impl Signing {
    /// Puts the signatures in front of a content that is complete.
    ///
    /// # Errors
    /// [`IntakeError::Signing`].
    pub async fn sign(
        &self,
        content: Bytes,
        signers: Vec<Signer>,
        now: Timestamp,
    ) -> Result<Bytes, IntakeError> {
        if signers.is_empty() {
            return Ok(content);
        }
        let slow = content.len() > SIGNED_IN_PLACE
            || signers.iter().any(|signer| signer.key.algorithm() == Algorithm::RsaSha256);
        let work = move || {
            let fields = dkim::sign(&content, &signers, now)
                .map_err(|error| IntakeError::Signing(error.to_string()))?;
            Ok(Bytes::from(header::prepend(&content, &[fields])))
        };
        if !slow {
            return work();
        }
        let failed = |error: &dyn Display| IntakeError::Signing(error.to_string());
        let _place = self.places.acquire().await.map_err(|error| failed(&error))?;
        tokio::task::spawn_blocking(work).await.map_err(|error| failed(&error))?
    }
}
