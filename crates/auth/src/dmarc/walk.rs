//! The DNS Tree Walk (RFC 9989 section 4.10).

use std::sync::Arc;

use tegami_dns::{Answer, Data, DnsError, DnsName, RecordType};
use tegami_mail::{AsText as _, Domain, Note, Text, note};

use super::record::{NearMiss, Psd, Record, near_miss};
use crate::cache::{Cache, Known, Reading, Shelf};
use crate::{Records, Step};

/// Queries of one walk (RFC 9989 section 4.10): names with more labels are shortened after the first query …
pub const MAX_QUERIES: usize = 8;

/// … to this many labels.
const SHORTENED: usize = 7;

/// Room for the steps of most evaluations.
const USUAL_STEPS: usize = 12;

/// Walks, and remembers what was found at each name, because the walks of one message overlap.
pub struct Walker<'a> {
    records: Records<'a>,
    known: Vec<(Domain, Result<Found, DnsError>)>,
}

/// What stands at one name.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// No DMARC record.
    Nothing,
    /// More than one, of which none counts (RFC 9989 section 4.10).
    Several,
    /// A record.
    One(Arc<Record>),
}

/// What one walk found.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    /// Where it began.
    pub(super) start: Domain,
    /// The names with exactly one record, from the longest to the shortest.
    pub(super) found: Vec<(Domain, Arc<Record>)>,
    /// How many names were asked.
    pub(super) queries: u8,
    /// A query failed; the walk ended there.
    pub(super) failed: bool,
    /// What happened at each name.
    pub(super) steps: Vec<Step>,
}

impl<'a> Walker<'a> {
    /// Knows nothing yet.
    pub fn new(records: impl Into<Records<'a>>) -> Self {
        Self { records: records.into(), known: Vec::new() }
    }

    /// The Organizational Domain of a domain (RFC 9989 section 4.10.2); `None` where a failed query leaves it open.
    pub async fn organizational_domain(&mut self, domain: &Domain) -> Option<Domain> {
        self.walk(domain, 0).await.organizational_domain()
    }

    pub(super) fn records(&self) -> Records<'a> {
        self.records
    }

    /// Asks from `start` upwards until a record says `psd=y` or `psd=n`, or no labels remain.
    pub(super) async fn walk(&mut self, start: &Domain, depth: u8) -> Walk {
        let steps = Vec::with_capacity(USUAL_STEPS);
        let mut walk = Walk { start: start.clone(), found: Vec::new(), queries: 0, failed: false, steps };
        for target in targets(start) {
            walk.queries = walk.queries.saturating_add(1);
            match self.ask(&target, depth, &mut walk.steps).await {
                Ok(Found::Nothing | Found::Several) => {}
                Ok(Found::One(record)) => {
                    let last = record.psd != Psd::Unsaid;
                    walk.found.push((target, record));
                    if last {
                        break;
                    }
                }
                Err(_) => {
                    walk.failed = true;
                    break;
                }
            }
        }
        walk
    }

    /// What stands at one name, from memory and without a step where it was asked before.
    pub(super) async fn ask(
        &mut self,
        target: &Domain,
        depth: u8,
        steps: &mut Vec<Step>,
    ) -> Result<Found, DnsError> {
        if let Some((_, known)) = self.known.iter().find(|(known, _)| known == target) {
            return known.clone();
        }
        let (term, answer) = match DnsName::from(target).prepend("_dmarc") {
            Ok(name) => (name.as_text().clone(), self.records.get::<Published>(&name).await),
            // `_dmarc.` in front makes the name too long to exist.
            Err(_) => (Text::concat(&["_dmarc.", target.as_str()]), Err(DnsError::NxDomain)),
        };
        let (outcome, note, result) = read(target, &answer);
        steps.push(Step {
            depth,
            domain: target.as_text().clone(),
            term,
            outcome,
            note,
            source: "RFC 9989 section 4.10",
            spent: None,
        });
        self.known.push((target.clone(), result.clone()));
        result
    }
}

