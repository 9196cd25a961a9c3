//! A file with what was found once, for CI.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tegami_doctor::Examination;
use tegami_doctor::memory::{Changed, Memory, Row, rows};
use tegami_mail::note;

use super::super::Failure;

/// A file with what was found once.
#[derive(Clone, Debug)]
pub(super) struct Baseline {
    pub(super) memory: Memory,
    /// When.
    pub(super) at: Timestamp,
    /// Just now, because there was none.
    pub(super) written: bool,
}

/// The form of the file.
#[derive(Serialize, Deserialize)]
struct Form {
    subject: String,
    at: Timestamp,
    findings: Vec<Row>,
}

impl Baseline {
    /// Reads the file; writes it where there is none.
    ///
    /// # Errors
    /// It cannot be read or written, is none, or is one of another subject.
    pub(super) fn open(path: &Path, examination: &Examination, now: Timestamp) -> Result<Self, Failure> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Self::write(path, examination, now);
            }
            Err(error) => {
                return Err(note!("cli-file-unreadable", file = path.display(), reason = error).into());
            }
        };
        let bad = |error: serde_json::Error| {
            note!("cli-check-baseline-bad", file = path.display(), reason = error.to_string())
        };
        let form: Form = serde_json::from_str(&text).map_err(bad)?;
        if form.subject != examination.subject {
            let (of, wanted) = (&form.subject, &examination.subject);
            let file = path.display();
            return Err(note!("cli-check-baseline-other", file = file, of = of, wanted = wanted).into());
        }
        Ok(Self { memory: Memory::of(&form.findings), at: form.at, written: false })
    }

    fn write(path: &Path, examination: &Examination, at: Timestamp) -> Result<Self, Failure> {
        let memory = Memory::of(&rows(examination));
        let findings = memory.known().cloned().collect();
        let form = Form { subject: examination.subject.clone(), at, findings };
        let text = serde_json::to_string_pretty(&form).map_err(|error| Failure::Text(error.to_string()))?;
        std::fs::write(path, text + "\n")
            .map_err(|error| note!("cli-file-unwritable", file = path.display(), reason = error))?;
        Ok(Self { memory, at, written: true })
    }
}

/// What is told of a baseline.
#[derive(Clone, Debug)]
pub(super) struct Since {
    pub(super) at: Timestamp,
    /// It was written just now.
    pub(super) written: bool,
    pub(super) changes: Vec<Changed>,
}

impl Since {
    pub(super) fn as_json(&self) -> Value {
        json!({
            "at": self.at,
            "written": self.written,
            "changes": self.changes.iter().map(Changed::as_json).collect::<Vec<_>>(),
        })
    }
}
