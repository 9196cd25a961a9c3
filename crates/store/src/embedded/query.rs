//! Reading rows.

use std::fmt::Display;
use std::sync::Arc;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use serde::de::DeserializeOwned;
use tegami_mail::{Address, ForwardPath, ReversePath};

use crate::embedded::code::{
    address_hash, block_start, event_kind, int, message_id_hash, moment, nanos, priority, state, table_code,
    uint,
};
use crate::embedded::segment::Place;
use crate::{
    Attempt, EnvelopeParameters, Event, EventFilter, Facts, Json, MailboxEntry, MailboxFlags, MessageRow,
    NewEvent, Origin, QueueId, QueueRow, RowId, SourceWish, StoreError, Summary, Table,
};

type Read<T> = rusqlite::Result<T>;

/// What [`message_row`] reads, `m` being `messages`.
macro_rules! message_columns {
    () => {
        "m.id, m.accepted_at, m.origin, m.domain, m.reverse_path, m.parameters, m.summary, m.verdicts"
    };
}

/// What [`queue_row`] reads, `r` being `recipients`: 16 columns.
macro_rules! queue_columns {
    () => {
        "r.id, r.place, r.address, r.path, r.next_hop, r.state, r.due, r.expires, r.accepted_at, r.attempts, r.last_status,
         r.hold_reason, r.priority, r.account, r.sender_domain, r.tags, r.leaves_from"
    };
}
pub(super) use queue_columns;

pub(super) fn not_found(id: QueueId) -> StoreError {
    StoreError::NotFound(format!("message {id}"))
}

pub(super) fn number(rows: &Connection, id: QueueId) -> Result<i64, StoreError> {
    rows.prepare_cached("SELECT n FROM messages WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([id.to_bytes()], |row| row.get(0)).optional())
        .map_err(damaged)?
        .ok_or_else(|| not_found(id))
}

/// An error of reading.
#[allow(clippy::needless_pass_by_value, reason = "stands in map_err")]
pub(super) fn damaged(error: rusqlite::Error) -> StoreError {
    StoreError::Unusable(format!("rows cannot be read: {error}"))
}

pub(super) fn place(rows: &Connection, id: QueueId) -> Result<Place, StoreError> {
    rows.prepare_cached("SELECT segment, start, length FROM messages WHERE id = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([id.to_bytes()], |row| {
                    Ok(Place {
                        segment: uint(row.get(0)?),
                        start: uint(row.get(1)?),
                        length: uint(row.get(2)?),
                    })
                })
                .optional()
        })
        .map_err(damaged)?
        .ok_or_else(|| not_found(id))
}

/// What lies with the rows of a small content.
pub(super) fn record(rows: &Connection, id: QueueId) -> Result<Vec<u8>, StoreError> {
    rows.prepare_cached("SELECT record FROM contents WHERE message = (SELECT n FROM messages WHERE id = ?1)")
        .and_then(|mut statement| statement.query_row([id.to_bytes()], |row| row.get(0)).optional())
        .map_err(damaged)?
        .ok_or_else(|| not_found(id))
}

pub(super) fn message(rows: &Connection, id: QueueId) -> Result<MessageRow, StoreError> {
    rows.prepare_cached(concat!("SELECT ", message_columns!(), " FROM messages m WHERE m.id = ?1"))
        .and_then(|mut statement| statement.query_row([id.to_bytes()], message_row).optional())
        .map_err(damaged)?
        .ok_or_else(|| not_found(id))
}

pub(super) fn messages(rows: &Connection, before: Option<QueueId>, max: usize) -> Read<Vec<MessageRow>> {
    // One more octet than an identifier has sorts after all of them.
    let before = before.map_or_else(|| vec![0xff; 17], |id| id.to_bytes().to_vec());
    rows.prepare_cached(concat!(
        "SELECT ",
        message_columns!(),
        " FROM messages m WHERE m.id < ?1 ORDER BY m.id DESC LIMIT ?2"
    ))?
    .query_map(params![before, int(max)], message_row)?
    .collect()
}

pub(super) fn next_due(rows: &Connection) -> Read<Option<i64>> {
    rows.prepare_cached("SELECT min(due) FROM recipients WHERE state = 0 AND state < 2")?
        .query_row([], |row| row.get(0))
}

