//! Slips of those who publish text records: what a word processor, a web form or a zone file did to them on the way.

use futures_util::future::join_all;
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_auth::slip;
use tegami_dns::{Data, DnsName, RecordType, TxtData};
use tegami_mail::{Note, note};

use crate::case::DomainCase;
use crate::{About, Check, Finding, Fix, Who};

pub(super) const HYGIENE: Check =
    Check::new("dns.txt-hygiene", About::Domain, Severity::S2, "RFC 1035 section 5.1")
        .who(&[Who::Rfc])
        .after(&["dns.exists"]);

/// How records of mail begin.
const TAGS: [&str; 6] = ["v=spf1", "v=dmarc1", "v=dkim1", "v=stsv1", "v=tlsrptv1", "v=bimi1"];

/// Selectors whose records are looked at.
const MAX_SELECTORS: usize = 4;

/// Octets of a record that are looked at: a long one costs no more.
const MAX_OCTETS: usize = 4_096;

/// What happened to a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slip {
    /// Words of a zone file stand before it: `TXT`, `IN`, the owner.
    Words,
    /// It begins with a blank.
    Blank,
    /// Quotation marks of a word processor.
    CurlyQuotes,
    /// Another character that is not ASCII, or cannot be seen.
    Lookalike,
    /// Backslashes of a shell or of a zone file.
    Backslash,
    /// Quotation marks inside.
    Quotes,
    /// One quotation mark, without the other.
    OneQuote,
}

/// A slip, where it begins (characters, from 1), and the record that was meant.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    slip: Slip,
    column: usize,
    meant: String,
}

pub(super) async fn judge(case: &DomainCase) -> Vec<Finding> {
    let domain = &case.domain;
    let mut labels: Vec<String> = ["", "_dmarc.", "_mta-sts.", "_smtp._tls."].map(str::to_owned).into();
    let selectors = case.known.selectors.iter().take(MAX_SELECTORS);
    labels.extend(selectors.map(|selector| format!("{selector}._domainkey.")));
    let named = |end: String| {
        labels
            .iter()
            .filter_map(move |label| DnsName::parse(&format!("{label}{end}")).ok())
            .collect::<Vec<_>>()
    };
    let names = named(domain.to_string());
    let asked = join_all(names.iter().map(|name| case.resolver().lookup(name, RecordType::Txt))).await;
    let mut findings = Vec::new();
    for (name, answer) in names.iter().zip(&asked) {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if error.is_void() => continue,
            // The record of the domain itself is what most of this is about.
            Err(error) if *name == case.name => {
                return vec![HYGIENE.unknown(
                    domain,
                    note!("dns-unanswered", name = name, kind = RecordType::Txt, error = error),
                )];
            }
            Err(_) => continue,
        };
        // What stands behind an alias is somebody else's.
        let own = answer.records.iter().filter(|_| answer.aliases.is_empty());
        findings.extend(own.filter_map(|record| match &record.data {
            Data::Txt(text) => slipped(case, name, text).map(|finding| finding.ttl(record.ttl)),
            _ => None,
        }));
    }
    findings.extend(doubled(case, &names, named(format!("{domain}.{domain}"))).await);
    if findings.is_empty() {
        findings.push(HYGIENE.pass(domain, note!("dns-txt-hygiene", domain = domain)));
    }
    findings
}

fn slipped(case: &DomainCase, name: &DnsName, text: &TxtData) -> Option<Finding> {
    let Found { slip, column, meant } = find(&written(text))?;
    let (domain, shown) = (&case.domain, String::from_utf8_lossy(text).into_owned());
    let note: Note = match slip {
        Slip::Words => note!("dns-txt-hygiene-words", name = name),
        Slip::Blank => note!("dns-txt-hygiene-blank", name = name),
        Slip::CurlyQuotes => note!("dns-txt-hygiene-curly", name = name, column = column),
        Slip::Lookalike => note!("dns-txt-hygiene-lookalike", name = name, column = column),
        Slip::Backslash => note!("dns-txt-hygiene-backslash", name = name, column = column),
        Slip::Quotes => note!("dns-txt-hygiene-quotes", name = name, column = column),
        Slip::OneQuote => note!("dns-txt-hygiene-one-quote", name = name, column = column),
    };
    let records = vec![Change::txt(Operation::Delete, name, shown), Change::txt(Operation::Add, name, meant)];
    Some(
        HYGIENE
            .fail(domain, note)
            .evidence(format!("{name} TXT {}", Data::Txt(text.clone())))
            .fix(Fix::new(note!("dns-txt-hygiene-fix")).records(records)),
    )
}

/// The text as it was typed: where quotation marks of a word processor stood around it, each of its words became a character-string.
fn written(text: &TxtData) -> Vec<u8> {
    let long = |octets: &[u8]| octets.len() == 255;
    if text.strings().any(long) { text.to_vec() } else { text.strings().collect::<Vec<_>>().join(&b' ') }
}

