//! `cargo xtask bench mta`: the whole server beside Postfix, Exim, OpenSMTPD and Haraka, under the same load, interleaved in one run.
//!
//! The bench itself lies outside the repository (`BENCH`, or `shared/bench` beside it); what belongs to Tegami is
//! `benches/contestants/tegami.sh` and this command, which builds the program, finds the peers, runs the rounds, and writes the table into
//! `docs/performance.md`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{latency, table};
use crate::run::{cargo, has, step};

/// Where the table is written.
const PAGE: &str = "docs/performance.md";

/// One part of the comparison.
struct Round {
    modes: &'static str,
    sessions: &'static str,
    octets: &'static str,
    messages: &'static str,
}

/// What the aims speak of.
const ROUNDS: &[Round] = &[
    Round { modes: "accept,relay,dkim", sessions: "20", octets: "1024", messages: "3000" },
    Round { modes: "relay", sessions: "100", octets: "1024", messages: "3000" },
    Round { modes: "relay", sessions: "20", octets: "102400", messages: "500" },
];

/// What the command line says.
#[derive(Default)]
struct Options {
    /// Fewer messages, once: to see that everything runs.
    quick: bool,
    /// Print the table of the results that lie there, run nothing.
    only_table: bool,
    /// Do not write the page.
    dry: bool,
    /// For the bench.
    passed: Vec<String>,
}

/// Runs the comparison. `--quick` for a trial, `--table` for the table of results that are there already, `--dry` to leave the page alone; everything
/// behind `--` goes to the bench.
///
/// # Errors
/// What is missing and where it comes from, or what ended badly.
pub(crate) fn mta(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let options = read(arguments)?;
    let work = work(root)?;
    if !options.only_table {
        run(root, &work, &options)?;
    }
    let results = table::read(&work.join("results.jsonl"))?;
    let latency = std::fs::read_to_string(work.join("latency.txt")).unwrap_or_default();
    let text = format!("{}\n{latency}", table::markdown(&results));
    println!("\n{text}");
    if options.dry || options.quick { Ok(()) } else { write(root, &text) }
}

fn read(arguments: &[&str]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match *word {
            "--quick" => options.quick = true,
            "--table" => options.only_table = true,
            "--dry" => options.dry = true,
            "--" => options.passed.extend(words.by_ref().map(|word| (*word).to_owned())),
            other => return Err(format!("bench mta knows --quick, --table, --dry and --, not `{other}`")),
        }
    }
    Ok(options)
}

fn run(root: &Path, work: &Path, options: &Options) -> Result<(), String> {
    let bench = bench(root)?;
    let tegami = program(root)?;
    let contestants = contestants(work);
    // Results of another day say nothing beside those of today.
    let _ = std::fs::remove_file(work.join("results.jsonl"));
    for round in ROUNDS {
        let (messages, reps) = if options.quick { ("200", "1") } else { (round.messages, "3") };
        let mut command = Command::new("setsid");
        command.args(["-w", "python3"]).arg(bench.join("bench.py")).args(["--contestants", &contestants]);
        command.args(["--modes", round.modes, "--sessions", round.sessions, "--sizes", round.octets]);
        command.args(["--messages", messages, "--reps", reps]).args(&options.passed);
        environment(&mut command, root, work, &tegami);
        let title = format!("{}, {} sessions, {} octets", round.modes, round.sessions, round.octets);
        step(&bench, &title, &mut command)?;
    }
    let told = latency::measure(root, work, &tegami)?;
    std::fs::write(work.join("latency.txt"), told).map_err(|error| format!("latency.txt: {error}"))
}

/// What the contestants and the bench go by.
pub(super) fn environment(command: &mut Command, root: &Path, work: &Path, tegami: &Path) {
    command.env("BENCH_WORK", work).env("TEGAMI", tegami);
    command.env("BENCH_CONTESTANTS", root.join("benches/contestants"));
    for (variable, place) in places() {
        if std::env::var_os(variable).is_none()
            && let Some(place) = place
        {
            command.env(variable, place);
        }
    }
}

/// The scratch folder, on a real disk.
fn work(root: &Path) -> Result<PathBuf, String> {
    let work = std::env::var_os("BENCH_WORK").map_or_else(|| root.join("target/bench-mta"), PathBuf::from);
    std::fs::create_dir_all(&work).map_err(|error| format!("{}: {error}", work.display()))?;
    Ok(work)
}

