//! Clients of the Mailgun API that applications use, unmodified but for their endpoint. Each client is a script that checks what its
//! library gives it; the deliveries and the events are checked here.
//!
//! | client | file |
//! | --- | --- |
//! | mailgun.js (Node), with `form-data` and with `fetch` | `mailgun_js` |
//! | mailgun-js (old Node), Nodemailer with nodemailer-mailgun-transport | `node` |
//! | `mailgun` (Python) | `python` |
//! | django-anymail (backend, tracking and inbound views) | `anymail` |
//! | Symfony's mailer (API and HTTP transports), PHP with curl | `php` |
//! | curl | `shell` |
//! | Go, Ruby and PHP clients, by what they put on the wire | `wire`, `dialect` |
//!
//! The cases that every release passes, and who passes them (`js` mailgun.js, `old` mailgun-js, `nm` Nodemailer's transport, `py` Python's `mailgun`,
//! `dj` django-anymail, `sy` Symfony, `ph` PHP's curl, `cu` curl; `go`, `rb` and `pp` mailgun-go, mailgun-ruby and mailgun-php by their octets):
//!
//! | case | who | not, and why |
//! | --- | --- | --- |
//! | 1 letter in Japanese | all | |
//! | 2 files, copies, tags, variable, hour | all | `sy` knows one tag |
//! | 3 batch | all | |
//! | 4 whole messages | js old py sy ph go rb pp | the others have no such call |
//! | 5 templates | js nm py dj sy go rb pp | `old` has no call of its own; `ph` and `cu` are forms like the others |
//! | 6 events to the end | js old py ph go rb pp | the others do not read events |
//! | 7 domains, credentials | js (to the login), old py go rb pp | the others only send |
//! | 8 incoming mail | js and py administer, dj reads | Go's reader is on no registry that we reach |
//! | 9 webhooks | dj old ph | Go's and Symfony's readers likewise; Debian's Symfony is older than its reader |
//! | 10 suppressions | js old py go rb pp cu | the others only send |
//! | 11 refusals | all | |
//!
//! The examples of `docs/mailgun.md` are run in `document`. What several clients see together lies by subject: `domain`, `figure`, `list`,
//! `route`, `template`, `webhook`; our own API, tried from its document, in `openapi`.

mod anymail;
mod arrival;
mod dialect;
mod document;
mod domain;
mod figure;
mod list;
mod mailgun_js;
mod node;
mod openapi;
mod php;
mod post;
mod python;
mod route;
mod shell;
mod template;
mod webhook;
mod wire;

use std::process::Command;

use serde_json::{Value, json};

use self::post::Posts;
use crate::peer::{eventually, node, program, python, run, script_path};
use crate::sink::Sink;
use crate::site::{Plan, Site};

/// Why a test of a client does nothing.
const NO_NODE: &str = "target/peers has no npm packages (cargo xtask peers)";
const NO_PYTHON: &str = "target/peers has no Python packages (cargo xtask peers)";
const NO_PHP: &str = "PHP or Symfony's mailer is missing (cargo xtask peers)";

/// Who sends.
const DOMAIN: &str = "sender.test";

/// A site, the host that receives its mail, and a place that receives its posts.
pub(crate) struct World {
    pub(crate) site: Site,
    sink: Sink,
    pub(crate) posts: Posts,
    /// An account key.
    key: String,
}

impl World {
    fn start() -> Self {
        Self::with("")
    }

    /// A site with more in its configuration.
    pub(crate) fn with(tables: &str) -> Self {
        let sink = Sink::with("127.43.60.1", |line| {
            let says = |text: &str| line.to_ascii_lowercase().contains(text);
            if says("rcpt to:<nobody@") {
                return Some("550 5.1.1 no such mailbox here".to_owned());
            }
            says("rcpt to:<later@").then(|| "450 4.2.1 the mailbox is busy, come back later".to_owned())
        });
        let zone = format!(
            "{}author.test. TXT \"v=spf1 ip4:127.0.0.1 -all\"\nauthor.test. MX 10 mx.author.test.\n\
             mx.author.test. A 127.0.0.1\n",
            sink.zone("receiver.test")
        );
        let plan =
            Plan { zone, port: Some(sink.address.port()), tables: tables.to_owned(), ..Plan::default() };
        let site = Site::start(&plan);
        let made = site.json(&["key", "add", "operator"]);
        let key = made["key"].as_str().unwrap().to_owned();
        Self { site, sink, posts: Posts::start(), key }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.site.addresses.http[0])
    }

    /// Runs one case of a script. It reads what it must know from its input and tells what it saw in JSON.
    fn case(&self, mut command: Command, case: &str, more: &Value) -> Value {
        let http = self.site.addresses.http[0];
        let facts = json!({
            "case": case,
            "url": self.url(),
            "host": http.ip().to_string(),
            "port": http.port(),
            "key": self.key,
            "domain": DOMAIN,
            "posts": self.posts.url(),
        });
        let facts = with(facts, more);
        let ended = run(&mut command, facts.to_string().as_bytes());
        assert_eq!(ended.status, Some(0), "{case}\n{}\n{}", ended.output, ended.errors);
        let said = ended.output.lines().last().unwrap_or_default();
        serde_json::from_str(said).unwrap_or_else(|error| panic!("{case}: {error}: {}", ended.all()))
    }

    /// The events that a query finds, by curl.
    fn events(&self, query: &str) -> Vec<Value> {
        let answer = self.get(&format!("/v3/{DOMAIN}/events?limit=300&{query}"));
        answer["items"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
    }

    /// The first event that a query finds, once there is one.
    #[track_caller]
    pub(crate) fn event(&self, query: &str) -> Value {
        eventually(&format!("an event: {query}"), || self.events(query).into_iter().next())
    }

    /// One answer of the API.
    pub(crate) fn get(&self, path: &str) -> Value {
        let mut command = Command::new(program("curl").unwrap());
        command.args([
            "--silent",
            "--show-error",
            "--max-time",
            "30",
            "--user",
            &format!("api:{}", self.key),
        ]);
        let said = run(command.arg(format!("{}{path}", self.url())), b"").well();
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{path}: {error}: {said}"))
    }
}

/// Facts, and more of them.
fn with(mut facts: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().into_iter().flatten() {
        facts[name] = value.clone();
    }
    facts
}

/// A script for Node.
fn javascript(name: &str) -> Option<Command> {
    node(&format!("sdk/{name}"))
}

/// A script for Python.
fn snake(name: &str) -> Option<Command> {
    let mut command = Command::new(python()?);
    command.arg(script_path(&format!("sdk/{name}"))).env("PYTHONDONTWRITEBYTECODE", "1");
    Some(command)
}

/// A script for PHP.
fn elephant(name: &str) -> Option<Command> {
    let symfony = std::path::Path::new("/usr/share/php/Symfony/Component/Mailer/Bridge/Mailgun/autoload.php");
    let mut command = Command::new(program("php").filter(|_| symfony.exists())?);
    command.args(["-d", "error_reporting=E_ALL & ~E_DEPRECATED", "-d", "display_errors=stderr"]);
    command.arg(script_path(&format!("sdk/{name}")));
    Some(command)
}
