//! Macros (RFC 7208 section 7): parsed once, expanded as often as needed.

use std::borrow::Cow;
use std::net::IpAddr;

/// Macro letters that only the explanation may use (RFC 7208 section 7.2).
const EXPLANATION_LETTERS: &str = "crt";

/// Longest expanded name that is asked in the DNS (RFC 7208 section 7.3).
const MAX_NAME: usize = 253;

/// A text with macros: the `macro-string` of RFC 7208 section 7.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacroString {
    parts: Vec<Part>,
}

/// One piece of a macro-string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text as it stands.
    Literal(String),
    /// `%%`, `%_` or `%-`, as the text that it means.
    Escape(&'static str),
    /// `%{…}`.
    Macro(Macro),
}

/// `%{` letter, transformers, delimiters `}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Macro {
    /// One of `s l o d i p v h c r t`, lower case.
    pub letter: char,
    /// The letter was upper case: the value is URL-escaped.
    pub escape: bool,
    /// How many right-hand parts are kept; `None` keeps all.
    pub keep: Option<usize>,
    /// Whether the parts are reversed.
    pub reverse: bool,
    /// Where the value is split; empty means at dots.
    pub delimiters: String,
}

/// Where a macro-string stands, which decides what it may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A domain-spec: no `c`, `r`, `t`.
    Domain,
    /// The value of an unknown modifier: every letter.
    Modifier,
    /// The text that `exp=` points at: every letter, and spaces.
    Explanation,
}

/// Why a text is not a macro-string; the offset is counted in octets from the start of that text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacroError {
    /// Where.
    pub offset: usize,
    /// What.
    pub kind: MacroErrorKind,
}

/// The ways in which a macro-string is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MacroErrorKind {
    /// `%` is followed by something else than `{`, `%`, `_` or `-`, or a macro does not end.
    BadMacro,
    /// The letter is unknown, or not allowed here.
    BadLetter(char),
    /// Zero parts are kept (RFC 7208 section 7.3).
    ZeroParts,
    /// A character that is not visible ASCII.
    BadCharacter,
}

/// The values that macros stand for (RFC 7208 section 7.2).
#[derive(Clone, Debug)]
pub struct Values<'a> {
    /// `l`.
    pub local_part: &'a str,
    /// `o`.
    pub sender_domain: &'a str,
    /// `d`.
    pub domain: &'a str,
    /// `i`, `c`, `v`.
    pub ip: IpAddr,
    /// `p`; already looked up where the text has this macro.
    pub validated: &'a str,
    /// `h`.
    pub helo: &'a str,
    /// `r`.
    pub receiver: &'a str,
    /// `t`, in seconds since 1970.
    pub now_seconds: i64,
}

impl MacroString {
    /// Reads a macro-string.
    ///
    /// # Errors
    /// A [`MacroError`] that says where and what.
    pub fn parse(text: &str, place: Place) -> Result<Self, MacroError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let offset = text.len() - rest.len();
            let end = rest.find('%').unwrap_or(rest.len());
            let (literal, from_percent) = rest.split_at_checked(end).unwrap_or((rest, ""));
            if let Some((at, _)) = literal.char_indices().find(|(_, c)| !is_literal(*c, place)) {
                return Err(MacroError { offset: offset + at, kind: MacroErrorKind::BadCharacter });
            }
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            if from_percent.is_empty() {
                break;
            }
            let (part, after) =
                Part::parse(from_percent, place).map_err(|kind| MacroError { offset: offset + end, kind })?;
            parts.push(part);
            rest = after;
        }
        Ok(Self { parts })
    }

    /// The pieces, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The text where it is one without macros and escapes, short enough for a name.
    pub(super) fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Literal(text)] if text.len() <= MAX_NAME => Some(text),
            _ => None,
        }
    }

    /// Whether the macro `letter` (lower case) occurs.
    pub fn uses(&self, letter: char) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Macro(found) if found.letter == letter))
    }

    /// The text with all macros replaced; `None` where it has more than `most` octets. Macros can blow a small record up to
    /// any size: nothing is made beyond the limit.
    pub fn expand(&self, values: &Values<'_>, most: usize) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            text.push_str(&part.expand(values));
            if text.len() > most {
                return None;
            }
        }
        Some(text)
    }

    /// The text as a name for a DNS query: at most 253 octets, labels removed from the left until it fits
    /// (RFC 7208 section 7.3), without the trailing dot. A last label that is too long for any name loses its beginning.
    pub fn expand_name(&self, values: &Values<'_>) -> String {
        // Nothing but the end counts, so that is where the making begins: one octet more tells that labels are to be
        // removed, one may be the dot before them, and one the trailing dot.
        let enough = MAX_NAME + 3;
        let mut pieces = Vec::new();
        let mut length = 0;
        for part in self.parts.iter().rev() {
            if length >= enough {
                break;
            }
            let piece = part.expand(values);
            length += piece.len();
            pieces.push(piece);
        }
        pieces.reverse();
        let expanded = pieces.concat();
        let mut name = expanded.strip_suffix('.').unwrap_or(&expanded);
        while name.len() > MAX_NAME {
            match name.split_once('.') {
                Some((_, rest)) => name = rest,
                None => break,
            }
        }
        let start = name.ceil_char_boundary(name.len().saturating_sub(MAX_NAME + 1));
        name.get(start..).unwrap_or_default().to_owned()
    }
}

