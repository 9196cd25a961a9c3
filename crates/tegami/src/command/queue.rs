//! `tegami queue`: what waits, and for what.

use serde_json::json;
use tegami_mail::note;
use tegami_store::{QueueFilter, QueueId, QueueRow, RowId};

use super::{Context, Failure, Report, table};
use crate::server::Rooms;

/// Rows asked for at once.
const PAGE: usize = 500;

/// Everything that waits, by the time of its next attempt.
pub(crate) async fn list(context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
    let mut rows: Vec<QueueRow> = Vec::new();
    loop {
        let after: Option<RowId> = rows.last().map(|row| row.id);
        let page = rooms.store.queue(QueueFilter::default(), after, PAGE).await?;
        let full = page.len() == PAGE;
        rows.extend(page);
        if !full {
            break;
        }
    }
    if context.json {
        return Ok(Report::json(&json!({ "queue": rows.iter().map(row_json).collect::<Vec<_>>() })));
    }
    if rows.is_empty() {
        return Ok(Report::well(context.word("cli-queue-empty")));
    }
    let heading = ["id", "recipient", "state", "attempts", "next", "last"]
        .map(|column| context.word(&format!("cli-column-{column}")));
    let lines: Vec<Vec<String>> = rows.iter().map(|row| line(context, row)).collect();
    Ok(Report::well(table::render(&heading, &lines)))
}

fn line(context: &Context, row: &QueueRow) -> Vec<String> {
    vec![
        row.id.message.to_string(),
        row.path.address.to_string(),
        state(context, row),
        row.attempts.to_string(),
        super::context::moment(row.due),
        row.last_status.clone().unwrap_or_default(),
    ]
}

/// The state in words.
pub(crate) fn state(context: &Context, row: &QueueRow) -> String {
    let word = serde_json::to_value(row.state)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default();
    context.word(&format!("cli-state-{word}"))
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
    })
}

/// One message with its recipients.
pub(crate) async fn show(id: &str, context: &Context, rooms: &Rooms) -> Result<Report, Failure> {
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
            "recipients": recipients.iter().map(row_json).collect::<Vec<_>>(),
        })));
    }
    let mut text = super::why::heading(context, &message);
    let heading = ["recipient", "state", "attempts", "next", "last"]
        .map(|column| context.word(&format!("cli-column-{column}")));
    let lines: Vec<Vec<String>> =
        recipients.iter().map(|row| line(context, row).into_iter().skip(1).collect()).collect();
    text.push('\n');
    if recipients.is_empty() {
        text.push_str(&context.say(&note!("cli-queue-none-waited", id = id)));
        return Ok(Report::well(text));
    }
    text.push_str(&table::render(&heading, &lines));
    Ok(Report::well(text))
}
