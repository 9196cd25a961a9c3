//! What a route does: `forward("…")`, `store()`, `stop()`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tegami_mail::{Address, Host, LocalPart};

use super::pattern::Caught;
use super::text::{Lexer, Token};

/// An action.
#[derive(Clone, Debug)]
pub(super) enum Action {
    /// It goes on to all of these.
    Forward(Vec<Destination>),
    /// It is kept, and somebody is told where.
    Store(Option<UrlTemplate>),
    /// No other route is asked.
    Stop,
}

/// Where a forward goes.
#[derive(Clone, Debug)]
pub(super) enum Destination {
    /// To an address.
    Address(AddressTemplate),
    /// To a URL.
    Url(UrlTemplate),
}

/// An address whose local-part may have captures in it. Its domain has none: a stranger chooses the recipient's name, and so would choose where
/// our mail goes.
#[derive(Clone, Debug)]
pub(super) struct AddressTemplate {
    local_part: Template,
    host: Host,
}

/// A URL that may have captures behind its host.
#[derive(Clone, Debug)]
pub(super) struct UrlTemplate(Template);

/// A text with places for captures: `\1`, `\g<name>`.
#[derive(Clone, Debug)]
struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Capture(String),
}

/// RFC 3986 section 2.3: everything but the unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Action {
    /// Reads the actions of one text, which may be several with commas between them, each with the words it was written in.
    ///
    /// # Errors
    /// What is wrong, in a few words.
    pub(super) fn parse_all(text: &str) -> Result<Vec<(String, Self)>, String> {
        let mut lexer = Lexer::new(text);
        let mut actions = Vec::new();
        loop {
            let begin = lexer.place();
            let action = Self::read(&mut lexer)?;
            let words = text.get(begin..lexer.place()).unwrap_or_default().trim().to_owned();
            actions.push((words, action));
            match lexer.next()? {
                Token::End => return Ok(actions),
                Token::Sign(',') => {}
                token => return Err(format!("a comma or the end is expected, not {token}")),
            }
        }
    }

    fn read(lexer: &mut Lexer<'_>) -> Result<Self, String> {
        let name = match lexer.next()? {
            Token::Word(name) => name,
            token => return Err(format!("an action is expected, not {token}")),
        };
        match name.to_ascii_lowercase().as_str() {
            "forward" => match lexer.arguments()?.as_slice() {
                [destinations] => Destination::parse_all(destinations).map(Self::Forward),
                _ => Err("forward takes one string: addresses and URLs, with commas between them".to_owned()),
            },
            "store" => Self::store(lexer),
            "stop" => match lexer.arguments()?.as_slice() {
                [] => Ok(Self::Stop),
                _ => Err("stop takes nothing".to_owned()),
            },
            _ => Err(format!("there is no action '{name}': only forward, store and stop")),
        }
    }

    /// `store()`, `store(notify="…")`.
    fn store(lexer: &mut Lexer<'_>) -> Result<Self, String> {
        lexer.expect('(')?;
        let mut token = lexer.next()?;
        if matches!(&token, Token::Word(word) if word.eq_ignore_ascii_case("notify")) {
            lexer.expect('=')?;
            token = lexer.next()?;
        }
        match token {
            Token::Sign(')') => Ok(Self::Store(None)),
            Token::Text(url) => {
                lexer.expect(')')?;
                if url.trim().is_empty() {
                    return Ok(Self::Store(None));
                }
                UrlTemplate::parse(url.trim()).map(|url| Self::Store(Some(url)))
            }
            token => Err(format!("store takes nothing, or notify=\"URL\", not {token}")),
        }
    }
}

impl Destination {
    fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        let mut parts: Vec<String> = Vec::new();
        for part in text.split(',') {
            let begins = is_url(part.trim()) || part.contains('@');
            match parts.last_mut() {
                // A comma that belongs to the URL before it.
                Some(url) if !begins && is_url(url.trim()) => {
                    url.push(',');
                    url.push_str(part);
                }
                _ => parts.push(part.to_owned()),
            }
        }
        parts.iter().map(|part| Self::parse(part.trim())).collect()
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("forward needs an address or a URL".to_owned());
        }
        if is_url(text) {
            return UrlTemplate::parse(text).map(Self::Url);
        }
        AddressTemplate::parse(text).map(Self::Address)
    }
}

fn is_url(text: &str) -> bool {
    let begins =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme));
    begins("http://") || begins("https://")
}

impl AddressTemplate {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &dyn std::fmt::Display| format!("'{text}' is neither an address nor a URL: {why}");
        let (local_part, host) = text.rsplit_once('@').ok_or_else(|| wrong(&"there is no @"))?;
        if Template::parse(host).has_captures() {
            return Err(format!("captures cannot stand in the domain of an address: '{text}'"));
        }
        let host = Host::parse(host).map_err(|error| wrong(&error))?;
        let template = Template::parse(local_part);
        if !template.has_captures() {
            LocalPart::parse(local_part).map_err(|error| wrong(&error))?;
        }
        Ok(Self { local_part: template, host })
    }

    /// The address, with what was caught put in.
    ///
    /// # Errors
    /// What came out, and why it is no address.
    pub(super) fn expand(&self, caught: &Caught) -> Result<Address, String> {
        let local_part = self.local_part.expand(caught, str::to_owned);
        let wrong = |why: &dyn std::fmt::Display| format!("'{local_part}@{}': {why}", self.host);
        // What needs quotes gets them.
        let read = LocalPart::parse(&local_part).map_err(|error| wrong(&error))?;
        Address::new(read, self.host.clone()).map_err(|error| wrong(&error))
    }
}

