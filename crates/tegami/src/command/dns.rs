//! Where DNS questions go: the machine's resolver, a named one, or zone text.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tegami_dns::{Dnssec, Resolver, SystemOptions, SystemResolver, ZoneResolver};
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
