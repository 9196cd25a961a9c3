//! Which domains belong together: by the tree walk of RFC 9989, and by the Public Suffix List of older receivers.

use tegami_auth::dmarc::{Discovery, MAX_QUERIES, Policy, Psd, Walker, public_suffix};
use tegami_auth::finding::{Change, Operation, Severity};
use tegami_mail::note;

use super::check;
use super::edit::{with, without};
use crate::case::DomainCase;
use crate::txt;
use crate::{Check, Finding, Fix};

pub(super) const PSD: Check = check("dmarc.psd", Severity::S3, "RFC 9989 section 11.8");
pub(super) const PARENT_RECORD_NEEDED: Check =
    check("dmarc.parent-record-needed", Severity::S3, "RFC 9989 section 4.10.2");
pub(super) const ORG_DOMAIN: Check = check("dmarc.org-domain", Severity::S2, "RFC 9989 section 4.10.2")
    .after(&["dmarc.psd", "dmarc.parent-record-needed"]);
pub(super) const DEEP_LABEL: Check = check("dmarc.deep-label", Severity::S2, "RFC 9989 section 4.10");

pub(super) async fn judge(case: &DomainCase, discovery: &Discovery) -> Vec<Finding> {
    vec![
        psd(case, discovery),
        parent_record_needed(case, discovery).await,
        org_domain(case, discovery).await,
        deep_label(case, discovery),
    ]
}

fn psd(case: &DomainCase, discovery: &Discovery) -> Finding {
    let domain = &case.domain;
    let wrong = discovery
        .found
        .iter()
        .find(|(at, record)| record.psd == Psd::Yes && public_suffix::is_below_suffix(at));
    if let Some((at, record)) = wrong {
        let name = format!("_dmarc.{at}");
        let change = Change::txt(Operation::Replace, &name, without(record, &["psd"]));
        let fix = Fix::new(note!("dmarc-fix", name = name)).records(vec![change]);
        let fix = if at.is_at_or_below(domain) { fix } else { fix.by(at) };
        let line = txt::joined(&name, record.text.as_bytes());
        return PSD.fail(domain, note!("dmarc-psd-wrong", domain = at)).evidence(line).fix(fix);
    }
    // A registry that publishes a record without saying what it is becomes everybody's organization.
    let above = discovery.found.iter().find(|(at, record)| {
        at != domain && record.psd == Psd::Unsaid && !public_suffix::is_below_suffix(at)
    });
    if let Some((at, record)) = above {
        let organization = public_suffix::organizational_domain(domain);
        let name = format!("_dmarc.{organization}");
        let own = discovery.found.iter().find(|(at, _)| *at == organization);
        let text = match own {
            Some((_, record)) => with(record, "psd", "n"),
            None => format!("v=DMARC1; p=none; psd=n; rua=mailto:dmarc@{organization}"),
        };
        let operation = if own.is_some() { Operation::Replace } else { Operation::Add };
        let fix = Fix::new(note!("dmarc-psd-above-fix", domain = organization))
            .records(vec![Change::txt(operation, &name, text)]);
        let line = txt::joined(format!("_dmarc.{at}"), record.text.as_bytes());
        let note = note!("dmarc-psd-above", domain = domain, above = at);
        return PSD.warn(domain, note).severity(Severity::S2).evidence(line).fix(fix);
    }
    PSD.pass(domain, note!("dmarc-psd", domain = domain))
}

/// A sub-domain with a record of its own, and none at the organization: in the tree walk it stands alone.
async fn parent_record_needed(case: &DomainCase, discovery: &Discovery) -> Finding {
    let domain = &case.domain;
    let organization = public_suffix::organizational_domain(domain);
    let has = |wanted: &tegami_mail::Domain| discovery.found.iter().any(|(at, _)| at == wanted);
    let meant = discovery.found.iter().any(|(_, record)| record.psd != Psd::Unsaid);
    if organization == *domain || meant || has(&organization) || discovery.found.is_empty() {
        return PARENT_RECORD_NEEDED.pass(domain, note!("dmarc-parent", domain = domain));
    }
    if discovery.temp_error || discovery.organizational_domain.is_none() {
        return PARENT_RECORD_NEEDED.unknown(domain, note!("dmarc-organization-open", domain = domain));
    }
    let top = discovery.organizational_domain.as_ref().unwrap_or(domain);
    let note = note!("dmarc-parent-needed", domain = domain, top = top, organization = organization);
    let name = format!("_dmarc.{organization}");
    let record = format!("v=DMARC1; p=none; rua=mailto:dmarc@{organization}");
    let fix = Fix::new(note!("dmarc-parent-fix", domain = organization))
        .records(vec![Change::txt(Operation::Add, &name, record)])
        .by(&organization);
    // Whoever signs as the sub-domain itself needs nobody above.
    let signs = case.dkim().await.usable().any(|(key, _)| key.origin.is_sure());
    let found =
        if signs { PARENT_RECORD_NEEDED.warn(domain, note) } else { PARENT_RECORD_NEEDED.fail(domain, note) };
    found.fix(fix)
}

async fn org_domain(case: &DomainCase, discovery: &Discovery) -> Finding {
    let domain = &case.domain;
    let Some(ours) = &discovery.organizational_domain else {
        return ORG_DOMAIN.unknown(domain, note!("dmarc-organization-open", domain = domain));
    };
    let theirs = public_suffix::discover(domain, &mut Walker::new(case.resolver())).await;
    let differences = public_suffix::differences(discovery, &theirs);
    let word = |policy: Option<Policy>| policy.map_or("-", Policy::as_str);
    let name =
        |found: Option<&tegami_mail::Domain>| found.map_or_else(|| "-".to_owned(), ToString::to_string);
    let lines = [
        format!("RFC 9989: {ours}, _dmarc.{}, {}", name(discovery.policy_domain()), word(discovery.policy)),
        format!(
            "RFC 7489: {}, _dmarc.{}, {}",
            theirs.organizational_domain,
            name(theirs.policy_domain.as_ref()),
            word(theirs.policy)
        ),
    ];
    // A percentage is told by its own check.
    let first = differences.into_iter().find(|note| note.id != "dmarc-differs-percent");
    let found = match first {
        Some(note) => ORG_DOMAIN.warn(domain, note),
        None if discovery.found.is_empty() => {
            ORG_DOMAIN.pass(domain, note!("dmarc-organization-nothing", domain = domain))
        }
        None => ORG_DOMAIN.pass(domain, note!("dmarc-organization", domain = domain, organization = ours)),
    };
    found.evidences(lines)
}

/// The tree walk leaves out labels of very long names.
fn deep_label(case: &DomainCase, discovery: &Discovery) -> Finding {
    let domain = &case.domain;
    let labels = domain.labels().count();
    let own = discovery.found.iter().any(|(at, _)| at == domain);
    if labels <= MAX_QUERIES || own {
        return DEEP_LABEL.pass(domain, note!("dmarc-depth", domain = domain, labels = labels));
    }
    let name = format!("_dmarc.{domain}");
    let record = discovery
        .record()
        .map_or_else(|| "v=DMARC1; p=none".to_owned(), |record| without(record, &["sp", "np", "psd"]));
    let fix = Fix::new(note!("dmarc-depth-fix", domain = domain)).records(vec![Change::txt(
        Operation::Add,
        &name,
        record,
    )]);
    DEEP_LABEL.warn(domain, note!("dmarc-depth-deep", domain = domain, labels = labels)).fix(fix)
}
