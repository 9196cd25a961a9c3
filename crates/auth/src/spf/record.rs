//! SPF records as text (RFC 7208 sections 4.6.1, 5, 6 and 12): read completely before anything is evaluated.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use tegami_dns::DnsName;
use tegami_mail::{Note, Text, note};

use super::SpfResult;
use super::macros::{MacroError, MacroErrorKind, MacroString, Part, Place};

/// A record: its terms in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Directives and modifiers, as they stand.
    pub terms: Vec<Term>,
}

/// One directive or modifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// As written.
    pub text: Text,
    /// Where it begins, in octets from the start of the record; the first is 1.
    pub column: usize,
    /// What it says.
    pub kind: TermKind,
    /// The network of `ip4` and `ip6` as people are told of it; else empty.
    pub(super) network: Text,
}

/// What a term says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TermKind {
    /// A mechanism with its qualifier (RFC 7208 section 4.6.2).
    Directive(Qualifier, Mechanism),
    /// `redirect=` (RFC 7208 section 6.1).
    Redirect(DomainSpec),
    /// `exp=` (RFC 7208 section 6.2).
    Explanation(DomainSpec),
    /// Any other modifier, which is ignored (RFC 7208 section 6); its name.
    Unknown(String),
}

/// What a match means (RFC 7208 section 4.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qualifier {
    /// `+`, or nothing.
    Pass,
    /// `-`.
    Fail,
    /// `~`.
    SoftFail,
    /// `?`.
    Neutral,
}

/// The mechanisms (RFC 7208 section 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// `all`.
    All,
    /// `include:`.
    Include(DomainSpec),
    /// `a`.
    A(Option<DomainSpec>, DualCidr),
    /// `mx`.
    Mx(Option<DomainSpec>, DualCidr),
    /// `ptr`.
    Ptr(Option<DomainSpec>),
    /// `ip4:` with the length of the prefix.
    Ip4(Ipv4Addr, u8),
    /// `ip6:` with the length of the prefix.
    Ip6(Ipv6Addr, u8),
    /// `exists:`.
    Exists(DomainSpec),
}

/// The lengths of prefixes for `a` and `mx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DualCidr {
    /// For IPv4, at most 32.
    pub v4: u8,
    /// For IPv6, at most 128.
    pub v6: u8,
}

/// A domain-spec: a macro-string that ends in a macro or a top-level label (RFC 7208 section 7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainSpec {
    macros: MacroString,
    /// The name that it is, where it is the same in every evaluation.
    name: Option<DnsName>,
}

/// Where and why a record cannot be read. One such error anywhere makes the whole record a `permerror`
/// (RFC 7208 section 4.6).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {problem} in {term:?}")]
pub struct SyntaxError {
    /// Where the mistake is, in octets from the start of the record; the first is 1.
    pub column: usize,
    /// Where the term begins, counted in the same way.
    pub begins: usize,
    /// The term as written.
    pub term: Text,
    /// What is wrong.
    pub problem: Problem,
}

/// The ways in which a term is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// RFC 7208 section 4.5.
    #[error("the record does not begin with v=spf1")]
    Version,
    /// RFC 7208 section 3.1: visible ASCII and spaces only.
    #[error("a character that is not visible ASCII")]
    Character,
    /// A name that is no mechanism.
    #[error("unknown mechanism")]
    UnknownMechanism,
    /// A modifier's name with characters that no name has.
    #[error("malformed name of a modifier")]
    ModifierName,
    /// `all` and `ptr` take none of it.
    #[error("an argument that this mechanism does not take")]
    UnexpectedArgument,
    /// A mechanism without its argument, or an empty one.
    #[error("the argument is missing")]
    MissingArgument,
    /// The domain-spec does not end in a macro or a top-level label.
    #[error("the domain does not end in a top-level label")]
    DomainEnd,
    /// The domain-spec looks like an IPv4 address: `ip4:` was meant.
    #[error("an address where a domain belongs")]
    AddressAsDomain,
    /// Not an IPv4 or IPv6 network.
    #[error("malformed network address")]
    Network,
    /// A prefix too long, or with a leading zero.
    #[error("malformed prefix length")]
    PrefixLength,
    /// `%` without a macro.
    #[error("malformed macro")]
    Macro,
    /// A letter that is none, or `c`, `r`, `t` outside explanations.
    #[error("a macro letter that is not allowed here")]
    MacroLetter,
    /// `redirect=` or `exp=` twice (RFC 7208 section 6).
    #[error("a modifier that may occur only once")]
    Duplicate,
}

