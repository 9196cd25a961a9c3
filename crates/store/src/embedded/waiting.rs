//! Rows that wait: what is due, which the index `recipients_waiting` answers alone, and lists with filters, for which the roll finds the rows. Only
//! addresses and words of the last reply are looked for in the rows themselves.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::embedded::code::{address_hash, int, moment, nanos};
use crate::embedded::query::{self, damaged, facts, number, queue_columns, queue_row};
use crate::embedded::roll::{Among, Key, Roll};
use crate::{DueRow, QueueColumn, QueueCount, QueueFilter, QueueId, QueueRow, RowId, StoreError};

type Read<T> = rusqlite::Result<T>;

/// Where a row stands in the order of the queue: due time, message, place.
type Position = (i64, [u8; 16], u32);

/// What a row must be, asked with its message, its place, an address and words, both in lower case.
macro_rules! passing {
    () => {
        "FROM recipients r WHERE r.message = ?1 AND r.place = ?2 AND r.state < 2
         AND (?3 IS NULL OR lower(r.address) = ?3) AND (?4 IS NULL OR instr(lower(r.last_status), ?4))"
    };
}

pub(super) fn due(
    rows: &Connection,
    after: Option<(Timestamp, RowId)>,
    until: i64,
    max: usize,
) -> Read<Vec<DueRow>> {
    let (due, id, place) = after.map_or((i64::MIN, [0; 16], -1), |(due, row)| {
        (nanos(due), row.message.to_bytes(), i64::from(row.recipient))
    });
    rows.prepare_cached(
        "SELECT id, place, due, next_hop, priority, account, sender_domain, tags, leaves_from FROM recipients
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

/// Rows that are read at first where only reading tells whether they pass.
const FIRST_TO_JUDGE: usize = 4096;

/// Unfinished rows that pass a filter, in order.
pub(super) fn queue(
    rows: &Connection,
    roll: &Roll,
    filter: &QueueFilter,
    after: Option<RowId>,
    max: usize,
) -> Result<Vec<QueueRow>, StoreError> {
    let question = Question::new(rows, roll, filter)?;
    let mut after = after.map(|row| position(rows, row)).transpose()?;
    let (mut found, mut to_judge) = (Vec::new(), FIRST_TO_JUDGE.max(max));
    while found.len() < max {
        // Each question walks over all keys. Where rows have to be read to be judged, nobody knows how many are needed: more with every question.
        let wanted = if question.reads { to_judge } else { max - found.len() };
        to_judge = to_judge.saturating_mul(16);
        let keys = question.first(after, wanted)?;
        after = keys.last().map(|key| (key.due, key.id, key.place));
        let complete = keys.len() < wanted;
        for key in keys {
            found.extend(question.row(&key).map_err(damaged)?);
            if found.len() == max {
                return Ok(found);
            }
        }
        if complete {
            break;
        }
    }
    Ok(found)
}

/// The names of all rows that pass a filter, in order.
pub(super) fn ids(rows: &Connection, roll: &Roll, filter: &QueueFilter) -> Result<Vec<RowId>, StoreError> {
    let question = Question::new(rows, roll, filter)?;
    Ok(question.all()?.iter().map(Key::row).collect())
}

pub(super) fn counts(
    rows: &Connection,
    roll: &Roll,
    filter: &QueueFilter,
    by: QueueColumn,
) -> Result<Vec<QueueCount>, StoreError> {
    let question = Question::new(rows, roll, filter)?;
    let among = if question.reads {
        let mut keys: Vec<_> = question.all()?.iter().map(|key| (key.message, key.place)).collect();
        keys.sort_unstable();
        Among::Rows(keys)
    } else {
        question.among
    };
    roll.ask(rows, |waiting| waiting.counts(filter, &among, by))
}

/// A filter on its way through the roll and the rows.
struct Question<'a> {
    rows: &'a Connection,
    roll: &'a Roll,
    filter: &'a QueueFilter,
    among: Among,
    recipient: Option<String>,
    status: Option<String>,
    /// Whether rows have to be read to know whether they pass.
    reads: bool,
}

impl<'a> Question<'a> {
    fn new(rows: &'a Connection, roll: &'a Roll, filter: &'a QueueFilter) -> Result<Self, StoreError> {
        // The roll is opened before anything is read.
        roll.ask(rows, |_| ())?;
        let recipient = filter.recipient.as_ref().map(|value| value.to_lowercase());
        let among = match (filter.message, &recipient) {
            (Some(id), _) => match number(rows, id) {
                Ok(message) => Among::Messages(vec![message]),
                Err(StoreError::NotFound(_)) => Among::Messages(Vec::new()),
                Err(error) => return Err(error),
            },
            (None, Some(address)) => {
                let mut messages = Vec::new();
                let mut take = |message| {
                    messages.push(message);
                    Ok(true)
                };
                query::with_hash(rows, address_hash(address), &mut take).map_err(damaged)?;
                Among::Messages(messages)
            }
            (None, None) => Among::All,
        };
        let status = filter.status.as_ref().map(|value| value.to_lowercase());
        let reads = recipient.is_some() || status.is_some();
        Ok(Self { rows, roll, filter, among, recipient, status, reads })
    }

    fn first(&self, after: Option<Position>, max: usize) -> Result<Vec<Key>, StoreError> {
        let mut keys =
            self.roll.ask(self.rows, |waiting| waiting.first(self.filter, &self.among, after, max))?;
        if max == usize::MAX {
            keys.sort_unstable();
        }
        Ok(keys)
    }

    /// All rows that pass.
    fn all(&self) -> Result<Vec<Key>, StoreError> {
        let mut keys = self.first(None, usize::MAX)?;
        if self.reads {
            let mut failure = None;
            keys.retain(|key| {
                failure.is_none() && self.passes(key).map_err(|error| failure = Some(error)).unwrap_or(false)
            });
            failure.map_or(Ok(()), |error| Err(damaged(error)))?;
        }
        Ok(keys)
    }

    fn passes(&self, key: &Key) -> Read<bool> {
        self.rows.prepare_cached(concat!("SELECT 1 ", passing!()))?.exists(params![
            key.message,
            key.place,
            self.recipient,
            self.status
        ])
    }

    /// A row, unless it has finished or does not pass.
    fn row(&self, key: &Key) -> Read<Option<QueueRow>> {
        self.rows
            .prepare_cached(concat!("SELECT ", queue_columns!(), " ", passing!()))?
            .query_row(params![key.message, key.place, self.recipient, self.status], queue_row)
            .optional()
    }
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
    Ok((due, row.message.to_bytes(), row.recipient))
}
