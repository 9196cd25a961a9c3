//! The workshop: `cargo xtask test` passes everything, `cargo xtask tidy` keeps the house.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people at a terminal")]

mod bench;
mod conformance;
mod disk;
mod packages;
mod peers;
mod run;
mod simulate;
mod test;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
usage: cargo xtask COMMAND

  test       format, clippy, tidy, unit, integration, conformance, real-peer and browser tests; installs what they need
  tidy       the house rules: arrows between rooms, lengths, pure rooms, both languages complete
  conformance [--check]   runs the suites and peers of the auth room, prints their table, and writes docs/conformance.md; with
             --check compares it
  packages   installs the Debian packages that `test` needs (as root)
  peers      fills target/peers with the clients and verifiers of npm and PyPI that `test` needs
  bench api [--quick]   messages accepted by HTTP beside SMTP submission, by processor time
  bench auth   the authentication engine beside mail-auth: processor time, heap, and which goals are met
  simulate [--seeds N] [--first S] [--seed S]   the deterministic simulation of delivery: N stories (1,000) from seed S on, or the story of
             one seed, line by line
  bench mta [--quick|--table] [--dry] [-- OPTIONS OF THE BENCH]   the whole server beside the mail servers that are installed
             (BENCH, BENCH_WORK, BENCH_PEERS, TEGAMI); writes the table of docs/performance.md
  bench queue [MESSAGES]   a queue of a million messages: start, memory for each row, lists with filters
  fuzz NAME [SECONDS]   runs one fuzz target with cargo-fuzz (needs a nightly compiler)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = root();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test"] => test::all(&root),
        ["tidy"] => tidy::all(&root),
        ["conformance"] => conformance::run(&root, false),
        ["conformance", "--check"] => conformance::run(&root, true),
        ["packages"] => packages::install(),
        ["peers"] => peers::install(&root),
        ["bench", "api", options @ ..] => bench::api(&root, options),
        ["bench", "auth"] => bench::auth(&root),
        ["bench", "queue"] => bench::queue(&root, "1000000"),
        ["bench", "queue", messages] => bench::queue(&root, messages),
        ["simulate", words @ ..] => simulate::run(&root, words),
        ["bench", "mta", options @ ..] => bench::mta(&root, options),
        ["fuzz", name] => test::fuzz(&root, name, "60"),
        ["fuzz", name, seconds] => test::fuzz(&root, name, seconds),
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace: the parent of this package.
fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}
