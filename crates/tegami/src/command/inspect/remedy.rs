//! Which record a finding speaks of: where the domain owner has to write something else.

use tegami_auth::verify::Verdicts;
use tegami_doctor::Finding;

/// Type and name of the record behind a finding of the score: the first that its fix changes, else the one that is broken; `None` where
/// it is not a record that is to be changed.
pub(super) fn record(finding: &Finding, verdicts: &Verdicts) -> Option<String> {
    let change = finding.fix.as_ref().and_then(|fix| fix.choices.first()?.first());
    if let Some(change) = change {
        return Some(format!("{} {}", change.kind, change.name));
    }
    match finding.check.id {
        "msg.spf" => {
            let verdict = &verdicts.early.spf_mail_from;
            // The term that went wrong may stand in the record of an include.
            let domain = verdict.deciding_step().map(|step| step.domain.as_str());
            let domain = domain.filter(|domain| !domain.is_empty()).unwrap_or(&verdict.domain);
            (!domain.is_empty()).then(|| format!("TXT {domain}"))
        }
        "msg.dkim" => {
            let broken = verdicts.dkim.iter().find(|verdict| verdict.reason.id.starts_with("dkim-key"));
            broken.map(|verdict| format!("TXT {}._domainkey.{}", verdict.selector, verdict.domain))
        }
        _ => None,
    }
}
