//! The rows of the queue: how a message comes in, how its recipients change, who may change them.
//!
//! # The states of a message, and of each of its recipients
//!
//! | state | content | rows | how it got there |
//! | --- | --- | --- | --- |
//! | unknown | nothing | nothing | – |
//! | written | record beyond the end that `segments.bytes` names | nothing | contents of the round appended and synced |
//! | **accepted** | record | `messages`, `recipients` (all *queued*), `copies`, `lookup`, `events`, in one commit | commit of the round |
//! | recipient *queued* | record | `state = 0`, `due` is the next attempt | accept; release; a transient failure (`Defer`) |
//! | recipient *held* | record | `state = 1` | `Hold`; it waits for a person |
//! | recipient *delivered* | record | `state = 2`, `due` is the moment it finished | the peer took it |
//! | recipient *failed* | record | `state = 3`, `due` is the moment it finished | it expired or was refused; its DSN is accepted in the same commit |
//! | finished | record | every recipient delivered or failed, no mailbox has a copy | the last of these changes |
//! | forgotten | dead record, later no file | nothing (`events` until they are as old) | `purge` |
//!
//! "Record" is one in a segment file or, for a small content, one with the rows; that is written, forgotten and cut off by a power cut as they are, and has no
//! state *written*.
//!
//! A message counts as accepted in a single moment: when SQLite's commit has synced its log. Before that moment nothing of it is
//! seen after a restart; after it everything is, whether or not the producer was told.
//!
//! # What a crash leaves behind
//!
//! | the power goes | on the disk | at the next start | the producer |
//! | --- | --- | --- | --- |
//! | before the append | nothing | – | was told nothing; tries again |
//! | while appending, or before the sync | part of a record, or nothing | the segment file is cut at `segments.bytes` | as above |
//! | after the sync, before the commit | whole records without rows | as above | as above |
//! | after the commit, before the answer | everything | the message is there | was told nothing; its retry with the same id changes nothing |
//! | after a new segment file, before its first commit | a file that no row names | the file is removed | as the first |
//! | while `purge` removes a file | a file that no row names | the file is removed | – |
//!
//! Settling is one commit too: the recipient's new state, the attempt, the events, the DSN that tells of it. A crash between
//! the peer's `250` and that commit delivers twice, which RFC 5321 section 6.1 leaves open.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::embedded::code::{DELIVERED, FAILED, QUEUED, bucket, int, nanos, uint};
use crate::embedded::prepared::{Message, Recipient, Settle};
use crate::embedded::roll::{self, Entry, Note};
use crate::embedded::segment::{Place, RECORD_HEADER};
use crate::embedded::{change, code};
use crate::{Lease, SettleOp, StoreError};

/// The embedded engine has one shard.
const SHARD: i64 = 0;

/// Why a change was not made.
#[derive(Debug)]
pub(super) enum Refusal {
    /// This change cannot be made; others of the same round can.
    One(StoreError),
    /// SQLite could not do it.
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// What is counted over the changes of one commit and written once at its end.
#[derive(Default)]
pub(super) struct Tally {
    /// How many records, and octets of them, each segment gained or lost.
    segments: BTreeMap<u64, (i64, i64)>,
    /// The earliest and latest moment of the events that came into each block.
    spans: BTreeMap<i64, (i64, i64)>,
    /// What the roll is told, where one is kept.
    notes: Option<Vec<Note>>,
}

impl Tally {
    /// For a commit of which a roll wants to know, or none does.
    pub(super) fn new(roll: &roll::State) -> Self {
        Self { notes: roll.is_kept().then(Vec::new), ..Self::default() }
    }

    /// One for a part of the commit, which may be taken back.
    pub(super) fn part(&self) -> Self {
        Self { notes: self.notes.as_ref().map(|_| Vec::new()), ..Self::default() }
    }

    pub(super) fn note(&mut self, note: impl FnOnce() -> Note) {
        if let Some(notes) = &mut self.notes {
            notes.push(note());
        }
    }

    /// For the roll, when the commit is made.
    pub(super) fn notes(self) -> Vec<Note> {
        self.notes.unwrap_or_default()
    }

    pub(super) fn add(&mut self, place: Place) {
        self.count(place, 1);
    }

    pub(super) fn remove(&mut self, place: Place) {
        self.count(place, -1);
    }

    fn count(&mut self, place: Place, sign: i64) {
        if place.is_in_rows() {
            return;
        }
        let (live, octets) = self.segments.entry(place.segment).or_default();
        *live += sign;
        *octets += sign * int(place.length + RECORD_HEADER);
    }

    /// An event came into the rows under this number.
    pub(super) fn note_event(&mut self, seq: i64, at: i64) {
        self.span(code::block(seq), (at, at));
    }

    fn span(&mut self, block: i64, (from, to): (i64, i64)) {
        let (earliest, latest) = self.spans.entry(block).or_insert((from, to));
        *earliest = from.min(*earliest);
        *latest = to.max(*latest);
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (block, span) in other.spans {
            self.span(block, span);
        }
        for (segment, (live, octets)) in other.segments {
            let own = self.segments.entry(segment).or_default();
            own.0 += live;
            own.1 += octets;
        }
        if let (Some(notes), Some(more)) = (&mut self.notes, other.notes) {
            notes.extend(more);
        }
    }

