//! The URIs to which reports go (RFC 9989 section 4.6, RFC 3986).

use tegami_mail::Address;

/// A URI, as far as reports need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Uri {
    /// Without the size limit.
    pub(super) uri: String,
    /// A size limit of RFC 7489 followed, `!10m`; it is not obeyed.
    pub(super) limited: bool,
}

/// Reads a URI; `mailto:` needs an address. A `!` that is not part of a size limit must be encoded
/// (RFC 9989 section 4.8).
pub(super) fn parse(text: &str) -> Option<Uri> {
    let (uri, limited) = match text.split_once('!') {
        Some((uri, size)) => (is_size(size).then_some(uri)?, true),
        None => (text, false),
    };
    let (scheme, rest) = uri.split_once(':')?;
    let well_formed = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && !rest.is_empty()
        && rest.chars().all(|c| c.is_ascii_graphic() && !"<>\"\\^`{|}".contains(c))
        && percent_encoded(rest);
    let address = rest.split('?').next().unwrap_or_default();
    let reachable = !scheme.eq_ignore_ascii_case("mailto") || Address::parse(address).is_ok();
    (well_formed && reachable).then(|| Uri { uri: uri.to_owned(), limited })
}

/// Digits and at most one unit (RFC 7489 section 6.4).
fn is_size(text: &str) -> bool {
    let digits = text.strip_suffix(['k', 'm', 'g', 't', 'K', 'M', 'G', 'T']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Two hexadecimal digits follow every percent sign (RFC 3986 section 2.1).
fn percent_encoded(text: &str) -> bool {
    let is_hex = |digit: Option<u8>| digit.is_some_and(|digit| digit.is_ascii_hexdigit());
    text.split('%').skip(1).all(|after| {
        let mut digits = after.bytes();
        is_hex(digits.next()) && is_hex(digits.next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<(&str, bool)>) {
        let found = parse(text);
        assert_eq!(found.as_ref().map(|found| (found.uri.as_str(), found.limited)), expect, "{text}");
    }

    #[test]
    fn uris() {
        check("mailto:d@example.org", Some(("mailto:d@example.org", false)));
        check("MAILTO:d@example.org?subject=x", Some(("MAILTO:d@example.org?subject=x", false)));
        check("mailto:d@example.org!10m", Some(("mailto:d@example.org", true)));
        check("mailto:d@example.org!0G", Some(("mailto:d@example.org", true)));
        check("mailto:a%2Cb%21c@example.org", Some(("mailto:a%2Cb%21c@example.org", false)));
        check("https://example.org/reports", Some(("https://example.org/reports", false)));
        for wrong in [
            "",
            "d@example.org",
            "mailto:",
            "mailto:d",
            "mailto:@example.org",
            "mailto:d@example.org!",
            "mailto:d@example.org!m",
            "mailto:d@example.org!10mb",
            "mailto:d@example.org!10m!10m",
            "mailto:d!e@example.org",
            "mailto:d%4@example.org",
            "mailto:d%zz@example.org",
            "mailto:d e@example.org",
            "mailto:<d@example.org>",
            "1x:d",
            ":d",
            "mailto:d@bücher.example",
        ] {
            check(wrong, None);
        }
    }
}