/// Visible ASCII, and in explanations the space (RFC 7208 section 7.1).
fn is_literal(c: char, place: Place) -> bool {
    matches!(c, '!'..='~') || (c == ' ' && place == Place::Explanation)
}

impl Part {
    fn expand<'p>(&'p self, values: &Values<'_>) -> Cow<'p, str> {
        match self {
            Self::Literal(literal) => Cow::Borrowed(literal),
            Self::Escape(meant) => Cow::Borrowed(meant),
            Self::Macro(found) => Cow::Owned(found.expand(values)),
        }
    }

    /// Reads the macro or escape that `text` begins with; gives what comes after it.
    fn parse(text: &str, place: Place) -> Result<(Self, &str), MacroErrorKind> {
        let escapes = [("%%", "%"), ("%_", " "), ("%-", "%20")];
        for (written, meant) in escapes {
            if let Some(after) = text.strip_prefix(written) {
                return Ok((Self::Escape(meant), after));
            }
        }
        let (inner, after) =
            text.strip_prefix("%{").and_then(|text| text.split_once('}')).ok_or(MacroErrorKind::BadMacro)?;
        Ok((Self::Macro(Macro::parse(inner, place)?), after))
    }
}

impl Macro {
    /// Reads what stands between `%{` and `}`.
    fn parse(inner: &str, place: Place) -> Result<Self, MacroErrorKind> {
        let mut characters = inner.chars();
        let written = characters.next().ok_or(MacroErrorKind::BadMacro)?;
        let letter = written.to_ascii_lowercase();
        let allowed =
            "slodipvh".contains(letter) || (place != Place::Domain && EXPLANATION_LETTERS.contains(letter));
        if !allowed {
            return Err(MacroErrorKind::BadLetter(written));
        }
        let rest = characters.as_str();
        let after_digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = rest.strip_suffix(after_digits).unwrap_or_default();
        let keep = match digits {
            "" => None,
            // A number beyond the machine's is more parts than any name has.
            _ => Some(digits.parse::<usize>().unwrap_or(usize::MAX)),
        };
        if keep == Some(0) {
            return Err(MacroErrorKind::ZeroParts);
        }
        let reversed = after_digits.strip_prefix(['r', 'R']);
        let delimiters = reversed.unwrap_or(after_digits);
        if !delimiters.chars().all(|c| ".-+,/_=".contains(c)) {
            return Err(MacroErrorKind::BadMacro);
        }
        Ok(Self {
            letter,
            escape: written.is_ascii_uppercase(),
            keep,
            reverse: reversed.is_some(),
            delimiters: delimiters.to_owned(),
        })
    }

    fn expand(&self, values: &Values<'_>) -> String {
        let value = match self.letter {
            's' => format!("{}@{}", values.local_part, values.sender_domain),
            'l' => values.local_part.to_owned(),
            'o' => values.sender_domain.to_owned(),
            'd' => values.domain.to_owned(),
            'i' => dotted(values.ip),
            'p' => values.validated.to_owned(),
            'v' => if values.ip.is_ipv4() { "in-addr" } else { "ip6" }.to_owned(),
            'h' => values.helo.to_owned(),
            'c' => values.ip.to_string(),
            'r' => values.receiver.to_owned(),
            _ => values.now_seconds.to_string(),
        };
        let value = self.transform(value);
        if self.escape { url_escape(&value) } else { value }
    }

    /// RFC 7208 section 7.3: split, reverse, keep the right-hand parts, join with dots.
    fn transform(&self, value: String) -> String {
        if self.keep.is_none() && !self.reverse && self.delimiters.is_empty() {
            return value;
        }
        let delimiters = if self.delimiters.is_empty() { "." } else { &self.delimiters };
        let mut parts: Vec<&str> = value.split(|c| delimiters.contains(c)).collect();
        if self.reverse {
            parts.reverse();
        }
        let skip = self.keep.map_or(0, |keep| parts.len().saturating_sub(keep));
        parts.split_off(skip).join(".")
    }
}

