//! The journey of one message: everything that the store and the stage know of it, in the order in which it happened.

use std::sync::Arc;

use jiff::Timestamp;
use tegami_mail::header::{HeaderLimits, HeaderSection};
use tegami_store::{MessageRow, Origin, QueueId, QueueRow, RecipientState, Store, StoreError};

use super::Hall;
use super::paper::{PaperView, papers};
use super::reader::Reader;
use super::session::AttemptView;
use super::show::{Badge, Moment, door, path, visible};
use super::stage::{Scene, Visit};
use super::verdict::VerdictsView;
use super::visit::{SceneHead, VisitView, visits};

/// Where a notification is looked for among the newest messages to the reverse-path.
const NOTIFICATIONS: usize = 50;
/// Octets in which the header section of a notification of ours lies.
const HEAD: u64 = 16 << 10;

/// Everything on one message.
#[derive(Debug)]
pub(crate) struct Journey {
    pub(crate) scene: Option<SceneHead>,
    pub(crate) badge: Badge,
    pub(crate) accepted: Moment,
    pub(crate) door: String,
    pub(crate) reverse_path: String,
    pub(crate) recipients: Vec<Standing>,
    /// Verdicts of our own reception.
    pub(crate) verdicts: Option<VerdictsView>,
    pub(crate) attempts: Vec<AttemptView>,
    /// What came back by mail, and whom it was never sent to.
    pub(crate) papers: Vec<PaperView>,
    /// Visits that fit no attempt that we know of.
    pub(crate) visits: Vec<VisitView>,
    /// The notification that told the sender.
    pub(crate) notification: Option<QueueId>,
    /// The message that this notification is about.
    pub(crate) about: Option<QueueId>,
}

/// Where one recipient stands.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) address: String,
    pub(crate) badge: Badge,
    pub(crate) status: String,
    /// The next attempt, while there is one.
    pub(crate) due: Option<Moment>,
    pub(crate) expires: Option<Moment>,
}

impl Journey {
    pub(crate) async fn read(hall: &Hall, reader: &Reader, message: &MessageRow) -> Result<Self, StoreError> {
        let store = &hall.store;
        let rows = store.recipients(message.id).await?;
        let scenes = hall.stage.as_ref().map(|stage| stage.scenes()).unwrap_or_default();
        let scene = scenes.iter().find(|scene| scene.message == Some(message.id));
        let all = visits(hall.stage.as_ref());
        let mut seen: Vec<(Option<Timestamp>, VisitView)> = all
            .iter()
            .enumerate()
            .filter(|(number, visit)| belongs(*number, visit, message, &rows, scene))
            .map(|(number, visit)| (visit.at, VisitView::new(reader, number, visit)))
            .collect();
        let mut attempts = Vec::new();
        let stored = store.attempts(message.id).await?;
        for (at, attempt) in stored.iter().enumerate() {
            let next = stored.get(at + 1);
            attempts.push(AttemptView::new(reader, at + 1, message.accepted_at, attempt, next, &mut seen));
        }
        let failed = rows.iter().any(|row| row.state == RecipientState::Failed);
        Ok(Self {
            scene: scene.map(|scene| SceneHead::new(reader, scene)),
            badge: Badge::message(reader, message, &rows),
            accepted: Moment::new(message.accepted_at),
            door: door(reader, &message.origin),
            reverse_path: path(&message.reverse_path.to_string()),
            recipients: rows.iter().map(|row| Standing::new(reader, row)).collect(),
            verdicts: message.verdicts.as_ref().map(|verdicts| VerdictsView::new(reader, verdicts, "own")),
            attempts,
            papers: papers(&**store, reader, message.id).await?,
            visits: seen.into_iter().map(|(_, visit)| visit).collect(),
            notification: if failed { notification(&**store, message, &rows).await? } else { None },
            about: about(store, message).await?,
        })
    }
}

impl Standing {
    fn new(reader: &Reader, row: &QueueRow) -> Self {
        let waits = row.state == RecipientState::Queued && row.attempts > 0;
        Self {
            address: visible(&row.path.address.to_string()),
            badge: Badge::recipient(reader, row),
            status: visible(row.last_status.as_deref().unwrap_or_default()),
            due: waits.then(|| Moment::new(row.due)),
            expires: waits.then(|| Moment::new(row.expires)),
        }
    }
}

