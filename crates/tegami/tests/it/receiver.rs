//! What the mail servers of others have in common when they receive mail for `receiver.test`.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::peer::eventually;
use crate::policy::PolicyHost;
use crate::site::{Plan, Site};
use crate::wire::Wire;

/// The place of such a server: a folder with a certificate, an address, and a port of its own.
pub(crate) struct Receiver {
    name: &'static str,
    folder: TempDir,
    ip: &'static str,
    pub(crate) port: u16,
    /// The key of its certificate, as TLSA records of selector 1 have it.
    pub(crate) key: Vec<u8>,
}

impl Receiver {
    /// `None` where this user is not root: such servers change who they are.
    pub(crate) fn new(name: &'static str, ip: &'static str) -> Option<Self> {
        if std::fs::metadata("/proc/self").is_ok_and(|about| about.uid() != 0) {
            return None;
        }
        let folder = tempfile::Builder::new().prefix("tegami-").tempdir().unwrap();
        let path = folder.path();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let made = rcgen::generate_simple_self_signed(["mx.receiver.test".to_owned()]).unwrap();
        std::fs::write(path.join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(path.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let key = rcgen::PublicKeyData::subject_public_key_info(&made.signing_key);
        // The port is free now; none of them can be told "any".
        let port = std::net::TcpListener::bind((ip, 0)).unwrap().local_addr().unwrap().port();
        Some(Self { name, folder, ip, port, key })
    }

    pub(crate) fn start(&self, command: &mut Command) -> Child {
        let errors = std::fs::File::create(self.path("errors")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).spawn().unwrap()
    }

    /// Waits until it answers.
    pub(crate) fn wait(&self) {
        let address = (self.ip.parse::<std::net::IpAddr>().unwrap(), self.port).into();
        eventually(self.name, || Wire::connect(address).ok());
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where a test fails, prints these files.
    pub(crate) fn tell(&self, logs: &[&str]) {
        if std::thread::panicking() {
            let text = |name: &&str| std::fs::read_to_string(self.path(name)).unwrap_or_default();
            eprintln!("── {}\n{}", self.name, logs.iter().map(text).collect::<String>());
        }
    }

    /// Messages that lie in a mailbox.
    pub(crate) fn mailbox(&self, user: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path("mail").join(user).join("new")) else {
            return Vec::new();
        };
        entries.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
    }

    pub(crate) fn zone(&self) -> String {
        format!("receiver.test. MX 10 mx.receiver.test.\nmx.receiver.test. A {}\n", self.ip)
    }

    /// The zone under DNSSEC, with a TLSA record of this key.
    pub(crate) fn secure_zone(&self, key: &[u8]) -> String {
        let key: String = key.iter().map(|octet| format!("{octet:02x}")).collect();
        let zone = self.zone();
        format!("{zone}$SECURE receiver.test\n_{}._tcp.mx.receiver.test. TLSA 3 1 0 {key}\n", self.port)
    }

    /// A Tegami that sends to this server as to an MX host.
    pub(crate) fn site(&self, zone: String) -> Site {
        self.site_with(zone, String::new())
    }

    /// The same, which trusts the certificates of a file.
    fn site_with(&self, zone: String, tables: String) -> Site {
        let site = Site::start(&Plan { zone, port: Some(self.port), tables, ..Plan::default() });
        site.add_user("alice@sender.test", "correct horse");
        site
    }
}

/// Under MTA-STS mail goes where the policy names the host and somebody vouches for its certificate; else it waits, and says why.
pub(crate) fn goes_by_mta_sts(receiver: &Receiver) {
    let own = std::fs::read_to_string(receiver.path("cert.pem")).unwrap();
    for (mx, vouched, why) in [
        ("mx.receiver.test", true, ""),
        ("*.elsewhere.test", true, "outbound-sts-host-not-named"),
        ("mx.receiver.test", false, "\"result_type\":\"certificate-not-trusted\""),
    ] {
        let host = PolicyHost::start("enforce", mx);
        let roots = receiver.path("roots.pem");
        std::fs::write(&roots, format!("{}{}", host.pem, if vouched { &own } else { "" })).unwrap();
        let tables = format!("[tls]\nextra_roots = \"{}\"\n", roots.display());
        let site = receiver.site_with(format!("{}{}", receiver.zone(), host.zone()), tables);
        let before = receiver.mailbox("friend").len();
        submit(
            &site,
            &["friend@receiver.test"],
            "From: alice@sender.test\r\nSubject: by MTA-STS\r\n\r\nHello",
        );
        let told = eventually("the attempt", || {
            let told = site.json(&["why", "friend@receiver.test"]).to_string();
            told.contains("\"source\":\"mta-sts\"").then_some(told)
        });
        if why.is_empty() {
            eventually("a message in the mailbox", || {
                (receiver.mailbox("friend").len() > before).then_some(())
            });
            assert!(told.contains("\"trusted\":true"), "{told}");
        } else {
            assert!(told.contains(why) && site.waiting() == 1, "{why}: {told}");
            assert_eq!(receiver.mailbox("friend").len(), before, "it is still here");
        }
    }
}

/// Hands a message of alice in over the Unix socket.
pub(crate) fn submit(site: &Site, to: &[&str], content: &str) {
    let mut wire = Wire::local(&site.path("submit.sock")).unwrap();
    wire.command("EHLO localhost").unwrap();
    let content = content.replace("\r\n.", "\r\n..");
    let reply = wire.send("alice@sender.test", to, &content).unwrap();
    assert!(reply.starts_with("250"), "{reply}");
}
