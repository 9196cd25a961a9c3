//! Reading `Authentication-Results` fields of others (RFC 8601 section 2.2), with tolerance for what is in the wild:
//! a semicolon at the end, words without a property type, results glued to their comments.

use tegami_mail::Domain;

use super::authres::{AuthenticationResults, MethodResult, Property};

/// Results of one field that are read; a message has far fewer, and a stranger could write very many.
const MAX_RESULTS: usize = 64;

/// Comments in comments that are followed.
const MAX_NESTING: usize = 32;

/// Why a field cannot be read. The writer is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing names the authentication service.
    #[error("the field has no authserv-id")]
    NoAuthservId,
    /// A comment or quoted-string has no end, or comments are nested too deep.
    #[error("a comment or a quoted string of the field has no end")]
    Unclosed,
    /// Something that is not `method=result`.
    #[error("the field has something that is not method=result")]
    BadResult,
    /// More results than are read.
    #[error("the field has more than {MAX_RESULTS} results")]
    TooMany,
}

/// Whether a field claims to be ours, so that it must go before the message comes in (RFC 8601 section 5): where an
/// authserv-id belongs, our own stands in any case or form, or beside something else; or no authserv-id can be read, so
/// that others might read our name into it.
pub fn claims(value: &[u8], authserv_id: &str) -> bool {
    // Programs that end a text at a NUL, or drop what cannot be seen, must not see another name than we do.
    let text: String =
        String::from_utf8_lossy(value).chars().filter(|c| !c.is_control() || *c == '\t').collect();
    let mut scanner = Scanner::new(&text);
    let ours = normal(authserv_id);
    let mut whole = String::new();
    loop {
        match scanner.word() {
            Ok(Some(word)) => {
                // A tolerant reader may stop at what a token cannot have (RFC 2045 section 5.1).
                let token = word.split(|c: char| "/:,@<>[]?\\".contains(c)).next().unwrap_or_default();
                if normal(&word) == ours || normal(token) == ours {
                    return true;
                }
                whole.push_str(&word);
            }
            // `spf=pass` where the authserv-id belongs names nobody: it could be anybody's.
            Ok(None) => return whole.is_empty() || normal(&whole) == ours || scanner.peek() == Some('='),
            Err(_) => return true,
        }
    }
}

/// Domains compare without regard to case, in A-label form, and without a trailing dot.
pub(super) fn normal(authserv_id: &str) -> String {
    let authserv_id = authserv_id.trim();
    match Domain::parse(authserv_id) {
        Ok(domain) => domain.as_str().to_owned(),
        Err(_) => authserv_id.to_ascii_lowercase(),
    }
}

impl AuthenticationResults {
    /// Reads the value of a field: what follows `Authentication-Results:`.
    ///
    /// # Errors
    /// A [`ParseError`].
    pub fn parse(value: &[u8]) -> Result<Self, ParseError> {
        let mut scanner = Scanner::new(&String::from_utf8_lossy(value));
        let authserv_id = scanner.authserv_id()?;
        let version = scanner.word()?.and_then(|word| word.parse().ok());
        let mut results = Vec::new();
        while scanner.next_section()? {
            let Some(method) = scanner.word()? else { continue };
            if !scanner.equals()? {
                if method.eq_ignore_ascii_case("none") && results.is_empty() {
                    continue;
                }
                return Err(ParseError::BadResult);
            }
            if results.len() == MAX_RESULTS {
                return Err(ParseError::TooMany);
            }
            results.push(scanner.result(&method)?);
        }
        Ok(Self { authserv_id, version, results })
    }
}

/// A place in the value.
pub(super) struct Scanner {
    characters: Vec<char>,
    at: usize,
    /// The last comment that was passed.
    comment: Option<String>,
}

impl Scanner {
    pub(super) fn new(text: &str) -> Self {
        Self { characters: text.chars().collect(), at: 0, comment: None }
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let found = self.peek();
        self.at += usize::from(found.is_some());
        found
    }

    fn authserv_id(&mut self) -> Result<String, ParseError> {
        self.word()?.filter(|word| !word.is_empty()).ok_or(ParseError::NoAuthservId)
    }

    /// `result`, `reason=` and properties of one method.
    fn result(&mut self, method: &str) -> Result<MethodResult, ParseError> {
        // A method may have a version: `spf/1`.
        let method = method.split('/').next().unwrap_or_default().trim().to_ascii_lowercase();
        self.comment = None;
        let result = self.value()?.ok_or(ParseError::BadResult)?.to_ascii_lowercase();
        let mut found = MethodResult { method, result, ..MethodResult::default() };
        self.skip()?;
        found.comment = self.comment.take();
        while let Some(key) = self.word()? {
            if !self.equals()? {
                return Err(ParseError::BadResult);
            }
            let value = self.value()?.unwrap_or_default();
            let key = key.to_ascii_lowercase();
            if key == "reason" {
                found.reason = Some(value);
                continue;
            }
            let (ptype, name) = key.split_once('.').unwrap_or(("", &key));
            found.properties.push(Property { ptype: ptype.to_owned(), name: name.to_owned(), value });
        }
        Ok(found)
    }

