//! Who vouches for the message: what the receiver itself found, never what fields claim.

use tegami_auth::arc::ArcResult;
use tegami_auth::dkim::{DkimResult, Verdict, record_name};
use tegami_auth::dmarc::{self, DmarcResult, Policy};
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_auth::spf::SpfResult;
use tegami_dns::{Data, DnsName, RecordType};
use tegami_mail::{Domain, note};

use super::{gmail, outlook, yahoo};
use crate::case::{MessageCase, Purpose};
use crate::{About, Check, Finding, Fix, Who};

const LARGE: &[Who] = &[Who::Gmail, Who::Outlook, Who::Yahoo, Who::ICloud];

pub(super) const SPF: Check = Check::new("msg.spf", About::Message, Severity::S4, "RFC 7208 section 2.6")
    .who(LARGE)
    .answers(&[gmail("550 5.7.27"), outlook("550 5.7.515")]);
pub(super) const DKIM: Check = Check::new("msg.dkim", About::Message, Severity::S4, "RFC 6376 section 6.1")
    .who(LARGE)
    .answers(&[gmail("550 5.7.30"), outlook("550 5.7.515")])
    .after(&["msg.dkim-present", "msg.dkim-bh-only"]);
pub(super) const DMARC: Check =
    Check::new("msg.dmarc", About::Message, Severity::S4, "RFC 9989 section 5.3.5")
        .who(LARGE)
        .answers(&[gmail("550 5.7.26"), outlook("550 5.7.515"), yahoo("550 5.7.9")])
        .after(&["msg.from-count", "msg.from-valid"]);
pub(super) const BOTH_PASS: Check = Check::new(
    "msg.both-pass",
    About::Message,
    Severity::S4,
    "Outlook.com requirements for high-volume senders",
)
.who(&[Who::Outlook, Who::Gmail])
.answers(&[outlook("550 5.7.515"), gmail("550 5.7.26")])
.after(&["msg.spf", "msg.dkim", "msg.dkim-present", "msg.dkim-bh-only"]);
pub(super) const ALIGNED: Check =
    Check::new("msg.aligned", About::Message, Severity::S4, "RFC 9989 section 3.2.10")
        .who(LARGE)
        .answers(&[gmail("421 4.7.32"), outlook("550 5.7.515")])
        .after(&["msg.from-count", "msg.from-valid"]);
pub(super) const THIRD_PARTY: Check =
    Check::new("msg.dkim-third-party", About::Message, Severity::S2, "RFC 9989 section 4.4.1").after(&[
        "msg.dkim",
        "msg.dkim-present",
        "msg.dkim-bh-only",
    ]);
pub(super) const ARC: Check = Check::new("msg.arc", About::Message, Severity::S0, "RFC 8617 section 5.2");

pub(super) async fn judge(case: &MessageCase<'_>) -> Vec<Finding> {
    vec![
        spf(case).await,
        dkim(case).await,
        dmarc(case),
        both(case),
        aligned(case).await,
        third_party(case).await,
        arc(case),
    ]
}

fn spf_passes(case: &MessageCase<'_>) -> bool {
    !spf_untold(case) && case.verdicts().early.spf_mail_from.result == SpfResult::Pass
}

/// Whether nobody told a domain that SPF could be asked about: neither a return path, nor, where that is null, a name in HELO.
fn spf_untold(case: &MessageCase<'_>) -> bool {
    !case.arrival.mail_from_told || case.verdicts().early.spf_mail_from.domain.is_empty()
}

/// Whether a signature came to this result.
pub(super) fn any_dkim(case: &MessageCase<'_>, result: DkimResult) -> bool {
    case.verdicts().dkim.iter().any(|verdict| verdict.result == result)
}

/// Whether a signature passes that every receiver can verify: Ed25519 (RFC 8463) is passed over by many, large ones among them.
fn convinces(case: &MessageCase<'_>) -> bool {
    let of_rsa = |verdict: &&Verdict| verdict.algorithm.starts_with("rsa-");
    case.verdicts().dkim.iter().filter(of_rsa).any(|verdict| verdict.result == DkimResult::Pass)
}

fn sends_bulk(case: &MessageCase<'_>) -> bool {
    case.known.purpose == Purpose::SendsBulk
}

