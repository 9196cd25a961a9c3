//! `tegami why`: the causal story of a message: every attempt, every reply, and what comes next.

use std::fmt::Write as _;

use serde_json::json;
use tegami_mail::{Address, StoredNote, note};
use tegami_outbound::{AttemptRecord, HostTry, RecipientRecord};
use tegami_queue::{EventData, Reason};
use tegami_store::{
    Attempt, EventFilter, EventKind, MessageRow, NewEvent, QueueId, QueueRow, RecipientState, StoreError,
};

use super::context::moment;
use super::lookup::reply;
use super::{Context, Failure, Outcome, Report, paper, queue, table};
use crate::server::Rooms;

/// For an address the newest messages are told.
const NEWEST: usize = 10;
/// Events among which failures without any attempt are looked for.
const NEWEST_EVENTS: usize = 2_000;
/// Events of one message that are looked at: two for each of the most recipients that a message has by default.
const MOST_EVENTS: usize = 2_000;

/// One message with everything that is known of its way.
struct Story {
    message: MessageRow,
    recipients: Vec<QueueRow>,
    attempts: Vec<Attempt>,
    /// Recipients that never waited in the queue, each with the event that ended its way.
    ended_here: Vec<NewEvent>,
    /// What came back by mail afterwards.
    papers: Vec<NewEvent>,
}

