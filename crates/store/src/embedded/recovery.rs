//! What is put right when a folder is opened.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use crate::StoreError;
use crate::embedded::code::uint;
use crate::embedded::folder::{Folder, unusable};
use crate::embedded::segment::Tail;

/// Finds the segment file to go on with, cut at the end of the last committed record, and removes files that no row names.
///
/// Only the last file can have a tail that was never accepted: a segment is left for good when the next one begins.
pub(super) fn recover(folder: &Folder, rows: &Connection) -> Result<Tail, StoreError> {
    let wrong = |error: std::io::Error| unusable(&folder.segments(), "cannot be put in order", &error);
    let last: Option<(i64, i64)> = rows
        .query_row("SELECT number, bytes FROM segments ORDER BY number DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .map_err(|error| unusable(folder.path(), "cannot be read", &error))?;
    remove_unnamed(folder, rows)?;
    let Some((number, end)) = last.map(|(number, end)| (uint::<u64>(number), uint::<u64>(end))) else {
        return Tail::create(folder, 1).map_err(wrong);
    };
    let found = match std::fs::metadata(folder.segment(number)) {
        Ok(file) => file.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
        Err(error) => return Err(wrong(error)),
    };
    if found < end {
        tracing::error!(
            segment = number,
            found,
            expected = end,
            "a segment file is shorter than its rows say: the contents at its end are lost"
        );
        return Tail::create(folder, number + 1).map_err(wrong);
    }
    if found > end {
        tracing::info!(
            segment = number,
            octets = found - end,
            "dropped the end of a segment that was never accepted"
        );
    }
    Tail::resume(folder, number, end).map_err(wrong)
}

fn remove_unnamed(folder: &Folder, rows: &Connection) -> Result<(), StoreError> {
    let wrong = |error: &dyn std::fmt::Display| unusable(&folder.segments(), "cannot be put in order", error);
    let mut removed = false;
    for entry in std::fs::read_dir(folder.segments()).map_err(|error| wrong(&error))? {
        let path = entry.map_err(|error| wrong(&error))?.path();
        let Some(number) = number(&path) else { continue };
        let named = rows
            .prepare_cached("SELECT 1 FROM segments WHERE number = ?1")
            .and_then(|mut statement| statement.exists([number]))
            .map_err(|error| wrong(&error))?;
        if !named {
            std::fs::remove_file(&path).map_err(|error| wrong(&error))?;
            removed = true;
        }
    }
    if removed {
        folder.sync_segments().map_err(|error| wrong(&error))?;
    }
    Ok(())
}

/// The number in a segment file's name; files of other names are not ours to touch.
fn number(path: &Path) -> Option<i64> {
    path.file_name()?.to_str()?.strip_suffix(".seg")?.parse().ok()
}
