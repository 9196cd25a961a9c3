//! Rows that wait: what is due, and lists with filters. All of it is answered by the index `recipients_waiting` alone, save for the rows that are
//! shown and for words of the last reply.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use crate::embedded::code::{HELD, QUEUED, int, moment, nanos, priority_code, state_code, to_json, uint};
use crate::embedded::query::{damaged, facts, number, queue_columns, queue_row};
use crate::{DueRow, QueueColumn, QueueCount, QueueFilter, QueueId, QueueRow, RowId, StoreError};

type Read<T> = rusqlite::Result<T>;

/// Where a row stands in the order of the queue: due time, message, place.
type Position = (i64, [u8; 16], i64);

/// Before all rows.
const BEGINNING: Position = (i64::MIN, [0; 16], -1);

pub(super) fn due(
    rows: &Connection,
    after: Option<(Timestamp, RowId)>,
    until: i64,
    max: usize,
) -> Read<Vec<DueRow>> {
    let (due, id, place) =
        after.map_or(BEGINNING, |(due, row)| (nanos(due), row.message.to_bytes(), i64::from(row.recipient)));
    rows.prepare_cached(
        "SELECT id, place, due, next_hop, priority, account, sender_domain, tags FROM recipients
         WHERE state = 0 AND state < 2 AND (due, id, place) > (?1, ?2, ?3) AND due <= ?4
         ORDER BY due, id, place LIMIT ?5",
    )?
    .query_map(params![due, id, place, until, int(max)], |row| {
        Ok(DueRow {
            id: RowId { message: QueueId::from_bytes(row.get(0)?), recipient: row.get(1)? },
            due: moment(row.get(2)?),
            next_hop: row.get(3)?,
            facts: facts(row, 4)?,
        })
    })?
    .collect()
}

/// Unfinished rows that pass a filter: queued and held ones merged by due time.
pub(super) fn queue(
    rows: &Connection,
    filter: &QueueFilter,
    after: Option<RowId>,
    max: usize,
) -> Result<Vec<QueueRow>, StoreError> {
    let after = after.map_or(Ok(BEGINNING), |row| position(rows, row))?;
    let mut merged = Vec::new();
    for state in states(filter) {
        merged.extend(in_state(rows, state, filter, after, max).map_err(damaged)?);
    }
    merged.sort_by_key(|row| (row.due, row.id));
    merged.truncate(max);
    Ok(merged)
}

/// The states that a filter lets pass.
fn states(filter: &QueueFilter) -> impl Iterator<Item = i64> {
    let wanted = filter.state.map(state_code);
    [QUEUED, HELD].into_iter().filter(move |state| wanted.is_none_or(|wanted| wanted == *state))
}

fn position(rows: &Connection, row: RowId) -> Result<Position, StoreError> {
    let message = number(rows, row.message)?;
    let due = rows
        .prepare_cached("SELECT due FROM recipients WHERE message = ?1 AND place = ?2")
        .and_then(|mut statement| {
            statement.query_row(params![message, row.recipient], |row| row.get(0)).optional()
        })
        .map_err(damaged)?
        .ok_or_else(|| {
            StoreError::NotFound(format!("recipient {} of message {}", row.recipient, row.message))
        })?;
    Ok((due, row.message.to_bytes(), i64::from(row.recipient)))
}

/// Rows in one state that pass a filter, in order. The index finds their keys, so that only those that are given back are read whole.
fn in_state(
    rows: &Connection,
    state: i64,
    filter: &QueueFilter,
    after: Position,
    max: usize,
) -> Read<Vec<QueueRow>> {
    let condition = Condition::of(filter);
    let mut values = vec![
        Value::from(state),
        Value::from(after.0),
        Value::from(after.1.to_vec()),
        Value::from(after.2),
        Value::from(int(max)),
    ];
    let sql = format!(
        "SELECT {columns} FROM (
             SELECT r.message, r.place FROM recipients r
             WHERE r.state = ?1 AND r.state < 2 AND (r.due, r.id, r.place) > (?2, ?3, ?4){more}
             ORDER BY r.due, r.id, r.place LIMIT ?5
         ) k CROSS JOIN recipients r ON r.message = k.message AND r.place = k.place",
        columns = queue_columns!(),
        more = condition.sql(values.len()),
    );
    values.extend(condition.values);
    rows.prepare_cached(&sql)?.query_map(params_from_iter(values), queue_row)?.collect()
}