/// The bench, which is not ours.
fn bench(root: &Path) -> Result<PathBuf, String> {
    let named = std::env::var_os("BENCH").map(PathBuf::from);
    let beside = ["../shared/bench", "../../shared/bench"].map(|place| root.join(place));
    let found = named.into_iter().chain(beside).find(|folder| folder.join("bench.py").is_file());
    let found = found.ok_or("the bench was not found: set BENCH to the folder that has bench.py")?;
    found.canonicalize().map_err(|error| format!("{}: {error}", found.display()))
}

/// The program as it is released, or the one that `TEGAMI` names.
pub(super) fn program(root: &Path) -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("TEGAMI") {
        return Ok(named.into());
    }
    step(root, "build", &mut cargo(&["build", "--release", "--quiet", "--package", "tegami"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release/tegami"))
}

/// Where peers that exclude each other on Debian were unpacked: `BENCH_PEERS`, each in a folder of its own.
fn places() -> Vec<(&'static str, Option<PathBuf>)> {
    let peers = std::env::var_os("BENCH_PEERS").map(PathBuf::from);
    let at = |path: &str| peers.as_ref().map(|peers| peers.join(path)).filter(|path| path.exists());
    vec![
        ("EXIM", at("exim/usr/sbin/exim4")),
        ("EXIM_USER", has_user("Debian-exim").then(|| "Debian-exim".into())),
        ("OPENSMTPD", at("opensmtpd/usr/sbin")),
        ("OPENSMTPD_DKIM", at("opensmtpd/usr/libexec/opensmtpd/filter-dkimsign")),
        ("HARAKA_PREFIX", at("haraka/node_modules").and_then(|modules| modules.parent().map(Path::to_owned))),
        ("FLOOR", at("floor")),
    ]
}

fn has_user(name: &str) -> bool {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    users.lines().any(|line| line.split(':').next() == Some(name))
}

/// Everybody who can take part, ourselves among them; says who cannot, and how that is mended.
fn contestants(work: &Path) -> String {
    let named = |variable: &str| {
        std::env::var_os(variable).is_some()
            || places().iter().any(|(name, at)| *name == variable && at.is_some())
    };
    let mut names = vec!["direct-sink", "tegami"];
    let peers = [
        ("floor", named("FLOOR"), "cargo build --release in floor/ of the bench, then FLOOR=its binary"),
        ("postfix", has("postfix"), "apt-get install postfix opendkim"),
        (
            "exim",
            named("EXIM"),
            "apt-get download exim4-daemon-light; dpkg -x … $BENCH_PEERS/exim; useradd -r Debian-exim",
        ),
        (
            "opensmtpd",
            named("OPENSMTPD"),
            "apt-get download opensmtpd opensmtpd-filter-dkimsign; dpkg -x … $BENCH_PEERS/opensmtpd",
        ),
        (
            "haraka",
            named("HARAKA_PREFIX") && has("node"),
            "npm install Haraka haraka-plugin-dkim in $BENCH_PEERS/haraka",
        ),
    ];
    for (name, present, how) in peers {
        if present {
            names.push(name);
        } else {
            println!("MISSING: {name}: {how}");
        }
    }
    for (program, package) in [("smtp-source", "postfix"), ("opendkim", "opendkim"), ("openssl", "openssl")] {
        if !has(program) {
            println!("MISSING: {program}: apt-get install {package}");
        }
    }
    println!("contestants: {}, results in {}", names.join(" "), work.display());
    names.join(",")
}

/// Puts the table between its marks.
fn write(root: &Path, text: &str) -> Result<(), String> {
    const BEGIN: &str = "<!-- cargo xtask bench mta: begin -->\n";
    const END: &str = "<!-- cargo xtask bench mta: end -->";
    let page = std::fs::read_to_string(root.join(PAGE)).map_err(|error| format!("{PAGE}: {error}"))?;
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = parts.ok_or_else(|| format!("{PAGE} has no place for the table"))?;
    std::fs::write(root.join(PAGE), format!("{before}{BEGIN}\n{}\n\n{END}{after}", text.trim()))
        .map_err(|error| format!("{PAGE}: {error}"))
}
