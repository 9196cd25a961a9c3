//! The tables as a page, `docs/replies.md`.

use std::fmt::Write as _;

use super::rule::Rule;
use super::{Cause, Lasting, rules};

/// The page. `say` turns the identifier of a sentence into English.
pub fn page(say: &dyn Fn(&str) -> String) -> String {
    let mut text = String::from(HEAD);
    text.push_str(
        "\n## Causes\n\n| cause | about | what it means | what to do |\n| --- | --- | --- | --- |\n",
    );
    for cause in Cause::ALL {
        let (meaning, advice) = (say(&format!("failure-{cause}")), say(&format!("failure-{cause}-advice")));
        let _ = writeln!(text, "| `{cause}` | {} | {} | {} |", cause.about(), cell(&meaning), cell(&advice));
    }
    for table in rules::TABLES {
        let _ = write!(text, "\n## {}\n\n{}\n\n", table.title, table.about);
        text.push_str("| rule | a reply with | cause | really |\n| --- | --- | --- | --- |\n");
        for rule in table.rules {
            let really = rule.truth.map(Lasting::as_str).unwrap_or_default();
            let _ = writeln!(text, "| {} | {} | `{}` | {really} |", rule.id, conditions(rule), rule.cause);
        }
        let mut sources: Vec<_> = table.rules.iter().filter_map(|rule| rule.source).collect();
        sources.sort_by_key(|source| source.url);
        sources.dedup_by_key(|source| source.url);
        if !sources.is_empty() {
            text.push_str("\nSources:\n\n");
        }
        for source in sources {
            let _ = writeln!(text, "- <{}>, read on {}", source.url, source.read);
        }
    }
    text
}

const HEAD: &str = "# Replies and what they mean

Drawn from the rules in `crates/mail/src/failure/rules`; a test compares it. `tegami lookup reply` asks the same rules. The tables are asked from the
top, and the first line that fits decides. *Really* says what a failure is whatever its code: a permanent code for what ends by itself is tried again;
a transient code for what never ends is only told.
";

fn conditions(rule: &Rule) -> String {
    let mut parts = Vec::new();
    parts.extend(rule.provider.map(|provider| format!("of {provider}")));
    let codes: Vec<String> = rule.codes.iter().map(ToString::to_string).collect();
    parts.extend((!codes.is_empty()).then(|| codes.join(", ")));
    let status: Vec<String> = rule.status.iter().map(|status| range(*status)).collect();
    parts.extend((!status.is_empty()).then(|| status.join(", ")));
    parts.extend(rule.phase.map(|phase| format!("at {}", format!("{phase:?}").to_lowercase())));
    let words: Vec<String> =
        rule.says.iter().chain(rule.marks).map(|words| format!("“{}”", words.trim())).collect();
    parts.extend((!words.is_empty()).then(|| words.join(", ")));
    cell(&parts.join("; "))
}

fn range((subject, from, to): (u16, u16, u16)) -> String {
    match (from, to) {
        (0, u16::MAX) => format!("x.{subject}.y"),
        _ if from == to => format!("x.{subject}.{from}"),
        _ => format!("x.{subject}.{from} to x.{subject}.{to}"),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('*', "\\*").replace('\n', " ")
}
