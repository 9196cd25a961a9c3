//! One step of an evaluation.

use std::fmt::{Display, Write as _};

use serde::Serialize;
use tegami_mail::{Note, Text};

/// One step: what was looked at, what came of it, why, by which rule. The JSON of the verification commands shows
/// `depth`, `domain`, `term`, `outcome`, `detail` (the note in the reader's language) and `source`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// How deep in includes and redirects; 0 is the outermost.
    pub depth: u8,
    /// The domain whose record is being read.
    pub domain: Text,
    /// What was looked at: an SPF term, `body hash`, `_dmarc.example.org`.
    pub term: Text,
    /// What came of it: `match`, `no-match`, `error`, `pass`, `fail`, `found`, `none` …
    pub outcome: &'static str,
    /// Why, for people.
    pub note: Note,
    /// The rule, for example `RFC 7208 section 5.2`.
    pub source: &'static str,
    /// What the evaluation has cost so far; for a term of SPF only.
    pub spent: Option<Spent>,
}

/// What an evaluation of SPF has spent of its limits (RFC 7208 section 4.6.4), this term included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Spent {
    /// DNS-querying terms so far.
    pub lookups: u8,
    /// Void lookups so far; for an include, those before it.
    pub void_lookups: u8,
}

/// `a, b, c`, or a dash for nothing.
pub(crate) fn list<T: Display>(items: impl IntoIterator<Item = T>) -> Text {
    let mut text = String::new();
    for item in items {
        let between = if text.is_empty() { "" } else { ", " };
        // Memory takes everything.
        let _ = write!(text, "{between}{item}");
    }
    if text.is_empty() { Text::from_static("–") } else { text.into() }
}

/// Steps as lines for tests: what people would read without the sentences.
#[cfg(test)]
pub(crate) fn show(steps: &[Step]) -> String {
    let mut shown = String::new();
    for step in steps {
        let args: Vec<String> =
            step.note.args.iter().map(|(name, value)| format!("{name}={value}")).collect();
        shown.push_str(&format!(
            "{}{} [{}] {} | {} {} | {}\n",
            "  ".repeat(usize::from(step.depth)),
            step.term,
            step.domain,
            step.outcome,
            step.note.id,
            args.join(" "),
            step.source
        ));
    }
    shown
}

/// Runs a future that never waits for anything outside.
#[cfg(test)]
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
