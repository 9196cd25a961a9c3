//! What is made of a surveyed record, one file for each kind of question.

mod cost;
mod policy;
mod presence;
mod range;
mod target;
mod text;

use std::collections::BTreeSet;

use tegami_dns::{DnsName, TxtData};

use super::finding::{Change, Finding, Operation, Span, Suggestion, apply};
use super::question::{Published, World};
use super::tree::{Cost, Over, RecordNode, Status, TermNode};
use crate::spf::Record;

/// Findings of one survey; a hostile record could make thousands.
const MAX_FINDINGS: usize = 200;

/// Everything that is known, and what has been found so far.
pub(super) struct Judge<'s> {
    pub(super) world: &'s World,
    pub(super) tree: &'s RecordNode,
    pub(super) cost: Cost,
    pub(super) over: Option<Over>,
    pub(super) over_void: Option<Over>,
    pub(super) complete: bool,
    pub(super) findings: Vec<Finding>,
    /// Findings that were left out.
    pub(super) omitted: usize,
    /// Terms that two were glued together to: whatever is wrong with their targets has this one cause.
    glued: BTreeSet<(DnsName, usize)>,
}

/// One record of the tree, where it stands first.
#[derive(Clone, Copy)]
struct Visit<'s> {
    node: &'s RecordNode,
    /// Published by the surveyed domain or below it, or standing in its place by `redirect=`.
    own: bool,
    /// The surveyed record, or what stands in its place by `redirect=`.
    decides: bool,
}

impl<'s> Judge<'s> {
    pub(super) fn new(world: &'s World, tree: &'s RecordNode) -> Self {
        Self {
            world,
            tree,
            cost: tree.cost,
            over: None,
            over_void: None,
            complete: true,
            findings: Vec::new(),
            omitted: 0,
            glued: BTreeSet::new(),
        }
    }

    /// Asks every question; the findings stand with the worst first.
    pub(super) fn judge(&mut self) {
        let visits = self.visits();
        presence::check(self);
        text::check(self, &visits);
        target::check(self, &visits);
        cost::check(self, &visits);
        policy::check(self, &visits);
        range::check(self, &visits);
        self.findings.sort_by_key(|finding| std::cmp::Reverse((finding.state, finding.severity)));
    }

    fn push(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.omitted += 1;
        }
    }

    /// Every record with terms, from the top.
    fn visits(&self) -> Vec<Visit<'s>> {
        let mut visits = vec![Visit { node: self.tree, own: true, decides: true }];
        let mut next = 0;
        while let Some(visit) = visits.get(next).copied() {
            for term in &visit.node.terms {
                let Some(node) = term.record.as_deref().filter(|node| node.has_terms()) else { continue };
                let decides = visit.decides && term.is_redirect();
                let own = decides || node.domain.is_within(&self.world.domain);
                visits.push(Visit { node, own, decides });
            }
            next += 1;
        }
        visits
    }

    /// The records of a name, as they were published.
    fn texts(&self, node: &RecordNode) -> Vec<&'s TxtData> {
        match self.world.published(&node.domain) {
            Some(Published::One(text)) => vec![text],
            Some(Published::Several(texts)) => texts,
            _ => Vec::new(),
        }
    }

    fn is_glued(&self, node: &RecordNode, term: &TermNode) -> bool {
        self.glued.contains(&(node.domain.clone(), term.column()))
    }

    /// The record of a node as it should be published: with a suggestion taken, and with all that was suggested before about its
    /// syntax. `None` where that makes no record: nobody should publish it.
    fn replaced(&self, node: &RecordNode, suggestion: &Suggestion) -> Option<Vec<Change>> {
        // Of suggestions that overlap the first is taken, and of those that begin together the first in this list.
        let suggestions = std::iter::once(suggestion).chain(super::repairs(node, &self.findings));
        let record = apply(node.text.as_deref().unwrap_or_default(), suggestions);
        Record::parse(&record).is_ok().then(|| vec![Change::txt(Operation::Replace, &node.domain, record)])
    }
}

impl RecordNode {
    fn has_terms(&self) -> bool {
        matches!(self.status, Status::Found | Status::Several(_))
    }
}

impl TermNode {
    fn is_redirect(&self) -> bool {
        matches!(self.kind(), Some(super::super::TermKind::Redirect(_)))
    }

    fn span(&self) -> Span {
        Span { column: self.column(), length: self.text().len() }
    }
}

impl Finding {
    /// Points at a term. Of several records none is *the* record, so there is no place in it.
    fn at_term(self, node: &RecordNode, term: &TermNode) -> Self {
        match (&node.text, &node.status) {
            (Some(text), Status::Found) => self.at(text, term.span()),
            _ => self,
        }
    }
}
