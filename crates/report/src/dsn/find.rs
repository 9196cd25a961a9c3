//! Finding codes and addresses in sentences.

use tegami_mail::EnhancedStatusCode;

/// The first enhanced status code of a text that says more than `5.0.0`, else the first one. Parts of addresses and of
/// versions, which have more numbers, are none.
pub(super) fn status(text: &str) -> Option<EnhancedStatusCode> {
    let mut vague = None;
    for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '@' | '_'))) {
        let Ok(code) = word.trim_matches('.').parse::<EnhancedStatusCode>() else { continue };
        if code.class == 2 {
            continue;
        }
        if code.subject != 0 {
            return Some(code);
        }
        vague.get_or_insert(code);
    }
    vague
}

/// The first SMTP reply code of refusal: three digits that begin with 4 or 5 and stand for themselves, followed by text.
pub(super) fn reply_code(text: &str) -> Option<u16> {
    let edge = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '@' | '_' | '/'));
    let code = |word: &str| match word.as_bytes() {
        [b'4' | b'5', b'0'..=b'7', b'0'..=b'9'] => word.parse().ok(),
        _ => None,
    };
    // Before a hyphen only at the beginning, as in `550-5.1.1`: elsewhere it is a part of some number.
    text.split(edge).find_map(|word| code(word.trim_end_matches('.')))
}

/// Whether this octet may stand in a local-part without quotes (RFC 5321 section 4.1.2).
fn of_local_part(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&octet) || octet >= 0x80
}

/// An address within a line, and where it begins and ends.
pub(super) struct Found<'a> {
    pub(super) address: &'a str,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The addresses of a line, in order.
pub(super) fn addresses(line: &str) -> Vec<Found<'_>> {
    let octets = line.as_bytes();
    let mut found = Vec::new();
    for (at, _) in line.match_indices('@') {
        let before = octets.get(..at).unwrap_or_default();
        let after = octets.get(at + 1..).unwrap_or_default();
        let start = before.iter().rposition(|&octet| !of_local_part(octet)).map_or(0, |last| last + 1);
        let length = after
            .iter()
            .position(|&octet| !(octet.is_ascii_alphanumeric() || b"-.".contains(&octet)))
            .unwrap_or(after.len());
        let Some(address) = line.get(start..at + 1 + length) else { continue };
        let address = address.trim_end_matches(['.', '-']);
        let domain = address.rsplit('@').next().unwrap_or_default();
        let end = start + address.len();
        let whole = start < at && address.len() <= 320 && domain.contains('.') && !domain.starts_with('.');
        if whole {
            found.push(Found { address, start, end });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_for_themselves() {
        let text = |text| status(text).map(|code| code.to_string()).unwrap_or_default();
        assert_eq!(text("550 5.1.1 <a@example.org>... User unknown"), "5.1.1");
        assert_eq!(text("host [192.5.1.1] said (#5.1.1)"), "5.1.1");
        assert_eq!(text("5.0.0 (5.2.2)"), "5.2.2");
        assert_eq!(text("version 5.1.1.2"), "");
        assert_eq!(reply_code("host 192.0.2.1 said: 550-no such user"), Some(550));
        assert_eq!(reply_code("after 48 hours, 4500 tries, at 192.0.2.450"), None);
    }

    #[test]
    fn addresses_of_a_line() {
        let of = |line| addresses(line).iter().map(|found| found.address.to_owned()).collect::<Vec<_>>();
        assert_eq!(of("<a@example.org>: and b.c+d@example.net."), ["a@example.org", "b.c+d@example.net"]);
        assert_eq!(of("@ a@ @example.org a@b"), Vec::<String>::new());
    }
}
