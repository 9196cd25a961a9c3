//! Proofs for the terminal: headings, results in colour, sentences that know how wide a kanji is, steps as a tree.

use anstyle::{AnsiColor, Style};
use tegami_auth::{Spent, Step};
use tegami_mail::{Note, note};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Context, table};

/// Columns of a line; the smallest terminal that is still in use.
const COLUMNS: usize = 80;
/// The deepest indentation: what lies deeper in includes is no deeper on the screen.
const DEEPEST: usize = 24;

/// Characters of a heading; a domain name and what it is asked for fit in.
const LONGEST_TITLE: usize = 300;

const BOLD: Style = Style::new().bold();
/// What stands behind a sentence, and does not have to be read.
pub(crate) const DIM: Style = Style::new().dimmed();

/// A text that grows line by line. Styles are taken out where standard output is no terminal (`anstream`).
pub(crate) struct Prose<'c> {
    context: &'c Context,
    text: String,
}

impl<'c> Prose<'c> {
    pub(crate) fn new(context: &'c Context) -> Self {
        Self { context, text: String::new() }
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// A heading of its own, after an empty line unless it is the first.
    pub(crate) fn heading(&mut self, title: &str) {
        self.gap();
        self.line(&paint(BOLD, title));
    }

    /// A heading that ends in a result.
    pub(crate) fn verdict(&mut self, title: &str, result: &str) {
        self.gap();
        let title = paint(BOLD, &format!("{}:", shortened(title)));
        self.line(&format!("{title} {}", paint(style(result).bold(), result)));
    }

    /// An empty line, but not at the start.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// A line that is styled already: what a stranger wrote in it is made [`table::plain`] before.
    pub(crate) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Aligned pairs of label and value.
    pub(crate) fn pairs(&mut self, pairs: &[(String, String)]) {
        let width = pairs.iter().map(|(label, _)| label.width()).max().unwrap_or_default();
        for (label, value) in pairs {
            let pad = " ".repeat(width - label.width());
            let first = format!("  {label}{pad}  ");
            self.wrapped(&first, width + 4, value, "");
        }
    }

    /// A sentence, indented, with its source.
    pub(crate) fn sentence(&mut self, indent: usize, note: &Note, source: &str) {
        let said = self.context.say(note);
        let source = if source.is_empty() { String::new() } else { format!(" [{source}]") };
        self.wrapped(&" ".repeat(indent), indent, &said, &source);
    }

    /// A plain text, indented.
    pub(crate) fn paragraph(&mut self, indent: usize, text: &str) {
        self.wrapped(&" ".repeat(indent), indent, text, "");
    }

    /// A text that may begin with something already written.
    pub(crate) fn hanging(&mut self, first: &str, text: &str) {
        self.wrapped(first, first.width(), text, "");
    }

    /// The step that decided, in full.
    pub(crate) fn decided(&mut self, step: &Step) {
        self.sentence(3, &step.note, step.source);
    }

    /// All steps, each under what it looked at, deeper ones further in.
    pub(crate) fn steps(&mut self, steps: &[Step]) {
        let mut last = None;
        for step in steps {
            let indent = (3 + 2 * usize::from(step.depth)).min(DEEPEST);
            let outcome = paint(style(step.outcome), step.outcome);
            let spent = self.newly_spent(step, &mut last);
            self.line(&format!("{}{} → {outcome}{spent}", " ".repeat(indent), table::plain(&step.term)));
            self.sentence(indent + 4, &step.note, step.source);
        }
    }

    /// What an evaluation of SPF has cost so far, where this step has cost something.
    fn newly_spent(&self, step: &Step, last: &mut Option<Spent>) -> String {
        let nothing = Spent { lookups: 0, void_lookups: 0 };
        let Some(spent) = step.spent.filter(|spent| *spent != last.unwrap_or(nothing)) else {
            return String::new();
        };
        *last = Some(spent);
        let (lookups, void) = (spent.lookups, spent.void_lookups);
        let said = self.context.say(&note!("cli-spf-spent", lookups = lookups, void = void));
        format!("  {}", paint(DIM, &said))
    }

    /// A table, indented.
    pub(crate) fn table(&mut self, indent: usize, heading: &[String], rows: &[Vec<String>]) {
        for line in table::render(heading, rows).lines() {
            self.line(&format!("{:indent$}{line}", ""));
        }
    }

    fn wrapped(&mut self, first: &str, indent: usize, text: &str, source: &str) {
        let lines = wrap(text, COLUMNS.saturating_sub(indent));
        let last = lines.last().map_or(0, |line| line.width());
        let fits = last + source.width() + indent <= COLUMNS;
        let mut lead = table::plain(first);
        for line in &lines {
            self.text.push_str(&lead);
            self.text.push_str(line);
            self.text.push('\n');
            lead = " ".repeat(indent);
        }
        if source.is_empty() {
            return;
        }
        if fits {
            self.text.truncate(self.text.trim_end_matches('\n').len());
            self.line(&paint(DIM, source));
        } else {
            self.line(&format!("{lead}{}", paint(DIM, source.trim_start())));
        }
    }
}

/// A heading with strangers' words in it: no more than a line, and no command to the terminal.
fn shortened(title: &str) -> String {
    let plain = table::plain(title);
    let mut shown: String = plain.chars().take(LONGEST_TITLE).collect();
    if shown.len() < plain.len() {
        shown.push('…');
    }
    shown
}

/// Text in a style; nothing in the text is one.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{}{style:#}", table::plain(text))
}

