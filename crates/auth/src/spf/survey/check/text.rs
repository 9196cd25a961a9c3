//! How the record is written.

use std::sync::Arc;

use tegami_dns::TxtData;
use tegami_mail::{Note, note};

use super::super::correction;
use super::super::finding::{
    CASE_AND_DOTS, Finding, LENGTH, MACROS, STRING_SPLIT, SYNTAX, Span, State, Suggestion,
};
use super::super::tree::RecordNode;
use super::{Judge, Visit};
use crate::spf::{DomainSpec, Mechanism, Problem, Record, Term, TermKind};

/// Longer records may not fit in an answer over UDP with what else stands there (RFC 7208 section 3.4).
const COMFORTABLE: usize = 450;

/// The classic limit of a whole answer over UDP, in octets (RFC 1035 section 2.3.4).
const ONE_DATAGRAM: usize = 512;

/// Mistakes that are told of one record.
const MAX_MISTAKES: usize = 40;

pub(super) fn check(judge: &mut Judge<'_>, visits: &[Visit<'_>]) {
    for visit in visits.iter().filter(|visit| visit.own) {
        for text in judge.texts(visit.node) {
            let record: Arc<[u8]> = Arc::from(text.as_slice());
            let terms: Vec<Term> = Record::read(text).filter_map(Result::ok).collect();
            mistakes(judge, visit.node, text, &record);
            glued(judge, visit.node, text, &terms, &record);
            for term in &terms {
                if let TermKind::Unknown(name) = &term.kind {
                    modifier(judge, visit.node, term, name, &record);
                }
                mapped(judge, visit.node, term, &record);
                dots(judge, visit.node, term, &record);
            }
            length(judge, visit.node, text);
        }
    }
}

/// Every syntax error, with what was probably meant.
fn mistakes(judge: &mut Judge<'_>, node: &RecordNode, text: &TxtData, record: &Arc<[u8]>) {
    let mistakes = correction::mistakes(text, text.borders());
    judge.omitted += mistakes.len().saturating_sub(MAX_MISTAKES);
    for mistake in mistakes.into_iter().take(MAX_MISTAKES) {
        let error = &mistake.error;
        let (check, note) = match error.problem {
            _ if mistake.split => {
                (&STRING_SPLIT, note!("spf-survey-string-split", domain = node.domain, term = error.term))
            }
            Problem::Macro | Problem::MacroLetter => (&MACROS, error.note()),
            _ => (&SYNTAX, error.note()),
        };
        let finding = Finding::new(check, State::Fail, &node.domain, note).at(record, mistake.span);
        judge.push(finding.column(error.column).suggest(mistake.suggestion));
    }
}

/// Two terms that read as one.
fn glued(judge: &mut Judge<'_>, node: &RecordNode, text: &TxtData, terms: &[Term], record: &Arc<[u8]>) {
    for (suggestion, split) in correction::glued(text, terms, text.borders()) {
        let place = super::super::finding::Place {
            record: Arc::clone(record),
            column: suggestion.span.column,
            span: suggestion.span,
        };
        let (check, note) = if split {
            (&STRING_SPLIT, note!("spf-survey-string-split", domain = node.domain, term = place.term()))
        } else {
            (&SYNTAX, note!("spf-survey-glued", column = place.column, term = place.term()))
        };
        judge.glued.insert((node.domain.clone(), suggestion.span.column));
        let finding = Finding::new(check, State::Fail, &node.domain, note).at(record, suggestion.span);
        judge.push(finding.suggest(Some(suggestion)));
    }
}

