//! Command lines (RFC 5321 section 4.1.1), read but not obeyed.

use tegami_mail::{EnhancedStatusCode, Reply};

/// A refusal in the session's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: u16,
    pub(super) enhanced: (u8, u16, u16),
    pub(super) text: &'static str,
}

impl Fault {
    pub(super) const TOO_LARGE: Self =
        Self::new(552, (5, 3, 4), "the message is larger than this server takes");
    /// RFC 5321 section 4.1.4.
    pub(super) const NOT_NOW: Self = Self::new(503, (5, 5, 1), "bad sequence of commands");
    pub(super) const SYNTAX: Self = Self::new(501, (5, 5, 4), "syntax error in the arguments");
    pub(super) const UNKNOWN: Self = Self::new(500, (5, 5, 2), "unknown command");
    /// RFC 5321 section 4.5.3.1.9.
    pub(super) const LINE_TOO_LONG: Self = Self::new(500, (5, 5, 2), "the line is too long");
    pub(super) const BARE_LINE_END: Self =
        Self::new(500, (5, 5, 2), "lines end with CRLF (RFC 5321 section 2.3.8)");
    pub(super) const NOT_TEXT: Self =
        Self::new(500, (5, 5, 2), "the command has control characters or is not UTF-8");

    pub(super) const fn new(code: u16, enhanced: (u8, u16, u16), text: &'static str) -> Self {
        Self { code, enhanced, text }
    }

    pub(super) fn reply(self) -> Reply {
        let (class, subject, detail) = self.enhanced;
        Reply::new(self.code, EnhancedStatusCode::new(class, subject, detail), self.text)
    }
}

/// One command. Paths and parameters are read later: whether a command may come now is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    Helo(&'a str),
    Ehlo(&'a str),
    /// What follows `FROM:`.
    Mail(&'a str),
    /// What follows `TO:`.
    Rcpt(&'a str),
    Data,
    Bdat {
        size: u64,
        last: bool,
    },
    Rset,
    Noop,
    Vrfy,
    Expn,
    Help,
    Quit,
    StartTls,
    Auth {
        mechanism: &'a str,
        initial: Option<&'a str>,
    },
}

/// Reads a line without its CRLF. Blanks at the end are forgiven.
pub(super) fn parse(line: &[u8]) -> Result<Command<'_>, Fault> {
    let line = std::str::from_utf8(line).map_err(|_| Fault::NOT_TEXT)?;
    if line.chars().any(|c| c.is_control() && c != '\t') {
        return Err(if line.contains('\r') { Fault::BARE_LINE_END } else { Fault::NOT_TEXT });
    }
    let line = line.trim_ascii_end();
    let (verb, argument) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let argument = argument.trim_ascii_start();
    let without_argument = |command| if argument.is_empty() { Ok(command) } else { Err(Fault::SYNTAX) };
    match verb.to_ascii_uppercase().as_str() {
        "HELO" => host_name(argument).map(Command::Helo),
        "EHLO" => host_name(argument).map(Command::Ehlo),
        "MAIL" => after(argument, "FROM:").map(Command::Mail).ok_or(Fault::SYNTAX),
        "RCPT" => after(argument, "TO:").map(Command::Rcpt).ok_or(Fault::SYNTAX),
        "DATA" => without_argument(Command::Data),
        "BDAT" => chunk(argument).ok_or(Fault::SYNTAX),
        "RSET" => without_argument(Command::Rset),
        "NOOP" => Ok(Command::Noop),
        "VRFY" if argument.is_empty() => Err(Fault::SYNTAX),
        "VRFY" => Ok(Command::Vrfy),
        "EXPN" => Ok(Command::Expn),
        "HELP" => Ok(Command::Help),
        "QUIT" => without_argument(Command::Quit),
        "STARTTLS" => without_argument(Command::StartTls),
        "AUTH" => auth(argument).ok_or(Fault::SYNTAX),
        _ => Err(Fault::UNKNOWN),
    }
}

/// HELO and EHLO take one word. What it means is for the policy: RFC 5321 section 4.1.4 forbids to refuse it here for a name that
/// does not check out.
fn host_name(argument: &str) -> Result<&str, Fault> {
    let one_word = !argument.is_empty() && !argument.contains([' ', '\t']);
    if one_word { Ok(argument) } else { Err(Fault::new(501, (5, 5, 4), "a host name is expected")) }
}

/// What follows `keyword`, whatever its case. A blank behind the colon is forgiven: many clients send one.
fn after<'a>(argument: &'a str, keyword: &str) -> Option<&'a str> {
    let (start, rest) = argument.split_at_checked(keyword.len())?;
    start.eq_ignore_ascii_case(keyword).then(|| rest.trim_ascii_start())
}