async fn spf(case: &MessageCase<'_>) -> Finding {
    let (subject, verdict) = (&case.subject, &case.verdicts().early.spf_mail_from);
    if spf_untold(case) {
        return SPF.unknown(subject, note!("msg-mail-from-untold"));
    }
    let domain = verdict.domain.as_str();
    let ip = case.verdicts().ip;
    let found = match verdict.result {
        SpfResult::Pass => {
            let by = verdict.mechanism().unwrap_or_default();
            return SPF
                .pass(subject, note!("msg-spf", domain = domain, ip = ip))
                .evidence(format!("{domain}: {by}"));
        }
        SpfResult::TempError => {
            return SPF.unknown(subject, note!("msg-open", method = "SPF"));
        }
        SpfResult::Fail => SPF.fail(subject, note!("msg-spf-fail", domain = domain, ip = ip)),
        SpfResult::SoftFail => SPF.fail(subject, note!("msg-spf-softfail", domain = domain, ip = ip)),
        SpfResult::Neutral => SPF.fail(subject, note!("msg-spf-neutral", domain = domain, ip = ip)),
        SpfResult::None => SPF.fail(subject, note!("msg-spf-none", domain = domain)),
        SpfResult::PermError => SPF.fail(subject, note!("msg-spf-permerror", domain = domain)),
    };
    let found = match verdict.deciding_step() {
        Some(step) => {
            found.evidence(format!("{}: {} {}", step.domain, step.term, step.outcome)).source(step.source)
        }
        None => found,
    };
    // One more term mends no record that has an error.
    let mends = verdict.result != SpfResult::PermError;
    let found = match spf_fix(case, domain).await.filter(|_| mends) {
        Some(fix) => found.fix(fix),
        None => found,
    };
    // A signature vouches for it too: then nobody refuses it for this alone.
    if convinces(case) { found.as_warning(Severity::S2) } else { found }
}

/// The record with the address in it.
async fn spf_fix(case: &MessageCase<'_>, domain: &str) -> Option<Fix> {
    let owner = Domain::parse(domain).ok()?;
    let ip = case.verdicts().ip;
    let term = if ip.is_ipv4() { format!("ip4:{ip}") } else { format!("ip6:{ip}") };
    let answer = case.resolver().lookup(&DnsName::from(&owner), RecordType::Txt).await;
    let texts: Vec<String> = answer
        .iter()
        .flat_map(|answer| &answer.records)
        .filter_map(|record| match &record.data {
            Data::Txt(text) => Some(String::from_utf8_lossy(text.as_slice()).into_owned()),
            _ => None,
        })
        .filter(|text| text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("v=spf1")))
        .collect();
    let change = match texts.as_slice() {
        [] if answer.as_ref().is_ok_and(|_| true)
            || answer.as_ref().is_err_and(tegami_dns::DnsError::is_void) =>
        {
            Change::txt(Operation::Add, &owner, format!("v=spf1 {term} ~all"))
        }
        [text] => {
            let rest = text.get(6..)?.trim_start();
            Change::txt(Operation::Replace, &owner, format!("v=spf1 {term} {rest}").trim_end())
        }
        _ => return None,
    };
    Some(Fix::new(note!("msg-spf-fix", domain = domain, ip = ip)).records(vec![change]))
}

async fn dkim(case: &MessageCase<'_>) -> Finding {
    let (subject, verdicts) = (&case.subject, &case.verdicts().dkim);
    let told = verdicts.iter().filter(|verdict| verdict.result != DkimResult::None);
    let told = told.map(|one| {
        format!("d={} s={} a={}: {}", one.domain, one.selector, one.algorithm, one.result.as_str())
    });
    let passed = verdicts.iter().filter(|verdict| verdict.result == DkimResult::Pass).count();
    let own = own_records(case).await;
    if passed > 0 && own.is_empty() && convinces(case) {
        return DKIM
            .pass(subject, note!("msg-dkim", passed = passed, count = case.claims.len()))
            .evidences(told);
    }
    if any_dkim(case, DkimResult::None) {
        // That there is none is told by its own check.
        return DKIM.not_applicable(subject, note!("msg-dkim-none"));
    }
    if any_dkim(case, DkimResult::TempError) {
        return DKIM.unknown(subject, note!("msg-open", method = "DKIM")).evidences(told);
    }
    let count = case.claims.len();
    let note = match passed {
        0 => note!("msg-dkim-fail", count = count),
        _ if convinces(case) => note!("msg-dkim", passed = passed, count = count),
        _ => note!("msg-dkim-ed25519"),
    };
    let found = DKIM.fail(subject, note).evidences(told);
    let found = match dkim_fix(verdicts, passed, own) {
        Some(fix) => found.fix(fix),
        None => found,
    };
    if spf_passes(case) || convinces(case) { found.as_warning(Severity::S2) } else { found }
}

