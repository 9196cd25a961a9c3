//! Postfix after us: as the MX host of a domain, and as a smarthost.

use std::ops::Deref;
use std::path::Path;
use std::process::{Child, Command};

use crate::peer::{eventually, need, program, run};
use crate::receiver::{self, Receiver};
use crate::site::{Plan, Site};

const WHY: &str = "there is no Postfix, or this user is not root, whom it needs";

/// A Postfix with a configuration and queue of its own. It has mailboxes at `receiver.test`.
struct Postfix {
    receiver: Receiver,
    child: Child,
}

impl Postfix {
    fn start(ip: &'static str) -> Option<Self> {
        program("postfix")?;
        let receiver = Receiver::new("Postfix", ip)?;
        for name in ["config", "queue", "data", "mail"] {
            std::fs::create_dir(receiver.path(name)).unwrap();
        }
        for (name, user) in [("data", "postfix"), ("mail", "nobody")] {
            run(Command::new("chown").arg(user).arg(receiver.path(name)), b"").well();
        }
        std::fs::write(receiver.path("config/main.cf"), main_cf(receiver.folder())).unwrap();
        std::fs::write(receiver.path("config/master.cf"), master_cf(ip, receiver.port)).unwrap();
        std::fs::write(receiver.path("config/access"), ACCESS).unwrap();
        let child = receiver.start(&mut command(&receiver, "start-fg"));
        let postfix = Self { receiver, child };
        postfix.wait();
        Some(postfix)
    }

    /// Changes what it says to recipients, from the next session on: a process reads its tables once. A refused recipient ends the
    /// session (`smtpd_hard_error_limit`).
    fn answer(&self, access: &str) {
        std::fs::write(self.path("config/access"), access).unwrap();
        run(&mut command(self, "reload"), b"").well();
    }
}

fn command(receiver: &Receiver, verb: &str) -> Command {
    let mut command = Command::new(program("postfix").unwrap());
    command.arg("-c").arg(receiver.path("config")).arg(verb);
    command
}

impl Deref for Postfix {
    type Target = Receiver;

    fn deref(&self) -> &Receiver {
        &self.receiver
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        self.tell(&["errors", "log"]);
        drop(run(&mut command(self, "stop"), b""));
        drop(self.child.wait());
    }
}

const ACCESS: &str = "later@receiver.test 450 4.7.77 Come back in a while, friend\n\
    never@receiver.test 550 5.7.88 Not here, and not for you: see https://receiver.test/why?x=1\n";

fn main_cf(path: &Path) -> String {
    let path = path.display();
    format!(
        "compatibility_level = 3.6
queue_directory = {path}/queue
data_directory = {path}/data
maillog_file = {path}/log
maillog_file_prefixes = {path}
myhostname = mx.receiver.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.43.0.0/16
virtual_mailbox_domains = receiver.test
virtual_mailbox_base = {path}/mail
virtual_mailbox_maps = inline:{{ {{ friend@receiver.test = friend/ }} {{ later@receiver.test = later/ }} }}
virtual_minimum_uid = 1
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_tls_cert_file = {path}/cert.pem
smtpd_tls_key_file = {path}/key.pem
smtpd_tls_security_level = encrypt
smtpd_tls_received_header = yes
smtpd_recipient_restrictions = check_recipient_access texthash:{path}/config/access, reject_unauth_destination
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 2
"
    )
}

fn master_cf(ip: &str, port: u16) -> String {
    let smtpd = format!("{ip}:{port} inet n - n - - smtpd\n");
    let services = "\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";
    smtpd + services
}

/// Hands a message with a dot on a line of its own in.
fn submit(site: &Site, to: &str, subject: &str) {
    let content =
        format!("From: alice@sender.test\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nHello\r\n.\r\n..dots");
    receiver::submit(site, &[to], &content);
}

