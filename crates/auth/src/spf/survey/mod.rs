//! The survey of a domain's SPF record: everything that can be said without knowing who sends.
//!
//! An evaluation stops at the first match and at the first error. The survey walks the whole of what is published: every
//! include and redirect, what each really costs against the limits (RFC 7208 section 4.6.4), and every problem at once, each
//! with its place, its rule and what to write instead. It ends soon whatever is published: see [`MAX_QUESTIONS`] and
//! [`MAX_DEPTH`].
//!
//! # Examples
//!
//! ```
//! use tegami_auth::spf::survey::{State, survey};
//! use tegami_dns::ZoneResolver;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let resolver = ZoneResolver::from_text(r#"example.org. TXT "v=spf1 ipv4:192.0.2.10 -all""#)?;
//! let survey = survey("example.org", &resolver).await;
//!
//! assert_eq!(survey.state("spf.syntax"), State::Fail);
//! let finding = survey.findings.first().ok_or("one finding")?;
//! assert_eq!(finding.suggestion.as_ref().map(|new| new.text.as_str()), Some("ip4:192.0.2.10"));
//! assert_eq!(survey.corrected.as_deref(), Some("v=spf1 ip4:192.0.2.10 -all"));
//! # Ok(())
//! # }
//! ```

mod check;
mod correction;
mod finding;
mod merge;
mod question;
mod tree;
mod vendor;
mod version;

use tegami_dns::{DnsName, Resolver};
use tegami_mail::note;

use super::{Record, fully_qualified};
pub use finding::{CHECKS, Change, Check, Finding, Operation, Place, Severity, Span, State, Suggestion};
pub use merge::merged;
pub use question::{MAX_DEPTH, MAX_QUESTIONS};
pub use tree::{Asks, Cost, Over, RecordNode, Status, TermNode};

/// What a survey found.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The domain, as it was asked for.
    pub domain: String,
    /// The record of the domain, with all that it leads to.
    pub tree: RecordNode,
    /// DNS-querying terms and void lookups of an evaluation for an address that no term but `all` matches: the true cost,
    /// in which a record that is included twice is paid twice (RFC 7208 section 4.6.4).
    pub cost: Cost,
    /// DNS-querying terms with every record counted once: what is left if nothing were included twice.
    pub distinct_lookups: u32,
    /// The term with which the lookups become too many.
    pub over: Option<Over>,
    /// How many questions were asked.
    pub questions: usize,
    /// Everything was asked. Where not, the costs are the least that they can be.
    pub complete: bool,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// Findings that were left out, because there are too many.
    pub omitted: usize,
    /// The record with every suggestion about its syntax taken, where that makes it well formed.
    pub corrected: Option<String>,
}

impl Survey {
    /// How a check came out: the worst of its findings, else `pass`; `na` where there is no record that could be looked at.
    pub fn state(&self, id: &str) -> State {
        let states = self.findings.iter().filter(|finding| finding.id == id).map(|finding| finding.state);
        states.max().unwrap_or(match self.tree.status {
            Status::Found | Status::Several(_) => State::Pass,
            _ => State::NotApplicable,
        })
    }

    /// The worst state of all; `pass` where nothing was found.
    pub fn worst(&self) -> State {
        self.findings.iter().map(|finding| finding.state).max().unwrap_or(State::Pass)
    }
}

/// Surveys the SPF record of a domain.
pub async fn survey(domain: &str, resolver: &dyn Resolver) -> Survey {
    let Some(name) = fully_qualified(domain) else { return no_name(domain) };
    let world = question::World::ask(&name, resolver).await;
    let mut builder = tree::Builder::new(&world);
    let tree = builder.record(&name);
    let mut judge = check::Judge::new(&world, &tree);
    (judge.over, judge.over_void) = (builder.over.clone(), builder.over_void);
    judge.complete = !builder.incomplete;
    judge.judge();
    let (findings, omitted) = (judge.findings, judge.omitted);
    Survey {
        domain: name.to_string(),
        cost: tree.cost,
        distinct_lookups: builder.distinct,
        over: builder.over,
        questions: world.questions(),
        complete: !builder.incomplete,
        corrected: corrected(&tree, &findings),
        findings,
        omitted,
        tree,
    }
}

/// What is no domain name has no record (RFC 7208 section 4.3).
fn no_name(domain: &str) -> Survey {
    let note = note!("spf-domain-malformed", domain = domain);
    let finding = Finding {
        source: "RFC 7208 section 4.3",
        ..Finding::new(&finding::EXISTS, State::Fail, domain, note)
    };
    let tree = RecordNode {
        domain: DnsName::root(),
        status: Status::Absent,
        text: None,
        terms: Vec::new(),
        cost: Cost::default(),
    };
    Survey {
        domain: domain.to_owned(),
        tree,
        cost: Cost::default(),
        distinct_lookups: 0,
        over: None,
        questions: 0,
        complete: true,
        findings: vec![finding],
        omitted: 0,
        corrected: None,
    }
}

/// The surveyed record with its syntax repaired.
fn corrected(tree: &RecordNode, findings: &[Finding]) -> Option<String> {
    let text = tree.text.as_deref().filter(|_| tree.status == Status::Found)?;
    let repairs: Vec<&Suggestion> = repairs(tree, findings).collect();
    if repairs.is_empty() {
        return None;
    }
    let record = finding::apply(text, repairs);
    Record::parse(&record).is_ok().then_some(record)
}

/// What was suggested about the syntax of a record.
fn repairs<'f>(node: &RecordNode, findings: &'f [Finding]) -> impl Iterator<Item = &'f Suggestion> {
    let is_syntax = |finding: &&Finding| {
        finding.state >= State::Warn
            && matches!(finding.id, "spf.syntax" | "spf.string-split" | "spf.macros")
            && finding.place.as_ref().is_some_and(|place| node.text.as_deref() == Some(&place.record))
            && finding.domain == node.domain.as_str()
    };
    findings.iter().filter(is_syntax).filter_map(|finding| finding.suggestion.as_ref())
}

/// Entries for the fuzz targets and their replay.
#[doc(hidden)]
pub mod fuzz {
    use futures_util::FutureExt as _;
    use tegami_dns::ZoneResolver;

    /// Surveys `example.org`, first in zone text and then with the octets as its record.
    ///
    /// # Panics
    /// Where a survey asks too much, or corrects a record into one that cannot be read.
    #[allow(clippy::panic, reason = "a fuzz target fails by panicking")]
    pub fn survey(octets: &[u8]) {
        let record = tegami_dns::Data::Txt(octets.to_vec().into());
        let zones = [String::from_utf8_lossy(octets).into_owned(), format!("example.org. TXT {record}")];
        for resolver in zones.iter().filter_map(|zone| ZoneResolver::from_text(zone).ok()) {
            let found = super::survey("example.org", &resolver).now_or_never();
            let Some(found) = found else { panic!("zone text never waits") };
            let corrected = found.corrected.as_deref();
            if let Some(record) = corrected.filter(|record| super::Record::parse(record).is_err()) {
                panic!("{record:?} cannot be read");
            }
            if found.questions > super::MAX_QUESTIONS + 20 {
                panic!("{} questions", found.questions);
            }
        }
    }
}

#[cfg(test)]
mod tests;
