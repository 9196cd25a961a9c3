//! Patterns in the syntax of Python's `re`, matched as `re.match` does: anchored at the start, not at the end.
//!
//! The engine has look-around and back-references, and a limit on its steps. Its syntax is nearly Python's; where a text means one thing there and
//! another here, it is written anew. What Python refuses is refused.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

use fancy_regex::{Regex, RegexBuilder};

/// Steps back that one match may take: enough for every honest pattern, and over in milliseconds for the others.
const MOST_STEPS: usize = 20_000;

/// Octets that the tables of one pattern may take.
const MOST_OCTETS: usize = 1 << 20;

/// Groups inside groups.
const DEEPEST: usize = 40;

/// Octets of a text that a pattern is held against.
const LONGEST_TEXT: usize = 8 << 10;

/// Whether upper and lower case are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// They are.
    Ignored,
    /// They are not, unless the pattern says so by `(?i)`.
    Counts,
}

/// A pattern.
#[derive(Clone)]
pub(super) struct Pattern {
    text: String,
    regex: Regex,
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.text)
    }
}

/// What groups of a pattern caught.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Caught {
    /// By number, from 1; a group that took no part caught nothing.
    numbered: Vec<String>,
    named: Vec<(String, usize)>,
}

impl Caught {
    /// What a group caught, by its number or its name. Group 0 is the whole match.
    pub(super) fn group(&self, name: &str) -> Option<&str> {
        let number = match name.parse::<usize>() {
            Ok(number) => number,
            Err(_) => self.named.iter().find(|(known, _)| known == name)?.1,
        };
        self.numbered.get(number).map(String::as_str)
    }

    /// Whether there are groups at all.
    pub(super) fn has_groups(&self) -> bool {
        self.numbered.len() > 1
    }
}

/// A match took too many steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooHard;

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, in a few words.
    pub(super) fn parse(text: &str, case: Case) -> Result<Self, String> {
        let translated = Translation::of(text)?;
        let mut builder = RegexBuilder::new(&format!(r"\A(?:{translated})"));
        builder.case_insensitive(case == Case::Ignored).backtrack_limit(MOST_STEPS);
        builder.delegate_size_limit(MOST_OCTETS).delegate_dfa_size_limit(MOST_OCTETS);
        let regex = builder.build().map_err(|error| {
            let error = error.to_string();
            error.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned()
        })?;
        Ok(Self { text: text.to_owned(), regex })
    }

    /// As it was written.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Holds it against the beginning of a text; a long text is cut.
    pub(super) fn matches(&self, text: &str) -> Result<Option<Caught>, TooHard> {
        let text = text.get(..text.floor_char_boundary(LONGEST_TEXT)).unwrap_or_default();
        let Some(found) = self.regex.captures(text).map_err(|_| TooHard)? else { return Ok(None) };
        let numbered = (0..found.len())
            .map(|group| found.get(group).map(|caught| caught.as_str().to_owned()).unwrap_or_default())
            .collect();
        let names = self.regex.capture_names().enumerate();
        let named = names.filter_map(|(number, name)| Some((name?.to_owned(), number))).collect();
        Ok(Some(Caught { numbered, named }))
    }
}

/// A pattern of Python on its way to the engine.
struct Translation<'p> {
    rest: Peekable<Chars<'p>>,
    out: String,
}

impl<'p> Translation<'p> {
    fn of(pattern: &'p str) -> Result<String, String> {
        let mut translation =
            Self { rest: pattern.chars().peekable(), out: String::with_capacity(pattern.len()) };
        let mut depth = 0_usize;
        while let Some(c) = translation.rest.next() {
            match c {
                '\\' => translation.escape()?,
                '[' => translation.class()?,
                '(' => {
                    depth += 1;
                    if depth > DEEPEST {
                        return Err("its groups are nested too deeply".to_owned());
                    }
                    if translation.group()? == Group::Comment {
                        depth -= 1;
                    }
                }
                ')' => {
                    // What closes nothing would close the group that anchors the pattern.
                    depth = depth.checked_sub(1).ok_or("unbalanced parenthesis")?;
                    translation.out.push(')');
                }
                '{' => translation.braces(),
                '}' => translation.out.push_str(r"\}"),
                c => translation.out.push(c),
            }
        }
        if depth > 0 { Err("missing ), unterminated subpattern".to_owned()) } else { Ok(translation.out) }
    }

    fn take(&mut self, c: char) -> bool {
        self.rest.next_if_eq(&c).is_some()
    }

    /// What follows a backslash outside of a class.
    fn escape(&mut self) -> Result<(), String> {
        let c = self.rest.next().ok_or("bad escape (end of pattern)")?;
        match c {
            'Z' | 'z' => self.out.push_str(r"\z"),
            'A' | 'b' | 'B' | 'd' | 'D' | 's' | 'S' | 'w' | 'W' | '1'..='9' => {
                self.out.push('\\');
                self.out.push(c);
            }
            c => {
                let literal = self.literal(c)?;
                self.push_literal(literal);
            }
        }
        Ok(())
    }

