//! DKIM keys: the key folder, and the keys that the configuration names.

use std::sync::Arc;

use tegami_auth::dkim::{PrivateKey, Signer};
use tegami_mail::note;
use tegami_queue::DkimKeyError;
use tegami_store::KeyFolder;

use crate::command::Failure;
use crate::config::Config;

/// The key folder of a data folder.
///
/// # Errors
/// It cannot be created.
pub(crate) fn folder(config: &Config) -> Result<KeyFolder, Failure> {
    KeyFolder::open(&config.data.join("keys")).map_err(|error| Failure::Text(error.to_string()))
}

/// The signers whose keys the configuration names.
///
/// # Errors
/// A key file cannot be read; the sentence names it.
pub(super) fn given(config: &Config) -> Result<Vec<Signer>, Failure> {
    let signer = |given: &crate::config::DkimKey| {
        let pem = tegami_store::read_key(&given.file).map_err(|error| Failure::Text(error.to_string()))?;
        let key = PrivateKey::from_pem(&pem);
        let key = key.map_err(|error| {
            Failure::Note(note!("cli-key-file-bad", file = given.file.display(), reason = error))
        })?;
        Ok(Signer::new(given.domain.clone(), given.selector.clone(), Arc::new(key)))
    };
    config.dkim.iter().map(signer).collect()
}

impl From<DkimKeyError> for Failure {
    fn from(error: DkimKeyError) -> Self {
        Self::Text(error.to_string())
    }
}
