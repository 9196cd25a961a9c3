//! What must hold when a story is over.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use tegami_mail::{Notify, ReversePath};
use tegami_queue::{EventData, Reason};
use tegami_store::{EventKind, MessageRow, NewEvent, Origin, QueueRow, RecipientState};

use crate::world::World;

/// The durable side of a story, laid out for looking.
struct End<'a> {
    world: &'a World,
    rows: Vec<(QueueRow, MessageRow)>,
    events: Vec<NewEvent>,
    notifications: Vec<Notification>,
    broken: Vec<String>,
}

/// What one of our DSNs tells.
struct Notification {
    to: String,
    /// Recipient and action.
    told: Vec<(String, String)>,
}

/// Looks at everything; what is wrong goes to the others in [`crate::watch::Watch`].
pub(crate) fn judge(world: &World) {
    let contents = world.disk.contents();
    let own = contents.iter().filter(|(message, _)| message.origin == Origin::Own);
    let mut end = End {
        world,
        rows: world.disk.rows(),
        events: world.disk.events(),
        notifications: own.map(|(_, content)| notification(content)).collect(),
        broken: Vec::new(),
    };
    end.letters();
    for (row, message) in &end.rows {
        let mut broken = Vec::new();
        end.row(row, message, &mut broken);
        let name = format!("{} for {}", message.summary.message_id, row.path.address);
        end.broken.extend(broken.into_iter().map(|what| format!("{name}: {what}")));
    }
    end.broken.into_iter().for_each(|what| world.broken(what));
}

