//! The data folder: what lies where, and who may use it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::StoreError;

/// So often the disk is asked how full it is: others write to it too.
const LOOK: Duration = Duration::from_secs(1);

/// Where the files of an engine lie.
///
/// ```text
/// lock            held by the process that uses the folder
/// rows.sqlite     rows, with its -wal and -shm files
/// segments/       large contents: 0000000001.seg, 0000000002.seg …
/// ```
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Creates what is missing, readable by this user only, and takes the lock, which lasts as long as the file.
    pub(super) fn open(path: &Path) -> Result<(Self, File), StoreError> {
        let folder = Self { path: path.to_owned() };
        make_folder(path)?;
        let lock = open_private(&path.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Unusable(format!(
                    "the data folder {} is used by another process",
                    path.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(unusable(path, "cannot be locked", &error)),
        }
        make_folder(&folder.segments())?;
        // SQLite gives its other files the mode of this one.
        open_private(&folder.rows())?;
        folder.sync_names().map_err(|error| unusable(path, "cannot be synced", &error))?;
        Ok((folder, lock))
    }

    /// Makes the names of what was created durable; SQLite does so only for its log.
    fn sync_names(&self) -> std::io::Result<()> {
        File::open(&self.path)?.sync_all()?;
        // A parent that we may not list was made, and synced, by somebody else.
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        match File::open(parent.unwrap_or(Path::new("."))) {
            Ok(parent) => parent.sync_all(),
            Err(_) => Ok(()),
        }
    }

    pub(super) fn rows(&self) -> PathBuf {
        self.path.join("rows.sqlite")
    }

    pub(super) fn segments(&self) -> PathBuf {
        self.path.join("segments")
    }

    pub(super) fn segment(&self, number: u64) -> PathBuf {
        self.segments().join(format!("{number:010}.seg"))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Octets that are free beyond `reserve` (or an eighth of the disk, where that is less). A disk that does not tell how full it is has room.
    fn free(&self, reserve: u64) -> u64 {
        let Ok(disk) = rustix::fs::statvfs(&self.path) else { return u64::MAX };
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let whole = disk.f_blocks.saturating_mul(disk.f_frsize);
        free.saturating_sub(reserve.min(whole / 8))
    }

    /// Makes created and removed segment files durable.
    pub(super) fn sync_segments(&self) -> std::io::Result<()> {
        File::open(self.segments())?.sync_all()
    }
}

/// Room on the disk, which is looked at once in a while and not for each message.
#[derive(Debug)]
pub(super) struct Room {
    folder: Folder,
    reserve: u64,
    /// When the disk was looked at, and what is left since then.
    seen: Mutex<Option<(Instant, u64)>>,
}

impl Room {
    /// `reserve` octets are kept free.
    pub(super) fn new(folder: Folder, reserve: u64) -> Self {
        Self { folder, reserve, seen: Mutex::default() }
    }

    /// Whether there is room for so many octets; they are taken then.
    pub(super) fn take(&self, octets: u64) -> bool {
        let now = Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = seen.filter(|(at, left)| now.duration_since(*at) < LOOK && *left >= octets);
        let (at, left) = fresh.unwrap_or_else(|| (now, self.folder.free(self.reserve)));
        *seen = Some((at, left.saturating_sub(octets)));
        left >= octets
    }
}

/// A sentence about a path.
pub(super) fn unusable(path: &Path, what: &str, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unusable(format!("{} {what}: {error}", path.display()))
}

fn make_folder(path: &Path) -> Result<(), StoreError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| unusable(path, "cannot be created", &error))
}

fn open_private(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| unusable(path, "cannot be opened", &error))
}
