//! Filter expressions of the events query.
//!
//! ```text
//! expr := and ( "OR" and )*       and := not ( ["AND"] not )*       not := "NOT" not | atom
//! atom := "(" expr ")" | '"' phrase '"' | (">"|"<"|">="|"<=") number | term
//! ```

use super::scalar::shown;
use crate::error::ApiError;

/// What a value must be like.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    /// One of them.
    Any(Vec<Expression>),
    /// All of them.
    All(Vec<Expression>),
    /// Not this.
    Not(Box<Expression>),
    /// This text, in lower case; an asterisk stands for anything.
    Term(String),
    /// A number compared with this one.
    Number(Comparison, f64),
}

/// How numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `<`
    Less,
    /// `<=`
    AtMost,
}

/// How a term is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// The whole value.
    Whole,
    /// A part of it.
    Part,
}

/// Longest expression in octets.
const LONGEST: usize = 4000;
/// Deepest nesting.
const DEEPEST: usize = 40;

impl Expression {
    /// Reads an expression.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let wrong = |what: &str| ApiError::bad(format!("filter expression `{}`: {what}", shown(text)));
        if text.len() > LONGEST {
            return Err(wrong("it is too long"));
        }
        let tokens = tokens(text).map_err(wrong)?;
        let mut reader = Reader { tokens: &tokens, depth: 0 };
        let expression = reader.any().map_err(wrong)?;
        if reader.tokens.is_empty() { Ok(expression) } else { Err(wrong("`)` without `(`")) }
    }

    /// Whether one of the values is like this. No value at all is unlike everything but a negation.
    pub(crate) fn fits(&self, values: &[String], manner: Manner) -> bool {
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.fits(values, manner)),
            Self::All(parts) => parts.iter().all(|part| part.fits(values, manner)),
            Self::Not(part) => !part.fits(values, manner),
            Self::Term(term) => values.iter().any(|value| term_fits(term, &value.to_lowercase(), manner)),
            Self::Number(comparison, number) => {
                let numbers = values.iter().filter_map(|value| value.parse::<f64>().ok());
                numbers.into_iter().any(|value| comparison.holds(value, *number))
            }
        }
    }

    /// The only text that fits, where there is only one.
    pub(crate) fn only_term(&self) -> Option<&str> {
        match self {
            Self::Term(term) if !term.contains('*') => Some(term),
            _ => None,
        }
    }
}

impl Comparison {
    fn holds(self, value: f64, number: f64) -> bool {
        match self {
            Self::Greater => value > number,
            Self::AtLeast => value >= number,
            Self::Less => value < number,
            Self::AtMost => value <= number,
        }
    }
}

/// Compares in time that grows with the lengths only: each piece between asterisks is looked for after the one before.
fn term_fits(term: &str, value: &str, manner: Manner) -> bool {
    let mut pieces: Vec<&str> = term.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    if manner == Manner::Part {
        let mut rest = value;
        return pieces.into_iter().chain([last]).all(|piece| match rest.split_once(piece) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => piece.is_empty(),
        });
    }
    let Some((first, middle)) = pieces.split_first() else { return value == last };
    let Some(mut rest) = value.strip_prefix(first) else { return false };
    for piece in middle {
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Or,
    And,
    Not,
    Value(Expression),
}

fn tokens(text: &str) -> Result<Vec<Token>, &'static str> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        rest = match first {
            '(' => {
                tokens.push(Token::Open);
                after
            }
            ')' => {
                tokens.push(Token::Close);
                after
            }
            '"' => {
                let (phrase, after) = after.split_once('"').ok_or("`\"` is not closed")?;
                tokens.push(Token::Value(Expression::Term(phrase.to_lowercase())));
                after
            }
            _ => {
                let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"');
                // `> 5` is one token, as `>5` is.
                let sign: String = rest.chars().take_while(|c| matches!(c, '<' | '>' | '=')).collect();
                let number = rest.get(sign.len()..).unwrap_or_default().trim_start();
                let (word, after) = number.split_at(number.find(ends).unwrap_or(number.len()));
                tokens.push(word_token(&format!("{sign}{word}")));
                after
            }
        }
        .trim_start();
    }
    Ok(tokens)
}

fn word_token(word: &str) -> Token {
    match word {
        "OR" => Token::Or,
        "AND" => Token::And,
        "NOT" => Token::Not,
        word => Token::Value(comparison(word).unwrap_or_else(|| Expression::Term(word.to_lowercase()))),
    }
}

