//! What every command knows: language, form of the output, where the configuration lies.

use std::io::IsTerminal;
use std::path::PathBuf;

use tegami_mail::Note;
use tegami_words::Language;

use crate::cli::{self, Global};
use crate::config::{Config, ConfigError};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Exit status 0.
    Well,
    /// Exit status 1: a finding or a failing verdict.
    Finding,
}

/// What a command prints, and how it ended.
#[derive(Debug)]
pub(crate) struct Report {
    /// For standard output; ends with a line end unless it is empty.
    pub(crate) text: String,
    /// How it ended.
    pub(crate) outcome: Outcome,
}

impl Report {
    /// All well, with this text.
    pub(crate) fn well(text: impl Into<String>) -> Self {
        let mut text = text.into();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        Self { text, outcome: Outcome::Well }
    }

    /// All well, with this value as indented JSON.
    pub(crate) fn json(value: &serde_json::Value) -> Self {
        Self::well(format!("{value:#}"))
    }
}

/// Why a command could not run: exit status 2.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A sentence of ours.
    Note(Note),
    /// Words of a room or of the system, which have one language.
    Text(String),
    /// The configuration.
    Config(ConfigError),
    /// It has been told already.
    Told,
}

impl From<Note> for Failure {
    fn from(note: Note) -> Self {
        Self::Note(note)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<tegami_store::StoreError> for Failure {
    fn from(error: tegami_store::StoreError) -> Self {
        Self::Text(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Text(error.to_string())
    }
}

/// What every command knows.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// The reader's language.
    pub(crate) language: Language,
    /// JSON instead of text.
    pub(crate) json: bool,
    config: Option<PathBuf>,
}

impl Context {
    pub(crate) fn new(global: &Global) -> Self {
        Self {
            language: global.lang.unwrap_or_else(cli::locale),
            json: global.json,
            config: global.config.clone(),
        }
    }

    /// For `sendmail`, which has no options for any of it.
    pub(crate) fn for_sendmail(config: Option<PathBuf>) -> Self {
        let config = config.or_else(|| std::env::var_os("TEGAMI_CONFIG").map(PathBuf::from));
        Self { language: cli::locale(), json: false, config }
    }

    /// The same, with JSON instead of text.
    pub(crate) fn for_programs(&self) -> Self {
        Self { json: true, ..self.clone() }
    }

    /// The configuration file in use.
    pub(crate) fn config_path(&self) -> PathBuf {
        Config::find(self.config.as_deref())
    }

    /// The configuration.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        let path = self.config_path();
        if self.config.is_none() && !path.exists() {
            return Err(ConfigError::Missing.into());
        }
        Ok(Config::load(&path)?)
    }

    /// A note in the reader's language.
    pub(crate) fn say(&self, note: &Note) -> String {
        tegami_words::note(self.language, note)
    }

    /// A message without variables in the reader's language.
    pub(crate) fn word(&self, id: &str) -> String {
        tegami_words::plain(self.language, id)
    }

    /// Prints a value as JSON, indented for people who look at it.
    pub(crate) fn print_json(&self, value: &serde_json::Value) {
        anstream::println!("{value:#}");
    }
}

impl Failure {
    /// For standard error.
    pub(crate) fn render(&self, context: &Context) -> String {
        match self {
            Self::Note(note) => format!("tegami: {}", context.say(note)),
            Self::Text(text) => format!("tegami: {text}"),
            Self::Config(error @ (ConfigError::Missing | ConfigError::Unreadable { .. })) => {
                format!("tegami: {}", error.render(context.language, false))
            }
            Self::Config(error) => error.render(context.language, std::io::stderr().is_terminal()),
            Self::Told => String::new(),
        }
    }
}

/// A moment for people: `2026-11-21 19:30:00Z`, UTC, to the second.
pub(crate) fn moment(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
