//! Lists of addresses in header fields (RFC 5322 sections 3.4 and 4.4, RFC 6532).

use std::fmt;

use crate::address::{Address, AddressError, is_atext};
use crate::encoded_word::{self, FoldedLine};
use crate::line::MAX_LINE;
use crate::{Host, LocalPart, charset};

/// A display name and an address (RFC 5322 section 3.4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NameAddr {
    /// The display name, decoded; never empty.
    pub name: Option<String>,
    /// The address.
    pub address: Address,
}

/// Why a text is not a list of addresses. The fault is with whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault} (column {column})")]
pub struct ListError {
    /// What is wrong.
    pub fault: ListFault,
    /// Where: octets from the start of the text, the first being 1.
    pub column: usize,
}

/// What is wrong with a list of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListFault {
    /// A quoted-string, comment, domain literal or angle bracket is opened and not closed.
    #[error("`{0}` is not closed")]
    NotClosed(char),
    /// A character where it means nothing.
    #[error("`{0}` is not expected here")]
    Unexpected(char),
    /// A name alone, or a word in an angle bracket.
    #[error("`{0}` has no @")]
    NoAt(String),
    /// Nothing between angle brackets.
    #[error("the angle brackets hold no address")]
    Empty,
    /// One address was wanted, and there is none or another.
    #[error("exactly one address is expected, not {0}")]
    NotOne(usize),
    /// The address is none.
    #[error("`{written}`: {error}")]
    Address {
        /// The address as it was written, without comments and folds.
        written: String,
        /// What is wrong with it.
        error: AddressError,
    },
}

impl NameAddr {
    /// Reads exactly one address with or without a name.
    ///
    /// # Errors
    /// [`ListError`], also where there is none or more than one.
    pub fn parse(text: &str) -> Result<Self, ListError> {
        let mut all = parse_list(text)?;
        match (all.pop(), all.len()) {
            (Some(one), 0) => Ok(one),
            (one, others) => {
                Err(ListError { fault: ListFault::NotOne(others + usize::from(one.is_some())), column: 1 })
            }
        }
    }

    /// Writes itself into a header field.
    fn write(&self, line: &mut FoldedLine, gap: &str, after: &str) {
        let Some(name) = self.name.as_deref().filter(|name| !name.is_empty()) else {
            return line.token(gap, &format!("{}{after}", self.address));
        };
        write_phrase(name, line, gap);
        line.token(" ", &format!("<{}>{after}", self.address));
    }
}

impl fmt::Display for NameAddr {
    /// `Name <address>`, the name for people: quoted where it must be, not encoded.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_deref().filter(|name| !name.is_empty()) {
            None => self.address.fmt(f),
            Some(name) if name.chars().all(|c| c == ' ' || is_atext(c)) => {
                write!(f, "{name} <{}>", self.address)
            }
            Some(name) => write!(f, "{} <{}>", quoted(name), self.address),
        }
    }
}

impl From<Address> for NameAddr {
    fn from(address: Address) -> Self {
        Self { name: None, address }
    }
}

enum Phrase {
    Atoms,
    Quoted(String),
    Encoded,
}

/// How a name is written: as atoms, else as a quoted-string, else, being outside ASCII or too long for a line, as
/// encoded-words.
fn as_phrase(name: &str) -> Phrase {
    const LONGEST_QUOTED: usize = 60;
    let is_atom = |word: &str| !word.is_empty() && word.len() <= LONGEST_QUOTED && word.chars().all(is_atext);
    if name.contains("=?") || !name.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Phrase::Encoded;
    }
    if name.split(' ').all(is_atom) {
        return Phrase::Atoms;
    }
    if name.len() > LONGEST_QUOTED || name.trim().is_empty() {
        return Phrase::Encoded;
    }
    Phrase::Quoted(quoted(name))
}

