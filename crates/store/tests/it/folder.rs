//! The embedded engine's folder: who may use it, what it looks like, and what becomes of it when it is damaged.

use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tegami_store::{
    Embedded, NewMessage, Options, Origin, QueueFilter, RowId, SettleOp, Settlement, Store, StoreError,
};

use crate::support::{Presence, address, check_folder, content, lease, mailbox, message, presence, second};

/// All contents in segment files.
fn open(folder: &Path) -> Embedded {
    Embedded::open(folder, Options { small: 0, ..Options::default() }).unwrap()
}

fn small_segments(folder: &Path) -> Embedded {
    Embedded::open(folder, Options { small: 0, segment_bytes: 64 << 10, ..Options::default() }).unwrap()
}

fn said(folder: &Path) -> String {
    let error = Embedded::open(folder, Options::default()).unwrap_err();
    assert!(matches!(error, StoreError::Unusable(_)));
    error.to_string().replace(&folder.display().to_string(), "FOLDER")
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder.join("segments")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn bulky(at: i64, octets: usize) -> NewMessage {
    let mut new = message(at, &["a@example.net"]);
    new.content = content(at.unsigned_abs() + 1, octets);
    new
}

#[tokio::test]
async fn a_folder_is_made_for_its_owner_only() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("a/b");
    let store = open(&folder);
    store.accept(vec![message(1, &["a@example.net"])]).await.unwrap();
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(folder.clone()), 0o700);
    assert_eq!(mode(folder.join("segments")), 0o700);
    for file in ["rows.sqlite", "rows.sqlite-wal", "segments/0000000001.seg"] {
        assert_eq!(mode(folder.join(file)), 0o600, "{file}");
    }
}

#[tokio::test]
async fn one_process_uses_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    assert_eq!(said(folder.path()), "the data folder FOLDER is used by another process");
    drop(store);
    open(folder.path());
}

#[tokio::test]
async fn a_folder_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let rows = rusqlite::Connection::open(folder.path().join("rows.sqlite")).unwrap();
    rows.pragma_update(None, "user_version", 99).unwrap();
    drop(rows);
    assert_eq!(
        said(folder.path()),
        "the data folder FOLDER has schema version 99, written by a newer Tegami; this one knows versions up to 4"
    );
}

/// Turns the rows back into those of schema version 1.
fn make_old(folder: &Path) {
    let rows = rusqlite::Connection::open(folder.join("rows.sqlite")).unwrap();
    rows.execute_batch(
        "CREATE TABLE old (
             message INTEGER NOT NULL, place INTEGER NOT NULL, address TEXT NOT NULL, path TEXT, next_hop TEXT NOT NULL,
             state INTEGER NOT NULL, due INTEGER NOT NULL, expires INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
             last_status TEXT, PRIMARY KEY (message, place)) STRICT, WITHOUT ROWID;
         INSERT INTO old SELECT message, place, address, path, next_hop, state, due, expires, attempts, last_status
         FROM recipients;
         DROP TABLE recipients;
         ALTER TABLE old RENAME TO recipients;
         CREATE INDEX recipients_by_due ON recipients (state, due);
         UPDATE lookup SET bucket = message >> 11;
         DROP TABLE contents;
         DROP INDEX messages_by_segment;
         CREATE INDEX messages_by_segment ON messages (segment);
         PRAGMA user_version = 1;",
    )
    .unwrap();
}

