//! Who receives mail for many domains: the one table of providers, `data/providers.toml`, for people to read and extend.
//!
//! [`failure::Provider`](crate::failure::Provider) names those whose replies are known; which MX hosts are theirs stands here.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// One provider, as the table has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Preset {
    /// What people call it.
    pub title: Option<String>,
    /// Ends of MX host names.
    pub mx: Vec<String>,
    /// Recipient domains whose MX hosts do not tell.
    pub domains: Vec<String>,
    /// Where it tells senders what it expects.
    pub guidelines: Option<String>,
    /// Connections at the same time from one source address.
    pub connections: Option<Limit>,
    /// Messages in one connection.
    pub messages_per_connection: Option<Limit>,
    /// Recipients in one transaction.
    pub recipients: Option<Limit>,
    /// Messages in a minute from one source address.
    pub per_minute: Option<Limit>,
    /// Messages in an hour from one source address.
    pub per_hour: Option<Limit>,
    /// Minutes of silence after the first reply that says "too much".
    pub first_pause: Option<u32>,
    /// Minutes that no pause exceeds.
    pub longest_pause: Option<u32>,
    /// Minutes of success before a tenth of what was taken away is given back.
    pub recover: Option<u32>,
}

/// A number and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Limit {
    /// The number, 1 or more.
    pub limit: u32,
    /// Who says so.
    pub from: Authority,
    /// Why, in words.
    pub why: String,
}

/// Who says that a limit is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Authority {
    /// The provider documents it.
    Provider,
    /// Our cautious choice.
    Tegami,
    /// Whoever runs this server.
    Operator,
}

/// The two ways to write a limit.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u32),
    Told { limit: u32, from: Authority, why: String },
}

impl From<Written> for Limit {
    fn from(written: Written) -> Self {
        match written {
            Written::Number(limit) => Self::of_operator(limit),
            Written::Told { limit, from, why } => Self { limit: limit.max(1), from, why },
        }
    }
}

impl Limit {
    /// A number that the operator gives.
    pub fn of_operator(limit: u32) -> Self {
        Self { limit: limit.max(1), from: Authority::Operator, why: String::new() }
    }
}

impl Preset {
    /// What `over` names replaces what stands here; lists are joined.
    #[must_use]
    pub fn overlaid(&self, over: &Self) -> Self {
        let joined = |own: &[String], other: &[String]| {
            let mut all = own.to_vec();
            all.extend(other.iter().filter(|name| !own.contains(name)).cloned());
            all
        };
        Self {
            title: over.title.clone().or_else(|| self.title.clone()),
            mx: joined(&self.mx, &over.mx),
            domains: joined(&self.domains, &over.domains),
            guidelines: over.guidelines.clone().or_else(|| self.guidelines.clone()),
            connections: over.connections.clone().or_else(|| self.connections.clone()),
            messages_per_connection: over
                .messages_per_connection
                .clone()
                .or_else(|| self.messages_per_connection.clone()),
            recipients: over.recipients.clone().or_else(|| self.recipients.clone()),
            per_minute: over.per_minute.clone().or_else(|| self.per_minute.clone()),
            per_hour: over.per_hour.clone().or_else(|| self.per_hour.clone()),
            first_pause: over.first_pause.or(self.first_pause),
            longest_pause: over.longest_pause.or(self.longest_pause),
            recover: over.recover.or(self.recover),
        }
    }
}

/// The name under which the table keeps what holds for everybody else.
pub const DEFAULT: &str = "default";

/// The name under which the table keeps what holds for routes of ours through other hosts.
pub const SMARTHOST: &str = "smarthost";

/// The table, by name; [`DEFAULT`] and [`SMARTHOST`] are among them.
pub fn presets() -> &'static BTreeMap<String, Preset> {
    &PRESETS
}

/// Constant like the text that it is read from; a test sees to it that the text can be read.
static PRESETS: LazyLock<BTreeMap<String, Preset>> =
    LazyLock::new(|| toml::from_str(include_str!("../data/providers.toml")).unwrap_or_default());

