//! What a survey finds: one value for each cause, with its place, its sentence, its rule and what to do.

use std::fmt::Display;
use std::sync::Arc;

use serde::Serialize;
use tegami_mail::Note;

use super::super::record::Record;
pub use crate::finding::{Change, Operation, Severity, State};

/// One thing that is looked at.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// Stable, for example `spf.lookup-limit`.
    pub id: &'static str,
    /// How bad a failure is.
    pub severity: Severity,
    /// The rule.
    pub source: &'static str,
}

macro_rules! checks {
    ($($name:ident = $id:literal $severity:ident $source:literal;)+) => {
        $(pub(super) const $name: Check = Check { id: $id, severity: Severity::$severity, source: $source };)+
        /// Every check of a survey.
        pub const CHECKS: &[Check] = &[$($name),+];
    };
}

checks! {
    EXISTS = "spf.exists" S4 "RFC 7208 section 4.5";
    MULTIPLE = "spf.multiple" S4 "RFC 7208 section 4.5";
    VERSION = "spf.version" S4 "RFC 7208 section 4.5";
    WRONG_LOCATION = "spf.wrong-location" S3 "RFC 7208 section 3";
    TYPE99 = "spf.type99" S1 "RFC 7208 section 3.1";
    SYNTAX = "spf.syntax" S4 "RFC 7208 section 4.6";
    STRING_SPLIT = "spf.string-split" S4 "RFC 7208 section 3.3";
    LOOKUP_LIMIT = "spf.lookup-limit" S4 "RFC 7208 section 4.6.4";
    VOID_LOOKUPS = "spf.void-lookups" S3 "RFC 7208 section 4.6.4";
    INCLUDE_MISSING = "spf.include-missing" S4 "RFC 7208 section 5.2";
    INCLUDE_PERMERROR = "spf.include-permerror" S4 "RFC 7208 section 5.2";
    INCLUDE_LOOP = "spf.include-loop" S4 "RFC 7208 section 5.2";
    REDIRECT_LOOP = "spf.redirect-loop" S4 "RFC 7208 section 6.1";
    REDIRECT = "spf.redirect" S3 "RFC 7208 section 6.1";
    MX_COUNT = "spf.mx-count" S3 "RFC 7208 section 4.6.4";
    PTR_COUNT = "spf.ptr-count" S3 "RFC 7208 section 4.6.4";
    PTR = "spf.ptr" S2 "RFC 7208 section 5.5";
    ALL_PLUS = "spf.all-plus" S3 "RFC 7208 section 5.1";
    WIDE_RANGE = "spf.wide-range" S2 "RFC 7208 section 10.1.2";
    PRIVATE_RANGE = "spf.private-range" S2 "RFC 6890 section 2.2.2";
    ALL_MISSING = "spf.all-missing" S2 "RFC 7208 section 4.7";
    AFTER_ALL = "spf.after-all" S2 "RFC 7208 section 5.1";
    QUALIFIER = "spf.qualifier" S1 "RFC 9989 section 7.1";
    MACROS = "spf.macros" S2 "RFC 7208 section 7.1";
    LENGTH = "spf.length" S2 "RFC 7208 section 3.4";
    CASE_AND_DOTS = "spf.case-and-dots" S1 "RFC 7208 section 7.1";
    EXP = "spf.exp" S1 "RFC 7208 section 6.2";
    REDUNDANT = "spf.redundant" S1 "RFC 7208 section 4.6.4";
    TEMPERROR = "spf.temperror" S3 "RFC 7208 section 2.6.6";
    NONSENDING = "spf.nonsending" S1 "RFC 7208 section 10.1.2";
}

/// A stretch of a record, in octets; the first column is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Where it begins.
    pub column: usize,
    /// How long it is.
    pub length: usize,
}

/// Where in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The whole record, its character-strings joined.
    pub record: Arc<[u8]>,
    /// The octet at which the mistake becomes one.
    pub column: usize,
    /// The term, or the terms that belong to one mistake.
    pub span: Span,
}

impl Place {
    /// What stands there.
    pub fn term(&self) -> String {
        let begin = self.span.column.saturating_sub(1);
        let octets = self.record.get(begin..begin + self.span.length).unwrap_or_default();
        String::from_utf8_lossy(octets).into_owned()
    }
}

/// What to put in the place of a stretch of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// The stretch.
    #[serde(flatten)]
    pub span: Span,
    /// The new text; empty where the term is to be removed.
    pub text: String,
}

/// Something found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which check.
    pub id: &'static str,
    /// How bad a failure of this check is.
    pub severity: Severity,
    /// How it came out.
    pub state: State,
    /// Whose record, or which name.
    pub domain: String,
    /// Where in that record.
    pub place: Option<Place>,
    /// What we saw and why it matters.
    pub note: Note,
    /// The rule.
    pub source: &'static str,
    /// What to write instead.
    pub suggestion: Option<Suggestion>,
    /// What to publish: several are a choice, the first is what we would take. Each is a list of changes.
    pub fixes: Vec<Vec<Change>>,
}

impl Finding {
    /// The whole record with the suggestion taken; `None` where there is none, or what comes out is no record.
    pub fn corrected(&self) -> Option<String> {
        let (place, suggestion) = (self.place.as_ref()?, self.suggestion.as_ref()?);
        let record = apply(&place.record, [suggestion]);
        Record::parse(&record).is_ok().then_some(record)
    }

    pub(super) fn new(check: &Check, state: State, domain: &(impl Display + ?Sized), note: Note) -> Self {
        Self {
            id: check.id,
            severity: check.severity,
            state,
            domain: domain.to_string(),
            place: None,
            note,
            source: check.source,
            suggestion: None,
            fixes: Vec::new(),
        }
    }

    pub(super) fn at(mut self, record: &Arc<[u8]>, span: Span) -> Self {
        self.place = Some(Place { record: Arc::clone(record), column: span.column, span });
        self
    }

    /// The octet at which the mistake becomes one, where it is not the first of the term.
    pub(super) fn column(mut self, column: usize) -> Self {
        if let Some(place) = &mut self.place {
            place.column = column;
        }
        self
    }

    pub(super) fn suggest(mut self, suggestion: Option<Suggestion>) -> Self {
        self.suggestion = suggestion;
        self
    }

    /// Suggests to take the term away.
    pub(super) fn remove(mut self) -> Self {
        let span = self.place.as_ref().map(|place| place.span);
        self.suggestion = span.map(|span| Suggestion { span, text: String::new() });
        self
    }

    pub(super) fn fix(mut self, changes: Vec<Change>) -> Self {
        self.fixes.push(changes);
        self
    }
}

/// The record with suggestions taken; what overlaps an earlier one is left as it is.
pub(super) fn apply<'s>(record: &[u8], suggestions: impl IntoIterator<Item = &'s Suggestion>) -> String {
    let mut suggestions: Vec<&Suggestion> = suggestions.into_iter().collect();
    suggestions.sort_by_key(|suggestion| suggestion.span.column);
    let (mut text, mut done) = (String::new(), 0);
    for Suggestion { span, text: new } in suggestions {
        let begin = span.column.saturating_sub(1);
        if begin < done {
            continue;
        }
        text.push_str(&String::from_utf8_lossy(record.get(done..begin).unwrap_or_default()));
        text.push_str(new);
        done = begin + span.length;
    }
    text.push_str(&String::from_utf8_lossy(record.get(done..).unwrap_or_default()));
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