#[tokio::test]
async fn a_folder_of_schema_1_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let rows = rusqlite::Connection::open(folder.path().join("rows.sqlite")).unwrap();
    rows.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('messages', 5000)", []).unwrap();
    drop(rows);
    let store = open(folder.path());
    let mut tagged = message(10, &["a@example.net", "b@example.com"]);
    tagged.summary.tags = vec!["spring".into()];
    let mut own = message(11, &["c@example.net"]);
    own.origin = Origin::Own;
    store.accept(vec![tagged.clone(), own.clone()]).await.unwrap();
    let finished =
        SettleOp::Delivered { row: RowId { message: tagged.id, recipient: 0 }, status: "250".into() };
    let settlement = Settlement { at: Some(second(20)), ops: vec![finished], ..Settlement::default() };
    store.settle(&lease(&store).await, settlement).await.unwrap();
    let before = [store.recipients(tagged.id).await.unwrap(), store.recipients(own.id).await.unwrap()];
    drop(store);
    make_old(folder.path());

    let store = open(folder.path());
    assert_eq!([store.recipients(tagged.id).await.unwrap(), store.recipients(own.id).await.unwrap()], before);
    assert_eq!(*before[0][1].facts, tagged.facts());
    assert_eq!(*before[1][0].facts, own.facts());
    assert_eq!(store.queue(QueueFilter::default(), None, 9).await.unwrap().len(), 2);
    assert_eq!(store.messages_to(&address("b@example.com"), 9).await.unwrap().len(), 1);
    assert_eq!(store.purge(second(1000)).await.unwrap(), 0);
    drop(store);
    check_folder(folder.path());
    let rows = rusqlite::Connection::open(folder.path().join("rows.sqlite")).unwrap();
    let (looked_up, bucket): (i64, i64) = rows
        .query_row("SELECT count(*), max(bucket) FROM lookup", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!((looked_up, bucket), (5, 5001 >> 8));
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(said(&file).starts_with("FOLDER cannot be created"), "{}", said(&file));
    std::fs::write(folder.path().join("rows.sqlite"), vec![7; 9999]).unwrap();
    let text = said(folder.path());
    assert!(text.starts_with("FOLDER/rows.sqlite cannot be read"), "{text}");
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<_> = (0..50).map(|n| bulky(n, 9000)).collect();
    for piece in all.chunks(10) {
        let store = small_segments(folder.path());
        for new in piece {
            store.accept(vec![new.clone()]).await.unwrap();
        }
        drop(store);
        check_folder(folder.path());
    }
    assert!(segments(folder.path()).len() > 5);
    let store = small_segments(folder.path());
    for new in &all {
        assert_eq!(presence(&store, new).await, Presence::Whole);
    }
}

#[tokio::test]
async fn damage_to_one_content_hurts_only_its_message() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let all: Vec<_> = (0..3).map(|n| bulky(n, 5000)).collect();
    store.accept(all.clone()).await.unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&segments(folder.path())[0]).unwrap();
    let record = |n: u64| 24 + n * 5036;
    // An octet of the first content, one of the second record's header.
    file.write_all_at(b"!!", record(0) + 36 + 4000).unwrap();
    file.write_all_at(b"!!", record(1) + 6).unwrap();
    let error = |n: usize| {
        let (store, id) = (&store, all[n].id);
        async move { store.content(id, None).await.unwrap_err().to_string().replace(&id.to_string(), "ID") }
    };
    assert_eq!(error(0).await, "the content of message ID cannot be read: its checksum does not match");
    assert_eq!(error(1).await, "the content of message ID cannot be read: its record's header is damaged");
    assert_eq!(presence(&store, &all[2]).await, Presence::Whole);
    store.accept(vec![bulky(4, 10)]).await.unwrap();
}