fn write_phrase(name: &str, line: &mut FoldedLine, gap: &str) {
    match as_phrase(name) {
        Phrase::Atoms => {
            let mut gap = gap;
            for word in name.split(' ') {
                line.token(gap, word);
                gap = " ";
            }
        }
        Phrase::Quoted(quoted) => line.token(gap, &quoted),
        Phrase::Encoded => line.encoded(gap, name),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Writes a list as the value of a header field, folded, `column` columns being taken by the name.
pub fn write_list(list: &[NameAddr], column: usize) -> String {
    let mut line = FoldedLine::new(column);
    for (at, entry) in list.iter().enumerate() {
        let gap = if at == 0 { "" } else { " " };
        entry.write(&mut line, gap, if at + 1 == list.len() { "" } else { "," });
    }
    line.finish()
}

/// Writes `Name <id>`, the identifier of a mailing list (RFC 2919 section 3), as the value of a header field, folded, `column` columns being taken
/// by the name of the field.
pub fn write_named(name: &str, id: &str, column: usize) -> String {
    let mut line = FoldedLine::new(column);
    if !name.is_empty() {
        write_phrase(name, &mut line, "");
    }
    line.token(if name.is_empty() { "" } else { " " }, &format!("<{id}>"));
    line.finish()
}

/// Reads a list of addresses. Members of groups are listed like all others, an empty group gives none. Obsolete forms
/// are understood: routes, blanks and comments around dots, empty list entries, dots in names; a name without quotes may
/// be in UTF-8 or hold an `@`. A comment after a bare address is its name.
///
/// # Errors
/// [`ListError`]: what and where. One bad address makes the list bad.
pub fn parse_list(text: &str) -> Result<Vec<NameAddr>, ListError> {
    let tokens = Lexer { text, at: 0 }.tokens()?;
    let mut list = Vec::new();
    let mut open_group = None;
    let mut rest = skip_comments(&tokens);
    while let Some(first) = rest.first() {
        if let Some(members) = group_start(rest) {
            if open_group.replace(first.column).is_some() {
                return Err(unexpected(members.first(), ':'));
            }
            rest = members;
            continue;
        }
        let (entry, after) = member(rest)?;
        list.extend(entry);
        (rest, open_group) = separator(after, open_group)?;
    }
    match open_group {
        Some(column) => Err(ListError { fault: ListFault::NotClosed(':'), column }),
        None => Ok(list),
    }
}

/// The tokens after `name:`, if these begin a group.
fn group_start<'t, 'a>(tokens: &'t [Token<'a>]) -> Option<&'t [Token<'a>]> {
    let (words, after) = tokens.split_at(tokens.iter().position(Token::ends_words)?);
    let is_group = has_words(words) && !words.iter().any(|token| token.kind == Kind::Special('@'));
    after
        .split_first()
        .filter(|(colon, _)| is_group && colon.kind == Kind::Special(':'))
        .map(|(_, members)| members)
}

/// One list entry, which may be empty, and what follows it.
fn member<'t, 'a>(tokens: &'t [Token<'a>]) -> Result<(Option<NameAddr>, &'t [Token<'a>]), ListError> {
    let (words, after) = tokens.split_at(tokens.iter().position(Token::ends_words).unwrap_or(tokens.len()));
    if after.first().is_some_and(|token| token.kind == Kind::Special('<')) {
        let (address, after) = angle_addr(after)?;
        return Ok((Some(NameAddr { name: phrase(words), address }), skip_comments(after)));
    }
    if !has_words(words) {
        return Ok((None, after));
    }
    Ok((Some(NameAddr { address: addr_spec(words)?, name: comment_name(words) }), after))
}

/// Steps over what stands between two entries. A group is closed by its semicolon.
fn separator<'t, 'a>(
    tokens: &'t [Token<'a>],
    open_group: Option<usize>,
) -> Result<(&'t [Token<'a>], Option<usize>), ListError> {
    let Some((first, after)) = tokens.split_first() else { return Ok((tokens, open_group)) };
    match first.kind {
        Kind::Special(',') => Ok((skip_comments(after), open_group)),
        Kind::Special(';') if open_group.is_some() => match skip_comments(after).split_first() {
            None => Ok((&[], None)),
            Some((comma, after)) if comma.kind == Kind::Special(',') => Ok((skip_comments(after), None)),
            Some((other, _)) => Err(unexpected(Some(other), other.shown())),
        },
        _ => Err(unexpected(Some(first), first.shown())),
    }
}