impl End<'_> {
    /// What was accepted is there, and what was refused is not.
    fn letters(&mut self) {
        let watch = self.world.watch();
        let is_kept = |id: &str| self.rows.iter().any(|(_, message)| message.summary.message_id == id);
        for (number, _, message_id) in &watch.accepted {
            let letter = &self.world.plan.letters[*number];
            for (to, _) in &letter.to {
                let row = self.rows.iter().any(|(row, message)| {
                    message.summary.message_id == *message_id && row.path.address.to_string() == *to
                });
                let suppressed = || {
                    self.events.iter().any(|event| {
                        event.kind == EventKind::Failed
                            && event.recipient.as_deref() == Some(to)
                            && reason(event) == Some(Reason::SuppressBounce)
                    })
                };
                if !row && !suppressed() {
                    self.broken.push(format!("{message_id} for {to} was accepted and is lost"));
                }
            }
        }
        for message_id in watch.refused.iter().filter(|id| is_kept(id)) {
            self.broken.push(format!("{message_id} was refused and is there"));
        }
    }

    fn row(&self, row: &QueueRow, message: &MessageRow, broken: &mut Vec<String>) {
        let address = row.path.address.to_string();
        let events: Vec<&NewEvent> = self
            .events
            .iter()
            .filter(|event| event.message == Some(message.id) && event.recipient.as_ref() == Some(&address))
            .collect();
        let count = |kind| events.iter().filter(|event| event.kind == kind).count();
        // What a receiver took although an operator had taken it out is told, and changes nothing.
        let is_late =
            |event: &&&NewEvent| EventData::from_json(&event.data).is_some_and(|data| data.finished_before);
        let late = events.iter().filter(is_late).count();
        let fates = (count(EventKind::Delivered) - late, count(EventKind::Failed));
        let wanted = match row.state {
            RecipientState::Delivered => (1, 0),
            RecipientState::Failed => (0, 1),
            _ => (0, 0),
        };
        if fates != wanted || count(EventKind::Accepted) != 1 {
            broken.push(format!(
                "it is {:?}, and its events tell of {fates:?} deliveries and failures",
                row.state
            ));
        }
        let finished = fates.0 + fates.1;
        let dropped = events.iter().filter(|event| reason(event) == Some(Reason::Dropped)).count();
        let told = count(EventKind::Deferred) + finished;
        let attempts = row.attempts as usize;
        if told != attempts && told - dropped != attempts {
            broken.push(format!("{} attempts and {} deferrals", row.attempts, count(EventKind::Deferred)));
        }
        let watch = self.world.watch();
        let taken = watch
            .takes
            .iter()
            .any(|take| take.message_id == message.summary.message_id && take.recipient == address);
        if late > usize::from(dropped > 0) {
            broken.push(format!("delivered {late} times after its end"));
        }
        if (row.state == RecipientState::Delivered || late > 0) && !taken {
            broken.push("delivered, and nobody has it".to_owned());
        }
        drop(watch);
        self.schedule(row, &events, broken);
        self.notified(row, message, broken);
    }

    /// Attempts come when the policy says, and it is given up when the policy says.
    fn schedule(&self, row: &QueueRow, events: &[&NewEvent], broken: &mut Vec<String>) {
        let policy = &self.world.plan.retry;
        for event in events.iter().filter(|event| event.kind == EventKind::Deferred) {
            let data = EventData::from_json(&event.data).unwrap();
            let Some(next) = data.next_attempt else {
                broken.push("deferred without a next attempt".to_owned());
                continue;
            };
            let place = (data.attempt as usize - 1).min(policy.delays.len() - 1);
            let delay = policy.delays[place];
            let (least, most) = (event.at + delay, event.at + delay.mul_f64(1.1) + Duration::from_millis(1));
            let fits = next <= most && (least <= next || next == row.expires);
            if !fits || next > row.expires || next <= event.at {
                broken.push(format!("attempt {} at {}, the next one at {next}", data.attempt, event.at));
            }
        }
        for event in events.iter().filter(|event| event.kind == EventKind::Failed) {
            let data = EventData::from_json(&event.data).unwrap();
            let permanent = data.enhanced.is_some_and(|code| code.class == 5);
            let old = data.reason == Some(Reason::Old);
            if old && event.at < row.expires {
                broken.push(format!("given up for its age at {}, before {}", event.at, row.expires));
            }
            if !old && !permanent {
                broken.push(format!("given up without a reason: {data:?}"));
            }
        }
        // The last attempt may have waited for a process, for its turn, and for its peer.
        let most = SignedDuration::try_from(self.world.plan.longest_wait()).unwrap();
        if row.due > row.expires + most {
            broken.push(format!("finished at {}, long after {}", row.due, row.expires));
        }
    }

    /// Each notification was promised, and each promised one is there, once.
    fn notified(&self, row: &QueueRow, message: &MessageRow, broken: &mut Vec<String>) {
        let address = row.path.address.to_string();
        let ReversePath::Address(sender) = &message.reverse_path else { return };
        let sender = sender.to_string();
        let told = |action: &str| {
            let to_sender = self.notifications.iter().filter(|notification| notification.to == sender);
            let told = to_sender.flat_map(|notification| &notification.told);
            told.filter(|(about, what)| *about == address && what == action).count()
        };
        let asked = row.path.notify.unwrap_or(Notify { success: false, failure: true, delay: true });
        // A letter that was sent again, because nobody knew whether it was accepted, is two letters with one sender.
        let copies = self.rows.iter().filter(|(other, of)| {
            of.reverse_path == message.reverse_path && other.path.address == row.path.address
        });
        let (mut failures, mut dropped) = (0, 0);
        let mut copies_count = 0;
        for (copy, _) in copies {
            copies_count += 1;
            failures += usize::from(copy.state == RecipientState::Failed);
            // Whether the sender is told then is for the operator to say.
            let status = copy.last_status.as_deref().unwrap_or_default();
            dropped += usize::from(status.starts_with("Taken out of the queue"));
        }
        // Those that were not even tried, because their address is known to be bad.
        let suppressed = self
            .events
            .iter()
            .filter(|event| {
                event.kind == EventKind::Failed
                    && event.recipient.as_ref() == Some(&address)
                    && reason(event) == Some(Reason::SuppressBounce)
            })
            .count();
        let failed = told("failed");
        let expected = if asked.failure { failures } else { 0 };
        if failed + dropped < expected || failed > expected + if asked.failure { suppressed } else { 0 } {
            broken.push(format!("{failures} failures, and the sender was told of {failed}"));
        }
        if told("delayed") > if asked.delay { copies_count } else { 0 } {
            broken.push(format!("the sender was told {} times that it is late", told("delayed")));
        }
        let success = told("relayed") + told("delivered");
        if success > if asked.success { copies_count } else { 0 } {
            broken.push(format!("the sender was told {success} times that it arrived"));
        }
    }
}

fn reason(event: &NewEvent) -> Option<Reason> {
    EventData::from_json(&event.data).and_then(|data| data.reason)
}

/// Reads one of our DSNs as plainly as may be.
fn notification(content: &[u8]) -> Notification {
    let text = String::from_utf8_lossy(content);
    let mut fields: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        for name in ["To: ", "Final-Recipient: rfc822;", "Action: "] {
            if let Some(value) = line.strip_prefix(name) {
                fields.entry(name).or_default().push(value.trim().trim_matches(['<', '>']).to_owned());
            }
        }
    }
    let mut field = |name| fields.remove(name).unwrap_or_default();
    let (recipients, actions) = (field("Final-Recipient: rfc822;"), field("Action: "));
    assert_eq!(recipients.len(), actions.len(), "a notification that cannot be read: {text}");
    let to = field("To: ").first().cloned().unwrap_or_default();
    Notification { to, told: recipients.into_iter().zip(actions).collect() }
}
