//! Other implementations as second and third opinions, on messages, zones and records that a seeded generator makes.
//!
//! Every peer is a small driver in `tests/peers` that reads one case a line and answers one line, without any network.

mod dkim;
mod dmarc;
pub(crate) mod message;
mod spf;
mod zone;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::conformance::{Suite, tests};

tests! {
    spf_by_pyspf: spf::pyspf,
    spf_by_mail_spf: spf::mail_spf,
    dkim_dkimpy_verifies: dkim::dkimpy_verifies,
    dkim_dkimpy_signs: dkim::dkimpy_signs,
    dkim_dkimpy_judges: dkim::dkimpy_judges,
    dkim_opendkim_verifies: dkim::opendkim_verifies,
    dkim_opendkim_signs: dkim::opendkim_signs,
    dkim_opendkim_judges: dkim::opendkim_judges,
    dkim_mail_dkim_verifies: dkim::mail_dkim_verifies,
    dkim_mail_dkim_signs: dkim::mail_dkim_signs,
    dkim_mail_dkim_judges: dkim::mail_dkim_judges,
    dmarc_opendmarc_old: dmarc::opendmarc_old,
    dmarc_opendmarc_new: dmarc::opendmarc_new,
}

/// A generator of numbers that is the same in every run (SplitMix64).
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }
}

/// A driver in `tests/peers`.
fn driver(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// Where `cargo xtask peers` puts what PyPI has.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers")
}

/// A driver in Python, with the packages of PyPI.
fn python(script: &str) -> Result<Command, String> {
    let python = folder().join("venv/bin/python");
    if !python.is_file() {
        return Err("target/peers has no Python packages (cargo xtask peers)".to_owned());
    }
    let mut command = Command::new(python);
    command.arg(driver(script));
    Ok(command)
}

/// A driver in Perl, where the module is installed.
fn perl(script: &str, module: &str, package: &str) -> Result<Command, String> {
    let found = Command::new("perl").args([&format!("-M{module}"), "-e", "1"]).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        return Err(format!("the Debian package {package} is not installed (cargo xtask packages)"));
    }
    let mut command = Command::new("perl");
    command.arg(driver(script));
    Ok(command)
}

/// A driver in C, compiled, where the library's header is installed.
fn native(source: &str, library: &str, header: &str, package: &str) -> Result<Command, String> {
    if !Path::new("/usr/include").join(header).is_file() {
        return Err(format!("the Debian package {package} is not installed (cargo xtask packages)"));
    }
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(source).with_extension("program");
    // Tests of several processes may compile it at once: what is whole takes its place in one step.
    let mine = program.with_extension(format!("{}-{:?}", std::process::id(), std::thread::current().id()));
    let mut compile = Command::new("gcc");
    compile
        .args(["-Wall", "-Wextra", "-O1", "-o"])
        .arg(&mine)
        .arg(driver(source))
        .arg(format!("-l{library}"));
    let compiled = compile.status().map_err(|error| format!("gcc cannot be started: {error}"))?;
    assert!(compiled.success(), "{compile:?}: {compiled}");
    std::fs::rename(&mine, &program).unwrap();
    Ok(Command::new(program))
}

/// Gives the lines to a driver; its answers, one a line.
fn ask(command: &mut Command, lines: &[String]) -> Vec<String> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, text) = (child.stdin.take().unwrap(), lines.join("\n") + "\n");
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let written = writer.join().unwrap();
    assert!(output.status.success() && written.is_ok(), "{command:?}: {} {written:?}", output.status);
    let answers: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), lines.len(), "{command:?} answers as often as it is asked");
    answers
}
