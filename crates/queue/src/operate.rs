//! What operators do to mail that waits: hold, release, retry, reroute, drop. Each row that is touched gets an event that says who did it and why.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use tegami_mail::{EnhancedStatusCode, Reply};
use tegami_report::dsn::{Action, MOST_RETURNED, Told};
use tegami_store::{
    Alteration, EventKind, Json, MessageRow, NewEvent, NodeId, QueueFilter, QueueId, QueueRow,
    RecipientState, RowId, SettleOp, Settlement, Store, StoreError,
};

use crate::control::Control;
use crate::dsn::News;
use crate::event::{EventData, Reason};
use crate::fate;
use crate::intake::Intake;

/// Rows in one commit.
const PAGE: usize = 500;
/// How long the lease lasts that dropping with a notification needs.
const LEASE: Duration = Duration::from_secs(60);
/// RFC 3463 section 3.8: delivery not authorized.
const DROPPED: EnhancedStatusCode = EnhancedStatusCode::new(5, 7, 1);

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Rows wait for a person.
    Hold,
    /// Held rows go on at once.
    Release,
    /// Queued rows are tried at once.
    Retry,
    /// Rows go to another next hop.
    Reroute {
        /// Which.
        next_hop: String,
    },
    /// Rows will never arrive.
    Drop {
        /// Whether the senders are told.
        bounce: bool,
    },
}

impl Act {
    /// Its word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Release => "release",
            Self::Retry => "retry",
            Self::Reroute { .. } => "reroute",
            Self::Drop { .. } => "drop",
        }
    }

    /// The filter that leaves only those rows that the act would change.
    #[must_use]
    pub fn among(&self, filter: QueueFilter) -> QueueFilter {
        use tegami_store::RecipientState::{Held, Queued};
        let state = match self {
            Self::Hold | Self::Retry => Some(Queued),
            Self::Release => Some(Held),
            Self::Reroute { .. } | Self::Drop { .. } => None,
        };
        QueueFilter { state: filter.state.or(state), ..filter }
    }
}

/// An act with its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What is done.
    pub act: Act,
    /// By whom.
    pub by: String,
    /// Why, in their words; may be empty.
    pub reason: String,
}

impl Order {
    /// The data of the events.
    fn record(&self) -> Value {
        let mut record = match &self.act {
            Act::Drop { .. } => serde_json::to_value(dropped(self)).unwrap_or_default(),
            Act::Reroute { next_hop } => json!({ "next-hop": next_hop }),
            Act::Hold | Act::Release | Act::Retry => json!({}),
        };
        if let Some(members) = record.as_object_mut() {
            members.insert("act".to_owned(), json!(self.act.as_str()));
            members.insert("by".to_owned(), json!(self.by));
            members.insert("why".to_owned(), json!(self.reason));
        }
        record
    }

    fn alteration(&self) -> Alteration {
        match &self.act {
            Act::Hold => Alteration::Hold { reason: self.words() },
            Act::Release => Alteration::Release,
            Act::Retry => Alteration::Retry,
            Act::Reroute { next_hop } => Alteration::Reroute { next_hop: next_hop.clone() },
            Act::Drop { .. } => Alteration::Drop { status: dropped(self).message },
        }
    }

    /// Who and why, in one line.
    fn words(&self) -> String {
        if self.reason.is_empty() { self.by.clone() } else { format!("{}: {}", self.by, self.reason) }
    }
}

fn dropped(order: &Order) -> EventData {
    EventData {
        code: 608,
        enhanced: Some(DROPPED),
        message: format!("Taken out of the queue by {}", order.words()),
        reason: Some(Reason::Dropped),
        ..EventData::default()
    }
}

/// Everything that acting needs.
#[derive(Clone, Copy)]
pub struct Operator<'a> {
    /// The queue.
    pub store: &'a dyn Store,
    /// For notifications.
    pub intake: &'a Intake,
    /// The loop, if one runs, is told of what changed.
    pub control: &'a Control,
    /// Whose lease is used.
    pub node: &'a NodeId,
}