pub(super) fn counts(rows: &Connection, filter: &QueueFilter, by: QueueColumn) -> Read<Vec<QueueCount>> {
    let value = match by {
        QueueColumn::NextHop => "r.next_hop",
        QueueColumn::Domain => "coalesce(r.domain, r.next_hop)",
        QueueColumn::Account => "coalesce(r.account, '')",
        QueueColumn::SenderDomain => "r.sender_domain",
        QueueColumn::State => "CASE r.state WHEN 0 THEN 'queued' ELSE 'held' END",
        QueueColumn::Priority => {
            "CASE r.priority WHEN 0 THEN 'transactional' WHEN 1 THEN 'normal' ELSE 'bulk' END"
        }
    };
    let condition = Condition::of(filter);
    let mut values = vec![filter.state.map_or(Value::Null, |state| Value::from(state_code(state)))];
    let sql = format!(
        "SELECT {value} AS value, count(*), min(r.accepted_at), min(r.due) FROM recipients r
         WHERE r.state < 2 AND (?1 IS NULL OR r.state = ?1){more}
         GROUP BY value ORDER BY 2 DESC, value",
        more = condition.sql(values.len()),
    );
    values.extend(condition.values);
    rows.prepare_cached(&sql)?
        .query_map(params_from_iter(values), |row| {
            Ok(QueueCount {
                value: row.get(0)?,
                rows: uint(row.get(1)?),
                oldest: moment(row.get(2)?),
                due: moment(row.get(3)?),
            })
        })?
        .collect()
}

/// A filter without its state, as SQL.
pub(super) struct Condition {
    terms: Vec<&'static str>,
    pub(super) values: Vec<Value>,
}

impl Condition {
    pub(super) fn of(filter: &QueueFilter) -> Self {
        let mut condition = Self { terms: Vec::new(), values: Vec::new() };
        let text = |value: &String| Value::from(value.clone());
        let time = |value: Timestamp| Value::from(nanos(value));
        let list = |values: &Vec<String>| Value::from(to_json(values).unwrap_or_default());
        let some = |values: &Vec<String>| (!values.is_empty()).then(|| list(values));
        // By the key of the table: one message is looked up, however long the queue is.
        condition.when(
            "r.message = (SELECT n FROM messages WHERE id = ",
            filter.message.map(|id| Value::from(id.to_bytes().to_vec())),
        );
        condition.when("r.place = ", filter.place.map(|place| Value::from(i64::from(place))));
        condition.when("r.next_hop IN (SELECT value FROM json_each(", some(&filter.next_hops));
        let recipient = filter.recipient.as_deref().and_then(|address| address.rsplit_once('@'));
        condition.when(
            "coalesce(r.domain, r.next_hop) = ",
            recipient.map(|(_, domain)| domain.to_lowercase().into()),
        );
        condition
            .when("coalesce(r.domain, r.next_hop) IN (SELECT value FROM json_each(", some(&filter.domains));
        condition.when("r.account = ", filter.account.as_ref().map(text));
        condition.when("r.sender_domain = ", filter.sender_domain.as_ref().map(text));
        condition.when("r.priority = ", filter.priority.map(|value| Value::from(priority_code(value))));
        condition.when("r.accepted_at >= ", filter.accepted_from.map(time));
        condition.when("r.accepted_at < ", filter.accepted_until.map(time));
        condition.when("r.due >= ", filter.due_from.map(time));
        condition.when("r.due < ", filter.due_until.map(time));
        condition.when("r.attempts >= ", filter.attempts_from.map(|value| Value::from(i64::from(value))));
        condition.when("r.attempts <= ", filter.attempts_until.map(|value| Value::from(i64::from(value))));
        // Most rows have no tags: the comparison with NULL ends there.
        condition.when(
            "r.tags IS NOT NULL AND EXISTS (SELECT 1 FROM json_each(r.tags) WHERE value = ",
            filter.tag.as_ref().map(text),
        );
        // What the index does not hold is looked up only for rows that pass the rest.
        condition.when(
            "EXISTS (SELECT 1 FROM recipients f WHERE f.message = r.message AND f.place = r.place AND lower(f.address) = ",
            filter.recipient.as_ref().map(|value| value.to_lowercase().into()),
        );
        condition.when(
            "EXISTS (SELECT 1 FROM recipients f WHERE f.message = r.message AND f.place = r.place
                     AND instr(lower(f.last_status), ",
            filter.status.as_ref().map(|value| value.to_lowercase().into()),
        );
        condition
    }

    fn when(&mut self, term: &'static str, value: Option<Value>) {
        if let Some(value) = value {
            self.terms.push(term);
            self.values.push(value);
        }
    }

    /// ` AND …` for each term; the values are numbered from `first` + 1 on. Brackets that a term opens are closed after its value.
    pub(super) fn sql(&self, first: usize) -> String {
        let mut sql = String::new();
        for (number, term) in (first + 1..).zip(&self.terms) {
            let open = term.matches('(').count() - term.matches(')').count();
            sql.push_str(&format!(" AND {term}?{number}{}", ")".repeat(open)));
        }
        sql
    }
}
