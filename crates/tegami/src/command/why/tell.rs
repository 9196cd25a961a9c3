//! The story in words, in the order in which it happened.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use tegami_mail::{StoredNote, note};
use tegami_outbound::{AttemptRecord, HostTry, PolicyRecord, RecipientRecord};
use tegami_queue::{EventData, Reason};
use tegami_store::{Attempt, EventKind, NewEvent, Origin, QueueRow, RecipientState};

use super::super::context::moment;
use super::super::lookup::reply;
use super::super::{Context, paper, queue, table};
use super::{Story, heading};

/// One message with everything that is known of its way.
pub(super) fn tell(context: &Context, story: &Story) -> String {
    let mut text = heading(context, &story.message);
    tell_door(context, &mut text, story);
    let mut told = Told::new();
    for row in &story.recipients {
        tell_row(context, &mut text, story, row, &mut told);
    }
    for event in story.papers.iter().filter(|event| event.recipient.is_none()) {
        text.push('\n');
        paper::tell(context, &mut text, event);
    }
    for event in &story.ended_here {
        tell_end(context, &mut text, event);
    }
    if let Some(judgement) = story.judgement() {
        tell_judgement(context, &mut text, &judgement);
    }
    for notice in &story.notices {
        let sent = note!("cli-why-notice", at = moment(notice.accepted_at), id = notice.id);
        let _ = writeln!(text, "\n{}", context.say(&sent));
    }
    text
}

/// What receivers would make of a message in test mode: the points, and what fails.
fn tell_judgement(context: &Context, text: &mut String, judgement: &serde_json::Value) {
    let told = tegami_words::told(context.language, judgement);
    let points = told.pointer("/score/points").and_then(serde_json::Value::as_f64).unwrap_or_default();
    let lead = note!("cli-why-preflight", points = format!("{points:.1}"));
    let _ = writeln!(text, "\n{}", context.say(&lead));
    let findings = told.pointer("/examination/findings").and_then(serde_json::Value::as_array);
    for finding in findings.into_iter().flatten().filter(|finding| finding["state"] == "fail") {
        let member = |name: &str| finding[name].as_str().unwrap_or_default();
        let _ = writeln!(text, "  {} ({}): {}", member("title"), member("id"), member("detail"));
    }
}

/// By which door it came, who vouched for it, what was checked and what signed it.
fn tell_door(context: &Context, text: &mut String, story: &Story) {
    let door = match &story.message.origin {
        Origin::Http { account } => note!("cli-why-door-http", account = table::plain(account)),
        Origin::Submission { account } => note!("cli-why-door-submission", account = table::plain(account)),
        Origin::Reception { ip } => note!("cli-why-door-reception", ip = ip),
        Origin::Own => note!("cli-why-door-own"),
    };
    let _ = writeln!(text, "{}: {}", context.word("cli-label-door"), context.say(&door));
    let signed = match (story.signatures.as_slice(), &story.message.origin) {
        ([], Origin::Reception { .. }) => return,
        ([], _) => context.word("cli-why-unsigned"),
        (signatures, _) => signatures.join(", "),
    };
    let _ = writeln!(text, "{}: {signed}", context.word("cli-label-signed"));
    if matches!(story.message.origin, Origin::Http { .. } | Origin::Submission { .. }) {
        let suppressed = |event: &&NewEvent| reason_of(event).is_some_and(is_suppression);
        let id = match story.events.iter().filter(suppressed).count() {
            0 => note!("cli-why-none-suppressed"),
            count => note!("cli-why-some-suppressed", count = count),
        };
        let _ = writeln!(text, "{}: {}", context.word("cli-label-suppressions"), context.say(&id));
    }
}

fn reason_of(event: &NewEvent) -> Option<Reason> {
    EventData::from_json(&event.data)?.reason
}

fn is_suppression(reason: Reason) -> bool {
    matches!(reason, Reason::SuppressBounce | Reason::SuppressUnsubscribe | Reason::SuppressComplaint)
}

/// What happened to one recipient: an attempt, or an event that no attempt tells.
enum Step<'a> {
    Attempt(&'a Attempt),
    Event(&'a NewEvent),
}

impl Step<'_> {
    fn at(&self) -> Timestamp {
        match self {
            Self::Attempt(attempt) => attempt.at,
            Self::Event(event) => event.at,
        }
    }
}

