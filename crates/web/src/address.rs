//! What can be known of an address from its form and from the DNS.

use tegami_dns::{DnsError, DnsName, Resolver};
use tegami_mail::{Address, Domain};

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) verdict: Verdict,
    /// Whether it belongs to a task and not to a person (RFC 2142).
    pub(crate) role: bool,
}

/// Whether mail to an address can arrive, as far as that can be told from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is no address.
    Malformed,
    /// Its domain takes no mail: no MX and no address record (RFC 5321 section 5.1), or a null MX (RFC 7505).
    NoMailHost,
    /// The DNS did not say.
    NotAsked,
    /// Its domain takes mail; only its host knows more.
    Possible,
}

/// RFC 2142, and what else people call a task.
const ROLES: [&str; 32] = [
    "abuse",
    "accounting",
    "accounts",
    "admin",
    "administrator",
    "all",
    "billing",
    "contact",
    "everyone",
    "ftp",
    "help",
    "hostmaster",
    "hr",
    "info",
    "jobs",
    "mailer-daemon",
    "marketing",
    "news",
    "no-reply",
    "noc",
    "noreply",
    "office",
    "orders",
    "postmaster",
    "privacy",
    "root",
    "sales",
    "security",
    "support",
    "usenet",
    "uucp",
    "webmaster",
];

/// Looks at an address and asks for the MX hosts of its domain.
pub(crate) async fn examine(resolver: &dyn Resolver, text: &str) -> Finding {
    let Ok(address) = Address::parse(text.trim()) else {
        return Finding { verdict: Verdict::Malformed, role: false };
    };
    let local = address.local_part().as_str().to_ascii_lowercase();
    let role = ROLES.contains(&local.split('+').next().unwrap_or_default());
    let verdict = match address.domain() {
        Some(domain) => mail_hosts(resolver, domain).await,
        // An address literal names its host itself.
        None => Verdict::Possible,
    };
    Finding { verdict, role }
}

async fn mail_hosts(resolver: &dyn Resolver, domain: &Domain) -> Verdict {
    let Ok(name) = DnsName::parse(domain.as_str()) else { return Verdict::Malformed };
    match resolver.mx(&name).await {
        Ok(hosts) if hosts.iter().all(|host| host.exchange.is_root()) => Verdict::NoMailHost,
        Ok(_) => Verdict::Possible,
        Err(DnsError::NxDomain) => Verdict::NoMailHost,
        // Without MX records the domain is its own mail host.
        Err(DnsError::NoData) => match (resolver.a(&name).await, resolver.aaaa(&name).await) {
            (Ok(_), _) | (_, Ok(_)) => Verdict::Possible,
            (Err(DnsError::NoData | DnsError::NxDomain), Err(DnsError::NoData | DnsError::NxDomain)) => {
                Verdict::NoMailHost
            }
            _ => Verdict::NotAsked,
        },
        Err(_) => Verdict::NotAsked,
    }
}
