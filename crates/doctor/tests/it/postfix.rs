//! A Postfix with a configuration and queue of its own, and a port for each way in which it can be set up.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rcgen::{CertificateParams, KeyPair};
use rustls::RootCertStore;
use tempfile::TempDir;

/// The name in its good certificates.
pub(crate) const HOST: &str = "mx.receiver.test";

/// The domain that it takes mail for.
pub(crate) const DOMAIN: &str = "receiver.test";

const IP: &str = "127.43.61.1";

/// A port, and what is other there than at the others.
pub(crate) const SERVICES: &[(&str, &[&str])] = &[
    ("good", &[]),
    ("strict", &["smtpd_tls_protocols=>=TLSv1.2", "smtpd_tls_exclude_ciphers=aNULL"]),
    ("expired", &["smtpd_tls_cert_file={path}/expired.pem", "smtpd_tls_key_file={path}/expired.key"]),
    ("other", &["smtpd_tls_cert_file={path}/other.pem", "smtpd_tls_key_file={path}/other.key"]),
    ("clear", &["smtpd_tls_security_level=none"]),
    ("asking", &["smtpd_tls_ask_ccert=yes", "smtpd_tls_session_cache_database="]),
    (
        "old",
        &[
            "smtpd_tls_protocols=TLSv1,TLSv1.1",
            "smtpd_tls_ciphers=medium",
            "tls_medium_cipherlist=ALL:@SECLEVEL=0",
        ],
    ),
    (
        "lax",
        &[
            "smtpd_tls_protocols=!SSLv2,!SSLv3",
            "smtpd_tls_ciphers=null",
            "tls_null_cipherlist=ALL:eNULL:@SECLEVEL=0",
        ],
    ),
    ("wrapped", &["smtpd_tls_wrappermode=yes"]),
    ("open", &["mynetworks=127.0.0.0/8"]),
    ("late", &["{ smtpd_client_restrictions = sleep 3, permit }", "smtpd_delay_reject=no"]),
    ("greedy", &["smtpd_forbid_bare_newline=no", "smtpd_sasl_auth_enable=no", "disable_vrfy_command=no"]),
];

/// It runs until it is dropped.
pub(crate) struct Postfix {
    folder: TempDir,
    ports: Vec<u16>,
    /// Those who vouch for its certificates.
    pub(crate) roots: RootCertStore,
}

impl Postfix {
    /// `None`, and loudly, where there is no Postfix, or this user is not root.
    pub(crate) fn start() -> Option<Self> {
        let program = Path::new("/usr/sbin/postfix");
        let root = fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0);
        if !program.exists() || !root {
            println!(
                "SKIPPED: probes of Postfix: there is no Postfix, or this user is not root, whom it needs"
            );
            return None;
        }
        let folder = tempfile::Builder::new().prefix("tegami-").tempdir().unwrap();
        let path = folder.path();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["config", "queue", "data"] {
            fs::create_dir(path.join(name)).unwrap();
        }
        assert!(Command::new("chown").arg("postfix").arg(path.join("data")).status().unwrap().success());
        let mut roots = RootCertStore::empty();
        certificate(path, &mut roots, "good", HOST, (2026, 2036));
        certificate(path, &mut roots, "expired", HOST, (2020, 2021));
        certificate(path, &mut roots, "other", "elsewhere.test", (2026, 2036));
        // Ports that are free now: Postfix cannot be told "any". All are held until all are known.
        let held: Vec<_> = SERVICES.iter().map(|_| TcpListener::bind((IP, 0)).unwrap()).collect();
        let ports: Vec<u16> = held.iter().map(|held| held.local_addr().unwrap().port()).collect();
        drop(held);
        fs::write(path.join("config/main.cf"), main_cf(path)).unwrap();
        fs::write(path.join("config/master.cf"), master_cf(path, &ports)).unwrap();
        let errors = File::create(path.join("errors")).unwrap();
        let mut command = Command::new(program);
        command.arg("-c").arg(path.join("config")).arg("start");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        let postfix = Self { ports, roots, folder };
        // It comes back once the master listens everywhere.
        assert!(command.status().unwrap().success(), "Postfix does not start");
        Some(postfix)
    }

    pub(crate) fn ip(&self) -> std::net::IpAddr {
        IP.parse().unwrap()
    }

    /// The port of a service.
    pub(crate) fn port(&self, service: &str) -> u16 {
        self.ports[SERVICES.iter().position(|(name, _)| *name == service).unwrap()]
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for name in ["errors", "log"] {
                eprintln!("── {name}\n{}", fs::read_to_string(self.path(name)).unwrap_or_default());
            }
        }
        let mut stop = Command::new("/usr/sbin/postfix");
        let _ = stop.arg("-c").arg(self.path("config")).arg("stop").stderr(Stdio::null()).status();
    }
}

fn certificate(path: &Path, roots: &mut RootCertStore, file: &str, name: &str, years: (i32, i32)) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
    let made = params.self_signed(&key).unwrap();
    roots.add(made.der().clone()).unwrap();
    fs::write(path.join(format!("{file}.pem")), made.pem()).unwrap();
    fs::write(path.join(format!("{file}.key")), key.serialize_pem()).unwrap();
}

fn main_cf(path: &Path) -> String {
    let path = path.display();
    format!(
        "compatibility_level = 3.6
queue_directory = {path}/queue
data_directory = {path}/data
maillog_file = {path}/log
maillog_file_prefixes = {path}
myhostname = {HOST}
mydestination = {DOMAIN}
myorigin = {DOMAIN}
local_recipient_maps = inline:{{ {{ postmaster = x }} }}
local_transport = discard
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 192.0.2.0/24
smtpd_tls_cert_file = {path}/good.pem
smtpd_tls_key_file = {path}/good.key
smtpd_tls_security_level = may
smtpd_recipient_restrictions =
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
disable_vrfy_command = yes
message_size_limit = 20480000
"
    )
}

fn master_cf(path: &Path, ports: &[u16]) -> String {
    let mut services = String::new();
    for ((_, settings), port) in SERVICES.iter().zip(ports) {
        services.push_str(&format!("{IP}:{port} inet n - n - - smtpd\n"));
        for setting in *settings {
            let setting = setting.replace("{path}", &path.display().to_string());
            services.push_str(&format!("  -o {setting}\n"));
        }
    }
    services
        + "\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"
}
