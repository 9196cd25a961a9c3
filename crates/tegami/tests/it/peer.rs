//! Programs that others wrote.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What a program said, and how it ended.
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Ended {
    /// Standard output of a program that must end well.
    #[track_caller]
    pub(crate) fn well(self) -> String {
        assert_eq!(self.status, Some(0), "output: {}\nerrors: {}", self.output, self.errors);
        self.output
    }

    /// Everything it said.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.output, self.errors)
    }
}

/// Runs a program to its end, for at most a minute.
pub(crate) fn run(command: &mut Command, input: &[u8]) -> Ended {
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A program that does not read its input closes it.
    let feed = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = drain(child.stdout.take().unwrap());
    let errors = drain(child.stderr.take().unwrap());
    let status = wait(&mut child, &name);
    feed.join().unwrap();
    Ended { status, output: output.join().unwrap(), errors: errors.join().unwrap() }
}

fn drain(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn wait(child: &mut Child, name: &str) -> Option<i32> {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if Instant::now() > end {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{name} does not end");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Asks again and again until there is an answer.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "in a minute there was not: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Where a program lies.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    let mut folders = std::env::split_paths(&path).chain(system);
    folders.find_map(|folder| Some(folder.join(name)).filter(|path| path.is_file()))
}

/// Where `cargo xtask peers` puts what npm and PyPI have.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers")
}

/// Python with the packages of the tests.
pub(crate) fn python() -> Option<PathBuf> {
    Some(folder().join("venv/bin/python")).filter(|path| path.is_file())
}

/// Node with the packages of the tests.
pub(crate) fn node(script: &str) -> Option<Command> {
    let modules = folder().join("node_modules");
    let node = program("node").filter(|_| modules.is_dir())?;
    let mut command = Command::new(node);
    command.arg(script_path(script)).env("NODE_PATH", modules);
    Some(command)
}

/// A script of this test program.
pub(crate) fn script_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scripts").join(name)
}

/// Says what is not tested and why, where it cannot be overlooked.
pub(crate) fn skip(what: &str, why: &str) {
    eprintln!("SKIPPED: {what} because {why}");
}

/// The value, or the end of the test with a loud word.
macro_rules! need {
    ($what:expr, $found:expr, $why:expr) => {
        match $found {
            Some(found) => found,
            None => {
                $crate::peer::skip($what, $why);
                return;
            }
        }
    };
}
pub(crate) use need;
