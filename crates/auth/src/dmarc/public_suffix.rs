//! What the older DMARC says (RFC 7489): many receivers still find the Organizational Domain in the Public Suffix List. Its
//! result stands beside ours and never replaces it.
//!
//! The list is compiled in, as the crate `psl` 2.1.247 has it, with its private section.

use std::sync::Arc;

use tegami_dns::DnsError;
use tegami_mail::{Domain, Note, note};

use super::record::{Alignment, Record, Why};
use super::walk::{Found, Walker};
use super::{Aligned, DmarcResult, Policy, evaluate_with};
use crate::dkim::DkimResult;
use crate::spf::SpfResult;

/// What a receiver of RFC 7489 finds for an Author Domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// One label below the longest public suffix.
    pub organizational_domain: Domain,
    /// Where the record was found.
    pub policy_domain: Option<Domain>,
    /// The record.
    pub record: Option<Arc<Record>>,
    /// `p`, or `sp` for a subdomain without a record; `None` where DMARC does not apply.
    pub policy: Option<Policy>,
    /// `pct`: on how many of a hundred failing messages the policy is applied; on the others, the next lower one.
    pub percent: u8,
    /// A failure of the DNS left the policy open.
    pub temp_error: bool,
}

/// What a receiver of RFC 7489 decides on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is published.
    pub discovery: Discovery,
    /// The result.
    pub result: DmarcResult,
    /// What the policy asks for: `none` unless the result is fail. With a `pct` between 1 and 99 it is what happens to
    /// those messages to which the policy is applied.
    pub disposition: Policy,
    /// Which identifiers are aligned.
    pub aligned: Aligned,
}

/// One label below the longest public suffix; a public suffix is its own (RFC 7489 section 3.2).
pub fn organizational_domain(domain: &Domain) -> Domain {
    let found = psl::domain_str(domain.as_str()).and_then(|found| Domain::parse(found).ok());
    found.unwrap_or_else(|| domain.clone())
}

/// Finds the policy: at the Author Domain, else at its Organizational Domain (RFC 7489 section 6.6.3). The walker has
/// asked for most of it before.
pub async fn discover(author: &Domain, walker: &mut Walker<'_>) -> Discovery {
    let mut discovery = Discovery {
        organizational_domain: organizational_domain(author),
        policy_domain: None,
        record: None,
        policy: None,
        percent: 100,
        temp_error: false,
    };
    let mut policy_domain = author.clone();
    let mut found = ask(author, walker).await;
    if matches!(found, Ok(Found::Nothing)) && discovery.organizational_domain != *author {
        policy_domain = discovery.organizational_domain.clone();
        found = ask(&policy_domain, walker).await;
    }
    match found {
        Ok(Found::One(record)) => {
            discovery.policy = policy(&record, policy_domain != *author);
            discovery.percent = percent(&record);
            discovery.policy_domain = Some(policy_domain);
            discovery.record = Some(record);
        }
        Ok(Found::Nothing | Found::Several) => {}
        Err(_) => discovery.temp_error = true,
    }
    discovery
}

/// Decides on a message with one Author Domain (RFC 7489 section 6.6.2).
pub async fn evaluate(
    author: &Domain,
    spf: &[(SpfResult, Domain)],
    dkim: &[(DkimResult, Domain)],
    walker: &mut Walker<'_>,
) -> Verdict {
    let discovery = discover(author, walker).await;
    let mut verdict = Verdict {
        result: if discovery.temp_error { DmarcResult::TempError } else { DmarcResult::None },
        discovery,
        disposition: Policy::None,
        aligned: Aligned::default(),
    };
    let (Some(record), Some(policy)) = (&verdict.discovery.record, verdict.discovery.policy) else {
        return verdict;
    };
    let organizational = &verdict.discovery.organizational_domain;
    let aligned = |domain: &Domain, mode: Alignment| {
        domain == author || (mode == Alignment::Relaxed && organizational_domain(domain) == *organizational)
    };
    let spf_aligned =
        |wanted| spf.iter().any(|(found, domain)| *found == wanted && aligned(domain, record.aspf));
    let dkim_aligned =
        |wanted| dkim.iter().any(|(found, domain)| *found == wanted && aligned(domain, record.adkim));
    let by = Aligned { spf: spf_aligned(SpfResult::Pass), dkim: dkim_aligned(DkimResult::Pass) };
    let open = spf_aligned(SpfResult::TempError) || dkim_aligned(DkimResult::TempError);
    verdict.aligned = by;
    (verdict.result, verdict.disposition) = match (by.spf || by.dkim, open) {
        (true, _) => (DmarcResult::Pass, Policy::None),
        (false, true) => (DmarcResult::TempError, Policy::None),
        (false, false) if verdict.discovery.percent == 0 => (DmarcResult::Fail, policy.lowered()),
        (false, false) => (DmarcResult::Fail, policy),
    };
    verdict
}

