//! `tegami queue`: what waits, and for what; and what operators do to it.

mod act;
mod select;
mod summary;

use serde_json::json;
use tegami_mail::{Note, note};
use tegami_queue::Act;
use tegami_queue::gate::{Admission, Gate, GateFacts};
use tegami_store::{QueueId, QueueRow, RecipientState};

use self::select::meant;
use super::context::moment;
use super::{Context, Failure, Report, table};
use crate::cli::{List, Queue, Selection};
use crate::server::Rooms;

pub(crate) use self::act::Site;

/// A verb of `tegami queue`.
pub(super) async fn run(verb: &Queue, site: Site<'_>) -> Result<Report, Failure> {
    let Site { context, rooms, .. } = site;
    match verb {
        Queue::List(wanted) => list(wanted, context, rooms).await,
        Queue::Summary(wanted) => summary::run(wanted, context, rooms).await,
        Queue::Show { id } => show(id, context, rooms).await,
        Queue::Holds => Ok(act::rules(context, rooms)),
        Queue::Hold(hold) if hold.standing => act::stand(&hold.selection, &hold.consent, site).await,
        Queue::Hold(hold) => act::act(Act::Hold, &hold.selection, &hold.consent, site).await,
        Queue::Release(release) => match &release.rule {
            Some(rule) => act::lift(rule, site).await,
            None => act::act(Act::Release, &release.selection, &release.consent, site).await,
        },
        Queue::Retry(retry) => act::act(Act::Retry, &retry.selection, &retry.consent, site).await,
        Queue::Reroute(reroute) => {
            let next_hop = act::next_hop(&reroute.via)?;
            act::act(Act::Reroute { next_hop }, &reroute.selection, &reroute.consent, site).await
        }
        Queue::Drop(drop) => {
            let act = Act::Drop { bounce: drop.bounce };
            act::act(act, &drop.selection, &drop.consent, site).await
        }
    }
}

/// Everything that waits, by the time of its next attempt: for `mailq`.
pub(super) async fn whole(context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    list(&List { selection: Selection::default(), limit: 1000 }, context, rooms).await
}

/// What waits and fits, by the time of its next attempt.
async fn list(wanted: &List, context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let meant = meant(&wanted.selection, rooms).await?;
    let rows = meant.rows(rooms, wanted.limit).await?;
    let total = if rows.len() < wanted.limit { rows.len() as u64 } else { meant.count(rooms).await? };
    if context.json {
        let rows: Vec<_> = rows.iter().map(|row| with_wait(context, rooms, row)).collect();
        return Ok(Report::json(&json!({ "queue": rows, "total": total })));
    }
    if rows.is_empty() {
        return Ok(Report::well(context.word("cli-queue-empty")));
    }
    let lines: Vec<Vec<String>> = rows.iter().map(|row| line(context, row, Some(rooms))).collect();
    let mut text = table::render(&heading(context), &lines);
    if total > rows.len() as u64 {
        let more = note!("cli-queue-more", count = total - rows.len() as u64);
        text.push_str(&format!("{}\n", context.say(&more)));
    }
    Ok(Report::well(text))
}

fn heading(context: &Context) -> [String; 6] {
    ["id", "recipient", "state", "attempts", "next", "last"]
        .map(|column| context.word(&format!("cli-column-{column}")))
}

/// A row in words. With the rooms at hand, what the gate says of it takes the place of an answer that is older.
fn line(context: &Context, row: &QueueRow, rooms: Option<&Rooms>) -> Vec<String> {
    let wait = rooms.and_then(|rooms| wait(rooms, row));
    let (state, last) = match &wait {
        Some(Wait { held: true, because, .. }) => (context.word("cli-state-held"), context.say(because)),
        Some(Wait { because, .. }) => (state(context, row), context.say(because)),
        None => (state(context, row), reason(context, row)),
    };
    let held = row.state == RecipientState::Held || wait.as_ref().is_some_and(|wait| wait.held);
    let next = wait.and_then(|wait| wait.until).unwrap_or(row.due);
    let next = if held { "–".to_owned() } else { moment(next) };
    vec![
        row.id.message.to_string(),
        table::plain(&row.path.address.to_string()),
        state,
        row.attempts.to_string(),
        next,
        table::cell(&last),
    ]
}