/// The slip in a text that was meant to be a record of mail. `None` for good ones, and for everything else.
fn find(octets: &[u8]) -> Option<Found> {
    let octets = octets.get(..octets.len().min(MAX_OCTETS)).unwrap_or_default();
    let meant = meant(octets)?;
    let raw = String::from_utf8_lossy(octets);
    let first = |fits: &dyn Fn(char) -> bool| raw.chars().position(fits).map(|at| at + 1);
    let curly = |c: char| "“”„‟«»″〝〞「」‘’‚‛＂＇".contains(c);
    let strange = first(&|c| !c.is_ascii() || (c.is_control() && c != '\t'));
    // Octets that are no UTF-8 are windows-1252, whose curly quotation marks come most often.
    let windows = std::str::from_utf8(octets).is_err() && octets.iter().any(|o| (0x91..=0x94).contains(o));
    let quotes = raw.matches('"').count();
    let (slip, column) = if slip::without_words(&plain(octets)).is_some() {
        (Slip::Words, 1)
    } else if raw.starts_with(|c: char| c.is_ascii_whitespace()) {
        (Slip::Blank, 1)
    } else if let Some(column) = first(&curly) {
        (Slip::CurlyQuotes, column)
    } else if let Some(column) = strange {
        (if windows { Slip::CurlyQuotes } else { Slip::Lookalike }, column)
    } else if let Some(column) = first(&|c| c == '\\') {
        (Slip::Backslash, column)
    } else if quotes > 0 {
        let column = first(&|c| c == '"')?;
        (if quotes == 1 { Slip::OneQuote } else { Slip::Quotes }, column)
    } else {
        return None;
    };
    Some(Found { slip, column, meant })
}

