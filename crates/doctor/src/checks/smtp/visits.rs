//! Sessions with the mail hosts of a domain: made once, judged by several families.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tegami_dns::DnsName;
use tegami_mail::Domain;

use super::super::mx::MailHost;
use crate::case::{Case, DomainCase};
use crate::probe::{OfferSeen, OwnSeen, PortSeen, SmtpSeen, StartTls, TlsSeen, Unprobed};

/// Addresses of a stranger's host that are tried until one answers.
const TRIES: usize = 3;

/// Addresses of a host of our own that are tried.
const OWN_TRIES: usize = 8;

/// How long everything may take that only hosts of our own are asked.
const OWN_PATIENCE: Duration = Duration::from_secs(60);

/// What came of a visit to one host.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its name.
    pub name: DnsName,
    /// Whether it is a host of our own.
    pub ours: bool,
    /// Its addresses that were tried, in this order.
    pub tries: Vec<(IpAddr, Result<SmtpSeen, Unprobed>)>,
    /// What it takes of old TLS.
    pub offers: Result<Vec<OfferSeen>, Unprobed>,
    /// What hosts of our own are asked.
    pub own: Result<OwnSeen, Unprobed>,
    /// The ports that people's programs use.
    pub ports: Result<Vec<PortSeen>, Unprobed>,
}

/// The visits to all mail hosts of a domain.
#[derive(Clone, Debug)]
pub struct Visits(Vec<Visit>);

impl Visits {
    pub(crate) async fn make(case: &DomainCase) -> Self {
        let hosts = case.hosts().await;
        Self(join_all(hosts.real().map(|host| Visit::make(case, host))).await)
    }

    /// A host of ours alone, whether or not an MX record names it.
    pub(super) async fn of_own(case: &DomainCase, host: &Domain) -> Self {
        let found = MailHost::find(None, DnsName::from(host), case.resolver()).await;
        Self(vec![Visit::make(case, &found).await])
    }

    /// How long visits may take.
    pub(crate) fn patience(case: &Case) -> Duration {
        let session = case.probes.patience();
        let own = if session.is_zero() { Duration::ZERO } else { OWN_PATIENCE * 2 };
        session.saturating_mul(u32::try_from(TRIES).unwrap_or(1)) + own
    }

    /// One for each host.
    pub fn iter(&self) -> impl Iterator<Item = &Visit> {
        self.0.iter()
    }

    /// Of this host.
    pub fn of(&self, host: &DnsName) -> Option<&Visit> {
        self.0.iter().find(|visit| visit.name == *host)
    }

    /// Whether any host answered at all: then nothing keeps us from port 25.
    pub(super) fn any_answered(&self) -> bool {
        self.0.iter().any(Visit::connected)
    }
}

impl Visit {
    async fn make(case: &DomainCase, host: &MailHost) -> Self {
        let off = Unprobed::Off;
        let mut visit = Self {
            name: host.name.clone(),
            ours: false,
            tries: Vec::new(),
            offers: Err(off.clone()),
            own: Err(off.clone()),
            ports: Err(off),
        };
        let Ok(domain) = Domain::parse(host.name.as_str()) else { return visit };
        visit.ours = case.known.own_hosts.contains(&domain);
        let good: Vec<IpAddr> =
            host.addresses.iter().copied().filter(|ip| case.known.reach.has(*ip)).collect();
        if visit.ours {
            let all = good.iter().take(OWN_TRIES);
            let seen = join_all(all.map(|ip| case.probes.smtp(&domain, *ip))).await;
            visit.tries = good.iter().copied().zip(seen).collect();
        } else {
            for ip in in_turn(&good) {
                visit.tries.push((ip, case.probes.smtp(&domain, ip).await));
                if visit.connected() || visit.is_off() {
                    break;
                }
            }
        }
        if let Some(ip) = visit.seen().filter(|seen| seen.offers_starttls()).map(|seen| seen.ip) {
            visit.offers = case.probes.offers(&domain, ip).await;
        }
        if let Some(ip) = visit.seen().map(|seen| seen.ip).filter(|_| visit.ours) {
            let own = tokio::time::timeout(OWN_PATIENCE, case.probes.own(&domain, ip, &case.domain));
            visit.own = own.await.unwrap_or(Err(Unprobed::Timeout));
            let ports = tokio::time::timeout(OWN_PATIENCE, case.probes.own_ports(&domain, ip));
            visit.ports = ports.await.unwrap_or(Err(Unprobed::Timeout));
        }
        visit
    }

    /// The first session that there was.
    pub fn seen(&self) -> Option<&SmtpSeen> {
        self.tries.iter().find_map(|(_, seen)| seen.as_ref().ok())
    }

    /// TLS in it.
    pub fn tls(&self) -> Option<&TlsSeen> {
        match &self.seen()?.tls {
            StartTls::Done(tls) => Some(tls),
            _ => None,
        }
    }

    /// Whether probes are switched off.
    pub fn is_off(&self) -> bool {
        self.tries.iter().any(|(_, seen)| *seen == Err(Unprobed::Off))
    }

    /// Whether a connection stood, whatever was said on it.
    pub fn connected(&self) -> bool {
        self.tries
            .iter()
            .any(|(_, seen)| matches!(seen, Ok(_) | Err(Unprobed::Silent(_) | Unprobed::NoSmtp(_))))
    }
}

impl SmtpSeen {
    /// Whether EHLO offered STARTTLS.
    pub fn offers_starttls(&self) -> bool {
        self.offered.as_ref().is_some_and(|offered| offered.starttls)
    }
}

/// A few addresses, of both versions of IP in turn.
fn in_turn(all: &[IpAddr]) -> Vec<IpAddr> {
    let (v4, v6): (Vec<IpAddr>, Vec<IpAddr>) = all.iter().partition(|ip| ip.is_ipv4());
    let most = v4.len().max(v6.len());
    let pairs = (0..most).flat_map(|at| [v4.get(at), v6.get(at)]);
    pairs.flatten().copied().take(TRIES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_ip_are_tried_in_turn() {
        let ips = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
        let all = ips(&["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"]);
        assert_eq!(in_turn(&all), ips(&["192.0.2.1", "2001:db8::1", "192.0.2.2"]));
    }
}
