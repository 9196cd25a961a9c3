//! Selectors and the names of key records (RFC 6376 sections 3.1 and 3.6.2.1).

use std::fmt;
use std::str::FromStr;

use tegami_mail::{Domain, DomainError};

/// A selector: one or more labels that name a key of a domain. Lower case, as the DNS does not tell cases apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Selector(Domain);

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// A [`DomainError`]: the labels follow the rules of a domain's.
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        Domain::parse(text).map(Self)
    }

    /// The selector's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Selector {
    type Err = DomainError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Where the key of `selector` is published: `selector._domainkey.domain` (RFC 6376 section 3.6.2.1).
pub fn record_name(selector: &Selector, domain: &Domain) -> String {
    [selector.as_str(), "._domainkey.", domain.as_str()].concat()
}
