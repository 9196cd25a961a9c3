//! The order in which the hosts are tried: the lowest preference first.

use tegami_auth::dmarc::public_suffix::organizational_domain;
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_dns::DnsName;
use tegami_mail::{Domain, note};

use super::super::{MailHost, MailHosts, change, lines};
use super::provider;
use crate::{About, Check, Finding, Fix};

pub(in super::super) const PREFS_ORDER: Check =
    Check::new("mx.prefs-order", About::Domain, Severity::S1, "RFC 5321 section 5.1").after(&["mx.exists"]);

/// What people call a host that others stand in for.
const BACKUP: [&str; 8] = ["backup", "bak", "secondary", "fallback", "spare", "standby", "second", "slave"];

/// The host that Google's own instructions put first, and those behind it.
const GOOGLE: &str = "aspmx.l.google.com";

/// Two hosts whose preferences say the contrary of their names.
struct Reversed<'h> {
    /// Should be tried first.
    first: &'h MailHost,
    then: &'h MailHost,
}

pub(super) fn judge(domain: &Domain, hosts: &MailHosts) -> Finding {
    let real: Vec<&MailHost> = hosts.real().collect();
    let finding = if let Some(wrong) = backup_first(&real) {
        let Reversed { first, then } = &wrong;
        PREFS_ORDER
            .warn(domain, note!("mx-prefs-order-backup", backup = then.name, host = first.name))
            .severity(Severity::S2)
            .fix(
                Fix::new(note!("mx-prefs-order-fix", host = first.name)).records(wrong.behind(domain, &real)),
            )
            .likely()
    } else if let Some(wrong) = google_reversed(&real) {
        let Reversed { first, then } = &wrong;
        PREFS_ORDER
            .warn(domain, note!("mx-prefs-order-google", host = first.name, other = then.name))
            .fix(Fix::new(note!("mx-prefs-order-fix", host = first.name)).records(wrong.exchanged(domain)))
    } else if let Some(Reversed { first, then }) = numbers_reversed(&real) {
        PREFS_ORDER
            .info(domain, note!("mx-prefs-order-numbers", first = then.name, then = first.name))
            .likely()
    } else if let Some((first, other)) = elsewhere(&real) {
        PREFS_ORDER
            .info(domain, note!("mx-prefs-order-elsewhere", host = first.name, other = other.name))
            .likely()
    } else {
        let first = hosts.hosts.first().map(|host| host.name.to_string()).unwrap_or_default();
        PREFS_ORDER.pass(domain, note!("mx-prefs-order", host = first))
    };
    finding.evidences(lines(domain, hosts.hosts.iter())).ttl(hosts.ttl)
}

impl Reversed<'_> {
    /// The records with exchanged preferences.
    fn exchanged(&self, domain: &Domain) -> Vec<Change> {
        let (Some(late), Some(early)) = (self.first.preference, self.then.preference) else {
            return Vec::new();
        };
        vec![
            change(Operation::Delete, domain, early, &self.then.name),
            change(Operation::Delete, domain, late, &self.first.name),
            change(Operation::Add, domain, early, &self.first.name),
            change(Operation::Add, domain, late, &self.then.name),
        ]
    }

    /// The record of the host that stands in, behind all others.
    fn behind(&self, domain: &Domain, all: &[&MailHost]) -> Vec<Change> {
        let last = all.iter().filter_map(|host| host.preference).max().unwrap_or_default();
        let delete =
            self.then.preference.map(|early| change(Operation::Delete, domain, early, &self.then.name));
        let add = change(Operation::Add, domain, last.saturating_add(10), &self.then.name);
        delete.into_iter().chain([add]).collect()
    }
}

fn is_backup(name: &DnsName) -> bool {
    let label = name.as_str().split('.').next().unwrap_or_default();
    let mut words = label.split(|c: char| c == '-' || c == '_' || c.is_ascii_digit());
    words.any(|word| {
        let word = word.strip_prefix("mx").unwrap_or(word);
        let word = word.strip_suffix("mx").unwrap_or(word);
        BACKUP.contains(&word)
    })
}

