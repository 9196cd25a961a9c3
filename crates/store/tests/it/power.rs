//! The power goes at any moment: what was acknowledged is there afterwards, whatever the disk made of that which was not synced.
//!
//! A run works on a folder until a hook of the writer says that it ends here. What was durable then is known: everything as it was when the
//! round began, and what the round had synced. Of the rest a disk may have any part: each sector old, new or, where the file grew, zeros or garbage; files shorter;
//! removed names back again. Such a disk is made up, opened, and looked at.
//!
//! `TEGAMI_SEEDS` says how many disks, `TEGAMI_SEED` which one alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tegami_store::{
    Embedded, Fault, Hook, Lease, NewMessage, Options, RecipientState, RowId, SettleOp, Settlement, Step,
    Store, StoreError,
};

use crate::support::{Presence, check_folder, content, lease, mailbox, message, presence, second};

/// Disks of an ordinary test run.
const SEEDS: u64 = 60;
/// What a disk writes whole.
const SECTOR: usize = 512;

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Chance from a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % end
    }

    fn octet(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    fn octets(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64 + 1)).unwrap()
    }
}

/// Watches the writer, and ends it at one of its steps.
struct Outage {
    folder: PathBuf,
    seen: Mutex<Seen>,
}

struct Seen {
    /// Steps until the end.
    left: u64,
    began: bool,
    /// As the present round found it.
    durable: Files,
    /// Names that were there once.
    removed: Files,
    end: Option<(Step, Files)>,
}

impl Hook for Outage {
    fn before(&self, step: Step) -> Option<Fault> {
        let mut seen = self.seen.lock().unwrap();
        if seen.end.is_some() {
            return Some(Fault::Stop);
        }
        if !seen.began {
            let present = read(&self.folder);
            let before = std::mem::replace(&mut seen.durable, present);
            let gone = before.into_iter().filter(|(path, _)| !seen.durable.contains_key(path));
            let gone: Vec<_> = gone.collect();
            seen.removed.extend(gone);
        }
        seen.began = step != Step::Answer;
        if seen.left > 0 {
            seen.left -= 1;
            return None;
        }
        seen.end = Some((step, read(&self.folder)));
        Some(Fault::Stop)
    }
}

