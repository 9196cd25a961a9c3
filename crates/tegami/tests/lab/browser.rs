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
    let profile = profile();
    let output = chromium(profile.path(), &["--dump-dom"], url).output().expect("chromium runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
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