/// A host that is called a backup and is not tried after the others.
fn backup_first<'h>(hosts: &[&'h MailHost]) -> Option<Reversed<'h>> {
    hosts.iter().filter(|host| is_backup(&host.name)).find_map(|then| {
        let first = hosts.iter().find(|host| !is_backup(&host.name) && host.preference >= then.preference)?;
        Some(Reversed { first, then })
    })
}

/// Google names one host first; the others stand in for it.
fn google_reversed<'h>(hosts: &[&'h MailHost]) -> Option<Reversed<'h>> {
    let first = hosts.iter().find(|host| host.name.as_str() == GOOGLE)?;
    let of_google = |host: &&&MailHost| provider(&host.name).is_some_and(|(name, _)| name == "google");
    let then = hosts.iter().filter(of_google).find(|host| host.preference < first.preference)?;
    Some(Reversed { first, then })
}

/// `mx2` before `mx1`, and nowhere the other way round.
fn numbers_reversed<'h>(hosts: &[&'h MailHost]) -> Option<Reversed<'h>> {
    let numbered = |host: &'h MailHost| -> Option<(&'h str, u32, &'h str)> {
        let (label, rest) = host.name.as_str().split_once('.')?;
        let stem = label.trim_end_matches(|c: char| c.is_ascii_digit());
        Some((stem, label.strip_prefix(stem)?.parse().ok()?, rest))
    };
    let mut found = None;
    for one in hosts {
        for two in hosts {
            let (Some(low), Some(high)) = (numbered(one), numbered(two)) else { continue };
            if (low.0, low.2) != (high.0, high.2) || low.1 >= high.1 {
                continue;
            }
            if one.preference < two.preference {
                return None;
            }
            if one.preference > two.preference {
                found = Some(Reversed { first: one, then: two });
            }
        }
    }
    found
}

/// The first host, and one of another organization that stands in for it.
fn elsewhere<'h>(hosts: &[&'h MailHost]) -> Option<(&'h MailHost, &'h MailHost)> {
    let organization = |host: &MailHost| {
        let name = Domain::parse(host.name.as_str()).ok()?;
        Some(organizational_domain(&name))
    };
    let first = *hosts.first()?;
    let own = organization(first)?;
    let known = provider(&first.name);
    let other = hosts.iter().find(|host| {
        host.preference > first.preference
            && organization(host).is_some_and(|other| other != own)
            && (known.is_none() || provider(&host.name) != known)
    })?;
    Some((first, other))
}

#[cfg(test)]
pub(in super::super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::Fixture;
    vec![
        Fixture::pass("mx.prefs-order", ""),
        Fixture::warn("mx.prefs-order", "example.com. MX 5 backup.example.com.\nbackup A 203.0.113.7"),
        Fixture::warn("mx.prefs-order", "example.com. MX 10 mx-backup.example.com.\nmx-backup A 203.0.113.7"),
        Fixture::pass("mx.prefs-order", "example.com. MX 30 backup.example.com.\nbackup A 203.0.113.7"),
        Fixture::warn(
            "mx.prefs-order",
            "- example.com. MX\nexample.com. MX 10 aspmx.l.google.com.\nexample.com. MX 5 alt1.aspmx.l.google.com.
            aspmx.l.google.com. A 203.0.113.5\nalt1.aspmx.l.google.com. A 203.0.113.6",
        ),
        Fixture::info("mx.prefs-order", "- example.com. MX 20\nexample.com. MX 5 mx2.example.com."),
        Fixture::info("mx.prefs-order", "example.com. MX 30 mx.example.net.\nmx.example.net. A 203.0.113.7"),
        Fixture::na("mx.prefs-order", "- example.com. MX"),
    ]
}