    /// The last comment that was passed; the next is another.
    pub(super) fn comment(&mut self) -> Option<String> {
        self.comment.take()
    }

    /// Goes behind a semicolon, where one is next.
    pub(super) fn semicolon(&mut self) -> Result<bool, ParseError> {
        self.skip()?;
        let found = self.peek() == Some(';');
        self.at += usize::from(found);
        Ok(found)
    }

    /// Goes behind the next semicolon; false at the end.
    fn next_section(&mut self) -> Result<bool, ParseError> {
        self.skip()?;
        match self.take() {
            None => Ok(false),
            Some(';') => Ok(true),
            Some(_) => Err(ParseError::BadResult),
        }
    }

    pub(super) fn equals(&mut self) -> Result<bool, ParseError> {
        self.skip()?;
        let found = self.peek() == Some('=');
        self.at += usize::from(found);
        Ok(found)
    }

    /// A token before an equals sign, or the authserv-id; blanks around dots and slashes are allowed.
    pub(super) fn word(&mut self) -> Result<Option<String>, ParseError> {
        self.skip()?;
        if self.peek() == Some('"') {
            return self.quoted().map(Some);
        }
        let mut word = String::new();
        while let Some(c) = self.peek() {
            if c.is_whitespace() || c == '(' {
                self.skip()?;
                let joins = |c: Option<char>| matches!(c, Some('.' | '/'));
                if joins(self.peek()) || joins(word.chars().last()) {
                    continue;
                }
                break;
            }
            if matches!(c, ';' | '=' | '"' | ')') {
                break;
            }
            word.push(c);
            self.at += 1;
        }
        Ok((!word.is_empty()).then_some(word))
    }

    /// A value after an equals sign: everything to the next blank, semicolon or comment, quoted parts as they read.
    pub(super) fn value(&mut self) -> Result<Option<String>, ParseError> {
        self.skip()?;
        let mut value = String::new();
        let mut any = false;
        while let Some(c) = self.peek() {
            if c.is_whitespace() || matches!(c, ';' | '(') {
                break;
            }
            any = true;
            if c == '"' {
                value.push_str(&self.quoted()?);
            } else {
                value.push(c);
                self.at += 1;
            }
        }
        Ok(any.then_some(value))
    }

    fn quoted(&mut self) -> Result<String, ParseError> {
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.take() {
            match c {
                '"' => return Ok(text),
                '\\' => text.extend(self.take()),
                '\r' | '\n' => {}
                _ => text.push(c),
            }
        }
        Err(ParseError::Unclosed)
    }

    /// Passes blanks, folds and comments.
    fn skip(&mut self) -> Result<(), ParseError> {
        while let Some(c) = self.peek() {
            if c == '(' {
                self.pass_comment()?;
            } else if c.is_whitespace() {
                self.at += 1;
            } else {
                break;
            }
        }
        Ok(())
    }

