//! SPF: pyspf and Mail::SPF on random zones.

use std::process::Command;

use jiff::Timestamp;
use serde_json::json;
use tegami_auth::spf::{Identity, Request, check_host};
use tegami_dns::ZoneResolver;
use tegami_mail::ReversePath;

use super::zone::{Query, Zone};
use super::{Chance, Suite, ask, perl, python};
use crate::conformance::Outcome;

/// Zones in a run, and questions for each.
const ZONES: usize = 600;
const QUERIES: usize = 4;

pub(super) fn pyspf() -> Result<Suite, String> {
    Ok(compare("spf by pyspf", "pyspf 2.0.14", &mut python("ask_pyspf.py")?, PYSPF))
}

pub(super) fn mail_spf() -> Result<Suite, String> {
    let mut command = perl("ask_mail_spf.pl", "Mail::SPF", "libmail-spf-perl")?;
    Ok(compare("spf by Mail::SPF", "Mail::SPF (libmail-spf-perl)", &mut command, MAIL_SPF))
}

/// A way in which a peer differs: when it is this one, and the reason with the RFC's word.
type Difference = (fn(&Case<'_>) -> bool, &'static str);

/// One question on which we and a peer differ.
struct Case<'c> {
    query: &'c Query,
    /// Our verdict, and our steps as text.
    ours: &'c str,
    steps: &'c str,
    /// Their result, and why, in their words.
    theirs: &'c str,
    why: &'c str,
}

/// Whether a macro has the `r` of its transformers in upper case.
fn has_upper_r(text: &str) -> bool {
    text.split("%{").skip(1).any(|macros| {
        let rest = macros.get(1..).unwrap_or_default();
        rest.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('R')
    })
}

const UPPER_R: &str =
    "RFC 7208 section 12: terms and macros are the same in upper case, the `r` of a macro too";

const VOID_QUERIES: &str = "RFC 7208 section 4.6.4: void lookups are counted as terms whose queries come back empty; the peer counts \
    every query, those for the hosts of one `mx` too";
const LOOP: &str = "RFC 7208 section 4.4: an answer that is neither data nor the absence of it is a temporary error, and so is an alias \
    of itself; the peer takes it as absence";

const PYSPF: &[Difference] = &[
    (|case| has_upper_r(case.steps), UPPER_R),
    (|case| case.ours != "permerror" && case.why.contains("Void lookup limit"), VOID_QUERIES),
    (
        |case| case.ours != "permerror" && case.why.contains("trivial recursion"),
        "RFC 7208 section 4.6: only syntax is checked before the evaluation, and the limits of section 4.6.4 end a loop; pyspf refuses \
         a record that includes itself, reached or not",
    ),
    (
        |case| case.theirs == "temperror" && case.steps.contains("ptr"),
        "RFC 7208 section 5.5: a name of the client whose address cannot be looked up is skipped",
    ),
    (|case| case.ours == "temperror" && case.steps.contains("CNAME chain"), LOOP),
    (
        |case| (case.ours, case.theirs) == ("fail", "fail") && case.why == "DEFAULT",
        "RFC 7208 section 7.3: where the names of the client cannot be looked up, `%{p}` is `unknown`; pyspf drops the explanation",
    ),
];

const MAIL_SPF: &[Difference] = &[
    (|case| case.ours != "permerror" && case.why.contains("void DNS look-ups limit"), VOID_QUERIES),
    (
        |case| case.query.ip.contains('.') && case.why.contains("ip6:") && case.why.contains("/0'"),
        "RFC 7208 section 5: an IPv4 client is compared with IPv4 networks only; Mail::SPF lets `ip6:…/0` match it",
    ),
    (|case| has_upper_r(case.why), UPPER_R),
    (
        |case| case.theirs == "crash" && case.why.contains("empty label"),
        "RFC 7208 section 4.8: a name that cannot be asked for makes no match; Mail::SPF ends without a result",
    ),
    (
        |case| case.theirs == "crash" && case.why.contains("EInvalidMacro") && case.ours == "permerror",
        "RFC 7208 section 7.1: an unknown macro letter is a syntax error, thus permerror; Mail::SPF ends without a result",
    ),
    (|case| case.ours == "temperror" && case.steps.contains("CNAME chain"), LOOP),
];

fn compare(name: &'static str, peer: &str, command: &mut Command, differences: &[Difference]) -> Suite {
    let about = format!("{peer}: result and explanation of {QUERIES} questions each to {ZONES} random zones");
    let mut suite = Suite::peer(name, about);
    let mut chance = Chance::new(7208);
    let cases: Vec<(Zone, Vec<Query>)> = (0..ZONES)
        .map(|_| {
            let zone = Zone::random(&mut chance);
            (zone, (0..QUERIES).map(|_| Query::random(&mut chance)).collect())
        })
        .collect();
    let lines: Vec<String> = cases
        .iter()
        .map(|(zone, queries)| {
            let queries: Vec<_> = queries.iter().map(Query::json).collect();
            json!({"zone": zone.json(), "queries": queries}).to_string()
        })
        .collect();
    let answers = ask(command, &lines);
    for (at, ((zone, queries), line)) in cases.iter().zip(answers).enumerate() {
        let theirs: Vec<(String, String, String)> = serde_json::from_str(&line).unwrap();
        let resolver = ZoneResolver::from_text(&zone.text()).unwrap();
        for (query, (result, explanation, reason)) in queries.iter().zip(theirs) {
            let (ours, steps) = decide(query, &resolver);
            let case = Case { query, ours: &ours.0, steps: &steps, theirs: &result, why: &reason };
            let outcome = match differences.iter().find(|(applies, _)| applies(&case)) {
                _ if (&ours.0, &ours.1) == (&result, &explanation) => Outcome::Passed,
                Some((_, reason)) => Outcome::Differs(reason),
                None => Outcome::Failed(format!(
                    "{query:?}: we {ours:?}, they {result} {explanation} because {reason}\n{}\n{steps}",
                    zone.text()
                )),
            };
            suite.outcome(format!("zone {at} {} {}", query.ip, query.sender), outcome);
        }
    }
    suite
}

fn decide(query: &Query, resolver: &ZoneResolver) -> ((String, String), String) {
    let request = Request {
        ip: query.ip.parse().unwrap(),
        helo: query.helo,
        mail_from: &ReversePath::Null,
        receiver: "receiver.example.org",
        now: Timestamp::from_second(1_700_000_000).unwrap(),
    };
    let (local_part, domain) = query.sender.rsplit_once('@').unwrap_or(("postmaster", query.helo));
    let verdict = crate::block_on(check_host(&request, Identity::MailFrom, local_part, domain, resolver));
    let explanation = match verdict.result.as_str() {
        "fail" => verdict.explanation.unwrap_or_else(|| "DEFAULT".to_owned()),
        _ => String::new(),
    };
    let steps: Vec<String> = verdict
        .steps
        .iter()
        .map(|step| {
            format!(
                "{}{} {} {} {:?}",
                "  ".repeat(step.depth.into()),
                step.domain,
                step.term,
                step.outcome,
                step.note
            )
        })
        .collect();
    ((verdict.result.as_str().to_owned(), explanation), steps.join("\n"))
}
