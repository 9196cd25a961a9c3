//! Whether the commands that the manual names are commands.

use std::path::Path;

use clap::Command;

use super::{Language, command};

#[test]
fn every_command_of_the_manual_is_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files: Vec<_> =
        ["README.md", "README.ja.md", "CONTRIBUTING.md"].map(|name| root.join(name)).into();
    files.extend(std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    let tegami = command(Language::English);
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files.into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "md")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for told in told(&text) {
            count += 1;
            if let Err(word) = look(&tegami, told) {
                wrong.push(format!("{}: `tegami {told}`: {word}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 100, "{count}");
}

#[test]
fn what_is_no_command_is_found() {
    let tegami = command(Language::English);
    for right in [
        "serve",
        "--config FILE queue list|show --state held",
        "lookup spf example.com --json",
        "why ID|ADDRESS",
    ] {
        assert_eq!(look(&tegami, right), Ok(()), "{right}");
    }
    for (wrong, word) in [("serv", "serv"), ("queue list|shew", "shew"), ("why ID --dryrun", "--dryrun")] {
        assert_eq!(look(&tegami, wrong), Err(word), "{wrong}");
    }
}

/// Command lines: in code within a sentence, and at the beginning of a line of a block of code.
fn told(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, piece) in text.split("```").enumerate() {
        if at % 2 == 1 {
            found.extend(piece.lines().filter_map(|line| line.trim_start().strip_prefix("tegami ")));
        } else {
            let spans = piece.split('`').skip(1).step_by(2);
            found.extend(spans.filter_map(|span| span.strip_prefix("tegami ")));
        }
    }
    found
}

/// The first word that stands for nothing, of those before anything that is the shell's.
fn look<'a>(tegami: &Command, line: &'a str) -> Result<(), &'a str> {
    let mut at = tegami;
    let mut words =
        line.split_whitespace().take_while(|word| !["#", "|", ">", "<", "&&", "\\"].contains(word));
    while let Some(word) = words.next() {
        let bare = word.trim_matches(['[', ']', ',']);
        if let Some(option) = bare.strip_prefix("--") {
            let (name, value) =
                option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
            let mut arguments = at.get_arguments().chain(tegami.get_arguments());
            let known = arguments.find(|known| known.get_long() == Some(name)).ok_or(bare)?;
            if known.get_action().takes_values() && value.is_none() {
                words.next();
            }
        } else if at.has_subcommands() && is_word(bare) {
            for name in bare.split('|') {
                let below = at.find_subcommand(name).ok_or(name)?;
                if name.len() == bare.len() {
                    at = below;
                }
            }
            if bare.contains('|') {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Words in capitals stand for something else.
fn is_word(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_lowercase())
}
