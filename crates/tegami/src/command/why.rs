//! `tegami why`: the causal story of a message: every attempt, every reply, and what comes next.

mod tell;
mod tls;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;
use tegami_mail::header::{HeaderLimits, HeaderSection};
use tegami_mail::{Address, HeaderField, note};
use tegami_queue::judgement_apart;
use tegami_store::{
    Attempt, EventFilter, EventKind, MessageRow, NewEvent, Origin, QueueId, QueueRow, RecipientState,
    StoreError,
};

use self::tell::tell;
use super::context::moment;
use super::queue::Wait;
use super::{Context, Failure, Outcome, Report, paper, queue, table};
use crate::server::Rooms;

/// For an address the newest messages are told.
const NEWEST: usize = 10;
/// Events among which failures without any attempt are looked for.
const NEWEST_EVENTS: usize = 2_000;
/// Events of one message that are looked at: two for each of the most recipients that a message has by default.
const MOST_EVENTS: usize = 2_000;
/// Octets of a message in which signatures are looked for.
const MOST_HEADER: u64 = 64 << 10;
/// Messages to a sender among which notifications are looked for.
const NOTICES: usize = 50;

/// One message with everything that is known of its way.
struct Story {
    message: MessageRow,
    recipients: Vec<QueueRow>,
    attempts: Vec<Attempt>,
    /// Everything that happened to it, in order.
    events: Vec<NewEvent>,
    /// Recipients that never waited in the queue, each with the event that ended its way.
    ended_here: Vec<NewEvent>,
    /// What came back by mail afterwards.
    papers: Vec<NewEvent>,
    /// What signed it: domain, selector, algorithm.
    signatures: Vec<String>,
    /// Notifications of ours about it that wait or went to its sender.
    notices: Vec<MessageRow>,
    /// Why its recipients wait at this moment, by place.
    waits: BTreeMap<u32, Wait>,
}

impl Story {
    /// What receivers would make of a message in test mode.
    fn judgement(&self) -> Option<serde_json::Value> {
        self.events.iter().rev().find_map(|event| judgement_apart(event).1)
    }

    fn arrived(&self) -> bool {
        self.recipients.iter().all(|row| row.state == RecipientState::Delivered)
            && self.ended_here.iter().all(|event| event.kind != EventKind::Failed)
            && !self.papers.iter().any(paper::is_bad)
    }
}

/// Tells the story of a queue id, a Message-ID, or the newest messages to an address. Exit status 1 when something failed or waits.
pub(crate) async fn run(subject: &str, context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let mut stories = Vec::new();
    for message in find(subject, rooms).await? {
        let recipients = rooms.store.recipients(message.id).await?;
        let attempts = rooms.store.attempts(message.id).await?;
        let (papers, events): (Vec<_>, Vec<_>) =
            events(message.id, rooms).await?.into_iter().partition(paper::is_told_later);
        let ended_here = ended_here(&events, &recipients);
        let signatures = signatures(&message, rooms).await;
        let notices = notices(&message, &events, rooms).await?;
        let wait = |row: &QueueRow| Some((row.id.recipient, queue::wait(rooms, row)?));
        let waits = recipients.iter().filter_map(wait).collect();
        stories.push(Story {
            message,
            recipients,
            attempts,
            events,
            ended_here,
            papers,
            signatures,
            notices,
            waits,
        });
    }
    let well = stories.iter().all(Story::arrived);
    let mut report = if context.json {
        let messages: Vec<_> = stories.iter().map(|story| story_json(context, story)).collect();
        Report::json(&json!({ "messages": messages }))
    } else {
        let told: Vec<String> = stories.iter().map(|story| tell(context, story)).collect();
        Report::well(told.join("\n"))
    };
    report.outcome = if well { Outcome::Well } else { Outcome::Finding };
    Ok(report)
}

async fn find(subject: &str, rooms: &Rooms) -> Result<Vec<MessageRow>, Failure> {
    if let Ok(id) = subject.parse::<QueueId>() {
        return Ok(vec![message(id, rooms).await?]);
    }
    let message_id = subject.trim_start_matches('<').trim_end_matches('>');
    let mut found = rooms.store.by_message_id(message_id).await?;
    if found.is_empty() {
        let address = Address::parse(subject).map_err(|_| note!("cli-unknown-subject", subject = subject))?;
        found = newest_to(&address, rooms).await?;
    }
    if found.is_empty() { Err(note!("cli-nothing-about", subject = subject).into()) } else { Ok(found) }
}

/// The newest messages to an address, also those that went straight into its mailboxes here.
async fn newest_to(address: &Address, rooms: &Rooms) -> Result<Vec<MessageRow>, Failure> {
    let mut found = rooms.store.messages_to(address, NEWEST).await?;
    for (mailbox, count) in rooms.store.mailboxes(address).await? {
        // Numbers only grow, so the newest lie above the count of the others.
        let mut after = u32::try_from(count.saturating_sub(NEWEST as u64)).unwrap_or(u32::MAX);
        loop {
            let page = rooms.store.mailbox(address, &mailbox, after, NEWEST).await?;
            let Some(last) = page.last() else { break };
            after = last.uid;
            found.extend(page.into_iter().map(|entry| entry.message));
        }
    }
    // And those that were never sent, because the address is suppressed.
    let newest = EventFilter { descending: true, limit: NEWEST_EVENTS, ..EventFilter::default() };
    for event in rooms.store.events(newest).await? {
        let meant = event.event.recipient.as_deref() == Some(address.to_string().as_str());
        if let Some(id) = event.event.message.filter(|_| meant && event.event.kind == EventKind::Failed) {
            found.extend(rooms.store.message(id).await.ok());
        }
    }
    found.sort_by_key(|message| std::cmp::Reverse(message.id));
    found.dedup_by_key(|message| message.id);
    found.truncate(NEWEST);
    Ok(found)
}