    /// The one character that an escape stands for.
    fn literal(&mut self, c: char) -> Result<char, String> {
        let wrong = || format!("bad escape \\{c}");
        Ok(match c {
            'a' => '\u{7}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            '0' => {
                let digits = self.digits(8, 0, 2);
                char::from(u8::from_str_radix(&digits, 8).unwrap_or_default())
            }
            'x' => self.code_point(2).ok_or_else(wrong)?,
            'u' => self.code_point(4).ok_or_else(wrong)?,
            'U' => self.code_point(8).ok_or_else(wrong)?,
            c if c.is_ascii_alphanumeric() => return Err(wrong()),
            c => c,
        })
    }

    fn code_point(&mut self, digits: usize) -> Option<char> {
        let text = self.digits(16, digits, digits);
        if text.len() < digits { None } else { char::from_u32(u32::from_str_radix(&text, 16).ok()?) }
    }

    fn digits(&mut self, radix: u32, least: usize, most: usize) -> String {
        let mut text = String::new();
        while text.len() < most.max(least) {
            match self.rest.next_if(|c| c.is_digit(radix)) {
                Some(digit) => text.push(digit),
                None => break,
            }
        }
        text
    }

    /// A character that means itself. Where it could mean something else, it is written by its number.
    fn push_literal(&mut self, c: char) {
        if c.is_ascii() && !c.is_ascii_alphanumeric() {
            self.out.push_str(&format!(r"\x{{{:x}}}", u32::from(c)));
        } else {
            self.out.push(c);
        }
    }

    /// A class. The engine knows sets inside of sets, and operators between them; Python knows neither.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.take('^') {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let c = self.rest.next().ok_or("unterminated character set")?;
            if c == ']' && !first {
                break;
            }
            first = false;
            let Some(from) = self.member(c)? else {
                let mut ahead = self.rest.clone();
                if ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']') {
                    return Err("bad character range".to_owned());
                }
                continue;
            };
            if self.rest.peek() != Some(&'-') {
                self.push_literal(from);
                continue;
            }
            self.rest.next();
            let end = self.rest.next().ok_or("unterminated character set")?;
            if end == ']' {
                self.push_literal(from);
                self.push_literal('-');
                break;
            }
            let Some(to) = self.member(end)? else { return Err("bad character range".to_owned()) };
            self.push_literal(from);
            self.out.push('-');
            self.push_literal(to);
        }
        self.out.push(']');
        Ok(())
    }

    /// A member of a class that is one character; the others are written at once.
    fn member(&mut self, c: char) -> Result<Option<char>, String> {
        if c != '\\' {
            return Ok(Some(c));
        }
        let c = self.rest.next().ok_or("unterminated character set")?;
        match c {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => {
                self.out.push('\\');
                self.out.push(c);
                Ok(None)
            }
            'b' => Ok(Some('\u{8}')),
            c => self.literal(c).map(Some),
        }
    }

    /// What follows an opening parenthesis.
    fn group(&mut self) -> Result<Group, String> {
        let mut ahead = self.rest.clone();
        match (ahead.next(), ahead.next()) {
            (Some('?'), Some('#')) => {
                if self.rest.by_ref().all(|c| c != ')') {
                    return Err("missing ), unterminated comment".to_owned());
                }
                return Ok(Group::Comment);
            }
            // Python writes a condition on a named group without the brackets that the engine wants.
            (Some('?'), Some('(')) if ahead.next().is_some_and(|c| c.is_alphabetic() || c == '_') => {
                let name: String = self.rest.by_ref().skip(2).take_while(|c| *c != ')').collect();
                self.out.push_str(&format!("(?(<{name}>)"));
                return Ok(Group::Open);
            }
            // A condition on a number: its parenthesis is closed here.
            (Some('?'), Some('(')) => {
                let number: String = self.rest.by_ref().skip(2).take_while(|c| *c != ')').collect();
                if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err("bad character in group name".to_owned());
                }
                self.out.push_str(&format!("(?({number})"));
                return Ok(Group::Open);
            }
            _ => {}
        }
        self.out.push('(');
        Ok(Group::Open)
    }

    /// A repetition, or braces that mean themselves.
    fn braces(&mut self) {
        let mut ahead = self.rest.clone();
        let inside: String = ahead.by_ref().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
        let closed = self.rest.clone().nth(inside.len()) == Some('}');
        let (least, most) =
            inside.split_once(',').map_or((inside.as_str(), None), |(least, most)| (least, Some(most)));
        let repeats = closed && !inside.is_empty() && most.is_none_or(|most| !most.contains(','));
        if !repeats {
            self.out.push_str(r"\{");
            return;
        }
        let least = if least.is_empty() { "0" } else { least };
        self.out.push_str(&match most {
            None => format!("{{{least}}}"),
            Some(most) => format!("{{{least},{most}}}"),
        });
        self.rest.nth(inside.len());
    }
}

