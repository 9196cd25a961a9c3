//! What is submitted is shown, before it is kept, to whoever looks at it as its receivers will.

use std::sync::Arc;

use tegami_mail::Address;
use tegami_store::{
    Event, EventFilter, EventKind, MessageRow, NewEvent, NewMessage, Origin, QueueId, StoreError,
};

use super::{Intake, row_of};
use crate::preflight::{Departure, Kept, Preflight};
use crate::submission::IntakeError;

/// Events of one message that are read for its recipients.
const PLENTY: usize = 5000;

impl Intake {
    /// From now on this one is shown what is submitted; only the first that is named counts.
    pub fn show_to(&self, preflight: Arc<dyn Preflight>) {
        drop(self.preflight.set(preflight));
    }

    /// Keeps messages that were submitted, unless they are refused for what their receivers would make of them.
    pub(super) async fn admit(&self, messages: Vec<NewMessage>) -> Result<(), IntakeError> {
        let Some(preflight) = self.preflight.get() else { return self.keep(messages).await };
        if preflight.is_strict() {
            // All of them are copies of one, signed by the same keys.
            let first = messages.iter().find(|message| leaves(message)).or(messages.first());
            if let Some(first) = first {
                preflight.admit(self.departure(first)).await?;
            }
        }
        let kept = kept(&messages);
        self.keep(messages).await?;
        kept.into_iter().for_each(|kept| preflight.kept(kept));
        Ok(())
    }

    /// A message that is about to be kept, as its next hop will see it.
    fn departure(&self, message: &NewMessage) -> Departure {
        let row = row_of(message);
        let recipients = addresses(&message.events);
        Departure {
            reverse_path: self.returns.reverse_path(&row),
            leaves: leaves(message),
            recipients,
            content: message.content.clone(),
            message: row,
        }
    }

    /// A message that was kept, as its next hop sees it.
    ///
    /// # Errors
    /// It is forgotten, or the store failed.
    pub async fn departed(&self, id: QueueId) -> Result<Departure, StoreError> {
        let message: MessageRow = self.store.message(id).await?;
        let content = self.store.content(id, None).await?;
        let filter = EventFilter { message: Some(id), limit: PLENTY, ..EventFilter::default() };
        let events: Vec<NewEvent> =
            self.store.events(filter).await?.into_iter().map(|Event { event, .. }| event).collect();
        Ok(Departure {
            reverse_path: self.returns.reverse_path(&message),
            leaves: true,
            recipients: addresses(&events),
            content,
            message,
        })
    }
}

/// Whom a message was accepted for.
fn addresses(events: &[NewEvent]) -> Vec<Address> {
    let accepted = events.iter().filter(|event| event.kind == EventKind::Accepted);
    accepted.filter_map(|event| Address::parse(event.recipient.as_deref()?).ok()).collect()
}

/// Whether it goes to other hosts.
fn leaves(message: &NewMessage) -> bool {
    let ours = matches!(message.origin, Origin::Http { .. } | Origin::Submission { .. });
    ours && !message.recipients.is_empty()
}

/// Those of what is kept that somebody may want to look at: every message in test mode, and the first that leaves.
fn kept(messages: &[NewMessage]) -> Vec<Kept> {
    let is_test = |message: &&NewMessage| message.summary.test_mode;
    let first = messages.iter().find(|message| leaves(message));
    let looked_at = messages.iter().filter(is_test).chain(first.filter(|first| !is_test(first)));
    let kept = looked_at.map(|message| Kept {
        id: message.id,
        domain: message.domain.clone(),
        test_mode: message.summary.test_mode,
    });
    kept.collect()
}