/// What stands at a name: outcome, sentence, what it means.
fn read(target: &Domain, answer: &Known<Published>) -> (&'static str, Note, Result<Found, DnsError>) {
    match answer.as_deref() {
        Ok(Published::Record(record)) => {
            let note = note!("dmarc-record-found", record = record.text);
            ("found", note, Ok(Found::One(Arc::clone(record))))
        }
        Ok(Published::Several(count)) => {
            let note = note!("dmarc-record-multiple", domain = target, count = count);
            ("discarded", note, Ok(Found::Several))
        }
        Ok(Published::NearMiss(miss)) => ("none", miss.note(target), Ok(Found::Nothing)),
        Ok(Published::Other(count)) => {
            ("none", note!("dmarc-record-other", domain = target, count = count), Ok(Found::Nothing))
        }
        Err(error) if error.is_void() => {
            ("none", note!("dmarc-record-absent", domain = target, error = error), Ok(Found::Nothing))
        }
        Err(error) => ("error", note!("dmarc-dns-error", domain = target, error = error), Err(error.clone())),
    }
}

/// What the TXT records of a name are to DMARC.
pub(crate) enum Published {
    /// A record.
    Record(Arc<Record>),
    /// So many, of which none counts (RFC 9989 section 4.10).
    Several(usize),
    /// Others, one of which was perhaps meant to be a record of DMARC.
    NearMiss(NearMiss),
    /// So many others.
    Other(usize),
}

impl Reading for Published {
    const KIND: RecordType = RecordType::Txt;

    fn read(answer: Answer) -> Self {
        /// Other records that are looked at for mistakes.
        const LOOKED_AT: usize = 100;
        let texts = || {
            answer.records.iter().filter_map(|record| match &record.data {
                Data::Txt(text) => Some(text.as_slice()),
                _ => None,
            })
        };
        let mut records = texts().filter(|text| Record::begins(text));
        match (records.next(), records.count()) {
            (Some(text), 0) => {
                if let Some(record) = Record::parse(text) {
                    return Self::Record(Arc::new(record));
                }
            }
            (Some(_), others) => return Self::Several(others + 1),
            (None, _) => {}
        }
        let miss = texts().take(LOOKED_AT).find_map(near_miss);
        miss.map_or_else(|| Self::Other(texts().count()), Self::NearMiss)
    }

    fn octets(&self) -> usize {
        match self {
            // Its tags, and what was made of them, again.
            Self::Record(record) => size_of::<Record>() + 4 * record.text.len() + 48 * record.tags.len(),
            _ => 0,
        }
    }

    fn shelf(cache: &Cache) -> &Shelf<Self> {
        &cache.dmarc
    }
}

impl Walk {
    /// The Organizational Domain (RFC 9989 section 4.10.2); `None` where a failed query leaves it open.
    pub(super) fn organizational_domain(&self) -> Option<Domain> {
        for (domain, record) in &self.found {
            match record.psd {
                Psd::No => return Some(domain.clone()),
                Psd::Yes if *domain != self.start => return Some(one_label_below(&self.start, domain)),
                _ => {}
            }
        }
        if self.failed {
            return None;
        }
        Some(self.found.last().map_or_else(|| self.start.clone(), |(domain, _)| domain.clone()))
    }
}

/// The names to ask: the start, its parent or its last seven labels, and so on upwards (RFC 9989 section 4.10 steps 1, 4
/// and 7).
fn targets(start: &Domain) -> impl Iterator<Item = Domain> {
    let labels = start.labels().count();
    let mut removed = if labels > MAX_QUERIES { labels - SHORTENED } else { 1 };
    std::iter::successors(Some(start.clone()), move |domain| {
        domain.ancestor(std::mem::replace(&mut removed, 1))
    })
}

/// The ancestor of `start` that lies one label below `ancestor`.
fn one_label_below(start: &Domain, ancestor: &Domain) -> Domain {
    let mut domain = start.clone();
    while let Some(parent) = domain.parent() {
        if parent == *ancestor {
            break;
        }
        domain = parent;
    }
    domain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(start: &str, expect: &[&str]) {
        let found: Vec<String> =
            targets(&Domain::parse(start).unwrap()).map(|domain| domain.to_string()).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn at_most_eight_queries() {
        check("com", &["com"]);
        check("a.mail.example.com", &["a.mail.example.com", "mail.example.com", "example.com", "com"]);
        // The example of RFC 9989 section 4.10.
        check(
            "a.b.c.d.e.f.g.h.i.j.mail.example.com",
            &[
                "a.b.c.d.e.f.g.h.i.j.mail.example.com",
                "g.h.i.j.mail.example.com",
                "h.i.j.mail.example.com",
                "i.j.mail.example.com",
                "j.mail.example.com",
                "mail.example.com",
                "example.com",
                "com",
            ],
        );
        for labels in 1..40 {
            let start = Domain::parse(&vec!["x"; labels].join(".")).unwrap();
            assert_eq!(targets(&start).count(), labels.min(MAX_QUERIES));
        }
    }
}