/// What an opening parenthesis opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Open,
    Comment,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the groups caught, `None` where nothing matched.
    fn check(pattern: &str, text: &str, expected: Option<&[&str]>) {
        let pattern =
            Pattern::parse(pattern, Case::Ignored).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        let found = pattern.matches(text).unwrap();
        let groups = found.map(|caught| caught.numbered.iter().skip(1).cloned().collect::<Vec<_>>());
        let expected = expected.map(|groups| groups.iter().map(|group| (*group).to_owned()).collect());
        assert_eq!(groups, expected, "{pattern:?} {text}");
    }

    #[test]
    fn it_begins_at_the_start_and_may_end_anywhere() {
        check("info@example.org", "info@example.org.example.net", Some(&[]));
        check("info@example.org$", "info@example.org.example.net", None);
        check("support", "a support question", None);
        check(".*support", "a support question", Some(&[]));
        check("a|b", "cb", None);
        check("^chris\\+(.*)@example.com$", "chris+test@example.com", Some(&["test"]));
        check("INFO@", "info@example.org", Some(&[]));
        check("", "anything", Some(&[]));
    }

    #[test]
    fn what_python_knows_is_known() {
        check("(?P<user>.*?)@(?P<domain>.*)", "a@example.org", Some(&["a", "example.org"]));
        check("(?!noreply)(.+)@", "info@example.org", Some(&["info"]));
        check("(?!noreply)(.+)@", "noreply@example.org", None);
        check("(.+)@(?<=a@)", "aa@example.org", Some(&["aa"]));
        check("(.)\\1@", "aa@example.org", Some(&["a"]));
        check("(?P<x>.)(?P=x)@", "ab@example.org", None);
        check("(?#a comment)in{1}fo{,2}@", "infoo@example.org", Some(&[]));
        check("a{x}", "a{x}", Some(&[]));
        check("a{,}b", "aaab", Some(&[]));
        check("(a)?(?(1)b|c)", "ab", Some(&["a"]));
        check("(?P<q>a)?(?(q)b|c)", "c", Some(&[""]));
        check("a\\.b\\/c\\<d", "a.b/c<d", Some(&[]));
        check("\\x61\\u0062\\060", "ab0", Some(&[]));
        check("x\\Z", "x", Some(&[]));
        check("(?:a|b)+?$", "abab", Some(&[]));
    }

    #[test]
    fn classes_are_pythons() {
        check("[[a]+$", "[a[", Some(&[]));
        check("[]a]+$", "]a", Some(&[]));
        check("[^]a]+$", "bc", Some(&[]));
        check("[a&&b]+$", "a&b", Some(&[]));
        check("[\\w.-]+@", "a.b-c@x", Some(&[]));
        check("[a-c~~]+$", "b~", Some(&[]));
        check("[\\d-]+$", "1-2", Some(&[]));
        check("[+--]+$", "+,-", Some(&[]));
        check("[[:alpha:]]$", "a]", Some(&[]));
    }

    #[test]
    fn what_is_none_is_refused() {
        for pattern in [
            "(", ")", "a)|(b", "[a", "*", "a**", "\\", "\\q", "(?P<n>a", "[z-a]", "(?P=x)", "(?#", "\\x6",
            "(?<n", "[\\w-a]",
        ] {
            assert!(Pattern::parse(pattern, Case::Ignored).is_err(), "{pattern}");
        }
        assert!(Pattern::parse(&"(".repeat(2000), Case::Ignored).is_err());
        assert!(Pattern::parse(&format!("(a{{1000}}){{1000}}{}", "x"), Case::Ignored).is_err());
    }

    #[test]
    fn a_pattern_that_never_ends_is_stopped() {
        let pattern = Pattern::parse(r"(?:(a|aa)(?!b))*\1c", Case::Counts).unwrap();
        assert_eq!(pattern.matches(&"a".repeat(60)), Err(TooHard));
    }

    proptest! {
        #[test]
        fn no_pattern_breaks_it(pattern in r"[a-c(\[\])\\?P<>=!|*+{},.^$&~0-9:#-]{0,24}", text in "[a-c@.]{0,12}") {
            if let Ok(pattern) = Pattern::parse(&pattern, Case::Ignored) {
                let _ = pattern.matches(&text);
            }
        }

        #[test]
        fn a_text_that_is_escaped_means_itself(text in r"[ -~]{1,20}") {
            let escaped: String = text.chars().flat_map(|c| if c.is_ascii_alphanumeric() { vec![c] } else { vec!['\\', c] }).collect();
            let pattern = Pattern::parse(&format!("{escaped}$"), Case::Counts).unwrap();
            prop_assert!(pattern.matches(&text).unwrap().is_some());
        }
    }
}
