//! The ways of a story: which domains go through smarthosts, and who may get what.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use tegami_mail::{Domain, Host};
use tegami_outbound::{Match, Order, Route, Smarthost, SmarthostTls, TlsDemand};

use crate::plan::{Draw, Habits, Plan, habits};

/// A route.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    /// Mail to whom; to everybody where there is none.
    pub(crate) domain: Option<String>,
    pub(crate) order: Order,
    /// Places among the hosts.
    pub(crate) smarthosts: Vec<usize>,
}

/// In some worlds there are smarthosts, and routes through them.
pub(crate) fn draw(rng: &mut Draw<'_>, domains: usize, hosts: &mut Vec<Habits>) -> Vec<Way> {
    if rng.chance(0.6) {
        return Vec::new();
    }
    let first = hosts.len();
    for n in 0..u8::try_from(rng.between(1, 2)).unwrap() {
        let address = IpAddr::from(Ipv4Addr::new(192, 0, 2, 50 + n));
        let name = format!("smart{n}.example.net");
        hosts.push(Habits { name, addresses: vec![address], ..habits(rng, n) });
    }
    let count = rng.between(1, 2);
    let way = |n: usize, rng: &mut Draw<'_>| {
        let domain = if n + 1 < count || rng.chance(0.5) {
            Some(format!("d{}.test", rng.between(0, domains - 1)))
        } else {
            None
        };
        Way { domain, order: rng.one_of(&Order::ALL), smarthosts: (first..hosts.len()).collect() }
    };
    (0..count).map(|n| way(n, rng)).collect()
}

impl Way {
    pub(crate) fn route(&self, hosts: &[Habits]) -> Route {
        let smarthost = |place: &usize| {
            let name = hosts[*place].name.clone();
            Arc::new(Smarthost {
                host: Host::parse(&name).unwrap(),
                name,
                port: 587,
                tls: SmarthostTls::StartTls(TlsDemand::Opportunistic),
                credentials: None,
                setting: String::new(),
            })
        };
        let recipients = self.domain.iter().map(|domain| Match::Domain(Domain::parse(domain).unwrap()));
        Route {
            recipients: recipients.collect(),
            ..Route::for_all("way", self.order, self.smarthosts.iter().map(smarthost).collect())
        }
    }

    fn permits(&self, host: usize, is_own: bool) -> bool {
        let through = self.smarthosts.contains(&host);
        match self.order {
            Order::Direct => is_own,
            Order::Always => through,
            Order::RelayFirst | Order::DirectFirst => through || is_own,
            Order::Development => self.smarthosts.first() == Some(&host),
        }
    }
}

impl Plan {
    /// Whether a host may ever get mail for this next hop.
    pub(crate) fn permits(&self, next_hop: &str, host: usize) -> bool {
        let name = &self.hosts[host].name;
        if let Some((via, _)) = next_hop.rsplit_once(':') {
            return name == via;
        }
        let of = format!("{next_hop}. ");
        let is_own = [&self.zones.0, &self.zones.2].into_iter().any(|zone| {
            let records = zone.lines().filter_map(|line| line.strip_prefix(&of));
            let mut records = records.map(|record| record.split(' ').collect::<Vec<_>>());
            records.any(|record| match record[..] {
                ["MX", _, named] => named.trim_end_matches('.') == name,
                ["A", _] => host == 0,
                _ => false,
            })
        });
        let way = self.ways.iter().find(|way| way.domain.as_deref().is_none_or(|domain| domain == next_hop));
        way.map_or(is_own, |way| way.permits(host, is_own))
    }
}