/// The records of keys of ours, where those are wrong; else what the first signature that does not pass wants.
fn dkim_fix(verdicts: &[Verdict], passed: usize, own: Vec<Change>) -> Option<Fix> {
    if !own.is_empty() {
        let keys = own.iter().map(|change| change.name.clone()).collect::<Vec<_>>().join(", ");
        return Some(Fix::new(note!("msg-dkim-own-fix", keys = keys)).records(own));
    }
    let broken =
        verdicts.iter().find(|verdict| !matches!(verdict.result, DkimResult::Pass | DkimResult::None));
    let Some(broken) = broken else {
        return (passed > 0).then(|| Fix::new(note!("msg-dkim-ed25519-fix")));
    };
    let fix = Fix::new(broken.reason.clone());
    if broken.reason.id.starts_with("dkim-key") {
        return Some(fix.by(format!("{}._domainkey.{}", broken.selector, broken.domain)));
    }
    Some(fix)
}

/// What has to be published for those keys of ours whose signatures do not pass.
async fn own_records(case: &MessageCase<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for (domain, key) in &case.arrival.keys {
        let same = |verdict: &&Verdict| {
            verdict.domain == domain.as_str() && verdict.selector == key.selector.as_str()
        };
        let mut of_key = case.verdicts().dkim.iter().filter(same);
        if !of_key.any(|verdict| verdict.result != DkimResult::Pass) {
            continue;
        }
        let owner = record_name(&key.selector, domain);
        let Ok(name) = Domain::parse(&owner) else { continue };
        let answer = case.resolver().lookup(&DnsName::from(&name), RecordType::Txt).await;
        let text = |data: &Data| match data {
            Data::Txt(text) => Some(String::from_utf8_lossy(text.as_slice()).into_owned()),
            _ => None,
        };
        let published: Vec<String> = match &answer {
            Ok(answer) => answer.records.iter().filter_map(|record| text(&record.data)).collect(),
            Err(error) if error.is_void() => Vec::new(),
            Err(_) => continue,
        };
        // Where the record is right, the signature was broken by something else.
        if published.contains(&key.record) {
            continue;
        }
        let operation = if published.is_empty() { Operation::Add } else { Operation::Replace };
        changes.push(Change::txt(operation, &owner, key.record.clone()));
    }
    changes
}

fn dmarc(case: &MessageCase<'_>) -> Finding {
    let (subject, verdict) = (&case.subject, &case.verdicts().dmarc);
    let domain = &verdict.author_domain;
    let record = verdict.policy_domain.iter().zip(&verdict.record);
    let record = record.map(|(owner, text)| format!("_dmarc.{owner} TXT \"{text}\""));
    match verdict.result {
        DmarcResult::Pass => DMARC.pass(subject, note!("msg-dmarc", domain = domain)).evidences(record),
        DmarcResult::None if domain.is_empty() => DMARC.not_applicable(subject, note!("msg-no-author")),
        DmarcResult::None => {
            let organization = verdict.organizational_domain.as_ref().unwrap_or(domain);
            let value = format!("v=DMARC1; p=none; rua=mailto:dmarc@{organization}");
            let change = Change::txt(Operation::Add, &format!("_dmarc.{organization}"), value);
            let fix = Fix::new(note!("msg-dmarc-none-fix", domain = organization)).records(vec![change]);
            let found = DMARC.fail(subject, note!("msg-dmarc-none", domain = domain)).fix(fix);
            if sends_bulk(case) { found } else { found.as_warning(Severity::S2) }
        }
        DmarcResult::Fail => {
            let fix = Fix::new(note!("msg-dmarc-fail-fix", domain = domain));
            let policy = verdict.disposition.as_str();
            let found = DMARC.fail(subject, note!("msg-dmarc-fail", domain = domain, policy = policy));
            let found = found.evidences(record).fix(fix);
            let harmless = verdict.disposition == Policy::None && !sends_bulk(case);
            if harmless { found.as_warning(Severity::S2) } else { found }
        }
        DmarcResult::PermError => DMARC.fail(subject, note!("msg-dmarc-permerror")),
        DmarcResult::TempError => DMARC.unknown(subject, note!("msg-open", method = "DMARC")),
    }
}