impl Operator<'_> {
    /// Does it to every row that passes the filter, in commits of some hundred rows, and gives the number of rows that were changed. Rows that come
    /// meanwhile are not among them.
    ///
    /// # Errors
    /// The store failed; what was committed before stays.
    pub async fn act(
        &self,
        filter: &QueueFilter,
        order: &Order,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let rows = self.store.queue_ids(order.act.among(filter.clone())).await?;
        self.act_on(&rows, order, now).await
    }

    /// Does it to these rows, as [`Operator::act`] does.
    ///
    /// # Errors
    /// The store failed; what was committed before stays.
    pub async fn act_on(&self, rows: &[RowId], order: &Order, now: Timestamp) -> Result<usize, StoreError> {
        let mut changed = 0;
        let outcome = self.act_on_pages(rows, order, now, &mut changed).await;
        if changed > 0 || outcome.is_err() {
            self.control.altered(now);
        }
        outcome.map(|()| changed)
    }

    async fn act_on_pages(
        &self,
        rows: &[RowId],
        order: &Order,
        now: Timestamp,
        changed: &mut usize,
    ) -> Result<(), StoreError> {
        for page in rows.chunks(PAGE) {
            *changed += match order.act {
                Act::Drop { bounce: true } => self.bounce(page, order, now).await?,
                _ => self.alter(page, order, now).await?,
            };
        }
        Ok(())
    }

    /// Writes one line into the log.
    pub fn tell(&self, order: &Order, recipients: usize) {
        tracing::info!(
            target: "tegami::operator",
            by = order.by,
            reason = order.reason,
            recipients,
            "{}",
            order.act.as_str()
        );
    }

    async fn alter(&self, page: &[RowId], order: &Order, now: Timestamp) -> Result<usize, StoreError> {
        let (alteration, record) = (order.alteration(), order.record());
        let rows = self.store.alter(page.to_vec(), alteration, record.clone(), now).await?;
        self.control.note_altered(&rows);
        if matches!(order.act, Act::Hold | Act::Drop { .. }) {
            self.tell_fates(&rows, order, &record.into(), now).await?;
        }
        Ok(rows.len())
    }

    /// Held and dropped are fates: each is a line of the log.
    async fn tell_fates(
        &self,
        rows: &[QueueRow],
        order: &Order,
        record: &Json,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let messages = by_message(rows);
        for (id, path) in self.store.reverse_paths(messages.keys().copied().collect()).await? {
            let Some([first, ..]) = messages.get(&id).map(Vec::as_slice) else { continue };
            let about = fate::About::new(id, &path, first.accepted_at);
            let rows = messages.get(&id).into_iter().flatten();
            let events: Vec<NewEvent> = rows.map(|row| event(row, order, record, now)).collect();
            self.control.tell(&about.fates(&events).collect::<Vec<_>>());
        }
        Ok(())
    }

    /// Drops a page of rows and has their senders told, in one commit for each message.
    async fn bounce(&self, page: &[RowId], order: &Order, now: Timestamp) -> Result<usize, StoreError> {
        let mut rows = self.store.rows(page.to_vec()).await?;
        rows.retain(|row| matches!(row.state, RecipientState::Queued | RecipientState::Held));
        let leases = self.store.claim(self.node, now, LEASE).await?;
        let Some(lease) = leases.first() else { return Err(StoreError::Fenced) };
        let mut changed = 0;
        for (id, mut rows) in by_message(&rows) {
            let message = self.store.message(id).await?;
            let end = message.summary.size.min(MOST_RETURNED);
            let content = match self.store.content(id, Some(0..end)).await {
                Ok(content) => content,
                Err(StoreError::NotFound(_)) => Bytes::new(),
                Err(error) => return Err(error),
            };
            while !rows.is_empty() {
                let (settlement, lines) = self.drop_rows(&message, &rows, &content, order, now).await?;
                match self.store.settle(lease, settlement).await {
                    Ok(()) => {
                        self.control.note_altered(rows.iter().copied());
                        self.control.tell(&lines);
                        changed += rows.len();
                        break;
                    }
                    // What came to its end meanwhile needs nobody to drop it.
                    Err(StoreError::Finished(finished)) => rows.retain(|row| !finished.contains(&row.id)),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(changed)
    }

    /// What dropping these rows of a message and telling its sender changes, with the lines of the log.
    async fn drop_rows(
        &self,
        message: &MessageRow,
        rows: &[&QueueRow],
        content: &Bytes,
        order: &Order,
        now: Timestamp,
    ) -> Result<(Settlement, Vec<fate::Line>), StoreError> {
        let record = Json::from(order.record());
        let told: Vec<_> = rows.iter().filter_map(|row| told(row, order)).collect();
        let events: Vec<NewEvent> = rows.iter().map(|row| event(row, order, &record, now)).collect();
        let born = self.intake.notifications(message, &told, content, now).await?;
        let mut lines: Vec<_> = fate::About::of(message).fates(&events).collect();
        lines.extend(born.iter().flat_map(fate::kept));
        let status = dropped(order).message;
        let fail = |row: &&QueueRow| SettleOp::Fail { row: row.id, status: status.clone() };
        let ops = rows.iter().map(fail).collect();
        Ok((Settlement { at: Some(now), ops, events, born, ..Settlement::default() }, lines))
    }
}

fn by_message(rows: &[QueueRow]) -> BTreeMap<QueueId, Vec<&QueueRow>> {
    let mut messages: BTreeMap<QueueId, Vec<&QueueRow>> = BTreeMap::new();
    for row in rows {
        messages.entry(row.id.message).or_default().push(row);
    }
    messages
}

fn event(row: &QueueRow, order: &Order, record: &Json, now: Timestamp) -> NewEvent {
    NewEvent {
        kind: if matches!(order.act, Act::Drop { .. }) { EventKind::Failed } else { EventKind::Operated },
        at: now,
        domain: row.facts.sender_domain.clone(),
        message: Some(row.id.message),
        recipient: Some(row.path.address.to_string()),
        data: record.clone(),
    }
}

/// What the sender is told, unless they asked not to be (RFC 3461 section 4.1, NEVER).
fn told(row: &QueueRow, order: &Order) -> Option<News> {
    let wanted = row.path.notify.is_none_or(|notify| notify.failure);
    let words = dropped(order).message;
    let reply: Option<Reply> = None;
    wanted.then(|| {
        let told = Told {
            path: row.path.clone(),
            status: DROPPED,
            reply,
            words,
            words_japanese: None,
            remote_mta: None,
            will_retry_until: None,
            explanation: None,
        };
        News { action: Action::Failed, row: row.id, told }
    })
}
