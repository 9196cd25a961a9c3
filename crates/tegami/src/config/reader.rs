//! One table of the file, read key by key. What nobody asked for is a problem, and so is what has the wrong type.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use tegami_mail::{Note, note};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problem;

/// All problems, gathered while the whole file is read.
#[derive(Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub(super) fn add(&self, span: Range<usize>, message: Note, help: Option<Note>) {
        self.0.borrow_mut().push(Problem { span, message, help });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// The problems in the order of the file.
    pub(super) fn into_sorted(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort_by_key(|problem| problem.span.start);
        problems
    }
}

/// One table.
pub(super) struct Section<'a> {
    table: &'a DeTable<'a>,
    span: Range<usize>,
    problems: &'a Problems,
    asked: RefCell<BTreeSet<&'static str>>,
}

/// A value and its place.
pub(super) type Value<'a> = &'a Spanned<DeValue<'a>>;

impl<'a> Section<'a> {
    pub(super) fn new(table: &'a DeTable<'a>, span: Range<usize>, problems: &'a Problems) -> Self {
        Self { table, span, problems, asked: RefCell::default() }
    }

    /// The keys that were asked for so far.
    #[cfg(test)]
    pub(super) fn asked(&self) -> BTreeSet<&'static str> {
        self.asked.borrow().clone()
    }

    /// Where the table stands.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The value of a key, whatever it is.
    pub(super) fn value(&self, key: &'static str) -> Option<Value<'a>> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key)
    }

    /// A text.
    pub(super) fn text(&self, key: &'static str) -> Option<(String, Range<usize>)> {
        self.typed(key, "text", |value| value.as_str().map(str::to_owned))
    }

    /// A yes or no.
    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        self.typed(key, "boolean", DeValue::as_bool).map(|(flag, _)| flag)
    }

    /// A port number.
    pub(super) fn port(&self, key: &'static str) -> Option<u16> {
        self.typed(key, "port", |value| value.as_integer()?.as_str().parse().ok().filter(|port| *port > 0))
            .map(|(port, _)| port)
    }

    /// A positive whole number.
    pub(super) fn count(&self, key: &'static str) -> Option<usize> {
        self.typed(key, "count", |value| value.as_integer()?.as_str().parse().ok().filter(|count| *count > 0))
            .map(|(count, _)| count)
    }

    /// A text or a list of texts.
    pub(super) fn texts(&self, key: &'static str) -> Vec<(String, Range<usize>)> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let entries: Vec<Value<'_>> = match value.get_ref() {
            DeValue::Array(array) => array.iter().collect(),
            _ => vec![value],
        };
        let mut texts = Vec::new();
        for entry in entries {
            match entry.get_ref().as_str() {
                Some(text) => texts.push((text.to_owned(), entry.span())),
                None => self.wrong_type(entry.span(), key, "text"),
            }
        }
        texts
    }

    /// A table below this one.
    pub(super) fn section(&self, key: &'static str) -> Option<Section<'a>> {
        let value = self.value(key)?;
        self.table(key, value)
    }

    /// The tables of a list such as `[[delivery.routes]]`.
    pub(super) fn tables(&self, key: &'static str) -> Vec<Section<'a>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong_type(value.span(), key, "tables");
            return Vec::new();
        };
        let mut tables = Vec::new();
        for entry in array.iter() {
            match entry.get_ref() {
                DeValue::Table(table) => tables.push(self.below(table, entry.span())),
                _ => self.wrong_type(entry.span(), key, "tables"),
            }
        }
        tables
    }

    /// A table whose problems are gathered with those of this one.
    pub(super) fn below(&self, table: &'a DeTable<'a>, span: Range<usize>) -> Section<'a> {
        Section::new(table, span, self.problems)
    }

    /// Every key of this table with its value: for tables whose keys are names.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, Range<usize>, Value<'a>)> + use<'a> {
        self.table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), value))
    }

    /// A table below this one, under a name that is no key of ours.
    pub(super) fn table(&self, name: &str, value: Value<'a>) -> Option<Section<'a>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(Section::new(table, value.span(), self.problems)),
            _ => {
                self.wrong_type(value.span(), name, "table");
                None
            }
        }
    }

    /// Notes a problem.
    pub(super) fn problem(&self, span: Range<usize>, message: Note) {
        self.problems.add(span, message, None);
    }

    /// Notes a problem with what may help.
    pub(super) fn problem_with_help(&self, span: Range<usize>, message: Note, help: Option<Note>) {
        self.problems.add(span, message, help);
    }

    /// Says that a value has the wrong type.
    pub(super) fn wrong_type(&self, span: Range<usize>, key: &str, wanted: &str) {
        let message = match wanted {
            "boolean" => note!("cli-config-wants-boolean", key = key),
            "port" => note!("cli-config-wants-port", key = key),
            "count" => note!("cli-config-wants-count", key = key),
            "table" => note!("cli-config-wants-table", key = key),
            "tables" => note!("cli-config-wants-tables", key = key),
            _ => note!("cli-config-wants-text", key = key),
        };
        self.problems.add(span, message, None);
    }

    /// Says of every key that was not asked for that it is unknown, and which one was probably meant.
    pub(super) fn finish(self) {
        let asked = self.asked.borrow();
        for (key, span, _) in self.entries().filter(|(key, ..)| !asked.contains(key)) {
            let help = nearest(key, asked.iter().copied())
                .map(|known| note!("cli-config-did-you-mean", key = known));
            let known = asked.iter().copied().collect::<Vec<_>>().join("`, `");
            let help =
                help.or_else(|| (!known.is_empty()).then(|| note!("cli-config-known-keys", keys = known)));
            self.problems.add(span, note!("cli-config-unknown-key", key = key), help);
        }
    }

    fn typed<T>(
        &self,
        key: &'static str,
        wanted: &str,
        read: impl Fn(&DeValue<'a>) -> Option<T>,
    ) -> Option<(T, Range<usize>)> {
        let value = self.value(key)?;
        let typed = read(value.get_ref());
        if typed.is_none() {
            self.wrong_type(value.span(), key, wanted);
        }
        typed.map(|typed| (typed, value.span()))
    }
}

/// The known key that differs least, if it differs little.
pub(crate) fn nearest<'k>(key: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let best = known.into_iter().map(|candidate| (distance(key, candidate), candidate)).min()?;
    (best.0 <= 2.max(key.chars().count() / 3)).then_some(best.1)
}

/// The edit distance of two texts (Levenshtein), counted in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, to) in row.iter_mut().skip(1).zip(&b) {
            let above = *cell;
            left = (diagonal + usize::from(from != *to)).min(above + 1).min(left + 1);
            diagonal = above;
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(distance("hostnam", "hostname"), 1);
        assert_eq!(distance("listn", "listen"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
