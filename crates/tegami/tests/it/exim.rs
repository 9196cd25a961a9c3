//! Exim after us, as the MX host of a domain: another make of STARTTLS (GnuTLS), BDAT, and DSN parameters.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::peer::{eventually, folder, need, program, run};
use crate::site::{Plan, Site};
use crate::wire::Wire;

const WHY: &str =
    "there is no Exim (`cargo xtask peers` unpacks one), or this user is not root, whom it needs";

/// An Exim with a configuration, spool and certificate of its own. It has mailboxes at `receiver.test`.
struct Exim {
    folder: TempDir,
    child: Child,
    ip: &'static str,
    port: u16,
    /// The key of its certificate, as TLSA records of selector 1 have it.
    key: Vec<u8>,
}

impl Exim {
    fn start(ip: &'static str) -> Option<Self> {
        let unpacked = folder().join("exim/usr/sbin/exim4");
        let exim =
            program("exim4").or_else(|| unpacked.is_file().then(|| unpacked.canonicalize().unwrap()))?;
        if std::fs::metadata("/proc/self").is_ok_and(|about| about.uid() != 0) {
            return None;
        }
        let folder = tempfile::Builder::new().prefix("tegami-exim-").tempdir().unwrap();
        let path = folder.path();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let made = rcgen::generate_simple_self_signed(["mx.receiver.test".to_owned()]).unwrap();
        std::fs::write(path.join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(path.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let key = rcgen::PublicKeyData::subject_public_key_info(&made.signing_key);
        for name in ["spool", "log", "mail"] {
            std::fs::create_dir(path.join(name)).unwrap();
        }
        run(
            Command::new("chown")
                .args(["-R", "mail:mail"])
                .args(["spool", "log", "mail", "key.pem"].map(|name| path.join(name))),
            b"",
        )
        .well();
        // What a stranger wrote may not name a folder; what a file says may.
        std::fs::write(path.join("users"), "friend: friend\nbig: big\n").unwrap();
        let port = std::net::TcpListener::bind((ip, 0)).unwrap().local_addr().unwrap().port();
        std::fs::write(path.join("exim.conf"), configuration(&exim, path, ip, port)).unwrap();
        let child = Command::new(exim)
            .arg("-C")
            .arg(path.join("exim.conf"))
            .args(["-bdf", "-q1h"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(path.join("errors")).unwrap())
            .spawn()
            .unwrap();
        let exim = Self { folder, child, ip, port, key };
        eventually("Exim", || Wire::connect((ip.parse::<std::net::IpAddr>().unwrap(), port).into()).ok());
        Some(exim)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> String {
        ["errors", "log/main", "log/reject", "log/panic"]
            .map(|name| std::fs::read_to_string(self.path(name)).unwrap_or_default())
            .concat()
    }

    /// Messages that lie in a mailbox.
    fn mailbox(&self, user: &str) -> Vec<Vec<u8>> {
        let Ok(entries) = std::fs::read_dir(self.path("mail").join(user).join("new")) else {
            return Vec::new();
        };
        entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
    }

    /// The zone under DNSSEC, with a TLSA record of this key.
    fn secure_zone(&self, key: &[u8]) -> String {
        let key: String = key.iter().map(|octet| format!("{octet:02x}")).collect();
        let zone = self.zone();
        format!("{zone}$SECURE receiver.test\n_{}._tcp.mx.receiver.test. TLSA 3 1 0 {key}\n", self.port)
    }

    fn zone(&self) -> String {
        format!("receiver.test. MX 10 mx.receiver.test.\nmx.receiver.test. A {}\n", self.ip)
    }
}

impl Drop for Exim {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("── Exim\n{}", self.log());
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn configuration(exim: &Path, path: &Path, ip: &str, port: u16) -> String {
    let (exim, path) = (exim.display(), path.display());
    format!(
        "primary_hostname = mx.receiver.test
keep_environment =
exim_path = {exim}
exim_user = mail
exim_group = mail
never_users =
spool_directory = {path}/spool
log_file_path = {path}/log/%s
pid_file_path = {path}/exim.pid
local_interfaces = {ip}
daemon_smtp_ports = {port}
disable_ipv6 = true
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts = *
tls_certificate = {path}/cert.pem
tls_privatekey = {path}/key.pem
chunking_advertise_hosts = *
dsn_advertise_hosts = *
message_size_limit = 20M
acl_smtp_rcpt = rcpt
acl_smtp_data = data
begin acl
rcpt:
  defer condition = ${{if eq{{$local_part}}{{later}}}}
        message = 4.7.77 Come back in a while, friend
  deny condition = ${{if eq{{$local_part}}{{never}}}}
       message = 5.7.88 Not here, and not for you
  deny !encrypted = *
       message = 5.7.10 Encryption needed
  accept domains = receiver.test
data:
  deny condition = ${{if match{{$h_subject:}}{{poison}}}}
       message = 5.6.0 I do not like the subject
  accept
begin routers
here:
  driver = accept
  domains = receiver.test
  transport = box
begin transports
box:
  driver = appendfile
  maildir_format
  directory = {path}/mail/${{lookup{{$local_part}}lsearch{{{path}/users}}}}
  create_directory
  user = mail
begin retry
* * F,1h,1m
"
    )
}

/// Hands a message in over the Unix socket.
fn submit(site: &Site, to: &[&str], content: &str) {
    let mut wire = Wire::local(&site.path("submit.sock")).unwrap();
    wire.command("EHLO localhost").unwrap();
    let reply = wire.send("alice@sender.test", to, &content.replace("\r\n.", "\r\n..")).unwrap();
    assert!(reply.starts_with("250"), "{reply}");
}

#[test]
fn as_an_mx_host() {
    let exim = need!("Exim as an MX host", Exim::start("127.43.62.1"), WHY);
    let site = Site::start(&Plan { zone: exim.zone(), port: Some(exim.port), ..Plan::default() });
    site.add_user("alice@sender.test", "correct horse");
    let head = "From: alice@sender.test\r\nTo: friend@receiver.test\r\nSubject: ";

    // One recipient is taken, over TLS; another is refused in the same transaction.
    submit(
        &site,
        &["friend@receiver.test", "never@receiver.test"],
        &format!("{head}first\r\n\r\nHello\r\n..dots"),
    );
    let message = eventually("a message in Exim's mailbox", || exim.mailbox("friend").pop());
    let message = String::from_utf8(message).unwrap();
    assert!(message.contains("Subject: first\n") && message.contains("Hello\n..dots\n"), "{message}");
    assert!(message.contains("(TLS1.3)") && message.contains("with esmtps"), "{message}");
    let notice = site.mail("alice@sender.test", "INBOX").replace("\r\n ", " ");
    assert!(notice.contains("Diagnostic-Code: smtp; 550 5.7.88 Not here, and not for you"), "{notice}");
    assert!(!notice.contains("friend@receiver.test\r\nAction"), "only the one that was refused: {notice}");

    // A large one goes by BDAT and arrives octet for octet.
    let line = "every line has its own number, dots and all: ";
    let body: String = (0..40_000).map(|at| format!(".{line}{at}\r\n")).collect();
    submit(&site, &["big@receiver.test"], &format!("{head}large\r\n\r\n{}", body.trim_end()));
    let large = eventually("a large message", || exim.mailbox("big").pop());
    let text = String::from_utf8(large).unwrap();
    assert!(text.ends_with(&body.replace("\r\n", "\n")), "{} octets", text.len());
    let told = site.json(&["why", "big@receiver.test"]).to_string();
    assert!(told.contains("BDAT"), "{told}");

    // Refused after the content.
    submit(&site, &["friend@receiver.test"], &format!("{head}poison\r\n\r\nx"));
    let told = eventually("the refusal of the content", || {
        let told = site.json(&["why", "friend@receiver.test"]).to_string();
        told.contains("I do not like the subject").then_some(told)
    });
    assert!(told.contains("5.6.0"), "{told}");
}

/// A certificate that nobody signed is as good as its TLSA record.
#[test]
fn by_dane() {
    let exim = need!("Exim by DANE", Exim::start("127.43.63.1"), WHY);
    let zone = exim.secure_zone(&exim.key);
    let site = Site::start(&Plan { zone, port: Some(exim.port), ..Plan::default() });
    site.add_user("alice@sender.test", "correct horse");
    submit(&site, &["friend@receiver.test"], "From: alice@sender.test\r\nSubject: by DANE\r\n\r\nHello");
    eventually("a message in Exim's mailbox", || exim.mailbox("friend").pop());
    let told = eventually("the attempt", || {
        let told = site.json(&["why", "friend@receiver.test"]).to_string();
        told.contains("\"source\":\"dane\"").then_some(told)
    });
    assert!(told.contains("\"trusted\":true"), "{told}");
}
