//! What the terms lead to.

use tegami_dns::{DnsError, DnsName, RecordType};
use tegami_mail::note;

use super::super::super::evaluation::MAX_ADDRESS_NAMES;
use super::super::super::macros::{MacroString, Place};
use super::super::finding::{
    EXP, Finding, INCLUDE_LOOP, INCLUDE_MISSING, INCLUDE_PERMERROR, MX_COUNT, PTR_COUNT, REDIRECT,
    REDIRECT_LOOP, State, TEMPERROR,
};
use super::super::question::{Published, Target};
use super::super::tree::{Asks, RecordNode, Status, TermNode};
use super::super::vendor;
use super::{Judge, Visit};
use crate::spf::{Mechanism, TermKind};

/// Loops that are told of one survey.
const MAX_LOOPS: usize = 20;

pub(super) fn check(judge: &mut Judge<'_>, visits: &[Visit<'_>]) {
    let mut loops: Vec<(DnsName, DnsName)> = Vec::new();
    for visit in visits {
        for term in visit.node.terms.iter().filter(|term| term.reached) {
            failed(judge, visit.node, term);
            if judge.is_glued(visit.node, term) {
                continue;
            }
            if let Some(record) = term.record.as_deref() {
                let pair = (visit.node.domain.clone(), record.domain.clone());
                if record.status == Status::Loop && loops.len() < MAX_LOOPS && !loops.contains(&pair) {
                    endless(judge, visits, visit.node, term, record);
                    loops.push(pair);
                }
                leads_nowhere(judge, visit.node, term, record);
            }
            if matches!(term.mechanism(), Some(Mechanism::Mx(..))) {
                mx_count(judge, visit.node, term);
            }
        }
        if visit.decides {
            ignored_redirect(judge, visit.node);
            explanation(judge, visit.node);
        }
    }
    ptr_count(judge);
}

/// The DNS failed us, so a receiver may fail too.
fn failed(judge: &mut Judge<'_>, node: &RecordNode, term: &TermNode) {
    let status = term.record.as_deref().map(|record| (&record.domain, &record.status));
    let (name, error): (&DnsName, &DnsError) = match (&term.asks, status) {
        (Asks::Failed(name, error), _) | (_, Some((name, Status::Failed(error)))) => (name, error),
        _ => return,
    };
    let note = note!("spf-survey-temperror-term", term = term.text(), name = name, error = error);
    judge.push(Finding::new(&TEMPERROR, State::Unknown, &node.domain, note).at_term(node, term));
}

/// A record that includes itself, over one or more others; the way round is told.
fn endless(judge: &mut Judge<'_>, visits: &[Visit<'_>], node: &RecordNode, term: &TermNode, to: &RecordNode) {
    let (check, path) =
        (if term.is_redirect() { &REDIRECT_LOOP } else { &INCLUDE_LOOP }, way(visits, to, node));
    let note = note!("spf-survey-loop", term = term.text(), path = path);
    judge.push(Finding::new(check, State::Fail, &node.domain, note).at_term(node, term).remove());
}

/// `a → b → a`.
fn way(visits: &[Visit<'_>], to: &RecordNode, from: &RecordNode) -> String {
    let mut names = vec![to.domain.as_str(), from.domain.as_str()];
    let mut at = &from.domain;
    while *at != to.domain && names.len() < 30 {
        let leads = |visit: &&Visit<'_>| {
            let mut targets = visit.node.terms.iter().filter_map(|term| term.record.as_deref());
            targets.any(|record| record.domain == *at && record.status == Status::Found)
        };
        let Some(parent) = visits.iter().find(leads) else { break };
        at = &parent.node.domain;
        names.push(at.as_str());
    }
    if from.domain == to.domain {
        names.pop();
        names.push(from.domain.as_str());
    }
    names.reverse();
    names.join(" → ")
}