impl Record {
    /// Whether a TXT record's data is an SPF record: `v=spf1` without regard to case, then a space or the end
    /// (RFC 7208 section 4.5).
    pub fn is_spf(text: &[u8]) -> bool {
        text.split_first_chunk::<6>().is_some_and(|(version, rest)| {
            version.eq_ignore_ascii_case(b"v=spf1") && matches!(rest.first(), None | Some(b' '))
        })
    }

    /// Reads a whole record.
    ///
    /// # Errors
    /// The first [`SyntaxError`].
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, SyntaxError> {
        let text = text.as_ref();
        if !Self::is_spf(text) {
            let term = String::from_utf8_lossy(text).split(' ').next().unwrap_or_default().into();
            return Err(SyntaxError { column: 1, begins: 1, term, problem: Problem::Version });
        }
        Reader::new(text).collect::<Result<_, _>>().map(|terms| Self { terms })
    }

    /// Reads a record to its end: every term, or what is wrong with it. What stands in the place of `v=spf1` is not
    /// looked at. [`Record::parse`] is this, up to the first error.
    pub fn read(text: &[u8]) -> impl Iterator<Item = Result<Term, SyntaxError>> {
        Reader::new(text)
    }

    /// The target of `redirect=`.
    pub fn redirect(&self) -> Option<(&Term, &DomainSpec)> {
        self.terms.iter().find_map(|term| match &term.kind {
            TermKind::Redirect(target) => Some((term, target)),
            _ => None,
        })
    }

    /// The target of `exp=`.
    pub fn explanation(&self) -> Option<(&Term, &DomainSpec)> {
        self.terms.iter().find_map(|term| match &term.kind {
            TermKind::Explanation(target) => Some((term, target)),
            _ => None,
        })
    }
}

impl Term {
    /// Reads one term that begins at `column`.
    pub(super) fn parse(octets: &[u8], column: usize) -> Result<Self, SyntaxError> {
        let text = Text::from(String::from_utf8_lossy(octets));
        let result = match octets.iter().position(|octet| !octet.is_ascii_graphic()) {
            Some(offset) => Err((offset, Problem::Character)),
            None => term_kind(&text),
        };
        match result {
            Ok(kind) => Ok(Self { network: kind.network(), text, column, kind }),
            Err((offset, problem)) => {
                Err(SyntaxError { column: column + offset, begins: column, term: text, problem })
            }
        }
    }
}

/// The terms of a record, one after the other, each as it stands or with what is wrong in it.
struct Reader<'t> {
    /// What has not been read, and at which column it begins.
    rest: Option<&'t [u8]>,
    column: usize,
    redirect: bool,
    explanation: bool,
}

impl<'t> Reader<'t> {
    /// The version is the first word, and no term.
    fn new(text: &'t [u8]) -> Self {
        let mut reader = Self { rest: Some(text), column: 1, redirect: false, explanation: false };
        reader.word();
        reader
    }

    /// The octets up to the next space, and their column.
    fn word(&mut self) -> Option<(&'t [u8], usize)> {
        let mut parts = self.rest?.splitn(2, |octet| *octet == b' ');
        let (word, begins) = (parts.next()?, self.column);
        self.rest = parts.next();
        self.column += word.len() + 1;
        Some((word, begins))
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Term, SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (octets, column) = loop {
            let (word, column) = self.word()?;
            if !word.is_empty() {
                break (word, column);
            }
        };
        let term = Term::parse(octets, column);
        let again = match term.as_ref().map(|term| &term.kind) {
            Ok(TermKind::Redirect(_)) => std::mem::replace(&mut self.redirect, true),
            Ok(TermKind::Explanation(_)) => std::mem::replace(&mut self.explanation, true),
            _ => false,
        };
        match term {
            Ok(Term { text, column, .. }) if again => {
                Some(Err(SyntaxError { column, begins: column, term: text, problem: Problem::Duplicate }))
            }
            term => Some(term),
        }
    }
}