/// Where the two differ for an Author Domain, and what follows. Nothing, where neither finds a policy: then it does not
/// matter.
pub fn differences(ours: &super::Discovery, theirs: &Discovery) -> Vec<Note> {
    let mut notes = Vec::new();
    let author = &ours.author_domain;
    if ours.found.is_empty() && theirs.record.is_none() {
        return notes;
    }
    if let Some(found) = &ours.organizational_domain
        && *found != theirs.organizational_domain
    {
        notes.push(note!(
            "dmarc-differs-organizational-domain",
            domain = author,
            ours = found,
            theirs = theirs.organizational_domain
        ));
    }
    if ours.temp_error || theirs.temp_error {
        return notes;
    }
    match (ours.policy_domain(), &theirs.policy_domain) {
        (Some(found), Some(other)) if found != other => {
            notes.push(note!("dmarc-differs-record", domain = author, ours = found, theirs = other));
        }
        (Some(found), None) => {
            notes.push(note!("dmarc-differs-only-ours", domain = author, ours = found));
        }
        (None, Some(other)) => {
            notes.push(note!("dmarc-differs-only-theirs", domain = author, theirs = other));
        }
        _ => {}
    }
    if let (Some(policy), Some(other)) = (ours.policy, theirs.policy)
        && policy != other
    {
        let (ours, theirs) = (policy.as_str(), other.as_str());
        notes.push(note!("dmarc-differs-policy", domain = author, ours = ours, theirs = theirs));
    }
    if ours.policy.is_some() != theirs.policy.is_some()
        && ours.policy_domain() == theirs.policy_domain.as_ref()
    {
        notes.push(match ours.policy {
            Some(_) => note!("dmarc-differs-unreadable-theirs", domain = author),
            None => note!("dmarc-differs-unreadable-ours", domain = author),
        });
    }
    if theirs.percent < 100 && theirs.policy.is_some_and(|policy| policy != Policy::None) {
        notes.push(note!("dmarc-differs-percent", percent = theirs.percent));
    }
    notes
}

/// Both methods on one message with one Author Domain: what the older one decides, and where it differs; a differing
/// result comes first.
pub async fn compare(
    author: &Domain,
    spf: &[(SpfResult, Domain)],
    dkim: &[(DkimResult, Domain)],
    walker: &mut Walker<'_>,
) -> (Verdict, Vec<Note>) {
    let (ours, discovery) = evaluate_with(std::slice::from_ref(author), spf, dkim, walker).await;
    let theirs = evaluate(author, spf, dkim, walker).await;
    let mut notes = discovery.map(|discovery| differences(&discovery, &theirs.discovery)).unwrap_or_default();
    if ours.result != theirs.result {
        let (ours, theirs) = (ours.result.as_str(), theirs.result.as_str());
        notes.insert(0, note!("dmarc-differs-result", ours = ours, theirs = theirs));
    }
    (theirs, notes)
}

async fn ask(domain: &Domain, walker: &mut Walker<'_>) -> Result<Found, DnsError> {
    // Our own steps tell of the walk alone.
    walker.ask(domain, 0, &mut Vec::new()).await
}

/// `p` must be there, and `sp` must be readable; otherwise the record counts as `p=none` where reports are asked for
/// (RFC 7489 section 6.6.3 step 6). `np` and `t` are not yet known.
fn policy(record: &Record, below: bool) -> Option<Policy> {
    let readable = |tag: &str| {
        let repeated = record.ignored.iter().any(|one| one.name == tag && one.why == Why::Repeated);
        record.tag(tag).filter(|_| !repeated).and_then(Policy::from_word)
    };
    let sp = readable("sp");
    match readable("p") {
        Some(p) if sp.is_some() || record.tag("sp").is_none() => {
            Some(if below { sp.unwrap_or(p) } else { p })
        }
        _ => (!record.rua.is_empty()).then_some(Policy::None),
    }
}

/// `pct`, 100 by default (RFC 7489 section 6.3).
fn percent(record: &Record) -> u8 {
    let repeated = record.ignored.iter().any(|one| one.name == "pct" && one.why == Why::Repeated);
    let value =
        record.tag("pct").filter(|value| !repeated && value.bytes().all(|byte| byte.is_ascii_digit()));
    value.and_then(|value| value.parse().ok()).filter(|percent| *percent <= 100).unwrap_or(100)
}
