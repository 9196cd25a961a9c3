//! Events counted by hour, so that nobody who asks for a month has to read a million of them.
//!
//! ```text
//!   a/DOMAIN/HOUR               all events of a domain
//!   t/DOMAIN/TAG/HOUR           of messages with a tag
//!   p/DOMAIN/PROVIDER/HOUR      of recipients whose mail a provider takes
//!   u/MESSAGE/WORD/RECIPIENT    that a recipient opened or clicked a message
//! ```
//! An hour is written `2026-07-06T09`, in UTC, so that hours stand in their order. In a tag `%2F` stands for `/`.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use tegami_mail::failure::{Cause, Provider};
use tegami_queue::{EventData, Reason};
use tegami_store::{Event, EventKind, Origin, QueueId, Store, StoreError, Table, TableChange};

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
        // What goes to a member of a mailing list has the origin of what came to the list.
        EventKind::Accepted
            if matches!(event.origin, Some(Origin::Reception { .. })) && !is_of_list(event) =>
        {
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
        EventKind::Operated | EventKind::Examined => {}
    }
    names
}

/// Whether it tells of a member's copy, not of what came to the list.
fn is_of_list(event: &Event) -> bool {
    let list = event.summary.as_ref().and_then(|summary| summary.list.as_deref());
    let recipient = event.event.recipient.as_deref().unwrap_or_default();
    list.is_some_and(|list| !list.eq_ignore_ascii_case(recipient))
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
    keys.extend(tags.iter().map(|tag| format!("t/{domain}/{}/{hour}", encoded(tag))));
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
            Self::Tag(domain, tag) => format!("t/{domain}/{}/", encoded(tag)),
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
        found.push(decoded(value));
    }
    Ok(found)
}

/// Forgets hours that nobody asks for any more: of domains after a year, of tags and providers after three months.
pub(crate) async fn forget(store: &dyn Store, now: Timestamp) -> Result<(), StoreError> {
    forget_firsts(store, now).await?;
    for (kind, days) in [("a/", 400), ("t/", KEPT), ("p/", KEPT)] {
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

/// Days for which it is known what a recipient has opened.
const KEPT: i64 = 100;

async fn forget_firsts(store: &dyn Store, now: Timestamp) -> Result<(), StoreError> {
    let Ok(limit) = now.checked_sub(SignedDuration::from_hours(24 * KEPT)) else { return Ok(()) };
    // Identifiers of messages begin with the time.
    let limit = QueueId::from_bits(u128::try_from(limit.as_millisecond()).unwrap_or_default() << 80);
    let limit = format!("u/{limit}");
    loop {
        let rows = store.scan(Table::Statistics, "u/", None, BATCH).await?;
        let old: Vec<String> = rows.into_iter().map(|(key, _)| key).filter(|key| *key < limit).collect();
        let more = old.len() >= BATCH;
        if !old.is_empty() {
            store.delete(Table::Statistics, old).await?;
        }
        if !more {
            return Ok(());
        }
    }
}

/// What says that a recipient opened or clicked a message.
pub(crate) fn first_key(message: QueueId, word: &str, recipient: &str) -> String {
    format!("u/{message}/{word}/{recipient}")
}

/// That it is kept.
pub(crate) fn first(key: String) -> TableChange {
    TableChange { table: Table::Statistics, key, value: Some(serde_json::Value::Object(Map::new())) }
}

/// A tag as a part of a key: what begins with a tag and a slash would stand among the hours of that tag.
fn encoded(tag: &str) -> String {
    tag.replace('%', "%25").replace('/', "%2F")
}

fn decoded(part: &str) -> String {
    part.replace("%2F", "/").replace("%25", "%")
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

#[cfg(test)]
mod tests {
    use tegami_store::{Embedded, IdSource, Options};

    use super::*;

    #[tokio::test]
    async fn tags_with_slashes_stand_beside_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let store = Embedded::open(folder.path(), Options::default()).unwrap();
        let (now, mut tally) = (Timestamp::from_second(1_783_300_000).unwrap(), BTreeMap::new());
        let mut counts = Counts::default();
        counts.add("opened");
        for tag in ["a", "a/b", "a%2fb", "b"] {
            let prefix = Whose::Tag("d.test".to_owned(), tag.to_owned()).prefix();
            tally.insert(format!("{prefix}{}", hour(now)), counts.clone());
        }
        store.change(changes(&store, tally).await.unwrap()).await.unwrap();
        let mut found = values(&store, 't', "d.test").await.unwrap();
        found.sort_unstable();
        assert_eq!(found, ["a", "a%2fb", "a/b", "b"]);
        for tag in found {
            let whose = Whose::Tag("d.test".to_owned(), tag);
            let hours = hours(&store, &whose, now - SignedDuration::from_hours(1), now).await.unwrap();
            assert_eq!(hours.len(), 1, "{whose:?}");
        }
    }

    #[tokio::test]
    async fn what_was_opened_is_forgotten_with_the_tags() {
        let folder = tempfile::tempdir().unwrap();
        let store = Embedded::open(folder.path(), Options::default()).unwrap();
        let now = Timestamp::from_second(1_783_300_000).unwrap();
        let ids = IdSource::default();
        let key = |days: i64| {
            first_key(ids.next(now - SignedDuration::from_hours(24 * days)), "opened", "a@example.net")
        };
        let (old, young) = (key(KEPT + 1), key(KEPT - 1));
        store.change(vec![first(old.clone()), first(young.clone())]).await.unwrap();
        forget(&store, now).await.unwrap();
        assert_eq!(store.get(Table::Statistics, &old).await.unwrap(), None);
        assert!(store.get(Table::Statistics, &young).await.unwrap().is_some());
    }
}
