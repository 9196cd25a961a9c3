//! The records that a domain's record leads to, as a tree, with what each term costs.
//!
//! The cost is that of an evaluation for an address that nothing matches before `all`: every receiver has to pay it, sooner or later.
//! Terms after `all`, and a `redirect=` beside it, are never reached and cost nothing (RFC 7208 sections 5.1 and 6.1).

use std::collections::BTreeMap;
use std::sync::Arc;

use tegami_dns::{DnsError, DnsName, RecordType, TxtData};

use super::super::evaluation::{MAX_LOOKUPS, MAX_VOID_LOOKUPS};
use super::super::record::{Mechanism, Record, SyntaxError, Term, TermKind};
use super::question::{MAX_DEPTH, MAX_RECORDS, Published, Target, World};

/// Terms of one tree. A record that would bring more is not walked.
const MAX_TERMS: usize = 10_000;

/// Answers of one tree that are shown: ten thousand terms could each have thousands, all the same.
const MAX_SHOWN: usize = 4_000;

/// One record of the tree.
#[derive(Clone, Debug)]
pub struct RecordNode {
    /// Whose record.
    pub domain: DnsName,
    /// What stands there.
    pub status: Status,
    /// The record, its character-strings joined. Several records stand one after the other in [`Self::terms`] and
    /// the first of them here.
    pub text: Option<Arc<[u8]>>,
    /// Its terms in order.
    pub terms: Vec<TermNode>,
    /// What it costs, with everything below it.
    pub cost: Cost,
}

/// What stands at a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// One record.
    Found,
    /// So many records, of which none counts (RFC 7208 section 4.5).
    Several(usize),
    /// No SPF record.
    Absent,
    /// The DNS failed us.
    Failed(DnsError),
    /// Stands higher up in the tree, on the way to here: an endless loop.
    Loop,
    /// Stands elsewhere in the tree, where its terms are shown; it is paid for again.
    Repeated,
    /// Not looked at: the survey has reached its limits.
    NotAsked,
}

/// One term of a record.
#[derive(Clone, Debug)]
pub struct TermNode {
    /// The term, or what is wrong with it.
    pub term: Result<Term, SyntaxError>,
    /// Whether an evaluation can come to it.
    pub reached: bool,
    /// What it costs, with everything below it.
    pub cost: Cost,
    /// What it asks for.
    pub asks: Asks,
    /// The record that it leads to.
    pub record: Option<Box<RecordNode>>,
}

/// What a term asks for, and what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Nothing.
    Nothing,
    /// Macros make it depend on the sender.
    Open,
    /// A text that is no name of the DNS.
    Invalid(String),
    /// This name; what was found, for people, as far as there is room for it.
    Name(DnsName, Vec<String>),
    /// This name, where nothing is.
    Void(DnsName),
    /// This name, and the DNS failed us.
    Failed(DnsName, DnsError),
    /// This name was not asked: the survey has reached its limits.
    NotAsked(DnsName),
}

/// DNS-querying terms and void lookups (RFC 7208 section 4.6.4), repetitions counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// DNS-querying terms.
    pub lookups: u32,
    /// Void lookups where the client has an IPv4 address.
    pub void_lookups: u32,
    /// Void lookups where it has an IPv6 address: `a:` of a host without AAAA is one.
    pub void_lookups_ipv6: u32,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.lookups = self.lookups.saturating_add(other.lookups);
        self.void_lookups = self.void_lookups.saturating_add(other.void_lookups);
        self.void_lookups_ipv6 = self.void_lookups_ipv6.saturating_add(other.void_lookups_ipv6);
    }
}

/// The term that brings the whole over a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Over {
    /// Whose record.
    pub domain: DnsName,
    /// The term there.
    pub term: String,
    /// The term of the surveyed record under which it lies; the same where it stands there itself.
    pub under: String,
}

/// Builds the tree.
pub(super) struct Builder<'w> {
    world: &'w World,
    path: Vec<DnsName>,
    /// The cost of every record that stands in the tree.
    known: BTreeMap<DnsName, Cost>,
    total: Cost,
    under: Option<String>,
    terms_left: usize,
    shown_left: usize,
    pub(super) distinct: u32,
    pub(super) over: Option<Over>,
    pub(super) over_void: Option<Over>,
    pub(super) incomplete: bool,
}

