//! The family `dmarc`: what is published, how it is found, and what becomes of mail.

mod edit;
mod organization;
mod published;
mod record;
mod report;
pub(crate) mod simulate;

use futures_util::FutureExt as _;
use tegami_auth::finding::Severity;
use tegami_mail::note;

pub(crate) use report::receives;

use crate::case::DomainCase;
use crate::catalogue::Family;
use crate::{About, Check, Consequence, Finding, Who};

/// The family.
pub(crate) const FAMILY: Family = Family::new("dmarc", ALL).of_domain(|case| judge(case).boxed());

const ALL: &[&Check] = &[
    &published::EXISTS,
    &published::MULTIPLE,
    &published::VERSION,
    &published::LOCATION,
    &published::UNRELATED_TXT,
    &record::SYNTAX,
    &record::BAD_POLICY,
    &record::REMOVED_TAGS,
    &record::T,
    &record::P_ORDER,
    &record::POLICY_STRENGTH,
    &record::SP_NP,
    &simulate::REJECT_NEEDS_DKIM,
    &organization::PSD,
    &organization::PARENT_RECORD_NEEDED,
    &organization::ORG_DOMAIN,
    &organization::DEEP_LABEL,
    &report::RUA,
    &report::RUF,
    &report::EXTERNAL_AUTH,
    &simulate::ALIGNMENT_MODE,
    &simulate::SIMULATE,
    &simulate::SINGLE_POINT,
];

/// Who asks for a policy.
const EVERYBODY: &[Who] = &[Who::Gmail, Who::Outlook, Who::Yahoo, Who::ICloud, Who::Rfc];

/// Where bulk mail has no policy, or fails it.
const REFUSED: &[Consequence] = &[
    Consequence { provider: Who::Gmail, code: "550 5.7.26" },
    Consequence { provider: Who::Gmail, code: "550 5.7.40" },
    Consequence { provider: Who::Outlook, code: "550 5.7.515" },
];

const fn check(id: &'static str, severity: Severity, source: &'static str) -> Check {
    Check::new(id, About::Domain, severity, source).who(&[Who::Rfc])
}

async fn judge(case: &DomainCase) -> Vec<Finding> {
    let discovery = case.dmarc().await;
    let mut findings = published::judge(case, discovery).await;
    match discovery.record().zip(discovery.policy_domain()) {
        Some((record, at)) => findings.extend(record::judge(case, discovery, record, at).await),
        None => {
            let note = || note!("dmarc-no-record", domain = case.domain);
            findings.extend(record::ALL.iter().map(|check| check.not_applicable(&case.domain, note())));
        }
    }
    findings.extend(organization::judge(case, discovery).await);
    findings.extend(report::judge(case, discovery).await);
    findings.extend(simulate::judge(case, discovery).await);
    findings
}

#[cfg(test)]
pub(crate) use tests::fixtures;

#[cfg(test)]
mod tests;