    pub(super) fn write(&self, rows: &Connection) -> rusqlite::Result<()> {
        for (segment, (live, octets)) in &self.segments {
            rows.prepare_cached(
                "UPDATE segments SET live = live + ?2, live_bytes = live_bytes + ?3 WHERE number = ?1",
            )?
            .execute(params![int(*segment), live, octets])?;
        }
        for (block, (earliest, latest)) in &self.spans {
            // Most events lie in order: then only `latest` moves.
            rows.prepare_cached(
                "INSERT INTO event_spans (block, earliest, latest) VALUES (?1, ?2, ?3) ON CONFLICT (block) DO UPDATE
                 SET earliest = min(earliest, excluded.earliest), latest = max(latest, excluded.latest)",
            )?
            .execute(params![block, earliest, latest])?;
        }
        Ok(())
    }
}

/// Makes a message's rows. An identifier that is there already changes nothing: its new record stays dead.
pub(super) fn accept(
    rows: &Connection,
    message: &Message,
    place: Place,
    tally: &mut Tally,
) -> rusqlite::Result<()> {
    let added = rows
        .prepare_cached(
            "INSERT INTO messages (id, accepted_at, origin, domain, reverse_path, parameters, summary, verdicts,
                                   recipients, segment, start, length)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            message.id,
            message.accepted_at,
            message.origin,
            message.domain,
            message.reverse_path,
            message.parameters,
            message.summary,
            message.verdicts,
            int(message.recipients.len()),
            int(place.segment),
            int(place.start),
            int(place.length),
        ])?;
    if added == 0 {
        return Ok(());
    }
    let n = rows.last_insert_rowid();
    tally.add(place);
    if place.is_in_rows() {
        rows.prepare_cached("INSERT INTO contents (message, record) VALUES (?1, ?2)")?
            .execute(params![n, [message.header.as_slice(), &message.content].concat()])?;
    }
    if let Some(hash) = message.message_id {
        add_lookup(rows, n, hash)?;
    }
    for (at, recipient) in (0_i64..).zip(&message.recipients) {
        rows.prepare_cached(
            "INSERT INTO recipients (message, place, id, address, path, domain, next_hop, state, due, expires,
                                     accepted_at, priority, account, sender_domain, tags, leaves_from)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            n,
            at,
            message.id,
            recipient.address,
            recipient.path,
            recipient.domain,
            recipient.next_hop,
            recipient.due,
            recipient.expires,
            message.accepted_at,
            message.priority,
            message.account,
            message.domain,
            message.tags,
            message.leaves_from,
        ])?;
        add_lookup(rows, n, recipient.hash)?;
        tally.note(|| Note::Came(Box::new(entry(message, recipient, n, at))));
    }
    for (owner, mailbox) in &message.mailboxes {
        deliver(rows, n, owner, mailbox)?;
    }
    change::record(rows, &message.events, tally)?;
    change::put(rows, &message.plain)
}

fn entry(message: &Message, recipient: &Recipient, n: i64, place: i64) -> Entry {
    Entry {
        message: n,
        place,
        id: message.id,
        state: QUEUED,
        due: recipient.due,
        accepted_at: message.accepted_at,
        attempts: 0,
        priority: message.priority,
        next_hop: recipient.next_hop.clone(),
        domain: recipient.domain.clone(),
        account: message.account.clone(),
        sender_domain: message.domain.clone(),
        tags: message.tags.clone(),
    }
}

fn add_lookup(rows: &Connection, message: i64, hash: i64) -> rusqlite::Result<()> {
    rows.prepare_cached("INSERT OR IGNORE INTO lookup (bucket, hash, message) VALUES (?1, ?2, ?3)")?
        .execute(params![bucket(message), hash, message])?;
    Ok(())
}

