//! Copies of a message that differ for each recipient: links of their own, and what goes to the members of a mailing list.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use tegami_mail::header::{HeaderLimits, HeaderSection};
use tegami_mail::{Address, Domain, Envelope};
use tegami_store::{NewMessage, QueueId, TrackingSettings};

use super::{Intake, Whole};
use crate::complete::Completed;
use crate::link::Links;
use crate::mailing_list::{AccessLevel, MailingList, Member, list_key};
use crate::permit::Permit;
use crate::submission::{Accepted, IntakeError};
use crate::track::{self, Reader};
use crate::variables::Person;

/// All copies of one submission together, in octets.
const MOST_COPIED: usize = 256 << 20;

impl Whole {
    /// What a copy is made with; whose it is remains to be said.
    fn reader<'a>(
        &'a self,
        links: Option<&'a Links>,
        tracking: &'a TrackingSettings,
        now: Timestamp,
    ) -> Reader<'a> {
        Reader {
            links,
            domain: self.domain.as_str(),
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

/// A message to a mailing list.
pub(super) struct Post {
    list: MailingList,
    /// Those who are subscribed.
    members: Vec<Member>,
}

impl Post {
    pub(super) fn is_to(&self, address: &Address) -> bool {
        list_key(&self.list.address) == list_key(&address.to_string())
    }

    /// The domain in whose name it goes to the members: the list's.
    pub(super) fn domain(&self) -> Option<Domain> {
        Address::parse(&self.list.address).ok()?.domain().cloned()
    }
}

/// The octets of all copies so far.
fn bounded(octets: usize, more: usize, has_one: bool) -> Result<usize, IntakeError> {
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

    /// The mailing lists among the recipients, if their senders may write to them.
    pub(super) async fn posts(
        &self,
        permit: &Permit,
        completed: &Completed,
    ) -> Result<Vec<Post>, IntakeError> {
        let mut posts: Vec<Post> = Vec::new();
        for path in &permit.envelope().forward_paths {
            let Some(list) = self.lists.of(&path.address).await? else { continue };
            if posts.iter().any(|post| post.is_to(&path.address)) {
                continue;
            }
            let refused = |why| IntakeError::ListRefuses { list: list.address.clone(), why };
            let section = HeaderSection::parse(&completed.content, HeaderLimits::GENEROUS);
            let bracketed = format!("<{}>", list.id());
            // A list that is a member of a list, or of itself, would send for ever.
            if section
                .is_ok_and(|section| section.all("List-Id").any(|field| field.text().contains(&bracketed)))
            {
                return Err(refused("it came from the list itself"));
            }
            let mut members = self.lists.members(&list.address).await?;
            let is_member = |author: &Address| {
                let author = list_key(&author.to_string());
                members.iter().any(|member| list_key(&member.address) == author)
            };
            let may = permit.may_write_as(&path.address)
                || match list.access_level {
                    AccessLevel::ReadOnly => false,
                    AccessLevel::Members => completed.authors.iter().any(is_member),
                    AccessLevel::Everyone => true,
                };
            if !may {
                return Err(refused("its sender may not write to it"));
            }
            members.retain(|member| member.subscribed);
            if members.is_empty() {
                return Err(refused("it has no subscribed members"));
            }
            posts.push(Post { list, members });
        }
        Ok(posts)
    }

    /// One copy for each member of each list; the first one has the identifier that is given.
    pub(super) async fn seal_posts(
        &self,
        whole: &Whole,
        posts: Vec<Post>,
        (links, tracking): (Option<&Links>, &TrackingSettings),
        envelope: &Envelope,
        content: &[u8],
        (id, now): (QueueId, Timestamp),
    ) -> Result<(Option<Accepted>, Vec<NewMessage>), IntakeError> {
        let (mut accepted, mut messages, mut octets) = (None, Vec::new(), 0_usize);
        for post in posts {
            let domain = post.domain().unwrap_or_else(|| whole.domain.clone());
            let whole = Whole { domain, ..whole.clone() };
            for member in &post.members {
                let Some(person) = Person::member(member) else { continue };
                let id = if accepted.is_none() { id } else { self.ids.next(now) };
                let reader = Reader {
                    message: id,
                    recipient: &member.address,
                    list: Some(&post.list),
                    person: Some(&person),
                    ..whole.reader(links, tracking, now)
                };
                let content = reader.copy(content);
                octets = bounded(octets, content.len(), accepted.is_some())?;
                let envelope =
                    Envelope { forward_paths: vec![person.address().clone().into()], ..envelope.clone() };
                let (one, mut of_one) = self.seal(&whole, id, envelope, content, now).await?;
                messages.append(&mut of_one);
                accepted.get_or_insert(one);
            }
        }
        Ok((accepted, messages))
    }
}
