//! A survey for people: the record term by term, what each costs, and what was found, with the place underlined.

use tegami_auth::spf::survey::{Asks, Finding, Operation, Place, RecordNode, State, Status, TermNode};
use tegami_auth::spf::{MAX_LOOKUPS, MAX_VOID_LOOKUPS, Mechanism, Survey, TermKind, Verdict};
use tegami_dns::Data;
use tegami_mail::{Note, note};
use unicode_width::UnicodeWidthStr as _;

use super::super::super::prose::{Prose, paint, style};
use super::super::super::table;
use super::Context;

/// Lines of a table or a tree; what is longer is nobody's own record.
const MAX_LINES: usize = 80;
/// Columns of an excerpt, of which so many stand before the mistake.
const EXCERPT: usize = 70;
const BEFORE: usize = 24;
/// Answers that are shown of one term.
const MAX_ANSWERS: usize = 4;

/// The whole survey.
pub(super) fn text(survey: &Survey, context: &Context) -> String {
    let mut prose = Prose::new(context);
    prose.verdict(&format!("SPF {}", survey.domain), survey.worst().as_str());
    if survey.tree.text.is_some() {
        record(&mut prose, &survey.tree, context);
        cost(&mut prose, survey, context);
    }
    prose.heading(&context.word("cli-spf-findings"));
    if survey.findings.is_empty() {
        prose.sentence(3, &note!("cli-spf-survey-clean"), "");
    }
    for (number, finding) in survey.findings.iter().enumerate() {
        if number > 0 {
            prose.gap();
        }
        tell(&mut prose, finding, context);
    }
    if survey.omitted > 0 {
        prose.gap();
        prose.sentence(3, &note!("cli-spf-survey-omitted", count = survey.omitted), "");
    }
    if let Some(corrected) = &survey.corrected {
        prose.heading(&context.word("cli-spf-corrected"));
        prose.paragraph(3, &table::plain(corrected));
    }
    results(&mut prose, survey, None, context);
    prose.into_text()
}

/// What is tested, under the names that people know from MxToolbox, and the checks behind each.
const TESTS: [(&str, &[&str]); 13] = [
    ("SPF Record Published", &["spf.exists", "spf.version", "spf.wrong-location"]),
    ("SPF Record Deprecated", &["spf.type99"]),
    ("SPF Multiple Records", &["spf.multiple"]),
    ("SPF Contains characters after ALL", &["spf.after-all"]),
    ("SPF Syntax Check", &["spf.syntax", "spf.string-split", "spf.macros"]),
    ("SPF Included Lookups", &["spf.lookup-limit", "spf.include-missing", "spf.include-permerror"]),
    ("SPF Recursive Loop", &["spf.include-loop", "spf.redirect-loop"]),
    ("SPF Duplicate Include", &["spf.redundant"]),
    ("SPF Type PTR Check", &["spf.ptr", "spf.ptr-count"]),
    ("SPF Void Lookups", &["spf.void-lookups"]),
    ("SPF MX Resource Records", &["spf.mx-count"]),
    ("SPF Redirect Evaluation", &["spf.redirect"]),
    ("SPF Exceeds Maximum Character Limit", &["spf.length"]),
];

/// One row for each test; with an address, whether it is permitted.
pub(super) fn results(prose: &mut Prose<'_>, survey: &Survey, verdict: Option<&Verdict>, context: &Context) {
    let own = verdict.map(|verdict| (verdict.result.as_str(), "SPF Authentication"));
    let tests = TESTS.iter().map(|(name, checks)| {
        let state = checks.iter().map(|id| survey.state(id)).max().unwrap_or(State::NotApplicable);
        (state.as_str(), *name)
    });
    super::super::tell_tests(prose, context, own.into_iter().chain(tests));
}

/// The survey beside an evaluation: what everybody else pays, and what is wrong.
pub(super) fn short(prose: &mut Prose<'_>, survey: &Survey, context: &Context) {
    prose.heading(&context.say(&note!("cli-spf-survey-of", domain = survey.domain)));
    tell_cost(prose, survey);
    for finding in survey.findings.iter().filter(|finding| finding.state > State::Info) {
        let word = finding.state.as_str();
        prose.line(&format!("   {} {}", paint(style(word), word), finding.id));
        prose.sentence(6, &finding.note, finding.source);
    }
    if !survey.findings.is_empty() {
        prose.sentence(3, &note!("cli-spf-survey-more", domain = survey.domain), "");
    }
}