/// The author addresses of a From field's value, in the order in which they stand: what DMARC works on (RFC 9989). An
/// empty list means that the field names nobody.
///
/// # Errors
/// [`ListError`] for a value that is not a list of addresses; then no author can be trusted.
pub fn authors(from_field_value: &[u8]) -> Result<Vec<Address>, ListError> {
    let list = parse_list(&charset::guess(from_field_value))?;
    Ok(list.into_iter().map(|entry| entry.address).collect())
}

#[derive(Clone, Debug, PartialEq)]
struct Token<'a> {
    kind: Kind<'a>,
    /// Whether blanks stand before it.
    spaced: bool,
    /// Octets before it, plus one.
    column: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind<'a> {
    /// Characters that are neither special nor blank; also a whole encoded-word.
    Atom(&'a str),
    /// A quoted-string: its text without quotes, and itself.
    Quoted(String, &'a str),
    /// A domain literal with its brackets.
    Literal(&'a str),
    /// A comment's text.
    Comment(String),
    /// One of `< > @ , ; : .`
    Special(char),
}

impl Token<'_> {
    /// Whether the words of a name or of a bare address end here.
    fn ends_words(&self) -> bool {
        matches!(self.kind, Kind::Special(',' | ';' | '<' | ':'))
    }

    /// The character to name in an error.
    fn shown(&self) -> char {
        match &self.kind {
            Kind::Atom(text) => text.chars().next().unwrap_or(' '),
            Kind::Quoted(..) => '"',
            Kind::Literal(_) => '[',
            Kind::Comment(_) => '(',
            Kind::Special(c) => *c,
        }
    }
}

fn unexpected(token: Option<&Token<'_>>, c: char) -> ListError {
    ListError { fault: ListFault::Unexpected(c), column: token.map_or(1, |token| token.column) }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn tokens(mut self) -> Result<Vec<Token<'a>>, ListError> {
        let mut tokens = Vec::new();
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
            let spaced = trimmed.len() < rest.len();
            self.at = self.text.len() - trimmed.len();
            let Some(first) = trimmed.chars().next() else { return Ok(tokens) };
            let column = self.at + 1;
            let kind = match first {
                '"' => self.quoted()?,
                '(' => Kind::Comment(self.comment()?),
                '[' => self.literal()?,
                '<' | '>' | '@' | ',' | ';' | ':' | '.' => {
                    self.at += 1;
                    Kind::Special(first)
                }
                ')' | ']' | '\\' => return Err(self.fail(ListFault::Unexpected(first))),
                _ if first.is_control() => return Err(self.fail(ListFault::Unexpected(first))),
                _ => self.atom(),
            };
            tokens.push(Token { kind, spaced, column });
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn fail(&self, fault: ListFault) -> ListError {
        ListError { fault, column: self.at + 1 }
    }

    fn atom(&mut self) -> Kind<'a> {
        let rest = self.rest();
        let ends = |c: char| c.is_control() || " \"(),.:;<>@[\\]".contains(c);
        let end = encoded_word_length(rest).or_else(|| rest.find(ends)).unwrap_or(rest.len());
        self.at += end;
        Kind::Atom(rest.get(..end).unwrap_or_default())
    }

    /// RFC 5322 section 3.2.4; folds inside are undone.
    fn quoted(&mut self) -> Result<Kind<'a>, ListError> {
        let rest = self.rest();
        let mut text = String::new();
        let mut characters = rest.char_indices().skip(1);
        while let Some((at, c)) = characters.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return Ok(Kind::Quoted(text, rest.get(..=at).unwrap_or_default()));
                }
                '\\' => text.extend(characters.next().map(|(_, c)| c)),
                '\r' | '\n' => {}
                _ => text.push(c),
            }
        }
        Err(self.fail(ListFault::NotClosed('"')))
    }

    /// RFC 5322 section 3.2.2; comments nest, and only their depth is counted.
    fn comment(&mut self) -> Result<String, ListError> {
        let mut text = String::new();
        let mut depth = 0_usize;
        let mut characters = self.rest().char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                '\\' => {
                    text.extend(characters.next().map(|(_, c)| c));
                    continue;
                }
                '\r' | '\n' => continue,
                _ => {}
            }
            if depth == 0 {
                self.at += at + 1;
                return Ok(text);
            }
            if at > 0 {
                text.push(c);
            }
        }
        Err(self.fail(ListFault::NotClosed('(')))
    }

    fn literal(&mut self) -> Result<Kind<'a>, ListError> {
        let rest = self.rest();
        let end = rest.find(']').ok_or_else(|| self.fail(ListFault::NotClosed('[')))?;
        self.at += end + 1;
        Ok(Kind::Literal(rest.get(..=end).unwrap_or_default()))
    }
}