/// An offset in the term, and what is wrong there.
type Wrong = (usize, Problem);

/// A modifier has its `=` before any `:` or `/` (RFC 7208 section 4.6.1).
fn term_kind(text: &str) -> Result<TermKind, Wrong> {
    match text.find([':', '/', '=']).and_then(|at| text.split_at_checked(at)) {
        Some((name, rest)) if rest.starts_with('=') => {
            modifier(name, rest.strip_prefix('=').unwrap_or_default())
        }
        _ => directive(text),
    }
}

fn modifier(name: &str, value: &str) -> Result<TermKind, Wrong> {
    let mut characters = name.chars();
    let well_formed = characters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && characters.all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !well_formed {
        return Err((0, Problem::ModifierName));
    }
    let offset = name.len() + 1;
    match name.to_ascii_lowercase().as_str() {
        "redirect" => DomainSpec::parse(value, offset).map(TermKind::Redirect),
        "exp" => DomainSpec::parse(value, offset).map(TermKind::Explanation),
        lower => match MacroString::parse(value, Place::Modifier) {
            Ok(_) => Ok(TermKind::Unknown(lower.to_owned())),
            Err(error) => Err(macro_problem(error, offset)),
        },
    }
}

fn directive(text: &str) -> Result<TermKind, Wrong> {
    let (qualifier, rest) = match text.chars().next() {
        Some('+') => (Qualifier::Pass, text.strip_prefix('+')),
        Some('-') => (Qualifier::Fail, text.strip_prefix('-')),
        Some('~') => (Qualifier::SoftFail, text.strip_prefix('~')),
        Some('?') => (Qualifier::Neutral, text.strip_prefix('?')),
        _ => (Qualifier::Pass, Some(text)),
    };
    let rest = rest.unwrap_or_default();
    let (name, argument) =
        rest.find([':', '/']).and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""));
    let offset = text.len() - argument.len();
    let mechanism = match name.to_ascii_lowercase().as_str() {
        "all" if argument.is_empty() => Mechanism::All,
        "all" => return Err((offset, Problem::UnexpectedArgument)),
        "include" => Mechanism::Include(required(argument, offset)?),
        "exists" => Mechanism::Exists(required(argument, offset)?),
        "a" => domain_and_cidr(argument, offset).map(|(domain, cidr)| Mechanism::A(domain, cidr))?,
        "mx" => domain_and_cidr(argument, offset).map(|(domain, cidr)| Mechanism::Mx(domain, cidr))?,
        "ptr" if argument.is_empty() => Mechanism::Ptr(None),
        "ptr" => Mechanism::Ptr(Some(required(argument, offset)?)),
        "ip4" => {
            let (address, length) = network(argument, offset, 32)?;
            Mechanism::Ip4(address, length)
        }
        "ip6" => {
            let (address, length) = network(argument, offset, 128)?;
            Mechanism::Ip6(address, length)
        }
        _ => return Err((text.len() - rest.len(), Problem::UnknownMechanism)),
    };
    Ok(TermKind::Directive(qualifier, mechanism))
}

/// `:` and a domain-spec.
fn required(argument: &str, offset: usize) -> Result<DomainSpec, Wrong> {
    match argument.strip_prefix(':') {
        Some(spec) => DomainSpec::parse(spec, offset + 1),
        None if argument.is_empty() => Err((offset, Problem::MissingArgument)),
        None => Err((offset, Problem::UnexpectedArgument)),
    }
}

