//! Running other programs, loudly.

use std::io::{BufRead, BufReader};
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

/// What the lines of a run of tests tell besides.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// What was skipped, and why: what stands after `SKIPPED:`.
    pub(crate) skips: Vec<String>,
    /// What suites came to: what stands after `CONFORMANCE`.
    pub(crate) conformance: Vec<String>,
}

/// Runs a command as [`step`] does and gives back what its lines tell.
///
/// # Errors
/// As [`step`]; what was told comes along.
pub(crate) fn step_told(root: &Path, title: &str, command: &mut Command) -> (Result<(), String>, Told) {
    println!("\n── {title}");
    let begin = Instant::now();
    let spawned =
        command.current_dir(root).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return (Err(format!("{title}: cannot start: {error}")), Told::default()),
    };
    let errors = child.stderr.take().map(|errors| std::thread::spawn(move || tee(errors)));
    let mut told = child.stdout.take().map(tee).unwrap_or_default();
    let more = errors.and_then(|errors| errors.join().ok()).unwrap_or_default();
    told.skips.extend(more.skips);
    told.conformance.extend(more.conformance);
    let ended = match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{title}: {status}")),
        Err(error) => Err(format!("{title}: {error}")),
    };
    println!("── {title}: {:.0} s", begin.elapsed().as_secs_f64());
    told.skips.sort();
    told.skips.dedup();
    (ended, told)
}

/// Passes lines on and keeps those that tell something; what suites came to is shown as a table later.
fn tee(from: impl std::io::Read) -> Told {
    let mut told = Told::default();
    for line in BufReader::new(from).lines().map_while(Result::ok) {
        if let Some((_, row)) = line.split_once("CONFORMANCE ") {
            told.conformance.push(row.trim().to_owned());
            continue;
        }
        println!("{line}");
        if let Some((_, reason)) = line.split_once("SKIPPED") {
            told.skips.push(reason.trim_start_matches([':', ' ']).to_owned());
        }
    }
    told
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
