//! What the owner of a domain has to publish.

use std::net::IpAddr;

use tegami_dns::{DnsName, RecordType};
use tegami_mail::Domain;
use tegami_store::DkimKeyRow;

/// Where mail leaves from, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// The server's name.
    pub hostname: Domain,
    /// The addresses that mail leaves from, each with the name that it says in EHLO.
    pub addresses: Vec<(Domain, IpAddr)>,
}

/// One record to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedRecord {
    /// Its name, with the dot at the end.
    pub name: String,
    /// Its type.
    pub kind: RecordType,
    /// Its data as zone text has it; of a TXT record the text itself.
    pub value: String,
    /// What it is for.
    pub purpose: Purpose,
}

/// What a record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Mail to the domain comes to us.
    Mail,
    /// A name and an address of this server belong together.
    Host,
    /// This server may send for the domain (RFC 7208).
    Spf,
    /// This server may say its name (RFC 7208 section 2.3).
    HostSpf,
    /// A key that signs.
    Key,
    /// A key that does not sign, or not yet.
    SpareKey,
    /// What receivers shall do with mail that proves nothing (RFC 9989).
    Dmarc,
    /// Links in messages lead to us.
    Links,
    /// What comes back to the host of return paths comes to us.
    Bounces,
    /// This server may send in the name of that host.
    BounceSpf,
}

impl PlannedRecord {
    /// The name without the dot at its end.
    pub fn bare_name(&self) -> &str {
        self.name.trim_end_matches('.')
    }
}

/// Names below a domain that lead to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hosts<'a> {
    /// The label of links, where some do.
    pub links: Option<&'a str>,
    /// The host of return paths, where they have another one than the domain.
    pub bounces: Option<&'a str>,
}

/// What a domain needs so that its mail is believed: MX, SPF, DKIM, DMARC, and the addresses of the server's name.
pub fn plan(domain: &Domain, sources: &Sources, keys: &[DkimKeyRow], below: Hosts<'_>) -> Vec<PlannedRecord> {
    let Sources { hostname, addresses } = sources;
    let record = |name: String, kind, value: String, purpose| PlannedRecord { name, kind, value, purpose };
    let txt = |name: String, value, purpose| record(name, RecordType::Txt, value, purpose);
    let mut plan =
        vec![record(format!("{domain}."), RecordType::Mx, format!("10 {hostname}."), Purpose::Mail)];
    for (name, ip) in addresses {
        let kind = if ip.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
        plan.push(record(format!("{name}."), kind, ip.to_string(), Purpose::Host));
        let reverse = format!("{}.", DnsName::reverse(*ip));
        plan.push(record(reverse, RecordType::Ptr, format!("{name}."), Purpose::Host));
    }
    let mut hosts = vec![hostname];
    for (name, _) in addresses {
        if !hosts.contains(&name) {
            hosts.push(name);
        }
    }
    // Naming the host keeps the record right when its addresses change; the HELO name gets a record of its own (RFC 7208 section 2.3).
    let mechanisms: Vec<String> = hosts.iter().map(|host| format!("a:{host}")).collect();
    let spf = format!("v=spf1 {} -all", mechanisms.join(" "));
    plan.push(txt(format!("{domain}."), spf.clone(), Purpose::Spf));
    for host in hosts {
        plan.push(txt(format!("{host}."), "v=spf1 a -all".to_owned(), Purpose::HostSpf));
    }
    for key in keys {
        let purpose = if key.active { Purpose::Key } else { Purpose::SpareKey };
        plan.push(key_record(key, purpose));
    }
    let dmarc = format!("v=DMARC1; p=none; rua=mailto:postmaster@{domain}");
    plan.push(txt(format!("_dmarc.{domain}."), dmarc, Purpose::Dmarc));
    if let Some(host) = below.bounces {
        plan.push(record(format!("{host}."), RecordType::Mx, format!("10 {hostname}."), Purpose::Bounces));
        plan.push(txt(format!("{host}."), spf, Purpose::BounceSpf));
    }
    if let Some(label) = below.links {
        let name = format!("{label}.{domain}.");
        plan.push(record(name, RecordType::Cname, format!("{hostname}."), Purpose::Links));
    }
    plan
}

/// The record of a key.
pub(crate) fn key_record(key: &DkimKeyRow, purpose: Purpose) -> PlannedRecord {
    let name = format!("{}._domainkey.{}.", key.selector, key.domain);
    PlannedRecord { name, kind: RecordType::Txt, value: key.record.clone(), purpose }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_source_is_planned() {
        let name = |text: &str| Domain::parse(text).unwrap();
        let sources = Sources {
            hostname: name("mail.example.org"),
            addresses: vec![
                (name("mail.example.org"), "192.0.2.1".parse().unwrap()),
                (name("news.example.org"), "192.0.2.2".parse().unwrap()),
            ],
        };
        let below = Hosts { links: Some("email"), bounces: Some("bounce.example.org") };
        let plan = plan(&name("example.org"), &sources, &[], below);
        let has = |name: &str, value: &str| {
            plan.iter().filter(|record| record.name == name && record.value == value).count()
        };
        assert_eq!(has("example.org.", "v=spf1 a:mail.example.org a:news.example.org -all"), 1);
        assert_eq!(has("2.2.0.192.in-addr.arpa.", "news.example.org."), 1);
        assert_eq!(has("mail.example.org.", "v=spf1 a -all") + has("news.example.org.", "v=spf1 a -all"), 2);
        assert_eq!(has("email.example.org.", "mail.example.org."), 1);
        assert_eq!(has("bounce.example.org.", "10 mail.example.org."), 1);
        assert_eq!(has("bounce.example.org.", "v=spf1 a:mail.example.org a:news.example.org -all"), 1);
    }
}
