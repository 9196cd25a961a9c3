//! What came back about a message by mail, and whom it was never sent to.

use tegami_queue::{EventData, Reason};
use tegami_store::{EventFilter, EventKind, NewEvent, QueueId, Store, StoreError};

use super::reader::Reader;
use super::session::ReplyView;
use super::show::{Badge, Moment, visible};

/// Events of one message that are looked at.
const MOST: usize = 2_000;

/// One piece of news that no attempt tells.
#[derive(Debug)]
pub(crate) struct PaperView {
    pub(crate) badge: Badge,
    pub(crate) at: Moment,
    /// Empty where it is not known whom it is about.
    pub(crate) recipient: String,
    pub(crate) sentence: String,
    /// Who reported it.
    pub(crate) reporter: String,
    pub(crate) reply: Option<ReplyView>,
    /// The notification or complaint, as it was kept.
    pub(crate) report: Option<QueueId>,
}

/// All such news about a message, oldest first.
pub(crate) async fn papers(
    store: &dyn Store,
    reader: &Reader,
    message: QueueId,
) -> Result<Vec<PaperView>, StoreError> {
    let filter = EventFilter { message: Some(message), limit: MOST, ..EventFilter::default() };
    let events = store.events(filter).await?;
    Ok(events.iter().filter_map(|event| PaperView::new(reader, &event.event)).collect())
}

impl PaperView {
    fn new(reader: &Reader, event: &NewEvent) -> Option<Self> {
        let data = EventData::from_json(&event.data)?;
        let suppressed = match data.reason {
            Some(Reason::SuppressBounce) => Some("queue-suppressed-bounces"),
            Some(Reason::SuppressUnsubscribe) => Some("queue-suppressed-unsubscribes"),
            Some(Reason::SuppressComplaint) => Some("queue-suppressed-complaints"),
            _ => None,
        };
        let (id, tone) = match (event.kind, suppressed) {
            (EventKind::Failed, Some(id)) => (id, "bad"),
            _ if data.report.is_none() => return None,
            (EventKind::Failed, None) => ("web-paper-failed", "bad"),
            (EventKind::Deferred, _) => ("web-paper-delayed", "wait"),
            (EventKind::Complained, _) => ("web-paper-complained", "bad"),
            (EventKind::Unsubscribed, _) => ("web-paper-unsubscribed", "bad"),
            _ => ("web-paper-delivered", "good"),
        };
        let evidence = data.evidence.as_deref().map(|evidence| evidence.reply.clone());
        let told = matches!(event.kind, EventKind::Failed | EventKind::Deferred).then(|| data.reply_line());
        let reply = if suppressed.is_some() { evidence } else { told };
        let host = data.mx_host.as_deref().or(data.evidence.as_ref().and_then(|known| known.host.as_deref()));
        let badge = if suppressed.is_some() { "web-paper-not-sent" } else { "web-paper-later" };
        Some(Self {
            badge: Badge { word: reader.say(badge), tone },
            at: Moment::new(event.at),
            recipient: event.recipient.as_deref().map(visible).unwrap_or_default(),
            sentence: reader.say(id),
            reporter: data.reporter.as_deref().map(visible).unwrap_or_default(),
            reply: reply.filter(|reply| !reply.is_empty()).map(|reply| ReplyView::said(reader, &reply, host)),
            report: data.report,
        })
    }
}