/// `192.0.2.1`, or the 32 nibbles of an IPv6 address with dots between (RFC 7208 section 7.3).
fn dotted(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let nibbles: Vec<String> = ip
                .octets()
                .iter()
                .flat_map(|octet| [format!("{:x}", octet >> 4), format!("{:x}", octet & 15)])
                .collect();
            nibbles.join(".")
        }
    }
}

/// Everything outside RFC 3986's unreserved set becomes `%XX` (RFC 7208 section 7.3).
fn url_escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for octet in value.bytes() {
        match octet {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(octet));
            }
            _ => escaped.push_str(&format!("%{octet:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let values = Values {
            local_part: "strong-bad",
            sender_domain: "email.example.com",
            domain: "email.example.com",
            ip: "192.0.2.3".parse().unwrap(),
            validated: "mx.example.org",
            helo: "mail.example.com",
            receiver: "mx.example.net",
            now_seconds: 1_700_000_000,
        };
        let shown = match MacroString::parse(text, Place::Explanation) {
            Ok(parsed) => parsed.expand(&values, 1000).unwrap(),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(shown, expect, "{text}");
    }

    #[test]
    fn the_examples_of_the_standard() {
        // RFC 7208 section 7.4.
        check("%{s}", "strong-bad@email.example.com");
        check("%{o}", "email.example.com");
        check("%{d4}", "email.example.com");
        check("%{d3}", "email.example.com");
        check("%{d2}", "example.com");
        check("%{d1}", "com");
        check("%{dr}", "com.example.email");
        check("%{d2r}", "example.email");
        check("%{l}", "strong-bad");
        check("%{l-}", "strong.bad");
        check("%{lr}", "strong-bad");
        check("%{lr-}", "bad.strong");
        check("%{l1r-}", "strong");
        check("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com");
        check("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com");
        check("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com");
        check(
            "%{p} %{h} %{c} %{r} %{t}",
            "mx.example.org mail.example.com 192.0.2.3 mx.example.net 1700000000",
        );
        check("a%%b%_c%-d", "a%b c%20d");
        check("%{S}", "strong-bad%40email.example.com");
    }

    #[test]
    fn what_is_no_macro() {
        check("50% off", "MacroError { offset: 2, kind: BadMacro }");
        check("x%{d", "MacroError { offset: 1, kind: BadMacro }");
        check("%{x}", "MacroError { offset: 0, kind: BadLetter('x') }");
        check("%{d0}", "MacroError { offset: 0, kind: ZeroParts }");
        check("%{d;}", "MacroError { offset: 0, kind: BadMacro }");
        check("%{}", "MacroError { offset: 0, kind: BadMacro }");
        check("tab\there", "MacroError { offset: 3, kind: BadCharacter }");
    }

    #[test]
    fn too_long_a_name_loses_labels_from_the_left() {
        let long = format!("{}.example.com", vec!["a123456789"; 30].join("."));
        let parsed = MacroString::parse(&long, Place::Domain).unwrap();
        let values = Values {
            local_part: "",
            sender_domain: "",
            domain: "",
            ip: "192.0.2.3".parse().unwrap(),
            validated: "",
            helo: "",
            receiver: "",
            now_seconds: 0,
        };
        let name = parsed.expand_name(&values);
        assert_eq!(name.len(), 22 * 11 + 11, "{name}");
        assert!(name.ends_with(".example.com"));
        assert_eq!(parsed.expand(&values, long.len()).as_deref(), Some(long.as_str()));
        assert_eq!(parsed.expand(&values, long.len() - 1), None);
    }

    proptest::proptest! {
        /// What is made from the end is what the standard makes from the beginning.
        #[test]
        fn names_are_made_from_their_end(
            text in "(%[{][lhd][}]|[a-z.]{1,30}|%%){0,12}",
            local_part in "[a-zé.]{0,90}",
            helo in "[a-z.]{0,90}",
        ) {
            let parsed = MacroString::parse(&text, Place::Domain).unwrap();
            let values = Values {
                local_part: &local_part,
                sender_domain: "example.org",
                domain: "example.org",
                ip: "192.0.2.3".parse().unwrap(),
                validated: "",
                helo: &helo,
                receiver: "",
                now_seconds: 0,
            };
            let whole = parsed.expand(&values, usize::MAX).unwrap();
            let mut name = whole.strip_suffix('.').unwrap_or(&whole);
            while let Some((_, rest)) = name.split_once('.').filter(|_| name.len() > MAX_NAME) {
                name = rest;
            }
            let made = parsed.expand_name(&values);
            if name.len() <= MAX_NAME {
                proptest::prop_assert_eq!(made, name);
            } else {
                proptest::prop_assert!(name.ends_with(&made) && (250..=254).contains(&made.len()));
            }
        }
    }
}