/// All files but those that no power cut leaves anything of.
fn read(folder: &Path) -> Files {
    let mut files = Files::new();
    for below in [folder.to_owned(), folder.join("segments")] {
        let Ok(entries) = std::fs::read_dir(&below) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_file() && name != "lock" && !name.ends_with("-shm") {
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn write(folder: &Path, files: &Files) {
    std::fs::create_dir_all(folder.join("segments")).unwrap();
    for (path, octets) in files {
        std::fs::write(folder.join(path), octets).unwrap();
    }
}

/// Any part of what was written but not synced, over what was.
fn torn(old: &[u8], new: &[u8], chance: &mut Chance) -> Vec<u8> {
    // Some disks keep a beginning of it, some a bit of everything.
    let length = old.len() + chance.octets(new.len().saturating_sub(old.len()));
    let mut disk = old.to_vec();
    disk.resize(length, 0);
    let in_order = chance.below(2) == 0;
    let last = chance.octets(length);
    for begin in (0..length).step_by(SECTOR) {
        let end = (begin + SECTOR).min(length).min(new.len());
        if begin >= end || new[begin..end] == disk[begin..end] {
            continue;
        }
        match chance.below(8) {
            _ if in_order && begin < last => disk[begin..end].copy_from_slice(&new[begin..end]),
            _ if in_order => {}
            0..4 => disk[begin..end].copy_from_slice(&new[begin..end]),
            // What lay there before the file grew; a sector of a file is old or new.
            4 if begin >= old.len() => disk[begin..end].fill_with(|| chance.octet()),
            _ => {}
        }
    }
    disk
}

/// The disk as it may be after the power went before this step.
fn disk(seen: &Seen, closed: &Files, chance: &mut Chance) -> Files {
    let (step, end) = seen.end.as_ref().unwrap();
    let is_segment = |path: &Path| path.starts_with("segments");
    let of = |files: &Files, path: &Path| files.get(path).cloned().unwrap_or_default();
    let mut disk = seen.durable.clone();
    for (path, octets) in end.iter().filter(|(path, _)| is_segment(path)) {
        let synced = matches!(step, Step::Commit | Step::Answer);
        let old = of(&seen.durable, path);
        disk.insert(path.clone(), if synced { octets.clone() } else { torn(&old, octets, chance) });
    }
    let (log, rows) = (Path::new("rows.sqlite-wal"), Path::new("rows.sqlite"));
    if *step == Step::Answer {
        match chance.below(3) {
            // The log was being written.
            0 => drop(disk.insert(log.to_owned(), torn(&of(&disk, log), &of(end, log), chance))),
            // It was synced.
            1 => drop(disk.insert(log.to_owned(), of(end, log))),
            // It was being carried over into the rows.
            _ => {
                disk.insert(log.to_owned(), of(end, log));
                disk.insert(rows.to_owned(), torn(&of(end, rows), &of(closed, rows), chance));
            }
        }
    }
    for (path, octets) in &seen.removed {
        if chance.below(2) == 0 {
            disk.entry(path.clone()).or_insert_with(|| octets.clone());
        }
    }
    disk
}

/// What the producer knows.
#[derive(Default)]
struct Known {
    accepted: Vec<NewMessage>,
    /// No answer came: whole or not at all.
    unsure: Vec<NewMessage>,
    /// Rows that were settled, and as what.
    settled: BTreeMap<RowId, RecipientState>,
    /// Rows whose settlement got no answer.
    doubtful: Vec<RowId>,
    /// Messages whose rows are finished may be forgotten from here on.
    purged: bool,
}

fn letter(chance: &mut Chance) -> NewMessage {
    let mut new = message(1, &["a@example.net", "b@example.com"]);
    let octets = [100, 600, 5000, 20_000][chance.octets(3)] + chance.octets(700);
    new.content = content(chance.below(u64::MAX), octets);
    // A purge of everything old takes events at once; here it is about messages.
    new.events.clear();
    if chance.below(4) == 0 {
        new.mailboxes = vec![mailbox("me@example.org", "INBOX")];
    }
    new
}

/// Accepts, settles and purges until the power goes.
async fn work(store: &Embedded, held: &Lease, chance: &mut Chance) -> Known {
    let mut known = Known::default();
    loop {
        match chance.below(8) {
            0..4 => {
                let batch: Vec<_> = (0..=chance.below(3)).map(|_| letter(chance)).collect();
                match store.accept(batch.clone()).await {
                    Ok(()) => known.accepted.extend(batch),
                    Err(StoreError::Unsure(_)) => return Known { unsure: batch, ..known },
                    Err(error) => panic!("{error}"),
                }
            }
            4..7 if !known.accepted.is_empty() => {
                let message = known.accepted[chance.octets(known.accepted.len() - 1)].id;
                let row = RowId { message, recipient: u32::try_from(chance.below(2)).unwrap() };
                if known.settled.contains_key(&row) {
                    continue;
                }
                let born: Vec<_> = (0..chance.below(2)).map(|_| letter(chance)).collect();
                let (state, op) = match born.is_empty() {
                    true => (RecipientState::Delivered, SettleOp::Delivered { row, status: "250 OK".into() }),
                    false => (RecipientState::Failed, SettleOp::Fail { row, status: "550 no".into() }),
                };
                let settlement = Settlement {
                    at: Some(second(5)),
                    ops: vec![op],
                    born: born.clone(),
                    ..Settlement::default()
                };
                match store.settle(held, settlement).await {
                    Ok(()) => {
                        known.settled.insert(row, state);
                        known.accepted.extend(born);
                    }
                    Err(StoreError::Unsure(_)) => {
                        return Known { unsure: born, doubtful: vec![row], ..known };
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            7 if chance.below(3) == 0 => {
                known.purged = true;
                if store.purge(second(1000)).await.is_err() {
                    return known;
                }
            }
            _ => {}
        }
    }
}

async fn look(store: &Embedded, known: &Known) {
    for new in &known.accepted {
        let rows = (0..2).map(|recipient| RowId { message: new.id, recipient });
        let over = |row: RowId| known.settled.contains_key(&row) || known.doubtful.contains(&row);
        let forgettable = known.purged && new.mailboxes.is_empty() && rows.clone().all(over);
        let found = presence(store, new).await;
        assert!(found == Presence::Whole || forgettable, "{} was acknowledged and is lost", new.id);
        if found == Presence::Absent {
            continue;
        }
        let kept = store.recipients(new.id).await.unwrap();
        for (row, kept) in rows.zip(kept).filter(|(row, _)| !known.doubtful.contains(row)) {
            let wanted = known.settled.get(&row).copied().unwrap_or(RecipientState::Queued);
            assert_eq!(kept.state, wanted, "{row:?}");
        }
    }
    let mut found = Vec::new();
    for new in &known.unsure {
        found.push(presence(store, new).await);
    }
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "half of a commit: {found:?}");
    if let (Some(row), Some(first)) = (known.doubtful.first(), found.first()) {
        let state = store.recipients(row.message).await.unwrap()[row.recipient as usize].state;
        let failed = state == RecipientState::Failed;
        assert_eq!(failed, *first == Presence::Whole, "a failure and its notification are one commit");
    }
}

fn base() -> tempfile::TempDir {
    // Where there is a file system in memory, syncs cost nothing.
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

async fn check(seed: u64) -> Step {
    let mut chance = Chance(seed);
    let base = base();
    let folder = base.path().join("before");
    // Two steps for the lease.
    let seen = Seen {
        left: 2 + chance.below(60),
        began: false,
        durable: Files::new(),
        removed: Files::new(),
        end: None,
    };
    let outage = Arc::new(Outage { folder: folder.clone(), seen: Mutex::new(seen) });
    let options = |hook: Option<Arc<dyn Hook>>| Options {
        segment_bytes: 16 << 10,
        small: 2000,
        readers: 1,
        hook,
        ..Options::default()
    };
    let store = Embedded::open(&folder, options(Some(Arc::<Outage>::clone(&outage)))).unwrap();
    let held = lease(&store).await;
    let known = work(&store, &held, &mut chance).await;
    drop(store);
    let closed = read(&folder);
    let (disk, step) = {
        let seen = outage.seen.lock().unwrap();
        (disk(&seen, &closed, &mut chance), seen.end.as_ref().unwrap().0)
    };
    let after = base.path().join("after");
    write(&after, &disk);
    let store = Embedded::open(&after, options(None)).unwrap();
    look(&store, &known).await;
    // Who got no answer tries again, and life goes on.
    store.accept(known.unsure.clone()).await.unwrap();
    for new in &known.unsure {
        assert_eq!(presence(&store, new).await, Presence::Whole);
    }
    drop(store);
    check_folder(&after);
    step
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test]
async fn a_power_cut_loses_nothing_that_was_acknowledged() {
    if let Some(seed) = number("TEGAMI_SEED") {
        println!("seed {seed} ended before {:?}", check(seed).await);
        return;
    }
    let mut steps: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..number("TEGAMI_SEEDS").unwrap_or(SEEDS) {
        let checked = tokio::spawn(check(seed)).await;
        let step = checked.unwrap_or_else(|error| panic!("seed {seed} (TEGAMI_SEED={seed}): {error}"));
        *steps.entry(format!("{step:?}")).or_default() += 1;
    }
    println!("power cuts before each step: {steps:?}");
}
