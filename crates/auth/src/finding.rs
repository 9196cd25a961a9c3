//! What every look at somebody's zone has to say: how it came out, how bad that is, and which records to change.

use std::fmt::Display;
use std::net::IpAddr;

use serde::Serialize;
use tegami_dns::RecordType;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The question does not arise.
    #[serde(rename = "na")]
    NotApplicable,
    /// All well.
    Pass,
    /// Worth knowing; nothing has to be done.
    Info,
    /// The DNS did not let us find out.
    Unknown,
    /// Should be changed.
    Warn,
    /// Must be changed.
    Fail,
}

impl State {
    /// The word of the JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "na",
            Self::Pass => "pass",
            Self::Info => "info",
            Self::Unknown => "unknown",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// How bad it is where a check fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Severity {
    /// A fact.
    S0,
    /// Hygiene, without effect on delivery.
    S1,
    /// Breaks a SHOULD, or common filters count it.
    S2,
    /// Breaks a MUST, or opens a hole.
    S3,
    /// Large receivers refuse mail for it.
    S4,
}

/// What is done with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// Publish it beside what is there.
    Add,
    /// Publish it instead of what is there: all records of that type at that name; of TXT records, those that begin with the same tag.
    Replace,
    /// Take it away.
    Delete,
}

/// One change of the zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What to do.
    pub operation: Operation,
    /// The owner name, without a trailing dot.
    pub name: String,
    /// The type.
    pub kind: RecordType,
    /// The data: for TXT the text without quotation marks, else as in master files.
    pub value: String,
}

impl Change {
    /// Any record, its data as in master files.
    pub fn new(
        operation: Operation,
        name: &(impl Display + ?Sized),
        kind: RecordType,
        value: impl Into<String>,
    ) -> Self {
        Self { operation, name: name.to_string(), kind, value: value.into() }
    }

    /// An A or AAAA record.
    pub fn address(operation: Operation, name: &(impl Display + ?Sized), ip: IpAddr) -> Self {
        let kind = if ip.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
        Self::new(operation, name, kind, ip.to_string())
    }

    /// A TXT record.
    pub fn txt(operation: Operation, name: &(impl Display + ?Sized), value: impl Into<String>) -> Self {
        Self { operation, name: name.to_string(), kind: RecordType::Txt, value: value.into() }
    }
}
