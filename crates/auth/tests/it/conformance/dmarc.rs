//! DMARC records collected for RFC 7489, of which RFC 9989 reads more; Organizational Domains by the Public Suffix List.

use serde_json::Value;
use tegami_auth::dmarc::{Record, public_suffix};
use tegami_mail::Domain;

use super::{Known, Suite, text};

const MISSING_P: &str =
    "RFC 9989 section 4.7: without `p`, and otherwise well-formed, a record stands for `p=none`";
const ORDER: &str = "RFC 9989 section 4.8: only `v` has its place; `p` need not be second";
const REMOVED: &str =
    "RFC 9989 appendix C.5.2: `pct`, `rf` and `ri` are tags no more, and unknown tags are ignored";
const MALFORMED: &str = "RFC 9989 section 4.7: a syntax error after `v` gives way to the default or is ignored; the policy stands";

const DIFFERENCES: &[Known] = &[
    ("v=DMARC1", "applied", MISSING_P),
    ("v=DMARC1;", "applied", MISSING_P),
    ("v=DMARC1; sp=reject; p=reject", "applied", ORDER),
    ("v=DMARC1;;", "applied", MISSING_P),
    ("v=DMARC1; adkim=x", "applied", MALFORMED),
    ("v=DMARC1; aspf=123", "applied", MALFORMED),
    ("v=DMARC1; ri=", "applied", REMOVED),
    ("v=DMARC1; ri=-1", "applied", REMOVED),
    ("v=DMARC1; ri=99999999999999999999999999999999999999", "applied", REMOVED),
    ("v=DMARC1; ri=123bad", "applied", REMOVED),
    ("v=DMARC1; ri=bad", "applied", REMOVED),
    ("v=DMARC1; fo=", "applied", MALFORMED),
    ("v=DMARC1; fo=01", "applied", MALFORMED),
    ("v=DMARC1; fo=bad", "applied", MALFORMED),
    ("v=DMARC1; rf=bad-trailing-dash-", "applied", REMOVED),
    ("v=DMARC1; rf=", "applied", REMOVED),
    ("v=DMARC1; rf=bad.non-alphadigitdash", "applied", REMOVED),
    ("v=DMARC1; pct=110", "applied", REMOVED),
    ("v=DMARC1; pct=bogus", "applied", REMOVED),
    ("v=DMARC1; pct=", "applied", REMOVED),
    ("v=DMARC1; rua=", "applied", MALFORMED),
    ("v=DMARC1; rua=bogus", "applied", MALFORMED),
    ("v=DMARC1; rua=mailto:dmarc-feedback@example.com!", "applied", MALFORMED),
    (
        "v=DMARC1; rua=mailto:dmarc-feedback@example.com!99999999999999999999999999999999999999999999999",
        "applied",
        MALFORMED,
    ),
    ("v=DMARC1; rua=mailto:dmarc-feedback@example.com!10p", "applied", MALFORMED),
];

pub(super) fn mox_records() -> Result<Suite, String> {
    let about = "records that mox accepts or refuses by RFC 7489: applied or not";
    let (mut suite, text) =
        (Suite::new("dmarc/mox", about, DIFFERENCES), text("dmarc/mox-record-parse.json")?);
    let cases: Value = serde_json::from_str(&text).unwrap();
    for (list, wanted) in [("valid", "applied"), ("bad", "not applied")] {
        for text in cases[list].as_array().unwrap().iter().filter_map(Value::as_str) {
            let applies = Record::parse(text.as_bytes()).is_some_and(|record| record.applies());
            suite.compare(text, if applies { "applied" } else { "not applied" }, wanted);
        }
    }
    Ok(suite)
}

/// The vectors ask for the registrable domain, `null` for a public suffix, which is its own Organizational Domain
/// (RFC 7489 section 3.2).
pub(super) fn public_suffixes() -> Result<Suite, String> {
    let about =
        "the vectors of the Public Suffix List: Organizational Domains of RFC 7489, of public suffixes none";
    let (mut suite, text) = (Suite::new("psl", about, &[]), text("psl/tests/tests.txt")?);
    let shown =
        |text: &str| Domain::parse(text).map_or_else(|_| "null".to_owned(), |domain| domain.to_string());
    for line in text.lines().filter(|line| !line.starts_with("//") && !line.trim().is_empty()) {
        let (name, wanted) = line.split_once(' ').unwrap();
        let found = match Domain::parse(name) {
            Ok(domain) if name != "null" && public_suffix::is_below_suffix(&domain) => {
                public_suffix::organizational_domain(&domain).to_string()
            }
            _ => "null".to_owned(),
        };
        suite.compare(name, &found, &if wanted == "null" { wanted.to_owned() } else { shown(wanted) });
    }
    Ok(suite)
}
