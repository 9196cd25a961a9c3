//! From events to what is made of them: requests for those who asked, counts by hour, tags that were seen.
//!
//! One place in the order of events is kept, and moves in the commit of everything that was made of the events before it: none is told twice, none
//! is forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};
use tegami_queue::{Call, CallSubject, EventData};
use tegami_store::{Event, EventFilter, EventKind, StoreError, Table, TableChange};

use super::Calls;
use crate::statistics::{self, Counts};
use crate::tag::{self, Tag};
use crate::webhook;

/// The place, among the values.
const PLACE: &str = "events-told";
/// Events that are read at once.
const BATCH: usize = 1000;

pub(super) struct Feed {
    calls: Arc<Calls>,
    /// The last event that was seen to, if any was; `None` before the place was read.
    place: Option<Option<u64>>,
    /// URLs by `domain/type`, as the table had them at this number.
    urls: (Option<u64>, BTreeMap<String, Vec<String>>),
}

/// What becomes of a batch of events.
#[derive(Default)]
struct Made {
    calls: Vec<Call>,
    tally: BTreeMap<String, Counts>,
    tags: BTreeMap<String, (String, Tag)>,
    /// Keys of what was opened or clicked for the first time.
    firsts: BTreeSet<String>,
}

impl Feed {
    pub(super) fn new(calls: Arc<Calls>) -> Self {
        Self { calls, place: None, urls: (None, BTreeMap::new()) }
    }

    /// Sees to the next events. Gives back the requests that were written, and whether more events are there.
    pub(super) async fn step(&mut self) -> Result<(Vec<Call>, bool), StoreError> {
        let place = match self.place {
            Some(place) => place,
            None => self.read_place().await?,
        };
        self.place = Some(place);
        self.calls.seen.send_replace(Some(place.map_or(0, |place| place + 1)));
        let filter = EventFilter { from_seq: place, limit: BATCH, ..EventFilter::default() };
        let events = self.calls.store.events(filter).await?;
        let Some(last) = events.last().map(|event| event.seq) else { return Ok((Vec::new(), false)) };
        self.read_urls().await?;
        let _alone = tag::WRITING.lock().await;
        let mut made = Made::default();
        for event in &events {
            self.see(event, &mut made).await?;
        }
        let mut changes = statistics::changes(&*self.calls.store, made.tally).await?;
        changes.extend(made.firsts.into_iter().map(statistics::first));
        changes.extend(made.tags.values().map(|(domain, tag)| tag.change(domain)));
        changes.extend(made.calls.iter().map(Call::change));
        let place = Some(json!({"seq": last}));
        changes.push(TableChange { table: Table::Values, key: PLACE.to_owned(), value: place });
        self.calls.store.change(changes).await?;
        self.place = Some(Some(last));
        self.calls.seen.send_replace(Some(last + 1));
        Ok((made.calls, events.len() >= BATCH))
    }

    async fn read_place(&self) -> Result<Option<u64>, StoreError> {
        let row = self.calls.store.get(Table::Values, PLACE).await?;
        Ok(row.and_then(|row| row.get("seq").and_then(Value::as_u64)))
    }

    async fn read_urls(&mut self) -> Result<(), StoreError> {
        let version = self.calls.store.version(Table::Webhooks);
        if version.is_none() || version != self.urls.0 {
            self.urls = (version, webhook::everybodys(&*self.calls.store).await?);
        }
        Ok(())
    }

    async fn see(&self, event: &Event, made: &mut Made) -> Result<(), StoreError> {
        let data = EventData::from_json(&event.event.data).unwrap_or_default();
        let first = self.is_first(event, made).await?;
        let names = statistics::names(event, &data, first);
        if !names.is_empty() {
            for key in statistics::keys(event, &data) {
                let counts = made.tally.entry(key).or_default();
                names.iter().for_each(|name| counts.add(name));
            }
        }
        if event.event.kind == EventKind::Accepted {
            self.see_tags(event, made).await?;
        }
        self.tell(event, made);
        Ok(())
    }

    /// Whether a recipient opened or clicked a message never before.
    async fn is_first(&self, event: &Event, made: &mut Made) -> Result<bool, StoreError> {
        let word = match event.event.kind {
            EventKind::Opened => "opened",
            EventKind::Clicked => "clicked",
            _ => return Ok(false),
        };
        let Some((message, recipient)) = event.event.message.zip(event.event.recipient.as_ref()) else {
            return Ok(true);
        };
        let key = statistics::first_key(message, word, recipient);
        let known =
            made.firsts.contains(&key) || self.calls.store.get(Table::Statistics, &key).await?.is_some();
        Ok(!known && made.firsts.insert(key))
    }

    async fn see_tags(&self, event: &Event, made: &mut Made) -> Result<(), StoreError> {
        let domain = &event.event.domain;
        for text in event.summary.iter().flat_map(|summary| &summary.tags) {
            let key = tag::key(domain, text);
            if !made.tags.contains_key(&key) {
                let kept = tag::find(&*self.calls.store, domain, text).await?;
                let kept = kept.unwrap_or_else(|| Tag::new(text));
                made.tags.insert(key.clone(), (domain.clone(), kept));
            }
            if let Some((_, tag)) = made.tags.get_mut(&key) {
                tag.see(event.event.at);
            }
        }
        Ok(())
    }

    /// A request for each URL that is told of such events.
    fn tell(&self, event: &Event, made: &mut Made) {
        let Some(kind) = webhook::kind_of(event.event.kind) else { return };
        let domain = &event.event.domain;
        let Some(urls) = self.urls.1.get(&format!("{domain}/{kind}")) else { return };
        let now = self.calls.clock.now();
        for (place, url) in urls.iter().enumerate() {
            let subject = CallSubject::Event { seq: event.seq, kind: kind.to_owned() };
            made.calls.push(Call::new(format!("event-{}-{place}", event.seq), domain, url, subject, now));
        }
    }
}
