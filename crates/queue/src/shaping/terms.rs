//! How each provider is treated: the table of providers with the operator's own laid over it, in plain values.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tegami_mail::provider::{self, Authority, Ends, Limit, Preset};

use super::backoff::Manners;

/// How one provider, or everybody else, is treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The word for it in settings and rows: `google`, or [`provider::DEFAULT`].
    pub name: Arc<str>,
    /// What people call it.
    pub title: String,
    /// Ends of MX host names.
    pub mx: Vec<String>,
    /// Recipient domains.
    pub domains: Vec<String>,
    /// Where it tells senders what it expects.
    pub guidelines: Option<String>,
    /// Connections at the same time from one source address.
    pub connections: Limit,
    /// Messages in one connection.
    pub messages_per_connection: Limit,
    /// Recipients in one transaction.
    pub recipients: Limit,
    /// Messages in a minute from one source address.
    pub per_minute: Option<Limit>,
    /// Messages in an hour from one source address.
    pub per_hour: Option<Limit>,
    /// How it is backed off from.
    pub manners: Manners,
}

impl Terms {
    fn new(name: &str, preset: &Preset) -> Self {
        let or = |limit: &Option<Limit>, number| {
            limit.clone().unwrap_or(Limit { limit: number, from: Authority::Tegami, why: String::new() })
        };
        let minutes = |count: Option<u32>, number: u32| {
            Duration::from_secs(60 * u64::from(count.unwrap_or(number).max(1)))
        };
        let first_pause = minutes(preset.first_pause, 2);
        Self {
            name: name.into(),
            title: preset.title.clone().unwrap_or_else(|| name.to_owned()),
            mx: preset.mx.clone(),
            domains: preset.domains.clone(),
            guidelines: preset.guidelines.clone(),
            connections: or(&preset.connections, 10),
            messages_per_connection: or(&preset.messages_per_connection, 100),
            recipients: or(&preset.recipients, 100),
            per_minute: preset.per_minute.clone(),
            per_hour: preset.per_hour.clone(),
            manners: Manners {
                first_pause,
                longest_pause: minutes(preset.longest_pause, 60).max(first_pause),
                recover: minutes(preset.recover, 5),
            },
        }
    }
}

/// All providers.
#[derive(Clone, Debug)]
pub struct Providers {
    named: BTreeMap<Arc<str>, Arc<Terms>>,
    hosts: Ends<Arc<Terms>>,
    domains: Ends<Arc<Terms>>,
    others: Arc<Terms>,
}

/// Before a smarthost's name in a place.
const SMARTHOST: &str = "smarthost:";

/// The place that a smarthost is, whoever's hosts it has: we are its customer there, not a stranger.
pub(super) fn smarthost_place(host: &str) -> String {
    format!("{SMARTHOST}{host}")
}

/// The smarthost's name, where a place is one.
pub(super) fn smarthost_of(place: &str) -> Option<&str> {
    place.strip_prefix(SMARTHOST)
}

/// The host of a next hop with a port: an operator sent the mail there, past MX records and routes. A domain or an address literal has none.
pub(super) fn host_of_operator(next_hop: &str) -> Option<&str> {
    let (host, port) = next_hop.rsplit_once(':')?;
    port.parse::<u16>().is_ok().then_some(host)
}

impl Default for Providers {
    /// The table as it comes with Tegami.
    fn default() -> Self {
        Self::with(&BTreeMap::new())
    }
}

impl Providers {
    /// The table with the operator's own laid over it, by name.
    pub fn with(own: &BTreeMap<String, Preset>) -> Self {
        let mut presets = provider::presets().clone();
        for (name, over) in own {
            let preset = presets.entry(name.clone()).or_default();
            *preset = preset.overlaid(over);
        }
        let default = presets.remove(provider::DEFAULT).unwrap_or_default();
        let mut providers = Self {
            named: BTreeMap::new(),
            hosts: Ends::default(),
            domains: Ends::default(),
            others: Arc::new(Terms::new(provider::DEFAULT, &default)),
        };
        // What a table does not say is as for everybody else; the operator's own come last and win over ends that stand in the table.
        let (theirs, ours): (Vec<_>, Vec<_>) = presets.iter().partition(|(name, _)| own.contains_key(*name));
        for (name, preset) in ours.into_iter().chain(theirs) {
            let base = Preset {
                title: None,
                mx: Vec::new(),
                domains: Vec::new(),
                guidelines: None,
                ..default.clone()
            };
            let terms = Arc::new(Terms::new(name, &base.overlaid(preset)));
            for end in &terms.mx {
                providers.hosts.insert(end, Arc::clone(&terms));
            }
            for end in &terms.domains {
                providers.domains.insert(end, Arc::clone(&terms));
            }
            providers.named.insert(Arc::clone(&terms.name), terms);
        }
        providers
    }

    /// The provider of an MX host.
    pub fn of_host(&self, host: &str) -> Option<&Arc<Terms>> {
        self.hosts.find(host)
    }

    /// The provider that a recipient domain belongs to, whatever its MX hosts.
    pub fn of_domain(&self, domain: &str) -> Option<&Arc<Terms>> {
        self.domains.find(domain)
    }

    /// By its name; everybody else where there is none.
    pub fn named(&self, name: &str) -> &Arc<Terms> {
        let name = if smarthost_of(name).is_some() { provider::SMARTHOST } else { name };
        self.named.get(name).unwrap_or(&self.others)
    }

    /// All of them, by name, and last everybody else.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Terms>> {
        self.named.values().chain([&self.others])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operators_table_is_laid_over_ours() {
        let preset = |mx: &str, connections| Preset {
            mx: vec![mx.to_owned()],
            connections: Some(Limit::of_operator(connections)),
            ..Preset::default()
        };
        let own = BTreeMap::from([
            ("yahoo".to_owned(), preset("yahoo.example.net", 2)),
            ("company".to_owned(), preset("mail.example.org", 50)),
        ]);
        let providers = Providers::with(&own);
        let yahoo = providers.of_host("mx1.yahoo.example.net").unwrap();
        assert_eq!(
            (&*yahoo.name, yahoo.connections.limit, yahoo.messages_per_connection.limit),
            ("yahoo", 2, 20)
        );
        assert_eq!(providers.of_host("mta5.am0.yahoodns.net").unwrap(), yahoo);
        let company = providers.of_host("mail.example.org").unwrap();
        assert_eq!((company.connections.limit, company.recipients.limit), (50, 100));
        assert!(providers.of_host("example.org").is_none());
        assert_eq!(&*providers.named("nobody").name, provider::DEFAULT);
    }

    #[test]
    fn domains_that_their_hosts_do_not_tell() {
        let providers = Providers::default();
        assert_eq!(&*providers.of_domain("uqmobile.jp").unwrap().name, "au");
        assert!(providers.of_domain("gmail.com").is_none());
    }
}
