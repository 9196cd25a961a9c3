//! Networks whose hosts may submit without proving who they are: containers beside us, printers and applications of a LAN.
//!
//! The list is the one way past AUTH over TCP. It can be made of few enough networks only: one that holds the Internet, or a large part of it,
//! would be an open relay and is refused.

use std::net::IpAddr;

use tegami_auth::Network;

use crate::permit::Authenticated;

/// The networks that a submission listener trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedNetworks(Vec<Network>);

/// Why a network is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// The text names no network.
    #[error(transparent)]
    NotANetwork(#[from] tegami_auth::NotANetwork),
    /// Too many hosts that are nobody's own lie in it: that is an open relay.
    #[error(
        "hosts of strangers lie in it: only private networks, and public ones from /16 (IPv6 /32) on, can be trusted"
    )]
    Strangers,
}

impl TrustedNetworks {
    /// Adds a network, such as `172.16.0.0/12`.
    ///
    /// # Errors
    /// [`Distrust`]: it is no network, or one that nobody owns whole. `0.0.0.0/0` and `::/0` are such, and so is everything wider than
    /// /16 (IPv6 /32) that is not private.
    pub fn add(&mut self, text: &str) -> Result<(), Distrust> {
        let network = Network::parse(text)?;
        if network.is_wide() && !network.is_unreachable() {
            return Err(Distrust::Strangers);
        }
        self.0.push(network);
        Ok(())
    }

    /// Whether it is empty: then everybody has to authenticate.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The networks, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Network> {
        self.0.iter()
    }

    /// Those of them that hosts of the Internet may have addresses in: worth a second look.
    pub fn public(&self) -> impl Iterator<Item = &Network> {
        self.0.iter().filter(|network| !network.is_unreachable())
    }

    /// What a client at this address may do without AUTH: submit, as any address. `None` outside the networks.
    pub fn vouch(&self, ip: IpAddr) -> Option<Authenticated> {
        let client = Network::from(ip.to_canonical());
        let network = self.0.iter().find(|network| network.covers(&client))?;
        Some(Authenticated::by_network(network))
    }
}

#[cfg(test)]
mod tests {
    use tegami_mail::{Address, Envelope, ReversePath};

    use super::*;
    use crate::permit::Permit;

    fn networks(texts: &[&str]) -> TrustedNetworks {
        let mut networks = TrustedNetworks::default();
        for text in texts {
            networks.add(text).unwrap();
        }
        networks
    }

    #[test]
    fn the_internet_is_not_trusted() {
        for text in ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "8.0.0.0/8", "2000::/3", "2001::/16"] {
            assert_eq!(TrustedNetworks::default().add(text), Err(Distrust::Strangers), "{text}");
        }
        assert!(matches!(TrustedNetworks::default().add("office"), Err(Distrust::NotANetwork(_))));
        networks(&[
            "127.0.0.0/8",
            "::1",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "fd00::/8",
            "192.0.2.0/24",
            "2001:db8::/32",
        ]);
    }

    #[test]
    fn clients_of_the_networks_may_submit_as_anybody() {
        let trusted = networks(&["127.0.0.0/8", "172.16.0.0/12", "2001:db8:7::/48"]);
        let envelope = || {
            let reverse_path = ReversePath::Address(Address::parse("anybody@example.com").unwrap());
            Envelope::new(reverse_path, [Address::parse("someone@example.net").unwrap()])
        };
        for (ip, permitted) in [
            ("127.0.0.1", true),
            ("::ffff:127.0.0.1", true),
            ("172.31.255.1", true),
            ("172.32.0.1", false),
            ("2001:db8:7::1", true),
            ("2001:db8:8::1", false),
            ("192.0.2.1", false),
        ] {
            let account = trusted.vouch(ip.parse().unwrap());
            let permit = account.map(|account| Permit::for_account(&account, envelope()).is_ok());
            assert_eq!(permit.unwrap_or_default(), permitted, "{ip}");
        }
        assert!(TrustedNetworks::default().vouch("127.0.0.1".parse().unwrap()).is_none());
    }
}
