//! How long a client waits from the end of its content to the 250, with 64 sessions at once.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::mta::environment;

const SESSIONS: usize = 64;
const MESSAGES: usize = 100;

/// Starts Tegami as the bench does, and measures it: accepting alone, then relaying.
///
/// # Errors
/// It does not start, or a session ends badly.
pub(super) fn measure(root: &Path, work: &Path, tegami: &Path) -> Result<String, String> {
    let mut text = format!("### From the end of data to the 250, {SESSIONS} sessions\n\n");
    text.push_str("| | octets | median, ms | p99, ms | longest, ms |\n| --- | --- | --- | --- | --- |\n");
    for mode in ["accept", "relay"] {
        for octets in [1024, 51_200] {
            let mut times = one(root, work, tegami, mode, octets)?;
            times.sort();
            let at = |share: usize| times.get((times.len() * share / 1000).min(times.len() - 1));
            let shown = |share| at(share).map_or(0.0, |time| time.as_secs_f64() * 1000.0);
            text.push_str(&format!(
                "| {mode} | {octets} | {:.1} | {:.1} | {:.1} |\n",
                shown(500),
                shown(990),
                shown(1000)
            ));
        }
    }
    println!("\n{text}");
    Ok(text)
}

fn one(root: &Path, work: &Path, tegami: &Path, mode: &str, octets: usize) -> Result<Vec<Duration>, String> {
    let folder = work.join("run/latency");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let (listen, sink_port) = (free_port()?, free_port()?);
    let mut sink = Command::new("smtp-sink");
    if Path::new("/etc/passwd").exists() && std::env::var_os("USER").is_none_or(|user| user == "root") {
        sink.args(["-u", "nobody"]);
    }
    sink.args(["-4", "-m", "2000", &format!("127.0.0.1:{sink_port}"), "1000"]).stdin(Stdio::null());
    let mut sink = sink.spawn().map_err(|error| format!("smtp-sink: {error}"))?;
    let script = |verb: &str| {
        let mut command = Command::new("bash");
        command.arg(root.join("benches/contestants/tegami.sh")).arg(verb).stdin(Stdio::null());
        environment(&mut command, root, work, tegami);
        command.env("BENCH_DIR", &folder).env("BENCH_MODE", mode).env("BENCH_LISTEN", listen.to_string());
        command.env("BENCH_SINK", sink_port.to_string());
        command.status().map_err(|error| format!("tegami.sh {verb}: {error}"))
    };
    script("start")?;
    let times = wait(listen).and_then(|()| load(listen, octets));
    let stopped = script("stop");
    let _ = sink.kill();
    let _ = sink.wait();
    stopped?;
    times
}

fn free_port() -> Result<u16, String> {
    let socket = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    socket.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}

fn wait(port: u16) -> Result<(), String> {
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(format!("nobody answers on port {port}"))
}

fn load(port: u16, octets: usize) -> Result<Vec<Duration>, String> {
    let sessions: Vec<_> = (0..SESSIONS).map(|_| std::thread::spawn(move || session(port, octets))).collect();
    let mut times = Vec::new();
    for session in sessions {
        let own = session.join().map_err(|_| "a session panicked")?;
        times.extend(own.map_err(|error| format!("a session: {error}"))?);
    }
    Ok(times)
}

fn session(port: u16, octets: usize) -> std::io::Result<Vec<Duration>> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    let line = format!("{}\r\n", "x".repeat(70));
    let content = format!(
        "From: sender@bench.test\r\nTo: rcpt@example.test\r\nSubject: latency\r\n\r\n{}.\r\n",
        line.repeat(octets / line.len())
    );
    expect(&mut reader, "220")?;
    writer.write_all(b"EHLO client.bench.test\r\n")?;
    expect(&mut reader, "250")?;
    let mut times = Vec::with_capacity(MESSAGES);
    for _ in 0..MESSAGES {
        writer.write_all(b"MAIL FROM:<sender@bench.test>\r\nRCPT TO:<rcpt@example.test>\r\nDATA\r\n")?;
        for code in ["250", "250", "354"] {
            expect(&mut reader, code)?;
        }
        writer.write_all(content.as_bytes())?;
        let begin = Instant::now();
        expect(&mut reader, "250")?;
        times.push(begin.elapsed());
    }
    writer.write_all(b"QUIT\r\n")?;
    Ok(times)
}

/// Reads a reply; another code than `code` is an error.
fn expect(reader: &mut impl BufRead, code: &str) -> std::io::Result<()> {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if !line.starts_with(code) {
            return Err(std::io::Error::other(format!("wanted {code}, got {line:?}")));
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(());
        }
    }
}
