//! Which mail a route is for: `match_recipient("…") and not match_header("…", "…")`.
//!
//! ```text
//! expr := and ("or" and)*      and := term ("and" term)*      term := "not" term | "(" expr ")" | call
//! call := match_recipient(STR) | match_header(STR, STR) | catch_all() | catchall()
//! ```
//! A string stands in single or double quotes. A backslash keeps the quote after it from ending the string; every other backslash belongs to the pattern.

use super::pattern::{Case, Pattern};
use super::text::{Lexer, Token};

/// Terms inside terms.
const DEEPEST: usize = 40;

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    /// One of them holds.
    Or(Vec<Self>),
    /// Each of them holds.
    And(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// The recipient begins like this.
    Recipient(Pattern),
    /// A header field of this name begins like this.
    Header(String, Pattern),
    /// No better route matched.
    CatchAll,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with it, in a few words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { lexer: Lexer::new(text), depth: 0 };
        let expression = parser.or()?;
        match parser.lexer.next()? {
            Token::End => Ok(expression),
            token => Err(format!("unexpected {token} after the end of the expression")),
        }
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    depth: usize,
}

impl Parser<'_> {
    fn or(&mut self) -> Result<Expression, String> {
        let mut terms = vec![self.and()?];
        while self.keyword("or")? {
            terms.push(self.and()?);
        }
        Ok(alone(terms, Expression::Or))
    }

    fn and(&mut self) -> Result<Expression, String> {
        let mut terms = vec![self.term()?];
        while self.keyword("and")? {
            terms.push(self.term()?);
        }
        Ok(alone(terms, Expression::And))
    }

    fn keyword(&mut self, word: &str) -> Result<bool, String> {
        let is = matches!(self.lexer.peek()?, Token::Word(found) if found.eq_ignore_ascii_case(word));
        if is {
            self.lexer.next()?;
        }
        Ok(is)
    }

    fn term(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("its terms are nested too deeply".to_owned());
        }
        let term = match self.lexer.next()? {
            Token::Sign('(') => {
                let inside = self.or()?;
                self.lexer.expect(')')?;
                inside
            }
            Token::Word(word) if word.eq_ignore_ascii_case("not") => Expression::Not(Box::new(self.term()?)),
            Token::Word(word) => self.call(&word)?,
            token => return Err(format!("a condition is expected, not {token}")),
        };
        self.depth -= 1;
        Ok(term)
    }

    fn call(&mut self, name: &str) -> Result<Expression, String> {
        let arguments = self.lexer.arguments()?;
        let pattern = |text: &str, case| {
            Pattern::parse(text, case).map_err(|why| format!("the pattern '{text}': {why}"))
        };
        match (name.to_ascii_lowercase().as_str(), arguments.as_slice()) {
            ("match_recipient", [text]) => Ok(Expression::Recipient(pattern(text, Case::Ignored)?)),
            ("match_header", [field, text]) => Ok(Expression::Header(
                field.trim().trim_end_matches(':').to_owned(),
                pattern(text, Case::Counts)?,
            )),
            ("catch_all" | "catchall", []) => Ok(Expression::CatchAll),
            ("match_recipient", _) => Err("match_recipient takes one string".to_owned()),
            ("match_header", _) => {
                Err("match_header takes two strings: the name of a field and a pattern".to_owned())
            }
            ("catch_all" | "catchall", _) => Err("catch_all takes nothing".to_owned()),
            _ => Err(format!(
                "there is no condition '{name}': only match_recipient, match_header and catch_all"
            )),
        }
    }
}

fn alone(mut terms: Vec<Expression>, several: impl FnOnce(Vec<Expression>) -> Expression) -> Expression {
    match terms.len() {
        1 => terms.remove(0),
        _ => several(terms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree in words, or what is wrong.
    fn check(text: &str, expected: &str) {
        let told = Expression::parse(text).map_or_else(|error| error, |expression| tell(&expression));
        assert_eq!(told, expected, "{text}");
    }

    fn tell(expression: &Expression) -> String {
        let all = |terms: &[Expression]| terms.iter().map(tell).collect::<Vec<_>>().join(" ");
        match expression {
            Expression::Or(terms) => format!("(or {})", all(terms)),
            Expression::And(terms) => format!("(and {})", all(terms)),
            Expression::Not(term) => format!("(not {})", tell(term)),
            Expression::Recipient(pattern) => pattern.as_str().to_owned(),
            Expression::Header(name, pattern) => format!("{name}:{}", pattern.as_str()),
            Expression::CatchAll => "*".to_owned(),
        }
    }

    #[test]
    fn expressions_have_their_shape() {
        check("match_recipient('a')", "a");
        check(" MATCH_RECIPIENT ( \"a\" ) ", "a");
        check("catch_all()", "*");
        check("catchall()", "*");
        check("match_header(\"subject\", \".*support\")", "subject:.*support");
        check("match_recipient('a') or match_recipient('b') AND NOT catch_all()", "(or a (and b (not *)))");
        check(
            "(match_recipient('a') or match_recipient('b')) and not not match_recipient('c')",
            "(and (or a b) (not (not c)))",
        );
        check(r#"match_recipient("^chris\+(.*)@example.com$")"#, r"^chris\+(.*)@example.com$");
        check(r#"match_recipient("a\"b\\")"#, r#"a"b\\"#);
        check(r#"match_recipient('it\'s "x"')"#, r#"it's "x""#);
    }

    #[test]
    fn what_is_none_is_refused_with_a_reason() {
        check("", "a condition is expected, not the end");
        check("match_recipient(a)", "a string is expected, not 'a'");
        check("match_recipient(\"a)", "the string that begins at character 17 has no end");
        check("match_recipient(\"a\"", "')' is expected, not the end");
        check(
            "match_recipient(\"a\") match_recipient(\"b\")",
            "unexpected 'match_recipient' after the end of the expression",
        );
        check("match_header(\"a\")", "match_header takes two strings: the name of a field and a pattern");
        check(
            "match_subject(\"a\")",
            "there is no condition 'match_subject': only match_recipient, match_header and catch_all",
        );
        check("match_recipient(\"(\")", "the pattern '(': missing ), unterminated subpattern");
        check(&"not ".repeat(100), "its terms are nested too deeply");
        check("§", "the character '§' means nothing here");
    }
}