/// With the characters that were meant, each blank once.
fn plain(octets: &[u8]) -> String {
    let text = slip::plain(octets).replace('\\', "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The record of mail that was meant by a text.
fn meant(octets: &[u8]) -> Option<String> {
    let plain = plain(octets);
    let text = slip::without_words(&plain).unwrap_or(&plain).replace('"', "");
    let text = text.trim_matches([' ', '\'', '=', ':', '(', ')']);
    let head = text.get(..text.len().min(12)).map(str::to_ascii_lowercase)?;
    TAGS.iter().any(|tag| head.starts_with(tag)).then(|| text.to_owned())
}

/// Records at names to which the domain was added twice, because the final dot was left out.
async fn doubled(case: &DomainCase, right: &[DnsName], wrong: Vec<DnsName>) -> Vec<Finding> {
    let Some(top) = wrong.first() else { return Vec::new() };
    let exists = case.resolver().lookup(top, RecordType::Txt).await;
    // RFC 8020: then there is nothing below it either.
    if exists.as_ref().is_err_and(|error| *error != tegami_dns::DnsError::NoData) {
        return Vec::new();
    }
    let asked = join_all(wrong.iter().map(|name| case.resolver().lookup(name, RecordType::Txt))).await;
    let mut findings = Vec::new();
    for ((right, wrong), answer) in right.iter().zip(&wrong).zip(asked) {
        for record in answer.into_iter().flat_map(|answer| answer.records) {
            let Data::Txt(text) = &record.data else { continue };
            let Some(meant) = meant(text) else { continue };
            let records = vec![
                Change::txt(Operation::Delete, wrong, String::from_utf8_lossy(text)),
                Change::txt(Operation::Add, right, meant),
            ];
            findings.push(
                HYGIENE
                    .fail(&case.domain, note!("dns-txt-hygiene-doubled", wrong = wrong, right = right))
                    .evidence(format!("{wrong} TXT {}", record.data))
                    .fix(Fix::new(note!("dns-txt-hygiene-doubled-fix")).records(records))
                    .ttl(record.ttl),
            );
        }
    }
    findings
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::Fixture;
    vec![
        Fixture::pass("dns.txt-hygiene", ""),
        Fixture::fail("dns.txt-hygiene", "- _mta-sts\n_mta-sts TXT \" v=STSv1; id=20261121000000;\""),
        Fixture::fail("dns.txt-hygiene", "- _mta-sts\n_mta-sts TXT \"“v=STSv1; id=20261121000000;”\""),
        Fixture::fail("dns.txt-hygiene", "- _mta-sts\n_mta-sts TXT \"TXTv=STSv1; id=20261121000000;\""),
        Fixture::fail(
            "dns.txt-hygiene",
            "_mta-sts.example.com.example.com. TXT \"v=STSv1; id=20261121000000;\"",
        ),
        Fixture::fail(
            "dns.txt-hygiene",
            "e2026._domainkey.example.com.example.com. TXT \"v=DKIM1; k=ed25519; p=\"",
        ),
        // What the check of the record tells is not told again.
        Fixture::na("dns.txt-hygiene", "- example.com. TXT\nexample.com. TXT \" v=spf1 -all\""),
        Fixture::fail("spf.version", "- example.com. TXT\nexample.com. TXT \" v=spf1 -all\""),
        Fixture::na(
            "dns.txt-hygiene",
            "- example.com. TXT\nexample.com. TXT \"“v=spf1 ip4:192.0.2.10 ~all”\"",
        ),
        Fixture::fail("spf.version", "- example.com. TXT\nexample.com. TXT \"“v=spf1 ip4:192.0.2.10 ~all”\""),
        Fixture::fail(
            "spf.version",
            "- example.com. TXT\nexample.com. TXT \"TXTv=spf1 ip4:192.0.2.10 ~all\"",
        ),
        Fixture::fail(
            "spf.version",
            "- example.com. TXT\nexample.com. TXT \"\\\"v=spf1 ip4:192.0.2.10 ~all\"",
        ),
        Fixture::na("dns.txt-hygiene", "- _dmarc\n_dmarc TXT \"v=DMARC1\\\\; p=none\""),
        Fixture::fail("dmarc.version", "- _dmarc\n_dmarc TXT \"v=DMARC1\\\\; p=none\""),
        Fixture::na("dns.txt-hygiene", "_dmarc.example.com.example.com. TXT \"v=DMARC1; p=none\"\n- _dmarc"),
        Fixture::fail("dns.txt-hygiene", "_dmarc.example.com.example.com. TXT \"v=DMARC1; p=none\""),
        Fixture::unknown("dns.txt-hygiene", "$SERVFAIL example.com. TXT"),
        Fixture::pass("dns.txt-hygiene", "example.com. TXT \"anything “goes” here\""),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(Slip, usize, &str)>) {
        let found = find(text.as_bytes());
        let expected = expected.map(|(slip, column, meant)| Found { slip, column, meant: meant.to_owned() });
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn slips_are_told_apart_and_mended() {
        let spf = "v=spf1 ip4:192.0.2.10 -all";
        for (text, slip, column) in [
            (" v=spf1 ip4:192.0.2.10 -all", Slip::Blank, 1),
            ("“v=spf1 ip4:192.0.2.10 -all”", Slip::CurlyQuotes, 1),
            ("v=spf1 ip4:192.0.2.10 -all”", Slip::CurlyQuotes, 27),
            ("\"v=spf1 ip4:192.0.2.10 -all\"", Slip::Quotes, 1),
            ("\"v=spf1 ip4:192.0.2.10 -all", Slip::OneQuote, 1),
            ("v=spf1 ip4:192.0.2.10 -all\"", Slip::OneQuote, 27),
            ("\\\"v=spf1 ip4:192.0.2.10 -all\\\"", Slip::Backslash, 1),
            ("v=spf1\u{a0}ip4:192.0.2.10 -all", Slip::Lookalike, 7),
            ("v=spf1 ip4:192.0.2.10 –all", Slip::Lookalike, 23),
            ("ｖ＝ｓｐｆ１ ip4:192.0.2.10 -all", Slip::Lookalike, 1),
            ("TXTv=spf1 ip4:192.0.2.10 -all", Slip::Words, 1),
            ("TXT \"v=spf1 ip4:192.0.2.10 -all\"", Slip::Words, 1),
            ("TXT=v=spf1 ip4:192.0.2.10 -all", Slip::Words, 1),
            ("IN TXT v=spf1 ip4:192.0.2.10 -all", Slip::Words, 1),
            ("@ 3600 IN TXT \"v=spf1 ip4:192.0.2.10 -all\"", Slip::Words, 1),
            ("example.com. IN TXT “v=spf1 ip4:192.0.2.10 -all”", Slip::Words, 1),
            ("SPF: v=spf1 ip4:192.0.2.10 -all", Slip::Words, 1),
        ] {
            check(text, Some((slip, column, spf)));
        }
        check("v=DMARC1\\; p=none\\;", Some((Slip::Backslash, 9, "v=DMARC1; p=none;")));
        check("_dmarc.example.com. IN TXT \"v=DMARC1; p=none\"", Some((Slip::Words, 1, "v=DMARC1; p=none")));
        assert_eq!(find(b"\x93v=spf1 -all\x94").map(|found| found.slip), Some(Slip::CurlyQuotes));
    }

    #[test]
    fn what_is_well_or_nothing_of_mail_is_left_alone() {
        for text in [
            "v=spf1 ip4:192.0.2.10 -all",
            "v=spf1  a   -all ",
            "v=DMARC1; p=none; rua=mailto:dmarc@example.com",
            "v=DKIM1; k=rsa; p=MIIB",
            "“curly” but nothing of mail",
            " google-site-verification=abc",
            "\"MS=ms123\"",
            "txt",
            "TXT",
            "",
            "in",
        ] {
            check(text, None);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(
            octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..60),
            text in "((TXT|IN|@|v=spf1|\"|“|\\\\| |=|é|3600|example\\.com\\.?){0,8})"
        ) {
            let _ = (find(&octets), find(text.as_bytes()));
        }
    }
}
