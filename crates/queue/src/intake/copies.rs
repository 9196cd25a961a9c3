//! Copies of a message that differ for each recipient: links of their own.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use tegami_mail::Envelope;
use tegami_store::{NewMessage, QueueId, TrackingSettings};

use super::{Intake, Whole};
use crate::link::Links;
use crate::submission::{Accepted, IntakeError};
use crate::track::{self, Reader};

/// All copies of one submission together, in octets.
const MOST_COPIED: usize = 256 << 20;

impl Whole {
    /// What a copy is made with; whose it is remains to be said.
    pub(super) fn reader<'a>(
        &'a self,
        links: Option<&'a Links>,
        tracking: &'a TrackingSettings,
        now: Timestamp,
    ) -> Reader<'a> {
        Reader {
            links,
            domain: &self.domain,
            by_mail: self.by_mail,
            message: QueueId::from_bits(0),
            recipient: "",
            now,
            tags: &self.options.tags,
            list: None,
            person: None,
            tracking,
        }
    }
}

/// The octets of all copies so far.
pub(super) fn bounded(octets: usize, more: usize, has_one: bool) -> Result<usize, IntakeError> {
    let octets = octets + more;
    if octets > MOST_COPIED && has_one {
        return Err(IntakeError::TooLarge { size: octets as u64, limit: MOST_COPIED as u64 });
    }
    Ok(octets)
}

/// What each recipient's own copy is made with.
#[derive(Clone, Copy)]
pub(super) struct Copies<'a> {
    pub(super) links: &'a Links,
    pub(super) tracking: &'a TrackingSettings,
    pub(super) first: QueueId,
}

impl Intake {
    /// The links that the copies of a message get; `None` where all recipients share one copy.
    pub(super) fn links_for(
        &self,
        content: &[u8],
        whole: &Whole,
        tracking: &TrackingSettings,
    ) -> Result<Option<Links>, IntakeError> {
        let wanted = tracking.needs_links();
        let reachable = |links: &&Links| links.base().is_some() || whole.links_at.is_some();
        match self.links.as_deref().filter(reachable) {
            Some(links) => Ok((wanted || track::asks_for_links(content)).then(|| match &whole.links_at {
                Some(base) => links.by(base.clone()),
                None => links.clone(),
            })),
            None if track::names_links(content) => Err(IntakeError::NoPublicUrl),
            None => {
                if wanted && !self.told_of_links.swap(true, Ordering::Relaxed) {
                    let domain = &whole.domain;
                    tracing::warn!(%domain, "mail goes out without the links that its domain or its sender wants: set public_url");
                }
                Ok(None)
            }
        }
    }

    /// One copy for each recipient, with links of its own.
    pub(super) async fn seal_each(
        &self,
        whole: &Whole,
        copies: Copies<'_>,
        envelope: &Envelope,
        content: &[u8],
        now: Timestamp,
    ) -> Result<(Accepted, Vec<NewMessage>), IntakeError> {
        let (mut first, mut messages, mut octets) = (None, Vec::new(), 0_usize);
        for path in &envelope.forward_paths {
            let id = if first.is_none() { copies.first } else { self.ids.next(now) };
            let recipient = path.address.to_string();
            let reader = whole.reader(Some(copies.links), copies.tracking, now);
            let content = Reader { message: id, recipient: &recipient, ..reader }.copy(content);
            octets = bounded(octets, content.len(), first.is_some())?;
            let envelope = Envelope { forward_paths: vec![path.clone()], ..envelope.clone() };
            let (accepted, mut of_one) = self.seal(whole, id, envelope, content, now).await?;
            messages.append(&mut of_one);
            first.get_or_insert(accepted);
        }
        first.map(|accepted| (accepted, messages)).ok_or(IntakeError::NoRecipients)
    }
}
