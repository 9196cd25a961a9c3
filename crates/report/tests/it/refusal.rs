//! Real notifications of failure: what a reply means, compared with what another classifier expects of it.

use std::collections::BTreeMap;

use serde_json::Value;
use tegami_mail::failure::{Cause, Said, classify};
use tegami_report::dsn;

/// What of ours is the same as a reason of theirs. `None`: no refusal at all (complaints, deliveries).
fn same(reason: &str) -> Option<&'static [Cause]> {
    use Cause::*;
    let causes: &[Cause] = match reason {
        "delivered" | "feedback" | "vacation" => return None,
        "authfailure" => &[Authentication],
        "badreputation" | "blocked" => &[Reputation],
        "contenterror" | "notcompliantrfc" => &[Content],
        "exceedlimit" | "mesgtoobig" => &[Size],
        "expired" => &[Expired, Network],
        // A refusal that names the user after the content: the address may be good.
        "filtered" => &[Filtered, BadMailbox],
        "hasmoved" => &[Moved],
        "hostunknown" | "notaccept" => &[BadDomain],
        "mailboxfull" => &[MailboxFull],
        "mailererror" | "systemerror" | "systemfull" => &[System],
        "networkerror" => &[Network, Dns],
        "norelaying" => &[Relaying],
        "onhold" | "undefined" => &[Unknown, System],
        "policyviolation" => &[Policy, Content],
        "rejected" => &[Sender],
        "requireptr" => &[ReverseDns],
        "securityerror" => &[Policy, Authentication, Login, Tls],
        "spamdetected" => &[Spam],
        "speeding" | "toomanyconn" => &[Rate],
        "suspend" => &[Inactive],
        "userunknown" => &[BadMailbox],
        "virusdetected" => &[Virus],
        // A reason that is not known here agrees with nothing, and so is seen.
        _ => &[],
    };
    Some(causes)
}

include!("refusal_differing.rs");

/// Line ends as they are on the wire, wherever the file was kept.
fn to_lines(content: &[u8]) -> Vec<u8> {
    let text: Vec<u8> = if content.contains(&b'\n') {
        content.iter().copied().filter(|byte| *byte != b'\r').collect()
    } else {
        content.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect()
    };
    tegami_mail::line::to_crlf(&text).into_owned()
}

#[derive(Default)]
struct Tally {
    agreed: usize,
    differs: usize,
}

#[test]
fn real_bounces() {
    let Some(folder) = crate::suites("bounce") else { return };
    let expected = std::fs::read(folder.join("sisimai-expected.json")).unwrap();
    let expected: BTreeMap<String, Vec<Value>> = serde_json::from_slice(&expected).unwrap();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let (mut hardness, mut address, mut compared) = (0, 0, 0);
    let mut silent = Vec::new();
    let mut seen = Vec::new();
    for (file, recipients) in &expected {
        let content = to_lines(&std::fs::read(folder.join("sisimai").join(file)).unwrap());
        let notice = dsn::read(&content);
        let bounced: Vec<Said> =
            notice.iter().flat_map(|notice| &notice.recipients).map(dsn::Recipient::said).collect();
        if bounced.is_empty() && recipients.iter().any(|one| same(one["reason"].as_str().unwrap()).is_some())
        {
            silent.push(file.as_str());
            continue;
        }
        for (at, one) in recipients.iter().enumerate() {
            let reason = one["reason"].as_str().unwrap();
            let Some(causes) = same(reason) else { continue };
            // Where the notification has fewer replies than recipients, the last one stands for the rest.
            let said = bounced.get(at).or(bounced.last()).unwrap();
            let verdict = classify(said);
            compared += 1;
            let agrees = causes.contains(&verdict.cause);
            let tally = tallies.entry(reason.to_owned()).or_default();
            if agrees {
                tally.agreed += 1;
            } else {
                tally.differs += 1;
            }
            let hard = reason != "filtered";
            address += usize::from(agrees && hard);
            if agrees && hard && one["hard"].as_bool().unwrap() == verdict.cause.is_bad_address() {
                hardness += 1;
            }
            let name = format!("{file} {at}");
            let known = DIFFERING.iter().find(|(file, _)| *file == name);
            if !agrees && known.is_none() {
                let text: String = said.text.chars().take(160).collect();
                eprintln!(
                    "DIFFERS {name}: {reason}, ours {} by {} ({:?} {:?} {:?} {text})",
                    verdict.cause,
                    verdict.rule,
                    said.code,
                    said.enhanced.map(|code| code.to_string()),
                    said.phase
                );
            }
            if !agrees {
                seen.push(name);
            }
        }
    }
    eprintln!("{:18} agreed differs", "reason");
    for (reason, tally) in &tallies {
        eprintln!("{reason:18} {:6} {:7}", tally.agreed, tally.differs);
    }
    let agreed: usize = tallies.values().map(|tally| tally.agreed).sum();
    eprintln!(
        "{agreed} of {compared} agree; of {address} of them {hardness} also on whether the address is bad (refusals by the recipient's own filter left out); {} without any reply",
        silent.len()
    );
    assert_eq!(silent, SILENT.iter().map(|(file, _)| *file).collect::<Vec<_>>());
    let unexplained: Vec<_> =
        seen.iter().filter(|name| !DIFFERING.iter().any(|(file, _)| file == name)).collect();
    let stale: Vec<_> = DIFFERING.iter().filter(|(file, _)| !seen.iter().any(|name| name == file)).collect();
    assert!(unexplained.is_empty(), "{} differ without a reason", unexplained.len());
    assert!(stale.is_empty(), "these agree now: {stale:?}");
    assert!(agreed * 100 >= compared * 90, "{agreed} of {compared}");
}