/// The colour of a result or an outcome.
pub(crate) fn style(word: &str) -> Style {
    let colour = match word {
        "pass" | "match" | "aligned" | "accept" => AnsiColor::Green,
        "fail" | "error" | "permerror" | "reject" => AnsiColor::Red,
        "softfail" | "temperror" | "warn" | "unknown" | "noted" | "proven" | "ignored" | "quarantine"
        | "not-aligned" | "defer" => AnsiColor::Yellow,
        _ => return Style::new(),
    };
    colour.on_default()
}

/// Breaks a text into lines of at most `columns`; a word that is longer stays whole. Between wide characters a line may
/// end anywhere but before closing punctuation (JIS X 4051).
fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for (spaced, unit) in units(text) {
        let blank = usize::from(spaced && !line.is_empty());
        if !line.is_empty() && line.width() + blank + unit.width() > columns {
            lines.push(std::mem::take(&mut line));
        } else if blank > 0 {
            line.push(' ');
        }
        line.push_str(&unit);
    }
    lines.push(line);
    lines
}

/// What may not be broken, each with whether a blank stands before it.
fn units(text: &str) -> Vec<(bool, String)> {
    let mut units: Vec<(bool, String)> = Vec::new();
    let mut spaced = false;
    let mut joins = false;
    for c in text.chars() {
        if c.is_whitespace() {
            (spaced, joins) = (true, false);
            continue;
        }
        // Records and replies of strangers stand in these texts, and must not command the terminal.
        let c = if table::commands(c) { char::REPLACEMENT_CHARACTER } else { c };
        let wide = c.width().unwrap_or_default() > 1;
        let closes = "、。」』)）】:：;,.!?ー".contains(c);
        match units.last_mut() {
            Some((_, unit)) if !spaced && (closes || (joins && !wide)) => unit.push(c),
            _ => units.push((spaced, c.to_string())),
        }
        joins = !wide || "(（「『【".contains(c);
        spaced = false;
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_a_reader_lets_them() {
        let check = |text: &str, columns, expected: &[&str]| assert_eq!(wrap(text, columns), expected);
        check("one two three", 8, &["one two", "three"]);
        check("a-word-that-is-longer x", 8, &["a-word-that-is-longer", "x"]);
        check("署名者は正しい。次", 8, &["署名者は", "正しい。", "次"]);
        check("鍵は example.org にある", 12, &["鍵は", "example.org", "にある"]);
        check("", 8, &[""]);
        check("a\u{1b}[31mb\u{7} c", 20, &["a\u{fffd}[31mb\u{fffd} c"]);
    }
}
