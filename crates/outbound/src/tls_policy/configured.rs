//! Policies of TLS that our configuration names, by domain.

use std::collections::BTreeMap;

use tegami_mail::Domain;

use crate::policy::TlsDemand;

/// What the configuration says of a domain. It stands before whatever the domain itself publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsPolicy {
    /// No TLS: for hosts whose TLS is broken.
    None,
    /// TLS where it is offered, whatever the domain publishes.
    May,
    /// No mail without TLS; every certificate will do.
    Encrypt,
    /// No mail without TLS and a certificate that names the host and chains to a trusted root.
    Verify,
    /// No mail but to hosts that have TLSA records and fit them.
    Dane,
}

/// For which domains a policy is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsScope {
    /// `example.net`: this one.
    Domain(Domain),
    /// `*.example.net`: all below it, not itself.
    Below(Domain),
    /// `*`: all.
    Every,
}

/// Policies by domain; the most specific one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsPolicies(BTreeMap<TlsScope, TlsPolicy>);

impl TlsPolicy {
    /// Every policy.
    pub const ALL: [Self; 5] = [Self::None, Self::May, Self::Encrypt, Self::Verify, Self::Dane];

    /// The word of the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::May => "may",
            Self::Encrypt => "encrypt",
            Self::Verify => "verify",
            Self::Dane => "dane",
        }
    }

    /// The policy with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == word)
    }

    /// What TLS is worth by it; `None` where that depends on TLSA records.
    pub(crate) fn demand(self) -> Option<TlsDemand> {
        match self {
            Self::None => Some(TlsDemand::Never),
            Self::May => Some(TlsDemand::Opportunistic),
            Self::Encrypt => Some(TlsDemand::Encrypted),
            Self::Verify => Some(TlsDemand::Verified),
            Self::Dane => None,
        }
    }
}

impl TlsScope {
    /// Reads `example.net`, `*.example.net` or `*`.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.strip_prefix('*') {
            Some("") => Self::Every,
            Some(rest) => Self::Below(Domain::parse(rest.strip_prefix('.')?).ok()?),
            None => Self::Domain(Domain::parse(text).ok()?),
        })
    }
}

impl TlsPolicies {
    /// The policy for a domain.
    pub fn find(&self, domain: &Domain) -> Option<TlsPolicy> {
        if self.0.is_empty() {
            return None;
        }
        let own = self.0.get(&TlsScope::Domain(domain.clone()));
        let above = std::iter::successors(domain.parent(), Domain::parent);
        let found = own.or_else(|| above.into_iter().find_map(|parent| self.0.get(&TlsScope::Below(parent))));
        found.or_else(|| self.0.get(&TlsScope::Every)).copied()
    }
}

impl FromIterator<(TlsScope, TlsPolicy)> for TlsPolicies {
    fn from_iter<I: IntoIterator<Item = (TlsScope, TlsPolicy)>>(policies: I) -> Self {
        Self(policies.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_counts() {
        let policies: TlsPolicies = [
            ("*", "encrypt"),
            ("*.example.net", "verify"),
            ("*.b.example.net", "none"),
            ("example.net", "dane"),
            ("a.example.net", "may"),
        ]
        .into_iter()
        .map(|(scope, word)| (TlsScope::parse(scope).unwrap(), TlsPolicy::from_word(word).unwrap()))
        .collect();
        let find = |name: &str| policies.find(&Domain::parse(name).unwrap()).map(TlsPolicy::as_str);
        assert_eq!(find("example.net"), Some("dane"));
        assert_eq!(find("a.example.net"), Some("may"));
        assert_eq!(find("x.a.example.net"), Some("verify"));
        assert_eq!(find("x.y.b.example.net"), Some("none"));
        assert_eq!(find("example.org"), Some("encrypt"));
        assert_eq!(TlsPolicies::default().find(&Domain::parse("example.org").unwrap()), None);
        for text in ["", "*example.net", "*.", "a b"] {
            assert_eq!(TlsScope::parse(text), None, "{text}");
        }
        assert_eq!(TlsPolicy::from_word("maybe"), None);
    }
}
