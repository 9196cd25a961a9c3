//! What people do to rows of the queue.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use crate::embedded::change;
use crate::embedded::code::{int, nanos, state_code};
use crate::embedded::prepared;
use crate::embedded::query::{queue_columns, queue_row};
use crate::embedded::queue::Tally;
use crate::embedded::waiting::Condition;
use crate::{Alteration, EventKind, Json, NewEvent, QueueFilter, QueueRow};

/// One piece of work.
pub(super) struct Alter {
    pub(super) filter: QueueFilter,
    pub(super) alteration: Alteration,
    pub(super) record: serde_json::Value,
    pub(super) now: Timestamp,
    pub(super) max: usize,
}

/// Changes at most `max` rows and gives them back as they were.
pub(super) fn alter(rows: &Connection, alter: &Alter, tally: &mut Tally) -> rusqlite::Result<Vec<QueueRow>> {
    let found = concerned(rows, alter)?;
    let now = nanos(alter.now);
    let mut events = Vec::new();
    for (message, row) in &found {
        let place = row.id.recipient;
        match &alter.alteration {
            Alteration::Hold { reason } => rows
                .prepare_cached("UPDATE recipients SET state = 1, hold_reason = ?3 WHERE message = ?1 AND place = ?2")?
                .execute(params![message, place, reason])?,
            Alteration::Release => rows
                .prepare_cached(
                    "UPDATE recipients SET state = 0, hold_reason = NULL, due = ?3 WHERE message = ?1 AND place = ?2",
                )?
                .execute(params![message, place, now])?,
            Alteration::Retry => rows
                .prepare_cached("UPDATE recipients SET due = ?3 WHERE message = ?1 AND place = ?2")?
                .execute(params![message, place, now])?,
            Alteration::Reroute { next_hop } => rows
                .prepare_cached(
                    "UPDATE recipients SET domain = coalesce(domain, next_hop), next_hop = ?3,
                                           due = CASE state WHEN 0 THEN min(due, ?4) ELSE due END
                     WHERE message = ?1 AND place = ?2",
                )?
                .execute(params![message, place, next_hop, now])?,
            Alteration::Drop { status } => rows
                .prepare_cached(
                    "UPDATE recipients SET state = 3, due = ?3, last_status = ?4 WHERE message = ?1 AND place = ?2",
                )?
                .execute(params![message, place, now, status])?,
        };
        events.extend((!alter.record.is_null()).then(|| event(alter, row)));
    }
    change::record(rows, &prepared::events(events), tally)?;
    Ok(found.into_iter().map(|(_, row)| row).collect())
}

fn event(alter: &Alter, row: &QueueRow) -> NewEvent {
    let dropped = matches!(alter.alteration, Alteration::Drop { .. });
    NewEvent {
        kind: if dropped { EventKind::Failed } else { EventKind::Operated },
        at: alter.now,
        domain: row.facts.sender_domain.clone(),
        message: Some(row.id.message),
        recipient: Some(row.path.address.to_string()),
        data: Json::from(alter.record.clone()),
    }
}

/// The rows that would be changed, with their messages' numbers.
fn concerned(rows: &Connection, alter: &Alter) -> rusqlite::Result<Vec<(i64, QueueRow)>> {
    let condition = Condition::of(&alter.filter);
    let now = nanos(alter.now);
    let state = alter.filter.state.map_or(Value::Null, |state| Value::from(state_code(state)));
    let (own, value) = match &alter.alteration {
        Alteration::Hold { .. } => ("r.state = 0 AND ?3 IS NULL", Value::Null),
        Alteration::Release => ("r.state = 1 AND ?3 IS NULL", Value::Null),
        Alteration::Retry => ("r.state = 0 AND r.due > ?3", Value::from(now)),
        Alteration::Reroute { next_hop } => ("r.next_hop <> ?3", Value::from(next_hop.clone())),
        Alteration::Drop { .. } => ("?3 IS NULL", Value::Null),
    };
    let mut values = vec![state, Value::from(int(alter.max)), value];
    let sql = format!(
        "SELECT {columns}, r.message FROM (
             SELECT r.message, r.place FROM recipients r
             WHERE r.state < 2 AND (?1 IS NULL OR r.state = ?1) AND {own}{more}
             ORDER BY r.state, r.due, r.id, r.place LIMIT ?2
         ) k CROSS JOIN recipients r ON r.message = k.message AND r.place = k.place",
        columns = queue_columns!(),
        more = condition.sql(values.len()),
    );
    values.extend(condition.values);
    rows.prepare_cached(&sql)?
        .query_map(params_from_iter(values), |row| Ok((row.get(16)?, queue_row(row)?)))?
        .collect()
}
