//! A running `tegami serve` with a folder of its own.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

use crate::peer::{Ended, eventually, run};

/// The program under test.
pub(crate) const TEGAMI: &str = env!("CARGO_BIN_EXE_tegami");

/// The address that our mail leaves from.
pub(crate) const SOURCE: &str = "127.43.0.1";

/// Our name.
pub(crate) const HOSTNAME: &str = "mail.sender.test";

/// What `serve --json` prints.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Addresses {
    pub(crate) smtp: Vec<SocketAddr>,
    pub(crate) submission: Vec<SocketAddr>,
    pub(crate) submissions: Vec<SocketAddr>,
    pub(crate) http: Vec<SocketAddr>,
    #[serde(default)]
    pub(crate) metrics: Vec<SocketAddr>,
}

/// What is not as usual.
#[derive(Default)]
pub(crate) struct Plan {
    /// Zone text besides our own records.
    pub(crate) zone: String,
    /// Lines before all tables.
    pub(crate) top: String,
    /// The port of MX hosts.
    pub(crate) port: Option<u16>,
    /// Lines of `[delivery]`.
    pub(crate) delivery: String,
    /// Lines of `[listen]`.
    pub(crate) listen: String,
    /// Tables at the end of the file.
    pub(crate) tables: String,
    /// Where the data lies; a folder of the site by default.
    pub(crate) data: Option<PathBuf>,
}

/// A folder with a configuration, and most of the time a server that runs on it.
pub(crate) struct Site {
    folder: TempDir,
    data: PathBuf,
    child: Option<Child>,
    pub(crate) addresses: Addresses,
}

impl Site {
    /// A configuration without a server.
    pub(crate) fn prepare(plan: &Plan) -> Self {
        let folder = tempfile::Builder::new().prefix("tegami-").tempdir().unwrap();
        let data = plan.data.clone().unwrap_or_else(|| folder.path().join("data"));
        let mut text = format!(
            "hostname = \"{HOSTNAME}\"\ndata = {data:?}\n{top}[domains.\"sender.test\"]\n[listen]\n\
             smtp = \"127.0.0.1:0\"\nsubmission = \"127.0.0.1:0\"\nsubmissions = \"127.0.0.1:0\"\nhttp = \"127.0.0.1:0\"\n\
             local = \"{local}\"\n{listen}[dns]\nzone = \"zone.txt\"\n[delivery]\nsources = [\"{SOURCE}\"]\n",
            top = plan.top,
            listen = plan.listen,
            local = folder.path().join("submit.sock").display(),
        );
        if let Some(port) = plan.port {
            writeln!(text, "port = {port}").unwrap();
        }
        if !plan.delivery.contains("retry") {
            text.push_str("retry = [\"1s\", \"1s\", \"2s\"]\n");
        }
        text.push_str(&plan.delivery);
        text.push('\n');
        text.push_str(&plan.tables);
        // The first message of each domain would be judged at an hour that no test knows, and the postmaster told.
        if !plan.tables.contains("[preflight]") {
            text.push_str("\n[preflight]\nsample = \"never\"\n");
        }
        std::fs::write(folder.path().join("tegami.toml"), text).unwrap();
        let own = format!(
            "$TTL 60\nsender.test. MX 10 {HOSTNAME}.\n{HOSTNAME}. A {SOURCE}\n1.0.43.127.in-addr.arpa. PTR {HOSTNAME}.\n"
        );
        std::fs::write(folder.path().join("zone.txt"), format!("{own}{}", plan.zone)).unwrap();
        Self { folder, data, child: None, addresses: Addresses::default() }
    }

    /// A running server.
    pub(crate) fn start(plan: &Plan) -> Self {
        let mut site = Self::prepare(plan);
        site.serve();
        site
    }

    /// Starts the server, and waits until all is bound.
    pub(crate) fn serve(&mut self) {
        self.serve_by(Command::new(TEGAMI));
    }

    /// The same, through a command that runs the program, such as `prlimit`.
    pub(crate) fn serve_by(&mut self, mut command: Command) {
        let log = std::fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut child = command
            .args(["--json", "--config"])
            .arg(self.config())
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        self.child = Some(child);
        self.addresses = serde_json::from_str(&line).unwrap_or_else(|_| {
            panic!("the server did not start: {line}\n{}", self.log());
        });
    }

    /// Ends the server like a power cut.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Ends the server by SIGTERM, as a service manager does.
    pub(crate) fn stop(&mut self) {
        let mut child = self.child.take().unwrap();
        let ended = run(Command::new("kill").args(["-TERM", &child.id().to_string()]), b"");
        assert_eq!(ended.status, Some(0), "{}", ended.errors);
        let status = eventually("the end of the server", || child.try_wait().unwrap());
        assert!(status.success(), "{status}\n{}", self.log());
    }

    /// The server's process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Waits until the server has ended by itself.
    pub(crate) fn wait(&mut self) -> std::process::ExitStatus {
        let mut child = self.child.take().unwrap();
        eventually("the end of the server", || child.try_wait().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("tegami.toml")
    }

    /// What the server logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// A command of the program on this site.
    pub(crate) fn tegami(&self, words: &[&str]) -> Ended {
        let mut command = Command::new(TEGAMI);
        command.args(["--lang", "en", "--config"]).arg(self.config()).args(words);
        run(&mut command, b"")
    }

    /// A command that answers in JSON; `why` and others may find faults, which is no failure here.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let ended = self.tegami(&[&["--json"], words].concat());
        assert!(matches!(ended.status, Some(0 | 1)), "{words:?}: {}", ended.all());
        serde_json::from_str(&ended.output).unwrap_or_else(|error| panic!("{error}: {}", ended.output))
    }

    /// An account with a password of its own.
    pub(crate) fn add_user(&self, address: &str, password: &str) {
        let file = self.path("password");
        std::fs::write(&file, password).unwrap();
        self.tegami(&["user", "add", address, "--password-file", file.to_str().unwrap()]).well();
    }

    /// How many recipients wait.
    pub(crate) fn waiting(&self) -> usize {
        self.json(&["queue", "list"])["queue"].as_array().unwrap().len()
    }

    /// The newest message of a mailbox, once there is one.
    pub(crate) fn mail(&self, address: &str, mailbox: &str) -> String {
        let uid = eventually(&format!("a message in {mailbox} of {address}"), || {
            let list = self.json(&["mailbox", "list", address, mailbox]);
            list["messages"].as_array().unwrap().last().map(|message| message["uid"].to_string())
        });
        self.json(&["mailbox", "show", address, mailbox, &uid])["content"].as_str().unwrap().to_owned()
    }

    /// How many messages a mailbox holds.
    pub(crate) fn count(&self, address: &str, mailbox: &str) -> usize {
        self.json(&["mailbox", "list", address, mailbox])["messages"].as_array().unwrap().len()
    }

    pub(crate) fn smtp(&self) -> SocketAddr {
        self.addresses.smtp[0]
    }

    pub(crate) fn submission(&self) -> SocketAddr {
        self.addresses.submission[0]
    }

    pub(crate) fn submissions(&self) -> SocketAddr {
        self.addresses.submissions[0]
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("── the server's log\n{}", self.log());
        }
    }
}
