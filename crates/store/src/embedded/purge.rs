//! Forgetting: finished messages, old events, and segment files that hold (almost) nothing any more.

use std::io::IoSlice;

use rusqlite::{Connection, OptionalExtension, params};

use crate::embedded::code::{
    DELIVERED, FAILED, address_hash, block_start, bucket, int, message_id_hash, uint,
};
use crate::embedded::queue::{Tally, number};
use crate::embedded::segment::{self, Place, ReadError, Tail};
use crate::embedded::writer::{Writer, commit_error, rows_error, sync_error, write_end, write_error};
use crate::{QueueId, StoreError};

/// Rows looked at in one commit.
const PIECE: i64 = 500;
/// Blocks of events looked at in one commit.
const BLOCKS: i64 = 2;
/// Contents copied in one commit: at least one, and no more once this many octets are reached.
const COPY_OCTETS: u64 = 4 << 20;
/// A segment is given up when less than one part in so many is alive.
const MOSTLY_DEAD: i64 = 4;
/// The segment that still grows is left alone while it is small.
const SMALL_TAIL: u64 = 1 << 20;

/// Whether there is more to do.
pub(super) enum Progress {
    More,
    Finished(u64),
}

/// One purge, done piece by piece between the rounds of the writer.
pub(super) struct Purge {
    before: i64,
    stage: Stage,
    messages: u64,
}

#[derive(Clone, Copy)]
enum Stage {
    /// Messages whose last recipient finished; the row looked at last.
    Finished {
        state: i64,
        after: (i64, i64, i64),
    },
    /// Messages that had no recipient.
    Unsent {
        after: (i64, i64),
    },
    /// Old events; the block looked at last.
    Events {
        after: i64,
    },
    Segments {
        after: i64,
    },
    Pages,
    End,
}

impl Purge {
    pub(super) fn new(before: i64) -> Self {
        let stage = Stage::Finished { state: DELIVERED, after: (i64::MIN, 0, 0) };
        Self { before, stage, messages: 0 }
    }

    /// One piece.
    pub(super) fn step(&mut self, writer: &mut Writer) -> Result<Progress, StoreError> {
        self.stage = match self.stage {
            Stage::Finished { state, after } => self.forget_finished(&writer.rows, state, after)?,
            Stage::Unsent { after } => self.forget_unsent(&writer.rows, after)?,
            Stage::Events { after } => self.forget_events(&writer.rows, after)?,
            Stage::Segments { after } => drop_segments(writer, after)?,
            Stage::Pages => give_back_pages(&writer.rows).map_err(|error| rows_error(&error))?,
            Stage::End => return Ok(Progress::Finished(self.messages)),
        };
        Ok(Progress::More)
    }