/// Ends of names, each with what belongs to it: the longest end that fits decides.
#[derive(Clone, Debug)]
pub struct Ends<T>(BTreeMap<String, T>);

impl<T> Default for Ends<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Ends<T> {
    /// Adds an end; one that is there already is replaced.
    pub fn insert(&mut self, end: &str, of: T) {
        self.0.insert(plain(end), of);
    }

    /// What belongs to a host name.
    pub fn find(&self, host: &str) -> Option<&T> {
        let host = plain(host);
        let mut rest = host.as_str();
        loop {
            if let Some(found) = self.0.get(rest) {
                return Some(found);
            }
            rest = rest.split_once('.')?.1;
        }
    }
}

fn plain(name: &str) -> String {
    name.trim_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Provider;

    #[test]
    fn the_table_can_be_read_and_every_limit_tells_its_source() {
        let text = include_str!("../data/providers.toml");
        let read: BTreeMap<String, Preset> = toml::from_str(text).unwrap();
        assert_eq!(&read, presets());
        assert!(read.contains_key(DEFAULT) && read.contains_key(SMARTHOST));
        for (name, preset) in &read {
            assert!(preset.title.is_some(), "{name}");
            let limits = [
                &preset.connections,
                &preset.messages_per_connection,
                &preset.recipients,
                &preset.per_minute,
                &preset.per_hour,
            ];
            for limit in limits.into_iter().flatten() {
                assert!(limit.limit > 0 && !limit.why.is_empty(), "{name}");
                assert_ne!(limit.from, Authority::Operator, "{name}");
            }
        }
    }

    #[test]
    fn every_provider_with_known_replies_stands_in_the_table_and_nobody_else() {
        let known: Vec<&str> = Provider::ALL.iter().map(|provider| provider.as_str()).collect();
        let named: Vec<&str> = presets()
            .keys()
            .map(String::as_str)
            .filter(|name| ![DEFAULT, SMARTHOST].contains(name))
            .collect();
        for name in &named {
            assert!(known.contains(name), "{name} has no word in `failure::Provider`");
        }
        assert_eq!(known.len(), named.len());
    }

    #[test]
    fn no_two_providers_share_an_end() {
        let mut seen = BTreeMap::new();
        for (name, preset) in presets() {
            for end in preset.mx.iter().chain(&preset.domains) {
                assert_eq!(seen.insert(end, name), None, "{end}");
            }
        }
    }

    #[test]
    fn the_longest_end_decides() {
        for (host, expect) in [
            ("gmail-smtp-in.l.google.com", Some(Provider::Google)),
            ("GMAIL-SMTP-IN.L.GOOGLE.COM.", Some(Provider::Google)),
            ("notgoogle.com", None),
            ("outlook-com.olc.protection.outlook.com", Some(Provider::Outlook)),
            ("example-org.mail.protection.outlook.com", Some(Provider::Microsoft365)),
            ("mta5.am0.yahoodns.net", Some(Provider::Yahoo)),
            ("mx1.mail.yahoo.co.jp", Some(Provider::YahooJapan)),
            ("mfsmax.docomo.ne.jp", Some(Provider::Docomo)),
            ("mx.example.org", None),
            ("", None),
        ] {
            assert_eq!(Provider::of_host(host), expect, "{host}");
        }
    }

    #[test]
    fn an_operators_table_changes_what_it_names() {
        let mine: Preset = toml::from_str("mx = [\"mx.example.org\"]\nconnections = 3\n").unwrap();
        let yahoo = presets().get("yahoo").unwrap();
        let both = yahoo.overlaid(&mine);
        assert_eq!(both.mx, ["yahoodns.net", "mx.example.org"]);
        assert_eq!(both.connections, Some(Limit::of_operator(3)));
        assert_eq!(both.messages_per_connection, yahoo.messages_per_connection);
        assert!(toml::from_str::<Preset>("conections = 3").is_err());
    }
}
