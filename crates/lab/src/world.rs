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

    /// The addresses of the name servers, which hold all zones: in two networks, as RFC 2182 section 3.1 wants them.
    pub(crate) const NAME_SERVERS: [Ipv4Addr; 2] = [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 43, 0, 53)];

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
            if name != Self::SPOOFER.name {
                let _ = writeln!(zone, "{name}.  TXT  \"v=spf1 a -all\"");
            }
        }
        zone.push_str(
            "\n$ORIGIN 42.127.in-addr.arpa.\n@  SOA  ns1.lab.test. postmaster.lab.test. 1 3600 600 86400 5\n\
             @  NS  ns1.lab.test.\n@  NS  ns2.lab.test.\n",
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
@                SOA  ns1.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                NS   ns1.lab.test.
@                NS   ns2.lab.test.
@                MX   10 mail
@                TXT  "v=spf1 ip4:127.42.0.1 -all"
_dmarc           TXT  "v=DMARC1; p=reject; rua=mailto:dmarc@shop.test"

; ---- newshop.test: the same server sends for it, but nobody has published its records yet.
$ORIGIN newshop.test.
@                SOA  ns1.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                NS   ns1.lab.test.
@                NS   ns2.lab.test.
@                MX   10 mail.shop.test.

; ---- bigmail.test: a large provider that enforces sender guidelines.
$ORIGIN bigmail.test.
@                SOA  ns1.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                NS   ns1.lab.test.
@                NS   ns2.lab.test.
@                MX   5 mx1
@                TXT  "v=spf1 mx -all"
default._domainkey  TXT  "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyBQsYri3aRmEIzM4xH3jBihauRQG8AS7fspS+L/GiJx8FKxngw3+QIuAvhemQdIIjwQ+DTWXbowd6lQdwRmIWQMyhaTtkUYctC/0Z0PimBoXkrdfCUyhyoBjHPE+5UJVZwxSY6wpQikLqkjarCj3LggE" "IxzT4zbrc8+vv4ohJOARCDePGsx09USFa9GOk2DIw6LqGnZ0ZFI0Ul+UvtD2zlSbV7daxVr64EgzjSc24wKeeh/uW2/At6IpFXcDqycDufdjmRXYQQ19DZZN3KzOevUxJBO4VKuxtTTFyK9Ihtu03f8k8XaZdiv5OsjlW+YgCF6PAdo2sXLxNtX4gqUp4wIDAQAB"
_dmarc           TXT  "v=DMARC1; p=none; sp=quarantine; rua=mailto:dmarc@bigmail.test"

; ---- grey.test: asks strangers to come again.
$ORIGIN grey.test.
@                SOA  ns1.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                NS   ns1.lab.test.
@                NS   ns2.lab.test.
@                MX   10 mx
@                TXT  "v=spf1 mx -all"
default._domainkey  TXT  "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyBQsYri3aRmEIzM4xH3jBihauRQG8AS7fspS+L/GiJx8FKxngw3+QIuAvhemQdIIjwQ+DTWXbowd6lQdwRmIWQMyhaTtkUYctC/0Z0PimBoXkrdfCUyhyoBjHPE+5UJVZwxSY6wpQikLqkjarCj3LggE" "IxzT4zbrc8+vv4ohJOARCDePGsx09USFa9GOk2DIw6LqGnZ0ZFI0Ul+UvtD2zlSbV7daxVr64EgzjSc24wKeeh/uW2/At6IpFXcDqycDufdjmRXYQQ19DZZN3KzOevUxJBO4VKuxtTTFyK9Ihtu03f8k8XaZdiv5OsjlW+YgCF6PAdo2sXLxNtX4gqUp4wIDAQAB"
_dmarc           TXT  "v=DMARC1; p=quarantine; rua=mailto:dmarc@grey.test"

; ---- deadmx.test: its first MX host does not answer.
$ORIGIN deadmx.test.
@                SOA  ns1.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                NS   ns1.lab.test.
@                NS   ns2.lab.test.
@                MX   10 mx1
@                MX   20 mx2
@                TXT  "v=spf1 mx -all"
default._domainkey  TXT  "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyBQsYri3aRmEIzM4xH3jBihauRQG8AS7fspS+L/GiJx8FKxngw3+QIuAvhemQdIIjwQ+DTWXbowd6lQdwRmIWQMyhaTtkUYctC/0Z0PimBoXkrdfCUyhyoBjHPE+5UJVZwxSY6wpQikLqkjarCj3LggE" "IxzT4zbrc8+vv4ohJOARCDePGsx09USFa9GOk2DIw6LqGnZ0ZFI0Ul+UvtD2zlSbV7daxVr64EgzjSc24wKeeh/uW2/At6IpFXcDqycDufdjmRXYQQ19DZZN3KzOevUxJBO4VKuxtTTFyK9Ihtu03f8k8XaZdiv5OsjlW+YgCF6PAdo2sXLxNtX4gqUp4wIDAQAB"
_dmarc           TXT  "v=DMARC1; p=quarantine; rua=mailto:dmarc@deadmx.test"

; ---- nullmx.test: takes no mail at all (RFC 7505), and sends none.
$ORIGIN nullmx.test.
@                SOA  ns1.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                NS   ns1.lab.test.
@                NS   ns2.lab.test.
@                MX   0 .
@                TXT  "v=spf1 -all"
*._domainkey     TXT  "v=DKIM1; p="
_dmarc           TXT  "v=DMARC1; p=reject"

; ---- selfsigned.test: a certificate that nobody vouches for.
$ORIGIN selfsigned.test.
@                SOA  ns1.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                NS   ns1.lab.test.
@                NS   ns2.lab.test.
@                MX   10 mx
@                TXT  "v=spf1 mx -all"
default._domainkey  TXT  "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyBQsYri3aRmEIzM4xH3jBihauRQG8AS7fspS+L/GiJx8FKxngw3+QIuAvhemQdIIjwQ+DTWXbowd6lQdwRmIWQMyhaTtkUYctC/0Z0PimBoXkrdfCUyhyoBjHPE+5UJVZwxSY6wpQikLqkjarCj3LggE" "IxzT4zbrc8+vv4ohJOARCDePGsx09USFa9GOk2DIw6LqGnZ0ZFI0Ul+UvtD2zlSbV7daxVr64EgzjSc24wKeeh/uW2/At6IpFXcDqycDufdjmRXYQQ19DZZN3KzOevUxJBO4VKuxtTTFyK9Ihtu03f8k8XaZdiv5OsjlW+YgCF6PAdo2sXLxNtX4gqUp4wIDAQAB"
_dmarc           TXT  "v=DMARC1; p=quarantine; rua=mailto:dmarc@selfsigned.test"

; ---- partner.test: another company, in order by SPF alone.
$ORIGIN partner.test.
@                SOA  ns1.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                NS   ns1.lab.test.
@                NS   ns2.lab.test.
@                MX   10 mail
@                TXT  "v=spf1 ip4:127.42.0.50 -all"
_dmarc           TXT  "v=DMARC1; p=quarantine; rua=mailto:dmarc@partner.test"

; ---- bank.test: often spoofed, and protected. It sends no mail.
$ORIGIN bank.test.
@                SOA  ns1.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                NS   ns1.lab.test.
@                NS   ns2.lab.test.
@                MX   0 .
@                TXT  "v=spf1 -all"
*._domainkey     TXT  "v=DKIM1; p="
_dmarc           TXT  "v=DMARC1; p=reject"

; ---- spoofer.test: the machine from which bank.test is spoofed has a PTR record and SPF of its own.
$ORIGIN spoofer.test.
@                SOA  ns1.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                NS   ns1.lab.test.
@                NS   ns2.lab.test.
@                TXT  "v=spf1 ip4:127.42.0.66 -all"

; ---- test: the top of it all, so that names which nobody has are known not to exist.
$ORIGIN test.
@                SOA  ns1.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                NS   ns1.lab.test.
@                NS   ns2.lab.test.

; ---- lab.test: the name servers of everybody.
$ORIGIN lab.test.
@                SOA  ns1.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                NS   ns1.lab.test.
@                NS   ns2.lab.test.
ns1              A    127.0.0.1
ns2              A    127.43.0.53

; ---- the root: this is the whole DNS of the small internet, so that what is not here does not exist.
$ORIGIN .
@                SOA  ns1.lab.test. postmaster.lab.test. 1 3600 600 86400 5
@                NS   ns1.lab.test.
@                NS   ns2.lab.test.
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