#[tokio::test]
async fn small_contents_lie_with_their_rows() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Embedded::open(folder.path(), Options { small: 1000, ..Options::default() }).unwrap();
    let store = open();
    let mut all: Vec<_> =
        [0, 1, 999, 1000, 1001, 5000].into_iter().zip(0..).map(|(octets, n)| bulky(n, octets)).collect();
    all[1].mailboxes = vec![mailbox("me@example.org", "INBOX")];
    store.accept(all.clone()).await.unwrap();
    let range = store.content(all[3].id, Some(990..2000)).await.unwrap();
    assert_eq!(range, all[3].content.slice(990..));
    assert_eq!(std::fs::metadata(&segments(folder.path())[0]).unwrap().len(), 24 + 1001 + 5000 + 2 * 36);
    drop(store);
    check_folder(folder.path());

    let store = open();
    for new in &all {
        assert_eq!(presence(&store, new).await, Presence::Whole);
    }
    let op = |new: &NewMessage| SettleOp::Delivered {
        row: RowId { message: new.id, recipient: 0 },
        status: "250".into(),
    };
    let settlement =
        Settlement { at: Some(second(500)), ops: all.iter().map(op).collect(), ..Settlement::default() };
    store.settle(&lease(&store).await, settlement).await.unwrap();
    assert_eq!(store.purge(second(501)).await.unwrap(), 5);
    assert!(store.content(all[1].id, None).await.unwrap() == all[1].content);
    drop(store);
    check_folder(folder.path());

    let rows = rusqlite::Connection::open(folder.path().join("rows.sqlite")).unwrap();
    assert_eq!(rows.execute("UPDATE contents SET record = zeroblob(37)", []).unwrap(), 1);
    let text = open().content(all[1].id, None).await.unwrap_err().to_string();
    assert!(text.ends_with("cannot be read: its record's header is damaged"), "{text}");
}

#[tokio::test]
async fn a_shortened_segment_loses_only_what_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<_> = (0..3).map(|n| bulky(n, 5000)).collect();
    let store = open(folder.path());
    store.accept(all.clone()).await.unwrap();
    drop(store);
    let file = std::fs::OpenOptions::new().write(true).open(&segments(folder.path())[0]).unwrap();
    file.set_len(24 + 2 * 5036 + 100).unwrap();
    let store = open(folder.path());
    assert_eq!(presence(&store, &all[0]).await, Presence::Whole);
    assert_eq!(presence(&store, &all[1]).await, Presence::Whole);
    assert!(matches!(store.content(all[2].id, None).await, Err(StoreError::Unusable(_))));
    let next = bulky(4, 5000);
    store.accept(vec![next.clone()]).await.unwrap();
    drop(store);
    let store = open(folder.path());
    assert_eq!(presence(&store, &next).await, Presence::Whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purge_gives_the_space_back_and_moves_survivors() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(small_segments(folder.path()));
    let held = lease(&*store).await;
    let mut all: Vec<_> = (0..200).map(|n| bulky(n, 8000)).collect();
    for new in all.iter_mut().skip(3).step_by(40) {
        new.mailboxes = vec![mailbox("me@example.org", "INBOX")];
    }
    for new in &all {
        store.accept(vec![new.clone()]).await.unwrap();
    }
    let ops = all.iter().map(|new| SettleOp::Delivered {
        row: RowId { message: new.id, recipient: 0 },
        status: "250".into(),
    });
    let settlement = Settlement { at: Some(second(500)), ops: ops.collect(), ..Settlement::default() };
    store.settle(&held, settlement).await.unwrap();
    let files = segments(folder.path());
    assert!(files.len() > 20);

    // Whoever reads a survivor while it is moved still gets it.
    let survivors: Vec<_> = all.iter().filter(|new| !new.mailboxes.is_empty()).cloned().collect();
    let reading = tokio::spawn({
        let (store, survivors) = (Arc::clone(&store), survivors.clone());
        async move {
            for _ in 0..100 {
                for new in &survivors {
                    assert!(store.content(new.id, None).await.unwrap() == new.content);
                }
            }
        }
    });
    assert_eq!(store.purge(second(501)).await.unwrap(), 195);
    reading.await.unwrap();
    let left = segments(folder.path());
    assert!(left.len() <= 3, "{left:?}");
    assert!(!left.contains(&files[0]));
    let next = bulky(900, 8000);
    store.accept(vec![next.clone()]).await.unwrap();
    drop(store);
    check_folder(folder.path());
    let store = small_segments(folder.path());
    for new in survivors.iter().chain([&next]) {
        assert!(store.content(new.id, None).await.unwrap() == new.content);
    }
    assert_eq!(store.messages(None, 999).await.unwrap().len(), survivors.len() + 1);
}
