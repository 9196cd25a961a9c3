//! Zone text: a master file (RFC 1035 section 5) that may hold any number of zones, with marks for answers that fail.
//!
//! ```text
//! $ORIGIN example.org.
//! @          3600 IN MX  10 mx
//! mx              A      192.0.2.1
//!                 AAAA   2001:db8::1
//! $SERVFAIL  broken TXT     questions for broken's TXT fail; without a type, all questions
//! $TIMEOUT   silent         … time out
//! $BOGUS     forged         … fail DNSSEC validation
//! $SECURE    @              answers at and below this name are DNSSEC-secure
//! ```
//!
//! What is not in the text does not exist (NXDOMAIN); a name with other types, or with names below it, has no data
//! (NODATA). The indentation that all lines share means nothing. Wildcards work as RFC 4592 says. Equal records are kept, so that a text can say what no server would.

mod lex;
mod lookup;
mod parse;
mod rdata;
mod resolver;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::{Data, DnsName, Record, RecordType, wire};

pub(crate) use lookup::{End, Walk};
pub use resolver::ZoneResolver;

/// All records and marks of one text. Immutable while it answers.
#[derive(Clone, Debug, Default)]
pub struct Zone {
    /// Every name of the text and every name above them: an empty node is an empty non-terminal (RFC 4592 section 2.2.2).
    nodes: BTreeMap<DnsName, Node>,
    /// Names with an SOA record: where zones begin.
    apexes: BTreeSet<DnsName>,
    /// At and below these, answers are DNSSEC-secure.
    secure: BTreeSet<DnsName>,
}

/// Why a text is not zone text: every line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneError {
    /// At least one, by line.
    pub problems: Vec<Problem>,
}

/// One line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// How a question is made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    ServFail,
    Timeout,
    Bogus,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    entries: Vec<Entry>,
    /// With a type: only questions for it.
    faults: Vec<(Fault, Option<u16>)>,
}

/// One record without its owner.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The type's number.
    pub(crate) code: u16,
    pub(crate) ttl: Duration,
    /// As in messages, names uncompressed; keeps the borders between character-strings.
    pub(crate) rdata: Vec<u8>,
    /// The typed data, where the type is one of ours.
    pub(crate) data: Option<Data>,
}

impl Zone {
    /// Reads zone text. A [`Record`] prints itself as one line of it.
    ///
    /// # Errors
    /// A [`ZoneError`] with every line that could not be read.
    pub fn parse(text: &str) -> Result<Self, ZoneError> {
        parse::zone(text)
    }

    /// Adds everything of another zone text.
    pub fn merge(&mut self, other: Self) {
        for (name, node) in other.nodes {
            let mine = self.nodes.entry(name).or_default();
            mine.entries.extend(node.entries);
            mine.faults.extend(node.faults);
        }
        self.apexes.extend(other.apexes);
        self.secure.extend(other.secure);
    }

    /// All records of the types that mail asks for, in the order of their names.
    pub fn records(&self) -> impl Iterator<Item = Record> {
        self.nodes.iter().flat_map(|(name, node)| node.entries.iter().filter_map(|entry| entry.record(name)))
    }

    /// The data of its first record as it stands in messages.
    pub(crate) fn octets(&self) -> Option<Vec<u8>> {
        self.nodes.values().flat_map(|node| &node.entries).next().map(|entry| entry.rdata.clone())
    }

    /// Whether anything in the text is a zone of its own (has an SOA record).
    pub(crate) fn has_apex(&self) -> bool {
        !self.apexes.is_empty()
    }

    /// The nearest name at or above this one that has an SOA record, with that record.
    pub(crate) fn apex(&self, name: &DnsName) -> Option<(&DnsName, &Entry)> {
        name.ancestors().find_map(|text| {
            let name = self.apexes.get(text)?;
            self.nodes.get(text)?.of(RecordType::Soa.code()).next().map(|soa| (name, soa))
        })
    }

    /// How long it holds that there is nothing (RFC 2308 section 5): not at all where the text has no SOA record.
    pub(crate) fn negative_ttl(&self, name: &DnsName) -> Duration {
        let soa = self.apex(name).map(|(_, soa)| soa);
        soa.map_or(Duration::ZERO, |soa| match soa.data {
            Some(Data::Soa(_, _, [.., minimum])) => soa.ttl.min(Duration::from_secs(minimum.into())),
            _ => Duration::ZERO,
        })
    }

    /// Whether answers for this name are DNSSEC-secure.
    pub(crate) fn is_secure(&self, name: &DnsName) -> bool {
        !self.secure.is_empty() && name.ancestors().any(|text| self.secure.contains(text))
    }

    fn insert(&mut self, owner: DnsName, entry: Entry) {
        if entry.code == RecordType::Soa.code() {
            self.apexes.insert(owner.clone());
        }
        self.node(owner).entries.push(entry);
    }

    fn fail(&mut self, name: DnsName, fault: Fault, code: Option<u16>) {
        self.node(name).faults.push((fault, code));
    }

    fn secure(&mut self, top: DnsName) {
        self.secure.insert(top);
    }

    /// The node of a name, made together with all names above it.
    fn node(&mut self, name: DnsName) -> &mut Node {
        let mut above = name.parent();
        while let Some(name) = above {
            if self.nodes.contains_key(&name) {
                break;
            }
            above = name.parent();
            self.nodes.insert(name, Node::default());
        }
        self.nodes.entry(name).or_default()
    }
}

impl FromStr for Zone {
    type Err = ZoneError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Node {
    fn of(&self, code: u16) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.code == code)
    }
}

impl Entry {
    fn new(code: u16, ttl: Duration, rdata: Vec<u8>) -> Self {
        let data = RecordType::from_code(code).and_then(|kind| wire::data(kind, &rdata));
        Self { code, ttl, rdata, data }
    }

    fn record(&self, owner: &DnsName) -> Option<Record> {
        self.data.clone().map(|data| Record { name: owner.clone(), ttl: self.ttl, data })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl fmt::Display for ZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ZoneError {}