impl UrlTemplate {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a URL");
        if !is_url(text) || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(wrong());
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if Template::parse(authority).has_captures() {
            return Err(format!("captures cannot stand in the host of a URL: '{text}'"));
        }
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        if host.is_empty() || host.starts_with(':') || host.contains('\\') {
            return Err(wrong());
        }
        Ok(Self(Template::parse(&format!("{}://{rest}", scheme.to_ascii_lowercase()))))
    }

    /// The URL, with what was caught put in, percent-encoded.
    pub(super) fn expand(&self, caught: &Caught) -> String {
        self.0.expand(caught, |text| utf8_percent_encode(text, ENCODED).to_string())
    }
}

impl Template {
    fn parse(text: &str) -> Self {
        let (mut pieces, mut literal) = (Vec::new(), String::new());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('\\') {
            literal.push_str(before);
            if let Some((name, behind)) = capture(after) {
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                pieces.push(Piece::Capture(name.to_owned()));
                rest = behind;
            } else {
                literal.push('\\');
                rest = after;
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Self(pieces)
    }

    fn has_captures(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Capture(_)))
    }

    fn expand(&self, caught: &Caught, written: impl Fn(&str) -> String) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Capture(name) => written(caught.group(name).unwrap_or_default()),
        };
        self.0.iter().map(text).collect()
    }
}

/// The name behind a backslash, and what follows: `1`, `12`, `g<name>`, `g<1>`.
fn capture(text: &str) -> Option<(&str, &str)> {
    if let Some(named) = text.strip_prefix("g<") {
        let (name, rest) = named.split_once('>')?;
        let fit = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        return fit.then_some((name, rest));
    }
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    if digits == 0 { None } else { text.split_at_checked(digits) }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::{Case, Pattern};
    use super::*;

    /// What an action does for a recipient that a pattern caught, or what is wrong.
    fn check(text: &str, expected: &str) {
        let pattern = Pattern::parse(r"^(?P<user>[^@]*)\+([^@]*)@", Case::Ignored).unwrap();
        let caught = pattern.matches("chris+a/b c@example.org").unwrap().unwrap();
        let tell = |destination: &Destination| match destination {
            Destination::Address(address) => {
                address.expand(&caught).map_or_else(|error| error, |address| address.to_string())
            }
            Destination::Url(url) => url.expand(&caught),
        };
        let told = match Action::parse_all(text) {
            Err(error) => error,
            Ok(actions) => actions
                .iter()
                .map(|(words, action)| match action {
                    Action::Forward(to) => to.iter().map(tell).collect::<Vec<_>>().join(" & "),
                    Action::Store(None) => "store".to_owned(),
                    Action::Store(Some(url)) => format!("store {}", url.expand(&caught)),
                    Action::Stop => format!("stop:{words}"),
                })
                .collect::<Vec<_>>()
                .join(" | "),
        };
        assert_eq!(told, expected, "{text}");
    }

    #[test]
    fn actions_do_what_they_say() {
        check("forward(\"mailbox@myapp.com\")", "mailbox@myapp.com");
        check("forward('http://myapp.com/messages')", "http://myapp.com/messages");
        check("FORWARD(\"HTTPS://myapp.com\")", "https://myapp.com");
        check("store()", "store");
        check("store(notify=\"http://mydomain.com/callback\")", "store http://mydomain.com/callback");
        check("store( notify = 'http://mydomain.com/\\1' )", "store http://mydomain.com/chris");
        check("stop()", "stop:stop()");
        check("forward(\"a@x.org\"), stop( ) ", "a@x.org | stop:stop( )");
        check("forward(\"a@x.org, http://h/p?q=1,2 , b@x.org\")", "a@x.org & http://h/p?q=1,2 & b@x.org");
    }

    #[test]
    fn captures_go_where_they_may() {
        check(r#"forward("\1@x.org")"#, "chris@x.org");
        check(r#"forward("box+\g<user>@x.org")"#, "box+chris@x.org");
        check(r#"forward("http://h/\g<user>/?a=\2")"#, "http://h/chris/?a=a%2Fb%20c");
        check(r#"forward("http://h/\9\g<no>x")"#, "http://h/x");
        check(r#"forward("\2@x.org")"#, "'a/b c@x.org': the local-part has a character that needs quotes");
        check(r#"forward("\9@x.org")"#, "'@x.org': the local-part is empty");
        check(r#"forward("http://\1.h/")"#, r"captures cannot stand in the host of a URL: 'http://\1.h/'");
        check(
            r#"forward("http://\g<user>@h/")"#,
            r"captures cannot stand in the host of a URL: 'http://\g<user>@h/'",
        );
        check(r#"forward("a@\1")"#, r"captures cannot stand in the domain of an address: 'a@\1'");
        check(r#"forward("\1")"#, r"'\1' is neither an address nor a URL: there is no @");
    }

    #[test]
    fn what_is_none_is_refused_with_a_reason() {
        check("", "an action is expected, not the end");
        check("forward()", "forward takes one string: addresses and URLs, with commas between them");
        check("forward(\"\")", "forward needs an address or a URL");
        check("forward(\"nobody\")", "'nobody' is neither an address nor a URL: there is no @");
        check("forward(\"ftp://h/\")", "'ftp://h/' is neither an address nor a URL: there is no @");
        check("forward(\"http:///x\")", "'http:///x' is not a URL");
        check("forward(\"http://h/a b\")", "'http://h/a b' is not a URL");
        check("store(url=\"x\")", "store takes nothing, or notify=\"URL\", not 'url'");
        check("stop(\"now\")", "stop takes nothing");
        check("drop()", "there is no action 'drop': only forward, store and stop");
        check("stop() stop()", "a comma or the end is expected, not 'stop'");
    }
}
