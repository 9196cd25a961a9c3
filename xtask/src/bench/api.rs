//! `cargo xtask bench api`: how many messages the server accepts in a second of its processor time, over HTTP with keep-alive beside its own SMTP
//! submission, in one run and taking turns. Both answers mean the same: the message is synced to the disk.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Error, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::mta::program;

/// Connections at the same time.
const SESSIONS: usize = 20;
/// Messages of one turn, over all connections.
const MESSAGES: usize = 4_000;
/// Turns of each door.
const TURNS: usize = 5;
/// Octets of the text.
const OCTETS: usize = 1024;
/// What the HTTP door must reach of what SMTP submission does.
const AIM: f64 = 0.6;

/// Where the server listens.
#[derive(Deserialize)]
struct Addresses {
    submission: Vec<String>,
    http: Vec<String>,
}

/// What one turn came to.
struct Turn {
    wall: Duration,
    /// Processor time of the server, in seconds.
    cpu: f64,
}

/// A way in.
#[derive(Clone, Copy, PartialEq)]
enum Door {
    Http,
    Smtp,
}

/// Measures both doors. `--quick` for a trial.
///
/// # Errors
/// The server does not start, refuses a message, or HTTP stays below the aim.
pub(crate) fn api(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let quick = match arguments {
        [] => false,
        ["--quick"] => true,
        _ => return Err("bench api knows --quick alone".to_owned()),
    };
    let tegami = program(root)?;
    let folder = root.join("target/bench-api");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut bench = Bench::start(&tegami, &folder)?;
    let measured = measure(&bench, quick);
    bench.stop();
    let turns = measured?;
    let _ = std::fs::remove_dir_all(&folder);
    report(&turns, quick)
}

fn measure(bench: &Bench, quick: bool) -> Result<Vec<(Door, Turn)>, String> {
    let (messages, turns) = if quick { (200, 1) } else { (MESSAGES, TURNS) };
    // The first messages find cold caches, whichever way they come.
    for door in [Door::Smtp, Door::Http] {
        bench.turn(door, messages / 4)?;
    }
    let mut all = Vec::new();
    for _ in 0..turns {
        for door in [Door::Smtp, Door::Http] {
            all.push((door, bench.turn(door, messages)?));
        }
    }
    Ok(all)
}

