//! What plans of records go by: what is set for a domain, and what the server has for everybody.

use serde::{Deserialize, Serialize};
use tegami_auth::mta_sts::Mode;
use tegami_dns::Tlsa;
use tegami_doctor::plan::{Server, Wishes};
use tegami_mail::Domain;
use tegami_queue::{DkimKeys, Domains};
use tegami_store::DkimKeyRow;

use super::DeskError;
use super::plan::key;

/// What the server knows of a domain.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Facts {
    /// It is one of ours.
    pub ours: bool,
    /// Its keys, or those of the domain above that sign for it.
    pub keys: Vec<DkimKeyRow>,
    /// The label of links that lead here.
    pub links: Option<String>,
    /// The host of return paths.
    pub bounces: Option<String>,
}

impl Facts {
    /// Reads them; a domain that is not ours has none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn of(name: &Domain, domains: &Domains, dkim: &DkimKeys) -> Result<Self, DeskError> {
        let Some(ours) = domains.find(name).await? else { return Ok(Self::default()) };
        let mut keys = dkim.of(name).await?;
        if !keys.iter().any(|key| key.active) {
            keys.extend(dkim.signing(name).await?);
        }
        let links = ours.row.tracking.needs_links().then(|| ours.row.web_prefix.clone());
        Ok(Self { ours: true, keys, links, bounces: ours.row.mailfrom_host.clone() })
    }
}

/// What the server has for every domain whose mail it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// How senders shall treat its TLS (RFC 8461); `None` where it serves no policy.
    pub sts: Option<Mode>,
    /// The keys that its mail host shows (RFC 7672).
    pub tlsa: Vec<Tlsa>,
    /// Ports where mail programs submit: with TLS from the first octet, with STARTTLS.
    pub submission: (Option<u16>, Option<u16>),
}

/// What a domain is for that this server sends and takes mail for, where nobody says otherwise.
pub fn wishes(domain: Domain, server: Server, facts: Facts, offers: Offers) -> Wishes {
    let keys = facts.keys.iter().map(key).collect();
    Wishes {
        links: facts.links,
        bounces: facts.bounces,
        sts: offers.sts,
        tls_rpt: true,
        tlsa: offers.tlsa,
        submission: offers.submission,
        ..Wishes::usual(domain, server, keys)
    }
}
