//! What people do to rows of the queue.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};

use crate::embedded::change;
use crate::embedded::code::{FAILED, HELD, QUEUED, event_code, nanos, state_code};
use crate::embedded::prepared::Event;
use crate::embedded::query::{queue_columns, queue_row};
use crate::embedded::queue::Tally;
use crate::embedded::roll::Note;
use crate::{Alteration, EventKind, Json, QueueRow, RowId};

/// One piece of work, made ready by who asks.
pub(super) struct Alter {
    pub(super) rows: Vec<RowId>,
    pub(super) alteration: Alteration,
    /// The data of each row's event.
    pub(super) record: Option<Json>,
    pub(super) now: Timestamp,
}

impl Alter {
    pub(super) fn new(
        rows: Vec<RowId>,
        alteration: Alteration,
        record: serde_json::Value,
        now: Timestamp,
    ) -> Self {
        Self { rows, alteration, record: (!record.is_null()).then(|| Json::from(record)), now }
    }
}

/// Changes those of the rows that wait and are not what they shall become, and gives them back as they were.
pub(super) fn alter(rows: &Connection, alter: &Alter, tally: &mut Tally) -> rusqlite::Result<Vec<QueueRow>> {
    let mut altered = Vec::with_capacity(alter.rows.len());
    let mut events = Vec::new();
    for id in &alter.rows {
        let Some((message, row)) = concerned(rows, alter, *id)? else { continue };
        change(rows, alter, message, &row, tally)?;
        events.extend(alter.record.as_ref().map(|record| event(alter, &row, record)));
        altered.push(row);
    }
    change::record(rows, &events, tally)?;
    Ok(altered)
}

/// A row that would be changed, with its message's number.
fn concerned(rows: &Connection, alter: &Alter, id: RowId) -> rusqlite::Result<Option<(i64, QueueRow)>> {
    let (own, value) = match &alter.alteration {
        Alteration::Hold { .. } => ("r.state = 0 AND ?3 IS NULL", Value::Null),
        Alteration::Release => ("r.state = 1 AND ?3 IS NULL", Value::Null),
        Alteration::Retry => ("r.state = 0 AND r.due > ?3", Value::from(nanos(alter.now))),
        Alteration::Reroute { next_hop } => ("r.next_hop <> ?3", Value::from(next_hop.clone())),
        Alteration::Drop { .. } => ("?3 IS NULL", Value::Null),
    };
    let sql = format!(
        "SELECT {}, r.message FROM recipients r
         WHERE r.message = (SELECT n FROM messages WHERE id = ?1) AND r.place = ?2 AND r.state < 2 AND {own}",
        queue_columns!()
    );
    rows.prepare_cached(&sql)?
        .query_row(params![id.message.to_bytes(), id.recipient, value], |row| {
            Ok((row.get("message")?, queue_row(row)?))
        })
        .optional()
}

/// Writes the row and tells the roll.
fn change(
    rows: &Connection,
    alter: &Alter,
    message: i64,
    row: &QueueRow,
    tally: &mut Tally,
) -> rusqlite::Result<()> {
    let (place, now, due) = (i64::from(row.id.recipient), nanos(alter.now), nanos(row.due));
    let (mut state, mut due, mut hop) = (state_code(row.state), due, None);
    match &alter.alteration {
        Alteration::Hold { reason } => {
            state = HELD;
            rows.prepare_cached(
                "UPDATE recipients SET state = 1, hold_reason = ?3 WHERE message = ?1 AND place = ?2",
            )?
            .execute(params![message, place, reason])?;
        }
        Alteration::Release => {
            (state, due) = (QUEUED, now);
            rows.prepare_cached(
                "UPDATE recipients SET state = 0, hold_reason = NULL, due = ?3 WHERE message = ?1 AND place = ?2",
            )?
            .execute(params![message, place, due])?;
        }
        Alteration::Retry => {
            due = now;
            rows.prepare_cached("UPDATE recipients SET due = ?3 WHERE message = ?1 AND place = ?2")?
                .execute(params![message, place, due])?;
        }
        Alteration::Reroute { next_hop } => {
            due = if state == QUEUED { due.min(now) } else { due };
            hop = Some(next_hop.clone());
            rows.prepare_cached(
                "UPDATE recipients SET domain = coalesce(domain, next_hop), next_hop = ?3, due = ?4
                 WHERE message = ?1 AND place = ?2",
            )?
            .execute(params![message, place, next_hop, due])?;
        }
        Alteration::Drop { status } => {
            state = FAILED;
            rows.prepare_cached(
                "UPDATE recipients SET state = 3, due = ?3, last_status = ?4 WHERE message = ?1 AND place = ?2",
            )?
            .execute(params![message, place, now, status])?;
        }
    }
    tally.note(|| match state {
        FAILED => Note::Finished { message, place },
        _ => Note::Altered { message, place, state, due, next_hop: hop },
    });
    Ok(())
}

fn event(alter: &Alter, row: &QueueRow, record: &Json) -> Event {
    let dropped = matches!(alter.alteration, Alteration::Drop { .. });
    Event {
        kind: event_code(if dropped { EventKind::Failed } else { EventKind::Operated }),
        at: nanos(alter.now),
        domain: row.facts.sender_domain.clone(),
        message: Some(row.id.message.to_bytes()),
        recipient: Some(row.path.address.to_string()),
        data: record.clone(),
    }
}