impl<'w> Builder<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        Self {
            world,
            path: Vec::new(),
            known: BTreeMap::new(),
            total: Cost::default(),
            under: None,
            terms_left: MAX_TERMS,
            shown_left: MAX_SHOWN,
            distinct: 0,
            over: None,
            over_void: None,
            incomplete: world.exhausted,
        }
    }

    /// The record of a name with all below it, no deeper than the questions went.
    pub(super) fn record(&mut self, domain: &DnsName) -> RecordNode {
        let mut node = RecordNode {
            domain: domain.clone(),
            status: Status::Loop,
            text: None,
            terms: Vec::new(),
            cost: Cost::default(),
        };
        if self.path.contains(domain) {
            return node;
        }
        if let Some(cost) = self.known.get(domain) {
            (node.status, node.cost) = (Status::Repeated, *cost);
            self.total.add(*cost);
            return node;
        }
        // The way down the tree may be longer than the shortest one, which the questions took.
        let published = self.world.published(domain).filter(|_| self.path.len() <= MAX_DEPTH);
        let texts: Vec<&TxtData> = match published {
            None => {
                self.incomplete = true;
                node.status = Status::NotAsked;
                return node;
            }
            Some(Published::Failed(error)) => {
                node.status = Status::Failed(error.clone());
                return node;
            }
            Some(Published::None) => {
                node.status = Status::Absent;
                return node;
            }
            Some(Published::One(text)) => vec![text],
            Some(Published::Several(texts)) => texts,
        };
        let read: Vec<_> =
            texts.iter().flat_map(|text| Record::read(text)).take(self.terms_left + 1).collect();
        let Some(left) = self.terms_left.checked_sub(read.len()) else {
            self.incomplete = true;
            node.status = Status::NotAsked;
            return node;
        };
        self.terms_left = left;
        node.status = if texts.len() == 1 { Status::Found } else { Status::Several(texts.len()) };
        if let Some(first) = texts.first() {
            node.text = Some(Arc::from(first.as_slice()));
        }
        self.path.push(domain.clone());
        self.terms(&mut node, read);
        self.path.pop();
        self.known.insert(domain.clone(), node.cost);
        node
    }

    /// In the order of an evaluation: the mechanisms, then `redirect=`.
    fn terms(&mut self, node: &mut RecordNode, read: Vec<Result<Term, SyntaxError>>) {
        let kind = |term: &Result<Term, SyntaxError>| term.as_ref().ok().map(|term| term.kind.clone());
        let kinds: Vec<Option<TermKind>> = read.iter().map(kind).collect();
        let all = kinds.iter().position(|kind| matches!(kind, Some(TermKind::Directive(_, Mechanism::All))));
        // Several records have several ends; none of them is the end of all.
        let all = all.filter(|_| node.status == Status::Found);
        let blank =
            |term| TermNode { term, reached: true, cost: Cost::default(), asks: Asks::Nothing, record: None };
        node.terms = read.into_iter().map(blank).collect();
        let redirects = |kind: &Option<TermKind>| matches!(kind, Some(TermKind::Redirect(_)));
        let last: Vec<usize> =
            kinds.iter().enumerate().filter(|(_, kind)| redirects(kind)).map(|(index, _)| index).collect();
        let order = (0..kinds.len()).filter(|index| !last.contains(index)).chain(last.iter().copied());
        for index in order {
            let (Some(Some(kind)), Some(term)) = (kinds.get(index), node.terms.get_mut(index)) else {
                continue;
            };
            let is_mechanism = matches!(kind, TermKind::Directive(..));
            let is_redirect = matches!(kind, TermKind::Redirect(_));
            term.reached = all.is_none_or(|all| !(is_redirect || is_mechanism && index > all));
            if term.reached {
                self.term(&node.domain, kind, term);
                node.cost.add(term.cost);
            }
        }
    }

    /// What one term asks for, and what it costs.
    fn term(&mut self, domain: &DnsName, kind: &TermKind, node: &mut TermNode) {
        let (spec, types): (_, &[RecordType]) = match kind {
            TermKind::Redirect(spec) | TermKind::Directive(_, Mechanism::Include(spec)) => (Some(spec), &[]),
            TermKind::Directive(_, Mechanism::A(spec, _)) => {
                (spec.as_ref(), &[RecordType::A, RecordType::Aaaa])
            }
            TermKind::Directive(_, Mechanism::Mx(spec, _)) => (spec.as_ref(), &[RecordType::Mx]),
            TermKind::Directive(_, Mechanism::Exists(spec)) => (Some(spec), &[RecordType::A]),
            TermKind::Directive(_, Mechanism::Ptr(_)) => {
                node.asks = Asks::Open;
                return self.count(domain, node, Cost { lookups: 1, ..Cost::default() });
            }
            _ => return,
        };
        let text = node.term.as_ref().map(|term| term.text.to_string()).unwrap_or_default();
        let is_first = self.under.is_none();
        if is_first {
            self.under = Some(text);
        }
        self.count(domain, node, Cost { lookups: 1, ..Cost::default() });
        match self.world.target(spec, domain) {
            Target::Open => node.asks = Asks::Open,
            Target::Invalid(text) => node.asks = Asks::Invalid(text),
            Target::Name(name) if types.is_empty() => {
                let before = self.total;
                let record = self.record(&name);
                if record.status == Status::Repeated {
                    self.notice(domain, node, before);
                }
                node.cost.add(record.cost);
                node.asks = Asks::Name(name, Vec::new());
                node.record = Some(Box::new(record));
            }
            Target::Name(name) => {
                let (asks, void) = self.asked(name, types);
                node.asks = asks;
                self.count(domain, node, void);
            }
        }
        if is_first {
            self.under = None;
        }
    }

    fn count(&mut self, domain: &DnsName, node: &mut TermNode, cost: Cost) {
        let before = self.total;
        self.total.add(cost);
        self.distinct = self.distinct.saturating_add(cost.lookups);
        node.cost.add(cost);
        self.notice(domain, node, before);
    }

    /// Remembers the term that crosses a limit.
    fn notice(&mut self, domain: &DnsName, node: &TermNode, before: Cost) {
        let crosses = |before: u32, now: u32, limit: u8| before <= u32::from(limit) && now > u32::from(limit);
        let term = node.term.as_ref().map(|term| term.text.to_string()).unwrap_or_default();
        let under = self.under.clone().unwrap_or_else(|| term.clone());
        let over = Over { domain: domain.clone(), term, under };
        if crosses(before.void_lookups, self.total.void_lookups, MAX_VOID_LOOKUPS) {
            self.over_void = Some(over.clone());
        }
        if crosses(before.lookups, self.total.lookups, MAX_LOOKUPS) {
            self.over = Some(over);
        }
    }

    /// What was answered, and the void lookups of it.
    fn asked(&mut self, name: DnsName, types: &[RecordType]) -> (Asks, Cost) {
        let mut found = Vec::new();
        let mut is_void = true;
        let mut void = Cost::default();
        for kind in types {
            match self.world.answer(&name, *kind) {
                Some(Ok(answer)) => {
                    is_void = false;
                    let room = MAX_RECORDS.min(self.shown_left);
                    found.extend(answer.records.iter().take(room).map(|record| shown(&record.data)));
                    self.shown_left = self.shown_left.saturating_sub(answer.records.len());
                }
                Some(Err(error)) if error.is_void() => {
                    // Only `a` asks by the family of the client; the others ask the same of all.
                    let of_a = types.len() > 1;
                    void.void_lookups += u32::from(!of_a || *kind == RecordType::A);
                    void.void_lookups_ipv6 += u32::from(!of_a || *kind == RecordType::Aaaa);
                }
                Some(Err(error)) => return (Asks::Failed(name, error.clone()), Cost::default()),
                None => {
                    self.incomplete = true;
                    return (Asks::NotAsked(name), Cost::default());
                }
            }
        }
        let asks = if is_void { Asks::Void(name) } else { Asks::Name(name, found) };
        (asks, void)
    }
}

