//! What the owner of a domain has to publish.

use tegami_dns::{Data, RecordType};
use tegami_doctor::plan::{Key, KeyState, Want, Wishes};
pub use tegami_doctor::plan::{Purpose, Server as Sources};
use tegami_mail::Domain;
use tegami_store::{DkimKeyRow, KeyTurn};

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

/// What a domain needs so that its mail is believed: MX, SPF, DKIM, DMARC, and the addresses of the server's name, as a zone without any of it would.
pub fn plan(domain: &Domain, sources: &Sources, keys: &[DkimKeyRow], below: Hosts<'_>) -> Vec<PlannedRecord> {
    let wishes = Wishes {
        links: below.links.map(str::to_owned),
        bounces: below.bounces.map(str::to_owned),
        ..Wishes::usual(domain.clone(), sources.clone(), keys.iter().map(key).collect())
    };
    let wants = tegami_doctor::plan::want(&wishes);
    wants.iter().flat_map(|want| want.data.iter().map(|data| record(want, data))).collect()
}

fn record(want: &Want, data: &Data) -> PlannedRecord {
    let value = tegami_doctor::plan::export::plain(data);
    PlannedRecord { name: format!("{}.", want.name), kind: want.kind, value, purpose: want.purpose }
}

/// A key, as plans know it.
pub fn key(row: &DkimKeyRow) -> Key {
    let state = match row.turn {
        Some(KeyTurn::Revoking | KeyTurn::Revoked { .. }) => KeyState::Revoked,
        Some(KeyTurn::Leaving) => KeyState::Gone,
        _ if row.active => KeyState::Signs,
        _ => KeyState::Spare,
    };
    Key { domain: row.domain.clone(), selector: row.selector.clone(), record: row.record.clone(), state }
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