/// An include or a redirect whose target has no record, or no good one.
fn leads_nowhere(judge: &mut Judge<'_>, node: &RecordNode, term: &TermNode, record: &RecordNode) {
    let target = &record.domain;
    let is_redirect = term.is_redirect();
    let (check, note) = match &record.status {
        Status::Absent if is_redirect => (&REDIRECT, note!("spf-survey-redirect-missing", target = target)),
        Status::Absent => match vendor::of(target) {
            Some(vendor) => {
                (&INCLUDE_MISSING, note!("spf-survey-include-vendor", target = target, vendor = vendor))
            }
            None => (&INCLUDE_MISSING, note!("spf-survey-include-missing", target = target)),
        },
        Status::Several(count) => {
            let check = if is_redirect { &REDIRECT } else { &INCLUDE_PERMERROR };
            (check, note!("spf-survey-target-multiple", target = target, count = count))
        }
        _ => {
            let Some(error) = record.terms.iter().find_map(|term| term.term.as_ref().err()) else { return };
            let check = if is_redirect { &REDIRECT } else { &INCLUDE_PERMERROR };
            let (column, wrong) = (error.column, &error.term);
            (check, note!("spf-survey-target-syntax", target = target, column = column, term = wrong))
        }
    };
    let finding = Finding::new(check, State::Fail, &node.domain, note).at_term(node, term);
    judge.push(if record.status == Status::Absent && !is_redirect { finding.remove() } else { finding });
}

/// `redirect=` beside `all`.
fn ignored_redirect(judge: &mut Judge<'_>, node: &RecordNode) {
    let Some(term) = node.terms.iter().find(|term| term.is_redirect() && !term.reached) else { return };
    let note = note!("spf-survey-redirect-ignored", term = term.text());
    let finding = Finding::new(&REDIRECT, State::Warn, &node.domain, note).at_term(node, term).remove();
    let changes = finding.suggestion.as_ref().and_then(|suggestion| judge.replaced(node, suggestion));
    judge.push(match changes {
        Some(changes) => finding.fix(changes),
        None => finding,
    });
}

fn mx_count(judge: &mut Judge<'_>, node: &RecordNode, term: &TermNode) {
    let Asks::Name(name, _) = &term.asks else { return };
    let answer = judge.world.answer(name, RecordType::Mx).and_then(Result::ok);
    let (count, limit) = (answer.map_or(0, |answer| answer.records.len()), MAX_ADDRESS_NAMES);
    if count > limit {
        let note = note!("spf-mx-limit", name = name, count = count, limit = limit);
        judge.push(Finding::new(&MX_COUNT, State::Fail, &node.domain, note).at_term(node, term));
    }
}

/// Of the names of an address only the first ten are looked at.
fn ptr_count(judge: &mut Judge<'_>) {
    let named = judge.tree.terms.iter().filter_map(|term| match term.mechanism() {
        Some(Mechanism::Ip4(ip, 32)) => Some((*ip).into()),
        Some(Mechanism::Ip6(ip, 128)) => Some((*ip).into()),
        _ => None,
    });
    let domain = &judge.world.domain;
    let hosts = std::iter::once(domain).chain(judge.world.hosts(domain));
    let mut addresses: Vec<std::net::IpAddr> =
        named.chain(hosts.flat_map(|host| judge.world.addresses(host))).take(MAX_ADDRESS_NAMES).collect();
    addresses.dedup();
    let limit = MAX_ADDRESS_NAMES;
    for ip in addresses {
        let answer = judge.world.answer(&DnsName::reverse(ip), RecordType::Ptr);
        let count = answer.and_then(Result::ok).map_or(0, |answer| answer.records.len());
        if count > limit {
            let note = note!("spf-survey-ptr-count", ip = ip, count = count, limit = limit);
            judge.push(Finding::new(&PTR_COUNT, State::Warn, domain, note));
        }
    }
}

/// The text that `exp=` points at: exactly one TXT record of well-formed ASCII.
fn explanation(judge: &mut Judge<'_>, node: &RecordNode) {
    for term in &node.terms {
        let Some(TermKind::Explanation(spec)) = term.kind() else { continue };
        let Target::Name(name) = judge.world.target(Some(spec), &node.domain) else { continue };
        let texts: Vec<_> = judge.world.texts(&name).collect();
        let usable = match texts.as_slice() {
            [text] => std::str::from_utf8(text)
                .is_ok_and(|text| MacroString::parse(text, Place::Explanation).is_ok()),
            _ => false,
        };
        // Only the surveyed record's own is asked for.
        let asked = matches!(
            judge.world.published(&name),
            Some(Published::None | Published::One(_) | Published::Several(_))
        );
        if asked && !usable {
            let note = note!("spf-survey-exp", name = name, count = texts.len());
            judge.push(Finding::new(&EXP, State::Warn, &node.domain, note).at_term(node, term).remove());
        }
    }
}
