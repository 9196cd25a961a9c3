//! Networks: what lies in what, how much they cover together, and which can never send to the Internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address with the length of its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    pub(crate) address: IpAddr,
    pub(crate) length: u8,
}

/// A text that names no network: it wants `192.0.2.0/24`, `2001:db8::/32` or an address alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is no network: write an address, or an address with the length of its prefix such as 192.0.2.0/24"
)]
pub struct NotANetwork;

/// Networks that no receiver on the Internet sees mail come from (RFC 6890 section 2.2). Those for documentation are left
/// out: examples are made of them.
const UNREACHABLE: [(IpAddr, u8); 14] = [
    (IpAddr::V4(Ipv4Addr::new(0, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0)), 10),
    (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(224, 0, 0, 0)), 3),
    (IpAddr::V6(Ipv6Addr::UNSPECIFIED), 128),
    (IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
    (IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0)), 96),
    (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
    (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
    (IpAddr::V6(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0)), 8),
];

impl Network {
    /// Reads `192.0.2.0/24`, `2001:db8::/32`, or an address, which is a network of its own.
    ///
    /// # Errors
    /// [`NotANetwork`].
    pub fn parse(text: &str) -> Result<Self, NotANetwork> {
        let Some((address, length)) = text.split_once('/') else {
            return text.parse::<IpAddr>().map(Self::from).map_err(|_| NotANetwork);
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let longest = Self::from(address).length;
        let length = length.parse().ok().filter(|length| *length <= longest).ok_or(NotANetwork)?;
        Ok(Self { address, length })
    }

    /// Whether all of `other` lies in this network.
    pub fn covers(&self, other: &Self) -> bool {
        self.length <= other.length && in_network(other.address, self.address, self.length)
    }

    /// Whether nothing in it can send to the Internet.
    pub fn is_unreachable(&self) -> bool {
        UNREACHABLE.iter().any(|(address, length)| Self { address: *address, length: *length }.covers(self))
    }

    /// Whether it is wider than any one sender needs: shorter than /16, in IPv6 than /32.
    pub fn is_wide(&self) -> bool {
        self.length < if self.address.is_ipv4() { 16 } else { 32 }
    }
}

impl From<IpAddr> for Network {
    /// The address alone.
    fn from(address: IpAddr) -> Self {
        Self { address, length: if address.is_ipv4() { 32 } else { 128 } }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// Whether the address can be one of the Internet's: none of a machine, a link, a private network or a group.
pub fn is_on_the_internet(ip: IpAddr) -> bool {
    !Network::from(ip.to_canonical()).is_unreachable()
}

/// Whether the first `length` bits agree. Addresses of different families never do.
pub(crate) fn in_network(ip: IpAddr, network: IpAddr, length: u8) -> bool {
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0);
            (ip.to_bits() ^ network.to_bits()) & mask == 0
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
            (ip.to_bits() ^ network.to_bits()) & mask == 0
        }
        _ => false,
    }
}

/// How many IPv4 addresses lie in at least one of the networks.
pub(crate) fn ipv4_addresses(networks: &[Network]) -> u64 {
    let range = |network: &Network| match network.address {
        IpAddr::V4(address) => {
            let size = 1_u64 << (32 - u32::from(network.length.min(32)));
            let first = u64::from(address.to_bits()) / size * size;
            Some((first, first + size))
        }
        IpAddr::V6(_) => None,
    };
    let mut ranges: Vec<(u64, u64)> = networks.iter().filter_map(range).collect();
    ranges.sort_unstable();
    let (mut total, mut reached) = (0, 0);
    for (first, end) in ranges {
        total += end.saturating_sub(first.max(reached));
        reached = reached.max(end);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        Network::parse(text).unwrap()
    }

    #[test]
    fn reads() {
        for text in ["192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32", "::/0", "192.0.2.7/32"] {
            assert_eq!(network(text).to_string(), text);
        }
        assert_eq!(network("2001:db8::1").to_string(), "2001:db8::1/128");
        for text in ["", "/8", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2/24", "::/129", "192.0.2.0/24/1"] {
            assert_eq!(Network::parse(text), Err(NotANetwork), "{text}");
        }
    }

    #[test]
    fn covers() {
        let check = |one: &str, other: &str, expected| {
            assert_eq!(network(one).covers(&network(other)), expected, "{one} {other}");
        };
        check("192.0.2.0/24", "192.0.2.7/32", true);
        check("192.0.2.0/24", "192.0.2.0/23", false);
        check("0.0.0.0/0", "203.0.113.0/24", true);
        check("0.0.0.0/0", "2001:db8::/32", false);
        check("2001:db8::/32", "2001:db8:1::/48", true);
    }

    #[test]
    fn unreachable() {
        for text in ["10.1.0.0/16", "192.168.1.1/32", "127.0.0.1/32", "fe80::1/128", "::ffff:192.0.2.1/128"] {
            assert!(network(text).is_unreachable(), "{text}");
        }
        for text in ["192.0.2.0/24", "8.0.0.0/6", "2001:db8::/32", "0.0.0.0/0"] {
            assert!(!network(text).is_unreachable(), "{text}");
        }
    }

    #[test]
    fn addresses_are_counted_once() {
        let count =
            |texts: &[&str]| ipv4_addresses(&texts.iter().map(|text| network(text)).collect::<Vec<_>>());
        assert_eq!(count(&["192.0.2.0/24", "192.0.2.128/25", "192.0.2.7/32", "2001:db8::/32"]), 256);
        assert_eq!(count(&["192.0.2.1/32", "198.51.100.0/31"]), 3);
        assert_eq!(count(&["0.0.0.0/0", "192.0.2.1/32"]), 1 << 32);
    }
}
