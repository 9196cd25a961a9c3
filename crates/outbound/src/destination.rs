//! From a next hop to the hosts that take its mail, in the order in which they are tried (RFC 5321 section 5.1).

mod host;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tegami_dns::{Answer, Data, DnsError, DnsName, MxHost, RecordType, Resolver, Security};
use tegami_mail::{Domain, EnhancedStatusCode, Host, Note, note};
use tegami_queue::{Failure, Stage};

use crate::policy::{IpOrder, Settings};
use crate::route::Smarthost;

/// The hosts for a next hop, with the reasons for each choice.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The recipient's domain or literal.
    pub next_hop: Host,
    /// How the hosts were found.
    pub way: Way,
    /// The hosts in the order in which they are tried, never empty; or why there is none.
    pub hosts: Result<Vec<MailHost>, Failure>,
    /// Every choice, in order.
    pub steps: Vec<Note>,
}

/// How hosts were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// MX records.
    Mx,
    /// No MX record: the domain itself, as if it had an MX of preference 0 (RFC 5321 section 5.1).
    ImplicitMx,
    /// An address literal.
    Literal,
    /// A route of ours.
    Smarthost,
}

/// One host that takes mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailHost {
    /// Its name, or the address literal.
    pub host: Host,
    /// MX preference; `None` where no MX record led here.
    pub preference: Option<u16>,
    /// Its addresses in the order in which they are tried, never empty.
    pub addresses: Vec<IpAddr>,
    /// Whether DNSSEC vouches for the way from the recipient's domain to this name; true for hosts that our settings name.
    pub secure: bool,
}

/// The search for the hosts of one way.
pub(crate) struct Search<'a> {
    settings: &'a Settings,
    ip_order: IpOrder,
    resolver: &'a dyn Resolver,
    steps: Vec<Note>,
}

impl<'a> Search<'a> {
    /// `ip_order` where it differs from the settings.
    pub(crate) fn new(settings: &'a Settings, ip_order: Option<IpOrder>, resolver: &'a dyn Resolver) -> Self {
        Self { settings, ip_order: ip_order.unwrap_or(settings.ip_order), resolver, steps: Vec::new() }
    }

    /// Finds the hosts of the recipient's domain or literal. The order among MX hosts of equal preference comes from `rng`.
    pub(crate) async fn find(mut self, next_hop: &Host, rng: &mut fastrand::Rng) -> Destination {
        let (way, hosts) = match next_hop {
            Host::Literal(ip) => (Way::Literal, self.literal(*ip)),
            Host::Domain(domain) => self.domain(domain, rng).await,
        };
        Destination { next_hop: next_hop.clone(), way, hosts, steps: self.steps }
    }

    /// Finds the addresses of a smarthost.
    pub(crate) async fn smarthost(mut self, next_hop: &Host, smarthost: &Smarthost) -> Destination {
        let (relay, host, port) = (&smarthost.name, &smarthost.host, smarthost.port);
        self.steps.push(note!("outbound-route-smarthost", relay = relay, host = host, port = port));
        let hosts = self.smarthost_addresses(host).await;
        Destination { next_hop: next_hop.clone(), way: Way::Smarthost, hosts, steps: self.steps }
    }
}

