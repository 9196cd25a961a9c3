//! Readers who want no more mail: by a link, or by mail to an address that only we can make.

use serde_json::value::from_value;
use tegami_mail::{Address, Domain};
use tegami_store::{
    EVERY_TAG, EventFilter, EventKind, Json, NewEvent, QueueId, Store, StoreError, Suppression,
    SuppressionList, SuppressionSource, Table,
};
use tokio::sync::{Mutex, MutexGuard};

use crate::intake::Intake;
use crate::link::{FarewellFrom, Link, LinkAction, MailFarewell, Visit};

/// Tags are added to those that stand there: nobody may write between the reading and the writing.
static WRITING: Mutex<()> = Mutex::const_new(());

/// Events of one message among which its recipient is looked for.
const LOOKED_AT: usize = 100;

/// The right to change suppressions whose tags were read; who has it keeps others from it.
pub async fn writing() -> MutexGuard<'static, ()> {
    WRITING.lock().await
}

/// A suppression with the tags that the address has in the store besides, and whether anything is new. The caller has the right of [`writing`].
///
/// # Errors
/// The store could not be read.
pub async fn merged(store: &dyn Store, suppression: Suppression) -> Result<(Suppression, bool), StoreError> {
    if suppression.list != SuppressionList::Unsubscribes {
        return Ok((suppression, true));
    }
    let key = suppression.key();
    let known = store.get(Table::Suppressions, &key).await?.map(from_value).transpose();
    let known = known.map_err(|error| StoreError::Unusable(format!("{key}: {error}")))?;
    Ok(joined(suppression, known.as_ref()))
}

/// With the tags that it has besides, and whether anything is new.
pub fn joined(mut suppression: Suppression, known: Option<&Suppression>) -> (Suppression, bool) {
    let Some(known) = known.filter(|known| known.list == SuppressionList::Unsubscribes) else {
        return (suppression, true);
    };
    let (mut tags, added) = (farewell_tags(known), farewell_tags(&suppression));
    let before = tags.len();
    for tag in added {
        if !tags.iter().any(|known| known.eq_ignore_ascii_case(&tag)) {
            tags.push(tag);
        }
    }
    let is_new = tags.len() > before;
    suppression.tags = tags;
    (suppression, is_new)
}

/// From what an address unsubscribed: tags, `*` for everything.
pub fn farewell_tags(suppression: &Suppression) -> Vec<String> {
    if suppression.tags.is_empty() { vec![EVERY_TAG.to_owned()] } else { suppression.tags.clone() }
}

impl Intake {
    /// Who wants no more mail gets none: the suppression, or the end of a membership, and the event in one commit, once. `false`: it was so already,
    /// and nothing is written. `visit` is what is known of who asks.
    ///
    /// # Errors
    /// The store could not be read or written.
    pub async fn say_farewell(&self, link: &Link, visit: Visit) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let event = |visit: &Visit| NewEvent {
            kind: EventKind::Unsubscribed,
            at: now,
            domain: link.domain.clone(),
            message: Some(link.message),
            recipient: Some(link.recipient.clone()),
            data: Json::of(visit),
        };
        let tags = match &link.action {
            LinkAction::Unsubscribe(tags) => tags,
            LinkAction::Leave(list) => {
                let visit = Visit { mailing_list: Some(list.clone()), ..visit };
                let is_new = self.lists().leave(list, &link.recipient, event(&visit)).await?;
                tracing::info!(list, recipient = link.recipient, is_new, "left a mailing list");
                return Ok(is_new);
            }
            LinkAction::Open | LinkAction::Click(_) => return Ok(false),
        };
        let suppression = Suppression {
            domain: link.domain.clone(),
            list: SuppressionList::Unsubscribes,
            address: link.recipient.clone(),
            code: String::new(),
            error: String::new(),
            created_at: now,
            source: SuppressionSource::Recipient,
            evidence: None,
            tags: tags.clone(),
        };
        let event = event(&Visit { from_tags: tags.clone(), ..visit });
        let _alone = writing().await;
        let (suppression, is_new) = merged(&*self.store, suppression).await?;
        if is_new {
            self.store.tell(vec![event], vec![suppression.change()]).await?;
        }
        tracing::info!(domain = link.domain, recipient = link.recipient, is_new, "unsubscribed");
        Ok(is_new)
    }

    /// What mail to this address means, where it is one to say farewell by; `Some(None)` for one that is forged, or whose message is forgotten.
    pub(crate) async fn farewell_at(&self, address: &Address) -> Result<Option<Option<Link>>, StoreError> {
        let now = self.clock.now();
        let Some(links) = self.links() else { return Ok(None) };
        let (Some(read), Some(domain)) = (links.read_address(address, now), address.domain()) else {
            return Ok(None);
        };
        let Some(farewell) = read else { return Ok(Some(None)) };
        Ok(Some(self.link_of(farewell, domain).await?))
    }

    /// The link that stands for it: whose copy it was is known by the event of its acceptance.
    async fn link_of(&self, farewell: MailFarewell, domain: &Domain) -> Result<Option<Link>, StoreError> {
        let MailFarewell { message: id, from } = farewell;
        let message = match self.store.message(id).await {
            Ok(message) => message,
            Err(StoreError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(recipient) = self.reader_of(id).await? else { return Ok(None) };
        let action = match (from, message.summary.list) {
            (FarewellFrom::Domain, _) => LinkAction::Unsubscribe(Vec::new()),
            (FarewellFrom::Tags, _) => LinkAction::Unsubscribe(message.summary.tags),
            (FarewellFrom::List, Some(list)) => LinkAction::Leave(list),
            (FarewellFrom::List, None) => return Ok(None),
        };
        let domain = domain.to_string();
        Ok(Some(Link { domain, message: id, recipient, issued: message.accepted_at, action }))
    }

    /// The one recipient of a message.
    async fn reader_of(&self, id: QueueId) -> Result<Option<String>, StoreError> {
        let filter = EventFilter { message: Some(id), limit: LOOKED_AT, ..EventFilter::default() };
        let events = self.store.events(filter).await?;
        let mut accepted = events.into_iter().filter(|event| event.event.kind == EventKind::Accepted);
        let only = accepted.next().and_then(|event| event.event.recipient);
        Ok(only.filter(|_| accepted.next().is_none()))
    }
}
