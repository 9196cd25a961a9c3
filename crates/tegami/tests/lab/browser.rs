//! The pages in headless Chromium.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Lab, on_path};

/// Chromium with nothing that wants the network.
fn chromium(profile: &Path, more: &[&str], url: &str) -> Command {
    let mut command = Command::new("chromium");
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        // The live stream never ends; the page is looked at after this many milliseconds.
        "--timeout=3000",
    ]);
    command.arg(format!("--user-data-dir={}", profile.display())).args(more).arg(url).stdin(Stdio::null());
    command
}

fn profile() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The document after its scripts ran.
fn document(url: &str) -> String {
    judged(url).0
}

/// The document, and what the browser refused to do or could not do on its page.
fn judged(url: &str) -> (String, Vec<String>) {
    let profile = profile();
    let flags = ["--dump-dom", "--enable-logging=stderr"];
    let output = chromium(profile.path(), &flags, url).output().expect("chromium runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    let said = errors.lines().filter(|line| line.contains("CONSOLE"));
    let document = String::from_utf8_lossy(&output.stdout).into_owned();
    (document, said.map(str::to_owned).collect())
}

/// Where people look at the screenshots.
fn screenshots() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    std::fs::create_dir_all(&folder).expect("the folder for screenshots");
    folder
}

#[test]
fn pages_in_chromium() {
    if !on_path("chromium") {
        println!("SKIPPED: chromium is not installed");
        return;
    }
    let lab = Lab::start("en");
    let page = lab.page();
    for (language, fate) in [("en", "bigmail.test"), ("ja", "お問い合わせ")] {
        let shown = document(&format!("{page}?lang={language}"));
        assert!(shown.contains(&format!("lang=\"{language}\"")), "{shown}");
        assert!(shown.contains(fate), "{shown}");
        assert!(shown.contains("hanako@bigmail.test"), "{shown}");
        for (name, size) in [("desktop", "1280,2400"), ("phone", "390,3600")] {
            let file = screenshots().join(format!("lab-{language}-{name}.png"));
            let profile = profile();
            let flags = [format!("--screenshot={}", file.display()), format!("--window-size={size}")];
            let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
            let status = chromium(profile.path(), &flags, &format!("{page}?lang={language}")).status();
            assert!(status.expect("chromium runs").success());
            assert!(std::fs::metadata(&file).expect("a screenshot").len() > 10_000, "{}", file.display());
        }
    }
    let overview = document(&format!("{page}?lang=en"));
    let link = overview.split("href=\"/messages/").nth(1).and_then(|rest| rest.split('"').next());
    let message = document(&format!("{page}messages/{}", link.expect("a message is linked")));
    for mark in ["EHLO", "RFC 7208", "RFC 6376", "TLS"] {
        assert!(message.contains(mark), "`{mark}` is missing on the message's page:\n{message}");
    }
}

/// What people administer: each page with something that it shows in the lab, in both languages.
const PAGES: [(&str, &str, &str); 11] = [
    ("messages", "<h1>Messages</h1>", "<h1>メール</h1>"),
    ("messages?q=hanako&fate=delivered", "hanako@bigmail.test", "配送済み"),
    ("queue", "<h2>Providers</h2>", "<h2>事業者</h2>"),
    ("mailboxes", "app@shop.test", "app@shop.test"),
    ("domains", "newshop.test", "newshop.test"),
    ("domains/shop.test", "Records to publish", "公開するレコード"),
    ("suppressions", "<h1>Suppressions</h1>", "<h1>送信停止</h1>"),
    ("routes", "Try the routes", "ルートを試す"),
    ("webhooks", "Tell a URL", "URL に知らせる"),
    ("templates", "Make a template", "テンプレートを作る"),
    ("keys", "API keys", "API キー"),
];

#[test]
fn pages_that_people_work_with_in_chromium() {
    if !on_path("chromium") {
        println!("SKIPPED: chromium is not installed");
        return;
    }
    let lab = Lab::start("en");
    let page = lab.page();
    for (path, english, japanese) in PAGES {
        let joint = if path.contains('?') { '&' } else { '?' };
        for (language, mark) in [("en", english), ("ja", japanese)] {
            let (shown, said) = judged(&format!("{page}{path}{joint}lang={language}"));
            assert!(shown.contains(mark), "{path}: `{mark}` is missing:\n{shown}");
            assert!(said.is_empty(), "{path}: {said:?}");
        }
        let name: String =
            path.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '-' }).collect();
        for (width, size) in [("desktop", "1180,1100"), ("phone", "390,1400")] {
            let file = screenshots().join(format!("{name}-{width}.png"));
            let profile = profile();
            let flags = [format!("--screenshot={}", file.display()), format!("--window-size={size}")];
            let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
            let status = chromium(profile.path(), &flags, &format!("{page}{path}{joint}lang=en")).status();
            assert!(status.expect("chromium runs").success());
        }
    }
}