fn both(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let (spf, dkim) = (spf_passes(case), any_dkim(case, DkimResult::Pass));
    if spf && dkim {
        return BOTH_PASS.pass(subject, note!("msg-both-pass"));
    }
    if spf_untold(case) {
        return BOTH_PASS.unknown(subject, note!("msg-mail-from-untold"));
    }
    let open = case.verdicts().early.spf_mail_from.result == SpfResult::TempError
        || any_dkim(case, DkimResult::TempError);
    if open {
        return BOTH_PASS.unknown(subject, note!("msg-open", method = "SPF, DKIM"));
    }
    let missing = if spf { "DKIM" } else { "SPF" };
    if sends_bulk(case) {
        BOTH_PASS.fail(subject, note!("msg-both-pass-one", missing = missing))
    } else {
        BOTH_PASS.info(subject, note!("msg-both-pass-small", missing = missing))
    }
}

/// Whether two domains belong to one organization; `None` where the DNS did not tell.
async fn same_organization(case: &MessageCase<'_>, one: &Domain, other: &Domain) -> Option<bool> {
    if one.is_at_or_below(other) || other.is_at_or_below(one) {
        return Some(true);
    }
    let first = dmarc::discover(one, case.resolver()).await;
    let second = dmarc::discover(other, case.resolver()).await;
    if first.temp_error || second.temp_error {
        return None;
    }
    Some(first.organizational_domain.is_some() && first.organizational_domain == second.organizational_domain)
}

/// Whether what passed by SPF and by DKIM belongs to the author.
async fn alignment(case: &MessageCase<'_>, author: &Domain) -> (Option<bool>, Option<bool>) {
    let verdicts = case.verdicts();
    if matches!(verdicts.dmarc.result, DmarcResult::Pass | DmarcResult::Fail) {
        return (Some(verdicts.dmarc.aligned.spf), Some(verdicts.dmarc.aligned.dkim));
    }
    let mut spf = (!spf_untold(case)).then_some(false);
    if let Some(domain) =
        Domain::parse(&verdicts.early.spf_mail_from.domain).ok().filter(|_| spf_passes(case))
    {
        spf = same_organization(case, author, &domain).await;
    }
    let mut dkim = Some(false);
    for verdict in verdicts.dkim.iter().filter(|verdict| verdict.result == DkimResult::Pass) {
        if let Ok(domain) = Domain::parse(&verdict.domain) {
            dkim = match (same_organization(case, author, &domain).await, dkim) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (None, _) | (_, None) => None,
                _ => Some(false),
            };
        }
    }
    (spf, dkim)
}

async fn aligned(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let Some(author) = &case.author else {
        return ALIGNED.not_applicable(subject, note!("msg-no-author"));
    };
    if case.verdicts().dmarc.result == DmarcResult::Fail {
        return ALIGNED.not_applicable(subject, note!("check-depends", parent = "msg.dmarc"));
    }
    match alignment(case, author).await {
        (Some(true), Some(true)) => ALIGNED.pass(subject, note!("msg-aligned", domain = author)),
        (Some(true), _) => ALIGNED.info(subject, note!("msg-aligned-one", domain = author, method = "SPF")),
        (_, Some(true)) => ALIGNED.pass(subject, note!("msg-aligned-one", domain = author, method = "DKIM")),
        (None, _) | (_, None) => ALIGNED.unknown(subject, note!("msg-open", method = "DMARC")),
        _ => {
            let fix = Fix::new(note!("msg-dmarc-fail-fix", domain = author));
            let found = ALIGNED.fail(subject, note!("msg-aligned-none", domain = author)).fix(fix);
            if sends_bulk(case) { found } else { found.as_warning(Severity::S2) }
        }
    }
}

async fn third_party(case: &MessageCase<'_>) -> Finding {
    let subject = &case.subject;
    let passed: Vec<&str> = case
        .verdicts()
        .dkim
        .iter()
        .filter(|verdict| verdict.result == DkimResult::Pass)
        .map(|verdict| verdict.domain.as_str())
        .collect();
    let (Some(author), false) = (&case.author, passed.is_empty()) else {
        return THIRD_PARTY.not_applicable(subject, note!("msg-dkim-none-passes"));
    };
    match alignment(case, author).await.1 {
        Some(true) => THIRD_PARTY.pass(subject, note!("msg-dkim-own", domain = author)),
        None => THIRD_PARTY.unknown(subject, note!("msg-open", method = "DMARC")),
        Some(false) => {
            let domains = passed.join(", ");
            let fix = Fix::new(note!("msg-dkim-third-party-fix", domain = author));
            THIRD_PARTY
                .warn(subject, note!("msg-dkim-third-party", domain = author, signers = domains))
                .fix(fix)
        }
    }
}