/// `chunk-size [LAST]` (RFC 3030 section 2). A size beyond 64 bits counts as the largest: its octets will be read and dropped.
fn chunk(argument: &str) -> Option<Command<'_>> {
    let mut words = argument.split_ascii_whitespace();
    let size = words.next().filter(|size| size.bytes().all(|digit| digit.is_ascii_digit()))?;
    let last = match words.next() {
        None => false,
        Some(word) if word.eq_ignore_ascii_case("LAST") => true,
        Some(_) => return None,
    };
    let size = size.parse().unwrap_or(u64::MAX);
    words.next().is_none().then_some(Command::Bdat { size, last })
}

fn auth(argument: &str) -> Option<Command<'_>> {
    let mut words = argument.split_ascii_whitespace();
    let command = Command::Auth { mechanism: words.next()?, initial: words.next() };
    words.next().is_none().then_some(command)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(line: &str, expected: Result<Command<'_>, Fault>) {
        assert_eq!(parse(line.as_bytes()), expected, "{line:?}");
    }

    #[test]
    fn commands_are_read() {
        check("ehlo client.example.org", Ok(Command::Ehlo("client.example.org")));
        check("HELO [192.0.2.1]  ", Ok(Command::Helo("[192.0.2.1]")));
        check("mail from:<a@example.org> SIZE=1", Ok(Command::Mail("<a@example.org> SIZE=1")));
        check("MAIL FROM: <>", Ok(Command::Mail("<>")));
        check("RCPT TO:<b@example.org>", Ok(Command::Rcpt("<b@example.org>")));
        check("BDAT 86 LAST", Ok(Command::Bdat { size: 86, last: true }));
        check("BDAT 99999999999999999999999", Ok(Command::Bdat { size: u64::MAX, last: false }));
        check("NOOP whatever it is", Ok(Command::Noop));
        check("auth plain", Ok(Command::Auth { mechanism: "plain", initial: None }));
        check("AUTH PLAIN =", Ok(Command::Auth { mechanism: "PLAIN", initial: Some("=") }));
    }

    #[test]
    fn wrong_lines_say_what_is_wrong() {
        for line in [
            "MAIL",
            "MAIL TO:<a@b>",
            "RCPT FROM:<a>",
            "DATA now",
            "BDAT",
            "BDAT x",
            "BDAT 1 2",
            "AUTH",
            "VRFY",
        ] {
            check(line, Err(Fault::SYNTAX));
        }
        for line in ["", " ", "GET / HTTP/1.1", "MAILFROM:<>", "日本"] {
            check(line, Err(Fault::UNKNOWN));
        }
        assert_eq!(parse(b"EHLO").map_err(|fault| fault.code), Err(501));
        assert_eq!(parse(b"EHLO a b").map_err(|fault| fault.code), Err(501));
        assert_eq!(parse(b"NOOP \0"), Err(Fault::NOT_TEXT));
        assert_eq!(parse(b"NOOP \xff"), Err(Fault::NOT_TEXT));
        assert_eq!(parse(b"NOOP\rQUIT"), Err(Fault::BARE_LINE_END));
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_panic(line in any::<Vec<u8>>()) {
            let _ = parse(&line);
        }
    }
}