pub(super) fn recipients(rows: &Connection, message: i64) -> Read<Vec<QueueRow>> {
    rows.prepare_cached(concat!(
        "SELECT ",
        queue_columns!(),
        " FROM recipients r WHERE r.message = ?1 ORDER BY r.place"
    ))?
    .query_map([message], queue_row)?
    .collect()
}

pub(super) fn rows(rows: &Connection, ids: &[RowId]) -> Read<Vec<QueueRow>> {
    let mut statement = rows.prepare_cached(concat!(
        "SELECT ",
        queue_columns!(),
        " FROM recipients r WHERE r.message = (SELECT n FROM messages WHERE id = ?1) AND r.place = ?2"
    ))?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let row = statement.query_row(params![id.message.to_bytes(), id.recipient], queue_row).optional()?;
        found.extend(row);
    }
    Ok(found)
}

pub(super) fn attempts(rows: &Connection, id: QueueId) -> Result<Vec<Attempt>, StoreError> {
    let message = number(rows, id)?;
    let read = || {
        rows.prepare_cached("SELECT at, recipients, record FROM attempts WHERE message = ?1 ORDER BY n")?
            .query_map([message], |row| {
                Ok(Attempt {
                    message: id,
                    at: moment(row.get(0)?),
                    recipients: json(row, 1)?,
                    record: kept(row, 2)?,
                })
            })?
            .collect::<Read<Vec<_>>>()
    };
    read().map_err(damaged)
}

