//! Where DNS questions go: the machine's resolver, a named one, or zone text.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tegami_dns::{
    Answer, BoxFuture, DnsError, DnsName, Dnssec, Kept, RecordType, Resolver, SystemOptions, SystemResolver,
    ZoneResolver,
};
use tegami_mail::note;

use super::Failure;
use crate::cli::DnsOptions;

/// The resolver that the options name.
///
/// # Errors
/// The zone text cannot be read, or there is no resolver.
pub(crate) fn resolver(options: &DnsOptions) -> Result<Arc<dyn Resolver>, Failure> {
    match (&options.zone, options.resolver) {
        (Some(path), _) => zone(path),
        (None, Some(address)) => server(address, Dnssec::Auto),
        (None, None) => system(Dnssec::Auto),
    }
}

/// Zone text in a file, which can be read anew while others ask.
pub(crate) struct ZoneFile {
    path: PathBuf,
    now: RwLock<Arc<dyn Resolver>>,
}

impl ZoneFile {
    /// As it is now.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        Ok(Self { path: path.to_owned(), now: RwLock::new(zone(path)?) })
    }

    /// As it is now, which nobody asks before [`ZoneFile::replace`].
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn read(&self) -> Result<Arc<dyn Resolver>, Failure> {
        zone(&self.path)
    }

    /// Has everybody ask another one from now on.
    pub(crate) fn replace(&self, read: Arc<dyn Resolver>) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = read;
    }
}

impl Resolver for ZoneFile {
    fn lookup<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>> {
        let now = Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner));
        Box::pin(async move { now.lookup(name, kind).await })
    }

    fn lookup_to_keep<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Kept> {
        let now = Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner));
        Box::pin(async move { now.lookup_to_keep(name, kind).await })
    }
}

/// Answers from zone text, never from the network.
pub(crate) fn zone(path: &Path) -> Result<Arc<dyn Resolver>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| note!("cli-file-unreadable", file = path.display(), reason = error))?;
    zone_text(&text, path)
}

/// The same, where the file has been read.
pub(crate) fn zone_text(text: &str, path: &Path) -> Result<Arc<dyn Resolver>, Failure> {
    let resolver = ZoneResolver::from_text(text)
        .map_err(|error| note!("cli-zone-bad", file = path.display(), reason = error))?;
    Ok(Arc::new(resolver))
}

/// Asks one server.
pub(crate) fn server(address: SocketAddr, dnssec: Dnssec) -> Result<Arc<dyn Resolver>, Failure> {
    let resolver =
        SystemResolver::from_server(address, &SystemOptions { dnssec, ..SystemOptions::default() });
    Ok(Arc::new(resolver.map_err(|error| Failure::Text(error.to_string()))?))
}

/// Asks the machine's resolver.
pub(crate) fn system(dnssec: Dnssec) -> Result<Arc<dyn Resolver>, Failure> {
    let resolver = SystemResolver::from_system(&SystemOptions { dnssec, ..SystemOptions::default() });
    Ok(Arc::new(resolver.map_err(|error| Failure::Text(error.to_string()))?))
}
