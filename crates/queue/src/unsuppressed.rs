//! Which sending domains have no suppression at all: most of them, most of the time, and then nobody has to be asked.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// No more domains than this are remembered.
const MOST: usize = 10_000;

/// The domains, and the version of the table under which that was read.
#[derive(Debug, Default)]
pub(crate) struct Unsuppressed(Mutex<(u64, HashSet<String>)>);

impl Unsuppressed {
    /// Whether the domain is known to have none while the table has this version.
    pub(crate) fn knows(&self, version: u64, domain: &str) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.0 == version && known.1.contains(domain)
    }

    /// None was found, and the table had this version before it was asked.
    pub(crate) fn learn(&self, version: u64, domain: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != version || known.1.len() >= MOST {
            *known = (version, HashSet::new());
        }
        known.1.insert(domain.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_ends_with_the_version() {
        let known = Unsuppressed::default();
        known.learn(1, "example.org");
        assert!(known.knows(1, "example.org") && !known.knows(1, "example.net"));
        assert!(!known.knows(2, "example.org"));
        known.learn(2, "example.net");
        assert!(known.knows(2, "example.net") && !known.knows(2, "example.org"));
    }
}
