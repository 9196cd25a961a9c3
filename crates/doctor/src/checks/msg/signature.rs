//! How the message is signed: what the signatures cover, how long they hold, and what became of them on the way.

use tegami_auth::dkim::{Claim, DkimResult};
use tegami_auth::finding::Severity;
use tegami_mail::{Note, note};

use super::auth::any_dkim;
use super::{gmail, outlook};
use crate::case::MessageCase;
use crate::{About, Check, Finding, Fix, Who};

const SIGNED: &[&str] = &["msg.dkim-present"];

pub(super) const PRESENT: Check =
    Check::new("msg.dkim-present", About::Message, Severity::S3, "RFC 6376 section 3.5")
        .who(&[Who::Gmail, Who::Outlook, Who::Yahoo, Who::ICloud])
        .answers(&[gmail("550 5.7.30"), outlook("550 5.7.515")]);
pub(super) const FROM_SIGNED: Check =
    Check::new("msg.dkim-h-from", About::Message, Severity::S4, "RFC 6376 section 5.4").after(SIGNED);
pub(super) const COVERAGE: Check =
    Check::new("msg.dkim-coverage", About::Message, Severity::S3, "RFC 6376 section 5.4.1")
        .who(&[Who::Gmail, Who::Yahoo])
        .after(SIGNED);
pub(super) const OVERSIGN: Check =
    Check::new("msg.dkim-oversign", About::Message, Severity::S1, "RFC 6376 section 8.15").after(SIGNED);
pub(super) const LENGTH: Check =
    Check::new("msg.dkim-l", About::Message, Severity::S3, "RFC 6376 section 8.2").after(SIGNED);
pub(super) const CANON: Check =
    Check::new("msg.dkim-canon", About::Message, Severity::S1, "RFC 6376 section 3.4").after(SIGNED);
pub(super) const TIME: Check =
    Check::new("msg.dkim-time", About::Message, Severity::S2, "RFC 6376 section 3.5").after(SIGNED);
pub(super) const CHANGED: Check =
    Check::new("msg.dkim-bh-only", About::Message, Severity::S3, "RFC 6376 section 6.1.3").after(SIGNED);

/// Signatures above which somebody signs without need.
const MANY: usize = 5;

pub(super) fn judge(case: &MessageCase<'_>) -> Vec<Finding> {
    let claims: Vec<&Claim> = case.claims.iter().flatten().collect();
    let mut findings = vec![present(case)];
    if claims.is_empty() {
        let rest = [&FROM_SIGNED, &COVERAGE, &OVERSIGN, &LENGTH, &CANON, &TIME, &CHANGED];
        findings.extend(rest.map(|check| check.not_applicable(&case.subject, note!("msg-dkim-none"))));
        return findings;
    }
    findings.push(from_signed(case, &claims));
    findings.push(coverage(case, &claims));
    findings.push(oversign(case, &claims));
    findings.push(length(case, &claims));
    findings.push(canon(case, &claims));
    findings.push(time(case, &claims));
    findings.push(changed(case));
    findings
}

fn told(claim: &Claim) -> String {
    let (header, body) = &claim.canonicalization;
    format!("d={} s={} a={} c={header}/{body}", claim.domain, claim.selector, claim.algorithm)
}

fn present(case: &MessageCase<'_>) -> Finding {
    let (subject, count) = (&case.subject, case.claims.len());
    let age = |claim: &Claim| {
        let age = claim.time.and_then(|time| i64::try_from(time).ok());
        age.map(|time| format!(", {} s", case.known.now.as_second() - time)).unwrap_or_default()
    };
    let told = case.claims.iter().flatten().map(|claim| format!("{}{}", told(claim), age(claim)));
    match count {
        0 => {
            PRESENT.fail(subject, note!("msg-dkim-present-none")).fix(Fix::new(note!("msg-dkim-present-fix")))
        }
        _ if count > MANY => {
            PRESENT.info(subject, note!("msg-dkim-present-many", count = count)).evidences(told)
        }
        _ => PRESENT.pass(subject, note!("msg-dkim-present", count = count)).evidences(told),
    }
}

fn from_signed(case: &MessageCase<'_>, claims: &[&Claim]) -> Finding {
    let without: Vec<String> =
        claims.iter().filter(|claim| claim.signs("from") == 0).map(|claim| told(claim)).collect();
    if without.is_empty() {
        return FROM_SIGNED.pass(&case.subject, note!("msg-dkim-h-from"));
    }
    let fix = Fix::new(note!("msg-dkim-h-from-fix"));
    let found = FROM_SIGNED.fail(&case.subject, note!("msg-dkim-h-from-missing", count = without.len()));
    // Another signature does what it should.
    let found = if without.len() < claims.len() { found.as_warning(Severity::S2) } else { found };
    found.evidences(without).fix(fix)
}

/// Fields that mean something to readers and programs.
const MEANT: &[&str] = &[
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "mime-version",
    "content-type",
    "in-reply-to",
    "references",
    "feedback-id",
];
/// RFC 8058 section 4: must be signed where they stand.
const ONE_CLICK: &[&str] = &["list-unsubscribe", "list-unsubscribe-post"];

