//! MTA-STS (RFC 8461): the TXT record that announces a policy, the policy itself, and what follows from both. Nothing is fetched here: texts and
//! moments come in, decisions go out.

mod cache;
mod policy;
mod record;

pub use cache::{CachedPolicy, Next, next};
pub use policy::{MAX_AGE, MAX_OCTETS, Mode, MxPattern, Policy, PolicyError};
pub use record::{Record, RecordError, find};

use tegami_mail::Domain;

/// Where the policy of a domain is announced (RFC 8461 section 3.1).
pub const RECORD_LABEL: &str = "_mta-sts";

/// The host that serves the policy (RFC 8461 section 3.2). `None` where the name would be too long.
pub fn policy_host(domain: &Domain) -> Option<Domain> {
    Domain::parse(&format!("mta-sts.{domain}")).ok()
}

/// The path of the policy on its host (RFC 8461 section 3.2).
pub const POLICY_PATH: &str = "/.well-known/mta-sts.txt";

/// Whether a field may have this name: `sts-ext-name` of RFC 8461 sections 3.1 and 3.2, which the known names follow too.
fn is_field_name(name: &[u8]) -> bool {
    let Some((first, rest)) = name.split_first() else { return false };
    first.is_ascii_alphanumeric()
        && rest.len() <= 31
        && rest.iter().all(|octet| octet.is_ascii_alphanumeric() || b"_-.".contains(octet))
}
