//! What the record says about those whom it does not name, and with which means.

use tegami_mail::note;

use super::super::finding::{
    AFTER_ALL, ALL_MISSING, ALL_PLUS, Finding, MACROS, PTR, QUALIFIER, Span, State, Suggestion,
};
use super::super::tree::{RecordNode, Status, TermNode};
use super::text::domain_spec;
use super::{Judge, Visit, range};
use crate::network::Network;
use crate::spf::{Mechanism, Qualifier, TermKind};

/// Macros that whoever sends can choose (RFC 7208 section 7.2).
const CHOSEN_BY_SENDER: [char; 1] = ['h'];

pub(super) fn check(judge: &mut Judge<'_>, visits: &[Visit<'_>]) {
    for visit in visits {
        for term in visit.node.terms.iter().filter(|term| term.reached) {
            everybody(judge, *visit, term);
            pointers(judge, *visit, term);
            if visit.own {
                macros(judge, visit.node, term);
            }
        }
        if visit.own && visit.node.status == Status::Found {
            after_all(judge, visit.node);
        }
        if visit.decides && visit.node.status == Status::Found {
            end(judge, visit.node);
        }
    }
}

/// A term that lets the whole Internet pass, or that says nothing about it.
fn everybody(judge: &mut Judge<'_>, visit: Visit<'_>, term: &TermNode) {
    let Some(TermKind::Directive(qualifier, mechanism)) = term.kind() else { return };
    let domain = &visit.node.domain;
    let whole =
        matches!(mechanism, Mechanism::All) || range::networks(judge.world, term).iter().any(is_everything);
    if !whole {
        return;
    }
    let softer = |sign: char| Suggestion { span: term.span(), text: format!("{sign}all") };
    let finding = match qualifier {
        Qualifier::Pass => {
            let finding = Finding::new(
                &ALL_PLUS,
                State::Fail,
                domain,
                note!("spf-survey-all-plus", domain = domain, term = term.text()),
            );
            let is_all = matches!(mechanism, Mechanism::All);
            finding.suggest(Some(if is_all {
                softer('~')
            } else {
                Suggestion { span: term.span(), text: String::new() }
            }))
        }
        Qualifier::Neutral if visit.decides && matches!(mechanism, Mechanism::All) => {
            let note = note!("spf-survey-all-neutral", domain = domain, term = term.text());
            Finding::new(&ALL_PLUS, State::Warn, domain, note).suggest(Some(softer('~')))
        }
        _ => return,
    };
    judge.push(finding.at_term(visit.node, term));
}

fn is_everything(network: &Network) -> bool {
    network.length == 0
}

/// `ptr`, which should not be published any more (RFC 7208 section 5.5).
fn pointers(judge: &mut Judge<'_>, visit: Visit<'_>, term: &TermNode) {
    if !matches!(term.mechanism(), Some(Mechanism::Ptr(_))) {
        return;
    }
    let domain = &visit.node.domain;
    let state = if visit.own { State::Warn } else { State::Info };
    let finding =
        Finding::new(&PTR, state, domain, note!("spf-survey-ptr", domain = domain, term = term.text()));
    let finding = finding.at_term(visit.node, term);
    judge.push(if visit.own { finding.remove() } else { finding });
}

fn macros(judge: &mut Judge<'_>, node: &RecordNode, term: &TermNode) {
    let Some(macros) = term.kind().and_then(|kind| domain_spec(kind).0).map(|spec| spec.macros()) else {
        return;
    };
    let finding = |state, note| Finding::new(&MACROS, state, &node.domain, note).at_term(node, term);
    if CHOSEN_BY_SENDER.iter().any(|letter| macros.uses(*letter)) {
        judge.push(finding(State::Warn, note!("spf-survey-macro-helo", term = term.text())));
    }
    if macros.uses('p') {
        judge.push(finding(State::Warn, note!("spf-survey-macro-ptr", term = term.text())));
    }
    if "sliv".chars().any(|letter| macros.uses(letter)) {
        judge.push(finding(State::Info, note!("spf-survey-macro-open", term = term.text())));
    }
}

