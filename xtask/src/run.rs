//! Running other programs, loudly.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Runs a command in `root` and says how long it took.
///
/// # Errors
/// The command's name, when it cannot start or ends badly.
pub(crate) fn step(root: &Path, title: &str, command: &mut Command) -> Result<(), String> {
    println!("\n── {title}");
    let begin = Instant::now();
    let status = command.current_dir(root).stdin(Stdio::null()).status();
    let status =
        status.map_err(|error| format!("{title}: cannot start {:?}: {error}", command.get_program()))?;
    println!("── {title}: {:.0} s", begin.elapsed().as_secs_f64());
    if status.success() { Ok(()) } else { Err(format!("{title}: {status}")) }
}

/// `cargo` with arguments.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Whether a program is on the path.
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(std::path::PathBuf::from);
    std::env::split_paths(&path).chain(system).any(|folder| folder.join(program).is_file())
}