impl Search<'_> {
    fn literal(&mut self, ip: IpAddr) -> Result<Vec<MailHost>, Failure> {
        self.steps.push(note!("outbound-literal", ip = ip));
        if self.settings.own.addresses.contains(&ip) {
            return Err(mail_loop(&Host::Literal(ip).to_string()));
        }
        if !self.settings.reach.permits(ip) {
            return Err(failure(UNROUTABLE, note!("outbound-address-out-of-reach", ip = ip)));
        }
        Ok(vec![MailHost {
            host: Host::Literal(ip),
            preference: None,
            addresses: vec![ip.to_canonical()],
            secure: false,
        }])
    }

    async fn smarthost_addresses(&mut self, host: &Host) -> Result<Vec<MailHost>, Failure> {
        let addresses = match host {
            Host::Literal(ip) => vec![*ip],
            Host::Domain(domain) => {
                let found = host::addresses(&DnsName::from(domain), self.ip_order, self.resolver).await;
                self.steps.extend(found.steps);
                match found.addresses {
                    Ok(addresses) => self.limited(addresses),
                    // Our own settings name this host: mail waits until they are put right.
                    Err(error) => return Err(dns_failed(domain.as_str(), &error)),
                }
            }
        };
        Ok(vec![MailHost { host: host.clone(), preference: None, addresses, secure: true }])
    }

    async fn domain(
        &mut self,
        domain: &Domain,
        rng: &mut fastrand::Rng,
    ) -> (Way, Result<Vec<MailHost>, Failure>) {
        match self.resolver.lookup(&DnsName::from(domain), RecordType::Mx).await {
            Ok(answer) => (Way::Mx, self.mx(domain, answer, rng).await),
            Err(DnsError::NoData) => (Way::ImplicitMx, self.implicit(domain).await),
            Err(DnsError::NxDomain) => (
                Way::Mx,
                Err(failure(BAD_DESTINATION, note!("outbound-domain-does-not-exist", domain = domain))),
            ),
            Err(error) => (Way::Mx, Err(dns_failed(domain.as_str(), &error))),
        }
    }

    /// The domain itself, because it has no MX records. A parent's MX records are never used.
    async fn implicit(&mut self, domain: &Domain) -> Result<Vec<MailHost>, Failure> {
        self.steps.push(note!("outbound-mx-implicit", domain = domain));
        if self.is_own_name(domain.as_str()) {
            return Err(mail_loop(domain.as_str()));
        }
        let found = host::addresses(&DnsName::from(domain), self.ip_order, self.resolver).await;
        self.steps.extend(found.steps);
        match found.addresses {
            Ok(addresses) if self.is_own_address(&addresses) => Err(mail_loop(domain.as_str())),
            Ok(addresses) => Ok(vec![MailHost {
                host: Host::Domain(domain.clone()),
                preference: None,
                addresses: self.reachable(addresses, domain.as_str())?,
                secure: false,
            }]),
            Err(error) if error.is_void() => {
                Err(failure(BAD_DESTINATION, note!("outbound-domain-takes-no-mail", domain = domain)))
            }
            Err(error) => Err(dns_failed(domain.as_str(), &error)),
        }
    }

    async fn mx(
        &mut self,
        domain: &Domain,
        answer: Answer,
        rng: &mut fastrand::Rng,
    ) -> Result<Vec<MailHost>, Failure> {
        for alias in &answer.aliases {
            self.steps.push(note!("outbound-domain-alias", domain = domain, alias = alias));
        }
        let secure = answer.security == Security::Secure;
        let records = ordered(answer, rng);
        let list: Vec<String> = records
            .iter()
            .map(|record| format!("{} {}", record.preference, host::shown(&record.exchange)))
            .collect();
        self.steps.push(note!("outbound-mx-found", domain = domain, hosts = list.join(", ")));
        let mut records: Vec<MxHost> =
            records.into_iter().filter(|record| !record.exchange.is_root()).collect();
        if records.is_empty() {
            // RFC 7505 section 3: the domain says that it takes no mail, and the sender hears it at once.
            return Err(failure(NULL_MX, note!("outbound-null-mx", domain = domain)));
        }
        self.drop_own_names(&mut records, domain)?;
        if records.len() > self.settings.limits.hosts {
            self.steps.push(note!("outbound-hosts-limited", limit = self.settings.limits.hosts));
            records.truncate(self.settings.limits.hosts);
        }
        self.hosts_of(records, domain, secure).await
    }

    /// RFC 5321 section 5.1: where we are in the list, hosts of our preference or worse would send the mail back to us.
    fn drop_own_names(&mut self, records: &mut Vec<MxHost>, domain: &Domain) -> Result<(), Failure> {
        let Some(own) = records.iter().find(|record| self.is_own_name(record.exchange.as_str())).cloned()
        else {
            return Ok(());
        };
        self.steps.push(note!("outbound-mx-own", host = own.exchange, preference = own.preference));
        records.retain(|record| record.preference < own.preference);
        if records.is_empty() { Err(mail_loop(domain.as_str())) } else { Ok(()) }
    }

    async fn hosts_of(
        &mut self,
        records: Vec<MxHost>,
        domain: &Domain,
        secure: bool,
    ) -> Result<Vec<MailHost>, Failure> {
        let questions =
            records.iter().map(|record| host::addresses(&record.exchange, self.ip_order, self.resolver));
        let answers = futures_util::future::join_all(questions).await;
        let (mut hosts, mut unanswered, mut looping) = (Vec::new(), None, None);
        for (record, found) in records.into_iter().zip(answers) {
            self.steps.extend(found.steps);
            match found.addresses {
                Ok(addresses) if self.is_own_address(&addresses) => {
                    let (host, preference) = (&record.exchange, record.preference);
                    self.steps.push(note!("outbound-mx-own", host = host, preference = preference));
                    hosts.retain(|host: &MailHost| {
                        host.preference.is_none_or(|other| other < record.preference)
                    });
                    return if hosts.is_empty() { Err(mail_loop(domain.as_str())) } else { Ok(hosts) };
                }
                Ok(addresses) => {
                    let addresses = match self.reachable(addresses, record.exchange.as_str()) {
                        Ok(addresses) => addresses,
                        Err(failure) => {
                            looping = looping
                                .or(Some(failure).filter(|failure| failure.enhanced() == ROUTING_LOOP));
                            continue;
                        }
                    };
                    let Ok(name) = Domain::parse(record.exchange.as_str()) else {
                        self.steps.push(note!("outbound-host-bad-name", host = record.exchange));
                        continue;
                    };
                    let (host, preference) = (Host::Domain(name), Some(record.preference));
                    hosts.push(MailHost { host, preference, addresses, secure });
                }
                Err(error) if error.is_void() => {}
                Err(error) => unanswered = Some((record.exchange, error)),
            }
        }
        match unanswered {
            _ if !hosts.is_empty() => Ok(hosts),
            Some((name, error)) => Err(dns_failed(name.as_str(), &error)),
            None => Err(looping
                .unwrap_or_else(|| failure(UNROUTABLE, note!("outbound-no-usable-host", domain = domain)))),
        }
    }

    /// Leaves out addresses that no stranger may make us connect to.
    fn reachable(&mut self, addresses: Vec<IpAddr>, host: &str) -> Result<Vec<IpAddr>, Failure> {
        let (good, bad): (Vec<_>, Vec<_>) =
            addresses.into_iter().partition(|ip| self.settings.reach.permits(*ip));
        for ip in &bad {
            self.steps.push(match ip.to_canonical().is_loopback() {
                true => note!("outbound-host-loopback", host = host, ip = ip),
                false => note!("outbound-host-out-of-reach", host = host, ip = ip),
            });
        }
        if good.is_empty() {
            let to_itself = bad.into_iter().find(|ip| ip.to_canonical().is_loopback());
            return Err(match to_itself {
                Some(ip) => loopback(host, ip),
                None => failure(UNROUTABLE, note!("outbound-no-usable-host", domain = host)),
            });
        }
        Ok(self.limited(good))
    }

    fn limited(&self, mut addresses: Vec<IpAddr>) -> Vec<IpAddr> {
        addresses.truncate(self.settings.limits.addresses_per_host);
        addresses
    }

    fn is_own_name(&self, name: &str) -> bool {
        let own = &self.settings.own.names;
        name == self.settings.hostname.as_str() || own.iter().any(|own| own.as_str() == name)
    }

    fn is_own_address(&self, addresses: &[IpAddr]) -> bool {
        addresses.iter().any(|ip| self.settings.own.addresses.contains(ip))
    }
}