/// Whether a visit is one of this message: the story says so, or its Message-ID; a visit that ended before the content came is known by
/// its envelope.
fn belongs(
    number: usize,
    visit: &Visit,
    message: &MessageRow,
    rows: &[QueueRow],
    scene: Option<&Scene>,
) -> bool {
    if scene.is_some_and(|scene| scene.visits.contains(&number)) {
        return true;
    }
    match &visit.message_id {
        Some(message_id) => *message_id == message.summary.message_id,
        None => {
            let is_recipient =
                |address: &String| rows.iter().any(|row| row.path.address.to_string() == *address);
            let finished = rows
                .iter()
                .all(|row| matches!(row.state, RecipientState::Delivered | RecipientState::Failed));
            let last = rows.iter().map(|row| row.due).max().filter(|_| finished);
            let in_time = visit.at.is_some_and(|at| {
                at.as_millisecond() >= message.accepted_at.as_millisecond() - 500
                    && last.is_none_or(|last| at.as_millisecond() <= last.as_millisecond() + 1_500)
            });
            in_time && left_with(visit, message) && visit.recipients.iter().any(is_recipient)
        }
    }
}

/// Whether a visit had the reverse-path of this message: its own, or a return path of ours, which names the message.
fn left_with(visit: &Visit, message: &MessageRow) -> bool {
    visit.reverse_path == message.reverse_path.to_string()
        || visit.reverse_path.contains(&message.id.to_string().to_ascii_lowercase())
}

/// The delivery status notification (RFC 3464) that told the sender of a failure: a message of our own that refers to this one. It went to
/// the reverse-path, or, where that is a mailbox here, was put there when the last recipient failed.
async fn notification(
    store: &dyn Store,
    message: &MessageRow,
    rows: &[QueueRow],
) -> Result<Option<QueueId>, StoreError> {
    let Some(sender) = message.reverse_path.address() else { return Ok(None) };
    let failed = rows.iter().filter(|row| row.state == RecipientState::Failed).map(|row| row.due).max();
    let mut candidates = store.messages_to(sender, NOTIFICATIONS).await?;
    if let Some(failed) = failed {
        candidates.extend(store.messages(Some(soon_after(failed)), NOTIFICATIONS).await?);
    }
    for candidate in candidates {
        if candidate.origin == Origin::Own
            && candidate.id > message.id
            && referred(store, &candidate).await?.as_deref() == Some(&*message.summary.message_id)
        {
            return Ok(Some(candidate.id));
        }
    }
    Ok(None)
}

/// An identifier above those of the two seconds that follow: identifiers begin with the time.
fn soon_after(at: Timestamp) -> QueueId {
    let millis = u128::try_from(at.as_millisecond().saturating_add(2_000)).unwrap_or_default();
    QueueId::from_bits(millis << 80)
}

/// The message that a notification of ours is about.
async fn about(store: &Arc<dyn Store>, message: &MessageRow) -> Result<Option<QueueId>, StoreError> {
    if message.origin != Origin::Own {
        return Ok(None);
    }
    let Some(message_id) = referred(&**store, message).await? else { return Ok(None) };
    let found = store.by_message_id(&message_id).await?;
    Ok(found.into_iter().map(|found| found.id).find(|id| *id != message.id))
}

/// The Message-ID to which a message refers (RFC 5322 section 3.6.4).
async fn referred(store: &dyn Store, message: &MessageRow) -> Result<Option<String>, StoreError> {
    let head = store.content(message.id, Some(0..HEAD.min(message.summary.size))).await?;
    let Ok(section) = HeaderSection::parse(&head, HeaderLimits::GENEROUS) else { return Ok(None) };
    let text = section.first("References").map(|field| field.text()).unwrap_or_default();
    let last = text.split_ascii_whitespace().next_back().unwrap_or_default();
    let inside = last.trim_start_matches('<').trim_end_matches('>');
    Ok((!inside.is_empty()).then(|| inside.to_owned()))
}
