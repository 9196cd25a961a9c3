//! A master file cut into entries of tokens: comments gone, parentheses resolved, quotation marks noted
//! (RFC 1035 section 5.1).

use std::iter::Peekable;
use std::str::Chars;

use super::Problem;

/// One word of an entry, its escapes still in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    /// Whether it stood between quotation marks: then it is never a keyword.
    pub(super) quoted: bool,
}

impl Token {
    /// Whether this is the keyword, in any case.
    pub(super) fn is(&self, keyword: &str) -> bool {
        !self.quoted && self.text.eq_ignore_ascii_case(keyword)
    }
}

/// One directive or record, which parentheses may have spread over several lines.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// Where its first token stands, counted from 1.
    pub(super) line: usize,
    /// Whether the line begins with a blank, which means the owner of the record before.
    pub(super) indented: bool,
    pub(super) tokens: Vec<Token>,
}

/// Cuts the text; what cannot be read is reported and left out.
pub(super) fn entries(text: &str) -> (Vec<Entry>, Vec<Problem>) {
    let text = flush(text.strip_prefix('\u{feff}').unwrap_or(text));
    let mut scanner = Scanner {
        rest: text.chars().peekable(),
        line: 1,
        fresh: true,
        open: Vec::new(),
        broken: false,
        entry: Entry::default(),
        entries: Vec::new(),
        problems: Vec::new(),
    };
    scanner.scan();
    (scanner.entries, scanner.problems)
}

/// Takes away the indentation that all lines share: a text inside a program is indented as a whole, and only a line
/// that is indented further leaves its owner out.
fn flush(text: &str) -> String {
    let depth = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let common = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with(';'))
        .map(depth)
        .min()
        .unwrap_or_default();
    text.split_inclusive('\n').map(|line| line.get(common.min(depth(line))..).unwrap_or_default()).collect()
}

struct Scanner<'t> {
    rest: Peekable<Chars<'t>>,
    line: usize,
    /// Nothing of the present line has been read.
    fresh: bool,
    /// Lines of the parentheses that are open.
    open: Vec<usize>,
    /// The present entry has a problem already and is dropped at its end.
    broken: bool,
    entry: Entry,
    entries: Vec<Entry>,
    problems: Vec<Problem>,
}

impl Scanner<'_> {
    fn scan(&mut self) {
        while let Some(c) = self.rest.next() {
            let fresh = std::mem::replace(&mut self.fresh, false);
            match c {
                '\n' => self.end_of_line(),
                ';' => while self.rest.next_if(|c| *c != '\n').is_some() {},
                '(' => self.open.push(self.line),
                ')' => {
                    if self.open.pop().is_none() {
                        self.problem(self.line, "this `)` closes nothing");
                    }
                }
                '"' => self.quoted(),
                c if c.is_ascii_whitespace() || c == '\u{b}' => self.entry.indented |= fresh,
                c => self.bare(c),
            }
        }
        if let Some(line) = self.open.first().copied() {
            self.open.clear();
            self.problem(line, "this `(` is never closed");
        }
        self.end_of_line();
    }

    fn end_of_line(&mut self) {
        if self.open.is_empty() {
            let entry = std::mem::take(&mut self.entry);
            if !std::mem::take(&mut self.broken) && !entry.tokens.is_empty() {
                self.entries.push(entry);
            }
            self.fresh = true;
        }
        self.line += 1;
    }

    /// Reads up to the closing quotation mark, which must stand on the same line.
    fn quoted(&mut self) {
        let mut text = String::new();
        loop {
            match self.rest.next_if(|c| *c != '\n') {
                Some('"') => return self.push(text, true),
                Some('\\') => self.escape(&mut text),
                Some(c) => text.push(c),
                None => return self.problem(self.line, "the quoted string is not closed on its line"),
            }
        }
    }

    fn bare(&mut self, first: char) {
        let mut text = String::new();
        let mut next = Some(first);
        while let Some(c) = next {
            if c == '\\' {
                self.escape(&mut text);
            } else {
                text.push(c);
            }
            next = self
                .rest
                .next_if(|c| !c.is_ascii_whitespace() && !matches!(c, ';' | '(' | ')' | '"' | '\u{b}'));
        }
        self.push(text, false);
    }

    /// A backslash keeps the next character from ending the token.
    fn escape(&mut self, text: &mut String) {
        text.push('\\');
        text.extend(self.rest.next_if(|c| *c != '\n'));
    }

    fn push(&mut self, text: String, quoted: bool) {
        if self.entry.tokens.is_empty() {
            self.entry.line = self.line;
        }
        self.entry.tokens.push(Token { text, quoted });
    }

    fn problem(&mut self, line: usize, what: &str) {
        self.broken = true;
        self.problems.push(Problem { line, what: what.to_owned() });
    }
}