fn comparison(word: &str) -> Option<Expression> {
    use Comparison::{AtLeast, AtMost, Greater, Less};
    let signs = [(">=", AtLeast), ("<=", AtMost), (">", Greater), ("<", Less)];
    let (number, comparison) =
        signs.into_iter().find_map(|(sign, comparison)| Some((word.strip_prefix(sign)?, comparison)))?;
    let number = number.parse::<f64>().ok().filter(|number| number.is_finite())?;
    Some(Expression::Number(comparison, number))
}

struct Reader<'t> {
    tokens: &'t [Token],
    depth: usize,
}

impl Reader<'_> {
    fn take(&mut self) -> Option<&Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn any(&mut self) -> Result<Expression, &'static str> {
        let mut parts = vec![self.all()?];
        while self.tokens.first() == Some(&Token::Or) {
            self.take();
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Expression::Any))
    }

    fn all(&mut self) -> Result<Expression, &'static str> {
        let mut parts = vec![self.not()?];
        loop {
            match self.tokens.first() {
                None | Some(Token::Or | Token::Close) => return Ok(one_or(parts, Expression::All)),
                Some(Token::And) => {
                    self.take();
                }
                Some(_) => {}
            }
            parts.push(self.not()?);
        }
    }

    fn not(&mut self) -> Result<Expression, &'static str> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("it is nested too deeply");
        }
        let expression = match self.take().cloned() {
            Some(Token::Not) => Expression::Not(Box::new(self.not()?)),
            Some(Token::Value(value)) => value,
            Some(Token::Open) => {
                let inner = self.any()?;
                if self.take() != Some(&Token::Close) {
                    return Err("`(` is not closed");
                }
                inner
            }
            Some(Token::Close) => return Err("a value is missing before `)`"),
            Some(Token::Or | Token::And) => return Err("a value is missing before an operator"),
            None => return Err("a value is missing at the end"),
        };
        self.depth -= 1;
        Ok(expression)
    }
}

fn one_or(mut parts: Vec<Expression>, many: impl FnOnce(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            many(parts)
        }
        None => many(parts),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(expression: &str, manner: Manner, values: &[&str], expected: bool) {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        assert_eq!(
            Expression::parse(expression).unwrap().fits(&values, manner),
            expected,
            "{expression} {values:?}"
        );
    }

    #[test]
    fn whole_values() {
        for (expression, value, expected) in [
            ("delivered OR failed", "failed", true),
            ("delivered OR failed", "accepted", false),
            ("NOT delivered", "accepted", true),
            ("NOT (delivered OR accepted)", "accepted", false),
            ("Bob@Example.org", "bob@example.ORG", true),
            ("*@example.org", "bob@example.org", true),
            ("b*b@*.org", "bob@example.org", true),
            ("b*b@*.org", "bob@example.net", false),
            ("a*a", "a", false),
            ("\"two words\"", "Two Words", true),
            (">100", "101", true),
            ("> 100", "101", true),
            (">= 5 AND <10", "10", false),
            (">5 <10", "7", true),
        ] {
            check(expression, Manner::Whole, &[value], expected);
        }
        check("a AND b", Manner::Whole, &["a", "b"], true);
        check("a b", Manner::Whole, &["a"], false);
        check("NOT a", Manner::Whole, &[], true);
    }

    #[test]
    fn parts_of_values() {
        check("請求", Manner::Part, &["8月の請求書"], true);
        check("hello world", Manner::Part, &["World, hello"], true);
        check("\"hello world\"", Manner::Part, &["World, hello"], false);
        check("inv*12", Manner::Part, &["the invoice 12 of"], true);
        check("(a OR b) NOT c", Manner::Part, &["xbx"], true);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let refused = |text: &str| Expression::parse(text).unwrap_err().to_string();
        assert_eq!(refused("a OR"), "filter expression `a OR`: a value is missing at the end");
        assert_eq!(refused("(a"), "filter expression `(a`: `(` is not closed");
        assert_eq!(refused("a)"), "filter expression `a)`: `)` without `(`");
        assert_eq!(refused("\"a"), "filter expression `\"a`: `\"` is not closed");
        assert_eq!(refused("OR a"), "filter expression `OR a`: a value is missing before an operator");
        assert!(refused(&"(".repeat(1000)).ends_with("it is nested too deeply"));
        assert!(refused(&"NOT ".repeat(900)).ends_with("it is nested too deeply"));
    }

    proptest! {
        #[test]
        fn nothing_panics(text: String, near in "([(]|[)]|OR|AND|NOT|\"|<=?|>=?|[*]| |[ab]|1){0,30}", value: String) {
            for text in [&text, &near] {
                if let Ok(expression) = Expression::parse(text) {
                    for manner in [Manner::Whole, Manner::Part] {
                        expression.fits(std::slice::from_ref(&value), manner);
                    }
                }
            }
        }
    }
}
