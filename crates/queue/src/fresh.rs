//! Messages that were committed a moment ago and are in memory still: on the straight way through nothing is read back from the disk.
//!
//! What is kept here is a copy of what the store has, so nothing depends on it: a message that is not here is read from the store.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use tegami_store::{MessageRow, NewMessage, QueueId};

use crate::intake::row_of;

/// Octets of contents that are kept. Ten sessions for each of a few receivers take less than a second to empty it.
const MOST_OCTETS: usize = 4 << 20;
/// Messages that are kept, however small their contents.
const MOST_MESSAGES: usize = 2_000;
/// After so many seconds nobody comes for a message any more: its next hop is slow, or somebody holds it.
const LONGEST: i64 = 10;

/// The messages, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Fresh {
    kept: BTreeMap<QueueId, Kept>,
    octets: usize,
}

/// One message, and how many of its recipients nobody has come for yet.
#[derive(Debug)]
pub(crate) struct Kept {
    message: MessageRow,
    content: Bytes,
    recipients: usize,
}

impl Kept {
    /// A copy of what will be committed. The content is shared, not copied.
    pub(crate) fn of(message: &NewMessage, recipients: usize) -> Self {
        Self { message: row_of(message), content: message.content.clone(), recipients }
    }
}

impl Fresh {
    /// Keeps a message where there is room.
    pub(crate) fn keep(&mut self, kept: Kept) {
        let fits = |fresh: &Self| {
            fresh.octets + kept.content.len() <= MOST_OCTETS && fresh.kept.len() < MOST_MESSAGES
        };
        while !fits(self) {
            let now = kept.message.accepted_at;
            let Some(oldest) = self.kept.first_entry().filter(|oldest| is_stale(oldest.get(), now)) else {
                return;
            };
            self.octets -= oldest.remove().content.len();
        }
        self.octets += kept.content.len();
        self.kept.insert(kept.message.id, kept);
    }

    /// A message and its content, for some of its recipients. The last who come take it away.
    pub(crate) fn take(&mut self, id: QueueId, recipients: usize) -> Option<(MessageRow, Bytes)> {
        let kept = self.kept.get_mut(&id)?;
        kept.recipients = kept.recipients.saturating_sub(recipients);
        if kept.recipients > 0 {
            return Some((kept.message.clone(), kept.content.clone()));
        }
        let kept = self.kept.remove(&id)?;
        self.octets -= kept.content.len();
        Some((kept.message, kept.content))
    }
}

fn is_stale(kept: &Kept, now: Timestamp) -> bool {
    now.duration_since(kept.message.accepted_at).as_secs() > LONGEST
}

#[cfg(test)]
mod tests {
    use tegami_mail::ReversePath;
    use tegami_store::{EnvelopeParameters, Origin, Summary};

    use super::*;

    fn kept(id: u128, octets: usize, recipients: usize, second: i64) -> Kept {
        let message = MessageRow {
            id: QueueId::from_bits(id),
            accepted_at: Timestamp::from_second(second).unwrap(),
            origin: Origin::Own,
            domain: "example.org".to_owned(),
            reverse_path: ReversePath::Null,
            envelope_parameters: EnvelopeParameters::default(),
            summary: Summary::default(),
            verdicts: None,
        };
        Kept { message, content: Bytes::from(vec![b'x'; octets]), recipients }
    }

    fn take(fresh: &mut Fresh, id: u128, recipients: usize) -> Option<usize> {
        fresh.take(QueueId::from_bits(id), recipients).map(|(_, content)| content.len())
    }

    #[test]
    fn the_last_recipients_take_it_away() {
        let mut fresh = Fresh::default();
        fresh.keep(kept(1, 100, 3, 0));
        assert_eq!(take(&mut fresh, 1, 2), Some(100));
        assert_eq!(take(&mut fresh, 2, 1), None);
        assert_eq!(take(&mut fresh, 1, 1), Some(100));
        assert_eq!(take(&mut fresh, 1, 1), None);
        assert_eq!((fresh.octets, fresh.kept.len()), (0, 0));
    }

    #[test]
    fn it_has_a_bound_and_forgets_what_nobody_comes_for() {
        let mut fresh = Fresh::default();
        fresh.keep(kept(1, MOST_OCTETS - 10, 1, 0));
        fresh.keep(kept(2, 11, 1, 1));
        assert_eq!(take(&mut fresh, 2, 1), None, "the first is younger than ten seconds");
        fresh.keep(kept(3, 11, 1, 11));
        assert_eq!((take(&mut fresh, 1, 1), take(&mut fresh, 3, 1)), (None, Some(11)));
        fresh.keep(kept(4, MOST_OCTETS + 1, 1, 12));
        assert_eq!(take(&mut fresh, 4, 1), None);
        for id in 0..5_000 {
            fresh.keep(kept(id, 0, 1, 13));
        }
        assert_eq!((fresh.octets, fresh.kept.len()), (0, MOST_MESSAGES));
    }
}