/// Why a row waits, beside its own time: a rule that holds it, a provider that wants less.
pub(super) struct Wait {
    pub(super) held: bool,
    pub(super) until: Option<jiff::Timestamp>,
    pub(super) because: Note,
}

/// What the gate says of a queued row that is due.
pub(super) fn wait(rooms: &Rooms, row: &QueueRow) -> Option<Wait> {
    let now = rooms.clock.now();
    let job = GateFacts { number: None, message: row.id.message, next_hop: &row.next_hop, facts: &row.facts };
    if row.state != RecipientState::Queued {
        return None;
    }
    let held = rooms.holds.rule_for(&job);
    if let Some(rule) = held {
        return Some(Wait { held: true, until: None, because: rule.because() });
    }
    if row.due > now {
        return None;
    }
    match rooms.holds.look(&rooms.holds.lane(&job), &job, now) {
        Admission::Go => None,
        Admission::NotBefore { until, because, .. } => {
            Some(Wait { held: false, until: Some(until), because })
        }
        Admission::Held { because, .. } => Some(Wait { held: true, until: None, because }),
    }
}

/// Who holds it and why, else the last answer.
fn reason(context: &Context, row: &QueueRow) -> String {
    match (&row.hold_reason, row.state) {
        (Some(reason), RecipientState::Held) => context.say(&note!("cli-queue-held-by", who = reason)),
        _ => row.last_status.clone().unwrap_or_default(),
    }
}

/// The state in words.
pub(crate) fn state(context: &Context, row: &QueueRow) -> String {
    let word = serde_json::to_value(row.state)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default();
    context.word(&format!("cli-state-{word}"))
}

fn with_wait(context: &Context, rooms: &Rooms, row: &QueueRow) -> serde_json::Value {
    let mut value = row_json(row);
    if let (Some(members), Some(wait)) = (value.as_object_mut(), wait(rooms, row)) {
        let because = context.say(&wait.because);
        members.insert(
            "waits".to_owned(),
            json!({ "held": wait.held, "until": wait.until, "because": because }),
        );
    }
    value
}

/// One recipient for programs.
pub(crate) fn row_json(row: &QueueRow) -> serde_json::Value {
    json!({
        "id": row.id.message,
        "recipient": row.path.address,
        "next_hop": row.next_hop,
        "state": row.state,
        "attempts": row.attempts,
        "accepted_at": row.accepted_at,
        "due": row.due,
        "expires": row.expires,
        "last_status": row.last_status,
        "hold_reason": row.hold_reason,
        "account": row.facts.account,
        "sender_domain": row.facts.sender_domain,
        "tags": row.facts.tags,
        "priority": row.facts.priority,
    })
}

/// One message with its recipients.
async fn show(id: &str, context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let id = id.parse::<QueueId>().map_err(|reason| note!("cli-bad-queue-id", id = id, reason = reason))?;
    let message = super::why::message(id, rooms).await?;
    let recipients = rooms.store.recipients(id).await?;
    if context.json {
        return Ok(Report::json(&json!({
            "id": id,
            "accepted_at": message.accepted_at,
            "origin": message.origin,
            "domain": message.domain,
            "reverse_path": message.reverse_path,
            "summary": message.summary,
            "recipients": recipients.iter().map(|row| with_wait(context, rooms, row)).collect::<Vec<_>>(),
        })));
    }
    let mut text = super::why::heading(context, &message);
    text.push('\n');
    if recipients.is_empty() {
        text.push_str(&context.say(&note!("cli-queue-none-waited", id = id)));
        return Ok(Report::well(text));
    }
    let [_, heading @ ..] = heading(context);
    let lines: Vec<Vec<String>> =
        recipients.iter().map(|row| line(context, row, Some(rooms)).into_iter().skip(1).collect()).collect();
    text.push_str(&table::render(&heading, &lines));
    Ok(Report::well(text))
}
