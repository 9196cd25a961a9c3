//! Who signs what leaves.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use tegami_auth::dkim::Signer;
use tegami_mail::Domain;

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
