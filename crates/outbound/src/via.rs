//! A next hop that names a host and a port: `relay.example.org:587`, `[192.0.2.1]:25`. Operators send mail another way with it, past MX records
//! and routes.

use std::sync::Arc;

use tegami_mail::Host;

use crate::Courier;
use crate::policy::{Settings, TlsDemand};
use crate::route::{Order, Route, Smarthost, SmarthostTls};

/// A host with a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// Its name or address.
    pub host: Host,
    /// Its port.
    pub port: u16,
}

impl Via {
    /// `None` for a next hop without a port, which is a domain whose MX hosts are asked for, or an address literal.
    pub fn read(next_hop: &str) -> Option<Self> {
        let (host, port) = next_hop.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        Some(Self { host: Host::parse(host).ok()?, port })
    }

    /// A courier that sends everything there: as the routes speak with this host where they know it, password included, else with TLS
    /// where it is offered.
    pub(crate) fn courier(&self, courier: &Courier) -> Courier {
        let settings = courier.settings();
        let name = self.to_string();
        let routes = vec![Route::for_all(&name, Order::Always, vec![self.smarthost(settings)])];
        courier.renewed(Settings { routes, ..settings.clone() })
    }

    fn smarthost(&self, settings: &Settings) -> Arc<Smarthost> {
        let of_routes = settings.routes.iter().flat_map(|route| &route.smarthosts);
        let known = of_routes
            .chain(&settings.relays)
            .find(|smarthost| smarthost.host == self.host && smarthost.port == self.port);
        known.cloned().unwrap_or_else(|| {
            Arc::new(Smarthost {
                name: self.to_string(),
                host: self.host.clone(),
                port: self.port,
                tls: SmarthostTls::StartTls(TlsDemand::Opportunistic),
                credentials: None,
                setting: String::new(),
            })
        })
    }
}

impl std::fmt::Display for Via {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_makes_the_difference() {
        let read = |text: &str| Via::read(text).map(|via| via.to_string()).unwrap_or_default();
        assert_eq!(read("relay.example.org:587"), "relay.example.org:587");
        assert_eq!(read("[192.0.2.1]:25"), "[192.0.2.1]:25");
        assert_eq!(read("[IPv6:2001:db8::1]:25"), "[IPv6:2001:db8::1]:25");
        for text in
            ["example.org", "[192.0.2.1]", "[IPv6:2001:db8::25]", "[IPv6:2001:db8::1]", "a:0", ":25", "a:b"]
        {
            assert_eq!(read(text), "", "{text}");
        }
    }
}