/// Names that stand in the message more often than the signature covers them.
fn uncovered<'n>(case: &MessageCase<'_>, claim: &Claim, names: &[&'n str], more: usize) -> Vec<&'n str> {
    let open = |name: &&&str| claim.signs(name) < case.section.all(name).count() + more;
    names.iter().filter(open).copied().collect()
}

/// What even the best of the signatures leaves open; those that pass count before the others.
fn least<'n>(case: &MessageCase<'_>, claims: &[&Claim], names: &[&'n str], more: usize) -> Vec<&'n str> {
    let verdicts = case.claims.iter().zip(&case.verdicts().dkim);
    let passing: Vec<&Claim> = verdicts
        .filter(|(_, verdict)| verdict.result == DkimResult::Pass)
        .filter_map(|(claim, _)| claim.as_ref())
        .collect();
    let counted = if passing.is_empty() { claims } else { &passing };
    let open = counted.iter().map(|claim| uncovered(case, claim, names, more));
    open.min_by_key(Vec::len).unwrap_or_default()
}

fn coverage(case: &MessageCase<'_>, claims: &[&Claim]) -> Finding {
    let subject = &case.subject;
    let fix = || Fix::new(note!("msg-dkim-coverage-fix"));
    let one_click = least(case, claims, ONE_CLICK, 0);
    if !one_click.is_empty() {
        let note = note!("msg-dkim-coverage-unsubscribe", fields = one_click.join(", "));
        return COVERAGE.fail(subject, note).source("RFC 8058 section 4").fix(fix());
    }
    let open = least(case, claims, MEANT, 0);
    if open.is_empty() {
        return COVERAGE.pass(subject, note!("msg-dkim-coverage"));
    }
    let note = note!("msg-dkim-coverage-open", fields = open.join(", "));
    COVERAGE.warn(subject, note).severity(Severity::S2).fix(fix())
}

fn oversign(case: &MessageCase<'_>, claims: &[&Claim]) -> Finding {
    const NAMES: &[&str] = &["from", "to", "cc", "subject", "date", "reply-to", "message-id"];
    let mut names = NAMES.to_vec();
    if case.section.first("Content-Type").is_some() {
        names.push("content-type");
    }
    let open = least(case, claims, &names, 1);
    if open.is_empty() {
        return OVERSIGN.pass(&case.subject, note!("msg-dkim-oversign"));
    }
    OVERSIGN.info(&case.subject, note!("msg-dkim-oversign-open", fields = open.join(", ")))
}

fn length(case: &MessageCase<'_>, claims: &[&Claim]) -> Finding {
    let limited: Vec<&&Claim> = claims.iter().filter(|claim| claim.length.is_some()).collect();
    let Some(length) = limited.iter().filter_map(|claim| claim.length).min() else {
        return LENGTH.pass(&case.subject, note!("msg-dkim-l"));
    };
    LENGTH
        .fail(&case.subject, note!("msg-dkim-l-present", length = length, total = case.body.len()))
        .evidences(limited.iter().map(|claim| told(claim)))
        .fix(Fix::new(note!("msg-dkim-l-fix")))
}

fn canon(case: &MessageCase<'_>, claims: &[&Claim]) -> Finding {
    let simple = |claim: &&&Claim| claim.canonicalization.0 == "simple";
    match claims.iter().find(simple) {
        None => CANON.pass(&case.subject, note!("msg-dkim-canon")),
        Some(claim) => CANON.info(&case.subject, note!("msg-dkim-canon-simple")).evidence(told(claim)),
    }
}

/// How far a signer's clock may be ahead, in seconds.
const AHEAD: i128 = 300;
/// What a queue needs at the least to try again, in seconds.
const SOON: i128 = 3_600;

fn time(case: &MessageCase<'_>, claims: &[&Claim]) -> Finding {
    let (subject, now) = (&case.subject, i128::from(case.known.now.as_second()));
    let moment = |seconds: Option<u64>| seconds.map(i128::from);
    for claim in claims {
        let fault: Option<Note> = match (moment(claim.time), moment(claim.expiry)) {
            (Some(time), _) if time > now + AHEAD => {
                Some(note!("msg-dkim-time-future", seconds = time - now))
            }
            (_, Some(expiry)) if expiry <= now => {
                Some(note!("msg-dkim-time-expired", seconds = now - expiry))
            }
            (Some(time), Some(expiry)) if expiry - time < SOON => {
                Some(note!("msg-dkim-time-short", seconds = expiry - time))
            }
            _ => None,
        };
        if let Some(note) = fault {
            return TIME.warn(subject, note).evidence(told(claim)).fix(Fix::new(note!("msg-dkim-time-fix")));
        }
    }
    if case.is_bulk() && claims.iter().all(|claim| claim.expiry.is_none()) {
        return TIME.info(subject, note!("msg-dkim-time-no-expiry"));
    }
    TIME.pass(subject, note!("msg-dkim-time"))
}

/// Which hash does not fit, and what the search for the reason came to.
fn changed(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let failing: Vec<_> =
        case.verdicts().dkim.iter().filter(|verdict| verdict.result == DkimResult::Fail).collect();
    let Some(first) = failing.first() else {
        return CHANGED.pass(subject, note!("msg-dkim-bh-only"));
    };
    let broken = |term: &str| first.steps.iter().any(|step| step.term == term && step.outcome == "fail");
    let note = match (broken("body hash"), broken("header hash")) {
        (true, false) => note!("msg-dkim-body-changed", domain = first.domain),
        (false, true) => note!("msg-dkim-header-changed", domain = first.domain),
        _ => note!("msg-dkim-both-changed", domain = first.domain),
    };
    let told = failing.iter().map(|one| format!("d={} s={} a={}", one.domain, one.selector, one.algorithm));
    let proof = first.steps.iter().find(|step| step.outcome == "proven");
    let guess = first.steps.iter().find(|step| step.outcome == "possible");
    let found = if any_dkim(case, DkimResult::Pass) {
        CHANGED.info(subject, note)
    } else {
        CHANGED.fail(subject, note)
    };
    let found = found.evidences(told);
    match (proof, guess) {
        (Some(step), _) => found.fix(Fix::new(step.note.clone())),
        (None, Some(step)) => found.fix(Fix::new(step.note.clone())).likely(),
        (None, None) => found.fix(Fix::new(note!("msg-dkim-changed-fix"))),
    }
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::{Fixture, letter};
    use std::time::Duration;
    use tegami_auth::dkim::Canonicalization;
    const ALL: &[&str] = &["from", "to", "subject", "date", "message-id", "mime-version", "content-type"];
    vec![
        Fixture::pass("msg.dkim-present", ""),
        Fixture::fail("msg.dkim-present", "").letter(|letter| letter.signers.clear()),
        Fixture::info("msg.dkim-present", "").letter(|letter| {
            letter.signers = (0..6).map(|_| letter::signer("s2026")).collect();
        }),
        Fixture::pass("msg.dkim-h-from", ""),
        Fixture::warn("msg.dkim-h-from", "").letter(|letter| letter.added.push(without_from())),
        Fixture::fail("msg.dkim-h-from", "").letter(|letter| {
            letter.signers.clear();
            letter.added.push(without_from());
        }),
        Fixture::pass("msg.dkim-coverage", ""),
        Fixture::warn("msg.dkim-coverage", "").letter(|letter| {
            letter.signing(&["from", "to"]);
        }),
        Fixture::fail("msg.dkim-coverage", "").letter(|letter| {
            letter.signing(ALL);
            letter.add("List-Unsubscribe: <https://example.com/u/1>");
        }),
        Fixture::warn("msg.dkim-coverage", "").letter(|letter| {
            letter.signing(ALL);
            letter.add("Reply-To: team@example.com");
        }),
        Fixture::pass("msg.dkim-oversign", ""),
        Fixture::info("msg.dkim-oversign", "").letter(|letter| {
            letter.signing(ALL);
        }),
        Fixture::pass("msg.dkim-l", ""),
        Fixture::fail("msg.dkim-l", "").letter(|letter| {
            letter.added.push(without_from().replace(" h=", " l=12; h="));
        }),
        Fixture::pass("msg.dkim-canon", ""),
        Fixture::info("msg.dkim-canon", "").letter(|letter| {
            let mut simple = letter::signer("s2026");
            simple.header = Canonicalization::Simple;
            letter.signers = vec![simple];
        }),
        Fixture::pass("msg.dkim-time", ""),
        Fixture::warn("msg.dkim-time", "").letter(|letter| letter.age = -600),
        Fixture::warn("msg.dkim-time", "").letter(|letter| {
            letter.signers.iter_mut().for_each(|one| one.expiry = Some(Duration::from_mins(10)));
        }),
        Fixture::warn("msg.dkim-time", "").letter(|letter| {
            letter.age = 90_000;
            letter.signers.iter_mut().for_each(|one| one.expiry = Some(Duration::from_hours(24)));
        }),
        Fixture::info("msg.dkim-time", "").with(|world| world.known.purpose = crate::Purpose::SendsBulk),
        Fixture::pass("msg.dkim-bh-only", ""),
        Fixture::fail("msg.dkim-bh-only", "").letter(|letter| {
            letter.on_the_way = |mut content| {
                content.extend_from_slice(b"-- \r\nSent by a list\r\n");
                content
            };
        }),
        Fixture::fail("msg.dkim-bh-only", "").letter(|letter| {
            letter.on_the_way = |content| {
                String::from_utf8(content)
                    .unwrap()
                    .replace("Subject: Notes", "Subject: [list] Notes")
                    .into_bytes()
            };
        }),
    ]
}

/// A signature's field that leaves From out.
#[cfg(test)]
fn without_from() -> String {
    "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s2026; c=relaxed/relaxed; h=to:subject; bh=AAAA; b=AAAA"
        .to_owned()
}