pub(super) fn messages_to(rows: &Connection, address: &Address, max: usize) -> Read<Vec<MessageRow>> {
    let address = address.to_string();
    let wanted = address.to_lowercase();
    looked_up(rows, address_hash(&address), max, |message| {
        let mut statement = rows.prepare_cached("SELECT address FROM recipients WHERE message = ?1")?;
        let mut addresses = statement.query([message])?;
        while let Some(row) = addresses.next()? {
            if row.get::<_, String>(0)?.to_lowercase() == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    })
}

pub(super) fn by_message_id(rows: &Connection, message_id: &str) -> Read<Vec<MessageRow>> {
    looked_up(rows, message_id_hash(message_id), usize::MAX, |message| {
        rows.prepare_cached("SELECT 1 FROM messages WHERE n = ?1 AND summary ->> '$.message_id' = ?2")?
            .exists(params![message, message_id])
    })
}

/// Messages under a hash that are really meant, newest first.
fn looked_up(
    rows: &Connection,
    hash: i64,
    max: usize,
    meant: impl Fn(i64) -> Read<bool>,
) -> Read<Vec<MessageRow>> {
    let mut found = Vec::new();
    with_hash(rows, hash, |message| {
        if found.len() < max && meant(message)? {
            found.push(
                rows.prepare_cached(concat!(
                    "SELECT ",
                    message_columns!(),
                    " FROM messages m WHERE m.n = ?1"
                ))?
                .query_row([message], message_row)?,
            );
        }
        Ok(found.len() < max)
    })?;
    Ok(found)
}

/// Gives the numbers of messages under a hash, newest first, bucket by bucket, as long as `more` asks for them.
pub(super) fn with_hash(rows: &Connection, hash: i64, mut more: impl FnMut(i64) -> Read<bool>) -> Read<()> {
    let mut below = i64::MAX;
    let mut next = rows.prepare_cached("SELECT max(bucket) FROM lookup WHERE bucket < ?1")?;
    let mut under = rows
        .prepare_cached("SELECT message FROM lookup WHERE bucket = ?1 AND hash = ?2 ORDER BY message DESC")?;
    while let Some(bucket) = next.query_row([below], |row| row.get::<_, Option<i64>>(0))? {
        below = bucket;
        let mut messages = under.query(params![bucket, hash])?;
        while let Some(row) = messages.next()? {
            if !more(row.get(0)?)? {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Who sent these messages, as far as they are known.
pub(super) fn reverse_paths(rows: &Connection, ids: &[QueueId]) -> Read<Vec<(QueueId, ReversePath)>> {
    let mut statement = rows.prepare_cached("SELECT reverse_path FROM messages WHERE id = ?1")?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let path = statement.query_row([id.to_bytes()], |row| reverse_path(0, row.get(0)?)).optional()?;
        found.extend(path.map(|path| (*id, path)));
    }
    Ok(found)
}

pub(super) fn events(rows: &Connection, filter: &EventFilter) -> Read<Vec<Event>> {
    let message = filter.message.map(QueueId::to_bytes);
    let begin = filter.begin.map_or(i64::MIN, nanos);
    let end = filter.end.map_or(i64::MAX, nanos);
    let limit = int(filter.limit);
    let Some((mut first, mut last)) = numbers_between(rows, begin, end)? else { return Ok(Vec::new()) };
    match filter.from_seq.map(int) {
        Some(from) if filter.descending => last = last.min(from.saturating_sub(1)),
        Some(from) => first = first.max(from.saturating_add(1)),
        None => {}
    }
    let mut sql = String::from(
        "SELECT e.seq, e.kind, e.at, e.domain, e.message, e.recipient, e.data, m.summary, m.origin, m.reverse_path
         FROM events e LEFT JOIN messages m ON m.id = e.message
         WHERE e.seq BETWEEN ?1 AND ?2 AND e.at BETWEEN ?3 AND ?4",
    );
    let mut values: Vec<&dyn ToSql> = vec![&first, &last, &begin, &end, &limit];
    if let Some(message) = &message {
        sql.push_str(" AND e.message = ?6");
        values.push(message);
    }
    if let Some(domain) = &filter.domain {
        // One message has few events: its index is the better one, and the plus keeps SQLite from the other.
        sql.push_str(if message.is_some() { " AND +e.domain = ?7" } else { " AND e.domain = ?6" });
        values.push(domain);
    }
    sql.push_str(if filter.descending {
        " ORDER BY e.seq DESC LIMIT ?5"
    } else {
        " ORDER BY e.seq LIMIT ?5"
    });
    rows.prepare_cached(&sql)?.query_map(&*values, event)?.collect()
}

/// The first and the last number that an event of this time can have; `None` when there is no such event.
fn numbers_between(rows: &Connection, begin: i64, end: i64) -> Read<Option<(i64, i64)>> {
    if begin == i64::MIN && end == i64::MAX {
        return Ok(Some((0, i64::MAX)));
    }
    rows.prepare_cached(
        "SELECT min(block), max(block) FROM event_spans WHERE latest >= ?1 AND earliest <= ?2",
    )?
    .query_row(params![begin, end], |row| {
        let (first, last): (Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?);
        Ok(first.zip(last).map(|(first, last)| (block_start(first), block_start(last + 1) - 1)))
    })
}

fn event(row: &Row<'_>) -> Read<Event> {
    let kind = event_kind(row.get(1)?).ok_or_else(|| wrong(1, "not an event's kind"))?;
    Ok(Event {
        seq: uint(row.get(0)?),
        event: NewEvent {
            kind,
            at: moment(row.get(2)?),
            domain: row.get(3)?,
            message: row.get::<_, Option<[u8; 16]>>(4)?.map(QueueId::from_bytes),
            recipient: row.get(5)?,
            data: kept(row, 6)?,
        },
        summary: optional_json::<Summary>(row, 7)?,
        origin: optional_json::<Origin>(row, 8)?,
        reverse_path: row.get::<_, Option<String>>(9)?.map(|text| reverse_path(9, text)).transpose()?,
    })
}

pub(super) fn mailboxes(rows: &Connection, owner: &str) -> Read<Vec<(String, u64)>> {
    rows.prepare_cached("SELECT name, messages FROM mailboxes WHERE owner = ?1 ORDER BY name")?
        .query_map([owner], |row| Ok((row.get(0)?, uint(row.get(1)?))))?
        .collect()
}

pub(super) fn mailbox(
    rows: &Connection,
    owner: &str,
    mailbox: &str,
    after: u32,
    max: usize,
) -> Read<Vec<MailboxEntry>> {
    rows.prepare_cached(concat!(
        "SELECT ",
        message_columns!(),
        ", c.uid, c.seen FROM copies c CROSS JOIN messages m ON m.n = c.message
         WHERE c.mailbox = (SELECT n FROM mailboxes WHERE owner = ?1 AND name = ?2) AND c.uid > ?3
         ORDER BY c.uid LIMIT ?4"
    ))?
    .query_map(params![owner, mailbox, after, int(max)], |row| {
        Ok(MailboxEntry {
            uid: row.get(8)?,
            message: message_row(row)?,
            flags: MailboxFlags { seen: row.get(9)? },
        })
    })?
    .collect()
}

pub(super) fn get(rows: &Connection, table: Table, key: &str) -> Read<Option<serde_json::Value>> {
    rows.prepare_cached("SELECT value FROM plain WHERE kind = ?1 AND key = ?2")?
        .query_row(params![table_code(table), key], |row| json(row, 0))
        .optional()
}

pub(super) fn scan(
    rows: &Connection,
    table: Table,
    prefix: &str,
    after: Option<&str>,
    max: usize,
) -> Read<Vec<(String, serde_json::Value)>> {
    let mut statement = rows.prepare_cached(
        "SELECT key, value FROM plain WHERE kind = ?1 AND key >= ?2 AND (?3 IS NULL OR key > ?3) ORDER BY key",
    )?;
    // After the last key of a prefix there is no other with it.
    let begin = after.filter(|after| *after > prefix).unwrap_or(prefix);
    let mut found = Vec::new();
    let mut cursor = statement.query(params![table_code(table), begin, after])?;
    while let Some(row) = cursor.next()? {
        let key: String = row.get(0)?;
        if found.len() >= max || !key.starts_with(prefix) {
            break;
        }
        found.push((key, json(row, 1)?));
    }
    Ok(found)
}

fn message_row(row: &Row<'_>) -> Read<MessageRow> {
    Ok(MessageRow {
        id: QueueId::from_bytes(row.get(0)?),
        accepted_at: moment(row.get(1)?),
        origin: json(row, 2)?,
        domain: row.get(3)?,
        reverse_path: reverse_path(4, row.get(4)?)?,
        envelope_parameters: optional_json::<EnvelopeParameters>(row, 5)?.unwrap_or_default(),
        summary: json(row, 6)?,
        verdicts: optional_json(row, 7)?,
    })
}

pub(super) fn queue_row(row: &Row<'_>) -> Read<QueueRow> {
    let path = match optional_json::<ForwardPath>(row, 3)? {
        Some(path) => path,
        None => Address::parse(&row.get::<_, String>(2)?).map_err(|error| wrong(2, error))?.into(),
    };
    Ok(QueueRow {
        id: RowId { message: QueueId::from_bytes(row.get(0)?), recipient: row.get(1)? },
        path,
        next_hop: row.get(4)?,
        state: state(row.get(5)?).ok_or_else(|| wrong(5, "not a recipient's state"))?,
        due: moment(row.get(6)?),
        expires: moment(row.get(7)?),
        accepted_at: moment(row.get(8)?),
        attempts: row.get(9)?,
        last_status: row.get(10)?,
        hold_reason: row.get(11)?,
        facts: Arc::new(facts(row, 12)?),
    })
}

/// Priority, account, sending domain, tags and wished source, from the column `first` on.
pub(super) fn facts(row: &Row<'_>, first: usize) -> Read<Facts> {
    Ok(Facts {
        priority: priority(row.get(first)?).ok_or_else(|| wrong(first, "not a priority"))?,
        account: row.get(first + 1)?,
        sender_domain: row.get(first + 2)?,
        tags: optional_json(row, first + 3)?.unwrap_or_default(),
        leaves_from: match row.get_ref(first + 4)?.as_str_or_null()? {
            Some(text) => Some(SourceWish::read(text).ok_or_else(|| wrong(first + 4, "not a source"))?),
            None => None,
        },
    })
}

fn reverse_path(column: usize, text: String) -> Read<ReversePath> {
    ReversePath::try_from(text).map_err(|error| wrong(column, error))
}

fn kept(row: &Row<'_>, column: usize) -> Read<Json> {
    Ok(Json::kept(row.get_ref(column)?.as_str()?))
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Read<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|error| wrong(column, error))
}

fn optional_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Read<Option<T>> {
    let text = row.get_ref(column)?.as_str_or_null()?;
    text.map(serde_json::from_str).transpose().map_err(|error| wrong(column, error))
}

/// A value in a row that is not what it must be.
fn wrong(column: usize, error: impl Display) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.to_string().into())
}
