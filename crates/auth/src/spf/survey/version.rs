//! Texts that were meant to be SPF records, but that no receiver takes for one.

use super::correction;
use crate::slip;

/// What a TXT record that is no SPF record was meant to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NearMiss {
    /// Sender ID (RFC 4406), which nobody checks any more.
    SenderId,
    /// SPF with another beginning than `v=spf1` and a blank: so many octets stand in the place of the version; the
    /// record that was meant, where all of it can be repaired.
    Version(usize, Option<String>),
}

/// What a text that is no SPF record was meant to be.
pub(super) fn near_miss(text: &[u8]) -> Option<NearMiss> {
    // The beginning decides, and a long text costs no more than a short one.
    let plain = slip::plain(text.get(..text.len().min(2_048)).unwrap_or_default());
    let plain = plain.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | '(' | '='));
    let plain = slip::without_words(plain).unwrap_or(plain);
    let lower = plain.to_ascii_lowercase();
    let after_v = lower.strip_prefix('v').map(|rest| rest.trim_start_matches([' ', '=', ':', '"']));
    let (has_v, rest) = after_v.map_or((false, lower.as_str()), |rest| (true, rest));
    let rest = rest.strip_prefix("spf")?;
    if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let rest = rest.trim_start_matches([' ', '=', '-', '_', ':', '.']);
    let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let version = rest.strip_suffix(digits)?;
    if version.starts_with('2') {
        return Some(NearMiss::SenderId);
    }
    // `lower` has the length of `plain`, so what is left over is cut off at the same place.
    let terms = plain.get(plain.len() - digits.len()..).unwrap_or_default();
    let terms = terms.trim_start_matches([';', ',', ':', '"', '\'', ' ', '=']);
    // Prose may begin with the word; a record goes on with terms.
    let meant = version.starts_with('1') || (has_v && version.is_empty());
    let record = correction::record(terms.as_bytes());
    let speaks = terms.is_empty() || terms.split(' ').any(correction::is_good);
    (meant && (has_v || speaks)).then(|| {
        let length = text.iter().position(|octet| *octet == b' ').unwrap_or(text.len());
        NearMiss::Version(length, record)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        match near_miss(text.as_bytes()) {
            Some(NearMiss::Version(_, record)) => assert_eq!(record.as_deref(), Some(expected), "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn other_beginnings() {
        for text in [
            "TXTv=spf1 ip4:192.0.2.1 -all",
            "TXT \"v=spf1 ip4:192.0.2.1 -all\"",
            "IN TXT v=spf1 ip4:192.0.2.1 -all",
            "@ 3600 IN TXT \"v=spf1 ip4:192.0.2.1 -all\"",
            "SPF: v=spf1 ip4:192.0.2.1 -all",
            "v=spf10 ip4:192.0.2.1 -all",
            "v=spf 1 ip4:192.0.2.1 -all",
            "spf1 ip4:192.0.2.1 -all",
            "v=spf1; ip4:192.0.2.1 -all",
            "v=spf1;ip4:192.0.2.1;-all",
            "v=spf1,ip4:192.0.2.1,-all",
            "v=spf1ip4:192.0.2.1 -all",
            " v=spf1 ip4:192.0.2.1 -all",
            "\"v=spf1 ip4:192.0.2.1 -all\"",
            "“v=spf1 ip4:192.0.2.1 –all”",
            "v=spf1\u{a0}ip4:192.0.2.1 -all",
            "v = spf1 ip4:192.0.2.1 -all",
            "v:spf1 ip4:192.0.2.1 -all",
            "V=SPF1.0 ipv4:192.0.2.1 -all",
            "v=spf ip4:192.0.2.1 -all",
            "v=spf1\tip4:192.0.2.1\t-all",
        ] {
            check(text, "v=spf1 ip4:192.0.2.1 -all");
        }
        check("v=spf1;", "v=spf1");
        assert_eq!(near_miss(b"spf2.0/pra include:x.example -all"), Some(NearMiss::SenderId));
        assert_eq!(near_miss(b"v=spf2.0/pra -all"), Some(NearMiss::SenderId));
        for text in
            ["google-site-verification=spf1", "spf records are below", "v=DKIM1; p=", "spf", "", "v=spfoo"]
        {
            assert_eq!(near_miss(text.as_bytes()), None, "{text}");
        }
    }
}
