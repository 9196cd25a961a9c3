//! Exim after us, as the MX host of a domain: another make of STARTTLS (GnuTLS), BDAT, and DSN parameters.

use std::ops::Deref;
use std::path::Path;
use std::process::{Child, Command};

use crate::peer::{eventually, folder, need, program, run};
use crate::receiver::{Receiver, goes_by_mta_sts, submit};

const WHY: &str =
    "there is no Exim (`cargo xtask peers` unpacks one), or this user is not root, whom it needs";

/// An Exim with a configuration and spool of its own. It has mailboxes at `receiver.test`.
struct Exim {
    receiver: Receiver,
    child: Child,
}

impl Exim {
    fn start(ip: &'static str) -> Option<Self> {
        let unpacked = folder().join("exim/usr/sbin/exim4");
        let exim =
            program("exim4").or_else(|| unpacked.is_file().then(|| unpacked.canonicalize().unwrap()))?;
        let receiver = Receiver::new("Exim", ip)?;
        for name in ["spool", "log", "mail"] {
            std::fs::create_dir(receiver.path(name)).unwrap();
        }
        let owned = ["spool", "log", "mail", "key.pem"].map(|name| receiver.path(name));
        run(Command::new("chown").args(["-R", "mail:mail"]).args(owned), b"").well();
        // What a stranger wrote may not name a folder; what a file says may.
        std::fs::write(receiver.path("users"), "friend: friend\nbig: big\n").unwrap();
        let text = configuration(&exim, receiver.folder(), ip, receiver.port);
        std::fs::write(receiver.path("exim.conf"), text).unwrap();
        let mut command = Command::new(exim);
        let child = receiver.start(command.arg("-C").arg(receiver.path("exim.conf")).args(["-bdf", "-q1h"]));
        let exim = Self { receiver, child };
        exim.wait();
        Some(exim)
    }
}

impl Deref for Exim {
    type Target = Receiver;

    fn deref(&self) -> &Receiver {
        &self.receiver
    }
}

impl Drop for Exim {
    fn drop(&mut self) {
        self.tell(&["errors", "log/main", "log/reject", "log/panic"]);
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

#[test]
fn as_an_mx_host() {
    let exim = need!("Exim as an MX host", Exim::start("127.43.62.1"), WHY);
    let site = exim.site(exim.zone());
    let head = "From: alice@sender.test\r\nTo: friend@receiver.test\r\nSubject: ";

    // One recipient is taken, over TLS; another is refused in the same transaction.
    submit(
        &site,
        &["friend@receiver.test", "never@receiver.test"],
        &format!("{head}first\r\n\r\nHello\r\n..dots"),
    );
    let message = eventually("a message in Exim's mailbox", || exim.mailbox("friend").pop());
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
    assert!(large.ends_with(&body.replace("\r\n", "\n")), "{} octets", large.len());
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
    let site = exim.site(exim.secure_zone(&exim.key));
    submit(&site, &["friend@receiver.test"], "From: alice@sender.test\r\nSubject: by DANE\r\n\r\nHello");
    eventually("a message in Exim's mailbox", || exim.mailbox("friend").pop());
    let told = eventually("the attempt", || {
        let told = site.json(&["why", "friend@receiver.test"]).to_string();
        told.contains("\"source\":\"dane\"").then_some(told)
    });
    assert!(told.contains("\"trusted\":true"), "{told}");
}

#[test]
fn by_mta_sts() {
    let exim = need!("Exim by MTA-STS", Exim::start("127.43.66.1"), WHY);
    goes_by_mta_sts(&exim);
}