/// By ascending preference, in random order among equals, each exchange once.
fn ordered(answer: Answer, rng: &mut fastrand::Rng) -> Vec<MxHost> {
    let records = answer.records.into_iter();
    let mut hosts: Vec<MxHost> = records
        .filter_map(|record| if let Data::Mx(host) = record.data { Some(host) } else { None })
        .collect();
    // Sorted first, so that the same seed gives the same order whatever order the server chose.
    hosts.sort();
    rng.shuffle(&mut hosts);
    hosts.sort_by_key(|host| host.preference);
    let mut seen = Vec::new();
    hosts.retain(|host| {
        let fresh = !seen.contains(&host.exchange);
        seen.push(host.exchange.clone());
        fresh
    });
    hosts
}

/// RFC 3463 section 3.2: bad destination system address.
const BAD_DESTINATION: EnhancedStatusCode = EnhancedStatusCode::new(5, 1, 2);
/// RFC 7505 section 6: the recipient's domain has a null MX.
const NULL_MX: EnhancedStatusCode = EnhancedStatusCode::new(5, 1, 10);
/// RFC 3463 section 3.5: directory server failure.
const DIRECTORY_FAILURE: EnhancedStatusCode = EnhancedStatusCode::new(4, 4, 3);
/// RFC 3463 section 3.5: unable to route.
const UNROUTABLE: EnhancedStatusCode = EnhancedStatusCode::new(5, 4, 4);
/// RFC 3463 section 3.5: routing loop detected.
const ROUTING_LOOP: EnhancedStatusCode = EnhancedStatusCode::new(5, 4, 6);

fn failure(status: EnhancedStatusCode, detail: Note) -> Failure {
    Failure::without_reply(Stage::Destination, status, detail)
}

fn mail_loop(name: &str) -> Failure {
    failure(ROUTING_LOOP, note!("outbound-loop", domain = name))
}

/// Not our loop alone: whoever asks is led to itself.
fn loopback(host: &str, ip: IpAddr) -> Failure {
    failure(ROUTING_LOOP, note!("outbound-loop-loopback", host = host, ip = ip))
}

/// The DNS did not tell: never taken for absence.
fn dns_failed(name: &str, error: &DnsError) -> Failure {
    failure(DIRECTORY_FAILURE, note!("outbound-dns-failed", name = name, error = error))
}