#[test]
fn as_an_mx_host() {
    let postfix = need!("Postfix as an MX host", Postfix::start("127.43.60.1"), WHY);
    let site = postfix.site(postfix.zone());

    // Taken, over TLS: it refuses MAIL without.
    submit(&site, "friend@receiver.test", "first");
    let message = eventually("a message in Postfix's mailbox", || postfix.mailbox("friend").pop());
    assert!(message.contains("Subject: first\n") && message.contains("Hello\n.\n..dots\n"), "{message}");
    assert!(message.contains("(using TLSv1.3 with cipher"), "{message}");

    // Put off, and tried again until it is taken.
    submit(&site, "later@receiver.test", "second");
    eventually("a second attempt", || {
        let queue = site.json(&["queue", "list"]);
        let row = queue["queue"].as_array().unwrap().first()?.clone();
        let status = row["last_status"].as_str().unwrap_or_default();
        assert!(status.is_empty() || status.contains("4.7.77"), "{row}");
        (row["attempts"].as_u64().unwrap() >= 2).then_some(())
    });
    let told = site.json(&["why", "later@receiver.test"]).to_string();
    assert!(told.contains("Come back in a while, friend") && told.contains("TLSv1.3"), "{told}");
    postfix.answer(ACCESS.split_once('\n').unwrap().1);
    eventually("the message that was put off", || postfix.mailbox("later").pop());
    eventually("an empty queue", || (site.waiting() == 0).then_some(()));

    // Refused for good: the sender gets the reply word for word.
    submit(&site, "never@receiver.test", "third");
    let notice = site.mail("alice@sender.test", "INBOX");
    let reply = "550 5.7.88 <never@receiver.test>: Recipient address rejected: Not here, and not for you: see https://receiver.test/why?x=1";
    let flat = notice.replace("\r\n ", " ").replace("\r\n\t", " ");
    assert!(flat.contains(&format!("Diagnostic-Code: smtp; {reply}")), "{notice}");
    assert!(notice.starts_with("Return-Path: <>\r\n"), "{notice}");
    assert!(flat.contains("Action: failed") && flat.contains("Status: 5.7.88"), "{notice}");
    assert!(flat.contains("Remote-MTA: dns; mx.receiver.test"), "{notice}");
    assert!(notice.contains("Subject: third"), "the notice has the message's header section: {notice}");
    assert_eq!(site.waiting(), 0);
}

#[test]
fn as_a_smarthost() {
    let postfix = need!("Postfix as a smarthost", Postfix::start("127.43.61.1"), WHY);
    let delivery = format!(
        "[delivery.smarthost]\nhost = \"mx.receiver.test\"\nport = {}\ntls = \"starttls\"\n",
        postfix.port
    );
    // STARTTLS to a smarthost wants a certificate that somebody vouches for.
    let roots = format!("[tls]\nextra_roots = \"{}\"\n", postfix.path("cert.pem").display());
    let site = Site::start(&Plan { zone: postfix.zone(), delivery, tables: roots, ..Plan::default() });
    site.add_user("alice@sender.test", "correct horse");
    submit(&site, "friend@receiver.test", "by way of the smarthost");
    let message = eventually("a message in Postfix's mailbox", || postfix.mailbox("friend").pop());
    assert!(message.contains("Subject: by way of the smarthost\n"), "{message}");
    let told = site.json(&["why", "friend@receiver.test"]).to_string();
    assert!(told.contains("\"smarthost\"") && told.contains("\"trusted\":true"), "{told}");
    submit(&site, "never@receiver.test", "refused by the smarthost");
    let notice = site.mail("alice@sender.test", "INBOX").replace("\r\n ", " ");
    assert!(notice.contains("Not here, and not for you: see https://receiver.test/why?x=1"), "{notice}");
}

/// With a TLSA record that its certificate fits, mail goes; with another, it waits, and says why.
#[test]
fn by_dane() {
    let postfix = need!("Postfix by DANE", Postfix::start("127.43.64.1"), WHY);
    let site = postfix.site(postfix.secure_zone(&postfix.key));
    submit(&site, "friend@receiver.test", "by DANE");
    eventually("a message in Postfix's mailbox", || postfix.mailbox("friend").pop());
    let told = site.json(&["why", "friend@receiver.test"]).to_string();
    assert!(told.contains("\"source\":\"dane\"") && told.contains("\"trusted\":true"), "{told}");

    let other = rcgen::PublicKeyData::subject_public_key_info(&rcgen::KeyPair::generate().unwrap());
    let site = postfix.site(postfix.secure_zone(&other));
    submit(&site, "friend@receiver.test", "to a stranger");
    let told = eventually("the reason", || {
        let told = site.json(&["why", "friend@receiver.test"]).to_string();
        told.contains("tlsa").then_some(told)
    });
    assert!(told.contains("4.7.5") && site.waiting() == 1, "{told}");
    assert_eq!(postfix.mailbox("friend").len(), 1, "the second one is still here");
}

#[test]
fn by_mta_sts() {
    let postfix = need!("Postfix by MTA-STS", Postfix::start("127.43.65.1"), WHY);
    receiver::goes_by_mta_sts(&postfix);
}
