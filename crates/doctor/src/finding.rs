//! What was found.

use std::fmt::Display;
use std::time::Duration;

use tegami_auth::finding::{Change, Severity, State};
use tegami_mail::Note;

use crate::Check;

/// How sure we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// Seen.
    Certain,
    /// Concluded from what usually is so.
    Likely,
}

impl Confidence {
    /// The word of the JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
        }
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// In words.
    pub note: Note,
    /// What to publish: several lists are a choice, the first is what we would take.
    pub choices: Vec<Vec<Change>>,
    /// Lines for our own configuration.
    pub settings: Option<String>,
    /// Who has to do it, where that is not the owner of the domain: the owner of an address, of another domain.
    pub by: Option<String>,
}

impl Fix {
    /// Words alone.
    pub fn new(note: Note) -> Self {
        Self { note, choices: Vec::new(), settings: None, by: None }
    }

    /// With records; a second call gives a second choice.
    #[must_use]
    pub fn records(mut self, changes: Vec<Change>) -> Self {
        self.choices.push(changes);
        self
    }

    /// With lines for our own configuration.
    #[must_use]
    pub fn settings(self, lines: impl Into<String>) -> Self {
        Self { settings: Some(lines.into()), ..self }
    }

    /// Somebody else has to do it.
    #[must_use]
    pub fn by(self, who: impl Display) -> Self {
        Self { by: Some(who.to_string()), ..self }
    }
}

/// Something found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static Check,
    /// Of whom: a domain, a host, an address, a selector.
    pub subject: String,
    /// How it came out.
    pub state: State,
    /// How bad it is, where it fails: that of the check, or less.
    pub severity: Severity,
    /// What we saw and why it matters; for *unknown* and *na*, why.
    pub note: Note,
    /// The rule: that of the check, or a closer one.
    pub source: &'static str,
    /// The records, lines and replies behind it, as they came.
    pub evidence: Vec<String>,
    /// What to do.
    pub fix: Option<Fix>,
    /// How sure we are.
    pub confidence: Confidence,
    /// How long the records behind it may be kept: looking again earlier may show the old ones.
    pub ttl: Option<Duration>,
    /// What it takes from the score, in tenths of a point, where that is not what its check takes.
    pub points: Option<u32>,
}

impl Finding {
    /// With something behind it.
    #[must_use]
    pub fn evidence(mut self, line: impl Display) -> Self {
        self.evidence.push(line.to_string());
        self
    }

    /// With several things behind it.
    #[must_use]
    pub fn evidences(mut self, lines: impl IntoIterator<Item = impl Display>) -> Self {
        self.evidence.extend(lines.into_iter().map(|line| line.to_string()));
        self
    }

    /// With what to do.
    #[must_use]
    pub fn fix(self, fix: Fix) -> Self {
        Self { fix: Some(fix), ..self }
    }

    /// Less bad than the check can be.
    #[must_use]
    pub fn severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// Should be changed rather than must, and is less bad.
    #[must_use]
    pub fn as_warning(self, severity: Severity) -> Self {
        Self { state: State::Warn, severity, ..self }
    }

    /// Takes so many tenths of a point from the score, rather than what its check takes.
    #[must_use]
    pub fn points(self, tenths: u32) -> Self {
        Self { points: Some(tenths), ..self }
    }

    /// By a closer rule.
    #[must_use]
    pub fn source(self, source: &'static str) -> Self {
        Self { source, ..self }
    }

    /// Not seen, but concluded.
    #[must_use]
    pub fn likely(self) -> Self {
        Self { confidence: Confidence::Likely, ..self }
    }

    /// From records that may be kept so long.
    #[must_use]
    pub fn ttl(self, ttl: Duration) -> Self {
        Self { ttl: Some(ttl), ..self }
    }
}
