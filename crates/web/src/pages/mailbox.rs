//! Mailboxes: what arrived here. Content is shown as text; HTML only inside a frame that can do nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use tegami_mail::{Address, mime};
use tegami_store::{MailboxEntry, QueueId};

use super::Hall;
use super::reader::{Reader, Trouble};
use super::show::{Moment, link, visible};
use super::source::SourceView;
use super::verdict::VerdictsView;

/// Messages read at once, and shown at most.
const PAGE: usize = 500;

struct OwnerView {
    address: String,
    mailboxes: Vec<MailboxLink>,
}

struct MailboxLink {
    name: String,
    count: u64,
    link: String,
}

#[derive(Template)]
#[template(path = "mailboxes.html", blocks = ["live"])]
struct MailboxesPage<'a> {
    reader: &'a Reader,
    owners: Vec<OwnerView>,
}

/// All mailboxes.
pub(crate) async fn list(State(hall): State<Arc<Hall>>, reader: Reader) -> Result<Response, Trouble> {
    let mut owners: BTreeSet<Address> = hall.owners.iter().cloned().collect();
    owners.extend(reader.unless_missing(tegami_queue::mailbox_owners(&*hall.store).await)?);
    let mut views = Vec::new();
    for owner in owners {
        let found = reader.unless_missing(hall.store.mailboxes(&owner).await)?;
        let links = found.into_iter().map(|(name, count)| MailboxLink {
            link: link(&["mailboxes", &owner.to_string(), &name]),
            name: visible(&name),
            count,
        });
        views.push(OwnerView { address: visible(&owner.to_string()), mailboxes: links.collect() });
    }
    let page = MailboxesPage { reader: &reader, owners: views };
    Ok(reader.answer(&page, &page.as_live()))
}

struct EntryView {
    link: String,
    at: Moment,
    from: String,
    subject: String,
}

#[derive(Template)]
#[template(path = "mailbox.html", blocks = ["live"])]
struct MailboxPage<'a> {
    reader: &'a Reader,
    owner: String,
    mailbox: String,
    entries: Vec<EntryView>,
}

/// One mailbox, newest first.
pub(crate) async fn one(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path((owner, mailbox)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let owner = Address::parse(&owner).map_err(|_| reader.missing())?;
    let mut entries: Vec<MailboxEntry> = Vec::new();
    loop {
        let after = entries.last().map_or(0, |entry| entry.uid);
        let more = reader.unless_missing(hall.store.mailbox(&owner, &mailbox, after, PAGE).await)?;
        let full = more.len() >= PAGE;
        entries.extend(more);
        let surplus = entries.len().saturating_sub(PAGE);
        entries.drain(..surplus);
        if !full {
            break;
        }
    }
    let place = link(&["mailboxes", &owner.to_string(), &mailbox]);
    let page = MailboxPage {
        reader: &reader,
        owner: visible(&owner.to_string()),
        mailbox: visible(&mailbox),
        entries: entries
            .into_iter()
            .rev()
            .map(|entry| EntryView {
                link: format!("{place}/{}", entry.uid),
                at: Moment::new(entry.message.accepted_at),
                from: visible(&entry.message.summary.from),
                subject: visible(&entry.message.summary.subject),
            })
            .collect(),
    };
    Ok(reader.answer(&page, &page.as_live()))
}

#[derive(Template)]
#[template(path = "letter.html", blocks = ["live"])]
struct LetterPage<'a> {
    reader: &'a Reader,
    owner: String,
    mailbox: String,
    mailbox_link: String,
    frame: String,
    id: QueueId,
    at: Moment,
    source: SourceView,
    verdicts: Option<VerdictsView>,
}

/// One message of a mailbox.
pub(crate) async fn message(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path((owner, mailbox, uid)): Path<(String, String, String)>,
) -> Result<Response, Trouble> {
    let (owner, entry) = find(&hall, &reader, &owner, &mailbox, &uid).await?;
    let content = reader.unless_missing(hall.store.content(entry.message.id, None).await)?;
    let mailbox_link = link(&["mailboxes", &owner.to_string(), &mailbox]);
    let verdicts = entry.message.verdicts.as_ref();
    let page = LetterPage {
        reader: &reader,
        owner: visible(&owner.to_string()),
        mailbox: visible(&mailbox),
        frame: format!("{mailbox_link}/{uid}/html"),
        mailbox_link,
        id: entry.message.id,
        at: Moment::new(entry.message.accepted_at),
        source: SourceView::new(&content),
        verdicts: verdicts.map(|verdicts| VerdictsView::new(&reader, verdicts, "own")),
    };
    Ok(reader.answer(&page, &page.as_live()))
}

/// The HTML of a message, for the frame.
pub(crate) async fn html(
    State(hall): State<Arc<Hall>>,
    reader: Reader,
    Path((owner, mailbox, uid)): Path<(String, String, String)>,
) -> Result<Response, Trouble> {
    let (_, entry) = find(&hall, &reader, &owner, &mailbox, &uid).await?;
    let content = reader.unless_missing(hall.store.content(entry.message.id, None).await)?;
    let html = mime::parse(&content).html.ok_or_else(|| reader.missing())?;
    Ok(crate::api::message::sandboxed(html))
}

async fn find(
    hall: &Hall,
    reader: &Reader,
    owner: &str,
    mailbox: &str,
    uid: &str,
) -> Result<(Address, MailboxEntry), Trouble> {
    let owner = Address::parse(owner).map_err(|_| reader.missing())?;
    let uid: u32 = uid.parse().map_err(|_| reader.missing())?;
    let found = hall.store.mailbox(&owner, mailbox, uid.saturating_sub(1), 1).await;
    let entry = reader.unless_missing(found)?.into_iter().find(|entry| entry.uid == uid);
    Ok((owner, entry.ok_or_else(|| reader.missing())?))
}
