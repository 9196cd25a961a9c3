//! The key folder: private keys as PEM files, readable by the service user only.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The largest file that is read as a key.
const MAX_OCTETS: u64 = 1 << 20;

/// A folder of private keys.
#[derive(Clone, Debug)]
pub struct KeyFolder {
    path: PathBuf,
}

/// Why a key cannot be read or written. Every sentence names the file; none is a matter of trying again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no such file.
    #[error("the key file {} does not exist", .0.display())]
    Missing(PathBuf),
    /// The system refuses.
    #[error("the key file {} cannot be read: {error}", .path.display())]
    Unreadable {
        /** The file. */
        path: PathBuf,
        /** What the system says. */
        error: io::Error,
    },
    /// Others than its owner may read or change it.
    #[error("the key file {} is open to others (mode {mode:04o}): run `chmod 600` on it, and make a new key if they may have read it", .path.display())]
    OpenToOthers {
        /** The file. */
        path: PathBuf,
        /** Its permission bits. */
        mode: u32,
    },
    /// It is not text, not a plain file, or far too large for a key.
    #[error("the key file {} is not a key: {reason}", .path.display())]
    NotAKey {
        /** The file. */
        path: PathBuf,
        /** Why not. */
        reason: &'static str,
    },
    /// A name that would leave the folder or hide in it.
    #[error(
        "`{0}` is not a name for a key: only letters, digits, `-`, `_` and `.` may stand in it, and no `.` at its beginning"
    )]
    BadName(String),
    /// The folder or the file cannot be written.
    #[error("{} cannot be written: {error}", .path.display())]
    Unwritable {
        /** Folder or file. */
        path: PathBuf,
        /** What the system says. */
        error: io::Error,
    },
}

impl KeyFolder {
    /// Opens the folder; creates it, readable by this user only, where there is none.
    ///
    /// # Errors
    /// [`KeyError::Unwritable`] when it cannot be created.
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| KeyError::Unwritable { path: path.to_owned(), error })?;
        Ok(Self { path: path.to_owned() })
    }

    /// Writes a key under a name, in place of one that was there. Either the old or the new key is there at every moment; after `Ok`
    /// the new one is durable.
    ///
    /// # Errors
    /// [`KeyError::BadName`] or [`KeyError::Unwritable`].
    pub fn write(&self, name: &str, pem: &str) -> Result<(), KeyError> {
        let path = self.file(name)?;
        // No name of a key begins with a dot, so this file is no key.
        let draft = self.path.join(format!(".{name}.{}", std::process::id()));
        let written = write_private(&draft, pem)
            .and_then(|()| std::fs::rename(&draft, &path))
            .and_then(|()| File::open(&self.path)?.sync_all());
        written.map_err(|error| {
            let _ = std::fs::remove_file(&draft);
            KeyError::Unwritable { path, error }
        })
    }

    /// Reads a key.
    ///
    /// # Errors
    /// Says which file and why: it is missing, cannot be read, is open to others, or is no text.
    pub fn read(&self, name: &str) -> Result<String, KeyError> {
        read_key(&self.file(name)?)
    }

    /// Takes a key away; one that is not there is gone already.
    ///
    /// # Errors
    /// [`KeyError::BadName`] or [`KeyError::Unwritable`].
    pub fn remove(&self, name: &str) -> Result<(), KeyError> {
        let path = self.file(name)?;
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(KeyError::Unwritable { path, error })
            }
            _ => Ok(()),
        }
    }

    /// The names of all keys, sorted.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`] when the folder cannot be listed.
    pub fn list(&self) -> Result<Vec<String>, KeyError> {
        let unreadable = |error| KeyError::Unreadable { path: self.path.clone(), error };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if let Ok(name) = entry.file_name().into_string()
                && is_name(&name)
                && entry.file_type().is_ok_and(|kind| !kind.is_dir())
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Where the key of this name lies.
    ///
    /// # Errors
    /// [`KeyError::BadName`].
    pub fn file(&self, name: &str) -> Result<PathBuf, KeyError> {
        if is_name(name) { Ok(self.path.join(name)) } else { Err(KeyError::BadName(name.to_owned())) }
    }
}