async fn events(id: QueueId, rooms: &Rooms) -> Result<Vec<NewEvent>, Failure> {
    let filter = EventFilter { message: Some(id), limit: MOST_EVENTS, ..EventFilter::default() };
    Ok(rooms.store.events(filter).await?.into_iter().map(|event| event.event).collect())
}

fn ended_here(events: &[NewEvent], queued: &[QueueRow]) -> Vec<NewEvent> {
    let ends = [EventKind::Delivered, EventKind::Stored, EventKind::Failed];
    let waited = |recipient: &String| queued.iter().any(|row| row.path.address.to_string() == *recipient);
    let ended = |event: &&NewEvent| {
        ends.contains(&event.kind) && event.recipient.as_ref().is_some_and(|recipient| !waited(recipient))
    };
    events.iter().filter(ended).cloned().collect()
}

/// The signatures that the message carries, as `example.org (t202611, rsa-sha256)`. A content that is gone has none to show.
async fn signatures(message: &MessageRow, rooms: &Rooms) -> Vec<String> {
    let end = message.summary.size.min(MOST_HEADER);
    let Ok(content) = rooms.store.content(message.id, Some(0..end)).await else { return Vec::new() };
    let Ok(section) = HeaderSection::parse(&content, HeaderLimits::GENEROUS) else { return Vec::new() };
    let signature = |field: &HeaderField<'_>| {
        let text = field.text();
        let tag = |name: &str| {
            let value = |tag: &str| {
                Some(tag.trim().strip_prefix(name)?.trim_start().strip_prefix('=')?.trim().to_owned())
            };
            text.split(';').find_map(value)
        };
        Some(format!("{} ({}, {})", tag("d")?, tag("s")?, tag("a")?))
    };
    section.all("DKIM-Signature").filter_map(signature).map(|text| table::cell(&text)).collect()
}

/// Our notifications to the sender: born in the very commit of what they tell of, so at the very same moment.
async fn notices(
    message: &MessageRow,
    events: &[NewEvent],
    rooms: &Rooms,
) -> Result<Vec<MessageRow>, Failure> {
    let Some(sender) = message.reverse_path.address() else { return Ok(Vec::new()) };
    let mut found = newest_to(sender, rooms).await?;
    found.extend(rooms.store.messages_to(sender, NOTICES).await?);
    found.sort_by_key(|notice| std::cmp::Reverse(notice.id));
    found.dedup_by_key(|notice| notice.id);
    found.retain(|notice| {
        notice.origin == Origin::Own && events.iter().any(|event| event.at == notice.accepted_at)
    });
    found.reverse();
    Ok(found)
}

/// The message of this identifier. That there is none is a finding; that the store cannot tell is a failure.
pub(crate) async fn message(id: QueueId, rooms: &Rooms) -> Result<MessageRow, Failure> {
    rooms.store.message(id).await.map_err(|error| match error {
        StoreError::NotFound(_) => note!("cli-no-such-message", id = id).into(),
        other => other.into(),
    })
}

/// The lines that name a message.
pub(crate) fn heading(context: &Context, message: &MessageRow) -> String {
    let summary = &message.summary;
    let reverse_path = message.reverse_path.to_string();
    let rows = [
        ("id", message.id.to_string()),
        ("subject", table::plain(&summary.subject)),
        ("from", table::plain(&summary.from)),
        ("reverse-path", if reverse_path.is_empty() { "<>".to_owned() } else { reverse_path }),
        ("accepted", moment(message.accepted_at)),
        ("message-id", format!("<{}>", table::plain(&summary.message_id))),
    ];
    let mut text = String::new();
    for (label, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "{}: {value}", context.word(&format!("cli-label-{label}")));
    }
    text
}

/// A judgement stands beside the events.
fn without_judgement(event: &NewEvent) -> NewEvent {
    match judgement_apart(event) {
        (data, Some(_)) => NewEvent { data: data.into(), ..event.clone() },
        (_, None) => event.clone(),
    }
}

fn story_json(context: &Context, story: &Story) -> serde_json::Value {
    let attempts: Vec<_> = story
        .attempts
        .iter()
        .map(|attempt| {
            let record = tegami_words::told(context.language, &attempt.record.value());
            json!({"at": attempt.at, "recipients": attempt.recipients, "record": record})
        })
        .collect();
    let recipient = |row: &QueueRow| {
        let mut value = queue::row_json(row);
        if let (Some(members), Some(wait)) = (value.as_object_mut(), story.waits.get(&row.id.recipient)) {
            let because = context.say(&wait.because);
            members.insert(
                "waits".to_owned(),
                json!({ "held": wait.held, "until": wait.until, "because": because }),
            );
        }
        value
    };
    json!({
        "id": story.message.id,
        "accepted_at": story.message.accepted_at,
        "origin": story.message.origin,
        "reverse_path": story.message.reverse_path,
        "summary": story.message.summary,
        "recipients": story.recipients.iter().map(recipient).collect::<Vec<_>>(),
        "attempts": attempts,
        "ended_here": story.ended_here,
        "papers": story.papers.iter().map(|event| paper::member(context, event)).collect::<Vec<_>>(),
        "events": story.events.iter().map(without_judgement).collect::<Vec<_>>(),
        "preflight": story.judgement().map(|told| tegami_words::told(context.language, &told)),
        "signatures": story.signatures,
        "notices": story.notices.iter().map(|notice| notice.id).collect::<Vec<_>>(),
    })
}
