//! Every check there is, in the order in which the manual tells them.

use crate::case::{AddressCase, DomainCase, MessageCase};
use crate::checks;
use crate::own::OwnCase;
use crate::{Check, Finding};
use tegami_dns::BoxFuture;

/// Looks at a domain.
pub(crate) type OfDomain = for<'a> fn(&'a DomainCase) -> BoxFuture<'a, Vec<Finding>>;
/// Looks at an address.
pub(crate) type OfAddress = for<'a> fn(&'a AddressCase) -> BoxFuture<'a, Vec<Finding>>;

/// Looks at a message.
pub(crate) type OfMessage = for<'a, 'm> fn(&'a MessageCase<'m>) -> BoxFuture<'a, Vec<Finding>>;

/// Looks at this installation.
pub(crate) type OfOwn = for<'a> fn(&'a OwnCase) -> BoxFuture<'a, Vec<Finding>>;

/// Checks that belong together: one file.
pub struct Family {
    /// The word before the first dot of its checks.
    pub name: &'static str,
    /// Its checks.
    pub checks: &'static [&'static Check],
    pub(crate) of_domain: Option<OfDomain>,
    pub(crate) of_address: Option<OfAddress>,
    pub(crate) of_message: Option<OfMessage>,
    pub(crate) of_own: Option<OfOwn>,
    /// Whether sessions with mail hosts are waited for.
    pub(crate) patient: bool,
}

impl Family {
    /// Looks at nothing yet.
    pub(crate) const fn new(name: &'static str, checks: &'static [&'static Check]) -> Self {
        Self {
            name,
            checks,
            of_domain: None,
            of_address: None,
            of_message: None,
            of_own: None,
            patient: false,
        }
    }

    /// Waits for sessions with mail hosts, which may take their time.
    pub(crate) const fn patient(self) -> Self {
        Self { patient: true, ..self }
    }

    /// Looks at domains.
    pub(crate) const fn of_domain(self, look: OfDomain) -> Self {
        Self { of_domain: Some(look), ..self }
    }

    /// Looks at messages.
    pub(crate) const fn of_message(self, look: OfMessage) -> Self {
        Self { of_message: Some(look), ..self }
    }

    /// Looks at addresses.
    pub(crate) const fn of_address(self, look: OfAddress) -> Self {
        Self { of_address: Some(look), ..self }
    }

    /// Looks at this installation.
    pub(crate) const fn of_own(self, look: OfOwn) -> Self {
        Self { of_own: Some(look), ..self }
    }
}

/// Every family, one line each. Checks that wait for sessions stand apart, behind those of their family that need not.
pub const FAMILIES: &[&Family] = &[
    &checks::dns::FAMILY,
    &checks::dns::VISITED,
    &checks::mx::FAMILY,
    &checks::mx::VISITED,
    &checks::ip::FAMILY,
    &checks::helo::FAMILY,
    &checks::spf::FAMILY,
    &checks::dkim::FAMILY,
    &checks::dmarc::FAMILY,
    &checks::tlsrpt::FAMILY,
    &checks::sts::FAMILY,
    &checks::dane::FAMILY,
    &checks::tls::FAMILY,
    &checks::srv::FAMILY,
    &checks::smtp::FAMILY,
    &checks::rbl::FAMILY,
    &checks::rep::FAMILY,
    &checks::bimi::FAMILY,
    &checks::msg::FAMILY,
    &checks::ct::FAMILY,
    &checks::bulk::FAMILY,
    &checks::path::FAMILY,
    &checks::own::FAMILY,
];

/// Every check.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    FAMILIES.iter().flat_map(|family| family.checks.iter().copied())
}

/// The check with this id.
pub fn find(id: &str) -> Option<&'static Check> {
    checks().find(|check| check.id == id)
}

#[cfg(test)]
mod quiet;
#[cfg(test)]
mod tests;