/// Data without the final dots of master files.
fn shown(data: &tegami_dns::Data) -> String {
    match data {
        tegami_dns::Data::Mx(host) => host.exchange.to_string(),
        data => data.to_string(),
    }
}

impl RecordNode {
    /// This record and all below it, from the top.
    pub fn all(&self) -> Vec<&Self> {
        let mut all = vec![self];
        let mut next = 0;
        while let Some(node) = all.get(next).copied() {
            all.extend(node.terms.iter().filter_map(|term| term.record.as_deref()));
            next += 1;
        }
        all
    }

    /// Whether an evaluation of this record alone ends in `permerror`, whoever sends.
    pub fn is_broken(&self) -> bool {
        matches!(self.status, Status::Several(_)) || self.terms.iter().any(|term| term.term.is_err())
    }
}

impl TermNode {
    /// What the term says, where it can be read.
    pub fn kind(&self) -> Option<&TermKind> {
        self.term.as_ref().ok().map(|term| &term.kind)
    }

    /// As written.
    pub fn text(&self) -> &str {
        match &self.term {
            Ok(term) => &term.text,
            Err(error) => &error.term,
        }
    }

    /// Where it begins.
    pub fn column(&self) -> usize {
        match &self.term {
            Ok(term) => term.column,
            Err(error) => error.begins,
        }
    }

    /// The mechanism, where it is one.
    pub fn mechanism(&self) -> Option<&Mechanism> {
        match self.kind() {
            Some(TermKind::Directive(_, mechanism)) => Some(mechanism),
            _ => None,
        }
    }

    /// Sign, name and value as they stand: `+` for a mechanism without a sign, nothing for a modifier. Of a term that cannot be
    /// read they are a guess.
    pub fn parts(&self) -> (&str, &str, &str) {
        let text = self.text();
        let rest = text.strip_prefix(['+', '-', '~', '?']).unwrap_or(text);
        let (name, value) =
            rest.find([':', '=', '/']).and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
        let sign = text.strip_suffix(rest).filter(|sign| !sign.is_empty());
        let modifier = value.starts_with('=');
        (sign.unwrap_or(if modifier { "" } else { "+" }), name, value.trim_start_matches([':', '=']))
    }
}

impl Status {
    /// The word of the JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Several(_) => "multiple",
            Self::Absent => "none",
            Self::Failed(_) => "error",
            Self::Loop => "loop",
            Self::Repeated => "repeated",
            Self::NotAsked => "not-asked",
        }
    }
}
