//! What was found before, and what is worse or better now.
//!
//! Only what is known counts: a check that could not look (*unknown*) or had nothing to look at (*na*) makes nothing worse and nothing
//! better, and is not remembered.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Examination, Finding, catalogue};

/// How a check came out for a subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Row {
    /// The check.
    pub id: String,
    /// Of whom.
    pub subject: String,
    /// Its state.
    pub state: String,
    /// How bad a failure is.
    pub severity: String,
}

impl Row {
    /// Of a finding.
    pub fn of(finding: &Finding) -> Self {
        let severity = serde_json::to_value(finding.severity).ok();
        Self {
            id: finding.check.id.to_owned(),
            subject: finding.subject.clone(),
            state: finding.state.as_str().to_owned(),
            severity: severity.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default(),
        }
    }

    /// How bad it is: what is well is all alike, and a failure is worse than anything that should be better.
    fn badness(&self) -> (u8, &str) {
        match self.state.as_str() {
            "fail" => (2, &self.severity),
            "warn" => (1, &self.severity),
            _ => (0, ""),
        }
    }
}

/// What is known of each check and subject; where there are several findings, the worst.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory(BTreeMap<(String, String), Row>);

/// Something that came out in another way than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Worse, else better.
    pub worse: bool,
    /// How it was; `None` where it was not looked at before.
    pub before: Option<Row>,
    /// How it is; `None` where the subject is gone.
    pub now: Option<Row>,
}

impl Changed {
    /// The check and the subject, as they are now where they are.
    pub fn row(&self) -> Option<&Row> {
        self.now.as_ref().or(self.before.as_ref())
    }

    /// For programs.
    pub fn as_json(&self) -> Value {
        let row = self.row();
        let state = |row: &Option<Row>| row.as_ref().map(|row| row.state.clone());
        json!({
            "change": if self.worse { "worse" } else { "better" },
            "id": row.map(|row| &row.id),
            "subject": row.map(|row| &row.subject),
            "before": state(&self.before),
            "now": state(&self.now),
        })
    }
}

/// All that an examination says, also what it could not look at.
pub fn rows(examination: &Examination) -> Vec<Row> {
    examination.findings.iter().map(Row::of).collect()
}

/// The same of an examination that was kept as JSON.
pub fn rows_of_json(examination: &Value) -> Vec<Row> {
    let findings = examination.get("findings").and_then(Value::as_array);
    let read = |value: &Value| serde_json::from_value(value.clone()).ok();
    findings.into_iter().flatten().filter_map(read).collect()
}

impl Memory {
    /// What these rows know.
    pub fn of<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Self {
        let mut memory = Self::default();
        let known = |row: &&Row| matches!(row.state.as_str(), "pass" | "info" | "warn" | "fail");
        rows.into_iter().filter(known).for_each(|row| memory.put(row.clone()));
        memory
    }

    /// What is remembered, by check and subject.
    pub fn known(&self) -> impl Iterator<Item = &Row> {
        self.0.values()
    }

    fn put(&mut self, row: Row) {
        let key = (row.id.clone(), row.subject.clone());
        if self.0.get(&key).is_none_or(|known| known.badness() <= row.badness()) {
            self.0.insert(key, row);
        }
    }

    /// Takes over what a later examination knows. What it could not look at stays as it was; what it did not mention is gone.
    pub fn learn(&mut self, rows: &[Row]) {
        let now = Self::of(rows);
        self.0.retain(|key, _| is_open(rows, key));
        self.0.extend(now.0);
    }

    /// What is worse or better in a later examination.
    pub fn changes(&self, rows: &[Row]) -> Vec<Changed> {
        let now = Self::of(rows);
        let mut changes = Vec::new();
        for (key, row) in &now.0 {
            let before = self.0.get(key);
            let was = before.map_or((0, ""), Row::badness);
            let worse = match row.badness().cmp(&was) {
                Ordering::Equal => continue,
                order => order == Ordering::Greater,
            };
            changes.push(Changed { worse, before: before.cloned(), now: Some(row.clone()) });
        }
        for (key, row) in &self.0 {
            if row.badness().0 > 0 && !now.0.contains_key(key) && !is_open(rows, key) {
                changes.push(Changed { worse: false, before: Some(row.clone()), now: None });
            }
        }
        changes
    }
}

/// Whether the check could not look at the subject this time: it says so itself, or what it depends on could not be looked at.
fn is_open(rows: &[Row], (id, subject): &(String, String)) -> bool {
    // What was set aside because of something before it is no better than it was.
    let set_aside = |row: &Row| row.state == "na" && row.id == *id && row.subject == *subject;
    rows.iter().any(set_aside) || is_unknown(rows, id)
}

/// Whether the check, or one of those before it, could not look at something.
fn is_unknown(rows: &[Row], id: &str) -> bool {
    let before = catalogue::find(id).map_or(&[][..], |check| check.depends);
    rows.iter().any(|row| row.state == "unknown" && row.id == id)
        || before.iter().any(|id| is_unknown(rows, id))
}