/// The record, and below it one row for each term.
fn record(prose: &mut Prose<'_>, node: &RecordNode, context: &Context) {
    prose.heading(&context.word("cli-spf-record"));
    let text = String::from_utf8_lossy(node.text.as_deref().unwrap_or_default()).into_owned();
    if matches!(node.status, Status::Found) {
        prose.paragraph(3, &table::plain(&text));
        prose.gap();
    }
    let heading = ["prefix", "type", "value", "cost", "meaning"];
    let heading = heading.map(|id| context.word(&format!("cli-spf-column-{id}")));
    let rows: Vec<Vec<String>> = node
        .terms
        .iter()
        .take(MAX_LINES)
        .map(|term| {
            let (prefix, name, value) = term.parts();
            let cost = if term.cost.lookups > 0 { term.cost.lookups.to_string() } else { "–".to_owned() };
            let cells = [prefix, name, value].map(table::cell);
            cells.into_iter().chain([cost, context.say(&meaning(node, term))]).collect()
        })
        .collect();
    prose.table(3, &heading, &rows);
    more(prose, node.terms.len());
}

fn more(prose: &mut Prose<'_>, lines: usize) {
    if lines > MAX_LINES {
        prose.sentence(3, &note!("cli-spf-survey-lines", count = lines - MAX_LINES), "");
    }
}

/// What a term says, in a few words.
fn meaning(node: &RecordNode, term: &TermNode) -> Note {
    let Some(kind) = term.kind() else { return note!("cli-spf-term-error") };
    if !term.reached {
        return note!("cli-spf-term-unreached");
    }
    let name = match &term.asks {
        Asks::Name(name, _) | Asks::Void(name) | Asks::Failed(name, _) | Asks::NotAsked(name) => {
            name.to_string()
        }
        _ => node.domain.to_string(),
    };
    match (kind, &term.asks) {
        (_, Asks::Invalid(_)) => note!("cli-spf-term-invalid"),
        (_, Asks::Void(_)) => note!("cli-spf-term-void", name = name),
        (_, Asks::Failed(_, error)) => note!("cli-spf-term-failed", name = name, error = error),
        (_, Asks::NotAsked(_)) => note!("cli-spf-term-not-asked"),
        (TermKind::Directive(_, Mechanism::Ptr(_)), _) => note!("cli-spf-term-ptr"),
        (_, Asks::Open) => note!("cli-spf-term-open"),
        (TermKind::Directive(qualifier, Mechanism::All), _) => {
            note!("cli-spf-term-all", result = qualifier.result().as_str())
        }
        (TermKind::Directive(_, Mechanism::Ip4(..) | Mechanism::Ip6(..)), _) => note!("cli-spf-term-network"),
        (TermKind::Directive(_, Mechanism::Include(_)), _) => note!("cli-spf-term-include"),
        (TermKind::Directive(_, Mechanism::Mx(..)), Asks::Name(_, found)) => {
            note!("cli-spf-term-mx", name = name, found = list(found))
        }
        (TermKind::Directive(_, Mechanism::Exists(_)), _) => note!("cli-spf-term-exists", name = name),
        (TermKind::Directive(..), Asks::Name(_, found)) => {
            note!("cli-spf-term-a", name = name, found = list(found))
        }
        (TermKind::Directive(..), _) => note!("cli-spf-term-a", name = name, found = "–"),
        (TermKind::Redirect(_), _) => note!("cli-spf-term-redirect"),
        (TermKind::Explanation(_), _) => note!("cli-spf-term-exp"),
        (TermKind::Unknown(_), _) => note!("cli-spf-term-unknown"),
    }
}

fn list(found: &[String]) -> String {
    let mut shown: Vec<&str> = found.iter().take(MAX_ANSWERS).map(String::as_str).collect();
    if found.len() > MAX_ANSWERS {
        shown.push("…");
    }
    shown.join(", ")
}

/// The cost, and where it arises.
fn cost(prose: &mut Prose<'_>, survey: &Survey, context: &Context) {
    prose.heading(&context.word("cli-spf-cost"));
    tell_cost(prose, survey);
    if survey.cost.lookups == 0 {
        return;
    }
    if survey.distinct_lookups < survey.cost.lookups {
        prose.sentence(3, &note!("cli-spf-survey-distinct", lookups = survey.distinct_lookups), "");
    }
    prose.gap();
    let mut lines = Vec::new();
    branches(&survey.tree, "", survey, context, &mut lines);
    let width = lines.iter().take(MAX_LINES).map(|line| line.label.width()).max().unwrap_or_default();
    for line in lines.iter().take(MAX_LINES) {
        let pad = " ".repeat(width - line.label.width());
        let whole = format!("   {}{pad}  {:>4}  {}", line.label, line.lookups, line.remark);
        let whole = whole.trim_end();
        prose.line(&if line.over { paint(style("fail"), whole) } else { whole.to_owned() });
    }
    more(prose, lines.len());
}

fn tell_cost(prose: &mut Prose<'_>, survey: &Survey) {
    let note = note!(
        "cli-spf-survey-cost",
        more = if survey.complete { "" } else { "≥ " },
        lookups = survey.cost.lookups,
        limit = MAX_LOOKUPS,
        void = survey.cost.void_lookups,
        void_limit = MAX_VOID_LOOKUPS
    );
    prose.sentence(3, &note, "RFC 7208 section 4.6.4");
}