/// The attempts that were told already, each with the first recipient for whom it was.
type Told = BTreeMap<(Timestamp, Vec<u32>), String>;

fn tell_row(context: &Context, text: &mut String, story: &Story, row: &QueueRow, told: &mut Told) {
    let wait = story.waits.get(&row.id.recipient);
    let state = match wait {
        Some(wait) if wait.held => context.word("cli-state-held"),
        _ => queue::state(context, row),
    };
    let address = row.path.address.to_string();
    let _ = writeln!(text, "\n{address}  {state}");
    if let Some(wait) = wait {
        let _ = writeln!(text, "  {}", context.say(&wait.because));
        if let Some(until) = wait.until {
            let until = note!("cli-why-until", until = moment(until));
            let _ = writeln!(text, "  {}", context.say(&until));
        }
    } else if row.state == RecipientState::Queued {
        let (due, expires) = (moment(row.due), moment(row.expires));
        let next = note!("cli-why-next", due = due, expires = expires, attempts = row.attempts);
        let _ = writeln!(text, "  {}", context.say(&next));
    } else if row.state == RecipientState::Held {
        let who = row.hold_reason.as_deref().map(table::plain).unwrap_or_default();
        let _ = writeln!(text, "  {}", context.say(&note!("cli-why-held", who = who)));
    }
    let attempts = story.attempts.iter().filter(|attempt| attempt.recipients.contains(&row.id.recipient));
    let mine = |event: &&NewEvent| event.recipient.as_deref() == Some(&address) && !is_of_attempt(event);
    let mut steps: Vec<Step<'_>> = attempts.map(Step::Attempt).collect();
    steps.extend(story.events.iter().filter(mine).map(Step::Event));
    steps.sort_by_key(Step::at);
    let mut number = 0;
    for step in steps {
        match step {
            Step::Attempt(attempt) => {
                number += 1;
                let key = (attempt.at, attempt.recipients.clone());
                tell_attempt(context, text, number, attempt, row, told.get(&key).map(String::as_str));
                told.entry(key).or_insert_with(|| address.clone());
            }
            Step::Event(event) => tell_event(context, text, event),
        }
    }
    for event in story.papers.iter().filter(|event| event.recipient.as_deref() == Some(&*address)) {
        paper::tell(context, text, event);
    }
}

/// Whether an attempt tells the same, and more.
fn is_of_attempt(event: &NewEvent) -> bool {
    let attempt = || EventData::from_json(&event.data).is_some_and(|data| data.attempt > 0);
    match event.kind {
        EventKind::Delivered | EventKind::Deferred | EventKind::Failed => attempt(),
        EventKind::Accepted => true,
        _ => false,
    }
}

fn tell_event(context: &Context, text: &mut String, event: &NewEvent) {
    let data = event.data.value();
    let member = |name: &str| data.get(name).and_then(|value| value.as_str()).map(table::plain);
    let (by, why) = (member("by").unwrap_or_default(), member("why").filter(|why| !why.is_empty()));
    let why = why.unwrap_or_else(|| "–".to_owned());
    let at = moment(event.at);
    let told = match (event.kind, member("act").as_deref()) {
        (_, Some("hold")) => note!("cli-why-act-hold", at = at, by = by, why = why),
        (_, Some("release")) => note!("cli-why-act-release", at = at, by = by, why = why),
        (_, Some("retry")) => note!("cli-why-act-retry", at = at, by = by, why = why),
        (_, Some("reroute")) => {
            let hop = member("next-hop").unwrap_or_default();
            note!("cli-why-act-reroute", at = at, by = by, why = why, hop = hop)
        }
        (_, Some("drop")) => note!("cli-why-act-drop", at = at, by = by, why = why),
        (EventKind::Complained, _) => note!("cli-why-event-complained", at = at),
        (EventKind::Unsubscribed, _) => note!("cli-why-event-unsubscribed", at = at),
        (EventKind::Opened, _) => note!("cli-why-opened", at = at),
        (EventKind::Clicked, _) => note!("cli-why-clicked", at = at),
        (kind, _) => {
            let word = format!("{kind:?}").to_lowercase();
            let words = member("message").unwrap_or_default();
            note!("cli-why-event", at = at, event = word, words = words)
        }
    };
    let _ = writeln!(text, "  {}", context.say(&told));
}

