//! From outcomes to what becomes durable: delivered, deferred with the next attempt, failed; events, DSNs, suppressions.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use tegami_mail::failure::{Cause, Verdict};
use tegami_mail::{EnhancedStatusCode, Reply, ReversePath, note};
use tegami_report::dsn::{Action, MOST_RETURNED, Told};
use tegami_store::{
    Attempt, EventKind, Evidence, MessageRow, NewEvent, NewMessage, Origin, QueueRow, RowId, SettleOp,
    Settlement, Store, StoreError, Suppression, SuppressionList, SuppressionSource,
};
use tegami_words::Language;

use crate::call;
use crate::dsn::{self, News};
use crate::event::{EventData, Reason};
use crate::here::Here;
use crate::intake::Intake;
use crate::outcome::{Class, Failure, Job, Outcome, Peer, RecipientOutcome, RecipientResult, Stage};
use crate::schedule::Retries;
use crate::suppress::{Counts, Weight};

/// Turns outcomes into settlements.
pub struct Settler {
    store: Arc<dyn Store>,
    intake: Arc<Intake>,
    retry: Retries,
}

/// What becomes of one recipient.
struct Decision {
    op: SettleOp,
    event: NewEvent,
    /// An address that may have to be suppressed.
    suppression: Option<(Weight, Suppression)>,
    told: Option<News>,
}

impl Settler {
    /// DSNs enter by `intake`; `retry` says how long and how often delivery is tried.
    pub fn new(store: Arc<dyn Store>, intake: Arc<Intake>, retry: impl Into<Retries>) -> Self {
        let retry = retry.into();
        Self { store, intake, retry }
    }

    /// What one outcome changes; nothing is written yet. Of rows that are `gone`, because other hands have finished them meanwhile, only
    /// a delivery is told.
    ///
    /// # Errors
    /// The store could not be read.
    pub(crate) async fn settle(
        &self,
        outcome: &Outcome,
        gone: &BTreeSet<RowId>,
        counts: &mut Counts,
        now: Timestamp,
    ) -> Result<Settlement, StoreError> {
        let message = &outcome.job.message;
        let mut settlement = Settlement { at: Some(now), ..Settlement::default() };
        let mut told = Vec::new();
        let missing = missing_result();
        for row in &outcome.job.rows {
            let result = outcome.recipients.iter().find(|result| result.row == row.id);
            let (peer, how) = result.map_or((None, &missing), RecipientResult::parts);
            if gone.contains(&row.id) {
                if let RecipientOutcome::Delivered { reply } = how {
                    let data = EventData { finished_before: true, ..delivery(row, peer, reply) };
                    settlement.events.push(event(EventKind::Delivered, message, row, &data, now));
                }
                continue;
            }
            let decision = self.decide(message, row, peer, how, now);
            if let (SettleOp::Delivered { .. }, Some(url)) =
                (&decision.op, &message.envelope_parameters.archive_to)
            {
                let (to, place) = (row.path.address.to_string(), row.id.recipient as usize);
                let archived = call::archived(url, &message.domain, message.id, &to, place, now);
                settlement.tables.push(archived);
            }
            settlement.ops.push(decision.op);
            settlement.events.push(decision.event);
            if let Some((weight, draft)) = decision.suppression {
                let rules = self.intake.settings().suppressions;
                settlement.tables.extend(rules.weigh(&*self.store, counts, weight, draft, now).await?);
            }
            told.extend(decision.told);
        }
        settlement.born = self.notifications(message, told, outcome.began_at, now).await?;
        settlement.attempts.push(Attempt {
            message: message.id,
            recipients: outcome.job.rows.iter().map(|row| row.id.recipient).collect(),
            at: outcome.began_at,
            record: outcome.record.clone(),
        });
        Ok(settlement)
    }

    /// What MAIL carries for this message.
    pub(crate) fn reverse_path(&self, message: &MessageRow) -> ReversePath {
        self.intake.returns().reverse_path(message)
    }

    /// Delivers into mailboxes here, where the job's recipients have some.
    pub(crate) async fn deliver_here(&self, job: Job, now: Timestamp) -> Result<Here, StoreError> {
        self.intake.deliver_here(job, now).await
    }