/// Reads a private key from any file, as strictly as from the key folder.
///
/// # Errors
/// As [`KeyFolder::read`].
pub fn read_key(path: &Path) -> Result<String, KeyError> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => KeyError::Missing(path.to_owned()),
        _ => KeyError::Unreadable { path: path.to_owned(), error },
    };
    let not_a_key = |reason| KeyError::NotAKey { path: path.to_owned(), reason };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(not_a_key("it is not a plain file"));
    }
    let mode = metadata.permissions().mode() & 0o7777;
    // Secrets that a service manager hands over belong to root and are readable by our group.
    if mode & 0o077 != 0 && !(metadata.uid() == 0 && mode & 0o037 == 0) {
        return Err(KeyError::OpenToOthers { path: path.to_owned(), mode });
    }
    let mut octets = Vec::new();
    file.take(MAX_OCTETS + 1).read_to_end(&mut octets).map_err(unreadable)?;
    if octets.len() as u64 > MAX_OCTETS {
        return Err(not_a_key("it is larger than 1 MiB"));
    }
    String::from_utf8(octets).map_err(|_| not_a_key("it is not text; keys are kept as PEM"))
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    // A draft that a crash left behind may be there; its mode may not be taken over.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 200
        && !name.starts_with('.')
        && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn keys_are_kept_for_their_owner_only() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("data/keys");
        let folder = KeyFolder::open(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        folder.write("example.org.s1", "first").unwrap();
        folder.write("example.org.s1", "second").unwrap();
        folder.write("a", "third").unwrap();
        assert_eq!(mode(&path.join("example.org.s1")), 0o600);
        assert_eq!(folder.read("example.org.s1").unwrap(), "second");
        assert_eq!(folder.list().unwrap(), ["a", "example.org.s1"]);
        folder.write("b", "fourth").unwrap();
        folder.remove("b").unwrap();
        folder.remove("b").unwrap();
        assert!(matches!(folder.read("b"), Err(KeyError::Missing(_))));
        assert_eq!(std::fs::read_dir(&path).unwrap().count(), 2);
    }

    #[test]
    fn a_draft_that_a_crash_left_is_no_key() {
        let base = tempfile::tempdir().unwrap();
        let folder = KeyFolder::open(base.path()).unwrap();
        let draft = base.path().join(format!(".k.{}", std::process::id()));
        std::fs::write(&draft, "half").unwrap();
        assert!(folder.list().unwrap().is_empty());
        folder.write("k", "whole").unwrap();
        assert_eq!((folder.read("k").unwrap().as_str(), mode(&base.path().join("k"))), ("whole", 0o600));
    }

    #[test]
    fn an_error_names_the_file_and_the_reason() {
        let base = tempfile::tempdir().unwrap();
        let folder = KeyFolder::open(base.path()).unwrap();
        let check = |name: &str, expected: &str| {
            let said = folder.read(name).unwrap_err().to_string();
            let said = said.replace(&base.path().display().to_string(), "FOLDER");
            assert!(said.starts_with(expected), "{said}");
        };
        check("none", "the key file FOLDER/none does not exist");
        check("../x", "`../x` is not a name for a key");
        check(".x", "`.x` is not a name for a key");
        check("", "`` is not a name for a key");
        std::fs::write(base.path().join("binary"), [0xff, 0xfe]).unwrap();
        std::fs::set_permissions(base.path().join("binary"), PermissionsExt::from_mode(0o600)).unwrap();
        check("binary", "the key file FOLDER/binary is not a key: it is not text");
        DirBuilder::new().mode(0o700).create(base.path().join("folder")).unwrap();
        check("folder", "the key file FOLDER/folder is not a key: it is not a plain file");
        for open in [0o644, 0o604, 0o620, 0o602] {
            folder.write("open", "key").unwrap();
            std::fs::set_permissions(base.path().join("open"), PermissionsExt::from_mode(open)).unwrap();
            check("open", &format!("the key file FOLDER/open is open to others (mode {open:04o})"));
        }
    }
}
