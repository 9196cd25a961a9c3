//! Findings of the doctor as people see them: what to do first stands first.

use serde::Deserialize;
use serde_json::Value;

use super::reader::Reader;
use super::show::{Badge, visible};

/// One finding, in the words of its reader.
pub(crate) struct FindingView {
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) subject: String,
    pub(crate) badge: Badge,
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) evidence: Vec<String>,
    pub(crate) rule: String,
    /// Who cares, and what they are documented to answer.
    pub(crate) who: Vec<String>,
    pub(crate) fix: Option<FixView>,
    /// Points it takes of a message's score.
    pub(crate) points: Option<String>,
}

/// What to do about it.
pub(crate) struct FixView {
    pub(crate) text: String,
    pub(crate) by: Option<String>,
    /// The records to change: several lists are a choice.
    pub(crate) choices: Vec<Vec<ChangeView>>,
    pub(crate) settings: Option<String>,
}

/// One record to change.
pub(crate) struct ChangeView {
    pub(crate) key: String,
    pub(crate) word: String,
    pub(crate) tone: &'static str,
    pub(crate) line: String,
}

/// Findings that belong together.
pub(crate) struct Group {
    pub(crate) key: &'static str,
    pub(crate) title: String,
    /// Told at length; what is well is folded.
    pub(crate) open: bool,
    pub(crate) findings: Vec<FindingView>,
}

/// As `tegami_doctor::json` writes it, in words.
#[derive(Deserialize)]
struct Told {
    id: String,
    subject: String,
    state: String,
    severity: String,
    title: String,
    detail: String,
    #[serde(default)]
    evidence: Vec<String>,
    rule: Rule,
    #[serde(default)]
    who: Vec<String>,
    #[serde(default)]
    consequence: Vec<Consequence>,
    fix: Option<Fix>,
}

/// What a finding took of a score.
#[derive(Deserialize)]
pub(crate) struct Taken {
    id: String,
    subject: String,
    points: f64,
}

#[derive(Deserialize)]
struct Rule {
    source: String,
    section: Option<String>,
}

#[derive(Deserialize)]
struct Consequence {
    provider: String,
    smtp_code: String,
}

#[derive(Deserialize)]
struct Fix {
    text: String,
    #[serde(default)]
    records: Vec<Change>,
    #[serde(default)]
    alternatives: Vec<Vec<Change>>,
    settings: Option<String>,
    by: Option<String>,
}

#[derive(Deserialize)]
struct Change {
    op: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    ttl: Option<u32>,
    value: String,
}

/// The groups in the order in which they are to be looked at: states and severities, and whether they are told at length.
const GROUPS: [(&str, &[&str], bool, bool); 6] = [
    ("first", &["fail"], true, true),
    ("then", &["fail", "warn"], false, true),
    ("open", &["unknown"], false, false),
    ("know", &["info"], false, false),
    ("well", &["pass"], false, false),
    ("na", &["na"], false, false),
];

/// The findings of an examination, grouped by what to do first, with what they took of a score.
pub(crate) fn groups(reader: &Reader, examination: &Value, taken: &[Taken]) -> Vec<Group> {
    let told = tegami_words::told(reader.language, examination);
    let findings = told.get("findings").and_then(Value::as_array).cloned().unwrap_or_default();
    let findings: Vec<Told> =
        findings.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect();
    let mut groups: Vec<Group> = GROUPS
        .iter()
        .map(|(key, _, _, open)| Group {
            key,
            title: reader.say(&format!("page-findings-{key}")),
            open: *open,
            findings: Vec::new(),
        })
        .collect();
    for (number, finding) in findings.into_iter().enumerate() {
        let urgent = matches!(finding.severity.as_str(), "S3" | "S4");
        let fits = |(_, states, only_urgent, _): &(&str, &[&str], bool, bool)| {
            states.contains(&finding.state.as_str()) && (!only_urgent || urgent)
        };
        let place = GROUPS.iter().position(fits);
        if let Some(group) = place.and_then(|place| groups.get_mut(place)) {
            let of_it = |taken: &&Taken| taken.id == finding.id && taken.subject == finding.subject;
            let points = taken.iter().find(of_it).map(|taken| taken.points);
            group.findings.push(FindingView::new(reader, number, finding, points));
        }
    }
    groups.retain(|group| !group.findings.is_empty());
    groups
}

