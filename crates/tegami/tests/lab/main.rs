//! The lab, run as a newcomer runs it: the story, the commands it prints, its pages in a real browser.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::print_stdout, reason = "what is skipped is said")]

mod browser;
mod doctor;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

fn tegami() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tegami"));
    command.env_remove("TEGAMI_CONFIG").stdin(Stdio::null());
    command
}

/// A lab that keeps running; ended when dropped.
struct Lab {
    child: Child,
    /// What it printed up to its last line.
    told: String,
}

impl Lab {
    fn start(language: &str) -> Self {
        Self::start_with(language, &[])
    }

    /// With more words on its command line.
    fn start_with(language: &str, more: &[&str]) -> Self {
        let mut child = tegami()
            .args(["lab", "--lang", language])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("tegami starts");
        let last = if language == "ja" { "Ctrl-C で" } else { "Ctrl-C ends" };
        let mut lines = BufReader::new(child.stdout.take().expect("its output is ours"));
        let mut told = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(
                lines.read_line(&mut line).expect("its output can be read"),
                0,
                "the lab ended early:\n{told}"
            );
            told.push_str(&line);
            if line.starts_with(last) {
                break;
            }
        }
        // Whatever it prints later must not fill the pipe.
        std::thread::spawn(move || lines.read_to_end(&mut Vec::new()));
        Self { child, told }
    }

    /// The address of its page.
    fn page(&self) -> String {
        let start = self.told.find("http://").expect("it prints its page");
        self.told[start..].split_whitespace().next().expect("an address").to_owned()
    }

    /// The commands it prints, one string each.
    fn commands(&self) -> Vec<String> {
        let after = self.told.split("\n  # ").skip(1);
        after
            .map(|block| {
                let lines = block.lines().skip(1).take_while(|line| line.starts_with("  "));
                lines.collect::<Vec<_>>().join("\n")
            })
            .collect()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_message_of_the_story_meets_its_fate() {
    let output = tegami().args(["lab", "--once", "--json"]).output().expect("tegami runs");
    let told = String::from_utf8(output.stdout).expect("UTF-8");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{errors}");
    let story: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(story["as_expected"], true);
    let scenes = story["scenes"].as_array().expect("scenes");
    assert_eq!(scenes.len(), 11);
    for scene in scenes {
        assert_eq!(scene["as_expected"], true, "{}", scene["name"]);
    }
}

#[test]
fn the_story_is_told_in_both_languages() {
    for (language, closing) in [
        ("en", "11 of 11 messages met their expected fate."),
        ("ja", "11 通のうち 11 通が予想どおりになりました。"),
    ] {
        let output = tegami().args(["lab", "--once", "--lang", language]).output().expect("tegami runs");
        let told = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(told.contains(closing), "{told}");
        for mark in ["DKIM  pass t", "DMARC pass", "5.7.26", "5.7.23", "5.1.1", "451 4.7.1", "TLSv1.3"] {
            assert!(told.contains(mark), "`{mark}` is missing:\n{told}");
        }
    }
}

#[test]
fn the_commands_it_prints_work() {
    let lab = Lab::start("en");
    let commands = lab.commands();
    assert_eq!(commands.len(), 4, "{}", lab.told);
    let wanted = [
        ("curl", "Queued. Thank you."),
        ("swaks", "queued as"),
        ("swaks", "550 5.7.26"),
        ("dig", "v=spf1 ip4:127.42.0.1 -all"),
    ];
    for (command, (program, answer)) in commands.iter().zip(wanted) {
        if !on_path(program) {
            println!("SKIPPED: {program} is not installed");
            continue;
        }
        let output = Command::new("sh").args(["-c", command]).stdin(Stdio::null()).output().expect("sh runs");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(told.contains(answer), "{command}\n{told}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Whether a program can be called.
fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
