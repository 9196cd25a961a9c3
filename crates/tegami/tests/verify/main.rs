//! The verification commands as a person runs them: the built program, zone text and messages in a folder.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test program"
)]

mod check;
mod contract;
mod field;
mod inspect;
mod list;
mod lookup;
mod lookup_host;
mod what_if;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use expect_test::{Expect, ExpectFile};
use jiff::Timestamp;
use tegami_auth::dkim::{PrivateKey, Signer, record_name, sign};

/// The moment at which the messages are judged.
const NOW: &str = "2026-07-06T00:31:00Z";

const ZONE: &str = r#"
$TTL 3600
example.org.                MX   10 mx1.example.org.
example.org.                MX   20 mx2.example.org.
example.org.                TXT  "v=spf1 include:spf.example.net -all"
spf.example.net.            TXT  "v=spf1 ip4:192.0.2.0/28 ~all"
mx1.example.org.            A    192.0.2.1
mx1.example.org.            AAAA 2001:db8::1
mx2.example.org.            A    192.0.2.2
mx2.example.org.            A    192.0.2.3
mx1.example.org.            TXT  "v=spf1 a -all"
1.2.0.192.in-addr.arpa.     PTR  mx1.example.org.
9.100.51.198.in-addr.arpa.  PTR  liar.example.org.
liar.example.org.           A    198.51.100.10
_dmarc.example.org.         TXT  "v=DMARC1; p=reject; sp=quarantine"
news.example.org.           A    192.0.2.8
nomail.example.org.         MX   0 .
bare.example.org.           A    192.0.2.20
explains.example.org.       TXT  "v=spf1 -all exp=why.example.org"
why.example.org.            TXT  "%{i} is not ours"
$TIMEOUT broken.example.org
"#;

/// A folder with a zone file and messages; gone when the test ends.
struct Scene {
    folder: tempfile::TempDir,
}

/// What the program answered.
struct Answer {
    status: i32,
    output: String,
    errors: String,
}

impl Scene {
    /// The zone above, with more lines.
    fn new(more: &str) -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap() };
        scene.file("zone", format!("{ZONE}{more}").as_bytes());
        scene
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Runs a command line; words are parted by blanks, `''` is the empty word.
    fn run(&self, words: &str) -> Answer {
        self.run_with(words, b"")
    }

    fn run_with(&self, words: &str, input: &[u8]) -> Answer {
        let words = words.split_ascii_whitespace().map(|word| if word == "''" { "" } else { word });
        self.run_words(&words.collect::<Vec<_>>(), input)
    }

    /// The same with styles, as on a terminal.
    fn run_styled(&self, words: &str) -> Answer {
        let words = words.split_ascii_whitespace().map(|word| if word == "''" { "" } else { word });
        self.run_words_in(&words.collect::<Vec<_>>(), b"", &[("CLICOLOR_FORCE", "1")])
    }

    fn run_words(&self, words: &[&str], input: &[u8]) -> Answer {
        self.run_words_in(words, input, &[])
    }

    fn run_words_in(&self, words: &[&str], input: &[u8], environment: &[(&str, &str)]) -> Answer {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tegami"))
            .args(words)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let done = child.wait_with_output().unwrap();
        Answer {
            status: done.status.code().unwrap(),
            output: String::from_utf8(done.stdout).unwrap(),
            errors: String::from_utf8(done.stderr).unwrap(),
        }
    }

    /// The exit status and all that was printed.
    fn check(&self, words: &str, expect: &Expect) {
        let Answer { status, output, errors } = self.run(words);
        expect.assert_eq(&format!("{output}{errors}exit status {status}\n"));
    }

    /// The same, for long texts that stand in a file of their own.
    pub(crate) fn check_file(&self, words: &str, expect: &ExpectFile) {
        let Answer { status, output, errors } = self.run(words);
        expect.assert_eq(&format!("{output}{errors}exit status {status}\n"));
    }

    fn json(&self, words: &str) -> (i32, serde_json::Value) {
        let answer = self.run(&format!("{words} --json"));
        let value = serde_json::from_str(&answer.output)
            .unwrap_or_else(|error| panic!("{error}: {}{}", answer.output, answer.errors));
        (answer.status, value)
    }
}

/// A key for `mail._domainkey.example.org`, and the zone line that publishes it.
fn key() -> (Signer, String) {
    let key = Arc::new(PrivateKey::generate_ed25519().unwrap());
    let signer = Signer::new("example.org".parse().unwrap(), "mail".parse().unwrap(), key);
    let name = record_name(&signer.selector, &signer.domain);
    let line = format!("{name}. TXT \"{}\"\n", signer.key.dns_record());
    (signer, line)
}

/// The content, signed a minute before it is judged.
fn signed(content: &str, signer: &Signer) -> Vec<u8> {
    let content = content.replace('\n', "\r\n");
    let at: Timestamp = "2026-07-06T00:30:00Z".parse().unwrap();
    let mut message = sign(content.as_bytes(), std::slice::from_ref(signer), at).unwrap();
    message.extend_from_slice(content.as_bytes());
    message
}
