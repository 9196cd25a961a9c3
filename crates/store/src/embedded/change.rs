//! Changes that are no part of the queue: events, flags, plain tables.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use crate::embedded::code::block;
use crate::embedded::prepared::{Event, PlainRow};
use crate::embedded::queue::Refusal;
use crate::{MailboxFlags, StoreError};

/// A message in a mailbox and the flags it gets.
pub(super) struct Flag {
    pub(super) owner: String,
    pub(super) mailbox: String,
    pub(super) uid: u32,
    pub(super) flags: MailboxFlags,
}

pub(super) fn record(rows: &Connection, events: &[Event]) -> rusqlite::Result<()> {
    let mut spans: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for event in events {
        rows.prepare_cached(
            "INSERT INTO events (kind, at, domain, message, recipient, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            event.kind,
            event.at,
            event.domain,
            event.message,
            event.recipient,
            event.data
        ])?;
        let (earliest, latest) = spans.entry(block(rows.last_insert_rowid())).or_insert((event.at, event.at));
        *earliest = event.at.min(*earliest);
        *latest = event.at.max(*latest);
    }
    for (block, (earliest, latest)) in spans {
        // Most events lie in order: then only `latest` moves.
        rows.prepare_cached(
            "INSERT INTO event_spans (block, earliest, latest) VALUES (?1, ?2, ?3) ON CONFLICT (block) DO UPDATE
             SET earliest = min(earliest, excluded.earliest), latest = max(latest, excluded.latest)",
        )?
        .execute(params![block, earliest, latest])?;
    }
    Ok(())
}

pub(super) fn put(rows: &Connection, plain: &[PlainRow]) -> rusqlite::Result<()> {
    for row in plain {
        rows.prepare_cached(
            "INSERT INTO plain (kind, key, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![row.kind, row.key, row.value])?;
    }
    Ok(())
}

pub(super) fn delete(rows: &Connection, kind: i64, keys: &[String]) -> rusqlite::Result<()> {
    for key in keys {
        rows.prepare_cached("DELETE FROM plain WHERE kind = ?1 AND key = ?2")?.execute(params![kind, key])?;
    }
    Ok(())
}

pub(super) fn flag(rows: &Connection, flag: &Flag) -> Result<(), Refusal> {
    let changed = rows
        .prepare_cached(
            "UPDATE copies SET seen = ?4
             WHERE mailbox = (SELECT n FROM mailboxes WHERE owner = ?1 AND name = ?2) AND uid = ?3",
        )?
        .execute(params![flag.owner, flag.mailbox, flag.uid, flag.flags.seen])?;
    if changed == 1 {
        return Ok(());
    }
    let Flag { owner, mailbox, uid, .. } = flag;
    Err(Refusal::One(StoreError::NotFound(format!("UID {uid} in mailbox {mailbox} of {owner}"))))
}