/// One line of the tree of costs.
struct Line {
    label: String,
    lookups: u32,
    remark: String,
    over: bool,
}

/// The terms that cost something, each with the terms that its record brings.
fn branches(node: &RecordNode, indent: &str, survey: &Survey, context: &Context, lines: &mut Vec<Line>) {
    let costly: Vec<&TermNode> = node.terms.iter().filter(|term| term.cost.lookups > 0).collect();
    for (index, term) in costly.iter().enumerate() {
        // A little more than is shown, so that it can be said how much is left out.
        if lines.len() > 2 * MAX_LINES {
            return;
        }
        let last = index + 1 == costly.len();
        let over =
            survey.over.as_ref().is_some_and(|over| over.domain == node.domain && over.term == term.text());
        let remark = match (term.record.as_deref().map(|record| &record.status), &term.asks) {
            _ if over => Some("over"),
            (Some(Status::Repeated), _) => Some("repeated"),
            (Some(Status::Loop), _) => Some("loop"),
            (Some(Status::Absent), _) => Some("absent"),
            (Some(Status::Several(_)), _) => Some("several"),
            (Some(Status::Failed(_)), _) | (_, Asks::Failed(..)) => Some("failed"),
            (Some(Status::NotAsked), _) | (_, Asks::NotAsked(_)) => Some("not-asked"),
            (_, Asks::Void(_)) => Some("void"),
            _ => None,
        };
        lines.push(Line {
            label: format!("{indent}{} {}", if last { "└─" } else { "├─" }, table::cell(term.text())),
            lookups: term.cost.lookups,
            remark: remark.map(|id| context.word(&format!("cli-spf-status-{id}"))).unwrap_or_default(),
            over,
        });
        if let Some(record) = term.record.as_deref() {
            let indent = format!("{indent}{}", if last { "   " } else { "│  " });
            branches(record, &indent, survey, context, lines);
        }
    }
}

/// One finding: what and where, the sentence, and what to do.
fn tell(prose: &mut Prose<'_>, finding: &Finding, context: &Context) {
    let word = finding.state.as_str();
    prose.line(&format!("   {} {}  {}", paint(style(word).bold(), word), finding.id, finding.domain));
    if let Some(place) = &finding.place {
        let (excerpt, underline) = excerpt(place);
        prose.line(&format!("      {excerpt}"));
        prose.line(&format!("      {}", paint(style(word), &underline)));
    }
    prose.sentence(6, &finding.note, finding.source);
    if let Some(suggestion) = &finding.suggestion {
        let advice = if suggestion.text.is_empty() {
            note!("cli-spf-remove")
        } else {
            note!("cli-spf-write", text = suggestion.text)
        };
        prose.sentence(6, &advice, "");
    }
    for (number, changes) in finding.fixes.iter().enumerate() {
        if number > 0 {
            prose.line(&format!("      {}", context.word("cli-spf-or")));
        }
        for change in changes {
            let operation = context.word(match change.operation {
                Operation::Add => "cli-spf-op-add",
                Operation::Replace => "cli-spf-op-replace",
                Operation::Delete => "cli-spf-op-delete",
            });
            let value = match change.kind {
                tegami_dns::RecordType::Mx => change.value.clone(),
                _ => Data::Txt(change.value.clone().into_bytes().into()).to_string(),
            };
            let lead = format!("      {operation} ");
            prose.hanging(&lead, &format!("{}. {} {}", change.name, change.kind, table::plain(&value)));
        }
    }
}

/// A part of the record around the place, and a line that underlines it.
fn excerpt(place: &Place) -> (String, String) {
    let begin = place.span.column.saturating_sub(1);
    let end = (begin + place.span.length).min(place.record.len());
    let part = |octets: Option<&[u8]>| table::plain(&String::from_utf8_lossy(octets.unwrap_or_default()));
    let (before, marked, after) =
        (part(place.record.get(..begin)), part(place.record.get(begin..end)), part(place.record.get(end..)));
    let skip = before.chars().count().saturating_sub(BEFORE);
    let fits = before.width() + marked.width() + after.width() <= EXCERPT;
    let before = match skip {
        0 => before,
        _ if fits => before,
        _ => format!("…{}", before.chars().skip(skip).collect::<String>()),
    };
    let marked = table::cut(&marked, EXCERPT.saturating_sub(before.width()));
    let after = table::cut(&after, EXCERPT.saturating_sub(before.width() + marked.width()));
    let underline = format!("{}{}", " ".repeat(before.width()), "^".repeat(marked.width().max(1)));
    (format!("{before}{marked}{after}"), underline)
}
