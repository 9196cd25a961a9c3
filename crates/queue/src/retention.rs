//! Messages of domains that keep theirs for a shorter time than the server keeps all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tegami_store::{EventFilter, EventKind, QueueId, RecipientState, Store, StoreError};

use crate::domains::{Domains, OurDomain};

/// Forgets messages of such domains once they have been over for so long. It looks at each event of theirs about once: the last word about a message
/// is an event.
#[derive(Debug, Default)]
pub struct Retention {
    /// How far the events of a domain were looked at.
    reached: BTreeMap<String, Timestamp>,
}

/// Events may be written down a little after they happened.
const OVERLAP: Duration = Duration::from_secs(3600);
/// Events read at once.
const BATCH: usize = 500;

impl Retention {
    /// Forgets what is over for longer than its domain wants it kept, and tells how many messages that were. `usual` is how long the server keeps
    /// all of them.
    ///
    /// # Errors
    /// The store failed; what was not forgotten is the next time.
    pub async fn forget(
        &mut self,
        store: &Arc<dyn Store>,
        domains: &Domains,
        usual: Duration,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let roll = domains.roll().await?;
        let mut forgotten = 0;
        for ours in roll.iter() {
            let Some(before) = before(ours, usual, now) else { continue };
            let name = ours.name.as_str();
            let begin = self.reached.get(name).copied();
            let begin = begin.or_else(|| now.checked_sub(usual).ok()).unwrap_or(Timestamp::MIN);
            forgotten += forget(store, name, begin.checked_sub(OVERLAP).unwrap_or(begin), before).await?;
            self.reached.insert(name.to_owned(), before);
        }
        Ok(forgotten)
    }
}

/// Before which moment a message of this domain must have been over; `None` where it wants nothing shorter than usual.
fn before(ours: &OurDomain, usual: Duration, now: Timestamp) -> Option<Timestamp> {
    let kept = Duration::from_secs(ours.row.message_ttl?);
    if kept >= usual { None } else { now.checked_sub(kept).ok() }
}

async fn forget(
    store: &Arc<dyn Store>,
    domain: &str,
    begin: Timestamp,
    before: Timestamp,
) -> Result<u64, StoreError> {
    let filter = EventFilter {
        domain: Some(domain.to_owned()),
        begin: Some(begin),
        end: Some(before),
        limit: BATCH,
        ..EventFilter::default()
    };
    let (mut from_seq, mut forgotten) = (None, 0);
    loop {
        let events = store.events(EventFilter { from_seq, ..filter.clone() }).await?;
        let whole = events.len() >= BATCH;
        from_seq = events.last().map(|event| event.seq);
        // The summary is the message's, and goes with it.
        let last_words =
            events.iter().filter(|event| event.summary.is_some() && is_last_word(event.event.kind));
        let messages: BTreeSet<QueueId> = last_words.filter_map(|event| event.event.message).collect();
        for message in messages {
            forgotten += u64::from(is_over(store, message, before).await? && store.forget(message).await?);
        }
        if !whole {
            return Ok(forgotten);
        }
    }
}

const fn is_last_word(kind: EventKind) -> bool {
    matches!(kind, EventKind::Delivered | EventKind::Failed | EventKind::Stored)
}

/// Whether every recipient has had its last word by then.
async fn is_over(store: &Arc<dyn Store>, message: QueueId, before: Timestamp) -> Result<bool, StoreError> {
    let rows = match store.recipients(message).await {
        // Somebody deleted it meanwhile.
        Err(StoreError::NotFound(_)) => return Ok(false),
        rows => rows?,
    };
    let finished = |state| matches!(state, RecipientState::Delivered | RecipientState::Failed);
    Ok(rows.iter().all(|row| finished(row.state) && row.due <= before))
}