    fn decide(
        &self,
        message: &MessageRow,
        row: &QueueRow,
        peer: Option<&Peer>,
        how: &RecipientOutcome,
        now: Timestamp,
    ) -> Decision {
        match how {
            RecipientOutcome::Delivered { reply } => delivered(message, row, peer, reply, now),
            RecipientOutcome::Failed(failure) | RecipientOutcome::PossiblyDelivered(failure) => {
                let failure = &failure.in_truth(peer.map(|peer| peer.host.as_str()));
                let attempts = row.attempts.saturating_add(1);
                let next = match failure.class {
                    Class::Permanent => None,
                    Class::Transient => self.retry.next_attempt(row, attempts, self.intake.gate(), now),
                };
                let mut data = failure_data(failure, peer, attempts);
                data.possibly_delivered = matches!(how, RecipientOutcome::PossiblyDelivered(_));
                match next {
                    Some(due) => self.deferred(message, row, peer, failure, data, due, now),
                    None => failed(message, row, peer, failure, data, now),
                }
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "all of them are facts of one attempt")]
    fn deferred(
        &self,
        message: &MessageRow,
        row: &QueueRow,
        peer: Option<&Peer>,
        failure: &Failure,
        mut data: EventData,
        due: Timestamp,
        now: Timestamp,
    ) -> Decision {
        data.next_attempt = Some(due);
        data.retry_seconds = u64::try_from(due.duration_since(now).as_secs()).ok();
        let wanted = row.path.notify.is_none_or(|notify| notify.delay);
        // What is not late now was not when the attempt began, which decides in the end.
        let wanted = wanted && self.retry.is_late(message.released_at(), now);
        let told = || Told {
            will_retry_until: Some(row.expires),
            explanation: Some(dsn::explain(&failure.verdict(peer.map(|peer| peer.host.as_str())))),
            ..told_failure(row, peer, transient(failure.enhanced()), failure, &data)
        };
        Decision {
            op: SettleOp::Defer {
                row: row.id,
                next_hop: row.next_hop.clone(),
                due,
                status: status_text(failure, &data),
            },
            told: wanted.then(|| News { action: Action::Delayed, row: row.id, told: told() }),
            event: event(EventKind::Deferred, message, row, &data, now),
            suppression: None,
        }
    }

    /// The DSNs for what was decided.
    async fn notifications(
        &self,
        message: &MessageRow,
        mut told: Vec<News>,
        began_at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<NewMessage>, StoreError> {
        self.drop_those_warned(message, &mut told, began_at).await?;
        if told.is_empty() || dsn::reader(message).is_none() {
            return Ok(Vec::new());
        }
        let end = message.summary.size.min(MOST_RETURNED);
        let content = match self.store.content(message.id, Some(0..end)).await {
            Ok(content) => content,
            // A DSN without the returned part is better than none.
            Err(StoreError::NotFound(_)) => Bytes::new(),
            Err(error) => return Err(error),
        };
        self.intake.notifications(message, &told, &content, now).await
    }

    /// The sender is warned once, of the first attempt that begins after the threshold: those who had one before have been told.
    async fn drop_those_warned(
        &self,
        message: &MessageRow,
        told: &mut Vec<News>,
        began_at: Timestamp,
    ) -> Result<(), StoreError> {
        if !self.retry.is_late(message.released_at(), began_at) {
            told.retain(|news| news.action != Action::Delayed);
        }
        if !told.iter().any(|news| news.action == Action::Delayed) {
            return Ok(());
        }
        let attempts = self.store.attempts(message.id).await?;
        let warned = |place: u32| {
            attempts.iter().any(|attempt| {
                attempt.recipients.contains(&place) && self.retry.is_late(message.released_at(), attempt.at)
            })
        };
        told.retain(|news| news.action != Action::Delayed || !warned(news.row.recipient));
        Ok(())
    }
}

impl RecipientResult {
    fn parts(&self) -> (Option<&Peer>, &RecipientOutcome) {
        (self.peer.as_ref(), &self.outcome)
    }
}

/// What counts for a recipient about whom the outcome says nothing.
fn missing_result() -> RecipientOutcome {
    let status = EnhancedStatusCode::new(4, 3, 0);
    RecipientOutcome::Failed(Failure::without_reply(Stage::Local, status, note!("queue-no-result")))
}

fn delivered(
    message: &MessageRow,
    row: &QueueRow,
    peer: Option<&Peer>,
    reply: &Reply,
    now: Timestamp,
) -> Decision {
    let data = delivery(row, peer, reply);
    // The next hop that speaks DSN tells of success itself (RFC 3461 section 5.2.2); for any other we say "relayed".
    let wanted = row.path.notify.is_some_and(|notify| notify.success) && !peer.is_some_and(|peer| peer.dsn);
    let status = reply.enhanced.unwrap_or(EnhancedStatusCode::new(2, 0, 0));
    let told = || told(row, peer, status, Some(reply.clone()), data.message.clone());
    // Without a peer it went into a mailbox here.
    let action = if peer.is_some() { Action::Relayed } else { Action::Delivered };
    Decision {
        op: SettleOp::Delivered { row: row.id, status: reply.to_string() },
        told: wanted.then(|| News { action, row: row.id, told: told() }),
        event: event(EventKind::Delivered, message, row, &data, now),
        suppression: None,
    }
}

/// What is kept of a delivery.
fn delivery(row: &QueueRow, peer: Option<&Peer>, reply: &Reply) -> EventData {
    let attempt = row.attempts.saturating_add(1);
    with_peer(EventData { attempt, local: peer.is_none(), ..EventData::by_reply(reply) }, peer)
}

fn failed(
    message: &MessageRow,
    row: &QueueRow,
    peer: Option<&Peer>,
    failure: &Failure,
    mut data: EventData,
    now: Timestamp,
) -> Decision {
    // RFC 3463 section 3.5, X.4.7: delivery time expired.
    let expired = failure.class == Class::Transient;
    let status = if expired { EnhancedStatusCode::new(4, 4, 7) } else { failure.enhanced() };
    if expired {
        data.reason = Some(Reason::Old);
    }
    let verdict = failure.verdict(peer.map(|peer| peer.host.as_str()));
    let suppression = weight(failure, &verdict, expired).map(|weight| {
        (
            weight,
            Suppression {
                domain: message.domain.clone(),
                list: SuppressionList::Bounces,
                address: row.path.address.to_string(),
                code: data.code.to_string(),
                error: data.message.clone(),
                created_at: now,
                source: SuppressionSource::Rule,
                evidence: Some(Box::new(Evidence {
                    message: Some(message.id),
                    host: data.mx_host.clone(),
                    reply: status_text(failure, &data),
                    cause: Some(verdict.cause),
                    at: Some(now),
                    ..Evidence::default()
                })),
                tags: Vec::new(),
            },
        )
    });
    let wanted = row.path.notify.is_none_or(|notify| notify.failure);
    Decision {
        op: SettleOp::Fail { row: row.id, status: status_text(failure, &data) },
        told: wanted.then(|| News {
            action: Action::Failed,
            row: row.id,
            told: Told {
                explanation: Some(dsn::explain(&verdict)),
                ..told_failure(row, peer, status, failure, &data)
            },
        }),
        event: event(EventKind::Failed, message, row, &data, now),
        // Nobody is suppressed for not taking our own notifications, nor what routes send on: whoever wrote it is told each time.
        suppression: suppression.filter(|_| {
            let ours = dsn::reader(message).is_some() && !matches!(message.origin, Origin::Reception { .. });
            ours || message.summary.list.is_some()
        }),
    }
}

/// RFC 3464 section 2.3.4: what is delayed has a status of class 4, also where the peer's code said never.
fn transient(code: EnhancedStatusCode) -> EnhancedStatusCode {
    EnhancedStatusCode { class: 4, ..code }
}

/// What it says against the address: a refusal for policy or reputation says nothing, and a full mailbox is one (RFC 3463
/// section 3.2). Time that is up says something only where the mailbox was in the way until then.
fn weight(failure: &Failure, verdict: &Verdict, expired: bool) -> Option<Weight> {
    let about_recipient = matches!(failure.stage, Stage::Destination | Stage::Recipient | Stage::EndOfData);
    let weight = Weight::of(verdict).filter(|_| about_recipient)?;
    (!expired || weight == Weight::Soft).then_some(weight)
}

fn failure_data(failure: &Failure, peer: Option<&Peer>, attempt: u32) -> EventData {
    let mut data = match &failure.reply {
        Some(reply) => EventData::by_reply(reply),
        None => EventData {
            code: if failure.stage == Stage::Destination { 498 } else { 499 },
            message: dsn::without_reply(Language::English, failure),
            ..EventData::default()
        },
    };
    data.enhanced = Some(failure.enhanced());
    data.stage = Some(failure.stage);
    let verdict = failure.verdict(peer.map(|peer| peer.host.as_str()));
    data.reason = Some(reason(failure.class, failure.enhanced(), &verdict));
    data.cause = Some(verdict.cause);
    data.note = serde_json::to_value(&failure.detail).ok();
    data.attempt = attempt;
    with_peer(data, peer)
}

fn with_peer(data: EventData, peer: Option<&Peer>) -> EventData {
    let Some(peer) = peer else { return data };
    EventData {
        mx_host: Some(peer.host.clone()),
        ip: peer.ip,
        sending_ip: peer.source,
        tls: peer.tls.is_some(),
        certificate_verified: peer.tls.as_ref().is_some_and(|tls| tls.verified),
        session_seconds: peer.session.as_secs_f64(),
        ..data
    }
}

/// The API's word for it.
pub(crate) fn reason(class: Class, enhanced: EnhancedStatusCode, verdict: &Verdict) -> Reason {
    use Cause::{
        Authentication, BadDomain, BadMailbox, Filtered, Greylisting, Inactive, MailboxFull, Moved, Policy,
        Rate, Relaying, Reputation, ReverseDns, Spam, Virus,
    };
    match (class, verdict.cause, enhanced.subject) {
        (Class::Transient, Greylisting, _) => Reason::Greylisted,
        (Class::Permanent, BadMailbox | BadDomain | Moved | MailboxFull | Inactive | Filtered, _) => {
            Reason::Bounce
        }
        (_, Policy | Reputation | Authentication | ReverseDns | Rate | Spam | Virus | Relaying, _) => {
            Reason::Espblock
        }
        (_, _, 7) => Reason::Espblock,
        (Class::Permanent, _, 1 | 2) => Reason::Bounce,
        _ => Reason::Generic,
    }
}

/// One line for lists: the reply word for word, or what we know.
fn status_text(failure: &Failure, data: &EventData) -> String {
    failure.reply.as_ref().map_or_else(|| data.message.clone(), Reply::to_string)
}

fn told(
    row: &QueueRow,
    peer: Option<&Peer>,
    status: EnhancedStatusCode,
    reply: Option<Reply>,
    words: String,
) -> Told {
    Told {
        path: row.path.clone(),
        status,
        reply,
        words,
        words_japanese: None,
        remote_mta: peer.map(|peer| peer.host.clone()),
        will_retry_until: None,
        explanation: None,
    }
}

fn told_failure(
    row: &QueueRow,
    peer: Option<&Peer>,
    status: EnhancedStatusCode,
    failure: &Failure,
    data: &EventData,
) -> Told {
    Told {
        words_japanese: failure.reply.is_none().then(|| dsn::without_reply(Language::Japanese, failure)),
        ..told(row, peer, status, failure.reply.clone(), data.message.clone())
    }
}

fn event(
    kind: EventKind,
    message: &MessageRow,
    row: &QueueRow,
    data: &EventData,
    now: Timestamp,
) -> NewEvent {
    let RowId { message: id, .. } = row.id;
    NewEvent {
        kind,
        at: now,
        domain: message.domain.clone(),
        message: Some(id),
        recipient: Some(row.path.address.to_string()),
        data: data.to_json(),
    }
}