impl Story {
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
        let (papers, events) = events(message.id, rooms).await?.into_iter().partition(paper::is_told_later);
        let ended_here = ended_here(&recipients, events);
        stories.push(Story { message, recipients, attempts, ended_here, papers });
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

fn ended_here(queued: &[QueueRow], mut events: Vec<NewEvent>) -> Vec<NewEvent> {
    let ends = [EventKind::Delivered, EventKind::Stored, EventKind::Failed];
    events.retain(|event| {
        let waited = |recipient: &String| queued.iter().any(|row| row.path.address.to_string() == *recipient);
        ends.contains(&event.kind) && event.recipient.as_ref().is_some_and(|recipient| !waited(recipient))
    });
    events
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

fn tell(context: &Context, story: &Story) -> String {
    let mut text = heading(context, &story.message);
    for row in &story.recipients {
        let _ = writeln!(text, "\n{}  {}", row.path.address, queue::state(context, row));
        if row.state == RecipientState::Queued {
            let next = note!(
                "cli-why-next",
                due = moment(row.due),
                expires = moment(row.expires),
                attempts = row.attempts
            );
            let _ = writeln!(text, "  {}", context.say(&next));
        }
        let mine = story.attempts.iter().filter(|attempt| attempt.recipients.contains(&row.id.recipient));
        for (number, attempt) in mine.enumerate() {
            tell_attempt(context, &mut text, number + 1, attempt, row);
        }
        let address = row.path.address.to_string();
        for event in story.papers.iter().filter(|event| event.recipient.as_deref() == Some(&*address)) {
            paper::tell(context, &mut text, event);
        }
    }
    for event in story.papers.iter().filter(|event| event.recipient.is_none()) {
        text.push('\n');
        paper::tell(context, &mut text, event);
    }
    for event in &story.ended_here {
        tell_end(context, &mut text, event);
    }
    text
}

/// A recipient that never waited: its mailbox is here, or it was not to be written to.
fn tell_end(context: &Context, text: &mut String, event: &NewEvent) {
    let data = EventData::from_json(&event.data).unwrap_or_default();
    let state = if event.kind == EventKind::Failed { "cli-state-failed" } else { "cli-state-delivered" };
    let recipient = event.recipient.as_deref().unwrap_or_default();
    let _ = writeln!(text, "\n{recipient}  {}", context.word(state));
    let told = match data.reason {
        _ if data.local => context.word("cli-why-here"),
        _ if data.test_mode => context.word("cli-why-test-mode"),
        Some(Reason::SuppressBounce) => context.word("cli-why-suppressed-bounce"),
        Some(Reason::SuppressUnsubscribe) => context.word("cli-why-suppressed-unsubscribe"),
        Some(Reason::SuppressComplaint) => context.word("cli-why-suppressed-complaint"),
        _ => data.message,
    };
    let _ = writeln!(text, "  {told}");
    if let Some(evidence) = data.evidence.as_ref().filter(|evidence| !evidence.reply.is_empty()) {
        let host = evidence.host.as_deref().map(|host| format!("{}: ", table::plain(host)));
        let at = evidence.at.map(|at| format!("{} ", moment(at))).unwrap_or_default();
        let _ = writeln!(text, "    {at}{}{}", host.unwrap_or_default(), table::plain(&evidence.reply));
    }
    if data.reason.is_some_and(|reason| {
        matches!(reason, Reason::SuppressBounce | Reason::SuppressUnsubscribe | Reason::SuppressComplaint)
    }) {
        let _ = writeln!(text, "    tegami suppression show {recipient}");
    }
}

fn tell_attempt(context: &Context, text: &mut String, number: usize, attempt: &Attempt, row: &QueueRow) {
    let title = note!("cli-why-attempt", number = number, at = moment(attempt.at));
    let _ = writeln!(text, "  {}", context.say(&title));
    let Ok(record) = serde_json::from_value::<AttemptRecord>(attempt.record.clone()) else {
        let _ = writeln!(text, "    {}", attempt.record);
        return;
    };
    for step in &record.steps {
        let _ = writeln!(text, "    {}", say(context, step));
    }
    for host in &record.hosts {
        tell_host(context, text, host);
    }
    let address = row.path.address.to_string();
    if let Some(recipient) = record.recipients.iter().find(|recipient| recipient.address == address) {
        tell_recipient(context, text, recipient);
        for line in record.verdict(recipient).iter().flat_map(|verdict| reply::explanation(verdict, context))
        {
            let _ = writeln!(text, "    {line}");
        }
    }
}

fn tell_host(context: &Context, text: &mut String, host: &HostTry) {
    let preference = host.preference.map(|preference| format!("{preference} ")).unwrap_or_default();
    let _ = writeln!(text, "    → {preference}{} [{}]:{}", host.host, host.ip, host.port);
    if let Some(tls) = &host.tls {
        let trust = if tls.trusted { "cli-why-tls-trusted" } else { "cli-why-tls-untrusted" };
        let reason = tls.reason.as_ref().map(|reason| say(context, reason)).unwrap_or_default();
        let _ = writeln!(text, "      {} {}: {} {reason}", tls.version, tls.cipher, context.word(trust));
    }
    if host.fallback_to_clear {
        let _ = writeln!(text, "      {}", context.word("cli-why-fallback"));
    }
    for line in &host.transcript.lines {
        let mark = match line.speaker {
            tegami_mail::Speaker::Client => "C:",
            tegami_mail::Speaker::Server => "S:",
            tegami_mail::Speaker::Remark => "--",
        };
        let _ = writeln!(text, "      {mark} {}", line.text);
    }
    if let Some(failure) = &host.failure {
        let _ = writeln!(text, "      {}", say(context, &failure.detail));
    }
}

fn tell_recipient(context: &Context, text: &mut String, recipient: &RecipientRecord) {
    if let Some(reply) = &recipient.reply {
        let _ = writeln!(text, "    {}", context.say(&note!("cli-why-reply", reply = reply)));
    }
    if let Some(failure) = &recipient.failure {
        let _ = writeln!(text, "    {}", say(context, &failure.detail));
    }
}

fn say(context: &Context, stored: &StoredNote) -> String {
    tegami_words::text(context.language, &stored.id, &stored.values())
}

fn story_json(context: &Context, story: &Story) -> serde_json::Value {
    let attempts: Vec<_> = story
        .attempts
        .iter()
        .map(|attempt| {
            let record = tegami_words::told(context.language, &attempt.record);
            json!({"at": attempt.at, "recipients": attempt.recipients, "record": record})
        })
        .collect();
    json!({
        "id": story.message.id,
        "accepted_at": story.message.accepted_at,
        "origin": story.message.origin,
        "reverse_path": story.message.reverse_path,
        "summary": story.message.summary,
        "recipients": story.recipients.iter().map(queue::row_json).collect::<Vec<_>>(),
        "attempts": attempts,
        "ended_here": story.ended_here,
        "papers": story.papers.iter().map(|event| paper::member(context, event)).collect::<Vec<_>>(),
    })
}