fn arc(case: &MessageCase<'_>) -> Finding {
    let (subject, verdict) = (&case.subject, &case.verdicts().arc);
    match verdict.result {
        ArcResult::None => ARC.not_applicable(subject, note!("msg-arc-none")),
        result => ARC.info(
            subject,
            note!("msg-arc", instance = verdict.instance, domain = verdict.domain, result = result.as_str()),
        ),
    }
}

#[cfg(test)]
pub(super) fn fixtures() -> Vec<crate::checks::fixture::Fixture> {
    use crate::checks::fixture::{Fixture, World, letter};
    use tegami_mail::{Address, ReversePath};
    let bulk = |world: &mut World| world.known.purpose = Purpose::SendsBulk;
    let unsigned = |letter: &mut letter::Letter| letter.signers.clear();
    let stranger = |letter: &mut letter::Letter| {
        letter.mail_from = ReversePath::Address(Address::parse("bounce@mailer.example.net").unwrap());
        letter.signers = vec![letter::signer_of("mailer.example.net", "m1", letter::key())];
    };
    let untold = |letter: &mut letter::Letter| {
        letter.mail_from = ReversePath::Null;
        letter.mail_from_told = false;
    };
    let mailer = letter::mailer_zone();
    const SPF_LINE: &str = "- example.com. TXT \"v=spf1";
    vec![
        Fixture::pass("msg.spf", ""),
        Fixture::warn("msg.spf", SPF_LINE),
        Fixture::warn("msg.spf", "").letter(|letter| letter.ip = "203.0.113.9".parse().unwrap()),
        Fixture::fail("msg.spf", "").letter(|letter| {
            letter.ip = "203.0.113.9".parse().unwrap();
            letter.signers.clear();
        }),
        Fixture::unknown("msg.spf", "- example.com. TXT \"v=spf1\n$SERVFAIL example.com. TXT"),
        Fixture::unknown("msg.spf", "").letter(untold),
        Fixture::na("msg.both-pass", "").letter(untold),
        Fixture::pass("msg.dkim", ""),
        Fixture::warn("msg.dkim", "- s2026._domainkey\n- e2026._domainkey"),
        // Ed25519 alone passes, which many pass over.
        Fixture::warn("msg.dkim", "- s2026._domainkey"),
        Fixture::pass("msg.dkim", "- e2026._domainkey"),
        Fixture::fail("msg.dkim", "- s2026._domainkey\n- e2026._domainkey\n- example.com. TXT \"v=spf1"),
        Fixture::unknown(
            "msg.dkim",
            "$SERVFAIL s2026._domainkey.example.com.\n$SERVFAIL e2026._domainkey.example.com.",
        ),
        Fixture::na("msg.dkim", "").letter(unsigned),
        Fixture::pass("msg.dmarc", ""),
        Fixture::warn("msg.dmarc", "- _dmarc"),
        Fixture::fail("msg.dmarc", "- _dmarc").with(bulk),
        Fixture::fail("msg.dmarc", mailer).letter(stranger),
        Fixture::na("msg.dmarc", "").letter(|letter| {
            letter.without("From");
        }),
        Fixture::pass("msg.both-pass", ""),
        Fixture::info("msg.both-pass", SPF_LINE),
        Fixture::fail("msg.both-pass", SPF_LINE).with(bulk),
        Fixture::pass("msg.aligned", ""),
        Fixture::info("msg.aligned", "").letter(unsigned),
        Fixture::warn("msg.aligned", mailer_without_policy()).letter(stranger),
        Fixture::fail("msg.aligned", mailer_without_policy()).letter(stranger).with(bulk),
        Fixture::na("msg.aligned", mailer).letter(stranger),
        Fixture::pass("msg.dkim-third-party", ""),
        Fixture::warn("msg.dkim-third-party", mailer).letter(stranger),
        Fixture::na("msg.arc", ""),
        Fixture::info("msg.arc", "").letter(|letter| {
            letter.added.insert(
                0,
                "ARC-Seal: i=1; a=rsa-sha256; t=1; cv=none; d=example.net; s=a; b=AAAA".to_owned(),
            );
        }),
    ]
}

#[cfg(test)]
fn mailer_without_policy() -> &'static str {
    static ZONE: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| format!("- _dmarc\n{}", crate::checks::fixture::letter::mailer_zone()));
    &ZONE
}