/// `[":" domain-spec] [dual-cidr-length]`. The lengths are taken from the end, because a domain-spec may hold slashes.
fn domain_and_cidr(argument: &str, offset: usize) -> Result<(Option<DomainSpec>, DualCidr), Wrong> {
    let (rest, v6) = match argument.rsplit_once("//") {
        Some((before, digits)) if is_digits(digits) => (before, length(digits, 128, offset + before.len())?),
        _ => (argument, 128),
    };
    let (rest, v4) = match rest.rsplit_once('/') {
        Some((before, digits)) if is_digits(digits) => (before, length(digits, 32, offset + before.len())?),
        _ => (rest, 32),
    };
    let cidr = DualCidr { v4, v6 };
    if rest.is_empty() {
        return Ok((None, cidr));
    }
    match rest.strip_prefix(':') {
        Some(spec) => Ok((Some(DomainSpec::parse(spec, offset + 1)?), cidr)),
        None => Err((offset, Problem::PrefixLength)),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}

/// A prefix length without leading zeros, at most `most` (RFC 7208 section 12, `ip4-cidr-length`, `ip6-cidr-length`).
fn length(digits: &str, most: u8, offset: usize) -> Result<u8, Wrong> {
    let zeros = digits.len() > 1 && digits.starts_with('0');
    match digits.parse::<u8>() {
        Ok(length) if length <= most && !zeros => Ok(length),
        _ => Err((offset, Problem::PrefixLength)),
    }
}

/// `:` network, and its prefix length.
fn network<A: std::str::FromStr>(argument: &str, offset: usize, most: u8) -> Result<(A, u8), Wrong> {
    let text = match argument.strip_prefix(':') {
        Some("") | None => return Err((offset, Problem::MissingArgument)),
        Some(text) => text,
    };
    let (address, length) = match text.split_once('/') {
        Some((address, digits)) => (address, length(digits, most, offset + 1 + address.len())?),
        None => (text, most),
    };
    address.parse().map(|address| (address, length)).map_err(|_| (offset + 1, Problem::Network))
}

impl DomainSpec {
    fn parse(text: &str, offset: usize) -> Result<Self, Wrong> {
        if text.is_empty() {
            return Err((offset, Problem::MissingArgument));
        }
        let parsed = MacroString::parse(text, Place::Domain).map_err(|error| macro_problem(error, offset))?;
        match parsed.parts().last() {
            Some(Part::Literal(literal)) if !ends_in_top_label(literal) => {
                let problem = match text.parse::<Ipv4Addr>() {
                    Ok(_) => Problem::AddressAsDomain,
                    Err(_) => Problem::DomainEnd,
                };
                Err((offset, problem))
            }
            _ => Ok(Self { name: parsed.literal().and_then(queried), macros: parsed }),
        }
    }

    /// The macro-string.
    pub fn macros(&self) -> &MacroString {
        &self.macros
    }

    /// The name, where no macro makes it depend on who is asking.
    pub(super) fn name(&self) -> Option<&DnsName> {
        self.name.as_ref()
    }
}

impl TermKind {
    fn network(&self) -> Text {
        match self {
            Self::Directive(_, Mechanism::Ip4(network, length)) => {
                Text::of(format_args!("{network}/{length}"))
            }
            Self::Directive(_, Mechanism::Ip6(network, length)) => {
                Text::of(format_args!("{network}/{length}"))
            }
            _ => Text::default(),
        }
    }
}

/// The name that an expanded domain-spec asks for; `None` where it is none. Backslashes come from a peer's local-part or
/// HELO: they are octets here, not escapes.
pub(super) fn queried(expanded: &str) -> Option<DnsName> {
    let name = match expanded.contains('\\') {
        true => DnsName::parse(&expanded.replace('\\', "\\\\")),
        false => DnsName::parse(expanded),
    };
    name.ok().filter(|name| !name.is_root())
}

/// `"." toplabel [ "." ]` (RFC 7208 section 7.1): letters, digits and inner hyphens, not digits only.
fn ends_in_top_label(literal: &str) -> bool {
    let literal = literal.strip_suffix('.').unwrap_or(literal);
    let Some((_, label)) = literal.rsplit_once('.') else { return false };
    !label.is_empty()
        && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        && !label.bytes().all(|octet| octet.is_ascii_digit())
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn macro_problem(error: MacroError, offset: usize) -> Wrong {
    let problem = match error.kind {
        MacroErrorKind::BadLetter(_) => Problem::MacroLetter,
        MacroErrorKind::BadCharacter => Problem::Character,
        MacroErrorKind::BadMacro | MacroErrorKind::ZeroParts => Problem::Macro,
    };
    (offset + error.offset, problem)
}

impl Mechanism {
    /// Whether it counts as a DNS-querying term (RFC 7208 section 4.6.4).
    pub fn asks_dns(&self) -> bool {
        !matches!(self, Self::All | Self::Ip4(..) | Self::Ip6(..))
    }

    /// The domain-spec in its argument.
    pub fn domain_spec(&self) -> Option<&DomainSpec> {
        match self {
            Self::Include(spec) | Self::Exists(spec) => Some(spec),
            Self::A(spec, _) | Self::Mx(spec, _) | Self::Ptr(spec) => spec.as_ref(),
            Self::All | Self::Ip4(..) | Self::Ip6(..) => None,
        }
    }

    /// The section that defines it.
    pub fn source(&self) -> &'static str {
        match self {
            Self::All => "RFC 7208 section 5.1",
            Self::Include(_) => "RFC 7208 section 5.2",
            Self::A(..) => "RFC 7208 section 5.3",
            Self::Mx(..) => "RFC 7208 section 5.4",
            Self::Ptr(_) => "RFC 7208 section 5.5",
            Self::Ip4(..) | Self::Ip6(..) => "RFC 7208 section 5.6",
            Self::Exists(_) => "RFC 7208 section 5.7",
        }
    }

    /// The name without its argument.
    pub fn name(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Include(_) => "include",
            Self::A(..) => "a",
            Self::Mx(..) => "mx",
            Self::Ptr(_) => "ptr",
            Self::Ip4(..) => "ip4",
            Self::Ip6(..) => "ip6",
            Self::Exists(_) => "exists",
        }
    }
}

