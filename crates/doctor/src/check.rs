//! One thing that is looked at.

use std::fmt;

use tegami_auth::finding::{Severity, State};
use tegami_mail::Note;

use crate::{Confidence, Finding};

/// What a check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum About {
    /// A domain and what is published for it.
    Domain,
    /// A host that receives mail.
    Host,
    /// An address that sends mail.
    Address,
    /// One message, with the connection that brought it.
    Message,
    /// This installation.
    Own,
    /// The network between us and others.
    Path,
}

impl About {
    /// The word of the JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Host => "host",
            Self::Address => "ip",
            Self::Message => "msg",
            Self::Own => "self",
            Self::Path => "path",
        }
    }
}

/// Who cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Who {
    /// Gmail.
    Gmail,
    /// Outlook.com.
    Outlook,
    /// Yahoo.
    Yahoo,
    /// iCloud.
    ICloud,
    /// Japanese carriers.
    JpCarriers,
    /// Everybody who keeps to the standard.
    Rfc,
}

impl Who {
    /// The word of the JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gmail => "gmail",
            Self::Outlook => "outlook",
            Self::Yahoo => "yahoo",
            Self::ICloud => "icloud",
            Self::JpCarriers => "jp-carriers",
            Self::Rfc => "rfc",
        }
    }
}

/// What a receiver is documented to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// Who.
    pub provider: Who,
    /// Its reply, for example `550 5.7.25`.
    pub code: &'static str,
}

/// One thing that is looked at. Its title is the sentence `check-ID` with hyphens for dots, its documentation `check-ID-about`.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// Stable, for example `mx.null`.
    pub id: &'static str,
    /// What it looks at.
    pub about: About,
    /// How bad a failure is.
    pub severity: Severity,
    /// The rule, for example `RFC 7505 section 3`.
    pub source: &'static str,
    /// Who cares.
    pub who: &'static [Who],
    /// What receivers are documented to answer.
    pub consequences: &'static [Consequence],
    /// Checks without whose success this one says nothing: where one of them fails or is unknown for the same subject or for the
    /// whole examination, this one is *na*.
    pub depends: &'static [&'static str],
}

impl Check {
    /// A check that nobody in particular cares about.
    pub const fn new(id: &'static str, about: About, severity: Severity, source: &'static str) -> Self {
        Self { id, about, severity, source, who: &[], consequences: &[], depends: &[] }
    }

    /// These care.
    #[must_use]
    pub const fn who(self, who: &'static [Who]) -> Self {
        Self { who, ..self }
    }

    /// These answer so.
    #[must_use]
    pub const fn answers(self, consequences: &'static [Consequence]) -> Self {
        Self { consequences, ..self }
    }

    /// Says nothing where one of these failed.
    #[must_use]
    pub const fn after(self, depends: &'static [&'static str]) -> Self {
        Self { depends, ..self }
    }

    /// The sentence with the title.
    pub fn title(&self) -> String {
        format!("check-{}", self.id.replace('.', "-"))
    }

    /// The sentence with the documentation.
    pub fn documentation(&self) -> String {
        format!("{}-about", self.title())
    }

    /// All well.
    pub fn pass(&'static self, subject: impl fmt::Display, note: Note) -> Finding {
        self.found(State::Pass, subject, note)
    }

    /// Worth knowing.
    pub fn info(&'static self, subject: impl fmt::Display, note: Note) -> Finding {
        self.found(State::Info, subject, note)
    }

    /// Should be changed.
    pub fn warn(&'static self, subject: impl fmt::Display, note: Note) -> Finding {
        self.found(State::Warn, subject, note)
    }

    /// Must be changed.
    pub fn fail(&'static self, subject: impl fmt::Display, note: Note) -> Finding {
        self.found(State::Fail, subject, note)
    }

    /// We could not look; the note says why.
    pub fn unknown(&'static self, subject: impl fmt::Display, note: Note) -> Finding {
        self.found(State::Unknown, subject, note)
    }

    /// The question does not arise; the note says why.
    pub fn not_applicable(&'static self, subject: impl fmt::Display, note: Note) -> Finding {
        self.found(State::NotApplicable, subject, note)
    }

    /// Any state.
    pub fn found(&'static self, state: State, subject: impl fmt::Display, note: Note) -> Finding {
        Finding {
            check: self,
            subject: subject.to_string(),
            state,
            severity: self.severity,
            note,
            source: self.source,
            evidence: Vec::new(),
            fix: None,
            confidence: Confidence::Certain,
            ttl: None,
            points: None,
        }
    }
}