/// A modifier that SPF does not have: allowed, ignored, and often a mechanism with the wrong sign.
fn modifier(judge: &mut Judge<'_>, node: &RecordNode, term: &Term, name: &str, record: &Arc<[u8]>) {
    let span = span(term);
    let (column, text) = (term.column, &term.text);
    let finding = |state, note: Note| Finding::new(&SYNTAX, state, &node.domain, note).at(record, span);
    let is_version = name == "v" && text.to_ascii_lowercase().starts_with("v=spf1");
    judge.push(if is_version {
        finding(State::Warn, note!("spf-survey-second-version", column = column, term = text)).remove()
    } else if let Some(meant) = correction::modifier(text) {
        let note = note!("spf-survey-modifier-near", column = column, term = text);
        finding(State::Warn, note).suggest(Some(Suggestion { span, text: meant }))
    } else {
        finding(State::Info, note!("spf-modifier-unknown", name = name))
    });
}

/// An IPv4-mapped address never matches: such clients are IPv4 clients (RFC 7208 section 5).
fn mapped(judge: &mut Judge<'_>, node: &RecordNode, term: &Term, record: &Arc<[u8]>) {
    let TermKind::Directive(_, Mechanism::Ip6(address, length)) = &term.kind else { return };
    let (Some(ipv4), Some(length)) = (address.to_ipv4_mapped(), length.checked_sub(96)) else { return };
    let sign: String = term.text.chars().take_while(|c| "+-~?".contains(*c)).collect();
    let prefix = if length == 32 { String::new() } else { format!("/{length}") };
    let span = span(term);
    let note = note!("spf-survey-mapped", column = term.column, term = term.text);
    let finding =
        Finding { source: "RFC 7208 section 5", ..Finding::new(&SYNTAX, State::Warn, &node.domain, note) };
    let suggestion = Suggestion { span, text: format!("{sign}ip4:{ipv4}{prefix}") };
    judge.push(finding.at(record, span).suggest(Some(suggestion)));
}

/// A final dot is allowed, and some software stumbles over it.
fn dots(judge: &mut Judge<'_>, node: &RecordNode, term: &Term, record: &Arc<[u8]>) {
    let (spec, _) = domain_spec(&term.kind);
    // The end of a domain-spec: of the term, or where its prefix lengths begin.
    let end = term.text.find('/').unwrap_or(term.text.len());
    let Some(head) = spec.and(term.text.get(..end)).filter(|head| head.ends_with('.')) else { return };
    let text = format!("{}{}", head.trim_end_matches('.'), term.text.get(end..).unwrap_or_default());
    let span = span(term);
    let note = note!("spf-survey-final-dot", column = term.column, term = term.text);
    let finding = Finding::new(&CASE_AND_DOTS, State::Info, &node.domain, note).at(record, span);
    judge.push(finding.suggest(Some(Suggestion { span, text })));
}

fn length(judge: &mut Judge<'_>, node: &RecordNode, text: &TxtData) {
    let octets = text.len();
    let (domain, limit) = (&node.domain, ONE_DATAGRAM);
    if octets > ONE_DATAGRAM {
        let note = note!("spf-survey-length", domain = domain, octets = octets, limit = limit);
        judge.push(Finding::new(&LENGTH, State::Warn, domain, note));
    } else if octets > COMFORTABLE {
        let note = note!("spf-survey-length-near", domain = domain, octets = octets, limit = limit);
        judge.push(Finding::new(&LENGTH, State::Info, domain, note));
    }
}

/// The domain-spec of a term, and whether the term asks for it in an evaluation.
pub(super) fn domain_spec(kind: &TermKind) -> (Option<&DomainSpec>, bool) {
    match kind {
        TermKind::Directive(_, mechanism) => match mechanism {
            Mechanism::Include(spec) | Mechanism::Exists(spec) => (Some(spec), true),
            Mechanism::A(spec, _) | Mechanism::Mx(spec, _) | Mechanism::Ptr(spec) => (spec.as_ref(), true),
            Mechanism::All | Mechanism::Ip4(..) | Mechanism::Ip6(..) => (None, false),
        },
        TermKind::Redirect(spec) => (Some(spec), true),
        TermKind::Explanation(spec) => (Some(spec), false),
        TermKind::Unknown(_) => (None, false),
    }
}

fn span(term: &Term) -> Span {
    Span { column: term.column, length: term.text.len() }
}