fn report(turns: &[(Door, Turn)], quick: bool) -> Result<(), String> {
    let messages = if quick { 200.0 } else { 4_000.0_f64 };
    let median = |door: Door, of: &dyn Fn(&Turn) -> f64| {
        let mut values: Vec<f64> =
            turns.iter().filter(|(one, _)| *one == door).map(|(_, turn)| of(turn)).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    let mut text = format!(
        "### HTTP beside SMTP submission, {OCTETS} octets, {SESSIONS} sessions, {TURNS} turns of {MESSAGES}\n\n\
         | | mails/s | mails per CPU s |\n| --- | --- | --- |\n"
    );
    let per_cpu = |door| median(door, &|turn| messages / turn.cpu.max(0.01));
    for (door, name) in [(Door::Smtp, "SMTP submission"), (Door::Http, "HTTP, keep-alive")] {
        let rate = median(door, &|turn| messages / turn.wall.as_secs_f64());
        let _ = writeln!(text, "| {name} | {rate:.0} | {:.0} |", per_cpu(door));
    }
    let share = per_cpu(Door::Http) / per_cpu(Door::Smtp);
    println!(
        "\n{text}\nHTTP reaches {:.0} % of SMTP submission by processor time; the aim is {:.0} %.",
        share * 100.0,
        AIM * 100.0
    );
    if share >= AIM || quick { Ok(()) } else { Err("the HTTP door is slower than it should be".to_owned()) }
}

/// A server that accepts and does not deliver.
struct Bench {
    child: Child,
    addresses: Addresses,
    key: String,
}

impl Bench {
    fn start(tegami: &Path, folder: &Path) -> Result<Self, String> {
        let config = folder.join("tegami.toml");
        let text = "hostname = \"mx.bench.test\"\ndata = \"data\"\n[domains.\"bench.test\"]\n[listen]\nsmtp = false\n\
            submission = \"127.0.0.1:0\"\nsubmissions = false\nhttp = \"127.0.0.1:0\"\nlocal = \"submit.sock\"\n\
            [submission]\ntrusted = [\"127.0.0.0/8\"]\n[delivery]\npaused = true\nsources = [\"127.0.0.1\"]\n";
        std::fs::write(&config, text).map_err(|error| format!("{}: {error}", config.display()))?;
        let run = |words: &[&str]| {
            let mut command = Command::new(tegami);
            command
                .current_dir(folder)
                .env("RUST_LOG", "warn")
                .arg("--json")
                .arg("--config")
                .arg(&config)
                .args(words);
            command
        };
        let failed = |error: &dyn std::fmt::Display| format!("tegami: {error}");
        let made = run(&["key", "add", "bench", "--domain", "bench.test"])
            .output()
            .map_err(|error| failed(&error))?;
        let made: serde_json::Value = serde_json::from_slice(&made.stdout).map_err(|error| failed(&error))?;
        let key = made.get("key").and_then(serde_json::Value::as_str).ok_or("tegami: no key was made")?;
        let log = std::fs::File::create(folder.join("log")).map_err(|error| failed(&error))?;
        let mut child = run(&["serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(|error| failed(&error))?;
        let mut line = String::new();
        let output = child.stdout.take().ok_or("tegami: no output")?;
        BufReader::new(output).read_line(&mut line).map_err(|error| failed(&error))?;
        let addresses = serde_json::from_str(&line).map_err(|error| {
            let _ = child.kill();
            format!("tegami did not start: {error}: {line}")
        })?;
        Ok(Self { child, addresses, key: key.to_owned() })
    }

    fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn turn(&self, door: Door, messages: usize) -> Result<Turn, String> {
        let address = match door {
            Door::Http => self.addresses.http.first(),
            Door::Smtp => self.addresses.submission.first(),
        };
        let address = address.ok_or("tegami listens nowhere")?;
        let each = messages / SESSIONS;
        let (begin, before) = (Instant::now(), self.cpu()?);
        let said = std::thread::scope(|scope| {
            let session = || match door {
                Door::Http => http(address, &self.key, each),
                Door::Smtp => smtp(address, each),
            };
            let sessions: Vec<_> = (0..SESSIONS).map(|_| scope.spawn(session)).collect();
            sessions
                .into_iter()
                .map(|one| one.join().unwrap_or_else(|_| Err(Error::other("it panicked"))))
                .collect::<Result<Vec<()>, Error>>()
        });
        said.map_err(|error| format!("a session: {error}"))?;
        Ok(Turn { wall: begin.elapsed(), cpu: self.cpu()? - before })
    }

    /// Processor time of the server so far, in seconds: utime and stime of proc_pid_stat(5), in the hundredths that Linux counts in.
    fn cpu(&self) -> Result<f64, String> {
        let path = PathBuf::from(format!("/proc/{}/stat", self.child.id()));
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let fields = text.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
        let ticks = |at: usize| fields.split_whitespace().nth(at).and_then(|text| text.parse::<f64>().ok());
        let total = ticks(11).zip(ticks(12)).map(|(user, system)| (user + system) / 100.0);
        total.ok_or_else(|| format!("{} cannot be read", path.display()))
    }
}

fn text() -> String {
    let line = format!("{}\r\n", "x".repeat(70));
    line.repeat(OCTETS / line.len())
}

fn smtp(address: &str, messages: usize) -> std::io::Result<()> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    let content = format!(
        "From: sender@bench.test\r\nTo: rcpt@example.test\r\nSubject: bench\r\nMIME-Version: 1.0\r\n\r\n{}.\r\n",
        text()
    );
    reply(&mut reader, "220")?;
    writer.write_all(b"EHLO client.bench.test\r\n")?;
    reply(&mut reader, "250")?;
    for _ in 0..messages {
        writer.write_all(b"MAIL FROM:<sender@bench.test>\r\nRCPT TO:<rcpt@example.test>\r\nDATA\r\n")?;
        for code in ["250", "250", "354"] {
            reply(&mut reader, code)?;
        }
        writer.write_all(content.as_bytes())?;
        reply(&mut reader, "250")?;
    }
    writer.write_all(b"QUIT\r\n")
}

fn reply(reader: &mut impl BufRead, code: &str) -> std::io::Result<()> {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if !line.starts_with(code) {
            return Err(Error::other(format!("wanted {code}, got {line:?}")));
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(());
        }
    }
}

fn http(address: &str, key: &str, messages: usize) -> std::io::Result<()> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    let text = text().replace("\r\n", "%0D%0A");
    let body = format!("from=sender%40bench.test&to=rcpt%40example.test&subject=bench&text={text}");
    let request = format!(
        "POST /v3/bench.test/messages HTTP/1.1\r\nHost: {address}\r\nAuthorization: Basic {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        base64(&format!("api:{key}")),
        body.len()
    );
    for _ in 0..messages {
        writer.write_all(request.as_bytes())?;
        answer(&mut reader)?;
    }
    Ok(())
}

/// Reads one answer; another status than 200 is an error.
fn answer(reader: &mut impl BufRead) -> std::io::Result<()> {
    let mut status = String::new();
    reader.read_line(&mut status)?;
    let mut length = 0_u64;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(Error::other)?;
        }
    }
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body)?;
    if status.starts_with("HTTP/1.1 200 ") { Ok(()) } else { Err(Error::other(format!("{status}{body}"))) }
}

/// RFC 4648 section 4.
fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for octets in text.as_bytes().chunks(3) {
        let word = octets.iter().fold(0_usize, |word, octet| word << 8 | usize::from(*octet))
            << (8 * (3 - octets.len()));
        for at in 0..4 {
            let letter = LETTERS.get(word >> (18 - 6 * at) & 63).copied().unwrap_or_default();
            out.push(if at <= octets.len() { char::from(letter) } else { '=' });
        }
    }
    out
}