    fn pass_comment(&mut self) -> Result<(), ParseError> {
        let mut depth = 0;
        let mut text = String::new();
        while let Some(c) = self.take() {
            match c {
                '(' if depth == MAX_NESTING => return Err(ParseError::Unclosed),
                '(' => depth += 1,
                ')' => depth -= 1,
                '\\' => text.extend(self.take()),
                '\r' | '\n' => {}
                _ => text.push(c),
            }
            if depth == 0 {
                self.comment = Some(text);
                return Ok(());
            }
        }
        Err(ParseError::Unclosed)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(value: &str, expect: &Expect) {
        let shown = match AuthenticationResults::parse(value.as_bytes()) {
            Ok(found) => found.to_field().replace('\r', ""),
            Err(error) => error.to_string(),
        };
        expect.assert_eq(&shown);
    }

    #[test]
    fn forms_of_the_standard() {
        check(
            " example.com 1; none",
            &expect![[r#"
                Authentication-Results: example.com 1; none
            "#]],
        );
        check(
            "example.com;\r\n\tspf=pass (a (nested) comment) smtp.mailfrom=a@example.net;dkim=fail reason=\"bad \\\"sig\\\"\" header.i=@example.org",
            &expect![[r#"
                Authentication-Results: example.com;
                	spf=pass (a nested comment) smtp.mailfrom=a@example.net;
                	dkim=fail reason="bad \"sig\"" header.i=@example.org
            "#]],
        );
        check(
            "foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) fail policy (A dot can go here) . (like that) expired (this surprised me) = (as I wasn't expecting it) 1362471462",
            &expect![[r#"
                Authentication-Results: foo.example.net 1;
                	dkim=fail (wait for it) policy.expired=1362471462
            "#]],
        );
    }

    #[test]
    fn forms_of_the_wild() {
        check(
            "x; dmarc=pass(p=REJECT) header.from=example.net;",
            &expect![[r#"
                Authentication-Results: x;
                	dmarc=pass (p=REJECT) header.from=example.net
            "#]],
        );
        check(
            "x; dmarc=pass action=none header.from=example.net;compauth=pass\r\n reason=100",
            &expect![[r#"
                Authentication-Results: x;
                	dmarc=pass action=none header.from=example.net;
                	compauth=pass reason="100"
            "#]],
        );
        check(
            "x; dkim=pass header.b=\"CfNW8cht1/v3\" header.b=F9lC=",
            &expect![[r#"
                Authentication-Results: x;
                	dkim=pass header.b="CfNW8cht1/v3" header.b="F9lC="
            "#]],
        );
    }

    #[test]
    fn what_cannot_be_read() {
        check("", &expect!["the field has no authserv-id"]);
        check("; spf=pass", &expect!["the field has no authserv-id"]);
        check("x; spf", &expect!["the field has something that is not method=result"]);
        check("x (unclosed; spf=pass", &expect!["a comment or a quoted string of the field has no end"]);
        check(
            "x; spf=pass smtp.helo=\"unclosed",
            &expect!["a comment or a quoted string of the field has no end"],
        );
    }

    #[test]
    fn fields_that_claim_to_be_ours() {
        for forged in [
            "mx.example.org; spf=pass",
            " (comment) MX.Example.org.; none",
            "\"mx.example.org\" 1; dkim=pass",
            "mx.\r\n example.org; dkim=pass",
            "(unclosed mx.example.org; dkim=pass",
            "",
            "mx.example.org (unclosed; dkim=pass",
            "mx . example (x) . org; dkim=pass",
            "mx.(a (b) c)example.org; dkim=pass",
            "mx.example.org/1; dkim=pass",
            "mx.example.org:25; dkim=pass",
            "mx.example.org\0; dkim=pass",
            "\u{b}mx.exa\u{0}mple.org; dkim=pass",
            "mx.example.org 99999999999999999999; dkim=pass",
            "mx.example.net mx.example.org; dkim=pass",
            "1 mx.example.org 1; dkim=pass",
            "\"mx\".example.org; dkim=pass",
            "\"mx.\\example.org\"; dkim=pass",
            "\" mx.example.org \"; dkim=pass",
            "mx\".\"example\".\"org; dkim=pass",
            "\u{ff4d}\u{ff58}.example\u{3002}org; dkim=pass",
            "mx.ex\u{ad}ample.org; dkim=pass",
            "=?utf-8?q?mx.example.org?=; dkim=pass",
            "; mx.example.org; dkim=pass",
            "spf=pass smtp.mailfrom=mx.example.org",
        ] {
            assert!(claims(forged.as_bytes(), "mx.example.org"), "{forged:?}");
        }
        for foreign in [
            "mx.example.net; spf=pass",
            "example.org; spf=pass",
            "a.mx.example.org; none",
            "mx.example.org.example.net; none",
            "mx.example.net 1; dkim=pass header.d=mx.example.org",
            "mx.example.net (mx.example.org); none",
        ] {
            assert!(!claims(foreign.as_bytes(), "mx.example.org"), "{foreign:?}");
        }
        assert!(claims("xn--mx-lka.example; none".as_bytes(), "m\u{f8}x.example"));
    }

    proptest! {
        #[test]
        fn never_panics(octets in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = AuthenticationResults::parse(&octets);
            let _ = claims(&octets, "mx.example.org");
        }

        #[test]
        fn what_is_written_is_read_again(
            comment in ".{0,20}",
            helo in ".{0,40}",
            mail_from in "[a-z.\" ()@;=]{0,20}",
        ) {
            let result = MethodResult::new("spf", "pass")
                .comment(&comment)
                .property("smtp", "mailfrom", &mail_from)
                .property("smtp", "helo", &helo);
            let field = AuthenticationResults {
                authserv_id: "mx.example.org".to_owned(),
                version: None,
                results: vec![result.clone(), MethodResult::new("dkim", "none")],
            }.to_field();
            let value = field.strip_prefix("Authentication-Results:").unwrap();
            prop_assert!(value.lines().skip(1).all(|line| line.starts_with('\t')));
            let again = AuthenticationResults::parse(value.as_bytes()).unwrap();
            prop_assert_eq!(again.results.len(), 2);
            let controls_shown = |text: &str| -> String {
                text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
            };
            for (ptype, name) in [("smtp", "mailfrom"), ("smtp", "helo")] {
                let before = result.value(ptype, name).map(controls_shown);
                prop_assert_eq!(again.results[0].value(ptype, name).map(str::to_owned), before);
            }
        }
    }
}
