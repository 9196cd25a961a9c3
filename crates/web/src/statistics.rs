//! Events counted by hour, so that nobody who asks for a month has to read a million of them.
//!
//! ```text
//!   a/DOMAIN/HOUR               all events of a domain
//!   t/DOMAIN/TAG/HOUR           of messages with a tag
//!   p/DOMAIN/PROVIDER/HOUR      of recipients whose mail a provider takes
//! ```
//! An hour is written `2026-07-06T09`, in UTC, so that hours stand in their order.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tegami_mail::failure::{Cause, Provider};
use tegami_queue::{EventData, Reason};
use tegami_store::{Event, EventKind, Origin, Store, StoreError, Table, TableChange};

/// How often what happened, by name. Names that are not there stand for 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Counts(BTreeMap<String, u64>);

impl Counts {
    /// So often.
    pub(crate) fn of(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// Once more.
    pub(crate) fn add(&mut self, name: &str) {
        match self.0.get_mut(name) {
            Some(count) => *count += 1,
            None => drop(self.0.insert(name.to_owned(), 1)),
        }
    }

    /// With what others counted.
    pub(crate) fn join(&mut self, others: &Self) {
        for (name, count) in &others.0 {
            *self.0.entry(name.clone()).or_default() += count;
        }
    }
}

/// The names under which an event counts. `first` says of an opening or a click whether it is the recipient's first.
pub(crate) fn names(event: &Event, data: &EventData, first: bool) -> Vec<&'static str> {
    let mut names = Vec::new();
    let unique = |names: &mut Vec<_>, name| {
        if first {
            names.push(name);
        }
    };
    match event.event.kind {
        EventKind::Accepted if matches!(event.origin, Some(Origin::Reception { .. })) => {
            names.push("accepted-incoming");
        }
        EventKind::Accepted => names.push("accepted-outgoing"),
        EventKind::Rejected => names.push("rejected"),
        EventKind::Delivered => {
            names.push(if data.url.is_some() { "delivered-http" } else { "delivered-smtp" });
            names.push(if data.attempt <= 1 { "delivered-first-attempt" } else { "delivered-subsequent" });
        }
        EventKind::Deferred => {
            names.push("temporary");
            if data.reason == Some(Reason::Espblock) {
                names.push("temporary-espblock");
            }
            if data.attempt <= 1 {
                names.push("delayed-first-attempt");
            }
            if data.cause == Some(Cause::Rate) {
                names.push("rate-limit");
            }
        }
        EventKind::Failed => failed(data, &mut names),
        EventKind::Stored => names.push("stored"),
        EventKind::Complained => names.push("complained"),
        EventKind::Unsubscribed => names.push("unsubscribed"),
        EventKind::Opened => {
            names.push("opened");
            unique(&mut names, "opened-unique");
        }
        EventKind::Clicked => {
            names.push("clicked");
            unique(&mut names, "clicked-unique");
        }
        EventKind::Operated => {}
    }
    names
}

fn failed(data: &EventData, names: &mut Vec<&'static str>) {
    names.push("permanent");
    let bounced = match data.reason {
        _ if data.url.is_some() => {
            names.push("permanent-webhook");
            return;
        }
        Some(Reason::SuppressBounce) => "permanent-suppress-bounce",
        Some(Reason::SuppressUnsubscribe) => "permanent-suppress-unsubscribe",
        Some(Reason::SuppressComplaint) => "permanent-suppress-complaint",
        Some(Reason::Old) => "permanent-old",
        Some(Reason::Dropped) => return,
        _ if data.report.is_some() => "permanent-delayed-bounce",
        Some(Reason::Espblock) => {
            names.push("permanent-espblock");
            "permanent-bounce"
        }
        _ => "permanent-bounce",
    };
    names.push(bounced);
    if matches!(bounced, "permanent-bounce" | "permanent-delayed-bounce") {
        let soft = data.verdict().is_some_and(|verdict| verdict.retry());
        names.push(if soft { "soft-bounce" } else { "hard-bounce" });
    }
}

/// The keys under which an event is counted.
pub(crate) fn keys(event: &Event, data: &EventData) -> Vec<String> {
    let (domain, hour) = (&event.event.domain, hour(event.event.at));
    let mut keys = vec![format!("a/{domain}/{hour}")];
    let mut tags: Vec<String> =
        event.summary.iter().flat_map(|summary| &summary.tags).map(|tag| tag.to_lowercase()).collect();
    tags.sort_unstable();
    tags.dedup();
    keys.extend(tags.iter().map(|tag| format!("t/{domain}/{tag}/{hour}")));
    if let Some(provider) = provider(data) {
        keys.push(format!("p/{domain}/{provider}/{hour}"));
    }
    keys
}

/// All providers whom we know no better.
pub(crate) const OTHER: &str = "other";

/// Who takes the recipient's mail, where a host of theirs has spoken.
pub(crate) fn provider(data: &EventData) -> Option<&'static str> {
    let host = data.mx_host.as_deref().filter(|_| data.url.is_none())?;
    Some(Provider::of_host(host).map_or(OTHER, Provider::as_str))
}

