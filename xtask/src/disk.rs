//! A disk that is soon full, for the test that fills one.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The variable in which the test finds it.
pub(crate) const VARIABLE: &str = "TEGAMI_SMALL_DISK";

/// A file system of a few MiB in memory, which is gone when this is dropped.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Only root may mount one; `None` for everybody else, and where the environment names one already.
    pub(crate) fn mount(root: &Path) -> Option<Self> {
        let folder = root.join("target/small-disk");
        if std::env::var_os(VARIABLE).is_some() || std::fs::create_dir_all(&folder).is_err() {
            return None;
        }
        // A run that was killed left its own behind.
        quietly("umount", &[folder.as_os_str()]);
        let options = ["-t", "tmpfs", "-o", "size=8m", "tmpfs"].map(OsStr::new);
        quietly("mount", &[&options[..], &[folder.as_os_str()]].concat()).then_some(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if !quietly("umount", &[self.0.as_os_str()]) {
            println!("{} is still mounted: umount it", self.0.display());
        }
    }
}

fn quietly(program: &str, arguments: &[&OsStr]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