/// Mechanisms that stand after `all`, where nobody comes to.
fn after_all(judge: &mut Judge<'_>, node: &RecordNode) {
    let mechanism = |term: &&TermNode| matches!(term.kind(), Some(TermKind::Directive(..)));
    let lost: Vec<&TermNode> = node.terms.iter().filter(|term| !term.reached).filter(mechanism).collect();
    let is_all = |term: &&TermNode| matches!(term.mechanism(), Some(Mechanism::All));
    let (Some(first), Some(all)) = (lost.first(), node.terms.iter().find(is_all)) else { return };
    let terms: Vec<&str> = lost.iter().map(|term| term.text()).take(20).collect();
    let note = note!("spf-survey-after-all", all = all.text(), terms = terms.join(" "));
    let end = lost.last().map_or(first.span(), |last| last.span());
    let stretch = Span { column: first.column(), length: end.column + end.length - first.column() };
    let finding = Finding::new(&AFTER_ALL, State::Fail, &node.domain, note).at_term(node, first);
    // `all` goes to the end: out of its place, and behind what it hid. A second `all` would hide nothing and is dropped.
    let kept: Vec<&str> = lost.iter().filter(|term| !is_all(term)).map(|term| term.text()).collect();
    let moved = [
        Suggestion { span: all.span(), text: kept.join(" ") },
        Suggestion { span: stretch, text: all.text().to_owned() },
    ];
    let record = super::super::finding::apply(node.text.as_deref().unwrap_or_default(), &moved);
    let readable = node.terms.iter().all(|term| term.term.is_ok());
    let changes = vec![super::super::finding::Change::txt(
        super::super::finding::Operation::Replace,
        &node.domain,
        record,
    )];
    judge.push(if readable { finding.fix(changes) } else { finding });
}

/// How the record that decides ends.
fn end(judge: &mut Judge<'_>, node: &RecordNode) {
    let domain = &node.domain;
    let is_redirect = |term: &TermNode| matches!(term.kind(), Some(TermKind::Redirect(_)));
    let all = node.terms.iter().find(|term| matches!(term.mechanism(), Some(Mechanism::All)));
    let others =
        node.terms.iter().any(|term| term.mechanism().is_some_and(|one| !matches!(one, Mechanism::All)));
    // What could not be read may have been an end.
    let readable = node.terms.iter().all(|term| term.term.is_ok());
    match all.and_then(|term| Some((term, term.kind()?))) {
        None if readable && !node.terms.iter().any(is_redirect) => {
            let note = note!("spf-survey-all-missing", domain = domain);
            let octets = node.text.as_deref().unwrap_or_default();
            let span = Span { column: octets.len() + 1, length: 0 };
            let suggestion = Suggestion { span, text: " ~all".to_owned() };
            let finding = Finding::new(&ALL_MISSING, State::Warn, domain, note);
            judge.push(match judge.replaced(node, &suggestion) {
                Some(changes) => finding.fix(changes),
                None => finding,
            });
        }
        Some((term, TermKind::Directive(Qualifier::Fail, _))) if others => {
            let note = note!("spf-survey-qualifier-fail", domain = domain, term = term.text());
            let suggestion = Suggestion { span: term.span(), text: "~all".to_owned() };
            let finding = Finding::new(&QUALIFIER, State::Info, domain, note).at_term(node, term);
            judge.push(finding.suggest(Some(suggestion)));
        }
        Some((term, TermKind::Directive(Qualifier::SoftFail, _))) if node.terms.len() == 1 => {
            let note = note!("spf-survey-qualifier-nobody", domain = domain, term = term.text());
            let suggestion = Suggestion { span: term.span(), text: "-all".to_owned() };
            let finding = Finding::new(&QUALIFIER, State::Info, domain, note).at_term(node, term);
            judge.push(finding.suggest(Some(suggestion)));
        }
        _ => {}
    }
}
