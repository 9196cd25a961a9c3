//! The words of expressions and actions.

use std::fmt;

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Letters, digits, underlines.
    Word(String),
    /// What stood between quotes.
    Text(String),
    /// `(`, `)`, `,` or `=`.
    Sign(char),
    /// Nothing more.
    End,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "'{word}'"),
            Self::Text(_) => f.write_str("a string"),
            Self::Sign(sign) => write!(f, "'{sign}'"),
            Self::End => f.write_str("the end"),
        }
    }
}

/// Takes a text apart.
pub(super) struct Lexer<'t> {
    text: &'t str,
    /// Octets that are read.
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// Octets that are read.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next word, which is not read by this.
    pub(super) fn peek(&mut self) -> Result<Token, String> {
        let at = self.at;
        let token = self.next();
        self.at = at;
        token
    }

    /// The next word.
    pub(super) fn next(&mut self) -> Result<Token, String> {
        let rest = self.rest();
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        let Some(first) = trimmed.chars().next() else { return Ok(Token::End) };
        match first {
            '(' | ')' | ',' | '=' => {
                self.at += 1;
                Ok(Token::Sign(first))
            }
            '"' | '\'' => self.string(first),
            c if is_word(c) => {
                let end = trimmed.find(|c| !is_word(c)).unwrap_or(trimmed.len());
                self.at += end;
                Ok(Token::Word(trimmed.get(..end).unwrap_or_default().to_owned()))
            }
            c => Err(format!("the character '{}' means nothing here", if c.is_control() { '?' } else { c })),
        }
    }

    fn string(&mut self, quote: char) -> Result<Token, String> {
        let begin = self.text.get(..self.at).unwrap_or_default().chars().count() + 1;
        let mut inside = String::new();
        let mut characters = self.rest().char_indices().skip(1);
        while let Some((at, c)) = characters.next() {
            if c == quote {
                self.at += at + 1;
                return Ok(Token::Text(inside));
            }
            if c != '\\' {
                inside.push(c);
                continue;
            }
            match characters.next() {
                Some((_, escaped)) if escaped == quote => inside.push(quote),
                Some((_, escaped)) => {
                    inside.push('\\');
                    inside.push(escaped);
                }
                None => break,
            }
        }
        Err(format!("the string that begins at character {begin} has no end"))
    }

    /// Reads this sign.
    pub(super) fn expect(&mut self, sign: char) -> Result<(), String> {
        match self.next()? {
            Token::Sign(found) if found == sign => Ok(()),
            token => Err(format!("'{sign}' is expected, not {token}")),
        }
    }

    /// A string.
    pub(super) fn text(&mut self) -> Result<String, String> {
        match self.next()? {
            Token::Text(text) => Ok(text),
            token => Err(format!("a string is expected, not {token}")),
        }
    }

    /// Strings in parentheses, with commas between them.
    pub(super) fn arguments(&mut self) -> Result<Vec<String>, String> {
        self.expect('(')?;
        let mut arguments = Vec::new();
        if self.peek()? == Token::Sign(')') {
            self.next()?;
            return Ok(arguments);
        }
        loop {
            arguments.push(self.text()?);
            if self.peek()? != Token::Sign(',') {
                break;
            }
            self.next()?;
        }
        self.expect(')')?;
        Ok(arguments)
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