/// Puts a message into a mailbox under its next UID.
fn deliver(rows: &Connection, message: i64, owner: &str, mailbox: &str) -> rusqlite::Result<()> {
    let (number, next): (i64, i64) = rows
        .prepare_cached(
            "INSERT INTO mailboxes (owner, name, next_uid, messages) VALUES (?1, ?2, 2, 1)
             ON CONFLICT (owner, name) DO UPDATE SET next_uid = next_uid + 1, messages = messages + 1
             RETURNING n, next_uid",
        )?
        .query_row(params![owner, mailbox], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.prepare_cached("INSERT INTO copies (mailbox, uid, message, seen) VALUES (?1, ?2, ?3, 0)")?
        .execute(params![number, next - 1, message])?;
    Ok(())
}

/// Takes or renews the lease of the one shard; a lease that another node holds yields nothing.
pub(super) fn claim(rows: &Connection, node: &str, now: i64, until: i64) -> rusqlite::Result<Vec<Lease>> {
    let held: Option<(String, i64, i64)> = rows
        .prepare_cached("SELECT owner, epoch, until FROM leases WHERE shard = ?1")?
        .query_row([SHARD], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let epoch = match held {
        None => 1,
        Some((owner, epoch, _)) if owner == node => epoch,
        Some((_, epoch, until)) if until <= now => epoch + 1,
        Some(_) => return Ok(Vec::new()),
    };
    rows.prepare_cached(
        "INSERT INTO leases (shard, owner, epoch, until) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (shard) DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch, until = excluded.until",
    )?
    .execute(params![SHARD, node, epoch, until])?;
    Ok(vec![Lease { shard: uint(SHARD), epoch: uint(epoch), until: code::moment(until) }])
}

/// Refuses whoever does not hold the lease with its present epoch.
pub(super) fn fence(rows: &Connection, shard: i64, epoch: i64) -> Result<(), Refusal> {
    let present: Option<i64> = rows
        .prepare_cached("SELECT epoch FROM leases WHERE shard = ?1")?
        .query_row([shard], |row| row.get(0))
        .optional()?;
    if present == Some(epoch) { Ok(()) } else { Err(Refusal::One(StoreError::Fenced)) }
}

/// Applies a settlement; `places` are those of the messages born with it.
pub(super) fn settle(
    rows: &Connection,
    settle: &Settle,
    places: &[Place],
    tally: &mut Tally,
) -> Result<(), Refusal> {
    fence(rows, settle.shard, settle.epoch)?;
    // One message is asked for again and again: for each recipient and for its attempts.
    let mut numbers = BTreeMap::new();
    let mut number_of = |id: [u8; 16]| -> rusqlite::Result<Option<i64>> {
        if let Some(known) = numbers.get(&id) {
            return Ok(*known);
        }
        let number = number(rows, id)?;
        numbers.insert(id, number);
        Ok(number)
    };
    let mut finished = Vec::new();
    for op in &settle.ops {
        let row = op.row();
        let changed = match number_of(row.message.to_bytes())? {
            Some(message) => apply(rows, op, message, settle.at, tally)?,
            None => false,
        };
        finished.extend((!changed).then_some(row));
    }
    if !finished.is_empty() {
        return Err(Refusal::One(StoreError::Finished(finished)));
    }
    for attempt in &settle.attempts {
        let Some(message) = number_of(attempt.message)? else { continue };
        rows.prepare_cached(
            "INSERT INTO attempts (message, at, recipients, record) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![message, attempt.at, attempt.recipients, attempt.record.as_str()])?;
    }
    for (message, place) in settle.born.iter().zip(places) {
        accept(rows, message, *place, tally)?;
    }
    change::record(rows, &settle.events, tally)?;
    change::put(rows, &settle.plain)?;
    Ok(())
}

/// Changes one recipient; finished ones stay as they are. Gives whether it was one that waits.
fn apply(
    rows: &Connection,
    op: &SettleOp,
    message: i64,
    at: Option<i64>,
    tally: &mut Tally,
) -> rusqlite::Result<bool> {
    let place = i64::from(op.row().recipient);
    let note = match op {
        SettleOp::Delivered { status, .. } => finish(rows, message, place, DELIVERED, at, status)?,
        SettleOp::Fail { status, .. } => finish(rows, message, place, FAILED, at, status)?,
        SettleOp::Defer { next_hop, due, status, .. } => rows
            .prepare_cached(
                "UPDATE recipients SET due = CASE next_hop WHEN ?5 THEN ?3 ELSE coalesce(?6, due) END,
                                       attempts = attempts + 1, last_status = ?4
                 WHERE message = ?1 AND place = ?2 AND state < 2 RETURNING due",
            )?
            .query_row(params![message, place, nanos(*due), status, next_hop, at], |row| row.get(0))
            .optional()?
            .map(|due| Note::Deferred { message, place, due }),
    };
    let changed = note.is_some();
    if let Some(note) = note {
        tally.note(|| note);
    }
    Ok(changed)
}

fn finish(
    rows: &Connection,
    message: i64,
    place: i64,
    state: i64,
    at: Option<i64>,
    status: &str,
) -> rusqlite::Result<Option<Note>> {
    let changed = rows
        .prepare_cached(
        "UPDATE recipients SET state = ?3, due = coalesce(?4, due), attempts = attempts + 1, last_status = ?5
         WHERE message = ?1 AND place = ?2 AND state < 2",
    )?
    .execute(params![message, place, state, at, status])?;
    Ok((changed > 0).then_some(Note::Finished { message, place }))
}

/// The short number that stands for a message in the other tables.
pub(super) fn number(rows: &Connection, id: [u8; 16]) -> rusqlite::Result<Option<i64>> {
    rows.prepare_cached("SELECT n FROM messages WHERE id = ?1")?.query_row([id], |row| row.get(0)).optional()
}

/// When a lease that begins now ends.
pub(super) fn lease_end(now: Timestamp, ttl: std::time::Duration) -> i64 {
    nanos(now).saturating_add(int(ttl.as_nanos()))
}
