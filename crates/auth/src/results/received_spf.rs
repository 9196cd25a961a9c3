//! The `Received-SPF` field (RFC 7208 section 9.1).

use std::net::IpAddr;

use super::parse::{ParseError, Scanner, normal};
use super::text;
use crate::spf::{Identity, SpfResult, Verdict};

/// Writes the field for one identity, folded, with CRLF at its end. `envelope_from` is the reverse-path without angle
/// brackets, empty for the null one.
pub fn received_spf(
    verdict: &Verdict,
    ip: IpAddr,
    helo: &str,
    envelope_from: &str,
    receiver: &str,
) -> String {
    let result = verdict.result.as_str();
    let said = match verdict.result {
        SpfResult::Pass => "is permitted by",
        SpfResult::Fail => "is not permitted by",
        SpfResult::SoftFail => "is probably not permitted by",
        SpfResult::Neutral => "is neither permitted nor denied by",
        SpfResult::None => "is not spoken of by",
        SpfResult::TempError => "could not be checked for now with",
        SpfResult::PermError => "could not be checked with",
    };
    let comment = format!("{receiver}: {ip} {said} {}", text::ascii(&verdict.domain));
    let identity = match verdict.identity {
        Identity::Helo => "helo",
        Identity::MailFrom => "mailfrom",
    };
    let mut pairs = vec![
        ("receiver", text::dot_atom(receiver)),
        ("client-ip", text::dot_atom(&ip.to_canonical().to_string())),
        ("helo", text::dot_atom(&text::ascii(helo))),
        ("envelope-from", text::quoted(envelope_from)),
        ("identity", identity.to_owned()),
    ];
    if let Some(mechanism) = verdict.mechanism() {
        pairs.push(("mechanism", text::dot_atom(mechanism)));
    }
    let error = verdict.steps.iter().rev().find(|step| step.outcome == "error");
    if let (SpfResult::TempError | SpfResult::PermError, Some(step)) = (verdict.result, error) {
        // Sentences have a language; the identifier of the note reads as English.
        let id = step.note.id;
        let problem = format!("{}: {}", step.term, id.strip_prefix("spf-").unwrap_or(id).replace('-', " "));
        pairs.push(("problem", text::quoted(&text::ascii(&problem))));
    }
    let last = pairs.len() - 1;
    let mut words = vec![result.to_owned(), text::comment(&comment)];
    words.extend(pairs.into_iter().enumerate().map(|(at, (key, value))| {
        let end = if at < last { ";" } else { "" };
        format!("{key}={value}{end}")
    }));
    let name = "Received-SPF: ";
    format!("{name}{}\r\n", text::fold(&words, name.len()))
}

/// Pairs of one field that are read; the standard knows nine.
const MAX_PAIRS: usize = 32;

/// A field that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedSpf {
    /// `pass`, `fail` …, lower case.
    pub result: String,
    /// The comment after the result.
    pub comment: Option<String>,
    /// Keys, lower case, and values without quotes, in order.
    pub pairs: Vec<(String, String)>,
}

impl ReceivedSpf {
    /// Reads the value of a field: what follows `Received-SPF:`. Semicolons between pairs may be missing, as old writers
    /// have it.
    ///
    /// # Errors
    /// A [`ParseError`].
    pub fn parse(value: &[u8]) -> Result<Self, ParseError> {
        let mut scanner = Scanner::new(&String::from_utf8_lossy(value));
        let result = scanner.word()?.ok_or(ParseError::BadResult)?.to_ascii_lowercase();
        let comment = scanner.comment();
        let mut pairs = Vec::new();
        loop {
            while scanner.semicolon()? {}
            let Some(key) = scanner.word()? else { break };
            if !scanner.equals()? {
                return Err(ParseError::BadResult);
            }
            if pairs.len() == MAX_PAIRS {
                return Err(ParseError::TooMany);
            }
            pairs.push((key.to_ascii_lowercase(), scanner.value()?.unwrap_or_default()));
        }
        Ok(Self { result, comment, pairs })
    }

    /// The value of a key.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Whether the field claims to be written by this host.
    pub fn is_by(&self, receiver: &str) -> bool {
        self.value("receiver").is_some_and(|claimed| normal(claimed) == normal(receiver))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(value: &str, expect: &Expect) {
        let shown = match ReceivedSpf::parse(value.as_bytes()) {
            Ok(found) => {
                let pairs =
                    found.pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>();
                format!("{} ({}) {}", found.result, found.comment.unwrap_or_default(), pairs.join(" | "))
            }
            Err(error) => error.to_string(),
        };
        expect.assert_eq(&shown);
    }

    #[test]
    fn fields_of_others() {
        check(
            "Pass (mybox.example.org: domain of\r\n\tmyname@example.com designates 192.0.2.1 as permitted sender)\r\n\treceiver=mybox.example.org; client-ip=192.0.2.1;\r\n\tenvelope-from=\"myname@example.com\"; helo=foo.example.com;",
            &expect![
                "pass (mybox.example.org: domain of	myname@example.com designates 192.0.2.1 as permitted sender) receiver=mybox.example.org | client-ip=192.0.2.1 | envelope-from=myname@example.com | helo=foo.example.com"
            ],
        );
        check(
            "softfail (no semicolons) client-ip=2001:db8::1 envelope-from=a@example.org helo=x problem=\"a; b\"",
            &expect![
                "softfail (no semicolons) client-ip=2001:db8::1 | envelope-from=a@example.org | helo=x | problem=a; b"
            ],
        );
        check("none", &expect!["none () "]);
        check("", &expect!["the field has something that is not method=result"]);
        check("pass (unclosed", &expect!["a comment or a quoted string of the field has no end"]);
        check("pass client-ip", &expect!["the field has something that is not method=result"]);
    }

    proptest! {
        #[test]
        fn never_panics(octets in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = ReceivedSpf::parse(&octets);
        }
    }
}
