//! The rows' schema, its versions, and how a connection is set up.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::StoreError;
use crate::embedded::folder::{Folder, unusable};

/// Versions before 3.51.3 can lose committed writes when a write-ahead log is reset under several connections.
const OLDEST_SQLITE: i32 = 3_051_003;

/// One entry for each schema version, oldest first; `PRAGMA user_version` counts those that were applied. Entries never change.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
];

/// The newest schema version that this build knows.
pub(super) fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Opens the writer's connection and brings the schema up to date.
pub(super) fn open_writer(folder: &Folder) -> Result<Connection, StoreError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(StoreError::Unusable(format!(
            "SQLite {} can lose committed writes; 3.51.3 or newer is needed",
            rusqlite::version()
        )));
    }
    let path = folder.rows();
    let mut connection =
        Connection::open(&path).map_err(|error| unusable(&path, "cannot be opened", &error))?;
    prepare_writer(&connection).map_err(|error| unusable(&path, "cannot be read", &error))?;
    migrate(&mut connection, folder.path())?;
    Ok(connection)
}

/// Opens a connection that only reads.
pub(super) fn open_reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch("PRAGMA cache_size = -4000; PRAGMA temp_store = MEMORY;")?;
    Ok(connection)
}

fn prepare_writer(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    // FULL syncs the log at every commit. A log of 4 MiB between checkpoints lets a page that many commits touch be
    // written back once, and a checkpoint, for which all wait, takes as long as a few commits. The space of purged rows is given back in steps (INCREMENTAL), which must be said before the
    // first table is made.
    connection.execute_batch(
        "PRAGMA auto_vacuum = INCREMENTAL;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA foreign_keys = OFF;
         PRAGMA wal_autocheckpoint = 1024;
         PRAGMA cache_size = -4000;
         PRAGMA temp_store = MEMORY;",
    )
}

fn migrate(connection: &mut Connection, folder: &Path) -> Result<(), StoreError> {
    let wrong = |error: rusqlite::Error| unusable(folder, "cannot be brought to the present schema", &error);
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(wrong)?;
    if found > newest() {
        return Err(StoreError::Unusable(format!(
            "the data folder {} has schema version {found}, written by a newer Tegami; this one knows versions up to {}",
            folder.display(),
            newest()
        )));
    }
    for (version, migration) in (1_i64..).zip(MIGRATIONS).skip_while(|(version, _)| *version <= found) {
        let transaction = connection.transaction().map_err(wrong)?;
        transaction.execute_batch(migration).map_err(wrong)?;
        transaction.pragma_update(None, "user_version", version).map_err(wrong)?;
        transaction.commit().map_err(wrong)?;
    }
    Ok(())
}