impl FindingView {
    fn new(reader: &Reader, number: usize, finding: Told, points: Option<f64>) -> Self {
        let key = format!("finding-{number}");
        let tone = match (finding.state.as_str(), finding.severity.as_str()) {
            ("fail", "S3" | "S4") => "bad",
            ("fail" | "warn", "S1") => "busy",
            ("fail" | "warn", _) => "wait",
            ("pass", _) => "good",
            _ => "dim",
        };
        let rule = finding.rule;
        let answers = |provider: &str| -> Vec<&str> {
            let of = finding.consequence.iter().filter(|one| one.provider == provider);
            of.map(|one| one.smtp_code.as_str()).collect()
        };
        let who = finding.who.iter().map(|who| {
            let (name, codes) = (provider(who), answers(who));
            if codes.is_empty() { name.to_owned() } else { format!("{name} ({})", codes.join(", ")) }
        });
        Self {
            badge: Badge { word: reader.say(&format!("page-finding-{}", finding.state)), tone },
            who: who.collect(),
            title: finding.title,
            detail: finding.detail,
            evidence: finding.evidence.iter().map(|line| visible(line)).collect(),
            rule: match rule.section {
                Some(section) => format!("{} section {section}", rule.source),
                None => rule.source,
            },
            fix: finding.fix.map(|fix| FixView::new(reader, &key, fix)),
            points: points.filter(|points| *points > 0.0).map(|points| format!("−{points:.1}")),
            subject: visible(&finding.subject),
            id: finding.id,
            key,
        }
    }
}

impl FixView {
    fn new(reader: &Reader, key: &str, fix: Fix) -> Self {
        let mut choices: Vec<Vec<Change>> = fix.alternatives;
        if !fix.records.is_empty() {
            choices.insert(0, fix.records);
        }
        let view = |(number, changes): (usize, Vec<Change>)| {
            let each = changes.into_iter().enumerate();
            each.map(|(at, change)| ChangeView::new(reader, format!("{key}-{number}-{at}"), &change))
                .collect()
        };
        Self {
            text: fix.text,
            by: fix.by.map(|by| visible(&by)),
            choices: choices.into_iter().enumerate().map(view).collect(),
            settings: fix.settings,
        }
    }
}

impl ChangeView {
    fn new(reader: &Reader, key: String, change: &Change) -> Self {
        let tone = match change.op.as_str() {
            "add" => "good",
            "delete" => "bad",
            _ => "wait",
        };
        let value = if change.kind == "TXT" { quoted(&change.value) } else { change.value.clone() };
        let ttl = change.ttl.map(|ttl| format!("{ttl} ")).unwrap_or_default();
        Self {
            key,
            word: reader.say(&format!("page-change-{}", change.op)),
            tone,
            line: format!("{}. {ttl}IN {} {value}", change.name, change.kind),
        }
    }
}

/// A text as master files write it: character-strings of at most 255 octets (RFC 1035 section 3.3).
fn quoted(text: &str) -> String {
    tegami_dns::Data::Txt(text.as_bytes().to_vec().into()).to_string()
}

/// What people call a provider.
pub(crate) fn provider(word: &str) -> &str {
    match word {
        "gmail" => "Gmail",
        "outlook" => "Outlook.com",
        "yahoo" => "Yahoo",
        "icloud" => "iCloud",
        "jp-carriers" => "docomo, au, SoftBank",
        "rfc" => "RFC",
        other => other,
    }
}

/// What one provider would do.
pub(crate) struct ProviderView {
    pub(crate) name: String,
    pub(crate) badge: Badge,
    /// What it is documented to answer.
    pub(crate) code: Option<String>,
    /// The pages that its rules were read from.
    pub(crate) pages: Vec<String>,
    pub(crate) lines: Vec<LineView>,
}

/// One thing that a provider asks for.
pub(crate) struct LineView {
    pub(crate) badge: Badge,
    pub(crate) title: String,
    pub(crate) demand: String,
}

/// As `tegami_doctor::provider` writes it, in words.
#[derive(Deserialize)]
pub(crate) struct Verdict {
    title: String,
    outcome: String,
    code: Option<String>,
    #[serde(default)]
    pages: Vec<RulesPage>,
    #[serde(default)]
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct RulesPage {
    title: String,
    date: String,
}

#[derive(Deserialize)]
struct Line {
    title: String,
    demand: String,
    met: String,
}

impl ProviderView {
    pub(crate) fn new(reader: &Reader, told: Verdict) -> Self {
        let tone = match told.outcome.as_str() {
            "accepted" => "good",
            "at-risk" => "wait",
            _ => "bad",
        };
        let line = |line: Line| LineView {
            badge: Badge {
                word: reader.say(&format!("provider-met-{}", line.met)),
                tone: match line.met.as_str() {
                    "yes" => "good",
                    "at-risk" => "wait",
                    "no" => "bad",
                    _ => "dim",
                },
            },
            title: line.title,
            demand: reader.say(&format!("provider-demand-{}", line.demand)),
        };
        Self {
            name: told.title,
            badge: Badge { word: reader.say(&format!("provider-{}", told.outcome)), tone },
            code: told.code,
            pages: told.pages.into_iter().map(|page| format!("{} ({})", page.title, page.date)).collect(),
            lines: told.lines.into_iter().map(line).collect(),
        }
    }
}

/// The verdicts of an examination that was kept with them.
pub(crate) fn providers(reader: &Reader, examination: &Value) -> Vec<ProviderView> {
    let verdicts = examination.get("providers").and_then(Value::as_array);
    let read = |value: &Value| serde_json::from_value(tegami_words::told(reader.language, value)).ok();
    let verdicts = verdicts.into_iter().flatten().filter_map(read);
    verdicts.map(|told| ProviderView::new(reader, told)).collect()
}