/// The rows that `tally` has added to what stood in them.
pub(crate) async fn changes(
    store: &dyn Store,
    tally: BTreeMap<String, Counts>,
) -> Result<Vec<TableChange>, StoreError> {
    let mut changes = Vec::with_capacity(tally.len());
    for (key, mut counts) in tally {
        if let Some(row) = store.get(Table::Statistics, &key).await? {
            counts.join(&serde_json::from_value(row).unwrap_or_default());
        }
        let value = serde_json::to_value(&counts).unwrap_or_default();
        changes.push(TableChange { table: Table::Statistics, key, value: Some(value) });
    }
    Ok(changes)
}

/// Whose events are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// All of a domain.
    Domain(String),
    /// Of messages with a tag, in lower case.
    Tag(String, String),
    /// Of recipients at a provider.
    Provider(String, String),
}

impl Whose {
    fn prefix(&self) -> String {
        match self {
            Self::Domain(domain) => format!("a/{domain}/"),
            Self::Tag(domain, tag) => format!("t/{domain}/{tag}/"),
            Self::Provider(domain, provider) => format!("p/{domain}/{provider}/"),
        }
    }
}

/// Rows that are read at once.
const BATCH: usize = 500;
/// Octets of an hour.
const HOUR: usize = 13;

/// The hours from `begin` to before `end` in which something was counted.
pub(crate) async fn hours(
    store: &dyn Store,
    whose: &Whose,
    begin: Timestamp,
    end: Timestamp,
) -> Result<Vec<(Timestamp, Counts)>, StoreError> {
    let prefix = whose.prefix();
    // An hour stands before everything that begins with it, and after the second before it.
    let before = begin.checked_sub(SignedDuration::from_hours(1)).unwrap_or(begin);
    let mut after = format!("{prefix}{}", hour(before));
    let last = format!("{prefix}{}", hour(end));
    let mut found = Vec::new();
    loop {
        let rows = store.scan(Table::Statistics, &prefix, Some(&after), BATCH).await?;
        let whole = rows.len() >= BATCH;
        for (key, row) in rows {
            if key > last {
                return Ok(found);
            }
            let moment = key.get(prefix.len()..).and_then(moment);
            if let Some(moment) = moment.filter(|moment| *moment >= begin && *moment < end) {
                found.push((moment, serde_json::from_value(row).unwrap_or_default()));
            }
            after = key;
        }
        if !whole {
            return Ok(found);
        }
    }
}

/// The domains of which something was counted.
pub(crate) async fn domains(store: &dyn Store) -> Result<Vec<String>, StoreError> {
    below(store, "a/").await
}

/// The tags or providers of a domain of which something was counted; `kind` is their letter.
pub(crate) async fn values(store: &dyn Store, kind: char, domain: &str) -> Result<Vec<String>, StoreError> {
    below(store, &format!("{kind}/{domain}/")).await
}

/// What stands between a prefix and the hours.
async fn below(store: &dyn Store, prefix: &str) -> Result<Vec<String>, StoreError> {
    let (mut found, mut after) = (Vec::new(), prefix.to_owned());
    while let Some((key, _)) = store.scan(Table::Statistics, prefix, Some(&after), 1).await?.pop() {
        let Some(value) = base(&key).and_then(|base| base.get(prefix.len()..)) else { break };
        // Behind all hours of this value.
        after = format!("{prefix}{value}/~");
        found.push(value.to_owned());
    }
    Ok(found)
}

/// Forgets hours that nobody asks for any more: of domains after a year, of tags and providers after three months.
pub(crate) async fn forget(store: &dyn Store, now: Timestamp) -> Result<(), StoreError> {
    for (kind, days) in [("a/", 400), ("t/", 100), ("p/", 100)] {
        let Ok(limit) = now.checked_sub(SignedDuration::from_hours(24 * days)) else { continue };
        let mut after = kind.to_owned();
        while let Some((key, _)) = store.scan(Table::Statistics, kind, Some(&after), 1).await?.pop() {
            let Some(base) = base(&key) else {
                after = key;
                continue;
            };
            let (prefix, last) = (format!("{base}/"), format!("{base}/{}", hour(limit)));
            let rows = store.scan(Table::Statistics, &prefix, None, BATCH).await?;
            let old: Vec<String> = rows.into_iter().map(|(key, _)| key).filter(|key| *key < last).collect();
            if old.len() < BATCH {
                after = format!("{base}/~");
            }
            if !old.is_empty() {
                store.delete(Table::Statistics, old).await?;
            }
        }
    }
    Ok(())
}

/// A key without its hour.
fn base(key: &str) -> Option<&str> {
    key.rsplit_once('/').map(|(base, _)| base)
}

fn hour(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H").to_string()
}

fn moment(hour: &str) -> Option<Timestamp> {
    if hour.len() == HOUR { format!("{hour}:00:00Z").parse().ok() } else { None }
}
