//! Changes that are no part of the queue: events, flags, plain tables.

use rusqlite::{Connection, params};

use crate::embedded::prepared::{Event, PlainRow};
use crate::embedded::queue::{Refusal, Tally};
use crate::{MailboxFlags, StoreError};

/// A message in a mailbox and the flags it gets.
pub(super) struct Flag {
    pub(super) owner: String,
    pub(super) mailbox: String,
    pub(super) uid: u32,
    pub(super) flags: MailboxFlags,
}

pub(super) fn record(rows: &Connection, events: &[Event], tally: &mut Tally) -> rusqlite::Result<()> {
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
            event.data.as_str()
        ])?;
        tally.note_event(rows.last_insert_rowid(), event.at);
    }
    Ok(())
}

pub(super) fn put(rows: &Connection, plain: &[PlainRow]) -> rusqlite::Result<()> {
    for row in plain {
        let Some(value) = &row.value else {
            delete(rows, row.kind, std::slice::from_ref(&row.key))?;
            continue;
        };
        rows.prepare_cached(
            "INSERT INTO plain (kind, key, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![row.kind, row.key, value])?;
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
