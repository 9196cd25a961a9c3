//! What an evaluation costs, against the limits (RFC 7208 section 4.6.4).

use tegami_mail::{Note, note};

use super::super::super::evaluation::{MAX_LOOKUPS, MAX_VOID_LOOKUPS};
use super::super::finding::{Finding, LOOKUP_LIMIT, REDUNDANT, State, VOID_LOOKUPS};
use super::super::tree::{Over, Status, TermNode};
use super::{Judge, Visit};

/// So many lookups are told: the next provider that is added may bring some.
const TOLD: u32 = 7;

/// So many are a warning: providers change their records without asking.
const NEAR: u32 = 9;

/// Terms that are named in one sentence.
const MAX_NAMES: usize = 10;

pub(super) fn check(judge: &mut Judge<'_>, visits: &[Visit<'_>]) {
    lookups(judge);
    void_lookups(judge);
    repeated(judge, visits);
}

fn lookups(judge: &mut Judge<'_>) {
    let (count, limit, domain) = (judge.cost.lookups, u32::from(MAX_LOOKUPS), &judge.world.domain);
    let (state, note) = match &judge.over {
        Some(over) if count > limit => {
            let Over { domain: place, term, under } = over;
            let note = if judge.complete {
                note!(
                    "spf-survey-lookups-over",
                    domain = domain,
                    count = count,
                    limit = limit,
                    term = term,
                    place = place,
                    under = under
                )
            } else {
                let least = count.saturating_sub(1);
                note!(
                    "spf-survey-lookups-open",
                    domain = domain,
                    least = least,
                    limit = limit,
                    term = term,
                    place = place,
                    under = under
                )
            };
            (State::Fail, note)
        }
        _ if !judge.complete => {
            (State::Unknown, note!("spf-survey-incomplete", domain = domain, count = count, limit = limit))
        }
        _ if count >= NEAR => {
            (State::Warn, note!("spf-survey-lookups-near", domain = domain, count = count, limit = limit))
        }
        _ if count >= TOLD => {
            (State::Info, note!("spf-survey-lookups-told", domain = domain, count = count, limit = limit))
        }
        _ => return,
    };
    let over = judge.over.clone();
    push_at(judge, Finding::new(&LOOKUP_LIMIT, state, domain, note), over.as_ref());
}

fn void_lookups(judge: &mut Judge<'_>) {
    let (domain, limit) = (&judge.world.domain, u32::from(MAX_VOID_LOOKUPS));
    let (count, ipv6) = (judge.cost.void_lookups, judge.cost.void_lookups_ipv6);
    let names = names(judge, |term| term.cost.void_lookups > 0);
    let finding = |state, note: Note| Finding::new(&VOID_LOOKUPS, state, domain, note);
    let found = if count > limit {
        finding(
            State::Fail,
            note!("spf-survey-void-over", domain = domain, count = count, limit = limit, names = names),
        )
    } else if ipv6 > limit {
        let names = self::names(judge, |term| term.cost.void_lookups_ipv6 > 0);
        finding(
            State::Warn,
            note!("spf-survey-void-ipv6", domain = domain, count = ipv6, limit = limit, names = names),
        )
    } else if count > 0 {
        finding(
            State::Warn,
            note!("spf-survey-void", domain = domain, count = count, limit = limit, names = names),
        )
    } else {
        return;
    };
    let over = judge.over_void.clone();
    push_at(judge, found, over.as_ref());
}

/// The terms themselves that have such a cost, not what leads to them.
fn names(judge: &Judge<'_>, counts: impl Fn(&TermNode) -> bool) -> String {
    let terms = judge.tree.all().into_iter().flat_map(|node| &node.terms);
    let mut names: Vec<&str> = Vec::new();
    for term in terms.filter(|term| term.record.is_none() && counts(term)) {
        if names.len() < MAX_NAMES && !names.contains(&term.text()) {
            names.push(term.text());
        }
    }
    names.join(", ")
}

/// Points at the term of the surveyed record that brings it over the limit.
fn push_at(judge: &mut Judge<'_>, finding: Finding, over: Option<&Over>) {
    let root = judge.tree;
    let term = over.and_then(|over| root.terms.iter().find(|term| term.text() == over.under));
    judge.push(match term {
        Some(term) => finding.at_term(root, term),
        None => finding,
    });
}

/// The same record, paid for a second time.
fn repeated(judge: &mut Judge<'_>, visits: &[Visit<'_>]) {
    for visit in visits.iter().filter(|visit| visit.own && visit.node.status == Status::Found) {
        for term in visit.node.terms.iter().filter(|term| term.reached && !term.is_redirect()) {
            let Some(record) = term.record.as_deref().filter(|node| node.status == Status::Repeated) else {
                continue;
            };
            let count = term.cost.lookups;
            let note =
                note!("spf-survey-repeated", term = term.text(), target = record.domain, count = count);
            judge.push(
                Finding::new(&REDUNDANT, State::Info, &visit.node.domain, note)
                    .at_term(visit.node, term)
                    .remove(),
            );
        }
    }
}