    fn forget_finished(
        &mut self,
        rows: &Connection,
        state: i64,
        after: (i64, i64, i64),
    ) -> Result<Stage, StoreError> {
        let before = self.before;
        let (seen, forgotten) = in_commit(rows, |rows, tally| {
            let seen: Vec<(i64, i64, i64)> = rows
                .prepare_cached(
                    "SELECT due, message, place FROM recipients
                     WHERE state = ?1 AND state >= 2 AND (due, message, place) > (?2, ?3, ?4) AND due < ?5
                     ORDER BY due, message, place LIMIT ?6",
                )?
                .query_map(params![state, after.0, after.1, after.2, before, PIECE], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?
                .collect::<Result<_, _>>()?;
            let mut forgotten = 0;
            for (_, message, _) in &seen {
                forgotten += u64::from(forget_if_over(rows, *message, before, tally)?);
            }
            Ok((seen, forgotten))
        })?;
        self.messages += forgotten;
        Ok(match seen.last() {
            Some(last) => Stage::Finished { state, after: *last },
            None if state == DELIVERED => Stage::Finished { state: FAILED, after: (i64::MIN, 0, 0) },
            None => Stage::Unsent { after: (i64::MIN, 0) },
        })
    }

    fn forget_unsent(&mut self, rows: &Connection, after: (i64, i64)) -> Result<Stage, StoreError> {
        let before = self.before;
        let (seen, forgotten) = in_commit(rows, |rows, tally| {
            let seen: Vec<(i64, i64)> = rows
                .prepare_cached(
                    "SELECT accepted_at, n FROM messages
                     WHERE recipients = 0 AND (accepted_at, n) > (?1, ?2) AND accepted_at < ?3
                     ORDER BY accepted_at, n LIMIT ?4",
                )?
                .query_map(params![after.0, after.1, before, PIECE], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            let mut forgotten = 0;
            for (_, message) in &seen {
                forgotten += u64::from(forget_if_over(rows, *message, before, tally)?);
            }
            Ok((seen, forgotten))
        })?;
        self.messages += forgotten;
        Ok(seen.last().map_or(Stage::Events { after: -1 }, |last| Stage::Unsent { after: *last }))
    }

    fn forget_events(&self, rows: &Connection, after: i64) -> Result<Stage, StoreError> {
        let seen = in_commit(rows, |rows, _| {
            let seen: Vec<i64> = rows
                .prepare_cached(
                    "SELECT block FROM event_spans WHERE block > ?1 AND earliest < ?2 ORDER BY block LIMIT ?3",
                )?
                .query_map(params![after, self.before, BLOCKS], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for block in &seen {
                forget_block(rows, *block, self.before)?;
            }
            Ok(seen)
        })?;
        Ok(seen.last().map_or(Stage::Segments { after: 0 }, |last| Stage::Events { after: *last }))
    }
}

/// Removes the old events of a block, and the block's span when nothing is left in it.
fn forget_block(rows: &Connection, block: i64, before: i64) -> rusqlite::Result<()> {
    let (first, next) = (block_start(block), block_start(block + 1));
    rows.prepare_cached("DELETE FROM events WHERE seq >= ?1 AND seq < ?2 AND at < ?3")?
        .execute(params![first, next, before])?;
    let earliest: Option<i64> = rows
        .prepare_cached("SELECT min(at) FROM events WHERE seq >= ?1 AND seq < ?2")?
        .query_row([first, next], |row| row.get(0))?;
    match earliest {
        Some(earliest) => rows
            .prepare_cached("UPDATE event_spans SET earliest = ?2 WHERE block = ?1")?
            .execute([block, earliest])?,
        None => rows.prepare_cached("DELETE FROM event_spans WHERE block = ?1")?.execute([block])?,
    };
    Ok(())
}

fn in_commit<T>(
    rows: &Connection,
    work: impl FnOnce(&Connection, &mut Tally) -> rusqlite::Result<T>,
) -> Result<T, StoreError> {
    let transaction = rows.unchecked_transaction().map_err(|error| rows_error(&error))?;
    let mut tally = Tally::default();
    let done = work(&transaction, &mut tally).map_err(|error| rows_error(&error))?;
    tally.write(&transaction).map_err(|error| rows_error(&error))?;
    transaction.commit().map_err(|error| commit_error(&error))?;
    Ok(done)
}

/// Removes one message's rows, however young it is, unless a recipient still waits or a mailbox has it.
pub(super) fn forget(rows: &Connection, id: [u8; 16], tally: &mut Tally) -> rusqlite::Result<bool> {
    match number(rows, id)? {
        Some(message) => forget_if_over(rows, message, i64::MAX, tally),
        None => Ok(false),
    }
}

/// Removes a message's rows, unless a recipient still waits or finished too late, or a mailbox has it.
fn forget_if_over(rows: &Connection, message: i64, before: i64, tally: &mut Tally) -> rusqlite::Result<bool> {
    let over: bool = rows
        .prepare_cached(
            "SELECT NOT EXISTS (SELECT 1 FROM recipients WHERE message = ?1 AND (state < 2 OR due >= ?2))
                AND NOT EXISTS (SELECT 1 FROM copies WHERE message = ?1)",
        )?
        .query_row(params![message, before], |row| row.get(0))?;
    if !over {
        return Ok(false);
    }
    // Another recipient of the same message may have brought us here before.
    let gone = rows
        .prepare_cached(
            "DELETE FROM messages WHERE n = ?1 RETURNING segment, start, length, summary ->> '$.message_id'",
        )?
        .query_row([message], |row| {
            let place =
                Place { segment: uint(row.get(0)?), start: uint(row.get(1)?), length: uint(row.get(2)?) };
            Ok((place, row.get::<_, Option<String>>(3)?))
        })
        .optional()?;
    let Some((place, message_id)) = gone else { return Ok(false) };
    tally.remove(place);
    if place.is_in_rows() {
        rows.prepare_cached("DELETE FROM contents WHERE message = ?1")?.execute([message])?;
    }
    let mut hashes: Vec<i64> = rows
        .prepare_cached("DELETE FROM recipients WHERE message = ?1 RETURNING address")?
        .query_map([message], |row| Ok(address_hash(&row.get::<_, String>(0)?)))?
        .collect::<Result<_, _>>()?;
    hashes.extend(message_id.as_deref().map(message_id_hash));
    for hash in hashes {
        rows.prepare_cached("DELETE FROM lookup WHERE bucket = ?1 AND hash = ?2 AND message = ?3")?
            .execute(params![bucket(message), hash, message])?;
    }
    rows.prepare_cached("DELETE FROM attempts WHERE message = ?1")?.execute([message])?;
    Ok(true)
}

/// Drops segments without survivors; moves survivors of one that is mostly dead.
fn drop_segments(writer: &mut Writer, after: i64) -> Result<Stage, StoreError> {
    leave_dead_tail(writer)?;
    let tail = int(writer.tail.number);
    let dead = in_commit(&writer.rows, |rows, _| {
        rows.prepare_cached("DELETE FROM segments WHERE live = 0 AND number <> ?1 RETURNING number")?
            .query_map([tail], |row| row.get::<_, i64>(0))?
            .collect::<Result<Vec<_>, _>>()
    })?;
    for number in &dead {
        // A file that stays is removed at the next start, because no row names it.
        if let Err(error) = std::fs::remove_file(writer.folder.segment(uint(*number))) {
            tracing::warn!(segment = number, %error, "a segment file cannot be removed");
        }
    }
    let candidate: Option<i64> = writer
        .rows
        .prepare_cached(
            "SELECT number FROM segments WHERE number <> ?1 AND number > ?2 AND live_bytes * ?3 < bytes
             ORDER BY number LIMIT 1",
        )
        .and_then(|mut statement| {
            statement.query_row(params![tail, after, MOSTLY_DEAD], |row| row.get(0)).optional()
        })
        .map_err(|error| rows_error(&error))?;
    let Some(number) = candidate else { return Ok(Stage::Pages) };
    Ok(match copy_survivors(writer, number)? {
        Copied::Some => Stage::Segments { after },
        Copied::Damaged => Stage::Segments { after: number },
    })
}

/// Begins a new segment file when most of the present one is dead, so that the present one can be dropped.
fn leave_dead_tail(writer: &mut Writer) -> Result<(), StoreError> {
    let tail: &Tail = &writer.tail;
    if tail.end < SMALL_TAIL {
        return Ok(());
    }
    let live: Option<i64> = writer
        .rows
        .prepare_cached("SELECT live_bytes FROM segments WHERE number = ?1")
        .and_then(|mut statement| statement.query_row([int(tail.number)], |row| row.get(0)).optional())
        .map_err(|error| rows_error(&error))?;
    if live.is_some_and(|live| live.saturating_mul(MOSTLY_DEAD) < int(tail.end)) {
        writer.tail.rotate().map_err(|error| write_error(&error))?;
    }
    Ok(())
}

enum Copied {
    Some,
    /// A content could not be read: its segment stays, for people to look at.
    Damaged,
}

fn copy_survivors(writer: &mut Writer, number: i64) -> Result<Copied, StoreError> {
    let survivors = survivors(&writer.rows, number).map_err(|error| rows_error(&error))?;
    if survivors.is_empty() {
        // Counted wrongly: without this the segment would be looked at for ever.
        in_commit(&writer.rows, |rows, _| {
            rows.prepare_cached("UPDATE segments SET live = 0, live_bytes = 0 WHERE number = ?1")?
                .execute([number])
        })?;
        return Ok(Copied::Some);
    }
    let mut moved = Vec::new();
    let mut octets = 0;
    for (message, id, place) in survivors {
        let content = match segment::read(&writer.folder, place, QueueId::from_bytes(id), None) {
            Ok(content) => content,
            Err(ReadError::Damaged(_) | ReadError::Io(_)) => {
                tracing::error!(segment = number, message = %QueueId::from_bytes(id), "a content cannot be read; its segment is kept");
                return Ok(Copied::Damaged);
            }
        };
        octets += place.length;
        moved.push((message, place, segment::record_header(id, &content), content));
        if octets >= COPY_OCTETS {
            break;
        }
    }
    let mut slices: Vec<IoSlice<'_>> = moved
        .iter()
        .flat_map(|(_, _, header, content)| [IoSlice::new(header), IoSlice::new(content)])
        .collect();
    let mut start = writer.tail.end;
    writer.tail.append(&mut slices).map_err(|error| write_error(&error))?;
    writer.tail.sync().map_err(|error| sync_error(&error))?;
    let tail = &writer.tail;
    in_commit(&writer.rows, |rows, tally| {
        write_end(rows, tail)?;
        for (message, from, header, content) in &moved {
            let to = Place { segment: tail.number, start, length: from.length };
            rows.prepare_cached("UPDATE messages SET segment = ?2, start = ?3 WHERE n = ?1")?
                .execute(params![message, int(to.segment), int(to.start)])?;
            tally.remove(*from);
            tally.add(to);
            start += (header.len() + content.len()) as u64;
        }
        Ok(())
    })?;
    writer.tail.keep();
    Ok(Copied::Some)
}

type Survivor = (i64, [u8; 16], Place);

fn survivors(rows: &Connection, number: i64) -> rusqlite::Result<Vec<Survivor>> {
    rows.prepare_cached(
        "SELECT n, id, start, length FROM messages WHERE segment = ?1 AND segment > 0 LIMIT ?2",
    )?
    .query_map(params![number, PIECE], |row| {
        let place = Place { segment: uint(number), start: uint(row.get(2)?), length: uint(row.get(3)?) };
        Ok((row.get(0)?, row.get(1)?, place))
    })?
    .collect()
}

/// Shrinks the rows' file when a good part of it is unused.
fn give_back_pages(rows: &Connection) -> rusqlite::Result<Stage> {
    let free: i64 = rows.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
    let all: i64 = rows.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    if free < 1000 || free < all / 4 {
        return Ok(Stage::End);
    }
    let mut statement = rows.prepare("PRAGMA incremental_vacuum(1000)")?;
    let mut pages = statement.query([])?;
    while pages.next()?.is_some() {}
    Ok(Stage::Pages)
}
