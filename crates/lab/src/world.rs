//! The map of the small internet: who lives where, and what the DNS says of it.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use tegami_dns::{Data, DnsName};

/// One machine of the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostPlan {
    /// Its name.
    pub name: &'static str,
    /// Its address: loopback, one for each machine.
    pub ip: Ipv4Addr,
}

/// The map. Every machine has an address of its own in 127.42.0.0/24, and all MX hosts listen on one port.
#[derive(Clone, Debug)]
pub struct World {
    extra: Vec<(String, String)>,
}

const fn machine(name: &'static str, last: u8) -> HostPlan {
    HostPlan { name, ip: Ipv4Addr::new(127, 42, 0, last) }
}

impl World {
    /// Our own server: it sends for `shop.test` and `newshop.test`, and receives for `shop.test`.
    pub const SITE: HostPlan = machine("mail.shop.test", 1);
    /// The first MX host of `bigmail.test`, which enforces sender guidelines.
    pub const BIGMAIL: HostPlan = machine("mx1.bigmail.test", 10);
    /// The only MX host of `grey.test`, which greylists.
    pub const GREY: HostPlan = machine("mx.grey.test", 20);
    /// The first MX host of `deadmx.test`: nobody listens there.
    pub const DEAD: HostPlan = machine("mx1.deadmx.test", 30);
    /// The second MX host of `deadmx.test`.
    pub const ALIVE: HostPlan = machine("mx2.deadmx.test", 31);
    /// The MX host of `selfsigned.test`, whose certificate nobody vouches for.
    pub const SELFSIGNED: HostPlan = machine("mx.selfsigned.test", 40);
    /// Another company, which writes to us.
    pub const PARTNER: HostPlan = machine("mail.partner.test", 50);
    /// Somebody who writes in the name of `bank.test`.
    pub const SPOOFER: HostPlan = machine("cheap-vps.spoofer.test", 66);

    const ALL: [HostPlan; 8] = [
        Self::SITE,
        Self::BIGMAIL,
        Self::GREY,
        Self::DEAD,
        Self::ALIVE,
        Self::SELFSIGNED,
        Self::PARTNER,
        Self::SPOOFER,
    ];

    /// The map, with records that are known only at start: the site's DKIM keys, as `(name, text)`.
    pub fn new(extra: Vec<(String, String)>) -> Self {
        Self { extra }
    }

    /// What the DNS says, as zone text.
    pub fn zone(&self) -> String {
        let mut zone = String::from(DOMAINS);
        zone.push_str("\n; ---- addresses, forward and reverse\n");
        for HostPlan { name, ip } in Self::ALL {
            let _ = writeln!(zone, "{name}.  A  {ip}");
        }
        zone.push_str(
            "\n$ORIGIN 42.127.in-addr.arpa.\n@  SOA  ns.lab.test. postmaster.lab.test. 1 3600 600 86400 5\n",
        );
        for HostPlan { name, ip } in Self::ALL {
            let reverse = DnsName::reverse(IpAddr::V4(ip));
            let _ = writeln!(zone, "{reverse}.  PTR  {name}.");
        }
        zone.push_str("\n; ---- keys that were made when the lab started\n");
        for (name, text) in &self.extra {
            let text = Data::Txt(text.clone().into_bytes().into());
            let _ = writeln!(zone, "{name}.  TXT  {text}");
        }
        zone
    }
}

const DOMAINS: &str = r#"; The small internet of the Tegami lab.
$TTL 5

; ---- shop.test: our own site. Everything is in order: SPF, DKIM, DMARC.
$ORIGIN shop.test.
@                SOA  ns.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                MX   10 mail
@                TXT  "v=spf1 ip4:127.42.0.1 -all"
mail             TXT  "v=spf1 a -all"
_dmarc           TXT  "v=DMARC1; p=reject; rua=mailto:dmarc@shop.test"

; ---- newshop.test: the same server sends for it, but nobody has published its records yet.
$ORIGIN newshop.test.
@                SOA  ns.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                MX   10 mail.shop.test.

; ---- bigmail.test: a large provider that enforces sender guidelines.
$ORIGIN bigmail.test.
@                SOA  ns.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                MX   5 mx1
@                TXT  "v=spf1 mx -all"
_dmarc           TXT  "v=DMARC1; p=none"

; ---- grey.test: asks strangers to come again.
$ORIGIN grey.test.
@                SOA  ns.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                MX   10 mx

; ---- deadmx.test: its first MX host does not answer.
$ORIGIN deadmx.test.
@                SOA  ns.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                MX   10 mx1
@                MX   20 mx2

; ---- nullmx.test: takes no mail at all (RFC 7505).
$ORIGIN nullmx.test.
@                SOA  ns.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                MX   0 .

; ---- selfsigned.test: a certificate that nobody vouches for.
$ORIGIN selfsigned.test.
@                SOA  ns.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                MX   10 mx

; ---- partner.test: another company, in order by SPF alone.
$ORIGIN partner.test.
@                SOA  ns.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                MX   10 mail
@                TXT  "v=spf1 ip4:127.42.0.50 -all"
mail             TXT  "v=spf1 a -all"
_dmarc           TXT  "v=DMARC1; p=quarantine"

; ---- bank.test: often spoofed, and protected.
$ORIGIN bank.test.
@                SOA  ns.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                TXT  "v=spf1 -all"
_dmarc           TXT  "v=DMARC1; p=reject"

; ---- spoofer.test: the machine from which bank.test is spoofed has a PTR record and SPF of its own.
$ORIGIN spoofer.test.
@                SOA  ns.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                TXT  "v=spf1 ip4:127.42.0.66 -all"

; ---- test: the top of it all, so that names which nobody has are known not to exist.
$ORIGIN test.
@                SOA  ns.lab.test. postmaster.lab.test. 1 3600 600 86400 5

$ORIGIN lab.test.
@                SOA  ns.lab.test. postmaster.lab.test. 1 3600 600 86400 5
ns               A    127.0.0.1

; ---- the root: this is the whole DNS of the small internet, so that what is not here does not exist.
$ORIGIN .
@                SOA  ns.lab.test. postmaster.lab.test. 1 3600 600 86400 5
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use tegami_dns::{DnsName, Resolver, ZoneResolver};

    #[tokio::test]
    async fn the_map_is_a_zone_and_every_machine_points_back() {
        let world = World::new(vec![("s1._domainkey.shop.test".to_owned(), "k".repeat(600))]);
        let resolver = ZoneResolver::from_text(&world.zone()).unwrap();
        let resolver: &dyn Resolver = &resolver;
        for HostPlan { name, ip } in World::ALL {
            let names = resolver.ptr(&DnsName::reverse(ip.into())).await.unwrap();
            assert_eq!(names, [DnsName::parse(name).unwrap()]);
            assert_eq!(resolver.a(&names[0]).await.unwrap(), [ip]);
        }
        let key = resolver.txt(&DnsName::parse("s1._domainkey.shop.test").unwrap()).await.unwrap();
        assert_eq!(key[0].len(), 600);
    }
}
