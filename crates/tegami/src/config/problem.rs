//! What is wrong with a configuration, shown at its place.

use std::ops::Range;
use std::path::PathBuf;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use tegami_mail::{Note, note};
use tegami_words::Language;

use super::DEFAULT_PATHS;

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Octets of the file that it is about.
    pub(crate) span: Range<usize>,
    /// What is wrong.
    pub(crate) message: Note,
    /// What to type instead.
    pub(crate) help: Option<Note>,
}

/// Why there is no configuration.
#[derive(Clone, Debug)]
pub(crate) enum ConfigError {
    /// None is named, and none lies where we look.
    Missing,
    /// The file cannot be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// It says things that cannot be.
    Wrong {
        /// Which.
        path: PathBuf,
        /// Its text.
        text: String,
        /// All that is wrong, in the order of the file.
        problems: Vec<Problem>,
    },
}

impl ConfigError {
    /// For a terminal: each problem below its line.
    pub(crate) fn render(&self, language: Language, styled: bool) -> String {
        match self {
            Self::Missing => {
                let [first, second] = DEFAULT_PATHS;
                tegami_words::note(language, &note!("cli-config-none", first = first, second = second))
            }
            Self::Unreadable { path, reason } => {
                let about = note!("cli-config-unreadable", path = path.display(), reason = reason);
                tegami_words::note(language, &about)
            }
            Self::Wrong { path, text, problems } => {
                let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
                let path = path.display().to_string();
                let parts: Vec<String> =
                    problems.iter().map(|problem| show(&renderer, language, &path, text, problem)).collect();
                parts.join("\n\n")
            }
        }
    }

    /// For programs: line and column of every problem, from 1.
    pub(crate) fn to_json(&self, language: Language) -> serde_json::Value {
        match self {
            Self::Missing => {
                serde_json::json!({"file": null, "problems": [{"message": self.render(language, false)}]})
            }
            Self::Unreadable { path, .. } => {
                serde_json::json!({"file": path.display().to_string(), "problems": [{"message": self.render(language, false)}]})
            }
            Self::Wrong { path, text, problems } => {
                let list: Vec<_> =
                    problems.iter().map(|problem| problem_json(language, text, problem)).collect();
                serde_json::json!({"file": path.display().to_string(), "problems": list})
            }
        }
    }
}

fn problem_json(language: Language, text: &str, problem: &Problem) -> serde_json::Value {
    let before = text.get(..problem.span.start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    serde_json::json!({
        "line": line,
        "column": column,
        "message": tegami_words::note(language, &problem.message),
        "help": problem.help.as_ref().map(|help| tegami_words::note(language, help)),
    })
}

fn show(renderer: &Renderer, language: Language, path: &str, text: &str, problem: &Problem) -> String {
    let message = tegami_words::note(language, &problem.message);
    let help = problem.help.as_ref().map(|help| tegami_words::note(language, help));
    let end = problem.span.end.min(text.len());
    let span = problem.span.start.min(end)..end;
    let snippet = Snippet::source(text).path(path).annotation(AnnotationKind::Primary.span(span));
    let mut group = Group::with_title(Level::ERROR.primary_title(message)).element(snippet);
    if let Some(help) = help {
        group = group.element(Level::HELP.message(help));
    }
    renderer.render(&[group])
}
