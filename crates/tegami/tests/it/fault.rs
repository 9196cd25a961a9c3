//! What people and machines get wrong: each time a clear error that names what and where, and nothing is lost.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::peer::{Ended, eventually, need, program, run};
use crate::sink::Sink;
use crate::site::{Plan, Site, TEGAMI};
use crate::wire::Wire;

/// A command that cannot run: exit status 2, and every one of these words in what it says.
#[track_caller]
fn refused(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.status, Some(2), "{}", ended.all());
    for word in words {
        assert!(ended.errors.contains(word), "wants {word}: {}", ended.errors);
    }
}

fn bare(words: &[&str]) -> Ended {
    run(Command::new(TEGAMI).args(["--lang", "en"]).args(words), b"")
}

#[test]
fn unknown_words_of_the_command_line() {
    refused(&bare(&["serve", "--colour"]), &["--colour"]);
    refused(&bare(&["serv"]), &["serv"]);
    refused(&bare(&["user", "add"]), &["ADDRESS"]);
    refused(&run(Command::new(TEGAMI).args(["--lang", "de", "serve"]), b""), &["de"]);
}

#[test]
fn unknown_keys_of_the_configuration() {
    let site =
        Site::prepare(&Plan { tables: "[recption]\nspf_fail = \"mark\"\n".to_owned(), ..Plan::default() });
    let said = site.tegami(&["serve"]);
    refused(&said, &["recption", "Did you mean `reception`?", "tegami.toml:"]);
    let said = bare(&["--config", "/nowhere/tegami.toml", "serve"]);
    refused(&said, &["/nowhere/tegami.toml"]);
}

#[test]
fn a_key_file_that_cannot_be_used() {
    let tables = "[tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n".to_owned();
    let site = Site::prepare(&Plan { tables, ..Plan::default() });
    refused(&site.tegami(&["serve"]), &["cert.pem"]);
    let made = rcgen::generate_simple_self_signed(["mail.sender.test".to_owned()]).unwrap();
    std::fs::write(site.path("cert.pem"), made.cert.pem()).unwrap();
    refused(&site.tegami(&["serve"]), &["key.pem"]);
    std::fs::write(site.path("key.pem"), made.signing_key.serialize_pem()).unwrap();
    mode(&site.path("key.pem"), 0o644);
    refused(&site.tegami(&["serve"]), &["key.pem", "chmod 600"]);
    std::fs::write(site.path("key.pem"), "not a key\n").unwrap();
    mode(&site.path("key.pem"), 0o600);
    refused(&site.tegami(&["serve"]), &["key.pem"]);
}

fn mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let site = Site::prepare(&Plan::default());
    let text = std::fs::read_to_string(site.config()).unwrap();
    let text = text.replacen("submission = \"127.0.0.1:0\"", &format!("submission = \"{address}\""), 1);
    std::fs::write(site.config(), text).unwrap();
    refused(&site.tegami(&["serve"]), &["submission", &address]);
}

#[test]
fn a_data_folder_that_is_served_already() {
    let site = Site::start(&Plan::default());
    let data = site.data().to_str().unwrap();
    refused(&site.tegami(&["serve"]), &[data]);
    // The first one goes on.
    assert!(Wire::connect(site.smtp()).is_ok());
}

#[test]
fn a_data_folder_of_a_newer_version() {
    let what = "a data folder of a newer version";
    let python = need!(what, program("python3"), "python3 is missing");
    let mut site = Site::start(&Plan::default());
    site.stop();
    let database = std::fs::read_dir(site.data())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3")))
        .unwrap();
    let script = "import sqlite3, sys\nbase = sqlite3.connect(sys.argv[1])\nbase.execute('pragma user_version = 4711')\nbase.commit()";
    run(Command::new(python).args(["-c", script]).arg(&database), b"").well();
    let data = site.data().to_str().unwrap();
    refused(&site.tegami(&["serve"]), &[data, "4711"]);
    refused(&site.tegami(&["queue", "list"]), &["4711"]);
}

/// Where a file system of a few mebibytes is mounted; it goes with the value.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program("mount")?);
        command.args(["-t", "tmpfs", "-o", "size=32m,mode=700", "tegami-test"]).arg(folder.path());
        (run(&mut command, b"").status == Some(0)).then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(run(Command::new("umount").arg("--lazy").arg(self.0.path()), b""));
    }
}

#[test]
fn a_full_disk() {
    let disk = need!("a full disk", SmallDisk::mount(), "this user may not mount a small file system");
    // Nobody takes the mail before the disk was full.
    let open = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let closed = std::sync::Arc::clone(&open);
    let sink = Sink::with("127.43.41.1", move |line| {
        let wait = line.starts_with("RCPT") && !closed.load(std::sync::atomic::Ordering::Relaxed);
        wait.then(|| "450 4.2.0 not yet".to_owned())
    });
    let plan = Plan {
        zone: sink.zone("receiver.test"),
        port: Some(sink.address.port()),
        data: Some(disk.0.path().join("data")),
        ..Plan::default()
    };
    let mut site = Site::start(&plan);
    // Something else on the disk has grown.
    let ballast = disk.0.path().join("ballast");
    std::fs::write(&ballast, vec![0_u8; 20 << 20]).unwrap();
    let mut accepted = 0;
    let filler = format!("{}\r\n", "x".repeat(70)).repeat(3000);
    let full = loop {
        let content = format!("From: alice@sender.test\r\nSubject: number {accepted}.\r\n\r\n{filler}");
        let mut wire = Wire::local(&site.path("submit.sock")).unwrap();
        wire.command("EHLO localhost").unwrap();
        let reply = wire.send("alice@sender.test", &["bob@receiver.test"], &content).unwrap();
        if !reply.starts_with("250") {
            break reply;
        }
        accepted += 1;
        assert!(accepted < 100, "the disk does not get full");
    };
    assert!(full.starts_with("452 4.3.1"), "{full}");
    assert!(accepted > 2, "only {accepted} messages");
    open.store(true, std::sync::atomic::Ordering::Relaxed);
    // Restarting on the full disk is part of the accident.
    site.kill();
    site.serve();
    eventually("all accepted messages", || (sink.taken().len() >= accepted).then_some(()));
    for number in 0..accepted {
        sink.with_text(&format!("Subject: number {number}."));
    }
    std::fs::remove_file(ballast).unwrap();
    let reply = eventually("an accepting server", || {
        let mut wire = Wire::local(&site.path("submit.sock")).unwrap();
        wire.command("EHLO localhost").unwrap();
        let content = "From: alice@sender.test\r\nSubject: after the flood\r\n\r\nHello";
        let reply = wire.send("alice@sender.test", &["bob@receiver.test"], content).unwrap();
        reply.starts_with("250").then_some(reply)
    });
    sink.with_text("Subject: after the flood");
    eprintln!("{accepted} messages before the disk was full ({full}), all delivered; afterwards {reply}");
}
