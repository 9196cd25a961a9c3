//! How a question finds its way through a zone text: faults, records, CNAMEs, wildcards.

use super::{Entry, Fault, Node, Zone};
use crate::{Data, DnsName, RecordType};

/// CNAMEs that are followed before the chain is held to be endless.
const MAX_CHAIN: usize = 16;

/// The number of the question type that wants everything (RFC 1035 section 3.2.3).
const ANY: u16 = 255;

/// The way of one question.
#[derive(Debug)]
pub(crate) struct Walk<'z> {
    /// Owners and CNAME records, in the order in which they were followed.
    pub(crate) chain: Vec<(&'z DnsName, &'z Entry)>,
    /// Where it ended: the name asked for, or the last target.
    pub(crate) name: &'z DnsName,
    /// Whether every name on the way is DNSSEC-secure.
    pub(crate) secure: bool,
    pub(crate) end: End<'z>,
}

/// How it ended.
#[derive(Debug)]
pub(crate) enum End<'z> {
    /// At least one record.
    Records(Vec<&'z Entry>),
    NoData,
    NxDomain,
    Fault(Fault),
    /// The CNAME chain has no end.
    Loop,
}

impl Zone {
    /// Answers a question for a type by its number.
    pub(crate) fn walk<'z>(&'z self, question: &'z DnsName, code: u16) -> Walk<'z> {
        let mut walk = Walk { chain: Vec::new(), name: question, secure: true, end: End::Loop };
        while walk.chain.len() <= MAX_CHAIN {
            walk.secure &= self.is_secure(walk.name);
            let Some(node) = self.find(walk.name) else {
                walk.end = End::NxDomain;
                break;
            };
            match node.step(code) {
                Step::End(end) => {
                    walk.end = end;
                    break;
                }
                Step::Follow(entry, target) => {
                    walk.chain.push((walk.name, entry));
                    walk.name = target;
                }
            }
        }
        walk
    }

    /// The node of a name, or the wildcard that stands for it: the one directly below the closest name that exists
    /// (RFC 4592 section 3.3.1).
    fn find(&self, name: &DnsName) -> Option<&Node> {
        if let Some(node) = self.nodes.get(name) {
            return Some(node);
        }
        let encloser = name.ancestors().skip(1).find(|text| self.nodes.contains_key(*text))?;
        let wildcard = if encloser.is_empty() { "*".to_owned() } else { format!("*.{encloser}") };
        self.nodes.get(wildcard.as_str())
    }
}

enum Step<'z> {
    End(End<'z>),
    Follow(&'z Entry, &'z DnsName),
}

impl Node {
    fn step(&self, code: u16) -> Step<'_> {
        let hit = |(_, only): &&(Fault, Option<u16>)| only.is_none_or(|only| only == code);
        if let Some((fault, _)) = self.faults.iter().find(hit) {
            return Step::End(End::Fault(*fault));
        }
        let records: Vec<&Entry> =
            if code == ANY { self.entries.iter().collect() } else { self.of(code).collect() };
        if !records.is_empty() {
            return Step::End(End::Records(records));
        }
        let alias = self.of(RecordType::Cname.code()).find_map(|entry| match &entry.data {
            Some(Data::Cname(target)) => Some((entry, target)),
            _ => None,
        });
        alias.map_or(Step::End(End::NoData), |(entry, target)| Step::Follow(entry, target))
    }
}