/// The length of the encoded-word at the start: it may hold specials that it should not.
fn encoded_word_length(text: &str) -> Option<usize> {
    let after = text.strip_prefix("=?")?;
    // No line is longer (RFC 5322 section 2.1.1): looking on to the end of the text for every word would take for ever.
    let line = after.get(..after.floor_char_boundary(MAX_LINE)).unwrap_or(after);
    let (charset, rest) = line.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (encoded, _) = rest.split_once("?=")?;
    let whole = charset.bytes().all(|byte| byte.is_ascii_graphic())
        && encoding.len() == 1
        && ![charset, encoding, encoded].iter().any(|part| part.contains([' ', '"', '<']));
    whole.then_some(2 + charset.len() + 1 + encoding.len() + 1 + encoded.len() + 2)
}

fn has_words(tokens: &[Token<'_>]) -> bool {
    tokens.iter().any(|token| !matches!(token.kind, Kind::Comment(_)))
}

fn skip_comments<'t, 'a>(tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    let comments = tokens.iter().take_while(|token| matches!(token.kind, Kind::Comment(_))).count();
    tokens.get(comments..).unwrap_or_default()
}

/// A display name from its words, encoded-words decoded (also those inside quotes, which should not be there).
fn phrase(tokens: &[Token<'_>]) -> Option<String> {
    let mut name = String::new();
    for token in tokens {
        if token.spaced && !name.is_empty() {
            name.push(' ');
        }
        match &token.kind {
            Kind::Atom(text) | Kind::Literal(text) => name.push_str(text),
            Kind::Quoted(text, _) => name.push_str(text),
            Kind::Special(c) => name.push(*c),
            Kind::Comment(_) => {}
        }
    }
    decoded_name(&name)
}

fn decoded_name(name: &str) -> Option<String> {
    if name.contains("=?") || name.contains(char::is_control) {
        let name = encoded_word::decode(name.as_bytes());
        return (!name.is_empty()).then_some(name);
    }
    (!name.is_empty()).then(|| name.to_owned())
}

/// RFC 5322 section 3.4: before there were display names, a comment said the name.
fn comment_name(tokens: &[Token<'_>]) -> Option<String> {
    tokens.iter().rev().find_map(|token| match &token.kind {
        Kind::Comment(text) => decoded_name(text.trim()),
        _ => None,
    })
}

/// The address in angle brackets, and what follows them. `tokens` begins with the `<`.
fn angle_addr<'t, 'a>(tokens: &'t [Token<'a>]) -> Result<(Address, &'t [Token<'a>]), ListError> {
    let open = tokens.first().map_or(1, |token| token.column);
    let inside = tokens.get(1..).unwrap_or_default();
    let close = inside
        .iter()
        .position(|token| token.kind == Kind::Special('>'))
        .ok_or(ListError { fault: ListFault::NotClosed('<'), column: open })?;
    let (inside, after) = inside.split_at(close);
    let inside = skip_comments(inside);
    // RFC 5322 section 4.4: an obsolete route is read and ignored.
    let is_route = inside.first().is_some_and(|token| token.kind == Kind::Special('@'));
    let colon = inside.iter().position(|token| token.kind == Kind::Special(':')).filter(|_| is_route);
    let inside = colon.and_then(|colon| inside.get(colon + 1..)).unwrap_or(inside);
    if !has_words(inside) {
        return Err(ListError { fault: ListFault::Empty, column: open });
    }
    Ok((addr_spec(inside)?, after.get(1..).unwrap_or_default()))
}

/// RFC 5322 section 3.4.1, with the blanks and comments that section 4.4 allows around dots and `@`. `tokens` has words.
fn addr_spec(tokens: &[Token<'_>]) -> Result<Address, ListError> {
    let words: Vec<&Token<'_>> =
        tokens.iter().filter(|token| !matches!(token.kind, Kind::Comment(_))).collect();
    let column = words.first().map_or(1, |token| token.column);
    let at = words.iter().rposition(|token| token.kind == Kind::Special('@'));
    let Some((left, right)) = at.and_then(|at| Some((words.get(..at)?, words.get(at + 1..)?))) else {
        return Err(ListError { fault: ListFault::NoAt(phrase(tokens).unwrap_or_default()), column });
    };
    // Two words with nothing but blanks between them are no address: `first second@example.org`.
    let is_word = |token: &Token<'_>| !matches!(token.kind, Kind::Special(_));
    let two_words = words.windows(2).find_map(|pair| match pair {
        [before, after] if is_word(before) && is_word(after) => Some(*after),
        _ => None,
    });
    let is_odd = |token: &Token<'_>| matches!(token.kind, Kind::Special(c) if c != '.');
    let odd_left = left.iter().find(|token| is_odd(token) || matches!(token.kind, Kind::Literal(_)));
    let odd_right = right.iter().find(|token| is_odd(token) || matches!(token.kind, Kind::Quoted(..)));
    if let Some(token) = two_words.or(odd_left.copied()).or(odd_right.copied()) {
        return Err(unexpected(Some(token), token.shown()));
    }
    let fail = |error| ListError { fault: ListFault::Address { written: joined(&words), error }, column };
    let (local_part, host) = (local_part(left).map_err(fail)?, Host::parse(&joined(right)).map_err(fail)?);
    Address::new(local_part, host).map_err(fail)
}

/// A local-part whose words may be quoted one by one (RFC 5322 section 4.4, obs-local-part).
fn local_part(words: &[&Token<'_>]) -> Result<LocalPart, AddressError> {
    let written = joined(words);
    let has_quotes = words.iter().any(|token| matches!(token.kind, Kind::Quoted(..)));
    if !has_quotes || words.len() == 1 {
        return LocalPart::parse(&written);
    }
    let text: String = words
        .iter()
        .map(|token| match &token.kind {
            Kind::Quoted(text, _) => text.clone(),
            _ => joined(&[token]),
        })
        .collect();
    LocalPart::parse(&quoted(&text))
}

fn joined(tokens: &[&Token<'_>]) -> String {
    let mut text = String::new();
    for token in tokens {
        match &token.kind {
            Kind::Atom(part) | Kind::Literal(part) | Kind::Quoted(_, part) => text.push_str(part),
            Kind::Special(c) => text.push(*c),
            Kind::Comment(_) => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &Expect) {
        let shown = match parse_list(text) {
            Ok(list) => list.iter().map(|entry| format!("{:?} {}\n", entry.name, entry.address)).collect(),
            Err(error) => format!("{error}\n"),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn the_forms_of_the_standard() {
        check(
            r#"Joe Q. Public <john.q.public@example.com>, Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>"#,
            &expect![[r#"
                Some("Joe Q. Public") john.q.public@example.com
                Some("Mary Smith") mary@x.test
                None jdoe@example.org
                Some("Who?") one@y.test
            "#]],
        );
        check(
            r#"<boss@nil.test>, "Giant; \"Big\" Box" <sysservices@example.net>"#,
            &expect![[r#"
                None boss@nil.test
                Some("Giant; \"Big\" Box") sysservices@example.net
            "#]],
        );
        check(
            "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
            &expect![[r#"
                Some("Pete") pete@silly.test
            "#]],
        );
        check(
            "A Group(Some people)\r\n :Chris Jones <c@(Chris's host.)public.example>,\r\n joe@example.org,\r\n John <jdoe@one.test> (my dear friend); (the end of the group)",
            &expect![[r#"
                Some("Chris Jones") c@public.example
                None joe@example.org
                Some("John") jdoe@one.test
            "#]],
        );
        check("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", &expect![""]);
        check(
            "a@example.org, Friends: b@example.org, c@example.org;, d@example.org",
            &expect![[r#"
                None a@example.org
                None b@example.org
                None c@example.org
                None d@example.org
            "#]],
        );
    }

    #[test]
    fn obsolete_and_careless_forms() {
        check(
            "Mary Smith <@node.test,@b.test:mary@example.net>, , jdoe@test  . example",
            &expect![[r#"
                Some("Mary Smith") mary@example.net
                None jdoe@test.example
            "#]],
        );
        check(
            r#"テスト <me@example.org>, "山田, 太郎" <y@example.jp>, 用户@例子.中国"#,
            &expect![[r#"
                Some("テスト") me@example.org
                Some("山田, 太郎") y@example.jp
                None 用户@xn--fsqu00a.xn--fiqs8s
            "#]],
        );
        check(
            "=?utf-8?B?5pel5pys?=\r\n =?utf-8?B?6Kqe?= <a@example.org>, \"=?utf-8?Q?b?=\" <b@example.org>, =?utf-8?Q?c,d?= <c@example.org>",
            &expect![[r#"
                Some("日本語") a@example.org
                Some("b") b@example.org
                Some("c,d") c@example.org
            "#]],
        );
        check(
            "me@example.org <you@example.net>, [Team] <t@example.org>, a@example.org (Al Fa)",
            &expect![[r#"
                Some("me@example.org") you@example.net
                Some("[Team]") t@example.org
                Some("Al Fa") a@example.org
            "#]],
        );
        check(
            r#"da..me.@example.test, "a b" . c@example.org, x@[192.0.2.1], "a@b.test" <c@d.test>"#,
            &expect![[r#"
                None "da..me."@example.test
                None "a b.c"@example.org
                None x@[192.0.2.1]
                Some("a@b.test") c@d.test
            "#]],
        );
        check("", &expect![""]);
    }

    #[test]
    fn errors_say_what_and_where() {
        let check = |text: &str, expected: &str| {
            assert_eq!(parse_list(text).unwrap_err().to_string(), expected, "{text}");
        };
        check("a@example.org, Foo Bar", "`Foo Bar` has no @ (column 16)");
        check("a <a@example.org", "`<` is not closed (column 3)");
        check("\"a <a@example.org>", "`\"` is not closed (column 1)");
        check("a (b <a@example.org>", "`(` is not closed (column 3)");
        check("<>", "the angle brackets hold no address (column 1)");
        check("a b@example.org", "`b` is not expected here (column 3)");
        check("<a@example.org> <b@example.org>", "`<` is not expected here (column 17)");
        check("a@b@example.org", "`@` is not expected here (column 2)");
        check("a <b <c@example.org>>", "`<` is not expected here (column 6)");
        check(
            "a@-x",
            "`a@-x`: a label of the domain is empty, too long, or begins or ends with a hyphen (column 1)",
        );
        check("Group: a@example.org", "`:` is not closed (column 1)");
        check("a@example.org;", "`;` is not expected here (column 14)");
        check("a@example.org, x)", "`)` is not expected here (column 17)");
        check("@example.org", "`@example.org`: the local-part is empty (column 1)");
        check("=?utf-8?B?YUBleGFtcGxlLm9yZw==?=", "`a@example.org` has no @ (column 1)");
        assert_eq!(NameAddr::parse("a@b.test, c@d.test").unwrap_err().fault, ListFault::NotOne(2));
        assert_eq!(NameAddr::parse("").unwrap_err().fault, ListFault::NotOne(0));
    }

    #[test]
    fn authors_are_all_addresses_of_the_from_field() {
        let check = |value: &[u8], expected: &[&str]| {
            let found: Vec<String> = authors(value).unwrap().iter().map(ToString::to_string).collect();
            assert_eq!(found, expected);
        };
        check(b" A <a@example.org>,\r\n b@example.net\r\n", &["a@example.org", "b@example.net"]);
        check(b"Nobody:;", &[]);
        check(b"\x1b$B$\"<$\x1b(B <a@example.org>", &["a@example.org"]);
        check(b"\xe9t\xe9 <a@example.org>", &["a@example.org"]);
        assert!(authors(b"nobody").is_err());
    }

    #[test]
    fn names_are_written_as_simply_as_possible() {
        let check = |name: &str, expected: &str| {
            let entry =
                NameAddr { name: Some(name.to_owned()), address: Address::parse("a@example.org").unwrap() };
            assert_eq!(write_list(&[entry], 6), expected);
        };
        check("Taro Yamada", "Taro Yamada <a@example.org>");
        check("Yamada, Taro", "\"Yamada, Taro\" <a@example.org>");
        check("a \"b\" \\", "\"a \\\"b\\\" \\\\\" <a@example.org>");
        check("山田 太郎", "=?UTF-8?B?5bGx55SwIOWkqumDjg==?= <a@example.org>");
        check("", "a@example.org");
        check("=?x", "=?UTF-8?B?PT94?= <a@example.org>");
    }

    /// A header section may have a MiB. With work that grows with the square of the length, this would take minutes.
    #[test]
    fn long_lists_come_to_an_end() {
        const PIECES: usize = 100_000;
        let read = |start: &str, piece: &str, end: &str| {
            parse_list(&[start, &piece.repeat(PIECES), end].concat()).map(|list| list.len())
        };
        assert_eq!(read("", "a@b,", ""), Ok(PIECES));
        assert_eq!(read("", "=?a?q?,", "").map_err(|error| error.column), Err(1));
        for piece in ["x:", "a.", "(a)", "\"a\"", "<@a,", "=?a?q?a?=", "a ", "@", ":,", ",;"] {
            let _ = read("", piece, "<a@b>");
            let _ = read("x:", piece, ";");
        }
    }

    proptest! {
        #[test]
        fn a_written_list_is_read_again(
            names in prop::collection::vec("([ -~]|[あ-ん]|é){0,30}", 0..5),
            local in "[a-z.]{1,8}|[ -~]{1,8}|[あ-ん]{1,8}",
        ) {
            let local = LocalPart::parse(&quoted(&local)).unwrap();
            let list: Vec<NameAddr> = names
                .into_iter()
                .map(|name| NameAddr {
                    name: (!name.is_empty()).then_some(name),
                    address: Address::new(local.clone(), Host::parse("example.org").unwrap()).unwrap(),
                })
                .collect();
            let written = write_list(&list, 4);
            prop_assert_eq!(parse_list(&written), Ok(list.clone()), "{}", written);
            for line in written.split("\r\n") {
                prop_assert!(line.len() <= 78, "{:?}", written);
            }
            for entry in &list {
                let shown = entry.to_string();
                let again = NameAddr::parse(&shown).unwrap();
                prop_assert_eq!(&again.address, &entry.address, "{}", shown);
            }
        }

        #[test]
        fn nothing_panics(text: String, near in "([a-c@<>,;:.()\"\\\\ \\[\\]]|=\\?utf-8\\?q\\?a\\?=){0,30}") {
            let _ = (parse_list(&text), parse_list(&near), authors(text.as_bytes()));
        }
    }
}