/// What TLS was worth with the host, who says so, and how that was found.
fn tell_policy(context: &Context, text: &mut String, policy: &PolicyRecord) {
    let source = context.word(&format!("cli-why-policy-by-{}", word_of(&policy.source)));
    let demand = match &policy.demand {
        Some(demand) => context.word(&format!("cli-why-policy-{}", word_of(demand))),
        None => context.word("cli-why-policy-unusable"),
    };
    let title = note!("cli-why-policy", source = source, demand = demand);
    let _ = writeln!(text, "      {}", context.say(&title));
    for step in &policy.steps {
        let _ = writeln!(text, "        {}", say(context, step));
    }
    if let Some(refused) = &policy.refused {
        let _ = writeln!(text, "        {}", say(context, refused));
    }
}

/// The word that JSON has for it.
fn word_of(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
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
    if data.reason.is_some_and(is_suppression) {
        let _ = writeln!(text, "    tegami suppression show {recipient}");
    }
}

/// With `before`, the recipient with whom the same attempt was told, only what it meant for this one.
fn tell_attempt(
    context: &Context,
    text: &mut String,
    number: usize,
    attempt: &Attempt,
    row: &QueueRow,
    before: Option<&str>,
) {
    let title = note!("cli-why-attempt", number = number, at = moment(attempt.at));
    let _ = writeln!(text, "  {}", context.say(&title));
    let Ok(record) = attempt.record.read::<AttemptRecord>() else {
        let _ = writeln!(text, "    {}", attempt.record.as_str());
        return;
    };
    if let Some(address) = before {
        let same = note!("cli-why-same", address = address);
        let _ = writeln!(text, "    {}", context.say(&same));
    } else {
        for step in &record.steps {
            let _ = writeln!(text, "    {}", say(context, step));
        }
        for (at, host) in record.hosts.iter().enumerate() {
            tell_turns(context, text, &record, at);
            tell_host(context, text, host);
        }
        tell_turns(context, text, &record, record.hosts.len());
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

/// Where the attempt went over to another way before this host, or did not: and why.
fn tell_turns(context: &Context, text: &mut String, record: &AttemptRecord, before_host: usize) {
    let turns = record.turns.iter().filter(|turn| turn.before_host == before_host);
    for step in turns.flat_map(|turn| &turn.steps) {
        let _ = writeln!(text, "    {}", say(context, step));
    }
}

fn tell_host(context: &Context, text: &mut String, host: &HostTry) {
    let preference = host.preference.map(|preference| format!("{preference} ")).unwrap_or_default();
    let _ = writeln!(text, "    → {preference}{} [{}]:{}", host.host, host.ip, host.port);
    if let Some(policy) = &host.policy {
        tell_policy(context, text, policy);
    }
    if let Some(tls) = &host.tls {
        super::tls::tell(context, text, tls);
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
        let _ = writeln!(text, "      {mark} {}", table::plain(&line.text));
    }
    if let Some(failure) = &host.failure {
        let _ = writeln!(text, "      {}", say(context, &failure.detail));
    }
}

fn tell_recipient(context: &Context, text: &mut String, recipient: &RecipientRecord) {
    let detail = recipient.failure.as_ref().map(|failure| say(context, &failure.detail));
    if let Some(reply) = &recipient.reply {
        let reply = reply.to_string();
        // The detail repeats the reply where it is about it.
        if !detail.as_ref().is_some_and(|detail| detail.contains(&reply)) {
            let _ = writeln!(text, "    {}", context.say(&note!("cli-why-reply", reply = reply)));
        }
    }
    if let Some(detail) = detail {
        let _ = writeln!(text, "    {detail}");
    }
}

/// A sentence with strangers' words in it.
pub(super) fn say(context: &Context, stored: &StoredNote) -> String {
    table::plain(&tegami_words::text(context.language, &stored.id, &stored.values()))
}