impl Qualifier {
    /// The result of a match.
    pub fn result(self) -> SpfResult {
        match self {
            Self::Pass => SpfResult::Pass,
            Self::Fail => SpfResult::Fail,
            Self::SoftFail => SpfResult::SoftFail,
            Self::Neutral => SpfResult::Neutral,
        }
    }
}

impl SyntaxError {
    /// The same, for people.
    pub fn note(&self) -> Note {
        let (column, term) = (self.column, &self.term);
        match self.problem {
            Problem::Version => note!("spf-syntax-version", column = column, term = term),
            Problem::Character => note!("spf-syntax-character", column = column, term = term),
            Problem::UnknownMechanism => note!("spf-syntax-unknown-mechanism", column = column, term = term),
            Problem::ModifierName => note!("spf-syntax-modifier-name", column = column, term = term),
            Problem::UnexpectedArgument => {
                note!("spf-syntax-unexpected-argument", column = column, term = term)
            }
            Problem::MissingArgument => note!("spf-syntax-missing-argument", column = column, term = term),
            Problem::DomainEnd => note!("spf-syntax-domain-end", column = column, term = term),
            Problem::AddressAsDomain => note!("spf-syntax-address-as-domain", column = column, term = term),
            Problem::Network => note!("spf-syntax-network", column = column, term = term),
            Problem::PrefixLength => note!("spf-syntax-prefix-length", column = column, term = term),
            Problem::Macro => note!("spf-syntax-macro", column = column, term = term),
            Problem::MacroLetter => note!("spf-syntax-macro-letter", column = column, term = term),
            Problem::Duplicate => note!("spf-syntax-duplicate", column = column, term = term),
        }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("v=spf1")?;
        self.terms.iter().try_for_each(|term| write!(f, " {}", term.text))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: &Expect) {
        let shown = match Record::parse(text) {
            Ok(record) => {
                let lines: Vec<String> = record
                    .terms
                    .iter()
                    .map(|term| format!("column {}: {:?}", term.column, term.kind))
                    .collect();
                lines.join("\n")
            }
            Err(error) => error.to_string(),
        };
        expect.assert_eq(&shown);
    }

    #[test]
    fn terms_keep_their_place() {
        check(
            "v=spf1  a:%{d2}/24//64 -ip4:192.0.2.0/24 mx//48 ptr ip6:2001:db8::/32 MOO=x ~all",
            &expect![[r#"
                column 9: Directive(Pass, A(Some(DomainSpec { macros: MacroString { parts: [Macro(Macro { letter: 'd', escape: false, keep: Some(2), reverse: false, delimiters: "" })] }, name: None }), DualCidr { v4: 24, v6: 64 }))
                column 24: Directive(Fail, Ip4(192.0.2.0, 24))
                column 42: Directive(Pass, Mx(None, DualCidr { v4: 32, v6: 48 }))
                column 49: Directive(Pass, Ptr(None))
                column 53: Directive(Pass, Ip6(2001:db8::, 32))
                column 71: Unknown("moo")
                column 77: Directive(SoftFail, All)"#]],
        );
    }

    #[test]
    fn errors_say_where() {
        check(
            "v=spf1 ip4:192.0.2.1 a:192.0.2.1 -all",
            &expect![[r#"column 24: an address where a domain belongs in "a:192.0.2.1""#]],
        );
        check(
            "v=spf1 ip4:192.0.2.0/33 -all",
            &expect![[r#"column 21: malformed prefix length in "ip4:192.0.2.0/33""#]],
        );
        check(
            "v=spf1 ip4:192.0.2.0/024 -all",
            &expect![[r#"column 21: malformed prefix length in "ip4:192.0.2.0/024""#]],
        );
        check("v=spf1 include -all", &expect![[r#"column 15: the argument is missing in "include""#]]);
        check(
            "v=spf1 -all:x",
            &expect![[r#"column 12: an argument that this mechanism does not take in "-all:x""#]],
        );
        check(
            "v=spf1 a:example.org/24/64 -all",
            &expect![[r#"column 24: malformed prefix length in "a:example.org/24/64""#]],
        );
        check("v=spf1 ipv4:192.0.2.1", &expect![[r#"column 8: unknown mechanism in "ipv4:192.0.2.1""#]]);
        check(
            "v=spf1 exp=%{r}.example.org",
            &expect![[r#"column 12: a macro letter that is not allowed here in "exp=%{r}.example.org""#]],
        );
        check("v=spf1 exists:%{d -all", &expect![[r#"column 15: malformed macro in "exists:%{d""#]]);
        check(
            "v=spf1 redirect=a.example.org redirect=b.example.org",
            &expect![[r#"column 31: a modifier that may occur only once in "redirect=b.example.org""#]],
        );
        check(
            "v=spf1 a:caf\u{e9}.example.org",
            &expect![[r#"column 13: a character that is not visible ASCII in "a:café.example.org""#]],
        );
        check("v=spf10 -all", &expect![[r#"column 1: the record does not begin with v=spf1 in "v=spf10""#]]);
    }

    proptest! {
        #[test]
        fn never_panics(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Record::parse(&octets);
            let _ = Record::parse([b"v=spf1 ".as_slice(), octets.as_slice()].concat());
        }

        #[test]
        fn both_readers_agree(terms in "( {1,2}(a|mx|ptr|all|include|exists|ip4|x=|exp=|redirect=)(:?)[a-z0-9.%{}/:\u{e9}]{0,8}){0,5}") {
            let text = format!("v=spf1{terms}");
            let (terms, errors): (Vec<_>, Vec<_>) = Record::read(text.as_bytes()).partition(Result::is_ok);
            match Record::parse(&text) {
                Ok(parsed) => {
                    prop_assert!(errors.is_empty());
                    prop_assert_eq!(parsed.terms, terms.into_iter().flatten().collect::<Vec<_>>());
                }
                Err(error) => prop_assert_eq!(Some(&Err(error)), errors.first()),
            }
        }

        #[test]
        fn what_was_read_reads_the_same_again(terms in "( (a|mx|ptr|all|include|exists|ip4|x=|exp=)(:|/|//)?[a-z0-9.%{}/:]{0,12}){0,5}") {
            if let Ok(record) = Record::parse(format!("v=spf1{terms}")) {
                let again = Record::parse(record.to_string()).unwrap();
                prop_assert_eq!(again.to_string(), record.to_string());
            }
        }
    }
}
